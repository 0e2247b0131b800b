// SPDX-License-Identifier: Apache-2.0
#include "sink/session_int.h"

#include "base/mem.h"
#include "io/net.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static void on_ready(void *arg, uint32_t events);
static void on_limit(void *arg);
static void on_soon(void *arg);
static void on_linger(void *arg);
static void on_wake(void *arg);

static uint64_t or_else(uint64_t v, uint64_t fallback)
{
	return v ? v : fallback;
}

struct session *session_new(struct loop *l, const struct session_conf *conf,
			    const struct session_events *ev, void *arg)
{
	struct session *s = mem_zero(1, sizeof(*s));

	s->loop = l;
	s->conf = *conf;
	s->conf.connect_ms = or_else(conf->connect_ms, 10000);
	s->conf.handshake_ms = or_else(conf->handshake_ms, 10000);
	s->conf.open_ms = or_else(conf->open_ms, 30000);
	s->conf.silent_ms = or_else(conf->silent_ms, 90000);
	s->conf.drain_ms = or_else(conf->drain_ms, s->conf.silent_ms);
	s->conf.close_ms = or_else(conf->close_ms, 5000);
	uint64_t user_timeout = or_else(conf->user_timeout_ms, s->conf.silent_ms);
	s->conf.user_timeout_ms = user_timeout < INT32_MAX ? (uint32_t)user_timeout : INT32_MAX;
	s->ev = *ev;
	s->arg = arg;
	s->relp = relp_client_new(&conf->relp);
	s->conf.relp.output_bytes = or_else(conf->relp.output_bytes, SESSION_OUTPUT);
	s->conf.relp.software = NULL; /* the client has its copy */
	s->read_bytes = mem_alloc(SESSION_READ_BYTES);
	s->fd = -1;
	s->watch = (struct loop_watch){ .ready = on_ready, .arg = s };
	s->limit = (struct loop_timer){ .fire = on_limit, .arg = s };
	s->soon = (struct loop_timer){ .fire = on_soon, .arg = s };
	s->linger = (struct loop_timer){ .fire = on_linger, .arg = s };
	return s;
}

static void destroy(struct session *s)
{
	relp_client_free(s->relp);
	free(s->read_bytes);
	free(s);
}

void session_free(struct session *s)
{
	if (!s)
		return;
	session_abort(s);
	s->dead = true;
	if (s->depth == 0)
		destroy(s);
}

/* Around everything the loop calls, so that the memory outlives a session_free in a callback. */
static void enter(struct session *s)
{
	s->depth++;
}

static void leave(struct session *s)
{
	if (--s->depth == 0 && s->dead)
		destroy(s);
}

void session_abort(struct session *s)
{
	loop_unwatch(s->loop, &s->watch);
	loop_timer_clear(s->loop, &s->limit);
	loop_timer_clear(s->loop, &s->soon);
	loop_timer_clear(s->loop, &s->linger);
	if (s->t)
		transport_free(s->t);
	else if (s->fd >= 0)
		close(s->fd);
	s->t = NULL;
	s->fd = -1;
	s->stage = SESSION_IDLE;
	s->connection++;
	s->close_wanted = s->write_failed = false;
	s->write_waits_out = s->write_waits_in = s->read_waits_out = false;
}

void session_end(struct session *s, enum session_end why, const struct err *e)
{
	struct err copy = e ? *e : (struct err){ 0 };

	if (why == SESSION_END_CLOSED && s->t)
		(void)s->t->ops->shut(s->t, NULL);
	session_abort(s);
	if (s->ev.ended)
		s->ev.ended(s->arg, why, e ? &copy : NULL);
}

/* False: the owner ended the connection in its callback. */
static bool enter_stage(struct session *s, enum session_stage stage, uint64_t limit_ms)
{
	uint64_t connection = s->connection;

	s->stage = stage;
	loop_timer_set(s->loop, &s->limit, limit_ms);
	if (s->ev.stage)
		s->ev.stage(s->arg, stage, NULL);
	return session_alive(s, connection);
}

static void watch_for(struct session *s, uint32_t events)
{
	struct err e;

	s->watch.fd = s->fd;
	if (loop_watch(s->loop, &s->watch, events, &e) < 0) {
		/* the kernel's limit on watches: as if the write had failed */
		s->write_failed = true;
		s->write_err = e;
		loop_timer_set(s->loop, &s->linger, 0);
	}
}

void session_watch(struct session *s)
{
	bool out = s->write_waits_out || s->read_waits_out;

	watch_for(s, EPOLLIN | (out ? EPOLLOUT : 0U));
}

/* --- connecting ---------------------------------------------------------------- */

