// SPDX-License-Identifier: Apache-2.0
/* Peek, commit, consume: each trap of SO_PEEK_OFF by name, on a real socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "source/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_SEEN 600

struct bench {
	struct loop *loop;
	int held;   /* the reading end, held open as systemd would */
	int sender;
	struct source *source;
	struct buf seen[MAX_SEEN];
	size_t n_seen;
	uid_t uid;
	uint64_t seq;
	unsigned lost_second_reader, lost_cut, again, ended;
};

static enum take on_take(void *arg, struct slice datagram, const struct sender *from,
			 uint64_t *seq)
{
	struct bench *b = arg;
	assert_true(b->n_seen < MAX_SEEN);
	b->seen[b->n_seen].len = 0;
	buf_add_slice(&b->seen[b->n_seen++], datagram);
	b->uid = from->known ? from->uid : (uid_t)-1;
	*seq = ++b->seq;
	return TAKE_DONE;
}

static void on_lost(void *arg, const char *what, uint64_t n)
{
	struct bench *b = arg;
	if (strcmp(what, "second_reader") == 0)
		b->lost_second_reader += (unsigned)n;
	if (strcmp(what, "datagram_cut") == 0)
		b->lost_cut += (unsigned)n;
}

static void on_again(void *arg)
{
	struct bench *b = arg;
	b->again++;
}

static void on_ended(void *arg, const struct err *why)
{
	struct bench *b = arg;
	assert_true(why->text[0]);
	b->ended++;
}

/* A source on the held socket, as a forward that was started (again). */
static void start(struct bench *b)
{
	struct intake in = { b, on_take, on_lost, on_again, on_ended };
	struct err e;
	b->source = source_unix(b->loop, "test", dup(b->held), 100000, &in, &e);
	assert_non_null(b->source);
}

/* As kill -9: nothing is consumed any more. */
static void kill_it(struct bench *b)
{
	source_free(b->source);
	b->source = NULL;
	b->n_seen = 0;
}

static void turn(struct bench *b)
{
	struct err e;
	assert_int_equal(loop_turn(b->loop, 0, &e), 0);
	while (b->again) {
		b->again = 0;
		b->source->ops->read(b->source);
	}
}

static void all_safe(struct bench *b)
{
	b->source->ops->safe(b->source, b->seq);
}

static void put(struct bench *b, const char *text)
{
	assert_int_equal(send(b->sender, text, strlen(text), MSG_DONTWAIT), (ssize_t)strlen(text));
}

static void put_long(struct bench *b, char c, size_t len)
{
	char *p = malloc(len);
	memset(p, c, len);
	assert_int_equal(send(b->sender, p, len, MSG_DONTWAIT), (ssize_t)len);
	free(p);
}

static void expect(struct bench *b, size_t i, const char *text)
{
	assert_true(i < b->n_seen);
	assert_int_equal(b->seen[i].len, strlen(text));
	assert_memory_equal(b->seen[i].p, text, strlen(text));
}

static void expect_long(struct bench *b, size_t i, char c, size_t len)
{
	assert_true(i < b->n_seen);
	assert_int_equal(b->seen[i].len, len);
	for (size_t k = 0; k < len; k++)
		assert_int_equal(b->seen[i].p[k], c);
}

/* Nothing is left in the socket's queue. */
static void expect_queue_empty(struct bench *b)
{
	char c;
	int off = 0;
	setsockopt(b->held, SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off));
	assert_int_equal(recv(b->held, &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	int pair[2];
	struct err e;
	b->loop = loop_new(&e);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	b->held = pair[0];
	b->sender = pair[1];
	start(b);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	source_free(b->source);
	loop_free(b->loop);
	close(b->held);
	close(b->sender);
	for (size_t i = 0; i < MAX_SEEN; i++)
		buf_free(&b->seen[i]);
	free(b);
	return 0;
}

static void datagrams_stay_until_they_are_safe(void **state)
{
	struct bench *b = *state;
	put(b, "one");
	put(b, "two");
	turn(b);
	assert_int_equal(b->n_seen, 2);
	kill_it(b);
	start(b);
	turn(b);
	expect(b, 0, "one");
	expect(b, 1, "two");
	all_safe(b);
	expect_queue_empty(b);
}

static void trap_a_the_offset_outlives_the_process(void **state)
{
	struct bench *b = *state;
	put(b, "first");
	put(b, "second");
	turn(b);
	/* the killed one had peeked both: the next must begin at the first again */
	kill_it(b);
	put(b, "third");
	start(b);
	turn(b);
	assert_int_equal(b->n_seen, 3);
	expect(b, 0, "first");
	expect(b, 2, "third");
	all_safe(b);
	expect_queue_empty(b);
}

static void trap_b_a_long_datagram_comes_whole_and_in_order(void **state)
{
	struct bench *b = *state;
	put(b, "before");
	put_long(b, 'x', 8192);
	put_long(b, 'y', 8193);
	put(b, "between");
	put_long(b, 'z', 60000);
	put_long(b, 'w', 60001);
	put(b, "after");
	turn(b);
	turn(b);
	assert_int_equal(b->n_seen, 7);
	expect(b, 0, "before");
	expect_long(b, 1, 'x', 8192);
	expect_long(b, 2, 'y', 8193);
	expect(b, 3, "between");
	expect_long(b, 4, 'z', 60000);
	expect_long(b, 5, 'w', 60001);
	expect(b, 6, "after");
	all_safe(b);
	assert_int_equal(b->lost_second_reader, 0);
	expect_queue_empty(b);
}

static void a_datagram_beyond_the_limit_is_cut_and_told(void **state)
{
	struct bench *b = *state;
	put_long(b, 'l', 150000);
	put(b, "next");
	turn(b);
	assert_int_equal(b->n_seen, 2);
	expect_long(b, 0, 'l', 100000);
	expect(b, 1, "next");
	assert_int_equal(b->lost_cut, 1);
	all_safe(b);
	assert_int_equal(b->lost_second_reader, 0);
	expect_queue_empty(b);
}

static void trap_c_empty_datagrams(void **state)
{
	struct bench *b = *state;
	put(b, "");
	put(b, "a");
	put(b, "");
	put(b, "");
	put(b, "b");
	put(b, "");
	turn(b);
	/* how many empty ones are seen is the kernel's business; the others are exact */
	size_t full = 0;
	for (size_t i = 0; i < b->n_seen; i++)
		full += b->seen[i].len > 0;
	assert_int_equal(full, 2);
	all_safe(b);
	assert_int_equal(b->lost_second_reader, 0);
	put(b, "c");
	turn(b);
	expect(b, b->n_seen - 1, "c");
	all_safe(b);
	assert_int_equal(b->lost_second_reader, 0);
	assert_int_equal(b->ended, 0);
}

static void trap_c_empty_ones_that_a_killed_process_had_peeked(void **state)
{
	struct bench *b = *state;
	put(b, "");
	put(b, "a");
	put(b, "");
	put_long(b, 'x', 9000);
	put(b, "");
	put(b, "b");
	turn(b);
	kill_it(b);
	start(b);
	turn(b);
	all_safe(b);
	put(b, "c");
	turn(b);
	all_safe(b);
	assert_int_equal(b->lost_second_reader, 0);
	assert_int_equal(b->ended, 0);
	size_t full = 0;
	for (size_t i = 0; i < b->n_seen; i++)
		full += b->seen[i].len > 0;
	assert_int_equal(full, 4);
	expect(b, b->n_seen - 1, "c");
	/* no more than an empty one can be left */
	char rest[8];
	ssize_t n;
	int off = 0;
	setsockopt(b->held, SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off));
	while ((n = recv(b->held, rest, sizeof(rest), MSG_DONTWAIT)) >= 0)
		assert_int_equal(n, 0);
}

