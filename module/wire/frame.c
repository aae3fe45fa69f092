// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pure parser of SMB2 messages.
 *
 * It reads what decides about signing, and nothing else.  It refuses whatever
 * it does not understand.  The same source builds in the module, in KUnit and
 * in a fuzzer.
 */
#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "wire/frame.h"

/**
 * smbsign_frame_is_keepalive() - is this NBSS header a keepalive?
 * @nbss:	four bytes where a message may begin
 *
 * Context: any. RFC 1002, 4.3.6.
 * Return: true if it is: then nothing belongs to it but these four bytes.
 */
bool smbsign_frame_is_keepalive(const u8 nbss[SMB2_NBSS_SIZE])
{
	return get_unaligned_be32(nbss) == (u32)SMB2_NBSS_KEEPALIVE << 24;
}

/**
 * smbsign_frame_length() - length of the message after an NBSS header
 * @nbss:	the four bytes before every message
 * @length:	set to the message's length in bytes, without @nbss
 *
 * ksmbd itself ends a connection if the type is not that of a session message.
 *
 * Context: any. [MS-SMB2] 2.1.
 * Return: 0, or -EPROTO if this is no session message, or is too short for a
 * request.
 */
int smbsign_frame_length(const u8 nbss[SMB2_NBSS_SIZE], u32 *length)
{
	if (nbss[0] != SMB2_NBSS_SESSION_MESSAGE)
		return -EPROTO;
	*length = get_unaligned_be32(nbss);
	return *length < sizeof(__le32) ? -EPROTO : 0;
}

/**
 * smbsign_frame_kind_of() - what a message is, by its first four bytes
 * @protocol_id:	ProtocolId
 *
 * Context: any. [MS-SMB2] 2.2.1, 2.2.41, 2.2.42.
 * Return: the kind; SMBSIGN_FRAME_UNKNOWN for everything else.
 */
enum smbsign_frame_kind smbsign_frame_kind_of(__le32 protocol_id)
{
	switch (protocol_id) {
	case SMB2_PROTOCOL_ID:
		return SMBSIGN_FRAME_SMB2;
	case SMB2_TRANSFORM_PROTOCOL_ID:
		return SMBSIGN_FRAME_ENCRYPTED;
	case SMB2_COMPRESSION_PROTOCOL_ID:
		return SMBSIGN_FRAME_COMPRESSED;
	case SMB1_PROTOCOL_ID:
		return SMBSIGN_FRAME_SMB1;
	default:
		return SMBSIGN_FRAME_UNKNOWN;
	}
}

/* Length of the element with this header, or 0 if the chain is broken. */
static u32 element_length(const struct smb2_header *header, u32 left)
{
	u32 next = le32_to_cpu(header->next_command);

	if (!next)
		return left;
	if (!IS_ALIGNED(next, 8) || next < SMBSIGN_ELEMENT_MIN ||
	    next > left || left - next < SMBSIGN_ELEMENT_MIN)
		return 0;
	return next;
}

static u32 body_needed(u16 command)
{
	switch (command) {
	case SMB2_CMD_NEGOTIATE:
		return sizeof(struct smb2_negotiate_request);
	case SMB2_CMD_SESSION_SETUP:
		return sizeof(struct smb2_session_setup_request);
	case SMB2_CMD_IOCTL:
		return sizeof(struct smb2_ioctl_request);
	default:
		return 0;
	}
}

/**
 * smbsign_frame_head_needed() - how much of an element must the parser see?
 * @header:	its header
 * @left:	bytes from @header to the end of the frame
 *
 * Context: any.
 * Return: a number of bytes, at most SMBSIGN_HEAD_SIZE and at most @left.
 */
u32 smbsign_frame_head_needed(const struct smb2_header *header, u32 left)
{
	u32 needed = sizeof(*header) + body_needed(le16_to_cpu(header->command));

	return min(needed, left);
}

/**
 * smbsign_frame_element() - parse one request of a frame
 * @head:		its header, and what smbsign_frame_head_needed() asked
 *			for
 * @head_length:	bytes at @head
 * @left:		bytes from the header to the end of the frame
 * @element:		filled in
 *
 * Context: any. [MS-SMB2] 2.2.1, 3.3.5.2.7.
 * Return: 0, or -EPROTO if the header is bad, the chain is broken, or the
 * request is too short for its command.
 */
