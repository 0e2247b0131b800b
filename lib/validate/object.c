// SPDX-License-Identifier: Apache-2.0
//
// What documents share: type and metadata; the objects that are referred to.
#include "validate/internal.h"

#include "base/mem.h"
#include "conf/check_relp.h"
#include "conf/path.h"
#include "gardener/names.h"

#include <stdlib.h>

const char *metadata_text(const struct node *root, const char *key)
{
	const struct node *metadata = node_get(root, "metadata");
	const struct node *v = metadata ? node_get(metadata, key) : NULL;
	return v && v->kind == NODE_STRING && v->text.len ? v->text.p : NULL;
}

void path_join(struct buf *out, const char *path, const char *key)
{
	buf_add_str(out, path);
	if (path[0] && key[0] && key[0] != '[')
		buf_add_char(out, '.');
	buf_add_str(out, key);
}

void document_add(const struct document *d, const struct node *n, const char *key, enum code code,
		  const char *text)
{
	struct buf path = { 0 };
	path_join(&path, d->path, key);
	findings_add(d->f, n->line, n->col, code, buf_cstr(&path), "%s", text);
	buf_free(&path);
}

void document_check_type(const struct document *d, const char *api_version, const char *kind)
{
	const struct node *version = node_get(d->root, "apiVersion");
	struct buf text = { 0 };
	if (d->typed)
		return;
	if (!node_is_set(d->root, "apiVersion")) {
		buf_printf(&text, "Required value: %s", api_version);
		document_add(d, version ? version : d->root, "apiVersion", CODE_API_VERSION, buf_cstr(&text));
	} else if (version->kind != NODE_STRING || !slice_is(version->text, api_version)) {
		buf_printf(&text, "no kind \"%s\" is registered for version ", kind);
		show_quoted(&text, version->kind == NODE_STRING ? version->text : slice_str("?"));
		buf_printf(&text, ": it is %s", api_version);
		document_add(d, version, "apiVersion", CODE_API_VERSION, buf_cstr(&text));
	}
	text.len = 0;
	if (!node_is_set(d->root, "kind")) {
		buf_printf(&text, "Required value: %s, by what it holds", kind);
		document_add(d, d->root, "kind", CODE_KIND, buf_cstr(&text));
	}
	buf_free(&text);
}

void document_check_immutable(const struct document *d, enum code code, const char *text)
{
	const struct node *v = node_get(d->root, "immutable");
	if (v && v->kind == NODE_BOOL && v->boolean)
		return;
	if (v && v->kind != NODE_BOOL && v->kind != NODE_NULL)
		document_add(d, v, "immutable", CODE_TYPE, "Invalid value: must be a boolean");
	else
		document_add(d, v ? v : d->root, "immutable", code, text);
}

/* --- objects and references -------------------------------------------------------- */

static char *copy_or_null(const char *s)
{
	return s ? mem_strdup(s) : NULL;
}

struct object *object_add(struct validate *v, enum object_kind kind, size_t file, const struct node *root)
{
	v->objects = mem_room(v->objects, v->n_objects, &v->cap_objects, sizeof *v->objects);
	struct object *o = &v->objects[v->n_objects++];
	*o = (struct object){ .kind = kind, .file = file };
	o->name = copy_or_null(metadata_text(root, "name"));
	o->ns = copy_or_null(metadata_text(root, "namespace"));
	return o;
}

/* Of what becomes a Secret in the cluster, the name of that Secret; NULL: it is none of these. */
static const struct node *future_secret(const struct node *root)
{
	const struct node *kind = node_get(root, "kind"), *spec = node_get(root, "spec");
	const struct node *target = spec ? node_get(spec, "target") : NULL, *name = NULL;
	if (!kind || kind->kind != NODE_STRING)
		return NULL;
	if (slice_is(kind->text, "ExternalSecret"))
		name = target ? node_get(target, "name") : NULL;
	else if (!slice_is(kind->text, "SealedSecret"))
		return NULL;
	return name ? name : node_get(root, "metadata");
}

void object_add_unread(const struct document *d, enum document_kind kind)
{
	const struct node *future = kind == DOCUMENT_OTHER ? future_secret(d->root) : NULL;
	if (!future && kind != DOCUMENT_SECRET && kind != DOCUMENT_CONFIGMAP)
		return;
	struct object *o = object_add(d->v, kind == DOCUMENT_CONFIGMAP ? OBJECT_CONFIGMAP : OBJECT_SECRET,
				      d->file, d->root);
	o->unread = true;
	if (future && future->kind == NODE_STRING && future->text.len) {
		free(o->name);
		o->name = mem_strdup(future->text.p);
	}
}

void reference_add(struct validate *v, struct reference r)
{
	v->references = mem_room(v->references, v->n_references, &v->cap_references, sizeof *v->references);
	v->references[v->n_references++] = r;
}

