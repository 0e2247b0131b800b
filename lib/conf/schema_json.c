// SPDX-License-Identifier: Apache-2.0
//
// Recursion here follows the tables of fields: a schema never contains itself.
#include "conf/schema_json.h"

#include "base/json.h"
#include "base/mem.h"
#include "conf/auditd.h"
#include "conf/check.h"
#include "conf/config.h"

#include <limits.h>

/* --- what is known of checks --------------------------------------------------------- */

/* A text that check takes looks like this; never less than it takes. None takes "". */
struct looks {
	void (*check)(struct decode *d, const struct node *value);
	int64_t max_length; /* 0: pattern says it, or nothing does */
	const char *example;
	const char *pattern;
	const char *must; /* what editors say in its place */
};

#define HOST_LABEL "[0-9A-Za-z-]{1,63}"
#define HOST_NAME HOST_LABEL "(\\." HOST_LABEL ")*\\.?"
#define HOST_V6 "([0-9A-Fa-f]*:){2,}[0-9A-Fa-f.]*(%[0-9A-Za-z._-]+)?"

static const struct looks all_looks[] = {
	{ check_target, 0, "logs.example.com", "^(" HOST_NAME "|" HOST_V6 ")$",
	  "must be an IP address or a DNS name; the port has a field of its own" },
	{ check_program_name, 0, "kubelet", "^[!-.0-9;-Z\\\\-~]+$",
	  "must be printable ASCII characters without blanks, \"[\", \":\" and \"/\"" },
	{ check_permitted_peer, 0, "logs.example.com", NULL, NULL },
	{ check_word, 0, NULL, "^[!-~]{1,253}$",
	  "must be 1 to 253 printable ASCII characters without blanks" },
	{ check_input_name, 0, "journal", "^[a-z0-9-]{1,63}$",
	  "must be 1 to 63 characters of a-z, 0-9 and \"-\"" },
	{ check_socket_path, 107, "/run/systemd/journal/syslog", "^/", "must be an absolute path" },
	{ check_file, PATH_MAX - 1, NULL, "^/", "must be an absolute path" },
	{ check_directory, PATH_MAX - 1, NULL, "^/", "must be an absolute path" },
};

static const struct looks *looks_of(const struct field *fd)
{
	for (size_t i = 0; i < sizeof all_looks / sizeof *all_looks; i++)
		if (fd->check == all_looks[i].check)
			return &all_looks[i];
	return NULL;
}

/* --- values ----------------------------------------------------------------------------- */

static void put_str(struct json *j, const char *key, const char *text)
{
	if (text)
		json_str(j, key, slice_str(text));
}

/* "type", of one to three types: other may be NULL. */
static void put_type(struct json *j, const char *type, const char *other, bool null)
{
	if (!other && !null) {
		put_str(j, "type", type);
		return;
	}
	json_array(j, "type");
	put_str(j, NULL, type);
	put_str(j, NULL, other);
	put_str(j, NULL, null ? "null" : NULL);
	json_array_end(j);
}

static void put_enum(struct json *j, const char *const *choices, bool null)
{
	json_array(j, "enum");
	for (size_t i = 0; choices[i]; i++)
		put_str(j, NULL, choices[i]);
	if (null)
		json_null(j, NULL);
	json_array_end(j);
}

/* patternErrorMessage is no word of draft-07, but of editors; others pass over it. */
static void put_pattern(struct json *j, const char *pattern, const char *must)
{
	put_str(j, "pattern", pattern);
	put_str(j, "patternErrorMessage", must);
}

static void put_example(struct json *j, const char *text)
{
	if (!text)
		return;
	json_array(j, "examples");
	put_str(j, NULL, text);
	json_array_end(j);
}

static void put_string(struct json *j, const struct field *fd, bool null)
{
	const struct looks *looks = looks_of(fd);
	int64_t max = fd->kind == FIELD_STRING && fd->max ? fd->max : FIELD_STRING_MAX;
	put_type(j, "string", NULL, null);
	if (fd->choices) {
		put_enum(j, fd->choices, null);
		return;
	}
	if (fd->required || looks)
		json_i64(j, "minLength", 1);
	json_i64(j, "maxLength", looks && looks->max_length ? looks->max_length : max);
	if (looks) {
		put_pattern(j, looks->pattern, looks->must);
		put_example(j, looks->example);
	}
}

