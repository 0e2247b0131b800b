// SPDX-License-Identifier: Apache-2.0
//
// What a document is, and whether it is one to judge.
#include "validate/internal.h"

#include "conf/path.h"

#define GARDENER_GROUP "rsyslog-relp.extensions.gardener.cloud/"
#define SHOOT_GROUP "core.gardener.cloud/"
#define OWN_GROUP "relpbox/"

static struct slice text_of(const struct node *map, const char *key)
{
	const struct node *v = map ? node_get(map, key) : NULL;
	return v && v->kind == NODE_STRING ? v->text : slice_str("");
}

static bool begins(struct slice s, const char *with)
{
	size_t len = strlen(with);
	return s.len >= len && memcmp(s.p, with, len) == 0;
}

static bool ends(struct slice s, const char *with)
{
	size_t len = strlen(with);
	return s.len >= len && memcmp(s.p + s.len - len, with, len) == 0;
}

const struct node *shoot_extension(const struct node *root, size_t from, size_t *at)
{
	const struct node *spec = node_get(root, "spec");
	const struct node *list = spec ? node_get(spec, "extensions") : NULL;
	for (size_t i = from; list && list->kind == NODE_SEQ && i < list->items.n; i++) {
		if (!slice_is(text_of(list->items.at[i], "type"), EXTENSION_TYPE))
			continue;
		*at = i;
		return list->items.at[i];
	}
	return NULL;
}

static size_t count_entries(const struct node *root, const char *const *names, size_t n)
{
	size_t found = 0;
	const struct node *data = node_get(root, "data"), *text = node_get(root, "stringData");
	for (size_t i = 0; i < n; i++)
		found += (data && node_get(data, names[i])) || (text && node_get(text, names[i]));
	return found;
}

static bool looks_like_secret(const struct node *root)
{
	static const char *const names[] = { "ca", "crt", "key" };
	return count_entries(root, names, 3) >= 2;
}

static bool looks_like_configmap(const struct node *root)
{
	static const char *const names[] = { "auditd" };
	return count_entries(root, names, 1) == 1;
}

/* Other keys than a manifest of ours has: the values of a chart, settings of another program. */
static bool has_other_keys(const struct node *root)
{
	static const char *const ours[] = {
		"target", "port", "loggingRules", "tls", "rebindInterval", "timeout", "resumeRetryCount",
		"reportSuspensionContinuation", "auditConfig", "auditRules", "rsyslogRelpConfig",
		"identity", "inputs", "spool", "delivery", "messages",
		"metadata", "spec", "status", "data", "stringData", "immutable", "type", "kind",
	};
	size_t known = 0;
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		known += node_get(root, ours[i]) != NULL;
	return root->entries.n >= 2 * known;
}

/* Without a kind: what it holds, as somebody wrote it who forgot the kind. */
static enum document_kind kind_by_content(const struct node *root)
{
	struct slice version = text_of(root, "apiVersion");
	size_t at;
	if (version.len == 0 && has_other_keys(root))
		return DOCUMENT_OTHER;
	if (begins(version, OWN_GROUP) || node_get(root, "rsyslogRelpConfig"))
		return DOCUMENT_FORWARD;
	if (node_get(root, "auditRules"))
		return DOCUMENT_AUDITD;
	if (begins(version, GARDENER_GROUP) || node_get(root, "loggingRules"))
		return DOCUMENT_RELP;
	if (shoot_extension(root, 0, &at))
		return DOCUMENT_SHOOT;
	if (looks_like_secret(root))
		return DOCUMENT_SECRET;
	return looks_like_configmap(root) ? DOCUMENT_CONFIGMAP : DOCUMENT_OTHER;
}

enum document_kind document_kind(const struct node *root)
{
	struct slice kind = text_of(root, "kind"), version = text_of(root, "apiVersion");
	const struct node *items = node_get(root, "items");
	size_t at;
	if (root->kind != NODE_MAP)
		return DOCUMENT_OTHER;
	if (kind.len == 0)
		return kind_by_content(root);
	if (slice_is(kind, "RsyslogRelpConfig"))
		return DOCUMENT_RELP;
	if (slice_is(kind, "Shoot"))
		return version.len == 0 || begins(version, SHOOT_GROUP) || shoot_extension(root, 0, &at)
			       ? DOCUMENT_SHOOT : DOCUMENT_OTHER;
	if (slice_is(kind, "Secret"))
		return version.len == 0 || slice_is(version, "v1") ? DOCUMENT_SECRET : DOCUMENT_OTHER;
	if (slice_is(kind, "ConfigMap"))
		return version.len == 0 || slice_is(version, "v1") ? DOCUMENT_CONFIGMAP : DOCUMENT_OTHER;
	if (slice_is(kind, "Auditd") && (begins(version, GARDENER_GROUP) || version.len == 0))
		return DOCUMENT_AUDITD;
	if (slice_is(kind, "Forward") && (begins(version, OWN_GROUP) || version.len == 0))
		return DOCUMENT_FORWARD;
	if (ends(kind, "List") && items && items->kind == NODE_SEQ)
		return DOCUMENT_LIST;
	return begins(version, GARDENER_GROUP) || begins(version, OWN_GROUP) ? DOCUMENT_UNREGISTERED
									   : DOCUMENT_OTHER;
}

enum document_kind document_kind_in(const struct node *list, const struct node *item, bool *typed)
{
	static const struct {
		const char *list;
		enum document_kind item;
	} lists[] = {
		{ "ShootList", DOCUMENT_SHOOT },
		{ "SecretList", DOCUMENT_SECRET },
		{ "ConfigMapList", DOCUMENT_CONFIGMAP },
	};
	*typed = false;
	if (item->kind != NODE_MAP || text_of(item, "kind").len > 0)
		return document_kind(item);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		if (!slice_is(text_of(list, "kind"), lists[i].list))
			continue;
		*typed = true;
		return lists[i].item;
	}
	return document_kind(item);
}

