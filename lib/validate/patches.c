// SPDX-License-Identifier: Apache-2.0
//
// Kustomize's patches: an object in part, which lacks what the object has.
#include "validate/internal.h"

#include "base/mem.h"

#include <stdlib.h>

/* a/./b/../c as a/c: what a path in a kustomization.yaml names, and what files are called. */
static char *clean_path(struct slice folder, struct slice path)
{
	struct buf out = { 0 }, whole = { 0 };
	if (!(path.len && path.p[0] == '/'))
		buf_add_slice(&whole, folder);
	buf_add_slice(&whole, path);
	struct slice rest = buf_slice(&whole);
	if (rest.len && rest.p[0] == '/')
		buf_add_char(&out, '/');
	while (rest.len > 0) {
		const char *slash = memchr(rest.p, '/', rest.len);
		struct slice part = slice_of(rest.p, slash ? (size_t)(slash - rest.p) : rest.len);
		size_t used = part.len + (slash ? 1 : 0);
		rest = slice_of(rest.p + used, rest.len - used);
		const char *last = out.len ? memrchr(out.p, '/', out.len) : NULL;
		size_t last_at = last ? (size_t)(last - out.p) + 1 : 0;
		if (part.len == 0 || slice_is(part, "."))
			continue;
		if (slice_is(part, "..") && out.len > last_at &&
		    !slice_is(slice_of(out.p + last_at, out.len - last_at), "..")) {
			out.len = last_at > 1 ? last_at - 1 : last_at;
			continue;
		}
		if (out.len && out.p[out.len - 1] != '/')
			buf_add_char(&out, '/');
		buf_add_slice(&out, part);
	}
	buf_free(&whole);
	return (char *)(buf_cstr(&out), out.p);
}

static void add_patch(struct validate *v, struct slice folder, const struct node *path)
{
	if (!path || path->kind != NODE_STRING || path->text.len == 0 || path->text.len > PATCH_PATH_MAX ||
	    memchr(path->text.p, '\n', path->text.len)) /* patchesStrategicMerge takes a text as well */
		return;
	v->patches = mem_room(v->patches, v->n_patches, &v->cap_patches, sizeof *v->patches);
	v->patches[v->n_patches++] = clean_path(folder, path->text);
}

void patches_note(struct validate *v, size_t file, const struct node *root)
{
	const char *name = v->files[file].name, *slash = strrchr(name, '/');
	struct slice folder = slice_of(name, slash ? (size_t)(slash - name) + 1 : 0);
	const struct node *kind = node_get(root, "kind"), *list = node_get(root, "patches");
	const struct node *merges = node_get(root, "patchesStrategicMerge");
	if (!kind || kind->kind != NODE_STRING ||
	    !(slice_is(kind->text, "Kustomization") || slice_is(kind->text, "Component")))
		return;
	for (size_t i = 0; list && list->kind == NODE_SEQ && i < list->items.n; i++)
		if (list->items.at[i]->kind == NODE_MAP)
			add_patch(v, folder, node_get(list->items.at[i], "path"));
	for (size_t i = 0; merges && merges->kind == NODE_SEQ && i < merges->items.n; i++)
		add_patch(v, folder, merges->items.at[i]);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void patches_sort(struct validate *v)
{
	if (v->n_patches)
		qsort(v->patches, v->n_patches, sizeof *v->patches, by_text);
}

bool patches_have(const struct validate *v, const char *file)
{
	if (v->n_patches == 0)
		return false;
	char *name = clean_path(slice_str(""), slice_str(file));
	bool found = bsearch(&name, v->patches, v->n_patches, sizeof *v->patches, by_text) != NULL;
	free(name);
	return found;
}

bool patch_may_lack(enum code code)
{
	static const enum code codes[] = {
		CODE_REQUIRED, CODE_PORT_ABSENT, CODE_RETRY_ABSENT, CODE_TLS_OFF, CODE_TLS_IGNORED,
		CODE_SECRET_REFERENCE, CODE_TLS_AUTH_ABSENT, CODE_TLS_AUTH_OPENSSL,
		CODE_TLS_NAME_REQUIRED, CODE_TLS_FINGERPRINT_REQUIRED, CODE_PROVIDER_CONFIG,
		CODE_REFERENCE, CODE_AUDIT_CONFIG_EMPTY, CODE_AUDIT_REFERENCE_IGNORED,
		CODE_AUDIT_NOT_FORWARDED, CODE_SECRET_ENTRY, CODE_SECRET_IMMUTABLE,
		CODE_CONFIGMAP_ENTRY, CODE_CONFIGMAP_IMMUTABLE,
	};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i] == code)
			return true;
	return false;
}

void patches_free(struct validate *v)
{
	for (size_t i = 0; i < v->n_patches; i++)
		free(v->patches[i]);
	free(v->patches);
}
