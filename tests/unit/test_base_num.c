// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"

#define BAD UINT64_C(0xbadbadbadbad)

struct num_case {
	const char *text;
	uint64_t value; /* BAD: refused */
};

typedef int num_fn(struct slice, uint64_t, uint64_t, uint64_t *);

static void run(num_fn *f, const struct num_case *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t v = BAD;
		int r = f(slice_str(c[i].text), 0, UINT64_MAX, &v);
		if (v != c[i].value || (r == 0) != (v != BAD) || r > 0)
			fail_msg("\"%s\": %d, %llu", c[i].text, r, (unsigned long long)v);
	}
}

#define RUN(f, c) run(f, c, sizeof(c) / sizeof((c)[0]))

static void digits_and_nothing_else(void **state)
{
	(void)state;
	static const struct num_case cases[] = {
		{ "0", 0 },		    { "7", 7 },
		{ "007", 7 },		    { "18446744073709551615", UINT64_MAX },
		{ "000000000000000000000000000000000000001", 1 },
		{ "18446744073709551616", BAD }, { "18446744073709551620", BAD },
		{ "28446744073709551615", BAD }, { "99999999999999999999999999", BAD },
		{ "", BAD },		    { " 1", BAD },
		{ "1 ", BAD },		    { "+1", BAD },
		{ "-1", BAD },		    { "-0", BAD },
		{ "0x1", BAD },		    { "1e3", BAD },
		{ "1.0", BAD },		    { "1\n", BAD },
		{ "\xd9\xa1", BAD },	    { "1_000", BAD },
	};
	RUN(num_u64, cases);
	uint64_t v = BAD;
	assert_int_equal(num_u64(slice_of("1\0", 2), 0, 9, &v), -1);
	assert_int_equal(num_u64(slice_of(NULL, 0), 0, 9, &v), -1);
	assert_int_equal(num_u64(slice_of("123", 2), 0, 99, &v), 0);
	assert_int_equal(v, 12);
}

static void bounds_are_inside(void **state)
{
	(void)state;
	uint64_t v = BAD;
	assert_int_equal(num_u64(slice_str("4"), 5, 10, &v), -1);
	assert_int_equal(num_u64(slice_str("11"), 5, 10, &v), -1);
	assert_true(v == BAD);
	assert_int_equal(num_u64(slice_str("5"), 5, 10, &v), 0);
	assert_int_equal(v, 5);
	assert_int_equal(num_u64(slice_str("10"), 5, 10, &v), 0);
	assert_int_equal(v, 10);
	assert_int_equal(num_size(slice_str("1K"), 0, 1023, &v), -1);
	assert_int_equal(num_size(slice_str("1K"), 1024, 1024, &v), 0);
	assert_int_equal(num_duration_ms(slice_str("1s"), 0, 999, &v), -1);
	assert_int_equal(num_duration_ms(slice_str("1s"), 1000, 1000, &v), 0);
}

static void sizes(void **state)
{
	(void)state;
	static const struct num_case cases[] = {
		{ "0", 0 },	    { "512", 512 },
		{ "1K", 1024 },	    { "1KiB", 1024 },
		{ "8M", 8 << 20 },  { "256MiB", 256 << 20 },
		{ "3G", UINT64_C(3) << 30 }, { "3GiB", UINT64_C(3) << 30 },
		{ "17179869183G", UINT64_C(17179869183) << 30 },
		{ "17179869184G", BAD },     { "18446744073709551615K", BAD },
		{ "K", BAD },	    { "1k", BAD },
		{ "1KB", BAD },	    { "1Ki", BAD },
		{ "1 K", BAD },	    { "1K ", BAD },
		{ "1T", BAD },	    { "1.5K", BAD },
		{ "-1K", BAD },	    { "1KK", BAD },
		{ "", BAD },
	};
	RUN(num_size, cases);
}

static void durations(void **state)
{
	(void)state;
	static const struct num_case cases[] = {
		{ "0", 0 },	    { "2", 2000 },
		{ "2s", 2000 },	    { "350ms", 350 },
		{ "3m", 180000 },   { "1h", 3600000 },
		{ "1.5s", BAD },    { "1d", BAD },
		{ "s", BAD },	    { "1S", BAD },
		{ "1 s", BAD },	    { "1min", BAD },
		{ "", BAD },	    { "-1s", BAD },
		{ "18446744073709551615ms", UINT64_MAX },
		{ "18446744073709552s", BAD }, { "18446744073709551615h", BAD },
	};
	RUN(num_duration_ms, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_and_nothing_else), cmocka_unit_test(bounds_are_inside),
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
