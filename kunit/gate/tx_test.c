// SPDX-License-Identifier: GPL-2.0-only
/* What ksmbd writes and what leaves, even if TCP has no room for it. */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "../written.h"

#include "base/grace.h"
#include "gate/send.h"
#undef SMBSIGN_SEND_SECONDS
#define SMBSIGN_SEND_SECONDS 1
#include "gate/send.c"
#include "gate/tx.c"

/* An id that ksmbd/session_id.c could have allocated */
#define ID	0x10017ULL

static const u8 session_key[SMB2_KEY_SIZE] = "the session key";

static struct smbsign_conn *conn_for(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	written_by(conn);
	return conn;
}

static struct smbsign_conn *conn_with_session(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);

	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, session_key));
	return conn;
}

static int write_pieces(struct smbsign_conn *conn, struct kvec *vec, int number,
			size_t length, int flags)
{
	struct msghdr msg = { .msg_flags = flags };

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, vec, number, length);
	return smbsign_tx_write(conn, &msg, length);
}

static int write_bytes(struct smbsign_conn *conn, void *data, size_t length)
{
	struct kvec vec = { .iov_base = data, .iov_len = length };

	return write_pieces(conn, &vec, 1, length, MSG_DONTWAIT);
}

static int write_message(struct smbsign_conn *conn, struct message *message)
{
	return write_bytes(conn, message->nbss, MESSAGE_SIZE);
}

static void response_is_signed(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	struct message message;

	written_make(&message, SMB2_CMD_CREATE, 1, ID, SMB2_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, (u32)MESSAGE_SIZE, written.length);
	written_expect_signed(test, conn, ID, SMB2_NBSS_SIZE,
			      MESSAGE_SIZE - SMB2_NBSS_SIZE);
}

/* A write of the NBSS header, the SMB2 header, and a body in two pieces. */
static int write_apart(struct smbsign_conn *conn, struct message *message,
		       size_t cut)
{
	u8 head[sizeof(message->body)], tail[sizeof(message->body)];
	struct kvec vec[] = {
		{ message->nbss, sizeof(message->nbss) },
		{ &message->header, sizeof(message->header) },
		{ head, cut },
		{ tail, sizeof(message->body) - cut },
	};

	memcpy(head, message->body, cut);
	memcpy(tail, message->body + cut, sizeof(message->body) - cut);
	memset(message->body, 0, sizeof(message->body));
	return write_pieces(conn, vec, ARRAY_SIZE(vec), MESSAGE_SIZE, 0);
}

/* ksmbd may have the body of any response in other buffers than the header. */
static void body_elsewhere(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	struct message message;
	u64 id = 1;
	u16 command;
	size_t cut;

	for (command = SMB2_CMD_LOGOFF; command <= SMB2_CMD_OPLOCK_BREAK; command++) {
		for (cut = 0; cut <= sizeof(message.body); cut++) {
			written.length = 0;
			written_make(&message, command, id++, ID, cut % 2 ?
				     SMB2_STATUS_SUCCESS :
				     SMB2_STATUS_ACCESS_DENIED);
			get_random_bytes(message.body, sizeof(message.body));
			KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE,
					write_apart(conn, &message, cut));
			written_expect_signed(test, conn, ID, SMB2_NBSS_SIZE,
					      MESSAGE_SIZE - SMB2_NBSS_SIZE);
		}
	}
}

