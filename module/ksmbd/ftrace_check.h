/* SPDX-License-Identifier: GPL-2.0-only */
/* Can functions be redirected on this kernel? */
#ifndef SMBSIGN_FTRACE_CHECK_H
#define SMBSIGN_FTRACE_CHECK_H

int smbsign_ftrace_check(void);
int smbsign_ftrace_subject(long a, long b, long c, long d, long e);

#endif /* SMBSIGN_FTRACE_CHECK_H */
