// SPDX-License-Identifier: Apache-2.0
//
// The documents that stand for themselves: RsyslogRelpConfig, Auditd, Forward.
#include "validate/internal.h"

#include "conf/auditd.h"
#include "conf/check_relp.h"
#include "conf/json_scan.h"
#include "conf/path.h"

#include <stdlib.h>

void judge_relp(const struct document *d)
{
	struct config c;
	config_decode(CONFIG_RELP, d->root, d->path, &c, d->f);
	config_free(&c);
}

void judge_forward(const struct document *d)
{
	struct config c;
	config_decode(CONFIG_FORWARD, d->root, d->path, &c, d->f);
	config_free(&c);
}

static void judge_auditd_node(const struct node *root, const char *path, struct findings *f)
{
	struct auditd a;
	struct buf rules = { 0 };
	const struct node *text = node_get(root, "auditRules");
	auditd_decode(root, path, &a, f);
	path_join(&rules, path, "auditRules");
	if (a.audit_rules && text->kind == NODE_STRING && text->text.len > 0)
		judge_audit_rules(text, buf_cstr(&rules), f);
	buf_free(&rules);
	auditd_free(&a);
}

void judge_auditd(const struct document *d)
{
	judge_auditd_node(d->root, d->path, d->f);
}

void judge_unregistered(const struct document *d)
{
	const struct node *kind = node_get(d->root, "kind");
	struct buf text = { 0 };
	buf_add_str(&text, "no kind ");
	show_text(d->f, &text, kind->text);
	buf_add_str(&text, " is registered for version ");
	show_text(d->f, &text, node_get(d->root, "apiVersion")->text);
	buf_add_str(&text, ": there are RsyslogRelpConfig and Auditd of rsyslog-relp.extensions.gardener.cloud/v1alpha1, and Forward of relpbox/v1alpha1");
	document_add(d, kind, "kind", CODE_KIND, buf_cstr(&text));
	buf_free(&text);
}

/* --- a document inside a text --------------------------------------------------------- */

struct inner {
	const char *path;
	struct findings *f;
	size_t documents; /* that are not empty */
	bool begun;	  /* did a line "---" begin one? */
};

/* Is there more than comments and directives: a line "---"? */
static bool is_begun(struct slice text)
{
	bool front = true;
	for (size_t i = 0; i + 3 <= text.len; i++) {
		if (front && memcmp(text.p + i, "---", 3) == 0)
			return true;
		front = text.p[i] == '\n';
	}
	return false;
}

static void say_second(const struct inner *in, const struct yaml_document *doc)
{
	unsigned line = doc->root ? doc->root->line : doc->first, col = doc->root ? doc->root->col : 1;
	findings_back(in->f, doc->before);
	if (in->documents == 0)
		findings_add(in->f, line, col, CODE_KIND, in->path,
			     "a second document: Gardener reads the first one alone, and that is empty");
	else
		findings_add(in->f, line, col, CODE_DOCUMENT_IGNORED, in->path,
			     "a second document: Gardener reads the first one alone");
}

/* What the reader says of a text has paths from the text's own root. */
static void prefix_paths(struct findings *f, size_t from, const char *path)
{
	for (size_t i = from; i < f->n; i++) {
		struct buf whole = { 0 };
		path_join(&whole, path, f->at[i].path);
		free(f->at[i].path);
		f->at[i].path = whole.p ? (buf_cstr(&whole), whole.p) : NULL;
	}
}

static void on_inner(void *arg, const struct yaml_document *doc)
{
	struct inner *in = arg;
	prefix_paths(in->f, doc->before.n, in->path);
	if (!doc->root && !doc->bad) {
		in->begun |= is_begun(doc->text);
		return;
	}
	if (in->documents > 0 || in->begun)
		say_second(in, doc);
	else if (doc->root)
		judge_auditd_node(doc->root, in->path, in->f);
	in->documents++;
}

static bool is_json(struct slice text, size_t at)
{
	struct json_scan scan;
	enum json_part part;
	json_scan_start(&scan, text, at);
	do
		part = json_scan_next(&scan);
	while (part != JSON_BAD && part != JSON_END);
	return part == JSON_END;
}

/* Gardener asks its JSON decoder first, which takes all that begins with a brace: flow style is no YAML there. */
static bool is_wrong_json(struct slice text, const char *path, struct findings *f)
{
	unsigned line = 1, col = 1;
	size_t at = 0;
	for (; at < text.len && strchr(" \t\r\n", text.p[at]); at++) {
		col = text.p[at] == '\n' ? 1 : col + 1;
		line += text.p[at] == '\n';
	}
	if (at == text.len || text.p[at] != '{' || is_json(text, at))
		return false;
	findings_add(f, line, col, CODE_YAML_SYNTAX, path,
		     "not JSON: Gardener reads a text that begins with { as JSON, and not as YAML");
	return true;
}

static bool on_inner_secret(void *arg, struct slice text)
{
	(void)arg;
	return text_may_be_secret(text);
}

void judge_auditd_text(const struct node *value, const char *path, struct findings *f)
{
	struct findings_place place = node_place(value);
	struct inner in = { .path = path, .f = f };
	struct yaml_calls calls = { .document = on_inner, .secret = on_inner_secret, .arg = &in };
	f->place = &place;
	if (is_wrong_json(value->text, path, f))
		in.documents++;
	else
		yaml_each(value->text, VALIDATE_FILE_MAX, f, &calls);
	f->place = NULL;
	if (in.documents == 0)
		findings_add(f, value->line, value->col, CODE_KIND, path,
			     "there is no document in it: an Auditd is wanted");
}
