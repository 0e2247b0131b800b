// SPDX-License-Identifier: Apache-2.0
#ifndef SINK_TEST_H
#define SINK_TEST_H

/*
 * A real sink on a real spool, and a receiver inside the test that answers as a
 * script says. The loop is turned by hand. Waits between two tries are cut
 * short, but remembered.
 */
#include "spool_test.h"

#include "base/clock.h"
#include "base/mem.h"
#include "relp/frame.h"
#include "sink/session_int.h"
#include "sink/sink_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define PEER_SEEN 20000

/* What the receiver makes of a record. */
enum verdict {
	YES,
	NO,    /* 500 */
	MUTE,  /* no answer */
	BREAK, /* a reset; what was answered before it is written */
};

enum on_open { OPEN_YES, OPEN_NO, OPEN_BREAK, OPEN_MUTE };

struct peer;
typedef enum verdict script(struct peer *p, uint64_t number);

struct peer {
	int listener, fd; /* -1: none */
	struct sockaddr_in at;
	struct buf in;
	script *says;
	enum on_open open;
	uint64_t now_ms;
	unsigned connections, here; /* records on this connection */

	/* every record that came, in order of coming */
	size_t n;
	struct {
		uint64_t number;
		unsigned connection;
		enum verdict verdict;
	} seen[PEER_SEEN];
	uint64_t arg, arg2; /* the script's own */
};

struct rig {
	struct box box;
	struct loop *loop;
	struct sink *sink;
	struct sink_conf conf;
	struct peer peer;
	struct sink_events hooks; /* of which ready, stage and ended are taken */
	uint64_t count[SINK_COUNTS];
	uint64_t put_upto;
	bool stopped;
	bool patient;	       /* waits between tries are waited for */
	uint64_t waits, waited_ms, longest_ms; /* of the waits cut short */
	unsigned lines;
	char log[64][256]; /* the first lines */
};

/* ---- the receiver ---- */

static inline void peer_listen(struct peer *p)
{
	socklen_t len = sizeof(p->at);
	int on = 1;
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(p->listener, (struct sockaddr *)&p->at, sizeof(p->at)), 0);
	assert_int_equal(listen(p->listener, 16), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&p->at, &len), 0);
}

static inline void peer_start(struct peer *p, script *says)
{
	p->fd = -1;
	p->says = says;
	p->at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	peer_listen(p);
}

static inline void peer_hang_up(struct peer *p)
{
	struct linger now = { 1, 0 };
	if (p->fd < 0)
		return;
	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(p->fd);
	p->fd = -1;
	p->in.len = 0;
}

/* Nobody listens any more. */
static inline void peer_kill(struct peer *p)
{
	peer_hang_up(p);
	if (p->listener >= 0)
		close(p->listener);
	p->listener = -1;
}

static inline void peer_answer(struct peer *p, uint32_t txnr, const char *text)
{
	char out[256];
	size_t n = relp_frame_write(out, txnr, slice_str("rsp"), slice_str(text));
	if (send(p->fd, out, n, MSG_NOSIGNAL) != (ssize_t)n)
		peer_hang_up(p);
}

static inline void peer_syslog(struct peer *p, const struct relp_frame *f)
{
	uint64_t number = number_of(f->data);
	p->here++;
	enum verdict v = p->says ? p->says(p, number) : YES;
	assert_true(p->n < PEER_SEEN);
	p->seen[p->n].number = number;
	p->seen[p->n].connection = p->connections;
	p->seen[p->n++].verdict = v;
	if (v == YES)
		peer_answer(p, f->txnr, "200 OK");
	else if (v == NO)
		peer_answer(p, f->txnr, "500 no");
	else if (v == BREAK)
		peer_hang_up(p);
}

static inline void peer_frame(struct peer *p, const struct relp_frame *f)
{
	if (slice_is(f->command, "syslog")) {
		peer_syslog(p, f);
	} else if (slice_is(f->command, "close")) {
		peer_answer(p, f->txnr, "200 OK");
	} else {
		assert_true(slice_is(f->command, "open"));
		if (p->open == OPEN_YES)
			peer_answer(p, f->txnr, "200 OK\nrelp_version=0\ncommands=syslog");
		else if (p->open == OPEN_NO)
			peer_answer(p, f->txnr, "500 not now");
		else if (p->open == OPEN_BREAK)
			peer_hang_up(p);
	}
}

static inline void peer_read(struct peer *p)
{
	static const struct relp_frame_rules rules = { .max_data = 1 << 21 };
	struct relp_frame f;
	struct err e;
	buf_reserve(&p->in, 1 << 18);
	ssize_t n = recv(p->fd, p->in.p + p->in.len, 1 << 18, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		peer_hang_up(p);
		return;
	}
	p->in.len += (size_t)n;
	while (p->fd >= 0 && (n = relp_frame_read(buf_slice(&p->in), &rules, &f, NULL, &e)) != 0) {
		assert_true(n > 0);
		peer_frame(p, &f);
		if (p->fd >= 0)
			buf_drop(&p->in, (size_t)n);
	}
}

static inline void peer_step(struct peer *p)
{
	if (p->fd < 0 && p->listener >= 0) {
		p->fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (p->fd >= 0) {
			p->connections++;
			p->here = 0;
		}
	}
	if (p->fd >= 0)
		peer_read(p);
}

