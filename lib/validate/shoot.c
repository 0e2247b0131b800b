// SPDX-License-Identifier: Apache-2.0
//
// A Shoot: the extension's entry, its providerConfig, and what that refers to
// (gardener.md 2.1).
#include "validate/internal.h"

#include "base/mem.h"
#include "conf/check_relp.h"
#include "conf/path.h"

#include <stdio.h>

#define SHOOT_VERSION "core.gardener.cloud/v1beta1"

static bool is_disabled(const struct node *entry)
{
	const struct node *v = node_get(entry, "disabled");
	return v && v->kind == NODE_BOOL && v->boolean;
}

static void check_disabled(const struct document *d, const struct node *entry, size_t at)
{
	const struct node *v = node_get(entry, "disabled");
	char key[64];
	if (!v || v->kind == NODE_BOOL || v->kind == NODE_NULL)
		return;
	snprintf(key, sizeof key, "spec.extensions[%zu].disabled", at);
	document_add(d, v, key, CODE_TYPE, "Invalid value: must be a boolean");
}

#define GROUP "rsyslog-relp.extensions.gardener.cloud/"

static bool is_of_group(const struct node *config)
{
	const struct node *v = config ? node_get(config, "apiVersion") : NULL;
	return v && v->kind == NODE_STRING && v->text.len >= strlen(GROUP) &&
	       memcmp(v->text.p, GROUP, strlen(GROUP)) == 0;
}

/* The extension's providerConfig under a type that is not its own: nobody would read it. */
static void check_types(const struct document *d)
{
	const struct node *spec = node_get(d->root, "spec");
	const struct node *list = spec ? node_get(spec, "extensions") : NULL;
	for (size_t i = 0; list && list->kind == NODE_SEQ && i < list->items.n; i++) {
		const struct node *entry = list->items.at[i], *type = node_get(entry, "type");
		bool text = type && type->kind == NODE_STRING;
		struct buf say = { 0 };
		char key[64];
		if ((text && slice_is(type->text, EXTENSION_TYPE)) ||
		    !is_of_group(node_get(entry, "providerConfig")))
			continue;
		snprintf(key, sizeof key, "spec.extensions[%zu].type", i);
		if (!text || type->text.len == 0) {
			document_add(d, type ? type : entry, key, CODE_REQUIRED,
				     "Required value: field must not be empty: " EXTENSION_TYPE);
			continue;
		}
		buf_add_str(&say, "Unsupported value: ");
		show_quoted(&say, type->text);
		buf_add_str(&say, ": supported values: \"" EXTENSION_TYPE "\"");
		document_add(d, type, key, CODE_UNSUPPORTED, buf_cstr(&say));
		buf_free(&say);
	}
}

/* The API server takes one entry of a type. */
static void check_second(const struct document *d, size_t first)
{
	size_t at;
	const struct node *again = shoot_extension(d->root, first + 1, &at);
	char key[64];
	if (!again)
		return;
	snprintf(key, sizeof key, "spec.extensions[%zu].type", at);
	document_add(d, node_get(again, "type"), key, CODE_EXTENSION_DUPLICATE,
		     "Duplicate value: \"shoot-rsyslog-relp\"");
}

/* --- references ------------------------------------------------------------------- */

struct wanted {
	enum object_kind kind;
	const char *kind_text;
	const struct node *at; /* the name, in providerConfig */
	const char *key;       /* its path */
	unsigned libs;	       /* rsyslog's for TLS: TLS_GNUTLS or TLS_OPENSSL; 0: of no Secret */
};

static bool is_text(const struct node *v, const char *s)
{
	return v && v->kind == NODE_STRING && slice_is(v->text, s);
}

/* Of the names that we refer to: the API server takes each once. */
static void check_again(const struct document *d, const struct node *list, size_t first)
{
	const struct node *name = node_get(list->items.at[first], "name");
	for (size_t i = first + 1; i < list->items.n; i++) {
		const struct node *again = node_get(list->items.at[i], "name");
		char key[64];
		struct buf text = { 0 };
		if (!again || again->kind != NODE_STRING || !slice_eq(again->text, name->text))
			continue;
		snprintf(key, sizeof key, "spec.resources[%zu].name", i);
		buf_add_str(&text, "Duplicate value: ");
		show_quoted(&text, again->text);
		document_add(d, again, key, CODE_RESOURCE_DUPLICATE, buf_cstr(&text));
		buf_free(&text);
	}
}

/* The first entry of spec.resources of that name, as admission has it. */
static const struct node *find_resource(const struct document *d, const char *name, size_t *at)
{
	const struct node *spec = node_get(d->root, "spec");
	const struct node *list = spec ? node_get(spec, "resources") : NULL;
	for (size_t i = 0; list && list->kind == NODE_SEQ && i < list->items.n; i++) {
		if (!is_text(node_get(list->items.at[i], "name"), name))
			continue;
		*at = i;
		check_again(d, list, i);
		return list->items.at[i];
	}
	return NULL;
}

static void say_kind(const struct document *d, const struct wanted *w, const struct node *kind,
		     const char *key)
{
	struct buf text = { 0 };
	bool there = kind->kind == NODE_STRING;
	buf_printf(&text, "invalid referenced resource, expected kind %s, not ", w->kind_text);
	show_text(d->f, &text, there ? kind->text : slice_str(""));
	document_add(d, kind, key, CODE_REFERENCE_KIND, buf_cstr(&text));
	buf_free(&text);
}

