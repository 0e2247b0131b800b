// SPDX-License-Identifier: Apache-2.0
#include "tls_pair.h"

#include <errno.h>

static const struct end_spec good_client = { .ca = "ca", .cert = "client" };
static const struct end_spec good_server = { .ca = "ca", .cert = "server" };

static void open_pair(struct pair *p, unsigned version_max)
{
	struct end_spec client = good_client;

	client.version_max = version_max;
	pair_init(p, &client, &good_server, false);
	pair_shake(p);
	assert_true(p->client.done && p->server.done);
}

/* --- writing and reading ------------------------------------------------------------ */

/* The bytes of a stream, by their place: whatever is lost or doubled shows. */
static void fill(char *p, size_t at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (char)(((at + i) * 2654435761U) >> 13);
}

/* Writes what it can of the stream from *at on, out of memory that is never twice the same. */
static int write_some(struct end *end, size_t *at, size_t upto, size_t most)
{
	while (*at < upto) {
		size_t len = upto - *at < most ? upto - *at : most;
		char *p = mem_alloc(len);
		fill(p, *at, len);
		ssize_t n = end->t->ops->write(end->t, p, len, &end->e);
		free(p);
		if (n < 0)
			return (int)n;
		assert_true(n > 0 && (size_t)n <= len);
		*at += (size_t)n;
	}
	return 0;
}

static int read_some(struct end *end, size_t *at, size_t most)
{
	char got[5000], want[5000];
	ssize_t n;

	while (most && (n = end->t->ops->read(end->t, got, most < sizeof(got) ? most : sizeof(got), &end->e)) > 0) {
		fill(want, *at, (size_t)n);
		assert_memory_equal(got, want, n);
		*at += (size_t)n;
		most -= (size_t)n;
	}
	return most ? (int)n : 0;
}

