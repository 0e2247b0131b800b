// SPDX-License-Identifier: Apache-2.0
#include "io/loop.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* As many ready watches are taken in one turn; epoll gives the others their turn next. */
#define LOOP_BATCH 256

struct loop {
	int epfd;
	bool in_turn;
	uint64_t now_ms;
	uint64_t serial;

	struct loop_timer **heap; /* smallest first; place p is heap[p - 1] */
	size_t timers;
	size_t heap_cap;

	struct loop_watch *files[LOOP_FILES_MAX];
	size_t files_n;

	/* What this turn has still to call; data.ptr is NULL where it was cleared since. */
	struct epoll_event ready[LOOP_BATCH + LOOP_FILES_MAX];
	size_t ready_n;
};

struct loop *loop_new(struct err *e)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC);
	if (epfd < 0) {
		err_errno(e, "epoll_create1");
		return NULL;
	}
	struct loop *l = mem_zero(1, sizeof(*l));
	l->epfd = epfd;
	l->serial = 1;
	l->now_ms = clock_mono_ms();
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	invariant(!l->in_turn);
	close(l->epfd);
	free(l->heap);
	free(l);
}

uint64_t loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

/* ---- watches ---- */

/* No callback of this turn may see w again: it may be memory that is about to be freed. */
static void forget_ready(struct loop *l, const struct loop_watch *w)
{
	for (size_t i = 0; i < l->ready_n; i++) {
		if (l->ready[i].data.ptr == w)
			l->ready[i].data.ptr = NULL;
	}
}

static void detach(struct loop *l, struct loop_watch *w)
{
	if (w->file) {
		struct loop_watch *last = l->files[--l->files_n];
		l->files[w->file - 1] = last;
		last->file = w->file;
		w->file = 0;
	} else if (w->events) {
		/* fails where the caller has closed the descriptor already: then epoll dropped it */
		(void)epoll_ctl(l->epfd, EPOLL_CTL_DEL, w->fd, NULL);
	}
	w->events = 0;
	forget_ready(l, w);
}

static int attach_file(struct loop *l, struct loop_watch *w, struct err *e)
{
	if (l->files_n == LOOP_FILES_MAX)
		return err_code(e, EMFILE, "more than %d regular files in the loop", LOOP_FILES_MAX);
	l->files[l->files_n++] = w;
	w->file = l->files_n;
	return 0;
}

/* events is not 0 */
static int attach(struct loop *l, struct loop_watch *w, uint32_t events, struct err *e)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };
	int op = w->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (epoll_ctl(l->epfd, op, w->fd, &ev) < 0) {
		if (errno != EPERM)
			return err_errno(e, "epoll_ctl on descriptor %d", w->fd);
		return attach_file(l, w, e); /* a regular file */
	}
	return 0;
}

int loop_watch(struct loop *l, struct loop_watch *w, uint32_t events, struct err *e)
{
	if (events == 0) {
		detach(l, w);
	} else if (!w->file && (w->events != events || (events & EPOLLET))) {
		if (attach(l, w, events, e) < 0)
			return -1;
	}
	w->events = events;
	w->set = true;
	return 0;
}

void loop_unwatch(struct loop *l, struct loop_watch *w)
{
	if (!w->set)
		return;
	detach(l, w);
	w->set = false;
}

/* ---- timers: a binary heap by time and, at the same time, by order of setting ---- */

static bool before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->serial < b->serial;
}

static void put(struct loop *l, struct loop_timer *t, size_t place)
{
	l->heap[place - 1] = t;
	t->place = place;
}

/* t belongs at place or nearer to the top. */
static void sift_up(struct loop *l, struct loop_timer *t, size_t place)
{
	while (place > 1 && before(t, l->heap[place / 2 - 1])) {
		put(l, l->heap[place / 2 - 1], place);
		place /= 2;
	}
	put(l, t, place);
}

