// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares the prototypes of the hooked functions of ksmbd with the kernel's
 * BTF.
 *
 * The kernel shows its BTF, and that of each module, in /sys/kernel/btf.
 * Whoever loads smbsign or ksmbd reads it there like any file, because modules
 * cannot get at the BTF in the kernel's memory.  A kernel built without BTF has
 * no such files: then the functions are known only by name.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/printk.h>

#include "ksmbd/abi.h"
#include "ksmbd/btf.h"

#define DIRECTORY	"/sys/kernel/btf/"
#define MOST		(64U << 20)

/* As hooks.c and socket/proto.c use them. */
static const struct smbsign_prototype prototypes[] = {
	{ "ksmbd_sign_smb2_pdu", { "ksmbd_conn *", "*", "kvec *", "4", "*" } },
	{ "ksmbd_sign_smb3_pdu", { "ksmbd_conn *", "*", "kvec *", "4", "*" } },
	{ "ksmbd_gen_preauth_integrity_hash", { "ksmbd_conn *", "*", "*" } },
	{ "ksmbd_crypt_message", { "?", "kvec *", "4", "4" } },
	{ "ksmbd_acquire_smb2_uid", { "ida *" } },
	{ "ksmbd_release_id", { "ida *", "4" } },
	{ "ksmbd_conn_handler_loop", { "*" } },
};

/**
 * struct info - type information, and the file that it was read from
 * @data:	the file's bytes
 * @btf:	what is in them
 */
struct info {
	void			*data;
	struct smbsign_btf	btf;
};

static void drop_info(struct info *info)
{
	smbsign_btf_close(&info->btf);
	kvfree(info->data);
}

/* Read all of @file.  Returns the bytes read, or an error. */
static ssize_t read_all(struct file *file, void **data)
{
	loff_t size = i_size_read(file_inode(file)), at = 0;
	ssize_t ret = 1;

	if (size <= 0 || size > MOST)
		return -EFBIG;
	*data = kvmalloc(size, GFP_KERNEL);
	if (!*data)
		return -ENOMEM;
	while (at < size && ret > 0)
		ret = kernel_read(file, *data + at, size - at, &at);
	return ret < 0 ? ret : at;
}

static int read_info(struct info *info, const char *path,
		     const struct smbsign_btf *base)
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	ssize_t size;
	int ret;

	*info = (struct info) { };
	if (IS_ERR(file))
		return PTR_ERR(file);
	size = read_all(file, &info->data);
	filp_close(file, NULL);
	ret = size < 0 ? size :
			 smbsign_btf_open(&info->btf, base, info->data, size);
	if (ret)
		drop_info(info);
	return ret;
}

static int check_prototypes(const struct smbsign_btf *btf)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(prototypes); i++) {
		ret = smbsign_btf_check(btf, &prototypes[i]);
		if (ret) {
			pr_err("%s() of this ksmbd is %s: ksmbd is not supported\n",
			       prototypes[i].function, ret == -ENOENT ?
			       "not described by its BTF" : "another than is known");
			return ret;
		}
	}
	return 0;
}

/**
 * smbsign_abi_check() - does ksmbd have the functions that we know?
 *
 * Context: process, may sleep; ksmbd is loaded, or its init is about to run.
 * Return: 0, even if the kernel has no BTF; -ENOENT or -EPROTOTYPE, with the
 * function logged, if one is missing or different; or an error from reading the
 * BTF.
 */
int smbsign_abi_check(void)
{
	struct info kernel, ksmbd;
	int ret;

	ret = read_info(&kernel, DIRECTORY "vmlinux", NULL);
	if (!ret) {
		ret = read_info(&ksmbd, DIRECTORY "ksmbd", &kernel.btf);
		if (!ret) {
			ret = check_prototypes(&ksmbd.btf);
			drop_info(&ksmbd);
			drop_info(&kernel);
			return ret;
		}
		drop_info(&kernel);
	}
	if (ret != -ENOENT)
		pr_err("cannot read the kernel's BTF of ksmbd: %d\n", ret);
	else
		pr_info_once("no BTF of ksmbd: its functions are known by name only\n");
	return ret == -ENOENT ? 0 : ret;
}
