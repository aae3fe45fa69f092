/* SPDX-License-Identifier: GPL-2.0-only */
/* Responses within a message that ksmbd writes. */
#ifndef SMBSIGN_RESPONSE_H
#define SMBSIGN_RESPONSE_H

#include <linux/socket.h>

#include "smb2_wire.h"

/**
 * struct smbsign_response - one response within a message
 * @msg:	the write
 * @offset:	offset of its header in the write
 * @left:	bytes from there to the end of the message
 * @length:	bytes from there to the next response, or to the end
 * @header:	a copy of its header
 */
struct smbsign_response {
	const struct msghdr	*msg;
	size_t			offset;
	size_t			left;
	size_t			length;
	struct smb2_header	header;
};

bool smbsign_response_peek(const struct msghdr *msg, size_t offset, void *to,
			   size_t length);
bool smbsign_response_first(struct smbsign_response *response,
			    const struct msghdr *msg, size_t message_length);
bool smbsign_response_next(struct smbsign_response *response);
void *smbsign_response_at(const struct smbsign_response *response,
			  size_t offset, size_t length);
bool smbsign_response_overlaps(const struct msghdr *msg);
const u8 *smbsign_response_part(const struct smbsign_response *response,
				size_t offset, size_t *length);

#endif /* SMBSIGN_RESPONSE_H */
