// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ksmbd writes, in pieces: CUTS places to cut it at, how much of the first
 * piece was written before, by how much the length that is announced is off, then
 * the message with the four bytes in front of it.
 *
 * Each piece is a copy that ends where it was told, so that ASan sees one byte too
 * many, and what is read of them must be what the flat bytes are.
 */
#include <linux/uio.h>
#include "wire/response.h"

#include "oracle/response.h"
#include "target.h"

#define CUTS		6
#define SETTINGS	(2 * CUTS + 2)
/* Responses of a message that are looked at, parts of each, and a part's bytes */
#define RESPONSES	8
#define PARTS		6
#define PART_MAX	200

struct write {
	struct oracle_write	flat;
	u64			ends[CUTS + 1];
	struct kvec		vec[CUTS + 1];
	struct msghdr		msg;
	u32			dice;
};

static u32 roll(struct write *w)
{
	return w->dice = chance((const u8 *)&w->dice, sizeof(w->dice), 1);
}

static int compare(const void *a, const void *b)
{
	u64 left = *(const u64 *)a, right = *(const u64 *)b;

	return (left > right) - (left < right);
}

/* Places to cut the bytes at; the same one twice makes a piece of nothing. */
static void cut(struct write *w, const u8 *settings)
{
	unsigned int i;

	for (i = 0; i < CUTS; i++)
		w->ends[i] = (settings[2 * i] | settings[2 * i + 1] << 8) %
			     (w->flat.size + 1);
	w->ends[CUTS] = w->flat.size;
	qsort(w->ends, CUTS, sizeof(w->ends[0]), compare);
	w->flat.ends = w->ends;
	w->flat.pieces = CUTS + 1;
}

/* The pieces, before the first of which there is @skip that was written already. */
static void lay_out(struct write *w, unsigned int skip)
{
	u64 start = 0, before = skip;
	unsigned int i;

	for (i = 0; i <= CUTS; i++) {
		w->vec[i].iov_len = before + w->ends[i] - start;
		w->vec[i].iov_base = malloc(w->vec[i].iov_len);
		if (w->vec[i].iov_len > before)
			memcpy((u8 *)w->vec[i].iov_base + before,
			       w->flat.bytes + start, w->ends[i] - start);
		start = w->ends[i];
		before = 0;
	}
	w->msg.msg_iter = (struct iov_iter) {
		.is_kvec = true, .kvec = w->vec, .nr_segs = CUTS + 1,
		.iov_offset = skip, .count = w->flat.size,
	};
}

static void peek(struct write *w, u64 at, u64 length)
{
	u8 *to = malloc(length);
	bool there = at + length <= w->flat.size;

	SAME("peek", smbsign_response_peek(&w->msg, at, to, length), there);
	if (there && length)
		HOLDS(!memcmp(to, w->flat.bytes + at, length));
	free(to);
}

static void part(struct write *w, const struct smbsign_response *response,
		 u64 at, u64 length)
{
	bool there = at + length <= response->length &&
		     oracle_in_one_piece(&w->flat, response->offset + at,
					 length);
	const u8 *found = smbsign_response_at(response, at, length);

	SAME("at", !!found, there);
	if (found && length)
		HOLDS(!memcmp(found, w->flat.bytes + response->offset + at,
			      length));
}

/* Piece by piece, as it is signed: the bytes, and all of them that are there. */
static void pieces(struct write *w, const struct smbsign_response *response)
{
	u64 there = w->flat.size - response->offset;
	size_t done, length;
	const u8 *data;

	if (there > response->length)
		there = response->length;
	for (done = 0; done < there; done += length) {
		length = response->length - done;
		data = smbsign_response_part(response, done, &length);
		HOLDS(data && length && length <= there - done);
		HOLDS(!memcmp(data, w->flat.bytes + response->offset + done,
			      length));
	}
	length = 1;
	if (there < response->length)
		HOLDS(!smbsign_response_part(response, done, &length));
}

static void one_response(struct write *w,
			 const struct smbsign_response *response,
			 const struct oracle_response *oracle)
{
	unsigned int i;

	SAME("offset", response->offset, oracle->at);
	SAME("length", response->length, oracle->length);
	SAME("left", response->left, oracle->left);
	HOLDS(!memcmp(&response->header, w->flat.bytes + oracle->at,
		      sizeof(response->header)));
	pieces(w, response);
	part(w, response, 0, response->length);
	for (i = 0; i < PARTS; i++)
		part(w, response, roll(w) % (response->length + 2),
		     roll(w) % PART_MAX);
}

static void responses(struct write *w, u64 message_length)
{
	struct smbsign_response response;
	struct oracle_response oracle;
	unsigned int number;
	bool more;

	more = smbsign_response_first(&response, &w->msg, message_length);
	for (number = 0; number < RESPONSES; number++) {
		SAME("response", more,
		     oracle_response_at(&w->flat, message_length, number,
					&oracle));
		if (!more)
			break;
		one_response(w, &response, &oracle);
		more = smbsign_response_next(&response);
	}
}

/* Two pieces next to each other that share a byte are told. */
static void overlaps(struct write *w)
{
	u64 start[2], end[2], from, to;
	struct kvec vec[2];
	struct msghdr msg;
	int i;

	HOLDS(!smbsign_response_overlaps(&w->msg));
	for (i = 0; i < 2; i++) {
		start[i] = roll(w) % w->flat.size;
		end[i] = start[i] + 1 + roll(w) % (w->flat.size - start[i]);
		vec[i].iov_base = (u8 *)w->flat.bytes + start[i];
		vec[i].iov_len = end[i] - start[i];
	}
	msg.msg_iter = (struct iov_iter) {
		.is_kvec = true, .kvec = vec, .nr_segs = 2,
		.count = vec[0].iov_len + vec[1].iov_len,
	};
	from = start[0] > start[1] ? start[0] : start[1];
	to = end[0] < end[1] ? end[0] : end[1];
	SAME("overlaps", smbsign_response_overlaps(&msg), from < to);
	/* Pieces of any other kind are not ksmbd's. */
	msg.msg_iter.is_kvec = false;
	HOLDS(!smbsign_response_overlaps(&msg));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct write w = { .dice = chance(data, size, 3) };
	u64 length;
	unsigned int i;

	if (size < SETTINGS)
		return 0;
	w.flat.bytes = data + SETTINGS;
	w.flat.size = size - SETTINGS;
	cut(&w, data);
	lay_out(&w, data[2 * CUTS]);
	/* As long as it is, or shorter, or longer */
	length = w.flat.size + (int8_t)data[2 * CUTS + 1];
	length = length < SMB2_NBSS_SIZE || length > size + 128 ? 0 :
		 length - SMB2_NBSS_SIZE;
	responses(&w, length);
	for (i = 0; i < PARTS; i++)
		peek(&w, roll(&w) % (w.flat.size + 2), roll(&w) % PART_MAX);
	peek(&w, 0, w.flat.size);
	if (w.flat.size)
		overlaps(&w);
	for (i = 0; i <= CUTS; i++)
		free(w.vec[i].iov_base);
	return 0;
}
