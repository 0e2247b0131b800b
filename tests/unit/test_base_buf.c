// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void buf_grows_and_keeps_its_bytes(void **state)
{
	(void)state;
	struct buf b = { 0 };
	assert_string_equal(buf_cstr(&b), "");
	for (int i = 0; i < 1000; i++) {
		buf_add_str(&b, "ab");
		buf_add_char(&b, '\0');
		buf_add_slice(&b, slice_of("xyz", 2));
	}
	assert_int_equal(b.len, 5000);
	for (size_t i = 0; i < b.len; i += 5)
		assert_memory_equal(b.p + i, "ab\0xy", 5);
	assert_int_equal(buf_cstr(&b)[5000], 0);
	assert_int_equal(b.len, 5000);
	buf_free(&b);
	assert_null(b.p);
	assert_int_equal(b.len + b.cap, 0);
	buf_free(&b);
}

static void buf_takes_nothing_from_null(void **state)
{
	(void)state;
	struct buf b = { 0 };
	buf_add(&b, NULL, 0);
	buf_add_slice(&b, (struct slice){ 0 });
	buf_drop(&b, 0);
	assert_int_equal(b.len, 0);
	assert_null(b.p);
	assert_true(slice_eq(buf_slice(&b), slice_str("")));
}

static void buf_numbers(void **state)
{
	(void)state;
	struct buf b = { 0 };
	buf_add_u64(&b, 0);
	buf_add_char(&b, ' ');
	buf_add_u64(&b, 10);
	buf_add_char(&b, ' ');
	buf_add_u64(&b, UINT64_MAX);
	assert_string_equal(buf_cstr(&b), "0 10 18446744073709551615");
	buf_free(&b);
}

static void buf_printf_of_every_length(void **state)
{
	(void)state;
	char text[300];
	memset(text, 'x', sizeof(text));
	for (int n = 0; n < 300; n++) {
		struct buf b = { 0 };
		buf_printf(&b, "%.*s", n, text);
		buf_printf(&b, "<%d>", n);
		assert_int_equal(b.len, (size_t)n + strlen(buf_cstr(&b) + n));
		assert_memory_equal(b.p, text, (size_t)n);
		assert_int_equal(atoi(b.p + n + 1), n);
		buf_free(&b);
	}
}

static void buf_drop_moves_the_rest_down(void **state)
{
	(void)state;
	struct buf b = { 0 };
	buf_add_str(&b, "0123456789");
	buf_drop(&b, 3);
	assert_string_equal(buf_cstr(&b), "3456789");
	buf_drop(&b, 7);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

/* Runs f in a child; true if it ended by abort(), having said `word` on stderr. */
static bool aborts_saying(void (*f)(void), const char *word)
{
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], 2);
		f();
		_exit(0);
	}
	close(fds[1]);
	char text[4096];
	size_t len = 0;
	for (ssize_t n; len < sizeof(text) - 1; len += (size_t)n)
		if ((n = read(fds[0], text + len, sizeof(text) - 1 - len)) <= 0)
			break;
	text[len] = '\0';
	close(fds[0]);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(text, word);
}

static void break_it(void)
{
	invariant(1 + 1 == 3);
}

static void drop_too_much(void)
{
	struct buf b = { 0 };
	buf_add_str(&b, "abc");
	buf_drop(&b, 4);
}

static void reserve_everything(void)
{
	struct buf b = { 0 };
	buf_add_str(&b, "abc");
	buf_reserve(&b, SIZE_MAX - 1);
}

static void broken_invariants_stop(void **state)
{
	(void)state;
	invariant(1);
	assert_true(aborts_saying(break_it, "broken invariant: 1 + 1 == 3"));
	assert_true(aborts_saying(drop_too_much, "broken invariant"));
	assert_true(aborts_saying(reserve_everything, "broken invariant"));
}

static void memory(void **state)
{
	(void)state;
	char *p = mem_strdup("abc");
	p = mem_grow(p, 100);
	assert_string_equal(p, "abc");
	char *q = mem_dup("a\0b", 3);
	assert_memory_equal(q, "a\0b", 3);
	int *z = mem_zero(10, sizeof(*z));
	for (int i = 0; i < 10; i++)
		assert_int_equal(z[i], 0);
	void *none[] = { mem_alloc(0), mem_zero(0, 8), mem_zero(8, 0), mem_dup(NULL, 0),
			 mem_grow(NULL, 0) };
	for (size_t i = 0; i < 5; i++) {
		assert_non_null(none[i]);
		free(none[i]);
	}
	free(p);
	free(q);
	free(z);
}

static void err_texts(void **state)
{
	(void)state;
	struct err e;
	assert_int_equal(err_set(&e, "bad %d", 7), -1);
	assert_string_equal(e.text, "bad 7");
	assert_int_equal(e.code, 0);
	assert_int_equal(err_prefix(&e, "%s", "a.yaml"), -1);
	assert_string_equal(e.text, "a.yaml: bad 7");
	assert_int_equal(err_code(&e, 12, "x"), -1);
	assert_int_equal(e.code, 12);
	errno = ENOENT;
	assert_int_equal(err_errno(&e, "open %s", "f"), -1);
	assert_string_equal(e.text, "open f: No such file or directory");
	assert_int_equal(e.code, ENOENT);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(err_prefix(&e, "conf"), -1);
	assert_string_equal(e.text, "conf: open f: No such file or directory");
	assert_int_equal(e.code, ENOENT);
}

static void err_null_is_fine(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, "x"), -1);
	assert_int_equal(err_code(NULL, 1, "x"), -1);
	assert_int_equal(err_errno(NULL, "x"), -1);
	assert_int_equal(err_prefix(NULL, "x"), -1);
}

static void err_too_long_is_cut_between_characters(void **state)
{
	(void)state;
	char text[2000];
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = "\xe2\x82\xac"[i % 3];
	text[sizeof(text) - 1] = '\0';
	for (int shift = 0; shift < 3; shift++) {
		struct err e;
		err_set(&e, "%.*s%s", shift, "xyz", text);
		size_t n = strlen(e.text);
		assert_in_range(n, sizeof(e.text) - 4, sizeof(e.text) - 1);
		assert_string_equal(e.text + n - 3, "...");
		assert_int_equal((n - 3 - (size_t)shift) % 3, 0);
		err_prefix(&e, "front");
		assert_memory_equal(e.text, "front: ", 7);
		assert_true(strlen(e.text) < sizeof(e.text));
		errno = EIO;
		err_errno(&e, "%s", text);
		assert_int_equal(e.code, EIO);
	}
	struct err e; /* exactly full: nothing is cut */
	memset(text, 'a', sizeof(text));
	err_set(&e, "%.511s", text);
	assert_int_equal(strlen(e.text), 511);
	assert_int_equal(e.text[510], 'a');
	err_set(&e, "%.512s", text);
	assert_string_equal(e.text + 508, "...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_grows_and_keeps_its_bytes),
		cmocka_unit_test(buf_takes_nothing_from_null),
		cmocka_unit_test(buf_numbers),
		cmocka_unit_test(buf_printf_of_every_length),
		cmocka_unit_test(buf_drop_moves_the_rest_down),
		cmocka_unit_test(broken_invariants_stop),
		cmocka_unit_test(memory),
		cmocka_unit_test(err_texts),
		cmocka_unit_test(err_null_is_fine),
		cmocka_unit_test(err_too_long_is_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
