// SPDX-License-Identifier: Apache-2.0
#include "validate/explain_int.h"

static const struct explain_row rows[] = {
	{ CODE_AUDIT_CONFIG_EMPTY, {
		.what =
			"`auditConfig` is there without `enabled`: audit is off.",
		.why =
			"Only where `auditConfig` is absent as a whole does Gardener turn audit on. `auditConfig:\n"
			"{}`, and one with a `configMapReferenceName` alone, mean `enabled: false`: the node loads no audit\n"
			"rules.",
		.mend =
			"Say what is meant:\n\n"
			"    auditConfig:\n"
			"      enabled: true",
	} },
	{ CODE_AUDIT_REFERENCE_IGNORED, {
		.what =
			"`configMapReferenceName` is set, and audit is off: the rules are not used.",
		.why =
			"Without `enabled: true` Gardener neither looks at the ConfigMap nor brings its rules to the\n"
			"node.",
		.mend =
			"Add `enabled: true`, or remove the reference.",
	} },
	{ CODE_AUDIT_RULES_EMPTY, {
		.what =
			"`auditRules` is absent or empty.",
		.why =
			"Admission refuses the Shoot that refers to it.",
		.mend =
			"Write rules; or leave `configMapReferenceName` out, and Gardener brings its own:\n\n"
			"    auditRules: |\n"
			"      -a exit,always -F arch=b64 -S execve -F euid=0 -k root",
	} },
	{ CODE_AUDIT_RULES_NONE, {
		.what =
			"`auditRules` has no rule, only comments or blanks.",
		.why =
			"Admission looks for an empty text alone. These take the place of Gardener's own rules, so\n"
			"that nothing is audited.",
		.mend =
			"Write rules, or remove the reference and have Gardener's.",
	} },
};

const struct explain_group explain_audit = {
	.title = "auditConfig and Auditd",
	.rows = rows,
	.n = sizeof rows / sizeof rows[0],
};
