// SPDX-License-Identifier: Apache-2.0
#include "conf/check_relp.h"

#include "gardener/quote.h"
#include "gardener/rsyslog_text.h"

#include <inttypes.h>
#include <stdio.h>

#define AUDIT_SEVERITY 6 /* audisp-syslog's LOG_INFO (gardener.md 3.10) */
#define COMPARED_MAX 4000000 /* program names, for rules that hide each other */

static const char *const audit_programs[] = { "audisp-syslog", "audispd" };

/* Is all of the rule in the model? What was wrong is not, and a rule without it would mean more. */
static bool is_whole(const struct node *item, const struct config_rule *r)
{
	const struct node *names = node_get(item, "programNames");
	const struct node *content = node_get(item, "messageContent");
	size_t n = names && names->kind == NODE_SEQ ? names->items.n : 0;
	if (item->kind != NODE_MAP || n != r->n_program_names)
		return false;
	if (node_is_set(item, "programNames") && names->kind != NODE_SEQ)
		return false;
	if (node_is_set(item, "severity") != r->has_severity)
		return false;
	if (!node_is_set(item, "messageContent"))
		return n > 0 || r->has_severity; /* else it asks for nothing, which is refused */
	return content->kind == NODE_MAP && node_is_set(content, "regex") == (r->regex != NULL) &&
	       node_is_set(content, "exclude") == (r->exclude != NULL);
}

static bool has_program(const struct config_rule *r, const char *name, size_t *compared)
{
	for (size_t i = 0; i < r->n_program_names; i++, ++*compared)
		if (strcmp(r->program_names[i], name) == 0)
			return true;
	return false;
}

static bool covers_programs(const struct config_rule *a, const struct config_rule *b, size_t *compared)
{
	if (a->n_program_names == 0)
		return true;
	if (b->n_program_names == 0)
		return false;
	for (size_t i = 0; i < b->n_program_names && *compared < COMPARED_MAX; i++)
		if (!has_program(a, b->program_names[i], compared))
			return false;
	return *compared < COMPARED_MAX;
}

