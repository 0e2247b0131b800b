// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "record/regex_int.h"

#include <stdlib.h>

/*
 * Pattern to program in one walk, which is done twice: first only lengths are
 * reckoned, so that a{32767}{32767} is refused before memory is taken.
 *
 * The grammar is glibc's for regcomp(REG_EXTENDED): posix/regcomp.c with
 * RE_SYNTAX_POSIX_EXTENDED. Where POSIX leaves a choice, the comments tell it.
 */

#define DEPTH_MAX 1000
#define REPEAT_MAX 32767 /* RE_DUP_MAX of <regex.h> */

struct group {
	size_t at;		/* of the '(' in the pattern */
	struct regex_atom atom; /* the group itself */
	uint64_t branch;	/* the first instruction of the present alternative */
	uint32_t branches;	/* alternatives before that */
};

struct parse {
	struct slice s;
	size_t at;
	struct err *e;
	struct regex_build b;
	struct group *groups; /* [0] is the whole pattern */
	size_t depth, groups_cap;
	size_t closed; /* groups that a back-reference could mean */
	bool repeatable;	/* is there something to repeat: */
	struct regex_atom atom;
	bool asserted; /* was the last thing in this alternative an assertion? */
};

/* What glibc takes, and we do not. */
static int regex_limit(struct err *e, size_t at, const char *what)
{
	regex_error(e, at, what);
	if (e)
		e->code = -e->code;
	return -1;
}

int regex_error(struct err *e, size_t at, const char *what)
{
	return err_code(e, (int)at + 1, "%s (byte %zu)", what, at + 1);
}

static void emit_class(struct parse *p, const char *name, const char *extra, bool negated)
{
	struct regex_set set = { 0 };

	regex_class(slice_str(name), &set);
	if (*extra != '\0')
		regex_set_add(&set, (uint8_t)*extra);
	for (int i = 0; negated && i < 4; i++)
		set.bits[i] = ~set.bits[i];
	regex_emit_set(&p->b, &set);
}

/* x{min,max} on the last atom; max -1: without end. */
static void repeat(struct parse *p, uint64_t min, int max)
{
	if (max == 0) {
		regex_drop(&p->b, &p->atom);
		p->asserted = p->atom.asserted;
	} else {
		regex_repeat(&p->b, &p->atom, min, max);
	}
}

/*
 * One number of an interval, up to and with the ',' or '}' that ends it, which
 * goes to *end. Returns -1: no digits, -2: no number, -3: the pattern's end.
 * As in glibc, "\," and "\0" are as good as "," and "0" here.
 */
static int interval_number(struct parse *p, char *end)
{
	int n = -1;

	while (p->at < p->s.len) {
		char c = p->s.p[p->at++];
		bool escaped = c == '\\' && p->at < p->s.len;

		if (escaped)
			c = p->s.p[p->at++];
		*end = c;
		if (c == ',' || (c == '}' && !escaped))
			return n;
		if (c < '0' || c > '9' || (escaped && c != '0') || n == -2)
			n = -2;
		else
			n = (n < 0 ? 0 : n * 10) + (c - '0');
		if (n > REPEAT_MAX)
			n = REPEAT_MAX + 1;
	}
	return -3;
}

/* Behind '{'. An interval that is none is an error: not RE_INVALID_INTERVAL_ORD. */
static int parse_interval(struct parse *p)
{
	size_t open = p->at - 1;
	char end = '\0';
	int min = interval_number(p, &end);

	if (min == -1 && end == '}')
		return regex_error(p->e, open, "no number in '{}'");
	int max = min;

	if (min == -1)
		min = 0;
	if (min >= 0 && end == ',')
		max = interval_number(p, &end);
	if (min == -3 || max == -3)
		return regex_error(p->e, open, "'{' is not closed by '}'");
	if (min == -2 || max == -2 || end != '}')
		return regex_error(p->e, open, "'{' is not followed by N}, N,} or N,M}");
	if (max >= 0 && min > max)
		return regex_error(p->e, open, "the first number in '{}' is above the second");
	if (min > REPEAT_MAX || max > REPEAT_MAX)
		return regex_error(p->e, open, "a number in '{}' is above 32767");
	repeat(p, (uint64_t)min, max);
	return 0;
}

