// SPDX-License-Identifier: Apache-2.0
// What needs many files, or more of something than a case in testdata/validate should hold.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/yaml.h"
#include "validate/validate.h"

#include <stdio.h>
#include <string.h>

#define TOTAL_MAX 20000 /* findings over all files */

#define RELP "apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1\nkind: RsyslogRelpConfig\n"

static struct validate *start(bool require_refs)
{
	const struct validate_options o = { .node = CONCERN_RSYSLOG, .now = 1796000000,
					    .require_refs = require_refs };
	return validate_new(&o);
}

static void judge(struct validate *v, const char *name, struct buf *text)
{
	validate_text(v, name, buf_slice(text));
	text->len = 0;
}

static size_t count(const struct report *r, enum code code)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n; i++)
		n += r->at[i].finding->code == code;
	return n;
}

static void add_shoot(struct buf *out, const char *ns, const char *secret)
{
	buf_printf(out, "---\napiVersion: core.gardener.cloud/v1beta1\nkind: Shoot\nmetadata: {name: a%s%s}\n"
		   "spec:\n  extensions:\n  - type: shoot-rsyslog-relp\n    providerConfig:\n"
		   "      apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1\n"
		   "      kind: RsyslogRelpConfig\n      target: a.example.com\n      port: 1\n"
		   "      loggingRules: [{severity: 6}]\n      resumeRetryCount: -1\n"
		   "      tls: {enabled: true, secretReferenceName: s, permittedPeer: [b], authMode: name}\n"
		   "  resources:\n  - {name: s, resourceRef: {apiVersion: v1, kind: Secret, name: %s}}\n",
		   ns[0] ? ", namespace: " : "", ns, secret);
}

static void add_secret(struct buf *out, const char *ns, const char *name)
{
	buf_printf(out, "---\napiVersion: v1\nkind: Secret\nmetadata: {name: %s%s%s}\n", name,
		   ns[0] ? ", namespace: " : "", ns);
}

/* --- how much ----------------------------------------------------------------------- */

static void findings_of_all_files_have_a_limit(void **state)
{
	(void)state;
	struct validate *v = start(false);
	struct buf text = { 0 };
	char name[16];
	for (unsigned i = 0; i < 22; i++) {
		buf_add_str(&text, RELP);
		for (unsigned k = 0; k < 1200; k++)
			buf_printf(&text, "unknown%u: 1\n", k);
		snprintf(name, sizeof name, "%u.yaml", i);
		judge(v, name, &text);
	}
	const struct report *r = validate_report(v, NULL, NULL);
	assert_int_equal(r->n, TOTAL_MAX);
	assert_in_range(r->dropped, 22 * 1200 - TOTAL_MAX, 22 * 1210 - TOTAL_MAX);
	buf_free(&text);
	validate_free(v);
}

static void those_of_objects_too(void **state)
{
	(void)state;
	struct validate *v = start(false);
	struct buf text = { 0 };
	for (unsigned i = 0; i < 40; i++) {
		for (unsigned k = 0; k < 150; k++) {
			add_secret(&text, "", "a");
			buf_add_str(&text, "data: {ca: \"\", crt: \"\", key: \"\", more: \"\"}\n");
		}
		judge(v, "a.yaml", &text);
	}
	const struct report *r = validate_report(v, NULL, NULL);
	assert_int_equal(r->n, TOTAL_MAX);
	assert_true(r->dropped > 0);
	assert_int_equal(r->judged, 40 * 150);
	buf_free(&text);
	validate_free(v);
}

static void documents_have_a_limit(void **state)
{
	(void)state;
	struct validate *v = start(false);
	struct buf text = { 0 };
	for (unsigned i = 0; i < YAML_DOCUMENTS_MAX + 1; i++)
		buf_add_str(&text, "---\na\n");
	judge(v, "a.yaml", &text);
	const struct report *r = validate_report(v, NULL, NULL);
	assert_int_equal(r->n, 1);
	assert_int_equal(r->at[0].finding->code, CODE_TOO_LARGE);
	assert_int_equal(r->at[0].finding->line, 2 * YAML_DOCUMENTS_MAX + 1);
	assert_int_equal(r->other, YAML_DOCUMENTS_MAX);
	buf_free(&text);
	validate_free(v);
}

