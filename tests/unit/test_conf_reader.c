// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/yaml.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_BYTES ((size_t)1 << 20)

/* What the reader says of a text, in lines: documents as "INDEX FIRST-LAST WHAT", then the findings. */
struct told {
	struct findings f;
	struct buf out;
	bool drop_bad, all_secret;
};

static void add_node(struct buf *out, const struct node *n)
{
	switch (n->kind) {
	case NODE_NULL:
		buf_add_str(out, "null");
		break;
	case NODE_BOOL:
		buf_add_str(out, n->boolean ? "true" : "false");
		break;
	case NODE_INT:
		buf_printf(out, "%lld", (long long)n->integer);
		break;
	case NODE_FLOAT:
		buf_printf(out, "%g.", n->real);
		break;
	case NODE_STRING:
		buf_printf(out, "\"%.*s\"", (int)n->text.len, n->text.p);
		break;
	case NODE_SEQ:
		buf_add_char(out, '[');
		for (size_t i = 0; i < n->items.n; i++) {
			buf_add_str(out, i ? "," : "");
			add_node(out, n->items.at[i]);
		}
		buf_add_char(out, ']');
		break;
	case NODE_MAP:
		buf_add_char(out, '{');
		for (size_t i = 0; i < n->entries.n; i++) {
			const struct node_entry *e = &n->entries.at[i];
			buf_printf(out, "%s%.*s:", i ? "," : "", (int)e->name.len, e->name.p);
			add_node(out, e->value);
		}
		buf_add_char(out, '}');
		break;
	}
}

static void document(void *arg, const struct yaml_document *doc)
{
	struct told *t = arg;
	buf_printf(&t->out, "%zu %u-%u ", doc->index, doc->first, doc->last);
	if (doc->root)
		add_node(&t->out, doc->root);
	else
		buf_add_str(&t->out, doc->bad ? "bad" : "empty");
	buf_add_char(&t->out, '\n');
	if (t->drop_bad && doc->bad)
		findings_back(&t->f, doc->before);
}

static bool secret(void *arg, struct slice text)
{
	const struct told *t = arg;
	return t->all_secret && text.len > 0;
}

static void tells_with(struct told *t, struct slice text, const char *expected)
{
	const struct yaml_calls calls = { .document = document, .secret = secret, .arg = t };
	assert_int_equal(yaml_each(text, MAX_BYTES, &t->f, &calls), 0);
	assert_false(t->f.discreet);
	findings_print(&t->f, "f", &t->out);
	assert_string_equal(buf_cstr(&t->out), expected);
	findings_free(&t->f);
	buf_free(&t->out);
}

static void tells(const char *text, const char *expected)
{
	struct told t = { 0 };
	tells_with(&t, slice_str(text), expected);
}

/* --- documents ------------------------------------------------------------------ */

static void documents(void **state)
{
	(void)state;
	tells("", "");
	tells("# nothing\n\n", "");
	tells("a", "0 1-1 \"a\"\n");
	tells("# c\n---\na\n# d\n---\n---\nb", "0 1-4 \"a\"\n1 5-5 empty\n2 6-7 \"b\"\n");
	tells("---\r\na\r\n...\r\n# c\r\n---\r\nb\r\n", "0 1-3 \"a\"\n1 4-6 \"b\"\n");
	tells("a\r---\rb\r", "0 1-1 \"a\"\n1 2-3 \"b\"\n");
	tells("a\n...\n...\n# end\n", "0 1-4 \"a\"\n");
	tells("--- a\n--- |\n b\n---\tc\n", "0 1-1 \"a\"\n1 2-3 \"b\n\"\n2 4-4 \"c\"\n");
	tells("---a: 1\n--\n", "0 1-2 bad\nf:3:1: error: not YAML: could not find expected ':', while scanning a simple key in line 2 [yaml-syntax]\n");
	tells("\xEF\xBB\xBF---\na\n", "0 1-2 \"a\"\n");
}

