// SPDX-License-Identifier: Apache-2.0
#include "io_test.h"

#include "io/resolver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* What resolving says about its process, for the tests to look at: in place of addr_resolve. */
static int fake(const char *host, uint16_t port, int family, struct addr_list *out, struct err *e)
{
	(void)family;
	if (strcmp(host, "hangs") == 0) {
		for (;;)
			pause();
	}
	if (strcmp(host, "dies") == 0)
		_exit(3);
	if (strcmp(host, "fails") == 0)
		return err_code(e, EAI_NONAME, "resolve fails: no such name");
	if (strcmp(host, "pid") == 0) { /* as addresses: of the worker and of the helper */
		char text[32];
		snprintf(text, sizeof(text), "::%x:%x", (unsigned)getpid() >> 16,
			 (unsigned)getpid() & 0xffff);
		addr_literal(text, port, &out->at[0]);
		snprintf(text, sizeof(text), "::%x:%x", (unsigned)getppid() >> 16,
			 (unsigned)getppid() & 0xffff);
		addr_literal(text, port, &out->at[1]);
		out->n = 2;
		return 0;
	}
	out->n = strcmp(host, "senseless") == 0 ? ADDR_LIST_MAX + 1 : ADDR_LIST_MAX;
	for (size_t i = 0; i < ADDR_LIST_MAX; i++)
		addr_literal("127.0.0.1", (uint16_t)(port + i), &out->at[i]);
	return 0;
}

struct asker {
	struct loop *loop;
	struct resolver *r;
	int calls;
	bool found;
	struct addr_list list;
	struct err why;
	const char *next; /* asked from inside done */
	bool free_it;
};

static void done(void *arg, const struct addr_list *list, const struct err *why)
{
	struct asker *a = arg;
	a->calls++;
	a->found = list != NULL;
	assert_true(!list != !why);
	if (list)
		a->list = *list;
	else
		a->why = *why;
	const char *next = a->next;
	a->next = NULL;
	if (next)
		resolver_ask(a->r, next, 7, TEST_LIMIT_MS, done, a);
	if (a->free_it)
		resolver_free(a->r);
}

static struct asker asker(bool faked)
{
	struct err e;
	struct asker a = { .loop = test_loop() };
	a.r = faked ? resolver_new_using(a.loop, fake, &e) : resolver_new(a.loop, &e);
	assert_non_null(a.r);
	return a;
}

static void ask(struct asker *a, const char *host, uint64_t limit_ms)
{
	int before = a->calls;
	resolver_ask(a->r, host, 514, limit_ms, done, a);
	assert_int_equal(a->calls, before); /* never from inside */
	turn_until(a->loop, &a->calls, before + 1);
	assert_int_equal(a->calls, before + 1);
}

static void asker_end(struct asker *a)
{
	resolver_free(a->r);
	loop_free(a->loop);
}

static void a_real_name_is_resolved(void **state)
{
	(void)state;
	struct asker a = asker(false);
	char text[ADDR_TEXT_MAX];
	ask(&a, "localhost", TEST_LIMIT_MS);
	assert_true(a.found);
	assert_int_equal(addr_port(&a.list.at[0]), 514);
	ask(&a, NO_NAME, TEST_LIMIT_MS);
	assert_false(a.found);
	assert_in(a.why.text, NO_NAME_SHOWN);
	assert_int_not_equal(a.why.code, 0);
	ask(&a, "::1", TEST_LIMIT_MS);
	assert_true(a.found);
	assert_string_equal(addr_text(&a.list.at[0], text), "[::1]:514");
	asker_end(&a);
	resolver_free(NULL);
}

static void a_full_list_and_a_failure_come_through(void **state)
{
	(void)state;
	struct asker a = asker(true);
	ask(&a, "many", TEST_LIMIT_MS);
	assert_true(a.found);
	assert_int_equal(a.list.n, ADDR_LIST_MAX);
	assert_int_equal(addr_port(&a.list.at[ADDR_LIST_MAX - 1]), 514 + ADDR_LIST_MAX - 1);
	ask(&a, "fails", TEST_LIMIT_MS);
	assert_false(a.found);
	assert_int_equal(a.why.code, EAI_NONAME);
	assert_string_equal(a.why.text, "resolve fails: no such name");
	ask(&a, "dies", TEST_LIMIT_MS);
	assert_false(a.found);
	assert_in(a.why.text, "without an answer");
	ask(&a, "senseless", TEST_LIMIT_MS);
	assert_false(a.found);
	assert_in(a.why.text, "no sense");
	asker_end(&a);
}

