// SPDX-License-Identifier: Apache-2.0
//
// One report, made by hand, in each format, is compared with testdata/validate-formats/.
// FORMATS_UPDATE=1 writes the files anew: read the difference before you commit it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "validate/explain.h"
#include "validate_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "testdata/validate-formats/"

/* What a report may hold: positions or none, paths or none, whom it concerns, names of strangers. */
static void make(struct made *m)
{
	*m = (struct made){ .f.who = CONCERN_GARDENER | CONCERN_RSYSLOG };
	made_add(m, "shoots/a.yaml", 12, 7, CODE_UNSUPPORTED,
		 "spec.extensions[0].providerConfig.tls.authMode",
		 "Unsupported value: \"nam\": supported values: \"fingerprint\", \"name\"");
	made_add(m, "shoots/a.yaml", 20, 13, CODE_PORT, "port", "Invalid value: 0: no port");
	made_add(m, "shoots/a.yaml", 30, 13, CODE_PORT, "port", "Invalid value: 0: no port");
	made_add(m, "shoots/a.yaml", 31, 1, CODE_RETRY_ABSENT, "resumeRetryCount", "100%: \\n, \"x\" :: y");
	made_add(m, "./shoots//b.yaml", 0, 0, CODE_TOO_LARGE, "", "too large");
	made_add(m, "-", 3, 0, CODE_YAML_TAG_IGNORED, "a", "ignored");
	made_add(m, "/abs/name with % , : and \xc3\xa4.yaml", 1, 1, CODE_IGNORE, "", "no reason");
	made_add(m, "a\n::error::x\x1b[31m\xe2\x80\xae\xff.yaml", 2, 2, CODE_TYPE, "x", "a type");
	m->at[0].source = "\t  authMode: nam # a comment";
}

static void make_relpbox(struct made *m)
{
	*m = (struct made){ .f.who = CONCERN_NODE };
	made_add(m, "f.yaml", 1, 2, CODE_PORT, "port", "both");
	made_add(m, "f.yaml", 1, 2, CODE_REGEX_RELPBOX, "regex", "relpbox alone");
}

