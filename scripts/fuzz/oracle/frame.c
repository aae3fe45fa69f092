// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser once more.
 *
 * No structure is laid over the bytes: every field is fetched by the offset that
 * the specification gives it, through one function that refuses what lies outside.
 * Numbers have 64 bits, so that no sum can wrap.  Section numbers are those of
 * [MS-SMB2].
 */
#include <string.h>

#include "frame.h"

struct message {
	const u8	*bytes;
	u64		length;
	bool		outside;	/* something was fetched that is not there */
};

static bool has(const struct message *m, u64 at, u64 size)
{
	return at + size <= m->length;
}

/* A little-endian number of @size bytes. */
static u64 get(struct message *m, u64 at, unsigned int size)
{
	u64 value = 0;
	unsigned int i;

	if (!has(m, at, size)) {
		m->outside = true;
		return 0;
	}
	for (i = 0; i < size; i++)
		value += (u64)m->bytes[at + i] << (8 * i);
	return value;
}

static bool starts_with(const struct message *m, u8 first)
{
	return m->length >= 4 && m->bytes[0] == first && m->bytes[1] == 'S' &&
	       m->bytes[2] == 'M' && m->bytes[3] == 'B';
}

/* 2.1: a zero, then 24 bits of length; a ProtocolId is the least. */
bool oracle_length(const u8 *nbss, u32 *length)
{
	if (nbss[0])
		return false;
	*length = nbss[1] * 65536 + nbss[2] * 256 + nbss[3];
	return *length >= 4;
}

/* RFC 1002, 4.3.6 */
bool oracle_keepalive(const u8 *nbss)
{
	return !memcmp(nbss, "\x85\0\0\0", 4);
}

/* 2.2.1, 2.2.41, 2.2.42, [MS-CIFS] 2.2.3.1 */
enum smbsign_frame_kind oracle_kind(const u8 *bytes)
{
	const struct message m = { bytes, 4 };

	if (starts_with(&m, 0xfe))
		return SMBSIGN_FRAME_SMB2;
	if (starts_with(&m, 0xfd))
		return SMBSIGN_FRAME_ENCRYPTED;
	if (starts_with(&m, 0xfc))
		return SMBSIGN_FRAME_COMPRESSED;
	if (starts_with(&m, 0xff))
		return SMBSIGN_FRAME_SMB1;
	return SMBSIGN_FRAME_UNKNOWN;
}

/* Where the part ends that must be seen: 2.2.3, 2.2.5, 2.2.31 or the header. */
static u64 head_end(u64 command)
{
	if (command == 0)
		return 64 + 36;
	if (command == 1)
		return 64 + 24;
	if (command == 11)
		return 64 + 56;
	return 64;
}

u32 oracle_head_needed(const u8 *header, u32 left)
{
	struct message m = { header, 64 };
	u64 end = head_end(get(&m, 12, 2));

	return end < left ? end : left;
}

/* 2.2.1, 3.3.5.2.7: room for a header and StructureSize on both sides */
static bool chain_is_sound(u64 next, u64 left)
{
	return !next || (next % 8 == 0 && next >= 66 && next + 66 <= left);
}

bool oracle_element(const u8 *head, u32 head_length, u32 left,
		    struct smbsign_element *e)
{
	struct message m = { head, head_length };
	u64 next;

	if (left < 66 || !has(&m, 0, 64) || !starts_with(&m, 0xfe) ||
	    get(&m, 4, 2) != 64)
		return false;
	next = get(&m, 20, 4);
	if (!chain_is_sound(next, left))
		return false;
	memset(e, 0, sizeof(*e));
	e->credit_charge = get(&m, 6, 2);
	e->command = get(&m, 12, 2);
	e->flags = get(&m, 16, 4);
	e->message_id = get(&m, 24, 8);
	e->session_id = get(&m, 40, 8);
	e->last = next == 0;
	e->length = next ? next : left;
	if (e->flags % 2)	/* it says that it is a response */
		return false;
	if (head_end(e->command) > e->length || !has(&m, 0, head_end(e->command)))
		return false;
	if (e->command == 0)
		e->security_mode = get(&m, 64 + 4, 2);
	if (e->command == 1) {
		e->setup_flags = get(&m, 64 + 2, 1);
		e->security_mode = get(&m, 64 + 3, 1);
	}
	if (e->command == 11)
		e->ctl_code = get(&m, 64 + 4, 4);
	return !m.outside;
}

