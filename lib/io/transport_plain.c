// SPDX-License-Identifier: Apache-2.0
#include "io/transport.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int plain_failed(struct err *e, const char *what)
{
	int code = errno;

	switch (code) {
	case ECONNRESET:
		err_code(e, code, "%s: connection reset by the peer", what);
		break;
	case EPIPE:
		err_code(e, code, "%s: the connection is closed", what);
		break;
	case ETIMEDOUT:
		err_code(e, code, "%s: the peer's machine no longer answers (time-out)", what);
		break;
	default:
		err_errno(e, "%s", what);
	}
	return TRANSPORT_FAILED;
}

static int plain_handshake(struct transport *t, struct err *e)
{
	(void)t;
	(void)e;
	return 0;
}

static ssize_t plain_read(struct transport *t, void *p, size_t len, struct err *e)
{
	invariant(len > 0); /* else 0 would not mean the end */
	for (;;) {
		ssize_t n = recv(t->fd, p, len, 0);
		if (n >= 0)
			return n;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return TRANSPORT_WANT_READ;
		if (errno != EINTR)
			return plain_failed(e, "receive");
	}
}

static ssize_t plain_write(struct transport *t, const void *p, size_t len, struct err *e)
{
	invariant(len > 0);
	for (;;) {
		ssize_t n = send(t->fd, p, len, MSG_NOSIGNAL);
		if (n >= 0)
			return n;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return TRANSPORT_WANT_WRITE;
		if (errno != EINTR)
			return plain_failed(e, "send");
	}
}

static int plain_shut(struct transport *t, struct err *e)
{
	if (shutdown(t->fd, SHUT_WR) < 0 && errno != ENOTCONN)
		return plain_failed(e, "shutdown");
	return 0;
}

static void plain_free(struct transport *t)
{
	close(t->fd);
	free(t);
}

static const struct transport_ops plain_ops = {
	.name = "plain",
	.handshake = plain_handshake,
	.read = plain_read,
	.write = plain_write,
	.shut = plain_shut,
	.free = plain_free,
};

struct transport *transport_plain(int fd)
{
	struct transport *t = mem_zero(1, sizeof(*t));
	t->ops = &plain_ops;
	t->fd = fd;
	return t;
}
