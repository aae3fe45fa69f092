// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ksmbd may read, and when: the gate's own code, all of it but the queue.
 *
 * By induction, so for all requests, however they are cut into segments, and for all
 * sequence numbers.  holds() says what is true of a connection whenever nobody is
 * in the gate.  The gate takes any connection of which it is true through any one
 * step; what TCP, the reader and ksmbd's answers do is any one step, too.  Then it is
 * true again, and nothing was released but what the step's verdict allows.
 *
 * The functions below stand for the rest of the module, and for TCP.  They do
 * anything at all that those can, and look at what the gate asks of them.  world keeps
 * what only the proof must remember: @said is the rules' verdict on the current
 * request or message, and @right, whether its signature was; @passed is the first byte
 * behind the requests of the frame that may pass.
 */
#include "prove.h"
#include "gate/ahead.c"
#include "gate/gate.c"

/* The parsers of whole bodies go through long lists: others stand for them, below. */
#define smbsign_frame_offer		unused_offer
#define smbsign_frame_validate		unused_validate
#define smbsign_frame_smb1_upgrades	unused_smb1_upgrades
#include "wire/frame.c"
#undef smbsign_frame_offer
#undef smbsign_frame_validate
#undef smbsign_frame_smb1_upgrades

#define smbsign_refuse_collect		real_collect
#include "gate/refuse.c"
#undef smbsign_refuse_collect

struct smbsign_knob_values smbsign_knobs;

/* What an unscaled window of 16 bits is, scaled by 14 */
#define WINDOW		(65535U << 14)
#define FRAME_MAX	(SMB2_NBSS_SIZE + 0xffffffU)

static struct world {
	struct tcp_sock		tp;
	struct smbsign_conn	conn;
	struct smbsign_key	key;
	struct smbsign_awaited	awaited;
	struct smbsign_substitute substitute;
	/* First byte that has not arrived; has the end of the stream been read? */
	u32			last;
	bool			fin;
	/* The latest policy that was asked for lets everything pass. */
	bool			audit;
	struct smbsign_verdict	said;
	bool			judged, right;
	u32			passed;
} world, old;

#define GATE	(&world.conn.gate)

/* Not behind @b, and in the same frame or the one before */
static bool up_to(u32 a, u32 b)
{
	return b - a <= 2 * FRAME_MAX;
}

/* What ksmbd has read.  The end of the stream counts there, but is no byte. */
static u32 read_to(void)
{
	return world.tp.copied_seq - world.fin;
}

static bool may_pass(void)
{
	return world.audit || world.said.action == SMBSIGN_PASS ||
	       world.said.action == SMBSIGN_PASS_ALONE ||
	       world.said.action == SMBSIGN_PROVISIONAL ||
	       (world.said.action == SMBSIGN_VERIFY && !world.said.status && world.right);
}

/* Of the stream: what is where */
static bool stream_holds(void)
{
	const struct smbsign_gate_frame *frame = &GATE->frame;

	return world.last - read_to() <= WINDOW && (!world.fin || read_to() == world.last) &&
	       frame->end - frame->start <= FRAME_MAX &&
	       (world.last - frame->start <= WINDOW + FRAME_MAX ||
		GATE->state == SMBSIGN_GATE_TRANSPARENT);
}

/* ksmbd has read nothing from @seq on; not more than so many bytes before are unread. */
static bool is_read_to(u32 seq)
{
	return seq - read_to() <= WINDOW + FRAME_MAX;
}

/* Nothing of a held or refused frame is released, of a streamed one what has passed. */
static bool frame_holds(void)
{
	const struct smbsign_gate_frame *frame = &GATE->frame;
	u32 released = GATE->cursor.released - frame->start;
	u32 parsed = GATE->cursor.parsed - frame->start;

	return parsed >= SMB2_NBSS_SIZE && released <= parsed &&
	       parsed <= frame->end - frame->start &&
	       (GATE->cursor.parsed != frame->end || GATE->state == SMBSIGN_GATE_SWALLOW) &&
	       (!released || frame->fate == SMBSIGN_FATE_STREAMED) &&
	       is_read_to(frame->fate == SMBSIGN_FATE_REFUSED ? GATE->cursor.parsed :
								GATE->cursor.released);
}