/* A message written again is unchanged, and its credits count once. */
static void written_again(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	u64 high = conn->window.high;
	struct message message;

	written_make(&message, SMB2_CMD_CREATE, 1, ID, SMB2_STATUS_SUCCESS);
	written.error = -EAGAIN;
	written.errors = 2;
	KUNIT_EXPECT_EQ(test, -EAGAIN, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, -EAGAIN, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	written_expect_signed(test, conn, ID, SMB2_NBSS_SIZE,
			      MESSAGE_SIZE - SMB2_NBSS_SIZE);
	KUNIT_EXPECT_EQ(test, 1U, around.events[SMBSIGN_COUNT_SIGNED]);
	KUNIT_EXPECT_EQ(test, high + 1, conn->window.high);
	/* Once it has left, the next one counts, even if its header is equal. */
	write_message(conn, &message);
	KUNIT_EXPECT_EQ(test, high + 2, conn->window.high);
}

/* The last leg of a guest whom the policy does not allow. */
static void make_guest(struct kunit *test, struct smbsign_conn *conn,
		       struct message *message)
{
	struct smb2_session_setup_response *setup = (void *)message->body;
	int ret = rig_response(conn, 0, ID,
			       SMB2_STATUS_MORE_PROCESSING_REQUIRED);

	KUNIT_ASSERT_EQ(test, 0, ret);
	around.policy.mode = SMBSIGN_POLICY_REQUIRED;
	written_await(test, conn, SMBSIGN_AWAITED_SETUP, 2, ID);
	written_make(message, SMB2_CMD_SESSION_SETUP, 2, ID,
		     SMB2_STATUS_SUCCESS);
	setup->session_flags = cpu_to_le16(SMB2_SESSION_IS_GUEST);
}

static void expect_denied(struct kunit *test, u32 status)
{
	KUNIT_EXPECT_EQ(test, SMB2_NBSS_SIZE + sizeof(struct smb2_header) +
			sizeof(struct smb2_error_response),
			(size_t)written.length);
	KUNIT_EXPECT_EQ(test, status,
			le32_to_cpu(written_header(SMB2_NBSS_SIZE)->status));
}

static void replaced_response(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct message message;

	make_guest(test, conn, &message);
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	expect_denied(test, SMB2_STATUS_ACCESS_DENIED);
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_GUEST, around.reason);
}

/* A replacement is remembered after its awaited entry is gone. */
static void replaced_again(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct message message;

	make_guest(test, conn, &message);
	written.error = -EAGAIN;
	written.errors = 2;
	KUNIT_EXPECT_EQ(test, -EAGAIN, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, 0U, conn->awaited_count);
	KUNIT_EXPECT_EQ(test, -EAGAIN, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, 0U, written.length);
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	expect_denied(test, SMB2_STATUS_ACCESS_DENIED);
	KUNIT_EXPECT_EQ(test, 1U, around.reports);
	/* The next message is not replaced */
	written_by(conn);
	written_make(&message, SMB2_CMD_ECHO, 3, 0, SMB2_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, (u32)MESSAGE_SIZE, written.length);
	KUNIT_EXPECT_EQ(test, 0U,
			le32_to_cpu(written_header(SMB2_NBSS_SIZE)->status));
}

/* A NEGOTIATE was refused when it came: nothing more is read. */
static void refused_negotiate(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct message message;

	written_await(test, conn, SMBSIGN_AWAITED_NEGOTIATE, 0, 0)->status =
		SMB2_STATUS_NOT_SUPPORTED;
	written_make(&message, SMB2_CMD_NEGOTIATE, 0, 0,
		     SMB2_STATUS_INVALID_PARAMETER);
	written.error = -EAGAIN;
	written.errors = 1;
	KUNIT_EXPECT_EQ(test, -EAGAIN, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	expect_denied(test, SMB2_STATUS_NOT_SUPPORTED);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_EOF, conn->life);
}

/* A response in a compound cannot be replaced. */
static void not_in_a_compound(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct {
		struct message first;
		struct smb2_header last;
	} two = { };

	make_guest(test, conn, &two.first);
	two.first.header.next_command =
		cpu_to_le32(MESSAGE_SIZE - SMB2_NBSS_SIZE);
	two.last = two.first.header;
	two.last.next_command = 0;
	put_unaligned_be32(MESSAGE_SIZE - SMB2_NBSS_SIZE + sizeof(two.last),
			   two.first.nbss);
	KUNIT_EXPECT_EQ(test, -ECONNRESET,
			write_bytes(conn, two.first.nbss,
				    MESSAGE_SIZE + sizeof(two.last)));
	KUNIT_EXPECT_EQ(test, 0U, written.length);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn->life);
}