/* A socket that takes 4 KiB at a time; each try has more bytes, at another address. */
static void a_write_goes_on_with_more_bytes_at_another_address(void **state)
{
	const size_t total = 600000;

	(void)state;
	for (unsigned version = 12; version <= 13; version++) {
		struct pair p;
		size_t out = 0, in = 0, waits = 0;
		int small = 4096;
		open_pair(&p, version);
		assert_int_equal(setsockopt(p.client.t->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
		for (size_t offered = 1; in < total;) {
			int r = write_some(&p.client, &out, offered, total);
			assert_true(r == 0 || r == TRANSPORT_WANT_WRITE);
			waits += r == TRANSPORT_WANT_WRITE;
			r = read_some(&p.server, &in, 3000);
			assert_true(r == 0 || r == TRANSPORT_WANT_READ);
			/* what was offered stays, and more comes behind it */
			offered = offered + offered % 7001 + 1 < total ? offered + offered % 7001 + 1 : total;
		}
		assert_true(waits > 10);
		assert_int_equal(in, total);
		pair_free(&p);
	}
}

/* Counts the records of what lies in the socket; nothing is taken out of it. */
static size_t records_in(int fd, size_t *bytes)
{
	size_t cap = 4 << 20, n = 0, at = 0;
	unsigned char *p = mem_alloc(cap);
	ssize_t len = recv(fd, p, cap, MSG_PEEK);

	assert_true(len > 0);
	while (at + 5 <= (size_t)len) {
		assert_int_equal(p[at], MBEDTLS_SSL_MSG_APPLICATION_DATA);
		at += 5 + ((size_t)p[at + 3] << 8 | p[at + 4]);
		n++;
	}
	assert_int_equal(at, len);
	*bytes = (size_t)len;
	free(p);
	return n;
}

static void records_are_filled(void **state)
{
	const size_t total = 1 << 20;

	(void)state;
	for (unsigned version = 12; version <= 13; version++) {
		struct pair p;
		size_t out = 0, bytes;
		int large = 8 << 20;
		open_pair(&p, version);
		(void)setsockopt(p.client.t->fd, SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof(large));
		(void)setsockopt(p.client.t->fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof(large));
		int r = write_some(&p.client, &out, total, total);
		if (r == 0) {
			/* TLS 1.3 has one byte less in each */
			assert_int_equal(records_in(p.server.t->fd, &bytes), version == 12 ? 64 : 65);
			assert_true(bytes < total + 64 * 40);
		} else { /* not root: as much as the socket takes; all but the last are full */
			assert_int_equal(out % (version == 12 ? 16384 : 16383), 0);
			assert_true(out > 0);
		}
		pair_free(&p);
	}
}

static void the_end_is_an_end_with_and_without_a_goodbye(void **state)
{
	char got[16];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct pair p;
		open_pair(&p, 12 + i % 2);
		assert_int_equal(p.client.t->ops->write(p.client.t, "last", 4, &p.client.e), 4);
		if (i >= 2)
			assert_int_equal(p.client.t->ops->shut(p.client.t, NULL), 0);
		else
			shutdown(p.client.t->fd, SHUT_WR);
		assert_int_equal(end_read(&p.server, got, sizeof(got)), 4);
		assert_int_equal(end_read(&p.server, got, sizeof(got)), TRANSPORT_EOF);
		/* the other way it still goes */
		assert_carries(&p.server, &p.client, "answer");
		pair_free(&p);
	}
}

static void a_damaged_record_breaks_it(void **state)
{
	static const unsigned char junk[] = "\x17\x03\x03\x00\x20"
					    "0123456789abcdef0123456789abcdef";
	char got[16];

	(void)state;
	for (unsigned version = 12; version <= 13; version++) {
		struct pair p;
		open_pair(&p, version);
		assert_int_equal(send(p.client.t->fd, junk, sizeof(junk) - 1, 0), sizeof(junk) - 1);
		assert_int_equal(end_read(&p.server, got, sizeof(got)), TRANSPORT_FAILED);
		assert_int_equal(p.server.report.cause, TLS_BROKEN);
		assert_true(p.server.e.text[0] != '\0');
		/* and the other end is told so */
		assert_int_equal(end_read(&p.client, got, sizeof(got)), TRANSPORT_FAILED);
		assert_int_equal(p.client.report.cause, TLS_ALERT);
		assert_int_equal(p.client.report.alert, MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC);
		pair_free(&p);
	}
}

/* What was agreed on cannot be what is missing. */
static void an_alert_after_the_handshake_is_not_about_the_handshake(void **state)
{
	static const struct {
		unsigned char alert;
		enum tls_cause cause;
	} cases[] = {
		{ MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, TLS_ALERT },
		{ MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION, TLS_ALERT },
		{ MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA, TLS_WE_REFUSED }, /* TLS 1.3: it comes now */
	};
	char got[16];

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		struct pair p;
		open_pair(&p, 12 + i % 2);
		struct tls_conn *server = (struct tls_conn *)p.server.t;
		assert_int_equal(mbedtls_ssl_send_alert_message(&server->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
								cases[i / 2].alert), 0);
		assert_int_equal(end_read(&p.client, got, sizeof(got)), TRANSPORT_FAILED);
		assert_int_equal(p.client.report.cause, cases[i / 2].cause);
		pair_free(&p);
	}
}

/* Small records that came together are all read, though the socket shows nothing more. */
static void what_was_read_ahead_is_not_forgotten(void **state)
{
	char got[16];
	struct pair p;

	(void)state;
	open_pair(&p, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p.client.t->ops->write(p.client.t, "abc", 3, &p.client.e), 3);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p.server.t->ops->read(p.server.t, got, sizeof(got), &p.server.e), 3);
	assert_int_equal(p.server.t->ops->read(p.server.t, got, sizeof(got), &p.server.e), TRANSPORT_WANT_READ);
	pair_free(&p);
}

static void keys_that_are_old_are_told(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p, 0);
	struct tls_conn *client = (struct tls_conn *)p.client.t, *server = (struct tls_conn *)p.server.t;
	assert_carries(&p.client, &p.server, "one");
	assert_int_equal(client->records_out, 1);
	assert_int_equal(server->records_in, 1);
	assert_false(p.client.t->ops->spent(p.client.t) || p.server.t->ops->spent(p.server.t));
	client->records_out = server->records_in = (1 << 22) - 1;
	assert_carries(&p.client, &p.server, "two");
	assert_true(p.client.t->ops->spent(p.client.t) && p.server.t->ops->spent(p.server.t));
	pair_free(&p);
}

/* Each has keys of its own in PSA's store, which holds 32 where it does not grow. */
static void there_may_be_many_at_a_time(void **state)
{
	struct pair *all = mem_zero(40, sizeof(*all));

	(void)state;
	for (size_t i = 0; i < 40; i++)
		open_pair(&all[i], 12 + i % 2);
	for (size_t i = 0; i < 40; i++) {
		assert_carries(&all[i].client, &all[i].server, "still here");
		pair_free(&all[i]);
	}
	free(all);
}