static void bad_names_are_answered_too(void **state)
{
	(void)state;
	struct asker a = asker(true);
	char name[ADDR_HOST_MAX + 1];
	memset(name, 'n', sizeof(name));
	name[ADDR_HOST_MAX] = '\0';
	ask(&a, name, TEST_LIMIT_MS);
	assert_false(a.found);
	ask(&a, "", TEST_LIMIT_MS);
	assert_false(a.found);
	name[ADDR_HOST_MAX - 1] = '\0';
	ask(&a, name, TEST_LIMIT_MS);
	assert_true(a.found);
	asker_end(&a);
}

static pid_t pid_in(const struct addr *a)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&a->sa;
	const uint8_t *b = sin6->sin6_addr.s6_addr + 12;
	return (pid_t)((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
}

static pid_t helper_of(struct asker *a)
{
	ask(a, "pid", TEST_LIMIT_MS);
	assert_true(a->found);
	return pid_in(&a->list.at[1]);
}

static void a_name_server_that_is_silent_costs_the_limit_only(void **state)
{
	(void)state;
	struct asker a = asker(true);
	pid_t before = helper_of(&a);
	ask(&a, "hangs", 30);
	assert_false(a.found);
	assert_int_equal(a.why.code, ETIMEDOUT);
	assert_in(a.why.text, "not resolved within 30 ms");
	/* the next one is not held up, and by the same helper */
	assert_int_equal(helper_of(&a), before);
	for (int i = 0; i < 20; i++)
		ask(&a, "hangs", 0);
	ask(&a, "many", TEST_LIMIT_MS);
	assert_true(a.found);
	asker_end(&a);
}

static void a_cancelled_question_is_not_answered(void **state)
{
	(void)state;
	struct asker a = asker(true);
	for (int i = 0; i < 50; i++) {
		resolver_ask(a.r, i % 2 ? "many" : "127.0.0.1", 1, TEST_LIMIT_MS, done, &a);
		if (i % 3 == 0)
			turn_once(a.loop);
		if (a.calls) /* came at once */
			a.calls = 0;
		resolver_cancel(a.r);
	}
	resolver_cancel(a.r);
	ask(&a, "fails", TEST_LIMIT_MS);
	assert_false(a.found); /* not the answer to one of those before */
	asker_end(&a);
}

static void a_late_answer_is_not_taken_for_the_next_one(void **state)
{
	(void)state;
	struct asker a = asker(true);
	resolver_ask(a.r, "many", 1, TEST_LIMIT_MS, done, &a);
	usleep(50000); /* it waits in the socket by now, mostly */
	resolver_cancel(a.r);
	ask(&a, "fails", TEST_LIMIT_MS);
	assert_false(a.found);
	asker_end(&a);
}

static void done_may_ask_again_and_free(void **state)
{
	(void)state;
	struct asker a = asker(true);
	a.next = "fails";
	resolver_ask(a.r, "many", 1, TEST_LIMIT_MS, done, &a);
	turn_until(a.loop, &a.calls, 2);
	assert_false(a.found);
	a.free_it = true;
	ask(&a, "many", TEST_LIMIT_MS);
	loop_free(a.loop);

	a = asker(true);
	a.free_it = true;
	ask(&a, "127.0.0.1", TEST_LIMIT_MS);
	loop_free(a.loop);

	a = asker(true);
	a.free_it = true;
	ask(&a, "hangs", 1);
	loop_free(a.loop);
}

static void a_helper_that_somebody_killed_is_replaced(void **state)
{
	(void)state;
	struct asker a = asker(true);
	/* while it is asked */
	pid_t helper = helper_of(&a);
	resolver_ask(a.r, "hangs", 1, TEST_LIMIT_MS, done, &a);
	kill(helper, SIGKILL);
	turn_until(a.loop, &a.calls, 2);
	assert_false(a.found);
	assert_in(a.why.text, "ended by somebody");
	/* while nobody asks, seen by the loop or not */
	for (int i = 0; i < 2; i++) {
		pid_t next = helper_of(&a);
		assert_int_not_equal(next, helper);
		helper = next;
		kill(helper, SIGKILL);
		siginfo_t info;
		assert_int_equal(waitid(P_PID, (id_t)helper, &info, WEXITED | WNOWAIT), 0);
		if (i == 0)
			turn_once(a.loop);
	}
	assert_int_not_equal(helper_of(&a), helper);
	asker_end(&a);
}

static void the_helper_does_not_mind_the_signals_to_its_group(void **state)
{
	(void)state;
	struct asker a = asker(true);
	pid_t helper = helper_of(&a);
	kill(helper, SIGTERM);
	kill(helper, SIGINT);
	kill(helper, SIGHUP);
	assert_int_equal(helper_of(&a), helper);
	asker_end(&a);
}

static void the_helper_holds_nothing_of_ours(void **state)
{
	(void)state;
	int held[2];
	char path[64];
	char link[256];
	char name[32] = "";
	assert_int_equal(pipe(held), 0); /* as it might be the spool's lock or an input */
	int high = fcntl(held[1], F_DUPFD, 300);
	struct asker a = asker(true);
	pid_t helper = helper_of(&a);
	close(held[1]);
	close(high);
	struct pollfd p = { .fd = held[0], .events = POLLIN };
	assert_int_equal(poll(&p, 1, TEST_LIMIT_MS), 1);
	assert_int_equal(p.revents, POLLHUP);
	close(held[0]);

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)helper);
	DIR *dir = opendir(path);
	int sockets = 0;
	struct dirent *entry;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		if (strncmp(link, "socket:", 7) == 0)
			sockets++;
		else
			assert_string_equal(link, "/dev/null");
	}
	closedir(dir);
	assert_int_equal(sockets, 1);

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)helper);
	FILE *f = fopen(path, "r");
	assert_non_null(fgets(name, sizeof(name), f));
	fclose(f);
	assert_string_equal(name, "relpbox-resolve\n");
	asker_end(&a);
}


