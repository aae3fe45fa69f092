/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a request was not passed to ksmbd.  One list for counters, log lines and
 * tests: X(identifier, counter name, words for the log).
 */
#ifndef SMBSIGN_REASON_H
#define SMBSIGN_REASON_H

#define SMBSIGN_REASONS(X)						\
	X(UNSIGNED, "unsigned", "not signed, and the session must be")	\
	X(BAD_SIGNATURE, "bad_signature", "the signature is wrong")	\
	X(NO_KEY, "no_key", "no signing key is known to verify it")	\
	X(SESSION_UNKNOWN, "session_unknown",				\
	  "no such session on this connection")				\
	X(SESSION_IN_PROGRESS, "session_in_progress",			\
	  "the session is not authenticated yet")			\
	X(BOUND_SESSION_UNKNOWN, "bound_session_unknown",		\
	  "binding to a session that is not known")			\
	X(BOUND_ALREADY, "bound_already",				\
	  "binding to a session that is on this connection")		\
	X(BOUND_ALGORITHM, "bound_algorithm",				\
	  "of the session and the channel, only one signs with AES-GMAC") \
	X(AGAIN, "again",						\
	  "a session of this kind is not authenticated again")		\
	X(SESSION_CHANGED, "session_changed",				\
	  "ksmbd has answered for another session")			\
	X(COMPOUND_SESSIONS, "compound_sessions",			\
	  "a compound of several sessions")				\
	X(MALFORMED, "malformed", "malformed message")			\
	X(BEFORE_NEGOTIATE, "before_negotiate", "sent before NEGOTIATE") \
	X(NEGOTIATE_AGAIN, "negotiate_again", "NEGOTIATE a second time") \
	X(NEGOTIATE_SIGNED, "negotiate_signed", "NEGOTIATE cannot be signed") \
	X(NEGOTIATE_CONTEXTS, "negotiate_contexts",			\
	  "the negotiate contexts are wrong")				\
	X(DIALECT, "dialect", "the dialect is lower than min_dialect")	\
	X(ALGORITHM, "algorithm",					\
	  "the signing algorithm is none of algorithms")		\
	X(VALIDATE_NEGOTIATE, "validate_negotiate",			\
	  "not what was negotiated: somebody on the path changed it")	\
	X(TREE_CONNECT_UNSIGNED, "tree_connect_unsigned",		\
	  "neither signed nor encrypted")				\
	X(MESSAGE_ID, "message_id",					\
	  "its MessageId was used before or never granted")		\
	X(GUEST, "guest", "a guest's or anonymous, its key is no secret") \
	X(NOT_ENCRYPTED, "not_encrypted",				\
	  "not encrypted, and the session must be")			\
	X(SMB1, "smb1", "an SMB1 message")				\
	X(COMPRESSED, "compressed",					\
	  "compressed, its signature cannot be verified")		\
	X(ENCRYPTED_WITHOUT_SESSION, "encrypted_without_session",	\
	  "encrypted, but the session has no keys for that")		\
	X(ENCRYPTED_FOR_ANOTHER, "encrypted_for_another",		\
	  "encrypted, but with the keys of another session")		\
	X(NOT_SMB, "not_smb", "not an SMB message")			\
	X(NO_MEMORY, "no_memory", "out of memory")			\
	X(ATTACH_LATE, "attach_late", "data came before protection")	\
	X(BACKLOG, "backlog", "too many requests wait for an answer")	\
	X(SHORT_WRITE, "short_write",					\
	  "ksmbd could not write a whole response")			\
	X(UNANSWERED, "unanswered",					\
	  "too much was sent that gets no answer")			\
	X(SETUPS, "setups", "too many sessions are in the making")

enum smbsign_reason {
#define X(id, name, words) SMBSIGN_REASON_##id,
	SMBSIGN_REASONS(X)
#undef X
	SMBSIGN_REASON_NR
};

/**
 * enum smbsign_outcome - what is done about a bad request
 * @SMBSIGN_OUTCOME_REFUSED:	it is answered with an error
 * @SMBSIGN_OUTCOME_RESET:	the connection is cut
 * @SMBSIGN_OUTCOME_AUDIT:	nothing, because the policy is audit
 * @SMBSIGN_OUTCOME_REQUIRED:	nothing, because the policy is not required
 * @SMBSIGN_OUTCOME_EXCEPTED:	nothing, and under required nothing either,
 *				because the client is an exception
 */
enum smbsign_outcome {
	SMBSIGN_OUTCOME_REFUSED,
	SMBSIGN_OUTCOME_RESET,
	SMBSIGN_OUTCOME_AUDIT,
	SMBSIGN_OUTCOME_REQUIRED,
	SMBSIGN_OUTCOME_EXCEPTED,
};

const char *smbsign_reason_name(enum smbsign_reason reason);
const char *smbsign_reason_words(enum smbsign_reason reason);
const char *smbsign_outcome_name(enum smbsign_outcome outcome);
const char *smbsign_outcome_words(enum smbsign_outcome outcome);

#endif /* SMBSIGN_REASON_H */
