// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as documents: they lie in the text one behind the other, nodes lie
 * in their document, a literal block stands where its node says, and what is
 * JSON is the same tree when it is read as YAML.
 */
#include "base/mem.h"
#include "conf/build.h"
#include "conf/cursor.h"
#include "conf/json_read.h"
#include "conf/yaml_read.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define MAX_BYTES ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct slice text;
	struct findings f;
	size_t documents, end; /* end: of the document before, in text */
};

/* The line of the file, without its break; the text begins with line 1. */
static struct slice file_line(struct slice text, unsigned line)
{
	struct cursor c = cursor_at(text, 1);
	while (c.line < line && c.byte < text.len)
		cursor_to_byte(&c, c.byte + 1);
	size_t end = c.byte;
	while (end < text.len && text.p[end] != '\n' && text.p[end] != '\r')
		end++;
	return slice_of(text.p + c.byte, end - c.byte);
}

static void check_line(struct slice raw, struct slice line, unsigned indent)
{
	if (line.len == 0)
		return; /* it may have fewer blanks */
	invariant(raw.len == indent + line.len);
	invariant(memcmp(raw.p + indent, line.p, line.len) == 0);
}

static void check_block(const struct seen *s, const struct node *n)
{
	struct slice rest = n->text;
	for (unsigned i = 0; rest.len > 0 && i < 50; i++) {
		const char *end = memchr(rest.p, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.p) : rest.len;
		check_line(file_line(s->text, n->block + i), slice_of(rest.p, len), n->indent);
		rest = slice_of(rest.p + len + (end != NULL), rest.len - len - (end != NULL));
	}
}

/* Shared nodes are looked at again and again, which the reader bounds; its depth bounds the recursion. */
static void check_node(const struct seen *s, const struct yaml_document *doc, const struct node *n)
{
	invariant(n->line >= doc->first && n->line <= doc->last + 1 && n->col >= 1);
	if (n->kind == NODE_STRING && n->block > 0)
		check_block(s, n);
	for (size_t i = 0; n->kind == NODE_SEQ && i < n->items.n; i++)
		check_node(s, doc, n->items.at[i]);
	for (size_t i = 0; n->kind == NODE_MAP && i < n->entries.n; i++)
		check_node(s, doc, n->entries.at[i].value);
}

/* --- JSON as YAML ------------------------------------------------------------------ */

static void check_same(const struct node *a, const struct node *b)
{
	if (a->kind == NODE_FLOAT && (!isfinite(a->real) || a->text.len > 256))
		return; /* strings in YAML */
	if (a->kind == NODE_INT && a->text.len > 256)
		return;
	invariant(a->kind == b->kind && a->line == b->line && a->col == b->col);
	invariant(a->kind != NODE_BOOL || a->boolean == b->boolean);
	invariant(a->kind != NODE_INT || a->integer == b->integer);
	invariant(a->kind != NODE_FLOAT || a->real == b->real);
	invariant(a->kind != NODE_STRING || slice_eq(a->text, b->text));
	invariant(a->kind != NODE_SEQ || a->items.n == b->items.n);
	invariant(a->kind != NODE_MAP || a->entries.n == b->entries.n);
	for (size_t i = 0; a->kind == NODE_SEQ && i < a->items.n; i++)
		check_same(a->items.at[i], b->items.at[i]);
	for (size_t i = 0; a->kind == NODE_MAP && i < a->entries.n; i++) {
		invariant(slice_eq(a->entries.at[i].name, b->entries.at[i].name));
		check_same(a->entries.at[i].value, b->entries.at[i].value);
	}
}

static void check_json(const struct yaml_document *doc)
{
	struct arena arena = { 0 };
	struct findings f = { 0 }, g = { 0 };
	struct builder *as_json = builder_new(MAX_BYTES, YAML_NODES_MAX, &f),
		       *as_yaml = builder_new(MAX_BYTES, YAML_NODES_MAX, &g);
	builder_start(as_json, &arena);
	builder_start(as_yaml, &arena);
	int r = json_read(as_json, doc->text, doc->first);
	invariant(r != 1 || (builder_root(as_json) == NULL && f.n == 0));
	if (r == 0 && !has_hidden_breaks(doc->text) &&
	    yaml_read(as_yaml, doc->text, doc->first, &g) == 0) {
		check_same(builder_root(as_json), builder_root(as_yaml));
		invariant(f.n == g.n);
	}
	builder_free(as_json);
	builder_free(as_yaml);
	arena_free(&arena);
	findings_free(&f);
	findings_free(&g);
}

/* --- all of it ------------------------------------------------------------------------ */

static void document(void *arg, const struct yaml_document *doc)
{
	struct seen *s = arg;
	size_t from = (size_t)(doc->text.p - s->text.p);
	invariant(doc->index == s->documents++);
	invariant(from == s->end && doc->text.len > 0 && from + doc->text.len <= s->text.len);
	invariant(doc->first >= 1 && doc->last >= doc->first);
	invariant(!doc->bad || (doc->root == NULL && s->f.errors > doc->before.errors));
	s->end = from + doc->text.len;
	if (doc->root)
		check_node(s, doc, doc->root);
	check_json(doc);
	if (doc->index % 2)
		findings_back(&s->f, doc->before);
}

static void check_findings(const struct seen *s)
{
	for (size_t i = 0; i < s->f.n; i++) {
		const struct finding *at = &s->f.at[i];
		invariant(at->line <= s->text.len + 1 && at->col <= s->text.len + 1);
		invariant((at->line == 0) == (at->col == 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool bom = size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0;
	struct seen s = { .text = slice_of(data + (bom ? 3 : 0), size - (bom ? 3 : 0)) };
	const struct yaml_calls calls = { .document = document, .arg = &s };
	yaml_each(slice_of(data, size), MAX_BYTES, &s.f, &calls);
	check_findings(&s);
	findings_free(&s.f);
	return 0;
}
