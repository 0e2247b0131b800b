// SPDX-License-Identifier: Apache-2.0
#include "base/opt.h"

#include <string.h>

#define COLUMNS 80
#define MAN_COLUMNS 72 /* escapes make lines of a man page longer: mandoc wants 80 bytes at most */
#define LEFT_MAX 30 /* an option that is longer has its help begin on the next line */

/* How many columns a text takes: its characters, those of several bytes once. */
static size_t columns(struct slice s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static void spaces(struct buf *out, size_t n)
{
	while (n--)
		buf_add_char(out, ' ');
}

/*
 * The words of text from column `at` on, broken before the 80th column, further
 * lines beginning at `indent`; and a line feed.
 */
static void wrapped(struct buf *out, size_t at, size_t indent, const char *text)
{
	bool fresh = true; /* no word in this line yet */
	for (;;) {
		text += strspn(text, " ");
		struct slice word = slice_of(text, strcspn(text, " "));
		if (word.len == 0)
			break;
		size_t width = columns(word);
		if (!fresh && at + 1 + width >= COLUMNS) {
			buf_add_char(out, '\n');
			spaces(out, indent);
			at = indent;
			fresh = true;
		}
		if (!fresh) {
			buf_add_char(out, ' ');
			at++;
		}
		buf_add_slice(out, word);
		at += width;
		fresh = false;
		text += word.len;
	}
	buf_add_char(out, '\n');
}

/* "  -f, --file FILE" */
static void left_side(const struct opt *o, struct buf *out)
{
	if (o->letter)
		buf_printf(out, "  -%c, --%s", o->letter, o->name);
	else
		buf_printf(out, "      --%s", o->name);
	const char *arg = o->arg ? o->arg : o->choices;
	if (arg)
		buf_printf(out, " %s", arg);
}

/* The help sentence with choices and what is taken when absent. */
static void right_side(const struct opt *o, struct buf *out)
{
	buf_add_str(out, o->help);
	bool choices = o->choices && o->arg; /* else they stand on the left */
	if (choices)
		buf_printf(out, " (%s", o->choices);
	if (o->fallback)
		buf_printf(out, "%sdefault: %s", choices ? "; " : " (", o->fallback);
	if (choices || o->fallback)
		buf_add_char(out, ')');
}

static void help_option(const struct opt *o, size_t indent, struct buf *out)
{
	struct buf text = { 0 };
	left_side(o, &text);
	buf_add_slice(out, buf_slice(&text));
	size_t at = columns(buf_slice(&text));
	if (at + 2 > indent) {
		buf_add_char(out, '\n');
		at = 0;
	}
	spaces(out, indent - at);
	text.len = 0;
	right_side(o, &text);
	wrapped(out, indent, indent, buf_cstr(&text));
	buf_free(&text);
}

/* Where the help begins: two columns behind the longest option that is not too long. */
static size_t help_indent(const struct opt *opts)
{
	size_t longest = 0;
	struct buf text = { 0 };
	for (const struct opt *o = opts; o->name; o++) {
		text.len = 0;
		left_side(o, &text);
		size_t n = columns(buf_slice(&text));
		if (n > longest && n <= LEFT_MAX)
			longest = n;
	}
	buf_free(&text);
	return longest ? longest + 2 : 10;
}

void opt_help(const struct opt_command *c, struct buf *out)
{
	size_t start = out->len;
	buf_add_str(out, "Usage: relpbox ");
	if (c->name)
		buf_printf(out, "%s ", c->name);
	size_t at = out->len - start;
	wrapped(out, at, at, c->synopsis);
	buf_add_char(out, '\n');
	wrapped(out, 0, 0, c->summary);
	if (c->opts && c->opts->name) {
		buf_add_str(out, "\nOptions:\n");
		size_t indent = help_indent(c->opts);
		for (const struct opt *o = c->opts; o->name; o++)
			help_option(o, indent, out);
	}
	if (c->notes) {
		buf_printf(out, "\n%s", c->notes);
		if (out->p[out->len - 1] != '\n')
			buf_add_char(out, '\n');
	}
}

/* Text for mdoc(7): no backslash is an escape, no hyphen a dash, no first character a request. */
static void man_text(struct buf *out, struct slice s)
{
	if (s.len && (*s.p == '.' || *s.p == '\''))
		buf_add_str(out, "\\&");
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\')
			buf_add_str(out, "\\e");
		else if (s.p[i] == '-')
			buf_add_str(out, "\\-");
		else
			buf_add_char(out, s.p[i]);
	}
}

