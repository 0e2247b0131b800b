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
	  .check = check_regex },
	{ .name = "exclude", .kind = FIELD_STRING, .offset = offsetof(struct config_rule, exclude),
	  .check = check_exclude },
	{ 0 },
};

static void check_content(struct decode *d, const struct node *map, void *out)
{
	(void)out;
	if (!node_is_set(map, "regex") && !node_is_set(map, "exclude"))
		decode_required(d, map, CODE_REQUIRED, "either .regex or .exclude has to be provided");
}

/* Its fields are the rule's. */
static const struct schema content_schema = { .fields = content_fields, .check = check_content };

static const struct field rule_fields[] = {
	{ .name = "programNames", .kind = FIELD_STRINGS,
	  .offset = offsetof(struct config_rule, program_names),
	  .count = offsetof(struct config_rule, n_program_names), .check = check_program_name },
	{ .name = "severity", .kind = FIELD_INT, .offset = offsetof(struct config_rule, severity),
	  .present = FIELD_PRESENT(struct config_rule, has_severity), .min = INT64_MIN,
	  .max = INT64_MAX, .check = check_severity },
	{ .name = "messageContent", .kind = FIELD_STRUCT, .offset = 0, .sub = &content_schema },
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
	  .present = FIELD_PRESENT(struct config_tls, enabled_set) },
	{ .name = "secretReferenceName", .kind = FIELD_STRING,
	  .offset = offsetof(struct config_tls, secret_reference_name) },
	{ .name = "permittedPeer", .kind = FIELD_STRINGS,
	  .offset = offsetof(struct config_tls, permitted_peer),
	  .count = offsetof(struct config_tls, n_permitted_peer), .check = check_permitted_peer,
	  .max = TLS_PEERS_MAX },
	{ .name = "authMode", .kind = FIELD_STRING, .offset = offsetof(struct config_tls, auth_mode),
	  .choices = auth_modes },
	{ .name = "tlsLib", .kind = FIELD_STRING, .offset = offsetof(struct config_tls, tls_lib),
	  .choices = tls_libs },
	{ 0 },
};

static void tls_check(struct decode *d, const struct node *map, void *out)
{
	check_tls(d, map, out);
}

static const struct schema tls_schema = { .fields = tls_fields, .check = tls_check };

static const struct field audit_fields[] = {
	{ .name = "enabled", .kind = FIELD_BOOL, AT(audit_enabled) },
	{ .name = "configMapReferenceName", .kind = FIELD_STRING, AT(audit_config_map) },
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
	  .hint = "target must not be empty", AT(target), .check = check_target },
	{ .name = "port", .kind = FIELD_INT, .required = true, .absent = CODE_PORT_ABSENT,
	  .hint = "the port of target", AT(port), .min = INT64_MIN, .max = INT64_MAX,
	  .check = check_port },
	{ .name = "loggingRules", .kind = FIELD_LIST, .required = true,
	  .hint = "at least one logging rule is required", AT(rules),
	  .count = offsetof(struct config, n_rules), .sub = &rule_schema,
	  .max = CONFIG_RULES_MAX },
	{ .name = "tls", .kind = FIELD_STRUCT, AT(tls),
	  .present = FIELD_PRESENT(struct config, tls.present), .sub = &tls_schema },
	{ .name = "rebindInterval", .kind = FIELD_INT, OPTIONAL_INT(rebind_interval), .min = 0,
	  .max = INT32_MAX },
	{ .name = "timeout", .kind = FIELD_INT, OPTIONAL_INT(timeout), .min = 1, .max = INT32_MAX },
	{ .name = "resumeRetryCount", .kind = FIELD_INT, OPTIONAL_INT(resume_retry_count), .min = -1,
	  .max = INT32_MAX },
	{ .name = "reportSuspensionContinuation", .kind = FIELD_BOOL, AT(report_suspension) },
	{ .name = "auditConfig", .kind = FIELD_STRUCT, .offset = 0, .sub = &audit_schema },
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
	.fields = relp_fields, .check = check_relp, .api_version = GARDENER_VERSION, .kind = GARDENER_KIND,
};

/* --- Forward ------------------------------------------------------------------------- */

static const struct field identity_fields[] = {
	{ .name = "project", .kind = FIELD_STRING, AT(project), .check = check_word },
	{ .name = "shoot", .kind = FIELD_STRING, AT(shoot), .check = check_word },
	{ .name = "shootUID", .kind = FIELD_STRING, AT(shoot_uid), .check = check_word },
	{ .name = "hostname", .kind = FIELD_STRING, AT(hostname), .check = check_word },
	{ 0 },
};

static const struct schema identity_schema = { .fields = identity_fields };

static const struct field input_fields[] = {
	{ .name = "name", .kind = FIELD_STRING, .required = true,
	  .hint = "what the spool knows it by", .offset = offsetof(struct config_input, name),
	  .check = check_input_name },
	{ .name = "unix", .kind = FIELD_STRING, .offset = offsetof(struct config_input, path),
	  .check = check_socket_path },
	{ .name = "stdin", .kind = FIELD_BOOL, .offset = FIELD_NOWHERE },
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
};

