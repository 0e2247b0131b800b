// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/timetext.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000)

static void zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static void rfc3339_in_several_zones(void **state)
{
	(void)state;
	static const struct {
		const char *tz;
		int64_t us;
		const char *text;
	} cases[] = {
		{ "UTC0", 0, "1970-01-01T00:00:00.000000+00:00" },
		{ "UTC0", 1795288801 * SECOND + 81870, "2026-11-21T19:20:01.081870+00:00" },
		{ "UTC0", 951782400 * SECOND - 1, "2000-02-28T23:59:59.999999+00:00" },
		{ "UTC0", 951782400 * SECOND, "2000-02-29T00:00:00.000000+00:00" },
		{ "UTC0", 4107542399 * SECOND + 1, "2100-02-28T23:59:59.000001+00:00" },
		{ "UTC0", 4107542400 * SECOND, "2100-03-01T00:00:00.000000+00:00" },
		{ "UTC0", 253402300799 * SECOND + 999999, "9999-12-31T23:59:59.999999+00:00" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1795288801 * SECOND, "2026-11-21T20:20:01.000000+01:00" },
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 1782000000 * SECOND, "2026-06-21T02:00:00.000000+02:00" },
		{ "NST3:30NDT,M3.2.0,M11.1.0", 1795288801 * SECOND, "2026-11-21T15:50:01.000000-03:30" },
		{ "XXX0:30", 1795288801 * SECOND, "2026-11-21T18:50:01.000000-00:30" },
		{ "NPT-5:45", 1795288801 * SECOND, "2026-11-22T01:05:01.000000+05:45" },
		{ "LINT-14", 0, "1970-01-01T14:00:00.000000+14:00" },
		{ "HST10", 0, "1969-12-31T14:00:00.000000-10:00" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct timetext t = { 0 };
		char out[TIMETEXT_MAX];
		zone(cases[i].tz);
		size_t n = timetext_rfc3339(&t, cases[i].us, out);
		assert_string_equal(out, cases[i].text);
		assert_int_equal(n, strlen(out));
		/* and again, from the form that was kept */
		memset(out, 'x', sizeof(out));
		timetext_rfc3339(&t, cases[i].us, out);
		assert_string_equal(out, cases[i].text);
	}
	zone("UTC0");
}

static void the_kept_second_is_not_mistaken_for_another(void **state)
{
	(void)state;
	static const struct {
		int64_t us;
		const char *text;
	} steps[] = {
		{ 0, "1970-01-01T00:00:00.000000+00:00" },
		{ 7, "1970-01-01T00:00:00.000007+00:00" },
		{ 999999, "1970-01-01T00:00:00.999999+00:00" },
		{ 1000000, "1970-01-01T00:00:01.000000+00:00" },
		{ 500000, "1970-01-01T00:00:00.500000+00:00" }, /* the clock was set back */
		{ 86400 * SECOND, "1970-01-02T00:00:00.000000+00:00" },
	};
	struct timetext t = { 0 };
	zone("UTC0");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		char out[TIMETEXT_MAX];
		timetext_rfc3339(&t, steps[i].us, out);
		assert_string_equal(out, steps[i].text);
	}
}

static void times_out_of_range_stay_inside_the_buffer(void **state)
{
	(void)state;
	static const char *const zones[] = { "UTC0", "LINT-14", "HST10", "XXX-24:59:59", "XXX24:59:59" };
	static const int64_t times[] = { INT64_MIN, -1, 0, 253402300800 * SECOND, INT64_MAX };
	for (size_t z = 0; z < 5; z++) {
		zone(zones[z]);
		for (size_t i = 0; i < 5; i++) {
			struct timetext t = { 0 };
			char *out = malloc(TIMETEXT_MAX); /* the sanitizer watches its end */
			size_t n = timetext_rfc3339(&t, times[i], out);
			assert_int_equal(n, strlen(out));
			assert_true(n >= 32);
			n = timetext_utc(times[i], out);
			assert_string_equal(out, i < 3 ? "1970-01-01T00:00:00Z" : "9999-12-31T23:59:59Z");
			assert_int_equal(n, 20);
			free(out);
		}
	}
	zone("UTC0");
}

static void utc_has_no_zone(void **state)
{
	(void)state;
	char out[TIMETEXT_MAX];
	zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_int_equal(timetext_utc(1795288801 * SECOND + 999999, out), 20);
	assert_string_equal(out, "2026-11-21T19:20:01Z");
	zone("UTC0");
}

