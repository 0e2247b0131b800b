// SPDX-License-Identifier: Apache-2.0
//
// RsyslogRelpConfig, as Gardener has it. Where that knows no upper limit, INT32_MAX is
// ours: seconds become milliseconds later.
#include "conf/check.h"
#include "conf/check_relp.h"
#include "conf/config_int.h"
#include "conf/yaml.h"

static const struct field content_fields[] = {
	{ .name = "regex", .kind = FIELD_STRING, .offset = offsetof(struct config_rule, regex),
	  .check = check_regex,
	  .about = "The message's text contains a match of this POSIX extended regular expression. Default: any text." },
	{ .name = "exclude", .kind = FIELD_STRING, .offset = offsetof(struct config_rule, exclude),
	  .check = check_exclude,
	  .about = "The message's text contains no match of this POSIX extended regular expression. Default: nothing is excluded." },
	{ 0 },
};

static void check_content(struct decode *d, const struct node *map, void *out)
{
	(void)out;
	if (!node_is_set(map, "regex") && !node_is_set(map, "exclude"))
		decode_required(d, map, CODE_REQUIRED, "either .regex or .exclude has to be provided");
}

/* Its fields are the rule's. */
static const struct schema content_schema = {
	.fields = content_fields, .check = check_content,
	.any_of = (const char *const[]){ "regex", "exclude", NULL },
};

static const struct field rule_fields[] = {
	{ .name = "programNames", .kind = FIELD_STRINGS,
	  .offset = offsetof(struct config_rule, program_names),
	  .count = offsetof(struct config_rule, n_program_names), .check = check_program_name,
	  .about = "The program is one of these, compared exactly. Default: any program." },
	{ .name = "severity", .kind = FIELD_INT, .offset = offsetof(struct config_rule, severity),
	  .present = FIELD_PRESENT(struct config_rule, has_severity), .min = INT64_MIN,
	  .max = INT64_MAX, .check = check_severity,
	  .about = "The message's severity is this or a smaller number: 0 emergency, 3 error, 4 warning, 6 informational (audit records), 7 debug. Default: any severity." },
	{ .name = "messageContent", .kind = FIELD_STRUCT, .offset = 0, .sub = &content_schema,
	  .about = "What the message's text must or must not contain; at least one of regex and exclude." },
	{ 0 },
};

/* An empty list of programs is none: then any program will do. */
static void check_rule(struct decode *d, const struct node *map, void *out)
{
	(void)out;
	const struct node *names = node_get(map, "programNames");
	bool empty = names && names->kind == NODE_SEQ && names->items.n == 0;
	bool others = node_is_set(map, "severity") || node_is_set(map, "messageContent");
	if (!others && (empty || !node_is_set(map, "programNames"))) {
		decode_required(d, map, CODE_REQUIRED,
				"at least one of .programNames, .messageContent, or .severity is required");
	} else if (empty) {
		size_t mark = decode_enter_key(d, "programNames");
		decode_warn(d, names, CODE_PROGRAM_NAMES_EMPTY, "an empty list stands for every program");
		decode_leave(d, mark);
	}
}

static const struct schema rule_schema = {
	.fields = rule_fields, .size = sizeof(struct config_rule), .check = check_rule,
	.any_of = (const char *const[]){ "programNames", "severity", "messageContent", NULL },
};

enum tls_auth config_tls_auth(const struct config_tls *t)
{
	return t->auth_mode && strcmp(t->auth_mode, "fingerprint") == 0 ? TLS_AUTH_FINGERPRINT
									: TLS_AUTH_NAME;
}

static const char *const auth_modes[] = { "fingerprint", "name", NULL };
static const char *const tls_libs[] = { "gnutls", "openssl", NULL };

static const struct field tls_fields[] = {
	{ .name = "enabled", .kind = FIELD_BOOL, .offset = offsetof(struct config_tls, enabled),
	  .present = FIELD_PRESENT(struct config_tls, enabled_set),
	  .about = "Send by TLS, 1.2 or 1.3. Default: false." },
	{ .name = "secretReferenceName", .kind = FIELD_STRING,
	  .offset = offsetof(struct config_tls, secret_reference_name),
	  .about = "The name in the Shoot's spec.resources of the Secret with ca, crt and key. relpbox on the node does not need it." },
	{ .name = "permittedPeer", .kind = FIELD_STRINGS,
	  .offset = offsetof(struct config_tls, permitted_peer),
	  .count = offsetof(struct config_tls, n_permitted_peer), .check = check_permitted_peer,
	  .max = TLS_PEERS_MAX,
	  .about = "Who the receiver may be: names, patterns such as *.example.com, or fingerprints, SHA1:HEX or SHA256:HEX. Default with authMode name: the target's own name." },
	{ .name = "authMode", .kind = FIELD_STRING, .offset = offsetof(struct config_tls, auth_mode),
	  .choices = auth_modes,
	  .about = "What of the receiver's certificate is permitted: name (its chain leads to the CA, and one of its names is permitted) or fingerprint (it is one of those in permittedPeer). Default: name." },
	{ .name = "tlsLib", .kind = FIELD_STRING, .offset = offsetof(struct config_tls, tls_lib),
	  .choices = tls_libs,
	  .about = "The TLS library of rsyslog. Of no effect with relpbox." },
	{ 0 },
};

