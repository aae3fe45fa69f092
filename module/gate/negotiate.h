/* SPDX-License-Identifier: GPL-2.0-only */
/* NEGOTIATE and what vouches for it, request and response. */
#ifndef SMBSIGN_NEGOTIATE_H
#define SMBSIGN_NEGOTIATE_H

#include "gate/gate.h"
#include "rules/policy.h"

struct smbsign_awaited;
struct smbsign_response;

/**
 * struct smbsign_negotiation - what a connection's NEGOTIATE says
 * @offer:	the request; under the socket lock. While ksmbd answers, the
 *		gate stands still, and it is read without the lock
 * @contexts:	its contexts; locked as @offer
 * @upgraded:	an SMB1 NEGOTIATE came first; under the socket lock
 * @hidden:	ksmbd reads a request that offers AES-CMAC in place of AES-GMAC;
 *		locked as @offer
 * @told:	ksmbd's response was made to demand signing; written under
 *		smbsign_tx.lock, read without it
 */
struct smbsign_negotiation {
	struct smbsign_offer	offer;
	struct smbsign_contexts	contexts;
	bool			upgraded;
	bool			hidden;
	bool			told;
};

enum smbsign_step smbsign_negotiate_smb1(struct smbsign_conn *conn,
					 bool *upgrades);
enum smbsign_step smbsign_negotiate_pass_smb1(struct smbsign_conn *conn);
void smbsign_negotiate_smb1_answered(struct smbsign_conn *conn);
bool smbsign_negotiate_concerns(const struct smbsign_conn *conn,
				const struct smbsign_element *element);
enum smbsign_step
smbsign_negotiate_request(struct smbsign_conn *conn,
			  const struct smbsign_policy *policy,
			  const struct smbsign_element *element,
			  const u8 *request);
enum smbsign_step smbsign_negotiate_pass(struct smbsign_conn *conn,
					 const struct smbsign_policy *policy);
void smbsign_negotiate_unhide(const struct smbsign_conn *conn, u8 *message,
			      u32 length);
void smbsign_negotiate_hashed(struct smbsign_conn *conn, u8 *message,
			      u32 length);
int smbsign_negotiate_response(struct smbsign_conn *conn,
			       const struct smbsign_policy *policy,
			       const struct smbsign_awaited *request,
			       const struct smbsign_response *response,
			       struct smbsign_verdict *verdict);
void smbsign_negotiate_validated(const struct smbsign_conn *conn,
				 const struct smbsign_response *response);
void smbsign_negotiate_validated_at(u8 *message, u32 length);

#endif /* SMBSIGN_NEGOTIATE_H */
