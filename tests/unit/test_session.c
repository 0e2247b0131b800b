// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/net.h"
#include "sink/receiver.h"
#include "sink/session.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNS_AT_MOST 20000
#define OPEN_OK "1 rsp 6 200 OK\n"

/* A session, what it told in short words, and a peer in the test's own hands. */
struct fixture {
	struct loop *loop;
	struct session *s;
	struct buf told;
	uint64_t next, last, accepted; /* tokens to be sent; accepted so far */
	unsigned times;		       /* that something was told to be accepted */
	bool in_order, ended, close_at_end;
	enum session_end why;
	struct err e;
	const char *at;	      /* at the callback whose word this is, do: */
	void (*act)(struct fixture *f);

	int listener, peer;
	struct addr_list list;
	struct buf heard;
};

static void tell(struct fixture *f, const char *word)
{
	if (f->told.len)
		buf_add_char(&f->told, ' ');
	buf_add_str(&f->told, word);
	if (f->at && strcmp(f->at, word) == 0) {
		f->at = NULL;
		f->act(f);
	}
}

static void on_stage(void *arg, enum session_stage stage, const struct err *e)
{
	tell(arg, e ? "next-address" : session_stage_name(stage));
}

static void on_opened(void *arg, struct slice offers)
{
	(void)offers;
	tell(arg, "opened");
}

static void on_accepted(void *arg, uint64_t first, uint64_t last, size_t count)
{
	struct fixture *f = arg;

	f->in_order = f->in_order && first == f->accepted + 1 && last == f->accepted + count;
	f->accepted = last;
	f->times++;
	if (f->at && strcmp(f->at, "accepted") == 0)
		tell(f, "accepted");
}

static void on_refused(void *arg, uint64_t token, unsigned code, struct slice text)
{
	(void)token;
	(void)code;
	(void)text;
	tell(arg, "refused");
}

static void on_room(void *arg)
{
	struct fixture *f = arg;
	char data[64];

	while (f->next <= f->last) {
		int len = snprintf(data, sizeof(data), "message %llu", (unsigned long long)f->next);
		if (!session_room(f->s, (size_t)len))
			return;
		session_send(f->s, f->next++, slice_of(data, (size_t)len));
	}
	if (f->at && strcmp(f->at, "room") == 0)
		tell(f, "room");
	else if (f->close_at_end)
		session_close(f->s);
}

static void on_ended(void *arg, enum session_end why, const struct err *e)
{
	struct fixture *f = arg;

	f->ended = true;
	f->why = why;
	f->e = e ? *e : (struct err){ 0 };
	tell(f, "ended");
}

static const struct session_events events = { on_stage, on_opened, on_accepted,
					      on_refused, on_room, on_ended };

static struct addr any_port(void)
{
	struct addr a;

	assert_int_equal(addr_literal("127.0.0.1", 0, &a), 0);
	return a;
}

static struct fixture *start(struct session_conf conf)
{
	struct fixture *f = mem_zero(1, sizeof(*f));
	struct addr a = any_port();
	struct err e;

	f->next = 1;
	f->in_order = true;
	f->peer = -1;
	f->loop = loop_new(&e);
	f->s = session_new(f->loop, &conf, &events, f);
	f->listener = net_listen(&a, &f->list.at[0], &e);
	f->list.n = 1;
	return f;
}

static void end(struct fixture *f)
{
	session_free(f->s);
	loop_free(f->loop);
	if (f->listener >= 0)
		close(f->listener);
	if (f->peer >= 0)
		close(f->peer);
	buf_free(&f->told);
	buf_free(&f->heard);
	free(f);
}

