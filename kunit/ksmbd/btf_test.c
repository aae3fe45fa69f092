// SPDX-License-Identifier: GPL-2.0-only
/*
 * Type information of a kernel and of a module, made here: which prototypes
 * match, and that nothing is read beyond the end, whatever it contains.
 */
#include "../surroundings.h"

#include "ksmbd/btf.c"

/* The kernel's types; their ids start at 1. */
enum {
	INT = 1, CHAR, LONG, KVEC, KVEC_POINTER, CHAR_POINTER, VOID_POINTER,
	COLOUR, KERNEL_END,
};

/* The types that the module adds */
enum {
	CONN = KERNEL_END, CONN_POINTER, CONN_NAME, CONST_CONN_NAME, LATER,
	LATER_POINTER, RING, POINTER_TO_KVEC_POINTER, UNION, UNION_POINTER, WIDE,
	OTHERS, OTHERS_POINTER, MODULE_END,
};

/**
 * struct blob - type information under construction
 * @types:		its types
 * @types_size:		their size, in bytes
 * @strings:		its strings
 * @strings_size:	their size, in bytes
 * @strings_before:	bytes of the strings that it continues
 */
struct blob {
	u8	types[1024];
	u32	types_size;
	char	strings[512];
	u32	strings_size;
	u32	strings_before;
};

static u32 name(struct blob *blob, const char *name)
{
	u32 at = blob->strings_size;

	if (!name)
		return 0;
	blob->strings_size += strlen(name) + 1;
	strscpy(blob->strings + at, name, sizeof(blob->strings) - at);
	return blob->strings_before + at;
}

static void *append(struct blob *blob, const void *data, u32 size)
{
	void *at = blob->types + blob->types_size;

	memcpy(at, data, size);
	blob->types_size += size;
	return at;
}

static void add(struct blob *blob, u32 kind, u32 members, const char *called,
		u32 size_or_type)
{
	struct btf_type type = {
		.name_off = name(blob, called),
		.info = kind << 24 | members,
		.size = size_or_type,
	};

	append(blob, &type, sizeof(type));
}

static void add_number(struct blob *blob, const char *called, u32 size)
{
	u32 encoding = size * 8;

	add(blob, BTF_KIND_INT, 0, called, size);
	append(blob, &encoding, sizeof(encoding));
}

/* Add a struct or union with one member. */
static void add_struct(struct blob *blob, u32 kind, const char *called)
{
	struct btf_member member = { .type = LONG };

	add(blob, kind, 1, called, 8);
	append(blob, &member, sizeof(member));
}

static void add_proto(struct blob *blob, const u32 *params, u32 count)
{
	struct btf_param param = { };

	add(blob, BTF_KIND_FUNC_PROTO, count, NULL, INT);
	for (; count; count--) {
		param.type = *params++;
		append(blob, &param, sizeof(param));
	}
}

static struct blob *new_blob(struct kunit *test, const struct blob *base)
{
	struct blob *blob = kunit_kzalloc(test, sizeof(*blob), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blob);
	if (base)
		blob->strings_before = base->strings_size;
	else
		blob->strings_size = 1;
	return blob;
}

static struct blob *kernel_blob(struct kunit *test)
{
	struct btf_enum red = { };
	struct blob *blob = new_blob(test, NULL);

	add_number(blob, "int", 4);
	add_number(blob, "char", 1);
	add_number(blob, "long", 8);
	add_struct(blob, BTF_KIND_STRUCT, "kvec");
	add(blob, BTF_KIND_PTR, 0, NULL, KVEC);
	add(blob, BTF_KIND_PTR, 0, NULL, CHAR);
	add(blob, BTF_KIND_PTR, 0, NULL, 0);
	add(blob, BTF_KIND_ENUM, 1, "colour", 4);
	append(blob, &red, sizeof(red));
	return blob;
}

static struct blob *module_blob(struct kunit *test, const struct blob *kernel)
{
	struct btf_enum64 wide = { };
	struct blob *blob = new_blob(test, kernel);

