// SPDX-License-Identifier: Apache-2.0
#include "cmd/validate.h"

#include "base/esc.h"
#include "base/file.h"
#include "base/nearest.h"
#include "cmd/cmd.h"
#include "cmd/validate_files.h"
#include "conf/schema_json.h"
#include "validate/baseline.h"
#include "validate/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_UNREADABLE 3

static int misused(const struct err *e)
{
	return command_misused(&cmd_validate, e);
}

/* Data on standard output; whoever reads it must not take what is cut off for all. */
static int print(struct buf *b)
{
	if (b->len == 0) {
		buf_free(b);
		return EXIT_OK;
	}
	return command_print(b) == EXIT_OK ? EXIT_OK : EXIT_UNREADABLE;
}

static int print_explanation(const char *name)
{
	struct buf out = { 0 };
	struct nearest near = { .word = slice_str(name) };
	struct err e;
	char shown[80];
	enum code code = code_find(near.word);
	if (code != CODES || slice_is(near.word, "all")) {
		if (code != CODES)
			explain_one(code, &out);
		else
			explain_all(&out);
		return print(&out);
	}
	for (unsigned c = 0; c < CODES; c++)
		nearest_try(&near, code_info((enum code)c).name);
	esc_text(shown, sizeof(shown), near.word);
	if (near.best)
		err_set(&e, "there is no code \"%s\": did you mean \"%s\"?", shown, near.best);
	else
		err_set(&e, "there is no code \"%s\"; `--explain all` tells all", shown);
	return misused(&e);
}

static int print_schema(const struct validate_request *r)
{
	struct buf out = { 0 };
	struct err e;
	char shown[80];
	if (r->n_words > 1)
		err_set(&e, "--print-schema takes one kind");
	else if (schema_json_print(r->n_words ? r->words[0] : NULL, &out) < 0)
		err_set(&e, "there is no schema for a kind \"%s\"",
			esc_text(shown, sizeof(shown), slice_str(r->words[0])));
	else
		return print(&out);
	buf_free(&out);
	return misused(&e);
}

/* Reads it into text and hands it on. -1: it cannot be read, and that was said. */
static int judge_file(struct validate *v, const struct validate_file *file, struct buf *text)
{
	const char *path = file->path;
	struct err e;
	int got = strcmp(path, "-") == 0 ?
		  file_read_fd(0, "standard input", VALIDATE_FILE_MAX, text, &e) :
		  file_read(path, VALIDATE_FILE_MAX, text, &e);
	/* too large is a finding, and by its length the judge sees it */
	if (got < 0 && e.code != EFBIG) {
		fprintf(stderr, "relpbox validate: %s\n", e.text);
		return -1;
	}
	struct slice s = text->len ? buf_slice(text) : slice_str("");
	if (file->found)
		validate_found(v, path, s);
	else
		validate_text(v, path, s);
	return 0;
}

/* All of the words. -1: something could not be read. */
static int judge_all(struct validate *v, const struct validate_request *r)
{
	struct validate_files files = { 0 };
	struct buf text = { 0 };
	for (size_t i = 0; i < r->n_words; i++)
		validate_files_add(&files, r->words[i]);
	validate_files_once(&files);
	bool trouble = files.trouble;
	for (size_t i = 0; i < files.n; i++)
		if (judge_file(v, &files.at[i], &text) < 0)
			trouble = true;
	if (r->verbose && files.links)
		fprintf(stderr, "relpbox validate: %zu links in folders were not followed\n", files.links);
	buf_free(&text);
	validate_files_free(&files);
	return trouble ? -1 : 0;
}

static bool want_colour(const struct validate_request *r)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	if (r->colour != COLOUR_AUTO)
		return r->colour == COLOUR_ALWAYS;
	return isatty(1) && !(no && no[0]) && !(term && strcmp(term, "dumb") == 0);
}

static int print_report(const struct validate_request *r, const struct report *report)
{
	struct buf out = { 0 };
	switch (r->output) {
	case OUTPUT_TEXT: report_text(report, want_colour(r), &out); break;
	case OUTPUT_JSON: report_json(report, &out); break;
	case OUTPUT_SARIF: report_sarif(report, program_version, &out); break;
	case OUTPUT_GITHUB: report_github(report, &out); break;
	}
	return print(&out);
}

