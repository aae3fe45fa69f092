/* SPDX-License-Identifier: GPL-2.0-only */
/* Signing of responses. */
#ifndef SMBSIGN_SIGN_H
#define SMBSIGN_SIGN_H

#include "policy.h"

struct smbsign_conn;
struct smbsign_response;

int smbsign_sign_error(struct smbsign_conn *conn, u8 *data, u32 length,
		       u64 session_id);
int smbsign_sign_response(struct smbsign_conn *conn,
			  const struct smbsign_policy *policy,
			  const struct smbsign_response *response,
			  u64 session_id, bool binding);

#endif /* SMBSIGN_SIGN_H */
