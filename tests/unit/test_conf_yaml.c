// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "conf/scalar.h"
#include "conf/yaml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_BYTES ((size_t)4 << 20)

struct fixture {
	struct yaml_tree tree;
	struct findings f;
	int r;
};

static void parse(struct fixture *x, struct slice text, size_t max)
{
	*x = (struct fixture){ 0 };
	x->r = yaml_tree_parse(text, max, &x->tree, &x->f);
}

static const struct node *parse_str(struct fixture *x, const char *text)
{
	parse(x, slice_str(text), MAX_BYTES);
	assert_int_equal(x->r, 0);
	assert_int_equal(x->tree.n_documents, 1);
	return x->tree.documents[0];
}

static void done(struct fixture *x)
{
	yaml_tree_free(&x->tree);
	findings_free(&x->f);
}

/* Refused with this code, and nothing is left of it. */
static void refused(struct slice text, const char *code)
{
	struct fixture x;
	parse(&x, text, MAX_BYTES);
	assert_int_equal(x.r, -1);
	assert_int_equal(x.tree.n_documents, 0);
	assert_true(x.f.n >= 1);
	assert_string_equal(code_info(x.f.at[x.f.n - 1].code).name, code);
	done(&x);
}

static struct buf repeated(const char *before, const char *part, size_t n, const char *after)
{
	struct buf b = { 0 };
	buf_add_str(&b, before);
	for (size_t i = 0; i < n; i++)
		buf_add_str(&b, part);
	buf_add_str(&b, after);
	return b;
}

/* --- scalars: what sigs.k8s.io/yaml 1.3 with go-yaml 2.4 makes of the same text ------- */

struct scalar_case {
	const char *text;
	enum node_kind kind;
	double value;
};

static const struct scalar_case scalars[] = {
	{ "", NODE_NULL, 0 },		  { "~", NODE_NULL, 0 },
	{ "null", NODE_NULL, 0 },	  { "Null", NODE_NULL, 0 },
	{ "NULL", NODE_NULL, 0 },	  { "nULL", NODE_STRING, 0 },
	{ "y", NODE_BOOL, 1 },		  { "Y", NODE_BOOL, 1 },
	{ "yes", NODE_BOOL, 1 },	  { "Yes", NODE_BOOL, 1 },
	{ "YES", NODE_BOOL, 1 },	  { "yEs", NODE_STRING, 0 },
	{ "on", NODE_BOOL, 1 },		  { "On", NODE_BOOL, 1 },
	{ "ON", NODE_BOOL, 1 },		  { "oN", NODE_STRING, 0 },
	{ "true", NODE_BOOL, 1 },	  { "True", NODE_BOOL, 1 },
	{ "TRUE", NODE_BOOL, 1 },	  { "t", NODE_STRING, 0 },
	{ "n", NODE_BOOL, 0 },		  { "N", NODE_BOOL, 0 },
	{ "no", NODE_BOOL, 0 },		  { "No", NODE_BOOL, 0 },
	{ "NO", NODE_BOOL, 0 },		  { "off", NODE_BOOL, 0 },
	{ "Off", NODE_BOOL, 0 },	  { "OFF", NODE_BOOL, 0 },
	{ "false", NODE_BOOL, 0 },	  { "False", NODE_BOOL, 0 },
	{ "FALSE", NODE_BOOL, 0 },	  { "fALSE", NODE_STRING, 0 },
	{ "0", NODE_INT, 0 },		  { "-0", NODE_INT, 0 },
	{ "+0", NODE_INT, 0 },		  { "00", NODE_INT, 0 },
	{ "010", NODE_INT, 8 },		  { "-010", NODE_INT, -8 },
	{ "0x1F", NODE_INT, 31 },	  { "0X1f", NODE_INT, 31 },
	{ "-0x10", NODE_INT, -16 },	  { "+0x10", NODE_INT, 16 },
	{ "0x", NODE_STRING, 0 },	  { "0xg", NODE_STRING, 0 },
	{ "0o17", NODE_INT, 15 },	  { "0O17", NODE_INT, 15 },
	{ "0o8", NODE_STRING, 0 },	  { "0b101", NODE_INT, 5 },
	{ "-0b11", NODE_INT, -3 },	  { "0b2", NODE_STRING, 0 },
	{ "08", NODE_FLOAT, 8 },	  { "0_8", NODE_FLOAT, 8 },
	{ "1_000", NODE_INT, 1000 },	  { "_1", NODE_STRING, 0 },
	{ "0x_ff", NODE_INT, 255 },	  { "1__0", NODE_INT, 10 },
	{ "1e3", NODE_FLOAT, 1000 },	  { "1e", NODE_STRING, 0 },
	{ "1.", NODE_FLOAT, 1 },	  { ".5", NODE_FLOAT, 0.5 },
	{ "-.5", NODE_FLOAT, -0.5 },	  { "+.5", NODE_FLOAT, 0.5 },
	{ ".", NODE_STRING, 0 },	  { ".e1", NODE_STRING, 0 },
	{ "-", NODE_STRING, 0 },	  { "+", NODE_STRING, 0 },
	{ "--1", NODE_STRING, 0 },	  { "+-1", NODE_STRING, 0 },
	{ "4.0", NODE_FLOAT, 4 },	  { "1e400", NODE_STRING, 0 },
	{ "1e-400", NODE_FLOAT, 0 },	  { "._5", NODE_STRING, 0 },
	{ ".5_5", NODE_FLOAT, 0.55 },	  { ".5__5", NODE_STRING, 0 },
	{ ".5_", NODE_STRING, 0 },	  { ".5e1_0", NODE_FLOAT, 5e9 },
	{ "-._5", NODE_FLOAT, -0.5 },	  { "0.5_5", NODE_FLOAT, 0.55 },
	{ "9223372036854775807", NODE_INT, 0x1p63 },
	{ "9223372036854775808", NODE_FLOAT, 0x1p63 },
	{ "-9223372036854775808", NODE_INT, -0x1p63 },
	{ "-9223372036854775809", NODE_FLOAT, -0x1p63 },
	{ "18446744073709551616", NODE_FLOAT, 0x1p64 },
	{ "0x10000000000000000", NODE_STRING, 0 },
	{ ".inf", NODE_FLOAT, INFINITY }, { "-.Inf", NODE_FLOAT, -INFINITY },
	{ "+.INF", NODE_FLOAT, INFINITY }, { "inf", NODE_STRING, 0 },
	{ "nan", NODE_STRING, 0 },	  { "Infinity", NODE_STRING, 0 },
	{ "0x1p3", NODE_STRING, 0 },	  { "1:30", NODE_STRING, 0 },
	{ "2001-12-14", NODE_STRING, 0 }, { "1,000", NODE_STRING, 0 },
	{ "0.1.2", NODE_STRING, 0 },	  { "<<", NODE_STRING, 0 },
};