static void a_file_that_is_too_large_is_said(void **state)
{
	(void)state;
	struct validate *v = start(false);
	struct buf text = { 0 };
	buf_add_str(&text, "a: ");
	while (text.len <= VALIDATE_FILE_MAX)
		buf_add_char(&text, 'a');
	judge(v, "a.yaml", &text);
	const struct report *r = validate_report(v, NULL, NULL);
	assert_int_equal(r->n, 1);
	assert_int_equal(r->at[0].finding->code, CODE_TOO_LARGE);
	assert_int_equal(r->at[0].finding->line, 0);
	buf_free(&text);
	validate_free(v);
}

/* --- references ---------------------------------------------------------------------- */

struct refers {
	const char *shoot, *secret; /* their namespaces */
	size_t missing, elsewhere;
};

static void references_go_over_files_and_keep_to_a_namespace(void **state)
{
	(void)state;
	static const struct refers cases[] = {
		{ "a", "a", 0, 0 }, { "a", "", 0, 0 }, { "", "a", 0, 0 }, { "", "", 0, 0 }, { "a", "b", 1, 1 },
	};
	for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		const struct refers *c = &cases[i / 2];
		struct validate *v = start(true);
		struct buf text = { 0 };
		for (size_t k = 0; k < 2; k++) { /* whichever comes first */
			if (k == i % 2)
				add_shoot(&text, c->shoot, "x");
			else
				add_secret(&text, c->secret, "x");
			judge(v, k ? "b.yaml" : "a.yaml", &text);
		}
		const struct report *r = validate_report(v, NULL, NULL);
		assert_int_equal(count(r, CODE_REFERENCE_NOT_GIVEN), c->missing);
		assert_int_equal(count(r, CODE_REFERENCE_NAMESPACE), c->elsewhere);
		assert_int_equal(r->references, c->missing);
		assert_int_equal(count(r, CODE_SECRET_ENTRY), c->missing ? 0 : 3); /* judged when referred to */
		buf_free(&text);
		validate_free(v);
	}
}

static void many_of_one_name_are_not_followed_for_ever(void **state)
{
	(void)state;
	struct validate *v = start(false);
	struct buf text = { 0 };
	for (unsigned i = 0; i < 8000; i++)
		add_secret(&text, "b", "x");
	judge(v, "a.yaml", &text);
	for (unsigned i = 1; i <= 1300; i++) {
		add_shoot(&text, "a", "x");
		if (i % 100 == 0)
			judge(v, "b.yaml", &text);
	}
	const struct report *r = validate_report(v, NULL, NULL);
	assert_int_equal(count(r, CODE_TOO_LARGE), 1);
	assert_int_equal(r->references, 10000000 / 8000);
	assert_int_equal(r->other, 8000);
	buf_free(&text);
	validate_free(v);
}

/* --- whom it concerns ------------------------------------------------------------------ */

static void what_is_said_of_our_own_kinds_concerns_us(void **state)
{
	(void)state;
	struct validate *v = start(false);
	struct buf text = { 0 };
	buf_add_str(&text, "apiVersion: relpbox/v1alpha1\nkind: Forward\nkind: Forward\nunknown: 1\n");
	judge(v, "a.yaml", &text);
	const struct report *r = validate_report(v, NULL, NULL);
	assert_int_equal(count(r, CODE_DUPLICATE_KEY), 1);
	for (size_t i = 0; i < r->n; i++)
		assert_int_equal(r->at[i].finding->concerns, CONCERN_RELPBOX);
	buf_free(&text);
	validate_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(findings_of_all_files_have_a_limit),
		cmocka_unit_test(those_of_objects_too),
		cmocka_unit_test(documents_have_a_limit),
		cmocka_unit_test(a_file_that_is_too_large_is_said),
		cmocka_unit_test(references_go_over_files_and_keep_to_a_namespace),
		cmocka_unit_test(many_of_one_name_are_not_followed_for_ever),
		cmocka_unit_test(what_is_said_of_our_own_kinds_concerns_us),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
