// SPDX-License-Identifier: Apache-2.0
#include "io_test.h"

#include "io/syncer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

struct result {
	int calls;
	uint64_t number;
	int error;
	struct syncer *s;
	int next_fd;	   /* -1: none */
	bool free_it;
};

static void done(void *arg, uint64_t number, int error)
{
	struct result *r = arg;
	r->calls++;
	r->number = number;
	r->error = error;
	if (r->free_it) {
		syncer_free(r->s);
		return;
	}
	assert_false(syncer_busy(r->s));
	if (r->next_fd >= 0 && r->calls < 50)
		syncer_start(r->s, r->next_fd, number + 1);
}

static int file(void)
{
	FILE *f = tmpfile();
	assert_non_null(f);
	int fd = dup(fileno(f));
	fclose(f);
	return fd;
}

static struct syncer *start(struct loop *l, struct result *r)
{
	struct err e;
	*r = (struct result){ .next_fd = -1 };
	r->s = syncer_new(l, done, r, &e);
	assert_non_null(r->s);
	return r->s;
}

static void a_file_is_synced(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct result r;
	struct syncer *s = start(l, &r);
	int fd = file();
	assert_false(syncer_busy(s));
	syncer_start(s, fd, 42);
	close(fd); /* at any time */
	assert_true(syncer_busy(s));
	assert_int_equal(r.calls, 0);
	turn_until(l, &r.calls, 1);
	assert_int_equal(r.number, 42);
	assert_int_equal(r.error, 0);
	assert_false(syncer_busy(s));
	syncer_free(s);
	syncer_free(NULL);
	loop_free(l);
}

static void a_failure_is_told(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct result r;
	struct syncer *s = start(l, &r);
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	syncer_start(s, fds[0], UINT64_MAX); /* a pipe cannot be synced */
	turn_until(l, &r.calls, 1);
	assert_int_equal(r.error, EINVAL);
	assert_true(r.number == UINT64_MAX);
	syncer_start(s, -1, 1);
	turn_until(l, &r.calls, 2);
	assert_int_not_equal(r.error, 0);
	syncer_free(s);
	close(fds[0]);
	close(fds[1]);
	loop_free(l);
}

static void done_starts_the_next_one(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct result r;
	struct syncer *s = start(l, &r);
	r.next_fd = file();
	syncer_start(s, r.next_fd, 1);
	turn_until(l, &r.calls, 50);
	assert_int_equal(r.number, 50);
	syncer_free(s);
	close(r.next_fd);
	loop_free(l);
}

static void freed_at_any_time(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct result r;
	int fd = file();
	for (int i = 0; i < 50; i++) {
		struct syncer *s = start(l, &r);
		if (i % 3 == 0) {
			r.free_it = true;
			syncer_start(s, fd, 1);
			turn_until(l, &r.calls, 1);
			continue;
		}
		if (i % 3 == 1)
			syncer_start(s, fd, 1);
		syncer_free(s);
		turn_once(l);
		assert_int_equal(r.calls, 0);
	}
	close(fd);
	loop_free(l);
}

static volatile sig_atomic_t alarms;

static void on_signal(int signo)
{
	(void)signo;
	alarms = alarms + 1;
}

/* What is sent to the process does not go to the thread: with us blocking it, it waits. */
static void the_thread_takes_no_signals(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct result r;
	struct syncer *s = start(l, &r);
	sigset_t set;
	sigset_t before;
	sigset_t waiting;
	int fd = file();
	signal(SIGUSR1, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &before);
	kill(getpid(), SIGUSR1);
	syncer_start(s, fd, 1);
	turn_until(l, &r.calls, 1);
	assert_int_equal(alarms, 0);
	sigpending(&waiting);
	assert_true(sigismember(&waiting, SIGUSR1));
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(alarms, 1);
	signal(SIGUSR1, SIG_DFL);
	syncer_free(s);
	close(fd);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_synced),
		cmocka_unit_test(a_failure_is_told),
		cmocka_unit_test(done_starts_the_next_one),
		cmocka_unit_test(freed_at_any_time),
		cmocka_unit_test(the_thread_takes_no_signals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
