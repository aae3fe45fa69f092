// SPDX-License-Identifier: GPL-2.0-only
/*
 * GHASH and AES by the vector instructions of x86-64.
 *
 * GHASH multiplies by the hash key H, block by block.  Here eight blocks are
 * multiplied by eight powers of H, and only the sum of the products is reduced.
 *
 * The bits of a block are in the opposite order of what PCLMULQDQ wants.  RFC
 * 8452 (appendix A) shows what to do: reverse the bytes of every block,
 * multiply H by x once, and compute POLYVAL instead.
 */
#include <linux/unaligned.h>

#include "mac/clmul.h"

/* The suite for user-mode Linux brings its own. */
#ifndef CLMUL_EXISTS
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/simd.h>

#define CLMUL_EXISTS	(boot_cpu_has(X86_FEATURE_PCLMULQDQ) &&		\
			 boot_cpu_has(X86_FEATURE_AES) &&		\
			 boot_cpu_has(X86_FEATURE_AVX) &&		\
			 cpu_has_xfeatures(XFEATURE_MASK_SSE |		\
					   XFEATURE_MASK_YMM, NULL))
#define CLMUL_NOW	(!in_hardirq() && may_use_simd())
#define CLMUL_BEGIN()	kernel_fpu_begin()
#define CLMUL_END()	kernel_fpu_end()
#endif

/* clmul-x86_64.S */
asmlinkage void smbsign_clmul_strides(const void *powers, u8 *y, const u8 *data,
				      size_t blocks);
asmlinkage void smbsign_clmul_rest(const void *powers, u8 *y, const u8 *data,
				   size_t blocks);

/**
 * smbsign_clmul_available() - does this CPU have the instructions?
 *
 * Context: any.
 * Return: true if it does.
 */
bool smbsign_clmul_available(void)
{
	return CLMUL_EXISTS;
}

/**
 * smbsign_clmul_begin() - begin a section that uses vector registers
 *
 * Context: any. On success preemption is off until smbsign_clmul_end().
 * Return: true, or false if somebody else is using them; then nothing was begun.
 */
bool smbsign_clmul_begin(void)
{
	if (!CLMUL_NOW)
		return false;
	CLMUL_BEGIN();
	return true;
}

/**
 * smbsign_clmul_end() - end a section that uses vector registers
 *
 * Context: after smbsign_clmul_begin() has returned true.
 */
void smbsign_clmul_end(void)
{
	CLMUL_END();
}

/**
 * smbsign_clmul_hash() - add whole blocks to a hash
 * @powers:	the hash key
 * @y:		the hash so far; zeroes before the first block
 * @data:	the blocks
 * @blocks:	their number
 *
 * Context: after smbsign_clmul_begin(). NIST SP 800-38D, 6.4.
 */
void smbsign_clmul_hash(const struct smbsign_clmul_powers *powers,
			u8 y[AES_BLOCK_SIZE], const u8 *data, size_t blocks)
{
	size_t rest = blocks % SMBSIGN_CLMUL_STRIDE, whole = blocks - rest;

	if (whole)
		smbsign_clmul_strides(powers, y, data, whole);
	if (rest)
		smbsign_clmul_rest(powers->power + SMBSIGN_CLMUL_STRIDE - rest, y,
				   data + whole * AES_BLOCK_SIZE, rest);
}

/**
 * smbsign_clmul_set_power() - prepare a power of a hash key H
 * @powers:	the power is filled in
 * @exponent:	which power, from 1 to SMBSIGN_CLMUL_STRIDE
 * @value:	the power, as GHASH multiplies
 *
 * Context: any. RFC 8452, appendix A: mulX_POLYVAL().
 */
void smbsign_clmul_set_power(struct smbsign_clmul_powers *powers,
			     unsigned int exponent,
			     const u8 value[AES_BLOCK_SIZE])
{
	u64 high = get_unaligned_be64(value), low = get_unaligned_be64(value + 8);
	unsigned int at = SMBSIGN_CLMUL_STRIDE - exponent;
	u64 carry = high >> 63;

	high = (high << 1 | low >> 63) ^ carry * (0xc2ULL << 56);
	low = low << 1 | carry;
	powers->power[at][0] = low;
	powers->power[at][1] = high;
	powers->sum[at][0] = low ^ high;
}
