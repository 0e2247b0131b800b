// SPDX-License-Identifier: Apache-2.0
/*
 * Peek, commit, consume. SO_PEEK_OFF (socket(7)) lets recvmmsg with MSG_PEEK go
 * on where the last peek stopped, so a batch is read while the datagrams stay
 * in the socket's queue; when the spool has them they are taken off unread.
 *
 * How the kernel counts (net/unix/af_unix.c, net/core/datagram.c), and what
 * follows from it:
 *  - the offset belongs to the socket, which outlives us: it is set to 0 first;
 *  - a peek moves it by the bytes copied, so a datagram longer than the buffer
 *    would come back in pieces: it is peeked again alone with a larger buffer,
 *    and the offset set by its real length;
 *  - an empty datagram does not move it: once peeked it is passed over, also by
 *    the process after us, but still takes one consume;
 *  - the socket stays readable while peeked datagrams wait: edge-triggered.
 */
#include "source/source.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 64
#define TURN_BATCHES 8
#define SLOT_BYTES 8192
#define OVERFLOW_UID 65534
/* Peeked and not yet safe; only a sick disk lets it grow beyond one turn. */
#define WAITING_MAX 4096

struct waiting {
	uint64_t seq; /* 0: nothing of it is kept */
	size_t len;   /* real length of the datagram */
};

struct slot_control {
	_Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(struct ucred))];
};

struct source_unix {
	struct source base;
	struct loop *loop;
	struct loop_watch watch;
	size_t max_datagram;

	/* the datagrams peeked and not consumed, oldest first: a ring */
	struct waiting ring[WAITING_MAX];
	size_t first, n;
	size_t peeked_bytes; /* of all in the ring: where the kernel's offset stands */
	bool starved;	     /* the ring was full: more may be waiting */

	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct slot_control control[BATCH];
	char *slots; /* BATCH * SLOT_BYTES */
};

static struct source_unix *self(struct source *s)
{
	return (struct source_unix *)s;
}

static void stop(struct source_unix *u, const char *doing)
{
	struct err why;
	err_errno(&why, "input %s: %s", u->base.name, doing);
	u->base.ended = true;
	loop_unwatch(u->loop, &u->watch);
	u->base.intake.ended(u->base.intake.arg, &why);
}

static int set_peek_offset(struct source_unix *u)
{
	int off = (int)u->peeked_bytes;
	return setsockopt(u->watch.fd, SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off));
}

static struct sender sender_of(struct msghdr *m)
{
	struct sender from = { 0 };
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
		return from;
	struct ucred cred;
	memcpy(&cred, CMSG_DATA(c), sizeof(cred));
	/*
	 * Sent before the socket asked for credentials: the kernel has none, and
	 * says so by pid 0 and the overflow uid. Pid 0 alone is a sender that our
	 * pid namespace does not show.
	 */
	from.known = cred.pid != 0 || cred.uid != OVERFLOW_UID;
	from.uid = cred.uid;
	from.pid = cred.pid;
	return from;
}

/* Hands one peeked datagram over and remembers it. */
static void take(struct source_unix *u, struct slice bytes, size_t real_len, struct msghdr *m)
{
	struct sender from = sender_of(m);
	uint64_t seq = 0;
	/* a live source can't wait: the intake drops and counts where there is no room */
	u->base.intake.take(u->base.intake.arg, bytes, &from, &seq);
	u->ring[(u->first + u->n) % WAITING_MAX] = (struct waiting){ .seq = seq, .len = real_len };
	u->n++;
	u->peeked_bytes += real_len;
}

static void prepare(struct source_unix *u, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		u->msgs[i].msg_hdr.msg_control = u->control[i].bytes;
		u->msgs[i].msg_hdr.msg_controllen = sizeof(u->control[i].bytes);
		u->msgs[i].msg_hdr.msg_flags = 0;
	}
}

/* The datagram at the kernel's offset is longer than a slot: peeks it alone. 0, or -1 when the source stopped. */
static int take_large(struct source_unix *u, size_t real_len)
{
	size_t size = real_len < u->max_datagram ? real_len : u->max_datagram;
	char *bytes = mem_alloc(size);
	struct iovec iov = { .iov_base = bytes, .iov_len = size };
	struct slot_control control;
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int result = -1;
	ssize_t n = -1;
	if (set_peek_offset(u) == 0)
		n = recvmsg(u->watch.fd, &m, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0) {
		stop(u, "peeking a long datagram");
		goto out;
	}
	if ((size_t)n > size)
		u->base.intake.lost(u->base.intake.arg, "datagram_cut", 1);
	take(u, slice_of(bytes, (size_t)n < size ? (size_t)n : size), (size_t)n, &m);
	if (set_peek_offset(u) < 0) {
		stop(u, "setting the peek offset");
		goto out;
	}
	result = 0;
out:
	free(bytes);
	return result;
}

/* One recvmmsg. Returns how many it took; 0: nothing there (or stopped). */
static size_t peek_batch(struct source_unix *u)
{
	size_t room = WAITING_MAX - u->n;
	size_t want = room < BATCH ? room : BATCH;
	prepare(u, want);
	int got;
	do
		got = recvmmsg(u->watch.fd, u->msgs, (unsigned)want,
			       MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		if (errno != EAGAIN)
			stop(u, "peeking");
		return 0;
	}
	for (int i = 0; i < got; i++) {
		size_t len = u->msgs[i].msg_len;
		if (len > SLOT_BYTES) {
			/* what came behind it in this call is the rest of its bytes */
			if (take_large(u, len) < 0)
				return 0;
			return (size_t)i + 1;
		}
		take(u, slice_of(u->slots + (size_t)i * SLOT_BYTES, len), len, &u->msgs[i].msg_hdr);
	}
	return (size_t)got;
}

