// SPDX-License-Identifier: Apache-2.0
//
// Recursion here follows the tables of fields, not the input: a schema never
// contains itself.
#include "conf/decode_int.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void decode_map(struct decode *d, const struct schema *s, const struct node *map, void *out);

/* --- scalars ------------------------------------------------------------------ */

static void *at_offset(void *out, size_t offset)
{
	return (char *)out + offset;
}

static bool known_choice(const char *const *choices, struct slice s)
{
	for (size_t i = 0; choices[i]; i++)
		if (slice_is(s, choices[i]))
			return true;
	return false;
}

/* Is it a string that fits the field? Null counts as "" (JSON's zero value). Findings if not. */
static bool string_fits(struct decode *d, const struct field *fd, const struct node *v)
{
	size_t max = fd->kind == FIELD_STRING && fd->max ? (size_t)fd->max : FIELD_STRING_MAX;
	if (v->kind != NODE_STRING && v->kind != NODE_NULL) {
		decode_wrong_type(d, v, NODE_STRING, "a string");
	} else if (v->text.len > max && decode_wants(d, CODE_TOO_LONG)) {
		decode_invalid(d, v, CODE_TOO_LONG, "may not be more than %zu bytes", max);
	} else if (v->kind == NODE_STRING && v->text.len && memchr(v->text.p, 0, v->text.len)) {
		decode_invalid(d, v, CODE_INVALID, "must not contain NUL");
	} else if (fd->choices && !known_choice(fd->choices, v->text)) {
		decode_unsupported(d, v, fd->choices, "");
	} else {
		if (fd->check)
			fd->check(d, v);
		return true;
	}
	return false;
}

static char *string_of(const struct node *v)
{
	return mem_strdup(v->kind == NODE_STRING ? v->text.p : "");
}

static void decode_string(struct decode *d, const struct field *fd, const struct node *v, void *out)
{
	if (string_fits(d, fd, v) && fd->offset != FIELD_NOWHERE)
		*(char **)at_offset(out, fd->offset) = string_of(v);
}

static void decode_bool(struct decode *d, const struct field *fd, const struct node *v, void *out)
{
	if (v->kind != NODE_BOOL)
		decode_wrong_type(d, v, NODE_BOOL, "a boolean");
	else if (fd->offset != FIELD_NOWHERE)
		*(bool *)at_offset(out, fd->offset) = v->boolean;
}

bool decode_integer(const struct node *v, int64_t *out)
{
	if (v->kind == NODE_INT) {
		*out = v->integer;
		return true;
	}
	if (v->kind != NODE_FLOAT || !(fabs(v->real) < 0x1p63) || v->real != floor(v->real))
		return false;
	*out = (int64_t)v->real;
	return true;
}

static void out_of_range(struct decode *d, const struct field *fd, const struct node *v, bool below)
{
	if (below && fd->max == INT64_MAX)
		decode_invalid(d, v, CODE_RANGE, "must be greater than or equal to %" PRId64, fd->min);
	else
		decode_invalid(d, v, CODE_RANGE,
			       "must be between %" PRId64 " and %" PRId64 ", inclusive", fd->min,
			       fd->max);
}

static void store_int(struct decode *d, const struct field *fd, const struct node *v, int64_t value,
		      void *out)
{
	if (!fd->check_bounds && (value < fd->min || value > fd->max)) {
		out_of_range(d, fd, v, value < fd->min);
		return;
	}
	if (fd->offset != FIELD_NOWHERE)
		*(int64_t *)at_offset(out, fd->offset) = value;
	if (fd->check)
		fd->check(d, v);
}

static void decode_int(struct decode *d, const struct field *fd, const struct node *v, void *out)
{
	int64_t value;
	if (decode_integer(v, &value))
		store_int(d, fd, v, value, out);
	else if (v->kind == NODE_FLOAT && fabs(v->real) >= 0x1p63)
		decode_invalid(d, v, CODE_TYPE, "must be an integer of at most 64 bits");
	else
		decode_wrong_type(d, v, NODE_INT, "an integer");
}

static void decode_size(struct decode *d, const struct field *fd, const struct node *v, void *out)
{
	int64_t value;
	uint64_t bytes;
	if (v->kind == NODE_STRING && num_size(v->text, 0, INT64_MAX, &bytes) == 0)
		store_int(d, fd, v, (int64_t)bytes, out);
	else if (v->kind == NODE_STRING)
		decode_invalid(d, v, CODE_INVALID, "must be a size: 65536, 64KiB, 256MiB, 1GiB");
	else if (decode_integer(v, &value))
		store_int(d, fd, v, value, out);
	else
		decode_wrong_type(d, v, NODE_INT, "a size");
}

#define TIME_MAX_S (INT64_MAX / 1000)

