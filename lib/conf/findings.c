// SPDX-License-Identifier: Apache-2.0
#include "conf/findings.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void finding_free(struct finding *at)
{
	free(at->path);
	free(at->message);
	free(at->source);
}

void findings_free(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		finding_free(&f->at[i]);
	free(f->at);
	*f = (struct findings){ 0 };
}

__attribute__((format(printf, 1, 0)))
static char *format_text(const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, ap);
	invariant(len >= 0);
	char *text = mem_alloc((size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

struct findings_mark findings_mark(const struct findings *f)
{
	return (struct findings_mark){ .n = f->n, .errors = f->errors, .dropped = f->dropped };
}

void findings_back(struct findings *f, struct findings_mark to)
{
	while (f->n > to.n)
		finding_free(&f->at[--f->n]);
	f->errors = to.errors;
	f->dropped = to.dropped;
}

bool findings_full(const struct findings *f)
{
	return f->n >= FINDINGS_MAX;
}

/* Warnings leave room for as many errors again: these must not be lost behind them. */
static bool has_room(const struct findings *f, enum finding_severity severity, size_t errors)
{
	return severity == FINDING_ERROR ? f->n < 2 * FINDINGS_MAX && errors < FINDINGS_MAX
					 : !findings_full(f);
}

static void keep(struct findings *f, struct finding at)
{
	f->at = mem_room(f->at, f->n, &f->cap, sizeof *f->at);
	f->at[f->n++] = at;
}

bool findings_want(const struct findings *f, enum code code)
{
	return f->who == 0 || (f->who & code_info(code).concerns) != 0;
}

/* In the file, where the text that is read stands inside it. */
static void place_it(struct finding *at, const struct findings_place *p)
{
	bool literal = p->block > 0 && at->line > 0 && p->lines > 0;
	if (literal && at->line > p->lines) {
		at->line = p->lines;
		at->col = 1;
	}
	at->line = literal ? p->block + at->line - 1 : p->line;
	at->col = literal ? p->indent + at->col : p->col;
}

/* message is f's to free from here on. */
static void add(struct findings *f, const struct finding *what, const char *path, char *message)
{
	struct finding at = *what;
	bool room = has_room(f, at.severity, f->errors);
	if (at.severity == FINDING_ERROR)
		f->errors++;
	if (!room) {
		f->dropped++;
		free(message);
		return;
	}
	at.kind = code_info(at.code).kind;
	at.own_kind = f->own_kind;
	if (at.code == CODE_TYPE && f->own_kind)
		at.kind = KIND_TYPE_INVALID;
	if (f->who)
		at.concerns &= f->who;
	if (f->place)
		place_it(&at, f->place);
	at.path = mem_strdup(path ? path : "");
	at.message = message;
	keep(f, at);
}

void findings_add(struct findings *f, unsigned line, unsigned col, enum code code,
		  const char *path, const char *fmt, ...)
{
	struct code_info info = code_info(code);
	if (!findings_want(f, code))
		return;
	va_list ap;
	va_start(ap, fmt);
	add(f, &(struct finding){ .code = code, .severity = info.severity, .line = line, .col = col,
				  .concerns = info.concerns }, path, format_text(fmt, ap));
	va_end(ap);
}

void findings_add_as(struct findings *f, enum finding_severity severity, unsigned concerns,
		     unsigned line, unsigned col, enum code code, const char *path, const char *text)
{
	if (f->who && !(f->who & concerns))
		return;
	add(f, &(struct finding){ .code = code, .severity = severity, .line = line, .col = col,
				  .concerns = concerns }, path, mem_strdup(text));
}

void findings_move(struct findings *to, struct findings *from)
{
	size_t errors = to->errors;
	to->errors += from->errors;
	to->dropped += from->dropped;
	for (size_t i = 0; i < from->n; i++) {
		if (!has_room(to, from->at[i].severity, errors)) {
			finding_free(&from->at[i]);
			to->dropped++;
		} else {
			errors += from->at[i].severity == FINDING_ERROR;
			keep(to, from->at[i]);
		}
	}
	from->n = 0;
	findings_free(from);
}

static bool before(const struct finding *a, const struct finding *b)
{
	return a->line != b->line ? a->line < b->line : a->col < b->col;
}

/* By insertion: there are few, they come nearly in order, and equal ones stay as they came. */
void findings_sort(struct findings *f)
{
	for (size_t i = 1; i < f->n; i++) {
		struct finding at = f->at[i];
		size_t to = i;
		for (; to > 0 && before(&at, &f->at[to - 1]); to--)
			f->at[to] = f->at[to - 1];
		f->at[to] = at;
	}
}

static void print_one(const struct finding *at, const char *file, struct buf *out)
{
	buf_add_str(out, file);
	if (at->line > 0)
		buf_printf(out, ":%u:%u", at->line, at->col);
	buf_add_str(out, at->severity == FINDING_ERROR ? ": error: " : ": warning: ");
	if (at->path[0] != '\0')
		buf_printf(out, "%s: ", at->path);
	buf_printf(out, "%s [%s]\n", at->message, code_info(at->code).name);
}

void findings_print(const struct findings *f, const char *file, struct buf *out)
{
	for (size_t i = 0; i < f->n; i++)
		print_one(&f->at[i], file, out);
	if (f->dropped > 0)
		buf_printf(out, "%s: %zu more findings are not shown\n", file, f->dropped);
}
