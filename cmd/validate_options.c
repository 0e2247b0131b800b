// SPDX-License-Identifier: Apache-2.0
#include "cmd/validate.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/timetext.h"
#include "cmd/cmd.h"

#include <stdlib.h>

enum {
	OPT_OUTPUT, OPT_FOR, OPT_REQUIRE_REFS, OPT_NOW, OPT_EXPIRES, OPT_FAIL, OPT_IGNORE,
	OPT_BASELINE, OPT_EXPLAIN, OPT_SCHEMA, OPT_VERBOSE, OPT_COLOUR, OPT_COLOR, OPT_HELP
};

#define DAYS_MAX 36500
#define DAY INT64_C(86400)

static const struct opt opts[] = {
	[OPT_OUTPUT] = { "output", 'o', NULL, "how findings are written", "text", "text|json|sarif|github" },
	[OPT_FOR] = { "for", 0, NULL, "whose node is judged: rsyslog as Gardener configures it, or relpbox", "gardener", "gardener|relpbox" },
	[OPT_REQUIRE_REFS] = { "require-refs", 0, NULL, "a Secret or ConfigMap that a Shoot refers to and that is not among the files is an error", NULL, NULL },
	[OPT_NOW] = { "now", 0, "TIME", "the time by which certificates are judged: RFC 3339, or seconds since 1970", "the clock's", NULL },
	[OPT_EXPIRES] = { "expires-within", 0, "DAYS", "warn of certificates that end within this time", "30", NULL },
	[OPT_FAIL] = { "fail-level", 0, NULL, "which findings make the exit code 1", "error", "error|warning|none" },
	[OPT_IGNORE] = { "ignore", 0, "CODE", "say nothing of findings with this code, or these, parted by commas; may be given again", NULL, NULL },
	[OPT_BASELINE] = { "baseline", 0, "FILE", "say nothing of findings that this file holds, which -o json wrote earlier", NULL, NULL },
	[OPT_EXPLAIN] = { "explain", 0, "CODE", "print what a finding's code means, why, and how to mend it (all: of all, as Markdown), and end", NULL, NULL },
	[OPT_SCHEMA] = { "print-schema", 0, NULL, "print a JSON Schema for editors, of all kinds or of the KIND behind it, and end", NULL, NULL },
	[OPT_VERBOSE] = { "verbose", 'v', NULL, "say on standard error how much was judged, and how much skipped", NULL, NULL },
	[OPT_COLOUR] = { "colour", 0, NULL, "whether text is coloured; auto: on a terminal, unless NO_COLOR is set", "auto", "auto|always|never" },
	[OPT_COLOR] = { "color", 0, NULL, "the same as --colour", NULL, "auto|always|never" },
	[OPT_HELP] = { "help", 'h', NULL, "print this help", NULL, NULL },
	{ 0 },
};

const struct opt_command validate_usage = {
	.name = "validate",
	.synopsis = "[OPTION]... FILE|DIR|-...",
	.summary = "Judges manifests before they are applied: what Gardener would refuse, what would not work on the node.",
	.opts = opts,
	.notes = "It knows Shoots, with the Secrets and ConfigMaps that they refer to where these are among the\n"
		 "files, RsyslogRelpConfig, Auditd, and relpbox's own kinds. Of folders it reads *.yaml, *.yml and\n"
		 "*.json, however deep; it follows no links there and does not enter .git. - is standard input.\n"
		 "\n"
		 "  # relpbox:ignore CODE[,CODE...] reason\n"
		 "\n"
		 "on a finding's line, or alone on the line above, takes it away. docs/FINDINGS.md has all codes.\n"
		 "\n"
		 "Exit codes:\n"
		 "  0  no finding at or above --fail-level\n"
		 "  1  there are some\n"
		 "  2  wrong command line\n"
		 "  3  something could not be read, or the output not be written; what could be read is judged\n",
};

/* RFC 3339, or Unix seconds. */
static int scan_time(const char *text, int64_t *out, struct err *e)
{
	uint64_t seconds;
	if (num_u64(slice_str(text), 0, INT32_MAX * UINT64_C(100), &seconds) == 0) {
		*out = (int64_t)seconds;
		return 0;
	}
	if (timetext_parse(slice_str(text), out) == 0)
		return 0;
	return err_set(e, "--now takes a time such as 2026-11-30T12:00:00Z, or seconds since 1970");
}

static int scan_days(const char *text, int64_t *out, struct err *e)
{
	uint64_t days;
	if (num_u64(slice_str(text), 0, DAYS_MAX, &days) < 0)
		return err_set(e, "--expires-within takes days: 0 to %d", DAYS_MAX);
	*out = (int64_t)days * DAY;
	return 0;
}

/* Which of opts[which]'s choices it is; opt_next has seen to it that it is one. */
static unsigned choice(int which, const char *value)
{
	unsigned n = 0;
	for (const char *p = opts[which].choices;; n++) {
		size_t len = strcspn(p, "|");
		if (slice_eq(slice_of(p, len), slice_str(value)) || p[len] == '\0')
			return n;
		p += len + 1;
	}
}

static int take(struct validate_request *r, int which, const char *value, struct err *e)
{
	switch (which) {
	case OPT_BAD: return -1;
	case OPT_OUTPUT: r->output = (enum validate_output)choice(which, value); break;
	case OPT_FOR: r->judge.node = choice(which, value) ? CONCERN_RELPBOX : CONCERN_RSYSLOG; break;
	case OPT_REQUIRE_REFS: r->judge.require_refs = true; break;
	case OPT_NOW: return scan_time(value, &r->judge.now, e);
	case OPT_EXPIRES: return scan_days(value, &r->judge.expires_within, e);
	case OPT_FAIL: r->fail = (enum validate_fail)choice(which, value); break;
	case OPT_IGNORE: return ignore_list_add(&r->ignore, value, e) < 0 ? err_prefix(e, "--ignore") : 0;
	case OPT_BASELINE: r->baseline = value; break;
	case OPT_EXPLAIN: r->explain = value; break;
	case OPT_SCHEMA: r->schema = true; break;
	case OPT_VERBOSE: r->verbose = true; break;
	case OPT_COLOUR:
	case OPT_COLOR: r->colour = (enum validate_colour)choice(which, value); break;
	case OPT_HELP: r->help = true; break;
	default: r->words[r->n_words++] = (char *)value;
	}
	return 0;
}

int validate_scan(int argc, char **argv, struct validate_request *r, struct err *e)
{
	struct opt_scan s = { .argc = argc, .argv = argv };
	int which;
	*r = (struct validate_request){ 0 };
	r->judge = (struct validate_options){ .node = CONCERN_RSYSLOG, .now = clock_real_s(),
					      .expires_within = 30 * DAY };
	r->words = mem_zero((size_t)argc + 1, sizeof *r->words);
	while ((which = opt_next(&s, opts, e)) != OPT_END)
		if (take(r, which, s.value, e) < 0)
			return -1;
	if (r->help || r->explain || r->schema)
		return 0;
	if (r->n_words == 0)
		return err_set(e, "name files or folders, or - for standard input");
	if (r->baseline && strcmp(r->baseline, "-") == 0)
		return err_set(e, "--baseline takes a file");
	return 0;
}

void validate_request_free(struct validate_request *r)
{
	free(r->words);
}
