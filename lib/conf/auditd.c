// SPDX-License-Identifier: Apache-2.0
#include "conf/auditd.h"

static const struct field auditd_fields[] = {
	{ .name = "auditRules", .kind = FIELD_STRING, .required = true,
	  .absent = CODE_AUDIT_RULES_EMPTY, .hint = "auditRules must not be empty",
	  .offset = offsetof(struct auditd, audit_rules), .max = AUDIT_RULES_MAX,
	  .about = "The node's audit rules, a line each, as auditctl takes them; written byte for byte." },
	{ 0 },
};

const struct schema auditd_schema = {
	.fields = auditd_fields, .size = sizeof(struct auditd),
	.api_version = "rsyslog-relp.extensions.gardener.cloud/v1alpha1", .kind = "Auditd",
	.about = "Audit rules for the nodes of a Shoot, as they stand under data.auditd of the ConfigMap that auditConfig refers to.",
};

int auditd_decode(const struct node *root, const char *path, struct auditd *out,
		  struct findings *f)
{
	*out = (struct auditd){ 0 };
	return decode_run(&auditd_schema, root, path, out, f);
}

void auditd_free(struct auditd *a)
{
	decode_free(&auditd_schema, a);
}
