// SPDX-License-Identifier: GPL-2.0-only
/* A guarded connection, on a socket that is connected to nobody. */
#include <linux/net.h>
#include <linux/tcp.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

#include "mac/derive.h"
#include "base/grace.h"
#include "gate/setup.h"
#include "state/credits.h"
#include "state/session.h"
#include "rig.h"

/* Bytes of a segment that are linear; the rest has its own pages */
#define SEGMENT_HEAD	16
#define LONGEST_READ	BIT(20)

static void close_conn(void *data)
{
	struct smbsign_conn *conn = data;
	struct socket *socket = conn->sk->sk_socket;

	lock_sock(conn->sk);
	__skb_queue_purge(&conn->sk->sk_receive_queue);
	release_sock(conn->sk);
	smbsign_session_drop_all(conn);
	smbsign_conn_put(conn);
	sock_release(socket);
}

static void rig_position(struct sock *sk, u32 seq)
{
	WRITE_ONCE(tcp_sk(sk)->copied_seq, seq);
	WRITE_ONCE(tcp_sk(sk)->rcv_nxt, seq);
	/* tcp_recvmsg() divides by these, which a handshake would set. */
	tcp_sk(sk)->rcvq_space.space = LONGEST_READ;
	inet_csk(sk)->icsk_ack.rcv_mss = TCP_MSS_DEFAULT;
}

/**
 * rig_open() - open a connection
 * @test:	the case; it closes the connection if rig_close() has not
 * @seq:	TCP sequence number of its first byte
 *
 * Context: process, may sleep.
 * Return: the connection.
 */
struct smbsign_conn *rig_open(struct kunit *test, u32 seq)
{
	struct smbsign_conn *conn;
	struct socket *socket;

	KUNIT_ASSERT_EQ(test, 0, sock_create_kern(&init_net, AF_INET,
						  SOCK_STREAM, IPPROTO_TCP,
						  &socket));
	rig_position(socket->sk, seq);
	conn = smbsign_conn_alloc(socket->sk, GFP_KERNEL);
	if (!conn)
		sock_release(socket);
	KUNIT_ASSERT_NOT_NULL(test, conn);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, close_conn,
							   conn));
	return conn;
}

/**
 * rig_close() - close a connection
 * @test:	the case
 * @conn:	the connection
 *
 * Context: process, may sleep.
 */
void rig_close(struct kunit *test, struct smbsign_conn *conn)
{
	kunit_release_action(test, close_conn, conn);
}

/**
 * rig_rewind() - start with the first byte again, and keep the sessions
 * @conn:	the connection
 * @seq:	TCP sequence number of that byte
 *
 * Context: process.
 */
void rig_rewind(struct smbsign_conn *conn, u32 seq)
{
	struct sock *sk = conn->sk;

	lock_sock(sk);
	__skb_queue_purge(&sk->sk_receive_queue);
	rig_position(sk, seq);
	smbsign_awaited_free(&conn->gate.frame.expected);
	smbsign_mac_cancel(&conn->gate.request.mac);
	kfree(conn->gate.substitute);
	memset(&conn->gate, 0, sizeof(conn->gate));
	smbsign_gate_init(&conn->gate, seq);
	memset(&conn->negotiation, 0, sizeof(conn->negotiation));
	conn->life = SMBSIGN_LIFE_OPEN;
	smbsign_awaited_free(&conn->awaited);
	conn->awaited_count = 0;
	conn->compressed = false;
	conn->encrypted = false;
	conn->excused = 0;
	if (conn->window.used != conn->window.small)
		kfree(conn->window.used);
	smbsign_window_init(&conn->window);
	smbsign_window_grant(&conn->window, SMBSIGN_WINDOW_SMALL - 1);
	release_sock(sk);
}

