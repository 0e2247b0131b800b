// SPDX-License-Identifier: Apache-2.0
#include "io_test.h"

#include "io/net.h"
#include "io/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>

static struct addr addr(const char *host, uint16_t port)
{
	struct addr a;
	assert_int_equal(addr_literal(host, port, &a), 0);
	return a;
}

static int wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	assert_int_equal(poll(&p, 1, TEST_LIMIT_MS), 1);
	return p.revents;
}

static int option(int fd, int level, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);
	assert_int_equal(getsockopt(fd, level, name, &v, &len), 0);
	return v;
}

static void assert_options(int fd)
{
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 10);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
}

/* A connection: fds[0] connected, fds[1] accepted. */
static void connect_both(const char *host, int fds[2])
{
	struct err e = { 0 };
	struct addr any = addr(host, 0);
	struct addr bound;
	struct addr peer;
	char text[ADDR_TEXT_MAX];
	int l = net_listen(&any, &bound, &e);
	if (l < 0)
		fail_msg("%s", e.text);
	assert_int_not_equal(addr_port(&bound), 0);
	assert_int_equal(net_accept(l, &peer, &e), -1);
	assert_int_equal(e.code, EAGAIN);
	fds[0] = net_connect(&bound, &e);
	assert_true(fds[0] >= 0);
	wait_for(fds[0], POLLOUT);
	assert_int_equal(net_connect_result(fds[0], &e), 0);
	wait_for(l, POLLIN);
	fds[1] = net_accept(l, &peer, &e);
	assert_true(fds[1] >= 0);
	assert_in(addr_text(&peer, text), host);
	close(l);
}

static void a_connection_with_its_options(void **state)
{
	(void)state;
	int fds[2];
	connect_both("127.0.0.1", fds);
	assert_options(fds[0]);
	assert_options(fds[1]);
	net_user_timeout(fds[0], 12345);
	assert_int_equal(option(fds[0], IPPROTO_TCP, TCP_USER_TIMEOUT), 12345);
	close(fds[0]);
	close(fds[1]);
}

static void the_same_over_ipv6(void **state)
{
	(void)state;
	int fds[2];
	int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct addr a = addr("::1", 0);
	int r = probe < 0 ? -1 : bind(probe, (struct sockaddr *)&a.sa, a.len);
	if (probe >= 0)
		close(probe);
	if (r < 0) {
		print_message("no IPv6 here\n");
		skip();
	}
	connect_both("::1", fds);
	close(fds[0]);
	close(fds[1]);
}

static void any_ipv6_address_takes_ipv4_too(void **state)
{
	(void)state;
	struct err e;
	struct addr any = addr("::", 0);
	struct addr bound;
	int l = net_listen(&any, &bound, &e);
	if (l < 0)
		skip();
	struct addr v4 = addr("127.0.0.1", addr_port(&bound));
	int c = net_connect(&v4, &e);
	assert_true(c >= 0);
	wait_for(c, POLLOUT);
	assert_int_equal(net_connect_result(c, &e), 0);
	close(c);
	close(l);
}

static int result_of(const struct addr *a, uint32_t user_timeout, struct err *e)
{
	int fd = net_connect(a, e);
	if (fd < 0)
		return -1;
	if (user_timeout)
		net_user_timeout(fd, user_timeout);
	wait_for(fd, POLLOUT);
	int r = net_connect_result(fd, e);
	close(fd);
	return r;
}

static void refused_is_told(void **state)
{
	(void)state;
	struct err e;
	struct addr any = addr("127.0.0.1", 0);
	struct addr bound;
	int l = net_listen(&any, &bound, &e);
	close(l);
	assert_int_equal(result_of(&bound, 0, &e), -1);
	assert_int_equal(e.code, ECONNREFUSED);
	assert_in(e.text, "refused");
}

static void no_route_is_told(void **state)
{
	(void)state;
	struct err e;
	struct addr a = addr("224.0.0.1", 9); /* no packet is sent: TCP knows no multicast */
	assert_int_equal(result_of(&a, 0, &e), -1);
	assert_int_equal(e.code, ENETUNREACH);
	assert_in(e.text, "no route");
}

static void a_time_out_is_told(void **state)
{
	(void)state;
	struct err e;
	struct addr any = addr("127.0.0.1", 0);
	struct addr bound;
	int filler[4];
	int l = net_listen(&any, &bound, &e);
	assert_int_equal(listen(l, 0), 0); /* a queue of one: what comes then is not answered */
	for (int i = 0; i < 4; i++)
		filler[i] = net_connect(&bound, &e);
	assert_int_equal(result_of(&bound, 200, &e), -1);
	assert_int_equal(e.code, ETIMEDOUT);
	assert_in(e.text, "time-out");
	for (int i = 0; i < 4; i++)
		close(filler[i]);
	close(l);
}

