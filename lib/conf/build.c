// SPDX-License-Identifier: Apache-2.0
#include "conf/build.h"

#include "base/mem.h"
#include "conf/mapping.h"
#include "conf/path.h"

#include <stdio.h>
#include <stdlib.h>

struct anchor {
	struct slice name;
	struct node *node;
	size_t nodes, bytes; /* what an alias of it stands for */
	bool open;
};

/* A sequence or mapping that is not closed yet. */
struct level {
	struct node *node;
	size_t first; /* its first child in builder.pending */
	struct anchor *anchor;
};

struct builder {
	struct arena *arena;
	struct findings *f;
	size_t max_bytes, max_values;

	struct level levels[YAML_DEPTH_MAX];
	size_t depth;
	struct node **pending; /* children of what is open, the outermost first */
	size_t n_pending, cap_pending;
	struct node *root;

	struct anchor anchors[YAML_ANCHORS_MAX];
	size_t n_anchors;
	struct anchor *scalar_anchor; /* of the scalar that is being made */
	size_t made;
	size_t nodes, bytes; /* each alias counted for what it stands for */
	size_t merge_room;
};

struct builder *builder_new(size_t max_bytes, size_t max_values, struct findings *f)
{
	struct builder *b = mem_zero(1, sizeof *b);
	b->max_bytes = max_bytes;
	b->max_values = max_values;
	b->f = f;
	return b;
}

void builder_free(struct builder *b)
{
	if (b == NULL)
		return;
	free(b->pending);
	free(b);
}

void builder_start(struct builder *b, struct arena *arena)
{
	b->arena = arena;
	b->root = NULL;
	b->scalar_anchor = NULL;
	b->depth = b->n_pending = b->n_anchors = 0;
	b->made = b->nodes = b->bytes = 0;
	b->merge_room = b->max_values;
}

struct node *builder_root(const struct builder *b)
{
	return b->root;
}

size_t builder_made(const struct builder *b)
{
	return b->made;
}

/* --- findings -------------------------------------------------------------- */

/* Where the next node goes; of a mapping before a key: the mapping. */
static void path_of(const struct builder *b, struct buf *out)
{
	for (size_t i = 0; i < b->depth; i++) {
		const struct level *l = &b->levels[i];
		size_t end = i + 1 < b->depth ? b->levels[i + 1].first - 1 : b->n_pending;
		size_t index = end - l->first;
		if (l->node->kind == NODE_SEQ)
			path_index(out, index);
		else if (index % 2 == 1)
			show_key(b->f, out, b->pending[end - 1]->text);
	}
}

void build_say(struct builder *b, const struct build_item *item, enum code code, const char *text)
{
	struct buf path = { 0 };
	path_of(b, &path);
	findings_add(b->f, item->line, item->col, code, buf_cstr(&path), "%s", text);
	buf_free(&path);
}

int build_refuse(struct builder *b, const struct build_item *item, enum code code,
		 const char *text)
{
	build_say(b, item, code, text);
	return -1;
}

/* --- limits and anchors ------------------------------------------------------ */

/* Counts what comes: one node of so many bytes, or an alias for more. */
static int spend(struct builder *b, const struct build_item *item, size_t nodes, size_t bytes,
		 const char *hint)
{
	char text[96];
	b->made++;
	b->nodes += nodes;
	b->bytes += bytes;
	if (b->made <= b->max_values && b->nodes <= 2 * b->max_values &&
	    b->bytes <= 2 * b->max_bytes)
		return 0;
	snprintf(text, sizeof text, "more than %zu values%s", b->max_values, hint);
	return build_refuse(b, item, CODE_TOO_LARGE, text);
}

/* *out NULL: there is no anchor. The anchor is open until its node is complete. */
static int anchor_add(struct builder *b, const struct build_item *item, struct node *n,
		      struct anchor **out)
{
	*out = NULL;
	if (item->anchor.p == NULL)
		return 0;
	if (b->n_anchors == YAML_ANCHORS_MAX)
		return build_refuse(b, item, CODE_TOO_LARGE, "too many anchors");
	struct anchor *a = &b->anchors[b->n_anchors++];
	*a = (struct anchor){ .node = n, .open = true, .nodes = b->nodes, .bytes = b->bytes };
	a->name = arena_text(b->arena, item->anchor);
	*out = a;
	return 0;
}

