// SPDX-License-Identifier: Apache-2.0
#include "sink/receiver.h"

#include "base/mem.h"
#include "io/net.h"
#include "relp/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READ_BYTES (64 * 1024)
#define READS_A_TURN 4		 /* then other connections have their turn */
#define ACCEPTS_A_TURN 64
#define ACCEPT_PAUSE_MS 200	 /* when there are no descriptors left */
#define OUTPUT_MAX (256 * 1024) /* nothing is read from one who does not take its answers */
#define GOODBYE_MS 2000		 /* for the last output to be taken */

enum phase {
	PHASE_HANDSHAKE,
	PHASE_RUNNING,
	PHASE_ENDING, /* the last frame is queued: write it, then wait for the other side's end */
};

struct connection {
	struct receiver *of;
	struct connection *next, **link; /* in of->all */
	struct connection *next_dirty;	 /* in of->dirty, while is_dirty */
	bool is_dirty;			 /* has messages to be answered, or output */
	struct addr peer;
	struct transport *t;
	struct relp_server *relp;
	struct loop_watch watch;
	struct loop_timer limit;
	struct loop_timer more; /* it was read only in part: go on in the next turn */
	enum phase phase;
	size_t taken;	/* messages handed over and not answered */
	size_t partial; /* what it has in of->partial */
	bool refused;	/* one too many: told so once it can be */
	bool eof;	/* the other side sends no more */
	bool read_waits_out, write_waits_out, said_goodbye;
	bool heard; /* bytes of RELP, or what it thinks it is */
	bool waits_for_worker; /* the handshake is computed beside the loop */
};

struct receiver {
	struct loop *loop;
	struct receiver_conf conf;
	char *software;
	struct receiver_events ev;
	void *arg;
	struct loop_watch listening;
	struct loop_timer again; /* listening was paused */
	struct connection *all, *dirty;
	size_t n, n_refused, partial, uncommitted;
	bool stopped, full;
	char *read_bytes;
};

static void on_ready(void *arg, uint32_t events);
static void on_more(void *arg);
static void on_limit(void *arg);
static void on_wake(void *arg);

static void trouble(struct connection *c, const struct err *e)
{
	if (c->of->ev.trouble)
		c->of->ev.trouble(c->of->arg, &c->peer, e);
}

/* --- one connection ---------------------------------------------------------------- */

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

static void drop(struct connection *c)
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

/* After anything that may have queued output. False: the connection was dropped. */
static bool settle(struct connection *c)
{
	bool paused = !may_read(c);

	if (c->phase == PHASE_RUNNING && relp_server_ended(c->relp))
		begin_ending(c);
	if (flush(c) < 0 || (c->eof && !c->taken && relp_server_output(c->relp).len == 0)) {
		drop(c);
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
		drop(c);
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
		ssize_t n = c->t->ops->read(c->t, r->read_bytes, READ_BYTES, &e);
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
		drop(c);
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
		settle(c);
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
		drop(c);
		return;
	}
	if (relp_server_is_open(c->relp))
		err_set(&e, "ended: no message came for %g s", (double)c->of->conf.idle_ms / 1000);
	else
		err_set(&e, "ended: no open within %g s", (double)c->of->conf.open_ms / 1000);
	trouble(c, &e);
	relp_server_shut(c->relp);
	settle(c);
}

/* --- all of them --------------------------------------------------------------------- */

static void add(struct receiver *r, struct transport *t, const struct addr *peer)
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

static void pause_listening(struct receiver *r)
{
	(void)loop_watch(r->loop, &r->listening, 0, NULL);
	loop_timer_set(r->loop, &r->again, ACCEPT_PAUSE_MS);
}

static void on_again(void *arg)
{
	struct receiver *r = arg;

	if (loop_watch(r->loop, &r->listening, EPOLLIN, NULL) < 0)
		pause_listening(r);
}

static void on_listening(void *arg, uint32_t events)
{
	struct receiver *r = arg;
	struct transport *t;
	struct addr peer;
	struct err e;

	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		int fd = net_accept(r->listening.fd, &peer, &e);
		if (fd < 0 && e.code != EAGAIN)
			pause_listening(r);
		if (fd < 0)
			return;
		/* twice as many as may talk are told so; beyond that there are no words */
		if (r->n >= 2 * r->conf.max_connections) {
			close(fd);
			continue;
		}
		t = r->conf.wrap ? r->conf.wrap(r->conf.wrap_arg, fd, &e) : transport_plain(fd);
		if (t)
			add(r, t, &peer);
		else
			close(fd);
	}
}

static size_t or_else(size_t v, size_t fallback)
{
	return v ? v : fallback;
}

struct receiver *receiver_new(struct loop *l, int listen_fd, const struct receiver_conf *conf,
			      const struct receiver_events *ev, void *arg, struct err *e)
{
	struct receiver *r = mem_zero(1, sizeof(*r));

	r->loop = l;
	r->conf = *conf;
	r->conf.max_connections = or_else(conf->max_connections, 1024);
	r->conf.max_message = or_else(conf->max_message, 128 * 1024);
	r->conf.max_partial = or_else(conf->max_partial, 64 << 20);
	r->conf.max_uncommitted = or_else(conf->max_uncommitted, 1 << 20);
	r->conf.idle_ms = conf->idle_ms ? conf->idle_ms : 600000;
	r->conf.open_ms = conf->open_ms ? conf->open_ms : 30000;
	r->software = conf->software ? mem_strdup(conf->software) : NULL;
	r->conf.software = NULL;
	r->ev = *ev;
	r->arg = arg;
	r->read_bytes = mem_alloc(READ_BYTES);
	r->listening = (struct loop_watch){ .ready = on_listening, .arg = r, .fd = listen_fd };
	r->again = (struct loop_timer){ .fire = on_again, .arg = r };
	if (loop_watch(l, &r->listening, EPOLLIN, e) == 0)
		return r;
	receiver_free(r);
	return NULL;
}

static void stop_listening(struct receiver *r)
{
	if (r->stopped)
		return;
	r->stopped = true;
	loop_timer_clear(r->loop, &r->again);
	loop_unwatch(r->loop, &r->listening);
	close(r->listening.fd);
}

void receiver_free(struct receiver *r)
{
	if (!r)
		return;
	stop_listening(r);
	while (r->all)
		drop(r->all);
	free(r->read_bytes);
	free(r->software);
	free(r);
}

void receiver_turn(struct receiver *r)
{
	bool safe = !r->uncommitted || r->ev.commit(r->arg) == 0;

	r->uncommitted = 0;
	r->full = r->full || !safe;
	while (r->dirty) {
		struct connection *c = r->dirty;
		r->dirty = c->next_dirty;
		c->is_dirty = false;
		if (safe)
			relp_server_accept(c->relp, c->taken);
		c->taken = 0;
		settle(c);
	}
}

void receiver_stop(struct receiver *r)
{
	struct connection *next;

	receiver_turn(r);
	stop_listening(r);
	for (struct connection *c = r->all; c; c = next) {
		next = c->next;
		relp_server_shut(c->relp);
		if (c->phase == PHASE_HANDSHAKE)
			drop(c);
		else
			settle(c);
	}
}

bool receiver_stopped(const struct receiver *r)
{
	return r->stopped && r->n == 0;
}

size_t receiver_connections(const struct receiver *r)
{
	return r->n;
}
