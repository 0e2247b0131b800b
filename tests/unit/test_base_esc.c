// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/esc.h"
#include "base/json.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define S(literal) { literal, sizeof(literal) - 1 }

static void utf8_against_a_plain_definition(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		unsigned char t[4];
		size_t n;
		if (cp < 0x80) {
			t[0] = (unsigned char)cp;
			n = 1;
		} else if (cp < 0x800) {
			t[0] = (unsigned char)(0xc0 | cp >> 6);
			t[1] = (unsigned char)(0x80 | (cp & 63));
			n = 2;
		} else if (cp < 0x10000) {
			t[0] = (unsigned char)(0xe0 | cp >> 12);
			t[1] = (unsigned char)(0x80 | (cp >> 6 & 63));
			t[2] = (unsigned char)(0x80 | (cp & 63));
			n = 3;
		} else {
			t[0] = (unsigned char)(0xf0 | cp >> 18);
			t[1] = (unsigned char)(0x80 | (cp >> 12 & 63));
			t[2] = (unsigned char)(0x80 | (cp >> 6 & 63));
			t[3] = (unsigned char)(0x80 | (cp & 63));
			n = 4;
		}
		bool surrogate = cp >= 0xd800 && cp <= 0xdfff;
		uint32_t got = 0;
		size_t took = utf8_next(slice_of(t, n), &got);
		if (got != (surrogate ? UTF8_BAD : cp) || took != (surrogate ? 1 : n))
			fail_msg("U+%04x: %08x, %zu bytes", cp, got, took);
		for (size_t cut = 1; cut < n && !surrogate; cut++) {
			assert_int_equal(utf8_next(slice_of(t, cut), &got), cut);
			assert_int_equal(got, UTF8_BAD);
		}
	}
}

static void utf8_malformed(void **state)
{
	(void)state;
	/* The bytes that one U+FFFD stands for: Unicode 15, section 3.9, tables 3-8 to 3-11. */
	static const struct {
		struct slice s;
		size_t takes;
	} cases[] = {
		{ S("\x80"), 1 },	     { S("\xc0\xaf"), 1 },	  { S("\xc1\x81"), 1 },
		{ S("\xe0\x80\xbf"), 1 },    { S("\xe0\xa0\x41"), 2 },	  { S("\xed\xa0\x80"), 1 },
		{ S("\xf0\x81\x82\x41"), 1 }, { S("\xf0\x90\x80\x41"), 3 }, { S("\xf4\x91\x92\x93"), 1 },
		{ S("\xf5\x80\x80\x80"), 1 }, { S("\xff"), 1 },		  { S("\xe1\x80\xe2"), 2 },
		{ S("\xc2\x41"), 1 },	     { S("\xfe\x80"), 1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t cp = 0;
		assert_int_equal(utf8_next(cases[i].s, &cp), cases[i].takes);
		assert_int_equal(cp, UTF8_BAD);
	}
}

static const struct {
	struct slice in;
	const char *out;
} escapes[] = {
	{ S(""), "" },
	{ S("plain text ~!"), "plain text ~!" },
	{ S("a\\b"), "a\\\\b" },
	{ S("a\nb\tc\rd"), "a\\nb\\tc\\rd" },
	{ S("\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m" },
	{ S("nul\0in"), "nul\\x00in" },
	{ S("\x7f"), "\\x7f" },
	{ S("h\xc3\xbcgel \xe2\x82\xac \xf0\x9f\x8d\xba"), "h\xc3\xbcgel \xe2\x82\xac \xf0\x9f\x8d\xba" },
	{ S("\xc2\x9b" "31m"), "\\xc2\\x9b31m" },	       /* C1: CSI */
	{ S("\xe2\x80\xae" "evil"), "\\xe2\\x80\\xaeevil" },   /* right-to-left override */
	{ S("\xe2\x81\xa6x"), "\\xe2\\x81\\xa6x" },	       /* isolate */
	{ S("\xe2\x80\x8bx"), "\\xe2\\x80\\x8bx" },	       /* zero width space */
	{ S("\xe2\x80\xa8x"), "\\xe2\\x80\\xa8x" },	       /* line separator */
	{ S("\xef\xbb\xbfx"), "\\xef\\xbb\\xbfx" },	       /* byte order mark */
	{ S("\xf3\xa0\x81\x81"), "\\xf3\\xa0\\x81\\x81" },     /* tag letter */
	{ S("\xef\xbf\xbf"), "\\xef\\xbf\\xbf" },	       /* U+FFFF */
	{ S("\xef\xbf\xbd"), "\xef\xbf\xbd" },		       /* U+FFFD is a character */
	{ S("\xff\xfe"), "\\xff\\xfe" },
	{ S("\xe2\x82"), "\\xe2\\x82" },
	{ S("\xe2\x82x"), "\\xe2\\x82x" },
	{ S("\xed\xa0\x80"), "\\xed\\xa0\\x80" },
	{ S("\xc0\x80"), "\\xc0\\x80" },
};

static void escapes_into_a_buffer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		struct buf b = { 0 };
		esc_add(&b, escapes[i].in, 1000);
		assert_string_equal(buf_cstr(&b), escapes[i].out);
		buf_free(&b);
		char text[200];
		assert_string_equal(esc_text(text, sizeof(text), escapes[i].in), escapes[i].out);
	}
}

