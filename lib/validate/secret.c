// SPDX-License-Identifier: Apache-2.0
//
// A Secret with certificates and key, as admission wants it behind a Shoot
// (gardener.md 2.1, 5), and as TLS on the node does. Nothing of what it holds is shown.
#include "validate/internal.h"

#include "base/base64.h"
#include "conf/check_relp.h"
#include "conf/path.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = { "ca", "crt", "key" };
enum { CA, CRT, KEY, NAMES };

struct entry {
	const struct node *value; /* NULL: it is not there */
	char key[24];	    /* "data.ca", "stringData.ca" */
	struct buf bytes;
	bool decoded;
};

/* What the API server makes of data and stringData: the latter goes over the former. */
static void find_entry(const struct node *root, const char *name, struct entry *e)
{
	static const char *const maps[] = { "stringData", "data" };
	for (size_t i = 0; i < 2; i++) {
		const struct node *map = node_get(root, maps[i]);
		e->value = map && map->kind == NODE_MAP ? node_get(map, name) : NULL;
		snprintf(e->key, sizeof e->key, "%s.%s", maps[i], name);
		if (e->value)
			return;
	}
}

static bool is_data(const struct entry *e)
{
	return e->key[0] == 'd';
}

/* To bytes; what hinders it is a finding. */
static void decode_entry(const struct document *d, struct entry *e)
{
	const struct node *v = e->value;
	if (v->kind == NODE_NULL) {
		e->decoded = true;
	} else if (v->kind != NODE_STRING) {
		document_add(d, v, e->key, CODE_TYPE, "Invalid value: " NOT_SHOWN ": must be a string");
	} else if (!is_data(e)) {
		buf_add_slice(&e->bytes, v->text);
		e->decoded = true;
	} else if (base64_decode(v->text, &e->bytes) == 0) {
		e->decoded = true;
	} else {
		bool pem = v->text.len && memmem(v->text.p, v->text.len, "-----BEGIN", 10);
		document_add(d, v, e->key, CODE_SECRET_BASE64, pem
			? "illegal base64 data: it is PEM as it stands, and data wants it in base64: write stringData instead of data"
			: "illegal base64 data");
	}
}

static void check_entries(const struct document *d, struct entry *entries)
{
	const struct node *data = node_get(d->root, "data");
	for (size_t i = 0; i < NAMES; i++) {
		char text[64], key[24];
		if (entries[i].value) {
			decode_entry(d, &entries[i]);
			continue;
		}
		snprintf(text, sizeof text, "the Secret is missing %s value", names[i]);
		snprintf(key, sizeof key, "data.%s", names[i]);
		document_add(d, data && data->kind == NODE_MAP ? data : d->root, key, CODE_SECRET_ENTRY, text);
	}
}

static bool is_known(struct slice name)
{
	for (size_t i = 0; i < NAMES; i++)
		if (slice_is(name, names[i]))
			return true;
	return false;
}

static void check_extra(const struct document *d)
{
	static const char *const maps[] = { "data", "stringData" };
	for (size_t m = 0; m < 2; m++) {
		const struct node *map = node_get(d->root, maps[m]);
		for (size_t i = 0; map && map->kind == NODE_MAP && i < map->entries.n; i++) {
			const struct node_entry *e = &map->entries.at[i];
			struct node at = { .line = e->line, .col = e->col };
			if (is_known(e->name))
				continue;
			document_add(d, &at, maps[m], CODE_SECRET_EXTRA,
				     "the Secret should have only three data entries: ca, crt and key");
			return;
		}
	}
}

/*
 * Entries of data that nobody reads, because stringData goes over them or because
 * they are none of ours: the API server decodes them all the same.
 */
static void check_unread(const struct document *d, const struct entry *entries)
{
	const struct node *data = node_get(d->root, "data");
	for (size_t i = 0; data && data->kind == NODE_MAP && i < data->entries.n; i++) {
		const struct node_entry *at = &data->entries.at[i];
		struct entry e = { .value = at->value, .key = "data" };
		bool read = false;
		for (size_t k = 0; k < NAMES; k++) {
			read |= entries[k].value == at->value && is_data(&entries[k]);
			if (slice_is(at->name, names[k]))
				snprintf(e.key, sizeof e.key, "data.%s", names[k]);
		}
		if (!read)
			decode_entry(d, &e);
		buf_free(&e.bytes);
	}
}

static struct tls_findings *inspect(const struct document *d, const struct entry *entries)
{
	struct slice texts[NAMES];
	const struct node *values[NAMES];
	const char *keys[NAMES];
	for (size_t i = 0; i < NAMES; i++) {
		const struct buf *bytes = &entries[i].bytes;
		texts[i] = !entries[i].decoded ? slice_of(NULL, 0) : bytes->len ? buf_slice(bytes) : slice_str("");
		values[i] = entries[i].value;
		keys[i] = entries[i].key;
	}
	return tls_findings_of(d, values, keys, &(struct tls_pem){ texts[CA], texts[CRT], texts[KEY] });
}

void judge_secret(const struct document *d)
{
	struct object *o = object_add(d->v, OBJECT_SECRET, d->file, d->root);
	struct entry entries[NAMES] = { 0 };
	struct document inner = *d;
	size_t there = 0;
	inner.f = &o->findings;
	o->findings.who = d->f->who;
	o->findings.lint = d->f->lint;
	o->findings.discreet = true;
	for (size_t i = 0; i < NAMES; i++) {
		find_entry(d->root, names[i], &entries[i]);
		there += entries[i].value != NULL;
	}
	/* other programs have some of these names; few Secrets are immutable */
	o->ours = there == NAMES || (there == NAMES - 1 && node_get(d->root, "immutable"));
	document_check_type(&inner, "v1", "Secret");
	document_check_immutable(&inner, CODE_SECRET_IMMUTABLE, "the Secret must be immutable");
	check_entries(&inner, entries);
	check_unread(&inner, entries);
	check_extra(&inner);
	o->tls = inspect(&inner, entries);
	for (size_t i = 0; i < NAMES; i++)
		buf_free(&entries[i].bytes);
}
