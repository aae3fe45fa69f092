# SPDX-License-Identifier: GPL-2.0-only
"""What is proven: each property with the sentence that it proves, and with faults
that must break it."""

import dataclasses

POLICY = "module/rules/policy.c"
WINDOW = "module/rules/window.c"
VERIFIED = "module/rules/verified.c"
DUE = "module/rules/due.c"
EXCEPTIONS = "module/rules/exceptions.c"
CREDITS = "module/state/credits.c"
FRAME = "module/wire/frame.c"
GATE = "module/gate/gate.c"
REQUEST = "module/gate/request.c"
RELEASE = "module/gate/release.c"
REFUSE = "module/gate/refuse.c"
AHEAD = "module/gate/ahead.c"
QUEUE = "module/gate/queue.c"
CURSOR = "module/gate/cursor.h"


def _faults_in(path):
    """What makes a fault in that file, of what stands there and what is put in
    its place."""
    return lambda old, new: (path, old, new)


in_policy, in_window, in_verified = map(_faults_in, (POLICY, WINDOW, VERIFIED))
in_frame, in_due, in_credits = map(_faults_in, (FRAME, DUE, CREDITS))
in_exceptions = _faults_in(EXCEPTIONS)
in_gate, in_request, in_release = map(_faults_in, (GATE, REQUEST, RELEASE))
in_refuse, in_ahead, in_cursor = map(_faults_in, (REFUSE, AHEAD, CURSOR))
in_queue = _faults_in(QUEUE)


@dataclasses.dataclass(frozen=True)
class Property:
    """The function of that name in the harness, or what a model asserts. Loops are
    unwound so often, those named as often as they say; if one could go on, that is a
    failure, too, unless it goes through a list in the message."""
    name: str
    # The sentence, and where it is from
    says: str
    # (file, what stands there, what is put in its place)
    faults: tuple
    unwind: int = 34
    # LOOP:TIMES, separated by commas
    loops: str = ""
    # The same, for lists in the message: nothing is said of inputs with longer ones
    lists: str = ""
    # More than a few seconds: left out with SHORT=yes
    long: bool = False


@dataclasses.dataclass(frozen=True)
class Proof:
    harness: str
    # Of the module
    sources: tuple
    properties: tuple
    # Second implementations
    oracles: tuple = ()
    # Constants of the module that are made smaller, as a fault is
    smaller: tuple = ()
    options: tuple = ()