static void directives_belong_to_the_next(void **state)
{
	(void)state;
	tells("%TAG !e! tag:yaml.org,2002:\n---\n!e!str 1\n...\n%YAML 1.1\n---\n2\n",
	      "0 1-4 \"1\"\n1 5-7 2\n");
	tells("%YAML 1.2\n---\na\n", "0 1-3 bad\nf:1:1: error: not YAML: %YAML 1.1 is the only version that Kubernetes takes [yaml-syntax]\n");
}

static void a_bad_one_is_passed(void **state)
{
	(void)state;
	tells("a: [1\n---\nb: 2\n---\nc: 'x\n--- 3\n",
	      "0 1-1 bad\n1 2-3 {b:2}\n2 4-5 bad\n3 6-6 3\n"
	      "f:2:1: error: not YAML: did not find expected ',' or ']', while parsing a flow sequence in line 1 [yaml-syntax]\n"
	      "f:6:1: error: not YAML: found unexpected end of stream, while scanning a quoted scalar in line 5 [yaml-syntax]\n");
	tells("a\n...\nb\n---\nc\n", "0 1-3 bad\n1 4-5 \"c\"\n"
	      "f:3:1: error: not YAML: did not find expected <document start> [yaml-syntax]\n");
}

/* A template of Helm's, say. */
static void what_was_said_of_one_is_taken_back(void **state)
{
	(void)state;
	struct told t = { .drop_bad = true };
	tells_with(&t, slice_str("a: 1\na: 2\n---\nb: 1\nb: 2\n{{ c }}\n---\nd: 3\nd: 4\n"),
		   "0 1-2 {a:1}\n1 3-6 bad\n2 7-9 {d:3}\n"
		   "f:2:1: error: a: duplicate key: it is already set in line 1 [duplicate-key]\n"
		   "f:9:1: error: d: duplicate key: it is already set in line 8 [duplicate-key]\n");
}

static void limits_are_of_a_document(void **state)
{
	(void)state;
	struct told t = { .drop_bad = true };
	struct buf b = { 0 };
	for (int i = 0; i < 3; i++) {
		buf_add_str(&b, "--- [");
		for (int k = 0; k < 40000; k++)
			buf_add_str(&b, "1,");
		buf_add_str(&b, "]\n");
	}
	const struct yaml_calls calls = { .document = document, .arg = &t };
	assert_int_equal(yaml_each(buf_slice(&b), MAX_BYTES, &t.f, &calls), 0);
	assert_int_equal(t.f.n, 0);
	struct yaml_tree tree;
	assert_int_equal(yaml_tree_parse(buf_slice(&b), MAX_BYTES, &tree, &t.f), -1);
	assert_int_equal(t.f.at[0].code, CODE_TOO_LARGE);
	yaml_tree_free(&tree);
	findings_free(&t.f);
	buf_free(&t.out);
	buf_free(&b);
}

static void no_secret_is_said(void **state)
{
	(void)state;
	struct told t = { .all_secret = true };
	tells_with(&t, slice_str("aB3x: !hunter2 1\naB3x: 2\n---\n- !!int hunter2\n"),
		   "0 1-2 {aB3x:\"1\"}\n1 3-4 bad\n"
		   "f:1:7: warning: *: the tag (not shown) is not known and ignored: the value is a string [yaml-tag-ignored]\n"
		   "f:2:1: error: *: duplicate key: it is already set in line 1 [duplicate-key]\n"
		   "f:4:3: error: [0]: (not shown) is no !!int [yaml-tag]\n");
}

/* --- what an editor shows ----------------------------------------------------------- */

