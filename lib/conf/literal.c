// SPDX-License-Identifier: Apache-2.0
#include "conf/literal.h"

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* p NULL: the text ends. */
static char at_of(const struct cursor *c)
{
	return c->byte < c->text.len ? c->text.p[c->byte] : '\0';
}

static void to_line_end(struct cursor *c)
{
	while (c->byte < c->text.len && !is_break(at_of(c)))
		cursor_to_byte(c, c->byte + 1);
}

/* An anchor or a tag. */
static void over_word(struct cursor *c)
{
	while (c->byte < c->text.len && !is_break(at_of(c)) && !is_blank(at_of(c)))
		cursor_to_byte(c, c->byte + 1);
}

/* Over anchor, tag and comments to the "|". */
static bool to_indicator(struct cursor *c)
{
	while (c->byte < c->text.len) {
		char at = at_of(c);
		if (at == '|')
			return true;
		if (at == '&' || at == '!')
			over_word(c);
		else if (at == '#')
			to_line_end(c);
		else if (is_blank(at) || is_break(at))
			cursor_to_byte(c, c->byte + 1);
		else
			return false;
	}
	return false;
}

/* The next line without its break. */
static struct slice raw_line(struct cursor *c)
{
	size_t from = c->byte;
	to_line_end(c);
	struct slice line = slice_of(c->text.p + from, c->byte - from);
	unsigned number = c->line;
	while (c->byte < c->text.len && c->line == number)
		cursor_to_byte(c, c->byte + 1);
	return line;
}

/* Lines of a block are cut by LF alone, whatever the file has. */
static struct slice text_line(struct slice *rest)
{
	const char *end = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->p) : rest->len;
	struct slice line = slice_of(rest->p, len);
	size_t used = end ? len + 1 : len;
	*rest = slice_of(rest->p + used, rest->len - used);
	return line;
}

static bool is_indented_by(struct slice raw, struct slice line, size_t indent)
{
	if (raw.len != indent + line.len)
		return false;
	for (size_t i = 0; i < indent; i++)
		if (raw.p[i] != ' ')
			return false;
	return slice_eq(slice_of(raw.p + indent, line.len), line);
}

/* The first line that is not empty shows how far all are indented. */
void literal_place(const struct cursor *at, struct node *n)
{
	struct cursor c = *at;
	if (!to_indicator(&c))
		return;
	raw_line(&c);
	unsigned block = c.line;
	for (struct slice rest = n->text; rest.len > 0;) {
		struct slice raw = raw_line(&c), line = text_line(&rest);
		if (line.len == 0)
			continue;
		if (raw.len < line.len || !is_indented_by(raw, line, raw.len - line.len))
			return;
		n->indent = (unsigned)(raw.len - line.len);
		break;
	}
	n->block = block;
}
