// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_AUDITD_H
#define CONF_AUDITD_H

#include "conf/decode.h"

/*
 * Gardener's Auditd (gardener.md 1.2): audit rules, as they stand under
 * data.auditd of a ConfigMap. The rules themselves are not looked at here.
 */
struct auditd {
	char *audit_rules; /* owned */
};

#define AUDIT_RULES_MAX (1 << 20) /* bytes: what a ConfigMap holds */

extern const struct schema auditd_schema;

/* As decode_run; out is cleared first, and to be freed either way. */
int auditd_decode(const struct node *root, const char *path, struct auditd *out,
		  struct findings *f);
void auditd_free(struct auditd *a);

#endif
