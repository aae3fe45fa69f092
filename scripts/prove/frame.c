// SPDX-License-Identifier: GPL-2.0-only
/*
 * What wire/frame.c promises of requests, for all frames; of what was encrypted, for
 * all messages of at most so many bytes as the property says.
 *
 * A message lies in memory that ends where it ends, so that CBMC finds every byte
 * that is read behind it.  The parser copies fields and adds offsets; it has no
 * other state.
 */
#include "oracle/frame.h"
#include "prove.h"

/* A header and the longest fixed part, and a little more */
#define HEAD	(SMBSIGN_HEAD_SIZE + 8)

/* Any message of that many bytes, with nothing behind it. */
static u8 *any_message(u32 length)
{
	return malloc(length);
}

static bool same_element(const struct smbsign_element *a, const struct smbsign_element *b)
{
	return a->command == b->command && a->flags == b->flags &&
	       a->message_id == b->message_id && a->session_id == b->session_id &&
	       a->length == b->length && a->last == b->last &&
	       a->security_mode == b->security_mode &&
	       a->setup_flags == b->setup_flags && a->ctl_code == b->ctl_code &&
	       a->credit_charge == b->credit_charge;
}

void requests_tile_the_frame(void)
{
	u8 head[HEAD];
	struct smbsign_element element, other;
	u32 length = ANY(u32), left = ANY(u32);
	const struct smb2_header *header = (const void *)head;
	int ret;

	ASSUME(length <= HEAD && length <= left);
	ret = smbsign_frame_element(head, length, left, &element);
	if (!ret) {
		/* Each ends where the next begins, and the last where the frame does. */
		PROVE(element.length >= SMBSIGN_ELEMENT_MIN && element.length <= left);
		PROVE(element.last == (element.length == left));
		PROVE(element.last || left - element.length >= SMBSIGN_ELEMENT_MIN);
		PROVE(element.last || element.length % 8 == 0);
		PROVE(!(element.flags & SMB2_FLAG_SERVER_TO_REDIR));
		PROVE(element.message_id == header->message_id &&
		      element.session_id == header->session_id);
	}
	PROVE(!ret == oracle_element(head, length, left, &other));
	if (!ret)
		PROVE(same_element(&element, &other));
	REACHED(!ret && !element.last);
	REACHED(!ret && element.last && element.ctl_code);
	REACHED(ret && length >= sizeof(*header));
}

/* In which pieces it arrives shows in how much of it the parser is given. */
void pieces_do_not_matter(void)
{
	u8 head[HEAD];
	struct smbsign_element part, whole;
	u32 left = ANY(u32), needed;
	u32 length = ANY(u32);
	int ret;

	ASSUME(left >= sizeof(struct smb2_header));
	needed = smbsign_frame_head_needed((const void *)head, left);
	PROVE(needed <= left && needed <= SMBSIGN_HEAD_SIZE);
	PROVE(needed == oracle_head_needed(head, left));
	ASSUME(length >= needed && length <= HEAD && length <= left);
	ret = smbsign_frame_element(head, needed, left, &part);
	PROVE(ret == smbsign_frame_element(head, length, left, &whole));
	if (!ret)
		PROVE(same_element(&part, &whole));
	REACHED(!ret && needed < length);
	REACHED(ret && needed < length);
}

void reads_nothing_behind_a_head(void)
{
	struct smbsign_element element;
	u32 length = ANY(u32), left = ANY(u32);
	u8 *head;

	ASSUME(length <= HEAD && length <= left);
	head = any_message(length);
	PROVE(smbsign_frame_element(head, length, left, &element) <= 0);
	REACHED(length == SMBSIGN_HEAD_SIZE);
	REACHED(length < sizeof(struct smb2_header));
}

#define DECRYPTED	(3 * 72)

void encrypted_is_of_one_session(void)
{
	u8 *message;
	struct smbsign_decrypted decrypted = ANY(struct smbsign_decrypted);
	struct smbsign_element element;
	u32 length = ANY(u32), count = 0, covered = 0;
	u64 session_id = ANY(u64);
	int ret;

	ASSUME(length <= DECRYPTED);
	message = any_message(length);
	decrypted = (struct smbsign_decrypted) {
		.message = message, .left = length, .session_id = session_id,
	};
	while ((ret = smbsign_frame_decrypted(&decrypted, &element)) > 0) {
		PROVE(element.session_id == session_id ||
		      (count && element.session_id == SMB2_SESSION_ID_RELATED));
		covered += element.length;
		count++;
		PROVE(covered + decrypted.left == length);
	}
	if (!ret && count)
		PROVE(covered == length);
	REACHED(!ret && count == 3);
	REACHED(!ret && !count);
	REACHED(ret && count == 2);
}

void what_it_is(void)
{
	u8 bytes[SMB2_NBSS_SIZE];
	u32 length, other;
	__le32 id;
	int ret = smbsign_frame_length(bytes, &length);

	PROVE(smbsign_frame_is_keepalive(bytes) == oracle_keepalive(bytes));
	PROVE(!smbsign_frame_is_keepalive(bytes) || ret);
	PROVE(!ret == oracle_length(bytes, &other));
	PROVE(ret || (length == other && length >= 4 && length < 1U << 24));
	memcpy(&id, bytes, sizeof(id));
	PROVE(smbsign_frame_kind_of(id) == oracle_kind(bytes));
	REACHED(!ret);
	REACHED(smbsign_frame_is_keepalive(bytes));
	REACHED(smbsign_frame_kind_of(id) == SMBSIGN_FRAME_SMB2);
}
