// SPDX-License-Identifier: GPL-2.0-only
/*
 * A connection's MessageIds: responses grant them, requests use them, the gate
 * verifies those requests, and ksmbd answers them.  rules/window.c,
 * rules/verified.c and rules/due.c are the pure part; this file adds their
 * memory and lock.
 */
#include <linux/slab.h>

#include "rules/policy.h"
#include "state/conn.h"
#include "state/credits.h"

/* Grant if there is room.  Returns the size that the window needs, or 0. */
static u32 window_grant(struct smbsign_conn *conn, u32 credits)
{
	u32 size;

	spin_lock_bh(&conn->lock);
	size = smbsign_window_wanted(&conn->window, credits);
	if (size <= conn->window.size) {
		smbsign_window_grant(&conn->window, credits);
		size = 0;
	}
	spin_unlock_bh(&conn->lock);
	return size;
}

/**
 * smbsign_credits_grant() - grant credits to the client
 * @conn:	the connection
 * @credits:	how many
 * @gfp:	how to allocate
 *
 * Context: as @gfp allows; before the client can know about the credits.
 * Return: 0 or -ENOMEM.
 */
int smbsign_credits_grant(struct smbsign_conn *conn, u32 credits, gfp_t gfp)
{
	u32 size = window_grant(conn, credits);
	unsigned long *used;

	if (!size)
		return 0;
	used = kzalloc(size / BITS_PER_BYTE, gfp);
	if (!used)
		return -ENOMEM;
	spin_lock_bh(&conn->lock);
	used = smbsign_window_resize(&conn->window, used, size);
	smbsign_window_grant(&conn->window, credits);
	spin_unlock_bh(&conn->lock);
	kfree(used);
	return 0;
}

/* How many MessageIds a request uses: CANCEL none (3.3.5.16). */
static u32 credit_charge(const struct smbsign_conn *conn,
			 const struct smbsign_element *element)
{
	if (element->command == SMB2_CMD_CANCEL)
		return 0;
	return conn->facts.multi_credit ? max_t(u32, element->credit_charge, 1) :
					  1;
}

/* Use the ids of a request, and let its response be due. */
static bool use_ids(struct smbsign_conn *conn,
		    const struct smbsign_element *element, u32 charge)
{
	if (!smbsign_window_use(&conn->window, element->message_id, charge))
		return false;
	if (conn->due)
		smbsign_due_add(conn->due, element->message_id);
	return true;
}

/**
 * smbsign_credits_use() - a request uses its MessageIds
 * @conn:	the connection
 * @element:	the request
 * @facts:	set to what is known about the connection at that moment
 *
 * Context: any but hard interrupt. [MS-SMB2] 3.3.5.2.3.
 * Return: false if one of them was used before, or never granted.
 */
bool smbsign_credits_use(struct smbsign_conn *conn,
			 const struct smbsign_element *element,
			 struct smbsign_conn_facts *facts)
{
	bool fine;
	u32 charge;

	spin_lock_bh(&conn->lock);
	*facts = conn->facts;
	charge = credit_charge(conn, element);
	fine = !charge || use_ids(conn, element, charge);
	spin_unlock_bh(&conn->lock);
	return fine;
}

/* How many bits must the window have to remember these ids, even hidden ones? */
static u32 wanted_for(const struct smbsign_window *window, u64 id, u32 charge)
{
	u64 end = id + charge;

	if (id >= SMBSIGN_WINDOW_END || end <= window->high)
		return window->size;
	return smbsign_window_wanted(window, min_t(u64, end - window->high,
						   SMBSIGN_WINDOW_LARGE));
}

/* Use ids if there is room.  Returns the size that the window needs, or 0. */
static u32 window_use(struct smbsign_conn *conn,
		      const struct smbsign_element *element, bool *fine)
{
	u64 id = element->message_id;
	u32 charge, size;

	spin_lock_bh(&conn->lock);
	charge = credit_charge(conn, element);
	size = wanted_for(&conn->window, id, charge);
	if (size <= conn->window.size) {
		*fine = use_ids(conn, element, charge);
		size = 0;
	}
	spin_unlock_bh(&conn->lock);
	return size;
}

/**
 * smbsign_credits_use_hidden() - an encrypted request uses its MessageIds
 * @conn:	the connection, on which smbsign_credits_hide() was called
 * @element:	the request
 *
 * Requests are decrypted in parallel, and may overtake each other by far: the
 * window grows for that.
 *
 * Context: process, may sleep. [MS-SMB2] 3.3.5.2.3.
 * Return: 0; -EALREADY if one of them was used before, or lies too far back;
 * -ENOMEM.
 */