/* RE_CONTEXT_INVALID_OPS: an operator without operand is no literal. An anchor is no operand. */
static int parse_repeat(struct parse *p, char c)
{
	if (!p->repeatable) {
		return regex_error(p->e, p->at - 1,
				   c == '*'	? "nothing before '*' that it could repeat"
				   : c == '+'	? "nothing before '+' that it could repeat"
				   : c == '?'	? "nothing before '?' that it could repeat"
						: "nothing before '{' that it could repeat");
	}
	if (c == '{')
		return parse_interval(p);
	repeat(p, c == '+', c == '?' ? 1 : -1);
	return 0;
}

static int group_open(struct parse *p)
{
	if (p->depth > DEPTH_MAX)
		return regex_limit(p->e, p->at - 1, "more than 1000 levels of '('");
	if (p->depth == p->groups_cap) {
		p->groups_cap = p->groups_cap * 2 + 8;
		p->groups = mem_grow(p->groups, p->groups_cap * sizeof(p->groups[0]));
	}
	p->groups[p->depth++] = (struct group){
		.at = p->at - 1,
		.atom = { .from = p->b.n, .frail = p->b.frail, .asserted = p->asserted },
		.branch = p->b.n,
	};
	p->repeatable = false;
	p->asserted = false;
	return 0;
}

/* At '|': the jump behind the alternative is set when the group's end is known. */
static void group_next(struct parse *p)
{
	struct group *g = &p->groups[p->depth - 1];

	regex_emit_before(&p->b, g->branch, RX_ALT, (int64_t)(p->b.n - g->branch) + 2);
	regex_emit(&p->b, RX_JUMP, 0, 0);
	g->branch = p->b.n;
	g->branches++;
	p->repeatable = false;
	p->asserted = false;
}

static void group_close(struct parse *p)
{
	const struct group *g = &p->groups[--p->depth];
	p->closed++;
	struct regex_inst *inst = p->b.inst;
	uint64_t at = g->atom.from;

	for (uint32_t i = 0; inst != NULL && i < g->branches; i++) {
		at += (uint64_t)inst[at].jump;
		inst[at - 1].jump = (int32_t)(p->b.n - at) + 1;
	}
	p->atom = g->atom;
	p->repeatable = true;
	p->asserted = false;
}

static void emit_assert(struct parse *p, enum regex_assert which)
{
	regex_emit(&p->b, RX_ASSERT, which, 0);
	p->repeatable = false;
	p->asserted = true;
}

/* The GNU operators; what has no meaning stands for itself: \d is "d", \n is "n". */
static int parse_escape(struct parse *p)
{
	if (p->at == p->s.len)
		return regex_error(p->e, p->at - 1, "nothing behind the last '\\'");
	uint8_t c = (uint8_t)p->s.p[p->at++];

	if (c >= '1' && c <= '9') {
		if (c - '0' > (int)p->closed)
			return regex_error(p->e, p->at - 2, "no such group is closed before");
		return regex_limit(p->e, p->at - 2,
				   "back-references (\\1 to \\9) are not supported: "
				   "no search in linear time is known for them");
	}
	switch (c) {
	case '<': emit_assert(p, RX_WORD_OPEN); break;
	case '>': emit_assert(p, RX_WORD_SHUT); break;
	case 'b': emit_assert(p, RX_WORD_EDGE); break;
	case 'B': emit_assert(p, RX_WORD_SAME); break;
	case '`': emit_assert(p, RX_BEGIN); break;
	case '\'': emit_assert(p, RX_END); break;
	case 'w': emit_class(p, "alnum", "_", false); break;
	case 'W': emit_class(p, "alnum", "_", true); break;
	case 's': emit_class(p, "space", "", false); break;
	case 'S': emit_class(p, "space", "", true); break;
	default: regex_emit(&p->b, RX_BYTE, c, 0);
	}
	return 0;
}