static void times_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t seconds; /* -1: it is no time */
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-30T12:34:56Z", 1796042096 },
		{ "2026-11-30t12:34:56z", 1796042096 },
		{ "2026-11-30T12:34:56.999999999Z", 1796042096 },
		{ "2026-11-30T13:34:56+01:00", 1796042096 },
		{ "2026-11-30T07:04:56.5-05:30", 1796042096 },
		{ "2026-11-30", 1795996800 },
		{ "2024-02-29", 1709164800 },
		{ "2000-02-29", 951782400 },
		{ "9999-12-31T23:59:59Z", 253402300799 },
		{ "2016-12-31T23:59:60Z", 1483228800 }, /* a leap second */
		{ "", -1 }, { "2026", -1 }, { "2026-11", -1 }, { "2026-11-3", -1 }, { "26-11-30", -1 },
		{ "2026-13-01", -1 }, { "2026-00-01", -1 }, { "2026-11-00", -1 }, { "2026-11-31", -1 },
		{ "2025-02-29", -1 }, { "2100-02-29", -1 }, { "1969-12-31", -1 }, { "2026-11-30T", -1 },
		{ "2026-11-30T12:34:56", -1 }, { "2026-11-30 12:34:56Z", -1 }, { "2026-11-30T24:00:00Z", -1 },
		{ "2026-11-30T12:60:00Z", -1 }, { "2026-11-30T12:34:61Z", -1 }, { "2026-11-30T12:34Z", -1 },
		{ "2026-11-30T12:34:56.Z", -1 }, { "2026-11-30T12:34:56.5", -1 }, { "2026-11-30T12:34:56ZZ", -1 },
		{ "2026-11-30T12:34:56+0100", -1 }, { "2026-11-30T12:34:56+24:00", -1 },
		{ "2026-11-30T12:34:56+01:60", -1 }, { " 2026-11-30", -1 }, { "2026-11-30 ", -1 },
		{ "2026/11/30", -1 }, { "+026-11-30", -1 }, { "2026-11-30T12:34:56+01:0", -1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t got = -7;
		int r = timetext_parse(slice_str(cases[i].text), &got);
		if (r != (cases[i].seconds < 0 ? -1 : 0) || got != (r < 0 ? -7 : cases[i].seconds))
			fail_msg("%s: %d, %lld", cases[i].text, r, (long long)got);
	}
}

static void spans(void **state)
{
	(void)state;
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "0 ms" },
		{ 350, "350 ms" },
		{ 999, "999 ms" },
		{ 1000, "1 s" },
		{ 12999, "12 s" },
		{ 59999, "59 s" },
		{ 60000, "1 min" },
		{ 250000, "4 min 10 s" },
		{ 3599999, "59 min 59 s" },
		{ 3600000, "1 h" },
		{ 12000000, "3 h 20 min" },
		{ 86399999, "23 h 59 min" },
		{ 86400000, "1 d" },
		{ 187200000, "2 d 4 h" },
		{ UINT64_MAX, "213503982334 d 14 h" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[TIMETEXT_MAX];
		assert_int_equal(timetext_span(cases[i].ms, out), strlen(cases[i].text));
		assert_string_equal(out, cases[i].text);
	}
}

static void clocks_go_forward(void **state)
{
	(void)state;
	uint64_t ms = clock_mono_ms(), us = clock_mono_us();
	assert_true(us / 1000 >= ms && us / 1000 < ms + 60000);
	for (int i = 0; i < 10000; i++) {
		uint64_t now = clock_mono_us();
		assert_true(now >= us);
		us = now;
	}
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	int64_t real = clock_real_us();
	assert_true(real / SECOND - ts.tv_sec >= 0 && real / SECOND - ts.tv_sec < 60);
}

static void the_generator_is_splitmix64(void **state)
{
	(void)state;
	/* The first numbers of the reference splitmix64.c (Vigna, 2015) from seed 1234567. */
	static const uint64_t want[] = {
		UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
		UINT64_C(16408922859458223821),
	};
	uint64_t seed = 1234567;
	for (size_t i = 0; i < 5; i++)
		assert_true(rand_next(&seed) == want[i]);
	assert_true(clock_seed() != clock_seed());
}

static void random_below(void **state)
{
	(void)state;
	uint64_t seed = 5, seen[7] = { 0 };
	assert_int_equal(rand_below(&seed, 0), 0);
	assert_int_equal(rand_below(&seed, 1), 0);
	for (int i = 0; i < 7000; i++)
		seen[rand_below(&seed, 7)]++; /* the sanitizer watches the index */
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 800, 1200);
	/* A remainder alone would give the lowest third of these half of the time. */
	int low = 0;
	for (int i = 0; i < 3000; i++)
		low += rand_below(&seed, UINT64_C(3) << 62) < UINT64_C(1) << 62;
	assert_in_range(low, 850, 1150);
	for (int i = 0; i < 1000; i++)
		assert_true(rand_below(&seed, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3339_in_several_zones),
		cmocka_unit_test(the_kept_second_is_not_mistaken_for_another),
		cmocka_unit_test(times_out_of_range_stay_inside_the_buffer),
		cmocka_unit_test(utc_has_no_zone),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(spans),
		cmocka_unit_test(clocks_go_forward),
		cmocka_unit_test(the_generator_is_splitmix64),
		cmocka_unit_test(random_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