/* a->nodes and bytes were what was counted before its node. */
static void anchor_close(struct builder *b, struct anchor *a)
{
	if (a == NULL)
		return;
	a->open = false;
	a->nodes = b->nodes - a->nodes;
	a->bytes = b->bytes - a->bytes;
}

/* The last of that name counts, as YAML has it. */
static struct anchor *anchor_find(struct builder *b, struct slice name)
{
	for (size_t i = b->n_anchors; i > 0; i--)
		if (slice_eq(b->anchors[i - 1].name, name))
			return &b->anchors[i - 1];
	return NULL;
}

/* --- nodes --------------------------------------------------------------------- */

static struct node *node_new(struct builder *b, const struct build_item *item)
{
	struct node *n = arena_zero(b->arena, 1, sizeof *n);
	n->line = item->line;
	n->col = item->col;
	return n;
}

static void add_child(struct builder *b, struct node *n)
{
	if (b->depth == 0) {
		b->root = n;
		return;
	}
	b->pending = mem_room(b->pending, b->n_pending, &b->cap_pending, sizeof *b->pending);
	b->pending[b->n_pending++] = n;
}

int build_alias(struct builder *b, const struct build_item *item)
{
	const struct anchor *a = anchor_find(b, item->anchor);
	if (a == NULL)
		return build_refuse(b, item, CODE_YAML_ALIAS,
				    "no anchor of this name stands before");
	if (a->open)
		return build_refuse(b, item, CODE_YAML_ALIAS,
				    "the alias stands for what it is part of");
	if (spend(b, item, a->nodes, a->bytes, ", when aliases are followed") < 0)
		return -1;
	struct node *n = node_new(b, item);
	*n = *a->node; /* its children are shared */
	n->line = item->line;
	n->col = item->col;
	add_child(b, n);
	return 0;
}

struct node *build_scalar(struct builder *b, const struct build_item *item, struct slice text)
{
	struct node *n = node_new(b, item);
	if (anchor_add(b, item, n, &b->scalar_anchor) < 0 || spend(b, item, 1, text.len, "") < 0)
		return NULL;
	n->text = arena_text(b->arena, text);
	return n;
}

void build_add(struct builder *b, struct node *scalar)
{
	anchor_close(b, b->scalar_anchor);
	b->scalar_anchor = NULL;
	add_child(b, scalar);
}

int build_start(struct builder *b, const struct build_item *item, enum node_kind kind)
{
	if (b->depth == YAML_DEPTH_MAX)
		return build_refuse(b, item, CODE_TOO_DEEP, "nested too deep");
	struct node *n = node_new(b, item);
	struct anchor *a;
	n->kind = kind;
	if (anchor_add(b, item, n, &a) < 0 || spend(b, item, 1, 0, "") < 0)
		return -1;
	add_child(b, n);
	b->levels[b->depth++] = (struct level){ .node = n, .first = b->n_pending, .anchor = a };
	return 0;
}

static void sequence_make(struct builder *b, struct node *n, struct node *const *children,
			  size_t count)
{
	n->items.n = count;
	n->items.at = arena_zero(b->arena, count, sizeof *n->items.at);
	if (count > 0)
		memcpy(n->items.at, children, count * sizeof *children);
}

struct place_text {
	const struct builder *b;
	struct buf text;
};

static const char *place_text(void *arg)
{
	struct place_text *p = arg;
	p->text.len = 0;
	path_of(p->b, &p->text);
	return buf_cstr(&p->text);
}

static int map_end(struct builder *b, struct node *n, struct node *const *children, size_t count)
{
	struct place_text place = { .b = b };
	const struct mapping_path path = { place_text, &place };
	int r = mapping_make(b->arena, n, children, count, &b->merge_room, &path, b->f);
	buf_free(&place.text);
	return r;
}

int build_end(struct builder *b)
{
	struct level *l = &b->levels[b->depth - 1];
	struct node **children = b->pending ? b->pending + l->first : NULL;
	size_t count = b->n_pending - l->first;
	int r = 0;
	if (l->node->kind == NODE_SEQ)
		sequence_make(b, l->node, children, count);
	else
		r = map_end(b, l->node, children, count);
	anchor_close(b, l->anchor);
	b->n_pending = l->first;
	b->depth--;
	return r;
}
