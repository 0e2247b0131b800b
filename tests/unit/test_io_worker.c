// SPDX-License-Identifier: Apache-2.0
#include "io_test.h"

#include "base/mem.h"
#include "io/worker.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

/* A job that tells what happened to it, and may have to wait inside. */
struct task {
	struct worker_job job;
	struct worker *w;
	sem_t *gate, *entered; /* NULL: does not wait, does not tell */
	int *order, *n_done, *n_dropped;
	int number;
	int ran, times; /* times: it is posted so often */
	pthread_t thread;
	bool blocked; /* every signal */
};

static void run(void *arg)
{
	struct task *t = arg;
	sigset_t mask;

	if (t->entered)
		sem_post(t->entered);
	if (t->gate)
		sem_wait(t->gate);
	t->thread = pthread_self();
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	t->blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1;
	t->ran++;
}

static void done(void *arg)
{
	struct task *t = arg;

	if (t->order)
		t->order[*t->n_done] = t->number;
	(*t->n_done)++;
	if (--t->times > 0)
		worker_post(t->w, &t->job);
}

static void drop(void *arg)
{
	struct task *t = arg;
	(*t->n_dropped)++;
}

static struct worker *start(struct loop *l)
{
	struct err e;
	struct worker *w = worker_new(l, &e);
	assert_non_null(w);
	return w;
}

static struct task task(struct worker *w, int *n_done, int *n_dropped)
{
	return (struct task){ .w = w, .n_done = n_done, .n_dropped = n_dropped, .times = 1,
			      .job = { .run = run, .done = done, .drop = drop } };
}

static void post(struct task *t)
{
	t->job.arg = t;
	worker_post(t->w, &t->job);
}

static void jobs_run_in_a_thread_in_order(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct worker *w = start(l);
	struct task tasks[50];
	int order[50], n_done = 0, n_dropped = 0;

	for (int i = 0; i < 50; i++) {
		tasks[i] = task(w, &n_done, &n_dropped);
		tasks[i].order = order;
		tasks[i].number = i;
		post(&tasks[i]);
	}
	assert_int_equal(n_done, 0); /* only from the loop */
	turn_until(l, &n_done, 50);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(order[i], i);
		assert_int_equal(tasks[i].ran, 1);
		assert_true(tasks[i].blocked);
		assert_false(pthread_equal(tasks[i].thread, pthread_self()));
		assert_false(tasks[i].job.posted);
	}
	worker_free(w);
	worker_free(NULL);
	assert_int_equal(n_dropped, 0);
	loop_free(l);
}

static void done_may_post_it_again(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct worker *w = start(l);
	int n_done = 0, n_dropped = 0;
	struct task t = task(w, &n_done, &n_dropped);

	t.times = 20;
	post(&t);
	turn_until(l, &n_done, 20);
	assert_int_equal(t.ran, 20);
	worker_free(w);
	loop_free(l);
}

/* Of three: one runs, one waits; and one that has run, and was not told. */
static void each_job_is_dropped_when_the_worker_ends(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct worker *w = start(l);
	int n_done = 0, n_dropped = 0;
	sem_t gate, entered;
	struct task first = task(w, &n_done, &n_dropped);
	struct task second = first, third = first;

	sem_init(&gate, 0, 0);
	sem_init(&entered, 0, 0);
	second.gate = &gate;
	second.entered = &entered;
	third.job.drop = NULL;
	post(&first);
	post(&second);
	post(&third);
	sem_wait(&entered);
	sem_post(&gate);
	worker_free(w);
	assert_int_equal(n_done, 0);
	assert_int_equal(n_dropped, 2);
	assert_int_equal(first.ran, 1);
	assert_int_equal(second.ran, 1);
	assert_false(first.job.posted || second.job.posted || third.job.posted);
	sem_destroy(&gate);
	sem_destroy(&entered);
	loop_free(l);
}

static void what_waits_can_be_taken_back_and_what_runs_cannot(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct worker *w = start(l);
	int n_done = 0, n_dropped = 0;
	sem_t gate, entered;
	struct task running = task(w, &n_done, &n_dropped);
	struct task middle = running, last = running;

	sem_init(&gate, 0, 0);
	sem_init(&entered, 0, 0);
	running.gate = &gate;
	running.entered = &entered;
	post(&running);
	post(&middle);
	post(&last);
	sem_wait(&entered);
	assert_false(worker_cancel(w, &running.job));
	assert_true(running.job.posted);
	assert_true(worker_cancel(w, &last.job)); /* the end of the queue */
	assert_true(worker_cancel(w, &middle.job));
	post(&middle); /* and it is taken again */
	sem_post(&gate);
	turn_until(l, &n_done, 2);
	assert_int_equal(last.ran, 0);
	assert_int_equal(middle.ran, 1);

	/* it has run, and was not told */
	running.gate = NULL;
	post(&running);
	sem_wait(&entered);
	post(&last);
	while (!worker_cancel(w, &running.job))
		sched_yield();
	turn_until(l, &n_done, 3);
	assert_int_equal(n_done, 3);
	worker_free(w);
	assert_int_equal(n_dropped, 0);
	sem_destroy(&gate);
	sem_destroy(&entered);
	loop_free(l);
}

static struct task *other; /* of the test below */

static void done_that_cancels(void *arg)
{
	done(arg);
	if (other->job.posted)
		assert_true(worker_cancel(other->w, &other->job));
}

static void done_may_take_back_one_that_is_about_to_be_told(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct worker *w = start(l);
	int n_done = 0, n_dropped = 0;
	sem_t entered;
	struct task first = task(w, &n_done, &n_dropped);
	struct task second = first, third = first;

	sem_init(&entered, 0, 0);
	first.job.done = done_that_cancels;
	third.entered = &entered;
	other = &second;
	post(&first);
	post(&second);
	post(&third);
	sem_wait(&entered); /* both before it have run */
	turn_until(l, &n_done, 2);
	assert_int_equal(second.ran, 1);
	worker_free(w);
	assert_int_equal(n_done, 2);
	assert_int_equal(n_dropped, 0);
	sem_destroy(&entered);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_run_in_a_thread_in_order),
		cmocka_unit_test(done_may_post_it_again),
		cmocka_unit_test(each_job_is_dropped_when_the_worker_ends),
		cmocka_unit_test(what_waits_can_be_taken_back_and_what_runs_cannot),
		cmocka_unit_test(done_may_take_back_one_that_is_about_to_be_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
