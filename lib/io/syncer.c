// SPDX-License-Identifier: Apache-2.0
#include "io/syncer.h"

#include "base/mem.h"
#include "io/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The thread calls fdatasync and nothing deep; sanitizers want some room of their own. */
#define STACK_SIZE ((size_t)128 * 1024)

enum state { IDLE, WAITING, UNDER_WAY, DONE, QUIT };

struct syncer {
	struct loop *loop;
	struct loop_watch watch;
	void (*done)(void *arg, uint64_t number, int error);
	void *arg;
	int event_fd;
	pthread_t thread;
	bool busy; /* the loop's own view: from start until done is called */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	enum state state;
	int fd;
	uint64_t number;
	int error;
};

static int sync_fd(int fd)
{
	int error = 0;

	if (fd < 0)
		return EMFILE; /* dup failed */
	/* a signal cannot come (all are blocked); another errno is final, see syncer.h */
	if (fdatasync(fd) < 0)
		error = errno;
	close(fd);
	return error;
}

static void *run(void *arg)
{
	struct syncer *s = arg;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->state != WAITING && s->state != QUIT)
			pthread_cond_wait(&s->changed, &s->lock);
		if (s->state == QUIT)
			break;
		s->state = UNDER_WAY;
		int fd = s->fd;
		pthread_mutex_unlock(&s->lock);

		int error = sync_fd(fd);

		pthread_mutex_lock(&s->lock);
		s->error = error;
		if (s->state == QUIT)
			break;
		s->state = DONE;
		uint64_t one = 1;
		(void)!write(s->event_fd, &one, sizeof(one)); /* of 1 to a counter at 0: cannot fail */
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void ready(void *arg, uint32_t events)
{
	struct syncer *s = arg;
	uint64_t count;

	(void)events;
	if (read(s->event_fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
		return;
	pthread_mutex_lock(&s->lock);
	invariant(s->state == DONE);
	s->state = IDLE;
	uint64_t number = s->number;
	int error = s->error;
	pthread_mutex_unlock(&s->lock);
	s->busy = false;
	s->done(s->arg, number, error); /* may start the next job, or free us */
}

struct syncer *syncer_new(struct loop *l, void (*done)(void *arg, uint64_t number, int error),
			  void *arg, struct err *e)
{
	struct syncer *s = mem_zero(1, sizeof(*s));
	s->loop = l;
	s->done = done;
	s->arg = arg;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	s->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (s->event_fd < 0) {
		err_errno(e, "eventfd");
		goto no_event;
	}
	s->watch = (struct loop_watch){ .ready = ready, .arg = s, .fd = s->event_fd };
	if (loop_watch(l, &s->watch, EPOLLIN, e) < 0)
		goto no_watch;
	if (thread_start(&s->thread, STACK_SIZE, run, s, e) < 0)
		goto no_thread;
	return s;
no_thread:
	loop_unwatch(l, &s->watch);
no_watch:
	close(s->event_fd);
no_event:
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

void syncer_free(struct syncer *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	if (s->state == WAITING && s->fd >= 0)
		close(s->fd); /* not begun: not done */
	s->state = QUIT;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	loop_unwatch(s->loop, &s->watch);
	close(s->event_fd);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

bool syncer_busy(const struct syncer *s)
{
	return s->busy;
}

void syncer_start(struct syncer *s, int fd, uint64_t number)
{
	invariant(!s->busy);
	s->busy = true;
	pthread_mutex_lock(&s->lock);
	invariant(s->state == IDLE);
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	s->number = number;
	s->state = WAITING;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}