/* The MAC has all of the request up to the cursor, which is not at its end. */
static bool body_holds(void)
{
	const struct smbsign_gate_request *request = &GATE->request;
	u32 start = world.passed, left = GATE->frame.end - request->end;
	u32 done = GATE->cursor.parsed - start, length = request->element.length;

	return request->end - start == length && left <= FRAME_MAX &&
	       start - GATE->frame.start >= SMB2_NBSS_SIZE &&
	       start - GATE->frame.start <= FRAME_MAX &&
	       done >= sizeof(struct smb2_header) && done < length && length <= FRAME_MAX &&
	       (left ? left >= SMBSIGN_ELEMENT_MIN : true) && request->element.last == !left &&
	       world.last - GATE->cursor.parsed <= WINDOW &&
	       GATE->frame.fate != SMBSIGN_FATE_REFUSED &&
	       request->mac.key == &world.key && request->mac.from == start &&
	       request->mac.to == GATE->cursor.parsed &&
	       world.said.action == SMBSIGN_VERIFY &&
	       world.said.status == request->doom.status &&
	       (GATE->frame.fate == SMBSIGN_FATE_HELD || !world.said.status);
}

static bool request_holds(void)
{
	const struct smbsign_gate_frame *frame = &GATE->frame;
	u32 parsed = GATE->cursor.parsed;

	return (smbsign_is_first(GATE) ? GATE->cursor.released == frame->start :
					 frame->end - parsed >= SMBSIGN_ELEMENT_MIN) &&
	       (frame->fate == SMBSIGN_FATE_REFUSED || world.passed == parsed);
}

static bool state_holds(void)
{
	const struct smbsign_gate_frame *frame = &GATE->frame;
	u32 released = GATE->cursor.released, parsed = GATE->cursor.parsed;

	switch (GATE->state) {
	case SMBSIGN_GATE_LENGTH:
		return frame->fate != SMBSIGN_FATE_REFUSED && parsed == frame->end &&
		       released == parsed && is_read_to(released);
	case SMBSIGN_GATE_KIND:
		return frame->fate == SMBSIGN_FATE_HELD && frame_holds() &&
		       smbsign_is_first(GATE) && frame->end - parsed >= sizeof(__le32) &&
		       world.last - parsed <= WINDOW && world.passed == parsed;
	case SMBSIGN_GATE_REQUEST:
		return frame_holds() && request_holds();
	case SMBSIGN_GATE_BODY:
		return frame_holds() && body_holds();
	case SMBSIGN_GATE_SWALLOW:
		return frame->fate == SMBSIGN_FATE_REFUSED && frame_holds() &&
		       parsed == frame->end;
	default:
		return is_read_to(released) && world.last + world.fin - released <= WINDOW &&
		       frame->fate == SMBSIGN_FATE_HELD;
	}
}

/* ksmbd reads a substitute when all of the refused frame was swallowed, and no sooner. */
static bool substitute_holds(void)
{
	const struct smbsign_substitute *substitute = GATE->substitute;

	if (!substitute)
		return true;
	if (substitute->read >= substitute->length || substitute->length > FRAME_MAX)
		return false;
	if (GATE->frame.fate == SMBSIGN_FATE_REFUSED)
		return !substitute->read;
	return GATE->state == SMBSIGN_GATE_LENGTH && world.tp.copied_seq == GATE->cursor.released;
}

static bool holds(void)
{
	return world.conn.life != SMBSIGN_LIFE_OPEN ||
	       (stream_holds() && state_holds() && substitute_holds() &&
		(!GATE->request.away || (GATE->state == SMBSIGN_GATE_BODY &&
					 GATE->frame.fate == SMBSIGN_FATE_STREAMED)));
}

/* Any connection of which that is true */
static void make_any(enum smbsign_gate_state state)
{
	world = ANY(struct world);
	smbsign_knobs = ANY(struct smbsign_knob_values);
	world.conn.sk = &world.tp.icsk.sk;
	if (ANY_BOOL()) {
		INIT_LIST_HEAD(&GATE->frame.expected);
	} else {
		list_add(&world.awaited.node, &GATE->frame.expected);
	}
	GATE->substitute = ANY_BOOL() ? &world.substitute : NULL;
	GATE->request.mac.key = ANY_BOOL() ? &world.key : NULL;
	ASSUME_ENUM(world.conn.life, SMBSIGN_LIFE_GONE);
	GATE->state = state;
	ASSUME_ENUM(GATE->frame.fate, SMBSIGN_FATE_REFUSED);
	ASSUME_ENUM(world.said.action, SMBSIGN_ABORT);
	ASSUME_BOOL(GATE->blocked);
	ASSUME_BOOL(GATE->request.away);
	ASSUME_BOOL(GATE->request.element.last);
	ASSUME_BOOL(world.fin);
	ASSUME_BOOL(world.audit);
	ASSUME_BOOL(world.judged);
	ASSUME_BOOL(world.right);
	/* Nothing was asked for yet. */
	world.judged = false;
	world.right = false;
	world.audit = false;
	if (state != SMBSIGN_GATE_BODY)
		world.said.action = SMBSIGN_ABORT;
	workers = ANY_BOOL() ? (void *)&world.awaited.node : NULL;
	/* The end of the stream has a number of its own. */
	world.tp.rcv_nxt = world.last + (world.fin || ANY_BOOL());
	ASSUME(holds());
	old = world;
}