static void hidden_line_breaks_are_no_lines(void **state)
{
	(void)state;
	tells("a: x\xC2\x85" "b: !u 1\nc: !v 2\xE2\x80\xA8" "d: !w 3\n",
	      "0 1-2 {a:\"x\",b:\"1\",c:\"2\",d:\"3\"}\n"
	      "f:1:9: warning: b: the tag \"!u\" is not known and ignored: the value is a string [yaml-tag-ignored]\n"
	      "f:2:4: warning: c: the tag \"!v\" is not known and ignored: the value is a string [yaml-tag-ignored]\n"
	      "f:2:12: warning: d: the tag \"!w\" is not known and ignored: the value is a string [yaml-tag-ignored]\n");
	tells("a\xC2\x85---\nb\n", "0 1-2 bad\nf:1:3: error: not YAML: a document begins behind U+0085, U+2028 or U+2029, where no line does [yaml-syntax]\n");
}

static void odd_bytes(void **state)
{
	(void)state;
	struct told t = { 0 };
	tells_with(&t, slice_of("a: 1\n# \0\n", 9), "0 1-2 bad\nf:2:3: error: control character 0x00 [yaml-control]\n");
	tells("# \x01\n", "0 1-1 bad\nf:1:3: error: control character 0x01 [yaml-control]\n");
	tells("a: \xFF\n---\nb\n", "0 1-1 bad\n1 2-3 \"b\"\nf:1:4: error: not UTF-8 [yaml-utf8]\n");
	tells("a: 1\n\xEF\xBB\xBF" "b: 2\n", "0 1-2 bad\nf:2:1: error: not YAML: a byte order mark (U+FEFF) in the middle of the file [yaml-syntax]\n");
	tells("a:\t1\n-\n", "0 1-2 bad\nf:2:1: error: not YAML: did not find expected key, while parsing a block mapping in line 1 [yaml-syntax]\n");
	tells("-\t1\n", "0 1-1 bad\nf:1:2: error: not YAML: found character that cannot start any token, while scanning for the next token; a tab cannot indent [yaml-syntax]\n");
	tells("a:\n\tb: 1\n", "0 1-2 bad\nf:2:1: error: not YAML: found character that cannot start any token, while scanning for the next token; a tab cannot indent [yaml-syntax]\n");
}

/* --- as Kubernetes has it ------------------------------------------------------------- */

static void keys(void **state)
{
	(void)state;
	tells("1: a\n1.50: b\n1e3: c\n1234567.0: d\nyes: e\n0x10: f\n2001-01-01: g\n.inf: h\n1e-5: i\n",
	      "0 1-9 {1:\"a\",1.5:\"b\",1000:\"c\",1.234567e+06:\"d\",true:\"e\",16:\"f\",2001-01-01:\"g\",.inf:\"h\",1e-05:\"i\"}\n");
	tells("~: a\n? [x]\n: b\n18446744073709551615: c\nd: 1\n",
	      "0 1-5 {d:1}\n"
	      "f:1:1: error: a key must be a string, not null [yaml-key]\n"
	      "f:2:3: error: a key must be a string, not a list [yaml-key]\n"
	      "f:4:1: error: a key must be a string, not a floating-point number [yaml-key]\n");
}

static void merges(void **state)
{
	(void)state;
	tells("a: &a {x: 1}\nb: {<<: *a, z: 2}\nc: {\"<<\": 3}\n", "0 1-3 {a:{x:1},b:{x:1,z:2},c:{<<:3}}\n");
	tells("a: &a {x: 1}\nb: {<<: *a, x: 2}\n", "0 1-2 {a:{x:1},b:{x:2}}\n"
	      "f:2:13: error: b.x: duplicate key: it is already set by the merge \"<<\" in line 2 [duplicate-key]\n");
	tells("<<: 1\n", "0 1-1 {}\nf:1:5: error: \"<<\" takes a map or a list of maps, not an integer [yaml-merge]\n");
}

