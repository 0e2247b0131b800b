// SPDX-License-Identifier: Apache-2.0
#include "validate/explain_int.h"

static const struct explain_group *const groups[] = {
	&explain_text, &explain_decoding, &explain_target, &explain_rules, &explain_delivery,
	&explain_tls, &explain_audit, &explain_objects, &explain_own,
};

#define GROUPS (sizeof groups / sizeof groups[0])

const struct explanation *explain(enum code code)
{
	for (size_t g = 0; g < GROUPS; g++)
		for (size_t i = 0; i < groups[g]->n; i++)
			if (groups[g]->rows[i].code == code)
				return &groups[g]->rows[i].is;
	return NULL;
}

static const struct {
	unsigned bit;
	const char *name;
} whom[] = {
	{ CONCERN_GARDENER, "Gardener" },
	{ CONCERN_RSYSLOG, "rsyslog" },
	{ CONCERN_RELPBOX, "relpbox" },
};

/* "error, Invalid; concerns Gardener, rsyslog" */
static void add_facts(const struct code_info *info, struct buf *out)
{
	const char *before = "";
	buf_printf(out, "%s, %s; concerns ", info->severity == FINDING_ERROR ? "error" : "warning",
		   finding_kind_text(info->kind));
	for (size_t i = 0; i < sizeof whom / sizeof whom[0]; i++) {
		if (!(info->concerns & whom[i].bit))
			continue;
		buf_printf(out, "%s%s", before, whom[i].name);
		before = ", ";
	}
}

static void add_body(const struct explanation *is, struct buf *out)
{
	buf_printf(out, "%s\n\n**Why:** %s\n\n**Mend:** %s\n", is->what, is->why, is->mend);
}

void explain_one(enum code code, struct buf *out)
{
	const struct explanation *is = explain(code);
	buf_printf(out, "%s (", code_info(code)->name);
	add_facts(code_info(code), out);
	buf_add_str(out, ")\n\n");
	if (is)
		buf_printf(out, "%s\n\nWhy: %s\n\nMend: %s\n", is->what, is->why, is->mend);
}

static const char head[] =
	"# Findings\n"
	"\n"
	"What `relpbox validate`, and `relpbox forward --check-config`, say about a configuration: each code, what it\n"
	"means, why it matters, how to mend it. `relpbox validate --explain CODE` prints one of them, and\n"
	"`--explain all` this page. Codes are stable: they stand in ignore comments, `--ignore` and baselines.\n"
	"\n"
	"An **error** is what Gardener's admission or its API server refuses, or what cannot work on the node. A\n"
	"**warning** is what works and is not likely meant. Whom a code can concern stands behind it: \"Gardener\": it\n"
	"refuses it (of a warning: it takes it otherwise than written); \"rsyslog\": on a node where Gardener's\n"
	"extension configures it; \"relpbox\": on a node where relpbox runs in its place.\n";

void explain_all(struct buf *out)
{
	buf_add_str(out, head);
	for (size_t g = 0; g < GROUPS; g++) {
		buf_printf(out, "\n## %s\n", groups[g]->title);
		if (groups[g]->about)
			buf_printf(out, "\n%s\n", groups[g]->about);
		for (size_t i = 0; i < groups[g]->n; i++) {
			const struct explain_row *row = &groups[g]->rows[i];
			buf_printf(out, "\n### %s\n\n", code_info(row->code)->name);
			buf_add_char(out, '*');
			add_facts(code_info(row->code), out);
			buf_add_str(out, "*\n\n");
			add_body(&row->is, out);
		}
	}
}