/* Bounds hold for numbers, patterns for texts. Divided by unit, both towards the inside. */
static void put_bounds(struct json *j, const struct field *fd, int64_t unit)
{
	json_i64(j, "minimum", fd->min / unit + (fd->min % unit > 0));
	json_i64(j, "maximum", fd->max / unit - (fd->max % unit < 0));
}

/* --- lists and structs ------------------------------------------------------------------- */

static void put_members(struct json *j, const struct schema *s);

static bool requires_nothing(const struct schema *s)
{
	for (const struct field *fd = s->fields; fd->name; fd++)
		if (fd->required)
			return false;
	return !s->api_version || s->embedded;
}

static void put_list(struct json *j, const struct field *fd)
{
	put_type(j, "array", NULL, !fd->required);
	if (fd->required)
		json_i64(j, "minItems", 1);
	json_i64(j, "maxItems", fd->max ? fd->max : FIELD_ITEMS_MAX);
	json_object(j, "items");
	if (fd->kind == FIELD_STRINGS) { /* null is "" there */
		put_string(j, fd, !fd->choices && !looks_of(fd));
	} else {
		/* null is an empty map there */
		put_type(j, "object", NULL, requires_nothing(fd->sub) && !fd->sub->any_of);
		put_members(j, fd->sub);
	}
	json_object_end(j);
}

static void put_field(struct json *j, const struct field *fd)
{
	bool null = !fd->required; /* it is as good as absent */
	json_object(j, fd->name);
	put_str(j, "description", fd->about);
	switch (fd->kind) {
	case FIELD_STRING:
		put_string(j, fd, null);
		break;
	case FIELD_BOOL:
		put_type(j, "boolean", NULL, null);
		break;
	case FIELD_INT:
		put_type(j, "integer", NULL, null);
		put_bounds(j, fd, 1);
		break;
	case FIELD_SIZE:
		put_type(j, "integer", "string", null);
		put_bounds(j, fd, 1);
		put_pattern(j, "^[0-9]+([KMG](iB)?)?$", "must be a size: 65536, 64KiB, 256MiB, 1GiB");
		break;
	case FIELD_TIME:
		put_type(j, "integer", "string", null);
		put_bounds(j, fd, 1000); /* the table has milliseconds */
		put_pattern(j, "^[0-9]+(ms|s|m|h)?$", "must be a time: 600, 600s, 10m, 1h");
		break;
	case FIELD_STRINGS:
	case FIELD_LIST:
		put_list(j, fd);
		break;
	case FIELD_STRUCT:
		put_type(j, "object", NULL, null);
		put_members(j, fd->sub);
		break;
	}
	json_object_end(j);
}

/* --- what fields have to do with each other ------------------------------------------------ */

static const struct field *field_of(const struct schema *s, const char *name)
{
	const struct field *fd = s->fields;
	while (fd->name && strcmp(fd->name, name) != 0)
		fd++;
	invariant(fd->name);
	return fd;
}

/* A schema that holds where the field is set: to true, to a list with items, to anything. */
static void put_is_set(struct json *j, const char *key, const struct field *fd)
{
	json_object(j, key);
	json_object(j, "properties");
	json_object(j, fd->name);
	if (fd->kind == FIELD_BOOL)
		json_bool(j, "const", true);
	else if (fd->kind == FIELD_STRINGS || fd->kind == FIELD_LIST)
		json_i64(j, "minItems", 1);
	if (fd->kind != FIELD_BOOL) {
		json_object(j, "not");
		put_str(j, "type", "null");
		json_object_end(j);
	}
	json_object_end(j);
	json_object_end(j);
	json_array(j, "required");
	put_str(j, NULL, fd->name);
	json_array_end(j);
	json_object_end(j);
}