static bool covers_severity(const struct config_rule *a, const struct config_rule *b)
{
	if (!a->has_severity || a->severity >= 7)
		return true;
	return b->has_severity && b->severity <= a->severity;
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Does a take everything that b would? */
static bool covers(const struct config_rule *a, const struct config_rule *b, size_t *compared)
{
	return (!a->regex || same_text(a->regex, b->regex)) &&
	       (!a->exclude || same_text(a->exclude, b->exclude)) && covers_severity(a, b) &&
	       covers_programs(a, b, compared);
}

static void check_hidden(struct decode *d, const struct node *list, const struct config *c)
{
	size_t compared = 0;
	for (size_t i = 1; i < c->n_rules; i++)
		for (size_t before = 0; before < i; before++) {
			const struct config_rule *a = &c->rules[before], *b = &c->rules[i];
			++compared;
			if (compared >= COMPARED_MAX)
				return;
			if (!is_whole(list->items.at[before], a) || !is_whole(list->items.at[i], b) ||
			    !covers(a, b, &compared))
				continue;
			size_t mark = decode_enter_index(d, i);
			decode_add(d, list->items.at[i], CODE_RULE_HIDDEN,
				   "it takes nothing: loggingRules[%zu] comes first and takes all that it would",
				   before);
			decode_leave(d, mark);
			break;
		}
}

/* --- audit records --------------------------------------------------------------- */

static const char *audit_program_of(const struct config_rule *r)
{
	size_t compared = 0;
	for (size_t i = 0; i < sizeof audit_programs / sizeof audit_programs[0]; i++)
		if (has_program(r, audit_programs[i], &compared))
			return audit_programs[i];
	return NULL;
}

/* A rule for the audit daemon's plugin that its records do not reach. False: there is none. */
static bool check_audit_severity(struct decode *d, const struct node *list, const struct config *c)
{
	bool any = false;
	for (size_t i = 0; i < c->n_rules; i++) {
		const struct config_rule *r = &c->rules[i];
		const char *program = audit_program_of(r);
		if (!program || !r->has_severity || r->severity >= AUDIT_SEVERITY)
			continue;
		size_t mark = decode_enter_index(d, i);
		decode_enter_key(d, "severity");
		decode_warn(d, node_get(list->items.at[i], "severity"), CODE_AUDIT_SEVERITY,
			    "%s logs audit records with severity %d: this rule forwards none of them",
			    program, AUDIT_SEVERITY);
		decode_leave(d, mark);
		any = true;
	}
	return any;
}

static bool may_take_audit(const struct config_rule *r)
{
	return (!r->has_severity || r->severity >= AUDIT_SEVERITY) &&
	       (r->n_program_names == 0 || audit_program_of(r));
}

static void check_audit_forwarded(struct decode *d, const struct node *list, const struct config *c)
{
	for (size_t i = 0; i < c->n_rules; i++)
		if (may_take_audit(&c->rules[i]) || !is_whole(list->items.at[i], &c->rules[i]))
			return;
	decode_add(d, list, CODE_AUDIT_NOT_FORWARDED,
		   "no rule takes audit records, and auditing is on, as it is without auditConfig too: they come from audisp-syslog with severity %d",
		   AUDIT_SEVERITY);
}

/* --- what becomes of a rule in rsyslog's file -------------------------------------- */

static void add_part(struct buf *line, const char *before, const char *text, const char *behind)
{
	struct slice so_far = buf_slice(line);
	if (so_far.len > strlen("if "))
		buf_add_str(line, " and ");
	buf_add_str(line, before);
	if (text)
		go_quote(line, slice_str(text));
	buf_add_str(line, behind);
}

/* `if EXPR then {`, as Gardener renders it (gardener.md 3.5). */
static void render_rule(struct buf *line, const struct config_rule *r)
{
	char severity[48];
	buf_add_str(line, "if ");
	if (r->n_program_names > 0) {
		buf_add_str(line, "$programname == [");
		for (size_t i = 0; i < r->n_program_names; i++) {
			buf_add_str(line, i ? "," : "");
			go_quote(line, slice_str(r->program_names[i]));
		}
		buf_add_char(line, ']');
	}
	if (r->has_severity) {
		snprintf(severity, sizeof severity, "$syslogseverity <= %" PRId64, r->severity);
		add_part(line, severity, NULL, "");
	}
	if (r->regex)
		add_part(line, "re_match($msg, ", r->regex, ") == 1");
	if (r->exclude)
		add_part(line, "re_match($msg, ", r->exclude, ") == 0");
	buf_add_str(line, " then {");
}

static void check_length(struct decode *d, const struct node *list, const struct config *c)
{
	struct buf line = { 0 };
	for (size_t i = 0; i < c->n_rules; i++) {
		struct slice token;
		size_t at = 0, mark;
		line.len = 0;
		render_rule(&line, &c->rules[i]);
		if (!rsyslog_torn(buf_slice(&line), &at, &token))
			continue;
		mark = decode_enter_index(d, i);
		decode_add(d, list->items.at[i], CODE_RULE_LONG,
			   "Gardener writes it as a line of %zu bytes; rsyslog reads %d at a time, and tears apart what stands there: make it several rules",
			   line.len, RSYSLOG_PIECE);
		decode_leave(d, mark);
	}
	buf_free(&line);
}

void check_rules(struct decode *d, const struct node *map, const struct config *c)
{
	const struct node *list = node_get(map, "loggingRules");
	if (!list || list->kind != NODE_SEQ || list->items.n != c->n_rules || c->n_rules == 0)
		return;
	size_t mark = decode_enter_key(d, "loggingRules");
	if (decode_wants(d, CODE_RULE_LONG))
		check_length(d, list, c);
	if (decode_lints(d)) {
		check_hidden(d, list, c);
		if (!check_audit_severity(d, list, c) && c->audit_enabled)
			check_audit_forwarded(d, list, c);
	}
	decode_leave(d, mark);
}
