// SPDX-License-Identifier: Apache-2.0
#include "validate/explain_int.h"

static const struct explain_row rows[] = {
	{ CODE_INPUT, {
		.what =
			"An input is not what it must be.",
		.why =
			"relpbox does not start. The spool knows an input by its name, so that this has to be short\n"
			"and plain; each input is either a unix socket or standard input.",
		.mend =
			"Write\n\n"
			"    inputs:\n"
			"    - name: journal\n"
			"      unix: /run/systemd/journal/syslog",
	} },
	{ CODE_INPUT_DUPLICATE, {
		.what =
			"Two inputs have the same name, the same path, or are both standard input.",
		.why =
			"relpbox does not start: records of the two could not be told apart.",
		.mend =
			"Give each its own.",
	} },
	{ CODE_PATH, {
		.what =
			"The path is not absolute, or too long: 107 bytes for a socket.",
		.why =
			"relpbox does not start. What a relative path means depends on where a service is started.",
		.mend =
			"Begin it with `/`.",
	} },
	{ CODE_TLS_FILES, {
		.what =
			"What is said of the files of TLS contradicts itself, or `tls.enabled`.",
		.why =
			"relpbox does not start, rather than to send in plain where TLS may be meant.",
		.mend =
			"Name either `directory`, or `ca`, `cert` and `key`; and say `tls.enabled: true` in\n"
			"rsyslogRelpConfig.",
	} },
	{ CODE_IGNORE, {
		.what =
			"A `relpbox:ignore` comment ignores nothing: it has no reason, or names a code that there is not.",
		.why =
			"A comment that seems to take a finding away and does not misleads; one without a reason\n"
			"tells nobody, a year later, whether it may go.",
		.mend =
			"Write\n\n"
			"    port: 0      # relpbox:ignore port the receiver is set by another tool\n\n"
			"For a whole run there is `--ignore CODE`.",
	} },
};

const struct explain_group explain_own = {
	.title = "relpbox's own kind, and validate itself",
	.rows = rows,
	.n = sizeof rows / sizeof rows[0],
};
