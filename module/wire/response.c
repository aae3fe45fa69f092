// SPDX-License-Identifier: GPL-2.0-only
/*
 * Responses within a message that ksmbd writes.
 *
 * ksmbd writes from its own buffers, in pieces.  A header is always within one
 * piece.
 */
#include <linux/errno.h>
#include <linux/uio.h>

#include "wire/response.h"

/* The bytes in ksmbd's buffer, or NULL if @offset is in none. */
static u8 *piece_at(const struct msghdr *msg, size_t offset, size_t *length)
{
	const struct iov_iter *iter = &msg->msg_iter;
	const struct kvec *vec = iter->kvec;

	if (!iov_iter_is_kvec(iter) || iov_iter_count(iter) <= offset)
		return NULL;
	*length = min(*length, iov_iter_count(iter) - offset);
	offset += iter->iov_offset;
	for (; offset >= vec->iov_len; vec++)
		offset -= vec->iov_len;
	*length = min(*length, vec->iov_len - offset);
	return vec->iov_base + offset;
}

static bool peek_pieces(const struct msghdr *msg, size_t offset, void *to,
			size_t length)
{
	struct iov_iter iter = msg->msg_iter;

	if (iov_iter_count(&iter) < offset ||
	    iov_iter_count(&iter) - offset < length)
		return false;
	iov_iter_advance(&iter, offset);
	return copy_from_iter_full(to, length, &iter);
}

/**
 * smbsign_response_peek() - copy out of a write without consuming it
 * @msg:	the write
 * @offset:	offset in the write
 * @to:		where to
 * @length:	number of bytes
 *
 * Context: process.
 * Return: true if the write has that many bytes.
 */
bool smbsign_response_peek(const struct msghdr *msg, size_t offset, void *to,
			   size_t length)
{
	size_t there = length;
	const u8 *at = piece_at(msg, offset, &there);

	if (!at || there != length)
		return peek_pieces(msg, offset, to, length);
	memcpy(to, at, length);
	return true;
}

static bool response_read(struct smbsign_response *response)
{
	u32 next;

	if (response->left < sizeof(response->header) ||
	    !smbsign_response_peek(response->msg, response->offset,
				   &response->header,
				   sizeof(response->header)))
		return false;
	next = le32_to_cpu(response->header.next_command);
	response->length = next && next < response->left ? next : response->left;
	return true;
}

/**
 * smbsign_response_first() - get the first response of a message
 * @response:		filled in
 * @msg:		the write, from the message's NBSS header on
 * @message_length:	bytes in the message after that header
 *
 * Context: process.
 * Return: true if there is one.
 */
bool smbsign_response_first(struct smbsign_response *response,
			    const struct msghdr *msg, size_t message_length)
{
	*response = (struct smbsign_response) {
		.msg = msg, .offset = SMB2_NBSS_SIZE, .left = message_length,
	};
	return response_read(response);
}

/**
 * smbsign_response_next() - get the next response of a compound
 * @response:	a response; replaced by the next one
 *
 * Context: process.
 * Return: true if there is one.
 */
bool smbsign_response_next(struct smbsign_response *response)
{
	if (response->length == response->left)
		return false;
	response->offset += response->length;
	response->left -= response->length;
	return response_read(response);
}

/**
 * smbsign_response_at() - get a part of a response, to change it in place
 * @response:	the response
 * @offset:	offset of the part, from the response's header
 * @length:	bytes in the part
 *
 * Context: process.
 * Return: the part, or NULL if it is not within one piece.
 */
void *smbsign_response_at(const struct smbsign_response *response,
			  size_t offset, size_t length)
{
	size_t there = length;
	u8 *at;

	if (offset + length > response->length)
		return NULL;
	at = piece_at(response->msg, response->offset + offset, &there);
	return at && there == length ? at : NULL;
}

/**
 * smbsign_response_overlaps() - does a write have the same bytes twice?
 * @msg:	the write
 *
 * Context: process.
 * Return: true if two adjacent pieces share memory.
 */
bool smbsign_response_overlaps(const struct msghdr *msg)
{
	const struct kvec *vec = msg->msg_iter.kvec;
	unsigned long i;

	if (!iov_iter_is_kvec(&msg->msg_iter))
		return false;
	for (i = 1; i < msg->msg_iter.nr_segs; i++) {
		if (vec[i].iov_base < vec[i - 1].iov_base + vec[i - 1].iov_len &&
		    vec[i - 1].iov_base < vec[i].iov_base + vec[i].iov_len)
			return true;
	}
	return false;
}

/**
 * smbsign_response_part() - get a part of a response, as much as is within one
 *	piece
 * @response:	the response
 * @offset:	offset of the part, from the response's header
 * @length:	bytes wanted; set to the bytes that are within the piece
 *
 * Context: process.
 * Return: the part, or NULL if nothing is there.
 */
const u8 *smbsign_response_part(const struct smbsign_response *response,
				size_t offset, size_t *length)
{
	return piece_at(response->msg, response->offset + offset, length);
}
