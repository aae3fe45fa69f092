/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding ksmbd's sockets, guarding them, and letting them go. */
#ifndef SMBSIGN_ATTACH_H
#define SMBSIGN_ATTACH_H

#include <linux/types.h>

#include "reason.h"

struct seq_file;
struct smbsign_conn;
struct sock;

int smbsign_attach_init(void);
void smbsign_attach_exit(void);
void smbsign_detach(struct sock *sk);
void smbsign_attach_enforce(void);
void smbsign_attach_kill(u64 session_id, enum smbsign_reason reason);
void smbsign_attach_for_each(struct seq_file *seq,
			     void (*show)(struct seq_file *seq,
					  struct smbsign_conn *conn));

#endif /* SMBSIGN_ATTACH_H */
