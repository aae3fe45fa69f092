// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser against a second one, byte by byte, at every boundary value; and
 * on every prefix of captured frames.  Each ends where nothing is mapped.
 */
#include "wire/frame.c"

#include "../samples.h"
#include "../surroundings.h"

#define HEADER		((u32)sizeof(struct smb2_header))
#define NEGOTIATE	(HEADER + (u32)sizeof(struct smb2_negotiate_request))
#define RESPONSE	(HEADER + (u32)sizeof(struct smb2_negotiate_response))
#define IOCTL		(HEADER + (u32)sizeof(struct smb2_ioctl_request))

KUNIT_ARRAY_PARAM_DESC(sample, samples, name);

/* A little-endian field of so many bytes, as in [MS-SMB2]. */
static u64 field(const u8 *message, u32 at, u32 bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | message[at + bytes];
	return value;
}

static void set(u8 *message, u32 at, u32 bytes, u64 value)
{
	for (; bytes--; value >>= 8)
		message[at++] = value;
}

/* Parse a request a second time: 2.2.1.2. */
static bool second_opinion(const u8 *head, u32 have, u32 left,
			   struct smbsign_element *element)
{
	static const u32 fixed[0x13] = { [0] = 36, [1] = 24, [11] = 56 };
	u64 next;

	if (have < 64 || left < 66 || memcmp(head, "\xfeSMB\x40\0", 6))
		return false;
	next = field(head, 20, 4);
	*element = (struct smbsign_element) {
		.command = field(head, 12, 2),
		.flags = field(head, 16, 4),
		.message_id = field(head, 24, 8),
		.session_id = field(head, 40, 8),
		.length = next ? next : left,
		.last = next == 0,
		.credit_charge = field(head, 6, 2),
	};
	if (next && (next % 8 || next < 66 || next + 66 > left))
		return false;
	if (element->flags & 1)
		return false;
	if (element->command < 0x13 &&
	    64 + fixed[element->command] > min(have, element->length))
		return false;
	if (element->command == 0)
		element->security_mode = field(head, 64 + 4, 2);
	if (element->command == 1) {
		element->setup_flags = field(head, 64 + 2, 1);
		element->security_mode = field(head, 64 + 3, 1);
	}
	if (element->command == 11)
		element->ctl_code = field(head, 64 + 4, 4);
	return true;
}

static bool same_element(const struct smbsign_element *a,
			 const struct smbsign_element *b)
{
	return a->command == b->command && a->flags == b->flags &&
	       a->message_id == b->message_id &&
	       a->session_id == b->session_id && a->length == b->length &&
	       a->last == b->last && a->security_mode == b->security_mode &&
	       a->setup_flags == b->setup_flags &&
	       a->ctl_code == b->ctl_code &&
	       a->credit_charge == b->credit_charge;
}

static void compare(struct kunit *test, const u8 *head, u32 have, u32 left)
{
	struct smbsign_element element, expected;
	bool fine = second_opinion(head, have, left, &expected);
	int ret = smbsign_frame_element(head, have, left, &element);

	KUNIT_ASSERT_EQ_MSG(test, ret, fine ? 0 : -EPROTO,
			    "have %u left %u next %llu command %llu", have,
			    left, field(head, 20, 4), field(head, 12, 2));
	if (fine)
		KUNIT_ASSERT_TRUE(test, same_element(&element, &expected));
}

/* Make a request with a different value in every field. */
static void fill_request(u8 *head, u32 length, u16 command)
{
	fill_pattern(head, length);
	if (length < HEADER)
		return;
	memcpy(head, "\xfeSMB\x40\0", 6);
	set(head, 12, 2, command);
	set(head, 16, 4, SMB2_FLAG_SIGNED | 0x20000000);
	set(head, 20, 4, 0);
}

static void fields(struct kunit *test)
{
	u8 *head = guarded_alloc(test, SMBSIGN_HEAD_SIZE);
	u32 command;

	for (command = 0; command <= U16_MAX; command++) {
		fill_request(head, SMBSIGN_HEAD_SIZE, command);
		compare(test, head, SMBSIGN_HEAD_SIZE, 5000);
	}
	KUNIT_EXPECT_EQ(test, (u32)SMBSIGN_HEAD_SIZE, IOCTL);
}

/* Lengths, and offsets in compounds, at which something changes. */
static const u32 lengths[] = {
	0, 1, 63, 64, 65, 66, 67, 68, 71, 72, 73, 80, 87, 88, 89, 99, 100, 101,
	119, 120, 121, 130, 131, 132, 136, 137, 138, 139, 144, 200, 201, 4096,
	65535, 65536, 0xffffff,
};

static const u32 nexts[] = {
	0, 1, 2, 4, 7, 8, 9, 56, 63, 64, 65, 66, 67, 68, 71, 72, 73, 76, 79, 80,
	88, 96, 100, 104, 112, 120, 128, 136, 144, 256, 4024, 4032, 4096, 65472,
	0xffffb0, 0xffffb8, 0x1000000, 0x7ffffff8, 0x7fffffff, 0x80000000,
	0x80000048, 0xffffffb8, 0xffffffc0, 0xfffffff8, 0xffffffff,
};

static void next_command(struct kunit *test)
{
	u8 *head = guarded_alloc(test, SMBSIGN_HEAD_SIZE);
	unsigned int i, j;
	u32 command;
	int by;

	for (command = 0; command <= SMB2_CMD_COUNT; command++) {
		fill_request(head, SMBSIGN_HEAD_SIZE, command);
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			u32 have = min_t(u32, SMBSIGN_HEAD_SIZE, lengths[i]);

			for (j = 0; j < ARRAY_SIZE(nexts); j++) {
				set(head, 20, 4, nexts[j]);
				compare(test, head, have, lengths[i]);
			}
			/* What is left after it: too little, enough, none */
			for (by = -80; by <= 8; by++) {
				set(head, 20, 4, lengths[i] + by);
				compare(test, head, have, lengths[i]);
			}
		}
	}
}

/* Every prefix of a request's head, as if no more could be seen. */
static void short_head(struct kunit *test)
{
	static const u16 commands[] = {
		SMB2_CMD_NEGOTIATE, SMB2_CMD_SESSION_SETUP, SMB2_CMD_IOCTL,
		SMB2_CMD_WRITE, SMB2_CMD_COUNT, U16_MAX,
	};
	unsigned int i;
	u32 have;

	for (have = 1; have <= SMBSIGN_HEAD_SIZE; have++) {
		u8 *head = guarded_alloc(test, have);

		for (i = 0; i < ARRAY_SIZE(commands); i++) {
			fill_request(head, have, commands[i]);
			compare(test, head, have, have);
			compare(test, head, have, 5000);
		}
		guarded_free(test, head);
	}
}

