// SPDX-License-Identifier: Apache-2.0
#include "io/control.h"

#include "base/esc.h"
#include "base/mem.h"
#include "io/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Without descriptors or memory for a client, the next look at who waits. */
#define ACCEPT_AGAIN_MS 1000
/* At once to one client, so that no fast reader holds up the loop. */
#define WRITE_QUANTUM ((size_t)256 * 1024)

struct client {
	struct control *control; /* NULL: a free place */
	struct loop_watch watch;
	struct loop_timer timer;
	uint64_t end_ms; /* of the loop's clock: CONTROL_TOTAL_MS are over */
	size_t request_len;
	char request[CONTROL_REQUEST_MAX + 1];
	char head[128];
	size_t head_len; /* 0: still reading the request */
	struct buf body;
	size_t sent; /* of head and body together */
};

struct control {
	struct loop *loop;
	struct loop_watch listener;
	struct loop_timer again;
	void (*answer)(void *arg, struct slice request, struct buf *out);
	void *arg;
	uint64_t idle_ms;
	char *path;
	dev_t dev; /* what we bound, to remove nothing else */
	ino_t ino;
	size_t clients;
	struct client client[CONTROL_CLIENTS_MAX];
};

/* ---- one client ---- */

static void accept_on(struct control *c, bool on)
{
	struct err e;
	/* the descriptor is known to epoll or was: what can fail is memory in the kernel */
	if (loop_watch(c->loop, &c->listener, on ? EPOLLIN : 0, &e) < 0)
		loop_timer_set(c->loop, &c->again, ACCEPT_AGAIN_MS);
}

static void client_close(struct client *cl)
{
	struct control *c = cl->control;

	loop_unwatch(c->loop, &cl->watch);
	loop_timer_clear(c->loop, &cl->timer);
	close(cl->watch.fd);
	buf_free(&cl->body);
	cl->control = NULL;
	if (c->clients-- == CONTROL_CLIENTS_MAX)
		accept_on(c, true);
}

static void client_limit(struct client *cl)
{
	struct control *c = cl->control;
	uint64_t now = loop_now_ms(c->loop);
	uint64_t left = cl->end_ms > now ? cl->end_ms - now : 0;

	loop_timer_set(c->loop, &cl->timer, left < c->idle_ms ? left : c->idle_ms);
}

static void client_too_slow(void *arg)
{
	client_close(arg);
}

/* The bytes to send next. */
static struct slice unsent(const struct client *cl)
{
	if (cl->sent < cl->head_len)
		return slice_of(cl->head + cl->sent, cl->head_len - cl->sent);
	size_t at = cl->sent - cl->head_len;
	return slice_of(cl->body.p + at, cl->body.len - at);
}

static void client_write(struct client *cl)
{
	size_t quantum = WRITE_QUANTUM;

	for (;;) {
		struct slice s = unsent(cl);
		if (s.len == 0)
			break;
		if (quantum == 0)
			return;
		if (s.len > quantum)
			s.len = quantum;
		ssize_t n = send(cl->watch.fd, s.p, s.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break;
		cl->sent += (size_t)n;
		quantum -= (size_t)n;
		client_limit(cl);
	}
	client_close(cl);
}

static void client_answer(struct client *cl)
{
	struct err e;
	int len = snprintf(cl->head, sizeof(cl->head), "ok %zu\n", cl->body.len);

	if (cl->body.len > CONTROL_ANSWER_MAX) {
		len = snprintf(cl->head, sizeof(cl->head), "error the answer of %zu bytes is too long\n",
			       cl->body.len);
		buf_free(&cl->body);
	}
	cl->head_len = (size_t)len;
	client_limit(cl);
	if (loop_watch(cl->control->loop, &cl->watch, EPOLLOUT, &e) < 0)
		client_close(cl);
	else
		client_write(cl);
}

static void client_refuse(struct client *cl, const char *why)
{
	struct err e;

	cl->head_len = (size_t)snprintf(cl->head, sizeof(cl->head), "error %s\n", why);
	if (loop_watch(cl->control->loop, &cl->watch, EPOLLOUT, &e) < 0)
		client_close(cl);
	else
		client_write(cl);
}

static void client_read(struct client *cl)
{
	size_t room = sizeof(cl->request) - cl->request_len;
	ssize_t n = recv(cl->watch.fd, cl->request + cl->request_len, room, MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) { /* gone before a whole line */
		client_close(cl);
		return;
	}
	const char *end = memchr(cl->request + cl->request_len, '\n', (size_t)n);
	cl->request_len += (size_t)n;
	if (end) {
		struct slice request = slice_of(cl->request, (size_t)(end - cl->request));
		cl->control->answer(cl->control->arg, request, &cl->body);
		client_answer(cl);
	} else if (cl->request_len == sizeof(cl->request)) {
		client_refuse(cl, "the request is too long");
	}
}

static void client_ready(void *arg, uint32_t events)
{
	struct client *cl = arg;

	(void)events;
	if (cl->head_len)
		client_write(cl);
	else
		client_read(cl);
}

/* ---- taking clients ---- */

static struct client *free_place(struct control *c)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (!c->client[i].control)
			return &c->client[i];
	}
	return NULL;
}