/**
 * rig_segment() - make a segment such as TCP would have queued
 * @test:	the case
 * @seq:	TCP sequence number of its first byte
 * @data:	its bytes, copied
 * @length:	number of bytes
 * @pages:	most of it lies in pages
 *
 * Context: process, may sleep.
 * Return: the segment, in no queue yet.
 */
struct sk_buff *rig_segment(struct kunit *test, u32 seq, const u8 *data,
			    u32 length, bool pages)
{
	u32 head = pages ? min_t(u32, length, SEGMENT_HEAD) : length;
	struct sk_buff *skb = alloc_skb(head, GFP_KERNEL);
	struct page *page;
	u32 offset, part;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, data, head);
	for (offset = head; offset < length; offset += part) {
		part = min_t(u32, length - offset, PAGE_SIZE / 2);
		page = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, page);
		/* Not at the page's start, but up to its end */
		memcpy(page_address(page) + PAGE_SIZE - part, data + offset,
		       part);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page,
				PAGE_SIZE - part, part, PAGE_SIZE);
	}
	TCP_SKB_CB(skb)->seq = seq;
	TCP_SKB_CB(skb)->end_seq = seq + length;
	return skb;
}

/**
 * rig_arrive() - let bytes arrive
 * @test:	the case
 * @conn:	the connection
 * @data:	the bytes, copied
 * @length:	number of bytes
 * @pages:	they lie in pages
 *
 * Context: process, may sleep.
 */
void rig_arrive(struct kunit *test, struct smbsign_conn *conn, const u8 *data,
		u32 length, bool pages)
{
	struct tcp_sock *tp = tcp_sk(conn->sk);
	struct sk_buff *skb = rig_segment(test, tp->rcv_nxt, data, length,
					  pages);

	lock_sock(conn->sk);
	__skb_queue_tail(&conn->sk->sk_receive_queue, skb);
	WRITE_ONCE(tp->rcv_nxt, tp->rcv_nxt + length);
	release_sock(conn->sk);
}

/**
 * rig_read() - read as ksmbd does, with TCP's own recvmsg()
 * @conn:	the connection
 * @to:		where to, or NULL to drop it
 * @length:	how much
 *
 * Context: process, may sleep.
 * Return: bytes read, or an error.
 */
int rig_read(struct smbsign_conn *conn, u8 *to, u32 length)
{
	struct kvec vec = { .iov_base = to, .iov_len = length };
	struct msghdr msg = { };

	return kernel_recvmsg(conn->sk->sk_socket, &msg, &vec, 1, length,
			      MSG_DONTWAIT | (to ? 0 : MSG_TRUNC));
}

/**
 * rig_negotiate() - settle what NEGOTIATE settles
 * @conn:	the connection
 * @dialect:	the dialect
 * @required:	the server demands signing
 *
 * Context: process.
 */
void rig_negotiate(struct smbsign_conn *conn, u16 dialect, bool required)
{
	spin_lock_bh(&conn->lock);
	conn->facts.dialect = dialect;
	conn->facts.algorithm = dialect < SMB2_DIALECT_300 ?
				SMB2_SIGNING_HMAC_SHA256 :
				SMB2_SIGNING_AES_CMAC;
	conn->facts.server_required = required;
	spin_unlock_bh(&conn->lock);
}

/**
 * rig_gmac() - settle that the connection signs with AES-GMAC
 * @test:	the case
 * @conn:	the connection, after rig_negotiate()
 *
 * Context: process, may sleep.
 */
void rig_gmac(struct kunit *test, struct smbsign_conn *conn)
{
	KUNIT_ASSERT_EQ(test, 0, smbsign_credits_keep_due(conn));
	spin_lock_bh(&conn->lock);
	conn->facts.algorithm = SMB2_SIGNING_AES_GMAC;
	spin_unlock_bh(&conn->lock);
}

/**
 * rig_await() - pass a SESSION_SETUP, or a request that ksmbd must check
 * @conn:	the connection
 * @kind:	which of the two
 * @setup:	what it says
 *
 * Context: process, may sleep.
 * Return: the awaited entry, or NULL.
 */