/* What it asks for is enough to parse, and never more than there is. */
static void head_needed(struct kunit *test)
{
	u8 head[SMBSIGN_HEAD_SIZE];
	struct smbsign_element element;
	unsigned int i;
	u32 command, needed;

	for (command = 0; command <= SMB2_CMD_COUNT; command++) {
		fill_request(head, sizeof(head), command);
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			needed = smbsign_frame_head_needed((void *)head,
							   lengths[i]);
			KUNIT_ASSERT_LE(test, needed, lengths[i]);
			KUNIT_ASSERT_LE(test, needed, (u32)SMBSIGN_HEAD_SIZE);
			compare(test, head, needed, lengths[i]);
			if (lengths[i] >= SMBSIGN_HEAD_SIZE)
				KUNIT_EXPECT_EQ(test, 0,
						smbsign_frame_element(head,
								      needed,
								      lengths[i],
								      &element));
		}
	}
}

/* Each bit of ProtocolId and StructureSize, and the flag of a response */
static void no_request(struct kunit *test)
{
	u8 head[SMBSIGN_HEAD_SIZE];
	struct smbsign_element element;
	u32 bit;

	fill_request(head, sizeof(head), SMB2_CMD_WRITE);
	for (bit = 0; bit < 8 * 6; bit++) {
		head[bit / 8] ^= BIT(bit % 8);
		KUNIT_EXPECT_EQ(test, -EPROTO,
				smbsign_frame_element(head, sizeof(head), 200,
						      &element));
		head[bit / 8] ^= BIT(bit % 8);
	}
	KUNIT_EXPECT_EQ(test, 0, smbsign_frame_element(head, sizeof(head), 200,
						       &element));
	head[16] |= SMB2_FLAG_SERVER_TO_REDIR;
	KUNIT_EXPECT_EQ(test, -EPROTO,
			smbsign_frame_element(head, sizeof(head), 200,
					      &element));
}

#define OWN		0x1122334455667788ULL
#define OTHER		(OWN ^ 1)
#define LEFT_OUT	SMB2_SESSION_ID_RELATED
#define REQUESTS_MAX	3
#define REQUEST_SIZE	80

/**
 * struct decrypted_case - a message that the session OWN has encrypted
 * @name:	for the log
 * @session_id:	SessionId of each request; the list ends with 0
 * @next:	NextCommand of the first, if it is to be wrong
 * @count:	how many requests can be seen
 * @ret:	what is returned then
 */
struct decrypted_case {
	const char	*name;
	u64		session_id[REQUESTS_MAX + 1];
	u32		next;
	int		count;
	int		ret;
};

static const struct decrypted_case decrypted_cases[] = {
	{ "one request", { OWN }, 0, 1, 0 },
	{ "three", { OWN, OWN, OWN }, 0, 3, 0 },
	{ "related", { OWN, LEFT_OUT, LEFT_OUT }, 0, 3, 0 },
	{ "related, then named", { OWN, LEFT_OUT, OWN }, 0, 3, 0 },
	{ "another's", { OTHER }, 0, 0, -EPROTO },
	{ "the first leaves it out", { LEFT_OUT, OWN }, 0, 0, -EPROTO },
	{ "another's in the middle", { OWN, OTHER, OWN }, 0, 1, -EPROTO },
	{ "another's behind a related one", { OWN, LEFT_OUT, OTHER }, 0, 2,
	  -EPROTO },
	{ "NextCommand is odd", { OWN, OWN }, REQUEST_SIZE + 4, 0, -EPROTO },
	{ "points into the header", { OWN, OWN }, 8, 0, -EPROTO },
	{ "points between", { OWN, OWN }, REQUEST_SIZE - 8, 1, -EPROTO },
	{ "points to the end", { OWN, OWN }, 2 * REQUEST_SIZE, 0, -EPROTO },
	{ "points behind it", { OWN, OWN }, 2 * REQUEST_SIZE + 8, 0, -EPROTO },
	{ "points back", { OWN, OWN }, -REQUEST_SIZE, 0, -EPROTO },
	{ "leaves too little", { OWN, OWN }, 2 * REQUEST_SIZE - 64, 0,
	  -EPROTO },
};

KUNIT_ARRAY_PARAM_DESC(decrypted, decrypted_cases, name);

static u32 make_decrypted(u8 *message, const struct decrypted_case *from)
{
	u32 i, length = 0;

	for (i = 0; from->session_id[i]; i++) {
		u8 *request = message + length;

		fill_request(request, REQUEST_SIZE, SMB2_CMD_WRITE);
		set(request, 6, 2, 10 + i);
		set(request, 20, 4, from->session_id[i + 1] ? REQUEST_SIZE : 0);
		set(request, 24, 8, 100 + i);
		set(request, 40, 8, from->session_id[i]);
		length += REQUEST_SIZE;
	}
	if (from->next)
		set(message, 20, 4, from->next);
	return length;
}

static void decrypted(struct kunit *test)
{
	const struct decrypted_case *from = test->param_value;
	u8 message[REQUESTS_MAX * REQUEST_SIZE];
	u32 length = make_decrypted(message, from);
	struct smbsign_decrypted at = {
		.message = guarded_copy(test, message, length), .left = length,
		.session_id = OWN,
	};
	struct smbsign_element element;
	int i;

	for (i = 0; i < from->count; i++) {
		KUNIT_ASSERT_EQ(test, 1, smbsign_frame_decrypted(&at, &element));
		KUNIT_EXPECT_EQ(test, 100 + i, (int)element.message_id);
		KUNIT_EXPECT_EQ(test, 10 + i, (int)element.credit_charge);
		KUNIT_EXPECT_EQ(test, SMB2_CMD_WRITE, element.command);
	}
	KUNIT_EXPECT_EQ(test, from->ret, smbsign_frame_decrypted(&at, &element));
	KUNIT_EXPECT_EQ(test, from->ret, smbsign_frame_decrypted(&at, &element));
}

