/* SPDX-License-Identifier: GPL-2.0-only */
/* The list of all connections, and the table by ksmbd's names for them. */
#ifndef SMBSIGN_REGISTRY_H
#define SMBSIGN_REGISTRY_H

#include <linux/types.h>

struct seq_file;
struct smbsign_conn;
struct sock;

void smbsign_registry_add(struct smbsign_conn *conn);
void smbsign_registry_remove(struct smbsign_conn *conn);
void smbsign_registry_name(struct smbsign_conn *conn, void *ksmbd_conn);
struct smbsign_conn *smbsign_registry_named(const void *ksmbd_conn);
void smbsign_registry_for_each(struct seq_file *seq,
			       void (*show)(struct seq_file *seq,
					    struct smbsign_conn *conn));
struct smbsign_conn *smbsign_registry_walk(struct smbsign_conn *last, u32 turn);
struct sock *
smbsign_registry_find(bool (*wanted)(struct smbsign_conn *conn, u64 session_id),
		      u64 session_id);

#endif /* SMBSIGN_REGISTRY_H */
