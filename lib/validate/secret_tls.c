// SPDX-License-Identifier: Apache-2.0
//
// What lib/tls says of a Secret's certificates and key, as findings of the node that
// uses them. Which of rsyslog's two libraries that is, its Shoot says.
#include "validate/internal.h"

#include "base/mem.h"

#include <stdlib.h>

struct tls_findings {
	size_t n;
	struct placed {
		struct tls_finding what;
		unsigned line, col;
		char path[64];
	} at[];
};

/* A line of the text, where that stands literally in the file; else the text's place. */
static void place(struct placed *p, const struct node *value)
{
	bool literal = value->block > 0 && p->what.line > 0;
	p->line = literal ? value->block + (unsigned)p->what.line - 1 : value->line;
	p->col = literal ? value->indent + 1 : value->col;
}

struct tls_findings *tls_findings_of(const struct document *d, const struct node *const values[TLS_PARTS],
				     const char *const keys[TLS_PARTS], const struct tls_pem *pem)
{
	struct tls_inspection *seen = mem_alloc(sizeof *seen);
	struct tls_findings *t;
	tls_inspect(pem, d->v->o.now, d->v->o.expires_within, seen);
	t = mem_alloc(sizeof *t + seen->n * sizeof t->at[0]);
	t->n = seen->n;
	for (size_t i = 0; i < seen->n; i++) {
		struct placed *p = &t->at[i];
		struct buf path = { 0 };
		*p = (struct placed){ .what = seen->at[i] };
		place(p, values[p->what.part]);
		path_join(&path, d->path, keys[p->what.part]);
		size_t len = path.len < sizeof p->path ? path.len : sizeof p->path - 1;
		memcpy(p->path, path.p, len);
		buf_free(&path);
	}
	free(seen);
	return t;
}

void tls_findings_free(struct tls_findings *t)
{
	free(t);
}

static const char *only_lib(unsigned libs)
{
	return libs == TLS_GNUTLS ? " (with tlsLib openssl rsyslog goes on)" : " (with tlsLib gnutls, or none, rsyslog goes on)";
}

static void add_one(const struct placed *p, unsigned libs, struct findings *f)
{
	const struct tls_finding *what = &p->what;
	unsigned rsyslog = what->node & (TLS_GNUTLS | TLS_OPENSSL);
	unsigned refused = libs ? rsyslog & libs : rsyslog;
	bool certain = libs ? refused != 0 : rsyslog == (TLS_GNUTLS | TLS_OPENSSL);
	enum code code = (enum code)(CODE_TLS + what->what);
	struct buf text = { 0 };
	unsigned errors = (certain ? CONCERN_RSYSLOG : 0U) |
			  (what->node & TLS_MBEDTLS ? CONCERN_RELPBOX : 0U) |
			  (what->receiver == TLS_ALL ? CONCERN_NODE : 0U);
	unsigned warnings = (what->node == 0 ? CONCERN_NODE : 0U) |
			    (!libs && refused && !certain ? CONCERN_RSYSLOG : 0U);
	buf_add_str(&text, what->text);
	if (f->who & errors) {
		findings_add_as(f, FINDING_ERROR, errors, p->line, p->col, code, p->path, buf_cstr(&text));
	} else if (f->who & warnings) {
		if (refused && !certain)
			buf_add_str(&text, only_lib(refused));
		findings_add_as(f, FINDING_WARNING, warnings, p->line, p->col, code, p->path, buf_cstr(&text));
	}
	buf_free(&text);
}

void tls_findings_add(const struct tls_findings *t, unsigned libs, struct findings *f)
{
	for (size_t i = 0; i < t->n; i++)
		add_one(&t->at[i], libs, f);
}
