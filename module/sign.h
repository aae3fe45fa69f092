/* SPDX-License-Identifier: GPL-2.0-only */
/* Signing of responses. */
#ifndef SMBSIGN_SIGN_H
#define SMBSIGN_SIGN_H

#include "policy.h"

struct smbsign_conn;
struct smbsign_response;

/* In place of a key's serial: the gate has let the request in, as it was judged. */
#define SMBSIGN_SHOWN_AT_GATE	U64_MAX

int smbsign_sign_error(struct smbsign_conn *conn, struct smb2_header *header,
		       u32 length, u64 session_id, u64 shown);
void smbsign_sign_leg(struct smbsign_conn *conn, struct smb2_header *header,
		      u32 length);
int smbsign_sign_response(struct smbsign_conn *conn,
			  const struct smbsign_policy *policy,
			  const struct smbsign_response *response,
			  u64 session_id, u64 shown, bool answers_signed);

#endif /* SMBSIGN_SIGN_H */
