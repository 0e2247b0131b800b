// SPDX-License-Identifier: Apache-2.0
#include "gardener/posix.h"

#include "base/buf.h"
#include "base/esc.h"
#include "base/utf8.h"
#include "gardener/posix_int.h"
#include "gardener/quote.h"

#define SHOWN_MAX 64 /* bytes of the pattern in a message */

struct parse {
	struct posix_text text;
	struct posix_tree tree;
};

static int fail_whole(struct parse *p, const char *why)
{
	return posix_fail(&p->text, why, 0, p->text.s.len);
}

/*
 * Digits without leading zeros. False if there are none; a number of many is
 * -1. Moves *at behind them.
 */
static bool repeat_number(const struct posix_text *t, size_t *at, int *out)
{
	size_t from = *at, end = from;
	int n = 0;

	while (end < t->s.len && t->s.p[end] >= '0' && t->s.p[end] <= '9')
		end++;
	if (end == from || (t->s.p[from] == '0' && end - from > 1))
		return false;
	for (size_t i = from; i < end && n >= 0; i++)
		n = n >= 100000000 ? -1 : n * 10 + (t->s.p[i] - '0');
	*at = end;
	*out = n;
	return true;
}

static bool byte_at(const struct posix_text *t, size_t at, char c)
{
	return at < t->s.len && t->s.p[at] == c;
}

/* Is there {n}, {n,} or {n,m} at '{'? Then where it ends. *min is -1 where a number is too long. */
static bool read_interval(const struct posix_text *t, size_t *end, int *min, int *max)
{
	size_t at = t->at + 1;

	if (!repeat_number(t, &at, min))
		return false;
	*max = *min;
	if (byte_at(t, at, ',')) {
		at++;
		*max = -1;
		if (!byte_at(t, at, '}')) {
			if (!repeat_number(t, &at, max))
				return false;
			if (*max < 0)
				*min = -1;
		}
	}
	if (!byte_at(t, at, '}'))
		return false;
	*end = at + 1;
	return true;
}

/* At '{': what is no interval stands for itself. */
static int parse_interval(struct parse *p)
{
	struct posix_text *t = &p->text;
	size_t from = t->at, end;
	int min, max;

	if (!read_interval(t, &end, &min, &max)) {
		t->at++;
		posix_tree_leaf(&p->tree, POSIX_LITERAL);
		return 0;
	}
	if (min < 0 || min > POSIX_REPEAT_MAX || max > POSIX_REPEAT_MAX || (max >= 0 && min > max))
		return posix_fail(t, POSIX_BAD_REPEAT, from, end);
	if (!posix_tree_repeatable(&p->tree))
		return posix_fail(t, POSIX_NO_OPERAND, from, end);
	bool fine = posix_tree_repeat(&p->tree, min, max);

	t->at = end;
	if (p->tree.limit == NULL && !fine)
		return posix_fail(t, POSIX_BAD_REPEAT, from, end);
	return 0;
}

static int parse_repeat(struct parse *p, char c)
{
	size_t from = p->text.at++;

	if (!posix_tree_repeatable(&p->tree))
		return posix_fail(&p->text, POSIX_NO_OPERAND, from, from + 1);
	posix_tree_wrap(&p->tree, c == '*' ? 2 : 1);
	return 0;
}

static int parse_class(struct parse *p)
{
	struct posix_class class;

	if (posix_class(&p->text, &class) < 0)
		return -1;
	posix_tree_class(&p->tree, &class);
	return 0;
}

static int parse_char(struct parse *p, bool escaped)
{
	uint32_t c;

	if ((escaped ? posix_escape(&p->text, &c) : posix_char(&p->text, &c)) < 0)
		return -1;
	posix_tree_leaf(&p->tree, POSIX_LITERAL);
	return 0;
}

static int parse_leaf(struct parse *p, enum posix_op op)
{
	p->text.at++;
	posix_tree_leaf(&p->tree, op);
	return 0;
}

static int parse_one(struct parse *p)
{
	char c = p->text.s.p[p->text.at];

	switch (c) {
	case '(': return parse_leaf(p, POSIX_OPEN);
	case '^':
	case '$': return parse_leaf(p, POSIX_OTHER);
	case '.': return parse_leaf(p, POSIX_CLASS);
	case '[': return parse_class(p);
	case '*':
	case '+':
	case '?': return parse_repeat(p, c);
	case '{': return parse_interval(p);
	case '|':
		p->text.at++;
		posix_tree_bar(&p->tree);
		return 0;
	case ')': p->text.at++; return posix_tree_close(&p->tree) ? 0 : fail_whole(p, POSIX_PAREN);
	default: return parse_char(p, c == '\\');
	}
}

static int parse_all(struct parse *p)
{
	while (p->text.at < p->text.s.len) {
		if (parse_one(p) < 0)
			return -1;
		if (p->tree.limit != NULL)
			return fail_whole(p, p->tree.limit);
	}
	posix_tree_alternate(&p->tree);
	if (p->tree.limit != NULL)
		return fail_whole(p, p->tree.limit);
	return p->tree.n == 1 ? 0 : fail_whole(p, POSIX_NO_PAREN);
}

int posix_parse(struct slice pattern, struct posix_error *out)
{
	struct parse p = { .text = { .s = pattern, .error = out } };
	int rc = parse_all(&p);

	posix_tree_free(&p.tree);
	return rc;
}

/* Backslashes as they are, as Go has it between its backquotes; the rest as for a terminal. */
static void add_part(struct buf *out, struct slice part)
{
	size_t from = 0, end = part.len < SHOWN_MAX ? part.len : SHOWN_MAX;

	for (size_t i = 0; i <= end; i++) {
		if (i < end && part.p[i] != '\\')
			continue;
		if (i > from)
			esc_add(out, slice_of(part.p + from, i - from), SIZE_MAX);
		if (i < end)
			buf_add_char(out, '\\');
		from = i + 1;
	}
	if (end < part.len)
		buf_add_str(out, "...");
}

int go_posix_check(struct slice pattern, struct err *e)
{
	struct posix_error error;

	if (posix_parse(pattern, &error) == 0)
		return 0;
	struct buf shown = { 0 };

	add_part(&shown, error.part);
	err_set(e, "error parsing regexp: %s: `%s`", error.why, buf_cstr(&shown));
	buf_free(&shown);
	return -1;
}

int gardener_regex_check(struct slice text, struct err *e)
{
	struct buf quoted = { 0 };

	go_quote(&quoted, text);
	int rc = go_posix_check(buf_slice(&quoted), e);

	buf_free(&quoted);
	return rc;
}
