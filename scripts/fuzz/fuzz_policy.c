// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verdicts, fed with facts made from bytes: FACTS bytes of what is known of
 * policy, connection and session, then the head of a request or a response.
 *
 * Apart from the oracle, what the module is for must hold: nothing unsigned
 * passes where it must be signed.
 */
#include "oracle/policy.h"
#include "target.h"

#define FACTS 80

struct input {
	const u8	*data;
	size_t		size;
};

/* The next number of @size bytes; behind the end there are zeroes. */
static u64 take(struct input *in, unsigned int size)
{
	u64 value = 0;
	unsigned int i;

	for (i = 0; i < size && in->size; i++, in->size--)
		value |= (u64)*in->data++ << (8 * i);
	return value;
}

static bool flip(struct input *in)
{
	return take(in, 1) & 1;
}

static u16 dialect(struct input *in)
{
	static const u16 dialects[] = {
		0, 0x0202, 0x0210, 0x02ff, 0x0300, 0x0302, 0x0311, 0x0312,
	};

	return dialects[take(in, 1) % 8];
}

struct facts {
	struct smbsign_policy		policy;
	struct smbsign_conn_facts	conn;
	struct smbsign_session_facts	session;
	struct smbsign_contexts		contexts;
	struct smbsign_negotiated	settled;
	struct smbsign_offer		negotiated;
	struct smbsign_offer		validated;
	struct smbsign_element		element;
	u64				compound;
	struct smbsign_policy		before;
	enum smbsign_frame_kind		kind;
	bool				single;
	bool				chance;
	u8				head[SMBSIGN_HEAD_SIZE];
};

static void take_connection(struct input *in, struct facts *f)
{
	f->policy = (struct smbsign_policy) {
		.mode = take(in, 1) % 3, .allow_guest = flip(in),
		.min_dialect = dialect(in), .algorithms = take(in, 1) % 8,
		.replay_window = flip(in), .sign_responses = flip(in),
	};
	f->conn = (struct smbsign_conn_facts) {
		.dialect = dialect(in), .algorithm = take(in, 1) % 3,
		.multi_credit = flip(in), .encryption = flip(in),
		.compression = flip(in), .client_required = flip(in),
		.server_required = flip(in), .sessions = take(in, 1),
		.in_progress = take(in, 1), .required_sessions = take(in, 1),
	};
	f->session = (struct smbsign_session_facts) {
		.state = take(in, 1) % 5, .required = flip(in),
		.guest = flip(in), .keyless = flip(in), .encrypted = flip(in),
		.ciphered = flip(in), .binding = flip(in), .has_key = flip(in),
		.algorithm = take(in, 1) % 3,
	};
}

static struct smbsign_offer take_offer(struct input *in)
{
	struct smbsign_offer offer = {
		.capabilities = take(in, 1), .security_mode = take(in, 1),
		.dialects = take(in, 1) % 32,
	};

	offer.guid[15] = take(in, 1);
	return offer;
}

/* One or more, each once, in any order */
static void take_algorithms(struct input *in, struct smbsign_contexts *contexts)
{
	unsigned int count = 1 + take(in, 1) % 3, known = 0;
	u16 algorithm;

	while (known < count) {
		algorithm = take(in, 1) % 3;
		while (contexts->algorithms >> algorithm & 1)
			algorithm = (algorithm + 1) % 3;
		contexts->algorithms |= 1u << algorithm;
		contexts->offered[known++] = algorithm;
	}
}