static int parse_bracket(struct parse *p)
{
	struct regex_set set;

	if (regex_bracket(p->s, &p->at, &set, p->e) < 0)
		return -1;
	int count = 0;

	for (int i = 0; i < 4; i++)
		count += __builtin_popcountll(set.bits[i]);
	if (count == 1) { /* [.] is a way to write \. */
		for (unsigned b = 0; b < 256; b++) {
			if (regex_set_has(&set, (uint8_t)b))
				regex_emit(&p->b, RX_BYTE, b, 0);
		}
	} else {
		regex_emit_set(&p->b, &set);
	}
	return 0;
}

/* Anything but operators and groups. */
static int parse_atom(struct parse *p, char c)
{
	p->atom = (struct regex_atom){ .from = p->b.n,
				       .frail = p->b.frail,
				       .asserted = p->asserted };
	if (p->asserted)
		regex_mark_frail(&p->b, p->b.n);
	p->asserted = false;
	p->repeatable = true;
	switch (c) {
	case '[': return parse_bracket(p);
	case '\\': return parse_escape(p);
	case '^': emit_assert(p, RX_BEGIN); return 0;
	case '$': emit_assert(p, RX_END); return 0;
	case '.': regex_emit(&p->b, RX_ANY, 0, 0); return 0;
	default: regex_emit(&p->b, RX_BYTE, (uint8_t)c, 0); return 0;
	}
}

static int parse_one(struct parse *p)
{
	char c = p->s.p[p->at++];

	switch (c) {
	case '\0': return regex_error(p->e, p->at - 1, "a byte 0");
	case '*':
	case '+':
	case '?':
	case '{': return parse_repeat(p, c);
	case '|': group_next(p); return 0;
	case '(': return group_open(p);
	case ')':
		if (p->depth > 1) {
			group_close(p);
			return 0;
		}
		return parse_atom(p, c); /* RE_UNMATCHED_RIGHT_PAREN_ORD */
	default: return parse_atom(p, c);
	}
}

static int parse_all(struct parse *p)
{
	p->at = 1; /* as if there were a '(' before the pattern */
	group_open(p);
	p->at = 0;
	while (p->at < p->s.len) {
		if (parse_one(p) < 0)
			return -1;
	}
	if (p->depth > 1) {
		return regex_error(p->e, p->groups[p->depth - 1].at, "'(' is not closed by ')'");
	}
	group_close(p);
	regex_emit(&p->b, RX_MATCH, 0, 0);
	return 0;
}

int regex_parse(struct slice pattern, uint64_t inst_max, struct regex_prog *out, uint64_t *need,
		struct err *e)
{
	struct parse count = { .s = pattern, .e = e };

	*out = (struct regex_prog){ 0 };
	int rc = parse_all(&count);

	free(count.groups);
	if (rc < 0)
		return -1;
	*need = count.b.peak;
	if (count.b.peak > inst_max)
		return 0;

	struct parse build = { .s = pattern, .e = e };
	struct regex_build *b = &build.b;

	b->inst = mem_alloc((size_t)count.b.peak * sizeof(b->inst[0]));
	b->sets = mem_alloc(count.b.n_sets * sizeof(b->sets[0]));
	rc = parse_all(&build);
	free(build.groups);
	invariant(rc == 0 && b->n == count.b.n && b->n_sets == count.b.n_sets);
	out->inst = mem_grow(b->inst, (size_t)b->n * sizeof(b->inst[0]));
	out->sets = b->sets;
	out->n = (uint32_t)b->n;
	out->n_sets = b->n_sets;
	out->voided = b->voided;
	return 0;
}
