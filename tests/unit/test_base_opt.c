// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/nearest.h"
#include "base/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct opt table[] = {
	{ .name = "config", .letter = 'c', .arg = "FILE", .help = "Read the configuration from FILE" },
	{ .name = "spool-dir", .arg = "DIR", .help = "Keep what waits in DIR",
	  .fallback = "/var/lib/relpbox" },
	{ .name = "oversize", .letter = 'o', .arg = "HOW", .choices = "cut|split",
	  .help = "What becomes of a message over the limit", .fallback = "cut" },
	{ .name = "untrusted", .choices = "mark|drop", .help = "Treat forged names" },
	{ .name = "verbose", .letter = 'v', .help = "Say more" },
	{ .name = "quiet", .letter = 'q', .help = "Say less" },
	{ .name = "append", .letter = 'a', .help = "Add to the file" },
	{ 0 },
};

/*
 * A command line as words in one string ("|" between them, "~" an empty one),
 * and what comes out: "name=value" or "name" for options, "'word'", "BAD(text)".
 */
static void walk(const char *line, char *out, size_t size)
{
	char *argv[20] = { (char[]){ "relp-send" } };
	char *copy = strdup(line), *save = copy;
	int argc = 1;
	for (char *w; *line && (w = strsep(&copy, "|"));)
		argv[argc++] = strcmp(w, "~") == 0 ? w + 1 : w;
	struct opt_scan scan = { .argc = argc, .argv = argv };
	struct err e;
	FILE *f = fmemopen(out, size, "w");
	for (int i, n = 0; (i = opt_next(&scan, table, &e)) != OPT_END; n++) {
		if (n)
			fputc(' ', f);
		if (i == OPT_BAD)
			fprintf(f, "BAD(%s)", e.text);
		else if (i == OPT_WORD)
			fprintf(f, "'%s'", scan.value);
		else if (scan.value)
			fprintf(f, "%s=%s", table[i].name, scan.value);
		else
			fprintf(f, "%s", table[i].name);
	}
	fclose(f);
	assert_int_equal(opt_next(&scan, table, &e), OPT_END); /* and it stays there */
	assert_null(scan.value);
	free(save);
}

struct line {
	const char *in, *out;
};

static void run(const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char out[4096] = "";
		walk(lines[i].in, out, sizeof(out));
		if (strcmp(out, lines[i].out) != 0)
			fail_msg("%s\n  gave %s\n  want %s", lines[i].in, out, lines[i].out);
	}
}

#define RUN(lines) run(lines, sizeof(lines) / sizeof((lines)[0]))

