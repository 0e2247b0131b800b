// SPDX-License-Identifier: Apache-2.0
/*
 * Texts that are made to cost the reader time or memory: each ends with the
 * finding that it deserves. By hand, "test_conf_hostile MIB [NAME]" takes texts
 * of that size, to be measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/yaml.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_BYTES ((size_t)16 << 20)

/* A text of size bytes: before, then part again and again, then after. %zu in part: a number. */
struct hostile {
	const char *name;
	const char *before, *part, *after;
	const char *code; /* of the first finding; NULL: none */
	bool numbered;
	size_t least; /* KiB, where the code needs more than the others */
};

static const struct hostile cases[] = {
	{ .name = "sequences_in_sequences", .part = "- ", .code = "too-deep" },
	{ .name = "brackets", .part = "[", .code = "too-deep" },
	{ .name = "brackets_apart", .part = "[\n", .code = "too-deep" },
	{ .name = "braces", .part = "{", .code = "too-deep" },
	{ .name = "maps_in_maps", .part = "{\"a\":", .code = "too-deep" },
	{ .name = "maps_in_sequences", .part = "[{\"a\":", .code = "too-deep" },
	{ .name = "question_marks", .part = "? ", .code = "too-deep" },
	{ .name = "question_marks_in_lines", .part = "?\n", .code = "too-large" },
	{ .name = "question_marks_in_brackets", .before = "[", .part = "? ", .code = "yaml-syntax" },
	{ .name = "colons", .part = ": ", .code = "yaml-syntax" },
	{ .name = "colons_in_lines", .part = ":\n", .code = "yaml-syntax" },
	{ .name = "commas", .before = "[", .part = ",", .code = "yaml-syntax" },
	{ .name = "values", .before = "[", .part = "1,", .after = "]", .code = "too-large" },
	{ .name = "keys", .part = "a%zu: 1\n", .numbered = true, .code = "too-large", .least = 640 },
	{ .name = "equal_keys", .part = "a: 1\n", .code = "too-large", .least = 512 },
	{ .name = "equal_keys_in_braces", .before = "{", .part = "a,", .after = "}", .code = "too-large" },
	{ .name = "anchors", .before = "[", .part = "&a%zu 1,", .after = "]", .numbered = true,
	  .code = "too-large" },
	{ .name = "anchors_of_one_node", .part = "&a ", .code = "yaml-syntax" },
	{ .name = "anchors_and_aliases", .before = "[", .part = "&a *a,", .after = "]",
	  .code = "yaml-syntax" },
	{ .name = "aliases", .before = "[&a x,", .part = "*a,", .after = "]", .code = "too-large", .least = 384 },
	{ .name = "aliases_that_are_not_there", .before = "[", .part = "*a%zu,", .after = "]",
	  .numbered = true, .code = "yaml-alias" },
	{ .name = "merges", .before = "a: &a {x: 1}\n", .part = "b%zu: {<<: *a}\n", .numbered = true,
	  .code = "too-large", .least = 640 },
	{ .name = "merges_in_one", .before = "a: &a {x: 1}\n", .part = "<<: *a\n",
	  .code = "too-large", .least = 512 },
	{ .name = "tags", .before = "[", .part = "!a%zu 1,", .after = "]", .numbered = true,
	  .code = "yaml-tag-ignored" },
	{ .name = "tag_directives", .part = "%TAG !a%zu! x\n", .numbered = true, .code = "too-large" },
	{ .name = "directives", .part = "%FOO bar\n", .code = "yaml-syntax" },
	{ .name = "directives_and_documents", .part = "%YAML 1.1\n---\n...\n", .code = "too-large", .least = 512 },
	{ .name = "document_begins", .part = "---\n", .code = "too-large" },
	{ .name = "document_ends", .part = "...\n", .code = "yaml-syntax" },
	{ .name = "documents", .part = "---\na\n", .code = "too-large" },
	{ .name = "documents_of_brackets", .part = "---\n[\n", .code = "yaml-syntax" },
	{ .name = "documents_of_json", .part = "---\n{}\n", .code = "too-large" },
	{ .name = "plain_scalar", .part = "a", .code = NULL },
	{ .name = "plain_scalar_in_lines", .part = "a\n", .code = NULL },
	{ .name = "plain_scalar_in_blank_lines", .part = "a\n\n", .code = NULL },
	{ .name = "quoted_scalar", .before = "\"", .part = "a\\\n ", .after = "\"", .code = NULL },
	{ .name = "escapes", .before = "- \"", .part = "\\u00e9", .after = "\"", .code = NULL },
	{ .name = "literal_block", .before = "|\n", .part = " a\n", .code = NULL },
	{ .name = "literal_block_of_blank_lines", .before = "|+\n", .part = "\n", .after = " a",
	  .code = NULL },
	{ .name = "literal_blocks", .part = "- |\n  a\n", .code = "too-large", .least = 1024 },
	{ .name = "literal_blocks_with_anchors", .part = "- &a\n\n\n  |\n  a\n", .code = "too-large" },
	{ .name = "folded_block", .before = ">\n", .part = " a\n", .code = NULL },
	{ .name = "key", .part = "a", .after = ": 1", .code = "yaml-syntax" },
	{ .name = "quoted_key", .before = "\"", .part = "a", .after = "\": 1", .code = "yaml-syntax" },
	{ .name = "explicit_key", .before = "? ", .part = "a", .after = "\n: 1", .code = NULL },
	{ .name = "comment", .before = "#", .part = "a", .code = NULL },
	{ .name = "comments", .part = "#\n", .code = NULL },
	{ .name = "comments_behind_the_end", .before = "a\n...\n", .part = "#\n", .code = NULL },
	{ .name = "blanks", .part = " ", .code = NULL },
	{ .name = "line_feeds", .part = "\n", .code = NULL },
	{ .name = "carriage_returns", .part = "\r", .code = NULL },
	{ .name = "tabs", .part = "\t", .code = "yaml-syntax" },
	{ .name = "next_lines", .before = "a", .part = "\xC2\x85", .code = NULL },
	{ .name = "next_lines_and_values", .before = "[", .part = "1,\xC2\x85", .after = "]",
	  .code = "too-large", .least = 512 },
	{ .name = "byte_order_marks", .part = "a \xEF\xBB\xBF", .code = NULL },
	{ .name = "no_utf8", .part = "\xFF", .code = "yaml-utf8" },
	{ .name = "json_brackets", .before = "{\"a\":[", .part = "[", .code = "too-deep" },
	{ .name = "json_values", .before = "[0", .part = ",1", .after = "]", .code = "too-large" },
	{ .name = "json_string", .before = "[\"", .part = "a", .after = "\"]", .code = NULL },
	{ .name = "json_escapes", .before = "[\"", .part = "\\ud83d\\ude00", .after = "\"]", .code = NULL },
	{ .name = "json_key", .before = "{\"", .part = "a", .after = "\":1}", .code = NULL },
	{ .name = "json_equal_keys", .before = "{\"a\":1", .part = ",\"a\":1", .after = "}",
	  .code = "too-large", .least = 512 },
	{ .name = "json_number", .before = "[1", .part = "0", .after = "]", .code = NULL },
	{ .name = "json_that_is_none_at_its_end", .before = "[\"", .part = "\\ud83d\\ude00",
	  .after = "\"", .code = "yaml-syntax" },
};

