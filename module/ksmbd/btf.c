// SPDX-License-Identifier: GPL-2.0-only
/*
 * What type information (BTF) says about functions.
 *
 * A module's BTF continues the kernel's: its first type id is the one after the
 * kernel's last, and so is its first string offset.
 */
#include <linux/btf.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "ksmbd/btf.h"

/* More names and qualifiers than this before a type mean that they form a ring. */
#define BARE_MAX	32

/* Later fields need not be there. */
#define HEADER_SIZE	offsetofend(struct btf_header, str_len)

/* Bytes after a type of @kind with @vlen members, or -EINVAL. */
static long tail_size(u32 kind, u32 vlen)
{
	static const u8 fixed[NR_BTF_KINDS] = {
		[BTF_KIND_INT] = sizeof(u32),
		[BTF_KIND_ARRAY] = sizeof(struct btf_array),
		[BTF_KIND_VAR] = sizeof(struct btf_var),
		[BTF_KIND_DECL_TAG] = sizeof(struct btf_decl_tag),
	};
	static const u8 each[NR_BTF_KINDS] = {
		[BTF_KIND_STRUCT] = sizeof(struct btf_member),
		[BTF_KIND_UNION] = sizeof(struct btf_member),
		[BTF_KIND_ENUM] = sizeof(struct btf_enum),
		[BTF_KIND_ENUM64] = sizeof(struct btf_enum64),
		[BTF_KIND_FUNC_PROTO] = sizeof(struct btf_param),
		[BTF_KIND_DATASEC] = sizeof(struct btf_var_secinfo),
	};

	if (kind == BTF_KIND_UNKN || kind >= NR_BTF_KINDS)
		return -EINVAL;
	return fixed[kind] + each[kind] * vlen;
}

/* Walk over @size bytes of types.  Returns their number, or -EINVAL. */
static int scan_types(const u8 *types, u32 size, u32 *offsets)
{
	u32 at = 0;
	int count = 0;
	long tail;

	while (at < size) {
		const struct btf_type *type = (const void *)(types + at);

		if (size - at < sizeof(*type))
			return -EINVAL;
		tail = tail_size(btf_kind(type), btf_type_vlen(type));
		if (tail < 0 || size - at - sizeof(*type) < tail)
			return -EINVAL;
		if (offsets)
			offsets[count] = at;
		count++;
		at += sizeof(*type) + tail;
	}
	return count;
}

/* Are the @length bytes at @offset after the header within @size? */
static bool lies_in(const struct btf_header *header, u32 offset, u32 length,
		    size_t size)
{
	return (u64)header->hdr_len + offset + length <= size;
}

static bool is_sound(const struct btf_header *header, size_t size)
{
	return size >= HEADER_SIZE && header->magic == BTF_MAGIC &&
	       header->hdr_len >= HEADER_SIZE &&
	       !(header->hdr_len % sizeof(u32)) &&
	       !(header->type_off % sizeof(u32)) && header->str_len &&
	       lies_in(header, header->type_off, header->type_len, size) &&
	       lies_in(header, header->str_off, header->str_len, size);
}

/**
 * smbsign_btf_open() - parse type information
 * @btf:	filled in
 * @base:	the kernel's if @data is a module's, else NULL; must outlive
 *		@btf
 * @data:	the bytes, aligned to 4; must outlive @btf
 * @size:	their number
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL if this is no BTF that we know, or -ENOMEM.
 */
int smbsign_btf_open(struct smbsign_btf *btf, const struct smbsign_btf *base,
		     const void *data, size_t size)
{
	const struct btf_header *header = data;
	int count;

	if (!is_sound(header, size))
		return -EINVAL;
	*btf = (struct smbsign_btf) {
		.base = base,
		.types = data + header->hdr_len + header->type_off,
		.strings = data + header->hdr_len + header->str_off,
		.strings_size = header->str_len,
		.first_string = base ? base->strings_size : 0,
		.first_id = base ? base->first_id + base->count : 1,
	};
	if (btf->strings[btf->strings_size - 1])
		return -EINVAL;
	count = scan_types(btf->types, header->type_len, NULL);
	if (count < 0)
		return count;
	btf->offsets = kvmalloc_array(count + 1, sizeof(*btf->offsets),
				      GFP_KERNEL);
	if (!btf->offsets)
		return -ENOMEM;
	btf->count = scan_types(btf->types, header->type_len, btf->offsets);
	return 0;
}