/* TCP, as gate/queue.c shows it */
u32 smbsign_queue_end(const struct sock *sk)
{
	return world.last + world.fin;
}

void smbsign_queue_cut(struct sock *sk, u32 seq)
{
}

static bool have_arrived(u32 seq, u32 length)
{
	/* The gate looks at nothing that ksmbd may have read already. */
	PROVE(is_read_to(seq) && up_to(GATE->cursor.released, seq));
	return before(seq, world.last) && world.last - seq >= length;
}

/* Any bytes: @to is set by nobody. */
int smbsign_queue_peek(struct sock *sk, u32 seq, void *to, u32 length)
{
	if (!have_arrived(seq, length))
		return -EAGAIN;
	return ANY_BOOL() ? -ENOMEM : 0;
}

static int add_to_mac(struct smbsign_mac *mac, u32 seq, u32 length)
{
	PROVE(mac->key && seq == mac->to);
	mac->to += length;
	return ANY_BOOL() ? -ENOMEM : 0;
}

int smbsign_queue_mac(struct sock *sk, struct smbsign_mac *mac, u32 seq, u32 length)
{
	return have_arrived(seq, length) ? add_to_mac(mac, seq, length) : -EAGAIN;
}

int smbsign_queue_hold(struct sock *sk, u32 seq, u32 length, struct sk_buff_head *held)
{
	int some = ANY(int);

	if (!have_arrived(seq, length))
		return -EAGAIN;
	ASSUME(some == -ENOMEM || (some > 0 && (u32)some <= length));
	return some;
}

int smbsign_queue_mac_held(const struct sk_buff_head *held, struct smbsign_mac *mac,
			   u32 seq, u32 length)
{
	return add_to_mac(mac, seq, length);
}

void smbsign_queue_let_go(struct sk_buff_head *held)
{
}

/* A byte more, a thousand, the end of the stream: as many segments as there may be */
static void tcp_goes_on(void)
{
	u32 more = ANY(u32);

	if (world.tp.rcv_nxt == world.last) {
		ASSUME(more <= WINDOW - (world.last - read_to()));
		world.last += more;
		world.tp.rcv_nxt = world.last + ANY_BOOL();
	}
}

/* ksmbd's reader takes up to @length bytes, and maybe the end of the stream. */
static void tcp_is_read(u32 length)
{
	u32 some = ANY(u32);

	ASSUME(some <= length && some <= world.last - read_to());
	world.tp.copied_seq += some;
	if (length && world.tp.copied_seq == world.last && world.tp.rcv_nxt != world.last &&
	    ANY_BOOL()) {
		world.tp.copied_seq++;
		world.fin = true;
	}
}

/* What others do while a worker has given up the lock: not_away() */
static void others_go_on(void)
{
	tcp_goes_on();
	if (is_read_to(GATE->cursor.released))
		tcp_is_read(GATE->cursor.released - read_to());
	GATE->cursor.budget = ANY(u32);
	if (ANY_BOOL())
		world.conn.life = SMBSIGN_LIFE_CUT;
}

void sock_owned_by_me(const struct sock *sk)
{
}

void lock_sock(struct sock *sk)
{
}

static void prove_step(void);

void release_sock(struct sock *sk)
{
	/* While it is away, it has changed nothing since its last turn. */
	if (GATE->request.away)
		others_go_on();
	else
		prove_step();
}

void sock_hold(struct sock *sk)
{
}

void sock_put(struct sock *sk)
{
}

struct smbsign_conn *conn_of(const struct work_struct *work)
{
	PROVE(work == &GATE->request.ahead);
	return &world.conn;
}

bool queue_work(struct workqueue_struct *queue, struct work_struct *work)
{
	return true;
}

/* What lasts is a substitute; copies of requests nobody looks at here. */
void *kmalloc(size_t size, gfp_t gfp)
{
	return ANY_BOOL() ? NULL : &world.substitute;
}

void kfree(const void *object)
{
}