/* One sentence from words without a final stop: its first letter a capital, broken into lines. */
static void man_sentence(struct buf *out, const char *text)
{
	size_t at = 0;
	for (bool first = true;; first = false) {
		text += strspn(text, " ");
		struct slice word = slice_of(text, strcspn(text, " "));
		if (word.len == 0)
			break;
		if (at)
			buf_add_char(out, at + columns(word) < MAN_COLUMNS ? ' ' : '\n');
		at = at && at + columns(word) < MAN_COLUMNS ? at + 1 : 0;
		at += columns(word);
		text += word.len;
		if (first && *word.p >= 'a' && *word.p <= 'z') {
			buf_add_char(out, (char)(*word.p - 'a' + 'A'));
			word = slice_of(word.p + 1, word.len - 1);
		}
		man_text(out, word);
	}
	buf_add_str(out, ".\n");
}

/* The same as one argument of a macro: in quotes, so that it is never taken for a macro. */
static void man_arg(struct buf *out, const char *s)
{
	buf_add_str(out, " \"");
	if (strlen(s) < 4)
		buf_add_str(out, "\\&"); /* a macro's name or punctuation, even in quotes */
	for (; *s; s++) {
		if (*s == '"')
			buf_add_str(out, "\\(dq");
		else
			man_text(out, slice_of(s, 1));
	}
	buf_add_char(out, '"');
}

static void man_option(const struct opt *o, struct buf *out)
{
	buf_add_str(out, ".It");
	if (o->letter)
		buf_printf(out, " Fl %c ,", o->letter);
	buf_printf(out, " Fl -%s", o->name);
	const char *arg = o->arg ? o->arg : o->choices;
	if (arg) {
		buf_add_str(out, " Ar");
		man_arg(out, arg);
	}
	buf_add_char(out, '\n');
	man_sentence(out, o->help);
	if (o->choices && o->arg) {
		buf_add_str(out, "One of\n.Ql");
		man_arg(out, o->choices);
		buf_add_str(out, " .\n");
	}
	if (o->fallback && strchr(o->fallback, ' ')) { /* words, not a value to type */
		buf_add_str(out, "The default is\n");
		man_text(out, slice_str(o->fallback));
		buf_add_str(out, ".\n");
	} else if (o->fallback) {
		buf_add_str(out, "The default is\n.Ql");
		man_arg(out, o->fallback);
		buf_add_str(out, " .\n");
	}
}

void opt_man(const struct opt_command *c, struct buf *out)
{
	if (!c->opts || !c->opts->name)
		return;
	buf_add_str(out, ".Sh OPTIONS\n.Bl -tag -width Ds\n");
	for (const struct opt *o = c->opts; o->name; o++)
		man_option(o, out);
	buf_add_str(out, ".El\n");
}

void opt_complete(const struct opt_command *c, struct buf *out)
{
	for (const struct opt *o = c->opts; o && o->name; o++) {
		buf_printf(out, "--%s\n", o->name);
		if (o->letter)
			buf_printf(out, "-%c\n", o->letter);
		for (const char *p = o->choices; p;) {
			int n = (int)strcspn(p, "|");
			buf_printf(out, "--%s=%.*s\n", o->name, n, p);
			p = p[n] ? p + n + 1 : NULL;
		}
	}
}
