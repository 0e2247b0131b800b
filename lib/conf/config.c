// SPDX-License-Identifier: Apache-2.0
#include "conf/config.h"

#include "conf/check.h"
#include "conf/check_relp.h"
#include "conf/decode.h"
#include "conf/yaml.h"

#define GARDENER_VERSION "rsyslog-relp.extensions.gardener.cloud/v1alpha1"
#define GARDENER_KIND "RsyslogRelpConfig"
#define OWN_VERSION "relpbox/v1alpha1"
#define OWN_KIND "Forward"

/* Where Gardener knows no upper limit, INT32_MAX is ours: seconds become milliseconds later. */

#define AT(member) .offset = offsetof(struct config, member)
#define OPTIONAL_INT(member) \
	.offset = offsetof(struct config, member.value), \
	.present = FIELD_PRESENT(struct config, member.set)

/* --- RsyslogRelpConfig ------------------------------------------------------------ */

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

static const struct field relp_fields[] = {
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

static void check_relp(struct decode *d, const struct node *map, void *out)
{
	const struct config *c = out;
	check_rules(d, map, c);
	check_delivery(d, map, c);
	if (decode_lints(d) && !c->tls.present && !decode_own_kind(d))
		check_tls_absent(d, map);
}

static const struct schema relp_schema = {
	.fields = relp_fields, .check = check_relp, .api_version = GARDENER_VERSION,
	.kind = GARDENER_KIND,
	.about = "Which log messages a node forwards to which receiver: the providerConfig of Gardener's extension shoot-rsyslog-relp.",
};

/* --- Forward ------------------------------------------------------------------------- */

static const struct field identity_fields[] = {
	{ .name = "project", .kind = FIELD_STRING, AT(project), .check = check_word,
	  .about = "The first field of each record. Default: -." },
	{ .name = "shoot", .kind = FIELD_STRING, AT(shoot), .check = check_word,
	  .about = "The second field of each record. Default: -." },
	{ .name = "shootUID", .kind = FIELD_STRING, AT(shoot_uid), .check = check_word,
	  .about = "The third field of each record. Default: -." },
	{ .name = "hostname", .kind = FIELD_STRING, AT(hostname), .check = check_word,
	  .about = "The fourth field of each record. Default: the short host name." },
	{ 0 },
};

static const struct schema identity_schema = { .fields = identity_fields };

static const struct field input_fields[] = {
	{ .name = "name", .kind = FIELD_STRING, .required = true,
	  .hint = "what the spool knows it by", .offset = offsetof(struct config_input, name),
	  .check = check_input_name,
	  .about = "The spool knows the input by this name: keep it when the list changes. Unique." },
	{ .name = "unix", .kind = FIELD_STRING, .offset = offsetof(struct config_input, path),
	  .check = check_socket_path,
	  .about = "A unix datagram socket, by its absolute path. Unique." },
	{ .name = "stdin", .kind = FIELD_BOOL, .offset = FIELD_NOWHERE,
	  .about = "Standard input, a message a line; in one input at most. Default: false." },
	{ 0 },
};

static bool is_true(const struct node *v)
{
	return v && v->kind == NODE_BOOL && v->boolean;
}

static void check_input(struct decode *d, const struct node *map, void *out)
{
	struct config_input *input = out;
	bool from_unix = node_is_set(map, "unix"), from_stdin = is_true(node_get(map, "stdin"));
	input->kind = from_stdin ? INPUT_STDIN : INPUT_UNIX;
	if (!from_unix && !from_stdin)
		decode_required(d, map, CODE_REQUIRED, "unix: PATH or stdin: true must be set");
	else if (from_unix && from_stdin)
		decode_invalid(d, map, CODE_INPUT, "only one of unix and stdin may be set");
}

static const struct schema input_schema = {
	.fields = input_fields, .size = sizeof(struct config_input), .check = check_input,
	.any_of = (const char *const[]){ "unix", "stdin", NULL },
};

static const struct field files_fields[] = {
	{ .name = "directory", .kind = FIELD_STRING, AT(tls_files.directory), .check = check_directory,
	  .about = "The folder with ca.crt, tls.crt and tls.key, by its absolute path." },
	{ .name = "ca", .kind = FIELD_STRING, AT(tls_files.ca), .check = check_file,
	  .about = "The file with the CA's certificates, by its absolute path; may be left out with authMode fingerprint." },
	{ .name = "cert", .kind = FIELD_STRING, AT(tls_files.cert), .check = check_file,
	  .about = "The file with our certificate, its chain behind it, by its absolute path; together with key." },
	{ .name = "key", .kind = FIELD_STRING, AT(tls_files.key), .check = check_file,
	  .about = "The file with our certificate's key, by its absolute path; together with cert." },
	{ .name = "rotateWithin", .kind = FIELD_TIME, OPTIONAL_INT(rotate_within), .min = 0,
	  .max = CONFIG_ROTATE_MAX_MS,
	  .about = "When the files are new ones, the connection is renewed at a random moment within this time: seconds, or a text such as 10m; at most 168h. Default: 10m." },
	{ 0 },
};

static void check_files(struct decode *d, const struct node *map, void *out)
{
	(void)out;
	bool directory = node_is_set(map, "directory"), ca = node_is_set(map, "ca");
	bool cert = node_is_set(map, "cert"), key = node_is_set(map, "key");
	if (!directory && !ca && !cert && !key)
		decode_required(d, map, CODE_REQUIRED, "directory, or ca, cert and key must be set");
	else if (directory && (ca || cert || key))
		decode_invalid(d, map, CODE_TLS_FILES, "only one of directory and single files may be set");
	else if (cert != key)
		decode_required(d, map, CODE_REQUIRED, "cert and key belong together");
}

static const struct schema files_schema = {
	.fields = files_fields, .check = check_files,
	.any_of = (const char *const[]){ "directory", "ca", "cert", "key", NULL },
	.together = (const char *const[]){ "cert", "key", NULL },
};

static const struct field spool_fields[] = {
	{ .name = "directory", .kind = FIELD_STRING, AT(spool_dir), .check = check_directory,
	  .about = "Where records wait until they are acknowledged: an absolute path. Required here or as the option --spool-dir." },
	{ .name = "maxSize", .kind = FIELD_SIZE, OPTIONAL_INT(spool_max), .min = INT64_C(1) << 20,
	  .max = INT64_C(1) << 40,
	  .about = "How much the spool may hold: bytes, or a text such as 256MiB; 1MiB to 1024GiB. Default: 256MiB." },
	{ .name = "auditShare", .kind = FIELD_INT, OPTIONAL_INT(audit_share), .min = 0, .max = 100,
	  .about = "Percent of maxSize that are kept for records of audit programs. Default: 50." },
	{ 0 },
};

static const struct schema spool_schema = { .fields = spool_fields };

static const struct field delivery_fields[] = {
	{ .name = "windowFrames", .kind = FIELD_INT, OPTIONAL_INT(window_frames), .min = 1,
	  .max = 100000,
	  .about = "Records that may be unanswered at a time. Default: 2048." },
	{ .name = "windowBytes", .kind = FIELD_SIZE, OPTIONAL_INT(window_bytes), .min = 4096,
	  .max = INT64_C(64) << 20,
	  .about = "Bytes that may be unanswered at a time, or a text such as 1MiB; 4096 to 64MiB. Default: 1MiB." },
	{ .name = "maxRate", .kind = FIELD_INT, OPTIONAL_INT(max_rate), .min = 0,
	  .max = INT32_MAX,
	  .about = "Bounds how fast a backlog is sent, in records a second. Default: 0, no bound." },
	{ 0 },
};

static const struct schema delivery_schema = { .fields = delivery_fields };

static const char *const oversize_choices[] = { "cut", "split", NULL };
static const char *const untrusted_choices[] = { "drop", "mark", "pass", NULL };

static const struct field message_fields[] = {
	{ .name = "maxSize", .kind = FIELD_SIZE, OPTIONAL_INT(max_message), .min = 480,
	  .max = INT64_C(1) << 20,
	  .about = "How long a message may be: bytes, or a text such as 64KiB; 480 to 1MiB. Default: 64KiB." },
	{ .name = "oversize", .kind = FIELD_STRING, AT(oversize), .choices = oversize_choices,
	  .about = "What happens to a longer message: cut or split. Default: cut." },
	{ .name = "untrusted", .kind = FIELD_STRING, AT(untrusted), .choices = untrusted_choices,
	  .about = "What happens to a record that bears an audit program's name but was not sent by root: pass, mark or drop. Default: pass." },
	{ 0 },
};

static const struct schema message_schema = { .fields = message_fields };

static const struct schema inner_relp_schema = {
	.fields = relp_fields, .check = check_relp, .api_version = GARDENER_VERSION, .kind = GARDENER_KIND,
	.embedded = true,
};

static const struct field forward_fields[] = {
	{ .name = "identity", .kind = FIELD_STRUCT, .offset = 0, .sub = &identity_schema,
	  .about = "Whose records these are: the first four fields of each." },
	{ .name = "inputs", .kind = FIELD_LIST, AT(inputs),
	  .count = offsetof(struct config, n_inputs), .sub = &input_schema,
	  .max = CONFIG_INPUTS_MAX,
	  .about = "Where records come from. Default: one, named journal, of /run/systemd/journal/syslog." },
	{ .name = "tls", .kind = FIELD_STRUCT, .offset = 0,
	  .present = FIELD_PRESENT(struct config, tls_files.present), .sub = &files_schema,
	  .about = "The files for TLS: directory, or ca, cert and key. Default: none." },
	{ .name = "spool", .kind = FIELD_STRUCT, .offset = 0, .sub = &spool_schema,
	  .about = "Where records wait, and how many." },
	{ .name = "delivery", .kind = FIELD_STRUCT, .offset = 0, .sub = &delivery_schema,
	  .about = "How fast records are sent." },
	{ .name = "messages", .kind = FIELD_STRUCT, .offset = 0, .sub = &message_schema,
	  .about = "What happens to messages that are long, or not sent by whom they name." },
	{ .name = "rsyslogRelpConfig", .kind = FIELD_STRUCT, .required = true,
	  .hint = "Gardener's " GARDENER_KIND, .offset = 0, .sub = &inner_relp_schema,
	  .about = "All fields of Gardener's RsyslogRelpConfig; apiVersion and kind may be left out." },
	{ 0 },
};

static bool same_scalar(const struct node *a, const struct node *b)
{
	return a && b && a->kind == b->kind &&
	       (a->kind == NODE_STRING ? slice_eq(a->text, b->text) : is_true(a) && is_true(b));
}

/* The input at i again has what one before it has. */
static void check_unlike(struct decode *d, const struct node *inputs, size_t i, const char *key)
{
	const struct node *v = node_get(inputs->items.at[i], key);
	for (size_t before = 0; before < i; before++) {
		if (!same_scalar(v, node_get(inputs->items.at[before], key)))
			continue;
		size_t mark = decode_enter_index(d, i);
		decode_enter_key(d, key);
		decode_duplicate(d, v);
		decode_leave(d, mark);
		return;
	}
}

static void check_plain(struct decode *d, const struct node *map, const struct config *c)
{
	const struct node *tls = node_get(map, "tls");
	if (!c->tls_files.present || !c->tls.enabled_set || c->tls.enabled)
		return;
	size_t mark = decode_enter_key(d, "tls");
	decode_invalid(d, tls, CODE_TLS_FILES, "asks for TLS, but rsyslogRelpConfig.tls.enabled is false");
	decode_leave(d, mark);
}

static void check_forward(struct decode *d, const struct node *map, void *out)
{
	const struct config *c = out;
	check_plain(d, map, c);
	if (decode_lints(d) && !c->tls_files.present && !c->tls.enabled_set)
		check_tls_absent(d, map);
	const struct node *inputs = node_get(map, "inputs");
	if (inputs == NULL || inputs->kind != NODE_SEQ || inputs->items.n > CONFIG_INPUTS_MAX)
		return;
	size_t mark = decode_enter_key(d, "inputs");
	for (size_t i = 1; i < inputs->items.n; i++) {
		check_unlike(d, inputs, i, "name");
		check_unlike(d, inputs, i, "unix");
		check_unlike(d, inputs, i, "stdin");
	}
	decode_leave(d, mark);
}

static const struct schema forward_schema = {
	.fields = forward_fields, .api_version = OWN_VERSION, .kind = OWN_KIND,
	.about = "Everything that relpbox forward is to know: a RsyslogRelpConfig, who the node is, its inputs and all options.",
	.check = check_forward,
};

/* --- which of the two ---------------------------------------------------------------- */

static bool says(const struct node *root, const char *key, const char *text)
{
	const struct node *v = node_get(root, key);
	return v && v->kind == NODE_STRING && slice_is(v->text, text);
}

const struct schema *const config_schemas[] = { &relp_schema, &forward_schema, NULL };

/* What it says it is, first by kind, or what its fields look like; NULL: neither. */
static const struct schema *schema_of(const struct node *root)
{
	const struct schema *const *known = config_schemas;
	for (size_t i = 0; i < 2; i++)
		if (says(root, "kind", known[i]->kind))
			return known[i];
	if (node_is_set(root, "kind"))
		return NULL;
	for (size_t i = 0; i < 2; i++)
		if (says(root, "apiVersion", known[i]->api_version))
			return known[i];
	if (node_get(root, "rsyslogRelpConfig"))
		return &forward_schema;
	return node_get(root, "target") || node_get(root, "loggingRules") ? &relp_schema : NULL;
}

/* For a document of no known kind: says what could stand there, and nothing of the rest. */
static void check_any(struct decode *d, const struct node *map, void *out)
{
	(void)out;
	const struct node *kind = node_get(map, "kind"), *version = node_get(map, "apiVersion");
	static const char *const kinds[] = { OWN_KIND, GARDENER_KIND, NULL };
	size_t mark = decode_enter_key(d, "apiVersion");
	if (!node_is_set(map, "apiVersion"))
		decode_required(d, version ? version : map, CODE_API_VERSION,
				OWN_VERSION " or " GARDENER_VERSION);
	decode_leave(d, mark);
	decode_enter_key(d, "kind");
	if (kind && kind->kind != NODE_STRING && kind->kind != NODE_NULL)
		decode_invalid(d, kind, CODE_TYPE, "must be a string");
	else if (!kind || kind->kind == NODE_NULL || kind->text.len == 0)
		decode_required(d, kind ? kind : map, CODE_KIND, OWN_KIND " or " GARDENER_KIND);
	else
		decode_unsupported(d, kind, kinds,
				   slice_is(kind->text, "Shoot")
					   ? "; of a Shoot the extension's providerConfig belongs here"
					   : "");
	decode_leave(d, mark);
}

static const struct field no_fields[] = { { 0 } };
static const struct schema any_schema = { .fields = no_fields, .open = true, .check = check_any };

int config_decode(enum config_kind kind, const struct node *root, const char *path,
		  struct config *out, struct findings *f)
{
	*out = (struct config){ .audit_enabled = true };
	return decode_run(config_schemas[kind], root, path, out, f);
}

/* --- loading ----------------------------------------------------------------------------- */

/* The only document of the stream that is not empty. NULL: a finding says why not. */
static const struct node *only_document(const struct yaml_tree *tree, struct findings *f)
{
	const struct node *root = NULL;
	for (size_t i = 0; i < tree->n_documents; i++) {
		const struct node *doc = tree->documents[i];
		if (doc && root) {
			findings_add(f, doc->line, doc->col, CODE_DOCUMENTS, NULL,
				     "a second document: only one is taken");
			return root;
		}
		root = doc ? doc : root;
	}
	if (root == NULL)
		findings_add(f, 1, 1, CODE_DOCUMENTS, NULL, "there is no document");
	return root;
}

int config_load(struct slice text, struct config *out, struct findings *f)
{
	struct yaml_tree tree;
	size_t before = f->errors;
	*out = (struct config){ .audit_enabled = true };
	f->who = CONCERN_RELPBOX;
	if (yaml_tree_parse(text, CONFIG_FILE_MAX, &tree, f) == 0) {
		const struct node *root = only_document(&tree, f);
		const struct schema *s = root ? schema_of(root) : NULL;
		if (root)
			decode_run(s ? s : &any_schema, root, "", out, f);
		yaml_tree_free(&tree);
	}
	findings_sort(f);
	return f->errors == before ? 0 : -1;
}

/* Forward's fields are all there are, RsyslogRelpConfig's among them. */
void config_free(struct config *c)
{
	decode_free(&forward_schema, c);
	*c = (struct config){ 0 };
}
