// SPDX-License-Identifier: Apache-2.0
//
// Auditd's table, and how schemas are printed; what is in them, tests/e2e/test_validate_schema.py
// compares with the decoder.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/auditd.h"
#include "conf/schema_json.h"

#define HEAD "apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1\nkind: Auditd\n"

/* Decodes text; what was found goes to found, which is freed by the caller. */
static int decode(const char *text, struct auditd *a, struct buf *found)
{
	struct yaml_tree tree;
	struct findings f = { 0 };
	assert_int_equal(yaml_tree_parse(slice_str(text), 1 << 20, &tree, &f), 0);
	int r = auditd_decode(tree.documents[0], "", a, &f);
	yaml_tree_free(&tree);
	findings_sort(&f);
	findings_print(&f, "f", found);
	findings_free(&f);
	return r;
}

static void finds(const char *text, const char *expected)
{
	struct auditd a;
	struct buf found = { 0 };
	assert_int_equal(decode(text, &a, &found), *expected ? -1 : 0);
	assert_string_equal(buf_cstr(&found), expected);
	auditd_free(&a);
	buf_free(&found);
}

static void auditd_is_taken(void **state)
{
	(void)state;
	struct auditd a;
	struct buf found = { 0 };
	assert_int_equal(decode(HEAD "auditRules: |\n  -D\n  -b 8192\n", &a, &found), 0);
	assert_string_equal(a.audit_rules, "-D\n-b 8192\n");
	auditd_free(&a);
	assert_null(a.audit_rules);
	auditd_free(&a);
	buf_free(&found);
}

static void rules_may_be_long(void **state)
{
	(void)state;
	struct buf text = { 0 };
	buf_add_str(&text, HEAD "auditRules: |\n");
	while (text.len < 4 * FIELD_STRING_MAX)
		buf_add_str(&text, "  -w /etc/passwd -p wa -k identity\n");
	finds(buf_cstr(&text), "");
	buf_free(&text);
}

static void auditd_without_rules(void **state)
{
	(void)state;
#define EMPTY "error: auditRules: Invalid value: \"\": auditRules must not be empty [audit-rules-empty]\n"
	finds(HEAD "auditRules: ''\n", "f:3:13: " EMPTY);
	finds(HEAD "auditRules:\n", "f:3:12: " EMPTY);
	finds(HEAD, "f:1:1: " EMPTY);
	finds(HEAD "auditRules: ' '\n", ""); /* as in Gardener */
}

static void auditd_with_more(void **state)
{
	(void)state;
	finds(HEAD "auditRules: 1\n",
	      "f:3:13: error: auditRules: Invalid value: 1: must be a string, not an integer; in quotes it would be one [type]\n");
	finds(HEAD "auditRules: -D\nauditrules: -D\n",
	      "f:4:1: error: auditrules: unknown field \"auditrules\": did you mean \"auditRules\"? [unknown-field]\n");
}

static void prints_one_kind_or_all(void **state)
{
	(void)state;
	struct buf out = { 0 };
	buf_add_str(&out, "before ");
	assert_int_equal(schema_json_print("Secret", &out), -1);
	assert_int_equal(schema_json_print("", &out), -1);
	assert_string_equal(buf_cstr(&out), "before ");
	assert_int_equal(schema_json_print("Auditd", &out), 0);
	assert_non_null(strstr(buf_cstr(&out), "\"title\":\"Auditd\""));
	assert_null(strstr(buf_cstr(&out), "loggingRules"));
	out.len = 0;
	assert_int_equal(schema_json_print(NULL, &out), 0);
	assert_non_null(strstr(buf_cstr(&out), "\"auditRules\""));
	assert_non_null(strstr(buf_cstr(&out), "\"loggingRules\""));
	assert_non_null(strstr(buf_cstr(&out), "\"rsyslogRelpConfig\""));
	assert_int_equal(out.p[out.len - 1], '\n');
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auditd_is_taken),
		cmocka_unit_test(rules_may_be_long),
		cmocka_unit_test(auditd_without_rules),
		cmocka_unit_test(auditd_with_more),
		cmocka_unit_test(prints_one_kind_or_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