POLICY_PROOF = Proof("policy.c", (
    POLICY, VERIFIED, FRAME, "module/gate/verdict.c"), (
    Property(
        "unsigned_never_passes",
        "If a session must be signed, unsigned or forged requests never reach ksmbd "
        "(README.md). smbsign judges by SigningRequired, and not by the flag "
        "(threat-model.rst)",
        (in_policy("		return must ? abort_for(SMBSIGN_REASON_UNSIGNED) :\n"
                   "			      act(SMBSIGN_PASS);",
                   "		return act(SMBSIGN_PASS);"),
         in_policy("	if (!(element->flags & SMB2_FLAG_SIGNED)) {\n		if (session->required)",
                   "	if (element->command == SMB2_CMD_LOGOFF)\n		return act(SMBSIGN_PASS);\n"
                   "	if (!(element->flags & SMB2_FLAG_SIGNED)) {\n		if (session->required)"),
         in_policy("	return session->required ||\n",
                   "	return (session->required && !session->ciphered) ||\n"),
         in_policy("	if (must)\n		return refuse(SMBSIGN_REASON_NO_KEY",
                   "	if (0)\n		return refuse(SMBSIGN_REASON_NO_KEY"))),
    Property(
        "only_verified_with_a_key",
        "A request is verified if it says that it is signed and its key is known, and is "
        "passed on by its signature only (3.3.5.2.4)",
        (in_policy("	if (session->has_key)\n		return act(SMBSIGN_VERIFY);\n", ""),
         in_policy("	if (verdict.action == SMBSIGN_REFUSE && session->has_key &&\n",
                   "	if (verdict.action == SMBSIGN_REFUSE &&\n"))),
    Property(
        "provisional_only_alone",
        "If smbsign has not seen a key, the request is refused, or passed alone to ksmbd's "
        "own check (threat-model.rst, Failing closed)",
        (in_policy("	if (single && smbsign_verified_by_ksmbd(",
                   "	if (smbsign_verified_by_ksmbd("),
         in_policy("	if (single && smbsign_verified_by_ksmbd(element->command))\n",
                   "	if (single)\n"),
         (VERIFIED, "	case SMB2_CMD_OPLOCK_BREAK:\n", ""))),
    Property(
        "no_session_no_request",
        "A session exists only from its final response on; sessions belong to connections "
        "(threat-model.rst). Only an ECHO needs none (3.3.5.17)",
        (in_policy("	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)\n		return refuse(",
                   "	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)\n"
                   "		return act(SMBSIGN_PASS);\n"
                   "	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)\n		return refuse("),
         in_policy("	if (session->state == SMBSIGN_SESSION_ESTABLISHED)\n"
                   "		return judge_established",
                   "	if (session->state == SMBSIGN_SESSION_ESTABLISHED ||\n"
                   "	    session->state == SMBSIGN_SESSION_ELSEWHERE)\n"
                   "		return judge_established"))),
    Property(
        "ended_is_ended",
        "Nothing runs in a session that has ended, and nothing is answered as if it did "
        "(design.rst, The life of a session)",
        (in_policy("	if (element->command == SMB2_CMD_ECHO &&\n"
                   "	    session->state != SMBSIGN_SESSION_ENDED)\n",
                   "	if (element->command == SMB2_CMD_ECHO)\n"),
         in_policy("	if (session->state == SMBSIGN_SESSION_UNKNOWN ||\n"
                   "	    session->state == SMBSIGN_SESSION_ENDED)\n",
                   "	if (session->state == SMBSIGN_SESSION_UNKNOWN)\n"))),
    Property(
        "guests_are_refused",
        "required refuses guests and anonymous users (README.md); so if they sign or encrypt "
        "with their key, which is no secret (threat-model.rst)",
        (in_policy("	if ((session->guest || session->keyless) &&\n",
                   "	if (session->guest &&\n"),
         in_policy("	if (smbsign_policy_guest(policy, session).action != SMBSIGN_PASS)\n"
                   "		return abort_for(SMBSIGN_REASON_GUEST);\n"
                   "	return act(SMBSIGN_PASS);\n",
                   "	return act(SMBSIGN_PASS);\n"),
         in_policy("	return smbsign_policy_guest(policy, session);\n",
                   "	return act(SMBSIGN_PASS);\n"))),
    Property(
        "tree_connect_is_signed",
        "On 3.1.1 a TREE_CONNECT of a user is signed or encrypted (3.3.5.7)",
        (in_policy("	if (element->command == SMB2_CMD_TREE_CONNECT && !session->guest &&\n",
                   "	if (element->command == SMB2_CMD_TREE_CONNECT && session->required &&\n"),)),
    Property(
        "bindings_are_verified",
        "Bindings are verified with Session.SigningKey (threat-model.rst; 3.3.5.5); none to "
        "a session that is unknown or ended, none twice (3.3.5.5.2)",
        (in_policy("	if (!(element->flags & SMB2_FLAG_SIGNED))\n"
                   "		return refuse(SMBSIGN_REASON_UNSIGNED, SMB2_STATUS_ACCESS_DENIED);\n"
                   "	if (!session->has_key)\n",
                   "	if (!(element->flags & SMB2_FLAG_SIGNED))\n"
                   "		return act(SMBSIGN_PASS);\n"
                   "	if (!session->has_key)\n"),
         in_policy("	if (is_gmac(conn->algorithm) == is_gmac(session->algorithm))\n",
                   "	if (1)\n"),
         in_policy("	if (smbsign_policy_is_binding(conn, element->setup_flags))\n"
                   "		return refused_for(verdict, SMBSIGN_REASON_BOUND_ALREADY,\n"
                   "				   SMB2_STATUS_REQUEST_NOT_ACCEPTED);\n", ""),
         in_policy("	if (!element->session_id && element->setup_flags",
                   "	if (0 && element->setup_flags"),
         in_policy("	if (session->binding ||\n", "	if (0 ||\n"))),
    Property(
        "reauthentication_is_verified",
        "On a session that must be signed, a reauthentication is (3.3.5.2.4); where the key "
        "would not keep another user out, there is none (threat-model.rst)",
        (in_policy("		return setup_again(policy, conn, session, element, single);\n",
                   "		return act(SMBSIGN_PASS);\n"),
         in_policy("	return conn->dialect >= SMB2_DIALECT_300 && !session->guest &&\n",
                   "	return !session->guest &&\n"),
         in_policy("!session->guest &&\n	       !session->keyless;", "!session->guest;"),
         (VERIFIED, "	case SMB2_CMD_SESSION_SETUP:\n", ""))),
    Property(
        "setup_is_alone",
        "Reset: SESSION_SETUP must be alone (threat-model.rst), and so must NEGOTIATE",
        (in_policy("	if (!single || element->length", "	if (element->length"),
         in_policy("		return single ? act(SMBSIGN_PASS_ALONE) :\n"
                   "				abort_for(SMBSIGN_REASON_MALFORMED);",
                   "		return act(SMBSIGN_PASS_ALONE);"))),
    Property(
        "negotiate_is_first_and_once",
        "A second NEGOTIATE ends the connection (3.3.5.4), and so does what comes before the "
        "first (3.3.5.2.2); one that is signed is refused (3.3.5.2.4), and one of 3.1.1 with "
        "contexts that are not as 3.3.5.4 has them",
        (in_policy("		if (conn->dialect)\n			return", "		if (0)\n			return"),
         in_policy("	if (!conn->dialect)\n", "	if (!conn->dialect && element->session_id)\n"),
         in_policy("	    (contexts->malformed || contexts->preauth != 1))",
                   "	    (contexts->malformed || !contexts->preauth))"),
         in_policy("	if (element->flags & SMB2_FLAG_SIGNED)\n"
                   "		return refuse(SMBSIGN_REASON_NEGOTIATE_SIGNED",
                   "	if (0)\n		return refuse(SMBSIGN_REASON_NEGOTIATE_SIGNED"))),
    Property(
        "encrypted_only",
        "In a session that must be encrypted nothing runs that is not (3.3.5.2.9), but "
        "reauthentication",
        (in_policy("	if (session->encrypted && element->command != SMB2_CMD_SESSION_SETUP)\n",
                   "	if (session->encrypted && !session->has_key)\n"),
         in_policy("	if (session->encrypted && element->command != SMB2_CMD_SESSION_SETUP)\n",
                   "	if (session->encrypted && element->command != SMB2_CMD_ECHO)\n"))),
    Property(
        "encrypted_needs_keys",
        "Encrypted messages pass only for sessions that have encryption keys "
        "(threat-model.rst)",
        (in_policy("	if (session->state != SMBSIGN_SESSION_ESTABLISHED || !session->ciphered)\n",
                   "	if (session->state != SMBSIGN_SESSION_ESTABLISHED)\n"),
         in_policy("	if (session->state != SMBSIGN_SESSION_ESTABLISHED || !session->ciphered)\n",
                   "	if (!session->ciphered)\n"))),
    Property(
        "what_is_no_request_is_cut",
        "Compressed messages where signing is demanded; SMB1, other than a first NEGOTIATE "
        "that asks for SMB2; garbage: reset (threat-model.rst)",
        (in_policy("	    conn->server_required || conn->required_sessions ||\n",
                   "	    conn->server_required ||\n"),
         in_policy("	    conn->in_progress || !conn->sessions)", "	    !conn->sessions)"),
         in_policy("	if (conn->dialect || !upgrades)\n", "	if (conn->dialect)\n"),
         in_policy("	default:\n		return abort_for(SMBSIGN_REASON_NOT_SMB);",
                   "	default:\n		return act(SMBSIGN_PASS);"))),
    Property(
        "compounds_have_one_session",
        "ksmbd runs all requests of a compound in the session of the first, so none of "
        "another is let in (3.3.5.2.7)",
        (in_policy("	if (element->session_id == session_id ||\n",
                   "	if (element->session_id == session_id || !element->session_id ||\n"),)),
    Property(
        "stricter_lets_in_less",
        "audit, negotiated, required, and no guests: each lets in no more than the one before "
        "(README.md, Choose a policy)",
        (in_policy("	    policy->mode == SMBSIGN_POLICY_REQUIRED && !policy->allow_guest)\n",
                   "	    policy->mode == SMBSIGN_POLICY_NEGOTIATED && !policy->allow_guest)\n"),
         in_policy("	if (policy->mode == SMBSIGN_POLICY_REQUIRED || conn->client_required ||\n",
                   "	if (policy->mode == SMBSIGN_POLICY_NEGOTIATED ||\n"
                   "	    conn->client_required ||\n"))),
    Property(
        "exceptions_are_held_to_negotiated",
        "An exception makes negotiated of required, and nothing stricter; what was demanded "
        "holds (reference.rst, Exceptions from required)",
        (in_policy("		policy->mode = SMBSIGN_POLICY_NEGOTIATED;\n",
                   "		policy->mode = SMBSIGN_POLICY_AUDIT;\n"),
         in_policy("	if (policy->mode == SMBSIGN_POLICY_REQUIRED)\n"
                   "		policy->mode = SMBSIGN_POLICY_NEGOTIATED;\n",
                   "	policy->mode = SMBSIGN_POLICY_NEGOTIATED;\n"),
         in_policy("		policy->mode = SMBSIGN_POLICY_NEGOTIATED;\n",
                   "		policy->allow_guest = true;\n"))),
    Property(
        "stricter_is_noticed",
        "smbsign_policy_is_stricter(): true if something that passed would not pass now "
        "(policy.c)",
        (in_policy("	return policy->mode > before->mode ||\n	       (before",
                   "	return (before"),
         in_policy("	       (before->allow_guest && !policy->allow_guest);", "	       0;"),
         in_policy("	return policy->mode > before->mode ||\n",
                   "	return policy->mode >= before->mode ||\n"))),
    Property(
        "outgrown_are_cut",
        "A change of policy resets connections that sent what the new policy would not let in "
        "(threat-model.rst)",
        (in_policy("	if (session->tolerated && smbsign_policy_must(policy, session))\n"
                   "		return abort_for(SMBSIGN_REASON_UNSIGNED);\n", ""),
         in_policy("	if (smbsign_policy_guest(policy, session).action != SMBSIGN_PASS)\n"
                   "		return abort_for(SMBSIGN_REASON_GUEST);\n	if (session->tolerated",
                   "	if (session->tolerated"))),
    Property(
        "audit_refuses_nothing",
        "audit refuses nothing; it counts and logs (README.md): every verdict that refuses is "
        "reported, once, and lets pass",
        (("module/gate/verdict.c", "verdict->action < SMBSIGN_REFUSE && !verdict->status",
          "verdict->action < SMBSIGN_REFUSE"),
         ("module/gate/verdict.c", "	return SMBSIGN_PASS;", "	return verdict->action;"),
         ("module/gate/verdict.c",
          "	smbsign_report(conn, element, verdict->reason, SMBSIGN_OUTCOME_AUDIT);\n", ""))),
    Property(
        "audit_foretells_negotiated",
        "audit counts and logs what negotiated would refuse (README.md)",
        (in_policy("	return session->required ||\n",
                   "	return (session->required && policy->mode) ||\n"),)),
    Property(
        "refusals_have_a_reason",
        "A refusal has an error for the client (3.3.4.4); what passes has none",
        (in_policy("		return refuse(SMBSIGN_REASON_SESSION_IN_PROGRESS,\n"
                   "			      SMB2_STATUS_USER_SESSION_DELETED);",
                   "		return refuse(SMBSIGN_REASON_SESSION_IN_PROGRESS, 0);"),)),
    Property(
        "refusals_are_verified_first",
        "A refusal is signed only if its request was signed with that key (threat-model.rst): "
        "who has signed is verified before he is refused",
        (in_policy("	if (verdict.action != SMBSIGN_PASS)\n"
                   "		return make_answerable(verdict, session, element);\n",
                   "	if (verdict.action != SMBSIGN_PASS)\n		return verdict;\n"),
         in_policy("	if (verdict.action != SMBSIGN_VERIFY)\n"
                   "		verdict.action = SMBSIGN_REFUSE;\n",
                   "	verdict.action = SMBSIGN_REFUSE;\n"))),
    Property(
        "demands_are_kept",
        "negotiated enforces for the whole session what client or server demanded (README.md; "
        "3.3.5.5.3). A guest demands what his own NEGOTIATE did, or no NEGOTIATE (rules.rst)",
        (in_policy("return !guest && (conn->client_required || conn->server_required);",
                   "return !guest && conn->client_required;"),
         in_policy("return !guest && (conn->client_required || conn->server_required);",
                   "return !guest && conn->server_required;"),
         in_policy("if (security_mode & SMB2_SECURITY_SIGNING_REQUIRED)", "if (0)"),
         in_policy("if (guest && conn->server_required && !conn->client_required)", "if (0)"),
         in_policy("if (guest && conn->server_required && !conn->client_required)",
                   "if (guest && conn->server_required)"),
         in_policy("if (guest && conn->server_required && !conn->client_required)",
                   "if (guest && !conn->client_required)"),
         in_policy("if (guest && conn->server_required && !conn->client_required)",
                   "if (conn->server_required && !conn->client_required)"))),
    Property(
        "responses_are_signed",
        "On a session that must be signed, all responses are signed (threat-model.rst); "
        "interim responses and notices are not (nonces.rst)",
        (in_policy("	return answers_signed || smbsign_policy_must(policy, session) ||\n",
                   "	return answers_signed ||\n"),
         in_policy("	return answers_signed || smbsign_policy_must(policy, session) ||\n",
                   "	return smbsign_policy_must(policy, session) ||\n"),
         in_policy("	if (response->flags & cpu_to_le32(SMB2_FLAG_SIGNED))\n"
                   "		return true;\n", ""),
         in_policy(" ||\n	    response->status == cpu_to_le32(SMB2_STATUS_PENDING))", ")"))),
    Property(
        "algorithm_is_offered_and_allowed",
        "On 3.1.1 the client's first choice of the knob's algorithms counts (README.md; "
        "3.3.5.4); another, or a lower dialect than min_dialect, is refused",
        (in_policy("		if (among & BIT(contexts->offered[i]))\n", "		if (i)\n"),
         in_policy("			     first_offered(contexts, policy->known,\n"
                   "					   contexts->offered[0]));",
                   "			     contexts->offered[0]);"),
         in_policy("	if (negotiated->algorithm >= SMB2_SIGNING_COUNT ||\n	    !(",
                   "	if (negotiated->algorithm < SMB2_SIGNING_COUNT &&\n	    !("),
         in_policy("	if (negotiated->dialect < policy->min_dialect)\n",
                   "	if (negotiated->dialect + 1 < policy->min_dialect)\n"))),
    Property(
        "validation_finds_changes",
        "Take the higher dialects out of NEGOTIATE; switch signing off in it: "
        "FSCTL_VALIDATE_NEGOTIATE_INFO ends the connection (threat-model.rst; 3.3.5.15.12)",
        (in_policy("	return validated & chosen && hidden < chosen;",
                   "	return validated & chosen;"),
         in_policy("	    validated->security_mode != negotiated->security_mode ||\n", ""),
         in_policy("		   sizeof(validated->guid)) ||", "		   sizeof(validated->guid) - 1) ||"),
         in_policy("	    !(element->flags & SMB2_FLAG_SIGNED) ||\n	    validated",
                   "	    validated"))),
    Property(
        "lent_keys_are_asked_for",
        "A key is lent, for a response to a binding, before it signs here (nonces.rst)",
        (in_policy("	       (session->binding ||\n		session->state",
                   "	       (session->state"),
         in_policy("	       (session->binding ||\n"
                   "		session->state == SMBSIGN_SESSION_ELSEWHERE);",
                   "	       session->binding;"))),
    Property(
        "oracle_agrees_on_requests",
        "The verdict on every request is what a second implementation says, written as a list "
        "of rules (scripts/fuzz/oracle)",
        (in_policy("	if (element->setup_flags & SMB2_SETUP_FLAG_BINDING)\n"
                   "		verdict.status = SMB2_STATUS_REQUEST_NOT_ACCEPTED;\n", ""),
         in_policy("		return must ? abort_for(SMBSIGN_REASON_UNSIGNED) :",
                   "		return must ? abort_for(SMBSIGN_REASON_NO_KEY) :"))),
    Property(
        "oracle_agrees_on_the_rest",
        "So are the verdicts on NEGOTIATE, on what is no request, and on sessions",
        (in_policy("	       memchr_inv(response->signature, 0, SMB2_SIGNATURE_SIZE);",
                   "	       memchr_inv(response->signature, 0, SMB2_SIGNATURE_SIZE - 1);"),
         in_policy("	return contexts->algorithms == BIT(SMB2_SIGNING_AES_GMAC) &&\n",
                   "	return contexts->algorithms & BIT(SMB2_SIGNING_AES_GMAC) &&\n"))),
), oracles=("scripts/fuzz/oracle/policy.c",))