/* Two requests, minus what is cut off. */
static void decrypted_prefixes(struct kunit *test)
{
	static const struct decrypted_case two = { "", { OWN, LEFT_OUT } };
	u8 message[REQUESTS_MAX * REQUEST_SIZE];
	u32 have, length = make_decrypted(message, &two);
	struct smbsign_element element;

	for (have = 1; have <= length; have++) {
		u8 *copy = guarded_copy(test, message, have);
		struct smbsign_decrypted at = {
			.message = copy, .left = have, .session_id = OWN,
		};
		bool first = have >= REQUEST_SIZE + SMBSIGN_ELEMENT_MIN;

		KUNIT_EXPECT_EQ(test, first ? 1 : -EPROTO,
				smbsign_frame_decrypted(&at, &element));
		KUNIT_EXPECT_EQ(test, first ? 1 : -EPROTO,
				smbsign_frame_decrypted(&at, &element));
		KUNIT_EXPECT_EQ(test, first ? 0 : -EPROTO,
				smbsign_frame_decrypted(&at, &element));
		guarded_free(test, copy);
	}
}

/* Nothing inside is seen, and only a whole message can be compressed. */
static void decrypted_and_compressed(struct kunit *test)
{
	static const struct decrypted_case two = { "", { OWN, OWN } };
	u8 message[REQUESTS_MAX * REQUEST_SIZE];
	u32 length = make_decrypted(message, &two), have;
	struct smbsign_decrypted at = {
		.message = message, .left = length, .session_id = OWN,
	};
	struct smbsign_element element;

	memcpy(message + REQUEST_SIZE, "\xfcSMB", 4);
	KUNIT_EXPECT_EQ(test, 1, smbsign_frame_decrypted(&at, &element));
	KUNIT_EXPECT_EQ(test, -EPROTO, smbsign_frame_decrypted(&at, &element));
	for (have = 1; have < 8; have++) {
		at = (struct smbsign_decrypted) {
			.message = guarded_copy(test, "\xfcSMBxxxx", have),
			.left = have, .session_id = OWN,
		};
		KUNIT_EXPECT_EQ(test, have < 4 ? -EPROTO : 0,
				smbsign_frame_decrypted(&at, &element));
	}
}

static void nbss(struct kunit *test)
{
	static const u32 sizes[] = {
		0, 1, 2, 3, 4, 5, 255, 256, 65535, 65536, 131071, 131072,
		0xfffffe, 0xffffff,
	};
	u32 type, length;
	unsigned int i;

	for (type = 0; type <= U8_MAX; type++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			u8 header[] = {
				type, sizes[i] >> 16, sizes[i] >> 8, sizes[i],
			};
			int ret = smbsign_frame_length(header, &length);

			KUNIT_ASSERT_EQ(test, ret,
					type || sizes[i] < 4 ? -EPROTO : 0);
			if (!ret)
				KUNIT_ASSERT_EQ(test, length, sizes[i]);
		}
	}
}

static void keepalives(struct kunit *test)
{
	unsigned int byte, bit;

	for (byte = 0; byte < SMB2_NBSS_SIZE; byte++) {
		for (bit = 1; bit <= U8_MAX; bit++) {
			u8 header[] = { SMB2_NBSS_KEEPALIVE, 0, 0, 0 };

			KUNIT_ASSERT_TRUE(test, smbsign_frame_is_keepalive(header));
			header[byte] ^= bit;
			KUNIT_ASSERT_FALSE(test, smbsign_frame_is_keepalive(header));
		}
	}
}

static void kinds(struct kunit *test)
{
	static const struct {
		const char *id;
		enum smbsign_frame_kind kind;
	} known[] = {
		{ "\xfeSMB", SMBSIGN_FRAME_SMB2 },
		{ "\xfdSMB", SMBSIGN_FRAME_ENCRYPTED },
		{ "\xfcSMB", SMBSIGN_FRAME_COMPRESSED },
		{ "\xffSMB", SMBSIGN_FRAME_SMB1 },
		{ "\xfbSMB", SMBSIGN_FRAME_UNKNOWN },
		{ "SMB\xfe", SMBSIGN_FRAME_UNKNOWN },
		{ "\xfeSMC", SMBSIGN_FRAME_UNKNOWN },
		{ "\xfesmb", SMBSIGN_FRAME_UNKNOWN },
		{ "\0\0\0\0", SMBSIGN_FRAME_UNKNOWN },
	};
	unsigned int i;
	__le32 id;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		memcpy(&id, known[i].id, sizeof(id));
		KUNIT_EXPECT_EQ(test, known[i].kind, smbsign_frame_kind_of(id));
	}
}

static void dialects(struct kunit *test)
{
	static const u16 in_order[] = { 0x0202, 0x0210, 0x0300, 0x0302, 0x0311 };
	u32 dialect, i = 0, bits = 0;

	for (dialect = 0; dialect <= U16_MAX; dialect++) {
		u8 bit = smbsign_dialect_bit(dialect);

		if (i < ARRAY_SIZE(in_order) && dialect == in_order[i]) {
			KUNIT_EXPECT_EQ(test, BIT(i), (unsigned long)bit);
			bits |= bit;
			i++;
		} else {
			KUNIT_ASSERT_EQ(test, 0, bit);
		}
	}
	KUNIT_EXPECT_EQ(test, 0x1fU, bits);
}

static void command_names(struct kunit *test)
{
	u32 command;

	KUNIT_EXPECT_STREQ(test, "NEGOTIATE", smbsign_command_name(0));
	KUNIT_EXPECT_STREQ(test, "WRITE", smbsign_command_name(9));
	KUNIT_EXPECT_STREQ(test, "OPLOCK_BREAK", smbsign_command_name(0x12));
	for (command = 0; command < 0x13; command++)
		KUNIT_EXPECT_NOT_NULL(test, smbsign_command_name(command));
	KUNIT_EXPECT_STREQ(test, "a message", smbsign_command_name(0x13));
	KUNIT_EXPECT_STREQ(test, "a message", smbsign_command_name(U16_MAX));
}

/**
 * struct context - a negotiate context for a message
 * @type:	ContextType; the list ends with 0
 * @length:	DataLength, true or not
 * @data:	its data in 16-bit words; the first says how many follow
 */
struct context {
	u16	type;
	u16	length;
	u16	data[8];
};

#define CONTEXTS_MAX	4
#define OFFER_MAX	512

/**
 * struct offer_case - a NEGOTIATE request of 3.1.1, and what must be read in it
 * @name:	for the log
 * @contexts:	its contexts
 * @count:	NegotiateContextCount, if not their true number
 * @offset:	NegotiateContextOffset, if not their true offset
 * @cut:	bytes missing at the end
 * @expected:	what is read
 */
struct offer_case {
	const char		*name;
	struct context		contexts[CONTEXTS_MAX];
	u16			count;
	u32			offset;
	u32			cut;
	struct smbsign_contexts	expected;
};

