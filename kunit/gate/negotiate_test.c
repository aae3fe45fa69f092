// SPDX-License-Identifier: GPL-2.0-only
/*
 * NEGOTIATE and what vouches for it: what is made of ksmbd's response, what it
 * settles, and what the answer to FSCTL_VALIDATE_NEGOTIATE_INFO says.
 */
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/unaligned.h>

#include "../failing.h"
#include "../rig.h"

#include "gate/negotiate.c"

#define ENABLED		SMB2_SECURITY_SIGNING_ENABLED
#define REQUIRED	SMB2_SECURITY_SIGNING_REQUIRED
#define BOTH		(ENABLED | REQUIRED)

/**
 * struct context - a negotiate context that names one choice
 * @head:	its type and length
 * @data:	the count and the choice, as far behind it as the type has it
 */
struct context {
	struct smb2_negotiate_context	head;
	__le16				data[8];
} __packed;

/**
 * struct message - a NEGOTIATE response of ksmbd
 * @nbss:	its length
 * @header:	its header
 * @body:	its fixed part
 * @signing:	SIGNING_CAPABILITIES
 * @compression: COMPRESSION_CAPABILITIES
 */
struct message {
	u8				nbss[SMB2_NBSS_SIZE];
	struct smb2_header		header;
	struct smb2_negotiate_response	body;
	struct context			signing;
	struct context			compression;
} __packed;

#define LENGTH	(sizeof(struct message) - SMB2_NBSS_SIZE)

static void fill_message(struct message *message, u16 dialect, u16 security)
{
	*message = (struct message) {
		.header = {
			.protocol_id = SMB2_PROTOCOL_ID,
			.structure_size = cpu_to_le16(64),
			.command = cpu_to_le16(SMB2_CMD_NEGOTIATE),
			.flags = cpu_to_le32(SMB2_FLAG_SERVER_TO_REDIR),
		},
		.body = {
			.security_mode = cpu_to_le16(security),
			.dialect_revision = cpu_to_le16(dialect),
			.context_count = cpu_to_le16(2),
			.context_offset = cpu_to_le32(128),
			.capabilities = cpu_to_le32(SMB2_CAP_LARGE_MTU),
		},
		.signing = {
			.head = {
				.type = cpu_to_le16(SMB2_CONTEXT_SIGNING),
				.data_length = cpu_to_le16(16),
			},
			.data = { cpu_to_le16(1),
				  cpu_to_le16(SMB2_SIGNING_AES_CMAC) },
		},
		.compression = {
			.head = {
				.type = cpu_to_le16(SMB2_CONTEXT_COMPRESSION),
				.data_length = cpu_to_le16(16),
			},
			.data = { cpu_to_le16(1), 0, 0, 0, cpu_to_le16(3) },
		},
	};
	put_unaligned_be32(LENGTH, message->nbss);
}

/**
 * struct hashed_case - what becomes of a response before it is hashed
 * @name:	for the log
 * @mode:	the policy
 * @server:	SecurityMode of the response
 * @client:	SecurityMode of the request
 * @offered:	signing algorithms of the request, BIT(SMB2_SIGNING_*)
 * @says:	SecurityMode afterwards
 * @algorithm:	the algorithm that it names then
 * @compresses:	it still agrees on compression
 * @excepted:	the client is an exception
 */
struct hashed_case {
	const char			*name;
	enum smbsign_policy_mode	mode;
	u16				server;
	u16				client;
	u16				offered;
	u16				says;
	u16				algorithm;
	bool				compresses;
	bool				excepted;
};

#define HMAC	SMB2_SIGNING_HMAC_SHA256
#define CMAC	SMB2_SIGNING_AES_CMAC
#define GMAC	SMB2_SIGNING_AES_GMAC

