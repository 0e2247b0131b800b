// SPDX-License-Identifier: Apache-2.0
#include "forward/intake.h"

#include "base/clock.h"
#include "base/esc.h"
#include "forward/count.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define REPORT_BYTES 1024 /* a report with its ten fields, about */
#define UNTRUSTED_SAY_MS 60000
#define REPORT_PRI (5 * 8 + 3) /* syslog.err */

void intake_free(struct intake_core *c)
{
	buf_free(&c->scratch);
	buf_free(&c->work);
	buf_free(&c->marked);
	buf_free(&c->with_pri);
	format_free(&c->format);
}

struct slice intake_line(struct buf *with_pri, struct slice line)
{
	if (line.len == 0 || line.p[0] == '<')
		return line;
	with_pri->len = 0;
	buf_add_str(with_pri, "<13>");
	buf_add_slice(with_pri, line);
	return buf_slice(with_pri);
}

/* Where format_record puts its messages. */
struct appending {
	struct intake_core *c;
	struct spool_frame frame;
	unsigned failed;
};

static void append(void *arg, struct slice payload)
{
	struct appending *a = arg;
	a->frame.payload = payload;
	if (spool_append(a->c->spool, &a->frame) < 0)
		a->failed++;
	else
		counts_add(a->c->counts, COUNT_TAKEN, 1);
}

static void count_size(struct intake_core *c, const struct format_result *made, size_t len)
{
	if (made->cut_bytes)
		counts_add(c->counts, COUNT_CUT, 1);
	if (made->pieces > 1)
		counts_add(c->counts, COUNT_SPLIT, 1);
	if (!made->beyond_8k)
		return;
	counts_add(c->counts, COUNT_BEYOND_8K, 1);
	if (c->said_beyond_8k)
		return;
	c->said_beyond_8k = true;
	say(&c->say, SAY_WARNING,
	    "a record of %zu bytes was taken: an imrelp with its defaults keeps only the first 8 KiB of it; its maxMessageSize should be raised (said once)",
	    len);
}

static uint64_t unreported(const struct intake_core *c)
{
	uint64_t all = counts_get(c->counts, COUNT_DROPPED_FULL) +
		       counts_get(c->counts, COUNT_DROPPED_FULL_AUDIT);
	uint64_t told = counts_get(c->counts, COUNT_DROPPED_REPORTED);
	return all > told ? all - told : 0;
}

void intake_start(struct intake_core *c)
{
	c->drops.active = unreported(c) != 0;
}

static void dropped(struct intake_core *c, bool audit, int64_t now_us)
{
	struct drops *d = &c->drops;
	counts_add(c->counts, audit ? COUNT_DROPPED_FULL_AUDIT : COUNT_DROPPED_FULL, 1);
	if (audit && !d->audit)
		say(&c->say, SAY_ERR,
		    "the spool is full: new records, those of audit programs too, are dropped and counted");
	else if (!d->active)
		say(&c->say, SAY_ERR,
		    "the spool is full: new records, but not yet those of audit programs, are dropped and counted");
	d->audit = d->audit || audit;
	if (!d->active)
		d->from_us = now_us;
	d->active = true;
	d->to_us = now_us;
}

/* An audit program's name from somebody who is not root. False: it is to be dropped. */
static bool handle_untrusted(struct intake_core *c, struct record *rec, const struct sender *from)
{
	counts_add(c->counts, COUNT_UNTRUSTED, 1);
	c->untrusted_unsaid++;
	uint64_t now = loop_now_ms(c->loop);
	if (c->untrusted_said_ms == 0 || now - c->untrusted_said_ms >= UNTRUSTED_SAY_MS) {
		char name[64];
		say(&c->say, SAY_WARNING,
		    "%" PRIu64 " records with an audit program's name came from a sender that is not root (the last: %s, uid %u, pid %d)",
		    c->untrusted_unsaid, esc_text(name, sizeof(name), rec->program),
		    (unsigned)from->uid, (int)from->pid);
		c->untrusted_said_ms = now;
		c->untrusted_unsaid = 0;
	}
	if (c->untrusted == UNTRUSTED_DROP)
		return false;
	if (c->untrusted == UNTRUSTED_MARK) {
		/* in front, where neither a cut nor a look-alike can hide it */
		c->marked.len = 0;
		buf_printf(&c->marked, " untrusted uid=%u:", (unsigned)from->uid);
		buf_add_slice(&c->marked, rec->msg);
		rec->msg = buf_slice(&c->marked);
	}
	return true;
}

