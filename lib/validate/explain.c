// SPDX-License-Identifier: Apache-2.0
#include "validate/explain_int.h"

static const struct explain_group *const groups[] = {
	&explain_text, &explain_decoding, &explain_target, &explain_rules, &explain_delivery,
	&explain_tls, &explain_audit, &explain_objects, &explain_own,
};

#define GROUPS (sizeof groups / sizeof groups[0])

/* Of a Secret's ca, crt and key: who cannot work with it. */
static const char *who_refuses(enum tls_trouble trouble)
{
	const struct tls_trouble_info *t = tls_trouble_info(trouble);
	static const char *const texts[] = {
		[0] = "It works as it is, and is hardly meant so.",
		[TLS_GNUTLS] = "rsyslog with gnutls, which it takes without tlsLib, cannot use it, and the node sends nothing.",
		[TLS_OPENSSL] = "rsyslog with tlsLib openssl cannot use it, and the node sends nothing.",
		[TLS_GNUTLS | TLS_OPENSSL] = "rsyslog cannot use it, and the node sends nothing.",
		[TLS_MBEDTLS] = "relpbox cannot use it, and keeps its records until it can.",
		[TLS_GNUTLS | TLS_MBEDTLS] = "rsyslog with gnutls, which it takes without tlsLib, and relpbox cannot use it: the node sends nothing.",
		[TLS_OPENSSL | TLS_MBEDTLS] = "rsyslog with tlsLib openssl and relpbox cannot use it: the node sends nothing.",
		[TLS_ALL] = "Neither rsyslog nor relpbox can use it: the node sends nothing.",
	};
	if (trouble == TLS_EXPIRES_SOON || trouble == TLS_CHAIN_EXPIRES_SOON || trouble == TLS_CA_EXPIRES_SOON)
		return "It works until then; after that the node sends nothing.";
	unsigned node = t->node[TLS_PART_CA] | t->node[TLS_PART_CERT] | t->node[TLS_PART_KEY];
	if (node == 0 && t->receiver == TLS_ALL)
		return "The node can use it, and every receiver that asks for a certificate refuses it.";
	if (node == 0 && t->receiver)
		return "The node can use it; some receivers refuse it.";
	return texts[node];
}

bool explain(enum code code, struct explanation *out)
{
	if (code >= CODE_TLS) {
		enum tls_trouble trouble = (enum tls_trouble)(code - CODE_TLS);
		const struct tls_trouble_info *t = tls_trouble_info(trouble);
		*out = (struct explanation){ t->means, who_refuses(trouble), t->mend };
		return true;
	}
	for (size_t g = 0; g < GROUPS; g++)
		for (size_t i = 0; i < groups[g]->n; i++)
			if (groups[g]->rows[i].code == code) {
				*out = groups[g]->rows[i].is;
				return true;
			}
	return false;
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
static void add_facts(enum code code, struct buf *out)
{
	struct code_info info = code_info(code);
	const char *before = "";
	buf_printf(out, "%s, %s; concerns ", info.severity == FINDING_ERROR ? "error" : "warning",
		   finding_kind_text(info.kind));
	for (size_t i = 0; i < sizeof whom / sizeof whom[0]; i++) {
		if (!(info.concerns & whom[i].bit))
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
	struct explanation is;
	buf_printf(out, "%s (", code_info(code).name);
	add_facts(code, out);
	buf_add_str(out, ")\n\n");
	if (explain(code, &is))
		buf_printf(out, "%s\n\nWhy: %s\n\nMend: %s\n", is.what, is.why, is.mend);
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

static const char head_of_tls[] =
	"\n## ca, crt and key of a Secret\n"
	"\n"
	"Whether such a finding is an error depends on who uses the text: what the library of the Shoot's tlsLib\n"
	"refuses (gnutls, where it says none) is one for rsyslog, and what relpbox refuses is one for relpbox. Of a\n"
	"Secret that no Shoot among the files refers to, what one of rsyslog's libraries refuses is a warning.\n"
	"\n"
	"A Secret for a Shoot is immutable: what is put right, and what is renewed, goes into one with a new name,\n"
	"to which `spec.resources` then refers. [TLS.md](TLS.md) has the commands that make certificates.\n";

static void add_section(enum code code, struct buf *out)
{
	struct explanation is;
	if (!explain(code, &is))
		return;
	buf_printf(out, "\n### %s\n\n*", code_info(code).name);
	add_facts(code, out);
	buf_add_str(out, "*\n\n");
	add_body(&is, out);
}

void explain_all(struct buf *out)
{
	buf_add_str(out, head);
	for (size_t g = 0; g < GROUPS; g++) {
		buf_printf(out, "\n## %s\n", groups[g]->title);
		if (groups[g]->about)
			buf_printf(out, "\n%s\n", groups[g]->about);
		for (size_t i = 0; i < groups[g]->n; i++) {
			const struct explain_row *row = &groups[g]->rows[i];
			add_section(row->code, out);
		}
	}
	buf_add_str(out, head_of_tls);
	for (unsigned c = CODE_TLS; c < CODES; c++)
		add_section((enum code)c, out);
}