/* The MAC, and what is kept of the signature */
int smbsign_mac_begin(struct smbsign_mac *mac, struct smbsign_key *key,
		      const struct smb2_header *header)
{
	PROVE(key);
	mac->key = key;
	mac->from = GATE->cursor.parsed;
	return ANY_BOOL() ? -ENOMEM : 0;
}

int smbsign_mac_header(struct smbsign_mac *mac, const u8 *header)
{
	mac->to = mac->from + sizeof(struct smb2_header);
	return ANY_BOOL() ? -ENOMEM : 0;
}

int smbsign_mac_end(struct smbsign_mac *mac, u8 out[SMB2_SIGNATURE_SIZE])
{
	/* What is verified is the request, all of it and nothing else. */
	PROVE(mac->from == world.passed && mac->to == GATE->request.end);
	PROVE(GATE->request.end - mac->from == GATE->request.element.length);
	mac->key = NULL;
	return ANY_BOOL() ? -ENOMEM : 0;
}

void smbsign_mac_cancel(struct smbsign_mac *mac)
{
	mac->key = NULL;
}

unsigned long crypto_memneq(const void *a, const void *b, size_t size)
{
	world.right = ANY_BOOL();
	return !world.right;
}

void smbsign_key_put(struct smbsign_key *key)
{
}

bool smbsign_key_lend(struct smbsign_key *key, u64 message_id)
{
	return ANY_BOOL();
}

/* The rules.  policy.c, beside this file, proves what is said of their verdicts. */
static struct smbsign_verdict any_verdict(void)
{
	struct smbsign_verdict verdict = ANY(struct smbsign_verdict);

	ASSUME_ENUM(verdict.action, SMBSIGN_ABORT);
	/* refusals_have_a_reason() */
	if (verdict.action != SMBSIGN_VERIFY)
		ASSUME(!verdict.status == (verdict.action != SMBSIGN_REFUSE));
	return verdict;
}

void smbsign_policy_get(const struct smbsign_conn *conn, struct smbsign_policy *out)
{
	*out = ANY(struct smbsign_policy);
	ASSUME_ENUM(out->mode, SMBSIGN_POLICY_REQUIRED);
	world.audit = out->mode == SMBSIGN_POLICY_AUDIT;
}

struct smbsign_verdict smbsign_policy_frame(const struct smbsign_policy *policy,
					    const struct smbsign_conn_facts *conn,
					    enum smbsign_frame_kind kind, bool smb1_upgrades)
{
	return world.said = any_verdict();
}

struct smbsign_verdict smbsign_policy_encrypted(const struct smbsign_policy *policy,
						const struct smbsign_session_facts *session)
{
	return world.said = any_verdict();
}

struct smbsign_verdict smbsign_policy_element(const struct smbsign_policy *policy,
					      const struct smbsign_conn_facts *conn,
					      const struct smbsign_session_facts *session,
					      const struct smbsign_element *element,
					      bool single)
{
	struct smbsign_verdict verdict = any_verdict();

	/* only_verified_with_a_key(), provisional_only_alone(), negotiate_is_first_and_once() */
	ASSUME(verdict.action != SMBSIGN_VERIFY || session->has_key);
	ASSUME(verdict.action != SMBSIGN_PROVISIONAL || single);
	ASSUME(verdict.action != SMBSIGN_PASS_ALONE ||
	       (element->command == SMB2_CMD_NEGOTIATE && single && !conn->dialect));
	/* What required would say does not count. */
	if (!world.judged)
		world.said = verdict;
	world.judged = true;
	return verdict;
}

struct smbsign_verdict smbsign_policy_compound(const struct smbsign_element *element,
					       u64 session_id)
{
	struct smbsign_verdict verdict = any_verdict();

	ASSUME(verdict.action == SMBSIGN_PASS || verdict.action == SMBSIGN_REFUSE);
	if (verdict.action != SMBSIGN_PASS)
		world.said = verdict;
	return verdict;
}

void smbsign_setup_limit(struct smbsign_conn *conn, const struct smbsign_element *element,
			 struct smbsign_verdict *verdict)
{
	if (ANY_BOOL())
		return;
	*verdict = any_verdict();
	ASSUME(verdict->action == SMBSIGN_REFUSE);
	world.said = *verdict;
}

bool smbsign_policy_lends(const struct smbsign_session_facts *session)
{
	return ANY_BOOL();
}

bool smbsign_policy_hides_gmac(const struct smbsign_policy *policy,
			       const struct smbsign_contexts *contexts)
{
	return ANY_BOOL();
}

struct smbsign_verdict smbsign_policy_offer(const struct smbsign_element *element,
					    const struct smbsign_offer *offer,
					    const struct smbsign_contexts *contexts)
{
	return any_verdict();
}

