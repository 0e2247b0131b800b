// SPDX-License-Identifier: Apache-2.0
//
// One connection of a receiver: from the handshake to its end.
#include "sink/receiver_int.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define READS_A_TURN 4		/* then other connections have their turn */
#define OUTPUT_MAX (256 * 1024) /* nothing is read from one who does not take its answers */
#define GOODBYE_MS 2000		/* for the last output to be taken */

static void trouble(struct connection *c, const struct err *e)
{
	if (c->of->ev.trouble)
		c->of->ev.trouble(c->of->arg, &c->peer, e);
}

static void mark_dirty(struct connection *c)
{
	if (c->is_dirty)
		return;
	c->is_dirty = true;
	c->next_dirty = c->of->dirty;
	c->of->dirty = c;
}

static void forget_dirty(struct connection *c)
{
	struct connection **p = &c->of->dirty;

	while (*p && *p != c)
		p = &(*p)->next_dirty;
	if (*p)
		*p = c->next_dirty;
}

void receiver_drop(struct connection *c)
{
	struct receiver *r = c->of;

	if (c->is_dirty)
		forget_dirty(c);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	r->n--;
	r->n_refused -= c->refused;
	r->partial -= c->partial;
	loop_unwatch(r->loop, &c->watch);
	loop_timer_clear(r->loop, &c->limit);
	loop_timer_clear(r->loop, &c->more);
	transport_free(c->t);
	relp_server_free(c->relp);
	free(c);
}

static bool may_read(const struct connection *c)
{
	return !c->eof && !c->waits_for_worker &&
	       (c->phase != PHASE_RUNNING || relp_server_output(c->relp).len < OUTPUT_MAX);
}

static void watch(struct connection *c)
{
	uint32_t events = may_read(c) ? EPOLLIN : 0;
	struct err e;

	if (c->write_waits_out || c->read_waits_out)
		events |= EPOLLOUT;
	c->watch.fd = c->t->fd;
	if (loop_watch(c->of->loop, &c->watch, events, &e) < 0) {
		trouble(c, &e);
		loop_timer_set(c->of->loop, &c->limit, 0);
	}
}

/* -1: the connection is of no more use. */
static int flush(struct connection *c)
{
	struct slice out;
	ssize_t n;

	c->write_waits_out = false;
	while ((out = relp_server_output(c->relp)).len) {
		n = c->t->ops->write(c->t, out.p, out.len, NULL);
		if (n == TRANSPORT_WANT_WRITE)
			c->write_waits_out = true;
		if (n == TRANSPORT_WANT_WRITE || n == TRANSPORT_WANT_READ)
			break;
		if (n <= 0)
			return -1;
		relp_server_wrote(c->relp, (size_t)n);
	}
	if (c->phase == PHASE_ENDING && out.len == 0 && !c->taken && !c->said_goodbye) {
		c->said_goodbye = true;
		if (c->t->ops->shut(c->t, NULL) == TRANSPORT_FAILED)
			return -1;
	}
	return 0;
}

/*
 * What is queued is the last: it is written, and the other side's end awaited,
 * because closing with unread input would have TCP drop what we sent.
 */
static void begin_ending(struct connection *c)
{
	c->phase = PHASE_ENDING;
	loop_timer_set(c->of->loop, &c->limit, GOODBYE_MS);
}

bool receiver_settle(struct connection *c)
{
	bool paused = !may_read(c);

	if (c->phase == PHASE_RUNNING && relp_server_ended(c->relp))
		begin_ending(c);
	if (flush(c) < 0 || (c->eof && !c->taken && relp_server_output(c->relp).len == 0)) {
		receiver_drop(c);
		return false;
	}
	watch(c);
	/* the transport may hold bytes that the socket no longer shows */
	if (paused && may_read(c))
		loop_timer_set(c->of->loop, &c->more, 0);
	return true;
}

static void note_partial(struct connection *c)
{
	struct receiver *r = c->of;
	size_t now = relp_server_partial(c->relp);
	struct err e;

	r->partial += now - c->partial;
	c->partial = now;
	if (r->partial <= r->conf.max_partial)
		return;
	err_set(&e, "ended: too many bytes of unfinished messages wait, of all connections");
	trouble(c, &e);
	relp_server_shut(c->relp);
}

/* Hands over what the input holds. */
static void take_messages(struct connection *c)
{
	struct receiver *r = c->of;
	struct relp_server_event ev;
	struct err e;
	int got = 0;

	while (!r->full && (got = relp_server_next(c->relp, &ev, &e)) > 0) {
		mark_dirty(c);
		if (ev.kind != RELP_SERVER_MESSAGE)
			continue;
		r->full = !r->ev.message(r->arg, ev.data);
		if (!r->full) {
			c->taken++;
			r->uncommitted += ev.data.len + 1;
		}
	}
	if (got < 0) {
		mark_dirty(c);
		trouble(c, &e);
	}
	note_partial(c);
}