EXCEPTIONS_PROOF = Proof("exceptions.c", (EXCEPTIONS,), (
    Property(
        "covers_what_begins_alike",
        "A prefix covers the addresses of its family that begin like it, and no other "
        "(reference.rst, Exceptions from required)",
        (in_exceptions("		    is_ipv4(&prefixes[i]) != ipv4 ||\n", ""),
         in_exceptions("	       (!rest || !((a[whole] ^ b[whole]) >> (8 - rest)));",
                       "	       true;"),
         in_exceptions("((a[whole] ^ b[whole]) >> (8 - rest))",
                       "((a[whole] ^ b[whole]) >> (7 - rest))"),
         in_exceptions("	return prefix->length >= MAPPED_BITS &&", "	return")),
        unwind=130),
    Property(
        "longest_counts",
        "If several prefixes cover an address, the longest is its exception",
        (in_exceptions("		if (prefixes[i].length <= longest ||\n", "		if ("),
         in_exceptions("		longest = prefixes[i].length;\n", "")),
        unwind=20),
))

# A word of bits is enough: a loop over words has one round.
WINDOW_PROOF = Proof("window.c", (WINDOW,), (
    Property(
        "begins_with_id_0",
        "A client may use MessageId 0, and no other, before it was granted any (3.3.1.1)",
        (in_window("		.high = 1,\n", "		.high = 2,\n"),
         in_window("		.high = 1,\n", "		.high = 1,\n		.unseen = true,\n")),
        unwind=2),
    Property(
        "use_leaves_it_sound",
        "struct smbsign_window: high - low fits, and the bits of all other ids are clear "
        "(window.h)",
        (in_window("	clear_used(window, window->low, done);\n", ""),
         in_window("	return min(count, window->size - window_bit(window, id));",
                   "	return count;")),
        unwind=2),
    Property(
        "used_once",
        "A client may use each MessageId that it was granted once (3.3.1.1): a request that "
        "passes uses all ids of its CreditCharge, and none of them passes again, however "
        "many are granted, and whatever is hidden by encryption (threat-model.rst, Replays)",
        (in_window("	return end <= id || !any_used(window, id, end - id);", "	return true;"),
         in_window("id < window->low ||\n	    ", ""),
         in_window("		if (!window->unseen || end - id > window->size)",
                   "		if (end - id > window->size)"),
         in_window("	u64 end = id + max(charge, 1U);", "	u64 end = id + 1;"),
         in_window("	if (id >= SMBSIGN_WINDOW_END || id < window->low ||",
                   "	if (id < window->low ||"),
         in_window("	window->low += done;\n", "")),
        unwind=2),
    Property(
        "use_changes_nothing_else",
        "smbsign_window_use(): if it is false, none is used (window.c). No credit is lost",
        (in_window("	    !ids_unused(window, id, end))\n		return false;",
                   "	    !ids_unused(window, id, end)) {\n"
                   "		window->low += window->low < window->high;\n"
                   "		return false;\n	}"),
         in_window("			bitmap_zero(window->used, window->size);\n", ""),
         in_window("	set_used(window, id, end - id);", "	set_used(window, id, end - id + 1);"),
         in_window("		smbsign_window_grant(window, end - window->high);",
                   "		smbsign_window_grant(window, end - window->high + 1);")),
        unwind=2),
    Property(
        "all_granted_may_be_used",
        "A request passes exactly if all its ids are granted and unused (3.3.5.2.3)",
        (in_window("	return end <= id || !any_used(window, id, end - id);",
                   "	return end <= id || !any_used(window, id, 1);"),
         in_window("	if (id >= SMBSIGN_WINDOW_END || id < window->low ||",
                   "	if (id >= SMBSIGN_WINDOW_END || id <= window->low ||"),
         in_window("	return find_next_bit(window->used, end, end - first) < end ||\n",
                   "	return\n")),
        unwind=2, loops="all_granted_may_be_used.0:5"),
    Property(
        "grants_what_is_granted",
        "A response grants as many ids as its CreditResponse says (3.3.1.2); what there is no "
        "room for is forgotten, the oldest first, and never passes",
        (in_window("	window->high += credits;\n", "	window->high += credits + 1;\n"),
         in_window("	clear_used(window, window->low,\n"
                   "		   min_t(u64, span - window->size, window->size));\n", ""),
         in_window("	window->low = window->high - window->size;\n}", "}"),
         in_window("	if (span <= window->size)\n		return;\n",
                   "	if (span < 2)\n		return;\n")),
        unwind=2),
    Property(
        "growth_keeps_all",
        "smbsign_window_resize(): more memory changes nothing about any id (window.c)",
        (in_window("	for (id = window->low; id < window->high; id++) {",
                   "	for (id = window->low; id + 1 < window->high; id++) {"),
         in_window("			__set_bit(id & (size - 1), used);",
                   "			__set_bit(window_bit(window, id), used);"),
         in_window("	if (size <= window->size)\n		return used;\n", "")),
        unwind=2, loops="smbsign_window_resize.0:5"),
    Property(
        "wants_enough",
        "The window has 65536 bits at most, and 8192 at least once ids are hidden "
        "(threat-model.rst, Bounds)",
        (in_window("	span = min_t(u64, span, SMBSIGN_WINDOW_LARGE);\n", ""),
         in_window("		span = max_t(u64, span, SMBSIGN_WINDOW_UNSEEN);\n", "		;\n"),
         in_window("	return span <= window->size ? window->size : roundup_pow_of_two(span);",
                   "	return window->size;")),
        unwind=2),
))