int smbsign_frame_element(const u8 *head, u32 head_length, u32 left,
			  struct smbsign_element *element)
{
	const struct smb2_header *header = (const void *)head;
	const struct smb2_negotiate_request *negotiate;
	const struct smb2_session_setup_request *setup;
	const struct smb2_ioctl_request *ioctl;
	const void *body = head + sizeof(*header);

	if (left < SMBSIGN_ELEMENT_MIN || head_length < sizeof(*header) ||
	    header->protocol_id != SMB2_PROTOCOL_ID ||
	    header->structure_size != cpu_to_le16(sizeof(*header)))
		return -EPROTO;

	*element = (struct smbsign_element) {
		.command = le16_to_cpu(header->command),
		.flags = le32_to_cpu(header->flags),
		.message_id = le64_to_cpu(header->message_id),
		.session_id = le64_to_cpu(header->session_id),
		.length = element_length(header, left),
		.last = !header->next_command,
		.credit_charge = le16_to_cpu(header->credit_charge),
	};
	if (!element->length || element->flags & SMB2_FLAG_SERVER_TO_REDIR)
		return -EPROTO;
	if (min(head_length, element->length) <
	    sizeof(*header) + body_needed(element->command))
		return -EPROTO;

	switch (element->command) {
	case SMB2_CMD_NEGOTIATE:
		negotiate = body;
		element->security_mode = le16_to_cpu(negotiate->security_mode);
		break;
	case SMB2_CMD_SESSION_SETUP:
		setup = body;
		element->security_mode = setup->security_mode;
		element->setup_flags = setup->flags;
		break;
	case SMB2_CMD_IOCTL:
		ioctl = body;
		element->ctl_code = le32_to_cpu(ioctl->ctl_code);
		break;
	}
	return 0;
}

static bool is_compressed(const struct smbsign_decrypted *decrypted)
{
	const struct smb2_header *header = (const void *)decrypted->message;

	return !decrypted->later &&
	       decrypted->left >= sizeof(header->protocol_id) &&
	       header->protocol_id == SMB2_COMPRESSION_PROTOCOL_ID;
}

/**
 * smbsign_frame_decrypted() - parse the next request of a decrypted message
 * @decrypted:	the rest of the message; on return, what follows that request
 * @element:	filled in
 *
 * All requests must be in the session that has encrypted the message; a related
 * one may leave it out.  A compressed message inside is not parsed: a ksmbd
 * that knows compression compares the sessions itself.
 *
 * Context: any. [MS-SMB2] 3.3.5.2.1.1, 3.3.5.2.7.
 * Return: 1; 0 if there is no further request to see; -EPROTO if what follows
 * is no request, or is of another session: then none of them may be used.
 */
int smbsign_frame_decrypted(struct smbsign_decrypted *decrypted,
			    struct smbsign_element *element)
{
	if (is_compressed(decrypted) || (decrypted->later && !decrypted->left))
		return 0;
	if (smbsign_frame_element(decrypted->message, decrypted->left,
				  decrypted->left, element))
		return -EPROTO;
	if (element->session_id != decrypted->session_id &&
	    !(decrypted->later && element->session_id == SMB2_SESSION_ID_RELATED))
		return -EPROTO;
	decrypted->message += element->length;
	decrypted->left -= element->length;
	decrypted->later = true;
	return 1;
}

/**
 * smbsign_dialect_bit() - a dialect as a member of a set
 * @dialect:	DialectRevision
 *
 * Context: any.
 * Return: enum smbsign_dialects, or 0 if the dialect is not known.
 */
u8 smbsign_dialect_bit(u16 dialect)
{
	switch (dialect) {
	case SMB2_DIALECT_202:
		return SMBSIGN_DIALECT_202;
	case SMB2_DIALECT_210:
		return SMBSIGN_DIALECT_210;
	case SMB2_DIALECT_300:
		return SMBSIGN_DIALECT_300;
	case SMB2_DIALECT_302:
		return SMBSIGN_DIALECT_302;
	case SMB2_DIALECT_311:
		return SMBSIGN_DIALECT_311;
	default:
		return 0;
	}
}

static u8 dialect_set(const u8 *list, u32 count)
{
	u8 dialects = 0;

	while (count--)
		dialects |= smbsign_dialect_bit(get_unaligned_le16(list +
								   2 * count));
	return dialects;
}

/* SIGNING_CAPABILITIES of a request, 2.2.3.1.7; at @offset of @message */
static void signing_offer(const u8 *message, u32 offset, u32 length,
			  struct smbsign_contexts *contexts)
{
	u32 count = length < 2 ? 0 : get_unaligned_le16(message + offset);
	u16 algorithm;