static void compare(struct buf *got, const char *name)
{
	char path[200];
	struct buf want = { 0 };
	struct err e;
	snprintf(path, sizeof(path), FOLDER "%s", name);
	if (getenv("FORMATS_UPDATE"))
		assert_int_equal(file_replace(AT_FDCWD, "new", slice_of(got->p, got->len), 0644, &e) |
				 rename("new", path), 0);
	if (file_read(path, 1 << 20, &want, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(got->len, want.len);
	assert_memory_equal(got->p, want.p, got->len);
	buf_free(&want);
}

static void each_format(void **state)
{
	(void)state;
	struct made m;
	struct buf out = { 0 };
	make(&m);
	report_text(&m.r, false, &out);
	compare(&out, "text");
	out.len = 0;
	report_text(&m.r, true, &out);
	compare(&out, "colour");
	out.len = 0;
	report_json(&m.r, &out);
	compare(&out, "json");
	out.len = 0;
	report_sarif(&m.r, "1.2.3", &out);
	compare(&out, "sarif");
	out.len = 0;
	report_github(&m.r, &out);
	compare(&out, "github");
	made_free(&m);
	buf_free(&out);
}

static void each_format_of_nothing(void **state)
{
	(void)state;
	struct report r = { 0 };
	struct buf out = { 0 };
	report_text(&r, true, &out);
	report_github(&r, &out);
	assert_int_equal(out.len, 0);
	report_json(&r, &out);
	assert_string_equal(buf_cstr(&out), "[]\n");
	out.len = 0;
	report_sarif(&r, "1.2.3", &out);
	compare(&out, "sarif-empty");
	buf_free(&out);
}

static void all_formats(const struct report *r, struct buf *out)
{
	report_text(r, false, out);
	report_json(r, out);
	report_sarif(r, "1", out);
	report_github(r, out);
}

/* Whatever a file is called, and whatever stands in its line. */
static void nothing_reaches_a_terminal_unescaped(void **state)
{
	(void)state;
	struct made m = { 0 };
	struct buf out = { 0 };
	char every[256], line[256];
	for (int i = 1; i < 256; i++)
		every[i - 1] = line[i - 1] = (char)i;
	every[255] = line[255] = '\0';
	made_add(&m, every, 1, 1, CODE_PORT, "port", "x");
	m.at[0].source = line;
	all_formats(&m.r, &out);
	for (size_t i = 0; i < out.len; i++) {
		unsigned char c = (unsigned char)out.p[i];
		if (c < 0x20 && c != '\n' && c != '\t')
			fail_msg("byte %u at %zu", c, i);
		assert_true(c < 0x7f);
	}
	made_free(&m);
	buf_free(&out);
}

static void a_name_makes_no_command_of_github(void **state)
{
	(void)state;
	struct made m = { 0 };
	struct buf out = { 0 };
	made_add(&m, "a\n::set-output name=x::y,line=9", 1, 1, CODE_PORT, "port", "x\r\n::error::y 50%");
	report_github(&m.r, &out);
	assert_string_equal(buf_cstr(&out),
			    "::error file=a\\n%3A%3Aset-output name=x%3A%3Ay%2Cline=9,line=1,col=1,title=port"
			    "::port: x%0D%0A::error::y 50%25 (rsyslog, relpbox; Gardener accepts it)\n");
	made_free(&m);
	buf_free(&out);
}

static void whom_it_concerns(void **state)
{
	(void)state;
	struct made m;
	struct buf out = { 0 };
	make_relpbox(&m);
	report_text(&m.r, false, &out);
	assert_string_equal(buf_cstr(&out),
			    "f.yaml:1:2: error: port: both (rsyslog, relpbox; Gardener accepts it) [port]\n"
			    "f.yaml:1:2: error: regex: relpbox alone (relpbox; Gardener accepts it) [regex-relpbox]\n");
	assert_string_equal(report_gardener(&m.f.at[0]), "accepts");
	m.f.at[0].concerns = CONCERN_GARDENER;
	assert_string_equal(report_gardener(&m.f.at[0]), "refuses");
	m.f.at[0].severity = FINDING_WARNING;
	assert_string_equal(report_gardener(&m.f.at[0]), "accepts");
	made_free(&m);
	buf_free(&out);
}

/* --- the source line ------------------------------------------------------------- */

struct caret {
	unsigned col;
	const char *source, *want;
};

static void the_caret_stands_below_its_column(void **state)
{
	(void)state;
	static const struct caret cases[] = {
		{ 1, "port: 0", "  port: 0\n  ^\n" },
		{ 7, "port: 0", "  port: 0\n        ^\n" },
		{ 8, "port: 0", "  port: 0\n         ^\n" },	/* the line's end */
		{ 99, "port: 0", "  port: 0\n         ^\n" },	/* beyond it */
		{ 3, "\t\tx", "  \t\tx\n  \t\t^\n" },
		{ 2, "\xc3\xa4x", "  \xc3\xa4x\n   ^\n" },
		{ 3, "\xf0\x9f\x98\x80\xe2\x82\xacx", "  \xf0\x9f\x98\x80\xe2\x82\xacx\n    ^\n" },
		{ 2, "\x1bx", "  \\x1bx\n      ^\n" },
		{ 2, "\xe2\x80\xaex", "  \\xe2\\x80\\xaex\n              ^\n" },
		{ 2, "\xffx", "  \\xffx\n      ^\n" },
		{ 3, "a\\b", "  a\\b\n    ^\n" },		/* as it stands there */
		{ 1, "", "  \n  ^\n" },
		{ 0, "x", "  x\n" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m = { 0 };
		struct buf out = { 0 };
		made_add(&m, "f", 1, cases[i].col, CODE_PORT, "", "m");
		m.at[0].source = cases[i].source;
		report_text(&m.r, false, &out);
		assert_string_equal(strchr(buf_cstr(&out), '\n') + 1, cases[i].want);
		made_free(&m);
		buf_free(&out);
	}
}

/* Cut where it is long, with the caret below the character that it was below. */
static void a_long_line_is_cut_around_the_column(void **state)
{
	(void)state;
	static char line[100001];
	memset(line, 'o', sizeof(line) - 1);
	for (unsigned col = 1; col < sizeof(line); col += col < 300 ? 1 : 997) {
		struct made m = { 0 };
		struct buf out = { 0 };
		line[col - 1] = 'X';
		made_add(&m, "f", 1, col, CODE_PORT, "", "m");
		m.at[0].source = line;
		report_text(&m.r, false, &out);
		const char *shown = strchr(buf_cstr(&out), '\n') + 1, *below = strchr(shown, '\n') + 1;
		assert_true(below - shown < 140);
		assert_int_equal(memcmp(shown, "  ...", 5) == 0, col > 71);
		assert_int_equal(memcmp(below - 4, "...", 3) == 0, col + 40 < sizeof(line));
		assert_int_equal(strchr(shown, 'X') - shown, strchr(below, '^') - below);
		line[col - 1] = 'o';
		made_free(&m);
		buf_free(&out);
	}
}

static void a_line_of_megabytes_is_not_shown(void **state)
{
	(void)state;
	struct made m = { 0 };
	struct buf out = { 0 };
	char *line = malloc((1 << 20) + 2);
	memset(line, 'x', (1 << 20) + 1);
	line[(1 << 20) + 1] = '\0';
	made_add(&m, "f", 1, 5, CODE_PORT, "", "m");
	m.at[0].source = line;
	report_text(&m.r, false, &out);
	assert_null(memchr(out.p, '^', out.len));
	out.len = 0;
	line[1 << 20] = '\0';
	report_text(&m.r, false, &out);
	assert_non_null(memchr(out.p, '^', out.len));
	free(line);
	made_free(&m);
	buf_free(&out);
}

static void a_line_without_position_is_not_shown(void **state)
{
	(void)state;
	struct made m = { 0 };
	struct buf out = { 0 };
	made_add(&m, "f", 0, 0, CODE_PORT, "", "m");
	m.at[0].source = "x";
	report_text(&m.r, false, &out);
	assert_string_equal(buf_cstr(&out), "f: error: m (rsyslog, relpbox; Gardener accepts it) [port]\n");
	made_free(&m);
	buf_free(&out);
}

/* --- SARIF ------------------------------------------------------------------------ */

static void fingerprint(const struct report *r, size_t which, char out[64])
{
	struct buf b = { 0 };
	report_sarif(r, "1", &b);
	const char *at = buf_cstr(&b);
	for (size_t i = 0; i <= which; i++)
		at = strstr(at, "relpboxFinding/v1\":\"") + 20;
	snprintf(out, 64, "%.*s", (int)strcspn(at, "\""), at);
	buf_free(&b);
}

static void fingerprints_stay_when_lines_move(void **state)
{
	(void)state;
	struct made a = { 0 }, b = { 0 };
	char fa[64], fb[64], second[64], other[64];
	made_add(&a, "f", 1, 2, CODE_PORT, "port", "m");
	made_add(&b, "f", 77, 3, CODE_PORT, "port", "m");
	made_add(&b, "f", 78, 3, CODE_PORT, "port", "m");
	made_add(&b, "g", 78, 3, CODE_PORT, "port", "m");
	fingerprint(&a.r, 0, fa);
	fingerprint(&b.r, 0, fb);
	fingerprint(&b.r, 1, second);
	fingerprint(&b.r, 2, other);
	assert_string_equal(fa, fb);
	assert_string_not_equal(fb, second); /* equal ones are counted */
	assert_string_not_equal(fb, other);
	made_free(&a);
	made_free(&b);
}

/* --- explanations ------------------------------------------------------------------- */

static void no_code_lacks_an_explanation(void **state)
{
	(void)state;
	for (unsigned c = 0; c < CODES; c++) {
		struct explanation is;
		if (!explain((enum code)c, &is))
			fail_msg("%s has no explanation", code_info((enum code)c).name);
		const char *texts[] = { is.what, is.why, is.mend };
		for (size_t i = 0; i < 3; i++) {
			size_t len = texts[i] ? strlen(texts[i]) : 0;
			if (len < 10 || texts[i][len - 1] == '\n' || texts[i][len - 1] == ' ')
				fail_msg("%s: text %zu", code_info((enum code)c).name, i);
		}
	}
}

static void the_document_is_what_explain_prints(void **state)
{
	(void)state;
	struct buf want = { 0 }, got = { 0 };
	struct err e;
	explain_all(&want);
	if (file_read("docs/FINDINGS.md", 1 << 20, &got, &e) < 0)
		fail_msg("%s", e.text);
	if (!slice_eq(buf_slice(&want), buf_slice(&got)))
		fail_msg("docs/FINDINGS.md is not what `relpbox validate --explain all` prints: write it anew");
	buf_free(&want);
	buf_free(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format),
		cmocka_unit_test(each_format_of_nothing),
		cmocka_unit_test(nothing_reaches_a_terminal_unescaped),
		cmocka_unit_test(a_name_makes_no_command_of_github),
		cmocka_unit_test(whom_it_concerns),
		cmocka_unit_test(the_caret_stands_below_its_column),
		cmocka_unit_test(a_long_line_is_cut_around_the_column),
		cmocka_unit_test(a_line_of_megabytes_is_not_shown),
		cmocka_unit_test(a_line_without_position_is_not_shown),
		cmocka_unit_test(fingerprints_stay_when_lines_move),
		cmocka_unit_test(no_code_lacks_an_explanation),
		cmocka_unit_test(the_document_is_what_explain_prints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