/*
 * 3.3.5.2.1.1: what one session has encrypted is requests of that session.  Only the
 * first must say so.  What begins with ProtocolId 0xFC 'S' 'M' 'B' is compressed,
 * whatever it is.
 */
bool oracle_decrypted(const u8 *message, u32 length, u64 session_id,
		      struct oracle_ids ids[ORACLE_REQUESTS], u32 *count)
{
	struct message m = { message, length };
	struct smbsign_element e;
	u64 at = 0, id, next;

	*count = 0;
	if (starts_with(&m, 0xfc))
		return true;
	for (;; at += next) {
		if (!oracle_element(message + at, length - at, length - at, &e))
			return false;
		id = get(&m, at + 40, 8);
		if (id != session_id && (at == 0 || id + 1 != 0))
			return false;
		if (*count < ORACLE_REQUESTS)
			ids[*count] = (struct oracle_ids) {
				.message_id = get(&m, at + 24, 8),
				.charge = get(&m, at + 6, 2),
				.command = get(&m, at + 12, 2),
			};
		++*count;
		next = get(&m, at + 20, 4);
		if (!next)
			return !m.outside;
	}
}

static u8 dialects(struct message *m, u64 at, u64 count)
{
	static const u16 known[] = { 0x0202, 0x0210, 0x0300, 0x0302, 0x0311 };
	unsigned int i, set = 0;

	for (; count; count--, at += 2) {
		for (i = 0; i < 5; i++) {
			if (get(m, at, 2) == known[i])
				set |= 1u << i;
		}
	}
	return set;
}

/* 2.2.3.1.7; a second one only adds to the first */
static void signing_capabilities(struct message *m, u64 at, u64 size,
				 struct smbsign_contexts *contexts)
{
	u64 count = size >= 2 ? get(m, at, 2) : 0, i, algorithm, known;

	if (!count || 2 + 2 * count > size) {
		contexts->malformed = true;
		return;
	}
	for (i = 0; i < count; i++) {
		algorithm = get(m, at + 2 + 2 * i, 2);
		if (algorithm > 2 || contexts->algorithms >> algorithm & 1)
			continue;
		for (known = 0; contexts->offered[known] != 0xffff; known++)
			;
		contexts->offered[known] = algorithm;
		contexts->algorithms |= 1u << algorithm;
		if (algorithm == 2)
			contexts->gmac = at + 2 + 2 * i;
	}
}

/* 2.2.3.1: the next one begins at the next multiple of eight behind the data */
static void negotiate_contexts(struct message *m, u64 at, u64 count,
			       struct smbsign_contexts *contexts)
{
	u64 size;

	for (; count; count--) {
		size = get(m, at + 2, 2);
		if (!has(m, at, 8) || !has(m, at + 8, size)) {
			contexts->malformed = true;
			return;
		}
		if (get(m, at, 2) == 1)
			contexts->preauth++;
		if (get(m, at, 2) == 8)
			signing_capabilities(m, at + 8, size, contexts);
		at += 8 + (size + 7) / 8 * 8;
	}
}

bool oracle_offer(const u8 *message, u32 length, struct smbsign_offer *offer,
		  struct smbsign_contexts *contexts)
{
	struct message m = { message, length };
	u64 count = get(&m, 66, 2);

	memset(contexts, 0, sizeof(*contexts));
	memset(contexts->offered, 0xff, sizeof(contexts->offered));
	if (!has(&m, 0, 100) || !has(&m, 100, 2 * count))
		return false;
	offer->security_mode = get(&m, 68, 2);
	offer->capabilities = get(&m, 72, 4);
	memcpy(offer->guid, message + 76, 16);
	offer->dialects = dialects(&m, 100, count);
	if (offer->dialects & 16)
		negotiate_contexts(&m, get(&m, 92, 4), get(&m, 96, 2),
				   contexts);
	return true;
}

