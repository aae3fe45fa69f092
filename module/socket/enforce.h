/* SPDX-License-Identifier: GPL-2.0-only */
/* Applies a policy that has changed. */
#ifndef SMBSIGN_ENFORCE_H
#define SMBSIGN_ENFORCE_H

struct smbsign_policy;

void smbsign_enforce(const struct smbsign_policy *before);

#endif /* SMBSIGN_ENFORCE_H */