/* One of them set means the next is, all around. */
static void put_together(struct json *j, const struct schema *s)
{
	json_array(j, "allOf");
	for (const char *const *name = s->together; *name; name++) {
		json_object(j, NULL);
		put_is_set(j, "if", field_of(s, *name));
		put_is_set(j, "then", field_of(s, name[1] ? name[1] : s->together[0]));
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_any_of(struct json *j, const struct schema *s)
{
	json_array(j, "anyOf");
	for (const char *const *name = s->any_of; *name; name++)
		put_is_set(j, NULL, field_of(s, *name));
	json_array_end(j);
}

/* --- a schema -------------------------------------------------------------------------------- */

static void put_word(struct json *j, const char *name, const char *value, bool null)
{
	const char *const choices[] = { value, NULL };
	json_object(j, name);
	put_type(j, "string", NULL, null);
	put_enum(j, choices, null);
	json_object_end(j);
}

static void put_required(struct json *j, const struct schema *s)
{
	if (requires_nothing(s))
		return;
	json_array(j, "required");
	if (s->api_version && !s->embedded) {
		put_str(j, NULL, "apiVersion");
		put_str(j, NULL, "kind");
	}
	for (const struct field *fd = s->fields; fd->name; fd++)
		put_str(j, NULL, fd->required ? fd->name : NULL);
	json_array_end(j);
}

static void put_members(struct json *j, const struct schema *s)
{
	json_object(j, "properties");
	if (s->api_version) {
		put_word(j, "apiVersion", s->api_version, s->embedded);
		put_word(j, "kind", s->kind, s->embedded);
	}
	for (const struct field *fd = s->fields; fd->name; fd++)
		put_field(j, fd);
	json_object_end(j);
	put_required(j, s);
	if (!s->open)
		json_bool(j, "additionalProperties", false);
	if (s->any_of)
		put_any_of(j, s);
	if (s->together)
		put_together(j, s);
}

static void put_schema(struct json *j, const struct schema *s)
{
	put_str(j, "title", s->kind);
	put_str(j, "description", s->about);
	put_type(j, "object", NULL, false);
	put_members(j, s);
}

/* --- all of them ------------------------------------------------------------------------------ */

/* The i-th kind there is; NULL behind the last. */
static const struct schema *kind_at(size_t i)
{
	size_t n = 0;
	while (config_schemas[n])
		n++;
	return i < n ? config_schemas[i] : i == n ? &auditd_schema : NULL;
}

static void put_branch(struct json *j, const struct schema *s)
{
	const char *const choices[] = { s->kind, NULL };
	struct buf ref = { 0 };
	buf_printf(&ref, "#/definitions/%s", s->kind);
	json_object(j, NULL);
	json_object(j, "if");
	json_object(j, "properties");
	json_object(j, "kind");
	put_enum(j, choices, false);
	json_object_end(j);
	json_object_end(j);
	json_array(j, "required");
	put_str(j, NULL, "kind");
	json_array_end(j);
	json_object_end(j);
	json_object(j, "then");
	json_str(j, "$ref", buf_slice(&ref));
	json_object_end(j);
	json_object_end(j);
	buf_free(&ref);
}

/* What every kind has; each tells the rest by itself, so that an editor complains of one alone. */
static void put_common(struct json *j)
{
	const struct schema *s;
	json_object(j, "properties");
	json_object(j, "apiVersion");
	put_type(j, "string", NULL, false);
	json_object_end(j);
	json_object(j, "kind");
	put_type(j, "string", NULL, false);
	json_array(j, "enum");
	for (size_t i = 0; (s = kind_at(i)); i++)
		put_str(j, NULL, s->kind);
	json_array_end(j);
	json_object_end(j);
	json_object_end(j);
	json_array(j, "required");
	put_str(j, NULL, "apiVersion");
	put_str(j, NULL, "kind");
	json_array_end(j);
}

static void put_all(struct json *j)
{
	const struct schema *s;
	put_str(j, "title", "relpbox");
	put_str(j, "description", "The configuration of relpbox, and of Gardener's extension shoot-rsyslog-relp.");
	put_type(j, "object", NULL, false);
	put_common(j);
	json_array(j, "allOf");
	for (size_t i = 0; (s = kind_at(i)); i++)
		put_branch(j, s);
	json_array_end(j);
	json_object(j, "definitions");
	for (size_t i = 0; (s = kind_at(i)); i++) {
		json_object(j, s->kind);
		put_schema(j, s);
		json_object_end(j);
	}
	json_object_end(j);
}

int schema_json_print(const char *kind, struct buf *out)
{
	const struct schema *s = NULL;
	struct json j;
	for (size_t i = 0; kind && (s = kind_at(i)) && strcmp(s->kind, kind) != 0; i++)
		;
	if (kind && !s)
		return -1;
	json_start(&j, out);
	json_object(&j, NULL);
	put_str(&j, "$schema", "http://json-schema.org/draft-07/schema#");
	put_str(&j, "$comment", "Made by relpbox validate --print-schema from the tables that relpbox decodes by; `relpbox validate` finds more.");
	if (s)
		put_schema(&j, s);
	else
		put_all(&j);
	json_object_end(&j);
	buf_add_char(out, '\n');
	return 0;
}
