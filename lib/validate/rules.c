// SPDX-License-Identifier: Apache-2.0
//
// The place for what is said of audit rules. Today: is there any?
#include "validate/internal.h"

static bool holds_rule(struct slice text)
{
	bool comment = false, begin = true;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];
		if (c == '\n') {
			begin = true;
			comment = false;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			comment = comment || (begin && c == '#');
			begin = false;
			if (!comment)
				return true;
		}
	}
	return false;
}

void judge_audit_rules(const struct node *value, const char *path, struct findings *f)
{
	if (!holds_rule(value->text))
		findings_add(f, value->line, value->col, CODE_AUDIT_RULES_NONE, path,
			     "there is no rule in it: the rules that the node has are taken away, and none is put in their place");
}
