/* SPDX-License-Identifier: GPL-2.0-only */
/* What is written to a connection, and a TCP that takes as much as it is told to. */
#ifndef SMBSIGN_KUNIT_WRITTEN_H
#define SMBSIGN_KUNIT_WRITTEN_H

#include <net/sock.h>

#include "rig.h"

/**
 * struct written - what TCP was given
 * @data:	all that it took
 * @length:	bytes in @data
 * @calls:	how often it was asked
 * @flags:	flags it was last asked with
 * @error:	what it says, if not 0, so many times:
 * @errors:	times
 * @room:	bytes it takes of a call
 */
struct written {
	u8		data[2048];
	u32		length;
	unsigned int	calls;
	int		flags;
	int		error;
	unsigned int	errors;
	u32		room;
};

extern struct written written;

/**
 * struct message - a message of ksmbd: one response
 * @unused:	aligns the header
 * @nbss:	length of what is behind
 * @header:	SMB2 header
 * @body:	the rest of it
 */
struct message {
	u8			unused[4];
	u8			nbss[SMB2_NBSS_SIZE];
	struct smb2_header	header;
	u8			body[16];
};

#define MESSAGE_SIZE	(sizeof(struct message) - \
			 offsetof(struct message, nbss))

void written_by(struct smbsign_conn *conn);
void written_make(struct message *message, u16 command, u64 message_id,
		  u64 session_id, u32 status);
const struct smb2_header *written_header(u32 offset);
void written_expect_signed(struct kunit *test, struct smbsign_conn *conn,
			   u64 session_id, u32 offset, u32 length);
struct smbsign_awaited *written_await(struct kunit *test,
				      struct smbsign_conn *conn,
				      enum smbsign_awaited_kind kind,
				      u64 message_id, u64 session_id);

#endif /* SMBSIGN_KUNIT_WRITTEN_H */
