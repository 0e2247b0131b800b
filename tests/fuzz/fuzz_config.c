// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a configuration: no crash, what is said is safe to print and has
 * a position in the text, and what is taken keeps its promises.
 */
#include "base/mem.h"
#include "base/utf8.h"
#include "conf/config.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void printable(const char *text)
{
	struct slice s = slice_str(text);
	while (s.len > 0) {
		uint32_t cp;
		size_t n = utf8_next(s, &cp);
		invariant(cp != UTF8_BAD && utf8_printable(cp));
		s = slice_of(s.p + n, s.len - n);
	}
}

static void check_findings(const struct findings *f, int r, size_t size)
{
	invariant((r == 0) == (f->errors == 0));
	invariant(r == 0 || f->n > 0);
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *at = &f->at[i];
		invariant(at->line <= size + 1 && at->col <= size + 1);
		invariant((at->line == 0) == (at->col == 0));
		printable(at->path);
		printable(at->message);
		printable(code_info(at->code).name);
	}
}

static void check_config(const struct config *c)
{
	invariant(c->target && c->target[0]);
	invariant(c->port >= 1 && c->port <= 65535);
	invariant(c->n_rules >= 1 && c->n_rules <= CONFIG_RULES_MAX);
	for (size_t i = 0; i < c->n_rules; i++) {
		const struct config_rule *r = &c->rules[i];
		invariant(r->n_program_names || r->has_severity || r->regex || r->exclude);
		for (size_t k = 0; k < r->n_program_names; k++)
			invariant(r->program_names[k][0]);
	}
	for (size_t i = 0; i < c->n_inputs; i++) {
		const struct config_input *in = &c->inputs[i];
		invariant(in->name && in->name[0] && strlen(in->name) <= 63);
		invariant((in->kind == INPUT_UNIX) == (in->path != NULL));
	}
	invariant(!c->timeout.set || c->timeout.value >= 1);
	invariant(!c->resume_retry_count.set || c->resume_retry_count.value >= -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config c;
	struct findings f = { 0 };
	struct buf out = { 0 };
	int r = config_load(slice_of(data, size), &c, &f);
	check_findings(&f, r, size);
	if (r == 0)
		check_config(&c);
	findings_print(&f, "fuzz", &out);
	buf_free(&out);
	config_free(&c);
	findings_free(&f);
	return 0;
}
