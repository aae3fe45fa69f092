// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ksmbd says of itself, made to say what the administrator wants.
 *
 * Under policy required a client must sign, whatever ksmbd.conf says.  It does so
 * if the NEGOTIATE response tells it to, and then finds the same in the answer to
 * FSCTL_VALIDATE_NEGOTIATE_INFO.
 */
#include <asm/byteorder.h>

#include "frame.h"
#include "negotiate.h"
#include "sysctl.h"

static const __le16 demand = cpu_to_le16(SMB2_SECURITY_SIGNING_ENABLED |
					 SMB2_SECURITY_SIGNING_REQUIRED);

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