static void every_form(void **state)
{
	(void)state;
	static const struct line lines[] = {
		{ "", "" },
		{ "--config|a.yaml", "config=a.yaml" },
		{ "--config=a.yaml", "config=a.yaml" },
		{ "-c|a.yaml", "config=a.yaml" },
		{ "-ca.yaml", "config=a.yaml" },
		{ "-c=a", "config==a" }, /* as getopt has it */
		{ "-vqa", "verbose quiet append" },
		{ "-vca.yaml|-q", "verbose config=a.yaml quiet" },
		{ "-vc|a.yaml|-q", "verbose config=a.yaml quiet" },
		{ "--oversize=split", "oversize=split" },
		{ "-ocut", "oversize=cut" },
		{ "--untrusted|drop", "untrusted=drop" },
		{ "one|-v|two|--config|f|three", "'one' verbose 'two' config=f 'three'" },
		{ "-v|--|-q|--config|--", "verbose '-q' '--config' '--'" },
		{ "--|--", "'--'" },
		{ "--", "" },
		{ "-|~|-v", "'-' '' verbose" },
		{ "--config=|--config|~", "config= config=" },
		{ "--config==x=y", "config==x=y" },
		{ "--config|--verbose", "config=--verbose" }, /* the next word whatever it is */
		{ "--config|--|-v", "config=-- verbose" },
		{ "-c|-", "config=-" },
		{ "-v|-v", "verbose verbose" },
	};
	RUN(lines);
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	static const struct line lines[] = {
		{ "--conifg|x", "BAD(unknown option --conifg; did you mean --config?) 'x'" },
		{ "--conf=x|-v", "BAD(unknown option --conf; did you mean --config?) verbose" },
		{ "--Verbose", "BAD(unknown option --Verbose; did you mean --verbose?)" },
		{ "--spooldir", "BAD(unknown option --spooldir; did you mean --spool-dir?)" },
		{ "--zebra", "BAD(unknown option --zebra)" },
		{ "--=x", "BAD(unknown option --)" },
		{ "---", "BAD(unknown option ---)" },
		{ "--\x1b[31m", "BAD(unknown option --\\x1b[31m)" },
		{ "-x", "BAD(unknown option -x)" },
		{ "-\x1b", "BAD(unknown option -\\x1b)" },
		{ "-\xc3\xbc", "BAD(unknown option -\xc3\xbc)" },
		{ "-\xe2\x82", "BAD(unknown option -\\xe2\\x82)" },
		{ "-vxq|-a", "verbose BAD(unknown option -x) append" },
		{ "--config", "BAD(--config needs a value: FILE)" },
		{ "-vc", "verbose BAD(--config needs a value: FILE)" },
		{ "--oversize", "BAD(--oversize needs a value: cut|split)" },
		{ "--verbose=1", "BAD(--verbose takes no value)" },
		{ "--verbose=", "BAD(--verbose takes no value)" },
		{ "--oversize=cu", "BAD(--oversize takes cut|split, not \"cu\")" },
		{ "--oversize=cutter", "BAD(--oversize takes cut|split, not \"cutter\")" },
		{ "--oversize=", "BAD(--oversize takes cut|split, not \"\")" },
		{ "--oversize=cut!split", "BAD(--oversize takes cut|split, not \"cut!split\")" },
		{ "--untrusted=\x07", "BAD(--untrusted takes mark|drop, not \"\\x07\")" },
		{ "-oCUT", "BAD(--oversize takes cut|split, not \"CUT\")" },
	};
	RUN(lines);
}

static void a_choice_is_a_whole_word(void **state)
{
	(void)state;
	char *argv[] = { (char[]){ "x" }, (char[]){ "--oversize=cut|split" } };
	struct opt_scan scan = { .argc = 2, .argv = argv };
	assert_int_equal(opt_next(&scan, table, NULL), OPT_BAD);
	assert_int_equal(opt_next(&scan, table, NULL), OPT_END);
}

static void a_long_wrong_word_is_cut(void **state)
{
	(void)state;
	char word[100000];
	memset(word, 'z', sizeof(word));
	memcpy(word, "--", 2);
	word[sizeof(word) - 1] = '\0';
	char *argv[] = { (char[]){ "x" }, word };
	struct opt_scan scan = { .argc = 2, .argv = argv };
	struct err e;
	assert_int_equal(opt_next(&scan, table, &e), OPT_BAD);
	assert_true(strlen(e.text) < 200);
	assert_string_equal(e.text + strlen(e.text) - 3, "...");
}

static void no_argv_at_all(void **state)
{
	(void)state;
	char *argv[] = { NULL };
	struct opt_scan scan = { .argc = 0, .argv = argv };
	assert_int_equal(opt_next(&scan, table, NULL), OPT_END);
	static const struct opt none[] = { { 0 } };
	char *words[] = { (char[]){ "x" }, (char[]){ "--help" }, (char[]){ "-h" }, (char[]){ "w" } };
	struct opt_scan other = { .argc = 4, .argv = words };
	struct err e;
	assert_int_equal(opt_next(&other, none, &e), OPT_BAD);
	assert_int_equal(opt_next(&other, none, &e), OPT_BAD);
	assert_int_equal(opt_next(&other, none, &e), OPT_WORD);
	assert_int_equal(opt_next(&other, none, &e), OPT_END);
}

