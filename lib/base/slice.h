// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A run of somebody else's bytes: not owned, not terminated, may hold any byte. */
struct slice {
	const char *p;
	size_t len;
};

static inline struct slice slice_of(const void *p, size_t len)
{
	return (struct slice){ .p = p, .len = len };
}

static inline struct slice slice_str(const char *s)
{
	return (struct slice){ .p = s, .len = strlen(s) };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool slice_is(struct slice a, const char *s)
{
	return slice_eq(a, slice_str(s));
}

#endif
