// SPDX-License-Identifier: Apache-2.0
#include "io_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>

/* A watch with a count of its calls and something to do in each. */
struct probe {
	struct loop *loop;
	struct loop_watch watch;
	int calls;
	uint32_t events;
	void (*act)(struct probe *p);
	void *other;
	int fds[2];
};

static void called(void *arg, uint32_t events)
{
	struct probe *p = arg;
	p->calls++;
	p->events = events;
	if (p->act)
		p->act(p);
}

/* Over an eventfd that is ready to be read. */
static void probe_open(struct probe *p, struct loop *l)
{
	struct err e;
	memset(p, 0, sizeof(*p));
	p->loop = l;
	p->fds[0] = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
	p->watch = (struct loop_watch){ .ready = called, .arg = p, .fd = p->fds[0] };
	assert_int_equal(loop_watch(l, &p->watch, EPOLLIN, &e), 0);
}

static void probe_close(struct probe *p)
{
	loop_unwatch(p->loop, &p->watch);
	close(p->watch.fd);
}

static void drain(struct probe *p)
{
	uint64_t v;
	assert_int_equal(read(p->watch.fd, &v, sizeof(v)), sizeof(v));
}

static void a_ready_watch_is_called_once_a_turn(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct probe p;
	probe_open(&p, l);
	turn_once(l);
	assert_int_equal(p.calls, 1);
	assert_int_equal(p.events, EPOLLIN);
	turn_once(l);
	assert_int_equal(p.calls, 2); /* by level */
	drain(&p);
	turn_once(l);
	assert_int_equal(p.calls, 2);
	probe_close(&p);
	loop_unwatch(l, &p.watch); /* not set is fine */
	loop_free(l);
	loop_free(NULL);
}

/* Frees the memory of the other one, which is as ready. */
static void free_other(struct probe *p)
{
	struct probe **other = p->other;
	probe_close(*other);
	free(*other);
	*other = NULL;
	p->act = NULL;
}

static void a_watch_freed_by_another_one_is_not_called(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct probe *a = malloc(sizeof(*a));
	struct probe *b = malloc(sizeof(*b));
	assert_true(a && b);
	probe_open(a, l);
	probe_open(b, l);
	a->act = b->act = free_other;
	a->other = &b;
	b->other = &a;
	turn_once(l); /* whoever came first; the sanitizer would speak */
	turn_once(l);
	struct probe *left = a ? a : b;
	assert_true(!a || !b);
	assert_int_equal(left->calls, 2);
	probe_close(left);
	free(left);
	loop_free(l);
}

static void reuse_other(struct probe *p)
{
	struct probe *other = p->other;
	if (!other)
		return;
	probe_close(other);
	probe_open(other, p->loop);
	drain(other); /* the new one is not ready */
	p->other = NULL;
	other->other = NULL;
}

static void a_watch_set_anew_in_the_same_memory_gets_no_old_event(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct probe a;
	struct probe b;
	probe_open(&a, l);
	probe_open(&b, l);
	a.act = b.act = reuse_other;
	a.other = &b;
	b.other = &a;
	turn_once(l);
	assert_int_equal(a.calls + b.calls, 1);
	probe_close(&a);
	probe_close(&b);
	loop_free(l);
}

static void pause_other(struct probe *p)
{
	struct err e;
	struct probe *other = p->other;
	assert_int_equal(loop_watch(p->loop, &other->watch, 0, &e), 0);
}

static void a_watch_paused_by_another_one_is_not_called(void **state)
{
	(void)state;
	struct err e;
	struct loop *l = test_loop();
	struct probe a;
	struct probe b;
	probe_open(&a, l);
	probe_open(&b, l);
	a.act = b.act = pause_other;
	a.other = &b;
	b.other = &a;
	turn_once(l);
	assert_int_equal(a.calls + b.calls, 1);
	/* and is heard again */
	a.act = b.act = NULL;
	assert_int_equal(loop_watch(l, &a.watch, EPOLLIN, &e), 0);
	assert_int_equal(loop_watch(l, &b.watch, EPOLLIN, &e), 0);
	turn_once(l);
	assert_int_equal(a.calls + b.calls, 3);
	probe_close(&a);
	probe_close(&b);
	loop_free(l);
}

static void read_only_other(struct probe *p)
{
	struct err e;
	struct probe *other = p->other;
	assert_int_equal(loop_watch(p->loop, &other->watch, EPOLLIN, &e), 0);
}

