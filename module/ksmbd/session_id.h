/* SPDX-License-Identifier: GPL-2.0-only */
/* SessionIds: none is used twice. */
#ifndef SMBSIGN_SESSION_ID_H
#define SMBSIGN_SESSION_ID_H

#include <linux/types.h>

struct ida;

int smbsign_session_id_take(struct ida *ida);
void smbsign_session_id_give_back(const struct ida *ida, int number);

#endif /* SMBSIGN_SESSION_ID_H */
