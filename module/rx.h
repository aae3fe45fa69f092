/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate: what arrives is judged where it lies, in TCP's receive queue, and
 * ksmbd reads only what was released.
 */
#ifndef SMBSIGN_RX_H
#define SMBSIGN_RX_H

#include <linux/bitmap.h>
#include <linux/list.h>

#include "frame.h"
#include "mac.h"
#include "policy.h"
#include "reason.h"

struct smbsign_conn;

/* No client compounds more; a refusal keeps a header of each. */
#define SMBSIGN_COMPOUND_MAX	256

/**
 * enum smbsign_rx_state - what the parser looks for next
 * @SMBSIGN_RX_LENGTH:		the NBSS header of a frame
 * @SMBSIGN_RX_KIND:		its ProtocolId
 * @SMBSIGN_RX_ELEMENT:		the header of a request
 * @SMBSIGN_RX_BODY:		the rest of a request that is being verified
 * @SMBSIGN_RX_TRANSPARENT:	nothing: policy audit met what is no message
 * @SMBSIGN_RX_DEAD:		nothing: the connection is to be reset
 * @SMBSIGN_RX_ENDED:		nothing: ksmbd is to take it for closed
 */
enum smbsign_rx_state {
	SMBSIGN_RX_LENGTH,
	SMBSIGN_RX_KIND,
	SMBSIGN_RX_ELEMENT,
	SMBSIGN_RX_BODY,
	SMBSIGN_RX_TRANSPARENT,
	SMBSIGN_RX_DEAD,
	SMBSIGN_RX_ENDED,
};

/**
 * enum smbsign_rx_result - why the parser stopped
 * @SMBSIGN_RX_STARVED:		the bytes it needs have not arrived
 * @SMBSIGN_RX_MORE:		its budget is used up, or softirq is not the place
 * @SMBSIGN_RX_BLOCKED:		it waits for ksmbd's answer to what it released
 * @SMBSIGN_RX_REFUSING:	the reader is to swallow the frame
 * @SMBSIGN_RX_STOPPED:		it will never go on
 */
enum smbsign_rx_result {
	SMBSIGN_RX_STARVED,
	SMBSIGN_RX_MORE,
	SMBSIGN_RX_BLOCKED,
	SMBSIGN_RX_REFUSING,
	SMBSIGN_RX_STOPPED,
};

/**
 * struct smbsign_substitute - what ksmbd reads in place of a refused frame
 * @length:	bytes in @data
 * @read:	of those, bytes that ksmbd has read
 * @last:	where the last request's header lies in @data
 * @data:	a frame of ECHO requests with the refused ones' MessageIds
 */
struct smbsign_substitute {
	u32	length;
	u32	read;
	u32	last;
	u8	data[];
};

/**
 * struct smbsign_rx - the receiving side of a connection; under the socket lock
 *
 * Positions are TCP sequence numbers: no skb is remembered when the lock is let
 * go.  @state and @released are looked at without it, too.
 *
 * @parsed:	next byte to look at
 * @released:	ksmbd may read up to here
 * @frame:	first byte of the current frame, its NBSS header
 * @frame_end:	first byte behind it
 * @body_end:	first byte behind the current request
 * @ids_used:	first byte behind the last request that has used its MessageIds
 * @state:	what comes next
 * @streaming:	the frame is released as it is verified, but for its last byte
 * @blocked:	nothing more is released before ksmbd has answered
 * @refusing:	the frame is to be swallowed; its requests are being collected
 * @budget:	bytes that may still be looked at in this call
 * @status:	Status to answer a refused frame with, or a NEGOTIATE, or 0
 * @offer:	the NEGOTIATE request
 * @contexts:	its contexts
 * @upgraded:	an SMB1 NEGOTIATE came first
 * @session_id:	session of the first request of the frame
 * @element:	the current request
 * @signature:	its Signature
 * @doom:	if its status is not 0, the request is refused once verified
 * @index:	which of the frame's requests the current one is, from 0
 * @shown:	smbsign_key.serial of the key that those in @proven were verified with
 * @proven:	which of the frame's requests were verified
 * @expected:	requests of the frame whose responses matter, if it passes
 * @mac:	its MAC as far as @parsed
 * @substitute:	what ksmbd reads in place of a refused frame, or NULL
 * @unanswered:	bytes of refused frames that nothing answers, since ksmbd's latest
 *		message; cleared without the lock, so one more may be let pass
 */
struct smbsign_rx {
	u32				parsed;
	u32				released;
	u32				frame;
	u32				frame_end;
	u32				body_end;
	u32				ids_used;
	enum smbsign_rx_state		state;
	bool				streaming;
	bool				blocked;
	bool				refusing;
	u32				budget;
	u32				status;
	struct smbsign_offer		offer;
	struct smbsign_contexts		contexts;
	bool				upgraded;
	u64				session_id;
	struct smbsign_element		element;
	u8				signature[SMB2_SIGNATURE_SIZE];
	struct smbsign_verdict		doom;
	u32				index;
	u64				shown;
	DECLARE_BITMAP(proven, SMBSIGN_COMPOUND_MAX);
	struct list_head		expected;
	struct smbsign_mac		mac;
	struct smbsign_substitute	*substitute;
	u32				unanswered;
};

void smbsign_rx_init(struct smbsign_rx *rx, u32 seq);
void smbsign_rx_destroy(struct smbsign_rx *rx);
enum smbsign_rx_result smbsign_rx_run(struct smbsign_conn *conn, u32 budget,
				      u32 largest);
bool smbsign_rx_softirq(struct smbsign_conn *conn);
u32 smbsign_rx_readable(const struct smbsign_conn *conn);
u32 smbsign_rx_discardable(const struct smbsign_conn *conn);
bool smbsign_rx_swallowed(struct smbsign_conn *conn);
void smbsign_rx_unblock(struct smbsign_conn *conn);
bool smbsign_rx_enforce(struct smbsign_conn *conn,
			const struct smbsign_policy *policy);
void smbsign_rx_kill(struct smbsign_conn *conn,
		     const struct smbsign_element *element,
		     enum smbsign_reason reason);

#endif /* SMBSIGN_RX_H */
