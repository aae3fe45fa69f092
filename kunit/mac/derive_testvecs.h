/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Known answers for keys, in hexadecimal.  They are from Microsoft's "SMB 2 and
 * SMB 3 security in Windows 10: the anatomy of signing and cryptographic keys"
 * and from captures; all were checked with OpenSSL.
 */
#ifndef SMBSIGN_KUNIT_DERIVE_TESTVECS_H
#define SMBSIGN_KUNIT_DERIVE_TESTVECS_H

#include "smb2_wire.h"

#define PREAUTH_1	\
	"0dd13628cc3ed218ef9df9772d436d0887ab9814bfae63a80aa845f36909db79" \
	"28622dddad522d9751640a459762c5a9d6bb084cbb3ce6bdadef5d5bce3c6c01"
#define PREAUTH_2	\
	"ea3bf912b11cbfec5b1889e8209614218687f82fa5294521ad3063425e49e88a" \
	"10bd022124ce25123bc9111f52d9566ba88bf46344e6063dc5e3ff0389026f6c"
/* After the binding SESSION_SETUP of mac_testvecs.h, PREAUTH_1 before it */
#define PREAUTH_AFTER	\
	"514b9c4424edd6114cb2eb0688bbe8449b952d226d026ce59dbb77ac8f8db307" \
	"a079c7acb4152048fcac0659ff211ec3c5ccfe779595189e6a3921b289bd7868"

/**
 * struct key_vector - a derived signing key
 * @name:	for the log
 * @dialect:	the dialect
 * @session:	Session.SessionKey
 * @preauth:	Session.PreauthIntegrityHashValue on 3.1.1
 * @signing:	Session.SigningKey
 */
struct key_vector {
	const char	*name;
	u16		dialect;
	const char	*session;
	const char	*preauth;
	const char	*signing;
};

#define KEY_OF_ZEROES	"00000000000000000000000000000000"

static const struct key_vector key_vectors[] = {
	{
		"3.0, first", SMB2_DIALECT_300,
		"7cd451825d0450d235424e44ba6e78cc", NULL,
		"0b7e9c5cac36c0f6ea9ab275298cedce",
	}, {
		"3.0, second", SMB2_DIALECT_300,
		"4e01a2b313bcf660cc250bef021aede6", NULL,
		"ba1a17dbbfec349bca105563d598952f",
	}, {
		"3.0.2", SMB2_DIALECT_302,
		"726d4c454e63516446695457664e5042", NULL,
		"6d151b6134d879c86ef4bff1c0b4566f",
	}, {
		"3.1.1, channel 1", SMB2_DIALECT_311,
		"270e1ba896585eeb7af3472d3b4c75a7", PREAUTH_1,
		"73fe7a9a77bef0bde49c650d8ccb5f76",
	}, {
		"3.1.1, channel 2", SMB2_DIALECT_311,
		"84b9dbb730116a8fa6e9889555c265f9", PREAUTH_2,
		"c962bca1a9dd1697b030644199705431",
	}, {
		"3.0, no secret", SMB2_DIALECT_300, KEY_OF_ZEROES, NULL,
		"9951088b83220f39d99420419d16d393",
	}, {
		"3.1.1, no secret", SMB2_DIALECT_311, KEY_OF_ZEROES, PREAUTH_1,
		"a82d42adbeb0dcc76910196161463dea",
	},
};

#endif /* SMBSIGN_KUNIT_DERIVE_TESTVECS_H */
