/* SPDX-License-Identifier: GPL-2.0-only */
/* Verifying a bulk request beside the reader, on another CPU. */
#ifndef SMBSIGN_AHEAD_H
#define SMBSIGN_AHEAD_H

#include <linux/types.h>

struct smbsign_conn;

int smbsign_ahead_init(void);
void smbsign_ahead_exit(void);
void smbsign_ahead_prepare(struct smbsign_conn *conn);
bool smbsign_ahead_start(struct smbsign_conn *conn);

#endif /* SMBSIGN_AHEAD_H */
