// SPDX-License-Identifier: Apache-2.0
#include "io/resolver_helper.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* One write to a pipe, all or nothing (pipe(7)). */
static_assert(sizeof(struct resolver_answer) <= PIPE_BUF, "an answer fits into a pipe's write");

struct helper {
	int sock;
	resolver_fn *resolve;
	pid_t worker; /* 0: none */
	int pipe;     /* its answer; -1: none */
	uint64_t id;  /* of its question */
};

/* ---- a process of its own ---- */

static void close_from(int first)
{
	struct rlimit limit;
	int end = 1 << 16;

#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0)
		return;
#endif
	/* before Linux 5.9 */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (1 << 20))
		end = (int)limit.rlim_cur;
	for (int fd = first; fd < end; fd++)
		close(fd);
}

/* Leaves /dev/null as 0 to 2 and the socket as 3, which is returned. */
static int keep_only(int sock)
{
	sock = fcntl(sock, F_DUPFD, 3);
	if (sock < 0)
		_exit(1);
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++) {
		/* a name service module must not find a socket of its own as stderr */
		if (null >= 0)
			dup2(null, fd);
		else
			close(fd);
	}
	if (sock != 3)
		dup2(sock, 3);
	close_from(4);
	return 3;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		signal(signo, SIG_DFL);
	/* sent to the whole group or cgroup: the parent decides, and may still ask */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- the worker ---- */

static void work(const struct resolver_question *q, resolver_fn *resolve,
		 struct resolver_answer *a)
{
	memset(a, 0, sizeof(*a));
	a->id = q->id;
	a->found = resolve(q->host, q->port, AF_UNSPEC, &a->list, &a->why) == 0;
}

static _Noreturn void worker(const struct helper *h, const struct resolver_question *q, int out,
			     pid_t helper)
{
	struct resolver_answer a;

	/* the helper was killed: nobody waits for us, and getaddrinfo may take minutes */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != helper)
		_exit(1);
	close(h->sock);
	work(q, h->resolve, &a);
	(void)!write(out, &a, sizeof(a));
	_exit(0);
}

/* ---- the helper ---- */

static void say(const struct helper *h, const struct resolver_answer *a)
{
	while (send(h->sock, a, sizeof(*a), MSG_NOSIGNAL) < 0) {
		if (errno != EINTR)
			_exit(0);
	}
}

static void say_failed(const struct helper *h, uint64_t id, const char *why)
{
	struct resolver_answer a;

	memset(&a, 0, sizeof(a));
	a.id = id;
	err_set(&a.why, "%s", why);
	say(h, &a);
}

static void end_worker(struct helper *h)
{
	if (h->worker == 0)
		return;
	kill(h->worker, SIGKILL);
	while (waitpid(h->worker, NULL, 0) < 0 && errno == EINTR)
		;
	h->worker = 0;
	close(h->pipe);
	h->pipe = -1;
}

static void start_worker(struct helper *h, const struct resolver_question *q)
{
	int ends[2];
	pid_t self = getpid();

	h->id = q->id;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		say_failed(h, q->id, "the resolver has no descriptor left");
		return;
	}
	pid_t pid = fork();
	if (pid == 0)
		worker(h, q, ends[1], self);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		say_failed(h, q->id, "the resolver cannot start a process");
		return;
	}
	h->worker = pid;
	h->pipe = ends[0];
}

static void take_question(struct helper *h)
{
	struct resolver_question q;
	ssize_t n = recv(h->sock, &q, sizeof(q), 0);

	if (n < 0 && errno == EINTR)
		return;
	if (n != (ssize_t)sizeof(q)) { /* the end, above all */
		end_worker(h);
		_exit(0);
	}
	end_worker(h);
	q.host[sizeof(q.host) - 1] = '\0';
	if (q.host[0])
		start_worker(h, &q);
}

static void take_answer(struct helper *h)
{
	struct resolver_answer a;
	ssize_t n = read(h->pipe, &a, sizeof(a));

	if (n < 0 && errno == EINTR)
		return;
	end_worker(h);
	if (n == (ssize_t)sizeof(a))
		say(h, &a);
	else
		say_failed(h, h->id, "the process that resolves ended without an answer");
}

_Noreturn void resolver_helper(int sock, resolver_fn *resolve)
{
	struct helper h = { .resolve = resolve, .pipe = -1 };

	reset_signals();
	h.sock = keep_only(sock);
	(void)!chdir("/");
	prctl(PR_SET_NAME, "relpbox-resolve");
	for (;;) {
		struct pollfd p[2] = {
			{ .fd = h.sock, .events = POLLIN },
			{ .fd = h.pipe, .events = POLLIN },
		};
		if (poll(p, 2, -1) < 0)
			continue;
		/* the answer first: a question ends its worker */
		if (p[1].revents)
			take_answer(&h);
		if (p[0].revents)
			take_question(&h);
	}
}
