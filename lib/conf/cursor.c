// SPDX-License-Identifier: Apache-2.0
#include "conf/cursor.h"

struct cursor cursor_at(struct slice text, unsigned line)
{
	return (struct cursor){ .text = text, .line = line, .col = 1 };
}

static bool is_continued(const struct cursor *c)
{
	return c->byte < c->text.len && ((unsigned char)c->text.p[c->byte] & 0xC0) == 0x80;
}

/* One character on. */
static void step(struct cursor *c)
{
	char at = c->text.p[c->byte++];
	c->index++;
	if (at == '\n' || (at == '\r' && (c->byte == c->text.len || c->text.p[c->byte] != '\n'))) {
		c->line++;
		c->col = 1;
		return;
	}
	while (is_continued(c))
		c->byte++;
	c->col++;
}

void cursor_to_index(struct cursor *c, size_t index)
{
	while (c->index < index && c->byte < c->text.len)
		step(c);
}

void cursor_to_byte(struct cursor *c, size_t byte)
{
	while (c->byte < byte && c->byte < c->text.len)
		step(c);
}

static bool holds(struct slice text, const char *word)
{
	return text.len > 0 && memmem(text.p, text.len, word, strlen(word)) != NULL;
}

bool has_hidden_breaks(struct slice text)
{
	return holds(text, "\xC2\x85") || holds(text, "\xE2\x80\xA8") ||
	       holds(text, "\xE2\x80\xA9");
}
