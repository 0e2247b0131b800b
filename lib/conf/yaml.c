// SPDX-License-Identifier: Apache-2.0
//
// The one file that knows libyaml: its events become nodes. Nothing here
// recurses: what is open stands in builder.levels.
#include "conf/yaml.h"

#include "base/mem.h"
#include "conf/mapping.h"
#include "conf/path.h"
#include "conf/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#define TAG_PREFIX "tag:yaml.org,2002:"
#define TAG_DIRECTIVES_MAX 64

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
	yaml_parser_t parser;
	struct yaml_tree *tree;
	struct findings *f;
	size_t max_bytes;
	struct slice text;

	struct level levels[YAML_DEPTH_MAX];
	size_t depth;
	struct node **pending; /* children of what is open, the outermost first */
	size_t n_pending, cap_pending;
	struct node *root;
	size_t cap_documents;

	struct anchor anchors[YAML_ANCHORS_MAX];
	size_t n_anchors;
	size_t made;	     /* nodes of all documents */
	size_t nodes, bytes; /* of all documents, each alias counted for what it stands for */
	size_t merge_room;
};

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

static unsigned line_of(yaml_mark_t mark)
{
	return (unsigned)mark.line + 1;
}

static unsigned col_of(yaml_mark_t mark)
{
	return (unsigned)mark.column + 1;
}

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
			path_key(out, b->pending[end - 1]->text);
	}
}

/* A finding about what the event brings; always returns -1. */
static int refuse(struct builder *b, const yaml_event_t *ev, enum code code, const char *text)
{
	struct buf path = { 0 };
	path_of(b, &path);
	findings_add(b->f, line_of(ev->start_mark), col_of(ev->start_mark), code,
		     buf_cstr(&path), "%s", text);
	buf_free(&path);
	return -1;
}

static int too_large(struct builder *b, const yaml_event_t *ev)
{
	char text[96];
	snprintf(text, sizeof text, "more than %d values%s", YAML_NODES_MAX,
		 ev->type == YAML_ALIAS_EVENT ? ", when aliases are followed" : "");
	return refuse(b, ev, CODE_TOO_LARGE, text);
}

/* --- nodes --------------------------------------------------------------- */

static struct node *node_new(struct builder *b, const yaml_event_t *ev)
{
	struct node *n = arena_zero(&b->tree->arena, 1, sizeof *n);
	n->line = line_of(ev->start_mark);
	n->col = col_of(ev->start_mark);
	return n;
}

static void add_child(struct builder *b, struct node *n)
{
	if (b->depth == 0) {
		b->root = n;
		return;
	}
	if (b->n_pending == b->cap_pending) {
		b->cap_pending = b->cap_pending ? b->cap_pending * 2 : 64;
		b->pending = mem_grow(b->pending, b->cap_pending * sizeof *b->pending);
	}
	b->pending[b->n_pending++] = n;
}

/* Counts what comes: one node of so many bytes, or an alias for more. */
static int spend(struct builder *b, const yaml_event_t *ev, size_t nodes, size_t bytes)
{
	b->made++;
	b->nodes += nodes;
	b->bytes += bytes;
	if (b->made > YAML_NODES_MAX || b->nodes > 2 * (size_t)YAML_NODES_MAX ||
	    b->bytes > 2 * b->max_bytes)
		return too_large(b, ev);
	return 0;
}