static const struct hashed_case hashed_cases[] = {
	{ "nobody demands", SMBSIGN_POLICY_NEGOTIATED, ENABLED, ENABLED,
	  BIT(CMAC), ENABLED, CMAC, true },
	{ "the policy does", SMBSIGN_POLICY_REQUIRED, ENABLED, ENABLED,
	  BIT(CMAC), BOTH, CMAC, false },
	{ "the policy does, but for an exception", SMBSIGN_POLICY_REQUIRED,
	  ENABLED, ENABLED, BIT(CMAC), ENABLED, CMAC, true, true },
	{ "ksmbd does", SMBSIGN_POLICY_NEGOTIATED, BOTH, ENABLED, BIT(CMAC),
	  BOTH, CMAC, false },
	{ "ksmbd does, of an exception, too", SMBSIGN_POLICY_REQUIRED, BOTH,
	  ENABLED, BIT(CMAC), BOTH, CMAC, false, true },
	{ "the client does", SMBSIGN_POLICY_NEGOTIATED, ENABLED, BOTH,
	  BIT(CMAC), ENABLED, CMAC, false },
	{ "the policy does, in audit nobody", SMBSIGN_POLICY_AUDIT, ENABLED,
	  ENABLED, BIT(CMAC), ENABLED, CMAC, true },
	{ "HMAC-SHA256 alone was offered", SMBSIGN_POLICY_NEGOTIATED, ENABLED,
	  ENABLED, BIT(HMAC), ENABLED, HMAC, true },
	{ "AES-GMAC alone was offered", SMBSIGN_POLICY_NEGOTIATED, ENABLED,
	  ENABLED, BIT(GMAC), ENABLED, GMAC, false },
	{ "no algorithm was offered", SMBSIGN_POLICY_NEGOTIATED, ENABLED,
	  ENABLED, 0, ENABLED, CMAC, true },
};

KUNIT_ARRAY_PARAM_DESC(hashed, hashed_cases, name);

static void hashed(struct kunit *test)
{
	const struct hashed_case *kase = test->param_value;
	struct smbsign_conn *conn = rig_open(test, 0);
	struct message message;

	around.policy.mode = kase->mode;
	conn->excepted = kase->excepted;
	conn->negotiation.offer.security_mode = kase->client;
	conn->negotiation.contexts.algorithms = kase->offered;
	conn->negotiation.contexts.offered[0] = kase->algorithm;
	fill_message(&message, SMB2_DIALECT_311, kase->server);
	smbsign_negotiate_hashed(conn, (u8 *)&message.header, LENGTH);
	KUNIT_EXPECT_EQ(test, kase->says,
			le16_to_cpu(message.body.security_mode));
	KUNIT_EXPECT_EQ(test, kase->algorithm,
			le16_to_cpu(message.signing.data[1]));
	KUNIT_EXPECT_EQ(test, kase->compresses,
			message.compression.data[4] != 0);
}

/* What is no success, or is cut short, stays as it is. */
static void hashed_errors(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	struct message message, before;
	u32 length;

	around.policy.mode = SMBSIGN_POLICY_REQUIRED;
	fill_message(&message, SMB2_DIALECT_311, ENABLED);
	before = message;
	for (length = sizeof(message.header);
	     length < sizeof(message.header) + sizeof(message.body); length++) {
		smbsign_negotiate_hashed(conn, (u8 *)&message.header, length);
		KUNIT_EXPECT_MEMEQ(test, &before, &message, sizeof(message));
	}
	message.header.status = cpu_to_le32(SMB2_STATUS_NOT_SUPPORTED);
	smbsign_negotiate_hashed(conn, (u8 *)&message.header, LENGTH);
	KUNIT_EXPECT_EQ(test, ENABLED, le16_to_cpu(message.body.security_mode));
}

static int take_in(struct kunit *test, struct smbsign_conn *conn,
		   struct message *message, u16 client,
		   struct smbsign_verdict *verdict)
{
	const struct smbsign_awaited request = { .security_mode = client };
	struct kvec vec = { .iov_base = message, .iov_len = sizeof(*message) };
	struct smbsign_response response;
	struct smbsign_policy policy;
	struct msghdr msg = { };
	int ret;

	*verdict = (struct smbsign_verdict) { .action = SMBSIGN_PASS };
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, vec.iov_len);
	KUNIT_EXPECT_TRUE(test, smbsign_response_first(&response, &msg,
						       LENGTH));
	smbsign_policy_get(conn, &policy);
	mutex_lock(&conn->tx.lock);
	ret = smbsign_negotiate_response(conn, &policy, &request, &response,
					 verdict);
	mutex_unlock(&conn->tx.lock);
	return ret;
}

