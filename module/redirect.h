/* SPDX-License-Identifier: GPL-2.0-only */
/* ksmbd's functions that we watch, and those that we take the place of. */
#ifndef SMBSIGN_REDIRECT_H
#define SMBSIGN_REDIRECT_H

struct smbsign_conn;

int smbsign_redirect_init(void);
void smbsign_redirect_exit(void);
void smbsign_redirect_name(struct smbsign_conn *conn, void *ksmbd_conn);
struct smbsign_conn *smbsign_redirect_named(const void *ksmbd_conn);
void smbsign_redirect_forget(struct smbsign_conn *conn);

#endif /* SMBSIGN_REDIRECT_H */
