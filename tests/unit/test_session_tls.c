// SPDX-License-Identifier: Apache-2.0
//
// A session and a receiver, over TLS, in one loop.
#include "tls_pair.h"

#include "io/net.h"
#include "sink/receiver.h"
#include "sink/session.h"

#include <errno.h>

#define TURNS_AT_MOST 20000

/* What one side wraps its sockets in. */
struct wrap {
	struct tls_creds *creds;
	struct worker *worker;
	struct tls_report report; /* the client's */
	struct transport *t;	  /* the last */
};

struct fixture {
	struct loop *loop;
	struct worker *worker;
	struct wrap client, server;
	struct session *s;
	struct receiver *r;
	struct addr_list list;

	uint64_t sent, wanted, accepted, taken;
	unsigned opened;
	bool ended, stay; /* stay: it is not closed when all is accepted */
	enum session_end why;
	struct err e;
	struct buf stages;
	struct buf trouble; /* what the receiver had to say */
};

static struct transport *wrap(void *arg, int fd, struct err *e)
{
	struct wrap *w = arg;

	(void)e;
	w->t = tls_transport(w->creds, fd, w->worker, &w->report);
	return w->t;
}

/* Many at a time: without a report. */
static struct transport *wrap_server(void *arg, int fd, struct err *e)
{
	struct wrap *w = arg;

	(void)e;
	w->t = tls_transport(w->creds, fd, w->worker, NULL);
	return w->t;
}

static void on_stage(void *arg, enum session_stage stage, const struct err *e)
{
	struct fixture *f = arg;

	(void)e;
	buf_printf(&f->stages, "%s ", session_stage_name(stage));
}

static void on_opened(void *arg, struct slice offers)
{
	struct fixture *f = arg;

	(void)offers;
	f->opened++;
}

static void on_accepted(void *arg, uint64_t first, uint64_t last, size_t count)
{
	struct fixture *f = arg;

	(void)first;
	f->accepted += count;
	assert_int_equal(last, f->accepted);
	if (f->accepted == f->wanted && !f->stay)
		session_close(f->s);
}

static struct slice message(uint64_t number, char out[2000])
{
	int n = snprintf(out, 2000, "message %llu ", (unsigned long long)number);
	size_t len = 20 + number * 7919 % 900;

	for (size_t i = (size_t)n; i < len; i++)
		out[i] = (char)('a' + (number + i) % 26);
	return slice_of(out, len);
}

static void on_room(void *arg)
{
	struct fixture *f = arg;
	char text[2000];

	while (f->sent < f->wanted) {
		struct slice m = message(f->sent + 1, text);
		if (!session_room(f->s, m.len))
			return;
		session_send(f->s, ++f->sent, m);
	}
}

static void on_ended(void *arg, enum session_end why, const struct err *e)
{
	struct fixture *f = arg;

	f->ended = true;
	f->why = why;
	f->e = e ? *e : (struct err){ 0 };
}

static bool on_message(void *arg, struct slice payload)
{
	struct fixture *f = arg;
	char text[2000];

	assert_true(slice_eq(payload, message(++f->taken, text)));
	return true;
}

static int on_commit(void *arg)
{
	(void)arg;
	return 0;
}

static void on_trouble(void *arg, const struct addr *peer, const struct err *e)
{
	struct fixture *f = arg;

	(void)peer;
	buf_printf(&f->trouble, "%s\n", e->text);
}

static const struct session_events session_events = { on_stage, on_opened, on_accepted,
						      NULL, on_room, on_ended };
static const struct receiver_events receiver_events = { on_message, on_commit, on_trouble };

/* client or server NULL: that side is plain. */
static struct fixture *start(const struct end_spec *client, const struct end_spec *server, bool worker,
			     struct session_conf conf, struct receiver_conf rconf)
{
	struct fixture *f = mem_zero(1, sizeof(*f));
	struct addr any;
	struct err e = { 0 };

	f->loop = test_loop();
	f->worker = worker ? worker_new(f->loop, &e) : NULL;
	f->client.worker = f->server.worker = f->worker;
	if (client) {
		f->client.creds = pair_creds(TLS_CLIENT, client, &e);
		conf.wrap = wrap;
		conf.wrap_arg = &f->client;
	}
	if (server) {
		f->server.creds = pair_creds(TLS_SERVER, server, &e);
		rconf.wrap = wrap_server;
		rconf.wrap_arg = &f->server;
	}
	if ((client && !f->client.creds) || (server && !f->server.creds))
		fail_msg("%s", e.text);
	assert_int_equal(addr_literal("127.0.0.1", 0, &any), 0);
	int fd = net_listen(&any, &f->list.at[0], &e);
	assert_true(fd >= 0);
	f->list.n = 1;
	f->r = receiver_new(f->loop, fd, &rconf, &receiver_events, f, &e);
	f->s = session_new(f->loop, &conf, &session_events, f);
	return f;
}

