/* SPDX-License-Identifier: GPL-2.0-only */
/* The parser once more: slow, obvious, from [MS-SMB2] and frame.h's contract. */
#ifndef ORACLE_FRAME_H
#define ORACLE_FRAME_H

#include "wire/frame.h"

bool oracle_keepalive(const u8 *nbss);
bool oracle_length(const u8 *nbss, u32 *length);
enum smbsign_frame_kind oracle_kind(const u8 *message);
u32 oracle_head_needed(const u8 *header, u32 left);
bool oracle_element(const u8 *head, u32 head_length, u32 left,
		    struct smbsign_element *element);
/* Requests of a message that was encrypted that the oracle counts */
#define ORACLE_REQUESTS	64

/**
 * struct oracle_ids - what a request of a message that was encrypted uses
 * @message_id:	MessageId
 * @charge:	CreditCharge
 * @command:	Command
 */
struct oracle_ids {
	u64	message_id;
	u16	charge;
	u16	command;
};

bool oracle_decrypted(const u8 *message, u32 length, u64 session_id,
		      struct oracle_ids ids[ORACLE_REQUESTS], u32 *count);
bool oracle_offer(const u8 *message, u32 length, struct smbsign_offer *offer,
		  struct smbsign_contexts *contexts);
bool oracle_validate(const u8 *message, u32 length, struct smbsign_offer *offer);
u32 oracle_validated(const u8 *message, u32 length);
bool oracle_negotiated(const u8 *message, u32 length,
		       struct smbsign_negotiated *out);
u32 oracle_algorithm(const u8 *message, u32 length);
u32 oracle_compression(const u8 *message, u32 length);
bool oracle_smb1_upgrades(const u8 *message, u32 length);

#endif /* ORACLE_FRAME_H */
