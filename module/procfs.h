/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/net/smbsign. */
#ifndef SMBSIGN_PROCFS_H
#define SMBSIGN_PROCFS_H

int smbsign_procfs_init(void);
void smbsign_procfs_exit(void);

#endif /* SMBSIGN_PROCFS_H */
