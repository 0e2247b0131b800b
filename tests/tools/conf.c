// SPDX-License-Identifier: Apache-2.0
/*
 * For the tests of the JSON Schema. `conf schema [KIND]` prints it. `conf` reads
 * texts on stdin, each as its length (4 bytes, big endian) and its bytes, and
 * answers each with a line of JSON: {"errors": code and message of each that
 * the decoder of its kind found, "documents": what YAML makes of it, null where it is none}.
 */
#include "base/json.h"
#include "base/mem.h"
#include "conf/auditd.h"
#include "conf/config.h"
#include "conf/schema_json.h"
#include "conf/yaml.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool read_length(size_t *len)
{
	unsigned char b[4];
	if (fread(b, 1, sizeof b, stdin) != sizeof b)
		return false;
	*len = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
	return *len <= CONFIG_FILE_MAX;
}

/* Python reads Infinity and NaN, which JSON does not have, and tells 4 from 4.0 by the point alone. */
static void put_real(struct json *j, const char *key, double real)
{
	char text[64];
	snprintf(text, sizeof text, isnan(real) ? "NaN" : isinf(real) ? "%sInfinity" : "%s%.17g",
		 isinf(real) && real < 0 ? "-" : "", real);
	json_null(j, key);
	j->out->len -= strlen("null");
	buf_add_str(j->out, text);
}

/* Recursion ends: YAML is taken to YAML_DEPTH_MAX. */
static void put_node(struct json *j, const char *key, const struct node *v)
{
	switch (v ? v->kind : NODE_NULL) {
	case NODE_NULL:
		json_null(j, key);
		break;
	case NODE_BOOL:
		json_bool(j, key, v->boolean);
		break;
	case NODE_INT:
		json_i64(j, key, v->integer);
		break;
	case NODE_FLOAT:
		put_real(j, key, v->real);
		break;
	case NODE_STRING:
		json_str(j, key, v->text);
		break;
	case NODE_SEQ:
		json_array(j, key);
		for (size_t i = 0; i < v->items.n; i++)
			put_node(j, NULL, v->items.at[i]);
		json_array_end(j);
		break;
	case NODE_MAP:
		json_object(j, key);
		for (size_t i = 0; i < v->entries.n; i++) {
			struct buf name = { 0 };
			buf_add_slice(&name, v->entries.at[i].name);
			put_node(j, buf_cstr(&name), v->entries.at[i].value);
			buf_free(&name);
		}
		json_object_end(j);
		break;
	}
}

static bool is_auditd(const struct yaml_tree *tree)
{
	const struct node *root = tree->n_documents ? tree->documents[0] : NULL;
	const struct node *kind = root ? node_get(root, "kind") : NULL;
	return kind && kind->kind == NODE_STRING && slice_is(kind->text, "Auditd");
}

static void put_errors(struct json *j, const struct findings *f)
{
	json_array(j, "errors");
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].severity == FINDING_ERROR) {
			json_array(j, NULL);
			json_str(j, NULL, slice_str(code_info(f->at[i].code).name));
			json_str(j, NULL, slice_str(f->at[i].message));
			json_array_end(j);
		}
	json_array_end(j);
}

static void answer(struct slice text, struct buf *out)
{
	struct yaml_tree tree;
	struct findings syntax = { 0 }, f = { .who = CONCERN_RELPBOX };
	struct json j;
	struct auditd auditd;
	struct config config;
	bool parsed = yaml_tree_parse(text, CONFIG_FILE_MAX, &tree, &syntax) == 0;
	json_start(&j, out);
	json_object(&j, NULL);
	if (parsed && is_auditd(&tree)) {
		auditd_decode(tree.documents[0], "", &auditd, &f);
		auditd_free(&auditd);
	} else {
		config_load(text, &config, &f);
		config_free(&config);
	}
	put_errors(&j, &f);
	if (parsed) {
		json_array(&j, "documents");
		for (size_t i = 0; i < tree.n_documents; i++)
			put_node(&j, NULL, tree.documents[i]);
		json_array_end(&j);
	} else {
		json_null(&j, "documents");
	}
	json_object_end(&j);
	yaml_tree_free(&tree);
	findings_free(&syntax);
	findings_free(&f);
}

int main(int argc, char **argv)
{
	struct buf in = { 0 }, out = { 0 };
	size_t len;
	int status = 0;
	if (argc > 1)
		status = strcmp(argv[1], "schema") != 0 || schema_json_print(argv[2], &out) < 0;
	while (argc == 1 && read_length(&len)) {
		in.len = 0;
		buf_reserve(&in, len);
		in.len = fread(in.p, 1, len, stdin);
		answer(buf_slice(&in), &out);
		buf_add_char(&out, '\n');
	}
	if (out.len)
		fwrite(out.p, 1, out.len, stdout);
	buf_free(&in);
	buf_free(&out);
	return status;
}
