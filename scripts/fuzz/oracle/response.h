/* SPDX-License-Identifier: GPL-2.0-only */
/* Responses in a write once more: a write is its bytes, one after the other. */
#ifndef ORACLE_RESPONSE_H
#define ORACLE_RESPONSE_H

#include <linux/types.h>

/**
 * struct oracle_write - what ksmbd writes
 * @bytes:	all of it, in one piece
 * @size:	how much
 * @ends:	where the pieces end that it really lies in, in rising order
 * @pieces:	their number
 */
struct oracle_write {
	const u8	*bytes;
	u64		size;
	const u64	*ends;
	unsigned int	pieces;
};

/**
 * struct oracle_response - one response in it
 * @at:		where its header begins
 * @length:	bytes to the next one, or to the end of the message
 * @left:	bytes to the end of the message
 */
struct oracle_response {
	u64	at;
	u64	length;
	u64	left;
};

bool oracle_response_at(const struct oracle_write *w, u64 message_length,
			unsigned int number, struct oracle_response *response);
bool oracle_in_one_piece(const struct oracle_write *w, u64 at, u64 length);

#endif /* ORACLE_RESPONSE_H */
