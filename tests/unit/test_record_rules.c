// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/rules.h"

static struct buf scratch;

static struct record record(const char *datagram)
{
	struct record r;
	record_parse(slice_str(datagram), &scratch, &r);
	return r;
}

static void add(struct rules *rules, const struct rule_spec *spec)
{
	struct err e = { 0 };
	if (rules_add(rules, spec, &e) != 0)
		fail_msg("%s", e.text);
}

static int match(struct rules *rules, const char *datagram)
{
	struct record r = record(datagram);
	return rules_match(rules, &r);
}

static void no_rule_takes_nothing(void **state)
{
	(void)state;
	struct rules *rules = rules_new();
	assert_int_equal(match(rules, "<0>a: b"), RULES_NONE);
	rules_free(rules);
	rules_free(NULL);
}

static void programs_are_compared_exactly(void **state)
{
	(void)state;
	static const char *const names[] = { "kubelet", "foo.service", "" };
	struct rules *rules = rules_new();
	add(rules, &(struct rule_spec){ .program_names = names, .n_program_names = 2 });
	assert_int_equal(match(rules, "<30>kubelet[1]: x"), 0);
	assert_int_equal(match(rules, "<30>foo.service: x"), 0);
	assert_int_equal(match(rules, "<30>kubelet x"), 0);
	assert_int_equal(match(rules, "<30>kubelet/x[1]: x"), 0);
	assert_int_equal(match(rules, "<30>Kubelet[1]: x"), RULES_NONE);
	assert_int_equal(match(rules, "<30>kubelet2: x"), RULES_NONE);
	assert_int_equal(match(rules, "<30>kubele: x"), RULES_NONE);
	assert_int_equal(match(rules, "<30>/usr/bin/kubelet: x"), RULES_NONE);
	assert_int_equal(match(rules, "<30>fooxservice: x"), RULES_NONE);
	rules_free(rules);
}

static void severity_is_at_most(void **state)
{
	(void)state;
	static const struct {
		int64_t severity;
		const char *datagram;
		int expected;
	} cases[] = {
		{ 6, "<30>a: b", 0 },	 { 5, "<30>a: b", RULES_NONE }, { 7, "<31>a: b", 0 },
		{ 0, "<0>a: b", 0 },	 { 0, "<184>a: b", 0 },		{ 0, "<1>a: b", RULES_NONE },
		{ 7, "<192>a: b", 0 },	 { 6, "<192>a: b", RULES_NONE }, /* invalid is 7 */
		{ 8, "<31>a: b", 0 },	 { -1, "<0>a: b", RULES_NONE },
		{ INT64_MAX, "<7>a: b", 0 }, { INT64_MIN, "<0>a: b", RULES_NONE },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rules *rules = rules_new();
		add(rules, &(struct rule_spec){ .has_severity = true,
						.severity = cases[i].severity });
		assert_int_equal(match(rules, cases[i].datagram), cases[i].expected);
		rules_free(rules);
	}
}

static void regex_and_exclude_see_the_message(void **state)
{
	(void)state;
	struct rules *rules = rules_new();
	add(rules, &(struct rule_spec){ .regex = "^ type=(SYSCALL|EXECVE)", .exclude = "uid=99$" });
	assert_int_equal(match(rules, "<14>audisp-syslog: type=SYSCALL uid=9"), 0);
	assert_int_equal(match(rules, "<14>audisp-syslog: type=SYSCALL uid=99"), RULES_NONE);
	assert_int_equal(match(rules, "<14>audisp-syslog: type=PATH"), RULES_NONE);
	assert_int_equal(match(rules, "<14>type=SYSCALL: x"), RULES_NONE);
	rules_free(rules);
}

/* The escaped text is what rsyslog's re_match sees. */
static void regex_sees_escapes(void **state)
{
	(void)state;
	struct rules *rules = rules_new();
	add(rules, &(struct rule_spec){ .regex = "a#011b" });
	assert_int_equal(match(rules, "<14>x: a\tb"), 0);
	rules_free(rules);
}

static void parts_are_joined_by_and_rules_tried_in_order(void **state)
{
	(void)state;
	static const char *const systemd[] = { "systemd", "audisp-syslog" };
	static const char *const kubelet[] = { "kubelet" };
	struct rules *rules = rules_new();
	add(rules, &(struct rule_spec){ .program_names = systemd, .n_program_names = 2,
					.has_severity = true, .severity = 5, .regex = "foo",
					.exclude = "bar" });
	add(rules, &(struct rule_spec){ .program_names = kubelet, .n_program_names = 1,
					.has_severity = true, .severity = 7 });
	add(rules, &(struct rule_spec){ .has_severity = true, .severity = 2 });
	assert_int_equal(match(rules, "<13>systemd[1]: a foo"), 0);
	assert_int_equal(match(rules, "<13>systemd[1]: a foo bar"), RULES_NONE);
	assert_int_equal(match(rules, "<14>systemd[1]: a foo"), RULES_NONE);
	assert_int_equal(match(rules, "<13>systemd[1]: a"), RULES_NONE);
	assert_int_equal(match(rules, "<10>systemd[1]: a"), 2);
	assert_int_equal(match(rules, "<10>systemd[1]: foo"), 0);
	assert_int_equal(match(rules, "<10>kubelet[1]: foo"), 1);
	assert_int_equal(match(rules, "<10>other[1]: foo"), 2);
	rules_free(rules);
}

