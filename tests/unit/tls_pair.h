// SPDX-License-Identifier: Apache-2.0
//
// Two transports of ours, one at each end of a socket pair, by turns.
#ifndef TLS_PAIR_H
#define TLS_PAIR_H

#include "io_test.h"

#include "base/file.h"
#include "base/mem.h"
#include "tls/internal.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What one end is to be. Names are of files that tests/tools/pki.py made; NULL: none. */
struct end_spec {
	const char *ca, *cert;
	enum tls_auth auth;
	const char *permitted; /* one, or NULL; "SHA1" and "SHA256": the one of pinned */
	const char *pinned;
	const char *target; /* client: NULL is server.test */
	bool anyone;
	unsigned version_max;
};

struct end {
	struct transport *t;
	struct tls_report report;
	struct err e;
	bool done, failed, woken;
};

struct pair {
	struct loop *loop;
	struct worker *worker; /* NULL: inline */
	struct end client, server;
};

static inline struct buf pair_file(const char *name, const char *suffix)
{
	const char *folder = getenv("RELPBOX_PKI");
	char path[512];
	struct buf b = { 0 };
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/%s%s", folder ? folder : "build/pki", name, suffix);
	if (file_read(path, 1 << 20, &b, &e) != 0)
		fail_msg("%s (make pki)", e.text);
	return b;
}

static inline struct tls_creds *pair_creds(enum tls_side side, const struct end_spec *spec,
					   struct err *e)
{
	struct buf ca = { 0 }, cert = { 0 }, key = { 0 }, digest = { 0 };
	const char *permitted[1] = { spec->permitted };
	struct tls_conf conf = { .side = side, .auth = spec->auth, .permitted = permitted,
				 .n_permitted = spec->permitted ? 1 : 0, .anyone = spec->anyone,
				 .target = spec->target ? spec->target : "server.test",
				 .version_max = spec->version_max };
	struct tls_pem pem = { 0 };

	if (spec->pinned) {
		digest = pair_file(spec->pinned, strcmp(spec->permitted, "SHA1") ? ".sha256" : ".sha1");
		while (digest.len && digest.p[digest.len - 1] == '\n')
			digest.len--;
		permitted[0] = buf_cstr(&digest);
	}
	if (spec->ca) {
		ca = pair_file(spec->ca, ".crt");
		pem.ca = buf_slice(&ca);
	}
	if (spec->cert) {
		cert = pair_file(spec->cert, ".crt");
		key = pair_file(spec->cert, ".key");
		pem.cert = buf_slice(&cert);
		pem.key = buf_slice(&key);
	}
	struct tls_creds *c = tls_creds_new(&conf, &pem, e);
	buf_free(&ca);
	buf_free(&cert);
	buf_free(&key);
	buf_free(&digest);
	return c;
}

static inline void pair_wake(void *arg)
{
	((struct end *)arg)->woken = true;
}

static inline void end_init(struct end *end, enum tls_side side, const struct end_spec *spec, int fd,
			    struct worker *w)
{
	struct err e = { 0 };
	struct tls_creds *creds = pair_creds(side, spec, &e);

	if (!creds)
		fail_msg("%s: %s", side == TLS_CLIENT ? "client" : "server", e.text);
	*end = (struct end){ 0 };
	end->t = tls_transport(creds, fd, w, &end->report);
	end->t->wake = pair_wake;
	end->t->wake_arg = end;
	tls_creds_free(creds);
}

static inline void pair_sockets(int fd[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
}

static inline void pair_init(struct pair *p, const struct end_spec *client,
			     const struct end_spec *server, bool worker)
{
	struct err e;
	int fd[2];

	pair_sockets(fd);
	p->loop = test_loop();
	p->worker = worker ? worker_new(p->loop, &e) : NULL;
	end_init(&p->client, TLS_CLIENT, client, fd[0], p->worker);
	end_init(&p->server, TLS_SERVER, server, fd[1], p->worker);
}

static inline void end_free(struct end *end)
{
	transport_free(end->t);
	end->t = NULL;
	tls_report_clear(&end->report);
}

static inline void pair_free(struct pair *p)
{
	end_free(&p->client);
	end_free(&p->server);
	worker_free(p->worker);
	loop_free(p->loop);
}

/* One call; who failed closes, as its owner would. */
static inline void end_step(struct end *end)
{
	if (end->done || end->failed)
		return;
	int r = end->t->ops->handshake(end->t, &end->e);
	end->done = r == 0;
	end->failed = r == TRANSPORT_FAILED;
	if (end->failed) {
		transport_free(end->t);
		end->t = NULL;
	}
}

/* Until both are done or failed, or the client's last word is out and the server's is. */
static inline void pair_shake(struct pair *p)
{
	uint64_t limit = clock_mono_ms() + TEST_LIMIT_MS;

	while (!(p->client.done || p->client.failed) || !(p->server.done || p->server.failed)) {
		end_step(&p->client);
		end_step(&p->server);
		if (p->worker)
			(void)loop_turn(p->loop, 1, NULL);
		if (clock_mono_ms() > limit)
			fail_msg("the handshake does not end: %s, %s", p->client.e.text, p->server.e.text);
	}
}

/* Reads once there is something: a count, or how it ended. */
static inline ssize_t end_read(struct end *end, void *p, size_t len)
{
	uint64_t limit = clock_mono_ms() + TEST_LIMIT_MS;
	ssize_t n;

	while ((n = end->t->ops->read(end->t, p, len, &end->e)) == TRANSPORT_WANT_READ)
		if (clock_mono_ms() > limit)
			fail_msg("nothing comes");
	return n;
}

/* a writes, b reads it. */
static inline void assert_carries(struct end *a, struct end *b, const char *text)
{
	char got[256];
	size_t len = strlen(text);

	assert_int_equal(a->t->ops->write(a->t, text, len, &a->e), len);
	assert_int_equal(end_read(b, got, sizeof(got)), len);
	assert_memory_equal(got, text, len);
}

#endif