/* t belongs at place or farther from the top. */
static void sift_down(struct loop *l, struct loop_timer *t, size_t place)
{
	for (;;) {
		size_t child = place * 2;
		if (child > l->timers)
			break;
		if (child < l->timers && before(l->heap[child], l->heap[child - 1]))
			child++;
		if (!before(l->heap[child - 1], t))
			break;
		put(l, l->heap[child - 1], place);
		place = child;
	}
	put(l, t, place);
}

void loop_timer_clear(struct loop *l, struct loop_timer *t)
{
	size_t place = t->place;
	if (place == 0)
		return;
	invariant(place <= l->timers && l->heap[place - 1] == t);
	t->place = 0;
	struct loop_timer *last = l->heap[--l->timers];
	if (last == t)
		return;
	if (place > 1 && before(last, l->heap[place / 2 - 1]))
		sift_up(l, last, place);
	else
		sift_down(l, last, place);
}

void loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t after_ms)
{
	loop_timer_clear(l, t);
	if (l->timers == l->heap_cap) {
		l->heap_cap = l->heap_cap ? l->heap_cap * 2 : 16;
		l->heap = mem_grow(l->heap, l->heap_cap * sizeof(struct loop_timer *));
	}
	t->due_ms = after_ms > UINT64_MAX - l->now_ms ? UINT64_MAX : l->now_ms + after_ms;
	t->serial = l->serial++;
	l->timers++;
	sift_up(l, t, l->timers);
}

bool loop_timer_is_set(const struct loop_timer *t)
{
	return t->place != 0;
}

/* ---- the turn ---- */

static int wait_ms(const struct loop *l, uint64_t max_wait_ms)
{
	uint64_t wait = max_wait_ms;

	if (l->files_n)
		return 0;
	if (l->timers && wait) {
		/* not the turn's time: the callbacks took some */
		uint64_t now = clock_mono_ms();
		uint64_t due = l->heap[0]->due_ms;
		uint64_t left = due > now ? due - now : 0;
		if (left < wait)
			wait = left;
	}
	return wait > INT_MAX ? INT_MAX : (int)wait;
}

static void add_files(struct loop *l)
{
	for (size_t i = 0; i < l->files_n; i++) {
		struct loop_watch *w = l->files[i];
		l->ready[l->ready_n].events = w->events & (EPOLLIN | EPOLLOUT);
		l->ready[l->ready_n++].data.ptr = w;
	}
}

static void call_ready(struct loop *l)
{
	for (size_t i = 0; i < l->ready_n; i++) {
		struct loop_watch *w = l->ready[i].data.ptr;
		if (!w)
			continue;
		/* a callback before this one may have asked for less since */
		uint32_t events = l->ready[i].events & (w->events | EPOLLHUP | EPOLLERR);
		l->ready[i].data.ptr = NULL;
		if (events)
			w->ready(w->arg, events);
	}
	l->ready_n = 0;
}

/*
 * What was set in this turn has a serial of limit or more, and a due time of at
 * least now: it lies in the heap behind all that may fire.
 */
static void call_timers(struct loop *l, uint64_t limit)
{
	while (l->timers) {
		struct loop_timer *t = l->heap[0];
		if (t->due_ms > l->now_ms || t->serial >= limit)
			break;
		loop_timer_clear(l, t);
		t->fire(t->arg);
	}
}

int loop_turn(struct loop *l, uint64_t max_wait_ms, struct err *e)
{
	invariant(!l->in_turn);
	int n = epoll_wait(l->epfd, l->ready, LOOP_BATCH, wait_ms(l, max_wait_ms));
	if (n < 0 && errno != EINTR)
		return err_errno(e, "epoll_wait");
	l->now_ms = clock_mono_ms();
	l->ready_n = n > 0 ? (size_t)n : 0;
	add_files(l);

	uint64_t limit = l->serial;
	l->in_turn = true;
	call_ready(l);
	call_timers(l, limit);
	l->in_turn = false;
	return 0;
}
