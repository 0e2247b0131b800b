// SPDX-License-Identifier: Apache-2.0
#include "io_test.h"

#include "io/net.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

struct place {
	char *folder;
	char path[512];
};

static struct place place_new(const char *name)
{
	struct place p = { .folder = test_folder() };
	snprintf(p.path, sizeof(p.path), "%s/%s", p.folder, name);
	return p;
}

static void place_end(struct place *p)
{
	unlink(p->path);
	test_folder_end(p->folder);
}

static int bind_ok(const char *path, int type, mode_t mode)
{
	struct err e = { 0 };
	int fd = net_unix_bind(path, type, mode, &e);
	if (fd < 0)
		fail_msg("%s", e.text);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	return fd;
}

static mode_t mode_of(const char *path)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	return st.st_mode & 07777;
}

static void assert_reached(const char *path, int type, int listener)
{
	struct err e = { 0 };
	char c;
	int fd = net_unix_connect(path, type, &e);
	if (fd < 0)
		fail_msg("%s", e.text);
	if (type == SOCK_DGRAM) {
		assert_int_equal(send(fd, "x", 1, 0), 1);
		assert_int_equal(recv(listener, &c, 1, MSG_DONTWAIT), 1);
	} else {
		int got = net_accept(listener, NULL, &e);
		assert_true(got >= 0);
		close(got);
	}
	close(fd);
}

static const int types[] = { SOCK_DGRAM, SOCK_STREAM };

static void bound_with_the_exact_mode(void **state)
{
	(void)state;
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	static const mode_t modes[] = { 0600, 0666, 0222 };
	for (size_t i = 0; i < 24; i++) {
		struct place p = place_new("sock");
		int type = types[i / 12];
		mode_t mode = modes[i / 4 % 3];
		mode_t before = umask(masks[i % 4]);
		int fd = bind_ok(p.path, type, mode);
		umask(before);
		assert_int_equal(mode_of(p.path), mode);
		assert_reached(p.path, type, fd);
		close(fd);
		place_end(&p);
	}
}

static void a_stale_socket_is_replaced(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct place p = place_new("sock");
		close(bind_ok(p.path, types[i], 0600));
		int fd = bind_ok(p.path, types[i], 0640);
		assert_int_equal(mode_of(p.path), 0640);
		assert_reached(p.path, types[i], fd);
		close(fd);
		/* stale, of the other type */
		fd = bind_ok(p.path, types[1 - i], 0600);
		assert_reached(p.path, types[1 - i], fd);
		close(fd);
		place_end(&p); /* and no PATH~ is left */
	}
}

static void a_socket_aside_of_one_who_was_killed_does_no_harm(void **state)
{
	(void)state;
	struct place p = place_new("sock");
	char aside[520];
	snprintf(aside, sizeof(aside), "%s~", p.path);
	close(bind_ok(aside, SOCK_DGRAM, 0600));
	close(bind_ok(p.path, SOCK_DGRAM, 0600));
	int fd = bind_ok(p.path, SOCK_DGRAM, 0600);
	assert_reached(p.path, SOCK_DGRAM, fd);
	close(fd);
	place_end(&p);
}

/* A child that holds path, named name; times: how often it binds anew, over its own stale one. */
static pid_t hold(const char *path, int type, const char *name, int times)
{
	int ready[2];
	char c;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NAME, name);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = -1;
		for (int i = 0; i < times; i++) {
			close(fd);
			fd = net_unix_bind(path, type, 0600, NULL);
		}
		if (fd < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void an_answering_socket_stays_and_its_owner_is_named(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		int held = types[i % 2];
		int wanted = types[i / 2 % 2];
		struct place p = place_new("sock");
		pid_t pid = hold(p.path, held, "some\x1bowner", i < 4 ? 1 : 2);
		struct err e = { 0 };
		char words[64];
		struct stat before;
		struct stat after;
		assert_int_equal(stat(p.path, &before), 0);
		assert_int_equal(net_unix_bind(p.path, wanted, 0600, &e), -1);
		assert_int_equal(e.code, EADDRINUSE);
		snprintf(words, sizeof(words), "pid %d (some\\x1bowner)", (int)pid);
		assert_in(e.text, words);
		assert_int_equal(stat(p.path, &after), 0);
		assert_int_equal(before.st_ino, after.st_ino);
		end(pid);
		close(bind_ok(p.path, wanted, 0600)); /* now it is stale */
		place_end(&p);
	}
}

static void a_stream_socket_with_a_full_queue_is_alive(void **state)
{
	(void)state;
	struct place p = place_new("sock");
	struct err e = { 0 };
	int clients[4];
	int l = bind_ok(p.path, SOCK_STREAM, 0600);
	assert_int_equal(listen(l, 0), 0);
	for (int i = 0; i < 4; i++)
		clients[i] = net_unix_connect(p.path, SOCK_STREAM, &e);
	assert_int_equal(e.code, EAGAIN);
	assert_int_equal(net_unix_bind(p.path, SOCK_STREAM, 0600, &e), -1);
	assert_int_equal(e.code, EADDRINUSE);
	for (int i = 0; i < 4; i++) {
		if (clients[i] >= 0)
			close(clients[i]);
	}
	close(l);
	place_end(&p);
}