static void the_limit_is_shown(void **state)
{
	(void)state;
	static const struct {
		struct slice in;
		size_t max;
		const char *out;
	} cases[] = {
		{ S("abcdef"), 6, "abcdef" },
		{ S("abcdef"), 5, "abcde..." },
		{ S("abcdef"), 0, "..." },
		{ S(""), 0, "" },
		{ S("\n\n\n"), 2, "\\n\\n..." },
		{ S("a\xe2\x82\xac" "b"), 2, "a..." }, /* no half of a character */
		{ S("a\xe2\x82\xac" "b"), 4, "a\xe2\x82\xac..." },
		{ S("a\xe2\x82\xac" "b"), SIZE_MAX, "a\xe2\x82\xac" "b" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = { 0 };
		esc_add(&b, cases[i].in, cases[i].max);
		assert_string_equal(buf_cstr(&b), cases[i].out);
		buf_free(&b);
	}
}

/* Every text in every size: ended, never beyond, whole characters, "..." exactly when cut. */
static void fixed_buffers_of_every_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		size_t whole = strlen(escapes[i].out);
		for (size_t size = 1; size < whole + 3; size++) {
			char *text = malloc(size); /* the sanitizer watches its end */
			assert_ptr_equal(esc_text(text, size, escapes[i].in), text);
			size_t n = strlen(text);
			assert_true(n < size);
			if (size > whole) {
				assert_string_equal(text, escapes[i].out);
			} else if (size > 3) {
				assert_string_equal(text + n - 3, "...");
				assert_memory_equal(text, escapes[i].out, n - 3);
				assert_true(((unsigned char)escapes[i].out[n - 3] & 0xc0) != 0x80);
			} else {
				assert_memory_equal(text, "...", n);
			}
			free(text);
		}
	}
	char untouched = 'u';
	esc_text(&untouched, 0, slice_str("abc"));
	assert_int_equal(untouched, 'u');
}

static void random_bytes_come_out_harmless(void **state)
{
	(void)state;
	uint32_t seed = 1;
	for (int round = 0; round < 2000; round++) {
		char in[60];
		for (size_t i = 0; i < sizeof(in); i++) {
			seed = seed * 1664525 + 1013904223;
			in[i] = (char)(seed >> 24);
		}
		struct buf b = { 0 };
		esc_add(&b, slice_of(in, sizeof(in)), sizeof(in));
		for (size_t i = 0; i < b.len;) {
			uint32_t cp;
			i += utf8_next(slice_of(b.p + i, b.len - i), &cp);
			assert_true(cp != UTF8_BAD && utf8_printable(cp));
		}
		buf_free(&b);
	}
}

static void json_of_every_kind(void **state)
{
	(void)state;
	struct buf b = { 0 };
	struct json j;
	json_start(&j, &b);
	json_object(&j, NULL);
	json_object(&j, "empty");
	json_object_end(&j);
	json_array(&j, "none");
	json_array_end(&j);
	json_array(&j, "list");
	json_u64(&j, NULL, UINT64_MAX);
	json_i64(&j, NULL, INT64_MIN);
	json_object(&j, NULL);
	json_bool(&j, "t", true);
	json_bool(&j, "f", false);
	json_object_end(&j);
	json_array(&j, NULL);
	json_null(&j, NULL);
	json_array_end(&j);
	json_str(&j, NULL, slice_str("x"));
	json_array_end(&j);
	json_fixed(&j, "pi", 3.14159, 2);
	json_fixed(&j, "whole", -2.0, 0);
	json_fixed(&j, "nan", NAN, 2);
	json_fixed(&j, "inf", -INFINITY, 2);
	json_fixed(&j, "tiny", 0.0004, 3);
	json_null(&j, "last \"one\"");
	json_object_end(&j);
	assert_string_equal(buf_cstr(&b),
			    "{\"empty\":{},\"none\":[],\"list\":[18446744073709551615,"
			    "-9223372036854775808,{\"t\":true,\"f\":false},[null],\"x\"],"
			    "\"pi\":3.14,\"whole\":-2,\"nan\":null,\"inf\":null,\"tiny\":0.000,"
			    "\"last \\\"one\\\"\":null}");
	buf_free(&b);
}

static void json_strings(void **state)
{
	(void)state;
	static const struct {
		struct slice in;
		const char *out;
	} cases[] = {
		{ S(""), "\"\"" },
		{ S("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"" },
		{ S("\n\r\t\b\f\0\x1b"), "\"\\n\\r\\t\\u0008\\u000c\\u0000\\u001b\"" },
		{ S("\x7f\xc2\x9b"), "\"\\u007f\\u009b\"" },
		{ S("\xc3\xbc\xe2\x82\xac\xf0\x9f\x8d\xba"), "\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x8d\xba\"" },
		{ S("\xe2\x80\xae"), "\"\\u202e\"" },
		{ S("\xf3\xa0\x81\x81"), "\"\\udb40\\udc41\"" },
		{ S("a\xff" "b"), "\"a\xef\xbf\xbd" "b\"" },
		{ S("\xe2\x82"), "\"\xef\xbf\xbd\"" },
		{ S("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = { 0 };
		struct json j;
		json_start(&j, &b);
		json_str(&j, NULL, cases[i].in);
		assert_string_equal(buf_cstr(&b), cases[i].out);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_against_a_plain_definition),
		cmocka_unit_test(utf8_malformed),
		cmocka_unit_test(escapes_into_a_buffer),
		cmocka_unit_test(the_limit_is_shown),
		cmocka_unit_test(fixed_buffers_of_every_size),
		cmocka_unit_test(random_bytes_come_out_harmless),
		cmocka_unit_test(json_of_every_kind),
		cmocka_unit_test(json_strings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