struct smbsign_awaited *rig_await(struct smbsign_conn *conn,
				  enum smbsign_awaited_kind kind,
				  const struct rig_setup *setup)
{
	/* No case uses these */
	static u64 message_id = BIT_ULL(40);
	const struct smbsign_element element = {
		.message_id = message_id++, .session_id = setup->requested,
		.security_mode = setup->mode, .setup_flags = setup->flags,
	};
	struct smbsign_awaited *awaited =
		smbsign_awaited_alloc(kind, &element, NULL);
	LIST_HEAD(list);

	if (!awaited)
		return NULL;
	list_add(&awaited->node, &list);
	return smbsign_awaited_add(conn, &list) ? NULL : awaited;
}

/**
 * rig_use_key() - ksmbd signs or checks a message
 * @conn:	the connection
 * @command:	Command
 * @status:	Status
 * @message_id:	MessageId
 * @id:		SessionId
 * @response:	whether it is a response
 * @raw:	the key
 *
 * Context: process.
 * Return: as smbsign_setup_key_seen().
 */
u64 rig_use_key(struct smbsign_conn *conn, u16 command, u32 status,
		u64 message_id, u64 id, bool response, const u8 *raw)
{
	const struct smb2_header header = {
		.status = cpu_to_le32(status),
		.command = cpu_to_le16(command),
		.flags = cpu_to_le32(response ? SMB2_FLAG_SERVER_TO_REDIR : 0),
		.message_id = cpu_to_le64(message_id),
		.session_id = cpu_to_le64(id),
	};
	int grace = smbsign_grace_enter();
	u64 serial = smbsign_setup_key_seen(conn, &header, raw);

	smbsign_grace_leave(grace);
	return serial;
}

/**
 * rig_answer() - ksmbd answers a SESSION_SETUP
 * @conn:	the connection
 * @awaited:	what rig_await() returned
 * @setup:	the answer
 *
 * Context: process, may sleep.
 * Return: as smbsign_setup_answered().
 */
int rig_answer(struct smbsign_conn *conn, struct smbsign_awaited *awaited,
	       const struct rig_setup *setup)
{
	int grace, ret;

	if (setup->key)
		rig_use_key(conn, SMB2_CMD_SESSION_SETUP, setup->status,
			    awaited->message_id, setup->id, true, setup->key);
	mutex_lock(&conn->tx.lock);
	grace = smbsign_grace_enter();
	ret = smbsign_setup_answered(conn, awaited, setup->id, setup->status,
				     setup->session_flags);
	smbsign_grace_leave(grace);
	smbsign_awaited_done(conn, awaited);
	mutex_unlock(&conn->tx.lock);
	return ret;
}

/**
 * rig_setup() - pass a SESSION_SETUP, and answer it
 * @conn:	the connection
 * @setup:	what request and response say
 *
 * Context: process, may sleep.
 * Return: as smbsign_setup_answered().
 */
int rig_setup(struct smbsign_conn *conn, const struct rig_setup *setup)
{
	struct smbsign_awaited *awaited =
		rig_await(conn, SMBSIGN_AWAITED_SETUP, setup);

	return awaited ? rig_answer(conn, awaited, setup) : -ENOMEM;
}

/**
 * rig_response() - answer a SESSION_SETUP without showing a key
 * @conn:	the connection
 * @requested:	SessionId of the request
 * @id:		SessionId of the response
 * @status:	its Status
 *
 * Context: process, may sleep.
 * Return: as smbsign_setup_answered().
 */
int rig_response(struct smbsign_conn *conn, u64 requested, u64 id, u32 status)
{
	const struct rig_setup setup = {
		.requested = requested, .id = id, .status = status,
	};

	return rig_setup(conn, &setup);
}

