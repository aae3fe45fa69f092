# SPDX-License-Identifier: GPL-2.0-only
"""Each protection and each lifetime rule, taken out: (name, file, what stands
there, what is put in its place, the suites that must notice)."""

MUTANTS = (
    ("unsigned requests pass", "module/rules/policy.c",
     "	if (!(element->flags & SMB2_FLAG_SIGNED)) {\n"
     "		if (session->required)",
     "	if (!(element->flags & SMB2_FLAG_SIGNED)) {\n"
     "		return act(SMBSIGN_PASS);\n		if (session->required)",
     "attacks"),
    ("who was not told to sign is not told", "module/rules/policy.c",
     "		return must ? abort_for(SMBSIGN_REASON_UNSIGNED) :\n",
     "		if (must)\n"
     "			return refuse(SMBSIGN_REASON_UNSIGNED,\n"
     "				      SMB2_STATUS_ACCESS_DENIED);\n"
     "		return must ? abort_for(SMBSIGN_REASON_UNSIGNED) :\n",
     "policies --mode auto"),
    ("required does not go for sessions that were before", "module/rules/policy.c",
     "		return must ? abort_for(SMBSIGN_REASON_UNSIGNED) :\n"
     "			      act(SMBSIGN_PASS);",
     "		return act(SMBSIGN_PASS);", "policies --mode auto"),
    ("wrong signatures pass", "module/gate/request.c",
     "	if (crypto_memneq(expected, request->signature, sizeof(expected)))\n",
     "	if (0)\n", "attacks"),
    ("the server's REQUIRED does not count", "module/rules/policy.c",
     "return !guest && (conn->client_required || conn->server_required);",
     "return !guest && conn->client_required;", "attacks"),
    ("the client's REQUIRED does not count", "module/rules/policy.c",
     "return !guest && (conn->client_required || conn->server_required);",
     "return !guest && conn->server_required;", "policies --mode auto"),
    ("REQUIRED in SESSION_SETUP does not count", "module/rules/policy.c",
     "if (security_mode & SMB2_SECURITY_SIGNING_REQUIRED)", "if (0)",
     "policies --mode auto"),
    ("policy=required adds nothing", "module/rules/policy.c",
     "	return session->required ||\n"
     "	       (policy->mode == SMBSIGN_POLICY_REQUIRED && !session->guest);",
     "	return session->required;", "policies --mode auto"),
    ("reauthentication is not judged", "module/rules/policy.c",
     "		return setup_again(policy, conn, session, element, single);\n",
     "		return act(SMBSIGN_PASS);\n", "attacks reauthentication"),
    ("ECHO is not judged", "module/rules/policy.c",
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n",
     "	if (element->command == SMB2_CMD_ECHO)\n"
     "		return act(SMBSIGN_PASS);\n"
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n", "attacks"),
    ("OPLOCK_BREAK is not judged", "module/rules/policy.c",
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n",
     "	if (element->command == SMB2_CMD_OPLOCK_BREAK)\n"
     "		return act(SMBSIGN_PASS);\n"
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n", "attacks"),
    ("CANCEL is not judged", "module/rules/policy.c",
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n",
     "	if (element->command == SMB2_CMD_CANCEL)\n"
     "		return act(SMBSIGN_PASS);\n"
     "	if (element->command == SMB2_CMD_SESSION_SETUP)\n",
     "attacks waiting"),
    ("a compound is judged by its first request", "module/gate/request.c",
     "	return gate->request.element.last ? smbsign_release_frame(conn) :\n"
     "					    SMBSIGN_STEP_ON;",
     "	return smbsign_release_frame(conn);", "compounds"),
    ("a session in progress may be used", "module/rules/policy.c",
     "	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)\n"
     "		return refuse(",
     "	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)\n"
     "		return act(SMBSIGN_PASS);\n"
     "	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)\n"
     "		return refuse(", "sessions"),
    ("a streamed frame is released to its end", "module/gate/request.c",
     "		smbsign_release_stream(gate);\n"
     "	gate->cursor.parsed += sizeof",
     "		smbsign_cursor_release(&gate->cursor, gate->frame.end);\n"
     "	gate->cursor.parsed += sizeof", "bulk"),
    ("frames are handed on before they are verified", "module/gate/request.c",
     "	gate->cursor.parsed += sizeof(*header);\n"
     "	WRITE_ONCE(gate->state, SMBSIGN_GATE_BODY);",
     "	smbsign_cursor_release(&gate->cursor, gate->frame.end);\n"
     "	gate->cursor.parsed += sizeof(*header);\n"
     "	WRITE_ONCE(gate->state, SMBSIGN_GATE_BODY);", "attacks"),
    ("the last copy of a byte counts", "module/gate/queue.c",
     "	return min(length, skb_seq_end(skb) - seq);\n",
     "	struct sk_buff *next = skb_peek_next((struct sk_buff *)skb,\n"
     "				&skb->sk->sk_receive_queue);\n"
     "	length = min(length, skb_seq_end(skb) - seq);\n"
     "	if (next && !after(TCP_SKB_CB(next)->seq, seq))\n"
     "		return 0;\n"
     "	if (next)\n"
     "		length = min(length, TCP_SKB_CB(next)->seq - seq);\n"
     "	return length;\n", "overlaps"),
    ("urgent bytes are left out", "module/state/guard.c",
     "	sock_set_flag(conn->sk, SOCK_URGINLINE);\n",
     "", "segments"),
    ("a held frame may stall", "module/gate/release.c",
     "	if (gate->frame.fate != SMBSIGN_FATE_HELD ||\n"
     "	    gate->cursor.released",
     "	if (1 || gate->frame.fate != SMBSIGN_FATE_HELD ||\n"
     "	    gate->cursor.released", "segments"),
    ("a frame behind a provisional one is not held up", "module/gate/release.c",
     "	WRITE_ONCE(conn->gate.blocked, true);\n",
     "", "learning --mode required --match /2.1"),
    ("keys are not learned", "module/ksmbd/hooks.c",
     "	key = smbsign_setup_key_seen(conn, header, raw);\n",
     "	key = 0;\n", "learning"),
    ("refusals are not signed", "module/gate/sign.c",
     "	if (key && signs)\n", "	if (key && policy && signs)\n", "attacks"),
    ("refused frames are swallowed, MessageIds and all", "module/gate/refuse.c",
     "	substitute = substitute_grow(gate->substitute);\n",
     "	return 0;\n"
     "	substitute = substitute_grow(gate->substitute);\n", "pipelines"),
    ("what follows a refusal overtakes it", "module/gate/gate.c",
     "	if (gate->substitute)\n"
     "		return SMBSIGN_STEP_BLOCKED;\n",
     "", "pipelines"),
    ("on_violation=reset does not reset", "module/gate/refuse.c",
     "	if (policy.resets || gate->frame.fate",
     "	if (gate->frame.fate", "policies"),
    ("audit refuses", "module/gate/verdict.c",
     "	if (!smbsign_verdict_excuses(policy) ||\n",
     "	if (1 ||\n", "policies --match /3.1.1+enc"),
    ("a second NEGOTIATE, garbage and SMB1 pass", "module/gate/gate.c",
     "	if (smbsign_verdict_settle(conn, &policy, &gate->request.element,\n"
     "				   &verdict))\n"
     "		return smbsign_step_cut(conn, verdict.reason);\n"
     "	smbsign_credits_repeat",
     "	smbsign_credits_repeat", "sessions"),
    ("connections that exist at load are left alone", "module/socket/attach.c",
     "	if (smbsign_reset_existing()) {", "	if (0) {", "life"),
    ("a ksmbd that is loaded later is not watched", "module/ksmbd/hooks.c",
     "	if (event == MODULE_STATE_COMING)\n"
     "		ret = arm_hooks();\n",
     "", "life"),
    ("sockets of user space are taken, too", "module/socket/listener.h",
     "	return sk->sk_kern_sock && smbsign_on_port(sk);",
     "	return smbsign_on_port(sk);", "listeners"),
    ("ksmbd's port is opened fast", "module/socket/listener.c",
     "	WRITE_ONCE(inet_csk(sk)->icsk_accept_queue.fastopenq.max_qlen, 0);\n",
     "", "listeners"),
    ("who listens already is not prepared", "module/socket/attach.c",
     "	ret = smbsign_listener_prepare_all();\n", "", "listeners"),
    ("pages of others are not made private", "module/gate/queue.c",
     "	if (likely(!has_foreign_pages(skb)))\n		return 0;\n",
     "	return 0;\n", "pages"),

    # NEGOTIATE and what vouches for it
    ("NEGOTIATE may be signed", "module/rules/policy.c",
     "		return refuse(SMBSIGN_REASON_NEGOTIATE_SIGNED,",
     "		if (0)\n			return refuse(SMBSIGN_REASON_NEGOTIATE_SIGNED,",
     "negotiate"),
    ("any contexts will do", "module/rules/policy.c",
     "	    (contexts->malformed || contexts->preauth != 1))", "	    0)",
     "negotiate"),
    ("min_dialect does not count", "module/rules/policy.c",
     "	if (negotiated->dialect < policy->min_dialect)", "	if (0)",
     "negotiate"),
    ("algorithms does not count", "module/rules/policy.c",
     "	    !(policy->algorithms & BIT(negotiated->algorithm)))", "	    0)",
     "negotiate"),
    ("ksmbd's choice of the algorithm stays", "module/gate/negotiate.c",
     "	if (at && contexts->algorithms)", "	if (0)", "negotiate"),
    ("ksmbd checks with its own key and algorithm", "module/ksmbd/hooks.c",
     "		return ksmbd_differs(conn, header, raw) ? sign_instead : NULL;",
     "		return NULL;", "encryption --match /3.1.1+hmac"),
    ("ksmbd reads what has come, released or not", "module/gate/gate.c",
     "	if (before(released, end))\n		end = released;\n", "",
     "bulk pipelines segments"),
    ("a request that was not verified counts as if", "module/ksmbd/hooks.c",
     "	if (!wraps_messages(conn) &&\n"
     "	    smbsign_credits_take_verified(conn, header, length_of(vec, vecs),\n"
     "					  key, signature))\n",
     "	if (!wraps_messages(conn))\n", "attacks bulk"),
    ("clients are not told that they must sign", "module/gate/negotiate.c",
     "	response->security_mode |= signing_demand;\n"
     "	return true;",
     "	return false;", "negotiate --mode required"),
    ("VALIDATE_NEGOTIATE_INFO is not told the same", "module/gate/negotiate.c",
     "	if (message)\n"
     "		smbsign_negotiate_validated_at(message, length);\n",
     "", "validate --mode required --match /3.0"),
    ("nor is it where it is encrypted", "module/ksmbd/hooks.c",
     "	if (smbsign_session_was_told(le64_to_cpu(transform->session_id)))",
     "	if (0)", "validate --mode required --match /3.0+enc"),
    ("SMB1 alone passes", "module/rules/policy.c",
     "	if (conn->dialect || !upgrades)", "	if (conn->dialect)",
     "negotiate"),
    ("VALIDATE_NEGOTIATE_INFO may be unsigned", "module/rules/policy.c",
     "	    !(element->flags & SMB2_FLAG_SIGNED) ||\n	    validated->cap",
     "	    validated->cap", "validate --mode auto --match /3.0"),
    ("VALIDATE_NEGOTIATE_INFO may say what it wants", "module/rules/policy.c",
     "	    validated->capabilities != negotiated->capabilities ||\n"
     "	    validated->security_mode != negotiated->security_mode ||\n"
     "	    memcmp(validated->guid, negotiated->guid,\n"
     "		   sizeof(validated->guid)) ||\n", "",
     "validate --match /3.0"),
    ("dialects may be taken out of NEGOTIATE", "module/rules/policy.c",
     "	return validated & chosen && hidden < chosen;",
     "	return validated & chosen && hidden >= 0;",
     "validate --match /3.0"),
    ("TREE_CONNECT may be unsigned", "module/rules/policy.c",
     "	if (element->command == SMB2_CMD_TREE_CONNECT && !session->guest &&",
     "	if (0 &&", "treeconnects --mode auto"),

    # The command sequence window
    ("a MessageId may be used twice", "module/rules/window.c",
     "	return end <= id || !any_used(window, id, end - id);",
     "	return true;", "window"),
    ("a MessageId may be an old one", "module/rules/window.c",
     "id < window->low ||\n\t    ", "", "window"),
    ("a MessageId need not be granted", "module/rules/window.c",
     "		if (!window->unseen || end - id > window->size)",
     "		if (end - id > window->size)", "window"),
    ("CreditCharge does not count", "module/state/credits.c",
     "	return conn->facts.multi_credit ? max_t(u32, element->credit_charge, 1) :\n"
     "					  1;",
     "	return 1;", "window"),
    ("encryption does not hide credits", "module/rules/window.c",
     "	window->unseen = true;\n", "", "window encryption --match /3.1.1+enc"),

    # Guests
    ("guests may work under required", "module/rules/policy.c",
     "	if ((session->guest || session->keyless) &&\n", "	if (0 &&\n",
     "guests --mode required"),
    ("guests are believed what they say of themselves", "module/gate/setup.c",
     "		session->facts.guest |= public;\n", "", "guests --mode required"),
    ("a guest's session may be encrypted", "module/rules/policy.c",
     "	if (smbsign_policy_guest(policy, session).action != SMBSIGN_PASS)",
     "	if (0)", "guests --mode required --match /3.1.1+enc"),

    # Encryption
    ("any session may be encrypted", "module/rules/policy.c",
     "	if (session->state != SMBSIGN_SESSION_ESTABLISHED || !session->ciphered)",
     "	if (0)", "encryption"),
    ("a session that must be encrypted need not be", "module/rules/policy.c",
     "	if (session->encrypted && element->command != SMB2_CMD_SESSION_SETUP)",
     "	if (0)", "encryption --match /3.1.1+enc"),

    ("a session may bind to nothing, and get no keys", "module/rules/policy.c",
     "	if (!element->session_id && element->setup_flags &"
     " SMB2_SETUP_FLAG_BINDING)", "	if (0)",
     "encryption --match /3.1.1+enc"),
    ("SESSION_SETUP may be one of a compound", "module/rules/policy.c",
     "	if (!single || element->length > SMBSIGN_SETUP_MAX)", "	if (0)",
     "sessions compounds"),
    ("what is behind a refused request may be sent again", "module/gate/request.c",
     "	if (after(gate->request.end, gate->frame.ids_used))\n",
     "	if (0)\n", "window"),
    ("what is behind a refused request need not be granted", "module/gate/request.c",
     "		step = use_message_ids(conn, policy, &facts);\n"
     "	if (step)\n"
     "		return step;\n"
     "	ret = smbsign_refuse_collect(",
     "		step = use_message_ids(conn, policy, &facts);\n"
     "	ret = smbsign_refuse_collect(", "window"),
    ("a channel forgets that its session must be encrypted",
     "module/gate/setup.c",
     "	facts->encrypted = READ_ONCE(other->facts.encrypted);\n", "",
     "bindings --mode sealed --match /3.1.1+enc"),
    ("a held tail stalls the connection", "module/gate/gate.c",
     "		smbsign_queue_cut(conn->sk, gate->cursor.released);\n",
     "", "window --mode auto"),

    ("requests of other sessions may be encrypted", "module/ksmbd/decrypt.c",
     "	if (!all_in_session(decrypted)) {", "	if (0) {",
     "encryption --match /3.1.1+enc"),
    ("requests of other sessions may be behind the first", "module/ksmbd/decrypt.c",
     "	} while (ret > 0);\n	return !ret;", "	} while (0);\n	return ret >= 0;",
     "encryption --match /3.1.1+enc"),

    ("what is encrypted may be of any session", "module/wire/frame.c",
     "	if (element->session_id != decrypted->session_id &&\n", "	if (0 &&\n",
     "fuzz frame"),
    ("the first that is encrypted may leave its session out", "module/wire/frame.c",
     "	    !(decrypted->later && element->session_id == SMB2_SESSION_ID_RELATED))",
     "	    element->session_id != SMB2_SESSION_ID_RELATED)", "fuzz frame"),
    ("what is behind an encrypted request may be compressed", "module/wire/frame.c",
     "	return !decrypted->later &&\n	       decrypted->left >=",
     "	return decrypted->left >=", "fuzz frame"),
    ("an encrypted message is looked at behind its end", "module/wire/frame.c",
     "smbsign_frame_element(decrypted->message, decrypted->left,\n"
     "				  decrypted->left, element))",
     "smbsign_frame_element(decrypted->message, SMBSIGN_HEAD_SIZE,\n"
     "				  SMBSIGN_HEAD_SIZE, element))", "fuzz frame"),

    # Responses in pieces
    ("a piece is read to the end of the write", "module/wire/response.c",
     "	*length = min(*length, vec->iov_len - offset);\n", "",
     "fuzz response"),
    ("what was written before is read again", "module/wire/response.c",
     "	offset += iter->iov_offset;\n", "", "fuzz response"),
    ("a response has no end but what it says", "module/wire/response.c",
     "next && next < response->left ? next : response->left;",
     "next ?: response->left;", "fuzz response"),
    ("a part of a response may be another's", "module/wire/response.c",
     "	if (offset + length > response->length)\n", "	if (0)\n",
     "fuzz response"),
    ("a write that ends early is signed", "module/gate/sign.c",
     "		if (!data || !part)\n			return -EPROTO;",
     "		if (!data || !part)\n			return 0;", "fuzz response"),
    ("a write may have a buffer twice", "module/wire/response.c",
     "			return true;\n"
     "	}\n"
     "	return false;\n"
     "}\n"
     "\n"
     "/**\n"
     " * smbsign_response_part",
     "			return false;\n"
     "	}\n"
     "	return false;\n"
     "}\n"
     "\n"
     "/**\n"
     " * smbsign_response_part", "fuzz response"),

    # A session is its number
    ("a number that is free is given again", "module/ksmbd/session_id.c",
     "ida_alloc_range(ida, numbers.next,\n",
     "ida_alloc_range(ida, SMBSIGN_SESSION_ID_MIN,\n", "identity"),
    ("sessions of 2.x are authenticated again", "module/rules/policy.c",
     "	return conn->dialect >= SMB2_DIALECT_300 && !session->guest &&",
     "	return !session->guest &&", "takeover --match /2.1"),
    ("guests are authenticated again", "module/rules/policy.c",
     "	return conn->dialect >= SMB2_DIALECT_300 && !session->guest &&",
     "	return conn->dialect >= SMB2_DIALECT_300 &&", "kunit"),
    ("what looks proven is signed", "module/gate/request.c",
     "	if (looks_proven(element, session, header))\n",
     "	if (0)\n", "takeover"),
    ("whoever authenticates again has the key", "module/gate/tx.c",
     "		       !smbsign_session_is_on(conn, awaited->session_id) ?",
     "		       true ?", "takeover --mode auto"),
    ("logins may have one MessageId", "module/gate/request.c",
     "	if (smbsign_awaited_is_setup(conn, element->message_id) &&",
     "	if (0 &&", "takeover --mode strangers"),
    ("a number that is remembered is given again", "module/ksmbd/session_id.c",
     "		if (number < 0 || !is_remembered(number))",
     "		if (1)", "kunit"),
    ("sessions that ksmbd has numbered are welcome", "module/state/session.h",
     "	return session_id >= SMBSIGN_SESSION_ID_MIN &&\n"
     "	       session_id <= SMBSIGN_SESSION_ID_MAX;",
     "	return true;", "kunit"),
    ("a known number may be announced as new", "module/gate/setup.c",
     "				  smbsign_session_is_known(id))",
     "				  0)", "kunit"),
    ("ksmbd may speak of a session that nobody began", "module/gate/setup.c",
     "	if (request->session_id ? !is_binding(conn, request) :\n",
     "	if (request->session_id ? 0 :\n", "kunit"),
    ("what has ended is forgotten", "module/state/session.c",
     "			session_ended(session);\n",
     "			smbsign_session_drop(session);\n", "kunit"),
    ("what was cut is judged on as it arrives", "module/gate/gate.c",
     "	if (conn->life != SMBSIGN_LIFE_OPEN ||\n"
     "	    gate->frame.fate == SMBSIGN_FATE_REFUSED)\n",
     "	if (gate->frame.fate == SMBSIGN_FATE_REFUSED)\n", "kunit"),
    ("a connection is cut twice", "module/state/end.c",
     "	if (conn->life >= SMBSIGN_LIFE_CUT)\n		return;\n", "", "kunit"),
    ("others are cut with a session", "module/state/end.c",
     "	       smbsign_session_is_on(conn, session_id);", "	       true;",
     "kunit"),
    ("a name leads to a connection that has ended", "module/state/registry.c",
     "		hash_del_rcu(&conn->by_ksmbd_conn);\n", "		;\n", "kunit"),
    ("a socket keeps functions of ours", "module/state/guard.c",
     "	WRITE_ONCE(sk->sk_prot, family_of(sk)->base);\n", "", "kunit"),
    ("what somebody else has put there is overwritten",
     "module/state/guard.c",
     "	if (base_of(sk, functions) != sk->sk_prot)\n		return false;\n", "",
     "kunit"),
    ("a binding before 3.x is answered otherwise", "module/rules/policy.c",
     "		verdict.status = SMB2_STATUS_REQUEST_NOT_ACCEPTED;\n"
     "	return verdict;", "		;\n	return verdict;", "bindings --match /2.1"),
    ("what was cut is still written to", "module/gate/tx.c",
     "	if (READ_ONCE(conn->life) >= SMBSIGN_LIFE_CUT)\n"
     "		return -ECONNRESET;\n",
     "", "kunit"),
    ("a frame that is swallowed may pass", "module/gate/request.c",
     "	if (conn->gate.frame.fate == SMBSIGN_FATE_REFUSED ||\n"
     "	    smbsign_verdict_settle", "	if (smbsign_verdict_settle", "kunit"),
    ("what has ended stays as it was", "module/ksmbd/session_id.c",
     "		smbsign_session_end(number);\n", "		;\n", "kunit"),
    ("ended sessions are kept for ever", "module/state/session.c",
     "	if (++conn->ended_count > SMBSIGN_SESSIONS_ENDED_MAX)\n",
     "	if (!++conn->ended_count)\n", "kunit"),
    ("whose session it is may change", "module/gate/setup.c",
     "	facts->encrypted |= !!(session_flags & SMB2_SESSION_ENCRYPT_DATA);\n",
     "	facts->encrypted |= !!(session_flags & SMB2_SESSION_ENCRYPT_DATA);\n"
     "	facts->guest = session_flags & (SMB2_SESSION_IS_GUEST |\n"
     "					SMB2_SESSION_IS_NULL);\n",
     "kunit"),
    ("a key is taken from any response", "module/state/awaited.c",
     "		if (awaited->kind == kind &&\n"
     "		    awaited->message_id == le64_to_cpu(header->message_id) &&\n",
     "		if (awaited->kind == kind &&\n", "kunit"),
    ("a key is taken from what is no answer to a login", "module/gate/setup.c",
     "	if (smb2_is_response(header) && !is_setup_success(header))\n",
     "	if (0)\n", "kunit"),
    ("another key is another user, and nobody minds", "module/gate/setup.c",
     "		ret = -EKEYREJECTED;\n	spin_unlock_bh(",
     "		ret = 0;\n	spin_unlock_bh(", "kunit"),
    ("sessions that do not exist are told by the time it takes", "module/state/session.c",
     "		if (!key)\n			key = decoy_key(conn);\n", "", "kunit"),
    ("sessions that exist elsewhere are told by it", "module/state/session.c",
     "	if (binds || !key ||", "	if (1 || !key ||", "kunit"),
    ("a compound may be of several sessions", "module/rules/policy.c",
     "	if (element->session_id == session_id ||\n", "	if (1 ||\n", "kunit"),
    ("a session that is not here may be authenticated", "module/rules/policy.c",
     "	/* Authentication goes on. */\n"
     "	if (session->state == SMBSIGN_SESSION_IN_PROGRESS)\n",
     "	if (session->state != SMBSIGN_SESSION_ESTABLISHED)\n", "kunit"),
    ("a channel may be bound twice", "module/rules/policy.c",
     "	if (smbsign_policy_is_binding(conn, element->setup_flags))\n"
     "		return refused_for(verdict, SMBSIGN_REASON_BOUND_ALREADY,",
     "	if (0)\n"
     "		return refused_for(verdict, SMBSIGN_REASON_BOUND_ALREADY,",
     "kunit"),
    ("what is under way outlives the policy", "module/admin/sysctl.c",
     "		policy_enforce();\n", "		;\n", "identity --mode auto"),
    ("what was tolerated is forgotten", "module/gate/request.c",
     "		smbsign_session_tolerate(conn, element->session_id);\n",
     "		;\n", "identity --mode auto"),
    ("refusals are signed for anybody", "module/gate/release.c",
     "	if (is_proven(frame))\n"
     "		awaited->shown = frame->shown;\n",
     "	/* SMBSIGN_SHOWN_AT_GATE */\n"
     "	awaited->shown = U64_MAX;\n", "identity"),
    ("what failed ksmbd's check is answered signed", "module/gate/tx.c",
     "		return failed_check(response) ? 0 : SMBSIGN_SHOWN_AT_GATE;\n",
     "		return SMBSIGN_SHOWN_AT_GATE;\n", "kunit"),

    # AES-GMAC: no nonce twice
    ("interim responses are signed", "module/rules/policy.c",
     "	    response->status == cpu_to_le32(SMB2_STATUS_PENDING))",
     "	    0)", "kunit"),
    ("a response is signed that is not due", "module/gate/sign.c",
     "	if (!key || smbsign_credits_due(conn, response))\n", "	if (1)\n",
     "kunit"),
    ("an answer does not use up its nonce", "module/state/credits.c",
     "	if (conn->due)\n		smbsign_due_remove(",
     "	if (0)\n		smbsign_due_remove(", "kunit"),
    ("the second answer of ksmbd is signed, too", "module/gate/tx.c",
     "		smbsign_credits_answered(conn, &response->header);\n", "",
     "kunit"),
    ("a refusal does not use up its nonce", "module/gate/refuse.c",
     "		smbsign_credits_answered(conn, &response.header);\n", "",
     "nonces --match /3.1.1+gmac"),
    ("an interim response uses up the nonce", "module/state/credits.c",
     "	    response->status == cpu_to_le32(SMB2_STATUS_PENDING))", "	    0)",
     "kunit"),
    ("what the window did not let pass is due", "module/state/credits.c",
     "	if (!smbsign_window_use(&conn->window, element->message_id, charge))\n"
     "		return false;\n	if (conn->due)\n"
     "		smbsign_due_add(conn->due, element->message_id);\n"
     "	return true;\n",
     "	if (conn->due)\n"
     "		smbsign_due_add(conn->due, element->message_id);\n"
     "	return smbsign_window_use(&conn->window, element->message_id, charge);\n",
     "kunit"),
    ("what was encrypted stays due", "module/ksmbd/hooks.c",
     "		smbsign_credits_answered(conn, &header);\n", "",
     "nonces --match /3.1.1+gmac+enc"),
    ("a nonce is used twice", "module/state/credits.c",
     "	due = conn->due &&\n	      smbsign_due_has(conn->due, "
     "le64_to_cpu(response->message_id));\n", "	due = true;\n",
     "nonces --match /3.1.1+gmac"),
    ("an answer is signed ahead that is not due", "module/state/credits.c",
     "	return !READ_ONCE(conn->repeats) && smbsign_credits_due(conn, response);\n",
     "	return !READ_ONCE(conn->repeats);\n", "kunit"),
    ("an answer is signed ahead that may be the second", "module/state/credits.c",
     "	return !READ_ONCE(conn->repeats) && smbsign_credits_due(conn, response);\n",
     "	return smbsign_credits_due(conn, response);\n", "kunit"),
    ("what leaves inside of something is signed ahead", "module/ksmbd/hooks.c",
     "	       !wraps_messages(conn) &&\n"
     "	       smbsign_credits_may_sign_ahead(",
     "	       smbsign_credits_may_sign_ahead(",
     "bulk --match encrypted"),
    ("a key is lent for what is still due", "module/gate/setup.c",
     "	return conn->due ? min(first, smbsign_due_lowest(conn->due)) : first;",
     "	return first;", "kunit"),
    ("an old MessageId is due for ever", "module/rules/due.c",
     "		late_remove(due, id);\n", "		;\n", "kunit"),
    ("an old MessageId loses its answer", "module/rules/due.c",
     "			due->late[due->lates++] = id;\n", "			;\n", "kunit"),
    ("a channel signs with the key of its session", "module/gate/setup.c",
     "		ret = is_key_of_elsewhere(session, leg->raw) ? -EKEYREJECTED : 1;\n",
     "		ret = 1;\n", "kunit"),
    ("two refusals share a MessageId", "module/state/awaited.c",
     "		if (has_twin(conn, awaited))\n", "		if (0)\n",
     "kunit"),
    ("what is signed with AES-GMAC leaves without being looked at",
     "module/gate/gate.c", "	if (conn->due ||\n	    smbsign_verdict",
     "	if (smbsign_verdict", "kunit"),
    ("a connection that has ended is given memory", "module/state/credits.c",
     "	if (!conn->closed)\n		verified_note(&conn->ahead,",
     "	verified_note(&conn->ahead,", "kunit"),
    ("what was read is taken for a response", "module/ksmbd/hooks.c",
     "	if (!is_header(vec, vecs))\n", "	if (0)\n",
     "compounds --match header"),
    ("AES-GMAC goes with compression", "module/gate/negotiate.c",
     "			  is_gmac(&policy, &negotiation->contexts));\n",
     "			  0);\n", "kunit"),
    ("audit chooses what nobody can compute", "module/rules/policy.c",
     "			     first_offered(contexts, policy->known,\n"
     "					   contexts->offered[0]));\n",
     "			     contexts->offered[0]);\n", "kunit"),
    ("a key is lent for any MessageId", "module/mac/mac.c",
     "	return message_id < key->own && ", "	return ", "kunit"),
    ("a key is lent for a MessageId twice", "module/mac/mac.c",
     "	       !test_and_set_bit(message_id, &key->lent);",
     "	       true;", "kunit"),
    ("a key is lent without being asked", "module/gate/request.c",
     "	gate->request.lent = smbsign_policy_lends(&session);\n",
     "	gate->request.lent = false;\n", "kunit"),
    ("a key is lent for anything", "module/gate/request.c",
     "	    (request->element.command == SMB2_CMD_SESSION_SETUP &&\n"
     "	     smbsign_key_lend(key, request->element.message_id)))",
     "	    smbsign_key_lend(key, request->element.message_id))", "kunit"),
    ("the nonce is the client's", "module/mac/mac.c",
     "	u32 role = smb2_is_response(header) ? SMB2_NONCE_SERVER : 0;",
     "	u32 role = 0;", "responses --match /3.1.1+gmac"),
    ("the nonce of CANCEL is any request's", "module/mac/mac.c",
     "		role |= SMB2_NONCE_CANCEL;", "		;",
     "waiting --match /3.1.1+gmac"),
    ("any algorithm goes with any other", "module/rules/policy.c",
     "	if (is_gmac(conn->algorithm) == is_gmac(session->algorithm))\n",
     "	if (1)\n", "fuzz policy"),
    ("ksmbd reads an offer that it does not know", "module/gate/negotiate.c",
     "	if (smbsign_policy_hides_gmac(policy, "
     "&conn->negotiation.contexts))\n", "	if (0)\n",
     "kunit"),
    ("ksmbd hashes what it was shown", "module/gate/negotiate.c",
     "	if (negotiation->hidden && ", "	if (0 && ", "kunit"),
    ("a GHASH that is wrong is used", "module/mac/gmac.c",
     "	if (engine == CLMUL && works())\n", "	if (engine == CLMUL)\n",
     "kunit"),

    # Bindings and reauthentication
    ("bindings are not judged", "module/rules/policy.c",
     "		return judge_binding(conn, session, element);",
     "		return act(SMBSIGN_PASS);", "bindings"),
    ("a bound channel need not be signed", "module/gate/setup.c",
     "	if (!other || READ_ONCE(other->facts.required))", "	if (!other)",
     "bindings --mode auto"),

    # Responses
    ("what ksmbd leaves unsigned stays so", "module/rules/policy.c",
     "	return answers_signed || smbsign_policy_must(policy, session) ||\n"
     "	       memchr_inv(response->signature, 0, SMB2_SIGNATURE_SIZE);",
     "	return false;", "responses"),
    ("a signed request need not be answered signed", "module/rules/policy.c",
     "	       memchr_inv(response->signature, 0, SMB2_SIGNATURE_SIZE);",
     "	       0;", "responses --mode auto"),
    ("nothing is verified beside the reader", "module/gate/ahead.c",
     "	if (!workers || !is_worth_it(conn))\n", "	if (1)\n",
     "bulk --match beside"),
    ("a worker takes what fits in softirq", "module/gate/ahead.c",
     "	       gate->request.element.length > smbsign_softirq_bytes() &&\n",
     "", "kunit"),
    ("a worker takes a frame that is held", "module/gate/ahead.c",
     "	       gate->frame.fate == SMBSIGN_FATE_STREAMED &&\n", "",
     "kunit"),
    ("a worker goes on after the end", "module/gate/ahead.c",
     "	else if (conn->life == SMBSIGN_LIFE_OPEN)\n"
     "		smbsign_request_advance(", "	else\n		smbsign_request_advance(",
     "kunit"),
    ("the reader sees the end of the stream first", "module/gate/gate.c",
     "		if (conn->gate.request.away)\n"
     "			return SMBSIGN_NEXT_WAIT_AHEAD;\n", "", "kunit"),
    ("the reader gets what is not in the MAC", "module/gate/request.c",
     "	cursor->parsed += length;\n	smbsign_cursor_charge(cursor, length);\n",
     "	cursor->parsed += length;\n"
     "	smbsign_cursor_release(cursor, gate->frame.end);\n"
     "	smbsign_cursor_charge(cursor, length);\n", "kunit"),
    ("nothing is signed ahead", "module/ksmbd/hooks.c",
     "	    is_signed_ahead(conn, header, length_of(vec, vecs)))\n",
     "	    0)\n", "bulk --match side"),
    ("what was signed ahead is believed, whatever has become of it",
     "module/state/credits.c",
     "	return taken && !memcmp(signature, response->signature, "
     "sizeof(signature));", "	return taken;", "kunit"),
    ("what was signed ahead is believed, however long it is",
     "module/rules/verified.c",
     "	    entry->message_id != message_id || entry->length != length)\n",
     "	    entry->message_id != message_id)\n", "kunit"),
    ("SIGNED is said without a key", "module/gate/sign.c",
     "	header->flags &= ~cpu_to_le32(SMB2_FLAG_SIGNED);\n",
     "", "responses"),
    ("a message with one buffer twice is signed in place", "module/gate/tx.c",
     "	if (smbsign_response_overlaps(msg))", "	if (0)", "responses"),
    ("a leg is hashed before it is signed", "module/ksmbd/hooks.c",
     "			smbsign_setup_sign(conn, header, length);",
     "			return;", "bindings"),
    ("a session elsewhere is used by who has its key", "module/gate/request.c",
     "	prove_request(&gate->frame, shown);\n"
     "	if (gate->request.doom.status)\n"
     "		return smbsign_refuse_frame(conn, &gate->request.doom);\n",
     "	prove_request(&gate->frame, shown);\n", "sessions"),
    ("one request's signature speaks for its compound", "module/gate/request.c",
     "	__set_bit(frame->index, frame->proven);",
     "	bitmap_fill(frame->proven, SMBSIGN_COMPOUND_MAX);", "sessions identity"),
    ("errors for sessions elsewhere are signed for anybody", "module/gate/sign.c",
     "		fine = key && key->serial == shown;", "		fine = true;",
     "sessions bindings"),
    ("refusals are not kept", "module/admin/report.c",
     "	smbsign_refusals_note(conn, element, reason, outcome);\n",
     "", "status"),
    ("the latest refusals are displaced", "module/admin/refusals.c",
     "	entry->turn = ++refusals.turn;\n",
     "", "status"),
    ("a connection does not know what it was refused for", "module/admin/report.c",
     "	WRITE_ONCE(conn->refused_for, reason + 1);\n", "", "status"),
    ("records for audit without being asked", "module/admin/report.c",
     "if (smbsign_audit_records())", "if (1)", "status"),
    ("records for audit without bounds", "module/admin/audit.c",
     " || !__ratelimit(&limit)", "", "status"),
    ("what required would refuse is told each time", "module/admin/report.c",
     "	first = !conn->foreseen;", "	first = true;",
     "status --mode auto"),
    ("guests are not foreseen", "module/gate/setup.c",
     "	if (verdict.action == SMBSIGN_REFUSE &&\n", "	if (0 &&\n", "status"),
    ("changes of policy are not told", "module/admin/sysctl.c",
     "	if (strcmp(old, new))", "	if (0)", "status"),
    ("what nobody has judged can be read after the reset", "module/state/end.c",
     "	__skb_queue_purge(&sk->sk_receive_queue);\n", "", "life"),
    ("rmmod waits for nobody on the way in", "module/main.c",
     "{\n	synchronize_rcu_tasks();\n", "{\n", "life"),
    ("rmmod waits for nobody inside", "module/main.c",
     "	synchronize_srcu(&smbsign_grace);\n", "", "life"),
    ("rmmod waits for nobody who waits for a peer", "module/main.c",
     "	synchronize_srcu(&smbsign_code);\n", "", "life"),
    ("a reader waits for its peer in a section", "module/socket/proto.c",
     "		*waiting = smbsign_conn_get(sk);\n",
     "		ret = await_readable(conn, msg, length, flags);\n",
     "bounds --match silence"),
    ("a writer waits for its peer in a section", "module/socket/proto.c",
     "	smbsign_grace_leave(grace);\n	if (conn) {\n"
     "		ret = smbsign_tx_write(conn, msg, size);\n"
     "		smbsign_conn_put(conn);\n	}\n",
     "	if (conn) {\n		ret = smbsign_tx_write(conn, msg, size);\n"
     "		smbsign_conn_put(conn);\n	}\n"
     "	smbsign_grace_leave(grace);\n", "bounds --match deafness"),
    ("what gets no answer has no end", "module/gate/refuse.c",
     "	if (sum > SMBSIGN_UNANSWERED_MAX)\n",
     "	if (0)\n", "bounds --match answers"),
    ("what gets no answer is counted for ever", "module/gate/tx.c",
     "	WRITE_ONCE(conn->gate.unanswered, 0);\n",
     "", "bounds --match answers"),
    ("whoever adds to what waits to be freed does not wait", "module/base/grace.c",
     "	wait_var_event(&smbsign_grace, !is_full());\n", "	(void)is_full;\n",
     "kunit"),
    ("what waits to be freed is not counted", "module/base/grace.c",
     "	smbsign_gauge_add(SMBSIGN_GAUGE_FREEING, 1);\n", "", "kunit"),
    ("a closed connection keeps what it had", "module/state/conn.c",
     "	conn_empty(conn);\n	smbsign_grace_free(",
     "	(void)conn_empty;\n	smbsign_grace_free(", "kunit"),
    ("who is in use is freed", "module/state/conn.c",
     "	if (!refcount_dec_and_test(&conn->users))\n		return;\n", "",
     "kunit"),
    ("sessions are made without end", "module/state/awaited.c",
     "	return setups >= SETUPS_MAX;\n", "	return setups == 0U - 1;\n",
     "kunit"),
    ("a refused compound has no end", "module/gate/refuse.c",
     "	if (start >= SMB2_NBSS_SIZE + SMBSIGN_COMPOUND_MAX * ECHO_STRIDE)\n",
     "	if (0)\n", "kunit"),
    ("what is said instead is forgotten where there is no room", "module/gate/tx.c",
     "	if (again && conn->tx.unsent.status)\n",
     "	if (0)\n", "kunit"),
    ("rmmod waits for nobody on the way out", "module/main.c",
     "	synchronize_rcu_tasks();\n	srcu_barrier", "	srcu_barrier", "life"),
    ("rmmod waits for nothing that is being freed", "module/main.c",
     "	srcu_barrier(&smbsign_grace);\n", "", "life"),
)

# Noticed as the module comes and goes, or by what it leaves behind.
LIFETIMES = (
    ("rmmod resets nobody", "module/socket/attach.c",
     "	smbsign_end_reset_all();\n"
     "	/* Those that were shut are on no list. */\n"
     "	smbsign_sweep_ours();\n",
     "", "rounds"),
    ("rmmod waits for no socket", "module/socket/attach.c",
     "	smbsign_end_reset_all();\n"
     "	/* Those that were shut are on no list. */\n"
     "	smbsign_sweep_ours();\n"
     "	smbsign_guard_wait();\n",
     "", "rounds"),
    ("ksmbd stays hooked", "module/ksmbd/hooks.c",
     "	mutex_lock(&armed_lock);\n"
     "	disarm_hooks();\n"
     "	for (i = 0; i < ARRAY_SIZE(hooks); i++)\n"
     "		ftrace_free_filter(&hooks[i].ops);",
     "	mutex_lock(&armed_lock);\n"
     "	for (i = 0; i < 0; i++)\n"
     "		ftrace_free_filter(&hooks[i].ops);", "rounds"),
    ("a socket is not counted", "module/state/guard.c",
     "	atomic_inc(&guard.sockets);\n",
     "", "rounds"),
    ("freed without a grace period", "module/base/grace.c",
     "	call_srcu(&smbsign_grace, rcu, free);", "	free(rcu);", "rounds"),
    ("a session is left in the table", "module/state/session.c",
     "	rhltable_remove(&table, &session->index, table_params);\n", "",
     "rounds"),
    ("sessions outlive their connection", "module/state/session.c",
     "	list_for_each_entry_safe(session, next, &conn->sessions, node)\n"
     "		smbsign_session_drop(session);\n",
     "	(void)session;\n"
     "	(void)next;\n", "rounds"),
    ("a session's key is not let go", "module/state/session.c",
     "	smbsign_key_put(session->key);\n	kfree_sensitive(session);",
     "	kfree_sensitive(session);", "rounds"),
    ("a computation's key is not let go", "module/mac/mac.c",
     "	smbsign_key_put(mac->key);\n	mac->key = NULL;",
     "	mac->key = NULL;", "rounds"),
    ("a connection is not freed", "module/state/conn.c",
     "	kfree(container_of(rcu, struct smbsign_conn, rcu));\n", "", "rounds"),
)
