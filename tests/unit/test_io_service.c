// SPDX-License-Identifier: Apache-2.0
#include "io_test.h"

#include "io/service.h"
#include "io/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static void put_number(const char *name, long v)
{
	char text[32];
	snprintf(text, sizeof(text), "%ld", v);
	setenv(name, text, 1);
}

/* ---- sd_notify ---- */

static int receiver(const char *name, bool abstract)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	memcpy(sun.sun_path + abstract, name + abstract, len - abstract);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	return fd;
}

static void assert_received(int fd, const char *text)
{
	char in[256] = "";
	assert_true(recv(fd, in, sizeof(in) - 1, MSG_DONTWAIT) >= 0);
	assert_string_equal(in, text);
}

static void state_goes_to_the_socket(void **state)
{
	(void)state;
	char *folder = test_folder();
	for (int abstract = 0; abstract < 2; abstract++) {
		struct service s;
		struct err e = { 0 };
		char name[100];
		snprintf(name, sizeof(name), "%s%s/notify", abstract ? "@" : "", folder);
		int fd = receiver(name, abstract);
		setenv("NOTIFY_SOCKET", name, 1);
		assert_int_equal(service_open(&s, &e), 0);
		assert_null(getenv("NOTIFY_SOCKET"));
		assert_true(fcntl(s.notify_fd, F_GETFD) & FD_CLOEXEC);
		assert_true(service_notify(&s, "READY=1\nSTATUS=all is well"));
		assert_received(fd, "READY=1\nSTATUS=all is well");
		/* bound anew, as when systemd starts itself again */
		close(fd);
		unlink(name);
		assert_false(service_notify(&s, "WATCHDOG=1"));
		fd = receiver(name, abstract);
		assert_true(service_notify(&s, "WATCHDOG=1"));
		assert_received(fd, "WATCHDOG=1");
		/* never blocks */
		for (int i = 0; i < 100000 && service_notify(&s, "STATUS=full"); i++)
			;
		assert_false(service_notify(&s, "STATUS=full"));
		service_close(&s);
		assert_true(service_notify(&s, "STATUS=nobody"));
		service_close(&s);
		close(fd);
		unlink(name);
	}
	test_folder_end(folder);
}

static void without_systemd_nothing_is_said(void **state)
{
	(void)state;
	struct service s;
	struct err e;
	assert_int_equal(service_open(&s, &e), 0);
	assert_int_equal(s.notify_fd, -1);
	assert_int_equal(s.watchdog_ms, 0);
	assert_true(service_notify(&s, "READY=1"));
	service_close(&s);
}

static void bad_addresses_are_told(void **state)
{
	(void)state;
	static char too_long[110];
	memset(too_long, '/', sizeof(too_long) - 1);
	const char *const bad[] = { "", "/", "@", "relative", "vsock:2:1234", too_long };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct service s;
		struct err e;
		setenv("NOTIFY_SOCKET", bad[i], 1);
		setenv("WATCHDOG_USEC", "2000000", 1);
		assert_int_equal(service_open(&s, &e), -1);
		assert_in(e.text, "NOTIFY_SOCKET");
		assert_int_equal(s.notify_fd, -1);
		assert_int_equal(s.watchdog_ms, 2000);
		assert_true(service_notify(&s, "READY=1"));
		assert_null(getenv("NOTIFY_SOCKET"));
	}
}

static uint64_t watchdog(const char *usec, long pid, int expected)
{
	struct service s;
	struct err e;
	setenv("WATCHDOG_USEC", usec, 1);
	if (pid)
		put_number("WATCHDOG_PID", pid);
	assert_int_equal(service_open(&s, &e), expected);
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	return s.watchdog_ms;
}

static void the_watchdog_is_ours_or_not(void **state)
{
	(void)state;
	assert_int_equal(watchdog("30000000", 0, 0), 30000);
	assert_int_equal(watchdog("30000000", getpid(), 0), 30000);
	assert_int_equal(watchdog("30000000", getppid(), 0), 0);
	assert_int_equal(watchdog("1", 0, 0), 1);
	assert_int_equal(watchdog("0", 0, -1), 0);
	assert_int_equal(watchdog("soon", 0, -1), 0);
}

