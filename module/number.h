/* SPDX-License-Identifier: GPL-2.0-only */
/* The numbers of sessions: none is given twice. */
#ifndef SMBSIGN_NUMBER_H
#define SMBSIGN_NUMBER_H

#include <linux/types.h>

struct ida;

int smbsign_number_take(struct ida *ida);
void smbsign_number_give_back(const struct ida *ida, int number);
bool smbsign_number_is_ours(u64 session_id);

#endif /* SMBSIGN_NUMBER_H */
