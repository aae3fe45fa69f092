/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests whose responses matter. */
#ifndef SMBSIGN_AWAITED_H
#define SMBSIGN_AWAITED_H

#include <linux/list.h>

#include "mac/derive.h"
#include "wire/frame.h"

struct smbsign_conn;

/**
 * enum smbsign_awaited_kind - why a response is awaited
 * @SMBSIGN_AWAITED_NEGOTIATE:	it settles the connection; the gate stands still
 * @SMBSIGN_AWAITED_SETUP:	it makes or completes a session
 * @SMBSIGN_AWAITED_PROVISIONAL: it shows that ksmbd has checked the request;
 *				the gate stands still
 * @SMBSIGN_AWAITED_UNPROVEN:	it must not be signed: the request proved
 *				nothing
 * @SMBSIGN_AWAITED_REFUSED:	it answers the ECHO in place of a refused
 *				request, and is turned into an error
 */
enum smbsign_awaited_kind {
	SMBSIGN_AWAITED_NEGOTIATE,
	SMBSIGN_AWAITED_SETUP,
	SMBSIGN_AWAITED_PROVISIONAL,
	SMBSIGN_AWAITED_UNPROVEN,
	SMBSIGN_AWAITED_REFUSED,
};

/**
 * struct smbsign_leg - what ksmbd shows about a session while it answers a
 *	request
 * @raw:	the key that ksmbd uses
 * @shown:	ksmbd has shown a key
 * @preauth:	on 3.1.1, the preauthentication hash after the request; a key is
 *		derived with it
 */
struct smbsign_leg {
	u8				raw[SMB2_KEY_SIZE];
	bool				shown;
	u8				preauth[SMBSIGN_PREAUTH_SIZE];
};

/**
 * struct smbsign_awaited - a request whose response matters
 * @node:		in smbsign_conn.awaited
 * @kind:		why it matters
 * @message_id:		MessageId
 * @session_id:		SessionId of the request
 * @security_mode:	SecurityMode of the request
 * @setup_flags:	Flags of a SESSION_SETUP
 * @status:		for REFUSED, the Status to answer with; for NEGOTIATE,
 *			the Status that replaces ksmbd's response, or 0
 * @shown:		for SETUP and REFUSED, smbsign_key.serial of the key
 *			that verified the request, or 0
 * @header:		for REFUSED, the request's header as it came
 * @leg:		for SETUP and PROVISIONAL, what ksmbd shows while it
 *			answers
 */
struct smbsign_awaited {
	struct list_head		node;
	enum smbsign_awaited_kind	kind;
	u64				message_id;
	u64				session_id;
	u16				security_mode;
	u8				setup_flags;
	u32				status;
	u64				shown;
	union {
		struct smb2_header	header;
		struct smbsign_leg	leg;
	};
};

struct smbsign_awaited *
smbsign_awaited_alloc(enum smbsign_awaited_kind kind,
		      const struct smbsign_element *element,
		      const struct smb2_header *header);
void smbsign_awaited_free(struct list_head *list);
int smbsign_awaited_add(struct smbsign_conn *conn, struct list_head *list);
struct smbsign_awaited *
smbsign_awaited_by(struct smbsign_conn *conn,
		   const struct smb2_header *response);
struct smbsign_awaited *
smbsign_awaited_of(struct smbsign_conn *conn, enum smbsign_awaited_kind kind,
		   const struct smb2_header *header);
bool smbsign_awaited_leg(struct smbsign_conn *conn,
			 const struct smb2_header *response, u64 *shown);
void smbsign_awaited_done(struct smbsign_conn *conn,
			  struct smbsign_awaited *awaited);
bool smbsign_awaited_setups_full(struct smbsign_conn *conn);
bool smbsign_awaited_is_setup(struct smbsign_conn *conn, u64 message_id);

#endif /* SMBSIGN_AWAITED_H */