static void tags(void **state)
{
	(void)state;
	tells("a: !!timestamp 2001-01-01\nb: .inf\nc: 2001-01-01\nd: !!int 18446744073709551615\n",
	      "0 1-4 {a:\"2001-01-01\",b:inf.,c:\"2001-01-01\",d:1.84467e+19.}\n");
	tells("!!set {a, b}\n", "0 1-1 {a:null,b:null}\nf:1:1: warning: the tag \"tag:yaml.org,2002:set\" is not known and ignored [yaml-tag-ignored]\n");
	tells("!!omap [a: 1]\n", "0 1-1 [{a:1}]\nf:1:1: warning: the tag \"tag:yaml.org,2002:omap\" is not known and ignored [yaml-tag-ignored]\n");
	tells("!!binary aGk=\n", "0 1-1 bad\nf:1:1: error: !!binary is not taken here [yaml-binary]\n");
	tells("!!float 18446744073709551615\n", "0 1-1 bad\nf:1:1: error: \"18446744073709551615\" is no !!float [yaml-tag]\n");
}

/* --- JSON --------------------------------------------------------------------------------- */

static void json(void **state)
{
	(void)state;
	tells("\t{\"a\":\t[1, -0, 1.5, 1e3, true, false, null, \"x\"], \"<<\": {}}\n",
	      "0 1-1 {a:[1,0,1.5.,1000.,true,false,null,\"x\"],<<:{}}\n");
	tells("[\"\\ud83d\\ude00 \\/\\u00e9\\u20AC\\n\", \"\\ud83d\", \"\\ude00x\", \"\\ud83d\\u0041\"]",
	      "0 1-1 [\"\xF0\x9F\x98\x80 /\xC3\xA9\xE2\x82\xAC\n\",\"\xEF\xBF\xBD\",\"\xEF\xBF\xBDx\",\"\xEF\xBF\xBD" "A\"]\n");
	tells("[9223372036854775807, 9223372036854775808, \"\x7f\xC2\x85\"]",
	      "0 1-1 [9223372036854775807,9.22337e+18.,\"\x7f\xC2\x85\"]\n");
	tells("{\"a\":1}\n---\n{\"b\":\"\\ud83d\\ude00\"}\n--- [1]\n", "0 1-1 {a:1}\n1 2-3 {b:\"\xF0\x9F\x98\x80\"}\n2 4-4 [1]\n");
	tells("{\n \"a\": 1,\n \"\xC3\xA9\": 0, \"a\": 2 }", "0 1-3 {a:1,\xC3\xA9:0}\n"
	      "f:3:10: error: a: duplicate key: it is already set in line 2 [duplicate-key]\n");
	tells("---[1]\n", "0 1-1 \"---[1]\"\n");
}

/* Each is taken as YAML, or refused as such; nothing of the first try is left. */
static void nearly_json(void **state)
{
	(void)state;
	tells("[1, 2,]", "0 1-1 [1,2]\n");
	tells("[01]", "0 1-1 [1]\n");
	tells("[.5, 1., +1]", "0 1-1 [0.5.,1.,1]\n");
	tells("{\"a\": 1, \"a\": 2, b: 3}", "0 1-1 {a:1,b:3}\nf:1:10: error: a: duplicate key: it is already set in line 1 [duplicate-key]\n");
	tells("{'a': yes} # c", "0 1-1 {a:true}\n");
	tells("[\"\\x41\"]", "0 1-1 [\"A\"]\n");
	tells("[nul]", "0 1-1 [\"nul\"]\n");
	tells("{\"a\"}", "0 1-1 {a:null}\n");
	tells("[\"\xFF\"]", "0 1-1 bad\nf:1:3: error: not UTF-8 [yaml-utf8]\n");
	tells("[1] 2", "0 1-1 bad\nf:1:5: error: not YAML: did not find expected <document start> [yaml-syntax]\n");
}

static void json_keys_may_be_long(void **state)
{
	(void)state;
	struct told t = { 0 };
	struct buf b = { 0 }, expected = { 0 };
	buf_add_str(&b, "{\"");
	buf_add_str(&expected, "0 1-1 {");
	for (int i = 0; i < 2000; i++) {
		buf_add_char(&b, 'k');
		buf_add_char(&expected, 'k');
	}
	buf_add_str(&b, "\": 1}");
	buf_add_str(&expected, ":1}\n");
	tells_with(&t, buf_slice(&b), buf_cstr(&expected));
	buf_free(&b);
	buf_free(&expected);
}