/* --- what a silent end means --------------------------------------------------------------- */

static void an_end_before_the_first_answer_is_explained(void **state)
{
	static const struct end_spec nobody_asked = { .cert = "server", .anyone = true };

	(void)state;
	for (unsigned asked = 0; asked <= 1; asked++) {
		struct pair p;
		struct err e;
		pair_init(&p, &good_client, asked ? &good_server : &nobody_asked, false);
		pair_shake(&p);
		assert_true(p.client.done && p.server.done);
		err_set(&e, "the receiver closed the connection");
		p.client.t->ops->explain(p.client.t, &e);
		if (asked) {
			assert_in(e.text, "certificate");
			assert_int_equal(p.client.report.cause, TLS_WE_DROPPED);
		} else {
			assert_string_equal(e.text, "the receiver closed the connection");
			assert_int_equal(p.client.report.cause, TLS_GOOD);
		}
		pair_free(&p);
	}
}

/* --- who is no TLS at all ---------------------------------------------------------------------- */

/* One end of ours; the other speaks bytes, and closes. */
static void against_bytes(struct end *end, enum tls_side side, const void *bytes, size_t len, bool closes)
{
	uint64_t limit = clock_mono_ms() + TEST_LIMIT_MS;
	int fd[2];

	pair_sockets(fd);
	end_init(end, side, side == TLS_CLIENT ? &good_client : &good_server, fd[0], NULL);
	if (len)
		assert_int_equal(send(fd[1], bytes, len, MSG_NOSIGNAL), len);
	if (closes)
		shutdown(fd[1], SHUT_WR);
	while (!end->failed && !end->done && clock_mono_ms() < limit)
		end_step(end);
	close(fd[1]);
	assert_true(end->failed);
}