#define PREAUTH		{ SMB2_CONTEXT_PREAUTH, 6, { 1, 0, 1 } }
#define SIGNING(bytes, ...) { SMB2_CONTEXT_SIGNING, bytes, { __VA_ARGS__ } }
/* Where the data of a context begins if those before have 8 bytes, or none */
#define CONTEXT(before)	(ALIGN(NEGOTIATE + 4, 8) + 16 * (before) + 8)
#define BOTH		(BIT(SMB2_SIGNING_HMAC_SHA256) | BIT(SMB2_SIGNING_AES_CMAC))

static const struct offer_case offer_cases[] = {
	{ "preauthentication only", { PREAUTH }, .expected = { .preauth = 1 } },
	{ "none at all", .expected = { } },
	{ "preauthentication twice", { PREAUTH, PREAUTH },
	  .expected = { .preauth = 2 } },
	{ "CMAC", { PREAUTH, SIGNING(4, 1, SMB2_SIGNING_AES_CMAC) },
	  .expected = { 1, BIT(SMB2_SIGNING_AES_CMAC), { SMB2_SIGNING_AES_CMAC } } },
	{ "HMAC", { PREAUTH, SIGNING(4, 1, SMB2_SIGNING_HMAC_SHA256) },
	  .expected = { 1, BIT(SMB2_SIGNING_HMAC_SHA256),
			{ SMB2_SIGNING_HMAC_SHA256 } } },
	{ "GMAC, then both others",
	  { SIGNING(8, 3, SMB2_SIGNING_AES_GMAC, SMB2_SIGNING_AES_CMAC,
		    SMB2_SIGNING_HMAC_SHA256), PREAUTH },
	  .expected = { 1, BOTH | BIT(SMB2_SIGNING_AES_GMAC),
			{ SMB2_SIGNING_AES_GMAC, SMB2_SIGNING_AES_CMAC,
			  SMB2_SIGNING_HMAC_SHA256 }, CONTEXT(0) + 2 } },
	{ "HMAC rather than CMAC",
	  { PREAUTH, SIGNING(6, 2, SMB2_SIGNING_HMAC_SHA256,
			     SMB2_SIGNING_AES_CMAC) },
	  .expected = { 1, BOTH, { SMB2_SIGNING_HMAC_SHA256,
				   SMB2_SIGNING_AES_CMAC } } },
	{ "two lists of algorithms",
	  { PREAUTH, SIGNING(4, 1, SMB2_SIGNING_AES_CMAC),
	    SIGNING(4, 1, SMB2_SIGNING_HMAC_SHA256) },
	  .expected = { 1, BOTH, { SMB2_SIGNING_AES_CMAC,
				   SMB2_SIGNING_HMAC_SHA256 } } },
	{ "an algorithm twice, and others that nobody knows",
	  { PREAUTH, SIGNING(14, 6, 3, SMB2_SIGNING_HMAC_SHA256, 0xffff,
			     SMB2_SIGNING_HMAC_SHA256, SMB2_SIGNING_AES_GMAC,
			     SMB2_SIGNING_AES_GMAC) },
	  .expected = { 1, BIT(SMB2_SIGNING_HMAC_SHA256) |
			   BIT(SMB2_SIGNING_AES_GMAC),
			{ SMB2_SIGNING_HMAC_SHA256, SMB2_SIGNING_AES_GMAC },
			CONTEXT(1) + 10 } },
	{ "GMAC only", { PREAUTH, SIGNING(4, 1, SMB2_SIGNING_AES_GMAC) },
	  .expected = { 1, BIT(SMB2_SIGNING_AES_GMAC),
			{ SMB2_SIGNING_AES_GMAC }, CONTEXT(1) + 2 } },
	{ "no algorithm", { PREAUTH, SIGNING(2, 0) },
	  .expected = { .preauth = 1, .malformed = true } },
	{ "no count", { PREAUTH, SIGNING(0) },
	  .expected = { .preauth = 1, .malformed = true } },
	{ "half a count", { PREAUTH, SIGNING(1, 1) },
	  .expected = { .preauth = 1, .malformed = true } },
	{ "a count one too high", { PREAUTH, SIGNING(6, 3, 1, 0) },
	  .expected = { .preauth = 1, .malformed = true } },
	{ "a count far too high", { PREAUTH, SIGNING(6, 0xffff, 1, 0) },
	  .expected = { .preauth = 1, .malformed = true } },
	{ "an odd byte behind", { PREAUTH, SIGNING(7, 2, 0, 1) },
	  .expected = { 1, BOTH, { SMB2_SIGNING_HMAC_SHA256,
				   SMB2_SIGNING_AES_CMAC } } },
	{ "a type nobody knows", { { 0x7fff, 5, { 1, 2, 3 } }, PREAUTH },
	  .expected = { .preauth = 1 } },
	{ "the last one is not padded",
	  { PREAUTH, SIGNING(4, 1, SMB2_SIGNING_AES_CMAC) }, .cut = 4,
	  .expected = { 1, BIT(SMB2_SIGNING_AES_CMAC), { SMB2_SIGNING_AES_CMAC } } },
	{ "the last one is a byte short",
	  { PREAUTH, SIGNING(4, 1, SMB2_SIGNING_AES_CMAC) }, .cut = 5,
	  .expected = { .preauth = 1, .malformed = true } },
	{ "the last one's head is a byte short",
	  { PREAUTH, SIGNING(0) }, .cut = 1,
	  .expected = { .preauth = 1, .malformed = true } },
	{ "one more counted than there are", { PREAUTH }, .count = 2,
	  .expected = { .preauth = 1, .malformed = true } },
	{ "65535 counted", { PREAUTH }, .count = 0xffff,
	  .expected = { .preauth = 1, .malformed = true } },
	{ "offset at the end", { PREAUTH }, .offset = 0xfffffff0,
	  .expected = { .malformed = true } },
	{ "offset that wraps", { PREAUTH }, .offset = 0xffffffff,
	  .expected = { .malformed = true } },
	{ "data that wraps", { PREAUTH, { 0x7fff, 0xffff } },
	  .expected = { .preauth = 1, .malformed = true } },
};

KUNIT_ARRAY_PARAM_DESC(offer, offer_cases, name);

static u32 put_contexts(u8 *message, u32 at, const struct context *contexts,
			u16 *count)
{
	u32 i, j, words;

	for (i = 0; i < CONTEXTS_MAX && contexts[i].type; i++) {
		/* If DataLength exceeds what there is, no data is put */
		words = contexts[i].length > 16 ? 0 :
			DIV_ROUND_UP(contexts[i].length, 2);
		set(message, at, 2, contexts[i].type);
		set(message, at + 2, 2, contexts[i].length);
		set(message, at + 4, 4, 0);
		at += 8;
		for (j = 0; j < ALIGN(words, 4); j++)
			set(message, at + 2 * j, 2,
			    j < words ? contexts[i].data[j] : 0);
		at += 2 * ALIGN(words, 4);
	}
	*count = i;
	return at;
}

