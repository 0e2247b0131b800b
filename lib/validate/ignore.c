// SPDX-License-Identifier: Apache-2.0
#include "validate/ignore.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "conf/split.h"

#include <stdlib.h>

static const char mark[] = "relpbox:ignore";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Of a line, or of what is left of it. */
static struct slice skip_blanks(struct slice s)
{
	while (s.len > 0 && is_blank(s.p[0]))
		s = slice_of(s.p + 1, s.len - 1);
	return s;
}

/* The run of characters that a code is made of, at the beginning of s. */
static struct slice take_word(struct slice s)
{
	size_t n = 0;
	while (n < s.len && !is_blank(s.p[n]) && s.p[n] != ',')
		n++;
	return slice_of(s.p, n);
}

/* A code that somebody tried to write may be shown; what else stands in a comment may be anything. */
static bool looks_like_code(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (memchr("abcdefghijklmnopqrstuvwxyz0123456789-_", s.p[i], 38) == NULL)
			return false;
	return s.len > 0 && s.len <= 40;
}

/* In words, into e. */
static int unknown(struct slice word, struct err *e)
{
	struct nearest near = { .word = word };
	for (unsigned c = 0; c < CODES; c++)
		nearest_try(&near, code_info((enum code)c).name);
	if (!looks_like_code(word))
		return err_set(e, "what should be a code of a finding is none");
	if (near.best)
		return err_set(e, "there is no finding with the code \"%.*s\": did you mean \"%s\"?",
			       (int)word.len, word.p, near.best);
	return err_set(e, "there is no finding with the code \"%.*s\"", (int)word.len, word.p);
}

/*
 * The next of "CODE[,CODE...]" off *rest: 1, with *code; 0: there is none any
 * more; -1: it is no code (e). Blanks may stand behind a comma, not before it.
 */
static int next_code(struct slice *rest, bool *more, enum code *code, struct err *e)
{
	if (!*more)
		return 0;
	*rest = skip_blanks(*rest);
	struct slice word = take_word(*rest);
	*code = code_find(word);
	if (*code == CODES)
		return unknown(word, e);
	*rest = slice_of(rest->p + word.len, rest->len - word.len);
	*more = rest->len > 0 && rest->p[0] == ',';
	if (*more)
		*rest = slice_of(rest->p + 1, rest->len - 1);
	return 1;
}

int ignore_list_add(struct ignore_list *l, const char *codes, struct err *e)
{
	struct slice rest = slice_str(codes);
	enum code code;
	bool more = true;
	int got;
	while ((got = next_code(&rest, &more, &code, e)) > 0)
		l->has[code] = true;
	if (got == 0 && skip_blanks(rest).len > 0)
		return err_set(e, "codes are parted by commas");
	return got;
}

/* A letter or a digit at least: a dash or two are no reason. */
static bool is_reason(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80)
			return true;
	}
	return false;
}

static void add(struct ignore_comments *c, enum code code, unsigned line)
{
	c->at = mem_room(c->at, c->n, &c->cap, sizeof *c->at);
	c->at[c->n++] = (struct ignore_at){ .code = code, .from = line, .to = line };
}

/* What stands behind the mark. 0, or -1 where it ignores nothing. */
static int read_comment(struct ignore_comments *c, struct slice rest, unsigned line, struct err *e)
{
	size_t before = c->n;
	enum code code;
	bool more = true;
	int got;
	if (skip_blanks(rest).len == 0)
		return err_set(e, "it names no code: write # relpbox:ignore CODE reason");
	while ((got = next_code(&rest, &more, &code, e)) > 0) {
		if (code == CODE_IGNORE)
			got = err_set(e, "a comment cannot ignore this code: --ignore ignore can");
		else if (c->n >= IGNORE_COMMENTS_MAX)
			got = err_set(e, "there are more than %d in this file", IGNORE_COMMENTS_MAX);
		if (got < 0)
			break;
		add(c, code, line);
	}
	if (got == 0 && !is_reason(rest))
		got = err_set(e, "it gives no reason: write # relpbox:ignore CODE reason");
	if (got < 0)
		c->n = before;
	return got;
}

/* Where in the line the comment's '#' is, and what is behind the mark; or -1. */
static ptrdiff_t find_mark(struct slice line, struct slice *behind)
{
	for (size_t i = 0; i < line.len; i++) {
		const char *hash = memchr(line.p + i, '#', line.len - i);
		if (!hash)
			return -1;
		i = (size_t)(hash - line.p);
		if (i > 0 && !is_blank(line.p[i - 1]))
			continue;
		struct slice s = skip_blanks(slice_of(hash + 1, line.len - i - 1));
		size_t n = sizeof(mark) - 1;
		if (s.len < n || memcmp(s.p, mark, n) != 0 || (s.len > n && !is_blank(s.p[n])))
			continue;
		*behind = slice_of(s.p + n, s.len - n);
		return (ptrdiff_t)i;
	}
	return -1;
}

static unsigned column(struct slice line, size_t at)
{
	unsigned col = 1;
	for (size_t i = 0; i < at; col++) {
		uint32_t cp;
		i += utf8_next(slice_of(line.p + i, line.len - i), &cp);
	}
	return col;
}

struct scan {
	struct ignore_comments *out;
	struct findings *f;
	unsigned line;
	size_t pending; /* from here on: of comments that stand alone on the lines directly before */
};

/* Those that are pending go to this line, which is the first that is no comment, or the text's last. */
static void end_run(struct scan *s, size_t n, unsigned line)
{
	for (size_t i = s->pending; i < n; i++)
		s->out->at[i].to = line;
	s->pending = s->out->n;
}

static void scan_line(struct scan *s, struct slice text)
{
	struct slice behind, first = skip_blanks(text);
	bool alone = first.len > 0 && first.p[0] == '#';
	size_t own = s->out->n;
	ptrdiff_t at = find_mark(text, &behind);
	struct err e;
	if (at >= 0 && read_comment(s->out, behind, s->line, &e) < 0)
		findings_add(s->f, s->line, column(text, (size_t)at), CODE_IGNORE, NULL,
			     "this comment ignores nothing: %s", e.text);
	if (!alone)
		end_run(s, own, s->line);
}

void ignore_scan(struct ignore_comments *c, struct slice text, struct findings *f)
{
	struct scan s = { .out = c, .f = f, .line = 1 };
	/* most files have none: one look at all of it */
	if (text.len == 0 || !memmem(text.p, text.len, mark, sizeof(mark) - 1))
		return;
	for (size_t at = 0; at < text.len; s.line++) {
		struct slice line = line_next(slice_of(text.p + at, text.len - at));
		scan_line(&s, line_text(line));
		at += line.len;
	}
	end_run(&s, c->n, s.line - 1);
}

void ignore_free(struct ignore_comments *c)
{
	free(c->at);
	*c = (struct ignore_comments){ 0 };
}

bool ignore_has(const struct ignore_comments *c, const struct finding *f)
{
	if (f->line == 0 || f->code == CODE_IGNORE)
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].code == f->code && c->at[i].from <= f->line && f->line <= c->at[i].to)
			return true;
	return false;
}