void session_start(struct session *s, const struct addr_list *list)
{
	invariant(s->stage == SESSION_IDLE && !s->dead);
	invariant(list->n >= 1 && list->n <= ADDR_LIST_MAX);
	s->list = *list;
	s->at = 0;
	s->stage = SESSION_CONNECT;
	loop_timer_set(s->loop, &s->soon, 0);
}

void session_handshake_limit(struct session *s, uint64_t ms)
{
	s->conf.handshake_ms = or_else(ms, 10000);
}

static void connect_next(struct session *s);

/* This address did not take it: the next one, or the end. */
static void connect_failed(struct session *s, struct err *e)
{
	char text[ADDR_TEXT_MAX];
	uint64_t connection = s->connection;

	loop_unwatch(s->loop, &s->watch);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	err_prefix(e, "%s", addr_text(session_peer(s), text));
	if (s->at + 1 >= s->list.n) {
		/* it was taken, and reset before we looked: who refuses a connect is ECONNREFUSED */
		session_end(s, e->code == ECONNRESET ? SESSION_END_OPEN_CLOSED : SESSION_END_CONNECT, e);
		return;
	}
	if (s->ev.stage)
		s->ev.stage(s->arg, SESSION_CONNECT, e);
	if (!session_alive(s, connection))
		return;
	s->at++;
	loop_timer_set(s->loop, &s->soon, 0);
}

static void connect_next(struct session *s)
{
	struct err e;

	if (!enter_stage(s, SESSION_CONNECT, s->conf.connect_ms))
		return;
	s->fd = net_connect(session_peer(s), &e);
	if (s->fd < 0) {
		connect_failed(s, &e);
		return;
	}
	net_user_timeout(s->fd, s->conf.user_timeout_ms);
	watch_for(s, EPOLLOUT);
}

static void run_handshake(struct session *s)
{
	struct err e = { 0 };
	int r = s->t->ops->handshake(s->t, &e);

	if (r == TRANSPORT_WANT_READ) {
		watch_for(s, EPOLLIN);
	} else if (r == TRANSPORT_WANT_WRITE) {
		watch_for(s, EPOLLOUT);
	} else if (r == TRANSPORT_WANT_WORKER) {
		watch_for(s, 0); /* until on_wake */
	} else if (r != 0) {
		session_end(s, SESSION_END_HANDSHAKE, &e);
	} else {
		relp_client_start(s->relp);
		if (enter_stage(s, SESSION_OPEN, s->conf.open_ms))
			session_flush(s);
	}
}

static void on_connected(struct session *s)
{
	struct err e = { 0 };

	if (net_connect_result(s->fd, &e) < 0) {
		connect_failed(s, &e);
		return;
	}
	s->t = s->conf.wrap ? s->conf.wrap(s->conf.wrap_arg, s->fd, &e) : transport_plain(s->fd);
	if (!s->t) {
		session_end(s, SESSION_END_HANDSHAKE, &e);
		return;
	}
	s->t->wake = on_wake;
	s->t->wake_arg = s;
	if (enter_stage(s, SESSION_HANDSHAKE, s->conf.handshake_ms))
		run_handshake(s);
}

/* --- closing -------------------------------------------------------------------- */

void session_close(struct session *s)
{
	if (s->stage == SESSION_IDLE || s->close_wanted)
		return;
	s->close_wanted = true;
	loop_timer_set(s->loop, &s->soon, 0);
}

static void limit_drain(struct session *s)
{
	uint64_t now = loop_now_ms(s->loop);
	uint64_t silent = s->progress_ms + s->conf.silent_ms;
	uint64_t drained = s->drain_ms + s->conf.drain_ms;
	uint64_t due = silent < drained ? silent : drained;

	loop_timer_set(s->loop, &s->limit, due > now ? due - now : 0);
}

/* One step towards the end, where session_close was called. False: the connection is over. */
static bool advance_close(struct session *s)
{
	struct err e;

	if (s->stage < SESSION_RUNNING) {
		err_set(&e, "closed before it was open");
		session_end(s, SESSION_END_CLOSED, &e);
		return false;
	}
	if (s->stage == SESSION_RUNNING) {
		s->drain_ms = loop_now_ms(s->loop);
		if (!enter_stage(s, SESSION_DRAIN, s->conf.drain_ms))
			return false;
		limit_drain(s);
	}
	if (s->stage != SESSION_DRAIN || relp_client_unanswered(s->relp))
		return true;
	relp_client_close(s->relp, false);
	return enter_stage(s, SESSION_CLOSE, s->conf.close_ms);
}

/* --- what the loop calls ---------------------------------------------------------- */

