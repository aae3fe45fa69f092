/* SPDX-License-Identifier: GPL-2.0-only */
/* An iterator over pieces in memory, as what ksmbd writes has. */
#ifndef SHIM_UIO_H
#define SHIM_UIO_H

#include <linux/minmax.h>
#include <linux/string.h>

struct kvec {
	void	*iov_base;
	size_t	iov_len;
};

struct iov_iter {
	bool			is_kvec;
	const struct kvec	*kvec;
	unsigned long		nr_segs;
	size_t			iov_offset;
	size_t			count;
};

static inline bool iov_iter_is_kvec(const struct iov_iter *iter)
{
	return iter->is_kvec;
}

static inline size_t iov_iter_count(const struct iov_iter *iter)
{
	return iter->count;
}

/* To where the next byte is, if there is one; no piece behind the last is looked at. */
static inline void iov_iter_advance(struct iov_iter *iter, size_t size)
{
	iter->iov_offset += size;
	iter->count -= size;
	while (iter->nr_segs && iter->iov_offset >= iter->kvec->iov_len) {
		iter->iov_offset -= iter->kvec->iov_len;
		iter->kvec++;
		iter->nr_segs--;
	}
}

static inline bool copy_from_iter_full(void *to, size_t size,
				       struct iov_iter *iter)
{
	size_t part;

	if (size > iter->count)
		return false;
	for (; size; size -= part, to = (u8 *)to + part) {
		part = min(size, iter->kvec->iov_len - iter->iov_offset);
		memcpy(to, (u8 *)iter->kvec->iov_base + iter->iov_offset, part);
		iov_iter_advance(iter, part);
	}
	return true;
}

#endif /* SHIM_UIO_H */
