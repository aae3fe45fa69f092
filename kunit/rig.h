/* SPDX-License-Identifier: GPL-2.0-only */
/* A guarded connection, on a socket that is connected to nobody. */
#ifndef SMBSIGN_KUNIT_RIG_H
#define SMBSIGN_KUNIT_RIG_H

#include "state/awaited.h"
#include "state/conn.h"
#include "surroundings.h"

#define RIG_SESSION	0x1000000000017ULL

/**
 * struct rig_setup - a SESSION_SETUP and its answer
 * @requested:	SessionId of the request
 * @id:		SessionId of the response
 * @status:	its Status
 * @mode:	SecurityMode of the request
 * @flags:	its Flags
 * @session_flags: SessionFlags of the response
 * @key:	the key that ksmbd signs the response with, or NULL
 */
struct rig_setup {
	u64		requested;
	u64		id;
	u32		status;
	u16		mode;
	u8		flags;
	u16		session_flags;
	const u8	*key;
};

struct smbsign_conn *rig_open(struct kunit *test, u32 seq);
void rig_close(struct kunit *test, struct smbsign_conn *conn);
void rig_rewind(struct smbsign_conn *conn, u32 seq);
struct sk_buff *rig_segment(struct kunit *test, u32 seq, const u8 *data,
			    u32 length, bool pages);
void rig_arrive(struct kunit *test, struct smbsign_conn *conn, const u8 *data,
		u32 length, bool pages);
int rig_read(struct smbsign_conn *conn, u8 *to, u32 length);
void rig_negotiate(struct smbsign_conn *conn, u16 dialect, bool required);
void rig_gmac(struct kunit *test, struct smbsign_conn *conn);
int rig_response(struct smbsign_conn *conn, u64 requested, u64 id, u32 status);
int rig_authenticate(struct smbsign_conn *conn, u64 id, const u8 *raw);
struct smbsign_awaited *rig_await(struct smbsign_conn *conn,
				  enum smbsign_awaited_kind kind,
				  const struct rig_setup *setup);
u64 rig_use_key(struct smbsign_conn *conn, u16 command, u32 status,
		u64 message_id, u64 id, bool response, const u8 *raw);
int rig_answer(struct smbsign_conn *conn, struct smbsign_awaited *awaited,
	       const struct rig_setup *setup);
int rig_setup(struct smbsign_conn *conn, const struct rig_setup *setup);
int rig_check(struct smbsign_conn *conn, u64 id, const u8 *raw);
void rig_end(u64 id);
u64 rig_serial(struct smbsign_conn *conn, u64 id);

int rig_suite_init(struct kunit_suite *suite);
void rig_suite_exit(struct kunit_suite *suite);
int rig_init(struct kunit *test);
void rig_exit(struct kunit *test);

#endif /* SMBSIGN_KUNIT_RIG_H */