	if (!count || length < 2 + 2 * count) {
		contexts->malformed = true;
		return;
	}
	while (count--) {
		offset += 2;
		algorithm = get_unaligned_le16(message + offset);
		if (algorithm >= SMB2_SIGNING_COUNT ||
		    contexts->algorithms & BIT(algorithm))
			continue;
		if (algorithm == SMB2_SIGNING_AES_GMAC)
			contexts->gmac = offset;
		contexts->offered[hweight16(contexts->algorithms)] = algorithm;
		contexts->algorithms |= BIT(algorithm);
	}
}

static void offered_contexts(const u8 *message, u32 length, u32 offset,
			     unsigned int count,
			     struct smbsign_contexts *contexts)
{
	const struct smb2_negotiate_context *context;
	u32 data_length;

	while (count--) {
		if (offset > length || length - offset < sizeof(*context))
			goto malformed;
		context = (const void *)(message + offset);
		offset += sizeof(*context);
		data_length = le16_to_cpu(context->data_length);
		if (length - offset < data_length)
			goto malformed;
		if (context->type == cpu_to_le16(SMB2_CONTEXT_PREAUTH))
			contexts->preauth++;
		else if (context->type == cpu_to_le16(SMB2_CONTEXT_SIGNING))
			signing_offer(message, offset, data_length, contexts);
		offset += ALIGN(data_length, 8);
	}
	return;
malformed:
	contexts->malformed = true;
}

/**
 * smbsign_frame_offer() - parse a NEGOTIATE request
 * @message:	the message from its SMB2 header on
 * @length:	bytes at @message, all of the request
 * @offer:	filled in
 * @contexts:	filled in
 *
 * Context: any. [MS-SMB2] 2.2.3.
 * Return: 0, or -EPROTO if it ends before the last of its dialects.
 */
int smbsign_frame_offer(const u8 *message, u32 length,
			struct smbsign_offer *offer,
			struct smbsign_contexts *contexts)
{
	const struct smb2_negotiate_request *request;
	const u32 fixed = sizeof(struct smb2_header) + sizeof(*request);
	u32 count;

	*contexts = (struct smbsign_contexts) { };
	if (length < fixed)
		return -EPROTO;
	request = (const void *)(message + sizeof(struct smb2_header));
	count = le16_to_cpu(request->dialect_count);
	if (length - fixed < 2 * count)
		return -EPROTO;
	*offer = (struct smbsign_offer) {
		.capabilities = le32_to_cpu(request->capabilities),
		.security_mode = le16_to_cpu(request->security_mode),
		.dialects = dialect_set(message + fixed, count),
	};
	memcpy(offer->guid, request->client_guid, sizeof(offer->guid));
	/* Without 3.1.1, these bytes mean something else. */
	if (offer->dialects & SMBSIGN_DIALECT_311)
		offered_contexts(message, length,
				 le32_to_cpu(request->contexts.offset),
				 le16_to_cpu(request->contexts.count),
				 contexts);
	return 0;
}

/**
 * smbsign_frame_validate() - parse a FSCTL_VALIDATE_NEGOTIATE_INFO request
 * @message:	the message from its SMB2 header on
 * @length:	bytes at @message, all of the request
 * @offer:	filled in
 *
 * Context: any. [MS-SMB2] 2.2.31.4, 3.3.5.15.12.
 * Return: 0, or -EPROTO if it is too short, or has no room for the answer.
 */
int smbsign_frame_validate(const u8 *message, u32 length,
			   struct smbsign_offer *offer)
{
	const struct smb2_validate_request *request;
	const struct smb2_ioctl_request *ioctl;
	u32 offset, left, count;

	if (length < sizeof(struct smb2_header) + sizeof(*ioctl))
		return -EPROTO;
	ioctl = (const void *)(message + sizeof(struct smb2_header));
	offset = le32_to_cpu(ioctl->input_offset);
	left = le32_to_cpu(ioctl->input_count);
	if (le32_to_cpu(ioctl->max_output_response) <
	    sizeof(struct smb2_validate_response) ||
	    offset > length || left > length - offset ||
	    left < sizeof(*request))
		return -EPROTO;
	request = (const void *)(message + offset);
	count = le16_to_cpu(request->dialect_count);
	if (left - sizeof(*request) < 2 * count)
		return -EPROTO;
	*offer = (struct smbsign_offer) {
		.capabilities = le32_to_cpu(request->capabilities),
		.security_mode = le16_to_cpu(request->security_mode),
		.dialects = dialect_set((const u8 *)(request + 1), count),
	};
	memcpy(offer->guid, request->guid, sizeof(offer->guid));
	return 0;
}

