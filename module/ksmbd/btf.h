/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What type information (BTF) says about functions.  Pure: bytes in, answer
 * out.
 */
#ifndef SMBSIGN_BTF_H
#define SMBSIGN_BTF_H

#include <linux/types.h>

/**
 * struct smbsign_btf - type information of the kernel, or of a module
 * @base:		the kernel's, if this is a module's; else NULL
 * @types:		its types, one after the other
 * @strings:		its strings
 * @strings_size:	their size, in bytes
 * @first_string:	offset by which the first of them is known
 * @offsets:		where each type begins: bytes from @types
 * @first_id:		id of the first of them
 * @count:		their number
 */
struct smbsign_btf {
	const struct smbsign_btf	*base;
	const u8			*types;
	const char			*strings;
	u32				strings_size;
	u32				first_string;
	u32				*offsets;
	u32				first_id;
	u32				count;
};

#define SMBSIGN_BTF_PARAMS_MAX	5

/**
 * struct smbsign_prototype - what the parameters of a function must be
 * @function:	its name
 * @params:	"NAME *" for a pointer to that struct, "*" for any pointer, a
 *		digit for a number of that many bytes, "?" for either; NULL
 *		after the last
 */
struct smbsign_prototype {
	const char	*function;
	const char	*params[SMBSIGN_BTF_PARAMS_MAX + 1];
};

int smbsign_btf_open(struct smbsign_btf *btf, const struct smbsign_btf *base,
		     const void *data, size_t size);
void smbsign_btf_close(struct smbsign_btf *btf);
int smbsign_btf_check(const struct smbsign_btf *btf,
		      const struct smbsign_prototype *wanted);

#endif /* SMBSIGN_BTF_H */
