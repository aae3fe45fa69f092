/* SPDX-License-Identifier: GPL-2.0-only */
/* Pure parser of SMB2 messages: it knows no socket and no skb. */
#ifndef SMBSIGN_FRAME_H
#define SMBSIGN_FRAME_H

#include "smb2_wire.h"

/* Enough of any message to judge it: the header and the fixed part of IOCTL. */
#define SMBSIGN_HEAD_SIZE	(sizeof(struct smb2_header) + \
				 sizeof(struct smb2_ioctl_request))
/* The offset and length of a SESSION_SETUP's token have 16 bits. */
#define SMBSIGN_SETUP_MAX	(sizeof(struct smb2_header) + 2 * 65535)
/* A NEGOTIATE with all its contexts is a few hundred bytes. */
#define SMBSIGN_INSPECT_MAX	4096
/* The shortest request: a header and its StructureSize. */
#define SMBSIGN_ELEMENT_MIN	(sizeof(struct smb2_header) + 2)

enum smbsign_frame_kind {
	SMBSIGN_FRAME_SMB2,
	SMBSIGN_FRAME_ENCRYPTED,
	SMBSIGN_FRAME_COMPRESSED,
	SMBSIGN_FRAME_SMB1,
	SMBSIGN_FRAME_UNKNOWN,
};

/**
 * struct smbsign_element - one request of a frame, in host order
 * @command:		Command
 * @flags:		Flags
 * @message_id:		MessageId
 * @session_id:		SessionId; all ones if a compound leaves it out
 * @length:		bytes from this header to the next, or to the end
 * @last:		no other request follows it
 * @security_mode:	SecurityMode of NEGOTIATE and SESSION_SETUP, else 0
 * @setup_flags:	Flags of SESSION_SETUP, else 0
 * @ctl_code:		CtlCode of IOCTL, else 0
 * @credit_charge:	CreditCharge
 */
struct smbsign_element {
	u16	command;
	u32	flags;
	u64	message_id;
	u64	session_id;
	u32	length;
	bool	last;
	u16	security_mode;
	u8	setup_flags;
	u32	ctl_code;
	u16	credit_charge;
};

/**
 * struct smbsign_decrypted - a decrypted message, request by request
 * @message:	the next request, from its SMB2 header on
 * @left:	bytes from there to the end
 * @session_id:	SessionId of the transform header
 * @later:	it is not the first
 */
struct smbsign_decrypted {
	const u8	*message;
	u32		left;
	u64		session_id;
	bool		later;
};

/**
 * enum smbsign_dialects - dialects as a set
 *
 * In the order of their age: a server chooses the highest.
 */
enum smbsign_dialects {
	SMBSIGN_DIALECT_202 = 0x01,
	SMBSIGN_DIALECT_210 = 0x02,
	SMBSIGN_DIALECT_300 = 0x04,
	SMBSIGN_DIALECT_302 = 0x08,
	SMBSIGN_DIALECT_311 = 0x10,
};

/**
 * struct smbsign_offer - what a client says about itself in NEGOTIATE, and
 *	again in VALIDATE_NEGOTIATE_INFO
 * @capabilities:	Capabilities
 * @guid:		ClientGuid
 * @security_mode:	SecurityMode
 * @dialects:		enum smbsign_dialects: all that it offered
 */
struct smbsign_offer {
	u32	capabilities;
	u8	guid[16];
	u16	security_mode;
	u8	dialects;
};

/**
 * struct smbsign_contexts - what the contexts of a 3.1.1 NEGOTIATE say about
 *	signing
 * @preauth:		number of PREAUTH_INTEGRITY_CAPABILITIES contexts
 * @algorithms:		offered algorithms that we know, BIT(SMB2_SIGNING_*)
 * @offered:		the same, as the client prefers them
 * @gmac:		offset of the first AES-GMAC in the message, or 0
 * @malformed:		the list or a context is broken, or offers nothing
 */
struct smbsign_contexts {
	u16	preauth;
	u16	algorithms;
	u16	offered[SMB2_SIGNING_COUNT];
	u32	gmac;
	bool	malformed;
};

/**
 * struct smbsign_negotiated - what a NEGOTIATE response settles
 * @dialect:		DialectRevision
 * @security_mode:	SecurityMode
 * @algorithm:		SMB2_SIGNING_*: by the dialect, or as negotiated on
 *			3.1.1
 * @capabilities:	Capabilities
 * @encryption:		a cipher was agreed on
 * @compression:	a compression algorithm was agreed on
 */
struct smbsign_negotiated {
	u16	dialect;
	u16	security_mode;
	u16	algorithm;
	u32	capabilities;
	bool	encryption;
	bool	compression;
};

bool smbsign_frame_is_keepalive(const u8 nbss[SMB2_NBSS_SIZE]);
int smbsign_frame_length(const u8 nbss[SMB2_NBSS_SIZE], u32 *length);
enum smbsign_frame_kind smbsign_frame_kind_of(__le32 protocol_id);
int smbsign_frame_element(const u8 *head, u32 head_length, u32 left,
			  struct smbsign_element *element);
int smbsign_frame_decrypted(struct smbsign_decrypted *decrypted,
			    struct smbsign_element *element);
u32 smbsign_frame_head_needed(const struct smb2_header *header, u32 left);
int smbsign_frame_offer(const u8 *message, u32 length,
			struct smbsign_offer *offer,
			struct smbsign_contexts *contexts);
int smbsign_frame_validate(const u8 *message, u32 length,
			   struct smbsign_offer *offer);
u32 smbsign_frame_validated(const u8 *message, u32 length);
u32 smbsign_frame_algorithm(const u8 *message, u32 length);
u32 smbsign_frame_compression(const u8 *message, u32 length);
bool smbsign_frame_smb1_upgrades(const u8 *message, u32 length);
u8 smbsign_dialect_bit(u16 dialect);
int smbsign_frame_negotiated(const u8 *message, u32 length,
			     struct smbsign_negotiated *out);
const char *smbsign_command_name(u16 command);

#endif /* SMBSIGN_FRAME_H */