/* 2.2.31 and 2.2.31.4; the answer has 24 bytes */
bool oracle_validate(const u8 *message, u32 length, struct smbsign_offer *offer)
{
	struct message m = { message, length };
	u64 at = get(&m, 64 + 24, 4), size = get(&m, 64 + 28, 4), count;

	if (!has(&m, 0, 64 + 56) || get(&m, 64 + 44, 4) < 24 ||
	    !has(&m, at, size) || size < 24)
		return false;
	count = get(&m, at + 22, 2);
	if (24 + 2 * count > size)
		return false;
	offer->capabilities = get(&m, at, 4);
	memcpy(offer->guid, message + at + 4, 16);
	offer->security_mode = get(&m, at + 20, 2);
	offer->dialects = dialects(&m, at + 24, count);
	return !m.outside;
}

/* 2.2.32 and 2.2.32.6 */
u32 oracle_validated(const u8 *message, u32 length)
{
	struct message m = { message, length };
	u64 at = get(&m, 64 + 32, 4);

	if (!has(&m, 0, 64 + 48) || !starts_with(&m, 0xfe) ||
	    get(&m, 8, 4) || get(&m, 12, 2) != 11 ||
	    get(&m, 64 + 4, 4) != 0x00140204 || get(&m, 64 + 36, 4) < 24 ||
	    !has(&m, at, 24))
		return 0;
	return at;
}

/*
 * What the contexts of a response chose, 2.2.4.1: where the one value of the last
 * context of @type lies, behind its count and @skip bytes.
 */
static bool choice(struct message *m, u64 type, u64 skip, u32 *where)
{
	u64 at = get(m, 64 + 60, 4), count = get(m, 64 + 6, 2), size;

	*where = 0;
	for (; count; count--) {
		size = get(m, at + 2, 2);
		if (!has(m, at, 8) || !has(m, at + 8, size))
			return false;
		if (get(m, at, 2) == type) {
			if (size < 2 + skip + 2 || get(m, at + 8, 2) != 1)
				return false;
			*where = at + 8 + 2 + skip;
		}
		at += 8 + (size + 7) / 8 * 8;
	}
	return true;
}

static bool speaks_311(struct message *m)
{
	return has(m, 0, 128) && get(m, 64 + 4, 2) == 0x0311;
}

u32 oracle_algorithm(const u8 *message, u32 length)
{
	struct message m = { message, length };
	u32 where;

	return speaks_311(&m) && choice(&m, 8, 0, &where) ? where : 0;
}

u32 oracle_compression(const u8 *message, u32 length)
{
	struct message m = { message, length };
	u32 where;

	/* Padding and Flags stand between */
	return speaks_311(&m) && choice(&m, 3, 6, &where) ? where : 0;
}

bool oracle_negotiated(const u8 *message, u32 length,
		       struct smbsign_negotiated *out)
{
	struct message m = { message, length };
	u32 signing, cipher, compression;

	if (!has(&m, 0, 128))
		return false;
	memset(out, 0, sizeof(*out));
	out->security_mode = get(&m, 64 + 2, 2);
	out->dialect = get(&m, 64 + 4, 2);
	out->capabilities = get(&m, 64 + 24, 4);
	out->algorithm = out->dialect >= 0x0300;
	if (out->dialect != 0x0311) {
		out->encryption = out->dialect >= 0x0300 &&
				  out->capabilities & 0x40;
		return true;
	}
	if (!choice(&m, 8, 0, &signing) || !choice(&m, 2, 0, &cipher) ||
	    !choice(&m, 3, 6, &compression))
		return false;
	if (signing)
		out->algorithm = get(&m, signing, 2);
	out->encryption = cipher && get(&m, cipher, 2);
	out->compression = compression && get(&m, compression, 2);
	return !m.outside;
}

/* [MS-CIFS] 2.2.4.52.1: WordCount, ByteCount, then 0x02 and a name each */
bool oracle_smb1_upgrades(const u8 *message, u32 length)
{
	struct message m = { message, length };
	u64 at = 32 + 1 + 2, end;

	while (has(&m, at, 1) && get(&m, at, 1) == 2) {
		at++;
		for (end = at; has(&m, end, 1) && get(&m, end, 1); end++)
			;
		if (!has(&m, end, 1))
			return false;
		if (end - at == 9 && (!memcmp(message + at, "SMB 2.002", 9) ||
				      !memcmp(message + at, "SMB 2.???", 9)))
			return true;
		at = end + 1;
	}
	return false;
}