static void turn(struct fixture *f)
{
	char bytes[65536];
	struct addr from;
	ssize_t n;

	assert_int_equal(loop_turn(f->loop, 2, NULL), 0);
	if (f->peer < 0 && f->listener >= 0)
		f->peer = net_accept(f->listener, &from, NULL);
	while (f->peer >= 0 && (n = recv(f->peer, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		buf_add(&f->heard, bytes, (size_t)n);
}

#define turn_until(f, cond)                                  \
	do {                                                 \
		int turns = 0;                               \
		while (!(cond)) {                            \
			turn(f);                             \
			assert_true(turns++ < TURNS_AT_MOST); \
		}                                            \
	} while (0)

static bool heard(struct fixture *f, const char *text)
{
	return strstr(buf_cstr(&f->heard), text) != NULL;
}

static void says(struct fixture *f, const char *text)
{
	assert_int_equal(send(f->peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Up to the open session with messages 1..n at the peer. */
static struct fixture *running(struct session_conf conf, uint64_t n)
{
	struct fixture *f = start(conf);
	char last[64];

	f->last = n;
	session_start(f->s, &f->list);
	turn_until(f, heard(f, "1 open "));
	says(f, OPEN_OK);
	snprintf(last, sizeof(last), "message %llu\n", (unsigned long long)n);
	if (n)
		turn_until(f, heard(f, last));
	else
		turn_until(f, session_stage(f->s) == SESSION_RUNNING);
	return f;
}

static void hangs_up(struct fixture *f, bool reset)
{
	struct linger l = { .l_onoff = 1, .l_linger = 0 };

	if (reset)
		setsockopt(f->peer, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(f->peer);
	f->peer = -1;
	close(f->listener);
	f->listener = -1;
}

static void a_life(void **state)
{
	(void)state;
	struct fixture *f = running((struct session_conf){ 0 }, 3);

	assert_string_equal(buf_cstr(&f->told), "connect handshake open running opened");
	assert_int_equal(session_unanswered(f->s), 3);
	says(f, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n");
	turn_until(f, f->accepted == 3);
	session_close(f->s);
	assert_false(session_room(f->s, 1));
	turn_until(f, heard(f, "5 close 0\n"));
	says(f, "5 rsp 0\n0 serverclose 0\n");
	turn_until(f, f->ended);
	assert_string_equal(buf_cstr(&f->told),
			    "connect handshake open running opened drain close ended");
	assert_int_equal(f->why, SESSION_END_CLOSED);
	assert_string_equal(f->e.text, "");
	assert_int_equal(session_stage(f->s), SESSION_IDLE);
	end(f);
}

/* --- with the receiver ---------------------------------------------------------------- */

struct taken {
	uint64_t n;
	bool in_order;
	struct buf lines;
};

static bool on_message(void *arg, struct slice payload)
{
	struct taken *t = arg;
	char want[64];

	snprintf(want, sizeof(want), "message %llu", (unsigned long long)++t->n);
	t->in_order = t->in_order && slice_is(payload, want);
	return true;
}

static int on_commit(void *arg)
{
	(void)arg;
	return 0;
}

static const struct receiver_events receiver_events = { on_message, on_commit, NULL };

static void exchange(struct session_conf conf, struct receiver_conf rconf, uint64_t n)
{
	struct fixture *f = start(conf);
	struct taken taken = { .in_order = true };
	struct receiver *r =
		receiver_new(f->loop, f->listener, &rconf, &receiver_events, &taken, NULL);

	f->listener = -1; /* the receiver's */
	f->last = n;
	f->close_at_end = true;
	session_start(f->s, &f->list);
	for (int i = 0; !f->ended && i < TURNS_AT_MOST * 10; i++) {
		turn(f);
		receiver_turn(r);
	}
	assert_true(f->ended);
	assert_int_equal(f->why, SESSION_END_CLOSED);
	assert_true(f->in_order && taken.in_order);
	assert_int_equal(f->accepted, n);
	assert_int_equal(taken.n, n);
	receiver_stop(r);
	for (int i = 0; !receiver_stopped(r) && i < TURNS_AT_MOST; i++)
		turn(f);
	assert_true(receiver_stopped(r));
	receiver_free(r);
	end(f);
}

static void many_messages(void **state)
{
	(void)state;
	exchange((struct session_conf){ 0 }, (struct receiver_conf){ 0 }, 100000);
	exchange((struct session_conf){ .relp = { .window_frames = 1 } }, (struct receiver_conf){ 0 }, 50);
	exchange((struct session_conf){ .relp = { .window_bytes = 100, .output_bytes = 30 } },
		 (struct receiver_conf){ .max_uncommitted = 20 }, 2000);
}

/*
 * A transport as TLS may be: takes and gives a few bytes at a time, wants to wait
 * for either direction in both, and holds bytes the socket no longer shows.
 */
struct odd {
	struct transport t;
	uint64_t rnd;
	char held[100];
	size_t from, to;
	bool shaken;
};

static int odd_handshake(struct transport *t, struct err *e)
{
	struct odd *o = (struct odd *)t;

	(void)e;
	if (o->shaken)
		return 0;
	o->shaken = true;
	return TRANSPORT_WANT_WRITE;
}

static ssize_t odd_read(struct transport *t, void *p, size_t len, struct err *e)
{
	struct odd *o = (struct odd *)t;

	(void)e;
	if (o->from == o->to) {
		/* nothing lost by asking for the other direction now and then */
		if (rand_below(&o->rnd, 4) == 0)
			return TRANSPORT_WANT_WRITE;
		ssize_t n = recv(t->fd, o->held, sizeof(o->held), 0);
		if (n <= 0)
			return n < 0 && errno == EAGAIN ? TRANSPORT_WANT_READ : n;
		o->from = 0;
		o->to = (size_t)n;
	}
	size_t n = 1 + (size_t)rand_below(&o->rnd, o->to - o->from);
	n = n < len ? n : len;
	memcpy(p, o->held + o->from, n);
	o->from += n;
	return (ssize_t)n;
}

static ssize_t odd_write(struct transport *t, const void *p, size_t len, struct err *e)
{
	struct odd *o = (struct odd *)t;
	size_t n = 1 + (size_t)rand_below(&o->rnd, 2000);

	(void)e;
	if (rand_below(&o->rnd, 3) == 0)
		return TRANSPORT_WANT_WRITE;
	ssize_t done = send(t->fd, p, n < len ? n : len, MSG_NOSIGNAL);
	return done < 0 ? (errno == EAGAIN ? TRANSPORT_WANT_WRITE : TRANSPORT_FAILED) : done;
}

static int odd_shut(struct transport *t, struct err *e)
{
	(void)e;
	return shutdown(t->fd, SHUT_WR) < 0 ? TRANSPORT_FAILED : 0;
}

static void odd_free(struct transport *t)
{
	close(t->fd);
	free(t);
}

static const struct transport_ops odd_ops = {
	.name = "odd",
	.handshake = odd_handshake,
	.read = odd_read,
	.write = odd_write,
	.shut = odd_shut,
	.free = odd_free,
};

static struct transport *odd_wrap(void *arg, int fd, struct err *e)
{
	struct odd *o = mem_zero(1, sizeof(*o));

	(void)arg;
	(void)e;
	o->t = (struct transport){ .ops = &odd_ops, .fd = fd };
	o->rnd = 7;
	return &o->t;
}

static void over_an_odd_transport(void **state)
{
	(void)state;
	exchange((struct session_conf){ .wrap = odd_wrap }, (struct receiver_conf){ .wrap = odd_wrap },
		 5000);
}

/* As with a receiver that answers each message by a TLS record of its own. */
static ssize_t drip_read(struct transport *t, void *p, size_t len, struct err *e)
{
	size_t frame = strlen("1234 rsp 6 200 OK\n");
	ssize_t n = recv(t->fd, p, len < frame ? len : frame, 0);

	(void)e;
	return n < 0 && errno == EAGAIN ? TRANSPORT_WANT_READ : n;
}

static struct transport *drip_wrap(void *arg, int fd, struct err *e)
{
	static struct transport_ops drip_ops;
	struct transport *t = transport_plain(fd);

	(void)arg;
	(void)e;
	drip_ops = *t->ops;
	drip_ops.read = drip_read;
	t->ops = &drip_ops;
	return t;
}

static void answers_that_come_one_by_one_are_taken_many_at_a_time(void **state)
{
	struct fixture *f = running((struct session_conf){ .wrap = drip_wrap }, 1000);
	struct buf answers = { 0 };

	(void)state;
	for (unsigned i = 2; i <= 1001; i++)
		buf_printf(&answers, "%u rsp 6 200 OK\n", i);
	says(f, buf_cstr(&answers));
	turn_until(f, f->accepted == 1000);
	assert_true(f->in_order);
	assert_in_range(f->times, 1, 20);
	buf_free(&answers);
	end(f);
}

static struct transport *no_wrap(void *arg, int fd, struct err *e)
{
	(void)arg;
	(void)fd;
	err_set(e, "no key");
	return NULL;
}

static void no_transport(void **state)
{
	(void)state;
	struct fixture *f = start((struct session_conf){ .wrap = no_wrap });

	session_start(f->s, &f->list);
	turn_until(f, f->ended);
	assert_int_equal(f->why, SESSION_END_HANDSHAKE);
	assert_string_equal(f->e.text, "no key");
	end(f);
}

/* --- connecting ----------------------------------------------------------------------- */

static struct addr closed_port(void)
{
	struct addr a = any_port(), bound;
	int fd = net_listen(&a, &bound, NULL);

	close(fd);
	return bound;
}

static void nobody_listens(void **state)
{
	(void)state;
	struct fixture *f = start((struct session_conf){ 0 });

	f->list.at[0] = closed_port();
	session_start(f->s, &f->list);
	assert_int_equal(f->told.len, 0); /* never from inside */
	turn_until(f, f->ended);
	assert_int_equal(f->why, SESSION_END_CONNECT);
	assert_int_equal(f->e.code, ECONNREFUSED);
	assert_non_null(strstr(f->e.text, "127.0.0.1:"));
	assert_string_equal(buf_cstr(&f->told), "connect ended");
	end(f);
}

/* Taken and reset before we looked: the receiver answers and will not have us, as with a later reset. */
static void reset_as_soon_as_connected(void **state)
{
	(void)state;
	struct fixture *f = start((struct session_conf){ 0 });

	session_start(f->s, &f->list);
	turn_until(f, f->peer >= 0);
	assert_string_equal(buf_cstr(&f->told), "connect");
	hangs_up(f, true);
	turn_until(f, f->ended);
	assert_string_equal(buf_cstr(&f->told), "connect ended");
	assert_int_equal(f->why, SESSION_END_OPEN_CLOSED);
	assert_int_equal(f->e.code, ECONNRESET);
	end(f);
}

static void the_second_address(void **state)
{
	(void)state;
	struct fixture *f = start((struct session_conf){ 0 });

	f->list.at[1] = f->list.at[0];
	f->list.at[0] = closed_port();
	f->list.n = 2;
	session_start(f->s, &f->list);
	turn_until(f, heard(f, "1 open "));
	assert_string_equal(buf_cstr(&f->told), "connect next-address connect handshake open");
	assert_int_equal(addr_port(session_peer(f->s)), addr_port(&f->list.at[1]));
	end(f);
}

/* A listener whose queue is full lets nobody in. */
static void no_answer_to_the_connect(void **state)
{
	(void)state;
	struct fixture *f = start((struct session_conf){ .connect_ms = 50 });
	struct addr a = f->list.at[0];
	int fillers[4];

	listen(f->listener, 0);
	for (int i = 0; i < 4; i++)
		fillers[i] = net_connect(&a, NULL);
	session_start(f->s, &f->list);
	for (int i = 0; !f->ended && i < TURNS_AT_MOST; i++)
		loop_turn(f->loop, 2, NULL);
	assert_int_equal(f->why, SESSION_END_CONNECT);
	assert_int_equal(f->e.code, ETIMEDOUT);
	for (int i = 0; i < 4; i++)
		close(fillers[i]);
	end(f);
}

/* --- open ------------------------------------------------------------------------------- */

static void answers_open(const char *answer, enum session_end why, const char *words)
{
	struct fixture *f = start((struct session_conf){ .open_ms = 100 });

	session_start(f->s, &f->list);
	turn_until(f, heard(f, "1 open "));
	if (!answer)
		hangs_up(f, false);
	else
		says(f, answer);
	turn_until(f, f->ended);
	if (f->why != why || !strstr(f->e.text, words))
		fail_msg("%s: %s: %s", answer, session_end_name(f->why), f->e.text);
	end(f);
}

static void open_goes_wrong(void **state)
{
	(void)state;
	answers_open("", SESSION_END_OPEN_TIMEOUT, "no answer to open within 0.1 s");
	answers_open("1 rsp 6 500 no\n", SESSION_END_OPEN_REFUSED, "500 no");
	answers_open("1 rsp 11 500 \x1b[31mno\n", SESSION_END_OPEN_REFUSED, "500 \\x1b[31mno");
	answers_open("1 rsp 16 200 OK\ncommands=\n", SESSION_END_OPEN_REFUSED, "syslog");
	answers_open("0 serverclose 0\n", SESSION_END_OPEN_CLOSED, "serverclose");
	answers_open(NULL, SESSION_END_OPEN_CLOSED, "closed");
	answers_open("SSH-2.0-x\r\n", SESSION_END_PROTOCOL, "not a RELP frame");
}

/* --- running ------------------------------------------------------------------------------ */

static void silence_has_a_limit(void **state)
{
	(void)state;
	struct fixture *f = running((struct session_conf){ .silent_ms = 80 }, 3);

	turn_until(f, f->ended);
	assert_int_equal(f->why, SESSION_END_SILENT);
	end(f);

	/* each answer begins it anew; nothing unanswered, nothing late */
	f = running((struct session_conf){ .silent_ms = 200 }, 3);
	uint64_t begun = clock_mono_ms();
	for (int i = 2; i <= 4; i++) {
		char answer[32];
		uint64_t now = clock_mono_ms();
		turn_until(f, clock_mono_ms() > now + 120);
		snprintf(answer, sizeof(answer), "%d rsp 6 200 OK\n", i);
		says(f, answer);
	}
	turn_until(f, clock_mono_ms() > begun + 800);
	assert_false(f->ended);
	assert_int_equal(f->accepted, 3);
	end(f);
}

static void the_end_comes_early(void **state)
{
	(void)state;
	static const struct {
		const char *last;
		enum session_end why;
	} cases[] = {
		{ NULL, SESSION_END_CLOSED_EARLY },
		{ "0 serverclose 0\n", SESSION_END_SERVERCLOSE },
		{ "rubbish", SESSION_END_PROTOCOL },
		{ "9 rsp 6 200 OK\n", SESSION_END_PROTOCOL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *f = running((struct session_conf){ 0 }, 5);
		says(f, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
		if (cases[i].last)
			says(f, cases[i].last);
		else
			hangs_up(f, false);
		turn_until(f, f->ended);
		assert_int_equal(f->accepted, 2); /* what came before it counts */
		assert_int_equal(f->why, cases[i].why);
		assert_true(f->e.text[0]);
		end(f);
	}
}

/* The peer answers a little, then resets while our socket is full: its answers still count. */
static void a_reset_while_we_write(void **state)
{
	(void)state;
	struct fixture *f = start((struct session_conf){
		.relp = { .window_frames = 1 << 20, .window_bytes = 64 << 20 } });
	struct addr from;
	char bytes[4096];

	session_start(f->s, &f->list);
	turn_until(f, heard(f, "1 open "));
	says(f, OPEN_OK);
	f->last = 1000000;
	/* no more is read from here on */
	int peer = f->peer;
	f->peer = -1;
	while (f->next < 100000) {
		assert_int_equal(loop_turn(f->loop, 2, NULL), 0);
		assert_int_equal(net_accept(f->listener, &from, NULL), -1);
	}
	assert_true(recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT) > 0);
	f->peer = peer;
	says(f, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
	hangs_up(f, true);
	for (int i = 0; !f->ended && i < TURNS_AT_MOST; i++)
		loop_turn(f->loop, 2, NULL);
	assert_int_equal(f->why, SESSION_END_CLOSED_EARLY);
	assert_int_equal(f->accepted, 2);
	end(f);
}

static void numbers_used_up_close_it(void **state)
{
	(void)state;
	struct fixture *f = running((struct session_conf){ .relp = { .last_txnr = 4 } }, 3);

	f->last = 10;
	says(f, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n");
	turn_until(f, heard(f, "5 close 0\n"));
	says(f, "5 rsp 0\n");
	turn_until(f, f->ended);
	assert_int_equal(f->why, SESSION_END_CLOSED);
	assert_int_equal(f->next, 4);
	end(f);
}

/* --- closing ------------------------------------------------------------------------------ */

static void close_waits_for_answers(void **state)
{
	(void)state;
	struct fixture *f = running((struct session_conf){ .drain_ms = 5000, .close_ms = 60 }, 3);

	session_close(f->s);
	f->last = 10;
	turn_until(f, session_stage(f->s) == SESSION_DRAIN);
	says(f, "2 rsp 6 200 OK\n3 rsp 6 500 no\n");
	turn_until(f, f->accepted == 1);
	assert_false(heard(f, "close"));
	says(f, "4 rsp 6 200 OK\n");
	turn_until(f, heard(f, "5 close 0\n"));
	/* no answer to close: all is answered, so it ended well, with a remark */
	turn_until(f, f->ended);
	assert_int_equal(f->why, SESSION_END_CLOSED);
	assert_non_null(strstr(f->e.text, "no answer to close"));
	assert_int_equal(f->next, 4);
	end(f);
}

static void draining_has_a_limit(void **state)
{
	(void)state;
	struct fixture *f = running((struct session_conf){ .drain_ms = 60 }, 3);

	session_close(f->s);
	turn_until(f, f->ended);
	assert_int_equal(f->why, SESSION_END_SILENT);
	assert_non_null(strstr(f->e.text, "3 messages"));
	end(f);
	/* the limit on silence is not lifted by it */
	f = running((struct session_conf){ .drain_ms = 100000, .silent_ms = 60 }, 3);
	session_close(f->s);
	turn_until(f, f->ended);
	assert_int_equal(f->why, SESSION_END_SILENT);
	end(f);
}

static void close_before_it_runs(void **state)
{
	(void)state;
	struct fixture *f = start((struct session_conf){ 0 });

	session_start(f->s, &f->list);
	session_close(f->s);
	turn_until(f, f->ended);
	assert_int_equal(f->why, SESSION_END_CLOSED);
	f->ended = false;
	session_start(f->s, &f->list);
	turn_until(f, heard(f, "1 open "));
	session_close(f->s);
	turn_until(f, f->ended);
	assert_int_equal(f->why, SESSION_END_CLOSED);
	end(f);
}

static void end_of_stream_when_all_is_answered(void **state)
{
	(void)state;
	struct fixture *f = running((struct session_conf){ 0 }, 1);

	session_close(f->s);
	turn_until(f, session_stage(f->s) == SESSION_DRAIN);
	says(f, "2 rsp 6 200 OK\n");
	hangs_up(f, false);
	turn_until(f, f->ended);
	assert_int_equal(f->accepted, 1);
	assert_int_equal(f->why, SESSION_END_CLOSED);
	end(f);
}

/* --- what the owner may do in a callback ----------------------------------------------------- */

static void act_free(struct fixture *f)
{
	session_free(f->s);
	f->s = NULL;
	f->ended = true;
}

static void act_abort(struct fixture *f)
{
	session_abort(f->s);
	f->ended = true;
}

static void act_restart(struct fixture *f)
{
	session_abort(f->s);
	session_start(f->s, &f->list);
	f->ended = true;
}

static void in_every_callback(void **state)
{
	(void)state;
	static const char *const words[] = { "next-address", "connect", "handshake", "open", "running",
					     "opened", "room", "accepted", "refused", "drain",
					     "close", "ended" };
	static void (*const acts[])(struct fixture *) = { act_free, act_abort, act_restart };

	for (size_t i = 0; i < 3 * sizeof(words) / sizeof(words[0]); i++) {
		struct fixture *f = start((struct session_conf){ 0 });
		bool opened = false, answered = false, closed = false;

		f->list.at[1] = f->list.at[0];
		f->list.at[0] = closed_port();
		f->list.n = 2;
		f->at = words[i / 3];
		f->act = acts[i % 3];
		f->last = 3;
		session_start(f->s, &f->list);
		while (f->at) {
			turn(f);
			if (!opened && heard(f, "1 open ")) {
				says(f, OPEN_OK);
				opened = true;
			}
			if (!answered && heard(f, "message 3\n")) {
				says(f, "2 rsp 6 200 OK\n3 rsp 6 500 no\n4 rsp 6 200 OK\n");
				answered = true;
			}
			if (answered && f->s && f->at)
				session_close(f->s);
			if (!closed && heard(f, "5 close 0\n")) {
				says(f, "5 rsp 0\n");
				closed = true;
			}
		}
		size_t told = f->told.len;
		for (int k = 0; k < 3; k++)
			loop_turn(f->loop, 1, NULL);
		/* a dropped one is silent; a new one begins */
		assert_int_equal(f->told.len > told, f->act == act_restart);
		end(f);
	}
}

static void start_in_ended(struct fixture *f)
{
	session_start(f->s, &f->list);
}

/* Each connection begins with open at number 1, with nothing of the one before. */
static void connect_again_in_ended(void **state)
{
	(void)state;
	struct fixture *f = running((struct session_conf){ 0 }, 5);

	f->at = "ended";
	f->act = start_in_ended;
	says(f, "2 rsp 6 200 OK\n3 rs");
	turn_until(f, f->accepted == 1);
	shutdown(f->peer, SHUT_RDWR);
	close(f->peer);
	f->peer = -1;
	f->heard.len = 0;
	turn_until(f, heard(f, "1 open "));
	says(f, OPEN_OK);
	f->next = 2;
	turn_until(f, heard(f, "2 syslog 9 message 2\n"));
	says(f, "2 rsp 6 200 OK\n");
	turn_until(f, f->accepted == 2);
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_life),
		cmocka_unit_test(many_messages),
		cmocka_unit_test(over_an_odd_transport),
		cmocka_unit_test(answers_that_come_one_by_one_are_taken_many_at_a_time),
		cmocka_unit_test(no_transport),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(reset_as_soon_as_connected),
		cmocka_unit_test(the_second_address),
		cmocka_unit_test(no_answer_to_the_connect),
		cmocka_unit_test(open_goes_wrong),
		cmocka_unit_test(silence_has_a_limit),
		cmocka_unit_test(the_end_comes_early),
		cmocka_unit_test(a_reset_while_we_write),
		cmocka_unit_test(numbers_used_up_close_it),
		cmocka_unit_test(close_waits_for_answers),
		cmocka_unit_test(draining_has_a_limit),
		cmocka_unit_test(close_before_it_runs),
		cmocka_unit_test(end_of_stream_when_all_is_answered),
		cmocka_unit_test(in_every_callback),
		cmocka_unit_test(connect_again_in_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
