/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a connection. */
#ifndef SMBSIGN_END_H
#define SMBSIGN_END_H

#include "rules/reason.h"

struct smbsign_conn;
struct smbsign_element;
struct sock;

void smbsign_end_cut(struct smbsign_conn *conn,
		     const struct smbsign_element *element,
		     enum smbsign_reason reason);
void smbsign_end_cut_now(struct smbsign_conn *conn,
			 enum smbsign_reason reason);
void smbsign_end_cut_session(u64 session_id, enum smbsign_reason reason);
void smbsign_end_eof(struct smbsign_conn *conn);
void smbsign_end_abort(struct smbsign_conn *conn);
void smbsign_end_reset(struct sock *sk);
void smbsign_end_reset_all(void);
void smbsign_end_detach(struct sock *sk);

#endif /* SMBSIGN_END_H */
