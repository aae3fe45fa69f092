/* SPDX-License-Identifier: GPL-2.0-only */
/* Pure verdicts: facts in, verdict out; no socket, no lock, no state. */
#ifndef SMBSIGN_POLICY_H
#define SMBSIGN_POLICY_H

#include "frame.h"
#include "reason.h"

enum smbsign_policy_mode {
	SMBSIGN_POLICY_AUDIT,
	SMBSIGN_POLICY_NEGOTIATED,
	SMBSIGN_POLICY_REQUIRED,
};

/**
 * struct smbsign_policy - what the administrator wants
 * @mode:		policy
 * @allow_guest:	guests and anonymous users may work under REQUIRED
 * @min_dialect:	the lowest dialect that may be negotiated
 * @algorithms:		signing algorithms that may be, BIT(SMB2_SIGNING_*)
 * @replay_window:	MessageIds must lie in the command sequence window
 * @sign_responses:	sign what ksmbd leaves unsigned
 */
struct smbsign_policy {
	enum smbsign_policy_mode	mode;
	bool				allow_guest;
	u16				min_dialect;
	u16				algorithms;
	bool				replay_window;
	bool				sign_responses;
};

/**
 * enum smbsign_session_state - how far a session is, seen from one connection
 * @SMBSIGN_SESSION_UNKNOWN:		never heard of
 * @SMBSIGN_SESSION_ELSEWHERE:		established on another connection only
 * @SMBSIGN_SESSION_IN_PROGRESS:	authenticating on this connection
 * @SMBSIGN_SESSION_ESTABLISHED:	authenticated on this connection
 * @SMBSIGN_SESSION_ENDED:		was, but ksmbd has ended it
 */
enum smbsign_session_state {
	SMBSIGN_SESSION_UNKNOWN,
	SMBSIGN_SESSION_ELSEWHERE,
	SMBSIGN_SESSION_IN_PROGRESS,
	SMBSIGN_SESSION_ESTABLISHED,
	SMBSIGN_SESSION_ENDED,
};

/**
 * struct smbsign_conn_facts - what is known of a connection
 * @dialect:		negotiated dialect, 0 before NEGOTIATE was answered
 * @algorithm:		SMB2_SIGNING_*
 * @multi_credit:	CreditCharge counts
 * @encryption:		a cipher was agreed on
 * @compression:	a compression algorithm was agreed on
 * @client_required:	the client's NEGOTIATE demanded signing
 * @server_required:	the server's NEGOTIATE response demanded signing
 * @sessions:		sessions on this connection, in progress included
 * @in_progress:	those that are in progress
 * @required_sessions:	those that must be signed
 */
struct smbsign_conn_facts {
	u16			dialect;
	u16			algorithm;
	bool			multi_credit;
	bool			encryption;
	bool			compression;
	bool			client_required;
	bool			server_required;
	u32			sessions;
	u32			in_progress;
	u32			required_sessions;
};

/**
 * struct smbsign_session_facts - what is known of a session
 * @state:	how far it is
 * @required:	its requests must be signed
 * @guest:	its user is a guest or anonymous: what its key is, is no secret
 * @keyless:	ksmbd did not sign the end of its authentication, as it does on 3.x for
 *		users; may only be held against it
 * @encrypted:	the server said that it must be encrypted
 * @ciphered:	it has keys to encrypt with
 * @binding:	in progress as another channel of an established session
 * @tolerated:	a request of it was let in that was neither signed nor encrypted
 * @has_key:	a key to verify with is at hand; for a binding and for a session
 *		established elsewhere Session.SigningKey
 */
struct smbsign_session_facts {
	enum smbsign_session_state	state;
	bool				required;
	bool				guest;
	bool				keyless;
	bool				encrypted;
	bool				ciphered;
	bool				binding;
	bool				tolerated;
	bool				has_key;
};

/**
 * enum smbsign_action - what to do with a request
 * @SMBSIGN_PASS:		hand it on as it is
 * @SMBSIGN_PASS_ALONE:		hand it on, and nothing behind it before its answer
 * @SMBSIGN_VERIFY:		hand it on if its signature is right; where a reason
 *				and a status come with it, refuse it all the same
 * @SMBSIGN_PROVISIONAL:	like PASS_ALONE: ksmbd itself checks its signature,
 *				and shows the key as it does
 * @SMBSIGN_REFUSE:		answer it with an error
 * @SMBSIGN_ABORT:		reset the connection
 */
enum smbsign_action {
	SMBSIGN_PASS,
	SMBSIGN_PASS_ALONE,
	SMBSIGN_VERIFY,
	SMBSIGN_PROVISIONAL,
	SMBSIGN_REFUSE,
	SMBSIGN_ABORT,
};

/**
 * struct smbsign_verdict - an action, and why
 * @action:	what to do
 * @reason:	why it is REFUSE or ABORT
 * @status:	Status of the answer, for REFUSE; else 0, but see VERIFY
 */
struct smbsign_verdict {
	enum smbsign_action	action;
	enum smbsign_reason	reason;
	u32			status;
};

struct smbsign_verdict
smbsign_policy_frame(const struct smbsign_policy *policy,
		     const struct smbsign_conn_facts *conn,
		     enum smbsign_frame_kind kind, bool smb1_upgrades);
struct smbsign_verdict
smbsign_policy_encrypted(const struct smbsign_policy *policy,
			 const struct smbsign_session_facts *session);
struct smbsign_verdict
smbsign_policy_element(const struct smbsign_policy *policy,
		       const struct smbsign_conn_facts *conn,
		       const struct smbsign_session_facts *session,
		       const struct smbsign_element *element, bool single);
struct smbsign_verdict
smbsign_policy_compound(const struct smbsign_element *element, u64 session_id);
struct smbsign_verdict
smbsign_policy_offer(const struct smbsign_element *element,
		     const struct smbsign_offer *offer,
		     const struct smbsign_contexts *contexts);
u16 smbsign_policy_algorithm(const struct smbsign_policy *policy,
			     const struct smbsign_contexts *contexts);
struct smbsign_verdict
smbsign_policy_negotiated(const struct smbsign_policy *policy,
			  const struct smbsign_negotiated *negotiated);
struct smbsign_verdict
smbsign_policy_validate(const struct smbsign_conn_facts *conn,
			const struct smbsign_offer *negotiated,
			const struct smbsign_element *element,
			const struct smbsign_offer *validated);
struct smbsign_verdict
smbsign_policy_guest(const struct smbsign_policy *policy,
		     const struct smbsign_session_facts *session);
bool smbsign_policy_is_stricter(const struct smbsign_policy *policy,
				const struct smbsign_policy *before);
struct smbsign_verdict
smbsign_policy_outgrown(const struct smbsign_policy *policy,
			const struct smbsign_session_facts *session);
bool smbsign_policy_must(const struct smbsign_policy *policy,
			 const struct smbsign_session_facts *session);
bool smbsign_policy_is_binding(const struct smbsign_conn_facts *conn,
			       u8 setup_flags);
bool smbsign_policy_signs(const struct smbsign_policy *policy,
			  const struct smbsign_session_facts *session,
			  const struct smb2_header *response, bool answers_signed);
bool smbsign_policy_session_required(const struct smbsign_conn_facts *conn,
				     u16 security_mode, bool guest);

#endif /* SMBSIGN_POLICY_H */