static void client_start(struct control *c, struct client *cl, int fd)
{
	struct err e;

	cl->control = c;
	cl->watch = (struct loop_watch){ .ready = client_ready, .arg = cl, .fd = fd };
	cl->timer = (struct loop_timer){ .fire = client_too_slow, .arg = cl };
	cl->end_ms = loop_now_ms(c->loop) + CONTROL_TOTAL_MS;
	cl->request_len = 0;
	cl->head_len = 0;
	cl->sent = 0;
	if (++c->clients == CONTROL_CLIENTS_MAX)
		accept_on(c, false);
	/* once for the whole request: a byte now and then does not keep a place */
	loop_timer_set(c->loop, &cl->timer, c->idle_ms);
	if (loop_watch(c->loop, &cl->watch, EPOLLIN, &e) < 0)
		client_close(cl);
}

static void client_waits(void *arg, uint32_t events)
{
	struct control *c = arg;
	struct client *place;
	struct err e;

	(void)events;
	while ((place = free_place(c))) {
		int fd = net_accept(c->listener.fd, NULL, &e);
		if (fd >= 0) {
			client_start(c, place, fd);
			continue;
		}
		if (e.code != EAGAIN) { /* no descriptor: it stays readable, and would spin */
			accept_on(c, false);
			loop_timer_set(c->loop, &c->again, ACCEPT_AGAIN_MS);
		}
		return;
	}
}

static void accept_again(void *arg)
{
	struct control *c = arg;

	if (c->clients < CONTROL_CLIENTS_MAX)
		accept_on(c, true);
}

struct control *control_new(struct loop *l, const char *path, mode_t mode,
			    void (*answer)(void *arg, struct slice request, struct buf *out),
			    void *arg, struct err *e)
{
	struct stat st = { 0 };
	int fd = net_unix_bind(path, SOCK_STREAM, mode, e);

	if (fd < 0)
		return NULL;
	struct control *c = mem_zero(1, sizeof(*c));
	c->loop = l;
	c->answer = answer;
	c->arg = arg;
	c->idle_ms = CONTROL_IDLE_MS;
	c->path = mem_strdup(path);
	if (lstat(path, &st) == 0) {
		c->dev = st.st_dev;
		c->ino = st.st_ino;
	}
	c->again = (struct loop_timer){ .fire = accept_again, .arg = c };
	c->listener = (struct loop_watch){ .ready = client_waits, .arg = c, .fd = fd };
	if (loop_watch(l, &c->listener, EPOLLIN, e) < 0) {
		control_free(c);
		return NULL;
	}
	return c;
}

void control_set_idle(struct control *c, uint64_t ms)
{
	c->idle_ms = ms;
}

void control_free(struct control *c)
{
	struct stat st;

	if (!c)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (c->client[i].control)
			client_close(&c->client[i]);
	}
	loop_timer_clear(c->loop, &c->again);
	loop_unwatch(c->loop, &c->listener);
	close(c->listener.fd);
	/* not that of one who bound it anew */
	if (lstat(c->path, &st) == 0 && st.st_dev == c->dev && st.st_ino == c->ino)
		(void)unlink(c->path);
	free(c->path);
	free(c);
}