struct smbsign_verdict smbsign_policy_validate(const struct smbsign_conn_facts *conn,
					       const struct smbsign_offer *negotiated,
					       const struct smbsign_element *element,
					       const struct smbsign_offer *validated)
{
	struct smbsign_verdict verdict = any_verdict();

	/* Then it does not matter what is said of the rest. */
	if (verdict.action != SMBSIGN_PASS && !world.audit) {
		world.said = verdict;
		world.judged = true;
	}
	return verdict;
}

/* What is known of connections and sessions */
struct smbsign_key *smbsign_session_lookup(struct smbsign_conn *conn, u64 id, bool binds,
					   struct smbsign_session_facts *facts)
{
	*facts = ANY(struct smbsign_session_facts);
	facts->has_key = ANY_BOOL();
	return facts->has_key ? &world.key : NULL;
}

void smbsign_session_tolerate(struct smbsign_conn *conn, u64 id)
{
}

void smbsign_conn_copy_facts(struct smbsign_conn *conn, struct smbsign_conn_facts *facts)
{
	*facts = ANY(struct smbsign_conn_facts);
}

/* A worker says so after each turn; the next one is a step of its own. */
void smbsign_conn_kick(struct smbsign_conn *conn)
{
	if (!GATE->request.away || GATE->state != SMBSIGN_GATE_BODY)
		return;
	prove_step();
	ASSUME(false);
}

void smbsign_conn_put(struct smbsign_conn *conn)
{
}

void smbsign_end_cut(struct smbsign_conn *conn, const struct smbsign_element *element,
		     enum smbsign_reason reason)
{
	if (conn->life < SMBSIGN_LIFE_CUT)
		conn->life = SMBSIGN_LIFE_CUT;
}

void smbsign_end_abort(struct smbsign_conn *conn)
{
}

bool smbsign_credits_use(struct smbsign_conn *conn, const struct smbsign_element *element,
			 struct smbsign_conn_facts *facts)
{
	*facts = conn->facts;
	return ANY_BOOL();
}

int smbsign_credits_hide(struct smbsign_conn *conn, gfp_t gfp)
{
	return ANY_BOOL() ? -ENOMEM : 0;
}

void smbsign_credits_repeat(struct smbsign_conn *conn)
{
}

void smbsign_credits_verified(struct smbsign_conn *conn,
			      const struct smbsign_element *element, u64 key,
			      const u8 signature[SMB2_SIGNATURE_SIZE])
{
}

struct smbsign_awaited *smbsign_awaited_alloc(enum smbsign_awaited_kind kind,
					      const struct smbsign_element *element,
					      const struct smb2_header *header)
{
	return ANY_BOOL() ? NULL : &world.awaited;
}

size_t copy_to_iter(const void *from, size_t size, struct iov_iter *to)
{
	return ANY_BOOL() ? size : ANY(u16);
}

int smbsign_awaited_add(struct smbsign_conn *conn, struct list_head *list)
{
	int ret = ANY(int);

	INIT_LIST_HEAD(list);
	ASSUME(!ret || ret == -ENOMEM || ret == -EALREADY || ret == -ENOBUFS);
	return ret;
}

void smbsign_awaited_free(struct list_head *list)
{
	INIT_LIST_HEAD(list);
}

bool smbsign_awaited_is_setup(struct smbsign_conn *conn, u64 message_id)
{
	return ANY_BOOL();
}

void smbsign_count_event(unsigned int event)
{
}

/* The fuzzers look at what they read. */
int smbsign_frame_offer(const u8 *message, u32 length, struct smbsign_offer *offer,
			struct smbsign_contexts *contexts)
{
	return ANY_BOOL() ? -EPROTO : 0;
}

int smbsign_frame_validate(const u8 *message, u32 length, struct smbsign_offer *offer)
{
	return ANY_BOOL() ? -EPROTO : 0;
}

bool smbsign_frame_smb1_upgrades(const u8 *message, u32 length)
{
	return ANY_BOOL();
}

/* KUnit looks at what is in a substitute. */
int smbsign_refuse_collect(struct smbsign_conn *conn, const struct smb2_header *header)
{
	int ret = smbsign_awaited_add(conn, &world.awaited.node);

	if (!ret && GATE->request.element.command != SMB2_CMD_CANCEL) {
		GATE->substitute = &world.substitute;
		world.substitute.read = 0;
		world.substitute.length = SMB2_NBSS_SIZE + ECHO_SIZE;
	}
	return ret;
}

