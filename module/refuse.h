/* SPDX-License-Identifier: GPL-2.0-only */
/* Errors in place of what ksmbd answers. */
#ifndef SMBSIGN_REFUSE_H
#define SMBSIGN_REFUSE_H

#include <linux/types.h>

struct msghdr;
struct smbsign_conn;
struct smbsign_response;

bool smbsign_refuse_is(struct smbsign_conn *conn,
		       const struct smbsign_response *first);
int smbsign_refuse_write(struct smbsign_conn *conn, struct msghdr *msg,
			 size_t size, const struct smbsign_response *first);
int smbsign_refuse_response(struct smbsign_conn *conn, struct msghdr *msg,
			    size_t size, const struct smbsign_response *response,
			    u32 status);

#endif /* SMBSIGN_REFUSE_H */
