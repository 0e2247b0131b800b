// SPDX-License-Identifier: Apache-2.0
// As Go's encoding/base64 has it (StdEncoding, not Strict), which reads a Secret's data for Kubernetes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"

#include <string.h>

struct base64_case {
	const char *text;
	const char *bytes; /* NULL: refused */
};

static void run(const struct base64_case *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct buf out = { 0 };
		buf_add_str(&out, "before ");
		int r = base64_decode(slice_str(c[i].text), &out);
		if ((r == 0) != (c[i].bytes != NULL))
			fail_msg("\"%s\": %d", c[i].text, r);
		if (strncmp(buf_cstr(&out), "before ", 7) != 0 ||
		    strcmp(buf_cstr(&out) + 7, c[i].bytes ? c[i].bytes : "") != 0)
			fail_msg("\"%s\": \"%s\"", c[i].text, buf_cstr(&out));
		buf_free(&out);
	}
}

#define RUN(c) run(c, sizeof(c) / sizeof((c)[0]))

static void groups_and_padding(void **state)
{
	(void)state;
	static const struct base64_case cases[] = {
		{ "", "" },		{ "Zg==", "f" },	{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },	{ "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" },
		{ "Zm9vYmFy", "foobar" },
	};
	RUN(cases);
}

static void padding_is_wanted_and_ends_it(void **state)
{
	(void)state;
	static const struct base64_case cases[] = {
		{ "Z", NULL },	      { "Zg", NULL },	    { "Zg=", NULL },	  { "Zm8", NULL },
		{ "=", NULL },	      { "==", NULL },	    { "====", NULL },	  { "Z===", NULL },
		{ "Zg===", NULL },    { "Zm8==", NULL },    { "Zm9v=", NULL },	  { "Zm9v====", NULL },
		{ "Zg==Zg==", NULL }, { "Zg=v", NULL },	    { "Zg==v", NULL },	  { "Z=g=", NULL },
	};
	RUN(cases);
}

static void line_ends_are_passed_over(void **state)
{
	(void)state;
	static const struct base64_case cases[] = {
		{ "Zm9v\nYmFy", "foobar" },  { "Zm9v\r\nYmFy\r\n", "foobar" }, { "\n\r\n", "" },
		{ "Z\nm\r9\nv", "foo" },     { "Zg\n==", "f" },		      { "Zg=\n=", "f" },
		{ "Zg=\r\n=\r\n\n", "f" },   { "\nZg==\n", "f" },	      { "Zg==\nZ", NULL },
		{ "Zg=\n", NULL },
	};
	RUN(cases);
}

static void nothing_else_is(void **state)
{
	(void)state;
	static const struct base64_case cases[] = {
		{ " Zm9v", NULL }, { "Zm9v ", NULL },	{ "Zm\t9v", NULL },	{ "Zm-_", NULL },
		{ "Zm9v.", NULL }, { "Zm9\xC3\xA9", NULL }, { "Zg== ", NULL },	{ "Zm9v\vYmFy", NULL },
		{ "-----BEGIN CERTIFICATE-----", NULL },
	};
	RUN(cases);
}

/* Bits that stand for nothing may be set: Go looks at them in its Strict mode alone. */
static void trailing_bits_are_not_looked_at(void **state)
{
	(void)state;
	static const struct base64_case cases[] = {
		{ "Zh==", "f" }, { "Zv==", "f" }, { "Zm9=", "fo" }, { "Zm+=", "fo" },
	};
	RUN(cases);
}

static void all_digits(void **state)
{
	(void)state;
	struct buf out = { 0 };
	assert_int_equal(base64_decode(slice_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"), &out), 0);
	assert_int_equal(out.len, 48);
	for (size_t i = 0; i < 64; i++) { /* the i-th six bits are i */
		unsigned two = (unsigned)(unsigned char)out.p[i * 6 / 8] << 8 |
			       (i * 6 / 8 + 1 < out.len ? (unsigned char)out.p[i * 6 / 8 + 1] : 0U);
		assert_int_equal(two >> (10 - i * 6 % 8) & 63, i);
	}
	buf_free(&out);
}

static void a_byte_of_zero_is_no_end(void **state)
{
	(void)state;
	struct buf out = { 0 };
	assert_int_equal(base64_decode(slice_of("Zm9v\0", 5), &out), -1);
	assert_int_equal(base64_decode(slice_of("AAAA", 4), &out), 0);
	assert_int_equal(out.len, 3);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_and_padding),
		cmocka_unit_test(padding_is_wanted_and_ends_it),
		cmocka_unit_test(line_ends_are_passed_over),
		cmocka_unit_test(nothing_else_is),
		cmocka_unit_test(trailing_bits_are_not_looked_at),
		cmocka_unit_test(all_digits),
		cmocka_unit_test(a_byte_of_zero_is_no_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