#define CASES (sizeof cases / sizeof cases[0])

static size_t text_size = (size_t)256 << 10;

static struct buf text_of(const struct hostile *h)
{
	struct buf b = { 0 };
	size_t after = h->after ? strlen(h->after) : 0;
	size_t size = h->least << 10 > text_size ? h->least << 10 : text_size;
	buf_reserve(&b, size + 64);
	buf_add_str(&b, h->before ? h->before : "");
	for (size_t i = 0; b.len + strlen(h->part) + after < size; i++) {
		if (!h->numbered) {
			buf_add_str(&b, h->part);
			continue;
		}
		const char *number = strstr(h->part, "%zu");
		buf_add(&b, h->part, (size_t)(number - h->part));
		buf_add_u64(&b, i);
		buf_add_str(&b, number + 3);
	}
	buf_add_str(&b, h->after ? h->after : "");
	return b;
}

static void ignore(void *arg, const struct yaml_document *doc)
{
	(void)doc;
	++*(size_t *)arg;
}

static void ends(void **state)
{
	const struct hostile *h = *state;
	struct findings f = { 0 };
	size_t documents = 0;
	const struct yaml_calls calls = { .document = ignore, .arg = &documents };
	struct buf b = text_of(h);
	yaml_each(buf_slice(&b), MAX_BYTES, &f, &calls);
	if (h->code == NULL && f.n > 0)
		fail_msg("%s: %s", code_info(f.at[0].code).name, f.at[0].message);
	if (h->code) {
		assert_true(f.n > 0);
		assert_string_equal(code_info(f.at[0].code).name, h->code);
	}
	assert_true(documents <= YAML_DOCUMENTS_MAX);
	findings_free(&f);
	buf_free(&b);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[CASES];
	if (argc > 1)
		text_size = (size_t)strtoul(argv[1], NULL, 10) << 20;
	if (argc > 2)
		cmocka_set_test_filter(argv[2]);
	for (size_t i = 0; i < CASES; i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name, .test_func = ends,
						.initial_state = (void *)(uintptr_t)&cases[i] };
	return cmocka_run_group_tests_name("conf_hostile", tests, NULL, NULL);
}
