/* SPDX-License-Identifier: GPL-2.0-only */
/* What ksmbd writes to a guarded connection. */
#ifndef SMBSIGN_TX_H
#define SMBSIGN_TX_H

#include <linux/mutex.h>

#include "smb2_wire.h"

struct msghdr;
struct smbsign_conn;

/**
 * struct smbsign_unsent - a message of ksmbd that TCP had no room for
 * @header:	header of its first response, as ksmbd will write it again;
 *		ProtocolId 0 if there is none
 * @status:	Status of the error that replaces it, or 0
 * @copy:	what leaves in its place, if it was signed in a copy, or NULL
 */
struct smbsign_unsent {
	struct smb2_header	header;
	u32			status;
	void			*copy;
};

/**
 * struct smbsign_tx - the sending side of a connection
 * @lock:	serialises writers and protects the other members
 * @left:	bytes of ksmbd's current message that are not written yet
 * @unsent:	the previous message, if ksmbd will write it again
 */
struct smbsign_tx {
	struct mutex		lock;	/* writers */
	u32			left;
	struct smbsign_unsent	unsent;
};

int smbsign_tx_write(struct smbsign_conn *conn, struct msghdr *msg, size_t size);

#endif /* SMBSIGN_TX_H */
