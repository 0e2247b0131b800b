// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "record/regex_int.h"

#include <stdlib.h>

/*
 * Pattern to program in one walk, without a tree: what an operator applies to
 * is the last run of instructions, and all jumps are relative, so that a run
 * can be moved up by one to put a branch before it, and copied to repeat it.
 *
 * The walk is done twice. First inst is NULL and only the lengths are reckoned:
 * a{32767}{32767} is refused before memory is taken. Then it is built.
 *
 * The grammar is glibc's for regcomp(REG_EXTENDED): posix/regcomp.c with
 * RE_SYNTAX_POSIX_EXTENDED. Where POSIX leaves a choice, the comments tell it.
 *
 * One thing is not grammar. In glibc an assertion is without effect in the
 * second and further copies of what {} or + repeats, if what follows it
 * directly there is not a group: (^a){2} finds "aa". Rules in use were tried
 * with that, so it is so here; such an assertion is called frail below.
 */

#define DEPTH_MAX 1000
#define REPEAT_MAX 32767 /* RE_DUP_MAX of <regex.h> */
#define RX_FRAIL 1 /* jump of such an RX_ASSERT */
#define LEN_MAX ((uint64_t)1 << 40) /* lengths stop growing here, far above all that is built */

struct group {
	size_t at;	   /* of the '(' in the pattern */
	uint64_t start;	   /* its first instruction */
	uint64_t branch;   /* the first one of the present alternative */
	uint32_t branches; /* alternatives before that */
	uint32_t frail;	   /* how many frail assertions were before */
	bool asserted;	   /* is there an assertion directly before? */
};

struct parse {
	struct slice s;
	size_t at;
	struct err *e;
	struct regex_inst *inst; /* NULL: only counting */
	struct regex_set *sets;
	uint64_t n, peak;
	uint32_t n_sets;
	struct group *groups; /* [0] is the whole pattern */
	size_t depth, groups_cap;
	bool atom;     /* is there something to repeat? */
	uint64_t from; /* where it starts */
	bool from_asserted;  /* is there an assertion directly before? */
	uint32_t from_frail; /* how many frail assertions were before */
	uint32_t frail, voided;
	bool asserted; /* was the last thing in this alternative an assertion? */
};

int regex_error(struct err *e, size_t at, const char *what)
{
	return err_code(e, (int)at + 1, "%s (byte %zu)", what, at + 1);
}

static void grow_by(struct parse *p, uint64_t more)
{
	p->n = p->n + more < LEN_MAX ? p->n + more : LEN_MAX;
	if (p->n > p->peak)
		p->peak = p->n;
}

static void emit(struct parse *p, enum regex_op op, unsigned arg, int64_t jump)
{
	if (p->inst != NULL) {
		p->inst[p->n] = (struct regex_inst){ .op = (uint8_t)op,
						     .arg = (uint8_t)arg,
						     .jump = (int32_t)jump };
	}
	grow_by(p, 1);
}

/* Puts a branch before the instructions from at on. */
static void emit_before(struct parse *p, uint64_t at, enum regex_op op, int64_t jump)
{
	if (p->inst != NULL) {
		memmove(p->inst + at + 1, p->inst + at, (p->n - at) * sizeof(p->inst[0]));
		p->inst[at] = (struct regex_inst){ .op = (uint8_t)op, .jump = (int32_t)jump };
	}
	grow_by(p, 1);
}

static void emit_copy(struct parse *p, uint64_t at, uint64_t len)
{
	for (uint64_t i = 0; p->inst != NULL && i < len; i++) {
		struct regex_inst in = p->inst[at + i];

		if (in.op == RX_ASSERT && in.jump == RX_FRAIL) {
			in = (struct regex_inst){ .op = RX_JUMP, .jump = 1 };
			p->voided++;
		}
		p->inst[p->n + i] = in;
	}
	grow_by(p, len);
}

/* The assertion just before the instruction at. */
static void mark_frail(struct parse *p, uint64_t at)
{
	if (p->inst != NULL)
		p->inst[at - 1].jump = RX_FRAIL;
	p->frail++;
}

static void emit_set(struct parse *p, const struct regex_set *set)
{
	if (p->inst != NULL)
		p->sets[p->n_sets] = *set;
	emit(p, RX_SET, 0, p->n_sets);
	p->n_sets++;
}

static void emit_class(struct parse *p, const char *name, const char *extra, bool negated)
{
	struct regex_set set = { 0 };

	regex_class(slice_str(name), &set);
	if (*extra != '\0')
		regex_set_add(&set, (uint8_t)*extra);
	for (int i = 0; negated && i < 4; i++)
		set.bits[i] = ~set.bits[i];
	emit_set(p, &set);
}

/* How long the last len instructions become when repeated. */
static uint64_t repeated_len(uint64_t len, uint64_t min, int max, bool frail)
{
	uint64_t n;

	if (max < 0)
		n = min == 0 ? len + 2 : len * min + 1 + (frail ? len + 1 : 0);
	else
		n = len * min + (len + 1) * ((uint64_t)max - min);
	return n < LEN_MAX ? n : LEN_MAX;
}

/* x{0} */
static void drop_atom(struct parse *p)
{
	p->n = p->from;
	p->asserted = p->from_asserted;
	if (p->asserted && p->inst != NULL)
		p->inst[p->n - 1].jump = 0;
}

/*
 * n SKIPs in front of n bodies of len instructions, of which the first may be
 * there already: (((x)?x)?x)?, which is glibc's order.
 */