/* Make a NEGOTIATE request for 3.0 and 3.1.1.  Returns its length. */
static u32 make_offer(u8 *message, const struct offer_case *from)
{
	u32 at = ALIGN(NEGOTIATE + 4, 8), end;
	u16 count;

	memset(message, 0, OFFER_MAX);
	fill_request(message, HEADER, SMB2_CMD_NEGOTIATE);
	set(message, HEADER, 2, 36);
	set(message, HEADER + 2, 2, 2);
	set(message, HEADER + 4, 2, SMB2_SECURITY_SIGNING_REQUIRED);
	set(message, HEADER + 8, 4, 0x7f);
	fill_pattern(message + HEADER + 12, 16);
	set(message, NEGOTIATE, 2, SMB2_DIALECT_300);
	set(message, NEGOTIATE + 2, 2, SMB2_DIALECT_311);
	end = put_contexts(message, at, from->contexts, &count);
	set(message, HEADER + 28, 4, from->offset ? from->offset : at);
	set(message, HEADER + 32, 2, from->count ? from->count : count);
	return end - from->cut;
}

static void offers(struct kunit *test)
{
	const struct offer_case *from = test->param_value;
	struct smbsign_contexts contexts;
	struct smbsign_offer offer;
	u8 message[OFFER_MAX], guid[16], *copy;
	u32 length = make_offer(message, from);

	fill_pattern(guid, sizeof(guid));
	copy = guarded_copy(test, message, length);
	KUNIT_ASSERT_EQ(test, 0, smbsign_frame_offer(copy, length, &offer,
						     &contexts));
	KUNIT_EXPECT_EQ(test, from->expected.preauth, contexts.preauth);
	KUNIT_EXPECT_EQ(test, from->expected.algorithms, contexts.algorithms);
	KUNIT_EXPECT_MEMEQ(test, from->expected.offered, contexts.offered,
			   sizeof(contexts.offered));
	KUNIT_EXPECT_EQ(test, from->expected.gmac, contexts.gmac);
	KUNIT_EXPECT_EQ(test, from->expected.malformed, contexts.malformed);
	KUNIT_EXPECT_EQ(test, 0x7fU, offer.capabilities);
	KUNIT_EXPECT_EQ(test, SMB2_SECURITY_SIGNING_REQUIRED,
			offer.security_mode);
	KUNIT_EXPECT_EQ(test, SMBSIGN_DIALECT_300 | SMBSIGN_DIALECT_311,
			offer.dialects);
	KUNIT_EXPECT_MEMEQ(test, offer.guid, guid, sizeof(guid));
}

/* Every prefix: too short, or contexts are missing; nothing is read beyond. */
static void offer_prefixes(struct kunit *test)
{
	const struct offer_case *from = test->param_value;
	struct smbsign_contexts contexts;
	struct smbsign_offer offer;
	u8 message[OFFER_MAX], *end = guarded_alloc(test, OFFER_MAX) + OFFER_MAX;
	u32 length = make_offer(message, from), have;
	int ret;

	for (have = 1; have < length; have++) {
		memcpy(end - have, message, have);
		ret = smbsign_frame_offer(end - have, have, &offer, &contexts);
		KUNIT_EXPECT_EQ(test, ret, have < NEGOTIATE + 4 ? -EPROTO : 0);
	}
}

/* Only with 3.1.1 are there contexts; otherwise the bytes mean something else. */
static void offer_dialects(struct kunit *test)
{
	static const struct {
		u16 count, dialects[5];
		u8 set;
	} cases[] = {
		{ 0, { }, 0 },
		{ 1, { 0x0202 }, SMBSIGN_DIALECT_202 },
		{ 2, { 0x0210, 0x0202 }, SMBSIGN_DIALECT_202 | SMBSIGN_DIALECT_210 },
		{ 4, { 0x0202, 0x0210, 0x0300, 0x0302 }, 0x0f },
		{ 3, { 0x02ff, 0x0310, 0x0300 }, SMBSIGN_DIALECT_300 },
	};
	struct smbsign_contexts contexts;
	struct smbsign_offer offer;
	u8 message[OFFER_MAX] = { };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set(message, HEADER + 2, 2, cases[i].count);
		set(message, HEADER + 28, 8, ~0ULL);
		for (j = 0; j < cases[i].count; j++)
			set(message, NEGOTIATE + 2 * j, 2, cases[i].dialects[j]);
		KUNIT_EXPECT_EQ(test, 0,
				smbsign_frame_offer(message,
						    NEGOTIATE + 2 * j, &offer,
						    &contexts));
		KUNIT_EXPECT_EQ(test, cases[i].set, offer.dialects);
		KUNIT_EXPECT_FALSE(test, contexts.malformed);
	}
	set(message, HEADER + 2, 2, 0xffff);
	KUNIT_EXPECT_EQ(test, -EPROTO,
			smbsign_frame_offer(message, sizeof(message), &offer,
					    &contexts));
}

#define VALIDATE	(IOCTL + 24)

static void make_validate(u8 *message, u32 size, u16 dialect_count)
{
	u32 i;

	memset(message, 0, size);
	fill_request(message, HEADER, SMB2_CMD_IOCTL);
	set(message, HEADER, 2, 57);
	set(message, HEADER + 4, 4, SMB2_FSCTL_VALIDATE_NEGOTIATE);
	set(message, HEADER + 24, 4, IOCTL);
	set(message, HEADER + 28, 4, 24 + 2 * dialect_count);
	set(message, HEADER + 44, 4, 24);
	set(message, IOCTL, 4, 0x7f);
	fill_pattern(message + IOCTL + 4, 16);
	set(message, IOCTL + 20, 2, SMB2_SECURITY_SIGNING_ENABLED);
	set(message, IOCTL + 22, 2, dialect_count);
	for (i = 0; i < dialect_count; i++)
		set(message, VALIDATE + 2 * i, 2, i ? 0x0210 : 0x0300);
}

