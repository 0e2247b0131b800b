// SPDX-License-Identifier: Apache-2.0
/*
 * Many nodes in one process: crowd HOST:PORT N DIR SECONDS [TLS-DIR [ROUNDS
 * RENEW-MS]] makes N spools of one record each under DIR and starts N sinks at once
 * against HOST:PORT (a literal address). A sink that has delivered leaves, as a node
 * that is done would at its next rebind. Each event is a line on standard output:
 * milliseconds since the start, what happened (failure, retry, open, accepted,
 * renewal, stopped), which node; a retry's time is when it is planned.
 *
 * With TLS-DIR (ca.crt, tls.crt, tls.key) all speak TLS, and THREADS threads compute
 * for all. With ROUNDS a node leaves only after as many connections that delivered:
 * it stays connected with nothing to send, and when that connection ends, a new
 * record waits. At SIGHUP the files are read again, as all nodes' would be, and all
 * connections renewed within RENEW-MS.
 *
 * Exit codes: 0 all delivered, their spools empty; 1 not, or not in SECONDS; 2 usage.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/addr.h"
#include "io/loop.h"
#include "io/signals.h"
#include "sink/sink.h"
#include "spool/spool.h"
#include "tls/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define THREADS 4

struct crowd;

struct node {
	struct crowd *crowd;
	struct spool *spool;
	struct sink *sink;
	uint64_t round; /* of those that it has delivered in */
	bool failed, renewed, accepted, stopping, stopped;
};

struct crowd {
	struct loop *loop;
	struct node *nodes;
	uint64_t n, running, start_ms, rounds, renew_ms;
	char host[ADDR_HOST_MAX];
	uint16_t port;
	const char *dir, *tls_dir;
	struct signals *signals;
	struct tls_store *store;
	struct worker *workers[THREADS];
};

static void event_in(const struct node *node, const char *what, uint64_t ms)
{
	const struct crowd *c = node->crowd;
	printf("%" PRIu64 " %s %td\n", clock_mono_ms() - c->start_ms + ms, what, node - c->nodes + 1);
}

static void event(const struct node *node, const char *what)
{
	event_in(node, what, 0);
}

static void on_count(void *arg, enum sink_count what, uint64_t n)
{
	struct node *node = arg;
	(void)n;
	if (what == SINK_FAILURES) {
		event(node, "failure");
		node->failed = true;
	}
	if (what == SINK_CONNECTS)
		event(node, "open");
	if (what == SINK_RENEWALS) {
		event(node, "renewal");
		node->renewed = true;
	}
	if (what == SINK_ACCEPTED) {
		event(node, "accepted");
		node->accepted = true;
	}
}

static void on_stopped(void *arg)
{
	struct node *node = arg;
	event(node, "stopped");
	node->stopped = true;
	node->crowd->running--;
}

static void on_line(void *arg, enum say_priority priority, const char *text)
{
	(void)arg, (void)priority, (void)text;
}

/* --- TLS -------------------------------------------------------------------------- */

static int read_files(struct crowd *c, struct err *e)
{
	char ca[512], cert[512], key[512];
	snprintf(ca, sizeof(ca), "%s/ca.crt", c->tls_dir);
	snprintf(cert, sizeof(cert), "%s/tls.crt", c->tls_dir);
	snprintf(key, sizeof(key), "%s/tls.key", c->tls_dir);
	struct tls_files files = { .ca = ca, .cert = cert, .key = key };
	struct tls_conf conf = { .side = TLS_CLIENT, .auth = TLS_AUTH_NAME, .target = c->host };
	struct tls_store_events ev = { .say = { .line = on_line } };
	struct tls_store *store = tls_store_new(&conf, &files, &ev, e);
	if (!store)
		return -1;
	tls_store_free(c->store);
	c->store = store;
	return 0;
}

static void on_signal(void *arg, int signo)
{
	struct crowd *c = arg;
	struct err e = { 0 };
	if (signo != SIGHUP)
		exit(1);
	if (read_files(c, &e) < 0) {
		fprintf(stderr, "crowd: %s\n", e.text);
		exit(1);
	}
	for (uint64_t i = 0; i < c->n; i++)
		if (!c->nodes[i].stopping)
			sink_renew_within(c->nodes[i].sink, c->renew_ms);
}

static int start_tls(struct crowd *c, struct err *e)
{
	if (!c->tls_dir)
		return 0;
	c->signals = signals_new(c->loop, on_signal, c, e);
	for (size_t i = 0; i < THREADS; i++) {
		c->workers[i] = c->signals ? worker_new(c->loop, e) : NULL;
		if (!c->workers[i])
			return -1;
	}
	return read_files(c, e);
}

static void end_tls(struct crowd *c)
{
	for (size_t i = 0; i < THREADS; i++)
		worker_free(c->workers[i]);
	tls_store_free(c->store);
	signals_free(c->signals);
}

static struct transport *wrap(void *arg, int fd, struct err *e)
{
	struct node *node = arg;
	struct crowd *c = node->crowd;
	(void)e;
	return tls_transport(tls_store_creds(c->store), fd,
			     c->workers[(node - c->nodes) % THREADS], NULL);
}

/* --- nodes ------------------------------------------------------------------------- */

