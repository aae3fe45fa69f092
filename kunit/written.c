// SPDX-License-Identifier: GPL-2.0-only
/* Records what is written to a connection; its TCP takes as much as it is told. */
#include <linux/delay.h>
#include <linux/uio.h>
#include <linux/unaligned.h>

#include "base/grace.h"
#include "mac/mac.h"
#include "state/end.h"
#include "state/session.h"
#include "written.h"

struct written written;

static int take(struct sock *sk, struct msghdr *msg, size_t size)
{
	size_t part = min_t(size_t, size, written.room);

	written.calls++;
	written.flags = msg->msg_flags;
	if (written.pause)
		msleep(written.pause);
	if (written.cut)
		smbsign_end_cut_now(written.cut, SMBSIGN_REASON_UNSIGNED);
	if (written.errors && written.length >= written.error_at) {
		written.errors--;
		return written.error;
	}
	part = min_t(size_t, part, sizeof(written.data) - written.length);
	part = copy_from_iter(written.data + written.length, part,
			      &msg->msg_iter);
	written.length += part;
	return part;
}

static struct proto tcp_for_tests = { .sendmsg = take };

/**
 * written_by() - record what is written from now on
 * @conn:	the connection
 *
 * Context: process.
 */
void written_by(struct smbsign_conn *conn)
{
	written = (struct written) { .room = U32_MAX };
	conn->base = &tcp_for_tests;
}

/**
 * written_make() - make a response of ksmbd
 * @message:	filled in
 * @command:	Command
 * @message_id:	MessageId
 * @session_id:	SessionId
 * @status:	Status
 *
 * Context: any.
 */
void written_make(struct message *message, u16 command, u64 message_id,
		  u64 session_id, u32 status)
{
	*message = (struct message) {
		.header = {
			.protocol_id = SMB2_PROTOCOL_ID,
			.structure_size = cpu_to_le16(sizeof(message->header)),
			.command = cpu_to_le16(command),
			.credits = cpu_to_le16(1),
			.flags = cpu_to_le32(SMB2_FLAG_SERVER_TO_REDIR),
			.message_id = cpu_to_le64(message_id),
			.session_id = cpu_to_le64(session_id),
			.status = cpu_to_le32(status),
		},
	};
	put_unaligned_be32(MESSAGE_SIZE - SMB2_NBSS_SIZE, message->nbss);
}

/**
 * written_header() - get a header that was written
 * @offset:	its offset
 *
 * Context: any.
 * Return: the header.
 */
const struct smb2_header *written_header(u32 offset)
{
	return (const struct smb2_header *)(written.data + offset);
}

/**
 * written_expect_signed() - fail unless a response has the signature it must
 *	have
 * @test:	the case
 * @conn:	the connection
 * @session_id:	the session whose key signs it
 * @offset:	offset of its header in what was written
 * @length:	bytes from there on
 *
 * Context: process.
 */
void written_expect_signed(struct kunit *test, struct smbsign_conn *conn,
			   u64 session_id, u32 offset, u32 length)
{
	const struct smb2_header *header = written_header(offset);
	struct smbsign_session_facts facts;
	u8 expected[SMB2_SIGNATURE_SIZE];
	struct smbsign_mac mac = { };
	struct smbsign_key *key;
	int grace;

	KUNIT_ASSERT_GE(test, written.length, offset + length);
	KUNIT_EXPECT_TRUE(test, header->flags &
				cpu_to_le32(SMB2_FLAG_SIGNED));
	grace = smbsign_grace_enter();
	key = smbsign_session_lookup(conn, session_id, true, &facts);
	smbsign_grace_leave(grace);
	KUNIT_ASSERT_NOT_NULL(test, key);
	KUNIT_ASSERT_EQ(test, 0, smbsign_mac_begin(&mac, key, header));
	KUNIT_EXPECT_EQ(test, 0, smbsign_mac_header(&mac, (u8 *)header));
	KUNIT_EXPECT_EQ(test, 0, smbsign_mac_update(&mac, (u8 *)(header + 1),
						    length - sizeof(*header)));
	KUNIT_EXPECT_EQ(test, 0, smbsign_mac_end(&mac, expected));
	KUNIT_EXPECT_MEMEQ(test, header->signature, expected, sizeof(expected));
}

/**
 * written_await() - await the response to a request
 * @test:	the case
 * @conn:	the connection
 * @kind:	why it is awaited
 * @message_id:	MessageId
 * @session_id:	SessionId
 *
 * Context: process.
 * Return: the entry.
 */
struct smbsign_awaited *written_await(struct kunit *test,
				      struct smbsign_conn *conn,
				      enum smbsign_awaited_kind kind,
				      u64 message_id, u64 session_id)
{
	const struct smb2_header request = {
		.command = cpu_to_le16(SMB2_CMD_WRITE),
		.credit_charge = cpu_to_le16(2),
		.message_id = cpu_to_le64(message_id),
		.session_id = cpu_to_le64(session_id),
	};
	const struct smbsign_element element = {
		.message_id = message_id, .session_id = session_id,
	};
	struct smbsign_awaited *awaited =
		smbsign_awaited_alloc(kind, &element,
				      kind == SMBSIGN_AWAITED_REFUSED ?
				      &request : NULL);
	LIST_HEAD(list);

	KUNIT_ASSERT_NOT_NULL(test, awaited);
	list_add(&awaited->node, &list);
	KUNIT_ASSERT_EQ(test, 0, smbsign_awaited_add(conn, &list));
	return awaited;
}