static void plain_scalars(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
		const struct scalar_case *c = &scalars[i];
		struct node n = { .text = slice_str(c->text) };
		assert_int_equal(scalar_resolve(SCALAR_PLAIN, &n), 0);
		if (n.kind != c->kind)
			fail_msg("\"%s\": kind %d, not %d", c->text, n.kind, c->kind);
		double value = n.kind == NODE_BOOL    ? n.boolean
			       : n.kind == NODE_INT   ? (double)n.integer
			       : n.kind == NODE_FLOAT ? n.real
						      : 0;
		if (value != c->value)
			fail_msg("\"%s\": %g, not %g", c->text, value, c->value);
	}
}

static void long_number_is_a_string(void **state)
{
	(void)state;
	struct buf b = repeated("", "1", 300, "");
	struct node n = { .text = buf_slice(&b) };
	assert_int_equal(scalar_resolve(SCALAR_PLAIN, &n), 0);
	assert_int_equal(n.kind, NODE_STRING);
	buf_free(&b);
}

static void number_with_nul_is_a_string(void **state)
{
	(void)state;
	struct node n = { .text = slice_of("1\0" "2", 3) };
	assert_int_equal(scalar_resolve(SCALAR_PLAIN, &n), 0);
	assert_int_equal(n.kind, NODE_STRING);
}

/* --- the tree ------------------------------------------------------------------------ */

static void positions(void **state)
{
	(void)state;
	struct fixture x;
	const struct node *root = parse_str(&x, "# c\na: 1\n\"ü\" : [x,\n  y]\n");
	const struct node_entry *e = root->entries.at;
	assert_int_equal(root->entries.n, 2);
	assert_int_equal(e[0].line, 2);
	assert_int_equal(e[0].col, 1);
	assert_int_equal(e[0].value->col, 4);
	assert_int_equal(e[1].value->line, 3);
	assert_int_equal(e[1].value->col, 7); /* characters, not bytes */
	assert_int_equal(e[1].value->items.at[1]->line, 4);
	assert_int_equal(e[1].value->items.at[1]->col, 3);
	done(&x);
}

static void node_get_finds(void **state)
{
	(void)state;
	struct fixture x;
	const struct node *root = parse_str(&x, "yes: 1\n010: 2\nlist: [3]\n");
	assert_int_equal(node_get(root, "true")->integer, 1);
	assert_int_equal(node_get(root, "8")->integer, 2);
	assert_null(node_get(root, "yes"));
	assert_null(node_get(node_get(root, "list"), "x"));
	done(&x);
}

