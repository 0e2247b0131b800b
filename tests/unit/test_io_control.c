// SPDX-License-Identifier: Apache-2.0
#include "io_test.h"

#include "io/control.h"
#include "io/net.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* The server runs in this thread, who asks in another one. */
struct server {
	struct loop *l;
	struct control *c;
	char *folder;
	char path[64];
	int calls;
	struct buf last;
};

static void answer(void *arg, struct slice request, struct buf *out)
{
	struct server *s = arg;
	s->calls++;
	s->last.len = 0;
	buf_add_slice(&s->last, request);
	if (slice_is(request, "large") || slice_is(request, "largest") || slice_is(request, "over")) {
		size_t n = slice_is(request, "large") ? 3000000 : CONTROL_ANSWER_MAX;
		n += slice_is(request, "over");
		buf_reserve(out, n);
		for (size_t i = 0; i < n; i++)
			out->p[i] = (char)(i * 7);
		out->len = n;
	} else if (!slice_is(request, "nothing")) {
		buf_add_str(out, "you said ");
		buf_add_slice(out, request);
	}
}

static void server_start(struct server *s)
{
	struct err e = { 0 };
	memset(s, 0, sizeof(*s));
	s->l = test_loop();
	s->folder = test_folder();
	snprintf(s->path, sizeof(s->path), "%s/status", s->folder);
	s->c = control_new(s->l, s->path, 0600, answer, s, &e);
	if (!s->c)
		fail_msg("%s", e.text);
}

static void server_end(struct server *s)
{
	control_free(s->c);
	loop_free(s->l);
	buf_free(&s->last);
	test_folder_end(s->folder); /* the socket is gone */
}

struct asker {
	pthread_t thread;
	const char *path;
	struct slice request;
	uint64_t timeout_ms;
	struct buf out;
	struct err e;
	int result;
	int ended[2];
};

static void *ask_thread(void *arg)
{
	struct asker *a = arg;
	a->result = control_ask(a->path, a->request, a->timeout_ms, &a->out, &a->e);
	(void)!write(a->ended[1], "x", 1);
	return NULL;
}

static void asker_start(struct asker *a, const char *path, struct slice request)
{
	*a = (struct asker){ .path = path, .request = request, .timeout_ms = TEST_LIMIT_MS };
	assert_int_equal(pipe2(a->ended, O_NONBLOCK), 0);
	assert_int_equal(pthread_create(&a->thread, NULL, ask_thread, a), 0);
}

static void asker_join(struct asker *a)
{
	pthread_join(a->thread, NULL);
	close(a->ended[0]);
	close(a->ended[1]);
}

static void count_end(void *arg, uint32_t events)
{
	(void)events;
	*(int *)arg = 1;
}

/* Turns the server until who asks has its answer; then a->result and a->out stand. */
static void serve(struct server *s, struct asker *a)
{
	struct err e;
	int ended = 0;
	struct loop_watch w = { .ready = count_end, .arg = &ended, .fd = a->ended[0] };
	assert_int_equal(loop_watch(s->l, &w, EPOLLIN, &e), 0);
	turn_until(s->l, &ended, 1);
	loop_unwatch(s->l, &w);
	asker_join(a);
}

static void ask(struct server *s, struct asker *a, struct slice request)
{
	asker_start(a, s->path, request);
	serve(s, a);
}