VERIFIED_PROOF = Proof("verified.c", (VERIFIED,), (
    Property(
        "given_as_noted_and_once",
        "ksmbd's check is answered from what was verified only if MessageId, key and length are "
        "those of the request that was verified (threat-model.rst), with its signature, and once",
        (in_verified("	if (!entry->key || entry->key != key ||", "	if (!entry->key ||"),
         in_verified("	    entry->message_id != message_id || entry->length != length)",
                     "	    entry->length != length)"),
         in_verified("	    entry->message_id != message_id || entry->length != length)",
                     "	    entry->message_id != message_id)"),
         in_verified("	entry->key = 0;\n", ""),
         in_verified("	if (!entry->key || entry->key != key", "	if (entry->key != key"),
         in_verified("	memcpy(signature, entry->signature, SMB2_SIGNATURE_SIZE);",
                     "	memcpy(signature, entry->signature, SMB2_SIGNATURE_SIZE - 1);")),
        unwind=17),
    Property(
        "notes_what_it_is_told",
        "What is there was noted, and where it is looked for (verified.c)",
        (in_verified("	entry->message_id = message_id;\n", ""),
         in_verified("	entry->length = length;\n", ""),
         in_verified("	room = !entry->key;", "	room = entry->key;"),
         in_verified("	memcpy(entry->signature, signature, sizeof(entry->signature));\n", "")),
        unwind=17),
    Property(
        "growth_keeps_all",
        "No two entries collide that did not before (verified.c), none is lost, none is made",
        (in_verified("		if (old.entry[i].key)\n", ""),
         in_verified("i < 1U << old.bits;", "i < 1U << old.bits >> 1;"),
         in_verified("			*entry_for(verified, old.entry[i].message_id) =",
                     "			verified->entry[i] =")),
        unwind=17),
    Property(
        "nothing_without_memory",
        "If a signature is not kept, it is computed again (verified.c); 256 are kept at most "
        "(threat-model.rst, Bounds)",
        (in_verified("	if (!verified->entry)\n		return false;\n"
                     "	entry = entry_for(verified, message_id);\n	room",
                     "	entry = entry_for(verified, message_id);\n	room"),
         in_verified("	return verified->bits < SMBSIGN_VERIFIED_BITS_MAX ?",
                     "	return verified->bits <= SMBSIGN_VERIFIED_BITS_MAX ?"),
         in_verified("	for (i = 0; old.entry && i < 1U", "	for (i = 0; i < 1U")),
        unwind=17),
))

