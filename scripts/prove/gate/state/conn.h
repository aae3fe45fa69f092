/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of a connection as the gate asks for. */
#ifndef GATE_CONN_H
#define GATE_CONN_H

#include <net/tcp.h>

#include "gate/gate.h"
#include "gate/negotiate.h"
#include "rules/policy.h"

enum smbsign_life {
	SMBSIGN_LIFE_OPEN,
	SMBSIGN_LIFE_EOF,
	SMBSIGN_LIFE_CUT,
	SMBSIGN_LIFE_GONE,
};

struct smbsign_conn {
	struct sock			*sk;
	int				users, lock;
	enum smbsign_life		life;
	u8				foreseen;
	bool				compressed, encrypted;
	u64				requests, refusals;
	struct smbsign_gate		gate;
	struct smbsign_negotiation	negotiation;
	struct {
		int			lock;
	} tx;
	struct smbsign_conn_facts	facts;
	void				*due;
};

void smbsign_conn_put(struct smbsign_conn *conn);
void smbsign_conn_copy_facts(struct smbsign_conn *conn,
			     struct smbsign_conn_facts *facts);
void smbsign_conn_kick(struct smbsign_conn *conn);

#endif /* GATE_CONN_H */
