// SPDX-License-Identifier: Apache-2.0
#include "validate/validate.h"

#include "base/mem.h"
#include "conf/path.h"
#include "conf/split.h"
#include "validate/baseline.h"
#include "validate/ignore.h"
#include "validate/internal.h"

#include <stdio.h>
#include <stdlib.h>

/* Of a document: a List of all Shoots of a landscape is one. 50 MiB of memory at most. */
#define VALUES_MAX 400000
#define FINDINGS_TOTAL_MAX 20000 /* over all files; what goes beyond is counted */

struct validate *validate_new(const struct validate_options *o)
{
	struct validate *v = mem_zero(1, sizeof *v);
	v->o = *o;
	return v;
}

void validate_free(struct validate *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n_files; i++) {
		free(v->files[i].name);
		findings_free(&v->files[i].findings);
		ignore_free(&v->files[i].comments);
	}
	objects_free(v);
	patches_free(v);
	free(v->files);
	free(v->report.at);
	free(v);
}

/* --- lines of the file, for a person at a terminal -------------------------------- */

/* Where it cannot hold what nobody may see. */
static bool may_show(enum document_kind kind, struct slice text)
{
	return kind != DOCUMENT_SECRET && kind != DOCUMENT_LIST && kind != DOCUMENT_OTHER &&
	       !text_is_private(text);
}

struct lines {
	struct slice rest;
	unsigned at; /* the line that rest begins with */
};

static struct slice line_take(struct lines *l)
{
	struct slice line = line_next(l->rest);
	l->rest = slice_of(l->rest.p + line.len, l->rest.len - line.len);
	l->at++;
	return line_text(line);
}

/* Each finding has its own copy: a longer line, with many findings in it, would take gigabytes. */
#define LINE_SHOWN_MAX 8192

/* Gives the findings behind `from` their lines; they come nearly in the lines' order. */
static void keep_lines(struct findings *f, size_t from, const struct yaml_document *doc)
{
	struct lines l = { .rest = doc->text, .at = doc->first };
	struct slice line = { 0 };
	for (size_t i = from; i < f->n; i++) {
		struct finding *at = &f->at[i];
		if (at->line < doc->first || at->line > doc->last || at->source)
			continue;
		if (at->line + 1 < l.at) /* the line that was taken last is still at hand */
			l = (struct lines){ .rest = doc->text, .at = doc->first };
		while (l.at <= at->line)
			line = line_take(&l);
		if (line.len > LINE_SHOWN_MAX)
			continue;
		at->source = mem_alloc(line.len + 1);
		if (line.len)
			memcpy(at->source, line.p, line.len);
		at->source[line.len] = '\0';
	}
}

/* --- one document -------------------------------------------------------------------- */

struct reading {
	struct validate *v;
	size_t file;
	bool found; /* nobody named the file */
};

static struct findings *findings_of(const struct reading *r)
{
	return &r->v->files[r->file].findings;
}

/* A reader's finding about what turned out to be a Secret, or in a place that only we see. */
static void revise(struct findings *f, size_t from, enum document_kind kind, bool own,
		   bool was_discreet)
{
	for (size_t i = from; i < f->n; i++) {
		struct finding *at = &f->at[i];
		at->own_kind = own;
		if (own)
			at->concerns = CONCERN_RELPBOX; /* whosever node is judged otherwise */
		if (kind != DOCUMENT_SECRET || was_discreet)
			continue;
		at->path[0] = '\0';
		free(at->message);
		at->message = mem_strdup(NOT_SHOWN);
	}
}

static void judge(const struct document *d, enum document_kind kind)
{
	d->f->discreet = kind == DOCUMENT_SECRET || document_holds_key(d->root);
	d->f->own_kind = document_is_own(d->root);
	unsigned who = d->f->who;
	if (d->f->own_kind)
		d->f->who = CONCERN_RELPBOX;
	switch (kind) {
	case DOCUMENT_SHOOT:
		judge_shoot(d);
		break;
	case DOCUMENT_RELP:
		judge_relp(d);
		break;
	case DOCUMENT_FORWARD:
		judge_forward(d);
		break;
	case DOCUMENT_AUDITD:
		judge_auditd(d);
		break;
	case DOCUMENT_SECRET:
		judge_secret(d);
		break;
	case DOCUMENT_CONFIGMAP:
		judge_configmap(d);
		break;
	case DOCUMENT_UNREGISTERED:
		judge_unregistered(d);
		break;
	case DOCUMENT_LIST:
	case DOCUMENT_OTHER:
		break;
	}
	d->f->who = who;
	d->f->own_kind = false;
}