/* The requests that have passed in this step, as the rules have it */
static void see_what_passed(void)
{
	if (old.conn.gate.state == SMBSIGN_GATE_LENGTH && GATE->frame.start == old.conn.gate.frame.end)
		world.passed = GATE->frame.start + SMB2_NBSS_SIZE;
	if (world.conn.life == SMBSIGN_LIFE_OPEN && may_pass() &&
	    (world.judged || old.conn.gate.state == SMBSIGN_GATE_BODY) &&
	    GATE->state != SMBSIGN_GATE_BODY)
		world.passed = GATE->request.end;
}

/* Must ksmbd answer before the gate goes on? */
static bool is_alone(void)
{
	return world.said.action == SMBSIGN_PASS_ALONE ||
	       world.said.action == SMBSIGN_PROVISIONAL;
}

static bool is_released_to(u32 seq)
{
	return GATE->cursor.released == seq && seq != old.conn.gate.cursor.released;
}

/* Nothing is released but what has passed; of a streamed frame, what is in the MAC. */
static void prove_released(void)
{
	u32 released = GATE->cursor.released;

	if (released == old.conn.gate.cursor.released)
		return;
	/* What was released stays so, and from a cut on it is no more. */
	PROVE(released - old.conn.gate.cursor.released <= WINDOW + FRAME_MAX);
	PROVE(old.conn.life == SMBSIGN_LIFE_OPEN);
	if (GATE->state == SMBSIGN_GATE_TRANSPARENT)
		PROVE(old.conn.gate.state == SMBSIGN_GATE_TRANSPARENT);
	else if (is_released_to(GATE->frame.end))
		PROVE(may_pass() && (!is_alone() || GATE->blocked) &&
		      (world.audit || old.conn.gate.state == SMBSIGN_GATE_KIND ||
		       world.passed == GATE->frame.end));
	else
		PROVE(GATE->frame.fate == SMBSIGN_FATE_STREAMED &&
		      released - GATE->frame.start < GATE->frame.end - GATE->frame.start &&
		      (up_to(released, world.passed) ||
		       (GATE->state == SMBSIGN_GATE_BODY &&
			up_to(released, GATE->request.mac.to))));
}

static void prove_step(void)
{
	see_what_passed();
	PROVE(holds());
	prove_released();
	PROVE(GATE->state != SMBSIGN_GATE_TRANSPARENT || world.audit ||
	      old.conn.gate.state == SMBSIGN_GATE_TRANSPARENT);
}

/*
 * The next one is a step of a later frame, or nearer to this one's end, of which a
 * refusal goes through all once more.
 */
static bool has_come_further(void)
{
	const struct smbsign_gate *gate = &old.conn.gate;
	u32 parsed = GATE->cursor.parsed - gate->cursor.parsed;

	if (GATE->frame.fate == SMBSIGN_FATE_REFUSED &&
	    gate->frame.fate != SMBSIGN_FATE_REFUSED)
		return GATE->frame.start == gate->frame.start || gate->state == SMBSIGN_GATE_LENGTH;
	return parsed ? parsed <= FRAME_MAX : GATE->state > gate->state;
}

/* What it waits for: bytes, a turn, an answer, the reader */
static bool waits_for(enum smbsign_step step, u32 largest)
{
	u32 missing = GATE->state == SMBSIGN_GATE_LENGTH ? GATE->cursor.parsed + SMB2_NBSS_SIZE :
							   GATE->frame.end;

	switch (step) {
	case SMBSIGN_STEP_STARVED:
		return GATE->state == SMBSIGN_GATE_TRANSPARENT || GATE->request.away ||
		       before(world.last, missing);
	case SMBSIGN_STEP_PAUSED:
		return !GATE->cursor.budget || (GATE->state == SMBSIGN_GATE_BODY &&
						GATE->request.element.length > largest);
	case SMBSIGN_STEP_BLOCKED:
		return GATE->state == SMBSIGN_GATE_LENGTH && (GATE->blocked || GATE->substitute);
	case SMBSIGN_STEP_REFUSING:
		return GATE->state == SMBSIGN_GATE_SWALLOW;
	default:
		return world.conn.life != SMBSIGN_LIFE_OPEN;
	}
}

static void one_step(enum smbsign_gate_state state)
{
	u32 largest = ANY(u32);
	enum smbsign_step step;

	make_any(state);
	step = step_once(&world.conn, largest);
	prove_step();
	PROVE(step == SMBSIGN_STEP_ON ? has_come_further() : waits_for(step, largest));
}

static bool is_open(void)
{
	return world.conn.life == SMBSIGN_LIFE_OPEN;
}