/**
 * smbsign_btf_close() - free what smbsign_btf_open() has allocated
 * @btf:	what it filled in
 *
 * Context: process, may sleep.
 */
void smbsign_btf_close(struct smbsign_btf *btf)
{
	kvfree(btf->offsets);
}

/* The type with this @id; NULL if there is none, and for void. */
static const struct btf_type *type_by_id(const struct smbsign_btf *btf, u32 id)
{
	if (btf->base && id < btf->first_id)
		btf = btf->base;
	if (id < btf->first_id || id - btf->first_id >= btf->count)
		return NULL;
	return (const void *)(btf->types + btf->offsets[id - btf->first_id]);
}

static const char *string_at(const struct smbsign_btf *btf, u32 offset)
{
	if (btf->base && offset < btf->first_string)
		btf = btf->base;
	offset -= btf->first_string;
	return offset < btf->strings_size ? btf->strings + offset : "";
}

/* The type without names and qualifiers. */
static const struct btf_type *bare_type(const struct smbsign_btf *btf, u32 id)
{
	const struct btf_type *type = type_by_id(btf, id);
	unsigned int i;

	for (i = 0; type && i < BARE_MAX; i++) {
		switch (btf_kind(type)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			type = type_by_id(btf, type->type);
			break;
		default:
			return type;
		}
	}
	return NULL;
}

/* Is @type the struct that @wanted, "NAME *", points to? */
static bool is_struct(const struct smbsign_btf *btf, const struct btf_type *type,
		      const char *wanted)
{
	size_t length = strlen(wanted) - strlen(" *");
	const char *name;

	if (!type || (btf_kind(type) != BTF_KIND_STRUCT &&
		      btf_kind(type) != BTF_KIND_FWD))
		return false;
	name = string_at(btf, type->name_off);
	return strlen(name) == length && !memcmp(name, wanted, length);
}

static bool is_number(const struct btf_type *type)
{
	u32 kind = btf_kind(type);

	return kind == BTF_KIND_INT || kind == BTF_KIND_ENUM ||
	       kind == BTF_KIND_ENUM64;
}

static bool type_fits(const struct smbsign_btf *btf, u32 id, const char *wanted)
{
	const struct btf_type *type = bare_type(btf, id);
	bool pointer = type && btf_kind(type) == BTF_KIND_PTR;

	if (!type)
		return false;
	if (*wanted == '?')
		return pointer ||
		       (is_number(type) && type->size <= sizeof(long));
	if (*wanted >= '0' && *wanted <= '9')
		return is_number(type) && type->size == *wanted - '0';
	return pointer && (*wanted == '*' ||
			   is_struct(btf, bare_type(btf, type->type), wanted));
}

static const struct btf_type *find_function(const struct smbsign_btf *btf,
					    const char *name)
{
	const struct btf_type *type;
	u32 i;

	for (i = 0; i < btf->count; i++) {
		type = type_by_id(btf, btf->first_id + i);
		if (btf_kind(type) == BTF_KIND_FUNC &&
		    !strcmp(string_at(btf, type->name_off), name))
			return type;
	}
	return NULL;
}

/**
 * smbsign_btf_check() - does a function have the parameters that it must have?
 * @btf:	the type information
 * @wanted:	the function's name and parameters
 *
 * The return type does not matter.
 *
 * Context: any.
 * Return: 0, -ENOENT if @btf knows no such function, -EPROTOTYPE if it has
 * others.
 */
int smbsign_btf_check(const struct smbsign_btf *btf,
		      const struct smbsign_prototype *wanted)
{
	const struct btf_type *type = find_function(btf, wanted->function);
	const struct btf_param *params;
	u32 i;

	if (!type)
		return -ENOENT;
	type = type_by_id(btf, type->type);
	if (!type || btf_kind(type) != BTF_KIND_FUNC_PROTO)
		return -EPROTOTYPE;
	params = (const void *)(type + 1);
	for (i = 0; i < btf_type_vlen(type); i++) {
		if (!wanted->params[i] ||
		    !type_fits(btf, params[i].type, wanted->params[i]))
			return -EPROTOTYPE;
	}
	return wanted->params[i] ? -EPROTOTYPE : 0;
}
