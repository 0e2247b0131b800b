// SPDX-License-Identifier: Apache-2.0
//
// Forward: a RsyslogRelpConfig, who the node is, its inputs and all options.
#include "conf/check.h"
#include "conf/check_relp.h"
#include "conf/config_int.h"
#include "conf/yaml.h"

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
	.fields = relp_fields, .check = relp_check, .api_version = GARDENER_VERSION, .kind = GARDENER_KIND,
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

const struct schema forward_schema = {
	.fields = forward_fields, .api_version = OWN_VERSION, .kind = OWN_KIND,
	.about = "Everything that relpbox forward is to know: a RsyslogRelpConfig, who the node is, its inputs and all options.",
	.check = check_forward,
};
