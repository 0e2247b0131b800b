// SPDX-License-Identifier: Apache-2.0
#include "cmd/forward_keep.h"

#include "base/mem.h"
#include "forward/lastgood.h"
#include "io/thread.h"

#include <stdlib.h>
#include <time.h>

#define STACK_SIZE ((size_t)128 * 1024)

/* The thread's own copy of all it needs. */
struct forward_keep {
	struct buf text;
	char *spool_dir;
	struct say say;
	pthread_t thread;
	bool running;
};

static void say_not_kept(const struct forward_keep *k, const struct err *e)
{
	say(&k->say, SAY_WARNING, "the configuration could not be kept for a later start: %s", e->text);
}

static void *keep(void *arg)
{
	const struct forward_keep *k = arg;
	struct err e;
	if (lastgood_save(k->spool_dir, buf_slice(&k->text), &e) < 0)
		say_not_kept(k, &e);
	return NULL;
}

struct forward_keep *forward_keep_new(const struct document *d, bool tls_by_option,
				      const struct say *say)
{
	struct forward_keep *k = mem_zero(1, sizeof(*k));
	k->say = *say;
	buf_add_slice(&k->text, buf_slice(&d->text));
	if (tls_by_option)
		document_mark_tls(&k->text);
	return k;
}

/* Waits for it, but not for a disk that hangs. False: it is still at work. */
static bool keep_ended(struct forward_keep *k, long seconds)
{
	struct timespec until;
	if (!k->running)
		return true;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	k->running = pthread_timedjoin_np(k->thread, NULL, &until) != 0;
	return !k->running;
}

void forward_keep_ready(void *arg, const char *spool_dir)
{
	struct forward_keep *k = arg;
	if (!keep_ended(k, 0))
		return; /* the disk is slow, not sick: it is being kept */
	if (!k->spool_dir)
		k->spool_dir = mem_strdup(spool_dir);
	struct err e;
	k->running = thread_start(&k->thread, STACK_SIZE, keep, k, &e) == 0;
	if (!k->running)
		say_not_kept(k, &e);
}

void forward_keep_end(struct forward_keep *k)
{
	if (!keep_ended(k, 1))
		return; /* the thread has it until exit(2) */
	buf_free(&k->text);
	free(k->spool_dir);
	free(k);
}
