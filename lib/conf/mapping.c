// SPDX-License-Identifier: Apache-2.0
#include "conf/mapping.h"

#include "base/mem.h"
#include "conf/path.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct making {
	struct arena *arena;
	struct node *map;
	const struct mapping_path *path;
	struct findings *f;
};

static const char *path_text(const struct mapping_path *p)
{
	return p->text(p->arg);
}

static bool is_merge(const struct node *key)
{
	return key->kind == NODE_STRING && key->plain && slice_is(key->text, "<<");
}

/* How many entries a merge of this value brings; -1 where it is neither a map nor a list of maps. */
static ptrdiff_t merge_count(const struct node *value)
{
	if (value->kind == NODE_MAP)
		return (ptrdiff_t)value->entries.n;
	if (value->kind != NODE_SEQ)
		return -1;
	size_t n = 0;
	for (size_t i = 0; i < value->items.n; i++) {
		if (value->items.at[i]->kind != NODE_MAP)
			return -1;
		n += value->items.at[i]->entries.n;
	}
	return (ptrdiff_t)n;
}

static void merge_one(struct making *m, const struct node *key, const struct node *from)
{
	for (size_t i = 0; i < from->entries.n; i++) {
		struct node_entry *at = &m->map->entries.at[m->map->entries.n++];
		*at = from->entries.at[i];
		at->line = key->line;
		at->col = key->col;
		at->merged = true;
	}
}

static void merge(struct making *m, const struct node *key, const struct node *value)
{
	if (value->kind == NODE_MAP)
		merge_one(m, key, value);
	for (size_t i = 0; value->kind == NODE_SEQ && i < value->items.n; i++)
		merge_one(m, key, value->items.at[i]);
}

/*
 * As Go's strconv.FormatFloat(v, 'g', -1, 32), which Kubernetes makes keys with:
 * the shortest text that is the same float, with an exponent below -4 and above 5.
 */
static void float_name(double real, char *out, size_t size)
{
	float v = (float)real;
	if (isnan(v) || isinf(v)) {
		snprintf(out, size, "%s", isnan(v) ? ".nan" : v < 0 ? "-.inf" : ".inf");
		return;
	}
	int digits = 0;
	do
		snprintf(out, size, "%.*e", digits, (double)v);
	while (strtof(out, NULL) != v && ++digits < 9);
	int exponent = (int)strtol(strchr(out, 'e') + 1, NULL, 10);
	if (exponent >= -4 && exponent < 6)
		snprintf(out, size, "%.*f", digits > exponent ? digits - exponent : 0, (double)v);
}

/* A key as JSON has it. False: it cannot be one. */
static bool key_name(struct arena *arena, const struct node *key, struct slice *name)
{
	char number[32];
	switch (key->kind) {
	case NODE_STRING:
		*name = key->text;
		return true;
	case NODE_BOOL:
		*name = slice_str(key->boolean ? "true" : "false");
		return true;
	case NODE_INT:
		snprintf(number, sizeof number, "%" PRId64, key->integer);
		break;
	case NODE_FLOAT:
		if (key->wide)
			return false;
		float_name(key->real, number, sizeof number);
		break;
	case NODE_NULL:
	case NODE_SEQ:
	case NODE_MAP:
		return false;
	}
	*name = arena_text(arena, slice_str(number));
	return true;
}

static void add_own(struct making *m, const struct node *key, struct node *value)
{
	struct slice name;
	if (!key_name(m->arena, key, &name)) {
		findings_add(m->f, key->line, key->col, CODE_YAML_KEY, path_text(m->path),
			     "a key must be a string, not %s", node_kind_text(key->kind));
		return;
	}
	m->map->entries.at[m->map->entries.n++] = (struct node_entry){
		.name = name, .key = key, .value = value, .line = key->line, .col = key->col,
	};
}

static int by_name(const void *a, const void *b)
{
	const struct node_entry *x = *(const struct node_entry *const *)a;
	const struct node_entry *y = *(const struct node_entry *const *)b;
	size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
	int c = len ? memcmp(x->name.p, y->name.p, len) : 0;
	if (c != 0)
		return c;
	if (x->name.len != y->name.len)
		return x->name.len < y->name.len ? -1 : 1;
	return x < y ? -1 : x > y; /* in one array: as they came */
}

static void duplicate(struct making *m, const struct node_entry *again,
		      const struct node_entry *first)
{
	struct buf path = { 0 };
	buf_add_str(&path, path_text(m->path));
	show_key(m->f, &path, again->name);
	findings_add(m->f, again->line, again->col, CODE_DUPLICATE_KEY, buf_cstr(&path),
		     "duplicate key: it is already set %sin line %u",
		     first->merged ? "by the merge \"<<\" " : "", first->line);
	buf_free(&path);
}

/* Of equal names the first stays, but one that is set goes over one that is merged. */
static void drop_duplicates(struct making *m)
{
	size_t n = m->map->entries.n, kept = 0;
	if (n < 2)
		return;
	struct node_entry *at = m->map->entries.at;
	struct node_entry **order = mem_zero(n, sizeof *order);
	bool *again = mem_zero(n, sizeof *again);
	for (size_t i = 0; i < n; i++)
		order[i] = &at[i];
	qsort(order, n, sizeof *order, by_name);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (!slice_eq(order[i]->name, order[first]->name)) {
			first = i;
			continue;
		}
		duplicate(m, order[i], order[first]);
		bool better = order[first]->merged && !order[i]->merged;
		again[order[better ? first : i] - at] = true;
		first = better ? i : first;
	}
	for (size_t i = 0; i < n; i++)
		if (!again[i])
			at[kept++] = at[i];
	m->map->entries.n = kept;
	free(again);
	free(order);
}

/* How many entries map will have at most, or -1 where merges bring more than *room. */
static ptrdiff_t count(struct making *m, struct node *const *pairs, size_t n_pairs, size_t *room)
{
	size_t n = 0;
	for (size_t i = 0; i < n_pairs; i += 2) {
		ptrdiff_t more = is_merge(pairs[i]) ? merge_count(pairs[i + 1]) : 0;
		if (more > (ptrdiff_t)*room) {
			findings_add(m->f, pairs[i]->line, pairs[i]->col,
				     CODE_TOO_LARGE, path_text(m->path), "too much is merged by \"<<\"");
			return -1;
		}
		if (more > 0)
			*room -= (size_t)more;
		n += more > 0 ? (size_t)more : 1;
	}
	return (ptrdiff_t)n;
}

int mapping_make(struct arena *arena, struct node *map, struct node *const *pairs, size_t n_pairs,
		 size_t *room, const struct mapping_path *path, struct findings *f)
{
	struct making m = { .arena = arena, .map = map, .path = path, .f = f };
	map->entries.n = 0;
	ptrdiff_t n = count(&m, pairs, n_pairs, room);
	if (n < 0)
		return -1;
	map->entries.at = arena_zero(arena, (size_t)n, sizeof *map->entries.at);
	for (size_t i = 0; i < n_pairs; i += 2) {
		const struct node *key = pairs[i];
		struct node *value = pairs[i + 1];
		if (!is_merge(key))
			add_own(&m, key, value);
		else if (merge_count(value) >= 0)
			merge(&m, key, value);
		else
			findings_add(f, value->line, value->col, CODE_YAML_MERGE, path_text(path),
				     "\"<<\" takes a map or a list of maps, not %s",
				     node_kind_text(value->kind));
	}
	drop_duplicates(&m);
	return 0;
}