static void a_question_is_answered(void **state)
{
	(void)state;
	struct server s;
	struct asker a;
	struct stat st;
	server_start(&s);
	assert_int_equal(stat(s.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	ask(&s, &a, slice_str("hello"));
	assert_int_equal(a.result, 0);
	assert_true(slice_is(buf_slice(&a.out), "you said hello"));
	buf_free(&a.out);

	ask(&s, &a, slice_str("nothing"));
	assert_int_equal(a.result, 0);
	assert_int_equal(a.out.len, 0);
	buf_free(&a.out);

	ask(&s, &a, slice_of("\0\xff\r\t", 4));
	assert_int_equal(a.result, 0);
	assert_true(slice_eq(buf_slice(&s.last), slice_of("\0\xff\r\t", 4)));
	buf_free(&a.out);

	ask(&s, &a, slice_str(""));
	assert_true(slice_is(buf_slice(&a.out), "you said "));
	buf_free(&a.out);
	server_end(&s);
	control_free(NULL);
}

static void a_large_answer_comes_whole(void **state)
{
	(void)state;
	static const char *const requests[] = { "large", "largest" };
	static const size_t sizes[] = { 3000000, CONTROL_ANSWER_MAX };
	struct server s;
	struct asker a;
	server_start(&s);
	for (int i = 0; i < 2; i++) {
		ask(&s, &a, slice_str(requests[i]));
		assert_int_equal(a.result, 0);
		assert_int_equal(a.out.len, sizes[i]);
		for (size_t k = 0; k < a.out.len; k++) {
			if (a.out.p[k] != (char)(k * 7))
				fail_msg("byte %zu", k);
		}
		buf_free(&a.out);
	}
	ask(&s, &a, slice_str("over"));
	assert_int_equal(a.result, -1);
	assert_int_equal(a.e.code, 0);
	assert_in(a.e.text, "too long");
	buf_free(&a.out);
	server_end(&s);
}

static void requests_have_a_limit(void **state)
{
	(void)state;
	static char text[CONTROL_REQUEST_MAX + 1];
	struct server s;
	struct asker a;
	memset(text, 'r', sizeof(text));
	server_start(&s);
	ask(&s, &a, slice_of(text, CONTROL_REQUEST_MAX));
	assert_int_equal(a.result, 0);
	assert_int_equal(s.last.len, CONTROL_REQUEST_MAX);
	buf_free(&a.out);
	ask(&s, &a, slice_of(text, CONTROL_REQUEST_MAX + 1));
	assert_int_equal(a.result, -1);
	assert_int_equal(a.e.code, EINVAL);
	ask(&s, &a, slice_str("two\nlines"));
	assert_int_equal(a.result, -1);
	assert_int_equal(a.e.code, EINVAL);

	/* of another program, which sends on and on */
	struct err e;
	struct pollfd p = { .events = POLLIN };
	char in[128] = "";
	p.fd = net_unix_connect(s.path, SOCK_STREAM, &e);
	assert_true(send(p.fd, text, sizeof(text), 0) == sizeof(text));
	(void)send(p.fd, text, sizeof(text), 0);
	while (poll(&p, 1, 0) == 0)
		turn_once(s.l);
	assert_true(recv(p.fd, in, sizeof(in) - 1, 0) > 0);
	assert_string_equal(in, "error the request is too long\n");
	close(p.fd);
	assert_int_equal(s.calls, 1);
	server_end(&s);
}

/* The rest of the request cannot be sent any more; the words still come. */
static void a_refusal_before_the_end_of_the_request_is_told(void **state)
{
	(void)state;
	static char text[CONTROL_REQUEST_MAX];
	char *folder = test_folder();
	char path[64];
	struct err e;
	struct asker a;
	memset(text, 'r', sizeof(text));
	snprintf(path, sizeof(path), "%s/s", folder);
	int l = net_unix_bind(path, SOCK_STREAM, 0600, &e);
	struct pollfd p = { .fd = l, .events = POLLIN };
	asker_start(&a, path, slice_of(text, sizeof(text)));
	assert_int_equal(poll(&p, 1, TEST_LIMIT_MS), 1);
	int fd = net_accept(l, NULL, &e);
	assert_int_equal(send(fd, "error no time\n", 14, 0), 14);
	close(fd);
	asker_join(&a);
	assert_int_equal(a.result, -1);
	assert_int_equal(a.e.code, 0);
	assert_string_equal(a.e.text, "no time");
	buf_free(&a.out);
	close(l);
	unlink(path);
	test_folder_end(folder);
}

static void a_request_in_pieces_is_one(void **state)
{
	(void)state;
	struct server s;
	struct err e;
	char in[64] = "";
	server_start(&s);
	int fd = net_unix_connect(s.path, SOCK_STREAM, &e);
	for (const char *c = "he\n"; *c; c++) {
		assert_int_equal(send(fd, c, 1, 0), 1);
		for (int i = 0; i < 5; i++)
			turn_once(s.l);
	}
	assert_true(recv(fd, in, sizeof(in) - 1, 0) > 0);
	assert_in(in, "ok 11\n");
	close(fd);
	/* and half a one, then gone, is none */
	fd = net_unix_connect(s.path, SOCK_STREAM, &e);
	assert_int_equal(send(fd, "half", 4, 0), 4);
	turn_once(s.l);
	close(fd);
	for (int i = 0; i < 5; i++)
		turn_once(s.l);
	assert_int_equal(s.calls, 1);
	server_end(&s);
}

static void idle_clients_do_not_keep_others_out(void **state)
{
	(void)state;
	struct server s;
	struct asker a;
	struct err e;
	int idle[CONTROL_CLIENTS_MAX];
	server_start(&s);
	control_set_idle(s.c, 300);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		idle[i] = net_unix_connect(s.path, SOCK_STREAM, &e);
		assert_true(idle[i] >= 0);
		turn_once(s.l);
	}
	/* all places are taken: the next one waits in the kernel's queue */
	asker_start(&a, s.path, slice_str("patience"));
	uint64_t start = clock_mono_ms();
	serve(&s, &a);
	assert_int_equal(a.result, 0);
	assert_true(clock_mono_ms() - start >= 150);
	buf_free(&a.out);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		char c;
		if (i < CONTROL_CLIENTS_MAX - 1)
			turn_once(s.l);
		assert_int_equal(recv(idle[i], &c, 1, MSG_DONTWAIT), 0); /* closed by the other side */
		close(idle[i]);
	}
	server_end(&s);
}