static int add_record(struct node *node, struct err *e)
{
	char text[80];
	const struct crowd *c = node->crowd;
	uint64_t i = node->round * c->n + (uint64_t)(node - c->nodes) + 1;
	snprintf(text, sizeof(text), " - - - node 14 crowd: - - -  src=a seq=%" PRIu64 " ", i);
	struct spool_frame f = {
		.taken_us = clock_real_us(), .source = slice_str("crowd"), .payload = slice_str(text),
	};
	if (spool_append(node->spool, &f) < 0)
		return err_set(e, "node %td: no room", node - c->nodes + 1);
	spool_commit(node->spool, clock_mono_ms());
	return 0;
}

static int open_spool(struct node *node, struct err *e)
{
	char dir[512];
	snprintf(dir, sizeof(dir), "%s/%td", node->crowd->dir, node - node->crowd->nodes + 1);
	struct spool_conf conf = { .dir = dir, .max_bytes = 1 << 20 };
	return spool_open(&node->spool, &conf, clock_mono_ms(), e);
}

static int add_node(struct crowd *c, struct node *node, struct err *e)
{
	node->crowd = c;
	if (open_spool(node, e) < 0 || add_record(node, e) < 0)
		return -1;
	struct sink_conf conf = {
		.host = c->host, .port = c->port, .resume_retry_count = -1, .seed = clock_seed(),
	};
	if (c->tls_dir) {
		conf.session.wrap = wrap;
		conf.session.wrap_arg = node;
	}
	struct sink_events events = {
		.arg = node, .say = { .line = on_line }, .count = on_count, .stopped = on_stopped,
	};
	node->sink = sink_new(c->loop, NULL, node->spool, &conf, &events);
	c->running++;
	return 0;
}

/* The connection that delivered has ended: a record for the next. */
static int next_round(struct node *node, struct err *e)
{
	if (!node->accepted || !(node->failed || node->renewed))
		return 0;
	node->accepted = node->renewed = false;
	node->round++;
	return add_record(node, e);
}

/* What a node's sink wants in each turn of the loop; stopping it is not for its callbacks. */
static int turn(struct node *node, struct err *e)
{
	struct sink_status st;
	if (node->stopped)
		return 0;
	if (!node->stopping && next_round(node, e) < 0)
		return -1;
	sink_pump(node->sink);
	if (node->failed) {
		sink_status(node->sink, &st);
		event_in(node, "retry", st.next_try_ms);
		node->failed = false;
	}
	if (node->accepted && !node->stopping && node->round + 1 >= node->crowd->rounds) {
		node->stopping = true;
		sink_stop(node->sink, 2000);
	}
	return 0;
}

static int run(struct crowd *c, uint64_t seconds, struct err *e)
{
	if (start_tls(c, e) < 0)
		return -1;
	for (uint64_t i = 0; i < c->n; i++)
		if (add_node(c, &c->nodes[i], e) < 0)
			return -1;
	c->start_ms = clock_mono_ms();
	for (uint64_t i = 0; i < c->n; i++)
		sink_start(c->nodes[i].sink);
	while (c->running && clock_mono_ms() - c->start_ms < seconds * 1000) {
		if (loop_turn(c->loop, 1000, e) < 0)
			return -1;
		for (uint64_t i = 0; i < c->n; i++)
			if (turn(&c->nodes[i], e) < 0)
				return -1;
		fflush(stdout);
	}
	return 0;
}

/* How many still have their record. */
static uint64_t end(struct crowd *c)
{
	uint64_t waiting = 0;
	for (uint64_t i = 0; i < c->n; i++) {
		struct spool_stats st = { .frames = 1 };
		if (c->nodes[i].spool)
			spool_stats(c->nodes[i].spool, &st);
		waiting += st.frames;
		sink_free(c->nodes[i].sink);
		spool_close(c->nodes[i].spool);
	}
	free(c->nodes);
	end_tls(c);
	loop_free(c->loop);
	return waiting;
}

static void raise_files(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

int main(int argc, char **argv)
{
	struct crowd c = { 0 };
	struct err e = { 0 };
	uint64_t seconds;
	if (argc < 5 || argc == 7 || argc > 8 ||
	    addr_split(slice_str(argv[1]), c.host, &c.port, &e) < 0 ||
	    num_u64(slice_str(argv[2]), 1, 100000, &c.n) < 0 ||
	    num_u64(slice_str(argv[4]), 1, 3600, &seconds) < 0 ||
	    (argc == 8 && (num_u64(slice_str(argv[6]), 1, 1000, &c.rounds) < 0 ||
			   num_u64(slice_str(argv[7]), 0, 3600000, &c.renew_ms) < 0))) {
		fprintf(stderr, "usage: crowd HOST:PORT N DIR SECONDS [TLS-DIR [ROUNDS RENEW-MS]]\n");
		return 2;
	}
	c.dir = argv[3];
	c.tls_dir = argc > 5 ? argv[5] : NULL;
	raise_files();
	c.nodes = mem_zero(c.n, sizeof(*c.nodes));
	c.loop = loop_new(&e);
	if (!c.loop || run(&c, seconds, &e) < 0)
		fprintf(stderr, "crowd: %s\n", e.text);
	uint64_t running = c.running, waiting = end(&c);
	fprintf(stderr, "crowd: %" PRIu64 " of %" PRIu64 " still run, %" PRIu64 " records wait\n", running,
		c.n, waiting);
	return running || waiting ? 1 : 0;
}
