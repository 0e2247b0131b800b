// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_RULES_H
#define RECORD_RULES_H

#include "base/err.h"
#include "record/record.h"

#include <stdbool.h>

/*
 * loggingRules of Gardener's RsyslogRelpConfig: parts of a rule are joined by
 * and, rules are tried in order, the first that matches takes the record.
 */
struct rules;

struct rule_spec {
	const char *const *program_names; /* n_program_names of them; 0: any */
	size_t n_program_names;
	bool has_severity;
	int64_t severity; /* record's severity must be <= */
	const char *regex;   /* NULL: none */
	const char *exclude; /* NULL: none */
};

struct rules *rules_new(void);
void rules_free(struct rules *r);

/* Copies the spec. -1: a regex is refused; e->code is 1 for regex, 2 for exclude. */
int rules_add(struct rules *r, const struct rule_spec *spec, struct err *e);

#define RULES_NONE (-1)

/* The index of the rule that takes it, or RULES_NONE. Not const because of the regex' states. */
int rules_match(struct rules *r, const struct record *rec);

/*
 * For a person: for each rule in order, up to the one that takes it, why it does
 * not match, one line each ("rule 0: program \"x\" is none of \"a\", \"b\"").
 */
void rules_explain(struct rules *r, const struct record *rec, struct buf *out);

/*
 * Is this the name of an audit program (audisp-syslog, audispd, auditd, audit),
 * or an audit record that the kernel printed? (docs/WIRE.md, "Audit")
 */
bool rules_is_audit(const struct record *rec);

#endif
