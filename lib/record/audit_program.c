// SPDX-License-Identifier: Apache-2.0
#include "record/rules.h"

/* Takes word off the front of s, where it stands there. */
static bool skip_word(struct slice *s, const char *word)
{
	size_t len = strlen(word);
	if (s->len < len || memcmp(s->p, word, len) != 0)
		return false;
	*s = slice_of(s->p + len, s->len - len);
	return true;
}

static void skip_blanks(struct slice *s)
{
	while (s->len > 0 && s->p[0] == ' ')
		*s = slice_of(s->p + 1, s->len - 1);
}

/* "[   12.345678] ", which imklog and /dev/kmsg readers leave in front. */
static void skip_uptime(struct slice *s)
{
	struct slice rest = *s;
	if (!skip_word(&rest, "["))
		return;
	while (rest.len > 0 && (rest.p[0] == ' ' || rest.p[0] == '.' ||
				(rest.p[0] >= '0' && rest.p[0] <= '9')))
		rest = slice_of(rest.p + 1, rest.len - 1);
	if (skip_word(&rest, "] "))
		*s = rest;
}

/*
 * Where nobody listens on the audit socket, the kernel prints its records:
 * "audit: type=1400 audit(1700000000.123:45): ..." (pr_fmt "audit: " in
 * kernel/audit.c), old ones without the first word.
 */
static bool is_printed_record(struct slice msg)
{
	skip_blanks(&msg);
	skip_uptime(&msg);
	if (skip_word(&msg, "audit: "))
		return true;
	if (!skip_word(&msg, "type="))
		return false;
	while (msg.len > 0 && msg.p[0] >= '0' && msg.p[0] <= '9')
		msg = slice_of(msg.p + 1, msg.len - 1);
	return skip_word(&msg, " audit(");
}

bool rules_is_audit(const struct record *rec)
{
	switch (rec->program.len) {
	case 5:
		return slice_is(rec->program, "audit"); /* journald's name for what it reads itself */
	case 6:
		if (slice_is(rec->program, "kernel"))
			return is_printed_record(rec->msg);
		return slice_is(rec->program, "auditd");
	case 7:
		return slice_is(rec->program, "audispd");
	case 13:
		return slice_is(rec->program, "audisp-syslog");
	default:
		return false;
	}
}
