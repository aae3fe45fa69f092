# SPDX-License-Identifier: GPL-2.0-only
"""Each protection and each lifetime rule, taken out: (name, file, what stands
there, what is put in its place, the suites that must notice)."""

MUTANTS = (
    ("unsigned requests pass", "module/policy.c",
     "	if (!(element->flags & SMB2_FLAG_SIGNED)) {\n"
     "		if (session->required)",
     "	if (!(element->flags & SMB2_FLAG_SIGNED)) {\n"
     "		return act(SMBSIGN_PASS);\n		if (session->required)",
     "attacks"),
    ("who was not told to sign is not told", "module/policy.c",
     "		return must ? abort_for(SMBSIGN_REASON_UNSIGNED) :\n",
     "		if (must)\n"
     "			return refuse(SMBSIGN_REASON_UNSIGNED,\n"
     "				      SMB2_STATUS_ACCESS_DENIED);\n"
     "		return must ? abort_for(SMBSIGN_REASON_UNSIGNED) :\n",
     "policies --mode auto"),
    ("required does not go for sessions that were before", "module/policy.c",
     "		return must ? abort_for(SMBSIGN_REASON_UNSIGNED) :\n"
     "			      act(SMBSIGN_PASS);",
     "		return act(SMBSIGN_PASS);", "policies --mode auto"),
    ("wrong signatures pass", "module/rx.c",
     "if (crypto_memneq(expected, rx->signature, sizeof(expected))) {",
     "if (0) {", "attacks"),
    ("the server's REQUIRED does not count", "module/policy.c",
     "return !guest && (conn->client_required || conn->server_required);",
     "return !guest && conn->client_required;", "attacks"),
    ("the client's REQUIRED does not count", "module/policy.c",
     "return !guest && (conn->client_required || conn->server_required);",
     "return !guest && conn->server_required;", "policies --mode auto"),
    ("REQUIRED in SESSION_SETUP does not count", "module/policy.c",
     "if (security_mode & SMB2_SECURITY_SIGNING_REQUIRED)", "if (0)",
     "policies --mode auto"),
    ("policy=required adds nothing", "module/policy.c",
     "	return session->required ||\n"
     "	       (policy->mode == SMBSIGN_POLICY_REQUIRED && !session->guest);",
     "	return session->required;", "policies --mode auto"),
    ("reauthentication is not judged", "module/policy.c",
     "	if (session->state == SMBSIGN_SESSION_ESTABLISHED)\n"
     "		return established(policy, conn, session, element, single);\n"
     "	if (session->binding ||",
     "	if (session->binding ||", "attacks reauthentication"),
    ("ECHO is not judged", "module/policy.c",
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n",
     "	if (element->command == SMB2_CMD_ECHO)\n"
     "		return act(SMBSIGN_PASS);\n"
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n", "attacks"),
    ("OPLOCK_BREAK is not judged", "module/policy.c",
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n",
     "	if (element->command == SMB2_CMD_OPLOCK_BREAK)\n"
     "		return act(SMBSIGN_PASS);\n"
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n", "attacks"),
    ("CANCEL is not judged", "module/policy.c",
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n",
     "	if (element->command == SMB2_CMD_CANCEL)\n"
     "		return act(SMBSIGN_PASS);\n"
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n",
     "attacks waiting"),
    ("a compound is judged by its first request", "module/rx.c",
     "	return rx->element.last ? pass_frame(conn) : GO_ON;",
     "	return pass_frame(conn);", "compounds"),
    ("a session in progress may be used", "module/policy.c",
     "	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)\n"
     "		return refuse(",
     "	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)\n"
     "		return act(SMBSIGN_PASS);\n"
     "	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)\n"
     "		return refuse(", "sessions"),
    ("a streamed frame is released to its end", "module/rx.c",
     "		rx->streaming = true;\n	}\n	rx->parsed += sizeof",
     "		rx->streaming = true;\n		release(rx, rx->frame_end);\n"
     "	}\n	rx->parsed += sizeof", "bulk"),
    ("frames are handed on before they are verified", "module/rx.c",
     "	rx->parsed += sizeof(*header);\n	WRITE_ONCE(rx->state, SMBSIGN_RX_BODY);",
     "	release(rx, rx->frame_end);\n"
     "	rx->parsed += sizeof(*header);\n	WRITE_ONCE(rx->state, SMBSIGN_RX_BODY);",
     "attacks"),
    ("the last copy of a byte counts", "module/queue.c",
     "	return min(length, skb_seq_end(skb) - seq);\n",
     "	struct sk_buff *next = skb_peek_next((struct sk_buff *)skb,\n"
     "				&skb->sk->sk_receive_queue);\n"
     "	length = min(length, skb_seq_end(skb) - seq);\n"
     "	if (next && !after(TCP_SKB_CB(next)->seq, seq))\n"
     "		return 0;\n"
     "	if (next)\n"
     "		length = min(length, TCP_SKB_CB(next)->seq - seq);\n"
     "	return length;\n", "overlaps"),
    ("urgent bytes are left out", "module/attach.c",
     "	sock_set_flag(sk, SOCK_URGINLINE);\n", "", "segments"),
    ("a held frame may stall", "module/rx.c",
     "	if (rx->streaming || rx->released != tp->copied_seq ||\n",
     "	if (1 || rx->streaming || rx->released != tp->copied_seq ||\n",
     "segments"),
    ("a frame behind a provisional one is not held up", "module/rx.c",
     "	WRITE_ONCE(conn->rx.blocked, true);\n", "",
     "learning --mode required --match /2.1"),
    ("keys are not learned", "module/redirect.c",
     "	key = smbsign_session_key_seen(conn, header, raw);\n",
     "	key = 0;\n", "learning"),
    ("refusals are not signed", "module/sign.c",
     "	return key ? sign(header, length, NULL, key) : 0;",
     "	smbsign_key_put(key);\n	return 0;", "attacks"),
    ("refused frames are swallowed, MessageIds and all", "module/rx.c",
     "	substitute = substitute_grow(rx->substitute);\n",
     "	return 0;\n	substitute = substitute_grow(rx->substitute);\n",
     "pipelines"),
    ("what follows a refusal overtakes it", "module/rx.c",
     "	if (rx->substitute)\n		return SMBSIGN_RX_BLOCKED;\n", "",
     "pipelines"),
    ("on_violation=reset does not reset", "module/rx.c",
     "	if (smbsign_reset_on_violation() || rx->streaming ||",
     "	if (rx->streaming ||", "policies"),
    ("audit refuses", "module/rx.c",
     "	if (verdict->action < SMBSIGN_REFUSE || !auditing())\n",
     "	if (1)\n", "policies --match /3.1.1+enc"),
    ("a second NEGOTIATE, garbage and SMB1 pass", "module/rx.c",
     "	default:\n		if (!auditing())\n			return killed(conn, verdict.reason);\n",
     "	default:\n", "sessions"),
    ("connections that exist at load are left alone", "module/attach.c",
     "	if (smbsign_reset_existing()) {", "	if (0) {", "life"),
    ("a ksmbd that is loaded later is not watched", "module/redirect.c",
     "	if (event == MODULE_STATE_COMING)\n		ret = arm();\n", "", "life"),
    ("sockets of user space are taken, too", "module/attach.c",
     "	return sk->sk_kern_sock && smbsign_on_port(sk);",
     "	return smbsign_on_port(sk);", "listeners"),
    ("ksmbd's port is opened fast", "module/listener.c",
     "	WRITE_ONCE(inet_csk(sk)->icsk_accept_queue.fastopenq.max_qlen, 0);\n",
     "", "listeners"),
    ("who listens already is not prepared", "module/attach.c",
     "	ret = smbsign_listener_prepare_all();\n", "", "listeners"),
    ("pages of others are not made private", "module/queue.c",
     "	if (likely(!has_foreign_pages(skb)))\n		return 0;\n",
     "	return 0;\n", "pages"),

    # NEGOTIATE and what vouches for it
    ("NEGOTIATE may be signed", "module/policy.c",
     "		return refuse(SMBSIGN_REASON_NEGOTIATE_SIGNED,",
     "		if (0)\n			return refuse(SMBSIGN_REASON_NEGOTIATE_SIGNED,",
     "negotiate"),
    ("any contexts will do", "module/policy.c",
     "	    (contexts->malformed || contexts->preauth != 1))", "	    0)",
     "negotiate"),
    ("min_dialect does not count", "module/policy.c",
     "	if (negotiated->dialect < policy->min_dialect)", "	if (0)",
     "negotiate"),
    ("algorithms does not count", "module/policy.c",
     "	    !(policy->algorithms & BIT(negotiated->algorithm)))", "	    0)",
     "negotiate"),
    ("ksmbd's choice of the algorithm stays", "module/negotiate.c",
     "	if (at && contexts->algorithms)", "	if (0)", "negotiate"),
    ("ksmbd checks with its own key and algorithm", "module/redirect.c",
     "	return differs(conn, header, raw) ? sign_instead : NULL;",
     "	return NULL;", "encryption --match /3.1.1+hmac"),
    ("ksmbd reads what has come, released or not", "module/proto.c",
     "	if (before(released, end))\n		end = released;\n", "",
     "bulk pipelines segments"),
    ("a request that was not verified counts as if", "module/redirect.c",
     "		return smbsign_conn_take_verified(conn, header, key, signature) ?\n"
     "		       sign_done : sign_instead;",
     "		return sign_done;", "attacks bulk"),
    ("clients are not told that they must sign", "module/negotiate.c",
     "	response->security_mode |= demand;\n	return true;",
     "	return false;", "negotiate --mode required"),
    ("VALIDATE_NEGOTIATE_INFO is not told the same", "module/tx.c",
     "	if (message)\n		smbsign_negotiate_validated(message, length);\n", "",
     "validate --mode required --match /3.0"),
    ("nor is it where it is encrypted", "module/redirect.c",
     "	if (smbsign_session_was_told(le64_to_cpu(transform->session_id)))",
     "	if (0)", "validate --mode required --match /3.0+enc"),
    ("SMB1 alone passes", "module/policy.c",
     "	if (conn->dialect || !upgrades)", "	if (conn->dialect)",
     "negotiate"),
    ("VALIDATE_NEGOTIATE_INFO may be unsigned", "module/policy.c",
     "	    !(element->flags & SMB2_FLAG_SIGNED) ||\n	    validated->cap",
     "	    validated->cap", "validate --mode auto --match /3.0"),
    ("VALIDATE_NEGOTIATE_INFO may say what it wants", "module/policy.c",
     "	    validated->capabilities != negotiated->capabilities ||\n"
     "	    validated->security_mode != negotiated->security_mode ||\n"
     "	    memcmp(validated->guid, negotiated->guid,\n"
     "		   sizeof(validated->guid)) ||\n", "",
     "validate --match /3.0"),
    ("dialects may be taken out of NEGOTIATE", "module/policy.c",
     "	return validated & chosen && hidden < chosen;",
     "	return validated & chosen && hidden >= 0;",
     "validate --match /3.0"),
    ("TREE_CONNECT may be unsigned", "module/policy.c",
     "	if (element->command == SMB2_CMD_TREE_CONNECT && !session->guest &&",
     "	if (0 &&", "treeconnects --mode auto"),

    # The command sequence window
    ("a MessageId may be used twice", "module/window.c",
     "	return end <= id || !any_used(window, id, end - id);",
     "	return true;", "window"),
    ("a MessageId may be an old one", "module/window.c",
     "id < window->low ||\n\t    ", "", "window"),
    ("a MessageId need not be granted", "module/window.c",
     "		if (!window->unseen || end - id > window->size)",
     "		if (end - id > window->size)", "window"),
    ("CreditCharge does not count", "module/rx.c",
     "	return READ_ONCE(conn->facts.multi_credit) ? element->credit_charge : 1;",
     "	return 1;", "window"),
    ("encryption does not hide credits", "module/window.c",
     "	window->unseen = true;\n", "", "window encryption --match /3.1.1+enc"),

    # Guests
    ("guests may work under required", "module/policy.c",
     "	if ((session->guest || session->keyless) &&\n", "	if (0 &&\n",
     "guests --mode required"),
    ("guests are believed what they say of themselves", "module/session.c",
     "		session->facts.guest |= public;\n", "", "guests --mode required"),
    ("a guest's session may be encrypted", "module/policy.c",
     "	if (smbsign_policy_guest(policy, session).action != SMBSIGN_PASS)",
     "	if (0)", "guests --mode required --match /3.1.1+enc"),

    # Encryption
    ("any session may be encrypted", "module/policy.c",
     "	if (session->state != SMBSIGN_SESSION_ESTABLISHED || !session->ciphered)",
     "	if (0)", "encryption"),
    ("a session that must be encrypted need not be", "module/policy.c",
     "	if (session->encrypted && element->command != SMB2_CMD_SESSION_SETUP)",
     "	if (0)", "encryption --match /3.1.1+enc"),

    ("a session may bind to nothing, and get no keys", "module/policy.c",
     "	if (!element->session_id && element->setup_flags &"
     " SMB2_SETUP_FLAG_BINDING)", "	if (0)",
     "encryption --match /3.1.1+enc"),
    ("SESSION_SETUP may be one of a compound", "module/policy.c",
     "	if (!single || element->length > SMBSIGN_SETUP_MAX)", "	if (0)",
     "sessions compounds"),
    ("what is behind a refused request may be sent again", "module/rx.c",
     "after(rx->body_end, rx->ids_used) ? use_ids(conn, &facts) : GO_ON;",
     "GO_ON;", "window"),
    ("what is behind a refused request need not be granted", "module/rx.c",
     "	if (step != GO_ON)\n		return step;\n	if (collect(",
     "	if (collect(", "window"),
    ("a channel forgets that its session must be encrypted",
     "module/session.c",
     "	facts->encrypted = READ_ONCE(other->facts.encrypted);\n", "",
     "bindings --mode sealed --match /3.1.1+enc"),
    ("a held tail stalls the connection", "module/proto.c",
     "			smbsign_queue_cut(sk, conn->rx.released);", "			;",
     "window --mode auto"),

    ("requests of other sessions may be encrypted", "module/decrypt.c",
     "	if (all_in_session(vec[1].iov_base, vec[1].iov_len, id))",
     "	if (1)", "encryption --match /3.1.1+enc"),
    ("requests of other sessions may be behind the first", "module/decrypt.c",
     "		next = le32_to_cpu(header->next_command);\n", "		next = 0;\n",
     "encryption --match /3.1.1+enc"),
    ("those that had a session's number are cut off, too", "module/session.c",
     "	return session && !READ_ONCE(session->stale) &&\n",
     "	return session &&\n", "bindings --match /3.1.1+enc"),

    # Bindings and reauthentication
    ("something is bound where a number was given away", "module/rx.c",
     "	if (verdict.action < SMBSIGN_REFUSE && is_doubtful_binding(conn, facts))",
     "	if (0)", "bindings"),
    ("bindings are not judged", "module/policy.c",
     "		return binding(session, element);",
     "		return act(SMBSIGN_PASS);", "bindings"),
    ("a bound channel need not be signed", "module/session.c",
     "	if (!other || READ_ONCE(other->facts.required))", "	if (!other)",
     "bindings --mode auto"),
    ("reauthentication on 2.1 changes the key", "module/session.c",
     "		session->raw_seen = false;\n	if (smbsign_policy_is_binding",
     "		;\n	if (smbsign_policy_is_binding",
     "reauthentication --match /2.1"),

    # Responses
    ("what ksmbd leaves unsigned stays so", "module/policy.c",
     "	return answers_signed || smbsign_policy_must(policy, session) ||\n"
     "	       memchr_inv(response->signature, 0, SMB2_SIGNATURE_SIZE);",
     "	return false;", "responses"),
    ("a signed request need not be answered signed", "module/policy.c",
     "	       memchr_inv(response->signature, 0, SMB2_SIGNATURE_SIZE);",
     "	       0;", "responses --mode auto"),
    ("SIGNED is said without a key", "module/sign.c",
     "	header->flags &= ~cpu_to_le32(SMB2_FLAG_SIGNED);\n", "", "responses"),
    ("a message with one buffer twice is signed in place", "module/tx.c",
     "	if (smbsign_response_overlaps(msg))", "	if (0)", "responses"),
    ("a leg is hashed before it is signed", "module/redirect.c",
     "		if (response)\n			smbsign_sign_leg(conn, header, length);",
     "		if (response)\n			return;", "bindings"),
    ("a session elsewhere is used by who has its key", "module/rx.c",
     "	if (!rx->doom.status) {", "	if (1) {", "sessions"),
    ("one request's signature speaks for its compound", "module/rx.c",
     "	if (conn->rx.body_end == conn->rx.shown_end)\n", "", "sessions"),
    ("errors for sessions elsewhere are signed for anybody", "module/sign.c",
     "	    (key && key->serial == shown))", "	    1)", "sessions bindings"),
    ("refusals are not kept", "module/report.c",
     "	smbsign_recent_note(conn, element, reason, report);\n", "", "status"),
    ("the latest refusals are displaced", "module/recent.c",
     "	entry->turn = ++recents_turn;\n", "", "status"),
    ("a connection does not know what it was refused for", "module/report.c",
     "	WRITE_ONCE(conn->refused_for, reason + 1);\n", "", "status"),
    ("records for audit without being asked", "module/report.c",
     "if (smbsign_audit_records())", "if (1)", "status"),
    ("records for audit without bounds", "module/record.c",
     " || !__ratelimit(&limit)", "", "status"),
    ("what required would refuse is told each time", "module/report.c",
     "	first = !conn->foreseen;", "	first = true;",
     "status --mode auto"),
    ("guests are not foreseen", "module/learn.c",
     "	if (verdict.action == SMBSIGN_REFUSE &&\n", "	if (0 &&\n", "status"),
    ("changes of policy are not told", "module/sysctl.c",
     "	if (strcmp(old, new))", "	if (0)", "status"),
    ("what nobody has judged can be read after the reset", "module/attach.c",
     "	__skb_queue_purge(&sk->sk_receive_queue);\n", "", "life"),
    ("rmmod waits for nobody on the way in", "module/main.c",
     "{\n	synchronize_rcu_tasks();\n", "{\n", "life"),
    ("rmmod waits for nobody inside", "module/main.c",
     "	synchronize_srcu(&smbsign_grace);\n", "", "life"),
    ("rmmod waits for nobody on the way out", "module/main.c",
     "	synchronize_rcu_tasks();\n	srcu_barrier", "	srcu_barrier", "life"),
    ("rmmod waits for nothing that is being freed", "module/main.c",
     "	srcu_barrier(&smbsign_grace);\n", "", "life"),
)

# Noticed as the module comes and goes, or by what it leaves behind.
_UNLOAD = """	while ((sk = first_conn())) {
		reset(sk);
		sock_put(sk);
		cond_resched();
	}
	/* Those that were shut are on no list. */
	reset_all(smbsign_proto_is_ours);
"""
_WAIT = "	wait_var_event(&sockets, !atomic_read(&sockets));\n"

LIFETIMES = (
    ("rmmod resets nobody", "module/attach.c", _UNLOAD,
     "	sk = NULL;\n	(void)first_conn;\n", "rounds"),
    ("rmmod waits for no socket", "module/attach.c", _UNLOAD + _WAIT,
     "	sk = NULL;\n	(void)first_conn;\n", "rounds"),
    ("ksmbd stays hooked", "module/redirect.c",
     "	mutex_lock(&armed_lock);\n	disarm();\n"
     "	for (i = 0; i < ARRAY_SIZE(hooks); i++)\n"
     "		ftrace_free_filter(&hooks[i].ops);",
     "	mutex_lock(&armed_lock);\n	for (i = 0; i < 0; i++)\n"
     "		ftrace_free_filter(&hooks[i].ops);", "rounds"),
    ("a socket is not counted", "module/attach.c",
     "	smp_store_release(&sk->sk_data_ready, smbsign_data_ready);\n"
     "	atomic_inc(&sockets);",
     "	smp_store_release(&sk->sk_data_ready, smbsign_data_ready);", "rounds"),
    ("freed without a grace period", "module/grace.h",
     "	call_srcu(&smbsign_grace, rcu, free);", "	free(rcu);", "rounds"),
    ("a session is left in the table", "module/session.c",
     "	rhltable_remove(&table, &session->index, table_params);\n", "",
     "rounds"),
    ("sessions outlive their connection", "module/session.c",
     "	list_for_each_entry_safe(session, next, &conn->sessions, node)\n"
     "		session_drop(session);\n",
     "	(void)session;\n	(void)next;\n", "rounds"),
    ("a session's key is not let go", "module/session.c",
     "	smbsign_key_put(session->key);\n	kfree_sensitive(session);",
     "	kfree_sensitive(session);", "rounds"),
    ("a computation's key is not let go", "module/mac.c",
     "	smbsign_key_put(mac->key);\n	mac->key = NULL;",
     "	mac->key = NULL;", "rounds"),
    ("a connection is not freed", "module/conn.c",
     "	kfree(conn->verified.entry);\n	kfree(conn);",
     "	kfree(conn->verified.entry);", "rounds"),
)