static void the_nearest_word(void **state)
{
	(void)state;
	static const char *const known[] = {
		"programNames", "severity", "messageContent", "exclude", "regex", "tls",
		"enabled", "permittedPeer", "target", "port", "rebindInterval", "timeout",
	};
	static const struct {
		const char *word, *want;
	} cases[] = {
		{ "programnames", "programNames" }, { "program_names", "programNames" },
		{ "ProgramName", "programNames" },  { "programName", "programNames" },
		{ "severty", "severity" },	    { "regexp", "regex" },
		{ "message", "messageContent" },    { "permittedPeers", "permittedPeer" },
		{ "tsl", "tls" },		    { "TLS", "tls" },
		{ "prot", "port" },		    { "ports", "port" },
		{ "rebind", "rebindInterval" },	    { "timout", "timeout" },
		{ "t", NULL },			    { "", NULL },
		{ "apiVersion", NULL },		    { "kind", NULL },
		{ "e", NULL },			    { "xx", NULL },
		{ "colour", NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = nearest(slice_str(cases[i].word), known, 12);
		if (got != cases[i].want && (!got || !cases[i].want || strcmp(got, cases[i].want)))
			fail_msg("%s: %s", cases[i].word, got ? got : "none");
	}
	assert_null(nearest(slice_str("tls"), known, 0));
	static const char *const spool[] = { "spool-size-max", "spool-dir", "spool-max", "stool" };
	assert_ptr_equal(nearest(slice_str("spool-"), spool, 4), spool[3]); /* letters before beginnings */
	assert_ptr_equal(nearest(slice_str("spool-"), spool, 3), spool[1]); /* the first of the shortest */
	char big[65];
	memset(big, 'a', sizeof(big));
	const char *const bigs[] = { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	assert_ptr_equal(nearest(slice_of(big, 64), bigs, 1), bigs[0]);
	assert_null(nearest(slice_of(big, 65), bigs, 1));
}

static const struct opt_command command = {
	.name = "relp-send",
	.synopsis = "[OPTION]... HOST:PORT [MESSAGE]...",
	.summary = "Send messages over RELP and wait until each is acknowledged.",
	.opts = table,
	.notes = "Exit codes:\n  0  all acknowledged",
};

static void help_text(void **state)
{
	(void)state;
	struct buf b = { 0 };
	opt_help(&command, &b);
	assert_string_equal(buf_cstr(&b),
		"Usage: relpbox relp-send [OPTION]... HOST:PORT [MESSAGE]...\n"
		"\n"
		"Send messages over RELP and wait until each is acknowledged.\n"
		"\n"
		"Options:\n"
		"  -c, --config FILE          Read the configuration from FILE\n"
		"      --spool-dir DIR        Keep what waits in DIR (default: /var/lib/relpbox)\n"
		"  -o, --oversize HOW         What becomes of a message over the limit\n"
		"                             (cut|split; default: cut)\n"
		"      --untrusted mark|drop  Treat forged names\n"
		"  -v, --verbose              Say more\n"
		"  -q, --quiet                Say less\n"
		"  -a, --append               Add to the file\n"
		"\n"
		"Exit codes:\n  0  all acknowledged\n");
	buf_free(&b);
}

static void help_keeps_to_80_columns(void **state)
{
	(void)state;
	static const struct opt opts[] = {
		{ .name = "an-option-with-quite-a-long-name", .arg = "SOMETHING", .letter = 'x',
		  .help = "A sentence that goes on and on so that it has to be broken more than once, "
			  "with \xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac "
			  "in it, until its end comes",
		  .fallback = "what it is when it is not given, in several words" },
		{ .name = "word", .help = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b" },
		{ 0 },
	};
	static const struct opt_command c = {
		.synopsis = "[--one-option-here VALUE] [--another-option-here VALUE] [--third-one VALUE] WORD",
		.summary = "Does it.",
		.opts = opts,
	};
	struct buf b = { 0 };
	buf_add_str(&b, "something in front\n");
	opt_help(&c, &b);
	const char *p = buf_cstr(&b);
	size_t lines = 0;
	for (; *p; lines++) {
		size_t n = strcspn(p, "\n"), width = 0;
		assert_int_equal(p[n], '\n');
		for (size_t i = 0; i < n; i++)
			width += ((unsigned char)p[i] & 0xc0) != 0x80;
		assert_true(n == 0 || p[n - 1] != ' ');
		assert_true(width < 80 || memmem(p, n, "aaaaaaaaaaaa", 12));
		p += n + 1;
	}
	assert_true(strstr(b.p, "front\nUsage: relpbox [--one-option-here VALUE]"));
	assert_true(strstr(b.p, "\n               [--third-one VALUE] WORD\n"));
	assert_true(strstr(b.p, "\n  -x, --an-option-with-quite-a-long-name SOMETHING\n"));
	assert_true(lines >= 13);
	buf_free(&b);
}

static void help_at_its_edges(void **state)
{
	(void)state;
	/* Lines of 79 columns stay whole, of 80 are broken; 30 columns on the left share a line. */
	static const struct opt opts[] = {
		{ .name = "a-name-of-letters", .arg = "VALU", .help =
		  "aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaa" },
		{ .name = "b-name-of-letters", .arg = "VALUE", .help =
		  "bbbbbbbbb bbbbbbbbb bbbbbbbbb bbbbbbbbb bbbbbbbb" },
		{ 0 },
	};
	struct buf b = { 0 };
	opt_help(&(struct opt_command){ .synopsis = "", .summary = "S.", .opts = opts }, &b);
	assert_string_equal(strstr(buf_cstr(&b), "Options:\n"),
		"Options:\n"
		"      --a-name-of-letters VALU  aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaa\n"
		"      --b-name-of-letters VALUE\n"
		"                                bbbbbbbbb bbbbbbbbb bbbbbbbbb bbbbbbbbb\n"
		"                                bbbbbbbb\n");
	buf_free(&b);
}

static void man_text(void **state)
{
	(void)state;
	static const struct opt opts[] = {
		{ .name = "oversize", .letter = 'o', .arg = "HOW", .choices = "cut|split",
		  .help = ".so \\fBwhat\\fR, a-b", .fallback = "Ar" },
		{ .name = "mode", .choices = "a|b", .help = "'quoted'" },
		{ .name = "say", .arg = "\"TEXT\"", .help = "Say", .fallback = "." },
		{ .name = "verbose", .help = "say more, and so much of it that the line of the page that "
					     "would hold it all is broken in two", .fallback = "a little more" },
		{ 0 },
	};
	struct buf b = { 0 };
	opt_man(&(struct opt_command){ .name = "x", .opts = opts }, &b);
	assert_string_equal(buf_cstr(&b),
		".Sh OPTIONS\n"
		".Bl -tag -width Ds\n"
		".It Fl o , Fl -oversize Ar \"\\&HOW\"\n"
		"\\&.so \\efBwhat\\efR, a\\-b.\n"
		"One of\n.Ql \"cut|split\" .\n"
		"The default is\n.Ql \"\\&Ar\" .\n"
		".It Fl -mode Ar \"\\&a|b\"\n"
		"\\&'quoted'.\n"
		".It Fl -say Ar \"\\(dqTEXT\\(dq\"\n"
		"Say.\n"
		"The default is\n.Ql \"\\&\\&.\" .\n"
		".It Fl -verbose\n"
		"Say more, and so much of it that the line of the page that would hold it\n"
		"all is broken in two.\n"
		"The default is\na little more.\n"
		".El\n");
	b.len = 0;
	opt_man(&(struct opt_command){ .name = "x" }, &b);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void completion(void **state)
{
	(void)state;
	struct buf b = { 0 };
	opt_complete(&command, &b);
	assert_string_equal(buf_cstr(&b),
		"--config\n-c\n--spool-dir\n"
		"--oversize\n-o\n--oversize=cut\n--oversize=split\n"
		"--untrusted\n--untrusted=mark\n--untrusted=drop\n"
		"--verbose\n-v\n--quiet\n-q\n--append\n-a\n");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(a_choice_is_a_whole_word),
		cmocka_unit_test(a_long_wrong_word_is_cut),
		cmocka_unit_test(no_argv_at_all),
		cmocka_unit_test(the_nearest_word),
		cmocka_unit_test(help_text),
		cmocka_unit_test(help_keeps_to_80_columns),
		cmocka_unit_test(help_at_its_edges),
		cmocka_unit_test(man_text),
		cmocka_unit_test(completion),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