/* --- literal blocks -------------------------------------------------------------------------- */

struct block_case {
	const char *text;
	unsigned block, indent; /* of the only scalar that has a line break in it, or is "x" */
};

static const struct block_case blocks[] = {
	{ "|\n x\n y\n", 2, 1 },
	{ "a: |\n  x\n  y\n", 2, 2 },
	{ "a: |-\n    x\n    y\n", 2, 4 },
	{ "a: |+\n\n\n   x\n", 2, 3 },
	{ "a: |2\n    x\n  y\n", 2, 2 },
	{ "a: |1+\n\n  x\n", 2, 1 },
	{ "- - |\n      x\n", 2, 6 },
	{ "- a: |  # c\n    x\n", 2, 4 },
	{ "a: &b !!str |\n  x\n  \ty\n", 2, 2 },
	{ "a: |2\n  \tx\n", 2, 2 },
	{ "a: &b\n  # c\n  !!str\n\n  |\n  x\n", 6, 2 },
	{ "a: |\r\n  x\r\n  y\r\n", 2, 2 },
	{ "a: |\r  x\r  y\r", 2, 2 },
	{ "\xEF\xBB\xBF" "a: |\n  x\n", 2, 2 },
	{ "\xC3\xA9: |\n  x\n", 2, 2 },
	{ "b\n---\n# c\na: |\n  x\n", 5, 2 },
	{ "a: |+\n\n\n", 2, 0 },
	{ "a: >\n  x\n\n  y\n", 0, 0 },
	{ "a: \"x\\n\"\n", 0, 0 },
	{ "a: 'x\n\n  y'\n", 0, 0 },
	{ "a: x\n", 0, 0 },
	{ "a: |\n  x\xC2\x85" "  y\n", 0, 0 },
	{ "{\"a\": \"x\\n\"}", 0, 0 },
};

static void check_block(void *arg, const struct yaml_document *doc)
{
	const struct block_case *c = arg;
	const struct node *n = doc->root;
	if (doc->bad)
		fail_msg("%s: bad", c->text);
	while (n->kind == NODE_MAP || n->kind == NODE_SEQ)
		n = n->kind == NODE_MAP ? n->entries.at[0].value : n->items.at[0];
	if (memchr(n->text.p, '\n', n->text.len) == NULL && memchr(n->text.p, 'x', n->text.len) == NULL)
		return;
	struct findings_place p = node_place(n);
	if (p.block != c->block || p.indent != c->indent)
		fail_msg("%s: %u, %u", c->text, p.block, p.indent);
	assert_int_equal(p.line, n->line);
	assert_int_equal(p.col, n->col);
}

static void literal_blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
		struct findings f = { 0 };
		struct block_case c = blocks[i];
		const struct yaml_calls calls = { .document = check_block, .arg = &c };
		assert_int_equal(yaml_each(slice_str(c.text), MAX_BYTES, &f, &calls), 0);
		assert_int_equal(f.n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents),
		cmocka_unit_test(directives_belong_to_the_next),
		cmocka_unit_test(a_bad_one_is_passed),
		cmocka_unit_test(what_was_said_of_one_is_taken_back),
		cmocka_unit_test(limits_are_of_a_document),
		cmocka_unit_test(no_secret_is_said),
		cmocka_unit_test(hidden_line_breaks_are_no_lines),
		cmocka_unit_test(odd_bytes),
		cmocka_unit_test(keys),
		cmocka_unit_test(merges),
		cmocka_unit_test(tags),
		cmocka_unit_test(json),
		cmocka_unit_test(nearly_json),
		cmocka_unit_test(json_keys_may_be_long),
		cmocka_unit_test(literal_blocks),
	};
	return cmocka_run_group_tests_name("conf_reader", tests, NULL, NULL);
}
