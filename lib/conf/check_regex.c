// SPDX-License-Identifier: Apache-2.0
//
// messageContent's two patterns, as three read them: Gardener's admission (Go, over
// the quoted text), rsyslog's configuration file, and glibc's regcomp on the node.
#include "conf/check.h"

#include "base/esc.h"
#include "conf/path.h"
#include "gardener/posix.h"
#include "gardener/quote.h"
#include "gardener/rsyslog_text.h"
#include "gardener/spelling.h"
#include "record/regex.h"

#include <ctype.h>
#include <stdio.h>

/* 0; -1: glibc refuses it, on every node; -2: only we do. */
static int engine_takes(struct slice text, struct err *e)
{
	struct regex *re = regex_compile(text, REGEX_MEMORY_MAX, e);
	regex_free(re);
	return re ? 0 : e->code > 0 ? -1 : -2;
}

#define SPELLING_MAX 400 /* bytes: a longer one would have to be cut, and be good for nothing */

/* "; write "foo[(]bar", which means the same", where there is such a spelling. */
static void add_spelling(const struct decode *d, struct buf *out, struct slice text)
{
	struct buf other = { 0 };
	if (decode_shows(d, text) && gardener_regex_spelling(text, &other) == 0 &&
	    other.len <= SPELLING_MAX) {
		buf_add_str(out, "; write ");
		show_quoted_max(out, buf_slice(&other), SPELLING_MAX);
		buf_add_str(out, ", which means the same");
	}
	buf_free(&other);
}

/* What an engine says of v often holds a piece of it. */
static const char *shown(const struct decode *d, const struct node *v, const struct err *e)
{
	return decode_shows(d, v->text) ? e->text : NOT_SHOWN;
}

/*
 * Admission reports it as a value that is required. Where glibc takes the text,
 * the check is the one that is wrong: every backslash is doubled before it.
 */
static bool gardener_refuses(struct decode *d, const struct node *v, bool sound)
{
	struct err e;
	if (!decode_wants(d, CODE_REGEX) || gardener_regex_check(v->text, &e) == 0)
		return false;
	struct buf more = { 0 };
	if (sound) {
		buf_add_str(&more, " (rsyslog would take it: Gardener checks it with each backslash doubled)");
		add_spelling(d, &more, v->text);
	}
	decode_add(d, v, CODE_REGEX, "Required value: not a valid POSIX ERE regular expression: %s%s",
		   shown(d, v, &e), buf_cstr(&more));
	buf_free(&more);
	return true;
}

/* Gardener writes it in double quotes, as Go does; one bad text and rsyslog refuses the whole file. */
static void check_quoted(struct decode *d, const struct node *v, bool sound)
{
	struct buf quoted = { 0 }, read = { 0 }, more = { 0 };
	struct err e = { 0 };
	go_quote(&quoted, v->text);
	enum rsyslog_text verdict = rsyslog_read_quoted(buf_slice(&quoted), &read, &e);
	if (verdict == RSYSLOG_TEXT_REFUSED) {
		if (sound)
			add_spelling(d, &more, v->text);
		decode_invalid(d, v, CODE_REGEX_RSYSLOG,
			       "rsyslog cannot read it: it takes neither this rule nor anything behind it in its configuration, the host's own rules among that: %s%s",
			       shown(d, v, &e), buf_cstr(&more));
	} else if (verdict == RSYSLOG_TEXT_CHANGED) {
		decode_invalid(d, v, CODE_REGEX_RSYSLOG,
			       "rsyslog reads another text than this out of the file that Gardener writes: %s",
			       shown(d, v, &e));
	}
	buf_free(&more);
	buf_free(&read);
	buf_free(&quoted);
}

/* Letters and digits that a backslash gives a meaning: GNU's operators and back-references. */
static const char *escape_meant(char c)
{
	switch (c) {
	case 'd':
		return "[0-9]";
	case 'D':
		return "[^0-9]";
	case 'h':
		return "[[:blank:]]";
	case 't':
	case 'n':
	case 'r':
		return "#011, #012 or #015, as control characters are written in a message,";
	default:
		return NULL;
	}
}

