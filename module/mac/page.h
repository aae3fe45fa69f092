/* SPDX-License-Identifier: GPL-2.0-only */
/* The page that data is in, for the kernel's scatterlists. */
#ifndef SMBSIGN_PAGE_H
#define SMBSIGN_PAGE_H

#include <linux/mm.h>
#include <linux/vmalloc.h>

/**
 * smbsign_page_of() - find the page that data is in
 * @data:	kernel memory
 *
 * Context: any.
 * Return: its page, or NULL if this memory, such as a module's own, has none
 * that a scatterlist takes.
 */
static inline struct page *smbsign_page_of(const u8 *data)
{
	if (virt_addr_valid(data))
		return virt_to_page(data);
	return is_vmalloc_addr(data) ? vmalloc_to_page(data) : NULL;
}

#endif /* SMBSIGN_PAGE_H */