static bool is_released(void)
{
	return is_open() && !world.audit && is_released_to(GATE->frame.end);
}

void begins_with_nothing(void)
{
	u32 seq = ANY(u32);

	smbsign_gate_init(GATE, seq);
	world.tp.copied_seq = seq;
	world.last = seq;
	PROVE(holds() && GATE->cursor.released == seq);
	REACHED(seq == ~0U);
}

/* Most frames: one request, which is there with the frame's length. */
void a_frame_begins(void)
{
	one_step(SMBSIGN_GATE_LENGTH);
	REACHED(is_released());
	/* Past the last sequence number */
	REACHED(is_released() && GATE->frame.end < GATE->frame.start);
	REACHED(is_open() && GATE->state == SMBSIGN_GATE_BODY);
	REACHED(is_open() && GATE->frame.fate == SMBSIGN_FATE_REFUSED);
}

void a_message_that_is_no_smb2(void)
{
	one_step(SMBSIGN_GATE_KIND);
	REACHED(is_released());
	REACHED(world.audit && is_released_to(GATE->frame.end));
	REACHED(is_open() && GATE->state == SMBSIGN_GATE_REQUEST);
}

void a_request_of_a_frame(void)
{
	one_step(SMBSIGN_GATE_REQUEST);
	REACHED(is_released());
	REACHED(is_open() && GATE->state == SMBSIGN_GATE_BODY);
	REACHED(is_open() && GATE->frame.fate == SMBSIGN_FATE_REFUSED &&
		old.conn.gate.frame.fate == SMBSIGN_FATE_HELD);
	REACHED(is_open() && GATE->state == SMBSIGN_GATE_SWALLOW);
}

void a_request_that_is_verified(void)
{
	one_step(SMBSIGN_GATE_BODY);
	REACHED(is_released() && old.conn.gate.frame.fate == SMBSIGN_FATE_STREAMED);
	REACHED(is_released() && old.conn.gate.frame.fate == SMBSIGN_FATE_HELD);
	REACHED(is_open() && GATE->state == SMBSIGN_GATE_BODY &&
		GATE->cursor.released != old.conn.gate.cursor.released);
	REACHED(is_open() && GATE->frame.fate == SMBSIGN_FATE_REFUSED && !world.right);
	REACHED(is_open() && GATE->state == SMBSIGN_GATE_REQUEST && world.right);
}

void what_is_swallowed(void)
{
	one_step(SMBSIGN_GATE_SWALLOW);
	REACHED(is_open());
}

void what_is_no_smb(void)
{
	one_step(SMBSIGN_GATE_TRANSPARENT);
	REACHED(GATE->cursor.released != old.conn.gate.cursor.released);
}

static enum smbsign_gate_state any_state(void)
{
	enum smbsign_gate_state state = ANY(enum smbsign_gate_state);

	ASSUME_ENUM(state, SMBSIGN_GATE_TRANSPARENT);
	return state;
}

/* More of it arrives, while nobody waits for it or TCP has no room for it. */
void a_frame_that_tcp_has_no_room_for(void)
{
	make_any(ANY_BOOL() ? SMBSIGN_GATE_BODY : SMBSIGN_GATE_REQUEST);
	ASSUME(is_open());
	tcp_goes_on();
	PROVE(holds());
	if (ANY_BOOL() && is_bulk(GATE))
		bulk_wakes(&world.conn);
	else if (GATE->frame.fate != SMBSIGN_FATE_REFUSED)
		unstall_frame(&world.conn);
	prove_step();
	REACHED(is_open() && GATE->cursor.released != old.conn.gate.cursor.released);
	REACHED(is_open() && GATE->frame.fate == SMBSIGN_FATE_REFUSED &&
		old.conn.gate.frame.fate == SMBSIGN_FATE_HELD);
}

void reads_what_is_released(void)
{
	enum smbsign_next next;
	u32 length, released;

	make_any(any_state());
	released = GATE->cursor.released;
	if (!know_next(&world.conn, &next, &length) || next != SMBSIGN_NEXT_READ)
		length = 0;
	PROVE(!length || (is_open() && is_read_to(released) &&
			  length <= released - read_to()));
	tcp_is_read(length);
	tcp_goes_on();
	PROVE(holds());
	/* Up to the last byte that is released, past the last sequence number, too */
	REACHED(length && GATE->frame.fate == SMBSIGN_FATE_STREAMED &&
		read_to() == released && released < old.tp.copied_seq);
}

