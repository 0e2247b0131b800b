// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/decode.h"

/* A schema with each kind of field. */
struct thing {
	char *name;
	bool flag, has_number;
	int64_t number, size;
	char **words;
	size_t n_words;
	struct inner {
		bool there;
		char *text;
	} inner, *list;
	size_t n_list, n_counted;
};

static const struct field inner_fields[] = {
	{ .name = "text", .kind = FIELD_STRING, .required = true, .hint = "say something",
	  .offset = offsetof(struct inner, text) },
	{ 0 },
};

static void count_list(struct decode *d, const struct node *map, void *out)
{
	(void)d;
	(void)map;
	struct thing *t = out;
	t->n_counted = t->n_list;
}

static const struct schema inner_schema = { .fields = inner_fields, .size = sizeof(struct inner) };

static void check_word(struct decode *d, const struct node *v)
{
	if (slice_is(v->text, "bad"))
		decode_invalid(d, v, CODE_INVALID, "is %s", "bad");
	else if (slice_is(v->text, "odd"))
		decode_warn(d, v, CODE_SEVERITY, "is odd");
}

static const char *const names[] = { "one", "two", NULL };

static const struct field thing_fields[] = {
	{ .name = "name", .kind = FIELD_STRING, .offset = offsetof(struct thing, name),
	  .choices = names },
	{ .name = "flag", .kind = FIELD_BOOL, .offset = offsetof(struct thing, flag) },
	{ .name = "number", .kind = FIELD_INT, .offset = offsetof(struct thing, number),
	  .present = FIELD_PRESENT(struct thing, has_number), .min = -5, .max = INT64_MAX },
	{ .name = "size", .kind = FIELD_SIZE, .offset = offsetof(struct thing, size), .min = 1024,
	  .max = 4096 },
	{ .name = "words", .kind = FIELD_STRINGS, .offset = offsetof(struct thing, words),
	  .count = offsetof(struct thing, n_words), .max = 3, .check = check_word },
	{ .name = "inner", .kind = FIELD_STRUCT, .offset = offsetof(struct thing, inner),
	  .present = FIELD_PRESENT(struct thing, inner.there), .sub = &inner_schema },
	{ .name = "list", .kind = FIELD_LIST, .offset = offsetof(struct thing, list),
	  .count = offsetof(struct thing, n_list), .sub = &inner_schema },
	{ .name = "checked", .kind = FIELD_INT, .offset = FIELD_NOWHERE, .min = 1, .max = 2 },
	{ 0 },
};

static const struct schema thing_schema = {
	.fields = thing_fields, .size = sizeof(struct thing), .check = count_list,
};

/* Decodes text into t; what was found goes to out as text. */
static int decode(const struct schema *s, const char *text, struct thing *t, struct buf *out)
{
	struct yaml_tree tree;
	struct findings f = { 0 };
	assert_int_equal(yaml_tree_parse(slice_str(text), 1 << 20, &tree, &f), 0);
	int r = decode_run(s, tree.documents[0], "", t, &f);
	assert_int_equal(t->n_counted, t->n_list);
	yaml_tree_free(&tree);
	findings_sort(&f);
	findings_print(&f, "f", out);
	findings_free(&f);
	return r;
}

static void finds(const char *text, const char *expected)
{
	struct thing t = { 0 };
	struct buf out = { 0 };
	int r = decode(&thing_schema, text, &t, &out);
	assert_string_equal(buf_cstr(&out), expected);
	assert_int_equal(r, strstr(expected, ": error: ") ? -1 : 0);
	decode_free(&thing_schema, &t);
	buf_free(&out);
}

static void takes_each_kind(void **state)
{
	(void)state;
	struct thing t = { 0 };
	struct buf out = { 0 };
	assert_int_equal(decode(&thing_schema,
				"name: two\nflag: yes\nnumber: -5.0\nsize: 4K\nwords: [a, b]\n"
				"inner: {text: x}\nlist: [{text: v}, {text: z}]\nchecked: 2\n",
				&t, &out), 0);
	assert_string_equal(t.name, "two");
	assert_true(t.flag);
	assert_true(t.has_number);
	assert_int_equal(t.number, -5);
	assert_int_equal(t.size, 4096);
	assert_int_equal(t.n_words, 2);
	assert_string_equal(t.words[1], "b");
	assert_true(t.inner.there);
	assert_string_equal(t.inner.text, "x");
	assert_int_equal(t.n_list, 2);
	assert_string_equal(t.list[1].text, "z");
	decode_free(&thing_schema, &t);
	assert_null(t.name);
	assert_null(t.list);
	assert_int_equal(t.n_list, 0);
	decode_free(&thing_schema, &t); /* twice does no harm */
	buf_free(&out);
}

