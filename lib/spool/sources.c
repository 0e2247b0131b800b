// SPDX-License-Identifier: Apache-2.0
#include "spool/sources.h"

#include "base/mem.h"

#include <stdlib.h>

void sources_free(struct sources *t)
{
	for (size_t i = 0; i < t->n; i++) {
		buf_free(&t->list[i].name);
		buf_free(&t->list[i].safe);
		buf_free(&t->list[i].pending);
	}
	free(t->list);
	*t = (struct sources){ 0 };
}

static size_t find(const struct sources *t, struct slice name)
{
	if (t->last < t->n && slice_eq(buf_slice(&t->list[t->last].name), name))
		return t->last;
	size_t i = 0;
	while (i < t->n && !slice_eq(buf_slice(&t->list[i].name), name))
		i++;
	return i;
}

const struct source *sources_find(const struct sources *t, struct slice name)
{
	size_t i = find(t, name);
	return i < t->n ? &t->list[i] : NULL;
}

static uint64_t age(const struct source *s)
{
	return s->pending_seq ? s->pending_seq : s->safe_seq;
}

static struct source *get(struct sources *t, struct slice name)
{
	size_t i = find(t, name);
	if (i == t->n && t->n < SOURCES_MAX) {
		t->list = mem_grow(t->list, (t->n + 1) * sizeof(*t->list));
		t->list[t->n++] = (struct source){ 0 };
	} else if (i == t->n) {
		i = 0;
		for (size_t k = 1; k < t->n; k++)
			if (age(&t->list[k]) < age(&t->list[i]))
				i = k;
		t->n_safe -= t->list[i].safe_seq != 0;
		t->list[i].name.len = t->list[i].safe.len = t->list[i].pending.len = 0;
		t->list[i].safe_seq = t->list[i].pending_seq = 0;
	}
	t->last = i;
	struct source *s = &t->list[i];
	if (!age(s)) {
		s->name.len = 0;
		buf_add_slice(&s->name, name);
	}
	return s;
}

static void put(struct buf *b, struct slice v)
{
	b->len = 0;
	buf_add_slice(b, v);
}

void sources_safe(struct sources *t, struct slice name, struct slice cursor, uint64_t seq)
{
	struct source *s = get(t, name);
	if (seq < s->safe_seq)
		return;
	put(&s->safe, cursor);
	t->n_safe += s->safe_seq == 0;
	s->safe_seq = seq;
	if (s->pending_seq <= seq)
		s->pending_seq = 0;
}

void sources_pending(struct sources *t, struct slice name, struct slice cursor, uint64_t seq)
{
	struct source *s = get(t, name);
	put(&s->pending, cursor);
	s->pending_seq = seq;
}

void sources_commit(struct sources *t, uint64_t seq)
{
	for (size_t i = 0; i < t->n; i++) {
		struct source *s = &t->list[i];
		if (!s->pending_seq || s->pending_seq > seq)
			continue;
		struct buf old = s->safe;
		s->safe = s->pending;
		s->pending = old;
		t->n_safe += s->safe_seq == 0;
		s->safe_seq = s->pending_seq;
		s->pending_seq = 0;
	}
}
