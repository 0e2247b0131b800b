// SPDX-License-Identifier: Apache-2.0
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The event loop: epoll, timers, one thread. Nothing here blocks but the wait.
 * A watch and a timer belong to the caller and must stay where they are while
 * they are set; both may be changed or cleared from inside any callback, their
 * own included, and a cleared one is never called again in that turn.
 */
struct loop;

struct loop_watch {
	void (*ready)(void *arg, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR */
	void *arg;
	int fd;
	/* internal; all zero: not set */
	bool set;
	uint32_t events;
	size_t file; /* place among the files that are always ready, from 1; 0: epoll knows it */
};

struct loop_timer {
	void (*fire)(void *arg);
	void *arg;
	/* internal; all zero: not set */
	uint64_t due_ms;
	uint64_t serial; /* grows with each setting: first set, first called; and which turn may call it */
	size_t place;	 /* in the heap, from 1; 0: not set */
};

struct loop *loop_new(struct err *e);
void loop_free(struct loop *l); /* NULL is fine; what is still watched is only forgotten */

/*
 * Watches w->fd for events (EPOLLIN | EPOLLOUT, EPOLLET); again: changes them,
 * and with EPOLLET tells once more what is ready now. 0 events is a pause:
 * nothing is told, not even EPOLLHUP (a closed peer would spin the loop). What
 * epoll does not take, a regular file or /dev/null, is ready in every turn, as
 * poll(2) has it; at most LOOP_FILES_MAX such at a time.
 */
#define LOOP_FILES_MAX 16
int loop_watch(struct loop *l, struct loop_watch *w, uint32_t events, struct err *e);
void loop_unwatch(struct loop *l, struct loop_watch *w); /* before the fd is closed; not set is fine */

/*
 * Fires once, after_ms from the turn's time on (loop_now_ms); at the earliest in
 * the next turn. Again: moves it. Those due at the same time fire in the order
 * of setting, behind the watches of the turn.
 */
void loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t after_ms);
void loop_timer_clear(struct loop *l, struct loop_timer *t);
bool loop_timer_is_set(const struct loop_timer *t);

/* Monotonic milliseconds (base/clock.h), read once a turn after the wait. */
uint64_t loop_now_ms(const struct loop *l);

/*
 * One turn: waits until something is ready, a timer is due or max_wait_ms have
 * passed (0: looks only), then calls every ready watch once and every timer
 * that was due when the turn began once: a timer of 0 ms cannot starve a watch.
 * A signal handler that interrupts the wait ends it. Never from inside a callback.
 */
int loop_turn(struct loop *l, uint64_t max_wait_ms, struct err *e);

#endif