static void what_another_one_no_longer_asks_for_is_not_told(void **state)
{
	(void)state;
	struct err e;
	struct loop *l = test_loop();
	struct probe a;
	struct probe b;
	probe_open(&a, l);
	probe_open(&b, l);
	assert_int_equal(loop_watch(l, &a.watch, EPOLLIN | EPOLLOUT, &e), 0);
	assert_int_equal(loop_watch(l, &b.watch, EPOLLIN | EPOLLOUT, &e), 0);
	a.act = b.act = read_only_other;
	a.other = &b;
	b.other = &a;
	turn_once(l);
	assert_int_equal(a.calls + b.calls, 2);
	/* the first was told both, the second what was left */
	assert_int_equal(a.events + b.events, EPOLLIN + EPOLLIN + EPOLLOUT);
	probe_close(&a);
	probe_close(&b);
	loop_free(l);
}

static void close_self(struct probe *p)
{
	probe_close(p);
}

static void a_watch_may_clear_itself(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct probe p;
	probe_open(&p, l);
	p.act = close_self;
	turn_once(l);
	turn_once(l);
	assert_int_equal(p.calls, 1);
	loop_free(l);
}

static void only_what_is_asked_for_is_told(void **state)
{
	(void)state;
	struct err e;
	struct loop *l = test_loop();
	struct probe p = { .loop = l };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p.fds), 0);
	p.watch = (struct loop_watch){ .ready = called, .arg = &p, .fd = p.fds[0] };
	assert_int_equal(loop_watch(l, &p.watch, EPOLLIN | EPOLLOUT, &e), 0);
	turn_once(l);
	assert_int_equal(p.events, EPOLLOUT);
	assert_int_equal(loop_watch(l, &p.watch, EPOLLIN, &e), 0);
	turn_once(l);
	assert_int_equal(p.calls, 1);
	assert_int_equal(write(p.fds[1], "x", 1), 1);
	turn_once(l);
	assert_int_equal(p.calls, 2);
	assert_int_equal(p.events, EPOLLIN);
	close(p.fds[1]);
	turn_once(l);
	assert_true(p.events & EPOLLHUP);
	assert_int_equal(p.calls, 3);
	/* 0 events: not even the end of the connection, which would spin */
	assert_int_equal(loop_watch(l, &p.watch, 0, &e), 0);
	assert_true(p.watch.set);
	turn_once(l);
	assert_int_equal(p.calls, 3);
	assert_int_equal(loop_watch(l, &p.watch, EPOLLOUT, &e), 0);
	turn_once(l);
	assert_int_equal(p.calls, 4);
	loop_unwatch(l, &p.watch);
	close(p.fds[0]);
	loop_free(l);
}

static void an_edge_is_told_once_and_again_when_asked(void **state)
{
	(void)state;
	struct err e;
	struct loop *l = test_loop();
	struct probe p;
	probe_open(&p, l);
	assert_int_equal(loop_watch(l, &p.watch, EPOLLIN | EPOLLET, &e), 0);
	turn_once(l);
	turn_once(l);
	assert_int_equal(p.calls, 1);
	assert_int_equal(loop_watch(l, &p.watch, EPOLLIN | EPOLLET, &e), 0);
	turn_once(l);
	assert_int_equal(p.calls, 2);
	probe_close(&p);
	loop_free(l);
}

static void a_regular_file_is_always_ready(void **state)
{
	(void)state;
	struct err e;
	struct loop *l = test_loop();
	struct probe many[LOOP_FILES_MAX + 1];
	for (size_t i = 0; i <= LOOP_FILES_MAX; i++) {
		struct probe *p = &many[i];
		*p = (struct probe){ .loop = l };
		p->watch = (struct loop_watch){ .ready = called, .arg = p };
		p->watch.fd = open(i % 2 ? "/dev/null" : "/proc/self/exe", O_RDONLY);
		assert_int_equal(loop_watch(l, &p->watch, EPOLLIN, &e), i < LOOP_FILES_MAX ? 0 : -1);
	}
	close(many[LOOP_FILES_MAX].watch.fd);
	assert_int_equal(e.code, EMFILE);
	many[0].act = pause_other;
	many[0].other = &many[LOOP_FILES_MAX - 1];
	assert_int_equal(loop_turn(l, TEST_LIMIT_MS, &e), 0); /* does not wait */
	for (size_t i = 0; i < LOOP_FILES_MAX - 1; i++) {
		assert_int_equal(many[i].calls, 1);
		assert_int_equal(many[i].events, EPOLLIN);
	}
	assert_int_equal(many[LOOP_FILES_MAX - 1].calls, 0);
	for (size_t i = 0; i < LOOP_FILES_MAX; i++)
		probe_close(&many[i]);
	turn_once(l);
	assert_int_equal(many[1].calls, 1);
	loop_free(l);
}