DUE_LOOPS = ("shim_memmove.0:3,shim_memmove.1:3,count_latest.0:4,move_end.0:4,late_index.0:3,"
             "has.0:3,is_sound.0:3")
DUE_PROOF = Proof("due.c", (DUE,), (
    Property(
        "begins_empty",
        "No response is due before a request was accepted (nonces.rst)",
        (in_due("	if (id >= due->end)\n		return false;\n",
                "	if (id > due->end)\n		return true;\n"),),
        unwind=2, loops=DUE_LOOPS),
    Property(
        "only_what_was_added",
        "A MessageId gets into the set when its request is let in, and in no other way. If "
        "there is no room, the oldest is forgotten (nonces.rst)",
        (in_due("		if (!__test_and_clear_bit(due_bit(id), due->latest))\n",
                "		if (!test_bit(due_bit(id), due->latest))\n"),
         in_due("			due->late[due->lates++] = id;\n", "			;\n"),
         in_due("	due->lates -= excess;\n	memmove(due->late, &due->late[excess],",
                "	due->lates -= excess;\n	memmove(due->late, &due->late[0],"),
         in_due("	forget_oldest(due, count - skip);\n", ""),
         in_due("	if (is_late(due, id, at))\n		return;\n	if (due->lates",
                "	if (due->lates"),
         in_due("		late_drop(due, 0);\n", "		due->lates--;\n")),
        unwind=2, loops=DUE_LOOPS),
    Property(
        "removed_is_removed",
        "It leaves the set with its first final response (nonces.rst), and no other does",
        (in_due("		late_remove(due, id);\n", "		;\n"),
         in_due("		__clear_bit(due_bit(id), due->latest);\n", "		due->latest[0] = 0;\n"),
         in_due("	if (is_late(due, id, at))\n		late_drop(due, at);", "	late_drop(due, at);")),
        unwind=2, loops=DUE_LOOPS),
    Property(
        "answers_what_is_in_it",
        "A response is signed only if its MessageId is in the set; below the lowest nothing "
        "is signed any more, and a key may be lent (nonces.rst)",
        (in_due("	if (due->lates)\n		return due->late[0];\n", ""),
         in_due("	return is_late(due, id, late_index(due, id));",
                "	return late_index(due, id) < due->lates;"),
         in_due("SMBSIGN_DUE_BITS - first + bit : due->end;",
                "SMBSIGN_DUE_BITS - first + bit : 0;")),
        unwind=2, loops=DUE_LOOPS),
), smaller=(
    ("module/rules/due.h", "SMBSIGN_DUE_BITS	8192", "SMBSIGN_DUE_BITS	2"),
    ("module/rules/due.h", "SMBSIGN_DUE_LATE	768", "SMBSIGN_DUE_LATE	2"),
    # One word still
    ("module/rules/due.h", "SMBSIGN_DUE_BITS / (8 * sizeof(long))", "1"),
))

NONCES_PROOF = Proof("nonces.c", (CREDITS, POLICY, VERIFIED, FRAME), (
    Property(
        "a_request_leaves_it_so",
        "A MessageId is due once: when the window lets its request pass (nonces.rst)",
        (in_credits("	if (!smbsign_window_use(&conn->window, element->message_id, charge))\n"
                    "		return false;\n",
                    "	if (!smbsign_window_use(&conn->window, element->message_id, charge) && 0)\n"
                    "		return false;\n"),
         in_credits("	fine = !charge || use_ids(conn, element, charge);",
                    "	fine = use_ids(conn, element, charge) || !charge;\n"
                    "	if (!charge && conn->due)\n"
                    "		smbsign_due_add(conn->due, element->message_id);"),
         in_credits("	if (element->command == SMB2_CMD_CANCEL)\n		return 0;\n	return conn",
                    "	if (element->command == SMB2_CMD_ECHO)\n		return 0;\n	return conn")),
        unwind=18),
    Property(
        "an_encrypted_request_leaves_it_so",
        "The MessageIds of encrypted requests are in the same window and in the same set "
        "(nonces.rst)",
        (in_credits("		*fine = use_ids(conn, element, charge);",
                    "		*fine = true;"),
         in_credits("	fine = use_ids(conn, element, credit_charge(conn, element));",
                    "	use_ids(conn, element, credit_charge(conn, element));\n	fine = true;")),
        unwind=18),
    Property(
        "a_response_leaves_it_so",
        "No two different responses with one MessageId are signed with one key (nonces.rst)",
        (in_credits("	due = conn->due &&\n	      smbsign_due_has",
                    "	due = true ||\n	      smbsign_due_has"),
         in_credits("		smbsign_due_remove(conn->due,\n"
                    "				   le64_to_cpu(response->message_id));", "		;"),
         in_policy(" ||\n	    response->status == cpu_to_le32(SMB2_STATUS_PENDING))", ")")),
        unwind=18),
))