/* For all pieces of it: a patient source's record is taken whole, or waits. */
static bool has_room(struct intake_core *c, const struct record *rec, bool audit)
{
	size_t most = format_most(&c->format, rec, SPOOL_FRAME_MORE);
	return spool_room(c->spool, most, audit) != SPOOL_ROOM_NONE;
}

enum take intake_take(struct intake_core *c, const char *source, bool patient,
		      struct slice datagram, const struct sender *from, uint64_t *seq)
{
	struct record rec;
	struct format_result made;
	*seq = 0;
	if (datagram.len == 0)
		return TAKE_DONE; /* as rsyslog */
	if (patient)
		datagram = intake_line(&c->with_pri, datagram);
	record_parse(datagram, &c->scratch, &rec);
	/* a patient source's words are its operator's; a socket's need root's credentials */
	bool audit = rules_is_audit(&rec);
	bool share = audit && (patient || (from->known && from->uid == 0));
	bool forged = audit && !share;
	bool wanted = rules_match(c->rules, &rec) != RULES_NONE;
	bool room = !wanted || has_room(c, &rec, share);
	/* with an empty spool waiting would not help: it is too large for this one */
	if (!room && patient && spool_acknowledged(c->spool) < spool_appended(c->spool))
		return TAKE_WAIT;
	counts_add(c->counts, COUNT_RECEIVED, 1);
	if (!wanted) {
		counts_add(c->counts, COUNT_FILTERED, 1);
		return TAKE_DONE;
	}
	if (forged && !handle_untrusted(c, &rec, from))
		return TAKE_DONE;
	int64_t now_us = clock_real_us();
	if (!room) {
		dropped(c, share, now_us);
		return TAKE_DONE;
	}
	struct appending a = {
		.c = c,
		.frame = { .taken_us = now_us, .source = slice_str(source), .audit = share },
	};
	format_record(&c->format, &rec, now_us, &c->work, append, &a, &made);
	*seq = a.frame.seq;
	count_size(c, &made, datagram.len);
	if (a.failed)
		dropped(c, share, now_us);
	return TAKE_DONE;
}

/* "between A and B", or what is known of it. */
static void stretch(const struct drops *d, char *out, size_t size)
{
	char from[TIMETEXT_MAX], to[TIMETEXT_MAX];
	if (d->from_us == 0) {
		snprintf(out, size, "before the last start of relpbox");
		return;
	}
	timetext_utc(d->from_us, from);
	timetext_utc(d->to_us, to);
	snprintf(out, size, "between %s and %s", from, to);
}

void intake_report(struct intake_core *c)
{
	struct drops *d = &c->drops;
	/* room for one is soon full again: the stretch is over when a quarter is free */
	if (!d->active || spool_room(c->spool, REPORT_BYTES, false) != SPOOL_ROOM)
		return;
	char when[2 * TIMETEXT_MAX + 32], line[400];
	uint64_t n = unreported(c);
	stretch(d, when, sizeof(when));
	int len = snprintf(line, sizeof(line),
			   "<%d>Jan  1 00:00:00 relpbox[%d]: %" PRIu64
			   " records were lost on this node %s: the spool was full",
			   REPORT_PRI, (int)getpid(), n, when);
	struct record rec;
	struct format_result made;
	int64_t now_us = clock_real_us();
	struct appending a = {
		.c = c,
		.frame = { .taken_us = now_us, .source = slice_str("relpbox"), .audit = true },
	};
	record_parse(slice_of(line, (size_t)len), &c->scratch, &rec);
	format_record(&c->format, &rec, now_us, &c->work, append, &a, &made);
	if (a.failed)
		return;
	counts_add(c->counts, COUNT_DROPPED_REPORTED, n);
	say(&c->say, SAY_NOTICE, "the spool has room again: %" PRIu64 " records were dropped %s", n,
	    when);
	*d = (struct drops){ 0 };
}
