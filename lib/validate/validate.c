// SPDX-License-Identifier: Apache-2.0
/* STUB: stands in for the judge while it is written. Judges by config_load alone. */
#include "validate/validate.h"

#include "base/mem.h"
#include "conf/config.h"
#include "validate/baseline.h"
#include "validate/ignore.h"

#include <stdlib.h>

struct one {
	char *name;
	struct findings f;
	struct ignore_comments c;
	char *text;
	size_t len;
};

struct validate {
	struct validate_options o;
	struct one *at;
	size_t n;
	struct report r;
	char **sources;
	size_t n_sources;
};

struct validate *validate_new(const struct validate_options *o)
{
	struct validate *v = mem_zero(1, sizeof *v);
	v->o = *o;
	return v;
}

void validate_text(struct validate *v, const char *name, struct slice text)
{
	struct config c = { 0 };
	v->at = mem_grow(v->at, (v->n + 1) * sizeof *v->at);
	struct one *o = &v->at[v->n++];
	*o = (struct one){ .name = mem_strdup(name) };
	o->text = mem_dup(text.p, text.len);
	o->len = text.len;
	o->f.who = CONCERN_GARDENER | v->o.node;
	v->r.files++;
	if (text.len > VALIDATE_FILE_MAX) {
		findings_add(&o->f, 0, 0, CODE_TOO_LARGE, NULL, "the file has more than %u bytes", VALIDATE_FILE_MAX);
		return;
	}
	v->r.judged++;
	config_load(text, &c, &o->f);
	config_free(&c);
	ignore_scan(&o->c, text, &o->f);
	findings_sort(&o->f);
}

static const char *source(struct validate *v, struct one *o, unsigned line)
{
	size_t at = 0;
	for (unsigned l = 1; l < line && at < o->len; at++)
		l += o->text[at] == '\n';
	if (!v->o.keep_source || line == 0)
		return NULL;
	size_t end = at;
	while (end < o->len && o->text[end] != '\n' && o->text[end] != '\r')
		end++;
	char *s = mem_zero(1, end - at + 1);
	memcpy(s, o->text + at, end - at);
	v->sources = mem_grow(v->sources, (v->n_sources + 1) * sizeof *v->sources);
	return v->sources[v->n_sources++] = s;
}

const struct report *validate_report(struct validate *v, const struct ignore_list *list, struct baseline *known)
{
	for (size_t i = 0; i < v->n; i++) {
		struct one *o = &v->at[i];
		for (size_t k = 0; k < o->f.n; k++) {
			const struct finding *f = &o->f.at[k];
			if (ignore_has(&o->c, f) || (list && list->has[f->code])) {
				v->r.ignored++;
				continue;
			}
			if (known && baseline_take(known, o->name, f)) {
				v->r.known++;
				continue;
			}
			v->r.at = mem_grow(v->r.at, (v->r.n + 1) * sizeof *v->r.at);
			v->r.at[v->r.n++] = (struct report_finding){ o->name, f, source(v, o, f->line) };
		}
		v->r.dropped += o->f.dropped;
	}
	return &v->r;
}

void validate_free(struct validate *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n; i++) {
		findings_free(&v->at[i].f);
		ignore_free(&v->at[i].c);
		free(v->at[i].name);
		free(v->at[i].text);
	}
	for (size_t i = 0; i < v->n_sources; i++)
		free(v->sources[i]);
	free(v->sources);
	free(v->at);
	free(v->r.at);
	free(v);
}