static void validate(struct kunit *test)
{
	const u32 length = VALIDATE + 4;
	struct smbsign_offer offer;
	u8 message[256], guid[16], *copy;
	u32 have;

	make_validate(message, sizeof(message), 2);
	fill_pattern(guid, sizeof(guid));
	for (have = 1; have < length; have++) {
		copy = guarded_copy(test, message, have);
		KUNIT_ASSERT_EQ(test, -EPROTO,
				smbsign_frame_validate(copy, have, &offer));
		guarded_free(test, copy);
	}
	copy = guarded_copy(test, message, length);
	KUNIT_ASSERT_EQ(test, 0, smbsign_frame_validate(copy, length, &offer));
	KUNIT_EXPECT_EQ(test, 0x7fU, offer.capabilities);
	KUNIT_EXPECT_EQ(test, SMB2_SECURITY_SIGNING_ENABLED,
			offer.security_mode);
	KUNIT_EXPECT_EQ(test, SMBSIGN_DIALECT_210 | SMBSIGN_DIALECT_300,
			offer.dialects);
	KUNIT_EXPECT_MEMEQ(test, offer.guid, guid, sizeof(guid));
}

/* Offset and length of the input, at every boundary */
static void validate_lengths(struct kunit *test)
{
	static const u32 values[] = {
		0, 1, 23, 24, 25, 26, 27, 28, 29, 63, 64, 119, 120, 121, 122,
		124, 125, 144, 147, 148, 149, 0x7fffffff, 0x80000000,
		0xffffffe8, 0xffffffff,
	};
	const u32 length = VALIDATE + 4;
	struct smbsign_offer offer;
	unsigned int i, j, k;
	u8 *message = guarded_alloc(test, length);

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		for (j = 0; j < ARRAY_SIZE(values); j++) {
			u64 offset = values[i], count = values[j];
			bool fits = offset + count <= length && count >= 24;

			make_validate(message, length, 2);
			set(message, HEADER + 24, 4, offset);
			set(message, HEADER + 28, 4, count);
			if (fits)
				fits = count >= 24 + 2 * field(message,
							       offset + 22, 2);
			KUNIT_ASSERT_EQ_MSG(test, fits ? 0 : -EPROTO,
					    smbsign_frame_validate(message,
								   length,
								   &offer),
					    "offset %llu count %llu", offset,
					    count);
		}
	}
	for (k = 0; k < ARRAY_SIZE(values); k++) {
		make_validate(message, length, 2);
		set(message, HEADER + 44, 4, values[k]);
		KUNIT_EXPECT_EQ(test, values[k] < 24 ? -EPROTO : 0,
				smbsign_frame_validate(message, length,
						       &offer));
	}
}

#define ANSWER		(HEADER + (u32)sizeof(struct smb2_ioctl_response))

static void make_validated(u8 *message)
{
	memset(message, 0, ANSWER + 24);
	fill_request(message, HEADER, SMB2_CMD_IOCTL);
	set(message, 8, 4, SMB2_STATUS_SUCCESS);
	set(message, HEADER, 2, 49);
	set(message, HEADER + 4, 4, SMB2_FSCTL_VALIDATE_NEGOTIATE);
	set(message, HEADER + 32, 4, ANSWER);
	set(message, HEADER + 36, 4, 24);
}

static void validated(struct kunit *test)
{
	static const struct {
		u32 at, bytes;
		u64 value;
	} wrong[] = {
		{ 0, 4, 0x424d53fd }, { 8, 4, SMB2_STATUS_ACCESS_DENIED },
		{ 12, 2, SMB2_CMD_READ }, { HEADER + 4, 4, 0x00140205 },
		{ HEADER + 36, 4, 23 }, { HEADER + 32, 4, ANSWER + 1 },
		{ HEADER + 32, 4, 0xffffffff }, { HEADER + 32, 4, 0x80000000 },
	};
	const u32 length = ANSWER + 24;
	u8 *message = guarded_alloc(test, length), *copy;
	unsigned int i;
	u32 have;

	make_validated(message);
	KUNIT_EXPECT_EQ(test, ANSWER, smbsign_frame_validated(message, length));
	for (have = 1; have < length; have++) {
		copy = guarded_copy(test, message, have);
		KUNIT_ASSERT_EQ(test, 0, smbsign_frame_validated(copy, have));
		guarded_free(test, copy);
	}
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		make_validated(message);
		set(message, wrong[i].at, wrong[i].bytes, wrong[i].value);
		KUNIT_EXPECT_EQ_MSG(test, 0,
				    smbsign_frame_validated(message, length),
				    "at %u", wrong[i].at);
	}
}

/**
 * struct answer_case - a NEGOTIATE response of 3.1.1
 * @name:	for the log
 * @contexts:	its contexts
 * @count:	NegotiateContextCount, if not their true number
 * @offset:	NegotiateContextOffset, if not their true offset
 * @cut:	bytes missing at the end
 * @bad:	it is malformed
 * @algorithm:	what must be read in it
 * @encryption:	likewise
 * @compression: likewise
 */
struct answer_case {
	const char	*name;
	struct context	contexts[CONTEXTS_MAX];
	u16		count;
	u32		offset;
	u32		cut;
	bool		bad;
	u16		algorithm;
	bool		encryption;
	bool		compression;
};

#define CIPHER(bytes, ...) { SMB2_CONTEXT_ENCRYPTION, bytes, { __VA_ARGS__ } }
#define COMPRESSION(bytes, ...) \
	{ SMB2_CONTEXT_COMPRESSION, bytes, { __VA_ARGS__ } }

static const struct answer_case answer_cases[] = {
	{ "nothing said of signing: CMAC", { PREAUTH }, .algorithm = 1 },
	{ "HMAC", { PREAUTH, SIGNING(4, 1, 0) }, .algorithm = 0 },
	{ "CMAC", { PREAUTH, SIGNING(4, 1, 1) }, .algorithm = 1 },
	{ "GMAC", { PREAUTH, SIGNING(4, 1, 2) }, .algorithm = 2 },
	{ "an algorithm nobody knows", { SIGNING(4, 1, 0xffff) },
	  .algorithm = 0xffff },
	{ "two algorithms", { SIGNING(6, 2, 0, 1) }, .bad = true },
	{ "no algorithm", { SIGNING(2, 0) }, .bad = true },
	{ "a byte of an algorithm", { SIGNING(3, 1, 1) }, .bad = true },
	{ "the last of two", { SIGNING(4, 1, 1), SIGNING(4, 1, 0) },
	  .algorithm = 0 },
	{ "a cipher", { PREAUTH, CIPHER(4, 1, 2) }, .algorithm = 1,
	  .encryption = true },
	{ "cipher 0 is none", { PREAUTH, CIPHER(4, 1, 0) }, .algorithm = 1 },
	{ "two ciphers", { CIPHER(6, 2, 1, 2) }, .bad = true },
	{ "compression", { COMPRESSION(10, 1, 0, 0, 0, 1) }, .algorithm = 1,
	  .compression = true },
	{ "compression 0 is none", { COMPRESSION(10, 1, 0, 0, 0, 0) },
	  .algorithm = 1 },
	{ "compression a byte short", { COMPRESSION(9, 1, 0, 0, 0, 1) },
	  .bad = true },
	{ "all of them", { CIPHER(4, 1, 1), SIGNING(4, 1, 0),
			   COMPRESSION(10, 1, 0, 0, 0, 4) },
	  .algorithm = 0, .encryption = true, .compression = true },
	{ "not padded at the end", { PREAUTH, SIGNING(4, 1, 0) }, .cut = 4,
	  .algorithm = 0 },
	{ "a byte short", { PREAUTH, SIGNING(4, 1, 0) }, .cut = 5, .bad = true },
	{ "one more counted", { SIGNING(4, 1, 0) }, .count = 2, .bad = true },
	{ "offset behind the end", { PREAUTH }, .offset = 4096, .bad = true },
	{ "offset that wraps", { PREAUTH }, .offset = 0xfffffff9, .bad = true },
};

