// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send_other.h"

#include "base/clock.h"
#include "base/mem.h"
#include "io/net.h"
#include "sink/session.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct other {
	struct loop *loop;
	void (*done)(void *arg, const char *said);
	void *arg;
	struct loop_timer timer; /* the limit; and what is to be told in the next turn */
	const char *said;

	/* is it TLS? */
	struct loop_watch watch;
	int fd;
	bool greeted;
	uint8_t answer[5];
	size_t n;

	/* is it plain RELP? */
	struct session *session;
};

/*
 * A ClientHello (RFC 8446 section 4.1.2) that anyone who speaks TLS 1.2 or 1.3
 * has to answer with something: a ServerHello, a HelloRetryRequest (no key is
 * shared yet) or an alert. The suites are those that servers have, whatever
 * their certificate, and librelp's anonymous ones. The 32 bytes of random are
 * filled in.
 */
#define HELLO_RANDOM 11
static const uint8_t hello[] = {
	0x16, 0x03, 0x01, 0x00, 0x70,			/* record: handshake, 112 bytes */
	0x01, 0x00, 0x00, 0x6c, 0x03, 0x03,		/* ClientHello, 108 bytes; TLS 1.2 */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* random */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0x00,						/* no session */
	0x00, 0x14,					/* 10 suites: of 1.3, ECDHE, RSA, anonymous */
	0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30,
	0x00, 0x9c, 0x00, 0xa7, 0xc0, 0x18,
	0x01, 0x00,					/* no compression */
	0x00, 0x2f,					/* extensions, 47 bytes */
	0x00, 0x0a, 0x00, 0x06, 0x00, 0x04, 0x00, 0x1d, 0x00, 0x17, /* groups: X25519, P-256 */
	0x00, 0x0d, 0x00, 0x0e, 0x00, 0x0c, 0x04, 0x03, 0x05, 0x03, 0x06, 0x03, /* signatures */
	0x08, 0x04, 0x04, 0x01, 0x02, 0x01,
	0x00, 0x2b, 0x00, 0x05, 0x04, 0x03, 0x04, 0x03, 0x03, /* versions: 1.3, 1.2 */
	0x00, 0x33, 0x00, 0x02, 0x00, 0x00,		/* key shares: none */
	0x00, 0x17, 0x00, 0x00,				/* extended master secret */
};

/* Tells it in the next turn: nobody is called from inside his own call. */
static void decide(struct other *o, const char *said)
{
	loop_unwatch(o->loop, &o->watch);
	o->said = said;
	loop_timer_set(o->loop, &o->timer, 0);
}

static void on_timer(void *arg)
{
	struct other *o = arg;

	loop_unwatch(o->loop, &o->watch);
	o->done(o->arg, o->said);
}

/* --- TLS ------------------------------------------------------------------------------- */

static const char *judged(const struct other *o)
{
	if (o->n < sizeof(o->answer) || o->answer[1] != 3)
		return NULL;
	return o->answer[0] == 0x16 ? "a TLS ServerHello" : o->answer[0] == 0x15 ? "a TLS alert" : NULL;
}

static int say_hello(struct other *o)
{
	uint8_t bytes[sizeof(hello)];
	uint64_t seed = clock_seed();

	if (net_connect_result(o->fd, NULL) < 0)
		return -1;
	memcpy(bytes, hello, sizeof(hello));
	for (size_t i = 0; i < 32; i++)
		bytes[HELLO_RANDOM + i] = (uint8_t)rand_next(&seed);
	if (send(o->fd, bytes, sizeof(bytes), MSG_NOSIGNAL) != (ssize_t)sizeof(bytes))
		return -1;
	o->greeted = true;
	return loop_watch(o->loop, &o->watch, EPOLLIN, NULL);
}

static void on_ready(void *arg, uint32_t events)
{
	struct other *o = arg;
	ssize_t n;

	(void)events;
	if (!o->greeted) {
		if (say_hello(o) < 0)
			decide(o, NULL);
		return;
	}
	n = recv(o->fd, o->answer + o->n, sizeof(o->answer) - o->n, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		o->n += (size_t)n;
	if (n <= 0 || o->n == sizeof(o->answer))
		decide(o, judged(o));
}

static void ask_tls(struct other *o, const struct addr *a)
{
	o->fd = net_connect(a, NULL);
	o->watch = (struct loop_watch){ .ready = on_ready, .arg = o, .fd = o->fd };
	if (o->fd < 0 || loop_watch(o->loop, &o->watch, EPOLLOUT, NULL) < 0)
		decide(o, NULL);
}

/* --- plain RELP -------------------------------------------------------------------------- */

static void on_opened(void *arg, struct slice offers)
{
	struct other *o = arg;

	(void)offers;
	o->said = "an answer to a plain open";
	session_close(o->session);
}

static void on_ended(void *arg, enum session_end why, const struct err *e)
{
	struct other *o = arg;

	(void)e;
	if (why == SESSION_END_OPEN_REFUSED)
		o->said = "a refusal of a plain open";
	decide(o, o->said);
}

static void ask_plain(struct other *o, const struct addr *a, uint64_t limit_ms)
{
	static const struct session_events events = { .opened = on_opened, .ended = on_ended };
	const struct session_conf conf = { .close_ms = limit_ms };
	struct addr_list list = { .n = 1, .at[0] = *a };

	o->session = session_new(o->loop, &conf, &events, o);
	session_start(o->session, &list);
}

struct other *other_ask(struct loop *l, const struct addr *a, bool tls, uint64_t limit_ms,
			void (*done)(void *arg, const char *said), void *arg)
{
	struct other *o = mem_zero(1, sizeof(*o));

	o->loop = l;
	o->done = done;
	o->arg = arg;
	o->fd = -1;
	o->timer = (struct loop_timer){ .fire = on_timer, .arg = o };
	loop_timer_set(l, &o->timer, limit_ms);
	if (tls)
		ask_tls(o, a);
	else
		ask_plain(o, a, limit_ms);
	return o;
}

void other_free(struct other *o)
{
	if (!o)
		return;
	loop_unwatch(o->loop, &o->watch);
	loop_timer_clear(o->loop, &o->timer);
	session_free(o->session);
	if (o->fd >= 0)
		close(o->fd);
	free(o);
}
