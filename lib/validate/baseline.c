// SPDX-License-Identifier: Apache-2.0
#include "validate/baseline.h"

#include "base/mem.h"
#include "conf/yaml.h"
#include "validate/report_int.h"

#include <stdlib.h>

/* The four texts of a finding that make it the same, in the arena. */
struct entry {
	struct slice file, code, path, message;
	bool taken;
};

struct baseline {
	struct arena arena;
	struct entry *at; /* sorted */
	size_t n, cap, left;
};

static int compare_text(struct slice a, struct slice b)
{
	int c = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);
	return c ? c : a.len < b.len ? -1 : a.len > b.len;
}

static int compare(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;
	int c = compare_text(a->file, b->file);
	if (!c)
		c = compare_text(a->code, b->code);
	if (!c)
		c = compare_text(a->path, b->path);
	return c ? c : compare_text(a->message, b->message);
}

/* "./a//b/./c" as "a/b/c". */
static struct slice plain_name(struct arena *arena, struct slice name)
{
	struct buf b = { 0 };
	report_plain_name(name, &b);
	struct slice s = arena_text(arena, buf_slice(&b));
	buf_free(&b);
	return s;
}

static int take_text(struct arena *arena, const struct node *map, const char *key,
		     struct slice *out, struct err *e)
{
	const struct node *v = node_get(map, key);
	if (!v || v->kind != NODE_STRING)
		return err_set(e, "a finding has no text \"%s\"", key);
	*out = arena_text(arena, v->text);
	return 0;
}

static int take_entry(struct baseline *b, const struct node *map, struct err *e)
{
	struct entry it = { 0 };
	if (!map || map->kind != NODE_MAP)
		return err_set(e, "what should be a finding is none");
	if (take_text(&b->arena, map, "file", &it.file, e) < 0 ||
	    take_text(&b->arena, map, "code", &it.code, e) < 0 ||
	    take_text(&b->arena, map, "path", &it.path, e) < 0 ||
	    take_text(&b->arena, map, "message", &it.message, e) < 0)
		return -1;
	it.file = plain_name(&b->arena, it.file);
	if (b->n >= BASELINE_ENTRIES_MAX)
		return err_set(e, "more than %d findings", BASELINE_ENTRIES_MAX);
	b->at = mem_room(b->at, b->n, &b->cap, sizeof *b->at);
	b->at[b->n++] = it;
	return 0;
}

/* One object of the list: read by itself, so that a list may be longer than what a document may hold. */
static int take_object(struct baseline *b, struct slice text, struct err *e)
{
	struct yaml_tree tree = { 0 };
	struct findings f = { 0 };
	int result;
	if (yaml_tree_parse(text, text.len, &tree, &f) < 0 || tree.n_documents != 1)
		result = err_set(e, "%s", f.n ? f.at[0].message : "what should be a finding is none");
	else
		result = take_entry(b, tree.documents[0], e);
	yaml_tree_free(&tree);
	findings_free(&f);
	return result;
}

struct scan {
	struct slice text;
	size_t at;
	unsigned line;
};

/* The next byte that is no white space, not taken; 0 at the end. */
static char peek(struct scan *s)
{
	while (s->at < s->text.len && s->text.p[s->at] != '\0' &&
	       strchr(" \t\r\n", s->text.p[s->at])) {
		s->line += s->text.p[s->at] == '\n';
		s->at++;
	}
	return s->at < s->text.len ? s->text.p[s->at] : '\0';
}

/* The object that begins here, to its closing brace; of no length where there is none. */
static struct slice take_braces(struct scan *s)
{
	size_t from = s->at, depth = 0;
	bool quoted = false;
	for (; s->at < s->text.len; s->at++) {
		char c = s->text.p[s->at];
		s->line += c == '\n';
		if (quoted && c == '\\' && s->at + 1 < s->text.len)
			s->at++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && c == '{')
			depth++;
		else if (!quoted && c == '}' && --depth == 0)
			return slice_of(s->text.p + from, ++s->at - from);
	}
	return slice_of(s->text.p + from, 0);
}

static int scan_one(struct baseline *b, struct scan *s, struct err *e)
{
	if (peek(s) != '{')
		return err_set(e, "a finding should begin with {");
	unsigned line = s->line;
	struct slice object = take_braces(s);
	if (object.len == 0)
		return err_set(e, "it ends amid a finding");
	int result = take_object(b, object, e);
	if (result < 0)
		s->line = line;
	return result;
}

static int scan_list(struct baseline *b, struct scan *s, struct err *e)
{
	if (peek(s) != '[')
		return err_set(e, "it does not begin with [");
	s->at++;
	bool more = peek(s) != ']';
	while (more) {
		if (scan_one(b, s, e) < 0)
			return -1;
		char c = peek(s);
		if (c != ',' && c != ']')
			return err_set(e, "a comma or ] is missing behind a finding");
		more = c == ',';
		s->at += more;
	}
	s->at++;
	return peek(s) ? err_set(e, "something stands behind the list") : 0;
}

struct baseline *baseline_parse(struct slice text, struct err *e)
{
	struct baseline *b = mem_zero(1, sizeof *b);
	struct scan s = { .text = text, .line = 1 };
	if (scan_list(b, &s, e) < 0) {
		err_prefix(e, "line %u: not what `relpbox validate -o json` writes", s.line);
		baseline_free(b);
		return NULL;
	}
	if (b->n)
		qsort(b->at, b->n, sizeof *b->at, compare);
	b->left = b->n;
	return b;
}

void baseline_free(struct baseline *b)
{
	if (!b)
		return;
	arena_free(&b->arena);
	free(b->at);
	free(b);
}

/* The first entry that is not less. */
static size_t lower_bound(const struct baseline *b, const struct entry *key)
{
	size_t lo = 0, hi = b->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (compare(&b->at[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool baseline_take(struct baseline *b, const char *file, const struct finding *f)
{
	struct arena arena = { 0 };
	struct buf shown = { 0 };
	report_file_name(file, &shown);
	struct entry key = { .file = plain_name(&arena, buf_slice(&shown)),
			     .code = slice_str(code_info(f->code).name),
			     .path = slice_str(f->path), .message = slice_str(f->message) };
	bool known = false;
	for (size_t i = lower_bound(b, &key); i < b->n && compare(&b->at[i], &key) == 0; i++) {
		if (b->at[i].taken)
			continue;
		b->at[i].taken = known = true;
		b->left--;
		break;
	}
	buf_free(&shown);
	arena_free(&arena);
	return known;
}

size_t baseline_left(const struct baseline *b)
{
	return b->left;
}
