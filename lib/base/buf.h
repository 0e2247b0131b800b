// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A growing run of bytes that we own. {0} is a valid empty one. What is
 * allowed to grow it is bounded by the caller; see mem.h for out of memory.
 */
struct buf {
	char *p;
	size_t len;
	size_t cap;
};

void buf_free(struct buf *b); /* frees the bytes and makes b an empty one */
void buf_reserve(struct buf *b, size_t more); /* room for `more` bytes behind len */
void buf_add(struct buf *b, const void *p, size_t len);
void buf_add_slice(struct buf *b, struct slice s);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_add_u64(struct buf *b, uint64_t v); /* decimal */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Removes the first n bytes (n <= len), moving the rest down. */
void buf_drop(struct buf *b, size_t n);

/* b->p with a NUL behind the bytes (not counted in len). */
const char *buf_cstr(struct buf *b);

static inline struct slice buf_slice(const struct buf *b)
{
	return slice_of(b->p, b->len);
}

#endif
