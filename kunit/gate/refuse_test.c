// SPDX-License-Identifier: GPL-2.0-only
/* Errors in place of ksmbd's answers. */
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/unaligned.h>

#include "../failing.h"
#include "../written.h"

#include "gate/refuse.c"
#include "wire/response.c"
#include "gate/sign.c"

#define ID		RIG_SESSION
#define STRANGER	0x4444ULL
#define ECHOES		3
#define ECHO_LENGTH	(sizeof(struct smb2_header) + 8)
#define FIRST_ID	10

static const u8 session_key[SMB2_KEY_SIZE] = "the session key";

/**
 * struct answer - ksmbd's answer to a substitute
 * @unused:	aligns the headers
 * @nbss:	length of what follows
 * @echo:	its responses
 */
struct answer {
	u8	unused[4];
	u8	nbss[SMB2_NBSS_SIZE];
	u8	echo[ECHOES][ECHO_LENGTH];
};

#define ANSWER_SIZE	(SMB2_NBSS_SIZE + sizeof_field(struct answer, echo))

static void make_answer(struct answer *answer)
{
	struct smb2_header *header;
	u32 i;

	*answer = (struct answer) { };
	put_unaligned_be32(ANSWER_SIZE - SMB2_NBSS_SIZE, answer->nbss);
	for (i = 0; i < ECHOES; i++) {
		header = (struct smb2_header *)answer->echo[i];
		*header = (struct smb2_header) {
			.protocol_id = SMB2_PROTOCOL_ID,
			.command = cpu_to_le16(SMB2_CMD_ECHO),
			.credits = cpu_to_le16(i + 5),
			.flags = cpu_to_le32(SMB2_FLAG_SERVER_TO_REDIR),
			.next_command =
				cpu_to_le32(i + 1 < ECHOES ? ECHO_LENGTH : 0),
			.message_id = cpu_to_le64(FIRST_ID + i),
		};
	}
}

static struct smbsign_conn *conn_for(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);

	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_ASSERT_EQ(test, 0, rig_authenticate(conn, ID, session_key));
	written_by(conn);
	return conn;
}

static u64 id_of(u32 i)
{
	return i < 2 ? ID : STRANGER;
}

/*
 * Refuse a signed request, an unsigned one of the same session, and one of an
 * unknown session.
 */
static void refuse_all(struct kunit *test, struct smbsign_conn *conn)
{
	struct smbsign_awaited *refused;
	u32 i;

	for (i = 0; i < ECHOES; i++) {
		refused = written_await(test, conn, SMBSIGN_AWAITED_REFUSED,
					FIRST_ID + i, id_of(i));
		refused->shown = i ? 0 : rig_serial(conn, ID);
		refused->status = SMB2_STATUS_ACCESS_DENIED + i;
	}
}

static int write_answer(struct smbsign_conn *conn, struct answer *answer,
			int flags)
{
	struct kvec vec = { .iov_base = answer->nbss, .iov_len = ANSWER_SIZE };
	struct msghdr msg = { .msg_flags = flags };
	struct smbsign_response first;
	int ret = -EINVAL;

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, ANSWER_SIZE);
	mutex_lock(&conn->tx.lock);
	if (smbsign_response_first(&first, &msg, ANSWER_SIZE - SMB2_NBSS_SIZE) &&
	    smbsign_refuse_is(conn, &first))
		ret = smbsign_refuse_write(conn, &msg, ANSWER_SIZE, &first);
	mutex_unlock(&conn->tx.lock);
	/* All of it was taken, or nothing. */
	return ret == ANSWER_SIZE && iov_iter_count(&msg.msg_iter) ? -EIO : ret;
}

static void expect_errors(struct kunit *test, struct smbsign_conn *conn)
{
	const struct smb2_header *header;
	u32 at = SMB2_NBSS_SIZE, i;

	KUNIT_ASSERT_EQ(test, written.length, SMB2_NBSS_SIZE + ERROR_SIZE +
			(ECHOES - 1) * ERROR_STRIDE);
	KUNIT_EXPECT_EQ(test, written.length - SMB2_NBSS_SIZE,
			get_unaligned_be32(written.data));
	for (i = 0; i < ECHOES; i++, at += ERROR_STRIDE) {
		header = written_header(at);
		KUNIT_EXPECT_EQ(test, SMB2_CMD_WRITE,
				le16_to_cpu(header->command));
		KUNIT_EXPECT_EQ(test, SMB2_STATUS_ACCESS_DENIED + i,
				le32_to_cpu(header->status));
		KUNIT_EXPECT_EQ(test, 2, le16_to_cpu(header->credit_charge));
		KUNIT_EXPECT_EQ(test, i + 5, (u32)le16_to_cpu(header->credits));
		KUNIT_EXPECT_EQ(test, FIRST_ID + (u64)i,
				le64_to_cpu(header->message_id));
		KUNIT_EXPECT_EQ(test, id_of(i),
				le64_to_cpu(header->session_id));
		KUNIT_EXPECT_EQ(test, i + 1 < ECHOES ? (u32)ERROR_STRIDE : 0U,
				le32_to_cpu(header->next_command));
		KUNIT_EXPECT_EQ(test, !i, !!(header->flags &
					     cpu_to_le32(SMB2_FLAG_SIGNED)));
	}
	written_expect_signed(test, conn, ID, SMB2_NBSS_SIZE, ERROR_STRIDE);
}

static void errors(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct answer answer;

	make_answer(&answer);
	refuse_all(test, conn);
	KUNIT_EXPECT_EQ(test, (int)ANSWER_SIZE, write_answer(conn, &answer, 0));
	expect_errors(test, conn);
	KUNIT_EXPECT_EQ(test, 0U, conn->awaited_count);
	/* The same answer again belongs to no refused request. */
	KUNIT_EXPECT_EQ(test, -EINVAL, write_answer(conn, &answer, 0));
}

