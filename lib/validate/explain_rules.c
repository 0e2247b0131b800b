// SPDX-License-Identifier: Apache-2.0
#include "validate/explain_int.h"

static const struct explain_row rows[] = {
	{ CODE_PROGRAM_NAME, {
		.what =
			"A program name is empty, has one of `[`, `:` and `/`, or a character outside of 0x21-0x7E.",
		.why =
			"Admission refuses it: rsyslog's program name ends before these characters, so that it could\n"
			"never be equal.",
		.mend =
			"Write the name alone, without path and process id:\n\n"
			"    programNames: [\"sshd\"]       # not: /usr/sbin/sshd, sshd[1]",
	} },
	{ CODE_PROGRAM_NAME_NEVER, {
		.what =
			"No program's name can be equal to this one.",
		.why =
			"Names are compared exactly, upper and lower case too; there are no patterns, and a comma does\n"
			"not part names. rsyslog keeps 511 bytes of a name. The rule never takes a message because of it.",
		.mend =
			"Write the name as it stands in the log, before the first `[`, `:` or `/`. Each name has an\n"
			"item of its own:\n\n"
			"    programNames: [\"audisp-syslog\", \"audispd\"]     # not: [\"audisp*\"]\n"
			"    programNames: [\"kubelet\", \"sshd\"]              # not: [\"kubelet,sshd\"]",
	} },
	{ CODE_PROGRAM_NAME_DOLLAR, {
		.what =
			"A program name has a `$` in it.",
		.why =
			"It lands between double quotes in the file that Gardener renders, where a `$` is a syntax\n"
			"error. rsyslog starts with the rules before this one; it, all behind it, and all of the host's own\n"
			"configuration behind that are gone. Admission takes it.",
		.mend =
			"Take such messages by their text or severity instead; rsyslog cannot name this program.",
	} },
	{ CODE_PROGRAM_NAMES_EMPTY, {
		.what =
			"`programNames` is an empty list.",
		.why =
			"It stands for every program, not for none.",
		.mend =
			"Remove it, or name programs.",
	} },
	{ CODE_SEVERITY, {
		.what =
			"The severity is not one of 0 to 7.",
		.why =
			"Admission takes any integer. A message matches whose severity is this number or a smaller\n"
			"one: below 0 the rule takes nothing, above 7 every severity, as with 7. rsyslog says when it starts\n"
			"that such an expression is always false, and forwards all the same.",
		.mend =
			"0 emergency, 1 alert, 2 critical, 3 error, 4 warning, 5 notice, 6 informational, 7 debug:\n\n"
			"    severity: 4",
	} },
	{ CODE_REGEX, {
		.what =
			"Gardener's admission refuses the regular expression.",
		.why =
			"It quotes the text as Go does, which doubles each backslash, and then compiles it as POSIX:\n"
			"so it refuses `foo\\(bar` and `\\[x`, which are right on the node, and takes `*foo` and `\\d`, which\n"
			"are not.",
		.mend =
			"Write a character that means something as a bracket; that passes everywhere:\n\n"
			"    regex: 'foo[(]bar'           # not: foo\\(bar\n"
			"    regex: '[[]x'                # not: \\[x",
	} },
	{ CODE_REGEX_RSYSLOG, {
		.what =
			"The text makes a line that rsyslog cannot read, or reads as another text.",
		.why =
			"It lands between double quotes in the file that Gardener renders. There `$` is a syntax\n"
			"error, as are `\\a`, `\\f`, `\\v` and what cannot be printed. rsyslog starts with the rules before this\n"
			"one; it, all behind it, and all of the host's own configuration behind that are gone, local log\n"
			"files too, and nobody is told in the cluster. Admission takes it. NUL ends the text.",
		.mend =
			"An end anchor is `\\'` as well, and a dollar sign is one of `[#-%]`:\n\n"
			"    regex: 'failed\\'''            # not: failed$\n"
			"    regex: 'costs [#-%]5'        # not: costs \\$5",
	} },
	{ CODE_REGEX_SYNTAX, {
		.what =
			"The node's engine refuses the regular expression; the message names the byte.",
		.why =
			"With rsyslog a rule with a bad `regex` takes nothing, and a bad `exclude` leaves nothing\n"
			"out; that is only in its own log. relpbox does not start. Admission looks at another text (see\n"
			"`regex`) and takes it.",
		.mend =
			"Write it as a POSIX extended regular expression: no `(?:`, `(?i)` and `(?=`, nothing to\n"
			"repeat before `*`, each `(` closed.\n\n"
			"    regex: '[Ee]rror'            # not: (?i)error",
	} },
	{ CODE_REGEX_RELPBOX, {
		.what =
			"relpbox refuses a regular expression that glibc takes: a back-reference, or one that needs too much\n"
			"memory.",
		.why =
			"relpbox matches in time linear in the text and in 256 KiB a pattern, so that no log line\n"
			"can hold up a node. rsyslog would take it.",
		.mend =
			"Write out the alternatives, and bound repetitions to what is needed:\n\n"
			"    regex: 'a{1,20}'             # not: a{1,32767}",
	} },
	{ CODE_REGEX_EMPTY, {
		.what =
			"`regex` is an empty text.",
		.why =
			"It is found in every message: the condition does nothing.",
		.mend =
			"Remove it, or write what the message must contain.",
	} },
	{ CODE_REGEX_NEVER, {
		.what =
			"No message can match this expression.",
		.why =
			"It is matched against the text behind the tag, which begins with the blank after the tag's\n"
			"colon, and has no line feed in it. So `^type=` never matches, `^ type=` does.",
		.mend =
			"Leave the anchor out, or put the blank behind it:\n\n"
			"    regex: '^ type=SYSCALL'      # not: ^type=SYSCALL",
	} },
	{ CODE_REGEX_ESCAPE, {
		.what =
			"An escape does not mean here what it means in Perl, Go or Python.",
		.why =
			"In POSIX with glibc `\\d` is the letter d, `\\t` the letter t, `\\n` the letter n: no error,\n"
			"and the rule takes other messages than it seems.",
		.mend =
			"Write the class:\n\n"
			"    regex: 'code=[0-9]+'         # not: code=\\d+\n"
			"    regex: '[[:blank:]]'         # \\w, \\s and \\b are known",
	} },
	{ CODE_EXCLUDE_EMPTY, {
		.what =
			"`exclude` is an empty text.",
		.why =
			"It is found in every message, so that the rule takes none.",
		.mend =
			"Remove it, or write what the message must not contain.",
	} },
	{ CODE_RULE_HIDDEN, {
		.what =
			"An earlier rule takes every message that this one could take.",
		.why =
			"The first rule that matches takes the message: this one never does. Nothing is lost by\n"
			"that, but whoever reads it is misled.",
		.mend =
			"Remove the rule, or narrow the earlier one: `severity: 7` alone takes everything.",
	} },
	{ CODE_RULE_LONG, {
		.what =
			"The rule becomes a line that is longer than rsyslog reads, 10,239 bytes, and is torn at a bad place.",
		.why =
			"Gardener renders a rule as one line. rsyslog reads it in pieces and puts a line feed\n"
			"between them. In a name or a regex, that makes a text that never matches, and nothing says so;\n"
			"elsewhere it can be a syntax error (see `regex-rsyslog`).",
		.mend =
			"Make two rules of it: some of the names in each, or parts of the regex.",
	} },
	{ CODE_AUDIT_SEVERITY, {
		.what =
			"The rule names a program that brings audit records, with a severity that they do not have.",
		.why =
			"audisp-syslog logs with severity 6 (informational), whatever the record says. A rule with a\n"
			"smaller number takes none of them.",
		.mend =
			"Say at least 6:\n\n"
			"    - programNames: [\"audisp-syslog\", \"audispd\"]\n"
			"      severity: 6",
	} },
	{ CODE_AUDIT_NOT_FORWARDED, {
		.what =
			"Auditing is on, and no rule takes audit records.",
		.why =
			"The node loads audit rules and writes records, and none of them is forwarded. Without\n"
			"`auditConfig` auditing is on, with Gardener's rules.",
		.mend =
			"Where audit records are not wanted, say `auditConfig: {enabled: false}`. Else add a rule for\n"
			"them; `audispd` is the program's name in older systems:\n\n"
			"    - programNames: [\"audisp-syslog\", \"audispd\"]\n"
			"      severity: 6",
	} },
};

const struct explain_group explain_rules = {
	.title = "loggingRules",
	.about =
		"The first rule that matches takes the message; what none takes is not forwarded. Regular expressions\n"
		"are POSIX extended ones with glibc's verdict: see [REGEX.md](REGEX.md).",
	.rows = rows,
	.n = sizeof rows / sizeof rows[0],
};