static void alias_has_its_own_position(void **state)
{
	(void)state;
	struct fixture x;
	const struct node *root = parse_str(&x, "a: &x [1]\nb: *x\n");
	assert_int_equal(node_get(root, "b")->line, 2);
	assert_int_equal(node_get(root, "b")->items.at[0]->line, 1);
	done(&x);
}

static void text_with_nul_keeps_its_length(void **state)
{
	(void)state;
	struct fixture x;
	const struct node *root = parse_str(&x, "a: \"x\\0y\"\n");
	assert_int_equal(node_get(root, "a")->text.len, 3);
	done(&x);
}

static void documents(void **state)
{
	(void)state;
	struct fixture x;
	parse(&x, slice_str("---\n---\na: 1\n...\n--- ''\n"), MAX_BYTES);
	assert_int_equal(x.tree.n_documents, 3);
	assert_null(x.tree.documents[0]);
	assert_int_equal(x.tree.documents[1]->kind, NODE_MAP);
	assert_int_equal(x.tree.documents[2]->kind, NODE_STRING);
	done(&x);
	parse(&x, slice_of(NULL, 0), MAX_BYTES);
	assert_int_equal(x.r, 0);
	assert_int_equal(x.tree.n_documents, 0);
	done(&x);
}

static void anchors_end_with_their_document(void **state)
{
	(void)state;
	refused(slice_str("a: &x 1\n---\nb: *x\n"), "yaml-alias");
}

/* --- limits --------------------------------------------------------------------------- */

static void too_many_bytes(void **state)
{
	(void)state;
	struct fixture x;
	parse(&x, slice_str("a: 1\n"), 4);
	assert_int_equal(x.r, -1);
	assert_int_equal(x.f.at[0].code, CODE_TOO_LARGE);
	assert_int_equal(x.f.at[0].line, 0);
	done(&x);
}

static void too_many_nodes(void **state)
{
	(void)state;
	struct buf b = repeated("[", "1,", YAML_NODES_MAX, "]");
	refused(buf_slice(&b), "too-large");
	buf_free(&b);
	b = repeated("", "---\n", YAML_NODES_MAX + 2, "");
	refused(buf_slice(&b), "too-large");
	buf_free(&b);
}

static void as_many_nodes_as_may_be(void **state)
{
	(void)state;
	struct fixture x;
	struct buf b = repeated("[", "1,", YAML_NODES_MAX - 1, "]");
	parse(&x, buf_slice(&b), MAX_BYTES);
	assert_int_equal(x.r, 0);
	assert_int_equal(x.tree.documents[0]->items.n, YAML_NODES_MAX - 1);
	done(&x);
	buf_free(&b);
}

static void depth(void **state)
{
	(void)state;
	struct fixture x;
	struct buf b = repeated("", "- ", YAML_DEPTH_MAX, "x\n");
	parse(&x, buf_slice(&b), MAX_BYTES);
	assert_int_equal(x.r, 0);
	done(&x);
	buf_free(&b);
	b = repeated("", "- ", YAML_DEPTH_MAX + 1, "x\n");
	refused(buf_slice(&b), "too-deep");
	buf_free(&b);
	b = repeated("", "{a: ", 500000, "");
	refused(buf_slice(&b), "too-deep");
	buf_free(&b);
}

/* Ten lines that stand for 10^10 values. */
static void alias_bomb(void **state)
{
	(void)state;
	struct buf b = { 0 };
	buf_add_str(&b, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 10; i++) {
		buf_printf(&b, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_printf(&b, "*a%d,", i - 1);
		buf_add_str(&b, "]\n");
	}
	refused(buf_slice(&b), "too-large");
	buf_free(&b);
}

/* Few nodes, but their text together would be 10 GB. */
static void alias_bomb_of_text(void **state)
{
	(void)state;
	struct buf b = repeated("a: &a ", "x", 1000000, "\nb: [");
	for (int i = 0; i < 10000; i++)
		buf_add_str(&b, "*a,");
	buf_add_str(&b, "]\n");
	refused(buf_slice(&b), "too-large");
	buf_free(&b);
}

static void merge_bomb(void **state)
{
	(void)state;
	struct buf b = { 0 };
	buf_add_str(&b, "{");
	for (int i = 0; i < 60; i++)
		buf_add_str(&b, "<<: {");
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "k%d: 1,", i);
	for (int i = 0; i < 61; i++)
		buf_add_str(&b, "}");
	refused(buf_slice(&b), "too-large");
	buf_free(&b);
}