/* Orphaned grandchildren become ours, so that their end can be waited for. */
static void become_reaper(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		print_message("no PR_SET_CHILD_SUBREAPER here (qemu-user)\n");
		skip();
	}
}

static void when_we_are_killed_helper_and_worker_end(void **state)
{
	(void)state;
	int up[2];
	pid_t got[2];
	become_reaper();
	assert_int_equal(pipe(up), 0);
	pid_t child = fork();
	if (child == 0) {
		struct asker a = asker(true);
		ask(&a, "pid", TEST_LIMIT_MS);
		got[0] = pid_in(&a.list.at[1]);
		resolver_ask(a.r, "hangs", 1, TEST_LIMIT_MS, done, &a);
		turn_once(a.loop);
		(void)!write(up[1], got, sizeof(got));
		for (;;)
			pause();
	}
	close(up[1]);
	assert_int_equal(read(up[0], got, sizeof(got)), sizeof(got));
	close(up[0]);
	kill(child, SIGKILL);
	/* orphans come to us: all three end, or we hang here until the alarm */
	alarm(TEST_LIMIT_MS / 1000);
	int helper_ended = 0;
	pid_t pid;
	while ((pid = wait(NULL)) > 0)
		helper_ended += pid == got[0];
	alarm(0);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(helper_ended, 1);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void a_killed_helper_takes_its_worker_along(void **state)
{
	(void)state;
	become_reaper();
	struct asker a = asker(true);
	pid_t helper = helper_of(&a);
	resolver_ask(a.r, "hangs", 1, 20, done, &a);
	turn_until(a.loop, &a.calls, 2);
	resolver_ask(a.r, "hangs", 1, TEST_LIMIT_MS, done, &a);
	kill(helper, SIGKILL);
	turn_until(a.loop, &a.calls, 3);
	alarm(TEST_LIMIT_MS / 1000);
	while (wait(NULL) > 0)
		;
	alarm(0);
	assert_int_equal(errno, ECHILD);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	asker_end(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_real_name_is_resolved),
		cmocka_unit_test(a_full_list_and_a_failure_come_through),
		cmocka_unit_test(bad_names_are_answered_too),
		cmocka_unit_test(a_name_server_that_is_silent_costs_the_limit_only),
		cmocka_unit_test(a_cancelled_question_is_not_answered),
		cmocka_unit_test(a_late_answer_is_not_taken_for_the_next_one),
		cmocka_unit_test(done_may_ask_again_and_free),
		cmocka_unit_test(a_helper_that_somebody_killed_is_replaced),
		cmocka_unit_test(the_helper_does_not_mind_the_signals_to_its_group),
		cmocka_unit_test(the_helper_holds_nothing_of_ours),
		cmocka_unit_test(when_we_are_killed_helper_and_worker_end),
		cmocka_unit_test(a_killed_helper_takes_its_worker_along),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