/**
 * smbsign_frame_validated() - find the server's part in an answer to
 *	FSCTL_VALIDATE_NEGOTIATE_INFO
 * @message:	the message from its SMB2 header on
 * @length:	bytes at @message
 *
 * Context: any. [MS-SMB2] 2.2.32.6.
 * Return: offset of its struct smb2_validate_response in @message, or 0 if this
 * is no such answer.
 */
u32 smbsign_frame_validated(const u8 *message, u32 length)
{
	const struct smb2_header *header = (const void *)message;
	const struct smb2_ioctl_response *ioctl = (const void *)(header + 1);
	const u32 size = sizeof(struct smb2_validate_response);
	u32 offset;

	if (length < sizeof(*header) + sizeof(*ioctl) ||
	    header->protocol_id != SMB2_PROTOCOL_ID ||
	    header->command != cpu_to_le16(SMB2_CMD_IOCTL) ||
	    header->status != cpu_to_le32(SMB2_STATUS_SUCCESS) ||
	    ioctl->ctl_code != cpu_to_le32(SMB2_FSCTL_VALIDATE_NEGOTIATE) ||
	    le32_to_cpu(ioctl->output_count) < size)
		return 0;
	offset = le32_to_cpu(ioctl->output_offset);
	return offset <= length && length - offset >= size ? offset : 0;
}

/**
 * smbsign_frame_smb1_upgrades() - does an SMB1 NEGOTIATE ask for SMB2?
 * @message:	the message from its SMB1 header on
 * @length:	bytes at @message
 *
 * Context: any. [MS-SMB2] 3.3.5.3, [MS-CIFS] 2.2.4.52.1.
 * Return: true if it names "SMB 2.002" or "SMB 2.???".
 */
bool smbsign_frame_smb1_upgrades(const u8 *message, u32 length)
{
	/* After the header: WordCount, which is 0, and ByteCount. */
	u32 at = SMB1_HEADER_SIZE + 3, end;

	while (at < length && message[at] == SMB1_DIALECT_STRING) {
		at++;
		end = at + strnlen((const char *)message + at, length - at);
		if (end == length)
			return false;
		if (!strcmp((const char *)message + at, "SMB 2.002") ||
		    !strcmp((const char *)message + at, "SMB 2.???"))
			return true;
		at = end + 1;
	}
	return false;
}

static const struct smb2_negotiate_response *negotiate_response(const u8 *message)
{
	return (const void *)(message + sizeof(struct smb2_header));
}

/*
 * Find what a response chose in a context of that type: it follows the count
 * and @skip more bytes.  Sets *@at to its offset, or to 0 if there is none.
 */
static int find_choice(const u8 *message, u32 length, u16 type, u32 skip,
		       u32 *at)
{
	const struct smb2_negotiate_response *response =
		negotiate_response(message);
	u32 offset = le32_to_cpu(response->context_offset);
	unsigned int count = le16_to_cpu(response->context_count);
	const struct smb2_negotiate_context *context;
	u32 data_length;

	*at = 0;
	while (count--) {
		if (offset > length || length - offset < sizeof(*context))
			return -EPROTO;
		context = (const void *)(message + offset);
		offset += sizeof(*context);
		data_length = le16_to_cpu(context->data_length);
		if (length - offset < data_length)
			return -EPROTO;
		if (le16_to_cpu(context->type) == type) {
			if (data_length < 4 + skip ||
			    get_unaligned_le16(message + offset) != 1)
				return -EPROTO;
			*at = offset + 2 + skip;
		}
		/* The last context need not be padded. */
		offset += ALIGN(data_length, 8);
	}
	return 0;
}

/* 2.2.4.1.7, 2.2.4.1.2, and 2.2.4.1.3, which has Padding and Flags */
static int find_signing(const u8 *message, u32 length, u32 *at)
{
	return find_choice(message, length, SMB2_CONTEXT_SIGNING, 0, at);
}

static int find_cipher(const u8 *message, u32 length, u32 *at)
{
	return find_choice(message, length, SMB2_CONTEXT_ENCRYPTION, 0, at);
}