static void tls_check(struct decode *d, const struct node *map, void *out)
{
	check_tls(d, map, out);
}

static const struct schema tls_schema = { .fields = tls_fields, .check = tls_check };

static const struct field audit_fields[] = {
	{ .name = "enabled", .kind = FIELD_BOOL, AT(audit_enabled),
	  .about = "Manage the node's audit rules. Default: true without auditConfig, false where auditConfig does not say it." },
	{ .name = "configMapReferenceName", .kind = FIELD_STRING, AT(audit_config_map),
	  .about = "The name in the Shoot's spec.resources of the ConfigMap with the audit rules. Default: rules that Gardener brings." },
	{ 0 },
};

/* Only where auditConfig is absent altogether is it enabled without saying so. */
static void check_audit(struct decode *d, const struct node *map, void *out)
{
	if (!node_is_set(map, "enabled"))
		((struct config *)out)->audit_enabled = false;
	check_audit_config(d, map, out);
}

static const struct schema audit_schema = { .fields = audit_fields, .check = check_audit };

const struct field relp_fields[] = {
	{ .name = "target", .kind = FIELD_STRING, .required = true,
	  .hint = "target must not be empty", AT(target), .check = check_target,
	  .about = "The receiver: an IPv4 or IPv6 address without brackets, or a DNS name." },
	{ .name = "port", .kind = FIELD_INT, .required = true, .absent = CODE_PORT_ABSENT,
	  .hint = "the port of target", AT(port), .min = 1, .max = 65535, .check = check_port,
	  .check_bounds = true,
	  .about = "The receiver's TCP port." },
	{ .name = "loggingRules", .kind = FIELD_LIST, .required = true,
	  .hint = "at least one logging rule is required", AT(rules),
	  .count = offsetof(struct config, n_rules), .sub = &rule_schema,
	  .max = CONFIG_RULES_MAX,
	  .about = "Which messages are forwarded: tried in order, the first rule that matches takes the message, and what none takes is not forwarded." },
	{ .name = "tls", .kind = FIELD_STRUCT, AT(tls),
	  .present = FIELD_PRESENT(struct config, tls.present), .sub = &tls_schema,
	  .about = "TLS to the receiver. Default: plain." },
	{ .name = "rebindInterval", .kind = FIELD_INT, OPTIONAL_INT(rebind_interval), .min = 0,
	  .max = INT32_MAX,
	  .about = "Seconds after which relpbox makes a new connection (rsyslog counts messages instead). Default: 0, never." },
	{ .name = "timeout", .kind = FIELD_INT, OPTIONAL_INT(timeout), .min = 1, .max = INT32_MAX,
	  .about = "Seconds for which the receiver may be silent while records are unanswered. Default: 90." },
	{ .name = "resumeRetryCount", .kind = FIELD_INT, OPTIONAL_INT(resume_retry_count), .min = -1,
	  .max = INT32_MAX,
	  .about = "How often sending is tried again before a record is given up; -1: it never is. Default: -1 with relpbox; 0 with rsyslog, which then loses messages." },
	{ .name = "reportSuspensionContinuation", .kind = FIELD_BOOL, AT(report_suspension),
	  .about = "Log each failed try of an outage, not only its first. Default: false." },
	{ .name = "auditConfig", .kind = FIELD_STRUCT, .offset = 0, .sub = &audit_schema,
	  .about = "The node's audit rules. Default: enabled, with the rules that Gardener brings." },
	{ 0 },
};

void relp_check(struct decode *d, const struct node *map, void *out)
{
	const struct config *c = out;
	check_rules(d, map, c);
	check_delivery(d, map, c);
	if (decode_lints(d) && !c->tls.present && !decode_own_kind(d))
		check_tls_absent(d, map);
}

const struct schema relp_schema = {
	.fields = relp_fields, .check = relp_check, .api_version = GARDENER_VERSION,
	.kind = GARDENER_KIND,
	.about = "Which log messages a node forwards to which receiver: the providerConfig of Gardener's extension shoot-rsyslog-relp.",
};