/* It settles the connection; 3.1.1 has said it already, 3.0 is told here. */
static void settles(struct kunit *test)
{
	static const u16 dialects[] = {
		SMB2_DIALECT_202, SMB2_DIALECT_210, SMB2_DIALECT_300,
		SMB2_DIALECT_302, SMB2_DIALECT_311,
	};
	struct smbsign_conn_facts facts;
	struct smbsign_verdict verdict;
	struct smbsign_conn *conn;
	struct message message;
	unsigned int i;
	bool early;

	around.policy.mode = SMBSIGN_POLICY_REQUIRED;
	for (i = 0; i < ARRAY_SIZE(dialects); i++) {
		conn = rig_open(test, 0);
		early = dialects[i] == SMB2_DIALECT_311;
		fill_message(&message, dialects[i], early ? BOTH : ENABLED);
		KUNIT_ASSERT_EQ(test, 0, take_in(test, conn, &message, ENABLED,
						 &verdict));
		KUNIT_EXPECT_EQ(test, SMBSIGN_PASS, verdict.action);
		smbsign_conn_copy_facts(conn, &facts);
		KUNIT_EXPECT_EQ(test, dialects[i], facts.dialect);
		KUNIT_EXPECT_EQ(test, dialects[i] < SMB2_DIALECT_300 ? HMAC :
								       CMAC,
				facts.algorithm);
		KUNIT_EXPECT_TRUE(test, facts.server_required);
		KUNIT_EXPECT_FALSE(test, facts.client_required);
		KUNIT_EXPECT_TRUE(test, facts.multi_credit);
		KUNIT_EXPECT_EQ(test, BOTH,
				le16_to_cpu(message.body.security_mode));
		KUNIT_EXPECT_EQ(test, !early, conn->negotiation.told);
	}
}

/* After an SMB1 NEGOTIATE comes a real one; an error settles nothing. */
static void settles_nothing(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_conn_facts facts;
	struct smbsign_verdict verdict;
	struct message message;

	fill_message(&message, SMB2_DIALECT_WILDCARD, ENABLED);
	KUNIT_EXPECT_EQ(test, 0, take_in(test, conn, &message, BOTH, &verdict));
	fill_message(&message, SMB2_DIALECT_311, ENABLED);
	message.header.status = cpu_to_le32(SMB2_STATUS_NOT_SUPPORTED);
	KUNIT_EXPECT_EQ(test, 0, take_in(test, conn, &message, BOTH, &verdict));
	fill_message(&message, SMB2_DIALECT_311, ENABLED);
	message.signing.head.data_length = cpu_to_le16(100);
	KUNIT_EXPECT_EQ(test, -EPROTO, take_in(test, conn, &message, BOTH,
					       &verdict));
	around.allocate = 0;
	fill_message(&message, SMB2_DIALECT_311, ENABLED);
	KUNIT_EXPECT_EQ(test, -ENOMEM, take_in(test, conn, &message, BOTH,
					       &verdict));
	around.allocate = -1;
	smbsign_conn_copy_facts(conn, &facts);
	KUNIT_EXPECT_EQ(test, 0, facts.dialect);
}

/* What the knobs do not allow is refused, whatever ksmbd has agreed on. */
static void disallowed(struct kunit *test)
{
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_verdict verdict;
	struct message message;

	around.policy.min_dialect = SMB2_DIALECT_302;
	fill_message(&message, SMB2_DIALECT_300, ENABLED);
	KUNIT_EXPECT_EQ(test, 0, take_in(test, conn, &message, ENABLED,
					 &verdict));
	KUNIT_EXPECT_EQ(test, SMBSIGN_REFUSE, verdict.action);
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_DIALECT, verdict.reason);
	around.policy.algorithms = BIT(HMAC);
	fill_message(&message, SMB2_DIALECT_311, ENABLED);
	KUNIT_EXPECT_EQ(test, 0, take_in(test, conn, &message, ENABLED,
					 &verdict));
	KUNIT_EXPECT_EQ(test, SMBSIGN_REFUSE, verdict.action);
	KUNIT_EXPECT_EQ(test, SMBSIGN_REASON_ALGORITHM, verdict.reason);
}

/**
 * struct validated - an answer to FSCTL_VALIDATE_NEGOTIATE_INFO
 * @nbss:	its length
 * @header:	its header
 * @ioctl:	its fixed part
 * @answer:	what it says
 */