static int find_compression(const u8 *message, u32 length, u32 *at)
{
	return find_choice(message, length, SMB2_CONTEXT_COMPRESSION, 6, at);
}

static bool is_311(const u8 *message, u32 length)
{
	return length >= sizeof(struct smb2_header) +
			 sizeof(struct smb2_negotiate_response) &&
	       negotiate_response(message)->dialect_revision ==
	       cpu_to_le16(SMB2_DIALECT_311);
}

/**
 * smbsign_frame_algorithm() - find the signing algorithm in a NEGOTIATE
 *	response
 * @message:	the message from its SMB2 header on
 * @length:	bytes at @message
 *
 * Context: any. [MS-SMB2] 2.2.4.1.7.
 * Return: offset of the two bytes in @message, or 0 if there is none.
 */
u32 smbsign_frame_algorithm(const u8 *message, u32 length)
{
	u32 at;

	if (!is_311(message, length) || find_signing(message, length, &at))
		return 0;
	return at;
}

/**
 * smbsign_frame_compression() - find the compression algorithm in a NEGOTIATE
 *	response
 * @message:	the message from its SMB2 header on
 * @length:	bytes at @message
 *
 * Context: any. [MS-SMB2] 2.2.4.1.3.
 * Return: offset of the two bytes in @message, or 0 if there is none.
 */
u32 smbsign_frame_compression(const u8 *message, u32 length)
{
	u32 at;

	if (!is_311(message, length) || find_compression(message, length, &at))
		return 0;
	return at;
}

/* Get what a 3.1.1 response chose. */
static int choices_of(const u8 *message, u32 length, struct smbsign_negotiated *out)
{
	u32 signing, cipher, compression;
	int ret;

	ret = find_signing(message, length, &signing) ?:
	      find_cipher(message, length, &cipher) ?:
	      find_compression(message, length, &compression);
	if (ret)
		return ret;
	if (signing)
		out->algorithm = get_unaligned_le16(message + signing);
	out->encryption = cipher && get_unaligned_le16(message + cipher);
	out->compression = compression &&
			   get_unaligned_le16(message + compression);
	return 0;
}

/**
 * smbsign_frame_negotiated() - parse a NEGOTIATE response
 * @message:	the message from its SMB2 header on
 * @length:	bytes at @message
 * @out:	filled in
 *
 * Context: any. [MS-SMB2] 2.2.4, 3.1.4.1. Without a SIGNING_CAPABILITIES
 * context, 3.1.1 signs with AES-CMAC.
 * Return: 0, or -EPROTO if it is malformed.
 */
int smbsign_frame_negotiated(const u8 *message, u32 length,
			     struct smbsign_negotiated *out)
{
	const struct smb2_negotiate_response *response;

	if (length < sizeof(struct smb2_header) + sizeof(*response))
		return -EPROTO;
	response = negotiate_response(message);
	out->dialect = le16_to_cpu(response->dialect_revision);
	out->security_mode = le16_to_cpu(response->security_mode);
	out->capabilities = le32_to_cpu(response->capabilities);
	out->algorithm = out->dialect < SMB2_DIALECT_300 ?
			 SMB2_SIGNING_HMAC_SHA256 : SMB2_SIGNING_AES_CMAC;
	out->encryption = out->dialect >= SMB2_DIALECT_300 &&
			  out->dialect != SMB2_DIALECT_311 &&
			  out->capabilities & SMB2_CAP_ENCRYPTION;
	out->compression = false;
	return out->dialect == SMB2_DIALECT_311 ?
	       choices_of(message, length, out) : 0;
}

/**
 * smbsign_command_name() - name of a command for the log
 * @command:	Command
 *
 * Context: any. [MS-SMB2] 2.2.1.2.
 * Return: the name, never NULL.
 */
const char *smbsign_command_name(u16 command)
{
	static const char * const names[SMB2_CMD_COUNT] = {
		"NEGOTIATE", "SESSION_SETUP", "LOGOFF", "TREE_CONNECT",
		"TREE_DISCONNECT", "CREATE", "CLOSE", "FLUSH", "READ", "WRITE",
		"LOCK", "IOCTL", "CANCEL", "ECHO", "QUERY_DIRECTORY",
		"CHANGE_NOTIFY", "QUERY_INFO", "SET_INFO", "OPLOCK_BREAK",
	};

	return command < ARRAY_SIZE(names) ? names[command] : "a message";
}
