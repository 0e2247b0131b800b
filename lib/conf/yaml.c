// SPDX-License-Identifier: Apache-2.0
#include "conf/yaml.h"

#include "base/mem.h"
#include "conf/build.h"
#include "conf/json_read.h"
#include "conf/split.h"
#include "conf/yaml_read.h"

#include <stdlib.h>

const struct node *node_get(const struct node *map, const char *name)
{
	for (size_t i = 0; map->kind == NODE_MAP && i < map->entries.n; i++)
		if (slice_is(map->entries.at[i].name, name))
			return map->entries.at[i].value;
	return NULL;
}

const char *node_kind_text(enum node_kind kind)
{
	switch (kind) {
	case NODE_NULL:
		return "null";
	case NODE_BOOL:
		return "a boolean";
	case NODE_INT:
		return "an integer";
	case NODE_FLOAT:
		return "a floating-point number";
	case NODE_STRING:
		return "a string";
	case NODE_SEQ:
		return "a list";
	case NODE_MAP:
		return "a map";
	}
	return "";
}

static unsigned count_lines(struct slice text)
{
	unsigned n = text.len > 0 && text.p[text.len - 1] != '\n';
	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] == '\n';
	return n;
}

struct findings_place node_place(const struct node *n)
{
	return (struct findings_place){ .line = n->line, .col = n->col, .block = n->block,
					.indent = n->indent,
					.lines = n->block > 0 ? count_lines(n->text) : 0 };
}

/* --- one by one -------------------------------------------------------------- */

struct each {
	struct findings *f;
	const struct yaml_calls *calls;
	struct builder *b;
	struct arena own;   /* where nodes of a document are made, if not in keep */
	struct arena *keep; /* where nodes stay; NULL: they are given back after each document */
	size_t kept;	    /* nodes */
};

static bool is_empty(const struct node *root)
{
	return root == NULL ||
	       (root->kind == NODE_NULL && root->plain && root->text.len == 0);
}

static int read_one(struct each *e, const struct yaml_document *doc)
{
	int r = json_read(e->b, doc->text, doc->first);
	return r == 1 ? yaml_read(e->b, doc->text, doc->first, e->f) : r;
}

static void one(struct each *e, struct yaml_document *doc)
{
	struct findings *f = e->f;
	const struct yaml_calls *calls = e->calls;
	bool discreet = f->discreet;
	f->discreet = discreet || (calls->secret && calls->secret(calls->arg, doc->text));
	doc->before = findings_mark(f);
	builder_start(e->b, e->keep ? e->keep : &e->own);
	doc->bad = read_one(e, doc) < 0;
	if (!doc->bad && !is_empty(builder_root(e->b)))
		doc->root = builder_root(e->b);
	calls->document(calls->arg, doc);
	f->discreet = discreet;
	e->kept += e->keep ? builder_made(e->b) : 0;
	arena_reset(&e->own);
}

static int too_many(struct each *e, const struct split_part *part, const char *what, int most)
{
	findings_add(e->f, part->first, 1, CODE_TOO_LARGE, NULL, "more than %d %s", most, what);
	return -1;
}

static int run(struct each *e, struct slice text)
{
	struct split s = { .rest = text, .line = 1 };
	struct split_part part;
	for (size_t i = 0; split_next(&s, &part); i++) {
		if (i == YAML_DOCUMENTS_MAX)
			return too_many(e, &part, "documents", YAML_DOCUMENTS_MAX);
		struct yaml_document doc = { .index = i, .first = part.first, .last = part.last,
					     .text = part.text };
		one(e, &doc);
		if (e->kept > YAML_NODES_MAX)
			return too_many(e, &part, "values", YAML_NODES_MAX);
	}
	return 0;
}

static struct slice without_bom(struct slice text)
{
	if (text.len >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0)
		return slice_of(text.p + 3, text.len - 3);
	return text;
}

static int each(struct slice text, size_t max_bytes, struct findings *f,
		const struct yaml_calls *calls, struct arena *keep)
{
	if (text.len > max_bytes) {
		findings_add(f, 0, 0, CODE_TOO_LARGE, NULL,
			     "%zu bytes, of which at most %zu are taken", text.len, max_bytes);
		return -1;
	}
	struct each e = { .f = f, .calls = calls, .keep = keep };
	e.b = builder_new(max_bytes, calls->max_values ? calls->max_values : YAML_NODES_MAX, f);
	int r = run(&e, without_bom(text));
	builder_free(e.b);
	arena_free(&e.own);
	return r;
}

int yaml_each(struct slice text, size_t max_bytes, struct findings *f,
	      const struct yaml_calls *calls)
{
	return each(text, max_bytes, f, calls, NULL);
}

/* --- all at once ---------------------------------------------------------------- */

struct growing {
	struct yaml_tree *tree;
	size_t cap;
	bool bad;
};

static void grow(void *arg, const struct yaml_document *doc)
{
	struct growing *g = arg;
	struct yaml_tree *t = g->tree;
	g->bad = g->bad || doc->bad;
	t->documents = mem_room(t->documents, t->n_documents, &g->cap, sizeof *t->documents);
	t->documents[t->n_documents++] = doc->root;
}

int yaml_tree_parse(struct slice text, size_t max_bytes, struct yaml_tree *tree,
		    struct findings *f)
{
	*tree = (struct yaml_tree){ 0 };
	struct growing g = { .tree = tree };
	const struct yaml_calls calls = { .document = grow, .arg = &g };
	if (each(text, max_bytes, f, &calls, &tree->arena) == 0 && !g.bad)
		return 0;
	yaml_tree_free(tree);
	return -1;
}

void yaml_tree_free(struct yaml_tree *tree)
{
	arena_free(&tree->arena);
	free(tree->documents);
	*tree = (struct yaml_tree){ 0 };
}