	add_struct(blob, BTF_KIND_STRUCT, "ksmbd_conn");
	add(blob, BTF_KIND_PTR, 0, NULL, CONN);
	add(blob, BTF_KIND_TYPEDEF, 0, "conn_t", CONN_POINTER);
	add(blob, BTF_KIND_CONST, 0, NULL, CONN_NAME);
	add(blob, BTF_KIND_FWD, 0, "ksmbd_conn", 0);
	add(blob, BTF_KIND_PTR, 0, NULL, LATER);
	add(blob, BTF_KIND_TYPEDEF, 0, "ring", RING);
	add(blob, BTF_KIND_PTR, 0, NULL, KVEC_POINTER);
	add_struct(blob, BTF_KIND_UNION, "kvec");
	add(blob, BTF_KIND_PTR, 0, NULL, UNION);
	add(blob, BTF_KIND_ENUM64, 1, "wide", 8);
	append(blob, &wide, sizeof(wide));
	/* One letter longer than a wanted name */
	add_struct(blob, BTF_KIND_STRUCT, "kvecs");
	add(blob, BTF_KIND_PTR, 0, NULL, OTHERS);
	return blob;
}

/* Make a file of it that ends where nothing is mapped. */
static u8 *finish(struct kunit *test, const struct blob *blob, u32 *size)
{
	struct btf_header header = {
		.magic = BTF_MAGIC,
		.version = 1,
		.hdr_len = sizeof(header),
		.type_len = blob->types_size,
		.str_off = blob->types_size,
		.str_len = blob->strings_size,
	};
	u8 *data;

	*size = sizeof(header) + blob->types_size + blob->strings_size;
	data = guarded_alloc(test, *size);
	memcpy(data, &header, sizeof(header));
	memcpy(data + sizeof(header), blob->types, blob->types_size);
	memcpy(data + sizeof(header) + blob->types_size, blob->strings,
	       blob->strings_size);
	return data;
}

/**
 * struct both - a kernel, and a module with one function "f"
 * @kernel:	the kernel's type information
 * @module:	the module's
 * @data:	the module's, in bytes
 * @size:	their number
 */
struct both {
	struct smbsign_btf	kernel;
	struct smbsign_btf	module;
	u8			*data;
	u32			size;
};

static void make(struct kunit *test, struct both *both, const u32 *params,
		 u32 count)
{
	struct blob *kernel = kernel_blob(test);
	struct blob *module = module_blob(test, kernel);
	u32 size;
	u8 *data = finish(test, kernel, &size);

	KUNIT_ASSERT_EQ(test, 0,
			smbsign_btf_open(&both->kernel, NULL, data, size));
	KUNIT_ASSERT_EQ(test, KERNEL_END - 1, both->kernel.count);
	add_proto(module, params, count);
	add(module, BTF_KIND_FUNC, 0, "f", MODULE_END);
	add(module, BTF_KIND_FUNC, 0, "no_function", CONN);
	add(module, BTF_KIND_FUNC, 0, "nothing", 12345);
	both->data = finish(test, module, &both->size);
	KUNIT_ASSERT_EQ(test, 0, smbsign_btf_open(&both->module, &both->kernel,
						  both->data, both->size));
}

static void unmake(struct both *both)
{
	smbsign_btf_close(&both->module);
	smbsign_btf_close(&both->kernel);
}

static const u32 right[] = { CONN_POINTER, CHAR_POINTER, KVEC_POINTER, INT };
static const struct smbsign_prototype wanted = {
	"f", { "ksmbd_conn *", "*", "kvec *", "4" },
};

static void the_right_one(struct kunit *test)
{
	struct both both;

	make(test, &both, right, ARRAY_SIZE(right));
	KUNIT_EXPECT_EQ(test, 0, smbsign_btf_check(&both.module, &wanted));
	unmake(&both);
}

static void number_of_parameters(struct kunit *test)
{
	static const u32 more[] = {
		CONN_POINTER, CHAR_POINTER, KVEC_POINTER, INT, INT, INT, INT,
	};
	struct both both;
	u32 count;

	for (count = 0; count <= ARRAY_SIZE(more); count++) {
		make(test, &both, more, count);
		KUNIT_EXPECT_EQ(test, count == 4 ? 0 : -EPROTOTYPE,
				smbsign_btf_check(&both.module, &wanted));
		unmake(&both);
	}
}