static void closing_one_lets_the_next_in(void **state)
{
	(void)state;
	struct server s;
	struct err e;
	int fds[3 * CONTROL_CLIENTS_MAX];
	server_start(&s);
	for (int i = 0; i < 3 * CONTROL_CLIENTS_MAX; i++) {
		fds[i] = net_unix_connect(s.path, SOCK_STREAM, &e);
		assert_true(fds[i] >= 0);
		assert_int_equal(send(fds[i], "hi\n", 3, 0), 3);
	}
	turn_until(s.l, &s.calls, 3 * CONTROL_CLIENTS_MAX);
	for (int i = 0; i < 3 * CONTROL_CLIENTS_MAX; i++)
		close(fds[i]);
	server_end(&s);
}

static void a_reader_that_stops_is_dropped_and_blocks_nobody(void **state)
{
	(void)state;
	struct server s;
	struct asker a;
	struct err e;
	server_start(&s);
	control_set_idle(s.c, 300);
	int fd = net_unix_connect(s.path, SOCK_STREAM, &e);
	assert_int_equal(send(fd, "large\n", 6, 0), 6);
	turn_until(s.l, &s.calls, 1);
	ask(&s, &a, slice_str("hello"));
	assert_int_equal(a.result, 0);
	buf_free(&a.out);
	uint64_t end = clock_mono_ms() + TEST_LIMIT_MS;
	struct pollfd p = { .fd = fd, .events = 0 };
	while (poll(&p, 1, 0) == 0 && clock_mono_ms() < end)
		assert_int_equal(loop_turn(s.l, 100, &e), 0);
	assert_true(p.revents & POLLHUP);
	close(fd);
	/* one that goes in the middle */
	fd = net_unix_connect(s.path, SOCK_STREAM, &e);
	assert_int_equal(send(fd, "large\n", 6, 0), 6);
	turn_until(s.l, &s.calls, 3);
	close(fd);
	ask(&s, &a, slice_str("hello"));
	assert_int_equal(a.result, 0);
	buf_free(&a.out);
	server_end(&s);
}