static void absent_is_left_alone(void **state)
{
	(void)state;
	struct thing t = { .flag = true, .number = 7 };
	struct buf out = { 0 };
	assert_int_equal(decode(&thing_schema, "flag: ~\nnumber:\nwords: []\n", &t, &out), 0);
	assert_true(t.flag);
	assert_int_equal(t.number, 7);
	assert_false(t.has_number);
	assert_false(t.inner.there);
	decode_free(&thing_schema, &t);
	buf_free(&out);
}

static void wrong_values(void **state)
{
	(void)state;
	finds("number: -6\n", "f:1:9: error: number: Invalid value: -6: must be greater than or equal to -5 [range]\n");
	finds("number: 1e30\n", "f:1:9: error: number: Invalid value: 1e30: must be an integer of at most 64 bits [type]\n");
	finds("number: .nan\n", "f:1:9: error: number: Invalid value: .nan: must be an integer, not a floating-point number [type]\n");
	finds("size: 1K\nchecked: 3\n", "f:2:10: error: checked: Invalid value: 3: must be between 1 and 2, inclusive [range]\n");
	finds("size: 5000\n", "f:1:7: error: size: Invalid value: 5000: must be between 1024 and 4096, inclusive [range]\n");
	finds("size: -1\n", "f:1:7: error: size: Invalid value: -1: must be between 1024 and 4096, inclusive [range]\n");
	finds("size: 1 K\n", "f:1:7: error: size: Invalid value: \"1 K\": must be a size: 65536, 64KiB, 256MiB, 1GiB [invalid]\n");
	finds("name: \"a\\\"b\"\n", "f:1:7: error: name: Unsupported value: \"a\\\"b\": supported values: \"one\", \"two\" [unsupported]\n");
	finds("words: [odd, bad]\n", "f:1:9: warning: words[0]: \"odd\": is odd [severity]\n"
				     "f:1:14: error: words[1]: Invalid value: \"bad\": is bad [invalid]\n");
	finds("words: [a, b, c, d]\n", "f:1:8: error: words: Too many: 4: must have at most 3 items [too-many]\n");
	finds("inner: {}\nlist: [~, {text: ''}]\n",
	      "f:1:8: error: inner.text: Required value: say something [required]\n"
	      "f:2:8: error: list[0].text: Required value: say something [required]\n"
	      "f:2:18: error: list[1].text: Required value: say something [required]\n");
	finds("nummer: 1\nFLGG: 2\n", "f:1:1: error: nummer: unknown field \"nummer\": did you mean \"number\"? [unknown-field]\n"
				     "f:2:1: error: FLGG: unknown field \"FLGG\" [unknown-field]\n");
}

static void objects(void **state)
{
	(void)state;
	static const struct field none[] = { { 0 } };
	static const struct schema object = { .fields = none, .api_version = "v1", .kind = "K" };
	static const struct schema inside = { .fields = none, .api_version = "v1", .kind = "K", .embedded = true };
	static const struct schema open = { .fields = none, .open = true };
	struct thing t = { 0 };
	struct buf out = { 0 };
	assert_int_equal(decode(&object, "apiVersion: v1\nkind: K\n", &t, &out), 0);
	assert_int_equal(decode(&object, "apiVersion: v1\n", &t, &out), -1);
	assert_int_equal(decode(&inside, "{}\n", &t, &out), 0);
	assert_int_equal(decode(&inside, "kind: L\n", &t, &out), -1);
	assert_int_equal(decode(&open, "what: ever\n", &t, &out), 0);
	assert_string_equal(buf_cstr(&out),
			    "f:1:1: error: kind: Required value: K [kind-absent]\n"
			    "f:1:7: error: kind: no kind \"L\" is registered for version \"v1\": it is K of v1 [kind]\n");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_each_kind),
		cmocka_unit_test(absent_is_left_alone),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(objects),
	};
	return cmocka_run_group_tests_name("conf_decode", tests, NULL, NULL);
}
