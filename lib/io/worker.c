// SPDX-License-Identifier: Apache-2.0
#include "io/worker.h"

#include "base/mem.h"
#include "io/thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* RSA and X.509 want tens of KiB; sanitizers want more of their own. Only what is touched is memory. */
#define STACK_SIZE ((size_t)512 * 1024)

/* First in, first out: the order of posting is the order of running and of telling. */
struct queue {
	struct worker_job *first, **end;
};

struct worker {
	struct loop *loop;
	struct loop_watch watch;
	int event_fd;
	pthread_t thread;
	struct queue telling; /* the loop's own: done, and not told yet */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	struct queue waiting, ran;
	struct worker_job *running;
	bool quit;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->end = &q->first;
}

static void queue_add(struct queue *q, struct worker_job *job)
{
	job->next = NULL;
	*q->end = job;
	q->end = &job->next;
}

static struct worker_job *queue_take(struct queue *q)
{
	struct worker_job *job = q->first;

	if (!job)
		return NULL;
	q->first = job->next;
	if (!q->first)
		q->end = &q->first;
	return job;
}

static bool queue_remove(struct queue *q, struct worker_job *job)
{
	struct worker_job **p = &q->first;

	while (*p && *p != job)
		p = &(*p)->next;
	if (!*p)
		return false;
	*p = job->next;
	if (q->end == &job->next)
		q->end = p;
	return true;
}

/* All of `from` behind `to`. */
static void queue_append(struct queue *to, struct queue *from)
{
	if (!from->first)
		return;
	*to->end = from->first;
	to->end = from->end;
	queue_init(from);
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct worker_job *job;
	uint64_t one = 1;

	pthread_mutex_lock(&w->lock);
	while (!w->quit) {
		job = queue_take(&w->waiting);
		if (!job) {
			pthread_cond_wait(&w->changed, &w->lock);
			continue;
		}
		w->running = job;
		pthread_mutex_unlock(&w->lock);
		job->run(job->arg);
		pthread_mutex_lock(&w->lock);
		w->running = NULL;
		queue_add(&w->ran, job);
		(void)!write(w->event_fd, &one, sizeof(one)); /* full only at 2^64 - 2: it is readable then too */
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void ready(void *arg, uint32_t events)
{
	struct worker *w = arg;
	uint64_t count;

	(void)events;
	(void)!read(w->event_fd, &count, sizeof(count));
	pthread_mutex_lock(&w->lock);
	queue_append(&w->telling, &w->ran);
	pthread_mutex_unlock(&w->lock);
	/* done may post and cancel; what runs meanwhile is told in the next turn */
	struct worker_job *job;
	while ((job = queue_take(&w->telling))) {
		job->posted = false;
		job->done(job->arg);
	}
}

struct worker *worker_new(struct loop *l, struct err *e)
{
	struct worker *w = mem_zero(1, sizeof(*w));

	w->loop = l;
	queue_init(&w->telling);
	queue_init(&w->waiting);
	queue_init(&w->ran);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->event_fd < 0) {
		err_errno(e, "eventfd");
		goto no_event;
	}
	w->watch = (struct loop_watch){ .ready = ready, .arg = w, .fd = w->event_fd };
	if (loop_watch(l, &w->watch, EPOLLIN, e) < 0)
		goto no_watch;
	if (thread_start(&w->thread, STACK_SIZE, run, w, e) < 0)
		goto no_thread;
	return w;
no_thread:
	loop_unwatch(l, &w->watch);
no_watch:
	close(w->event_fd);
no_event:
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}

static void drop_all(struct queue *q)
{
	struct worker_job *job;

	while ((job = queue_take(q))) {
		job->posted = false;
		if (job->drop)
			job->drop(job->arg);
	}
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->quit = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	drop_all(&w->telling);
	drop_all(&w->ran);
	drop_all(&w->waiting);
	loop_unwatch(w->loop, &w->watch);
	close(w->event_fd);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void worker_post(struct worker *w, struct worker_job *job)
{
	invariant(!job->posted);
	job->posted = true;
	pthread_mutex_lock(&w->lock);
	queue_add(&w->waiting, job);
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

bool worker_cancel(struct worker *w, struct worker_job *job)
{
	bool running;

	invariant(job->posted);
	pthread_mutex_lock(&w->lock);
	running = w->running == job;
	if (!running && !queue_remove(&w->waiting, job) && !queue_remove(&w->ran, job))
		(void)queue_remove(&w->telling, job);
	pthread_mutex_unlock(&w->lock);
	job->posted = running;
	return !running;
}
