// SPDX-License-Identifier: Apache-2.0
/*
 * For tests/tools/goyaml.go: texts on stdin, each "LENGTH\n" and so many bytes;
 * for each a line on stdout: "-" where it is refused, "!" where the first document
 * holds a number that JSON has not, else that document as JSON.
 */
#include "base/mem.h"
#include "base/json.h"
#include "conf/yaml.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct answer {
	struct findings f;
	struct buf out;
	bool seen, bad, odd;
};

static void add_text(struct buf *out, struct slice s)
{
	struct json j;
	json_start(&j, out);
	json_str(&j, NULL, s);
}

static void add_node(struct answer *a, const struct node *n);

static void add_map(struct answer *a, const struct node *n)
{
	buf_add_char(&a->out, '{');
	for (size_t i = 0; i < n->entries.n; i++) {
		if (i > 0)
			buf_add_char(&a->out, ',');
		add_text(&a->out, n->entries.at[i].name);
		buf_add_char(&a->out, ':');
		add_node(a, n->entries.at[i].value);
	}
	buf_add_char(&a->out, '}');
}

static void add_seq(struct answer *a, const struct node *n)
{
	buf_add_char(&a->out, '[');
	for (size_t i = 0; i < n->items.n; i++) {
		if (i > 0)
			buf_add_char(&a->out, ',');
		add_node(a, n->items.at[i]);
	}
	buf_add_char(&a->out, ']');
}

/* The reader's depth bounds the recursion. */
static void add_node(struct answer *a, const struct node *n)
{
	switch (n ? n->kind : NODE_NULL) {
	case NODE_NULL:
		buf_add_str(&a->out, "null");
		break;
	case NODE_BOOL:
		buf_add_str(&a->out, n->boolean ? "true" : "false");
		break;
	case NODE_INT:
		buf_printf(&a->out, "%" PRId64, n->integer);
		break;
	case NODE_FLOAT:
		a->odd = a->odd || !isfinite(n->real);
		buf_printf(&a->out, "%.17g", n->real);
		break;
	case NODE_STRING:
		add_text(&a->out, n->text);
		break;
	case NODE_SEQ:
		add_seq(a, n);
		break;
	case NODE_MAP:
		add_map(a, n);
		break;
	}
}

static void document(void *arg, const struct yaml_document *doc)
{
	struct answer *a = arg;
	a->bad = a->bad || doc->bad;
	if (a->seen)
		return;
	a->seen = true;
	a->bad = a->f.errors > 0;
	add_node(a, doc->root);
}

static void answer(struct slice text)
{
	struct answer a = { 0 };
	const struct yaml_calls calls = { .document = document, .arg = &a };
	yaml_each(text, (size_t)1 << 20, &a.f, &calls);
	if (!a.seen)
		add_node(&a, NULL);
	puts(a.bad ? "-" : a.odd ? "!" : buf_cstr(&a.out));
	fflush(stdout);
	findings_free(&a.f);
	buf_free(&a.out);
}

int main(void)
{
	char text[4096];
	while (fgets(text, sizeof text, stdin)) {
		size_t len = strtoul(text, NULL, 10);
		if (len > sizeof text || fread(text, 1, len, stdin) != len)
			return 1;
		answer(slice_of(text, len));
	}
	return 0;
}
