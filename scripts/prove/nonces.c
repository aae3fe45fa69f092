// SPDX-License-Identifier: GPL-2.0-only
/*
 * No two responses of a connection with one MessageId are signed: state/credits.c,
 * which uses the window and the set of what is due.
 *
 * By induction.  One MessageId, @x, which may be any, stands for all of them.  If
 * its response is due, it was used, and no response of it was signed.  If a response
 * of it was signed, it was used, and none is due.  Each request and each response,
 * on any connection for which that is so, leaves it so.
 *
 * Window and set are not the module's here.  They do anything at all that window.c
 * and due.c, beside this file, prove that the module's cannot help but keep to.
 */
#include "prove.h"
#include "state/conn.h"
#include "state/credits.h"

static struct world {
	struct smbsign_conn	conn;
	struct smbsign_due	due;
	u64			x;
	bool			was_used, is_due, is_signed;
} world;

/* window.c: used_once(), grants_what_is_granted(), growth_keeps_all() */
bool smbsign_window_use(struct smbsign_window *window, u64 id, u32 charge)
{
	u64 end = id + (charge ? charge : 1);

	if (ANY_BOOL() || id >= SMBSIGN_WINDOW_END)
		return false;
	if (world.x < id || world.x >= end)
		return true;
	if (world.was_used)
		return false;
	world.was_used = true;
	return true;
}

void smbsign_window_grant(struct smbsign_window *window, u32 credits)
{
}

void smbsign_window_unsee(struct smbsign_window *window)
{
}

u32 smbsign_window_wanted(const struct smbsign_window *window, u32 credits)
{
	u32 size = ANY(u32);

	ASSUME(size <= 1024);
	return size;
}

unsigned long *smbsign_window_resize(struct smbsign_window *window,
				     unsigned long *used, u32 size)
{
	return used;
}

/* due.c: only_what_was_added(), answers_what_is_in_it(), removed_is_removed() */
void smbsign_due_add(struct smbsign_due *due, u64 id)
{
	world.is_due = (world.is_due || id == world.x) && ANY_BOOL();
}

bool smbsign_due_has(const struct smbsign_due *due, u64 id)
{
	return id == world.x ? world.is_due : ANY_BOOL();
}

void smbsign_due_remove(struct smbsign_due *due, u64 id)
{
	if (id == world.x)
		world.is_due = false;
}

static bool is_fine(void)
{
	if (world.is_due && (!world.was_used || world.is_signed))
		return false;
	return !world.is_signed || world.was_used;
}

/* Any connection that signs with AES-GMAC, and for which it has been so. */
static void make_any(void)
{
	world = ANY(struct world);
	ASSUME_BOOL(world.was_used);
	ASSUME_BOOL(world.is_due);
	ASSUME_BOOL(world.is_signed);
	ASSUME_BOOL(world.conn.facts.multi_credit);
	world.conn.facts.algorithm = SMB2_SIGNING_AES_GMAC;
	world.conn.due = &world.due;
	ASSUME(is_fine());
}

void a_request_leaves_it_so(void)
{
	struct smbsign_conn_facts facts;
	struct smbsign_element element = ANY(struct smbsign_element);
	bool in, was;

	make_any();
	was = world.was_used;
	in = smbsign_credits_use(&world.conn, &element, &facts);
	PROVE(is_fine());
	/* Only CANCEL uses none (3.3.5.16). */
	if (in && element.message_id == world.x && element.command != SMB2_CMD_CANCEL)
		PROVE(!was && world.was_used);
	REACHED(in && element.message_id == world.x && world.is_due);
	REACHED(!in && element.message_id == world.x && world.is_signed);
	REACHED(in && element.command == SMB2_CMD_CANCEL && element.message_id == world.x);
}

void an_encrypted_request_leaves_it_so(void)
{
	struct smbsign_element element = ANY(struct smbsign_element);
	bool was;
	int ret;

	make_any();
	was = world.was_used;
	ret = smbsign_credits_use_hidden(&world.conn, &element);
	PROVE(is_fine());
	if (!ret && element.message_id == world.x && element.command != SMB2_CMD_CANCEL)
		PROVE(!was && world.was_used);
	REACHED(!ret && element.message_id == world.x && world.is_due);
	REACHED(ret && element.message_id == world.x && world.is_signed);
}

void a_response_leaves_it_so(void)
{
	struct smbsign_policy policy = ANY(struct smbsign_policy);
	struct smbsign_session_facts session = ANY(struct smbsign_session_facts);
	struct smb2_header response = ANY(struct smb2_header);
	bool signs;

	make_any();
	/* gate/sign.c: both must say so */
	signs = smbsign_policy_signs(&policy, &session, &response, ANY_BOOL()) &&
		smbsign_credits_due(&world.conn, &response);
	if (signs && response.message_id == world.x) {
		PROVE(!world.is_signed);
		world.is_signed = true;
	}
	/* gate/tx.c: as it leaves */
	smbsign_credits_answered(&world.conn, &response);
	PROVE(is_fine());
	REACHED(signs && response.message_id == world.x);
	REACHED(!signs && response.message_id == world.x && world.is_signed);
	REACHED(response.status == SMB2_STATUS_PENDING && response.message_id == world.x &&
		world.is_due);
}
