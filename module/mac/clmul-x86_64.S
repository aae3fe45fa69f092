/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GHASH and AES; clmul.c says how GHASH becomes a sum of products here.
 *
 * Arguments of the hashing functions: %rdi is struct smbsign_clmul_powers, %rsi
 * the hash, %rdx the blocks, %rcx their number, which is not 0.
 *
 * Registers: 0 is the hash so far, with its bytes reversed; 1, 2 and 3 are the
 * sums of the low, the middle and the high products; 4, 5 and 6 are scratch; 7
 * reverses bytes; 8 is the polynomial.
 */
#include <linux/linkage.h>

/* Offset of the halves' sums from the powers. */
#define SUMS	128
#define STRIDE	128

.section .rodata
.p2align 4
.Lreverse:
	.octa	0x000102030405060708090a0b0c0d0e0f
/* x^127 + x^126 + x^121, the upper half of POLYVAL's polynomial */
.Lpolynomial:
	.quad	0xc200000000000000, 0xc200000000000000

.text

.macro	begin
	vmovdqa		.Lreverse(%rip), %xmm7
	vmovdqa		.Lpolynomial(%rip), %xmm8
	vmovdqu		(%rsi), %xmm0
	vpshufb		%xmm7, %xmm0, %xmm0
.endm

.macro	end
	vpshufb		%xmm7, %xmm0, %xmm0
	vmovdqu		%xmm0, (%rsi)
.endm

.macro	clear_sums
	vpxor		%xmm1, %xmm1, %xmm1
	vpxor		%xmm2, %xmm2, %xmm2
	vpxor		%xmm3, %xmm3, %xmm3
.endm

.macro	load	at
	vmovdqu		\at(%rdx), %xmm4
	vpshufb		%xmm7, %xmm4, %xmm4
.endm

/* Add register 4 times the powers at \at to the sums (Karatsuba). */
.macro	multiply	at
	vpshufd		$0x4e, %xmm4, %xmm5
	vpclmulqdq	$0x00, \at(%rdi), %xmm4, %xmm6
	vpxor		%xmm6, %xmm1, %xmm1
	vpclmulqdq	$0x11, \at(%rdi), %xmm4, %xmm6
	vpxor		%xmm6, %xmm3, %xmm3
	vpxor		%xmm4, %xmm5, %xmm5
	vpclmulqdq	$0x00, SUMS+\at(%rdi), %xmm5, %xmm6
	vpxor		%xmm6, %xmm2, %xmm2
.endm

/* Make the lowest 64 bits zero by adding multiples of the polynomial, and shift
 * them away. */
.macro	fold
	vpclmulqdq	$0x00, %xmm8, %xmm1, %xmm4
	vpshufd		$0x4e, %xmm1, %xmm1
	vpxor		%xmm4, %xmm1, %xmm1
.endm

/* The hash is the sum of the products times x^-128, modulo the polynomial. */
.macro	reduce
	vpxor		%xmm1, %xmm2, %xmm2
	vpxor		%xmm3, %xmm2, %xmm2
	vpslldq		$8, %xmm2, %xmm4
	vpxor		%xmm4, %xmm1, %xmm1
	vpsrldq		$8, %xmm2, %xmm2
	vpxor		%xmm2, %xmm3, %xmm3
	fold
	fold
	vpxor		%xmm1, %xmm3, %xmm0
.endm

/* Whole strides: the sum of eight products is reduced once. */
SYM_FUNC_START(smbsign_clmul_strides)
	begin
.Lstride:
	clear_sums
	load		0
	vpxor		%xmm0, %xmm4, %xmm4
	multiply	0
.irp at, 16, 32, 48, 64, 80, 96, 112
	load		\at
	multiply	\at
.endr
	reduce
	add		$STRIDE, %rdx
	sub		$8, %rcx
	jnz		.Lstride
	end
	RET
SYM_FUNC_END(smbsign_clmul_strides)

/* Fewer blocks than a stride: %rdi points to the power for the first of them. */
SYM_FUNC_START(smbsign_clmul_rest)
	begin
	clear_sums
.Lblock:
	load		0
	vpxor		%xmm0, %xmm4, %xmm4
	vpxor		%xmm0, %xmm0, %xmm0
	multiply	0
	add		$16, %rdx
	add		$16, %rdi
	sub		$1, %rcx
	jnz		.Lblock
	reduce
	end
	RET
SYM_FUNC_END(smbsign_clmul_rest)

/* Encrypt the block at %rsi with the round keys of AES-128 at %rdi. */
SYM_FUNC_START(smbsign_clmul_aes)
	vmovdqu		(%rsi), %xmm0
	vpxor		(%rdi), %xmm0, %xmm0
.irp at, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90
	vaesenc		\at(%rdi), %xmm0, %xmm0
.endr
	vaesenclast	0xa0(%rdi), %xmm0, %xmm0
	vmovdqu		%xmm0, (%rsi)
	RET
SYM_FUNC_END(smbsign_clmul_aes)