static const char *kind_text(enum object_kind kind)
{
	return kind == OBJECT_SECRET ? "Secret" : "ConfigMap";
}

/* Where one does not say its namespace, it is said when it is applied. */
static bool same_namespace(const char *a, const char *b)
{
	return !a || !b || strcmp(a, b) == 0;
}

/* "the Secret "ns/name"", as far as names are names. */
static void add_object(struct buf *out, const struct reference *r)
{
	struct buf name = { 0 };
	if (r->ns)
		buf_printf(&name, "%s/", r->ns);
	buf_add_str(&name, r->name);
	buf_printf(out, "the %s ", kind_text(r->kind));
	show_quoted(out, buf_slice(&name));
	buf_free(&name);
}

static void say_not_given(struct validate *v, const struct reference *r, const char *elsewhere)
{
	struct findings *f = &v->files[r->file].findings;
	struct buf text = { 0 }, other = { 0 };
	add_object(&text, r);
	if (elsewhere) {
		show_quoted(&other, slice_str(elsewhere));
		findings_add(f, r->line, r->col, CODE_REFERENCE_NAMESPACE, r->path,
			     "%s is looked for in the Shoot's namespace, and the one that is given is in %s",
			     buf_cstr(&text), buf_cstr(&other));
	}
	if (v->o.require_refs)
		findings_add(f, r->line, r->col, CODE_REFERENCE_NOT_GIVEN, r->path,
			     "%s is not among the files: admission refuses a Shoot whose %s does not exist",
			     buf_cstr(&text), kind_text(r->kind));
	buf_free(&other);
	buf_free(&text);
}

static int by_name(const void *a, const void *b)
{
	const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;
	return strcmp(x->name, y->name);
}

/* Those that have a name, by it: a repository may hold many. */
static struct object **sorted(struct validate *v, size_t *n)
{
	struct object **list = mem_zero(v->n_objects + 1, sizeof *list);
	*n = 0;
	for (size_t i = 0; i < v->n_objects; i++)
		if (v->objects[i].name)
			list[(*n)++] = &v->objects[i];
	qsort(list, *n, sizeof *list, by_name);
	return list;
}

/* The first in the list whose name is not before it. */
static size_t first_named(struct object *const *list, size_t n, const char *name)
{
	size_t from = 0;
	while (n > 0) {
		size_t half = n / 2;
		bool before = strcmp(list[from + half]->name, name) < 0;
		from += before ? half + 1 : 0;
		n = before ? n - half - 1 : half;
	}
	return from;
}

#define FOLLOWED_MAX 10000000 /* objects looked at: many of one name, many times referred to */

static void follow(struct validate *v, const struct reference *r, struct object *const *list, size_t n,
		   size_t *looked)
{
	const char *elsewhere = NULL;
	bool found = false;
	for (size_t i = first_named(list, n, r->name); i < n && strcmp(list[i]->name, r->name) == 0; i++) {
		struct object *o = list[i];
		if (++*looked > FOLLOWED_MAX)
			return;
		if (o->kind != r->kind)
			continue;
		if (same_namespace(o->ns, r->ns)) {
			found = o->referred = true;
			o->libs |= r->libs;
		} else {
			elsewhere = o->ns;
		}
	}
	if (found)
		return;
	v->report.references++;
	say_not_given(v, r, elsewhere);
}

/* Whom nobody refers to, and who does not look like ours, is another's object. */
void references_follow(struct validate *v)
{
	size_t n, looked = 0, i;
	struct object **list = sorted(v, &n);
	for (i = 0; i < v->n_references && looked <= FOLLOWED_MAX; i++)
		follow(v, &v->references[i], list, n, &looked);
	if (looked > FOLLOWED_MAX) {
		const struct reference *r = &v->references[i - 1];
		findings_add(&v->files[r->file].findings, r->line, r->col, CODE_TOO_LARGE, r->path,
			     "from here on references are not followed: too many objects have the same name");
	}
	free(list);
	for (i = 0; i < v->n_objects; i++) {
		struct object *o = &v->objects[i];
		if (o->unread) {
			continue; /* counted when it was skipped */
		} else if (o->ours || o->referred) {
			if (o->tls)
				tls_findings_add(o->tls, o->libs, &o->findings);
			findings_move(&v->files[o->file].findings, &o->findings);
			v->report.judged++;
		} else {
			v->report.other++;
		}
	}
}

void objects_free(struct validate *v)
{
	for (size_t i = 0; i < v->n_objects; i++) {
		free(v->objects[i].name);
		free(v->objects[i].ns);
		findings_free(&v->objects[i].findings);
		tls_findings_free(v->objects[i].tls);
	}
	for (size_t i = 0; i < v->n_references; i++) {
		free(v->references[i].name);
		free(v->references[i].ns);
		free(v->references[i].path);
	}
	free(v->objects);
	free(v->references);
}
