/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_CRYPTO_AES_H
#define SHIM_CRYPTO_AES_H

#define AES_BLOCK_SIZE 16

#endif /* SHIM_CRYPTO_AES_H */
