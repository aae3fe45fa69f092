/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of [MS-SMB2] that decide about signing, as they are on the wire.
 *
 * Structures only: no code, and no kernel types beyond <linux/types.h>.  All
 * integers are little-endian except the length before a message, which is
 * big-endian ([MS-SMB2] 2.1, RFC 1002 4.3.1).
 */
#ifndef SMB2_WIRE_H
#define SMB2_WIRE_H

#include <linux/build_bug.h>
#include <linux/types.h>

#define SMB2_NBSS_SIZE			4
#define SMB2_NBSS_SESSION_MESSAGE	0x00
#define SMB2_NBSS_KEEPALIVE		0x85
#define SMB2_SIGNATURE_SIZE		16
#define SMB2_KEY_SIZE			16

/* ProtocolId, 2.2.1, 2.2.41, 2.2.42 and [MS-CIFS] 2.2.3.1 */
#define SMB1_PROTOCOL_ID		cpu_to_le32(0x424d53ff)
#define SMB2_PROTOCOL_ID		cpu_to_le32(0x424d53fe)
#define SMB2_TRANSFORM_PROTOCOL_ID	cpu_to_le32(0x424d53fd)
#define SMB2_COMPRESSION_PROTOCOL_ID	cpu_to_le32(0x424d53fc)

/* [MS-CIFS] 2.2.3.1 and 2.2.4.52 */
#define SMB1_HEADER_SIZE		32
#define SMB1_COM_NEGOTIATE		0x72
#define SMB1_DIALECT_STRING		0x02

/* Command, 2.2.1.2 */
enum smb2_command {
	SMB2_CMD_NEGOTIATE		= 0x00,
	SMB2_CMD_SESSION_SETUP		= 0x01,
	SMB2_CMD_LOGOFF			= 0x02,
	SMB2_CMD_TREE_CONNECT		= 0x03,
	SMB2_CMD_TREE_DISCONNECT	= 0x04,
	SMB2_CMD_CREATE			= 0x05,
	SMB2_CMD_CLOSE			= 0x06,
	SMB2_CMD_FLUSH			= 0x07,
	SMB2_CMD_READ			= 0x08,
	SMB2_CMD_WRITE			= 0x09,
	SMB2_CMD_LOCK			= 0x0a,
	SMB2_CMD_IOCTL			= 0x0b,
	SMB2_CMD_CANCEL			= 0x0c,
	SMB2_CMD_ECHO			= 0x0d,
	SMB2_CMD_QUERY_DIRECTORY	= 0x0e,
	SMB2_CMD_CHANGE_NOTIFY		= 0x0f,
	SMB2_CMD_QUERY_INFO		= 0x10,
	SMB2_CMD_SET_INFO		= 0x11,
	SMB2_CMD_OPLOCK_BREAK		= 0x12,
	SMB2_CMD_COUNT
};

/* Flags, 2.2.1.2 */
#define SMB2_FLAG_SERVER_TO_REDIR	0x00000001
#define SMB2_FLAG_ASYNC_COMMAND		0x00000002
#define SMB2_FLAG_RELATED_OPERATIONS	0x00000004
#define SMB2_FLAG_SIGNED		0x00000008

/* SecurityMode, 2.2.3, 2.2.4, 2.2.5 */
#define SMB2_SECURITY_SIGNING_ENABLED	0x0001
#define SMB2_SECURITY_SIGNING_REQUIRED	0x0002

/* SESSION_SETUP Flags, 2.2.5, and SessionFlags, 2.2.6 */
#define SMB2_SETUP_FLAG_BINDING		0x01
#define SMB2_SESSION_IS_GUEST		0x0001
#define SMB2_SESSION_IS_NULL		0x0002
#define SMB2_SESSION_ENCRYPT_DATA	0x0004

/* Dialects, 2.2.3 and 2.2.4 */
#define SMB2_DIALECT_202		0x0202
#define SMB2_DIALECT_210		0x0210
#define SMB2_DIALECT_WILDCARD		0x02ff
#define SMB2_DIALECT_300		0x0300
#define SMB2_DIALECT_302		0x0302
#define SMB2_DIALECT_311		0x0311

/* Capabilities, 2.2.3 and 2.2.4 */
#define SMB2_CAP_LARGE_MTU		0x00000004
#define SMB2_CAP_ENCRYPTION		0x00000040