/* "1 document", "2 documents" */
static void add_count(struct buf *out, const char *before, size_t n, const char *one, const char *many)
{
	buf_printf(out, "%s%zu %s", before, n, n == 1 ? one : many);
}

static void say_summary(const struct report *r, const struct baseline *known)
{
	struct buf out = { 0 };
	add_count(&out, "relpbox validate: ", r->files, "file, ", "files, ");
	add_count(&out, "", r->judged, "document judged", "documents judged");
	buf_printf(&out, "; skipped: %zu of other kinds", r->other);
	add_count(&out, ", ", r->templates, "template", "templates");
	buf_printf(&out, ", %zu encrypted", r->encrypted);
	add_count(&out, "; ", r->references, "reference to what was not given",
		  "references to what was not given");
	add_count(&out, "; ", r->n, "finding", "findings");
	buf_printf(&out, ", %zu ignored, %zu known", r->ignored, r->known);
	if (known && baseline_left(known))
		add_count(&out, "; ", baseline_left(known), "entry of the baseline is found no more",
			  "entries of the baseline are found no more");
	fprintf(stderr, "%s\n", buf_cstr(&out));
	buf_free(&out);
}

/* What was dropped might have been ignored or known; nobody can tell. */
static bool fails(const struct validate_request *r, const struct report *report)
{
	if (r->fail == FAIL_NONE)
		return false;
	for (size_t i = 0; i < report->n; i++)
		if (r->fail == FAIL_WARNING || report->at[i].finding->severity == FINDING_ERROR)
			return true;
	return r->fail == FAIL_WARNING ? report->dropped > 0 : report->dropped_errors > 0;
}

static int validate_files(struct validate_request *r, struct baseline *known)
{
	r->judge.keep_source = r->output == OUTPUT_TEXT && isatty(1);
	struct validate *v = validate_new(&r->judge);
	int read = judge_all(v, r);
	const struct report *report = validate_report(v, &r->ignore, known);
	int code = print_report(r, report);
	if (report->dropped)
		fprintf(stderr, "relpbox validate: %zu more findings are not shown\n", report->dropped);
	if (read == 0 && report->files > 0 && report->documents == 0 && report->n == 0)
		fputs("relpbox validate: there was no document in what was given\n", stderr);
	if (r->verbose)
		say_summary(report, known);
	if (code == EXIT_OK && read < 0)
		code = EXIT_UNREADABLE;
	if (code == EXIT_OK && fails(r, report))
		code = EXIT_FAILED;
	validate_free(v);
	return code;
}

/* NULL: e tells why. */
static struct baseline *read_baseline(const char *path, struct err *e)
{
	struct buf text = { 0 };
	struct baseline *b = NULL;
	char shown[300];
	if (file_read(path, BASELINE_MAX, &text, e) == 0) {
		b = baseline_parse(text.len ? buf_slice(&text) : slice_str(""), e);
		if (!b)
			err_prefix(e, "%s", esc_text(shown, sizeof(shown), slice_str(path)));
	}
	buf_free(&text);
	return b;
}

static int run_request(struct validate_request *r)
{
	struct baseline *known = NULL;
	struct err e;
	if (r->help)
		return command_help(&cmd_validate);
	if (r->explain)
		return print_explanation(r->explain);
	if (r->schema)
		return print_schema(r);
	if (r->baseline && !(known = read_baseline(r->baseline, &e))) {
		fprintf(stderr, "relpbox validate: --baseline: %s\n", e.text);
		return EXIT_UNREADABLE;
	}
	int code = validate_files(r, known);
	baseline_free(known);
	return code;
}

static int run(int argc, char **argv)
{
	struct validate_request r;
	struct err e = { 0 };
	int code = validate_scan(argc, argv, &r, &e) < 0 ? misused(&e) : run_request(&r);
	validate_request_free(&r);
	return code;
}

const struct command cmd_validate = {
	.name = "validate",
	.summary = "judge manifests: Gardener's admission, and what works on the node",
	.run = run,
	.usage = &validate_usage,
};