struct validated {
	u8				nbss[SMB2_NBSS_SIZE];
	struct smb2_header		header;
	struct smb2_ioctl_response	ioctl;
	struct smb2_validate_response	answer;
} __packed;

static void validate(struct smbsign_conn *conn,
		     const struct smbsign_response *response)
{
	mutex_lock(&conn->tx.lock);
	smbsign_negotiate_validated(conn, response);
	mutex_unlock(&conn->tx.lock);
}

/* It says what the NEGOTIATE response said, where that was changed. */
static void validation(struct kunit *test)
{
	struct validated message = {
		.header = {
			.protocol_id = SMB2_PROTOCOL_ID,
			.structure_size = cpu_to_le16(64),
			.command = cpu_to_le16(SMB2_CMD_IOCTL),
			.flags = cpu_to_le32(SMB2_FLAG_SERVER_TO_REDIR),
		},
		.ioctl = {
			.structure_size = cpu_to_le16(49),
			.ctl_code = cpu_to_le32(SMB2_FSCTL_VALIDATE_NEGOTIATE),
			.output_offset = cpu_to_le32(112),
			.output_count = cpu_to_le32(24),
		},
		.answer = { .security_mode = cpu_to_le16(ENABLED) },
	};
	struct kvec vec = { .iov_base = &message, .iov_len = sizeof(message) };
	struct smbsign_conn *conn = rig_open(test, 0);
	struct smbsign_response response;
	struct msghdr msg = { };

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, vec.iov_len);
	KUNIT_ASSERT_TRUE(test,
			  smbsign_response_first(&response, &msg,
						 sizeof(message) - 4));
	validate(conn, &response);
	KUNIT_EXPECT_EQ(test, ENABLED, le16_to_cpu(message.answer.security_mode));
	conn->negotiation.told = true;
	validate(conn, &response);
	KUNIT_EXPECT_EQ(test, BOTH, le16_to_cpu(message.answer.security_mode));
	/* Another FSCTL, and another command, are left alone. */
	message.answer.security_mode = cpu_to_le16(ENABLED);
	message.ioctl.ctl_code = cpu_to_le32(1);
	validate(conn, &response);
	message.ioctl.ctl_code = cpu_to_le32(SMB2_FSCTL_VALIDATE_NEGOTIATE);
	response.header.command = cpu_to_le16(SMB2_CMD_READ);
	validate(conn, &response);
	KUNIT_EXPECT_EQ(test, ENABLED, le16_to_cpu(message.answer.security_mode));
}

/* Which requests must be seen whole. */
static void concerns(struct kunit *test)
{
	struct smbsign_element element = {
		.command = SMB2_CMD_NEGOTIATE, .last = true,
	};
	struct smbsign_conn *conn = rig_open(test, 0);

	KUNIT_EXPECT_TRUE(test, smbsign_negotiate_concerns(conn, &element));
	element.last = false;
	KUNIT_EXPECT_FALSE(test, smbsign_negotiate_concerns(conn, &element));
	element.last = true;
	rig_negotiate(conn, SMB2_DIALECT_300, true);
	KUNIT_EXPECT_FALSE(test, smbsign_negotiate_concerns(conn, &element));
	element.command = SMB2_CMD_IOCTL;
	KUNIT_EXPECT_FALSE(test, smbsign_negotiate_concerns(conn, &element));
	element.ctl_code = SMB2_FSCTL_VALIDATE_NEGOTIATE;
	KUNIT_EXPECT_TRUE(test, smbsign_negotiate_concerns(conn, &element));
}

static struct kunit_case negotiate_cases[] = {
	KUNIT_CASE_PARAM(hashed, hashed_gen_params),
	KUNIT_CASE(hashed_errors),
	KUNIT_CASE(settles),
	KUNIT_CASE(settles_nothing),
	KUNIT_CASE(disallowed),
	KUNIT_CASE(validation),
	KUNIT_CASE(concerns),
	{}
};

static struct kunit_suite negotiate_suite = {
	.name = "smbsign_negotiate",
	.suite_init = rig_suite_init,
	.suite_exit = rig_suite_exit,
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = negotiate_cases,
};

kunit_test_suite(negotiate_suite);
