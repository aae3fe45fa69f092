/* SPDX-License-Identifier: GPL-2.0-only */
/* Judging one request. */
#ifndef SMBSIGN_REQUEST_H
#define SMBSIGN_REQUEST_H

#include "gate/gate.h"

/* The part of a request that is needed to judge it. */
union smbsign_head {
	struct smb2_header	header;
	u8			bytes[SMBSIGN_HEAD_SIZE];
};

enum smbsign_step smbsign_request_header(struct smbsign_conn *conn);
enum smbsign_step smbsign_request_take(struct smbsign_conn *conn,
				       union smbsign_head *head);
u32 smbsign_request_ready(const struct smbsign_conn *conn);
enum smbsign_step smbsign_request_advance(struct smbsign_conn *conn,
					  u32 length);
enum smbsign_step smbsign_request_body(struct smbsign_conn *conn, u32 largest);

#endif /* SMBSIGN_REQUEST_H */
