// SPDX-License-Identifier: Apache-2.0
#include "io/net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_EVERY_S 10
#define KEEPALIVE_TIMES 3
#define LISTEN_BACKLOG 4096

/* An option that the kernel does not take is no reason not to go on. */
static void set_int(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

static void set_tcp_options(int fd)
{
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S);
	set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_TIMES);
}

void net_user_timeout(int fd, uint32_t ms)
{
	unsigned int value = ms;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof(value));
}

static int connect_failed(struct err *e, int code)
{
	switch (code) {
	case ECONNREFUSED:
		return err_code(e, code, "connection refused: nothing listens there, or it is rejected on the way");
	case ECONNRESET:
		return err_code(e, code, "connected, and reset by the other side at once");
	case ETIMEDOUT:
		return err_code(e, code, "no answer to the connect (time-out)");
	case ENETUNREACH:
		return err_code(e, code, "no route to that network");
	case EHOSTUNREACH:
		return err_code(e, code, "no route to that host");
	case EACCES:
	case EPERM:
		return err_code(e, code, "connect not permitted on this machine (%s)", strerror(code));
	default:
		return err_code(e, code, "connect: %s", strerror(code));
	}
}

static int tcp_socket(int family, struct err *e)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd < 0)
		return err_errno(e, "socket");
	return fd;
}

int net_connect(const struct addr *a, struct err *e)
{
	int fd = tcp_socket(a->sa.ss_family, e);
	if (fd < 0)
		return -1;
	set_tcp_options(fd);
	/* EINTR: the connect goes on in the kernel, as with EINPROGRESS */
	if (connect(fd, (const struct sockaddr *)&a->sa, a->len) < 0 && errno != EINPROGRESS &&
	    errno != EINTR) {
		connect_failed(e, errno);
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * Connecting to a free port of this machine, TCP may choose that very port as
 * ours, and the two ends of the connection are one socket (RFC 9293 section 3.5).
 */
static int is_self_connected(int fd)
{
	struct addr here = { .len = sizeof(here.sa) };
	struct addr there = { .len = sizeof(there.sa) };

	if (getsockname(fd, (struct sockaddr *)&here.sa, &here.len) < 0 ||
	    getpeername(fd, (struct sockaddr *)&there.sa, &there.len) < 0)
		return 0;
	return here.len == there.len && memcmp(&here.sa, &there.sa, here.len) == 0;
}

int net_connect_result(int fd, struct err *e)
{
	int code = 0;
	socklen_t len = sizeof(code);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
		return err_errno(e, "getsockopt SO_ERROR");
	if (code != 0)
		return connect_failed(e, code);
	if (is_self_connected(fd))
		return connect_failed(e, ECONNREFUSED);
	return 0;
}

static int bind_and_listen(int fd, const struct addr *a, struct addr *bound)
{
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (a->sa.ss_family == AF_INET6)
		set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (bind(fd, (const struct sockaddr *)&a->sa, a->len) < 0)
		return -1;
	if (listen(fd, LISTEN_BACKLOG) < 0)
		return -1;
	memset(bound, 0, sizeof(*bound));
	bound->len = sizeof(bound->sa);
	return getsockname(fd, (struct sockaddr *)&bound->sa, &bound->len);
}

int net_listen(const struct addr *a, struct addr *bound, struct err *e)
{
	char text[ADDR_TEXT_MAX];
	struct addr got;

	int fd = tcp_socket(a->sa.ss_family, e);
	if (fd < 0)
		return -1;
	if (bind_and_listen(fd, a, &got) < 0) {
		err_errno(e, "listen on %s", addr_text(a, text));
		close(fd);
		return -1;
	}
	if (bound)
		*bound = got;
	return fd;
}

/* accept(2): errors of the connection that was to be taken, not of the listening socket. */
static int is_of_connection(int code)
{
	switch (code) {
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
	case ENETDOWN:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EPERM:
		return 1;
	default:
		return 0;
	}
}

int net_accept(int listen_fd, struct addr *peer, struct err *e)
{
	struct addr from;
	int fd = -1;

	/* bounded: a firewall that rejects by EPERM must not keep us here */
	for (int tries = 0; tries < 16; tries++) {
		memset(&from, 0, sizeof(from));
		from.len = sizeof(from.sa);
		fd = accept4(listen_fd, (struct sockaddr *)&from.sa, &from.len,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0 || !is_of_connection(errno))
			break;
		errno = EAGAIN;
	}
	if (fd < 0)
		return err_errno(e, "accept");
	if (from.sa.ss_family == AF_INET || from.sa.ss_family == AF_INET6)
		set_tcp_options(fd);
	if (peer)
		*peer = from;
	return fd;
}