static void nobody_among_many_is_forgotten(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	static struct probe many[600];
	for (size_t i = 0; i < 600; i++)
		probe_open(&many[i], l);
	for (int i = 0; i < 3; i++)
		turn_once(l);
	for (size_t i = 0; i < 600; i++) {
		assert_in_range(many[i].calls, 1, 3);
		probe_close(&many[i]);
	}
	loop_free(l);
}

static void a_bad_descriptor_is_an_error(void **state)
{
	(void)state;
	struct err e;
	struct loop *l = test_loop();
	struct loop_watch w = { .ready = called, .fd = 1000 };
	assert_int_equal(loop_watch(l, &w, EPOLLIN, &e), -1);
	assert_int_equal(e.code, EBADF);
	assert_false(w.set);
	loop_free(l);
}

/* ---- timers ---- */

struct tick {
	struct loop *loop;
	struct loop_timer timer;
	int fired;
	int *order; /* counts all that fired */
	int place;
	void (*act)(struct tick *t);
	struct tick *other;
};

static void fired(void *arg)
{
	struct tick *t = arg;
	t->fired++;
	if (t->order)
		t->place = (*t->order)++;
	if (t->act)
		t->act(t);
}

static struct tick tick_of(struct loop *l, int *order)
{
	return (struct tick){ .loop = l, .timer = { .fire = fired }, .order = order };
}

static void set(struct tick *t, uint64_t ms)
{
	t->timer.arg = t;
	loop_timer_set(t->loop, &t->timer, ms);
}

static void timers_fire_in_order_of_time_and_setting(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	int order = 0;
	struct tick late = tick_of(l, &order);
	struct tick first = tick_of(l, &order);
	struct tick second = tick_of(l, &order);
	set(&late, 15);
	set(&first, 5);
	set(&second, 5);
	uint64_t start = loop_now_ms(l);
	turn_until(l, &order, 3);
	assert_int_equal(first.place, 0);
	assert_int_equal(second.place, 1);
	assert_int_equal(late.place, 2);
	assert_true(loop_now_ms(l) >= start + 15);
	assert_false(loop_timer_is_set(&late.timer));
	loop_free(l);
}

static void again(struct tick *t)
{
	set(t, 0);
}

static void a_timer_of_0_ms_starves_nobody(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct tick t = tick_of(l, NULL);
	struct tick u = tick_of(l, NULL);
	struct probe p;
	probe_open(&p, l);
	t.act = u.act = again;
	set(&t, 0);
	set(&u, 0);
	for (int i = 1; i <= 5; i++) {
		turn_once(l);
		assert_int_equal(t.fired, i);
		assert_int_equal(u.fired, i);
		assert_int_equal(p.calls, i);
	}
	probe_close(&p);
	loop_timer_clear(l, &t.timer);
	loop_timer_clear(l, &u.timer);
	turn_once(l);
	assert_int_equal(t.fired, 5);
	loop_free(l);
}

static void set_other(struct probe *p)
{
	set(p->other, 0);
}

static void a_timer_set_by_a_watch_waits_for_the_next_turn(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	struct tick t = tick_of(l, NULL);
	struct probe p;
	probe_open(&p, l);
	p.act = set_other;
	p.other = &t;
	turn_once(l);
	assert_int_equal(t.fired, 0);
	p.act = NULL;
	turn_once(l);
	assert_int_equal(t.fired, 1);
	probe_close(&p);
	loop_free(l);
}

static void clear_other(struct tick *t)
{
	loop_timer_clear(t->loop, &t->other->timer);
}

static void move_other(struct tick *t)
{
	set(t->other, 0);
}

static void a_timer_cleared_or_moved_by_another_one_does_not_fire(void **state)
{
	(void)state;
	struct loop *l = test_loop();
	int n = 0;
	struct tick clears = tick_of(l, &n);
	struct tick moves = tick_of(l, &n);
	struct tick cleared = tick_of(l, &n);
	struct tick moved = tick_of(l, &n);
	clears.act = clear_other;
	clears.other = &cleared;
	moves.act = move_other;
	moves.other = &moved;
	set(&clears, 0);
	set(&moves, 0);
	set(&cleared, 0);
	set(&moved, 0);
	turn_once(l);
	assert_int_equal(n, 2);
	assert_false(loop_timer_is_set(&cleared.timer));
	assert_true(loop_timer_is_set(&moved.timer));
	turn_once(l);
	assert_int_equal(moved.fired, 1);
	assert_int_equal(cleared.fired, 0);
	loop_free(l);
}

