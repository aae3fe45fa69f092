/* SPDX-License-Identifier: GPL-2.0-only */
/* Pure verdicts: facts in, verdict out; no socket, no lock, no state. */
#ifndef SMBSIGN_POLICY_H
#define SMBSIGN_POLICY_H

#include "rules/reason.h"
#include "wire/frame.h"

enum smbsign_policy_mode {
	SMBSIGN_POLICY_AUDIT,
	SMBSIGN_POLICY_NEGOTIATED,
	SMBSIGN_POLICY_REQUIRED,
};

/**
 * struct smbsign_policy - the administrator's policy
 * @mode:		policy
 * @allow_guest:	guests and anonymous users are allowed under REQUIRED
 * @min_dialect:	the lowest dialect that may be negotiated
 * @algorithms:		signing algorithms that may be negotiated,
 *			BIT(SMB2_SIGNING_*)
 * @known:		those that messages can be signed with here
 * @replay_window:	MessageIds must be in the command sequence window
 * @sign_responses:	sign what ksmbd leaves unsigned
 * @resets:		a refusal resets the connection
 */
struct smbsign_policy {
	enum smbsign_policy_mode	mode;
	bool				allow_guest;
	u16				min_dialect;
	u16				algorithms;
	u16				known;
	bool				replay_window;
	bool				sign_responses;
	bool				resets;
};

/**
 * enum smbsign_session_state - the state of a session, seen from one connection
 * @SMBSIGN_SESSION_UNKNOWN:		not known
 * @SMBSIGN_SESSION_ELSEWHERE:		established on another connection only
 * @SMBSIGN_SESSION_IN_PROGRESS:	authenticating on this connection
 * @SMBSIGN_SESSION_ESTABLISHED:	authenticated on this connection
 * @SMBSIGN_SESSION_ENDED:		ksmbd has ended it
 */
enum smbsign_session_state {
	SMBSIGN_SESSION_UNKNOWN,
	SMBSIGN_SESSION_ELSEWHERE,
	SMBSIGN_SESSION_IN_PROGRESS,
	SMBSIGN_SESSION_ESTABLISHED,
	SMBSIGN_SESSION_ENDED,
};

/**
 * struct smbsign_conn_facts - what is known about a connection
 * @dialect:		negotiated dialect, 0 before NEGOTIATE was answered
 * @algorithm:		SMB2_SIGNING_*
 * @multi_credit:	CreditCharge is used
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
 * struct smbsign_session_facts - what is known about a session
 * @state:	its state
 * @required:	its requests must be signed
 * @guest:	its user is a guest or anonymous: its key is no secret
 * @keyless:	on 3.x, ksmbd did not sign the end of its authentication, as it
 *		does for users; may only be held against it
 * @encrypted:	the server said that the session must be encrypted
 * @ciphered:	it has encryption keys
 * @binding:	it is in progress as another channel of an established session
 * @tolerated:	a request has passed that was neither signed nor encrypted
 * @has_key:	a key to verify with is known; for a binding, and for a session
 *		established elsewhere, that is Session.SigningKey
 * @algorithm:	SMB2_SIGNING_* of that key
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
	u16				algorithm;
};

/**
 * enum smbsign_action - what is done with a request
 * @SMBSIGN_PASS:		pass it to ksmbd
 * @SMBSIGN_PASS_ALONE:		pass it, and nothing after it until ksmbd has
 *				answered
 * @SMBSIGN_VERIFY:		pass it if its signature is right; if the
 *				verdict has a reason and a status, refuse it
 *				even so
 * @SMBSIGN_PROVISIONAL:	like PASS_ALONE: ksmbd checks the signature, and
 *				shows the key as it does
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
 * @action:	what is done
 * @reason:	why it is REFUSE or ABORT
 * @status:	Status of the answer, for REFUSE and for some VERIFY; else 0
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
bool smbsign_policy_hides_gmac(const struct smbsign_policy *policy,
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
void smbsign_policy_except(struct smbsign_policy *policy);
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
bool smbsign_policy_lends(const struct smbsign_session_facts *session);
bool smbsign_policy_session_required(const struct smbsign_conn_facts *conn,
				     u16 security_mode, bool guest);

#endif /* SMBSIGN_POLICY_H */
