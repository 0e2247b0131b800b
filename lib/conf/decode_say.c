// SPDX-License-Identifier: Apache-2.0
//
// How decoding words what it finds: as Kubernetes words field errors.
#include "conf/decode_int.h"

#include "base/esc.h"
#include "conf/path.h"
#include "conf/scalar.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define DETAIL_MAX 2048 /* bytes of what is said, beside the value */

size_t decode_enter_key(struct decode *d, const char *name)
{
	size_t mark = d->path.len;
	path_key(&d->path, slice_str(name));
	return mark;
}

size_t decode_enter_index(struct decode *d, size_t i)
{
	size_t mark = d->path.len;
	path_index(&d->path, i);
	return mark;
}

void decode_leave(struct decode *d, size_t mark)
{
	d->path.len = mark;
}

void decode_say(struct decode *d, unsigned line, unsigned col, enum code code, const char *text)
{
	findings_add(d->f, line, col, code, buf_cstr(&d->path), "%s", text);
}

/* A value as Kubernetes shows it: strings in quotes, integers as JSON has them, the rest as it was written. */
static void show_value(const struct decode *d, struct buf *out, const struct node *v)
{
	int64_t integer;
	if (d->f->discreet)
		buf_add_str(out, NOT_SHOWN);
	else if (v->kind == NODE_SEQ)
		buf_add_str(out, "[...]");
	else if (v->kind == NODE_MAP)
		buf_add_str(out, "{...}");
	else if (v->kind == NODE_STRING)
		show_quoted(out, v->text);
	else if (v->kind == NODE_BOOL)
		buf_add_str(out, v->boolean ? "true" : "false");
	else if (v->kind == NODE_NULL)
		buf_add_str(out, "\"\""); /* where a string belongs, null is none */
	else if (decode_integer(v, &integer))
		buf_printf(out, "%" PRId64, integer);
	else
		esc_add(out, v->text, SHOWN_MAX);
}

__attribute__((format(printf, 5, 0)))
static void say_value(struct decode *d, const struct node *value, enum code code,
		      const char *before, const char *fmt, va_list ap)
{
	char detail[DETAIL_MAX];
	struct buf text = { 0 };
	vsnprintf(detail, sizeof detail, fmt, ap);
	buf_add_str(&text, before);
	show_value(d, &text, value);
	buf_printf(&text, ": %s", detail);
	decode_say(d, value->line, value->col, code, buf_cstr(&text));
	buf_free(&text);
}

void decode_invalid(struct decode *d, const struct node *value, enum code code,
		    const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say_value(d, value, code, "Invalid value: ", fmt, ap);
	va_end(ap);
}

void decode_warn(struct decode *d, const struct node *value, enum code code,
		 const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say_value(d, value, code, "", fmt, ap);
	va_end(ap);
}

void decode_required(struct decode *d, const struct node *at, enum code code, const char *hint)
{
	struct buf text = { 0 };
	buf_add_str(&text, "Required value");
	if (hint)
		buf_printf(&text, ": %s", hint);
	decode_say(d, at->line, at->col, code, buf_cstr(&text));
	buf_free(&text);
}

/* A plain word may have become what was not meant, and quotes may hide what was. */
void decode_wrong_type(struct decode *d, const struct node *v, enum node_kind wanted,
		       const char *wanted_text)
{
	const char *more = "";
	struct node plain = *v;
	if (wanted == NODE_STRING && (v->kind != NODE_SEQ && v->kind != NODE_MAP))
		more = "; in quotes it would be one";
	else if (v->kind == NODE_STRING && scalar_resolve(SCALAR_PLAIN, &plain) == 0 &&
		 plain.kind == wanted)
		more = "; without quotes it would be one";
	decode_invalid(d, v, CODE_TYPE, "must be %s, not %s%s", wanted_text, node_kind_text(v->kind),
		       more);
}

void decode_unsupported(struct decode *d, const struct node *v, const char *const *choices,
			const char *more)
{
	struct buf text = { 0 };
	buf_add_str(&text, "Unsupported value: ");
	show_value(d, &text, v);
	buf_add_str(&text, ": supported values: ");
	for (size_t i = 0; choices[i]; i++)
		buf_printf(&text, "%s\"%s\"", i ? ", " : "", choices[i]);
	buf_add_str(&text, more);
	decode_say(d, v->line, v->col, CODE_UNSUPPORTED, buf_cstr(&text));
	buf_free(&text);
}

void decode_unregistered(struct decode *d, const struct schema *s, const struct node *map,
			 const struct node *value, enum code code)
{
	struct buf text = { 0 };
	const struct node *kind = node_get(map, "kind"), *version = node_get(map, "apiVersion");
	bool has_kind = kind && kind->kind == NODE_STRING && kind->text.len;
	bool has_version = version && version->kind == NODE_STRING && version->text.len;
	buf_add_str(&text, "no kind ");
	show_text(d->f, &text, has_kind ? kind->text : slice_str(s->kind));
	buf_add_str(&text, " is registered for version ");
	show_text(d->f, &text, has_version ? version->text : slice_str(s->api_version));
	buf_printf(&text, ": it is %s of %s", s->kind, s->api_version);
	decode_say(d, value->line, value->col, code, buf_cstr(&text));
	buf_free(&text);
}

void decode_duplicate(struct decode *d, const struct node *value)
{
	struct buf text = { 0 };
	buf_add_str(&text, "Duplicate value: ");
	show_value(d, &text, value);
	decode_say(d, value->line, value->col, CODE_INPUT_DUPLICATE, buf_cstr(&text));
	buf_free(&text);
}

void decode_unknown_field(struct decode *d, const struct node_entry *e, const char *near)
{
	struct buf text = { 0 };
	size_t mark = d->path.len;
	show_key(d->f, &d->path, e->name);
	buf_add_str(&text, "unknown field ");
	if (key_may_be_shown(d->f, e->name))
		show_quoted(&text, e->name);
	else
		buf_add_str(&text, NOT_SHOWN);
	if (!d->f->discreet && key_may_be_shown(d->f, e->key->text) && !slice_eq(e->name, e->key->text)) {
		buf_add_str(&text, " (written ");
		esc_add(&text, e->key->text, SHOWN_MAX);
		buf_add_str(&text, ")");
	}
	if (near)
		buf_printf(&text, ": did you mean \"%s\"?", near);
	decode_say(d, e->line, e->col, CODE_UNKNOWN_FIELD, buf_cstr(&text));
	decode_leave(d, mark);
	buf_free(&text);
}

bool decode_wants(const struct decode *d, enum code code)
{
	return findings_want(d->f, code);
}

bool decode_shows(const struct decode *d, struct slice text)
{
	return !d->f->discreet && !text_is_private(text);
}

bool decode_lints(const struct decode *d)
{
	return d->f->lint;
}

bool decode_own_kind(const struct decode *d)
{
	return d->f->own_kind;
}

void decode_add(struct decode *d, const struct node *at, enum code code, const char *fmt, ...)
{
	char text[DETAIL_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	decode_say(d, at->line, at->col, code, text);
}