/* Negotiate contexts, 2.2.3.1 and 2.2.3.1.7 */
#define SMB2_CONTEXT_PREAUTH		0x0001
#define SMB2_CONTEXT_ENCRYPTION		0x0002
#define SMB2_CONTEXT_COMPRESSION	0x0003
#define SMB2_CONTEXT_SIGNING		0x0008
#define SMB2_SIGNING_HMAC_SHA256	0x0000
#define SMB2_SIGNING_AES_CMAC		0x0001
#define SMB2_SIGNING_AES_GMAC		0x0002
#define SMB2_SIGNING_COUNT		0x0003

/* The nonce of AES-GMAC after the MessageId, 3.1.4.1 */
#define SMB2_NONCE_SERVER		0x00000001
#define SMB2_NONCE_CANCEL		0x00000002

/* CtlCode, 2.2.31 */
#define SMB2_FSCTL_VALIDATE_NEGOTIATE	0x00140204

/* MessageId of a message that answers no request, 2.2.1 */
#define SMB2_MESSAGE_ID_NOTICE		(~0ULL)

/* Status, [MS-ERREF] 2.3 */
#define SMB2_STATUS_SUCCESS			0x00000000
#define SMB2_STATUS_PENDING			0x00000103
#define SMB2_STATUS_INVALID_PARAMETER		0xc000000d
#define SMB2_STATUS_MORE_PROCESSING_REQUIRED	0xc0000016
#define SMB2_STATUS_ACCESS_DENIED		0xc0000022
#define SMB2_STATUS_INSUFFICIENT_RESOURCES	0xc000009a
#define SMB2_STATUS_NOT_SUPPORTED		0xc00000bb
#define SMB2_STATUS_REQUEST_NOT_ACCEPTED	0xc00000d0
#define SMB2_STATUS_USER_SESSION_DELETED	0xc0000203
#define SMB2_STATUS_REQUEST_OUT_OF_SEQUENCE	0xc000042a

#define SMB2_SESSION_ID_RELATED		(~0ULL)

/**
 * struct smb2_header - SMB2 packet header, 2.2.1
 * @protocol_id:	0xFE 'S' 'M' 'B'
 * @structure_size:	64
 * @credit_charge:	credits that the request uses
 * @status:		status of a response; ChannelSequence in a request
 * @command:		enum smb2_command
 * @credits:		CreditRequest; CreditResponse in a response
 * @flags:		SMB2_FLAG_*
 * @next_command:	bytes from here to the next header of a compound, or 0
 * @message_id:		MessageId
 * @id:			AsyncId, or Reserved (4 bytes) and TreeId (4 bytes)
 * @session_id:		SessionId
 * @signature:		Signature
 */
struct smb2_header {
	__le32	protocol_id;
	__le16	structure_size;
	__le16	credit_charge;
	__le32	status;
	__le16	command;
	__le16	credits;
	__le32	flags;
	__le32	next_command;
	__le64	message_id;
	__le64	id;
	__le64	session_id;
	__u8	signature[SMB2_SIGNATURE_SIZE];
} __packed;
static_assert(sizeof(struct smb2_header) == 64);

/** struct smb2_negotiate_contexts - where they are, 2.2.3; 3.1.1 only */
struct smb2_negotiate_contexts {
	__le32	offset;
	__le16	count;
	__le16	reserved;
} __packed;
static_assert(sizeof(struct smb2_negotiate_contexts) == 8);

/** struct smb2_negotiate_request - fixed part of NEGOTIATE, 2.2.3 */
struct smb2_negotiate_request {
	__le16	structure_size;
	__le16	dialect_count;
	__le16	security_mode;
	__le16	reserved;
	__le32	capabilities;
	__u8	client_guid[16];
	struct smb2_negotiate_contexts contexts;
} __packed;
static_assert(sizeof(struct smb2_negotiate_request) == 36);

/** struct smb2_negotiate_response - fixed part of the answer, 2.2.4 */
struct smb2_negotiate_response {
	__le16	structure_size;
	__le16	security_mode;
	__le16	dialect_revision;
	__le16	context_count;
	__u8	server_guid[16];
	__le32	capabilities;
	__le32	max_transact_size;
	__le32	max_read_size;
	__le32	max_write_size;
	__le64	system_time;
	__le64	server_start_time;
	__le16	security_buffer_offset;
	__le16	security_buffer_length;
	__le32	context_offset;
} __packed;
static_assert(sizeof(struct smb2_negotiate_response) == 64);

