// SPDX-License-Identifier: GPL-2.0-only
/* A guarded connection on a socket that nobody is connected to. */
#include <linux/net.h>
#include <linux/tcp.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

#include "../module/derive.h"
#include "../module/grace.h"
#include "../module/session.h"
#include "rig.h"

/* Bytes of a segment that are copied, the rest lies in pages of its own */
#define SEGMENT_HEAD	16
#define LONGEST_READ	BIT(20)

static void close_conn(void *data)
{
	struct smbsign_conn *conn = data;
	struct socket *socket = conn->sk->sk_socket;

	lock_sock(conn->sk);
	__skb_queue_purge(&conn->sk->sk_receive_queue);
	release_sock(conn->sk);
	smbsign_conn_free(conn);
	sock_release(socket);
}

static void rig_position(struct sock *sk, u32 seq)
{
	WRITE_ONCE(tcp_sk(sk)->copied_seq, seq);
	WRITE_ONCE(tcp_sk(sk)->rcv_nxt, seq);
	/* Of what a handshake sets, tcp_recvmsg() divides by these. */
	tcp_sk(sk)->rcvq_space.space = LONGEST_READ;
	inet_csk(sk)->icsk_ack.rcv_mss = TCP_MSS_DEFAULT;
}

/**
 * rig_open() - a connection
 * @test:	the case; it closes what rig_close() has not
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
 * rig_close() - the end of a connection
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
 * rig_rewind() - start with the first byte again; sessions stay
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
	smbsign_rx_destroy(&conn->rx);
	memset(&conn->rx, 0, sizeof(conn->rx));
	smbsign_rx_init(&conn->rx, seq);
	smbsign_awaited_free(&conn->awaited);
	conn->awaited_count = 0;
	conn->compressed = false;
	conn->encrypted = false;
	if (conn->window.used != conn->window.small)
		kfree(conn->window.used);
	smbsign_window_init(&conn->window);
	smbsign_window_grant(&conn->window, SMBSIGN_WINDOW_SMALL - 1);
	release_sock(sk);
}

/**
 * rig_segment() - a segment that TCP would have queued
 * @test:	the case
 * @seq:	TCP sequence number of its first byte
 * @data:	its bytes, copied
 * @length:	their number
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
		/* Not at its beginning, and up to its end */
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
 * rig_arrive() - bytes arrive
 * @test:	the case
 * @conn:	the connection
 * @data:	the bytes, copied
 * @length:	their number
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
 * rig_read() - read as ksmbd does, by TCP's own recvmsg()
 * @conn:	the connection
 * @to:		where to, or NULL to throw it away
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
 * rig_response() - a SESSION_SETUP is answered
 * @conn:	the connection
 * @requested:	SessionId of the request
 * @id:		SessionId of the response
 * @status:	its Status
 *
 * Context: process, may sleep.
 * Return: as smbsign_session_response().
 */
int rig_response(struct smbsign_conn *conn, u64 requested, u64 id, u32 status)
{
	struct smbsign_awaited request = { .session_id = requested };
	int grace = smbsign_grace_enter();
	int ret = smbsign_session_response(conn, &request, id, status, 0);

	smbsign_grace_leave(grace);
	return ret;
}

/**
 * rig_show_key() - ksmbd signs the last response of an authentication
 * @conn:	the connection
 * @id:		SessionId
 * @raw:	the key
 *
 * Context: process.
 */
void rig_show_key(struct smbsign_conn *conn, u64 id, const u8 *raw)
{
	struct smb2_header header = {
		.command = cpu_to_le16(SMB2_CMD_SESSION_SETUP),
		.flags = cpu_to_le32(SMB2_FLAG_SERVER_TO_REDIR),
		.session_id = cpu_to_le64(id),
	};
	int grace = smbsign_grace_enter();

	smbsign_session_key_seen(conn, &header, raw);
	smbsign_grace_leave(grace);
}

/**
 * rig_authenticate() - make a session, in two legs
 * @conn:	the connection
 * @id:		SessionId
 * @raw:	its key, or NULL where ksmbd does not show it
 *
 * Context: process, may sleep.
 * Return: 0 or what smbsign_session_response() says.
 */
int rig_authenticate(struct smbsign_conn *conn, u64 id, const u8 *raw)
{
	int ret = rig_response(conn, 0, id,
			       SMB2_STATUS_MORE_PROCESSING_REQUIRED);

	if (ret)
		return ret;
	if (raw)
		rig_show_key(conn, id, raw);
	return rig_response(conn, id, id, SMB2_STATUS_SUCCESS);
}

/**
 * rig_suite_init() - what main.c does for sessions and keys
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
 * rig_init() - begin a case
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
 * rig_exit() - end a case: wait for what was let go of
 * @test:	the case
 *
 * Context: process, may sleep.
 */
void rig_exit(struct kunit *test)
{
	surroundings_drain();
}
