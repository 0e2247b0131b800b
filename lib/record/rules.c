// SPDX-License-Identifier: Apache-2.0
#include "record/rules.h"

#include "base/esc.h"
#include "base/mem.h"
#include "record/regex.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How much of a name or text from outside an explanation shows. */
#define SHOWN_MAX 200

enum { REFUSED_REGEX = 1, REFUSED_EXCLUDE = 2 };

struct rule {
	struct buf *programs;
	size_t n_programs;
	bool has_severity;
	int64_t severity;
	struct regex *regex;   /* NULL: any message */
	struct regex *exclude; /* NULL: none is left out */
	struct buf regex_text; /* for rules_explain */
	struct buf exclude_text;
};

struct rules {
	struct rule *rule;
	size_t n;
};

/* Why a rule does not take a record, in the order in which its parts are tried. */
enum verdict { TAKEN, OTHER_SEVERITY, OTHER_PROGRAM, NO_MATCH, EXCLUDED };

struct rules *rules_new(void)
{
	return mem_zero(1, sizeof(struct rules));
}

static void rule_clear(struct rule *r)
{
	for (size_t i = 0; i < r->n_programs; i++)
		buf_free(&r->programs[i]);
	free(r->programs);
	regex_free(r->regex);
	regex_free(r->exclude);
	buf_free(&r->regex_text);
	buf_free(&r->exclude_text);
}

void rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n; i++)
		rule_clear(&r->rule[i]);
	free(r->rule);
	free(r);
}

/* Compiles text, where there is any, into *out and keeps the words. */
static int compile(const char *text, struct regex **out, struct buf *words, int code, struct err *e)
{
	if (text == NULL)
		return 0;
	buf_add_str(words, text);
	*out = regex_compile(slice_str(text), REGEX_MEMORY_MAX, e);
	if (*out != NULL)
		return 0;
	if (e != NULL)
		e->code = code;
	return -1;
}

static void copy_programs(struct rule *rule, const struct rule_spec *spec)
{
	rule->programs = mem_zero(spec->n_program_names, sizeof(rule->programs[0]));
	rule->n_programs = spec->n_program_names;
	for (size_t i = 0; i < spec->n_program_names; i++)
		buf_add_str(&rule->programs[i], spec->program_names[i]);
}

int rules_add(struct rules *r, const struct rule_spec *spec, struct err *e)
{
	struct rule rule = { .has_severity = spec->has_severity, .severity = spec->severity };
	if (compile(spec->regex, &rule.regex, &rule.regex_text, REFUSED_REGEX, e) != 0 ||
	    compile(spec->exclude, &rule.exclude, &rule.exclude_text, REFUSED_EXCLUDE, e) != 0) {
		rule_clear(&rule);
		return -1;
	}
	copy_programs(&rule, spec);
	r->rule = mem_grow(r->rule, (r->n + 1) * sizeof(r->rule[0]));
	r->rule[r->n++] = rule;
	return 0;
}

static bool has_program(const struct rule *rule, struct slice program)
{
	for (size_t i = 0; i < rule->n_programs; i++)
		if (slice_eq(buf_slice(&rule->programs[i]), program))
			return true;
	return rule->n_programs == 0;
}

/* The cheap parts first; the order changes no verdict, as all must hold. */
static enum verdict try_rule(struct rule *rule, const struct record *rec)
{
	if (rule->has_severity && (int64_t)rec->severity > rule->severity)
		return OTHER_SEVERITY;
	if (!has_program(rule, rec->program))
		return OTHER_PROGRAM;
	if (rule->regex != NULL && !regex_match(rule->regex, rec->msg))
		return NO_MATCH;
	if (rule->exclude != NULL && regex_match(rule->exclude, rec->msg))
		return EXCLUDED;
	return TAKEN;
}

int rules_match(struct rules *r, const struct record *rec)
{
	for (size_t i = 0; i < r->n; i++)
		if (try_rule(&r->rule[i], rec) == TAKEN)
			return (int)i;
	return RULES_NONE;
}

static void add_quoted(struct buf *out, struct slice s)
{
	buf_add_char(out, '"');
	esc_add(out, s, SHOWN_MAX);
	buf_add_char(out, '"');
}

static void explain_program(struct buf *out, const struct rule *rule, struct slice program)
{
	buf_add_str(out, "program ");
	add_quoted(out, program);
	buf_add_str(out, rule->n_programs == 1 ? " is not " : " is none of ");
	for (size_t i = 0; i < rule->n_programs; i++) {
		if (i > 0)
			buf_add_str(out, ", ");
		add_quoted(out, buf_slice(&rule->programs[i]));
	}
}

static void explain_verdict(struct buf *out, const struct rule *rule, enum verdict verdict,
			    const struct record *rec)
{
	switch (verdict) {
	case TAKEN:
		buf_add_str(out, "takes it");
		break;
	case OTHER_SEVERITY:
		buf_printf(out, "severity %u is above %" PRId64, rec->severity, rule->severity);
		break;
	case OTHER_PROGRAM:
		explain_program(out, rule, rec->program);
		break;
	case NO_MATCH:
		buf_add_str(out, "the message has no match for regex ");
		add_quoted(out, buf_slice(&rule->regex_text));
		break;
	case EXCLUDED:
		buf_add_str(out, "the message matches exclude ");
		add_quoted(out, buf_slice(&rule->exclude_text));
		break;
	}
}

void rules_explain(struct rules *r, const struct record *rec, struct buf *out)
{
	for (size_t i = 0; i < r->n; i++) {
		enum verdict verdict = try_rule(&r->rule[i], rec);
		buf_printf(out, "rule %zu: ", i);
		explain_verdict(out, &r->rule[i], verdict, rec);
		buf_add_char(out, '\n');
		if (verdict == TAKEN)
			return;
	}
}