/* *out NULL: there is no anchor. The anchor is open until its node is complete. */
static int anchor_add(struct builder *b, const yaml_event_t *ev, const yaml_char_t *name,
		      struct node *n, struct anchor **out)
{
	*out = NULL;
	if (name == NULL)
		return 0;
	if (b->n_anchors == YAML_ANCHORS_MAX)
		return refuse(b, ev, CODE_TOO_LARGE, "too many anchors");
	struct anchor *a = &b->anchors[b->n_anchors++];
	*a = (struct anchor){ .node = n, .open = true, .nodes = b->nodes, .bytes = b->bytes };
	a->name = arena_text(&b->tree->arena, slice_str((const char *)name));
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
static struct anchor *anchor_find(struct builder *b, const yaml_char_t *name)
{
	struct slice s = slice_str((const char *)name);
	for (size_t i = b->n_anchors; i > 0; i--)
		if (slice_eq(b->anchors[i - 1].name, s))
			return &b->anchors[i - 1];
	return NULL;
}

static int on_alias(struct builder *b, const yaml_event_t *ev)
{
	const struct anchor *a = anchor_find(b, ev->data.alias.anchor);
	if (a == NULL)
		return refuse(b, ev, CODE_YAML_ALIAS, "no anchor of this name stands before");
	if (a->open)
		return refuse(b, ev, CODE_YAML_ALIAS, "the alias stands for what it is part of");
	if (spend(b, ev, a->nodes, a->bytes) < 0)
		return -1;
	struct node *n = node_new(b, ev);
	unsigned line = n->line, col = n->col;
	*n = *a->node; /* its children are shared */
	n->line = line;
	n->col = col;
	add_child(b, n);
	return 0;
}

/* --- tags and scalars ------------------------------------------------------ */

struct known_tag {
	const char *name;
	enum scalar_tag scalar;
};

static const struct known_tag *tag_find(const yaml_char_t *tag)
{
	static const struct known_tag known[] = {
		{ TAG_PREFIX "str", SCALAR_TEXT },	{ TAG_PREFIX "bool", SCALAR_BOOL },
		{ TAG_PREFIX "int", SCALAR_INT },	{ TAG_PREFIX "float", SCALAR_FLOAT },
		{ TAG_PREFIX "null", SCALAR_NULL },	{ TAG_PREFIX "timestamp", SCALAR_TEXT },
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp((const char *)tag, known[i].name) == 0)
			return &known[i];
	return NULL;
}

static void tag_ignored(struct builder *b, const yaml_event_t *ev, const yaml_char_t *tag)
{
	struct buf path = { 0 }, shown = { 0 };
	path_of(b, &path);
	show_quoted(&shown, slice_str((const char *)tag));
	findings_add(b->f, line_of(ev->start_mark), col_of(ev->start_mark),
		     CODE_YAML_TAG_IGNORED, buf_cstr(&path), "the tag %s is not known and ignored%s",
		     buf_cstr(&shown),
		     ev->type == YAML_SCALAR_EVENT ? ": the value is a string" : "");
	buf_free(&path);
	buf_free(&shown);
}

static int scalar_value(struct builder *b, const yaml_event_t *ev, struct node *n)
{
	const yaml_char_t *tag = ev->data.scalar.tag;
	enum scalar_tag want = ev->data.scalar.plain_implicit ? SCALAR_PLAIN : SCALAR_TEXT;
	if (tag && strcmp((const char *)tag, TAG_PREFIX "binary") == 0)
		return refuse(b, ev, CODE_YAML_BINARY, "!!binary is not taken here");
	if (tag) {
		const struct known_tag *known = tag_find(tag);
		want = known ? known->scalar : SCALAR_TEXT;
		if (!known && strcmp((const char *)tag, "!") != 0)
			tag_ignored(b, ev, tag);
	}
	n->plain = want == SCALAR_PLAIN;
	if (scalar_resolve(want, n) == 0)
		return 0;
	struct buf text = { 0 };
	show_quoted(&text, n->text);
	buf_printf(&text, " is no !!%s", (const char *)tag + strlen(TAG_PREFIX));
	refuse(b, ev, CODE_YAML_TAG, buf_cstr(&text));
	buf_free(&text);
	return -1;
}

static int on_scalar(struct builder *b, const yaml_event_t *ev)
{
	struct slice text = slice_of(ev->data.scalar.value, ev->data.scalar.length);
	struct node *n = node_new(b, ev);
	struct anchor *a;
	if (anchor_add(b, ev, ev->data.scalar.anchor, n, &a) < 0 || spend(b, ev, 1, text.len) < 0)
		return -1;
	n->text = arena_text(&b->tree->arena, text);
	if (scalar_value(b, ev, n) < 0)
		return -1;
	anchor_close(b, a);
	add_child(b, n);
	return 0;
}

/* --- sequences and mappings ------------------------------------------------ */

static int on_start(struct builder *b, const yaml_event_t *ev, enum node_kind kind,
		    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (b->depth == YAML_DEPTH_MAX)
		return refuse(b, ev, CODE_TOO_DEEP, "nested too deep");
	const char *own = kind == NODE_SEQ ? TAG_PREFIX "seq" : TAG_PREFIX "map";
	if (tag && strcmp((const char *)tag, own) != 0)
		tag_ignored(b, ev, tag);
	struct node *n = node_new(b, ev);
	struct anchor *a;
	n->kind = kind;
	if (anchor_add(b, ev, anchor, n, &a) < 0 || spend(b, ev, 1, 0) < 0)
		return -1;
	add_child(b, n);
	b->levels[b->depth++] = (struct level){ .node = n, .first = b->n_pending, .anchor = a };
	return 0;
}

static void sequence_make(struct builder *b, struct node *n, struct node *const *children,
			  size_t count)
{
	n->items.n = count;
	n->items.at = arena_zero(&b->tree->arena, count, sizeof *n->items.at);
	if (count > 0)
		memcpy(n->items.at, children, count * sizeof *children);
}

static int map_end(struct builder *b, struct node *n, struct node *const *children, size_t count)
{
	struct buf path = { 0 };
	path_of(b, &path);
	int r = mapping_make(&b->tree->arena, n, children, count, &b->merge_room, buf_cstr(&path),
			     b->f);
	buf_free(&path);
	return r;
}

static int on_end(struct builder *b)
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

/* --- documents ------------------------------------------------------------- */

static void on_document_start(struct builder *b)
{
	b->root = NULL;
	b->n_anchors = 0;
}

static void on_document_end(struct builder *b)
{
	struct yaml_tree *t = b->tree;
	bool empty = b->root->kind == NODE_NULL && b->root->plain && b->root->text.len == 0;
	if (t->n_documents == b->cap_documents) {
		b->cap_documents = b->cap_documents ? b->cap_documents * 2 : 4;
		t->documents = mem_grow(t->documents, b->cap_documents * sizeof *t->documents);
	}
	t->documents[t->n_documents++] = empty ? NULL : b->root;
}

static int on_event(struct builder *b, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		on_document_start(b);
		return 0;
	case YAML_DOCUMENT_END_EVENT:
		on_document_end(b);
		return 0;
	case YAML_ALIAS_EVENT:
		return on_alias(b, ev);
	case YAML_SCALAR_EVENT:
		return on_scalar(b, ev);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(b, ev, NODE_SEQ, ev->data.sequence_start.anchor,
				ev->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return on_start(b, ev, NODE_MAP, ev->data.mapping_start.anchor,
				ev->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(b);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
		break;
	}
	return 0;
}

/* --- errors of libyaml ------------------------------------------------------ */

/* The reader only knows an offset in bytes. Stops early where line and col are reached. */
static size_t walk(struct slice text, size_t offset, unsigned *line, unsigned *col,
		   yaml_mark_t until)
{
	size_t i = 0;
	*line = *col = 1;
	for (; i < offset && i < text.len; i++) {
		if (*line == line_of(until) && *col == col_of(until))
			break;
		char c = text.p[i];
		if (c == '\n' || (c == '\r' && (i + 1 == text.len || text.p[i + 1] != '\n'))) {
			++*line;
			*col = 1;
		} else if (c != '\r' && ((unsigned char)c & 0xC0) != 0x80) {
			++*col;
		}
	}
	return i;
}

static void reader_finding(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const yaml_mark_t nowhere = { .line = (size_t)-1 };
	unsigned line, col;
	walk(b->text, p->problem_offset, &line, &col, nowhere);
	if (strstr(p->problem, "control characters")) {
		findings_add(b->f, line, col, CODE_YAML_CONTROL, NULL,
			     "control character 0x%02x", (unsigned)p->problem_value);
		return;
	}
	bool utf16 = b->text.len >= 2 && (memcmp(b->text.p, "\xFF\xFE", 2) == 0 ||
					  memcmp(b->text.p, "\xFE\xFF", 2) == 0);
	findings_add(b->f, line, col, CODE_YAML_UTF8, NULL, "not UTF-8%s",
		     utf16 ? ": this looks like UTF-16" : "");
}

static void syntax_finding(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	unsigned line, col;
	size_t at = walk(b->text, SIZE_MAX, &line, &col, p->problem_mark);
	const char *hint = "";
	if (at < b->text.len && strstr(p->problem, "cannot start any token"))
		hint = b->text.p[at] == '\t' ? "; a tab cannot indent" : "; put it in quotes";
	char since[48] = "";
	if (p->context && p->context_mark.line != p->problem_mark.line)
		snprintf(since, sizeof since, " in line %u", line_of(p->context_mark));
	findings_add(b->f, line_of(p->problem_mark), col_of(p->problem_mark),
		     CODE_YAML_SYNTAX, NULL, "not YAML: %s%s%s%s%s", p->problem,
		     p->context ? ", " : "", p->context ? p->context : "", since,
		     hint);
}

static void parser_finding(struct builder *b)
{
	invariant(b->parser.error != YAML_MEMORY_ERROR);
	if (b->parser.error == YAML_READER_ERROR)
		reader_finding(b);
	else
		syntax_finding(b);
}

/* --- all of it ---------------------------------------------------------------- */

static int run(struct builder *b)
{
	for (bool end = false; !end;) {
		yaml_event_t ev;
		if (!yaml_parser_parse(&b->parser, &ev)) {
			parser_finding(b);
			return -1;
		}
		end = ev.type == YAML_STREAM_END_EVENT;
		int r = on_event(b, &ev);
		yaml_event_delete(&ev);
		if (r < 0)
			return -1;
	}
	return 0;
}

static struct slice without_bom(struct slice text)
{
	if (text.len >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0)
		return slice_of(text.p + 3, text.len - 3);
	return text.len ? text : slice_str(""); /* libyaml insists on a pointer */
}

/*
 * libyaml compares each %TAG with all before it: a file of them takes minutes.
 * Text may hold the word too; nobody has this many.
 */
static bool too_many_tags(struct slice text)
{
	size_t n = 0;
	const char *end = text.p + text.len, *p = text.p;
	while (n <= TAG_DIRECTIVES_MAX && (p = memmem(p, (size_t)(end - p), "%TAG", 4))) {
		p += 4;
		n++;
	}
	return n > TAG_DIRECTIVES_MAX;
}

int yaml_tree_parse(struct slice text, size_t max_bytes, struct yaml_tree *tree,
		    struct findings *f)
{
	*tree = (struct yaml_tree){ 0 };
	if (text.len > max_bytes) {
		findings_add(f, 0, 0, CODE_TOO_LARGE, NULL,
			     "%zu bytes, of which at most %zu are taken", text.len, max_bytes);
		return -1;
	}
	if (too_many_tags(without_bom(text))) {
		findings_add(f, 0, 0, CODE_TOO_LARGE, NULL, "too many %%TAG directives");
		return -1;
	}
	struct builder *b = mem_zero(1, sizeof *b);
	b->tree = tree;
	b->f = f;
	b->max_bytes = max_bytes;
	b->merge_room = YAML_NODES_MAX;
	b->text = without_bom(text);
	invariant(yaml_parser_initialize(&b->parser));
	yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b->parser, (const unsigned char *)b->text.p, b->text.len);
	int r = run(b);
	yaml_parser_delete(&b->parser);
	free(b->pending);
	free(b);
	if (r < 0)
		yaml_tree_free(tree);
	return r;
}

void yaml_tree_free(struct yaml_tree *tree)
{
	arena_free(&tree->arena);
	free(tree->documents);
	*tree = (struct yaml_tree){ 0 };
}