/* The rest of a message, written later, is no message of its own. */
static void rest_of_a_message(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	struct message message;
	u32 more = 100;

	written_make(&message, SMB2_CMD_READ, 1, 0, SMB2_STATUS_SUCCESS);
	put_unaligned_be32(MESSAGE_SIZE - SMB2_NBSS_SIZE + more, message.nbss);
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, more, conn->tx.left);
	written_make(&message, SMB2_CMD_CREATE, 2, ID, SMB2_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, (int)more - 10,
			write_bytes(conn, written.data, more - 10));
	KUNIT_EXPECT_EQ(test, 10, write_bytes(conn, message.nbss, 10));
	KUNIT_EXPECT_EQ(test, 0U, conn->tx.left);
	KUNIT_EXPECT_EQ(test, 0U, around.events[SMBSIGN_COUNT_SIGNED]);
	/* The next write is a message */
	written.length = 0;
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, 1U, around.events[SMBSIGN_COUNT_SIGNED]);
}

/* As ksmbd 6.x does: it waits. */
static int write_and_wait(struct smbsign_conn *conn, struct message *message)
{
	struct kvec vec = { .iov_base = message->nbss, .iov_len = MESSAGE_SIZE };

	written_make(message, SMB2_CMD_CREATE, 1, ID, SMB2_STATUS_SUCCESS);
	return write_pieces(conn, &vec, 1, MESSAGE_SIZE, 0);
}

/* ksmbd 6.x does not write the rest after a blocking short write: we do. */
static void slow_reader(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	struct message message;

	written.room = 20;
	written.error = -EAGAIN;
	written.errors = 3;
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE,
			write_and_wait(conn, &message));
	KUNIT_EXPECT_EQ(test, (u32)MESSAGE_SIZE, written.length);
	KUNIT_EXPECT_EQ(test, 3U + DIV_ROUND_UP(MESSAGE_SIZE, 20), written.calls);
	written_expect_signed(test, conn, ID, SMB2_NBSS_SIZE,
			      MESSAGE_SIZE - SMB2_NBSS_SIZE);
	KUNIT_EXPECT_EQ(test, 0U, conn->tx.left);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_OPEN, conn->life);
}

/* What another worker writes is no rest of it, and does not leave. */
static void expect_cut(struct kunit *test, struct smbsign_conn *conn,
		       enum smbsign_reason reason)
{
	struct message message;
	u32 length = written.length;

	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn->life);
	KUNIT_EXPECT_EQ(test, reason, around.reason);
	KUNIT_EXPECT_EQ(test, 1U, around.reports);
	written.room = MESSAGE_SIZE;
	written_make(&message, SMB2_CMD_CREATE, 2, ID, SMB2_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, -ECONNRESET, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, length, written.length);
}

/* Not for ever, whether the client takes a little or nothing. */
static void too_slow_reader(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	struct message message;

	written.room = 1;
	written.pause = 100;
	KUNIT_EXPECT_EQ(test, -ECONNRESET, write_and_wait(conn, &message));
	KUNIT_EXPECT_GE(test, written.length, 2U);
	KUNIT_EXPECT_LE(test, written.length, 20U);
	expect_cut(test, conn, SMBSIGN_REASON_SHORT_WRITE);
}

static void deaf_reader(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	struct message message;

	written.error = -EAGAIN;
	written.errors = 1000;
	written.pause = 100;
	KUNIT_EXPECT_EQ(test, -ECONNRESET, write_and_wait(conn, &message));
	KUNIT_EXPECT_LE(test, written.calls, 20U);
	KUNIT_EXPECT_EQ(test, 0U, written.length);
	expect_cut(test, conn, SMBSIGN_REASON_SHORT_WRITE);
}

/* A cut, or an error of TCP's, ends it at once. */
static void writing_on_ends(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	struct message message;

	written.error = -ENOMEM;
	written.errors = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, write_and_wait(conn, &message));
	KUNIT_EXPECT_EQ(test, 1U, written.calls);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_OPEN, conn->life);
	written.room = 20;
	written.cut = conn;
	KUNIT_EXPECT_EQ(test, -ECONNRESET, write_and_wait(conn, &message));
	KUNIT_EXPECT_EQ(test, 20U, written.length);
	expect_cut(test, conn, SMBSIGN_REASON_UNSIGNED);
}

