// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* dprintf formats on the stack: it works where malloc does not. */
_Noreturn static void mem_none(size_t n, size_t size)
{
	dprintf(2, "relpbox: out of memory (%zu x %zu bytes)\n", n, size);
	abort();
}

void *mem_alloc(size_t size)
{
	void *p = malloc(size ? size : 1);
	if (!p)
		mem_none(1, size);
	return p;
}

void *mem_zero(size_t n, size_t size)
{
	void *p = n && size ? calloc(n, size) : calloc(1, 1);
	if (!p)
		mem_none(n, size);
	return p;
}

void *mem_grow(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);
	if (!q)
		mem_none(1, size);
	return q;
}

void *mem_room(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 8;
	return mem_grow(p, *cap * size);
}

char *mem_strdup(const char *s)
{
	return mem_dup(s, strlen(s) + 1);
}

void *mem_dup(const void *p, size_t size)
{
	void *q = mem_alloc(size);
	if (size)
		memcpy(q, p, size);
	return q;
}

_Noreturn void invariant_broken(const char *what, const char *file, int line)
{
	dprintf(2, "relpbox: broken invariant: %s (%s:%d)\n", what, file, line);
	abort();
}
