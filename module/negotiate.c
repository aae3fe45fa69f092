// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ksmbd says of itself, made to say what the administrator wants.
 *
 * Under policy required a client must sign, whatever ksmbd.conf says.  It does so
 * if the NEGOTIATE response tells it to, and then finds the same in the answer to
 * FSCTL_VALIDATE_NEGOTIATE_INFO.
 *
 * ksmbd names AES-CMAC as 3.1.1's signing algorithm also to a client that offered
 * something else.  As all signatures are ours, what is named can be what the client
 * prefers.
 */
#include <asm/byteorder.h>

#include <linux/unaligned.h>

#include "frame.h"
#include "negotiate.h"
#include "policy.h"
#include "sysctl.h"

static const __le16 demand = cpu_to_le16(SMB2_SECURITY_SIGNING_ENABLED |
					 SMB2_SECURITY_SIGNING_REQUIRED);

/**
 * smbsign_negotiate_algorithm() - have a NEGOTIATE response name the algorithm
 *	that we choose
 * @message:	the response from its SMB2 header on; changed in place
 * @length:	bytes at @message
 * @contexts:	what the client offered
 *
 * Context: any, before the response is hashed. [MS-SMB2] 2.2.4.1.7, 3.3.5.4.
 */
void smbsign_negotiate_algorithm(u8 *message, u32 length,
				 const struct smbsign_contexts *contexts)
{
	u32 at = smbsign_frame_algorithm(message, length);
	struct smbsign_policy policy;

	smbsign_policy_get(&policy);
	if (at && contexts->algorithms)
		put_unaligned_le16(smbsign_policy_algorithm(&policy, contexts),
				   message + at);
}

/**
 * smbsign_negotiate_compression() - have a NEGOTIATE response agree on no
 *	compression where messages must be signed
 * @message:	the response from its SMB2 header on; changed in place
 * @length:	bytes at @message
 * @required:	the client demands signing
 *
 * A compressed message has its signature inside, where only ksmbd can see it.  A
 * client that is told of no algorithm compresses nothing.
 *
 * Context: any, before the response is hashed and after smbsign_negotiate_demand().
 * [MS-SMB2] 2.2.4.1.3, 3.3.5.4.
 */
void smbsign_negotiate_compression(u8 *message, u32 length, bool required)
{
	const struct smb2_negotiate_response *response =
		(void *)(message + sizeof(struct smb2_header));
	u32 at = smbsign_frame_compression(message, length);

	if (at && (required || response->security_mode &
			       cpu_to_le16(SMB2_SECURITY_SIGNING_REQUIRED)))
		put_unaligned_le16(0, message + at);
}

/**
 * smbsign_negotiate_demand() - have a NEGOTIATE response demand signing, if the
 *	policy does
 * @message:	the response from its SMB2 header on; changed in place
 * @length:	bytes at @message
 *
 * Context: any; on 3.1.1 before the response is hashed. [MS-SMB2] 2.2.4.
 * Return: true if it said something else before.
 */
bool smbsign_negotiate_demand(u8 *message, u32 length)
{
	struct smb2_header *header = (struct smb2_header *)message;
	struct smb2_negotiate_response *response = (void *)(header + 1);

	if (smbsign_policy_mode() != SMBSIGN_POLICY_REQUIRED ||
	    length < sizeof(*header) + sizeof(*response) ||
	    header->status != cpu_to_le32(SMB2_STATUS_SUCCESS) ||
	    (response->security_mode & demand) == demand)
		return false;
	response->security_mode |= demand;
	return true;
}

/**
 * smbsign_negotiate_validated() - the same in an answer to
 *	FSCTL_VALIDATE_NEGOTIATE_INFO, on a connection where it was said
 * @message:	a response from its SMB2 header on; changed in place if it is one
 * @length:	bytes at @message
 *
 * Context: any; before the response is signed or encrypted. [MS-SMB2] 2.2.32.6.
 */
void smbsign_negotiate_validated(u8 *message, u32 length)
{
	u32 offset = smbsign_frame_validated(message, length);
	struct smb2_validate_response *response = (void *)(message + offset);

	if (offset)
		response->security_mode |= demand;
}