/* How often the record came with this verdict. */
static inline size_t peer_times(const struct peer *p, uint64_t number, enum verdict v)
{
	size_t times = 0;
	for (size_t i = 0; i < p->n; i++)
		times += p->seen[i].number == number && p->seen[i].verdict == v;
	return times;
}

/* How many of first..last were taken; *twice: how many of them more than once. */
static inline size_t peer_taken(const struct peer *p, uint64_t first, uint64_t last, size_t *twice)
{
	size_t taken = 0;
	*twice = 0;
	for (uint64_t n = first; n <= last; n++) {
		size_t times = peer_times(p, n, YES);
		taken += times > 0;
		*twice += times > 1;
	}
	return taken;
}

/* How many records were taken before a lower one was, by the first time of each. */
static inline size_t peer_overtakers(const struct peer *p)
{
	uint64_t first[PEER_SEEN], lowest = UINT64_MAX;
	size_t n = 0, count = 0;
	for (size_t i = 0; i < p->n; i++) {
		bool again = p->seen[i].verdict != YES;
		for (size_t k = 0; k < n && !again; k++)
			again = first[k] == p->seen[i].number;
		if (!again)
			first[n++] = p->seen[i].number;
	}
	while (n--) {
		count += first[n] > lowest;
		if (first[n] < lowest)
			lowest = first[n];
	}
	return count;
}

/* ---- the sink ---- */

static inline void rig_on_count(void *arg, enum sink_count what, uint64_t n)
{
	struct rig *r = arg;
	r->count[what] += n;
}

static inline void rig_on_stopped(void *arg)
{
	struct rig *r = arg;
	r->stopped = true;
}

static inline void rig_on_line(void *arg, enum say_priority priority, const char *text)
{
	struct rig *r = arg;
	(void)priority;
	if (getenv("SINK_TEST_LOG"))
		print_message("  %s\n", text);
	if (r->lines < 64)
		snprintf(r->log[r->lines], sizeof(r->log[0]), "%s", text);
	r->lines++;
}

static inline bool rig_said(const struct rig *r, const char *part)
{
	for (unsigned i = 0; i < r->lines && i < 64; i++)
		if (strstr(r->log[i], part))
			return true;
	return false;
}

static inline void rig_sink(struct rig *r)
{
	struct sink_events ev = {
		.arg = r,
		.say = { rig_on_line, r },
		.count = rig_on_count,
		.stopped = rig_on_stopped,
		.ready = r->hooks.ready,
		.stage = r->hooks.stage,
		.ended = r->hooks.ended,
	};
	r->conf.host = "127.0.0.1";
	r->conf.port = ntohs(r->peer.at.sin_port);
	r->sink = sink_new(r->loop, NULL, r->box.sp, &r->conf, &ev);
	sink_start(r->sink);
}

/* A rig with `records` in the spool, window_frames in the window, and a receiver that says so. */
static inline struct rig *rig_new(script *says, size_t window_frames, int64_t resume_retry_count)
{
	struct err e;
	struct rig *r = mem_zero(1, sizeof(*r));
	box_start(&r->box, 64 << 20);
	r->loop = loop_new(&e);
	assert_non_null(r->loop);
	r->conf = (struct sink_conf){ .resume_retry_count = resume_retry_count, .seed = 4711 };
	r->conf.session.relp.window_frames = window_frames;
	r->conf.session.silent_ms = 300;
	r->conf.session.open_ms = 300;
	r->conf.session.close_ms = 300;
	peer_start(&r->peer, says);
	rig_sink(r);
	/* or none of the tests would fill it */
	window_free(&r->sink->window);
	window_init(&r->sink->window, window_frames > 2 ? window_frames : 2);
	return r;
}

static inline void rig_free(struct rig *r)
{
	sink_free(r->sink);
	peer_kill(&r->peer);
	buf_free(&r->peer.in);
	loop_free(r->loop);
	box_free(&r->box);
	free(r);
}

static inline void rig_put(struct rig *r, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(put(&r->box, ++r->put_upto, 60), 0);
	spool_commit(r->box.sp, loop_now_ms(r->loop));
}

static inline void rig_turn(struct rig *r)
{
	struct err e;
	struct sink *s = r->sink;
	if (!r->patient && s->stage == STAGE_WAITING && loop_timer_is_set(&s->retry) &&
	    s->retry.due_ms > loop_now_ms(r->loop) + 1) {
		uint64_t wait = s->retry.due_ms - loop_now_ms(r->loop);
		r->waits++;
		r->waited_ms += wait;
		if (wait > r->longest_ms)
			r->longest_ms = wait;
		loop_timer_set(r->loop, &s->retry, 1);
	}
	assert_int_equal(loop_turn(r->loop, 1, &e), 0);
	r->peer.now_ms = loop_now_ms(r->loop);
	peer_step(&r->peer);
	spool_commit(r->box.sp, loop_now_ms(r->loop));
	sink_pump(s);
}

#define RIG_LIMIT_MS 20000

/* Turns until `condition` is true. */
#define rig_until(r, condition) \
	do { \
		uint64_t rig_end = clock_mono_ms() + RIG_LIMIT_MS; \
		while (!(condition)) { \
			rig_turn(r); \
			if (clock_mono_ms() > rig_end) \
				fail_msg("never: %s", #condition); \
		} \
	} while (0)

static inline void rig_turns(struct rig *r, unsigned n)
{
	while (n--)
		rig_turn(r);
}

static inline bool rig_is_empty(const struct rig *r)
{
	return spool_acknowledged(r->box.sp) >= spool_appended(r->box.sp);
}

#endif
