/* SPDX-License-Identifier: GPL-2.0-only */
/* Signing of responses. */
#ifndef SMBSIGN_SIGN_H
#define SMBSIGN_SIGN_H

#include "rules/policy.h"

struct smbsign_conn;
struct smbsign_response;

/* In place of a key's serial: the gate judged the request when it let it in. */
#define SMBSIGN_SHOWN_AT_GATE	U64_MAX

int smbsign_sign_whole(struct smbsign_conn *conn,
		       const struct smbsign_policy *policy,
		       struct smb2_header *header, u32 length, u64 session_id,
		       u64 shown);
int smbsign_sign_response(struct smbsign_conn *conn,
			  const struct smbsign_policy *policy,
			  const struct smbsign_response *response,
			  u64 session_id, u64 shown, bool answers_signed);

#endif /* SMBSIGN_SIGN_H */
