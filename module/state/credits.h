/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection's MessageIds: granted, used, and verified. */
#ifndef SMBSIGN_CREDITS_H
#define SMBSIGN_CREDITS_H

#include <linux/gfp_types.h>

#include "wire/frame.h"

struct smbsign_conn;
struct smbsign_conn_facts;

int smbsign_credits_grant(struct smbsign_conn *conn, u32 credits, gfp_t gfp);
bool smbsign_credits_use(struct smbsign_conn *conn,
			 const struct smbsign_element *element,
			 struct smbsign_conn_facts *facts);
int smbsign_credits_use_hidden(struct smbsign_conn *conn,
			       const struct smbsign_element *element);
int smbsign_credits_hide(struct smbsign_conn *conn, gfp_t gfp);
void smbsign_credits_repeat(struct smbsign_conn *conn);
int smbsign_credits_keep_due(struct smbsign_conn *conn);
bool smbsign_credits_due(struct smbsign_conn *conn,
			 const struct smb2_header *response);
void smbsign_credits_answered(struct smbsign_conn *conn,
			      const struct smb2_header *response);
void smbsign_credits_verified(struct smbsign_conn *conn,
			      const struct smbsign_element *element, u64 key,
			      const u8 signature[SMB2_SIGNATURE_SIZE]);
bool smbsign_credits_take_verified(struct smbsign_conn *conn,
				   const struct smb2_header *header, u32 length,
				   u64 key, u8 signature[SMB2_SIGNATURE_SIZE]);
bool smbsign_credits_may_sign_ahead(struct smbsign_conn *conn,
				    const struct smb2_header *response);
void smbsign_credits_signed_ahead(struct smbsign_conn *conn,
				  const struct smb2_header *response, u32 length,
				  u64 key,
				  const u8 signature[SMB2_SIGNATURE_SIZE]);
bool smbsign_credits_is_signed(struct smbsign_conn *conn,
			       const struct smb2_header *response, u32 length,
			       u64 key);

#endif /* SMBSIGN_CREDITS_H */