/* The heap against a plain list: whatever is set, moved and cleared, all fire in order. */
static void a_thousand_timers_set_moved_and_cleared(void **state)
{
	(void)state;
	enum { N = 1000 };
	static struct tick t[N];
	struct loop *l = test_loop();
	int order = 0;
	uint64_t seed = 7;
	for (int i = 0; i < N; i++)
		t[i] = tick_of(l, &order);
	for (int i = 0; i < 5 * N; i++) {
		struct tick *one = &t[rand_below(&seed, N)];
		if (rand_below(&seed, 3) == 0)
			loop_timer_clear(l, &one->timer);
		else
			set(one, rand_below(&seed, 30));
	}
	static struct tick *by_place[N];
	int wanted = 0;
	for (int i = 0; i < N; i++)
		wanted += loop_timer_is_set(&t[i].timer);
	turn_until(l, &order, wanted);
	assert_int_equal(order, wanted);
	for (int i = 0; i < N; i++) {
		if (t[i].fired)
			by_place[t[i].place] = &t[i];
	}
	for (int i = 1; i < order; i++) {
		const struct loop_timer *a = &by_place[i - 1]->timer;
		const struct loop_timer *b = &by_place[i]->timer;
		assert_true(a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->serial < b->serial));
	}
	loop_free(l);
}

static void a_timer_ends_the_wait_and_one_for_ever_does_not(void **state)
{
	(void)state;
	struct err e;
	struct loop *l = test_loop();
	struct tick t = tick_of(l, NULL);
	struct tick never = tick_of(l, NULL);
	set(&never, UINT64_MAX);
	set(&t, 3);
	uint64_t start = clock_mono_ms();
	while (!t.fired)
		assert_int_equal(loop_turn(l, UINT64_MAX, &e), 0);
	assert_true(clock_mono_ms() < start + TEST_LIMIT_MS);
	assert_int_equal(loop_turn(l, 2, &e), 0);
	assert_int_equal(never.fired, 0);
	loop_free(l); /* what is still set is forgotten */
}

static void on_alarm(int signo)
{
	(void)signo;
}

static void a_signal_handler_ends_the_wait_without_error(void **state)
{
	(void)state;
	struct err e;
	struct loop *l = test_loop();
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_value.tv_usec = 5000, .it_interval.tv_usec = 5000 };
	struct itimerval off = { 0 };
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	uint64_t start = clock_mono_ms();
	assert_int_equal(loop_turn(l, 2 * TEST_LIMIT_MS, &e), 0);
	assert_true(clock_mono_ms() < start + TEST_LIMIT_MS);
	setitimer(ITIMER_REAL, &off, NULL);
	signal(SIGALRM, SIG_DFL);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ready_watch_is_called_once_a_turn),
		cmocka_unit_test(a_watch_freed_by_another_one_is_not_called),
		cmocka_unit_test(a_watch_set_anew_in_the_same_memory_gets_no_old_event),
		cmocka_unit_test(a_watch_paused_by_another_one_is_not_called),
		cmocka_unit_test(what_another_one_no_longer_asks_for_is_not_told),
		cmocka_unit_test(a_watch_may_clear_itself),
		cmocka_unit_test(only_what_is_asked_for_is_told),
		cmocka_unit_test(an_edge_is_told_once_and_again_when_asked),
		cmocka_unit_test(a_regular_file_is_always_ready),
		cmocka_unit_test(nobody_among_many_is_forgotten),
		cmocka_unit_test(a_bad_descriptor_is_an_error),
		cmocka_unit_test(timers_fire_in_order_of_time_and_setting),
		cmocka_unit_test(a_timer_of_0_ms_starves_nobody),
		cmocka_unit_test(a_timer_set_by_a_watch_waits_for_the_next_turn),
		cmocka_unit_test(a_timer_cleared_or_moved_by_another_one_does_not_fire),
		cmocka_unit_test(a_thousand_timers_set_moved_and_cleared),
		cmocka_unit_test(a_timer_ends_the_wait_and_one_for_ever_does_not),
		cmocka_unit_test(a_signal_handler_ends_the_wait_without_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
