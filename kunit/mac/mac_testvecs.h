/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Known answers for MACs, in hexadecimal.
 *
 * AES-CMAC: RFC 4493, section 4.  HMAC-SHA256: RFC 4231, test case 2, whose key
 * has the 16 bytes of an SMB2 key if padded with zeroes; the other cases have
 * longer keys.  Messages: Microsoft's "SMB 2 and SMB 3 security in Windows 10:
 * the anatomy of signing and cryptographic keys" and captures.  All were
 * checked with OpenSSL.
 */
#ifndef SMBSIGN_KUNIT_MAC_TESTVECS_H
#define SMBSIGN_KUNIT_MAC_TESTVECS_H

#include "smb2_wire.h"

/**
 * struct mac_vector - a message and its MAC
 * @name:	for the log
 * @algorithm:	SMB2_SIGNING_*
 * @key:	16 bytes
 * @message:	the message
 * @mac:	its MAC, or NULL if it is the Signature in the message
 */
struct mac_vector {
	const char	*name;
	u16		algorithm;
	const char	*key;
	const char	*message;
	const char	*mac;
};

#define RFC4493_KEY	"2b7e151628aed2a6abf7158809cf4f3c"
#define RFC4493_16	"6bc1bee22e409f96e93d7e117393172a"
#define RFC4493_40	RFC4493_16 "ae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
#define RFC4493_64	RFC4493_40 "e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

static const struct mac_vector mac_vectors[] = {
	{
		"RFC 4493, 0 bytes", SMB2_SIGNING_AES_CMAC, RFC4493_KEY,
		"", "bb1d6929e95937287fa37d129b756746",
	}, {
		"RFC 4493, 16 bytes", SMB2_SIGNING_AES_CMAC, RFC4493_KEY,
		RFC4493_16, "070a16b46b4d4144f79bdd9dd04a287c",
	}, {
		"RFC 4493, 40 bytes", SMB2_SIGNING_AES_CMAC, RFC4493_KEY,
		RFC4493_40, "dfa66747de9ae63030ca32611497c827",
	}, {
		"RFC 4493, 64 bytes", SMB2_SIGNING_AES_CMAC, RFC4493_KEY,
		RFC4493_64, "51f0bebf7e3b9d92fc49741779363cfe",
	}, {
		"RFC 4231, case 2", SMB2_SIGNING_HMAC_SHA256,
		"4a656665000000000000000000000000",
		"7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		"5bdcc146bf60754e6a042426089575c7",
	}, {
		"3.1.1 binding SESSION_SETUP, signed by the client",
		SMB2_SIGNING_AES_CMAC, "73fe7a9a77bef0bde49c650d8ccb5f76",
		"fe534d42400001000000000001008000080000000000000002000000"
		"00000000fffe000000000000190000000010000068bd0c58f613ce13"
		"34b1eb51c68d39ea19000101010000000000000058004a0000000000"
		"00000000604806062b0601050502a03e303ca00e300c060a2b060104"
		"01823702020aa22a04284e544c4d5353500001000000978208e20000"
		"0000000000000000000000000000060380250000000f", NULL,
	}, {
		"3.1.1 last response of a SESSION_SETUP", SMB2_SIGNING_AES_CMAC,
		"73fe7a9a77bef0bde49c650d8ccb5f76",
		"fe534d42400001000000000001008000090000000000000003000000"
		"00000000fffe0000000000001900000000100000ebe146da120ba25f"
		"c3376a49dfe31bc10900000048001d00a11b3019a0030a0100a31204"
		"10010000003b453cdc3524164200000000", NULL,
	}, {
		"2.1 response", SMB2_SIGNING_HMAC_SHA256,
		"04e707571f8e0353b77a94c3653b87b5",
		"fe534d4240000100280100c00b000700090000000000000004000000"
		"00000000fffe0000010000000500000000040000a164ffe53d681198"
		"1f386772e387e06f0900000000000000ff", NULL,
	}, {
		"3.1.1 LOGOFF", SMB2_SIGNING_AES_GMAC,
		"ac36e9543cd888f0a84123e46bb2a0d7",
		"fe534d42400001000000000002000100180000000000000009000000"
		"00000000000000000000000053200c2100000000"
		"76234b3c812f51ab8a5cf9fa43d4eb2804000000", NULL,
	},
};

/*
 * SHA-256 over the consecutive MACs of the first 0, 1, 2 ... 4096 bytes of
 * fill_pattern() with the key of RFC 4493.
 */
#define ALL_LENGTHS_MAX		4096
#define ALL_LENGTHS_CMAC	\
	"b6d00761554f947fb9a0f17b56335e3c89a88de87c4a2c91f551f66773d444f3"
#define ALL_LENGTHS_HMAC	\
	"dd6009d3246d06c4f2e388dd80bd75baffeaca37f2479ac58a4398ab97e177be"
/* With MessageId 0x0102030405060708, of a client */
#define ALL_LENGTHS_GMAC	\
	"980d9ed5fc63eea94c292dc0e9a87a727f0563dd70bde0d5ab48509663146a5b"

#endif /* SMBSIGN_KUNIT_MAC_TESTVECS_H */
