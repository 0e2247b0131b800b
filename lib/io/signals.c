// SPDX-License-Identifier: Apache-2.0
#include "io/signals.h"

#include "base/mem.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct signals {
	struct loop *loop;
	struct loop_watch watch;
	void (*caught)(void *arg, int signo);
	void *arg;
	sigset_t before;
};

static void ready(void *arg, uint32_t events)
{
	struct signals *s = arg;
	struct signalfd_siginfo info;

	(void)events;
	/* one a turn, the next keeps the descriptor readable: caught may free us */
	if (read(s->watch.fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		s->caught(s->arg, (int)info.ssi_signo);
}

struct signals *signals_new(struct loop *l, void (*caught)(void *arg, int signo), void *arg,
			    struct err *e)
{
	sigset_t set;
	struct signals *s = mem_zero(1, sizeof(*s));

	s->loop = l;
	s->caught = caught;
	s->arg = arg;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	s->watch = (struct loop_watch){ .ready = ready, .arg = s };
	s->watch.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->watch.fd < 0) {
		err_errno(e, "signalfd");
		goto no_fd;
	}
	if (loop_watch(l, &s->watch, EPOLLIN, e) < 0)
		goto no_watch;
	sigprocmask(SIG_BLOCK, &set, &s->before);
	signal(SIGPIPE, SIG_IGN);
	return s;
no_watch:
	close(s->watch.fd);
no_fd:
	free(s);
	return NULL;
}

void signals_free(struct signals *s)
{
	struct signalfd_siginfo info;

	if (!s)
		return;
	/* a second SIGTERM that waits would kill us as soon as it is no longer blocked */
	while (read(s->watch.fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	loop_unwatch(s->loop, &s->watch);
	close(s->watch.fd);
	sigprocmask(SIG_SETMASK, &s->before, NULL);
	free(s);
}
