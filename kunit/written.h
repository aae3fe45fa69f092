/* SPDX-License-Identifier: GPL-2.0-only */
/* Records what is written to a connection; its TCP takes as much as it is told. */
#ifndef SMBSIGN_KUNIT_WRITTEN_H
#define SMBSIGN_KUNIT_WRITTEN_H

#include <net/sock.h>

#include "rig.h"

/**
 * struct written - what TCP was given, and how it answers
 * @data:	all that it took
 * @length:	bytes in @data
 * @calls:	number of calls
 * @flags:	flags of the last call
 * @error:	what it returns, if not 0, to so many calls:
 * @errors:	number of calls
 * @error_at:	bytes that it takes before
 * @room:	bytes that it takes per call
 * @pause:	milliseconds that a call takes
 * @cut:	if not NULL, this connection is cut during a call
 */
struct written {
	u8		data[2048];
	u32		length;
	unsigned int	calls;
	int		flags;
	int		error;
	unsigned int	errors;
	u32		error_at;
	u32		room;
	unsigned int	pause;
	struct smbsign_conn *cut;
};

extern struct written written;

/**
 * struct message - a message of ksmbd: one response
 * @unused:	aligns the header
 * @nbss:	length of what follows
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
