// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "validate/baseline.h"
#include "validate_test.h"

#include <stdlib.h>
#include <string.h>

static struct baseline *parse(const char *text)
{
	struct err e;
	struct baseline *b = baseline_parse(slice_str(text), &e);
	if (!b)
		fail_msg("%s", e.text);
	return b;
}

static bool take(struct baseline *b, const char *file, const char *path, const char *message,
		 unsigned line)
{
	struct finding f = { .code = CODE_PORT, .line = line, .col = 1 };
	char p[100], m[200];
	strcpy(p, path);
	strcpy(m, message);
	f.path = p;
	f.message = m;
	return baseline_take(b, file, &f);
}

#define ENTRY(file) "{\"file\":\"" file "\",\"line\":1,\"code\":\"port\",\"path\":\"p\",\"message\":\"m\"}"

static void each_entry_takes_one(void **state)
{
	(void)state;
	struct baseline *b = parse("[" ENTRY("a") "," ENTRY("b") "," ENTRY("a") "]");
	assert_int_equal(baseline_left(b), 3);
	assert_true(take(b, "a", "p", "m", 1));
	assert_true(take(b, "a", "p", "m", 500)); /* it moved */
	assert_false(take(b, "a", "p", "m", 1));  /* a third one is new */
	assert_int_equal(baseline_left(b), 1);
	assert_true(take(b, "b", "p", "m", 1));
	assert_false(take(b, "c", "p", "m", 1));
	assert_int_equal(baseline_left(b), 0);
	baseline_free(b);
}

static void what_makes_it_another(void **state)
{
	(void)state;
	struct baseline *b = parse("[" ENTRY("a") "]");
	struct finding f = { .code = CODE_PORT_ABSENT, .path = (char[]){ "p" }, .message = (char[]){ "m" } };
	assert_false(baseline_take(b, "a", &f));
	assert_false(take(b, "b", "p", "m", 1));
	assert_false(take(b, "a", "p2", "m", 1));
	assert_false(take(b, "a", "p", "m2", 1));
	assert_false(take(b, "a", "", "m", 1));
	assert_true(take(b, "a", "p", "m", 1));
	baseline_free(b);
}

static void names_are_made_plain(void **state)
{
	(void)state;
	static const char *const same[] = { "x/a.yaml", "./x/a.yaml", "x//a.yaml", "./x/./a.yaml", ".//x/a.yaml" };
	static const char *const other[] = { "/x/a.yaml", "../x/a.yaml", "a.yaml", "x/b/../a.yaml", "x/a.yam" };
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		struct baseline *b = parse("[" ENTRY("./x/a.yaml") "]");
		for (size_t k = 0; k < sizeof other / sizeof other[0]; k++)
			assert_false(take(b, other[k], "p", "m", 1));
		assert_true(take(b, same[i], "p", "m", 1));
		baseline_free(b);
	}
}

/* What report_json writes is what is read: of whatever file and message. */
static void there_and_back(void **state)
{
	(void)state;
	struct made m = { 0 };
	struct buf text = { 0 };
	struct err e;
	char every[256];
	for (int i = 1; i < 256; i++)
		every[i - 1] = (char)i;
	every[255] = '\0';
	made_add(&m, every, 1, 1, CODE_PORT, "a.\\x01[\"b\"]", "Invalid value: \"\\\\n{}[],\": no: \xc3\xa4");
	made_add(&m, "\xf3\xa0\x80\x81.yaml", 1, 1, CODE_REGEX, "", "x"); /* a tag character: no surrogate pair */
	made_add(&m, "a'\"{b}.yaml", 0, 0, CODE_TYPE, "", "}");
	made_add(&m, "-", 3, 3, CODE_TYPE, "~", "null");
	report_json(&m.r, &text);
	struct baseline *b = baseline_parse(buf_slice(&text), &e);
	if (!b)
		fail_msg("%s", e.text);
	assert_int_equal(baseline_left(b), 4);
	for (size_t i = 0; i < m.r.n; i++)
		assert_true(baseline_take(b, m.at[i].file, m.at[i].finding));
	baseline_free(b);
	made_free(&m);
	buf_free(&text);
}

static void other_spellings_of_json(void **state)
{
	(void)state;
	baseline_free(parse("[]"));
	baseline_free(parse(" [ \r\n ] \n"));
	struct baseline *b = parse("[\n  {\n    \"file\": \"a\",\n    \"code\": \"port\",\n    \"path\": \"p\",\n"
				   "    \"message\": \"\\u006d\",\n    \"x\": {\"y\": [{}, \"}\"]}\n  }\n]\n");
	assert_true(take(b, "a", "p", "m", 1));
	baseline_free(b);
}

/* More than a document of a configuration may hold. */
static void a_long_one(void **state)
{
	(void)state;
	struct buf text = { 0 };
	struct err e;
	buf_add_char(&text, '[');
	for (int i = 0; i < 12000; i++)
		buf_printf(&text, "%s{\"file\":\"f%d\",\"code\":\"port\",\"path\":\"p\",\"message\":\"m\"}", i ? "," : "", i);
	buf_add_str(&text, "]");
	struct baseline *b = baseline_parse(buf_slice(&text), &e);
	assert_non_null(b);
	assert_int_equal(baseline_left(b), 12000);
	assert_true(take(b, "f11999", "p", "m", 1));
	assert_false(take(b, "f12000", "p", "m", 1));
	baseline_free(b);
	buf_free(&text);
}

static void bad_ones(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "", "line 1: not what `relpbox validate -o json` writes: it does not begin with [" },
		{ "{}", "line 1: not what `relpbox validate -o json` writes: it does not begin with [" },
		{ "\xff\xfe[", "line 1: not what `relpbox validate -o json` writes: it does not begin with [" },
		{ "[", "a finding should begin with {" },
		{ "[1]", "a finding should begin with {" },
		{ "[{}]", "a finding has no text \"file\"" },
		{ "[\n{\"file\":1,\"code\":\"port\",\"path\":\"p\",\"message\":\"m\"}]", "line 2: not what" },
		{ "[" ENTRY("a"), "a comma or ] is missing behind a finding" },
		{ "[" ENTRY("a") ",]", "a finding should begin with {" },
		{ "[" ENTRY("a") " " ENTRY("a") "]", "a comma or ] is missing" },
		{ "[" ENTRY("a") "] x", "something stands behind the list" },
		{ "[{\"file\":\"a]", "it ends amid a finding" },
		{ "[{{{", "it ends amid a finding" },
		{ "[{\"a\" \"b\"}]", "not YAML" },
		{ "[\n\n{\"\x1b\":1}]", "line 3: not what" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err e = { 0 };
		assert_null(baseline_parse(slice_str(cases[i][0]), &e));
		if (!strstr(e.text, cases[i][1]))
			fail_msg("case %zu: %s", i, e.text);
		assert_null(strchr(e.text, '\x1b'));
	}
}

static void any_prefix_of_a_good_one_is_bad(void **state)
{
	(void)state;
	static const char text[] = "[\n" ENTRY("a\\\"}") ",\n" ENTRY("b") "\n]";
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		struct err e;
		char *copy = malloc(n ? n : 1);
		memcpy(copy, text, n);
		assert_null(baseline_parse(slice_of(copy, n), &e));
		free(copy);
	}
	baseline_free(parse(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_entry_takes_one),
		cmocka_unit_test(what_makes_it_another),
		cmocka_unit_test(names_are_made_plain),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(other_spellings_of_json),
		cmocka_unit_test(a_long_one),
		cmocka_unit_test(bad_ones),
		cmocka_unit_test(any_prefix_of_a_good_one_is_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