static void decode_time(struct decode *d, const struct field *fd, const struct node *v, void *out)
{
	int64_t value;
	uint64_t ms;
	if (v->kind == NODE_STRING && num_duration_ms(v->text, 0, INT64_MAX, &ms) == 0) {
		value = (int64_t)ms;
	} else if (v->kind == NODE_STRING) {
		decode_invalid(d, v, CODE_INVALID, "must be a time: 600, 600s, 10m, 1h");
		return;
	} else if (decode_integer(v, &value)) {
		value = value > TIME_MAX_S ? INT64_MAX : value < -TIME_MAX_S ? INT64_MIN : value * 1000;
	} else {
		decode_wrong_type(d, v, NODE_INT, "a time");
		return;
	}
	if (value < fd->min || value > fd->max)
		decode_invalid(d, v, CODE_RANGE, "must be between %" PRId64 " s and %" PRId64 " s, inclusive",
			       fd->min / 1000, fd->max / 1000);
	else
		*(int64_t *)at_offset(out, fd->offset) = value;
}

/* --- lists and structs ----------------------------------------------------------- */

static bool list_fits(struct decode *d, const struct field *fd, const struct node *v)
{
	size_t max = fd->max ? (size_t)fd->max : FIELD_ITEMS_MAX;
	if (v->kind != NODE_SEQ) {
		decode_wrong_type(d, v, NODE_SEQ, "a list");
		return false;
	}
	if (v->items.n <= max || !decode_wants(d, CODE_TOO_MANY))
		return true;
	char text[96];
	snprintf(text, sizeof text, "Too many: %zu: must have at most %zu items", v->items.n, max);
	decode_say(d, v->line, v->col, CODE_TOO_MANY, text);
	return false;
}

static void decode_strings(struct decode *d, const struct field *fd, const struct node *v, void *out)
{
	if (!list_fits(d, fd, v) || v->items.n == 0)
		return;
	char **list = mem_zero(v->items.n, sizeof *list);
	size_t n = 0;
	for (size_t i = 0; i < v->items.n; i++) {
		size_t mark = decode_enter_index(d, i);
		if (string_fits(d, fd, v->items.at[i]))
			list[n++] = string_of(v->items.at[i]);
		decode_leave(d, mark);
	}
	*(char ***)at_offset(out, fd->offset) = list;
	*(size_t *)at_offset(out, fd->count) = n;
}

static void decode_list(struct decode *d, const struct field *fd, const struct node *v, void *out)
{
	if (!list_fits(d, fd, v) || v->items.n == 0)
		return;
	size_t size = fd->sub->size;
	char *list = mem_zero(v->items.n, size);
	*(char **)at_offset(out, fd->offset) = list;
	*(size_t *)at_offset(out, fd->count) = v->items.n;
	for (size_t i = 0; i < v->items.n; i++) {
		size_t mark = decode_enter_index(d, i);
		decode_map(d, fd->sub, v->items.at[i], list + i * size);
		decode_leave(d, mark);
	}
}

static void decode_value(struct decode *d, const struct field *fd, const struct node *v, void *out)
{
	if (fd->present)
		*(bool *)at_offset(out, fd->present - 1) = true;
	switch (fd->kind) {
	case FIELD_STRING:
		decode_string(d, fd, v, out);
		break;
	case FIELD_BOOL:
		decode_bool(d, fd, v, out);
		break;
	case FIELD_INT:
		decode_int(d, fd, v, out);
		break;
	case FIELD_SIZE:
		decode_size(d, fd, v, out);
		break;
	case FIELD_TIME:
		decode_time(d, fd, v, out);
		break;
	case FIELD_STRINGS:
		decode_strings(d, fd, v, out);
		break;
	case FIELD_STRUCT:
		decode_map(d, fd->sub, v, at_offset(out, fd->offset));
		break;
	case FIELD_LIST:
		decode_list(d, fd, v, out);
		break;
	}
}

/* --- maps -------------------------------------------------------------------------- */

/* Nothing of the right type counts as absent where something is wanted; "" is no list and no number. */
static bool is_absent(const struct field *fd, const struct node *v)
{
	if (v == NULL || v->kind == NODE_NULL)
		return true;
	if (!fd->required)
		return false;
	if (fd->kind == FIELD_STRING)
		return v->kind == NODE_STRING && v->text.len == 0;
	return (fd->kind == FIELD_STRINGS || fd->kind == FIELD_LIST) && v->kind == NODE_SEQ &&
	       v->items.n == 0;
}

/* What Kubernetes calls an invalid value, it shows as JSON's zero value. */
static void say_absent(struct decode *d, const struct field *fd, const struct node *at)
{
	struct node zero = { .kind = NODE_STRING, .text = slice_str(""), .line = at->line,
			     .col = at->col };
	enum code code = fd->absent ? fd->absent : CODE_REQUIRED;
	if (code_info(code).kind == KIND_INVALID)
		decode_invalid(d, &zero, code, "%s", fd->hint);
	else
		decode_required(d, at, code, fd->hint);
}

