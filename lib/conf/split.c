// SPDX-License-Identifier: Apache-2.0
#include "conf/split.h"

#include "base/utf8.h"

enum line_kind {
	LINE_NOTHING, /* blank, or a comment */
	LINE_DIRECTIVE,
	LINE_BEGIN, /* "---" */
	LINE_END,   /* "..." */
	LINE_TEXT,
};

enum state {
	HEAD, /* nothing but comments and directives so far */
	BODY,
	TAIL, /* behind "..." */
};

struct slice line_next(struct slice rest)
{
	for (size_t i = 0; i < rest.len; i++)
		if (rest.p[i] == '\n' || (rest.p[i] == '\r' && (i + 1 == rest.len || rest.p[i + 1] != '\n')))
			return slice_of(rest.p, i + 1);
	return rest;
}

struct slice line_text(struct slice line)
{
	if (line.len && line.p[line.len - 1] == '\n')
		line.len--;
	if (line.len && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_marker(struct slice line, const char *marker)
{
	return line.len >= 3 && memcmp(line.p, marker, 3) == 0 &&
	       (line.len == 3 || is_blank(line.p[3]));
}

/* What YAML takes in a comment, and as no end of a line. */
static bool is_comment_char(uint32_t cp)
{
	if (cp < 0x20)
		return cp == '\t' || cp == '\r' || cp == '\n';
	return !(cp >= 0x7F && cp <= 0x9F) && cp != 0x2028 && cp != 0x2029 && cp != 0xFFFE &&
	       cp != 0xFFFF && cp != UTF8_BAD;
}

/* Tabs and odd comments are left to the reader: it may not take them for nothing. */
static bool is_nothing(struct slice line)
{
	size_t i = 0;
	while (i < line.len && line.p[i] == ' ')
		i++;
	if (i == line.len || line.p[i] == '\n' || line.p[i] == '\r')
		return true;
	if (line.p[i] != '#')
		return false;
	for (uint32_t cp; i < line.len; ) {
		i += utf8_next(slice_of(line.p + i, line.len - i), &cp);
		if (!is_comment_char(cp))
			return false;
	}
	return true;
}

static enum line_kind line_kind(struct slice line)
{
	if (is_marker(line, "---"))
		return LINE_BEGIN;
	if (is_marker(line, "..."))
		return LINE_END;
	if (line.p[0] == '%')
		return LINE_DIRECTIVE;
	return is_nothing(line) ? LINE_NOTHING : LINE_TEXT;
}

static bool is_in_body(char first)
{
	return first != '-' && first != '.';
}

struct walk {
	enum state state;
	bool any;      /* something that the reader must see */
	size_t lines, at; /* so far */
	size_t cut_lines, cut; /* behind the last "..." */
};

/* False: line belongs to the next document. */
static bool take_line(struct walk *w, struct slice line)
{
	enum line_kind kind = w->state == BODY && is_in_body(line.p[0]) ? LINE_TEXT : line_kind(line);
	if (kind == LINE_BEGIN && w->state != HEAD)
		return false;
	w->any = w->any || kind != LINE_NOTHING;
	w->at += line.len;
	w->lines++;
	if (kind == LINE_END) {
		w->state = TAIL;
		w->cut = w->at;
		w->cut_lines = w->lines;
	} else if (kind == LINE_BEGIN || kind == LINE_TEXT) {
		w->state = BODY;
	}
	return true;
}

bool split_next(struct split *s, struct split_part *out)
{
	struct walk w = { 0 };
	bool more = false;
	while (w.at < s->rest.len && !more)
		more = !take_line(&w, line_next(slice_of(s->rest.p + w.at, s->rest.len - w.at)));
	if (!w.any)
		return false;
	if (more && w.state == TAIL) {
		w.at = w.cut;
		w.lines = w.cut_lines;
	}
	out->text = slice_of(s->rest.p, w.at);
	out->first = s->line;
	out->last = s->line + (unsigned)w.lines - 1;
	s->line += (unsigned)w.lines;
	s->rest = slice_of(s->rest.p + w.at, s->rest.len - w.at);
	return true;
}