/* Whoever forgets the "---" between two documents writes one with two kinds. */
static bool has_two_kinds(const struct findings *f, size_t from)
{
	for (size_t i = from; i < f->n; i++)
		if (f->at[i].code == CODE_DUPLICATE_KEY &&
		    (strcmp(f->at[i].path, "kind") == 0 || strcmp(f->at[i].path, "apiVersion") == 0))
			return true;
	return false;
}

/* A document or an item of a List. False: it is nothing to us, or cannot be judged. */
static bool judge_one(const struct reading *r, const struct node *root, const char *path,
		      enum document_kind kind, bool typed)
{
	struct validate *v = r->v;
	struct document d = { v, r->file, root, path, findings_of(r), typed };
	if (kind == DOCUMENT_OTHER) {
		v->report.other++;
		object_add_unread(&d, kind);
		return false;
	}
	if (document_is_encrypted(root)) {
		v->report.encrypted++;
		object_add_unread(&d, kind);
		return false;
	}
	if (document_is_template(kind, root)) {
		v->report.templates++;
		object_add_unread(&d, kind);
		return false;
	}
	if (kind != DOCUMENT_SECRET && kind != DOCUMENT_CONFIGMAP)
		v->report.judged++; /* those are counted when it is known who refers to them */
	judge(&d, kind);
	return true;
}

/* The items of a List, and of Lists in it. */
static void judge_list(const struct reading *r, const struct yaml_document *doc)
{
	struct level {
		const struct node *list, *items;
		size_t next, path; /* item; length of the path before it */
	} stack[YAML_DEPTH_MAX] = { { doc->root, node_get(doc->root, "items"), 0, 0 } };
	bool show = r->v->o.keep_source && !text_may_be_secret(doc->text);
	size_t depth = 1;
	struct buf path = { 0 };
	while (depth > 0) {
		struct level *l = &stack[depth - 1];
		path.len = l->path;
		if (l->next == l->items->items.n) {
			depth--;
			continue;
		}
		const struct node *item = l->items->items.at[l->next];
		bool typed;
		enum document_kind kind = document_kind_in(l->list, item, &typed);
		buf_printf(&path, "%sitems[%zu]", path.len ? "." : "", l->next++);
		if (kind == DOCUMENT_LIST && depth < YAML_DEPTH_MAX) {
			stack[depth++] = (struct level){ item, node_get(item, "items"), 0, path.len };
			continue;
		}
		size_t from = findings_of(r)->n;
		if (judge_one(r, item, buf_cstr(&path), kind, typed) && show)
			keep_lines(findings_of(r), from, doc);
	}
	buf_free(&path);
}

static bool is_template_text(const struct yaml_document *doc, const struct findings *f)
{
	if (!text_has_template(doc->text))
		return false;
	if (doc->bad)
		return true;
	for (size_t i = doc->before.n; i < f->n; i++)
		if (f->at[i].code == CODE_YAML_KEY)
			return true; /* {{ x }} is a map as a map's key */
	return false;
}

static void on_document(void *arg, const struct yaml_document *doc)
{
	struct reading *r = arg;
	struct findings *f = findings_of(r);
	bool was_discreet = f->discreet;
	size_t objects = r->v->n_objects;
	r->v->report.documents += doc->root || doc->bad;
	if (is_template_text(doc, f)) {
		findings_back(f, doc->before);
		r->v->report.templates++;
		return;
	}
	if (doc->bad && r->found && !text_may_be_manifest(doc->text)) {
		findings_back(f, doc->before);
		r->v->report.other++;
		return;
	}
	if (!doc->root)
		return;
	enum document_kind kind = document_kind(doc->root);
	if (kind == DOCUMENT_OTHER)
		patches_note(r->v, r->file, doc->root);
	if (kind == DOCUMENT_OTHER && has_two_kinds(f, doc->before.n)) {
		r->v->report.judged++;
		return;
	}
	if (kind == DOCUMENT_LIST) {
		judge_list(r, doc);
	} else if (!judge_one(r, doc->root, "", kind, false)) {
		findings_back(f, doc->before);
		return;
	} else {
		revise(f, doc->before.n, kind, document_is_own(doc->root), was_discreet);
	}
	if (!r->v->o.keep_source || !may_show(kind, doc->text))
		return;
	keep_lines(f, doc->before.n, doc);
	if (r->v->n_objects > objects)
		keep_lines(&r->v->objects[objects].findings, 0, doc);
}

