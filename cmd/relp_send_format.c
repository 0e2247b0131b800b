// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send_format.h"

#include "base/esc.h"
#include "base/timetext.h"

#include <stdbool.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct word {
	const char *name;
	unsigned value;
};

static const struct word facilities[] = {
	{ "kern", 0 },	   { "user", 1 },    { "mail", 2 },	  { "daemon", 3 },
	{ "auth", 4 },	   { "security", 4 }, { "syslog", 5 },	  { "lpr", 6 },
	{ "news", 7 },	   { "uucp", 8 },    { "cron", 9 },	  { "authpriv", 10 },
	{ "ftp", 11 },	   { "local0", 16 }, { "local1", 17 },	  { "local2", 18 },
	{ "local3", 19 },  { "local4", 20 }, { "local5", 21 },	  { "local6", 22 },
	{ "local7", 23 },  { NULL, 0 },
};

static const struct word severities[] = {
	{ "emerg", 0 },	  { "panic", 0 },  { "alert", 1 },  { "crit", 2 }, { "err", 3 },
	{ "error", 3 },	  { "warning", 4 }, { "warn", 4 },  { "notice", 5 }, { "info", 6 },
	{ "debug", 7 },	  { NULL, 0 },
};

static bool find(const struct word *words, struct slice name, unsigned *out)
{
	for (; words->name; words++) {
		if (slice_is(name, words->name)) {
			*out = words->value;
			return true;
		}
	}
	return false;
}

int syslog_priority(const char *text, unsigned *out, struct err *e)
{
	const char *dot = strchr(text, '.');
	unsigned facility = 1, severity;
	char shown[64];

	if (dot && !find(facilities, slice_of(text, (size_t)(dot - text)), &facility))
		return err_set(e, "there is no facility like that in \"%s\" (user, daemon, auth, local0, ...)",
			       esc_text(shown, sizeof(shown), slice_str(text)));
	if (!find(severities, slice_str(dot ? dot + 1 : text), &severity))
		return err_set(e, "there is no severity like that in \"%s\" (emerg, alert, crit, err, warning, notice, info, debug)",
			       esc_text(shown, sizeof(shown), slice_str(text)));
	*out = facility * 8 + severity;
	return 0;
}

void syslog_format_init(struct syslog_format *f)
{
	if (gethostname(f->hostname, sizeof(f->hostname)) < 0 || !f->hostname[0])
		strcpy(f->hostname, "localhost");
	f->hostname[sizeof(f->hostname) - 1] = '\0';
	f->head_second = -1;
}

void syslog_format_free(struct syslog_format *f)
{
	buf_free(&f->head);
}

/* Nothing but the time changes, and that once a second. */
static void make_head_3164(struct syslog_format *f, int64_t second)
{
	time_t t = (time_t)second;
	char when[32];
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(when, sizeof(when), "%b %e %H:%M:%S", &tm);
	f->head.len = 0;
	buf_printf(&f->head, "<%u>%s %.*s %s", f->priority, when, (int)strcspn(f->hostname, "."),
		   f->hostname, f->tag);
	if (f->pid)
		buf_printf(&f->head, "[%ld]", f->pid);
	buf_add_str(&f->head, ": ");
	f->head_second = second;
}

static void add_time_quality(struct buf *out)
{
	struct timex tx = { .modes = 0 };

	if (adjtimex(&tx) == TIME_OK)
		buf_printf(out, "[timeQuality tzKnown=\"1\" isSynced=\"1\" syncAccuracy=\"%ld\"] ",
			   tx.maxerror);
	else
		buf_add_str(out, "[timeQuality tzKnown=\"1\" isSynced=\"0\"] ");
}

static void add_head_5424(struct syslog_format *f, int64_t now_us, struct buf *out)
{
	struct timetext t = { 0 };
	char when[TIMETEXT_MAX];

	timetext_rfc3339(&t, now_us, when);
	buf_printf(out, "<%u>1 %s %s %s ", f->priority, when, f->hostname, f->tag);
	if (f->pid)
		buf_printf(out, "%ld", f->pid);
	else
		buf_add_char(out, '-');
	buf_add_str(out, " - ");
	add_time_quality(out);
}

void syslog_format_add(struct syslog_format *f, struct slice text, int64_t now_us, struct buf *out)
{
	if (f->style == SYSLOG_RFC5424) {
		add_head_5424(f, now_us, out);
	} else if (f->style == SYSLOG_RFC3164) {
		if (f->head_second != now_us / 1000000)
			make_head_3164(f, now_us / 1000000);
		buf_add_slice(out, buf_slice(&f->head));
	}
	buf_add_slice(out, text);
}