/* A client that goes in the middle of a response offends against nothing. */
static void client_that_goes(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	struct message message;

	written.room = 20;
	written.error = -EPIPE;
	written.errors = 1;
	written.error_at = 20;
	conn->sk->sk_shutdown = SHUTDOWN_MASK;
	KUNIT_EXPECT_EQ(test, -EPIPE, write_and_wait(conn, &message));
	KUNIT_EXPECT_EQ(test, 20U, written.length);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_OPEN, conn->life);
	KUNIT_EXPECT_EQ(test, 0U, around.reports);
	/* If TCP could go on, the stream would be broken. */
	written.errors = 1;
	written.error_at = 40;
	conn->sk->sk_shutdown = 0;
	KUNIT_EXPECT_EQ(test, -ECONNRESET, write_and_wait(conn, &message));
	KUNIT_EXPECT_EQ(test, 40U, written.length);
	expect_cut(test, conn, SMBSIGN_REASON_SHORT_WRITE);
}

/* ksmbd 6.x writes whole messages: another one is no rest of it. */
static void short_write(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	struct message message;
	struct kvec vec = {
		.iov_base = message.nbss, .iov_len = MESSAGE_SIZE - 1,
	};

	written_make(&message, SMB2_CMD_CREATE, 1, ID, SMB2_STATUS_SUCCESS);
	message.header.protocol_id = SMB2_TRANSFORM_PROTOCOL_ID;
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE - 1,
			write_pieces(conn, &vec, 1, MESSAGE_SIZE - 1, 0));
	expect_cut(test, conn, SMBSIGN_REASON_SHORT_WRITE);
}

/* ksmbd 6.x writes some errors with the same buffer twice: sign a copy. */
static void one_buffer_twice(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	struct message message;
	struct kvec vec[] = {
		{ .iov_base = message.nbss, .iov_len = MESSAGE_SIZE },
		{ .iov_base = message.body, .iov_len = 8 },
	};

	written_make(&message, SMB2_CMD_TREE_CONNECT, 1, ID,
		     SMB2_STATUS_ACCESS_DENIED);
	put_unaligned_be32(MESSAGE_SIZE - SMB2_NBSS_SIZE + 8, message.nbss);
	written.error = -EAGAIN;
	written.errors = 1;
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			write_pieces(conn, vec, 2, MESSAGE_SIZE + 8,
				     MSG_DONTWAIT));
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE + 8,
			write_pieces(conn, vec, 2, MESSAGE_SIZE + 8,
				     MSG_DONTWAIT));
	written_expect_signed(test, conn, ID, SMB2_NBSS_SIZE,
			      MESSAGE_SIZE - SMB2_NBSS_SIZE + 8);
	KUNIT_EXPECT_EQ(test, 0U, le32_to_cpu(message.header.flags) &
				  SMB2_FLAG_SIGNED);
	KUNIT_EXPECT_EQ(test, 1U, around.events[SMBSIGN_COUNT_SIGNED]);
	KUNIT_EXPECT_PTR_EQ(test, NULL, conn->tx.unsent.copy);
}

/* A copy that nobody writes again is not left behind, nor taken for another. */
static void copy_not_written_again(struct kunit *test)
{
	struct smbsign_conn *conn = conn_with_session(test);
	const struct smb2_header *last;
	struct message message;
	struct kvec vec[] = {
		{ .iov_base = message.nbss, .iov_len = MESSAGE_SIZE },
		{ .iov_base = message.body, .iov_len = 8 },
	};
	u64 id;

	for (id = 1; id < 4; id++) {
		written_make(&message, SMB2_CMD_TREE_CONNECT, id, ID,
			     SMB2_STATUS_ACCESS_DENIED);
		put_unaligned_be32(MESSAGE_SIZE - SMB2_NBSS_SIZE + 8,
				   message.nbss);
		written.error = -EAGAIN;
		written.errors = id < 3;
		write_pieces(conn, vec, 2, MESSAGE_SIZE + 8, MSG_DONTWAIT);
		KUNIT_EXPECT_EQ(test, id < 3, !!conn->tx.unsent.copy);
	}
	KUNIT_EXPECT_EQ(test, (u32)MESSAGE_SIZE + 8, written.length);
	last = written_header(SMB2_NBSS_SIZE);
	KUNIT_EXPECT_EQ(test, 3ULL, le64_to_cpu(last->message_id));
	written.errors = 1;
	write_pieces(conn, vec, 2, MESSAGE_SIZE + 8, MSG_DONTWAIT);
	KUNIT_EXPECT_NOT_NULL(test, conn->tx.unsent.copy);
	/* conn_empty() frees it. */
}

