// SPDX-License-Identifier: Apache-2.0
#include "gardener/spelling.h"

#include "gardener/posix.h"
#include "gardener/quote.h"
#include "gardener/spelling_int.h"

/*
 * The pattern is read by glibc's grammar (docs/REGEX.md) and written anew, as
 * little as possible: the first level that comes through is taken.
 */
enum level {
	DOLLARS,     /* only what rsyslog must not see */
	PARENTHESES, /* and what is a group or a class to one of them and not to the other */
	ALL,	     /* and every bracket expression anew, and repeats of more than 1000 */
	LEVELS
};

#define GO_REPEAT_MAX 1000
#define REPEAT_MAX 32767

struct writer {
	struct slice s;
	size_t at;
	enum level level;
	struct buf *out;
	size_t depth, closed; /* parentheses that are open; that are closed, for a back-reference to mean */
	bool asserted; /* was the last thing an assertion? */
	bool back_reference;
	size_t atom; /* where the last thing begins in out, if it matches one byte; else SIZE_MAX */
	bool repeatable;
};

bool gardener_rsyslog_reads(struct slice text)
{
	struct buf quoted = { 0 };
	bool fine = true;

	go_quote(&quoted, text);
	for (size_t i = 1; i < quoted.len && fine; i++) {
		fine = quoted.p[i] != '$';
		if (quoted.p[i] == '\\')
			fine = strchr("\\\"bnrtx", quoted.p[++i]) != NULL;
	}
	buf_free(&quoted);
	return fine;
}

/* What comes now matches one byte, or it is an assertion. */
static void begin(struct writer *w, bool assertion)
{
	w->atom = assertion ? SIZE_MAX : w->out->len;
	w->asserted = assertion;
	w->repeatable = !assertion;
}

static void copy(struct writer *w, size_t n)
{
	buf_add(w->out, w->s.p + w->at, n);
	w->at += n;
}

/* Behind a group, or where nothing is that could be repeated. */
static void mark(struct writer *w, bool repeatable)
{
	w->atom = SIZE_MAX;
	w->asserted = false;
	w->repeatable = repeatable;
}

static int write_escape(struct writer *w)
{
	if (w->at + 1 == w->s.len)
		return -1;
	char c = w->s.p[w->at + 1];
	const char *other = NULL;

	if (c == '$' || c == '\0' || (c >= '1' && c <= '9' && (size_t)(c - '0') > w->closed))
		return -1;
	begin(w, strchr("<>bB`'", c) != NULL);
	if (c >= '1' && c <= '9')
		w->atom = SIZE_MAX;
	if (w->level >= PARENTHESES && (c == '(' || c == ')' || c == '['))
		other = c == '(' ? "[(]" : c == ')' ? "[)]" : "[[]";
	if (w->level == ALL && c == '{')
		other = "[{]";
	if (other == NULL) {
		copy(w, 2);
		return 0;
	}
	buf_add_str(w->out, other);
	w->at += 2;
	return 0;
}

static int write_bracket(struct writer *w)
{
	size_t end = w->at;
	struct byte_set set;
	/* Parentheses bring an assertion before them to life, see docs/REGEX.md, and are counted.
	 */
	bool group = !w->asserted && !w->back_reference;

	if (bracket_read(w->s, &end, &set) < 0)
		return -1;
	begin(w, false);
	if (w->level < ALL && memchr(w->s.p + w->at, '$', end - w->at) == NULL) {
		copy(w, end - w->at);
		return 0;
	}
	w->at = end;
	return bracket_write(&set, group, w->out);
}

/*
 * A number of an interval, up to and with what ends it, which goes to *end. As to
 * glibc, "\," and "\0" are as good as "," and "0". -1: there is none, -2: it is wrong.
 */
static int read_number(const struct writer *w, size_t *at, char *end)
{
	int n = -1;

	while (*at < w->s.len) {
		char c = w->s.p[(*at)++];
		bool escaped = c == '\\' && *at < w->s.len;

		if (escaped)
			c = w->s.p[(*at)++];
		*end = c;
		if (c == ',' || (c == '}' && !escaped))
			return n;
		if (c < '0' || c > '9' || (escaped && c != '0'))
			return -2;
		n = (n < 0 ? 0 : n * 10) + (c - '0');
		if (n > REPEAT_MAX)
			return -2;
	}
	return -2;
}