static void trap_c_a_second_reader_is_noticed(void **state)
{
	struct bench *b = *state;
	char stolen[16];
	put(b, "mine");
	put(b, "stolen by length");
	put(b, "x");
	turn(b);
	int off = -1;
	/* as another process would: a plain recv */
	setsockopt(b->held, SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off));
	assert_int_equal(recv(b->held, stolen, sizeof(stolen), 0), 4);
	all_safe(b);
	assert_int_equal(b->lost_second_reader, 1);
	assert_int_equal(b->ended, 1);
	assert_true(b->source->ended);
}

static void trap_d_peeked_datagrams_do_not_keep_the_loop_busy(void **state)
{
	struct bench *b = *state;
	put(b, "one");
	turn(b);
	for (int i = 0; i < 100; i++)
		turn(b);
	assert_int_equal(b->n_seen, 1);
	/* and yet a new one is noticed while the first still waits */
	put(b, "two");
	turn(b);
	assert_int_equal(b->n_seen, 2);
	all_safe(b);
	expect_queue_empty(b);
}

static void only_the_safe_ones_are_consumed(void **state)
{
	struct bench *b = *state;
	put(b, "1");
	put(b, "22");
	put(b, "333");
	turn(b);
	b->source->ops->safe(b->source, 2);
	kill_it(b);
	start(b);
	turn(b);
	assert_int_equal(b->n_seen, 1);
	expect(b, 0, "333");
}

static void the_senders_uid_is_told(void **state)
{
	struct bench *b = *state;
	put(b, "x");
	turn(b);
	assert_int_equal(b->uid, getuid());
}

/* qemu-user does not pass SO_PEEK_OFF on to the kernel. */
static bool peek_off_is_known(void)
{
	int s = socket(AF_UNIX, SOCK_DGRAM, 0), off = 0;
	bool known = setsockopt(s, SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off)) == 0 ||
		     errno != ENOPROTOOPT;
	close(s);
	return known;
}

static void all_of_it_needs_so_peek_off(void **state)
{
	(void)state;
	skip();
}

static void a_socket_that_asks_for_more_than_credentials_does_not_hide_them(void **state)
{
	struct bench *b = *state;
	int on = 1;
	kill_it(b);
	assert_int_equal(setsockopt(b->held, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)), 0);
	start(b);
	put(b, "x");
	turn(b);
	assert_int_equal(b->uid, getuid());
}

int main(void)
{
	const struct CMUnitTest without[] = { cmocka_unit_test(all_of_it_needs_so_peek_off) };
	if (!peek_off_is_known())
		return cmocka_run_group_tests(without, NULL, NULL);

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(datagrams_stay_until_they_are_safe),
		T(trap_a_the_offset_outlives_the_process),
		T(trap_b_a_long_datagram_comes_whole_and_in_order),
		T(a_datagram_beyond_the_limit_is_cut_and_told),
		T(trap_c_empty_datagrams),
		T(trap_c_empty_ones_that_a_killed_process_had_peeked),
		T(trap_c_a_second_reader_is_noticed),
		T(trap_d_peeked_datagrams_do_not_keep_the_loop_busy),
		T(only_the_safe_ones_are_consumed),
		T(the_senders_uid_is_told),
		T(a_socket_that_asks_for_more_than_credentials_does_not_hide_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