static void decode_field(struct decode *d, const struct field *fd, const struct node *map, void *out)
{
	const struct node *v = node_get(map, fd->name);
	size_t mark = decode_enter_key(d, fd->name);
	if (!is_absent(fd, v))
		decode_value(d, fd, v, out);
	else if (fd->required)
		say_absent(d, fd, v ? v : map);
	decode_leave(d, mark);
}

static bool known_field(const struct schema *s, struct slice name, struct nearest *near)
{
	if (s->api_version && (slice_is(name, "apiVersion") || slice_is(name, "kind")))
		return true;
	for (const struct field *fd = s->fields; fd->name; fd++) {
		if (slice_is(name, fd->name))
			return true;
		nearest_try(near, fd->name);
	}
	if (s->api_version) {
		nearest_try(near, "apiVersion");
		nearest_try(near, "kind");
	}
	return false;
}

static void find_unknown(struct decode *d, const struct schema *s, const struct node *map)
{
	for (size_t i = 0; i < map->entries.n; i++) {
		const struct node_entry *e = &map->entries.at[i];
		struct nearest near = { .word = e->name };
		if (findings_full(d->f))
			near.word.len = 0; /* nobody will read it */
		if (!known_field(s, e->name, &near))
			decode_unknown_field(d, e, near.best);
	}
}

static bool is_absent_text(const struct node *v)
{
	return !v || v->kind == NODE_NULL || (v->kind == NODE_STRING && v->text.len == 0);
}

/* A key of a Kubernetes object, which can be but one text. */
static void decode_object_key(struct decode *d, const struct schema *s, const struct node *map,
			      const char *key, const char *wanted, enum code wrong, enum code absent)
{
	const struct node *v = node_get(map, key);
	size_t mark = decode_enter_key(d, key);
	if (is_absent_text(v)) {
		if (!s->embedded)
			decode_required(d, v ? v : map, absent, wanted);
	} else if (v->kind != NODE_STRING) {
		decode_wrong_type(d, v, NODE_STRING, "a string");
	} else if (!slice_is(v->text, wanted)) {
		decode_unregistered(d, s, map, v, wrong);
	}
	decode_leave(d, mark);
}

/* Gardener takes an object without kind for what it wants there; without apiVersion for another one. */
static void decode_object(struct decode *d, const struct schema *s, const struct node *map)
{
	decode_object_key(d, s, map, "apiVersion", s->api_version, CODE_API_VERSION, CODE_API_VERSION);
	decode_object_key(d, s, map, "kind", s->kind, CODE_KIND, CODE_KIND_ABSENT);
}

/* Null is an empty struct (JSON's zero value). */
static void decode_map(struct decode *d, const struct schema *s, const struct node *map, void *out)
{
	struct node empty = { .kind = NODE_MAP, .line = map->line, .col = map->col };
	if (map->kind == NODE_NULL)
		map = &empty;
	if (map->kind != NODE_MAP) {
		decode_wrong_type(d, map, NODE_MAP, "a map");
		return;
	}
	if (s->api_version)
		decode_object(d, s, map);
	for (const struct field *fd = s->fields; fd->name; fd++)
		decode_field(d, fd, map, out);
	if (!s->open)
		find_unknown(d, s, map);
	if (s->check)
		s->check(d, map, out);
}

int decode_run(const struct schema *schema, const struct node *root, const char *path, void *out,
	       struct findings *f)
{
	struct decode d = { .f = f };
	size_t before = f->errors;
	buf_add_str(&d.path, path);
	decode_map(&d, schema, root, out);
	buf_free(&d.path);
	return f->errors == before ? 0 : -1;
}

/* --- freeing -------------------------------------------------------------------------- */

static void free_field(const struct field *fd, void *out)
{
	if (fd->offset == FIELD_NOWHERE)
		return;
	void *at = at_offset(out, fd->offset);
	if (fd->kind == FIELD_STRUCT) {
		decode_free(fd->sub, at);
	} else if (fd->kind == FIELD_STRING) {
		free(*(char **)at);
		*(char **)at = NULL;
	} else if (fd->kind == FIELD_STRINGS || fd->kind == FIELD_LIST) {
		char **list = at;
		size_t *n = at_offset(out, fd->count);
		for (size_t i = 0; i < *n; i++) {
			if (fd->kind == FIELD_STRINGS)
				free((*(char ***)at)[i]);
			else
				decode_free(fd->sub, *list + i * fd->sub->size);
		}
		free(*list);
		*list = NULL;
		*n = 0;
	}
}

void decode_free(const struct schema *schema, void *out)
{
	for (const struct field *fd = schema->fields; fd->name; fd++)
		free_field(fd, out);
}