static void a_file_or_a_link_is_never_replaced(void **state)
{
	(void)state;
	struct place p = place_new("sock");
	struct err e = { 0 };
	int fd = open(p.path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(net_unix_bind(p.path, SOCK_DGRAM, 0600, &e), -1);
	assert_int_equal(e.code, EEXIST);
	assert_in(e.text, "no socket");
	unlink(p.path);
	assert_int_equal(symlink("/nonexistent", p.path), 0);
	assert_int_equal(net_unix_bind(p.path, SOCK_DGRAM, 0600, &e), -1);
	assert_int_equal(e.code, EEXIST);
	place_end(&p);
}

static void what_cannot_be_bound_is_told(void **state)
{
	(void)state;
	struct err e = { 0 };
	char name[200];
	char path[512];
	assert_int_equal(net_unix_bind("/nonexistent/x\n/sock", SOCK_DGRAM, 0600, &e), -1);
	assert_int_equal(e.code, ENOENT);
	assert_in(e.text, "/nonexistent/x\\n/sock");
	assert_int_equal(net_unix_bind("", SOCK_DGRAM, 0600, &e), -1);
	memset(name, 'n', sizeof(name));
	snprintf(path, sizeof(path), "/tmp/%.190s", name);
	assert_int_equal(net_unix_bind(path, SOCK_DGRAM, 0600, &e), -1);
	assert_int_equal(e.code, ENAMETOOLONG);
	assert_int_equal(net_unix_connect("/nonexistent/sock", SOCK_STREAM, &e), -1);
	assert_int_equal(e.code, ENOENT);
}

static void a_long_path_is_reached(void **state)
{
	(void)state;
	char sub[300];
	struct place p = place_new("sock");
	memset(sub, 0, sizeof(sub));
	snprintf(sub, sizeof(sub), "%s/%0150d", p.folder, 0);
	assert_int_equal(mkdir(sub, 0700), 0);
	snprintf(p.path, sizeof(p.path), "%s/status", sub);
	for (size_t i = 0; i < 2; i++) {
		close(bind_ok(p.path, types[i], 0600));
		int fd = bind_ok(p.path, types[i], 0600);
		assert_int_equal(mode_of(p.path), 0600);
		assert_reached(p.path, types[i], fd);
		struct err e;
		assert_int_equal(net_unix_bind(p.path, types[i], 0600, &e), -1);
		assert_int_equal(e.code, EADDRINUSE);
		close(fd);
	}
	unlink(p.path);
	assert_int_equal(rmdir(sub), 0);
	place_end(&p);
}

/* Children that all find the same stale socket: one has it in the end. */
static void of_many_that_replace_a_stale_one_one_wins(void **state)
{
	(void)state;
	enum { N = 8 };
	for (int round = 0; round < 10; round++) {
		struct place p = place_new("sock");
		int go[2];
		int out[2];
		pid_t pids[N];
		int winners = 0;
		char c;
		int type = types[round % 2];
		close(bind_ok(p.path, type, 0600));
		assert_int_equal(pipe(go), 0);
		assert_int_equal(pipe(out), 0);
		for (int i = 0; i < N; i++) {
			pids[i] = fork();
			if (pids[i] != 0)
				continue;
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(go[1]);
			(void)!read(go[0], &c, 1);
			c = net_unix_bind(p.path, type, 0600, NULL) >= 0 ? 'y' : 'n';
			(void)!write(out[1], &c, 1);
			for (;;)
				pause();
		}
		close(go[0]);
		close(go[1]);
		for (int i = 0; i < N; i++) {
			assert_int_equal(read(out[0], &c, 1), 1);
			winners += c == 'y';
		}
		assert_int_equal(winners, 1);
		struct err e;
		int fd = net_unix_connect(p.path, type, &e);
		assert_true(fd >= 0);
		close(fd);
		for (int i = 0; i < N; i++)
			end(pids[i]);
		close(out[0]);
		close(out[1]);
		place_end(&p);
	}
}

static void *bind_thread(void *arg)
{
	static int fd;
	fd = net_unix_bind(arg, SOCK_DGRAM, 0640, NULL);
	return &fd;
}

static void one_at_a_time_binds_in_a_folder(void **state)
{
	(void)state;
	struct place p = place_new("sock");
	pthread_t thread;
	void *fd;
	close(bind_ok(p.path, SOCK_DGRAM, 0600));
	int lock = net_unix_lock(p.path);
	assert_true(lock >= 0);
	assert_int_equal(pthread_create(&thread, NULL, bind_thread, p.path), 0);
	usleep(100000);
	assert_int_equal(mode_of(p.path), 0600);
	close(lock);
	pthread_join(thread, &fd);
	assert_int_equal(mode_of(p.path), 0640);
	close(*(int *)fd);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bound_with_the_exact_mode),
		cmocka_unit_test(a_stale_socket_is_replaced),
		cmocka_unit_test(a_socket_aside_of_one_who_was_killed_does_no_harm),
		cmocka_unit_test(an_answering_socket_stays_and_its_owner_is_named),
		cmocka_unit_test(a_stream_socket_with_a_full_queue_is_alive),
		cmocka_unit_test(a_file_or_a_link_is_never_replaced),
		cmocka_unit_test(what_cannot_be_bound_is_told),
		cmocka_unit_test(a_long_path_is_reached),
		cmocka_unit_test(of_many_that_replace_a_stale_one_one_wins),
		cmocka_unit_test(one_at_a_time_binds_in_a_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
