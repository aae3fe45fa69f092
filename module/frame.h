/* SPDX-License-Identifier: GPL-2.0-only */
/* Pure parser of SMB2 messages: it knows no socket and no skb. */
#ifndef SMBSIGN_FRAME_H
#define SMBSIGN_FRAME_H

#include "../include/smb2_wire.h"

/* Enough of any message to judge it: header and fixed part of NEGOTIATE. */
#define SMBSIGN_HEAD_SIZE	(sizeof(struct smb2_header) + \
				 sizeof(struct smb2_negotiate_request))
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
 * @session_id:		SessionId; all ones where a compound leaves it out
 * @length:		bytes from this header to the next or to the end
 * @last:		no other request follows
 * @security_mode:	SecurityMode of NEGOTIATE and SESSION_SETUP, else 0
 * @setup_flags:	Flags of SESSION_SETUP, else 0
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
};

/**
 * struct smbsign_negotiated - what a NEGOTIATE response settles
 * @dialect:		DialectRevision
 * @security_mode:	SecurityMode
 * @algorithm:		SMB2_SIGNING_*: by the dialect, or as negotiated on 3.1.1
 */
struct smbsign_negotiated {
	u16	dialect;
	u16	security_mode;
	u16	algorithm;
};

int smbsign_frame_length(const u8 nbss[SMB2_NBSS_SIZE], u32 *length);
enum smbsign_frame_kind smbsign_frame_kind(__le32 protocol_id);
int smbsign_frame_element(const u8 *head, u32 head_length, u32 left,
			  struct smbsign_element *element);
u32 smbsign_frame_head_needed(const struct smb2_header *header, u32 left);
int smbsign_frame_negotiated(const u8 *message, u32 length,
			     struct smbsign_negotiated *out);
const char *smbsign_command_name(u16 command);

#endif /* SMBSIGN_FRAME_H */