int smbsign_credits_use_hidden(struct smbsign_conn *conn,
			       const struct smbsign_element *element)
{
	unsigned long *used;
	bool fine;
	u32 size;

	if (element->command == SMB2_CMD_CANCEL)
		return 0;
	size = window_use(conn, element, &fine);
	if (!size)
		return fine ? 0 : -EALREADY;
	used = kzalloc(size / BITS_PER_BYTE, GFP_KERNEL);
	if (!used)
		return -ENOMEM;
	spin_lock_bh(&conn->lock);
	used = smbsign_window_resize(&conn->window, used, size);
	fine = use_ids(conn, element, credit_charge(conn, element));
	spin_unlock_bh(&conn->lock);
	kfree(used);
	return fine ? 0 : -EALREADY;
}

/**
 * smbsign_credits_hide() - the gate sees MessageIds and credits no longer
 * @conn:	the connection
 * @gfp:	how to allocate
 *
 * Context: as @gfp allows.
 * Return: 0 or -ENOMEM.
 */
int smbsign_credits_hide(struct smbsign_conn *conn, gfp_t gfp)
{
	spin_lock_bh(&conn->lock);
	smbsign_window_unsee(&conn->window);
	spin_unlock_bh(&conn->lock);
	/* Allocate what the window needs now. */
	return smbsign_credits_grant(conn, 0, gfp);
}

/**
 * smbsign_credits_repeat() - a repeated or ungranted MessageId passes
 * @conn:	the connection
 *
 * That happens under policy=audit and with replay_window=0.  From now on every
 * check by ksmbd is computed: a MessageId no longer tells which request was
 * verified.
 *
 * Context: any but hard interrupt, under the socket lock.
 */
void smbsign_credits_repeat(struct smbsign_conn *conn)
{
	spin_lock_bh(&conn->lock);
	WRITE_ONCE(conn->repeats, true);
	spin_unlock_bh(&conn->lock);
}

/**
 * smbsign_credits_keep_due() - remember which responses are due
 * @conn:	the connection, which signs with AES-GMAC from now on
 *
 * Context: process, may sleep; before the client can send more requests.
 * Return: 0 or -ENOMEM.
 */
int smbsign_credits_keep_due(struct smbsign_conn *conn)
{
	struct smbsign_due *due = kzalloc(sizeof(*due), GFP_KERNEL);

	if (!due)
		return -ENOMEM;
	spin_lock_bh(&conn->lock);
	swap(conn->due, due);
	spin_unlock_bh(&conn->lock);
	kfree(due);
	return 0;
}

static bool keeps_due(const struct smbsign_conn *conn)
{
	return READ_ONCE(conn->facts.algorithm) == SMB2_SIGNING_AES_GMAC;
}

/**
 * smbsign_credits_due() - is a response due, so that it may be signed?
 * @conn:	the connection
 * @response:	the response's SMB2 header
 *
 * A notice has no MessageId of its own, nor has a response that answers a
 * request for the second time, or a request that the window did not let pass.
 *
 * Context: any but hard interrupt. Documentation/nonces.rst.
 * Return: true if it is, or if the algorithm needs no nonce.
 */
bool smbsign_credits_due(struct smbsign_conn *conn,
			 const struct smb2_header *response)
{
	bool due;

	if (!keeps_due(conn))
		return true;
	spin_lock_bh(&conn->lock);
	due = conn->due &&
	      smbsign_due_has(conn->due, le64_to_cpu(response->message_id));
	spin_unlock_bh(&conn->lock);
	return due;
}

/**
 * smbsign_credits_answered() - a response leaves
 * @conn:	the connection
 * @response:	the response's SMB2 header
 *
 * After STATUS_PENDING another one follows.
 *
 * Context: any but hard interrupt.
 */
void smbsign_credits_answered(struct smbsign_conn *conn,
			      const struct smb2_header *response)
{
	if (!keeps_due(conn) ||
	    response->status == cpu_to_le32(SMB2_STATUS_PENDING))
		return;
	spin_lock_bh(&conn->lock);
	if (conn->due)
		smbsign_due_remove(conn->due,
				   le64_to_cpu(response->message_id));
	spin_unlock_bh(&conn->lock);
}

static void verified_grow(struct smbsign_verified *verified)
{
	u8 bits = smbsign_verified_wanted(verified);
	struct smbsign_verified_entry *entry;

	if (!bits)
		return;
	entry = kcalloc(1 << bits, sizeof(*entry), GFP_ATOMIC | __GFP_NOWARN);
	if (entry)
		kfree(smbsign_verified_resize(verified, entry, bits));
}

