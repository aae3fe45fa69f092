/* SPDX-License-Identifier: GPL-2.0-only */
/* SESSION_SETUP, request and response: how a session is made. */
#ifndef SMBSIGN_SETUP_H
#define SMBSIGN_SETUP_H

#include "rules/policy.h"

struct smbsign_awaited;
struct smbsign_conn;
struct smbsign_response;

void smbsign_setup_limit(struct smbsign_conn *conn,
			 const struct smbsign_element *element,
			 struct smbsign_verdict *verdict);
void smbsign_setup_preauth(struct smbsign_conn *conn,
			   const struct smb2_header *request, u32 length,
			   const u8 *hash);
u64 smbsign_setup_key_seen(struct smbsign_conn *conn,
			   const struct smb2_header *header, const u8 *raw);
void smbsign_setup_sign(struct smbsign_conn *conn, struct smb2_header *header,
			u32 length);
int smbsign_setup_shown(struct smbsign_conn *conn,
			const struct smbsign_awaited *request, u64 id);
int smbsign_setup_answered(struct smbsign_conn *conn,
			   const struct smbsign_awaited *request, u64 id,
			   u32 status, u16 session_flags);
int smbsign_setup_response(struct smbsign_conn *conn,
			   const struct smbsign_policy *policy,
			   const struct smbsign_awaited *request,
			   const struct smbsign_response *response,
			   struct smbsign_verdict *verdict);

#endif /* SMBSIGN_SETUP_H */
