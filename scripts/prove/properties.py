# SPDX-License-Identifier: GPL-2.0-only
"""What is proven: each property with the sentence that it proves, and with faults
that must break it."""

import dataclasses

POLICY = "module/rules/policy.c"


def in_policy(old, new):
    return (POLICY, old, new)


@dataclasses.dataclass(frozen=True)
class Property:
    """The function of that name in the harness. Loops are unwound so often; if one
    could go on, that is a failure, too."""
    name: str
    # The sentence, and where it is from
    says: str
    # (file, what stands there, what is put in its place)
    faults: tuple
    unwind: int = 34
    # It also says that loops end: then it is a fault's work if one does not
    ends: bool = False


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
    POLICY, "module/rules/verified.c", "module/wire/frame.c", "module/gate/verdict.c"), (
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
         ("module/rules/verified.c", "	case SMB2_CMD_OPLOCK_BREAK:\n", ""))),
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
         ("module/rules/verified.c", "	case SMB2_CMD_SESSION_SETUP:\n", ""))),
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
        "3.3.5.5.3)",
        (in_policy("return !guest && (conn->client_required || conn->server_required);",
                   "return !guest && conn->client_required;"),
         in_policy("return !guest && (conn->client_required || conn->server_required);",
                   "return !guest && conn->server_required;"),
         in_policy("if (security_mode & SMB2_SECURITY_SIGNING_REQUIRED)", "if (0)"))),
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

PROOFS = (POLICY_PROOF,)
