// SPDX-License-Identifier: Apache-2.0
/*
 * Many nodes in one process: crowd HOST:PORT N DIR SECONDS makes N spools of one
 * record each under DIR and starts N sinks at once against HOST:PORT (a literal
 * address). A sink that has delivered leaves, as a node that is done would at its
 * next rebind. Each event is a line on standard output: milliseconds since the
 * start, what happened (failure, retry, open, accepted, stopped), which node; a
 * retry's time is when it is planned.
 *
 * Exit codes: 0 all delivered, their spools empty; 1 not, or not in SECONDS; 2 usage.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/addr.h"
#include "io/loop.h"
#include "sink/sink.h"
#include "spool/spool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct crowd;

struct node {
	struct crowd *crowd;
	struct spool *spool;
	struct sink *sink;
	bool failed, accepted, stopping, stopped;
};

struct crowd {
	struct loop *loop;
	struct node *nodes;
	uint64_t n, running, start_ms;
	char host[ADDR_HOST_MAX];
	uint16_t port;
	const char *dir;
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

static int add_record(struct node *node, struct err *e)
{
	char dir[512], text[64];
	ptrdiff_t i = node - node->crowd->nodes + 1;
	snprintf(dir, sizeof(dir), "%s/%td", node->crowd->dir, i);
	snprintf(text, sizeof(text), " - - - node 14 crowd: - - -  src=a seq=%td ", i);
	struct spool_conf conf = { .dir = dir, .max_bytes = 1 << 20 };
	if (spool_open(&node->spool, &conf, clock_mono_ms(), e) < 0)
		return -1;
	struct spool_frame f = {
		.taken_us = clock_real_us(), .source = slice_str("crowd"), .payload = slice_str(text),
	};
	if (spool_append(node->spool, &f) < 0)
		return err_set(e, "%s: no room", dir);
	spool_commit(node->spool, clock_mono_ms());
	return 0;
}

static int add_node(struct crowd *c, struct node *node, struct err *e)
{
	node->crowd = c;
	if (add_record(node, e) < 0)
		return -1;
	struct sink_conf conf = {
		.host = c->host, .port = c->port, .resume_retry_count = -1, .seed = clock_seed(),
	};
	struct sink_events events = {
		.arg = node, .say = { .line = on_line }, .count = on_count, .stopped = on_stopped,
	};
	node->sink = sink_new(c->loop, NULL, node->spool, &conf, &events);
	c->running++;
	return 0;
}

/* What a node's sink wants in each turn of the loop; stopping it is not for its callbacks. */
static void turn(struct node *node)
{
	struct sink_status st;
	if (node->stopped)
		return;
	sink_pump(node->sink);
	if (node->failed) {
		sink_status(node->sink, &st);
		event_in(node, "retry", st.next_try_ms);
		node->failed = false;
	}
	if (node->accepted && !node->stopping) {
		node->stopping = true;
		sink_stop(node->sink, 2000);
	}
}

static int run(struct crowd *c, uint64_t seconds, struct err *e)
{
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
			turn(&c->nodes[i]);
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
	if (argc != 5 || addr_split(slice_str(argv[1]), c.host, &c.port, &e) < 0 ||
	    num_u64(slice_str(argv[2]), 1, 100000, &c.n) < 0 ||
	    num_u64(slice_str(argv[4]), 1, 3600, &seconds) < 0) {
		fprintf(stderr, "usage: crowd HOST:PORT N DIR SECONDS\n");
		return 2;
	}
	c.dir = argv[3];
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
