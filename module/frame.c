// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pure parser of SMB2 messages.
 *
 * It reads what decides about signing and nothing else; whatever it does not
 * understand it refuses.  The same source builds in the module, in KUnit and in
 * a fuzzer.
 */
#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/unaligned.h>

#include "frame.h"

/**
 * smbsign_frame_length() - length of the message behind a NBSS header
 * @nbss:	the four bytes in front of every message
 * @length:	set to the message's length in bytes, without @nbss
 *
 * ksmbd itself ends a connection on any other type than a session message.
 *
 * Context: any. [MS-SMB2] 2.1.
 * Return: 0, or -EPROTO if this is no session message or can hold no request.
 */
int smbsign_frame_length(const u8 nbss[SMB2_NBSS_SIZE], u32 *length)
{
	if (nbss[0] != SMB2_NBSS_SESSION_MESSAGE)
		return -EPROTO;
	*length = get_unaligned_be32(nbss);
	return *length < sizeof(__le32) ? -EPROTO : 0;
}

/**
 * smbsign_frame_kind() - what a message is, by its first four bytes
 * @protocol_id:	ProtocolId
 *
 * Context: any. [MS-SMB2] 2.2.1, 2.2.41, 2.2.42.
 * Return: the kind; SMBSIGN_FRAME_UNKNOWN for everything not known.
 */
enum smbsign_frame_kind smbsign_frame_kind(__le32 protocol_id)
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

/* Length of the element whose header this is, or 0 if the chain is broken. */
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
	default:
		return 0;
	}
}

/**
 * smbsign_frame_head_needed() - how much of an element the parser must see
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
 * @head:		its header and what smbsign_frame_head_needed() asked
 * @head_length:	bytes at @head
 * @left:		bytes from the header to the end of the frame
 * @element:		filled in
 *
 * Context: any. [MS-SMB2] 2.2.1, 3.3.5.2.7.
 * Return: 0, or -EPROTO for a header that is none, a chain that is broken, or a
 * request too short for what it claims to be.
 */
int smbsign_frame_element(const u8 *head, u32 head_length, u32 left,
			  struct smbsign_element *element)
{
	const struct smb2_header *header = (const void *)head;
	const struct smb2_negotiate_request *negotiate;
	const struct smb2_session_setup_request *setup;
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
	}
	return 0;
}

/* The one algorithm that a SIGNING_CAPABILITIES context of a response names. */
static int signing_context(const u8 *data, u32 length, u16 *algorithm)
{
	if (length < 4 || get_unaligned_le16(data) != 1)
		return -EPROTO;
	*algorithm = get_unaligned_le16(data + 2);
	return 0;
}

static int negotiate_contexts(const u8 *message, u32 length, u32 offset,
			      unsigned int count, u16 *algorithm)
{
	const struct smb2_negotiate_context *context;
	u32 data_length;
	int ret;

	while (count--) {
		if (offset > length || length - offset < sizeof(*context))
			return -EPROTO;
		context = (const void *)(message + offset);
		offset += sizeof(*context);
		data_length = le16_to_cpu(context->data_length);
		if (length - offset < data_length)
			return -EPROTO;
		if (context->type == cpu_to_le16(SMB2_CONTEXT_SIGNING)) {
			ret = signing_context(message + offset, data_length,
					      algorithm);
			if (ret)
				return ret;
		}
		/* The last context need not be padded. */
		offset += ALIGN(data_length, 8);
	}
	return 0;
}

/**
 * smbsign_frame_negotiated() - parse a NEGOTIATE response
 * @message:	the message from its SMB2 header on
 * @length:	bytes at @message
 * @out:	filled in
 *
 * Context: any. [MS-SMB2] 2.2.4, 3.1.4.1; without a SIGNING_CAPABILITIES context
 * 3.1.1 signs with AES-CMAC.
 * Return: 0, or -EPROTO if it is malformed.
 */
int smbsign_frame_negotiated(const u8 *message, u32 length,
			     struct smbsign_negotiated *out)
{
	const struct smb2_negotiate_response *response;

	if (length < sizeof(struct smb2_header) + sizeof(*response))
		return -EPROTO;
	response = (const void *)(message + sizeof(struct smb2_header));
	out->dialect = le16_to_cpu(response->dialect_revision);
	out->security_mode = le16_to_cpu(response->security_mode);
	out->algorithm = out->dialect < SMB2_DIALECT_300 ?
			 SMB2_SIGNING_HMAC_SHA256 : SMB2_SIGNING_AES_CMAC;
	/* 2.1 servers answer multi-protocol requests with a wildcard. */
	if (out->dialect != SMB2_DIALECT_311)
		return 0;
	return negotiate_contexts(message, length,
				  le32_to_cpu(response->context_offset),
				  le16_to_cpu(response->context_count),
				  &out->algorithm);
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
