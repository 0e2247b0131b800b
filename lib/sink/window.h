// SPDX-License-Identifier: Apache-2.0
#ifndef SINK_WINDOW_H
#define SINK_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What was read from the spool to be sent and is not yet acknowledged without
 * a gap: numbers in rising order, each accepted or not. It outlives a
 * connection: after a break only what was not accepted is sent again, in order.
 */
struct window_item {
	uint64_t seq;
	uint32_t size;	/* of the payload */
	bool accepted;
	bool in_flight; /* sent on the connection of now, not answered */
};

struct window {
	struct window_item *ring;
	size_t cap;	    /* a power of two */
	uint64_t head;	    /* index of the oldest; item i stands at ring[i & (cap - 1)] */
	uint64_t tail;	    /* one past the newest */
	uint64_t next;	    /* the first that this connection has not looked at: head <= next <= tail */
	size_t in_flight;
};

/* max_items: how many may be held; more is a broken invariant. */
void window_init(struct window *w, size_t max_items);
void window_free(struct window *w);

size_t window_items(const struct window *w);
bool window_full(const struct window *w);

/* Adds the next number from the spool (rising). */
void window_add(struct window *w, uint64_t seq, size_t size);

/* A new connection: nothing is in flight, sending starts at the oldest. */
void window_rewind(struct window *w);

/* The next item to send (accepted ones, and what is under way, passed over), or NULL when all were. */
struct window_item *window_next(struct window *w);

/* window_next's item was handed to the connection. */
void window_sent(struct window *w, struct window_item *it);

/* The item with this number, or NULL. */
struct window_item *window_find(struct window *w, uint64_t seq);

/* All in flight with first <= number <= last are accepted. */
void window_accept(struct window *w, uint64_t first, uint64_t last);

/* It was refused: no longer in flight, still to be sent. */
void window_refuse(struct window *w, struct window_item *it);

/*
 * Drops the accepted run at the oldest end and returns the number up to which
 * all is accepted now; 0 when the oldest is still waiting (or there is none).
 */
uint64_t window_advance(struct window *w);

/* Drops everything up to seq, whatever its state (given up). Returns how many of these were accepted. */
size_t window_forget(struct window *w, uint64_t upto);

/* The oldest that is in flight, or NULL. */
struct window_item *window_oldest_in_flight(struct window *w);

/* The nth (from 0) waiting item behind seq that is not accepted, or NULL. */
struct window_item *window_other(struct window *w, uint64_t seq, size_t nth);

/*
 * The newest accepted one but seq is waiting again, to be sent once more; NULL:
 * there is none.
 */
struct window_item *window_take_back(struct window *w, uint64_t seq);

#endif