static void unix_read(struct source *s)
{
	struct source_unix *u = self(s);
	u->starved = false;
	for (int i = 0; i < TURN_BATCHES && !u->base.ended; i++) {
		if (u->n == WAITING_MAX) {
			u->starved = true;
			return;
		}
		if (peek_batch(u) == 0)
			return;
	}
	if (!u->base.ended)
		u->base.intake.again(u->base.intake.arg);
}

static void on_ready(void *arg, uint32_t events)
{
	struct source_unix *u = arg;
	(void)events;
	unix_read(&u->base);
}

static struct waiting *oldest(struct source_unix *u)
{
	return &u->ring[u->first];
}

/* Checks one consumed length against what was peeked. False: somebody else reads this socket. */
static bool consumed(struct source_unix *u, size_t len)
{
	if (len == 0 && (u->n == 0 || oldest(u)->len != 0))
		return true; /* an empty one that a process before us had peeked */
	if (u->n == 0 || oldest(u)->len != len)
		return false;
	u->peeked_bytes -= len;
	u->first = (u->first + 1) % WAITING_MAX;
	u->n--;
	return true;
}

static void second_reader(struct source_unix *u)
{
	u->base.intake.lost(u->base.intake.arg, "second_reader", 1);
	errno = EBUSY;
	stop(u, "another process reads the same socket; reading it stopped, restart after the other is gone");
}

/* Takes `count` datagrams off the socket unread. 0, or -1 when the source stopped. */
static int consume(struct source_unix *u, size_t count)
{
	struct mmsghdr msgs[BATCH];
	memset(msgs, 0, sizeof(msgs[0]) * count);
	int got;
	do
		got = recvmmsg(u->watch.fd, msgs, (unsigned)count, MSG_TRUNC | MSG_DONTWAIT, NULL);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		if (errno == EAGAIN)
			second_reader(u);
		else
			stop(u, "consuming");
		return -1;
	}
	for (int i = 0; i < got; i++) {
		if (!consumed(u, msgs[i].msg_len)) {
			second_reader(u);
			return -1;
		}
	}
	return 0;
}

static size_t safe_run(const struct source_unix *u, uint64_t seq)
{
	size_t n = 0;
	while (n < u->n && u->ring[(u->first + n) % WAITING_MAX].seq <= seq)
		n++;
	return n;
}

static void unix_safe(struct source *s, uint64_t seq)
{
	struct source_unix *u = self(s);
	size_t left = safe_run(u, seq);
	while (left && !u->base.ended) {
		size_t before = u->n;
		if (consume(u, left < BATCH ? left : BATCH) < 0)
			return;
		left -= before - u->n;
	}
	if (u->starved && u->n < WAITING_MAX)
		u->base.intake.again(u->base.intake.arg);
}

static void unix_resume(struct source *s)
{
	(void)s; /* a live source never waits */
}

static void unix_free(struct source *s)
{
	struct source_unix *u = self(s);
	loop_unwatch(u->loop, &u->watch);
	close(u->watch.fd);
	free(u->slots);
	free(s->name);
	free(u);
}

static const struct source_ops unix_ops = {
	.kind = "unix",
	.read = unix_read,
	.safe = unix_safe,
	.resume = unix_resume,
	.free = unix_free,
};

/*
 * The room for control messages is that of the credentials: nothing else may
 * come before them, whatever the socket's maker had asked for.
 */
static void only_credentials(int fd)
{
	static const int others[] = { SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMPING, SO_PASSSEC,
				      SO_RXQ_OVFL };
	int off = 0;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		(void)setsockopt(fd, SOL_SOCKET, others[i], &off, sizeof(off));
}

static int set_up(struct source_unix *u, struct err *e)
{
	int on = 1;
	only_credentials(u->watch.fd);
	if (setsockopt(u->watch.fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return err_errno(e, "input %s: asking for the senders' credentials", u->base.name);
	if (set_peek_offset(u) < 0)
		return err_errno(e, "input %s: setting the peek offset", u->base.name);
	return loop_watch(u->loop, &u->watch, EPOLLIN | EPOLLET, e);
}

struct source *source_unix(struct loop *l, const char *name, int fd, size_t max_datagram,
			   const struct intake *in, struct err *e)
{
	struct source_unix *u = mem_zero(1, sizeof(*u));
	u->base = (struct source){ .ops = &unix_ops, .name = mem_strdup(name), .intake = *in };
	u->loop = l;
	u->watch = (struct loop_watch){ .ready = on_ready, .arg = u, .fd = fd };
	u->max_datagram = max_datagram;
	u->slots = mem_alloc((size_t)BATCH * SLOT_BYTES);
	for (size_t i = 0; i < BATCH; i++) {
		u->iov[i] = (struct iovec){ u->slots + i * SLOT_BYTES, SLOT_BYTES };
		u->msgs[i].msg_hdr.msg_iov = &u->iov[i];
		u->msgs[i].msg_hdr.msg_iovlen = 1;
	}
	if (set_up(u, e) < 0) {
		unix_free(&u->base);
		return NULL;
	}
	return &u->base;
}