static void what_is_no_tls_is_recognised(void **state)
{
	static const struct {
		enum tls_side side;
		const char *bytes;
		size_t len;
		bool closes;
		enum tls_cause cause;
		const char *text;
	} cases[] = {
		{ TLS_CLIENT, "0 serverclose 0\n", 16, false, TLS_PLAIN_RELP, "plain RELP" },
		{ TLS_CLIENT, "1 rsp 90 200 OK\n", 16, true, TLS_PLAIN_RELP, "plain RELP" },
		{ TLS_SERVER, "1 open 85 relp_version=0\n", 25, false, TLS_PLAIN_RELP, "plain RELP" },
		{ TLS_CLIENT, "SSH-2.0-OpenSSH_9.2\r\n", 21, false, TLS_NOT_TLS, "" },
		{ TLS_SERVER, "GET / HTTP/1.1\r\n\r\n", 18, false, TLS_NOT_TLS, "" },
		{ TLS_CLIENT, "\0\0\0\0\0\0\0\0", 8, false, TLS_NOT_TLS, "" },
		{ TLS_SERVER, "<34>1 - - - - - -\n", 18, false, TLS_NOT_TLS, "" },
		{ TLS_CLIENT, "12", 2, true, TLS_NOT_TLS, "" },
		{ TLS_CLIENT, "", 0, true, TLS_CLOSED, "" },
		{ TLS_SERVER, "", 0, true, TLS_CLOSED, "" },
		{ TLS_SERVER, "\x16\x03", 2, true, TLS_CLOSED, "" },
		{ TLS_CLIENT, "\x15\x03\x03\x00\x02\x02\x28", 7, true, TLS_NOTHING_COMMON, "" },
		{ TLS_CLIENT, "\x15\x03\x03\x00\x02\x02\x46", 7, true, TLS_NOTHING_COMMON, "" },
		{ TLS_CLIENT, "\x15\x03\x03\x00\x02\x02\x50", 7, true, TLS_ALERT, "internal_error" },
		{ TLS_CLIENT, "\x15\x03\x03\x00\x02\x01\x00", 7, true, TLS_CLOSED, "" },
		{ TLS_CLIENT, "\x16\x03\x03\x00\x08\x7a\x00\x00\x04zzzz", 13, true, TLS_BROKEN, "" },
		{ TLS_SERVER, "\x16\x03\x01\x00\x08\x7a\x00\x00\x04zzzz", 13, true, TLS_BROKEN, "" },
		{ TLS_SERVER, "\x16\x03\x01\xff\xff", 5, true, TLS_BROKEN, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct end end;
		against_bytes(&end, cases[i].side, cases[i].bytes, cases[i].len, cases[i].closes);
		if (end.report.cause != cases[i].cause || !end.e.text[0] || !strstr(end.e.text, cases[i].text))
			fail_msg("%zu: cause %d: %s", i, end.report.cause, end.e.text);
		end_free(&end);
	}
}

static void a_server_that_drops_us_after_our_certificate(void **state)
{
	(void)state;
	for (unsigned version = 12; version <= 13; version++) {
		struct end_spec client = good_client;
		struct pair p;
		char got[16];
		client.version_max = version;
		pair_init(&p, &client, &good_server, false);
		while (((struct tls_conn *)p.client.t)->seen.own == TLS_OWN_UNKNOWN && !p.client.done) {
			end_step(&p.client);
			if (!p.client.done && ((struct tls_conn *)p.client.t)->seen.own == TLS_OWN_UNKNOWN)
				end_step(&p.server);
		}
		transport_free(p.server.t); /* without a word */
		p.server.t = NULL;
		while (!p.client.done && !p.client.failed)
			end_step(&p.client);
		if (version == 12) {
			assert_true(p.client.failed);
			assert_int_equal(p.client.report.cause, TLS_WE_DROPPED);
			assert_in(p.client.e.text, "certificate");
		} else { /* for us the handshake is over */
			assert_true(p.client.done);
			ssize_t n = end_read(&p.client, got, sizeof(got));
			assert_true(n == TRANSPORT_EOF || n == TRANSPORT_FAILED);
			p.client.t->ops->explain(p.client.t, &p.client.e);
			assert_int_equal(p.client.report.cause, TLS_WE_DROPPED);
		}
		pair_free(&p);
	}
}

/* --- left alone with a worker --------------------------------------------------------------------- */

static void a_transport_may_go_while_it_is_computed(void **state)
{
	(void)state;
	for (int turns = 0; turns < 6; turns++) {
		struct pair p;
		pair_init(&p, &good_client, &good_server, true);
		for (int i = 0; i < turns; i++) {
			end_step(&p.client);
			end_step(&p.server);
			(void)loop_turn(p.loop, 1, NULL);
		}
		end_step(&p.client);
		end_step(&p.server);
		if (turns % 2)
			usleep(500); /* it may be in the middle of it */
		transport_free(p.client.t);
		transport_free(p.server.t);
		p.client.t = p.server.t = NULL;
		if (turns % 3)
			(void)loop_turn(p.loop, 20, NULL);
		pair_free(&p); /* the leak checker says whether all is gone */
	}
}

static void the_worker_may_go_first(void **state)
{
	(void)state;
	for (int turns = 1; turns < 4; turns++) {
		struct pair p;
		pair_init(&p, &good_client, &good_server, true);
		for (int i = 0; i < turns; i++) {
			if (i == 1)
				usleep(20000); /* one has run, and is not told */
			end_step(&p.client);
			end_step(&p.server);
		}
		if (turns == 3) { /* abandoned, too */
			transport_free(p.client.t);
			p.client.t = NULL;
		}
		worker_free(p.worker);
		p.worker = NULL;
		if (turns < 3) {
			pair_shake(&p); /* here, then */
			assert_true(p.client.done && p.server.done);
			assert_carries(&p.client, &p.server, "there");
		}
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_goes_on_with_more_bytes_at_another_address),
		cmocka_unit_test(records_are_filled),
		cmocka_unit_test(the_end_is_an_end_with_and_without_a_goodbye),
		cmocka_unit_test(a_damaged_record_breaks_it),
		cmocka_unit_test(an_alert_after_the_handshake_is_not_about_the_handshake),
		cmocka_unit_test(what_was_read_ahead_is_not_forgotten),
		cmocka_unit_test(keys_that_are_old_are_told),
		cmocka_unit_test(there_may_be_many_at_a_time),
		cmocka_unit_test(an_end_before_the_first_answer_is_explained),
		cmocka_unit_test(what_is_no_tls_is_recognised),
		cmocka_unit_test(a_server_that_drops_us_after_our_certificate),
		cmocka_unit_test(a_transport_may_go_while_it_is_computed),
		cmocka_unit_test(the_worker_may_go_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