/* It ends, and another takes its place: no more transaction numbers, or the transport's keys are old. */
static bool session_spent(const struct session *s)
{
	return relp_client_spent(s->relp) || (s->t->ops->spent && s->t->ops->spent(s->t));
}

/* From SESSION_OPEN on: everything that can be done now. */
static void work(struct session *s)
{
	uint64_t connection = s->connection;

	if (!session_read(s))
		return;
	session_flush(s);
	if (session_room(s, 0) && s->ev.room)
		s->ev.room(s->arg);
	if (!session_alive(s, connection))
		return;
	if (s->stage == SESSION_RUNNING && session_spent(s))
		s->close_wanted = true;
	if (s->close_wanted && !advance_close(s))
		return;
	session_flush(s);
}

static void step(struct session *s)
{
	enter(s);
	switch (s->stage) {
	case SESSION_IDLE:
		break;
	case SESSION_CONNECT:
		if (s->close_wanted)
			advance_close(s);
		else if (s->fd < 0)
			connect_next(s);
		else
			on_connected(s);
		break;
	case SESSION_HANDSHAKE:
		if (s->close_wanted)
			advance_close(s);
		else
			run_handshake(s);
		break;
	default:
		work(s);
	}
	leave(s);
}

static void on_ready(void *arg, uint32_t events)
{
	(void)events;
	step(arg);
}

static void on_soon(void *arg)
{
	step(arg);
}

/* The transport's handshake was computed beside the loop: on with it. */
static void on_wake(void *arg)
{
	step(arg);
}

static void on_linger(void *arg)
{
	struct session *s = arg;

	enter(s);
	if (s->stage < SESSION_OPEN) {
		session_end(s, s->stage == SESSION_CONNECT ? SESSION_END_CONNECT : SESSION_END_HANDSHAKE,
		    &s->write_err);
	} else {
		session_explain(s, &s->write_err);
		session_end(s, session_end_of_stream(s), &s->write_err);
	}
	leave(s);
}

static void late(struct session *s, enum session_end why, const char *what, uint64_t ms)
{
	struct err e;

	err_code(&e, ETIMEDOUT, "%s within %g s", what, (double)ms / 1000);
	session_end(s, why, &e);
}

/* While it runs and drains: silent for too long? Else the timer is set anew. */
static void limit_answers(struct session *s)
{
	uint64_t now = loop_now_ms(s->loop);
	size_t n = relp_client_unanswered(s->relp);
	struct err e;

	if (n == 0)
		return;
	if (now - s->progress_ms >= s->conf.silent_ms)
		late(s, SESSION_END_SILENT, "no answer to messages", s->conf.silent_ms);
	else if (s->stage == SESSION_RUNNING)
		loop_timer_set(s->loop, &s->limit, s->conf.silent_ms - (now - s->progress_ms));
	else if (now - s->drain_ms < s->conf.drain_ms)
		limit_drain(s);
	else {
		err_code(&e, ETIMEDOUT, "%zu messages are still unanswered %g s after the last was sent",
			 n, (double)s->conf.drain_ms / 1000);
		session_end(s, SESSION_END_SILENT, &e);
	}
}

static void on_limit(void *arg)
{
	struct session *s = arg;
	struct err e;

	enter(s);
	switch (s->stage) {
	case SESSION_IDLE:
		break;
	case SESSION_CONNECT:
		err_code(&e, ETIMEDOUT, "no answer to the connect within %g s",
			 (double)s->conf.connect_ms / 1000);
		connect_failed(s, &e);
		break;
	case SESSION_HANDSHAKE:
		late(s, SESSION_END_HANDSHAKE, "the handshake was not done", s->conf.handshake_ms);
		break;
	case SESSION_OPEN:
		late(s, SESSION_END_OPEN_TIMEOUT, "no answer to open", s->conf.open_ms);
		break;
	case SESSION_RUNNING:
	case SESSION_DRAIN:
		limit_answers(s);
		break;
	case SESSION_CLOSE:
		late(s, SESSION_END_CLOSED, "no answer to close", s->conf.close_ms);
		break;
	}
	leave(s);
}

/* --- asking ----------------------------------------------------------------------- */

enum session_stage session_stage(const struct session *s)
{
	return s->stage;
}

const struct addr *session_peer(const struct session *s)
{
	return &s->list.at[s->at];
}

size_t session_unanswered(const struct session *s)
{
	return s->stage >= SESSION_RUNNING ? relp_client_unanswered(s->relp) : 0;
}

uint64_t session_silent_ms(const struct session *s)
{
	return session_unanswered(s) ? loop_now_ms(s->loop) - s->progress_ms : 0;
}