static void emit_optional(struct parse *p, uint64_t at, int64_t n, int64_t len)
{
	for (int64_t i = n - 1; i >= 0; i--)
		emit_before(p, at, RX_SKIP, n - i + (n - i) * len);
}

/* x{min,max} on the last atom; max -1: without end. */
static void repeat(struct parse *p, uint64_t min, int max)
{
	uint64_t from = p->from, len = p->n - from;
	bool frail = p->frail != p->from_frail && min == 1 && max < 0;
	uint64_t total = repeated_len(len, min, max, frail);

	if (max == 0)
		drop_atom(p);
	else if (min == 0 && p->from_asserted)
		mark_frail(p, from);
	if (max == 0 || len == 0)
		return;
	if (p->inst == NULL) {
		grow_by(p, total - len);
		return;
	}
	for (uint64_t i = 1; i < min; i++)
		emit_copy(p, from, len);
	if (max < 0 && min == 0)
		emit_before(p, from, RX_SKIP, (int64_t)total);
	if (max < 0 && frail) {
		emit(p, RX_SKIP, 0, (int64_t)len + 2);
		emit_copy(p, from, len);
	}
	if (max < 0)
		emit(p, RX_BACK, 0, -(int64_t)len);

	int64_t optional = max < 0 ? 0 : max - (int64_t)min;
	uint64_t body = min == 0 ? from + (uint64_t)optional : from;

	emit_optional(p, min == 0 ? from : p->n, optional, (int64_t)len);
	while (p->n < from + total)
		emit_copy(p, body, len);
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

/* RE_CONTEXT_INVALID_OPS: an operator without operand is no literal. One behind an anchor has none. */
static int parse_repeat(struct parse *p, char c)
{
	if (!p->atom) {
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
		return regex_error(p->e, p->at - 1, "more than 1000 levels of '('");
	if (p->depth == p->groups_cap) {
		p->groups_cap = p->groups_cap * 2 + 8;
		p->groups = mem_grow(p->groups, p->groups_cap * sizeof(p->groups[0]));
	}
	p->groups[p->depth++] = (struct group){ .at = p->at - 1,
						.start = p->n,
						.branch = p->n,
						.frail = p->frail,
						.asserted = p->asserted };
	p->atom = false;
	p->asserted = false;
	return 0;
}

/* At '|': the jump behind the alternative is set when the group's end is known. */
static void group_next(struct parse *p)
{
	struct group *g = &p->groups[p->depth - 1];

	emit_before(p, g->branch, RX_ALT, (int64_t)(p->n - g->branch) + 2);
	emit(p, RX_JUMP, 0, 0);
	g->branch = p->n;
	g->branches++;
	p->atom = false;
	p->asserted = false;
}

static void group_close(struct parse *p)
{
	const struct group *g = &p->groups[--p->depth];
	uint64_t at = g->start;

	for (uint32_t i = 0; p->inst != NULL && i < g->branches; i++) {
		at += (uint64_t)p->inst[at].jump;
		p->inst[at - 1].jump = (int32_t)(p->n - at) + 1;
	}
	p->from = g->start;
	p->from_asserted = g->asserted;
	p->from_frail = g->frail;
	p->atom = true;
	p->asserted = false;
}

static void emit_assert(struct parse *p, enum regex_assert which)
{
	emit(p, RX_ASSERT, which, 0);
	p->atom = false;
	p->asserted = true;
}

/* The GNU operators; what has no meaning stands for itself: \d is "d", \n is "n". */
static int parse_escape(struct parse *p)
{
	if (p->at == p->s.len)
		return regex_error(p->e, p->at - 1, "nothing behind the last '\\'");
	uint8_t c = (uint8_t)p->s.p[p->at++];

	if (c >= '1' && c <= '9') {
		return regex_error(p->e, p->at - 2,
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
	default: emit(p, RX_BYTE, c, 0);
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
				emit(p, RX_BYTE, b, 0);
		}
	} else {
		emit_set(p, &set);
	}
	return 0;
}

/* Anything but operators and groups. */
static int parse_atom(struct parse *p, char c)
{
	p->from = p->n;
	p->from_asserted = p->asserted;
	p->from_frail = p->frail;
	if (p->asserted)
		mark_frail(p, p->n);
	p->asserted = false;
	p->atom = true;
	switch (c) {
	case '[': return parse_bracket(p);
	case '\\': return parse_escape(p);
	case '^': emit_assert(p, RX_BEGIN); return 0;
	case '$': emit_assert(p, RX_END); return 0;
	case '.': emit(p, RX_ANY, 0, 0); return 0;
	default: emit(p, RX_BYTE, (uint8_t)c, 0); return 0;
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
	emit(p, RX_MATCH, 0, 0);
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
	*need = count.peak;
	if (count.peak > inst_max)
		return 0;

	struct parse build = { .s = pattern, .e = e };

	build.inst = mem_alloc((size_t)count.peak * sizeof(build.inst[0]));
	build.sets = mem_alloc(count.n_sets * sizeof(build.sets[0]));
	rc = parse_all(&build);
	free(build.groups);
	invariant(rc == 0 && build.n == count.n && build.n_sets == count.n_sets);
	build.inst = mem_grow(build.inst, (size_t)build.n * sizeof(build.inst[0]));
	*out = (struct regex_prog){ .inst = build.inst,
				    .sets = build.sets,
				    .n = (uint32_t)build.n,
				    .n_sets = build.n_sets,
				    .voided = build.voided };
	return 0;
}