static void verified_note(struct smbsign_verified *verified, u64 message_id, u64 key,
			  u32 length, const u8 signature[SMB2_SIGNATURE_SIZE])
{
	if (!verified->entry)
		verified_grow(verified);
	if (!smbsign_verified_note(verified, message_id, key, length, signature))
		verified_grow(verified);
}

/**
 * smbsign_credits_verified() - the gate has verified a request
 * @conn:	the connection
 * @element:	the request
 * @key:	smbsign_key.serial of the key
 * @signature:	its Signature
 *
 * Context: any but hard interrupt, under the socket lock.
 */
void smbsign_credits_verified(struct smbsign_conn *conn,
			      const struct smbsign_element *element, u64 key,
			      const u8 signature[SMB2_SIGNATURE_SIZE])
{
	if (!smbsign_verified_by_ksmbd(element->command))
		return;
	spin_lock_bh(&conn->lock);
	verified_note(&conn->verified, element->message_id, key,
		      element->length, signature);
	spin_unlock_bh(&conn->lock);
}

/**
 * smbsign_credits_take_verified() - get the signature of a verified request
 * @conn:	the connection
 * @header:	the request's SMB2 header
 * @length:	bytes from there to the request's end
 * @key:	smbsign_key.serial of the key that would compute it
 * @signature:	filled in
 *
 * Context: any but hard interrupt, inside smbsign_grace_enter().
 * Return: true if it is known, and was verified with that key.
 */
bool smbsign_credits_take_verified(struct smbsign_conn *conn,
				   const struct smb2_header *header, u32 length,
				   u64 key, u8 signature[SMB2_SIGNATURE_SIZE])
{
	bool taken;

	if (smb2_is_response(header) ||
	    !smbsign_verified_by_ksmbd(le16_to_cpu(header->command)))
		return false;
	spin_lock_bh(&conn->lock);
	taken = !conn->repeats &&
		smbsign_verified_take(&conn->verified,
				      le64_to_cpu(header->message_id), key,
				      length, signature);
	spin_unlock_bh(&conn->lock);
	return taken;
}

/**
 * smbsign_credits_may_sign_ahead() - may a response be signed before it leaves?
 * @conn:	the connection
 * @response:	the response's SMB2 header
 *
 * Where a MessageId may have passed twice, only what leaves first may be
 * signed.  Documentation/nonces.rst.
 *
 * Context: any but hard interrupt.
 * Return: true if it may.
 */
bool smbsign_credits_may_sign_ahead(struct smbsign_conn *conn,
				    const struct smb2_header *response)
{
	return !READ_ONCE(conn->repeats) && smbsign_credits_due(conn, response);
}

/**
 * smbsign_credits_signed_ahead() - a response is signed before it leaves
 * @conn:	the connection
 * @response:	the response's SMB2 header
 * @length:	bytes that were signed, from there on
 * @key:	smbsign_key.serial of the key
 * @signature:	its Signature
 *
 * Context: any but hard interrupt.
 */
void smbsign_credits_signed_ahead(struct smbsign_conn *conn,
				  const struct smb2_header *response, u32 length,
				  u64 key,
				  const u8 signature[SMB2_SIGNATURE_SIZE])
{
	spin_lock_bh(&conn->lock);
	/* Nobody frees what a connection that has ended is given. */
	if (!conn->closed)
		verified_note(&conn->ahead, le64_to_cpu(response->message_id),
			      key, length, signature);
	spin_unlock_bh(&conn->lock);
}

/**
 * smbsign_credits_is_signed() - was a response signed before, as it leaves?
 * @conn:	the connection
 * @response:	the response's SMB2 header
 * @length:	bytes from there to the response's end
 * @key:	smbsign_key.serial of the key that would sign it
 *
 * Context: any but hard interrupt.
 * Return: true if it has the signature that was made of as many bytes with that
 * key.
 */
bool smbsign_credits_is_signed(struct smbsign_conn *conn,
			       const struct smb2_header *response, u32 length,
			       u64 key)
{
	u8 signature[SMB2_SIGNATURE_SIZE];
	bool taken;

	if (!READ_ONCE(conn->ahead.entry))
		return false;
	spin_lock_bh(&conn->lock);
	taken = smbsign_verified_take(&conn->ahead,
				      le64_to_cpu(response->message_id), key,
				      length, signature);
	spin_unlock_bh(&conn->lock);
	return taken && !memcmp(signature, response->signature, sizeof(signature));
}