/**
 * rig_check() - let ksmbd check a request that was passed for that
 * @conn:	the connection
 * @id:		SessionId
 * @raw:	the key that it checks with, or NULL if it does not check
 *
 * Context: process, may sleep.
 * Return: as smbsign_setup_shown().
 */
int rig_check(struct smbsign_conn *conn, u64 id, const u8 *raw)
{
	const struct rig_setup request = { .requested = id };
	struct smbsign_awaited *awaited =
		rig_await(conn, SMBSIGN_AWAITED_PROVISIONAL, &request);
	int grace, ret;

	if (!awaited)
		return -ENOMEM;
	if (raw)
		rig_use_key(conn, SMB2_CMD_READ, 0, awaited->message_id, id,
			    false, raw);
	mutex_lock(&conn->tx.lock);
	grace = smbsign_grace_enter();
	ret = smbsign_setup_shown(conn, awaited, id);
	smbsign_grace_leave(grace);
	smbsign_awaited_done(conn, awaited);
	mutex_unlock(&conn->tx.lock);
	return ret;
}

/**
 * rig_end() - let ksmbd free a SessionId
 * @id:		SessionId
 *
 * Context: process.
 */
void rig_end(u64 id)
{
	int grace = smbsign_grace_enter();

	smbsign_session_end(id);
	smbsign_grace_leave(grace);
}

/**
 * rig_authenticate() - make a session, in two legs
 * @conn:	the connection
 * @id:		SessionId
 * @raw:	its key, or NULL if ksmbd does not show it
 *
 * Context: process, may sleep.
 * Return: 0, or the error of smbsign_setup_answered().
 */
int rig_authenticate(struct smbsign_conn *conn, u64 id, const u8 *raw)
{
	const struct rig_setup last = {
		.requested = id, .id = id, .status = SMB2_STATUS_SUCCESS,
		.key = raw,
	};
	int ret = rig_response(conn, 0, id,
			       SMB2_STATUS_MORE_PROCESSING_REQUIRED);

	return ret ?: rig_setup(conn, &last);
}

/**
 * rig_serial() - which key does a session have?
 * @conn:	the connection
 * @id:		SessionId
 *
 * Context: process.
 * Return: its smbsign_key.serial, or 0 if it has none.
 */
u64 rig_serial(struct smbsign_conn *conn, u64 id)
{
	struct smbsign_session_facts facts;
	int grace = smbsign_grace_enter();
	struct smbsign_key *key = smbsign_session_lookup(conn, id, false, &facts);
	u64 serial = key ? key->serial : 0;

	smbsign_key_put(key);
	smbsign_grace_leave(grace);
	return serial;
}

/**
 * rig_suite_init() - set up what main.c does for sessions and keys
 * @suite:	the suite
 *
 * Context: process, may sleep.
 * Return: 0 or an error.
 */
int rig_suite_init(struct kunit_suite *suite)
{
	int ret;

	surroundings_reset();
	ret = smbsign_mac_init();
	if (ret)
		return ret;
	ret = smbsign_derive_init();
	if (ret)
		goto err_mac;
	ret = smbsign_session_init();
	if (ret)
		goto err_derive;
	return 0;

err_derive:
	smbsign_derive_exit();
err_mac:
	smbsign_mac_exit();
	return ret;
}

/**
 * rig_suite_exit() - undo rig_suite_init()
 * @suite:	the suite
 *
 * Context: process, may sleep.
 */
void rig_suite_exit(struct kunit_suite *suite)
{
	surroundings_drain();
	smbsign_session_exit();
	smbsign_derive_exit();
	smbsign_mac_exit();
}

/**
 * rig_init() - start a case
 * @test:	the case
 *
 * Context: process.
 * Return: 0.
 */
int rig_init(struct kunit *test)
{
	surroundings_reset();
	return 0;
}

/**
 * rig_exit() - end a case, and wait until everything is freed
 * @test:	the case
 *
 * Context: process, may sleep.
 */
void rig_exit(struct kunit *test)
{
	surroundings_drain();
}
