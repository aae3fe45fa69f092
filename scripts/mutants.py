# SPDX-License-Identifier: GPL-2.0-only
"""Each protection, taken out: (name, file, what stands there, what is put in
its place, the suites that must notice)."""

MUTANTS = (
    ("unsigned requests pass", "module/policy.c",
     "		if (must)\n			return refuse(SMBSIGN_REASON_UNSIGNED,",
     "		if (0)\n			return refuse(SMBSIGN_REASON_UNSIGNED,",
     "attacks"),
    ("wrong signatures pass", "module/rx.c",
     "if (crypto_memneq(expected, rx->signature, sizeof(expected))) {",
     "if (0) {", "attacks"),
    ("the server's REQUIRED does not count", "module/policy.c",
     "return conn->client_required || conn->server_required;",
     "return conn->client_required;", "attacks"),
    ("the client's REQUIRED does not count", "module/policy.c",
     "return conn->client_required || conn->server_required;",
     "return conn->server_required;", "policies --mode auto"),
    ("REQUIRED in SESSION_SETUP does not count", "module/policy.c",
     "if (security_mode & SMB2_SECURITY_SIGNING_REQUIRED)", "if (0)",
     "policies --mode auto"),
    ("policy=required adds nothing", "module/policy.c",
     "session->required || mode == SMBSIGN_POLICY_REQUIRED;",
     "session->required;", "attacks --mode required"),
    ("reauthentication is not judged", "module/policy.c",
     "	if (session->state == SMBSIGN_SESSION_ESTABLISHED)\n"
     "		return established(must, session, element, single);\n"
     "	if (session->binding",
     "	if (session->binding", "attacks"),
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
     "	rx->parsed += sizeof(*header);\n	rx->state = SMBSIGN_RX_BODY;",
     "	release(rx, rx->frame_end);\n"
     "	rx->parsed += sizeof(*header);\n	rx->state = SMBSIGN_RX_BODY;",
     "attacks"),
    ("the last copy of a byte counts", "module/rx.c",
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
    ("keys are not learned", "module/observe.c",
     "	if (conn)\n		smbsign_session_key_seen(conn, vec->iov_base, key);\n",
     "", "learning"),
    ("refusals are not signed", "module/tx.c",
     "	if (!key || facts.state", "	if (1 || facts.state", "attacks"),
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
     "	if (verdict.action >= SMBSIGN_REFUSE && auditing()) {",
     "	if (0) {", "policies --match /3.1.1+enc"),
    ("a second NEGOTIATE, garbage and SMB1 pass", "module/rx.c",
     "	default:\n		if (!auditing())\n			return killed(conn, verdict.reason);\n",
     "	default:\n", "sessions"),
    ("connections that exist at load are left alone", "module/attach.c",
     "	if (smbsign_reset_existing()) {", "	if (0) {", "life"),
    ("a ksmbd that is loaded later is not watched", "module/observe.c",
     "	if (event == MODULE_STATE_COMING)\n		ret = arm();\n", "", "life"),
    ("sockets of user space are taken, too", "module/attach.c",
     "sk->sk_protocol == IPPROTO_TCP && sk->sk_kern_sock &&",
     "sk->sk_protocol == IPPROTO_TCP &&", "listeners"),
    ("pages of others are not made private", "module/rx.c",
     "	if (likely(!has_foreign_pages(skb)))\n		return 0;\n",
     "	return 0;\n", "pages"),
)