static void turn(struct fixture *f)
{
	assert_int_equal(loop_turn(f->loop, 2, NULL), 0);
	receiver_turn(f->r);
}

static void until_ended(struct fixture *f)
{
	session_start(f->s, &f->list);
	for (int i = 0; !f->ended && i < TURNS_AT_MOST; i++)
		turn(f);
	assert_true(f->ended);
}

static void end(struct fixture *f)
{
	session_free(f->s);
	receiver_stop(f->r);
	for (int i = 0; !receiver_stopped(f->r) && i < TURNS_AT_MOST; i++)
		turn(f);
	assert_true(receiver_stopped(f->r));
	receiver_free(f->r);
	worker_free(f->worker);
	tls_creds_free(f->client.creds);
	tls_creds_free(f->server.creds);
	tls_report_clear(&f->client.report);
	loop_free(f->loop);
	buf_free(&f->stages);
	buf_free(&f->trouble);
	free(f);
}

static const struct end_spec good_client = { .ca = "ca", .cert = "client" };
static const struct end_spec good_server = { .ca = "ca", .cert = "server" };

static void messages_and_answers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct end_spec client = good_client;
		client.version_max = 12 + i % 2;
		struct fixture *f = start(&client, &good_server, i >= 2, (struct session_conf){ 0 },
					  (struct receiver_conf){ .max_uncommitted = 5000 });
		f->wanted = 20000;
		until_ended(f);
		if (f->why != SESSION_END_CLOSED)
			fail_msg("%s: %s", session_end_name(f->why), f->e.text);
		assert_int_equal(f->accepted, f->wanted);
		assert_int_equal(f->taken, f->wanted);
		assert_string_equal(buf_cstr(&f->stages), "connect handshake open running drain close ");
		assert_string_equal(buf_cstr(&f->trouble), "");
		assert_int_equal(f->client.report.cause, TLS_GOOD);
		end(f);
	}
}

/* Whichever way it ends, the words say why; nothing reached the receiver's ears. */
static void who_is_not_permitted(void **state)
{
	static const struct {
		struct end_spec client, server;
		const char *text, *trouble;
		enum tls_cause cause;
	} cases[] = {
		{ { .ca = "ca", .cert = "other" }, { .ca = "ca", .cert = "server" },
		  "unknown_ca", "CA", TLS_WE_REFUSED },
		{ { .ca = "ca" }, { .ca = "ca", .cert = "server" }, "certificate", "certificate", TLS_WE_REFUSED },
		{ { .ca = "ca", .cert = "client" }, { .ca = "ca", .cert = "other" },
		  "CA", "unknown_ca", TLS_PEER_UNKNOWN_CA },
		{ { .ca = "ca", .cert = "client", .target = "elsewhere.test" }, { .ca = "ca", .cert = "server" },
		  "elsewhere.test", "bad_certificate", TLS_PEER_NAME },
		{ { .ca = "ca", .cert = "expired" }, { .ca = "ca", .cert = "server" },
		  "certificate_expired", "expired", TLS_WE_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases) * 4; i++) {
		struct end_spec client = cases[i / 4].client;
		client.version_max = 12 + i % 2;
		struct fixture *f = start(&client, &cases[i / 4].server, i % 4 >= 2, (struct session_conf){ 0 },
					  (struct receiver_conf){ 0 });
		f->wanted = 1;
		until_ended(f);
		for (int k = 0; receiver_connections(f->r) && k < TURNS_AT_MOST; k++)
			turn(f);
		assert_true(f->why == SESSION_END_HANDSHAKE || f->why == SESSION_END_OPEN_CLOSED);
		assert_in(f->e.text, cases[i / 4].text);
		assert_in(buf_cstr(&f->trouble), cases[i / 4].trouble);
		assert_int_equal(f->client.report.cause, cases[i / 4].cause);
		assert_int_equal(f->opened, 0);
		end(f);
	}
}

