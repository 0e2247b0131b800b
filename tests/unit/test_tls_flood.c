// SPDX-License-Identifier: Apache-2.0
//
// A peer that sends without end what TLS passes over holds nobody up.
#include "tls_pair.h"

#include <sys/ioctl.h>

static const struct end_spec with_ca = { .ca = "ca", .cert = "server" };

static size_t waiting(int fd)
{
	int n = 0;

	assert_int_equal(ioctl(fd, FIONREAD, &n), 0);
	return (size_t)n;
}

/* As many as the socket takes; how many bytes that were. */
static size_t flood(int fd, const void *record, size_t len)
{
	size_t sent = 0;

	while (send(fd, record, len, MSG_NOSIGNAL) == (ssize_t)len)
		sent += len;
	return sent;
}

/* Records of many warnings: one each would fill the socket's buffer with little. */
static size_t warnings(char *out, size_t size)
{
	static const char one[] = "\x15\x03\x03\x00\x02\x01\x5a"; /* user_canceled */
	size_t n = 0;

	for (; n + 7 <= size; n += 7)
		memcpy(out + n, one, 7);
	return n;
}

static void enlarge(int fd)
{
	int size = 4 << 20;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* One call leaves some of it for later: others have their turn in between. */
static void warnings_in_the_handshake_do_not_hold_the_thread(void **state)
{
	static char bytes[7000];
	size_t len = warnings(bytes, sizeof(bytes));
	struct end server;
	int fd[2];

	(void)state;
	pair_sockets(fd);
	enlarge(fd[1]);
	end_init(&server, TLS_SERVER, &with_ca, fd[0], NULL);
	size_t sent = flood(fd[1], bytes, len);
	assert_true(sent >= 100000);
	int got = server.t->ops->handshake(server.t, &server.e);
	if (got == TRANSPORT_WANT_READ)
		assert_true(waiting(fd[0]) > 0);
	/* and it is not for ever: whoever sends so much without getting on is cut off */
	for (size_t all = 0; got == TRANSPORT_WANT_READ && all < 64 << 20; all += len) {
		got = server.t->ops->handshake(server.t, &server.e);
		(void)flood(fd[1], bytes, len);
	}
	assert_int_equal(got, TRANSPORT_FAILED);
	assert_int_equal(server.report.cause, TLS_BROKEN);
	end_free(&server);
	close(fd[1]);
}

static int to_buf(void *buf, const unsigned char *p, size_t len)
{
	buf_add(buf, p, len);
	return (int)len;
}

/* Encrypted ones, of a client that got in, hold up neither the loop nor its own bytes for ever. */
static void warnings_later_do_not_hold_the_loop(void **state)
{
	static const struct end_spec client = { .ca = "ca", .cert = "client" };

	(void)state;
	for (unsigned version = 12; version <= 13; version++) {
		struct end_spec spec = client;
		struct buf bytes = { 0 };
		struct pair p;
		char got[16];

		spec.version_max = version;
		pair_init(&p, &spec, &with_ca, false);
		pair_shake(&p);
		assert_true(p.client.done && p.server.done);
		struct tls_conn *c = (struct tls_conn *)p.client.t;
		mbedtls_ssl_set_bio(&c->ssl, &bytes, to_buf, tls_io_recv, NULL);
		while (bytes.len < 2 * TLS_ALLOWANCE)
			assert_int_equal(mbedtls_ssl_send_alert_message(&c->ssl, MBEDTLS_SSL_ALERT_LEVEL_WARNING,
									MBEDTLS_SSL_ALERT_MSG_USER_CANCELED), 0);
		assert_int_equal(p.client.t->ops->write(p.client.t, "x", 1, NULL), 1);
		enlarge(c->t.fd);
		assert_int_equal(send(c->t.fd, bytes.p, bytes.len, 0), bytes.len);
		assert_int_equal(p.server.t->ops->read(p.server.t, got, sizeof(got), NULL), TRANSPORT_WANT_READ);
		assert_true(waiting(p.server.t->fd) > 0);
		assert_int_equal(end_read(&p.server, got, sizeof(got)), 1);
		assert_int_equal(got[0], 'x');
		buf_free(&bytes);
		pair_free(&p);
	}
}

/* As a read does when the peer asks for a renegotiation. */
static int refuse_renegotiation(struct tls_conn *c)
{
	return mbedtls_ssl_send_alert_message(&c->ssl, MBEDTLS_SSL_ALERT_LEVEL_WARNING,
					      MBEDTLS_SSL_ALERT_MSG_NO_RENEGOTIATION);
}

static int full(void *conn, const unsigned char *p, size_t len)
{
	(void)conn;
	(void)p;
	(void)len;
	return MBEDTLS_ERR_SSL_WANT_WRITE;
}

static void set_full(struct tls_conn *c, bool is_full)
{
	mbedtls_ssl_set_bio(&c->ssl, c, is_full ? full : tls_io_send, tls_io_recv, NULL);
}

/* Bytes are there once, and in order, whatever TLS itself had to say in between. */
static void an_alert_neither_swallows_nor_doubles_bytes(void **state)
{
	static const struct end_spec client = { .ca = "ca", .cert = "client", .version_max = 12 };
	struct pair p;
	char got[16];

	(void)state;
	pair_init(&p, &client, &with_ca, false);
	pair_shake(&p);
	assert_true(p.client.done && p.server.done);
	struct transport *t = p.client.t;
	struct tls_conn *c = (struct tls_conn *)t;
	/* the alert waits, then bytes come */
	set_full(c, true);
	assert_int_equal(refuse_renegotiation(c), MBEDTLS_ERR_SSL_WANT_WRITE);
	assert_int_equal(t->ops->write(t, "one", 3, NULL), TRANSPORT_WANT_WRITE);
	set_full(c, false);
	assert_int_equal(t->ops->write(t, "one", 3, NULL), 3);
	/* bytes wait, and the alert sends them */
	set_full(c, true);
	assert_int_equal(t->ops->write(t, "two", 3, NULL), TRANSPORT_WANT_WRITE);
	set_full(c, false);
	assert_int_equal(refuse_renegotiation(c), 0);
	assert_int_equal(t->ops->write(t, "two", 3, NULL), 3);
	assert_int_equal(t->ops->write(t, "end", 3, NULL), 3);
	assert_int_equal(end_read(&p.server, got, sizeof(got)), 3);
	assert_memory_equal(got, "one", 3);
	assert_int_equal(end_read(&p.server, got, sizeof(got)), 3);
	assert_memory_equal(got, "two", 3);
	assert_int_equal(end_read(&p.server, got, sizeof(got)), 3);
	assert_memory_equal(got, "end", 3);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert_neither_swallows_nor_doubles_bytes),
		cmocka_unit_test(warnings_later_do_not_hold_the_loop),
		cmocka_unit_test(warnings_in_the_handshake_do_not_hold_the_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
