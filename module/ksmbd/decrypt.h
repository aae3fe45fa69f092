/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks requests that ksmbd has decrypted. */
#ifndef SMBSIGN_DECRYPT_H
#define SMBSIGN_DECRYPT_H

struct kvec;
struct smbsign_conn;

struct smbsign_conn *smbsign_decrypt_conn(void *work);
int smbsign_decrypt(void *work, struct kvec *vec, unsigned int vecs, int encrypt);
int smbsign_decrypt_by_ksmbd(void *work, struct kvec *vec, unsigned int vecs,
			     int encrypt);

#endif /* SMBSIGN_DECRYPT_H */