KUNIT_ARRAY_PARAM_DESC(answer, answer_cases, name);

static u32 make_answer(u8 *message, const struct answer_case *from)
{
	u16 count;
	u32 end;

	memset(message, 0, OFFER_MAX);
	memcpy(message, "\xfeSMB\x40\0", 6);
	set(message, HEADER, 2, 65);
	set(message, HEADER + 2, 2, SMB2_SECURITY_SIGNING_REQUIRED);
	set(message, HEADER + 4, 2, SMB2_DIALECT_311);
	set(message, HEADER + 24, 4, 0x2f);
	end = put_contexts(message, RESPONSE, from->contexts, &count);
	set(message, HEADER + 6, 2, from->count ? from->count : count);
	set(message, HEADER + 60, 4, from->offset ? from->offset : RESPONSE);
	return end - from->cut;
}

static void answers(struct kunit *test)
{
	const struct answer_case *from = test->param_value;
	struct smbsign_negotiated out = { };
	u8 message[OFFER_MAX], *copy;
	u32 length = make_answer(message, from), at;
	int ret;

	copy = guarded_copy(test, message, length);
	ret = smbsign_frame_negotiated(copy, length, &out);
	KUNIT_ASSERT_EQ(test, ret, from->bad ? -EPROTO : 0);
	KUNIT_EXPECT_EQ(test, SMB2_DIALECT_311, out.dialect);
	KUNIT_EXPECT_EQ(test, SMB2_SECURITY_SIGNING_REQUIRED, out.security_mode);
	KUNIT_EXPECT_EQ(test, 0x2fU, out.capabilities);
	if (from->bad)
		return;
	KUNIT_EXPECT_EQ(test, from->algorithm, out.algorithm);
	KUNIT_EXPECT_EQ(test, from->encryption, out.encryption);
	KUNIT_EXPECT_EQ(test, from->compression, out.compression);
	at = smbsign_frame_algorithm(copy, length);
	if (at)
		KUNIT_EXPECT_EQ(test, from->algorithm, field(copy, at, 2));
	at = smbsign_frame_compression(copy, length);
	KUNIT_EXPECT_EQ(test, from->compression, at && field(copy, at, 2));
}

static void answer_prefixes(struct kunit *test)
{
	const struct answer_case *from = test->param_value;
	struct smbsign_negotiated out;
	u8 message[OFFER_MAX], *end = guarded_alloc(test, OFFER_MAX) + OFFER_MAX;
	u32 length = make_answer(message, from), have, at;
	u8 *copy;

	for (have = 1; have < length; have++) {
		copy = memcpy(end - have, message, have);
		if (have < RESPONSE)
			KUNIT_EXPECT_EQ(test, -EPROTO,
					smbsign_frame_negotiated(copy, have,
								 &out));
		else
			smbsign_frame_negotiated(copy, have, &out);
		at = smbsign_frame_algorithm(copy, have);
		KUNIT_EXPECT_LE(test, at ? at + 2 : 0, have);
		at = smbsign_frame_compression(copy, have);
		KUNIT_EXPECT_LE(test, at ? at + 2 : 0, have);
	}
}

/* Below 3.1.1 there are no contexts: the dialect decides. */
static void answers_without(struct kunit *test)
{
	static const struct {
		u16 dialect, algorithm;
		u32 capabilities;
		bool encryption;
	} cases[] = {
		{ SMB2_DIALECT_202, 0, 0x40, false },
		{ SMB2_DIALECT_210, 0, 0x40, false },
		{ SMB2_DIALECT_WILDCARD, 0, 0x40, false },
		{ SMB2_DIALECT_300, 1, 0x40, true },
		{ SMB2_DIALECT_300, 1, 0xbf, false },
		{ SMB2_DIALECT_302, 1, 0xff, true },
	};
	struct smbsign_negotiated out;
	u8 *message = guarded_alloc(test, RESPONSE);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&out, 1, sizeof(out));
		memset(message, 0, RESPONSE);
		set(message, HEADER + 4, 2, cases[i].dialect);
		set(message, HEADER + 6, 2, 0xffff);
		set(message, HEADER + 24, 4, cases[i].capabilities);
		set(message, HEADER + 60, 4, 0xffffffff);
		KUNIT_ASSERT_EQ(test, 0, smbsign_frame_negotiated(message,
								  RESPONSE,
								  &out));
		KUNIT_EXPECT_EQ(test, cases[i].algorithm, out.algorithm);
		KUNIT_EXPECT_EQ(test, cases[i].encryption, out.encryption);
		KUNIT_EXPECT_FALSE(test, out.compression);
		KUNIT_EXPECT_EQ(test, 0U, smbsign_frame_algorithm(message,
								  RESPONSE));
		KUNIT_EXPECT_EQ(test, 0U, smbsign_frame_compression(message,
								    RESPONSE));
	}
}

/**
 * struct smb1_case - dialects of an SMB1 NEGOTIATE
 * @name:	for the log
 * @text:	what follows ByteCount
 * @length:	bytes at @text
 * @upgrades:	it asks for SMB2
 */
struct smb1_case {
	const char	*name;
	const char	*text;
	u32		length;
	bool		upgrades;
};

#define SMB1(name, text, upgrades) { name, text, sizeof(text) - 1, upgrades }