/* What it sent is still answered (receiver_turn) where it only closed its half. False: dropped. */
static bool on_read_end(struct connection *c, ssize_t n, struct err *e)
{
	if (c->phase == PHASE_RUNNING && !c->heard && c->t->ops->explain) {
		c->t->ops->explain(c->t, e);
		if (n == TRANSPORT_EOF && e->text[0])
			trouble(c, e);
	}
	if (n == TRANSPORT_FAILED) {
		if (c->phase == PHASE_RUNNING)
			trouble(c, e);
		receiver_drop(c);
		return false;
	}
	c->eof = true;
	begin_ending(c);
	return true;
}

/* False: the connection was dropped. */
static bool read_some(struct connection *c)
{
	struct receiver *r = c->of;
	struct err e = { 0 };

	c->read_waits_out = false;
	for (int i = 0; i < READS_A_TURN && r->uncommitted < r->conf.max_uncommitted; i++) {
		ssize_t n = c->t->ops->read(c->t, r->read_bytes, RECEIVER_READ_BYTES, &e);
		c->read_waits_out = n == TRANSPORT_WANT_WRITE;
		if (n == TRANSPORT_WANT_READ || n == TRANSPORT_WANT_WRITE)
			return true;
		if (n <= 0)
			return on_read_end(c, n, &e);
		c->heard = true;
		/* read only so that the other side sees our end, and no reset */
		if (c->phase == PHASE_ENDING || r->full)
			continue;
		/* a whole message counts, not a byte: nobody holds a place by a trickle */
		bool was_open = relp_server_is_open(c->relp);
		size_t before = r->uncommitted;
		relp_server_input(c->relp, slice_of(r->read_bytes, (size_t)n));
		take_messages(c);
		if (relp_server_is_open(c->relp) && (!was_open || r->uncommitted != before))
			loop_timer_set(r->loop, &c->limit, r->conf.idle_ms);
	}
	/* a transport may hold bytes that the socket no longer shows */
	loop_timer_set(r->loop, &c->more, 0);
	return true;
}

/* False: it is not done. */
static bool shake_hands(struct connection *c)
{
	struct err e = { 0 };
	int got = c->t->ops->handshake(c->t, &e);

	c->write_waits_out = got == TRANSPORT_WANT_WRITE;
	c->waits_for_worker = got == TRANSPORT_WANT_WORKER;
	if (got == TRANSPORT_FAILED) {
		/* a port scan, or somebody's health check */
		if (e.code != ENODATA)
			trouble(c, &e);
		receiver_drop(c);
		return false;
	}
	if (got != 0) {
		watch(c);
		return false;
	}
	c->phase = PHASE_RUNNING;
	if (c->refused)
		relp_server_shut(c->relp);
	return true;
}

/* The transport's keys are old: the other side is sent away, and comes back. */
static void end_spent(struct connection *c)
{
	if (c->phase == PHASE_RUNNING && c->t->ops->spent && c->t->ops->spent(c->t))
		relp_server_shut(c->relp);
}

static void work(struct connection *c)
{
	struct receiver *r = c->of;

	if (c->phase == PHASE_HANDSHAKE && !shake_hands(c))
		return;
	if (!may_read(c) || read_some(c)) {
		end_spent(c);
		receiver_settle(c);
	}
	if (r->uncommitted >= r->conf.max_uncommitted)
		receiver_turn(r);
}

static void on_ready(void *arg, uint32_t events)
{
	(void)events;
	work(arg);
}

static void on_more(void *arg)
{
	work(arg);
}

static void on_wake(void *arg)
{
	work(arg);
}

static void on_limit(void *arg)
{
	struct connection *c = arg;
	struct err e;

	if (c->phase == PHASE_HANDSHAKE) {
		err_set(&e, "ended: the handshake was not done within %g s",
			(double)c->of->conf.open_ms / 1000);
		trouble(c, &e);
	}
	if (c->phase == PHASE_ENDING || c->phase == PHASE_HANDSHAKE) {
		receiver_drop(c);
		return;
	}
	if (relp_server_is_open(c->relp))
		err_set(&e, "ended: no message came for %g s", (double)c->of->conf.idle_ms / 1000);
	else
		err_set(&e, "ended: no open within %g s", (double)c->of->conf.open_ms / 1000);
	trouble(c, &e);
	relp_server_shut(c->relp);
	receiver_settle(c);
}

void receiver_add(struct receiver *r, struct transport *t, const struct addr *peer)
{
	struct relp_server_conf conf = { .max_data = r->conf.max_message,
					 .software = r->software };
	struct connection *c = mem_zero(1, sizeof(*c));

	c->of = r;
	c->peer = *peer;
	c->t = t;
	t->wake = on_wake;
	t->wake_arg = c;
	c->relp = relp_server_new(&conf);
	c->watch = (struct loop_watch){ .ready = on_ready, .arg = c };
	c->limit = (struct loop_timer){ .fire = on_limit, .arg = c };
	c->more = (struct loop_timer){ .fire = on_more, .arg = c };
	c->next = r->all;
	c->link = &r->all;
	if (c->next)
		c->next->link = &c->next;
	r->all = c;
	c->refused = r->n - r->n_refused >= r->conf.max_connections;
	r->n++;
	r->n_refused += c->refused;
	loop_timer_set(r->loop, &c->limit, r->conf.open_ms);
	watch(c);
}
