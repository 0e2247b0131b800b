// SPDX-License-Identifier: Apache-2.0
#include "sink/sink_int.h"

#include "base/timetext.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TICK_MS 1000
/* Within an outage a cause that is new is told, but no oftener than this. */
#define SAY_AGAIN_MS 60000
#define SAY_CONTINUED_MS 10000
/* A connection that is lost again and again: so many in a row are told, then one now and then. */
#define TELL_BURST 6
#define TELL_EVERY_MS 10000

static uint64_t waiting(const struct sink *s)
{
	struct spool_stats st;
	spool_stats(s->spool, &st);
	return st.frames;
}

static void remember_said(struct sink *s, const char *reason)
{
	s->outage.said_ms = loop_now_ms(s->loop);
	snprintf(s->outage.said, sizeof(s->outage.said), "%s", reason);
}

static void say_continued(struct sink *s, const char *reason)
{
	char span[TIMETEXT_MAX];
	uint64_t now = loop_now_ms(s->loop);
	uint64_t quiet = now - s->outage.said_ms;
	bool same = strncmp(s->outage.said, reason, sizeof(s->outage.said) - 1) == 0;
	bool due = s->conf.report_continuation ? quiet >= SAY_CONTINUED_MS
					       : !same && quiet >= SAY_AGAIN_MS;
	if (s->outage.quiet)
		due = now - s->outage.since_ms >= SAY_CONTINUED_MS;
	if (!due)
		return;
	s->outage.quiet = false;
	timetext_span(now - s->outage.since_ms, span);
	say(&s->ev.say, SAY_WARNING,
	    "delivery to %s port %u is still suspended after %s: %s; %" PRIu64 " records wait",
	    s->host, s->conf.port, span, reason, waiting(s));
	remember_said(s, reason);
}

/* May the log hear of one more? Else it is fed by its own lines, where journald forwards them to us. */
static bool may_tell(struct outage *o, uint64_t now)
{
	uint64_t steps = (now - o->told_ms) / TELL_EVERY_MS;
	o->told -= steps < o->told ? (unsigned)steps : o->told;
	o->told_ms = o->told ? o->told_ms + steps * TELL_EVERY_MS : now;
	if (o->told == TELL_BURST)
		return false;
	o->told++;
	return true;
}

static void say_begin(struct sink *s, const char *reason)
{
	char before[80] = "";
	s->outage.quiet = !may_tell(&s->outage, s->outage.since_ms);
	if (s->outage.quiet)
		return;
	if (s->outage.untold)
		snprintf(before, sizeof(before), "; %" PRIu64 " short ones before it were not told",
			 s->outage.untold);
	s->outage.untold = 0;
	say(&s->ev.say, SAY_WARNING,
	    "delivery to %s port %u is suspended: %s; %" PRIu64 " records wait%s", s->host,
	    s->conf.port, reason, waiting(s), before);
	remember_said(s, reason);
}

void sink_outage_begin(struct sink *s, const char *reason)
{
	if (s->outage.since_ms) {
		say_continued(s, reason);
		return;
	}
	s->outage.since_ms = loop_now_ms(s->loop);
	s->outage.given_up = 0;
	giveup_reset(&s->outage.giveup);
	sink_set_state(s, s->suspect.seq ? SINK_DOUBTING : SINK_SUSPENDED);
	say_begin(s, reason);
	sink_on_outage_tick(s);
}

static void say_end(struct sink *s)
{
	char span[TIMETEXT_MAX], lost[64] = "";
	if (s->outage.quiet && !s->outage.given_up) {
		s->outage.untold++;
		return;
	}
	timetext_span(loop_now_ms(s->loop) - s->outage.since_ms, span);
	if (s->outage.given_up)
		snprintf(lost, sizeof(lost), ", %" PRIu64 " were given up", s->outage.given_up);
	say(&s->ev.say, SAY_NOTICE,
	    "delivery to %s port %u works again after %s, %" PRIu64 " records wait%s", s->host,
	    s->conf.port, span, waiting(s), lost);
}

void sink_outage_end(struct sink *s)
{
	say_end(s);
	s->outage.since_ms = 0;
	giveup_reset(&s->outage.giveup);
	loop_timer_clear(s->loop, &s->outage.timer);
}

void sink_outage_opened(struct sink *s)
{
	if (s->outage.since_ms && waiting(s))
		return; /* it is over when something was accepted */
	if (s->outage.since_ms)
		sink_outage_end(s);
	sink_set_state(s, SINK_DELIVERING);
}

static void give_up(struct sink *s, uint64_t upto)
{
	uint64_t before = waiting(s);
	size_t accepted = window_forget(&s->window, upto); /* behind a gap: not lost (or damaged) */
	if (s->suspect.seq && s->suspect.seq <= upto)
		suspect_clear(&s->suspect);
	if (s->read_upto < upto)
		s->read_upto = upto;
	spool_acknowledge(s->spool, upto, loop_now_ms(s->loop));
	uint64_t gone = before - waiting(s);
	uint64_t n = gone > accepted ? gone - accepted : 0;
	sink_count(s, SINK_GIVEN_UP, n);
	if (n && s->outage.given_up == 0)
		say(&s->ev.say, SAY_ERR,
		    "records are given up: they waited longer than resumeRetryCount %" PRIi64
		    " allows (%" PRIu64 " s); %" PRIu64 " until now",
		    s->conf.resume_retry_count, s->outage.giveup.limit_ms / 1000, n);
	s->outage.given_up += n;
}

void sink_on_outage_tick(void *arg)
{
	struct sink *s = arg;
	uint64_t upto = giveup_check(&s->outage.giveup, loop_now_ms(s->loop),
				     spool_readable(s->spool));
	if (upto > spool_acknowledged(s->spool))
		give_up(s, upto);
	if (s->outage.giveup.limit_ms)
		loop_timer_set(s->loop, &s->outage.timer, TICK_MS);
}