static const struct smb1_case smb1_cases[] = {
	SMB1("2.002", "\2SMB 2.002\0", true),
	SMB1("2.???", "\2SMB 2.???\0", true),
	SMB1("the last of some", "\2NT LM 0.12\0\2SMB 2.002\0", true),
	SMB1("the first of some", "\2SMB 2.???\0\2NT LM 0.12\0", true),
	SMB1("SMB1 only", "\2PC NETWORK PROGRAM 1.0\0\2NT LM 0.12\0", false),
	SMB1("no end of a name", "\2SMB 2.002", false),
	SMB1("no beginning", "SMB 2.002\0", false),
	SMB1("something between", "\2NT LM 0.12\0\3SMB 2.002\0", false),
	SMB1("another version", "\2SMB 2.003\0", false),
	SMB1("more behind", "\2SMB 2.0021\0", false),
	SMB1("less", "\2SMB 2.00\0", false),
	SMB1("within another", "\2XSMB 2.002\0", false),
	SMB1("empty names", "\2\0\2\0\2SMB 2.002\0", true),
	SMB1("a beginning only", "\2", false),
	SMB1("nothing", "", false),
};

KUNIT_ARRAY_PARAM_DESC(smb1, smb1_cases, name);

static bool holds(const u8 *message, u32 length, const char *name)
{
	u32 size = strlen(name) + 1, at;

	for (at = 0; at + size <= length; at++) {
		if (!memcmp(message + at, name, size))
			return true;
	}
	return false;
}

/* At any prefix: not before a name is complete */
static void smb1_upgrades(struct kunit *test)
{
	const struct smb1_case *from = test->param_value;
	const u32 start = SMB1_HEADER_SIZE + 3;
	u32 have, length = start + from->length;
	u8 message[128] = { }, *copy;

	memcpy(message + start, from->text, from->length);
	copy = guarded_copy(test, message, length);
	KUNIT_EXPECT_EQ(test, from->upgrades,
			smbsign_frame_smb1_upgrades(copy, length));
	for (have = 1; have < length; have++) {
		copy = guarded_copy(test, message, have);
		KUNIT_EXPECT_EQ(test, from->upgrades &&
				(holds(copy, have, "\2SMB 2.002") ||
				 holds(copy, have, "\2SMB 2.???")),
				smbsign_frame_smb1_upgrades(copy, have));
		guarded_free(test, copy);
	}
}

/* Call every parser on a message; none may read beyond its end. */
static void ask_everything(struct kunit *test, const u8 *message, u32 length)
{
	struct smbsign_negotiated negotiated;
	struct smbsign_contexts contexts;
	struct smbsign_offer offer;
	u32 at;

	smbsign_frame_offer(message, length, &offer, &contexts);
	smbsign_frame_validate(message, length, &offer);
	smbsign_frame_negotiated(message, length, &negotiated);
	smbsign_frame_smb1_upgrades(message, length);
	at = smbsign_frame_validated(message, length);
	KUNIT_ASSERT_LE(test, at ? at + 24 : 0, length);
	at = smbsign_frame_algorithm(message, length);
	KUNIT_ASSERT_LE(test, at ? at + 2 : 0, length);
	at = smbsign_frame_compression(message, length);
	KUNIT_ASSERT_LE(test, at ? at + 2 : 0, length);
}

/* Walk over a message as the gate does, and compare each step. */
static void walk(struct kunit *test, const u8 *message, u32 length)
{
	struct smbsign_element element;
	u32 at = 0, left;

	do {
		left = length - at;
		compare(test, message + at,
			min_t(u32, left, SMBSIGN_HEAD_SIZE), left);
		if (smbsign_frame_element(message + at,
					  min_t(u32, left, SMBSIGN_HEAD_SIZE),
					  left, &element))
			return;
		at += element.length;
	} while (!element.last);
	KUNIT_ASSERT_EQ(test, at, length);
}

/* A shortened message is parsed as what is left, and not read beyond. */
static void captured_prefixes(struct kunit *test)
{
	const struct sample *sample = test->param_value;
	u32 have, length;
	u8 *end;

	KUNIT_ASSERT_EQ(test, 0, smbsign_frame_length(sample->data, &length));
	KUNIT_ASSERT_EQ(test, length + SMB2_NBSS_SIZE, sample->length);
	end = guarded_alloc(test, length) + length;
	for (have = 1; have <= length; have++) {
		memcpy(end - have, sample->data + SMB2_NBSS_SIZE, have);
		ask_everything(test, end - have, have);
		walk(test, end - have, have);
	}
}

/* Change each byte to values that are likely to matter. */
static void captured_changed(struct kunit *test)
{
	static const u8 values[] = { 0, 1, 8, 0x40, 0x7f, 0x80, 0xf8, 0xff };
	const struct sample *sample = test->param_value;
	u32 at, length = sample->length - SMB2_NBSS_SIZE;
	u8 *copy = guarded_copy(test, sample->data + SMB2_NBSS_SIZE, length);
	unsigned int i;

	for (at = 0; at < length; at++) {
		for (i = 0; i < ARRAY_SIZE(values); i++) {
			copy[at] = values[i];
			ask_everything(test, copy, length);
			walk(test, copy, length);
		}
		copy[at] = sample->data[SMB2_NBSS_SIZE + at];
	}
}

static struct kunit_case frame_cases[] = {
	KUNIT_CASE(fields),
	KUNIT_CASE(next_command),
	KUNIT_CASE(short_head),
	KUNIT_CASE(head_needed),
	KUNIT_CASE(no_request),
	KUNIT_CASE_PARAM(decrypted, decrypted_gen_params),
	KUNIT_CASE(decrypted_prefixes),
	KUNIT_CASE(decrypted_and_compressed),
	KUNIT_CASE(nbss),
	KUNIT_CASE(keepalives),
	KUNIT_CASE(kinds),
	KUNIT_CASE(dialects),
	KUNIT_CASE(command_names),
	KUNIT_CASE_PARAM(offers, offer_gen_params),
	KUNIT_CASE_PARAM(offer_prefixes, offer_gen_params),
	KUNIT_CASE(offer_dialects),
	KUNIT_CASE(validate),
	KUNIT_CASE(validate_lengths),
	KUNIT_CASE(validated),
	KUNIT_CASE_PARAM(answers, answer_gen_params),
	KUNIT_CASE_PARAM(answer_prefixes, answer_gen_params),
	KUNIT_CASE(answers_without),
	KUNIT_CASE_PARAM(smb1_upgrades, smb1_gen_params),
	KUNIT_CASE_PARAM(captured_prefixes, sample_gen_params),
	KUNIT_CASE_PARAM(captured_changed, sample_gen_params),
	{}
};

static struct kunit_suite frame_suite = {
	.name = "smbsign_frame",
	.test_cases = frame_cases,
};

kunit_test_suite(frame_suite);