static const struct field files_fields[] = {
	{ .name = "directory", .kind = FIELD_STRING, AT(tls_files.directory), .check = check_directory },
	{ .name = "ca", .kind = FIELD_STRING, AT(tls_files.ca), .check = check_file },
	{ .name = "cert", .kind = FIELD_STRING, AT(tls_files.cert), .check = check_file },
	{ .name = "key", .kind = FIELD_STRING, AT(tls_files.key), .check = check_file },
	{ .name = "rotateWithin", .kind = FIELD_TIME, OPTIONAL_INT(rotate_within), .min = 0,
	  .max = CONFIG_ROTATE_MAX_MS },
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

static const struct schema files_schema = { .fields = files_fields, .check = check_files };

static const struct field spool_fields[] = {
	{ .name = "directory", .kind = FIELD_STRING, AT(spool_dir), .check = check_directory },
	{ .name = "maxSize", .kind = FIELD_SIZE, OPTIONAL_INT(spool_max), .min = INT64_C(1) << 20,
	  .max = INT64_C(1) << 40 },
	{ .name = "auditShare", .kind = FIELD_INT, OPTIONAL_INT(audit_share), .min = 0, .max = 100 },
	{ 0 },
};

static const struct schema spool_schema = { .fields = spool_fields };

static const struct field delivery_fields[] = {
	{ .name = "windowFrames", .kind = FIELD_INT, OPTIONAL_INT(window_frames), .min = 1,
	  .max = 100000 },
	{ .name = "windowBytes", .kind = FIELD_SIZE, OPTIONAL_INT(window_bytes), .min = 4096,
	  .max = INT64_C(64) << 20 },
	{ .name = "maxRate", .kind = FIELD_INT, OPTIONAL_INT(max_rate), .min = 0,
	  .max = INT32_MAX },
	{ 0 },
};

static const struct schema delivery_schema = { .fields = delivery_fields };

static const char *const oversize_choices[] = { "cut", "split", NULL };
static const char *const untrusted_choices[] = { "drop", "mark", "pass", NULL };

static const struct field message_fields[] = {
	{ .name = "maxSize", .kind = FIELD_SIZE, OPTIONAL_INT(max_message), .min = 480,
	  .max = INT64_C(1) << 20 },
	{ .name = "oversize", .kind = FIELD_STRING, AT(oversize), .choices = oversize_choices },
	{ .name = "untrusted", .kind = FIELD_STRING, AT(untrusted), .choices = untrusted_choices },
	{ 0 },
};

static const struct schema message_schema = { .fields = message_fields };

static const struct schema inner_relp_schema = {
	.fields = relp_fields, .check = check_relp, .api_version = GARDENER_VERSION, .kind = GARDENER_KIND,
	.embedded = true,
};

static const struct field forward_fields[] = {
	{ .name = "identity", .kind = FIELD_STRUCT, .offset = 0, .sub = &identity_schema },
	{ .name = "inputs", .kind = FIELD_LIST, AT(inputs),
	  .count = offsetof(struct config, n_inputs), .sub = &input_schema,
	  .max = CONFIG_INPUTS_MAX },
	{ .name = "tls", .kind = FIELD_STRUCT, .offset = 0,
	  .present = FIELD_PRESENT(struct config, tls_files.present), .sub = &files_schema },
	{ .name = "spool", .kind = FIELD_STRUCT, .offset = 0, .sub = &spool_schema },
	{ .name = "delivery", .kind = FIELD_STRUCT, .offset = 0, .sub = &delivery_schema },
	{ .name = "messages", .kind = FIELD_STRUCT, .offset = 0, .sub = &message_schema },
	{ .name = "rsyslogRelpConfig", .kind = FIELD_STRUCT, .required = true,
	  .hint = "Gardener's " GARDENER_KIND, .offset = 0, .sub = &inner_relp_schema },
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
	check_plain(d, map, out);
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
	.check = check_forward,
};

/* --- which of the two ---------------------------------------------------------------- */

static bool says(const struct node *root, const char *key, const char *text)
{
	const struct node *v = node_get(root, key);
	return v && v->kind == NODE_STRING && slice_is(v->text, text);
}

/* What it says it is, first by kind, or what its fields look like; NULL: neither. */
static const struct schema *schema_of(const struct node *root)
{
	static const struct schema *const known[] = { &relp_schema, &forward_schema };
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

static void check_kind(struct decode *d, const struct node *kind)
{
	static const char *const kinds[] = { OWN_KIND, GARDENER_KIND, NULL };
	bool shoot = slice_is(kind->text, "Shoot");
	decode_unsupported(d, kind, kinds,
			   shoot ? "; of a Shoot the extension's providerConfig belongs here" : "");
}

/* For a document of no known kind: says what could stand there, and nothing of the rest. */
static const struct field any_fields[] = {
	{ .name = "apiVersion", .kind = FIELD_STRING, .required = true,
	  .hint = OWN_VERSION " or " GARDENER_VERSION, .offset = FIELD_NOWHERE },
	{ .name = "kind", .kind = FIELD_STRING, .required = true,
	  .hint = OWN_KIND " or " GARDENER_KIND, .offset = FIELD_NOWHERE, .check = check_kind },
	{ 0 },
};

static const struct schema any_schema = { .fields = any_fields, .open = true };

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