bool document_is_own(const struct node *root)
{
	return begins(text_of(root, "apiVersion"), OWN_GROUP) || document_kind(root) == DOCUMENT_FORWARD;
}

bool document_is_encrypted(const struct node *root)
{
	const struct node *sops = node_get(root, "sops");
	return sops && sops->kind == NODE_MAP &&
	       (node_get(sops, "mac") || node_get(sops, "version") || node_get(sops, "lastmodified"));
}

/* --- templates ---------------------------------------------------------------- */

bool text_has_template(struct slice s)
{
	const char *open = s.len ? memmem(s.p, s.len, "{{", 2) : NULL;
	return open && memmem(open, (size_t)(s.p + s.len - open), "}}", 2);
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* ${NAME}, or with a default behind the name: what Flux and envsubst put a value for. */
static bool has_variable(struct slice s)
{
	const char *p = s.p, *end = s.p + s.len;
	while (s.len && (p = memmem(p, (size_t)(end - p), "${", 2)) != NULL) {
		const char *name = p += 2;
		while (p < end && is_name_char(*p))
			p++;
		bool named = p > name && !(*name >= '0' && *name <= '9');
		if (named && p < end && memchr("}:=-", *p, 4) && memchr(p, '}', (size_t)(end - p)))
			return true;
	}
	return false;
}

static bool is_template(struct slice s)
{
	return text_has_template(s) || has_variable(s);
}

static bool holds_any(struct slice text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text.len && memmem(text.p, text.len, words[i], strlen(words[i])))
			return true;
	return false;
}

bool text_may_be_manifest(struct slice text)
{
	static const char *const words[] = { "apiVersion", "loggingRules", "auditRules", "rsyslog",
					     "relpbox", "Shoot", "Secret", "ConfigMap", "Auditd" };
	/* UTF-16 has a NUL beside each of its letters */
	return holds_any(text, words, sizeof words / sizeof words[0]) ||
	       (text.len && memchr(text.p, '\0', text.len < 64 ? text.len : 64));
}

#define WALK_MAX (YAML_DEPTH_MAX + 1)

/* In a key or value of root's; its entry `without` is not looked at, where that is not NULL. */
static bool tree_has(const struct node *root, bool (*in)(struct slice), const char *without)
{
	struct level {
		const struct node *node;
		size_t next; /* child */
	} stack[WALK_MAX] = { { root, 0 } };
	size_t depth = 1;
	while (depth > 0) {
		const struct node *n = stack[depth - 1].node, *child = NULL;
		size_t i = stack[depth - 1].next++;
		if (n->kind == NODE_STRING && in(n->text))
			return true;
		if (n->kind == NODE_SEQ && i < n->items.n) {
			child = n->items.at[i];
		} else if (n->kind == NODE_MAP && i < n->entries.n) {
			const struct node_entry *e = &n->entries.at[i];
			if (in(e->name))
				return true;
			if (n == root && without && slice_is(e->name, without))
				continue;
			child = e->value;
		} else {
			depth--;
			continue;
		}
		if (depth < WALK_MAX)
			stack[depth++] = (struct level){ child, 0 };
	}
	return false;
}

static bool metadata_is_template(const struct node *root)
{
	const struct node *metadata = node_get(root, "metadata");
	return metadata &&
	       (is_template(text_of(metadata, "name")) || is_template(text_of(metadata, "namespace")));
}

static bool shoot_is_template(const struct node *root)
{
	size_t at;
	const struct node *spec = node_get(root, "spec"), *entry = shoot_extension(root, 0, &at);
	const struct node *resources = spec ? node_get(spec, "resources") : NULL;
	return entry && (tree_has(entry, is_template, NULL) ||
			 (resources && tree_has(resources, is_template, NULL)));
}

bool document_is_template(enum document_kind kind, const struct node *root)
{
	if (metadata_is_template(root))
		return true;
	return kind == DOCUMENT_SHOOT ? shoot_is_template(root) : tree_has(root, is_template, "metadata");
}

/* --- secrets --------------------------------------------------------------------- */

/* "Secret" where a kind may stand: anywhere but inside a longer word ("secretReferenceName"). */
static bool names_secret(struct slice text)
{
	const char *p = text.p, *end = text.p + text.len;
	while ((p = memmem(p, (size_t)(end - p), "Secret", 6)) != NULL) {
		p += 6;
		bool word = p < end && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'));
		if (!word || (end - p >= 4 && memcmp(p, "List", 4) == 0))
			return true;
	}
	return false;
}

/* "data" as a key: not within "metadata". */
static bool has_data(struct slice text)
{
	const char *p = text.p, *end = text.p + text.len;
	while ((p = memmem(p, (size_t)(end - p), "data", 4)) != NULL) {
		char before = p > text.p ? p[-1] : '\n';
		p += 4;
		if (!((before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z')))
			return true;
	}
	return false;
}

bool document_holds_key(const struct node *root)
{
	return tree_has(root, text_holds_key, NULL);
}

bool text_may_be_secret(struct slice text)
{
	static const char *const marks[] = { "stringData", "-----BEGIN", "PRIVATE KEY", "LS0tLS1", "tLS0tLUJF" };
	return holds_any(text, marks, sizeof marks / sizeof marks[0]) ||
	       (text.len && has_data(text) && names_secret(text));
}
