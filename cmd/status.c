// SPDX-License-Identifier: Apache-2.0
#include "base/num.h"
#include "cmd/cmd.h"
#include "forward/forward.h"
#include "io/control.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { OPT_SPOOL_DIR, OPT_JSON, OPT_TIMEOUT, OPT_HELP };

static const struct opt opts[] = {
	[OPT_SPOOL_DIR] = { "spool-dir", 'd', "DIR", "the spool directory of the forward that is asked", NULL, NULL },
	[OPT_JSON] = { "json", 0, NULL, "print one JSON object instead of text", NULL, NULL },
	[OPT_TIMEOUT] = { "timeout", 0, "TIME", "how long to wait for the answer", "5s", NULL },
	[OPT_HELP] = { "help", 'h', NULL, "print this help", NULL, NULL },
	{ 0 },
};

static const struct opt_command usage = {
	.name = "status",
	.synopsis = "--spool-dir DIR [--json] [--timeout TIME]",
	.summary = "Asks a running forward how it is: does it deliver, what waits, what was lost.",
	.opts = opts,
	.notes = "What each line and each count means, and what to do: docs/STATUS.md\n"
		 "\n"
		 "Exit codes:\n"
		 "  0  delivering\n"
		 "  1  running, but not delivering\n"
		 "  2  not running, no answer, or wrong command line\n",
};

static int print_answer(const struct buf *answer)
{
	const char *lf = answer->len ? memchr(answer->p, '\n', answer->len) : NULL;
	if (!lf) {
		fprintf(stderr, "relpbox status: the answer is not one of forward's\n");
		return EXIT_USAGE;
	}
	struct slice first = slice_of(answer->p, (size_t)(lf - answer->p));
	size_t rest = answer->len - first.len - 1;
	if (fwrite(lf + 1, 1, rest, stdout) != rest || fflush(stdout) != 0)
		return EXIT_FAILED;
	return slice_is(first, "delivering") ? EXIT_OK : EXIT_FAILED;
}

static int ask(const char *dir, bool json, uint64_t timeout_ms)
{
	char path[PATH_MAX];
	struct err e;
	struct buf answer = { 0 };
	forward_status_path(dir, path, sizeof(path));
	int code = EXIT_USAGE;
	if (control_ask(path, slice_str(json ? "json" : "text"), timeout_ms, &answer, &e) == 0)
		code = print_answer(&answer);
	else if (e.code == ENOENT || e.code == ECONNREFUSED)
		fprintf(stderr, "relpbox status: no forward is running on %s\n", dir);
	else
		fprintf(stderr, "relpbox status: %s\n", e.text);
	buf_free(&answer);
	return code;
}

static int run(int argc, char **argv)
{
	struct opt_scan scan = { .argc = argc, .argv = argv };
	struct err e = { 0 };
	const char *dir = NULL;
	bool json = false;
	uint64_t timeout_ms = 5000;
	int which;
	while ((which = opt_next(&scan, opts, &e)) != OPT_END) {
		if (which == OPT_WORD)
			err_set(&e, "it takes no words, only options");
		if (which == OPT_BAD || which == OPT_WORD)
			return command_misused(&cmd_status, &e);
		if (which == OPT_HELP)
			return command_help(&cmd_status);
		if (which == OPT_SPOOL_DIR)
			dir = scan.value;
		if (which == OPT_JSON)
			json = true;
		if (which == OPT_TIMEOUT &&
		    num_duration_ms(slice_str(scan.value), 1, 3600000, &timeout_ms) < 0) {
			err_set(&e, "--timeout takes a time from 1ms to 1h");
			return command_misused(&cmd_status, &e);
		}
	}
	if (!dir || !dir[0]) {
		err_set(&e, dir ? "--spool-dir is empty" : "--spool-dir is needed");
		return command_misused(&cmd_status, &e);
	}
	return ask(dir, json, timeout_ms);
}

const struct command cmd_status = {
	.name = "status",
	.summary = "ask a running forward how it is",
	.run = run,
	.usage = &usage,
};