/* Every type, and what it may stand for. */
static void types(struct kunit *test)
{
	static const char * const all[] = {
		"ksmbd_conn *", "kvec *", "*", "1", "4", "8", "?",
	};
	static const char * const taken_for[MODULE_END + 2] = {
		[INT] = "4 ?", [CHAR] = "1 ?", [LONG] = "8 ?", [COLOUR] = "4 ?",
		[WIDE] = "8 ?",
		[KVEC_POINTER] = "kvec * ?", [CHAR_POINTER] = " * ?",
		[VOID_POINTER] = " * ?", [POINTER_TO_KVEC_POINTER] = " * ?",
		[UNION_POINTER] = " * ?", [OTHERS_POINTER] = " * ?",
		[CONN_POINTER] = "ksmbd_conn * ?",
		[CONN_NAME] = "ksmbd_conn * ?",
		[CONST_CONN_NAME] = "ksmbd_conn * ?",
		[LATER_POINTER] = "ksmbd_conn * ?",
	};
	u32 type, i;

	for (type = 0; type < ARRAY_SIZE(taken_for); type++) {
		const char *fitting = taken_for[type] ?: "";
		struct both both;

		make(test, &both, &type, 1);
		for (i = 0; i < ARRAY_SIZE(all); i++) {
			struct smbsign_prototype one = { "f", { all[i] } };

			KUNIT_EXPECT_EQ_MSG(test,
					    strstr(fitting, all[i]) ?
					    0 : -EPROTOTYPE,
					    smbsign_btf_check(&both.module,
							      &one),
					    "type %u as %s", type, all[i]);
		}
		unmake(&both);
	}
}

static void functions(struct kunit *test)
{
	static const struct {
		const char	*name;
		int		ret;
	} cases[] = {
		{ "g", -ENOENT }, { "", -ENOENT }, { "ff", -ENOENT },
		{ "conn_t", -ENOENT }, /* a name, but not of a function */
		{ "no_function", -EPROTOTYPE }, { "nothing", -EPROTOTYPE },
	};
	struct both both;
	u32 i;

	make(test, &both, right, ARRAY_SIZE(right));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct smbsign_prototype one = wanted;

		one.function = cases[i].name;
		KUNIT_EXPECT_EQ(test, cases[i].ret,
				smbsign_btf_check(&both.module, &one));
	}
	unmake(&both);
}

/* No part of it is taken for the whole. */
static void prefixes(struct kunit *test)
{
	struct smbsign_btf btf;
	struct both both;
	u32 length;
	u8 *part;

	make(test, &both, right, ARRAY_SIZE(right));
	for (length = 1; length < both.size; length++) {
		part = guarded_copy(test, both.data, length);
		KUNIT_EXPECT_EQ(test, -EINVAL,
				smbsign_btf_open(&btf, &both.kernel, part,
						 length));
		guarded_free(test, part);
	}
	unmake(&both);
}

/* Any answer will do, as long as there is one. */
static void changed_bytes(struct kunit *test)
{
	static const u8 changes[] = { 0x01, 0x04, 0x10, 0x80, 0xff };
	struct smbsign_btf btf;
	struct both both;
	u32 at, i, opened = 0;

	make(test, &both, right, ARRAY_SIZE(right));
	for (at = 0; at < both.size; at++) {
		for (i = 0; i < ARRAY_SIZE(changes); i++) {
			both.data[at] ^= changes[i];
			if (!smbsign_btf_open(&btf, &both.kernel, both.data,
					      both.size)) {
				smbsign_btf_check(&btf, &wanted);
				smbsign_btf_close(&btf);
				opened++;
			}
			both.data[at] ^= changes[i];
		}
	}
	KUNIT_EXPECT_GT(test, opened, both.size);
	unmake(&both);
}

static struct kunit_case btf_cases[] = {
	KUNIT_CASE(the_right_one),
	KUNIT_CASE(number_of_parameters),
	KUNIT_CASE(types),
	KUNIT_CASE(functions),
	KUNIT_CASE(prefixes),
	KUNIT_CASE(changed_bytes),
	{}
};

static struct kunit_suite btf_suite = {
	.name = "smbsign_btf",
	.test_cases = btf_cases,
};

kunit_test_suite(btf_suite);
