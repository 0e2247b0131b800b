// SPDX-License-Identifier: Apache-2.0
//
// A ConfigMap with audit rules, as admission wants it behind a Shoot (gardener.md 2.1, 6).
#include "validate/internal.h"

#include "conf/check_relp.h"
#include "conf/path.h"

static void check_extra(const struct document *d, const struct node *data)
{
	for (size_t i = 0; data && data->kind == NODE_MAP && i < data->entries.n; i++) {
		const struct node_entry *e = &data->entries.at[i];
		struct node at = { .line = e->line, .col = e->col };
		if (slice_is(e->name, "auditd"))
			continue;
		struct buf key = { 0 };
		buf_add_str(&key, "data");
		show_key(d->f, &key, e->name);
		document_add(d, &at, buf_cstr(&key), CODE_CONFIGMAP_EXTRA,
			     "the ConfigMap should have auditd as its only data entry");
		buf_free(&key);
		return;
	}
}

static void judge_entry(const struct document *d, const struct node *data)
{
	const struct node *auditd = data && data->kind == NODE_MAP ? node_get(data, "auditd") : NULL;
	struct buf path = { 0 };
	path_join(&path, d->path, "data.auditd");
	if (!auditd)
		document_add(d, data ? data : d->root, "data.auditd", CODE_CONFIGMAP_ENTRY,
			     "missing 'data.auditd' field in the ConfigMap");
	else if (auditd->kind == NODE_NULL || (auditd->kind == NODE_STRING && auditd->text.len == 0))
		document_add(d, auditd, "data.auditd", CODE_CONFIGMAP_EMPTY,
			     "empty auditd config. Provide non-empty auditd config in the ConfigMap");
	else if (auditd->kind != NODE_STRING)
		document_add(d, auditd, "data.auditd", CODE_TYPE,
			     auditd->kind == NODE_MAP ? "Invalid value: {...}: must be a string, not a map: put \"|\" behind \"auditd:\""
						      : "Invalid value: must be a string");
	else
		judge_auditd_text(auditd, buf_cstr(&path), d->f);
	buf_free(&path);
}

/* By what auditd holds: other programs have the name, too, for settings of another form. */
static bool is_ours(const struct node *root, const struct node *auditd)
{
	static const char *const words[] = { "Auditd", "auditRules", "rsyslog-relp" };
	if (!auditd || auditd->kind != NODE_STRING || auditd->text.len == 0)
		return auditd && node_get(root, "immutable");
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (memmem(auditd->text.p, auditd->text.len, words[i], strlen(words[i])))
			return true;
	return false;
}

void judge_configmap(const struct document *d)
{
	struct object *o = object_add(d->v, OBJECT_CONFIGMAP, d->file, d->root);
	const struct node *data = node_get(d->root, "data");
	struct document inner = *d;
	inner.f = &o->findings;
	o->ours = data && data->kind == NODE_MAP && is_ours(d->root, node_get(data, "auditd"));
	o->findings.who = d->f->who;
	o->findings.lint = d->f->lint;
	document_check_type(&inner, "v1", "ConfigMap");
	document_check_immutable(&inner, CODE_CONFIGMAP_IMMUTABLE, "the ConfigMap must be immutable");
	judge_entry(&inner, data);
	check_extra(&inner, data);
}
