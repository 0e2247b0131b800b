// SPDX-License-Identifier: Apache-2.0
#include "record/regex_int.h"

/*
 * Bracket expressions as glibc reads them in the C locale: order is that of the
 * bytes' values, every collating element is one byte and equivalent to itself
 * only, a backslash stands for itself.
 */

struct class {
	const char *name;
	const char *ranges; /* pairs of first and last byte */
};

static const struct class classes[] = {
	{ "alpha", "AZaz" },
	{ "digit", "09" },
	{ "alnum", "09AZaz" },
	{ "upper", "AZ" },
	{ "lower", "az" },
	{ "space", "\t\r  " },
	{ "blank", "\t\t  " },
	{ "punct", "!/:@[`{~" },
	{ "print", " ~" },
	{ "graph", "!~" },
	{ "cntrl", "\x01\x1f\x7f\x7f" },
	{ "xdigit", "09AFaf" },
};

static void add_range(struct regex_set *out, uint8_t first, uint8_t last)
{
	for (unsigned b = first; b <= last; b++)
		regex_set_add(out, (uint8_t)b);
}

bool regex_class(struct slice name, struct regex_set *out)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (!slice_is(name, classes[i].name))
			continue;
		for (const char *r = classes[i].ranges; *r != '\0'; r += 2)
			add_range(out, (uint8_t)r[0], (uint8_t)r[1]);
		return true;
	}
	return false;
}

bool regex_is_word(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') ||
	       b == '_';
}

struct bracket {
	struct slice s;
	size_t at;
	size_t open; /* where the '[' is */
	struct regex_set *out;
	struct err *e;
};

/* One element: a byte, or a class of bytes that was added to out already. */
struct element {
	size_t at;
	uint8_t byte;
	bool class; /* [:name:] or [=x=], no end of a range */
};

static int unclosed(struct bracket *b)
{
	return regex_error(b->e, b->open, "'[' is not closed by ']'");
}

/* Behind "[:", "[=" or "[.": the name, up to the same mark and ']'. */
static int read_name(struct bracket *b, char mark, struct slice *name)
{
	size_t from = b->at;

	for (size_t i = from; i + 1 < b->s.len; i++) {
		if (b->s.p[i] != mark || b->s.p[i + 1] != ']')
			continue;
		*name = slice_of(b->s.p + from, i - from);
		b->at = i + 2;
		return 0;
	}
	return unclosed(b);
}

static int read_symbol(struct bracket *b, struct element *el)
{
	char mark = b->s.p[b->at + 1];
	struct slice name;

	b->at += 2;
	if (read_name(b, mark, &name) < 0)
		return -1;
	el->class = mark != '.';
	if (mark == ':') {
		if (!regex_class(name, b->out))
			return regex_error(b->e, el->at, "no such class of characters");
		return 0;
	}
	if (name.len != 1)
		return regex_error(b->e, el->at, "a collating element is one byte here");
	el->byte = (uint8_t)name.p[0];
	if (mark == '=')
		regex_set_add(b->out, el->byte);
	return 0;
}

/* hyphen: may '-' stand for itself here, even where no ']' follows? */
static int read_element(struct bracket *b, bool hyphen, struct element *el)
{
	*el = (struct element){ .at = b->at };
	if (b->at >= b->s.len)
		return unclosed(b);
	char c = b->s.p[b->at];
	char next = b->at + 1 < b->s.len ? b->s.p[b->at + 1] : '\0';

	if (c == '[' && (next == ':' || next == '=' || next == '.'))
		return read_symbol(b, el);
	if (c == '-' && !hyphen && next != ']')
		return regex_error(b->e, b->at, "'-' has no begin of a range before it");
	el->byte = (uint8_t)c;
	b->at++;
	return 0;
}

/* Is there "-X" at this place, X not the closing bracket? */
static bool at_range(const struct bracket *b)
{
	return b->at + 1 < b->s.len && b->s.p[b->at] == '-' && b->s.p[b->at + 1] != ']';
}

static int read_item(struct bracket *b, bool first)
{
	struct element from, to;

	if (read_element(b, first, &from) < 0)
		return -1;
	if (from.class)
		return 0;
	if (!at_range(b)) {
		regex_set_add(b->out, from.byte);
		return 0;
	}
	b->at++;
	if (read_element(b, true, &to) < 0)
		return -1;
	if (to.class)
		return regex_error(b->e, to.at, "a class cannot end a range");
	if (from.byte > to.byte)
		return regex_error(b->e, from.at, "the range's end comes before its begin");
	add_range(b->out, from.byte, to.byte);
	return 0;
}

int regex_bracket(struct slice pattern, size_t *at, struct regex_set *out, struct err *e)
{
	struct bracket b = { .s = pattern, .at = *at, .open = *at - 1, .out = out, .e = e };
	bool negated = b.at < pattern.len && pattern.p[b.at] == '^';
	bool first = true; /* a ']' in the first place stands for itself */

	*out = (struct regex_set){ 0 };
	if (negated)
		b.at++;
	while (first || b.at >= pattern.len || pattern.p[b.at] != ']') {
		if (read_item(&b, first) < 0)
			return -1;
		first = false;
	}
	for (int i = 0; negated && i < 4; i++)
		out->bits[i] = ~out->bits[i];
	*at = b.at + 1;
	return 0;
}
