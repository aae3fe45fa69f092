/* SPDX-License-Identifier: GPL-2.0-only */
/* A guarded socket's functions, in place of TCP's. */
#ifndef SMBSIGN_PROTO_H
#define SMBSIGN_PROTO_H

#include "state/guard.h"

extern const struct smbsign_guard_functions smbsign_proto_functions;

#endif /* SMBSIGN_PROTO_H */