static void take_negotiation(struct input *in, struct facts *f)
{
	f->contexts = (struct smbsign_contexts) {
		.preauth = take(in, 1) % 3, .malformed = flip(in),
	};
	take_algorithms(in, &f->contexts);
	f->settled = (struct smbsign_negotiated) {
		.dialect = dialect(in), .algorithm = take(in, 2),
	};
	f->negotiated = take_offer(in);
	f->validated = take_offer(in);
	/* More often than not nobody changed anything. */
	if (flip(in))
		f->validated = f->negotiated;
	f->kind = take(in, 1) % 5;
	f->single = flip(in);
	f->chance = flip(in);
	f->session.tolerated = flip(in);
	f->compound = take(in, 8);
	f->before = (struct smbsign_policy) {
		.mode = take(in, 1) % 3, .allow_guest = flip(in),
	};
	f->policy.known = take(in, 1) % 8;
}

/* A request as the parser would describe it, sound or not. */
static void take_head(struct input *in, struct facts *f)
{
	const struct smb2_header *header = (const void *)f->head;
	size_t i;

	for (i = 0; i < sizeof(f->head); i++)
		f->head[i] = take(in, 1);
	f->element = (struct smbsign_element) {
		.command = header->command, .flags = header->flags,
		.message_id = header->message_id,
		.session_id = header->session_id,
		.length = header->next_command, .last = !header->next_command,
		.credit_charge = header->credit_charge,
	};
	if (f->element.command == SMB2_CMD_SESSION_SETUP) {
		f->element.setup_flags = f->head[66];
		f->element.security_mode = f->head[67];
	}
	/* Most compounds are of one session. */
	if (f->compound % 4)
		f->compound = f->element.session_id;
}

static void same_verdict(const char *what, struct smbsign_verdict module,
			 struct smbsign_verdict oracle)
{
	SAME(what, module.action, oracle.action);
	SAME(what, module.reason, oracle.reason);
	SAME(what, module.status, oracle.status);
}

/* What the module promises, whatever reasons it has. */
static void promises(const struct facts *f, struct smbsign_verdict verdict)
{
	const struct smbsign_element *e = &f->element;
	bool passes = verdict.action == SMBSIGN_PASS ||
		      verdict.action == SMBSIGN_PASS_ALONE;
	bool executed = passes || verdict.action == SMBSIGN_PROVISIONAL ||
			(verdict.action == SMBSIGN_VERIFY && !verdict.status);
	bool here = f->session.state == SMBSIGN_SESSION_ESTABLISHED &&
		    (e->command != SMB2_CMD_SESSION_SETUP || e->session_id);
	bool gone = f->session.state == SMBSIGN_SESSION_UNKNOWN ||
		    f->session.state == SMBSIGN_SESSION_ENDED;
	bool must = f->session.required ||
		    (f->policy.mode == SMBSIGN_POLICY_REQUIRED &&
		     !f->session.guest);

	HOLDS(verdict.action <= SMBSIGN_ABORT);
	HOLDS(verdict.reason < SMBSIGN_REASON_NR);
	if (verdict.action == SMBSIGN_REFUSE)
		HOLDS(verdict.status >> 30 == 3);
	if (verdict.action == SMBSIGN_VERIFY)
		HOLDS(f->session.has_key && e->flags & SMB2_FLAG_SIGNED);
	if (verdict.action == SMBSIGN_PROVISIONAL)
		HOLDS(f->single && e->flags & SMB2_FLAG_SIGNED);
	if (here && must)
		HOLDS(!passes || e->command == SMB2_CMD_NEGOTIATE);
	if (here && f->session.encrypted)
		HOLDS(!executed || e->command == SMB2_CMD_SESSION_SETUP ||
		      e->command == SMB2_CMD_NEGOTIATE);
	if (!here && e->command > SMB2_CMD_SESSION_SETUP)
		HOLDS(!executed || e->command == SMB2_CMD_ECHO);
	/* What is executed may be answered with the session's key. */
	if (f->session.state == SMBSIGN_SESSION_ENDED && e->session_id)
		HOLDS(!executed || e->command == SMB2_CMD_NEGOTIATE);
	if (gone && e->command == SMB2_CMD_SESSION_SETUP && e->session_id)
		HOLDS(!executed);
	/* It would be bound twice. */
	if (here && e->command == SMB2_CMD_SESSION_SETUP &&
	    f->conn.dialect >= SMB2_DIALECT_300)
		HOLDS(!executed || !(e->setup_flags & SMB2_SETUP_FLAG_BINDING));
	if (!f->conn.dialect)
		HOLDS(!executed || e->command == SMB2_CMD_NEGOTIATE);
}