static void a_connection_with_itself_is_refused(void **state)
{
	(void)state;
	struct err e;
	struct addr a = addr("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a.sa, a.len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a.sa, &a.len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a.sa, a.len), 0);
	assert_int_equal(net_connect_result(fd, &e), -1);
	assert_int_equal(e.code, ECONNREFUSED);
	close(fd);
}

static void a_used_port_is_told(void **state)
{
	(void)state;
	struct err e;
	struct addr any = addr("127.0.0.1", 0);
	struct addr bound;
	char text[ADDR_TEXT_MAX];
	int l = net_listen(&any, &bound, &e);
	assert_int_equal(net_listen(&bound, NULL, &e), -1);
	assert_int_equal(e.code, EADDRINUSE);
	assert_in(e.text, addr_text(&bound, text));
	close(l);
}

static void without_descriptors_accept_says_so(void **state)
{
	(void)state;
	struct err e;
	struct addr any = addr("127.0.0.1", 0);
	struct addr bound;
	struct rlimit before;
	int l = net_listen(&any, &bound, &e);
	int c = net_connect(&bound, &e);
	wait_for(l, POLLIN);
	getrlimit(RLIMIT_NOFILE, &before);
	struct rlimit few = { .rlim_cur = (rlim_t)c + 1, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &few);
	int r = net_accept(l, NULL, &e);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(r, -1);
	assert_int_equal(e.code, EMFILE);
	r = net_accept(l, NULL, &e);
	assert_true(r >= 0);
	close(r);
	close(c);
	close(l);
}

/* ---- the plain transport ---- */

static void bytes_through_the_transport(void **state)
{
	(void)state;
	struct err e;
	int fds[2];
	char in[64];
	connect_both("127.0.0.1", fds);
	struct transport *a = transport_plain(fds[0]);
	struct transport *b = transport_plain(fds[1]);
	assert_string_equal(a->ops->name, "plain");
	assert_int_equal(a->ops->handshake(a, &e), 0);
	assert_int_equal(b->ops->read(b, in, sizeof(in), &e), TRANSPORT_WANT_READ);
	assert_int_equal(a->ops->write(a, "hello", 5, &e), 5);
	wait_for(b->fd, POLLIN);
	assert_int_equal(b->ops->read(b, in, sizeof(in), &e), 5);
	assert_memory_equal(in, "hello", 5);
	assert_int_equal(a->ops->shut(a, &e), 0);
	wait_for(b->fd, POLLIN);
	assert_int_equal(b->ops->read(b, in, sizeof(in), &e), TRANSPORT_EOF);
	/* the other direction is still open */
	assert_int_equal(b->ops->write(b, "bye", 3, &e), 3);
	wait_for(a->fd, POLLIN);
	assert_int_equal(a->ops->read(a, in, sizeof(in), &e), 3);
	transport_free(a);
	transport_free(b);
	transport_free(NULL);
}

static void a_full_transport_wants_to_write_later(void **state)
{
	(void)state;
	struct err e;
	int fds[2];
	static char block[65536];
	ssize_t n;
	connect_both("127.0.0.1", fds);
	struct transport *a = transport_plain(fds[0]);
	do {
		n = a->ops->write(a, block, sizeof(block), &e);
	} while (n > 0);
	assert_int_equal(n, TRANSPORT_WANT_WRITE);
	transport_free(a);
	close(fds[1]);
}

static void a_reset_is_told_and_is_no_signal(void **state)
{
	(void)state;
	struct err e;
	int fds[2];
	char in[8];
	connect_both("127.0.0.1", fds);
	struct linger hard = { .l_onoff = 1 };
	setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fds[1]);
	struct transport *a = transport_plain(fds[0]);
	wait_for(a->fd, POLLIN);
	assert_int_equal(a->ops->read(a, in, sizeof(in), &e), TRANSPORT_FAILED);
	assert_int_equal(e.code, ECONNRESET);
	assert_in(e.text, "reset by the peer");
	assert_int_equal(a->ops->write(a, "x", 1, &e), TRANSPORT_FAILED);
	assert_int_equal(e.code, EPIPE);
	assert_int_equal(a->ops->shut(a, &e), 0);
	transport_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_with_its_options),
		cmocka_unit_test(the_same_over_ipv6),
		cmocka_unit_test(any_ipv6_address_takes_ipv4_too),
		cmocka_unit_test(refused_is_told),
		cmocka_unit_test(no_route_is_told),
		cmocka_unit_test(a_time_out_is_told),
		cmocka_unit_test(a_connection_with_itself_is_refused),
		cmocka_unit_test(a_used_port_is_told),
		cmocka_unit_test(without_descriptors_accept_says_so),
		cmocka_unit_test(bytes_through_the_transport),
		cmocka_unit_test(a_full_transport_wants_to_write_later),
		cmocka_unit_test(a_reset_is_told_and_is_no_signal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
