// SPDX-License-Identifier: Apache-2.0
#include "validate/report_int.h"

#include "base/esc.h"
#include "base/utf8.h"

/* How much of a source line is shown before and behind the column, in characters. */
#define SHOWN_BEFORE 70
#define SHOWN_BEHIND 40

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define MAGENTA "\033[1;35m"
#define PLAIN "\033[0m"

/* Of a line that is longer nothing is shown: a finding in each of its fields would take minutes. */
#define SOURCE_MAX (1U << 20)

/* The bytes that at most *n characters of s take; *n: how many they are. */
static size_t skip_characters(struct slice s, size_t *n)
{
	size_t at = 0, left = *n;
	for (; left > 0 && at < s.len; left--) {
		uint32_t cp;
		if ((unsigned char)s.p[at] < 0x80)
			at++;
		else
			at += utf8_next(slice_of(s.p + at, s.len - at), &cp);
	}
	*n -= left;
	return at;
}

/* One character, and into pad what is as wide. Returns its bytes. */
static size_t add_character(struct slice s, struct buf *out, struct buf *pad)
{
	uint32_t cp;
	size_t n = utf8_next(s, &cp), before = out->len;
	if (cp == '\t') {
		buf_add_char(out, '\t');
		buf_add_char(pad, '\t');
		return n;
	}
	if (cp != UTF8_BAD && utf8_printable(cp)) { /* a backslash too: it stands in the file like this */
		buf_add(out, s.p, n);
		buf_add_char(pad, ' ');
		return n;
	}
	esc_add(out, slice_of(s.p, n), n);
	for (size_t i = before; i < out->len; i++)
		buf_add_char(pad, ' ');
	return n;
}

/* The line of the file, cut around the column, and a caret below it. */
static void add_source(const struct report_finding *at, bool colour, struct buf *out)
{
	struct slice line = slice_of(at->source, strnlen(at->source, SOURCE_MAX + 1));
	size_t col = at->finding->col > 0 ? at->finding->col - 1 : 0, behind = SHOWN_BEHIND;
	if (line.len > SOURCE_MAX)
		return;
	size_t caret = skip_characters(line, &col); /* or the line's end: there, not beyond it */
	size_t before = col > SHOWN_BEFORE ? col - SHOWN_BEFORE : 0;
	size_t from = skip_characters(line, &before);
	size_t to = caret + skip_characters(slice_of(line.p + caret, line.len - caret), &behind);
	struct buf pad = { 0 }, unused = { 0 };
	buf_add_str(out, "  ");
	buf_add_str(&pad, from > 0 ? "     " : "  ");
	buf_add_str(out, from > 0 ? "..." : "");
	for (size_t i = from; i < to;)
		i += add_character(slice_of(line.p + i, line.len - i), out, i < caret ? &pad : &unused);
	buf_add_str(out, to < line.len ? "...\n" : "\n");
	if (at->finding->col > 0) {
		buf_add_slice(out, buf_slice(&pad));
		buf_printf(out, "%s^%s\n", colour ? BOLD : "", colour ? PLAIN : "");
	}
	buf_free(&pad);
	buf_free(&unused);
}

static void add_place(const struct report_finding *at, bool colour, struct buf *out)
{
	buf_add_str(out, colour ? BOLD : "");
	report_file_name(at->file, out);
	if (at->finding->line > 0)
		buf_printf(out, ":%u", at->finding->line);
	if (at->finding->line > 0 && at->finding->col > 0)
		buf_printf(out, ":%u", at->finding->col);
	buf_printf(out, ":%s ", colour ? PLAIN : "");
}

static void add_one(const struct report_finding *at, bool colour, struct buf *out)
{
	const struct finding *f = at->finding;
	const char *paint = f->severity == FINDING_ERROR ? RED : MAGENTA;
	add_place(at, colour, out);
	buf_printf(out, "%s%s:%s ", colour ? paint : "", report_severity(f), colour ? PLAIN : "");
	report_message(f, out);
	buf_printf(out, " [%s]\n", code_info(f->code).name);
	if (at->source && f->line > 0)
		add_source(at, colour, out);
}

void report_text(const struct report *r, bool colour, struct buf *out)
{
	for (size_t i = 0; i < r->n; i++)
		add_one(&r->at[i], colour, out);
}