/* If TCP has no room for the errors, they stay awaited. */
static void errors_again(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct answer answer;

	make_answer(&answer);
	refuse_all(test, conn);
	written.error = -EAGAIN;
	written.errors = 1;
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			write_answer(conn, &answer, MSG_DONTWAIT));
	KUNIT_EXPECT_EQ(test, (u32)ECHOES, conn->awaited_count);
	KUNIT_EXPECT_NE(test, SMBSIGN_LIFE_CUT, conn->life);
	KUNIT_EXPECT_EQ(test, (int)ANSWER_SIZE,
			write_answer(conn, &answer, MSG_DONTWAIT));
	expect_errors(test, conn);
}

/* ksmbd cannot send the rest of our errors: wait for room, or cut. */
static void a_part_of_them(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct answer answer;

	make_answer(&answer);
	refuse_all(test, conn);
	written.room = 150;
	KUNIT_EXPECT_EQ(test, (int)ANSWER_SIZE,
			write_answer(conn, &answer, MSG_DONTWAIT));
	KUNIT_EXPECT_EQ(test, 2U, written.calls);
	KUNIT_EXPECT_EQ(test, 0, written.flags & MSG_DONTWAIT);
	expect_errors(test, conn);
	rig_close(test, conn);

	conn = conn_for(test);
	refuse_all(test, conn);
	written.room = 50;
	KUNIT_EXPECT_EQ(test, -EPIPE, write_answer(conn, &answer, MSG_DONTWAIT));
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_SHORT_WRITE, around.reason);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn->life);
}

/* An answer to what was not asked: nothing of it leaves. */
static void one_too_many(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct answer answer;

	make_answer(&answer);
	written_await(test, conn, SMBSIGN_AWAITED_REFUSED, FIRST_ID, ID);
	KUNIT_EXPECT_EQ(test, -EPROTO, write_answer(conn, &answer, 0));
	KUNIT_EXPECT_EQ(test, 0U, written.length);
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_MALFORMED, around.reason);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn->life);
}

/* Other kinds of awaited requests are left alone. */
static void another_kind(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct answer answer;

	make_answer(&answer);
	KUNIT_EXPECT_EQ(test, -EINVAL, write_answer(conn, &answer, 0));
	written_await(test, conn, SMBSIGN_AWAITED_PROVISIONAL, FIRST_ID, ID);
	KUNIT_EXPECT_EQ(test, -EINVAL, write_answer(conn, &answer, 0));
	KUNIT_EXPECT_EQ(test, 0U, written.calls);
}

static void no_memory(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	struct answer answer;

	make_answer(&answer);
	refuse_all(test, conn);
	around.allocate = 0;
	KUNIT_EXPECT_EQ(test, -ECONNRESET, write_answer(conn, &answer, 0));
	around.allocate = -1;
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_NO_MEMORY, around.reason);
	KUNIT_EXPECT_EQ(test, SMBSIGN_LIFE_CUT, conn->life);
}

/* One of ksmbd's own responses becomes an unsigned error. */
static void one_response(struct kunit *test)
{
	struct smbsign_conn *conn = conn_for(test);
	const struct smb2_header *header = written_header(SMB2_NBSS_SIZE);
	struct smbsign_response response;
	struct message message;
	struct kvec vec = { .iov_base = message.nbss, .iov_len = MESSAGE_SIZE };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT };
	int ret;

	written_make(&message, SMB2_CMD_SESSION_SETUP, 7, ID,
		     SMB2_STATUS_SUCCESS);
	message.header.flags |= cpu_to_le32(SMB2_FLAG_SIGNED);
	memset(message.header.signature, 's', SMB2_SIGNATURE_SIZE);
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, MESSAGE_SIZE);
	KUNIT_ASSERT_TRUE(test,
			  smbsign_response_first(&response, &msg, MESSAGE_SIZE -
						 SMB2_NBSS_SIZE));
	mutex_lock(&conn->tx.lock);
	ret = smbsign_refuse_response(conn, &msg, MESSAGE_SIZE, &response,
				      SMB2_STATUS_NOT_SUPPORTED);
	mutex_unlock(&conn->tx.lock);
	KUNIT_EXPECT_EQ(test, (int)MESSAGE_SIZE, ret);
	KUNIT_EXPECT_EQ(test, 0, (int)iov_iter_count(&msg.msg_iter));
	KUNIT_EXPECT_EQ(test, SMB2_NBSS_SIZE + ERROR_SIZE,
			(size_t)written.length);
	KUNIT_EXPECT_EQ(test, SMB2_STATUS_NOT_SUPPORTED,
			le32_to_cpu(header->status));
	KUNIT_EXPECT_EQ(test, 7ULL, le64_to_cpu(header->message_id));
	KUNIT_EXPECT_EQ(test, ID, le64_to_cpu(header->session_id));
	KUNIT_EXPECT_EQ(test, SMB2_FLAG_SERVER_TO_REDIR,
			le32_to_cpu(header->flags));
	KUNIT_EXPECT_TRUE(test, !memchr_inv(header->signature, 0,
					    SMB2_SIGNATURE_SIZE));
}

static struct kunit_case refuse_cases[] = {
	KUNIT_CASE(errors),
	KUNIT_CASE(errors_again),
	KUNIT_CASE(a_part_of_them),
	KUNIT_CASE(one_too_many),
	KUNIT_CASE(another_kind),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(one_response),
	{}
};

static struct kunit_suite refuse_suite = {
	.name = "smbsign_refuse",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = refuse_cases,
};

kunit_test_suite(refuse_suite);