FRAME_PROOF = Proof("frame.c", (FRAME,), (
    Property(
        "requests_tile_the_frame",
        "Each request ends where the next begins, and the last where the frame does "
        "(3.3.5.2.7); its fields are what a second parser reads (scripts/fuzz/oracle). Any "
        "head, any length of the frame",
        (in_frame("	    next > left || left - next < SMBSIGN_ELEMENT_MIN)", "	    next > left)"),
         in_frame("	if (!IS_ALIGNED(next, 8) || ", "	if ("),
         in_frame("	if (!element->length || element->flags & SMB2_FLAG_SERVER_TO_REDIR)",
                  "	if (!element->length)"),
         in_frame("		element->security_mode = setup->security_mode;",
                  "		element->security_mode = setup->flags;")),
        unwind=17),
    Property(
        "pieces_do_not_matter",
        "A request is parsed from its head as it is when more of it has arrived (frame.c)",
        (in_frame("		return sizeof(struct smb2_ioctl_request);", "		return 0;"),
         in_frame("	return min(needed, left);", "	return needed;")),
        unwind=17),
    Property(
        "reads_nothing_behind_a_head",
        "Whatever a head says, nothing behind it is read (testing.rst, fuzz_frame)",
        (in_frame("	if (left < SMBSIGN_ELEMENT_MIN || head_length < sizeof(*header) ||",
                  "	if (left < SMBSIGN_ELEMENT_MIN ||"),
         in_frame("	if (min(head_length, element->length) <", "	if (element->length <")),
        unwind=17),
    Property(
        "encrypted_is_of_one_session",
        "A message that was decrypted is taken apart without a gap, up to its end, and only if "
        "all requests are of the session that encrypted it (threat-model.rst). Up to 216 "
        "bytes and three requests",
        (in_frame("	if (element->session_id != decrypted->session_id &&\n", "	if (0 &&\n"),
         in_frame("	    !(decrypted->later && element->session_id",
                  "	    !(element->session_id"),
         in_frame("	decrypted->left -= element->length;", "	decrypted->left -= 66;"),
         in_frame("smbsign_frame_element(decrypted->message, decrypted->left,\n"
                  "				  decrypted->left, element))",
                  "smbsign_frame_element(decrypted->message, SMBSIGN_HEAD_SIZE,\n"
                  "				  SMBSIGN_HEAD_SIZE, element))")),
        unwind=5),
    Property(
        "what_it_is",
        "A message is what its first bytes say (2.1, 2.2.1, 2.2.41, 2.2.42; RFC 1002, 4.3.6)",
        (in_frame("	return *length < sizeof(__le32) ? -EPROTO : 0;", "	return 0;"),
         in_frame("	return get_unaligned_be32(nbss) == (u32)SMB2_NBSS_KEEPALIVE << 24;",
                  "	return nbss[0] == SMB2_NBSS_KEEPALIVE;"),
         in_frame("	case SMB2_TRANSFORM_PROTOCOL_ID:\n		return SMBSIGN_FRAME_ENCRYPTED;",
                  "	case SMB2_TRANSFORM_PROTOCOL_ID:\n		return SMBSIGN_FRAME_SMB2;")),
        unwind=17),
), oracles=("scripts/fuzz/oracle/frame.c",))

# What is compared is compared without CBMC's own checks, which have proofs of their own.
# There are two loops in the second parser's dialects() and signing_capabilities().
BODY_PROOF = Proof("body.c", (), (
    Property(
        "a_context_says_the_same",
        "What a NEGOTIATE says in a context is what a second parser reads (3.3.5.4): any "
        "context, anywhere, with up to two algorithms, after any others",
        (in_frame("		if (algorithm >= SMB2_SIGNING_COUNT ||\n"
                  "		    contexts->algorithms & BIT(algorithm))\n",
                  "		if (algorithm >= SMB2_SIGNING_COUNT)\n"),
         in_frame("	if (!count || length < 2 + 2 * count) {", "	if (length < 2 + 2 * count) {"),
         in_frame("			contexts->preauth++;\n", "			contexts->preauth = 1;\n"),
         in_frame("			contexts->gmac = offset;\n", "			contexts->gmac = 2;\n")),
        unwind=9, lists="signing_offer.0:3,signing_capabilities.1:3", long=True),
    Property(
        "so_does_the_next",
        "A context begins at the next multiple of eight behind the one before (2.2.3.1)",
        (in_frame("		offset += ALIGN(data_length, 8);\n	}\n	return;\n",
                  "		offset += data_length;\n	}\n	return;\n"),
         in_frame("		if (length - offset < data_length)\n			goto malformed;",
                  "		if (length - offset < ALIGN(data_length, 8))\n			goto malformed;")),
        unwind=9, lists="signing_offer.0:3,signing_capabilities.1:3", long=True),
    Property(
        "dialects_are_a_set",
        "The dialects of a list of up to four are those that a second parser reads",
        (in_frame("	while (count--)\n		dialects |= smbsign_dialect_bit",
                  "	while (count--)\n		dialects = smbsign_dialect_bit"),
         in_frame("	case SMB2_DIALECT_302:\n		return SMBSIGN_DIALECT_302;",
                  "	case SMB2_DIALECT_302:\n		return SMBSIGN_DIALECT_300;")),
        unwind=9),
    Property(
        "a_negotiate_says_the_same",
        "What a NEGOTIATE says is what a second parser reads (2.2.3): any message, with a "
        "dialect or two and a context that has an algorithm",
        (in_frame("	if (length - fixed < 2 * count)\n", "	if (length < 2 * count)\n"),
         in_frame("	if (offer->dialects & SMBSIGN_DIALECT_311)\n		offered_contexts(",
                  "	if (offer->dialects)\n		offered_contexts("),
         in_frame("	memcpy(offer->guid, request->client_guid, sizeof(offer->guid));",
                  "	memcpy(offer->guid, request->client_guid, sizeof(offer->guid) - 1);")),
        unwind=17, lists="dialect_set.0:3,dialects.1:3,offered_contexts.0:2,"
        "negotiate_contexts.0:2,signing_offer.0:2,signing_capabilities.1:2"),
    Property(
        "a_validation_says_the_same",
        "What a VALIDATE_NEGOTIATE_INFO says is what a second parser reads (2.2.31.4): any "
        "message, with a dialect or two",
        (in_frame("	if (left - sizeof(*request) < 2 * count)\n", "	if (left < 2 * count)\n"),
         in_frame("	    offset > length || left > length - offset ||\n",
                  "	    offset + left > length ||\n"),
         in_frame("	if (le32_to_cpu(ioctl->max_output_response) <\n",
                  "	if (le32_to_cpu(ioctl->max_output_response) <=\n")),
        unwind=17, lists="dialect_set.0:3,dialects.1:3", long=True),
    Property(
        "choices_are_found",
        "What the contexts of a response choose is where a second parser finds it (2.2.4.1): "
        "in up to two, any type",
        (in_frame("			if (data_length < 4 + skip ||\n", "			if (data_length < 2 + skip ||\n"),
         in_frame("			*at = offset + 2 + skip;", "			*at = offset + 2;"),
         in_frame("		/* The last context need not be padded. */\n"
                  "		offset += ALIGN(data_length, 8);", "		offset += data_length;")),
        unwind=9, lists="find_choice.0:3,choice.0:3", long=True),
    Property(
        "answers_are_where_they_are",
        "The part of an answer that is changed is where a second parser finds it (2.2.32.6, "
        "2.2.4.1.3, 2.2.4.1.7): any message, with one context",
        (in_frame("	    le32_to_cpu(ioctl->output_count) < size)", "	    0)"),
         in_frame("	return offset <= length && length - offset >= size ? offset : 0;",
                  "	return offset + size <= length ? offset : 0;"),
         in_frame("	return find_choice(message, length, SMB2_CONTEXT_COMPRESSION, 6, at);",
                  "	return find_choice(message, length, SMB2_CONTEXT_COMPRESSION, 4, at);")),
        unwind=9, lists="find_choice.0:2,choice.0:2", long=True),
    Property(
        "an_smb1_negotiate_says_the_same",
        "An SMB1 NEGOTIATE asks for SMB2 if it names a dialect of it (3.3.5.3), as a second "
        "parser reads it: up to 48 bytes",
        (in_frame("		if (end == length)\n			return false;\n", ""),
         in_frame("		if (!strcmp((const char *)message + at, \"SMB 2.002\") ||\n"
                  "		    !strcmp", "		if (!strcmp"),
         in_frame("		at = end + 1;\n", "		at = end;\n")),
        unwind=15, long=True),
), options=("--no-standard-checks",))