/* Gardener's API server takes v1 alone here. */
static void check_resource_version(const struct document *d, const struct node *ref, size_t at)
{
	const struct node *version = node_get(ref, "apiVersion");
	struct buf say = { 0 };
	char key[80];
	if (is_text(version, "v1"))
		return;
	snprintf(key, sizeof key, "spec.resources[%zu].resourceRef.apiVersion", at);
	if (!version || version->kind != NODE_STRING || version->text.len == 0) {
		document_add(d, version ? version : ref, key, CODE_REQUIRED,
			     "Required value: must provide an apiVersion: v1");
		return;
	}
	buf_add_str(&say, "Unsupported value: ");
	show_quoted(&say, version->text);
	buf_add_str(&say, ": supported values: \"v1\"");
	document_add(d, version, key, CODE_UNSUPPORTED, buf_cstr(&say));
	buf_free(&say);
}

static void refer(const struct document *d, const struct wanted *w, const struct node *resource,
		  size_t at)
{
	char key[80];
	const struct node *ref = node_get(resource, "resourceRef");
	const struct node *kind = ref ? node_get(ref, "kind") : NULL;
	const struct node *name = ref ? node_get(ref, "name") : NULL;
	if (!is_text(kind, w->kind_text)) {
		snprintf(key, sizeof key, "spec.resources[%zu].resourceRef.kind", at);
		say_kind(d, w, kind ? kind : ref ? ref : resource, key);
		return;
	}
	check_resource_version(d, ref, at);
	snprintf(key, sizeof key, "spec.resources[%zu].resourceRef.name", at);
	if (!name || name->kind != NODE_STRING || name->text.len == 0) {
		document_add(d, name ? name : ref, key, CODE_REFERENCE, "Required value: the object's name");
		return;
	}
	struct buf path = { 0 };
	const char *ns = metadata_text(d->root, "namespace");
	path_join(&path, d->path, key);
	reference_add(d->v, (struct reference){
		.kind = w->kind, .file = d->file, .discreet = d->f->discreet, .name = mem_strdup(name->text.p),
		.ns = ns ? mem_strdup(ns) : NULL, .libs = w->libs, .line = name->line, .col = name->col,
		.path = mem_strdup(buf_cstr(&path)) });
	buf_free(&path);
}

static void look_up(const struct document *d, const struct wanted *w)
{
	size_t at;
	const struct node *resource = find_resource(d, w->at->text.p, &at);
	if (resource) {
		refer(d, w, resource, at);
		return;
	}
	struct buf text = { 0 };
	buf_add_str(&text, "missing or invalid referenced resource: ");
	show_text(d->f, &text, w->at->text);
	buf_add_str(&text, " is no name in spec.resources");
	document_add(d, w->at, w->key, CODE_REFERENCE, buf_cstr(&text));
	buf_free(&text);
}

/* A string at key of map; NULL: there is none, which is said elsewhere. */
static const struct node *name_at(const struct node *map, const char *key)
{
	const struct node *v = map && map->kind == NODE_MAP ? node_get(map, key) : NULL;
	return v && v->kind == NODE_STRING ? v : NULL;
}

/* librelp takes GnuTLS where nothing is said (docs/TLS-MATRIX.md). */
static unsigned tls_lib_of(const struct config *c)
{
	return c->tls.tls_lib && strcmp(c->tls.tls_lib, "openssl") == 0 ? TLS_OPENSSL : TLS_GNUTLS;
}

static void check_references(const struct document *d, const struct node *config,
			     const struct config *c, const char *path)
{
	char key[128];
	const struct node *secret = name_at(node_get(config, "tls"), "secretReferenceName");
	const struct node *map = name_at(node_get(config, "auditConfig"), "configMapReferenceName");
	if (c->tls.enabled && secret && secret->text.len) {
		snprintf(key, sizeof key, "%s.tls.secretReferenceName", path);
		look_up(d, &(struct wanted){ OBJECT_SECRET, "Secret", secret, key, tls_lib_of(c) });
	}
	if (c->audit_enabled && map) {
		snprintf(key, sizeof key, "%s.auditConfig.configMapReferenceName", path);
		look_up(d, &(struct wanted){ OBJECT_CONFIGMAP, "ConfigMap", map, key, 0 });
	}
}

/* --- the entry ---------------------------------------------------------------------- */

static void judge_config(const struct document *d, const struct node *config, const char *key)
{
	struct buf path = { 0 };
	struct config c;
	path_join(&path, d->path, key);
	config_decode(CONFIG_RELP, config, buf_cstr(&path), &c, d->f);
	if (config->kind == NODE_MAP)
		check_references(d, config, &c, key);
	config_free(&c);
	buf_free(&path);
}

void judge_shoot(const struct document *d)
{
	size_t at;
	char key[64];
	const struct node *entry = shoot_extension(d->root, 0, &at);
	check_types(d);
	if (!entry)
		return;
	document_check_type(d, SHOOT_VERSION, "Shoot");
	check_second(d, at);
	check_disabled(d, entry, at);
	if (is_disabled(entry))
		return;
	snprintf(key, sizeof key, "spec.extensions[%zu].providerConfig", at);
	const struct node *config = node_get(entry, "providerConfig");
	if (!config || config->kind == NODE_NULL)
		document_add(d, config ? config : entry, key, CODE_PROVIDER_CONFIG,
			     "Required value: Rsyslog relp configuration is required when using gardener-extension-shoot-rsyslog-relp");
	else
		judge_config(d, config, key);
}
