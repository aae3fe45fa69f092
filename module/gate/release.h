/* SPDX-License-Identifier: GPL-2.0-only */
/* What ksmbd may read of a frame, and when. */
#ifndef SMBSIGN_RELEASE_H
#define SMBSIGN_RELEASE_H

#include "gate/gate.h"
#include "state/awaited.h"

void smbsign_release_begin(struct smbsign_gate *gate, u32 seq);
enum smbsign_step smbsign_release_frame(struct smbsign_conn *conn);
enum smbsign_step smbsign_release_alone(struct smbsign_conn *conn,
					enum smbsign_awaited_kind kind,
					const struct smbsign_element *element);
bool smbsign_release_is_large(const struct smbsign_gate *gate);
void smbsign_release_stream(struct smbsign_gate *gate);
void smbsign_release_streamed(struct smbsign_gate *gate);
bool smbsign_release_stalls(const struct smbsign_conn *conn);
int smbsign_release_expect(struct smbsign_conn *conn,
			   enum smbsign_awaited_kind kind, u64 shown);
int smbsign_release_await(struct smbsign_conn *conn,
			  enum smbsign_awaited_kind kind,
			  const struct smbsign_element *element,
			  const struct smb2_header *header);
void smbsign_release_unblock(struct smbsign_conn *conn);

static inline bool smbsign_is_first(const struct smbsign_gate *gate)
{
	return gate->cursor.parsed == gate->frame.start + SMB2_NBSS_SIZE;
}

#endif /* SMBSIGN_RELEASE_H */
