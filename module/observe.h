/* SPDX-License-Identifier: GPL-2.0-only */
/* Keys, seen where ksmbd uses them. */
#ifndef SMBSIGN_OBSERVE_H
#define SMBSIGN_OBSERVE_H

struct smbsign_conn;

int smbsign_observe_init(void);
void smbsign_observe_exit(void);
void smbsign_observe_name(struct smbsign_conn *conn, void *ksmbd_conn);
void smbsign_observe_forget(struct smbsign_conn *conn);

#endif /* SMBSIGN_OBSERVE_H */