/* In brackets a backslash stands for itself, and so does what follows. */
static size_t behind_bracket(struct slice s, size_t at)
{
	if (at < s.len && s.p[at] == '^')
		at++;
	if (at < s.len && s.p[at] == ']')
		at++;
	while (at < s.len && s.p[at] != ']') {
		bool class = s.p[at] == '[' && at + 1 < s.len && strchr(":.=", s.p[at + 1]);
		char end = class ? s.p[at + 1] : '\0';
		at += class ? 2 : 1;
		while (class && at + 1 < s.len && !(s.p[at] == end && s.p[at + 1] == ']'))
			at++;
		at += class ? 2 : 0;
	}
	return at;
}

static void check_escapes(struct decode *d, const struct node *v)
{
	struct slice s = v->text;
	for (size_t i = 0; i + 1 < s.len; i++) {
		char c = s.p[i + 1];
		if (s.p[i] == '[')
			i = behind_bracket(s, i + 1);
		if (i + 1 >= s.len || s.p[i] != '\\')
			continue;
		c = s.p[++i];
		if (!isalpha((unsigned char)c) || strchr("wWsSbB", c))
			continue;
		const char *meant = escape_meant(c);
		decode_warn(d, v, CODE_REGEX_ESCAPE, "\\%c is the letter %c in a POSIX regular expression%s%s%s",
			    c, c, meant ? ": write " : "", meant ? meant : "",
			    meant ? " if that is meant" : "");
		return;
	}
}

/* Behind the one character or bracket that follows "^"; 0: it is something else. */
static size_t behind_atom(struct slice s)
{
	if (s.p[1] == '[') {
		size_t end = behind_bracket(s, 2);
		return end < s.len ? end + 1 : 0;
	}
	return isalnum((unsigned char)s.p[1]) || strchr("_=<>@#%&,:;\"'!/~-", s.p[1]) ? 2 : 0;
}

static bool may_be_blank(struct slice atom)
{
	struct regex *re = regex_compile(atom, REGEX_MEMORY_MAX, NULL);
	bool blank = !re || regex_match(re, slice_str(" "));
	regex_free(re);
	return blank;
}

/* The text begins with the blank that follows the tag's colon: "^type=" is never found. */
static void check_anchor(struct decode *d, const struct node *v)
{
	struct slice s = v->text;
	size_t end = s.len >= 2 && s.p[0] == '^' ? behind_atom(s) : 0;
	bool optional = end < s.len && strchr("*?{", s.p[end]);
	if (end == 0 || optional || memchr(s.p, '|', s.len) || may_be_blank(slice_of(s.p + 1, end - 1)))
		return;
	decode_warn(d, v, CODE_REGEX_NEVER,
		    "it is found in no message: the text begins with the blank behind the tag's colon; write \"^ ...\"");
}

static void check_pattern(struct decode *d, const struct node *v)
{
	struct err e = { 0 };
	int engine = engine_takes(v->text, &e);
	bool refused = gardener_refuses(d, v, engine != -1);
	if (engine < 0 && !(engine == -1 && refused))
		decode_invalid(d, v, engine == -1 ? CODE_REGEX_SYNTAX : CODE_REGEX_RELPBOX, "%s",
			       shown(d, v, &e)); /* it names the byte */
	if (decode_wants(d, CODE_REGEX_RSYSLOG))
		check_quoted(d, v, engine != -1);
	if (!decode_lints(d) || engine < 0)
		return;
	check_escapes(d, v);
	check_anchor(d, v);
}

void check_regex(struct decode *d, const struct node *v)
{
	if (v->text.len == 0 && decode_lints(d))
		decode_warn(d, v, CODE_REGEX_EMPTY, "it is found in every message: the rule does not ask for any content");
	check_pattern(d, v);
}

void check_exclude(struct decode *d, const struct node *v)
{
	if (v->text.len == 0)
		decode_warn(d, v, CODE_EXCLUDE_EMPTY, "it is found in every message: the rule takes none");
	check_pattern(d, v);
}
