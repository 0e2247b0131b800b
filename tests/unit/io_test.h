// SPDX-License-Identifier: Apache-2.0
#ifndef IO_TEST_H
#define IO_TEST_H

/* What the tests of lib/io share. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* No name: a label of more than 63 bytes is refused before any server is asked (RFC 1035). */
#define NO_NAME "no\x1b-name-6789012345678901234567890123456789012345678901234567890123456789"
#define NO_NAME_SHOWN "resolve no\\x1b-name-67890"

/* No event takes longer, or the test fails. */
#define TEST_LIMIT_MS 20000

static inline struct loop *test_loop(void)
{
	struct err e;
	struct loop *l = loop_new(&e);
	assert_non_null(l);
	return l;
}

/* Turns until *n is at least want. */
static inline void turn_until(struct loop *l, const int *n, int want)
{
	struct err e;
	uint64_t end = clock_mono_ms() + TEST_LIMIT_MS;

	while (*n < want) {
		assert_int_equal(loop_turn(l, 1000, &e), 0);
		if (clock_mono_ms() > end)
			fail_msg("%d of %d events came", *n, want);
	}
}

static inline void turn_once(struct loop *l)
{
	struct err e;
	assert_int_equal(loop_turn(l, 0, &e), 0);
}

/* A new folder, removed by test_folder_end once it is empty. */
static inline char *test_folder(void)
{
	char *path = strdup("/tmp/relpbox-io-XXXXXX");
	assert_non_null(path);
	assert_non_null(mkdtemp(path));
	return path;
}

static inline void test_folder_end(char *path)
{
	assert_int_equal(rmdir(path), 0);
	free(path);
}

static inline void assert_in(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

#endif
