// SPDX-License-Identifier: Apache-2.0
#include "spool/internal.h"

#include "base/mem.h"

#include <stdlib.h>

#define SPARES 8U
#define IDLE_MS 5000U

static void forget(struct spool *sp, const struct chunk *c)
{
	for (size_t i = 0; i < READERS; i++)
		if (sp->readers[i].chunk == c)
			sp->readers[i].chunk = NULL;
}

static void drop_head(struct spool *sp)
{
	struct tail *t = &sp->tail;
	struct chunk *c = t->head;
	t->head = c->next;
	if (!t->head)
		t->end = NULL;
	t->held -= c->cap;
	t->unwritten -= c->len - c->written;
	forget(sp, c);
	if (c->cap == CHUNK_BYTES && t->n_spare < SPARES) {
		c->next = t->spare;
		t->spare = c;
		t->n_spare++;
	} else {
		free(c);
	}
}

static struct chunk *chunk_new(struct tail *t, size_t size)
{
	size_t cap = size > CHUNK_BYTES ? size : CHUNK_BYTES;
	struct chunk *c = t->spare;
	if (cap == CHUNK_BYTES && c) {
		t->spare = c->next;
		t->n_spare--;
	} else {
		c = mem_alloc(sizeof(*c) + cap);
	}
	*c = (struct chunk){ .cap = cap };
	t->held += cap;
	if (t->end)
		t->end->next = c;
	else
		t->head = c;
	t->end = c;
	return c;
}

char *tail_add(struct spool *sp, size_t size, uint64_t seq, struct chunk **out)
{
	struct tail *t = &sp->tail;
	struct chunk *c = t->end;
	if (!c || c->cap - c->len < size) {
		while (t->head && t->head->written == t->head->len &&
		       (t->held + CHUNK_BYTES > TAIL_BYTES || !t->head->len))
			drop_head(sp);
		c = chunk_new(t, size);
	}
	if (!c->len)
		c->first = seq;
	c->last = seq;
	char *p = c->p + c->len;
	c->len += size;
	t->unwritten += size;
	*out = c;
	return p;
}

void tail_trim(struct spool *sp)
{
	struct tail *t = &sp->tail;
	while (t->head && t->head->len && t->head->last <= sp->acked) {
		struct chunk *c = t->head;
		if (c != t->end || c->cap != CHUNK_BYTES) {
			drop_head(sp);
			continue;
		}
		/* The only one: its pages are used again. */
		t->unwritten -= c->len - c->written;
		c->len = c->written = 0;
		c->unwritten = (struct tally){ 0 };
		for (size_t i = 0; i < READERS; i++)
			if (sp->readers[i].chunk == c)
				sp->readers[i].off = 0;
	}
}

static void discard_part(struct tail *t, struct chunk *c, uint64_t upto)
{
	struct frame_head h;
	while (c->written < c->len) {
		frame_head_load(c->p + c->written, &h);
		if (h.seq > upto)
			return;
		c->written += frame_head_size(&h);
		t->unwritten -= frame_head_size(&h);
	}
}

void tail_discard(struct spool *sp, uint64_t upto)
{
	for (struct chunk *c = sp->tail.head; c && c->len && c->first <= upto; c = c->next)
		discard_part(&sp->tail, c, upto);
	if (sp->written < upto)
		sp->written = upto;
}

void tail_idle(struct spool *sp)
{
	struct tail *t = &sp->tail;
	if (!t->spare || sp->now_ms - t->used_ms < IDLE_MS)
		return;
	while (t->spare) {
		struct chunk *c = t->spare;
		t->spare = c->next;
		free(c);
	}
	t->n_spare = 0;
}

void tail_free(struct spool *sp)
{
	while (sp->tail.head)
		drop_head(sp);
	sp->now_ms = sp->tail.used_ms + IDLE_MS;
	tail_idle(sp);
}

uint64_t tail_first(const struct spool *sp)
{
	const struct chunk *c = sp->tail.head;
	return c && c->len ? c->first : 0;
}