static void plain_and_tls_meet(void **state)
{
	(void)state;
	struct fixture *f = start(NULL, &good_server, false, (struct session_conf){ 0 }, (struct receiver_conf){ 0 });
	until_ended(f);
	assert_in(f->e.text, "speaks TLS");
	assert_int_equal(f->why, SESSION_END_PROTOCOL);
	assert_in(buf_cstr(&f->trouble), "plain RELP");
	end(f);

	f = start(&good_client, NULL, true, (struct session_conf){ 0 }, (struct receiver_conf){ 0 });
	until_ended(f);
	assert_int_equal(f->why, SESSION_END_HANDSHAKE);
	assert_in(f->e.text, "plain RELP");
	assert_int_equal(f->client.report.cause, TLS_PLAIN_RELP);
	end(f);
}

static void old_keys_end_a_session_well(void **state)
{
	(void)state;
	struct fixture *f = start(&good_client, &good_server, true, (struct session_conf){ 0 }, (struct receiver_conf){ 0 });

	f->wanted = 10;
	f->stay = true;
	session_start(f->s, &f->list);
	for (int i = 0; f->accepted < 10 && i < TURNS_AT_MOST; i++)
		turn(f);
	((struct tls_conn *)f->client.t)->records_out = 1 << 22;
	f->wanted = 11; /* not any more */
	session_flush(f->s);
	for (int i = 0; !f->ended && i < 200; i++) {
		if (f->sent == 10 && session_room(f->s, 100))
			on_room(f);
		session_flush(f->s);
		turn(f);
	}
	assert_true(f->ended);
	assert_int_equal(f->why, SESSION_END_CLOSED);
	assert_int_equal(f->accepted, f->sent);
	end(f);
}

static void a_receiver_with_old_keys_sends_away(void **state)
{
	(void)state;
	struct fixture *f = start(&good_client, &good_server, true, (struct session_conf){ 0 }, (struct receiver_conf){ 0 });

	f->wanted = 10;
	f->stay = true;
	session_start(f->s, &f->list);
	for (int i = 0; f->accepted < 10 && i < TURNS_AT_MOST; i++)
		turn(f);
	((struct tls_conn *)f->server.t)->records_in = 1 << 22;
	f->wanted = 11;
	on_room(f);
	session_flush(f->s);
	for (int i = 0; !f->ended && i < TURNS_AT_MOST; i++)
		turn(f);
	assert_int_equal(f->why, SESSION_END_SERVERCLOSE);
	end(f);
}

/* Aborted in any turn of the handshake, also while the thread has it. */
static void abandoned_in_the_handshake(void **state)
{
	(void)state;
	for (int turns = 1; turns < 8; turns++) {
		struct fixture *f = start(&good_client, &good_server, true, (struct session_conf){ 0 },
					  (struct receiver_conf){ 0 });
		session_start(f->s, &f->list);
		for (int i = 0; i < turns; i++)
			assert_int_equal(loop_turn(f->loop, i % 2, NULL), 0);
		if (turns % 2)
			session_abort(f->s);
		else
			session_close(f->s);
		for (int i = 0; i < 3; i++)
			turn(f);
		end(f);
	}
}

/* Nobody answers: the limit of the stage holds. */
static void a_silent_peer_has_a_limit(void **state)
{
	(void)state;
	struct fixture *f = start(&good_client, &good_server, true, (struct session_conf){ .handshake_ms = 50 },
				  (struct receiver_conf){ .open_ms = 50 });
	struct addr any;
	struct addr_list list = { .n = 1 };
	assert_int_equal(addr_literal("127.0.0.1", 0, &any), 0);
	int fd = net_listen(&any, &list.at[0], NULL); /* takes, and says nothing */

	session_start(f->s, &list);
	for (int i = 0; !f->ended && i < TURNS_AT_MOST; i++)
		turn(f);
	assert_int_equal(f->why, SESSION_END_HANDSHAKE);
	assert_int_equal(f->e.code, ETIMEDOUT);
	close(fd);

	fd = net_connect(&f->list.at[0], NULL); /* connects, and says nothing */
	assert_true(fd >= 0);
	for (int i = 0; !f->trouble.len && i < TURNS_AT_MOST; i++)
		turn(f);
	assert_in(buf_cstr(&f->trouble), "handshake");
	assert_int_equal(receiver_connections(f->r), 0);
	close(fd);
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_and_answers),
		cmocka_unit_test(who_is_not_permitted),
		cmocka_unit_test(plain_and_tls_meet),
		cmocka_unit_test(old_keys_end_a_session_well),
		cmocka_unit_test(a_receiver_with_old_keys_sends_away),
		cmocka_unit_test(abandoned_in_the_handshake),
		cmocka_unit_test(a_silent_peer_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