/** struct smb2_negotiate_context - head of a negotiate context, 2.2.3.1 */
struct smb2_negotiate_context {
	__le16	type;
	__le16	data_length;
	__le32	reserved;
} __packed;
static_assert(sizeof(struct smb2_negotiate_context) == 8);

/** struct smb2_session_setup_request - fixed part of SESSION_SETUP, 2.2.5 */
struct smb2_session_setup_request {
	__le16	structure_size;
	__u8	flags;
	__u8	security_mode;
	__le32	capabilities;
	__le32	channel;
	__le16	security_buffer_offset;
	__le16	security_buffer_length;
	__le64	previous_session_id;
} __packed;
static_assert(sizeof(struct smb2_session_setup_request) == 24);

/** struct smb2_session_setup_response - fixed part of the answer, 2.2.6 */
struct smb2_session_setup_response {
	__le16	structure_size;
	__le16	session_flags;
	__le16	security_buffer_offset;
	__le16	security_buffer_length;
} __packed;
static_assert(sizeof(struct smb2_session_setup_response) == 8);

/** struct smb2_ioctl_request - fixed part of IOCTL, 2.2.31 */
struct smb2_ioctl_request {
	__le16	structure_size;
	__le16	reserved;
	__le32	ctl_code;
	__u8	file_id[16];
	__le32	input_offset;
	__le32	input_count;
	__le32	max_input_response;
	__le32	output_offset;
	__le32	output_count;
	__le32	max_output_response;
	__le32	flags;
	__le32	reserved2;
} __packed;
static_assert(sizeof(struct smb2_ioctl_request) == 56);

/** struct smb2_ioctl_response - fixed part of the answer, 2.2.32 */
struct smb2_ioctl_response {
	__le16	structure_size;
	__le16	reserved;
	__le32	ctl_code;
	__u8	file_id[16];
	__le32	input_offset;
	__le32	input_count;
	__le32	output_offset;
	__le32	output_count;
	__le32	flags;
	__le32	reserved2;
} __packed;
static_assert(sizeof(struct smb2_ioctl_response) == 48);

/** struct smb2_validate_request - fixed part, Dialects follow, 2.2.31.4 */
struct smb2_validate_request {
	__le32	capabilities;
	__u8	guid[16];
	__le16	security_mode;
	__le16	dialect_count;
} __packed;
static_assert(sizeof(struct smb2_validate_request) == 24);

/** struct smb2_validate_response - 2.2.32.6 */
struct smb2_validate_response {
	__le32	capabilities;
	__u8	guid[16];
	__le16	security_mode;
	__le16	dialect;
} __packed;
static_assert(sizeof(struct smb2_validate_response) == 24);

/** struct smb2_transform - header of an encrypted message, 2.2.41 */
struct smb2_transform {
	__le32	protocol_id;
	__u8	signature[SMB2_SIGNATURE_SIZE];
	__u8	nonce[16];
	__le32	original_size;
	__le16	reserved;
	__le16	flags;
	__le64	session_id;
} __packed;
static_assert(sizeof(struct smb2_transform) == 52);

/** struct smb2_echo_request - 2.2.28 */
struct smb2_echo_request {
	__le16	structure_size;
	__le16	reserved;
} __packed;
static_assert(sizeof(struct smb2_echo_request) == 4);

/** struct smb2_error_response - 2.2.2, with its one byte of ErrorData */
struct smb2_error_response {
	__le16	structure_size;
	__u8	error_context_count;
	__u8	reserved;
	__le32	byte_count;
	__u8	error_data;
} __packed;
static_assert(sizeof(struct smb2_error_response) == 9);

/* Is it a response? */
#define smb2_is_response(header)	\
	(!!((header)->flags & cpu_to_le32(SMB2_FLAG_SERVER_TO_REDIR)))

/* Length of the message after an NBSS header. */
static inline u32 smb2_nbss_length(const u8 nbss[SMB2_NBSS_SIZE])
{
	return nbss[1] << 16 | nbss[2] << 8 | nbss[3];
}

#endif /* SMB2_WIRE_H */