static void verdicts(const struct facts *f)
{
	struct smbsign_verdict verdict =
		smbsign_policy_element(&f->policy, &f->conn, &f->session,
				       &f->element, f->single);

	same_verdict("element", verdict,
		     oracle_policy_element(&f->policy, &f->conn, &f->session,
					   &f->element, f->single));
	promises(f, verdict);
	same_verdict("frame", smbsign_policy_frame(&f->policy, &f->conn, f->kind,
						   f->chance),
		     oracle_policy_frame(&f->policy, &f->conn, f->kind,
					 f->chance));
	same_verdict("encrypted",
		     smbsign_policy_encrypted(&f->policy, &f->session),
		     oracle_policy_encrypted(&f->policy, &f->session));
	same_verdict("compound",
		     smbsign_policy_compound(&f->element, f->compound),
		     oracle_policy_compound(&f->element, f->compound));
	same_verdict("outgrown",
		     smbsign_policy_outgrown(&f->policy, &f->session),
		     oracle_policy_outgrown(&f->policy, &f->session));
	same_verdict("guest", smbsign_policy_guest(&f->policy, &f->session),
		     oracle_policy_guest(&f->policy, &f->session));
}

static void negotiation(const struct facts *f)
{
	same_verdict("offer", smbsign_policy_offer(&f->element, &f->negotiated,
						   &f->contexts),
		     oracle_policy_offer(&f->element, &f->negotiated,
					 &f->contexts));
	same_verdict("negotiated",
		     smbsign_policy_negotiated(&f->policy, &f->settled),
		     oracle_policy_negotiated(&f->policy, &f->settled));
	same_verdict("validate",
		     smbsign_policy_validate(&f->conn, &f->negotiated,
					     &f->element, &f->validated),
		     oracle_policy_validate(&f->conn, &f->negotiated,
					    &f->element, &f->validated));
	SAME("algorithm", smbsign_policy_algorithm(&f->policy, &f->contexts),
	     oracle_policy_algorithm(&f->policy, &f->contexts));
	SAME("hides GMAC", smbsign_policy_hides_gmac(&f->policy, &f->contexts),
	     oracle_policy_hides_gmac(&f->policy, &f->contexts));
}

static void sessions(const struct facts *f)
{
	u16 security_mode = f->negotiated.security_mode;

	SAME("stricter", smbsign_policy_is_stricter(&f->policy, &f->before),
	     oracle_policy_is_stricter(&f->policy, &f->before));
	SAME("must", smbsign_policy_must(&f->policy, &f->session),
	     oracle_policy_must(&f->policy, &f->session));
	SAME("signs", smbsign_policy_signs(&f->policy, &f->session,
					   (const void *)f->head, f->chance),
	     oracle_policy_signs(&f->policy, &f->session, f->head, f->chance));
	SAME("lends", smbsign_policy_lends(&f->session),
	     oracle_policy_lends(&f->session));
	SAME("binding", smbsign_policy_is_binding(&f->conn, f->head[66]),
	     oracle_policy_is_binding(&f->conn, f->head[66]));
	SAME("session_required",
	     smbsign_policy_session_required(&f->conn, security_mode, f->chance),
	     oracle_policy_session_required(&f->conn, security_mode, f->chance));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size < FACTS ? size : FACTS };
	struct facts f;

	take_connection(&in, &f);
	take_negotiation(&in, &f);
	in = (struct input) { data + FACTS, size < FACTS ? 0 : size - FACTS };
	take_head(&in, &f);
	verdicts(&f);
	negotiation(&f);
	sessions(&f);
	return 0;
}
