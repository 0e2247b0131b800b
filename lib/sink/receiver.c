// SPDX-License-Identifier: Apache-2.0
#include "sink/receiver_int.h"

#include "base/mem.h"
#include "io/net.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ACCEPTS_A_TURN 64
#define ACCEPT_PAUSE_MS 200 /* when there are no descriptors left */

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
			receiver_add(r, t, &peer);
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
	r->read_bytes = mem_alloc(RECEIVER_READ_BYTES);
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
		receiver_drop(r->all);
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
		receiver_settle(c);
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
			receiver_drop(c);
		else
			receiver_settle(c);
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