static void without_descriptors_it_does_not_spin(void **state)
{
	(void)state;
	struct server s;
	struct err e;
	struct rlimit before;
	server_start(&s);
	int fd = net_unix_connect(s.path, SOCK_STREAM, &e);
	assert_int_equal(send(fd, "hi\n", 3, 0), 3);
	getrlimit(RLIMIT_NOFILE, &before);
	struct rlimit few = { .rlim_cur = (rlim_t)fd + 1, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &few);
	turn_once(s.l);
	uint64_t start = clock_mono_ms();
	assert_int_equal(loop_turn(s.l, 50, &e), 0);
	assert_true(clock_mono_ms() - start >= 50);
	setrlimit(RLIMIT_NOFILE, &before);
	turn_until(s.l, &s.calls, 1);
	close(fd);
	server_end(&s);
}

/* ---- the side that asks, against what is no good ---- */

static void nobody_there_is_told(void **state)
{
	(void)state;
	struct err e;
	struct buf out = { 0 };
	struct server s;
	server_start(&s);
	char path[64];
	memcpy(path, s.path, sizeof(path));
	assert_int_equal(control_ask("/nonexistent/status", slice_str("x"), 100, &out, &e), -1);
	assert_int_equal(e.code, ENOENT);
	/* killed, so the socket is still there */
	char other[80];
	snprintf(other, sizeof(other), "%s2", path);
	int fd = net_unix_bind(other, SOCK_STREAM, 0600, &e);
	close(fd);
	assert_int_equal(control_ask(other, slice_str("x"), 100, &out, &e), -1);
	assert_int_equal(e.code, ECONNREFUSED);
	unlink(other);
	/* there, but it does not answer */
	assert_int_equal(control_ask(path, slice_str("x"), 50, &out, &e), -1);
	assert_int_equal(e.code, ETIMEDOUT);
	buf_free(&out);
	server_end(&s);
}

static void bad_answers_are_told(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "", "closed before" },	    { "ok 5\nhell", "cut off: 4 of 5" },
		{ "ok 3\nhell", "cut off: 4 of 3" }, { "ok 3", "closed before" },
		{ "ok x\nabc", "none that we know" }, { "ok \n", "none that we know" },
		{ "\n", "none that we know" },	    { "ok 99999999999\n", "none that we know" },
		{ "HTTP/1.1 400\r\n", "none that we know" },
		{ "error \x1b[2Jgone\n", "\\x1b[2Jgone" },
	};
	char *folder = test_folder();
	char path[64];
	struct err e;
	snprintf(path, sizeof(path), "%s/s", folder);
	int l = net_unix_bind(path, SOCK_STREAM, 0600, &e);
	assert_true(l >= 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct asker a;
		struct pollfd p = { .fd = l, .events = POLLIN };
		char in[8];
		asker_start(&a, path, slice_str("q"));
		assert_int_equal(poll(&p, 1, TEST_LIMIT_MS), 1);
		int fd = net_accept(l, NULL, &e);
		p.fd = fd;
		assert_int_equal(poll(&p, 1, TEST_LIMIT_MS), 1);
		assert_int_equal(recv(fd, in, sizeof(in), 0), 2);
		size_t len = strlen(cases[i][0]);
		assert_int_equal(send(fd, cases[i][0], len, MSG_NOSIGNAL), len);
		close(fd);
		asker_join(&a);
		assert_int_equal(a.result, -1);
		assert_in(a.e.text, cases[i][1]);
		assert_int_equal(a.out.len, 0);
		buf_free(&a.out);
	}
	close(l);
	unlink(path);
	test_folder_end(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_answered),
		cmocka_unit_test(a_large_answer_comes_whole),
		cmocka_unit_test(requests_have_a_limit),
		cmocka_unit_test(a_refusal_before_the_end_of_the_request_is_told),
		cmocka_unit_test(a_request_in_pieces_is_one),
		cmocka_unit_test(idle_clients_do_not_keep_others_out),
		cmocka_unit_test(closing_one_lets_the_next_in),
		cmocka_unit_test(a_reader_that_stops_is_dropped_and_blocks_nobody),
		cmocka_unit_test(without_descriptors_it_does_not_spin),
		cmocka_unit_test(nobody_there_is_told),
		cmocka_unit_test(bad_answers_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
