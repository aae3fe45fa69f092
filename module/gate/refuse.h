/* SPDX-License-Identifier: GPL-2.0-only */
/* Refusing a frame: what ksmbd reads in its place, and what the client gets. */
#ifndef SMBSIGN_REFUSE_H
#define SMBSIGN_REFUSE_H

#include "gate/gate.h"

/*
 * Limit on the bytes of refused frames without an answer since ksmbd last wrote
 * something.  A small frame counts as more, because it is work, too.  The limit
 * is worth as many CANCELs as ksmbd allows requests in flight (8192 credits).
 */
#define SMBSIGN_UNANSWERED_FRAME	128
#define SMBSIGN_UNANSWERED_MAX		(8192 * SMBSIGN_UNANSWERED_FRAME)

struct msghdr;
struct smbsign_response;

enum smbsign_step smbsign_refuse_frame(struct smbsign_conn *conn,
				       const struct smbsign_verdict *verdict);
int smbsign_refuse_instead(struct smbsign_conn *conn, const u8 *message,
			   u32 length);
int smbsign_refuse_collect(struct smbsign_conn *conn,
			   const struct smb2_header *header);
u32 smbsign_refuse_swallowable(const struct smbsign_conn *conn);
bool smbsign_refuse_swallowed(struct smbsign_conn *conn);
bool smbsign_refuse_is(struct smbsign_conn *conn,
		       const struct smbsign_response *first);
int smbsign_refuse_write(struct smbsign_conn *conn, struct msghdr *msg,
			 size_t size, const struct smbsign_response *first);
int smbsign_refuse_response(struct smbsign_conn *conn, struct msghdr *msg,
			    size_t size, const struct smbsign_response *response,
			    u32 status);

#endif /* SMBSIGN_REFUSE_H */
