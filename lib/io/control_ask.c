// SPDX-License-Identifier: Apache-2.0
#include "io/control.h"

#include "base/clock.h"
#include "base/esc.h"
#include "base/num.h"
#include "io/net.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_AGAIN_MS 20
/* "ok LENGTH" or "error WORDS" */
#define HEAD_MAX 512

static uint64_t left_ms(uint64_t end_ms)
{
	uint64_t now = clock_mono_ms();
	return end_ms > now ? end_ms - now : 0;
}

static int out_of_time(struct err *e)
{
	return err_code(e, ETIMEDOUT, "no answer in time");
}

/* Until the descriptor is ready or time is up: 0 or -1. */
static int wait_ready(int fd, short events, uint64_t end_ms, struct err *e)
{
	for (;;) {
		uint64_t left = left_ms(end_ms);
		struct pollfd p = { .fd = fd, .events = events };
		int n = poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (n > 0)
			return 0;
		if (n == 0 && left == 0)
			return out_of_time(e);
		if (n < 0 && errno != EINTR)
			return err_errno(e, "poll");
	}
}

static int connect_in_time(const char *path, uint64_t end_ms, struct err *e)
{
	struct err why;

	for (;;) {
		int fd = net_unix_connect(path, SOCK_STREAM, &why);
		if (fd >= 0)
			return fd;
		if (why.code != EAGAIN)
			break;
		/* its queue is full; a unix socket cannot be waited for here */
		if (left_ms(end_ms) == 0)
			return out_of_time(e);
		(void)poll(NULL, 0, CONNECT_AGAIN_MS);
	}
	if (e)
		*e = why;
	return -1;
}

/* Where the other side does not want it all, it may have said why: 0 as well. */
static int send_all(int fd, struct slice s, uint64_t end_ms, struct err *e)
{
	while (s.len) {
		ssize_t n = send(fd, s.p, s.len, MSG_NOSIGNAL);
		if (n >= 0) {
			s = slice_of(s.p + n, s.len - (size_t)n);
		} else if (errno == EAGAIN) {
			if (wait_ready(fd, POLLOUT, end_ms, e) < 0)
				return -1;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			return 0;
		} else if (errno != EINTR) {
			return err_errno(e, "send");
		}
	}
	return 0;
}

/* All that comes until the other side closes. */
static int receive_all(int fd, uint64_t end_ms, struct buf *b, struct err *e)
{
	for (;;) {
		if (b->len > CONTROL_ANSWER_MAX + HEAD_MAX)
			return err_code(e, EPROTO, "the answer is too long");
		buf_reserve(b, 64 * 1024);
		ssize_t n = recv(fd, b->p + b->len, 64 * 1024, 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return 0; /* whether all came shows by the length */
		if (n > 0) {
			b->len += (size_t)n;
		} else if (errno == EAGAIN) {
			if (wait_ready(fd, POLLIN, end_ms, e) < 0)
				return -1;
		} else if (errno != EINTR) {
			return err_errno(e, "receive");
		}
	}
}

/* Takes the head off b. */
static int check_head(struct buf *b, struct err *e)
{
	char shown[256];
	uint64_t len;
	const char *end = b->len ? memchr(b->p, '\n', b->len < HEAD_MAX ? b->len : HEAD_MAX) : NULL;

	if (!end)
		return err_code(e, EPROTO, "the other side closed before it answered");
	size_t head = (size_t)(end - b->p);
	if (head > 6 && memcmp(b->p, "error ", 6) == 0) {
		esc_text(shown, sizeof(shown), slice_of(b->p + 6, head - 6));
		return err_code(e, 0, "%s", shown);
	}
	if (head < 4 || memcmp(b->p, "ok ", 3) != 0 ||
	    num_u64(slice_of(b->p + 3, head - 3), 0, CONTROL_ANSWER_MAX, &len) < 0)
		return err_code(e, EPROTO, "the answer is none that we know");
	buf_drop(b, head + 1);
	if (b->len != len)
		return err_code(e, EPROTO, "the answer is cut off: %zu of %llu bytes came", b->len,
				(unsigned long long)len);
	return 0;
}

static int ask(int fd, struct slice request, uint64_t end_ms, struct buf *answer, struct err *e)
{
	buf_add_slice(answer, request);
	buf_add_char(answer, '\n');
	if (send_all(fd, buf_slice(answer), end_ms, e) < 0)
		return -1;
	answer->len = 0;
	if (receive_all(fd, end_ms, answer, e) < 0)
		return -1;
	return check_head(answer, e);
}

int control_ask(const char *path, struct slice request, uint64_t timeout_ms, struct buf *answer,
		struct err *e)
{
	uint64_t now = clock_mono_ms();
	uint64_t end_ms = timeout_ms > UINT64_MAX - now ? UINT64_MAX : now + timeout_ms;

	answer->len = 0;
	if (request.len > CONTROL_REQUEST_MAX)
		return err_code(e, EINVAL, "the request is longer than %d bytes", CONTROL_REQUEST_MAX);
	if (request.len && memchr(request.p, '\n', request.len))
		return err_code(e, EINVAL, "the request holds a line feed");
	int fd = connect_in_time(path, end_ms, e);
	if (fd < 0)
		return -1;
	int result = ask(fd, request, end_ms, answer, e);
	close(fd);
	if (result < 0)
		answer->len = 0;
	return result;
}