static void refused_patterns_are_told_apart(void **state)
{
	(void)state;
	struct rules *rules = rules_new();
	struct err e = { 0 };
	assert_int_equal(rules_add(rules, &(struct rule_spec){ .regex = "(" }, &e), -1);
	assert_int_equal(e.code, 1);
	assert_true(e.text[0] != '\0');
	assert_int_equal(rules_add(rules, &(struct rule_spec){ .regex = "a", .exclude = "[" }, &e), -1);
	assert_int_equal(e.code, 2);
	assert_int_equal(rules_add(rules, &(struct rule_spec){ .exclude = "[" }, NULL), -1);
	assert_int_equal(match(rules, "<10>a: b"), RULES_NONE);
	rules_free(rules);
}

static void names_are_copied(void **state)
{
	(void)state;
	char name[] = "kubelet";
	const char *const names[] = { name };
	struct rules *rules = rules_new();
	add(rules, &(struct rule_spec){ .program_names = names, .n_program_names = 1 });
	name[0] = 'X';
	assert_int_equal(match(rules, "<30>kubelet: x"), 0);
	rules_free(rules);
}

static void explained_line_by_line(void **state)
{
	(void)state;
	static const char *const one[] = { "kubelet" };
	static const char *const two[] = { "a", "b\x1b" };
	struct rules *rules = rules_new();
	struct buf out = { 0 };
	add(rules, &(struct rule_spec){ .program_names = one, .n_program_names = 1 });
	add(rules, &(struct rule_spec){ .program_names = two, .n_program_names = 2 });
	add(rules, &(struct rule_spec){ .has_severity = true, .severity = 3 });
	add(rules, &(struct rule_spec){ .regex = "\"foo\"" });
	add(rules, &(struct rule_spec){ .exclude = "hello" });
	struct record r = record("<30>tag[1]: hello");
	rules_explain(rules, &r, &out);
	assert_string_equal(buf_cstr(&out),
			    "rule 0: program \"tag\" is not \"kubelet\"\n"
			    "rule 1: program \"tag\" is none of \"a\", \"b\\x1b\"\n"
			    "rule 2: severity 6 is above 3\n"
			    "rule 3: the message has no match for regex \"\"foo\"\"\n"
			    "rule 4: the message matches exclude \"hello\"\n");
	out.len = 0;
	add(rules, &(struct rule_spec){ .has_severity = true, .severity = 6 });
	add(rules, &(struct rule_spec){ .has_severity = true, .severity = 1 });
	rules_explain(rules, &r, &out);
	assert_non_null(strstr(buf_cstr(&out), "\nrule 5: takes it\n"));
	assert_null(strstr(buf_cstr(&out), "rule 6"));
	buf_free(&out);
	rules_free(rules);
}

static void audit_programs(void **state)
{
	(void)state;
	static const struct {
		const char *datagram;
		bool audit;
	} cases[] = {
		{ "<14>Nov 21 19:20:01 audisp-syslog[1]: type=PATH", true },
		{ "<14>audispd: type=PATH", true },
		{ "<29>auditd[88]: Init complete", true },
		{ "<13>audit: AVC apparmor=\"DENIED\"", true },
		{ "<13>audit[77]: SYSCALL arch=c000003e", true },
		{ "<5>kernel: audit: type=1400 audit(1795288801.081:12): apparmor=\"DENIED\"", true },
		{ "<5>kernel: [   12.345678] audit: type=1400 audit(1.2:3): x", true },
		{ "<5>kernel: audit: backlog limit exceeded", true },
		{ "<5>kernel: type=2000 audit(1.2:3): initialized", true },
		{ "<5>kernel: [ audit: x", false },
		{ "<5>kernel: an audit: type=1400 audit(1.2:3): x", false },
		{ "<5>kernel: type=2000 x", false },
		{ "<5>kernel: audited", false },
		{ "<5>kernel: ", false },
		{ "<5>kernel", false },
		{ "<5>kernel2: audit: x", false },
		{ "<14>audisp-syslog2: x", false },
		{ "<14>audisp-remote: x", false },
		{ "<14>auditctl: x", false },
		{ "<14>/sbin/auditd: x", false },
		{ "<14>sudo: audit: x", false },
		{ "<14>", false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct record r = record(cases[i].datagram);
		if (rules_is_audit(&r) != cases[i].audit)
			fail_msg("%s", cases[i].datagram);
	}
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rule_takes_nothing),
		cmocka_unit_test(programs_are_compared_exactly),
		cmocka_unit_test(severity_is_at_most),
		cmocka_unit_test(regex_and_exclude_see_the_message),
		cmocka_unit_test(regex_sees_escapes),
		cmocka_unit_test(parts_are_joined_by_and_rules_tried_in_order),
		cmocka_unit_test(refused_patterns_are_told_apart),
		cmocka_unit_test(names_are_copied),
		cmocka_unit_test(explained_line_by_line),
		cmocka_unit_test(audit_programs),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}
