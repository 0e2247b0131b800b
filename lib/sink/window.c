// SPDX-License-Identifier: Apache-2.0
#include "sink/window.h"

#include "base/mem.h"

#include <stdlib.h>

static struct window_item *item(const struct window *w, uint64_t i)
{
	return &w->ring[i & (w->cap - 1)];
}

void window_init(struct window *w, size_t max_items)
{
	size_t cap = 1;
	while (cap < max_items)
		cap *= 2;
	*w = (struct window){ .cap = cap, .ring = mem_zero(cap, sizeof(w->ring[0])) };
}

void window_free(struct window *w)
{
	free(w->ring);
	*w = (struct window){ 0 };
}

size_t window_items(const struct window *w)
{
	return (size_t)(w->tail - w->head);
}

bool window_full(const struct window *w)
{
	return window_items(w) == w->cap;
}

void window_add(struct window *w, uint64_t seq, size_t size)
{
	invariant(!window_full(w));
	invariant(w->tail == w->head || item(w, w->tail - 1)->seq < seq);
	*item(w, w->tail++) = (struct window_item){ .seq = seq, .size = (uint32_t)size };
}

void window_rewind(struct window *w)
{
	for (uint64_t i = w->head; i != w->tail; i++)
		item(w, i)->in_flight = false;
	w->in_flight = 0;
	w->next = w->head;
}

struct window_item *window_next(struct window *w)
{
	while (w->next != w->tail && (item(w, w->next)->accepted || item(w, w->next)->in_flight))
		w->next++;
	return w->next == w->tail ? NULL : item(w, w->next);
}

static void land(struct window *w, struct window_item *it)
{
	if (!it->in_flight)
		return;
	it->in_flight = false;
	w->in_flight--;
}

void window_sent(struct window *w, struct window_item *it)
{
	invariant(!it->in_flight && !it->accepted);
	it->in_flight = true;
	w->in_flight++;
	if (it == item(w, w->next))
		w->next++;
}

/* Index of the first item whose number is >= seq. */
static uint64_t lower_bound(const struct window *w, uint64_t seq)
{
	/* answers come in order nearly always: the oldest is the first guess */
	uint64_t lo = w->head, hi = w->tail;
	if (lo != hi && item(w, lo)->seq >= seq)
		return lo;
	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		if (item(w, mid)->seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct window_item *window_find(struct window *w, uint64_t seq)
{
	uint64_t i = lower_bound(w, seq);
	return i != w->tail && item(w, i)->seq == seq ? item(w, i) : NULL;
}

void window_accept(struct window *w, uint64_t first, uint64_t last)
{
	for (uint64_t i = lower_bound(w, first); i != w->tail && item(w, i)->seq <= last; i++) {
		if (item(w, i)->in_flight) {
			land(w, item(w, i));
			item(w, i)->accepted = true;
		}
	}
}

void window_refuse(struct window *w, struct window_item *it)
{
	land(w, it);
}

static void drop_oldest(struct window *w)
{
	land(w, item(w, w->head));
	w->head++;
	if (w->next < w->head)
		w->next = w->head;
}

uint64_t window_advance(struct window *w)
{
	uint64_t upto = 0;
	while (w->head != w->tail && item(w, w->head)->accepted) {
		upto = item(w, w->head)->seq;
		drop_oldest(w);
	}
	return upto;
}

size_t window_forget(struct window *w, uint64_t upto)
{
	size_t accepted = 0;
	while (w->head != w->tail && item(w, w->head)->seq <= upto) {
		accepted += item(w, w->head)->accepted;
		drop_oldest(w);
	}
	return accepted;
}

struct window_item *window_oldest_in_flight(struct window *w)
{
	for (uint64_t i = w->head; w->in_flight && i != w->tail; i++)
		if (item(w, i)->in_flight)
			return item(w, i);
	return NULL;
}

struct window_item *window_other(struct window *w, uint64_t seq, size_t nth)
{
	for (uint64_t i = w->head; i != w->tail; i++) {
		struct window_item *it = item(w, i);
		if (it->seq != seq && !it->accepted && nth-- == 0)
			return it;
	}
	return NULL;
}

struct window_item *window_take_back(struct window *w, uint64_t seq)
{
	for (uint64_t i = w->tail; i != w->head; i--) {
		struct window_item *it = item(w, i - 1);
		if (it->seq != seq && it->accepted) {
			it->accepted = false;
			return it;
		}
	}
	return NULL;
}