static void too_many_anchors(void **state)
{
	(void)state;
	struct buf b = repeated("[", "&a 1,", YAML_ANCHORS_MAX + 1, "]");
	refused(buf_slice(&b), "too-large");
	buf_free(&b);
}

/* Took libyaml minutes: it compares each with all before it. */
static void many_tag_directives(void **state)
{
	(void)state;
	struct buf b = { 0 };
	for (int i = 0; i < 200000; i++)
		buf_printf(&b, "%%TAG !a%d! x%c", i, i % 2 ? '\n' : '\r');
	refused(buf_slice(&b), "too-large");
	buf_free(&b);
	struct fixture x;
	parse_str(&x, "%TAG !e! tag:yaml.org,2002:\n---\n!e!str 5\n");
	assert_int_equal(x.tree.documents[0]->kind, NODE_STRING);
	done(&x);
}

static void many_duplicates(void **state)
{
	(void)state;
	struct fixture x;
	struct buf b = repeated("", "a: 1\n", 40000, "");
	parse(&x, buf_slice(&b), MAX_BYTES);
	assert_int_equal(x.r, 0);
	assert_int_equal(x.f.errors, 39999);
	assert_int_equal(x.f.n, FINDINGS_MAX);
	assert_int_equal(x.f.dropped, 39999 - FINDINGS_MAX);
	assert_int_equal(x.tree.documents[0]->entries.n, 1);
	done(&x);
	buf_free(&b);
}

static void the_first_of_equal_keys_counts(void **state)
{
	(void)state;
	struct fixture x;
	const struct node *root = parse_str(&x, "a: 1\nb: 2\na: 3\n");
	assert_int_equal(node_get(root, "a")->integer, 1);
	assert_int_equal(root->entries.n, 2);
	assert_string_equal(x.f.at[0].path, "a");
	done(&x);
}

/* --- findings --------------------------------------------------------------------------- */

static void findings_in_order(void **state)
{
	(void)state;
	struct findings f = { 0 };
	struct buf out = { 0 };
	findings_add(&f, 3, 1, CODE_PORT, "x", "third");
	findings_add(&f, 1, 9, CODE_RETRY, NULL, "%s", "first");
	findings_add(&f, 3, 1, CODE_TARGET, "y", "fourth");
	findings_add(&f, 2, 5, CODE_KIND, "z", "second");
	findings_add(&f, 0, 0, CODE_TYPE, "", "nowhere");
	findings_sort(&f);
	findings_print(&f, "f", &out);
	assert_string_equal(buf_cstr(&out), "f: error: nowhere [type]\n"
					    "f:1:9: warning: first [retry]\n"
					    "f:2:5: error: z: second [kind]\n"
					    "f:3:1: error: x: third [port]\n"
					    "f:3:1: error: y: fourth [target]\n");
	assert_int_equal(f.errors, 4);
	buf_free(&out);
	findings_free(&f);
	assert_int_equal(f.n, 0);
}

static void findings_over_the_limit(void **state)
{
	(void)state;
	struct findings f = { 0 };
	struct buf out = { 0 };
	for (unsigned i = 0; i < FINDINGS_MAX + 5; i++)
		findings_add(&f, i + 1, 1, CODE_TYPE, "", "y");
	assert_true(findings_full(&f));
	assert_int_equal(f.errors, FINDINGS_MAX + 5);
	findings_print(&f, "f", &out);
	assert_non_null(strstr(buf_cstr(&out), "\nf: 5 more findings are not shown\n"));
	buf_free(&out);
	findings_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_scalars),
		cmocka_unit_test(long_number_is_a_string),
		cmocka_unit_test(number_with_nul_is_a_string),
		cmocka_unit_test(positions),
		cmocka_unit_test(node_get_finds),
		cmocka_unit_test(alias_has_its_own_position),
		cmocka_unit_test(text_with_nul_keeps_its_length),
		cmocka_unit_test(documents),
		cmocka_unit_test(anchors_end_with_their_document),
		cmocka_unit_test(too_many_bytes),
		cmocka_unit_test(too_many_nodes),
		cmocka_unit_test(as_many_nodes_as_may_be),
		cmocka_unit_test(depth),
		cmocka_unit_test(alias_bomb),
		cmocka_unit_test(alias_bomb_of_text),
		cmocka_unit_test(merge_bomb),
		cmocka_unit_test(too_many_anchors),
		cmocka_unit_test(many_tag_directives),
		cmocka_unit_test(many_duplicates),
		cmocka_unit_test(the_first_of_equal_keys_counts),
		cmocka_unit_test(findings_in_order),
		cmocka_unit_test(findings_over_the_limit),
	};
	return cmocka_run_group_tests_name("conf_yaml", tests, NULL, NULL);
}