BODY_READ_PROOF = Proof("body.c", (), (
    Property(
        "reads_no_context_that_is_not_there",
        "Whatever a context says, nothing behind the message is read (testing.rst, fuzz_frame): "
        "any context, anywhere, with two algorithms",
        (in_frame("	if (!count || length < 2 + 2 * count) {", "	if (!count) {"),
         in_frame("	u32 count = length < 2 ? 0 : get_unaligned_le16(message + offset);",
                  "	u32 count = get_unaligned_le16(message + offset);"),
         in_frame("		if (offset > length || length - offset < sizeof(*context))\n"
                  "			goto malformed;", "		if (offset >= length)\n			goto malformed;")),
        unwind=9, lists="signing_offer.0:3"),
    Property(
        "reads_no_validation_that_is_not_there",
        "So of a VALIDATE_NEGOTIATE_INFO, with two dialects",
        (in_frame("	    left < sizeof(*request))\n", "	    0)\n"),
         in_frame("	if (left - sizeof(*request) < 2 * count)\n", "	if (left < 2 * count)\n")),
        unwind=17, lists="dialect_set.0:3"),
    Property(
        "reads_no_answer_that_is_not_there",
        "So of answers, with one context",
        (in_frame("			if (data_length < 4 + skip ||\n", "			if ("),
         in_frame("		if (length - offset < data_length)\n			return -EPROTO;\n", ""),
         in_frame("	return offset <= length && length - offset >= size ? offset : 0;",
                  "	return offset;")),
        unwind=9, lists="find_choice.0:2"),
    Property(
        "reads_no_smb1_name_that_is_not_there",
        "So of an SMB1 NEGOTIATE of up to 48 bytes",
        (in_frame("		if (end == length)\n			return false;\n", ""),
         in_frame("	while (at < length && message[at] == SMB1_DIALECT_STRING) {",
                  "	while (message[at] == SMB1_DIALECT_STRING) {")),
        unwind=15, long=True),
))

GATE_PROOF = Proof("gate.c", (
    REQUEST, RELEASE, "module/gate/cursor.c", "module/gate/negotiate.c",
    "module/gate/verdict.c"), (
    Property(
        "begins_with_nothing",
        "ksmbd can read only what the gate has released (gate.c): at first, nothing",
        (("module/gate/gate.h", "	gate->cursor.released = seq;",
          "	gate->cursor.released = seq + 1;"),)),
    Property(
        "a_frame_begins",
        "smbsign verifies a frame before ksmbd can read it, or before ksmbd can read its last "
        "byte (threat-model.rst): so for a request that comes with its frame",
        (in_request("	return gate->request.element.last ? smbsign_release_frame(conn) :",
                    "	return 1 ? smbsign_release_frame(conn) :"),
         in_release("	WRITE_ONCE(conn->gate.blocked, true);\n", ""),
         in_gate("	if (conn->due ||\n	    smbsign_verdict_settle(",
                 "	if (0 && smbsign_verdict_settle("),
         in_request("		verdict.action = SMBSIGN_REFUSE;\n	return verdict;",
                    "		verdict.action = SMBSIGN_PASS;\n	return verdict;"),
         ("module/gate/negotiate.c",
          "	if (smbsign_verdict_settle(conn, policy, element, &verdict))\n"
          "		return smbsign_step_cut(conn, verdict.reason);\n", ""),
         # Past the last sequence number
         in_cursor("	if (after(seq, cursor->released))", "	if (seq > cursor->released)"),
         # It would wait for bytes that have arrived.
         in_gate("		return SMBSIGN_STEP_PAUSED;\n	/* Take",
                 "		return SMBSIGN_STEP_STARVED;\n	/* Take")),
        long=True),
    Property(
        "a_message_that_is_no_smb2",
        "Compressed and encrypted messages, and SMB1, are released if the rules let them pass "
        "(threat-model.rst)",
        (in_gate("	if (smbsign_verdict_settle(conn, &policy, &gate->request.element,\n"
                 "				   &verdict))\n"
                 "		return smbsign_step_cut(conn, verdict.reason);\n"
                 "	smbsign_credits_repeat(conn);\n", ""),
         in_gate("	if (verdict.action == SMBSIGN_PASS)\n		return pass_message",
                 "	if (verdict.action != SMBSIGN_ABORT)\n		return pass_message"),
         # It would go round for ever.
         in_gate("		WRITE_ONCE(gate->state, SMBSIGN_GATE_REQUEST);\n"
                 "		return SMBSIGN_STEP_ON;", "		return SMBSIGN_STEP_ON;"))),
    Property(
        "a_request_of_a_frame",
        "None of a compound is released unless all of it passes (threat-model.rst); a frame "
        "that is streamed is not refused later, but cut (design.rst)",
        (in_request("	return gate->request.element.last ? smbsign_release_frame(conn) :",
                    "	return 1 ? smbsign_release_frame(conn) :"),
         in_request("	if (verdict.action == SMBSIGN_VERIFY && verdict.status &&", "	if (0 &&"),
         in_refuse("	if (policy.resets || gate->frame.fate == SMBSIGN_FATE_STREAMED ||\n"
                   "	    after(gate->cursor.released, gate->frame.start))",
                   "	if (policy.resets)"),
         in_request("	gate->cursor.parsed += sizeof(*header);",
                    "	gate->cursor.parsed = gate->request.end;")),
        long=True),
    Property(
        "a_request_that_is_verified",
        "What is verified is the request, all of it and nothing else. A streamed frame is "
        "released as far as it is in the MAC, and its last byte after the verdict (design.rst)",
        (in_request("	if (crypto_memneq(expected, request->signature, sizeof(expected)))\n",
                    "	if (0)\n"),
         in_request("	if (gate->request.doom.status)\n"
                    "		return smbsign_refuse_frame(conn, &gate->request.doom);\n", ""),
         in_request("	if (cursor->parsed == gate->request.end)\n"
                    "		return verify_request(conn);\n"
                    "	smbsign_release_streamed(gate);\n",
                    "	smbsign_release_streamed(gate);\n"
                    "	if (cursor->parsed == gate->request.end)\n"
                    "		return verify_request(conn);\n"),
         in_release("	if (gate->frame.fate == SMBSIGN_FATE_STREAMED)\n"
                    "		smbsign_cursor_release", "	smbsign_cursor_release"),
         in_request("	if (after(end, gate->request.end))\n		end = gate->request.end;\n", ""),
         in_request("	return cursor->budget ? SMBSIGN_STEP_STARVED : SMBSIGN_STEP_PAUSED;",
                    "	return cursor->budget ? SMBSIGN_STEP_ON : SMBSIGN_STEP_PAUSED;")),
        long=True),
    Property(
        "what_is_swallowed",
        "At a refused frame the gate stands still until the reader has swallowed it (gate.h)",
        (in_gate("	case SMBSIGN_GATE_SWALLOW:\n		return SMBSIGN_STEP_REFUSING;",
                 "	case SMBSIGN_GATE_SWALLOW:\n		return SMBSIGN_STEP_STARVED;"),)),
    Property(
        "what_is_no_smb",
        "Only policy=audit lets pass what is no SMB (gate.h), as it arrives",
        (in_gate("				       smbsign_queue_end(conn->sk));",
                 "				       smbsign_queue_end(conn->sk) + 1);"),)),
    Property(
        "a_frame_that_tcp_has_no_room_for",
        "Nothing of a doomed request may be released (gate.c), nor what is not in the MAC, if "
        "TCP has no room for a frame that is held",
        (in_gate("	if (gate->state == SMBSIGN_GATE_BODY && gate->request.doom.status) {",
                 "	if (0) {"),
         in_gate("	smbsign_release_stream(gate);\n	if (!smbsign_is_first(gate))\n"
                 "		smbsign_release_streamed(gate);",
                 "	smbsign_cursor_release(&gate->cursor, gate->frame.end);")),
        long=True),
    Property(
        "reads_what_is_released",
        "What ksmbd has read never passes what is released (design.rst)",
        (in_gate("	*length = released_bytes(conn);",
                 "	*length = smbsign_cursor_arrived(conn, conn->gate.cursor.parsed);"),
         in_cursor("	if (after(end, seq))\n		end = seq;\n", "")),
        long=True),
    Property(
        "reads_without_the_lock",
        "The number of released bytes that have arrived only grows, and only this thread reads "
        "(gate.c); from a cut on, it reads nothing",
        (in_gate("	if (before(released, end))\n		end = released;\n", ""),
         in_gate("	if (before(released, end))\n", "	if (released < end)\n"),
         in_gate("	if (READ_ONCE(conn->life) != SMBSIGN_LIFE_OPEN ||\n", "	if (0 ||\n"))),
    Property(
        "a_refused_frame_is_swallowed",
        "A refused frame is swallowed, all of it and nothing before or behind it, and ksmbd "
        "reads a substitute in its place (gate.h)",
        (in_refuse("	    before(tcp_sk(conn->sk)->copied_seq, gate->frame.start))", "	    0)"),
         in_refuse("	if (gate->state != SMBSIGN_GATE_SWALLOW ||\n"
                   "	    tcp_sk(conn->sk)->copied_seq != gate->frame.end)",
                   "	if (gate->state != SMBSIGN_GATE_SWALLOW)")),
        long=True),
    Property(
        "a_substitute_is_read",
        "ksmbd must read the substitute before anything after it (gate.c): all of it, once",
        (in_gate("	if (substitute->read == substitute->length) {", "	if (substitute->read) {"),
         in_gate("	substitute->read += length;\n", ""))),
    Property(
        "nothing_until_the_answer",
        "Nothing more is released until ksmbd has answered (gate.h), or has read the substitute",
        (in_gate("	if (smp_load_acquire(&gate->blocked))\n		return SMBSIGN_STEP_BLOCKED;\n", ""),
         in_gate("	if (gate->substitute)\n		return SMBSIGN_STEP_BLOCKED;\n", ""))),
    Property(
        "nothing_while_a_worker_has_it",
        "The gate stands still at the request until the worker is done with it (ahead.c). From "
        "the cut on, the gate releases nothing (design.rst)",
        (in_ahead("	if (conn->gate.request.away)\n		return true;\n", ""),
         in_gate("	if (conn->life != SMBSIGN_LIFE_OPEN)\n		return SMBSIGN_STEP_OVER;\n"
                 "	switch", "	switch"))),
    Property(
        "a_worker_beside_the_reader",
        "The reader gets nothing that is not in the MAC, and the last byte only after the "
        "verdict (ahead.c), whatever others do while the worker has given up the lock",
        (in_ahead("	else if (conn->life == SMBSIGN_LIFE_OPEN)\n", "	else\n"),
         in_ahead("	WRITE_ONCE(conn->gate.request.away, false);\n", ""),
         in_ahead("smbsign_queue_mac_held(&held, mac, seq, some)",
                  "smbsign_queue_mac_held(&held, mac, seq, 1)")),
        loops="verify_arrived.0:2", long=True),
), options=("--no-standard-checks",
            "-I/smbsign/scripts/prove/gate"))