/* ---- LISTEN_FDS: in a child, which can have descriptors 3 and up as systemd gives them ---- */

struct passed {
	const char *count; /* LISTEN_FDS */
	int pid;	   /* 1: ours, 0: not set, -1: another one's */
	int open;	   /* descriptors 3 to 3 + open - 1 are there */
	int expected;
};

static int in_child(const struct passed *c)
{
	struct err e;
	int fds[4];
	for (int i = 0; i < 16; i++)
		close(3 + i);
	for (int i = 0; i < c->open; i++) {
		if (socket(AF_UNIX, SOCK_DGRAM, 0) != 3 + i)
			return 10;
	}
	setenv("LISTEN_FDS", c->count, 1);
	setenv("LISTEN_FDNAMES", "a:b", 1);
	if (c->pid)
		put_number("LISTEN_PID", c->pid > 0 ? getpid() : getppid());
	int n = service_listen_fds(fds, 4, &e);
	if (n != c->expected)
		return 20 + n;
	for (int i = 0; i < n; i++) {
		if (fds[i] != 3 + i || !(fcntl(fds[i], F_GETFD) & FD_CLOEXEC) ||
		    !(fcntl(fds[i], F_GETFL) & O_NONBLOCK))
			return 30;
	}
	return getenv("LISTEN_PID") || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES") ? 40 : 0;
}

static void sockets_from_systemd(void **state)
{
	(void)state;
	static const struct passed cases[] = {
		{ "1", 1, 1, 1 },   { "4", 1, 4, 4 },  { "0", 1, 0, 0 },   { "1", -1, 1, 0 },
		{ "1", 0, 1, 0 },   { "5", 1, 5, -1 }, { "2", 1, 1, -1 },  { "x", 1, 1, -1 },
		{ "-1", 1, 1, -1 }, { "", 1, 1, -1 },  { "4294967297", 1, 1, -1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status;
		pid_t pid = fork();
		if (pid == 0)
			_exit(in_child(&cases[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("case %zu: status 0x%x", i, (unsigned)status);
	}
}

/* ---- signals ---- */

struct caught {
	int calls;
	int last;
	struct signals *free_it;
};

static void caught(void *arg, int signo)
{
	struct caught *c = arg;
	c->calls++;
	c->last = signo;
	signals_free(c->free_it);
	c->free_it = NULL;
}

static void signals_are_events(void **state)
{
	(void)state;
	static const int signos[] = { SIGTERM, SIGINT, SIGHUP };
	struct err e;
	struct loop *l = test_loop();
	struct caught c = { 0 };
	struct signals *s = signals_new(l, caught, &c, &e);
	assert_non_null(s);
	for (int i = 0; i < 3; i++) {
		kill(getpid(), signos[i]);
		kill(getpid(), signos[i]);
		turn_until(l, &c.calls, i + 1);
		assert_int_equal(c.last, signos[i]);
		turn_once(l);
		assert_int_equal(c.calls, i + 1);
	}
	/* one that waits does not kill us when the mask is back, and a free from inside is fine */
	kill(getpid(), SIGINT);
	kill(getpid(), SIGTERM);
	c.free_it = s;
	turn_until(l, &c.calls, 4);
	turn_once(l);
	assert_int_equal(c.calls, 4);
	signals_free(NULL);

	sigset_t mask;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	assert_false(sigismember(&mask, SIGTERM));
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(write(fds[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(fds[1]);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_goes_to_the_socket),
		cmocka_unit_test(without_systemd_nothing_is_said),
		cmocka_unit_test(bad_addresses_are_told),
		cmocka_unit_test(the_watchdog_is_ours_or_not),
		cmocka_unit_test(sockets_from_systemd),
		cmocka_unit_test(signals_are_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