/* No more than under the lock, but that the end of the stream counts as a byte */
void reads_without_the_lock(void)
{
	u32 with, without;

	make_any(any_state());
	without = smbsign_gate_readable(&world.conn);
	PROVE(!without || is_open());
	with = is_open() ? released_bytes(&world.conn) : 0;
	PROVE(without <= with + (world.tp.rcv_nxt != world.last + world.fin));
	REACHED(without && without == with && GATE->cursor.released < world.tp.copied_seq);
	REACHED(without > with);
	if (without && !with) {
		tcp_is_read(without);
		PROVE(holds());
	}
}

void a_refused_frame_is_swallowed(void)
{
	u32 length, start;
	bool whole;

	make_any(any_state());
	ASSUME(is_open());
	start = GATE->frame.start;
	length = smbsign_refuse_swallowable(&world.conn);
	/* Nothing that lies before, and nothing that was not looked at */
	PROVE(!length || (GATE->frame.fate == SMBSIGN_FATE_REFUSED &&
			  read_to() - start <= GATE->cursor.parsed - start &&
			  length <= GATE->cursor.parsed - read_to()));
	tcp_is_read(length);
	PROVE(holds());
	whole = smbsign_refuse_swallowed(&world.conn);
	PROVE(holds());
	PROVE(whole || GATE->cursor.released == old.conn.gate.cursor.released);
	if (whole)
		PROVE(world.tp.copied_seq == GATE->frame.end &&
		      GATE->cursor.released == GATE->frame.end);
	REACHED(whole && length && GATE->substitute);
	REACHED(!whole && length && GATE->frame.fate == SMBSIGN_FATE_REFUSED);
	REACHED(whole && GATE->cursor.released < start);
}

/* In place of the frame, all of the substitute, once; then what comes after it */
void a_substitute_is_read(void)
{
	enum smbsign_next next;
	struct iov_iter to;
	u32 length;
	int ret;

	make_any(SMBSIGN_GATE_LENGTH);
	ASSUME(is_open() && GATE->substitute);
	PROVE(!smbsign_gate_readable(&world.conn));
	PROVE(know_next(&world.conn, &next, &length) && next == SMBSIGN_NEXT_SUBSTITUTE);
	length = world.substitute.length - world.substitute.read;
	ret = smbsign_gate_substitute(&world.conn, &to, ANY(u32));
	PROVE(ret < 0 || (u32)ret <= length);
	PROVE(!GATE->substitute == (ret >= 0 && (u32)ret == length));
	PROVE(holds());
	REACHED(GATE->substitute && ret > 0);
	REACHED(!GATE->substitute);
}

static bool stands_still(void)
{
	const struct smbsign_gate *gate = &old.conn.gate;

	return GATE->state == gate->state && GATE->cursor.parsed == gate->cursor.parsed &&
	       GATE->cursor.released == gate->cursor.released &&
	       GATE->frame.fate == gate->frame.fate && GATE->frame.end == gate->frame.end &&
	       GATE->request.end == gate->request.end &&
	       GATE->request.mac.to == gate->request.mac.to &&
	       GATE->request.away == gate->request.away;
}

void nothing_until_the_answer(void)
{
	make_any(SMBSIGN_GATE_LENGTH);
	ASSUME(GATE->blocked || GATE->substitute);
	step_once(&world.conn, ANY(u32));
	PROVE(stands_still() && world.conn.life == old.conn.life);
	REACHED(is_open() && GATE->substitute);
	REACHED(is_open() && !GATE->substitute);
}

/* A connection that was cut, too */
void nothing_while_a_worker_has_it(void)
{
	make_any(SMBSIGN_GATE_BODY);
	ASSUME(GATE->request.away || !is_open());
	switch (ANY(u8) % 3) {
	case 0:
		step_once(&world.conn, ANY(u32));
		break;
	case 1:
		if (is_open())
			bulk_wakes(&world.conn);
		break;
	default:
		PROVE(!smbsign_refuse_swallowed(&world.conn) || !is_open());
	}
	PROVE(!is_open() || stands_still());
	PROVE(GATE->cursor.released == old.conn.gate.cursor.released);
	REACHED(is_open() && GATE->request.away);
	REACHED(!is_open());
}

void a_worker_beside_the_reader(void)
{
	make_any(SMBSIGN_GATE_BODY);
	ASSUME(is_open() && GATE->request.away);
	/* This CBMC knows without solving anything. */
	GATE->request.away = true;
	work_ahead(&GATE->request.ahead);
	PROVE(!GATE->request.away);
	REACHED(is_released());
	REACHED(!is_open());
	REACHED(is_open() && GATE->state == SMBSIGN_GATE_BODY);
}