/* At '{': what it says, and where it ends. *max -1: without end. */
static int read_interval(const struct writer *w, int *min, int *max, size_t *end)
{
	char last = '\0';

	*end = w->at + 1;
	*min = *max = read_number(w, end, &last);
	if (*min == -2 || (*min == -1 && last == '}'))
		return -1;
	if (*min == -1)
		*min = 0;
	if (last == ',')
		*max = read_number(w, end, &last);
	return last != '}' || *max == -2 || (*max >= 0 && *max < *min) ? -1 : 0;
}

static void repeat_atom(struct writer *w, struct slice atom, const char *low, int n)
{
	for (; n > 0; n -= GO_REPEAT_MAX) {
		buf_add_slice(w->out, atom);
		buf_printf(w->out, "{%s%d}", low, n < GO_REPEAT_MAX ? n : GO_REPEAT_MAX);
	}
}

/* x{2500} becomes x{1000}x{1000}x{500}, x{10,1500} x{10}x{0,1000}x{0,490}. */
static void write_many(struct writer *w, int min, int max)
{
	struct buf atom = { 0 };

	buf_add(&atom, w->out->p + w->atom, w->out->len - w->atom);
	w->out->len = w->atom;
	repeat_atom(w, buf_slice(&atom), "", min);
	if (max < 0) {
		buf_add_slice(w->out, buf_slice(&atom));
		buf_add_char(w->out, '*');
	} else {
		repeat_atom(w, buf_slice(&atom), "0,", max - min);
	}
	buf_free(&atom);
}

static int write_interval(struct writer *w)
{
	size_t end;
	int min, max;

	if (read_interval(w, &min, &max, &end) < 0)
		return -1;
	if (w->level < ALL || w->atom == SIZE_MAX ||
	    (min <= GO_REPEAT_MAX && max <= GO_REPEAT_MAX)) {
		copy(w, end - w->at);
		w->atom = SIZE_MAX;
		return 0;
	}
	w->at = end;
	write_many(w, min, max);
	mark(w, false); /* one more repeat would be of all that: not known here */
	return 0;
}

static int write_repeat(struct writer *w, char c)
{
	if (!w->repeatable)
		return -1;
	if (c == '{')
		return write_interval(w);
	copy(w, 1);
	w->atom = SIZE_MAX;
	return 0;
}

static int write_close(struct writer *w)
{
	if (w->depth > 0) {
		w->depth--;
		w->closed++;
		copy(w, 1);
		mark(w, true);
		return 0;
	}
	begin(w, false); /* to glibc it stands for itself */
	if (w->level == DOLLARS) {
		copy(w, 1);
		return 0;
	}
	buf_add_str(w->out, "[)]");
	w->at++;
	return 0;
}

static int write_one(struct writer *w)
{
	char c = w->s.p[w->at];

	switch (c) {
	case '\0': return -1;
	case '\\': return write_escape(w);
	case '[': return write_bracket(w);
	case '*':
	case '+':
	case '?':
	case '{': return write_repeat(w, c);
	case ')': return write_close(w);
	case '(': w->depth++; /* falls through */
	case '|':
		copy(w, 1);
		mark(w, false);
		return 0;
	case '$':
		begin(w, true);
		buf_add_str(w->out, "\\'");
		w->at++;
		return 0;
	default:
		begin(w, c == '^');
		copy(w, 1);
		return 0;
	}
}

/* Any \1 to \9. Where it is none after all, as in [\1], we are too careful. */
static bool has_back_reference(struct slice s)
{
	for (size_t i = 0; i + 1 < s.len; i++) {
		if (s.p[i] == '\\' && s.p[i + 1] >= '1' && s.p[i + 1] <= '9')
			return true;
	}
	return false;
}

static int write_all(struct slice text, enum level level, struct buf *out)
{
	struct writer w = {
		.s = text,
		.level = level,
		.out = out,
		.atom = SIZE_MAX,
		.back_reference = has_back_reference(text),
	};

	while (w.at < text.len) {
		if (write_one(&w) < 0)
			return -1;
	}
	return w.depth == 0 ? 0 : -1;
}

int gardener_regex_spelling(struct slice text, struct buf *out)
{
	struct buf made = { 0 };
	int rc = -1;

	for (int level = DOLLARS; level < LEVELS && rc < 0; level++) {
		made.len = 0;
		if (write_all(text, (enum level)level, &made) < 0)
			break;
		if (gardener_rsyslog_reads(buf_slice(&made)) &&
		    gardener_regex_check(buf_slice(&made), NULL) == 0)
			rc = 0;
	}
	if (rc == 0)
		buf_add_slice(out, buf_slice(&made));
	buf_free(&made);
	return rc;
}