/* With AES-GMAC, a request has one signed response, however ksmbd answers. */
static void one_signed_response(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct message message;

	rig_gmac(test, conn);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, session_key));
	smbsign_due_add(conn->due, 1);
	written.error = -EAGAIN;
	written.errors = 1;
	written_make(&message, SMB2_CMD_CREATE, 1, ID, SMB2_STATUS_PENDING);
	KUNIT_EXPECT_EQ(test, -EAGAIN, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, 0U, around.events[SMBSIGN_COUNT_SIGNED]);
	written.length = 0;
	written.errors = 1;
	written_make(&message, SMB2_CMD_CREATE, 1, ID, SMB2_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, -EAGAIN, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	written_expect_signed(test, conn, ID, SMB2_NBSS_SIZE,
			      MESSAGE_SIZE - SMB2_NBSS_SIZE);
	KUNIT_EXPECT_EQ(test, 1U, around.events[SMBSIGN_COUNT_SIGNED]);
	written.length = 0;
	written_make(&message, SMB2_CMD_CREATE, 1, ID, SMB2_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, 1U, around.events[SMBSIGN_COUNT_SIGNED]);
	KUNIT_EXPECT_EQ(test, 1U, around.events[SMBSIGN_COUNT_NONCES_SPENT]);
	KUNIT_EXPECT_EQ(test, 0U, SMB2_FLAG_SIGNED &
			le32_to_cpu(written_header(SMB2_NBSS_SIZE)->flags));
}

/* The answer to a compressed SESSION_SETUP, which the gate could not see. */
static void hidden_setup(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct message message;

	conn->compressed = true;
	written_make(&message, SMB2_CMD_SESSION_SETUP, 1, ID,
		     SMB2_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, -ECONNRESET, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_MALFORMED, around.reason);
	KUNIT_EXPECT_EQ(test, 0U, written.length);
}

static void no_message(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	u8 nbss[8] = { [3] = 4, 1, 2, 3, 4 };

	KUNIT_EXPECT_EQ(test, -EINVAL, write_bytes(conn, nbss, 3));
	KUNIT_EXPECT_EQ(test, 8, write_bytes(conn, nbss, 8));
	KUNIT_EXPECT_EQ(test, 8U, written.length);
}

/* A client that is answered may again send requests without an answer. */
static void answered(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct message message;

	conn->gate.unanswered = 1000;
	written_make(&message, SMB2_CMD_ECHO, 1, 0, SMB2_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, write_message(conn, &message));
	KUNIT_EXPECT_EQ(test, 0U, conn->gate.unanswered);
}

static struct kunit_case tx_cases[] = {
	KUNIT_CASE(response_is_signed),
	KUNIT_CASE(body_elsewhere),
	KUNIT_CASE(written_again),
	KUNIT_CASE(replaced_response),
	KUNIT_CASE(replaced_again),
	KUNIT_CASE(refused_negotiate),
	KUNIT_CASE(not_in_a_compound),
	KUNIT_CASE(rest_of_a_message),
	KUNIT_CASE(slow_reader),
	KUNIT_CASE(too_slow_reader),
	KUNIT_CASE(deaf_reader),
	KUNIT_CASE(writing_on_ends),
	KUNIT_CASE(client_that_goes),
	KUNIT_CASE(short_write),
	KUNIT_CASE(one_buffer_twice),
	KUNIT_CASE(copy_not_written_again),
	KUNIT_CASE(one_signed_response),
	KUNIT_CASE(hidden_setup),
	KUNIT_CASE(no_message),
	KUNIT_CASE(answered),
	{}
};

static struct kunit_suite tx_suite = {
	.name = "smbsign_tx",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = tx_cases,
};

kunit_test_suite(tx_suite);
