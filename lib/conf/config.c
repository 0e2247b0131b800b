// SPDX-License-Identifier: Apache-2.0
#include "conf/check_relp.h"
#include "conf/config_int.h"
#include "conf/yaml.h"

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
