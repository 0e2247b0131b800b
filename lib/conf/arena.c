// SPDX-License-Identifier: Apache-2.0
#include "conf/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define CHUNK_SIZE ((size_t)32 << 10)
#define ALIGN (alignof(max_align_t))

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	alignas(max_align_t) char bytes[];
};

static void chunk_add(struct arena *a, size_t size)
{
	struct arena_chunk *c = mem_alloc(sizeof *c + size);
	c->next = a->chunks;
	c->size = size;
	a->chunks = c;
	a->left = size;
}

static void *take(struct arena *a, size_t size)
{
	invariant(size < SIZE_MAX / 2);
	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (a->chunks == NULL || a->left < size)
		chunk_add(a, size > CHUNK_SIZE ? size : CHUNK_SIZE);
	char *p = a->chunks->bytes + (a->chunks->size - a->left);
	a->left -= size;
	return p;
}

void *arena_zero(struct arena *a, size_t n, size_t size)
{
	invariant(size == 0 || n <= SIZE_MAX / 2 / size);
	void *p = take(a, n * size);
	memset(p, 0, n * size);
	return p;
}

struct slice arena_text(struct arena *a, struct slice s)
{
	char *p = take(a, s.len + 1);
	if (s.len > 0)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return slice_of(p, s.len);
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *kept = NULL;
	while (a->chunks) {
		struct arena_chunk *next = a->chunks->next;
		if (kept == NULL && a->chunks->size == CHUNK_SIZE)
			kept = a->chunks;
		else
			free(a->chunks);
		a->chunks = next;
	}
	*a = (struct arena){ 0 };
	if (kept == NULL)
		return;
	*kept = (struct arena_chunk){ .size = CHUNK_SIZE };
	*a = (struct arena){ .chunks = kept, .left = CHUNK_SIZE };
}

void arena_free(struct arena *a)
{
	while (a->chunks) {
		struct arena_chunk *next = a->chunks->next;
		free(a->chunks);
		a->chunks = next;
	}
	*a = (struct arena){ 0 };
}