QUEUE_PROOF = Proof("queue.c", (), (
    Property(
        "finds_what_tcp_takes",
        "The copy of a byte that counts is the one that tcp_recvmsg() will take (queue.c), "
        "and nobody else can write to it: three segments, which overlap as they like",
        (in_queue("		if (after(skb_seq_end(skb), seq))\n			return skb;\n",
                  "		if (!before(skb_seq_end(skb), seq))\n			return skb;\n"),
         in_queue("		found = skb;\n", "		found = found ? found : skb;\n"),
         in_queue("	if (!before(seq, end))\n", "	if (seq >= end)\n"),
         in_queue("	return make_private(skb) ? ERR_PTR(-ENOMEM) : skb;\n}\n\n"
                  "static struct sk_buff *queue_next", "	return skb;\n}\n\n"
                  "static struct sk_buff *queue_next")),
        unwind=6, long=True),
), options=("--no-standard-checks", "-I/smbsign/scripts/prove/queue",
            "-I/smbsign/scripts/prove/gate"))

PROOFS = (POLICY_PROOF, WINDOW_PROOF, VERIFIED_PROOF, DUE_PROOF, NONCES_PROOF, FRAME_PROOF,
          BODY_PROOF, BODY_READ_PROOF, EXCEPTIONS_PROOF, GATE_PROOF, QUEUE_PROOF)

MODELS = (Proof("connection.pml", (), (
    Property(
        "everybody_ends_and_nobody_is_late",
        "An object that others can see is freed after a grace period; rmmod waits for whoever "
        "is inside, and ends; nobody waits in a section for what a peer does (locking.rst)",
        # Parts of the model
        tuple((name, "", "") for name in (
            "DETACH_TWICE", "PUT_TOO_EARLY", "NO_CODE_SECTION", "NO_REFERENCE",
            "WAITS_IN_SECTION", "FREED_AT_ONCE", "NOT_ABORTED", "NOT_ON_THE_WAY_IN",
            "NOT_IN_SECTIONS", "NOT_IN_CODE", "NOT_ON_THE_WAY_OUT", "NO_BARRIER"))),
)), Proof("worker.pml", (), (
    Property(
        "worker_has_what_it_needs",
        "A worker has a reference to the connection and one to the socket. When it has the "
        "socket lock again, it does no more if the connection is not OPEN. rmmod waits for the "
        "workers (locking.rst). Nobody else touches the request's MAC (ahead.c)",
        tuple((name, "", "") for name in (
            "NO_REFERENCE", "NO_SOCKET", "PUT_TOO_EARLY", "GATE_GOES_ON", "AWAY_ENDS_EARLY",
            "NOT_LOOKED_AT_AGAIN", "DISMISSED_TOO_EARLY", "NOT_DISMISSED"))),
)))