static bool on_secret(void *arg, struct slice text)
{
	(void)arg;
	return text_may_be_secret(text);
}

/* --- files ----------------------------------------------------------------------------- */

static size_t file_add(struct validate *v, const char *name)
{
	v->files = mem_room(v->files, v->n_files, &v->cap_files, sizeof *v->files);
	struct file *file = &v->files[v->n_files];
	*file = (struct file){ .name = mem_strdup(name) };
	file->findings.who = CONCERN_GARDENER | v->o.node;
	file->findings.lint = true;
	v->report.files++;
	return v->n_files++;
}

/* What is beyond the limit of all files is only counted. */
static void bound(struct validate *v, struct findings *f)
{
	size_t room = v->n_findings < FINDINGS_TOTAL_MAX ? FINDINGS_TOTAL_MAX - v->n_findings : 0;
	if (f->n > room) {
		size_t lost = f->n - room;
		findings_back(f, (struct findings_mark){ room, f->errors, f->dropped + lost });
	}
	v->n_findings += f->n;
}

static void read_file(struct validate *v, const char *name, struct slice text, bool found)
{
	struct reading r = { v, file_add(v, name), found };
	struct yaml_calls calls = { .document = on_document, .secret = on_secret, .arg = &r,
				    .max_values = VALUES_MAX };
	struct file *file = &v->files[r.file];
	if (found && text.len > VALIDATE_FILE_MAX && !text_may_be_manifest(text)) {
		v->report.other++;
		return;
	}
	yaml_each(text, VALIDATE_FILE_MAX, &file->findings, &calls);
	ignore_scan(&file->comments, text, &file->findings);
	bound(v, &file->findings);
}

void validate_text(struct validate *v, const char *name, struct slice text)
{
	read_file(v, name, text, false);
}

void validate_found(struct validate *v, const char *name, struct slice text)
{
	read_file(v, name, text, true);
}

/* --- the report ------------------------------------------------------------------------- */

/* Those of objects came only now, when it is known who refers to them. */
static void report_add(struct validate *v, const struct file *file, const struct finding *f)
{
	if (v->report.n == FINDINGS_TOTAL_MAX) {
		v->report.dropped++;
		v->report.dropped_errors += f->severity == FINDING_ERROR;
		return;
	}
	v->report.at = mem_room(v->report.at, v->report.n, &v->cap_report, sizeof *v->report.at);
	v->report.at[v->report.n++] = (struct report_finding){ file->name, f, f->source };
}

/* f->errors counts what was not kept, too. */
static size_t errors_lost(const struct findings *f)
{
	size_t kept = 0;
	for (size_t i = 0; i < f->n; i++)
		kept += f->at[i].severity == FINDING_ERROR;
	return f->errors - kept;
}

const struct report *validate_report(struct validate *v, const struct ignore_list *list,
				     struct baseline *known)
{
	references_follow(v);
	patches_sort(v);
	for (size_t i = 0; i < v->n_files; i++) {
		struct file *file = &v->files[i];
		bool patch = patches_have(v, file->name);
		findings_sort(&file->findings);
		v->report.dropped += file->findings.dropped;
		v->report.dropped_errors += errors_lost(&file->findings);
		for (size_t k = 0; k < file->findings.n; k++) {
			const struct finding *f = &file->findings.at[k];
			if (patch && patch_may_lack(f->code))
				continue;
			if (ignore_has(&file->comments, f) || (list && list->has[f->code]))
				v->report.ignored++;
			else if (known && baseline_take(known, file->name, f))
				v->report.known++;
			else
				report_add(v, file, f);
		}
	}
	return &v->report;
}
