// SPDX-License-Identifier: Apache-2.0
#include "sink/sink_int.h"

#include "base/clock.h"
#include "base/esc.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Answers that do not come for so long: it does not deliver, though nothing has failed yet. */
#define SILENT_MS 5000
/*
 * The session's own window bounds what is under way. Ours holds more where that
 * is small: room for other records beside a suspect.
 */
#define WINDOW_MIN 2048
/* A session that stood this long and is closed while idle was no refusal. */
#define SETTLED_MS 10000
/*
 * A handshake may have to wait until thousands of others are done: the limit is
 * long at first, and doubles with each that was not done in time.
 */
#define HANDSHAKE_FIRST_MS 30000
#define HANDSHAKE_MAX_MS 60000

void sink_set_state(struct sink *s, enum sink_state state)
{
	if (s->state == state)
		return;
	s->state = state;
	s->state_ms = loop_now_ms(s->loop);
}

void sink_count(struct sink *s, enum sink_count what, uint64_t n)
{
	if (n)
		s->ev.count(s->ev.arg, what, n);
}

void sink_try_after(struct sink *s, uint64_t ms)
{
	s->stage = STAGE_WAITING;
	loop_timer_set(s->loop, &s->retry, ms);
}

static void note_error(struct sink *s, const char *text)
{
	snprintf(s->last_error, sizeof(s->last_error), "%s", text);
	s->last_error_ms = loop_now_ms(s->loop);
	sink_count(s, SINK_FAILURES, 1);
	sink_outage_begin(s, text);
}

static void clear_timers(struct sink *s)
{
	loop_timer_clear(s->loop, &s->retry);
	loop_timer_clear(s->loop, &s->rebind);
	loop_timer_clear(s->loop, &s->renew);
	loop_timer_clear(s->loop, &s->stop);
	loop_timer_clear(s->loop, &s->bucket.timer);
	loop_timer_clear(s->loop, &s->outage.timer);
}

static void finish(struct sink *s)
{
	if (s->stage == STAGE_STOPPED)
		return;
	s->stage = STAGE_STOPPED;
	sink_set_state(s, SINK_STOPPED);
	clear_timers(s);
	s->ev.stopped(s->ev.arg);
}

static uint64_t handshake_limit(const struct sink *s)
{
	uint64_t ms = s->conf.session.handshake_ms;
	for (unsigned i = 0; i < s->slow && ms < HANDSHAKE_MAX_MS; i++)
		ms *= 2;
	return ms < HANDSHAKE_MAX_MS ? ms : HANDSHAKE_MAX_MS;
}

static void on_resolved(void *arg, const struct addr_list *list, const struct err *why)
{
	struct sink *s = arg;
	if (!list) {
		note_error(s, why->text);
		sink_try_after(s, backoff_blocked(&s->backoff, loop_now_ms(s->loop)));
		return;
	}
	s->stage = STAGE_SESSION;
	struct addr_list turned = *list;
	for (size_t i = 0; i < list->n; i++)
		turned.at[i] = list->at[(i + s->unopened) % list->n];
	session_handshake_limit(s->session, handshake_limit(s));
	session_start(s->session, &turned);
}

static void on_retry(void *arg)
{
	struct sink *s = arg;
	struct addr_list one;
	struct err e = { 0 };
	s->opened = false;
	s->renew_due = false;
	s->accepted_here = 0;
	s->probe = 0;
	s->lonely = false;
	s->probe_answered = false;
	s->failed_here = false;
	if (s->ev.ready && s->ev.ready(s->ev.arg, &e) < 0) {
		note_error(s, e.text);
		sink_try_after(s, backoff_blocked(&s->backoff, loop_now_ms(s->loop)));
		return;
	}
	if (addr_literal(s->host, s->conf.port, &one.at[0]) == 0) {
		one.n = 1;
		on_resolved(s, &one, NULL);
		return;
	}
	s->stage = STAGE_RESOLVING;
	resolver_ask(s->resolver, s->host, s->conf.port, s->conf.session.connect_ms, on_resolved,
		     s);
}

static void on_rebind(void *arg)
{
	struct sink *s = arg;
	/* with a suspect each connection carries one record: it is new often enough */
	if (s->suspect.plan == SUSPECT_NONE)
		session_close(s->session);
}

/* The same for a connection made in the old way. */
static void on_renew(void *arg)
{
	struct sink *s = arg;
	if (s->stopping)
		return;
	/* it may have been made in the old way already: as soon as it can be left */
	s->renew_due = !s->opened;
	if (!s->opened || s->suspect.plan != SUSPECT_NONE)
		return;
	sink_count(s, SINK_RENEWALS, 1);
	session_close(s->session);
}

void sink_renew_within(struct sink *s, uint64_t ms)
{
	if (s->stopping || s->stage == STAGE_STOPPED)
		return;
	if (s->stage == STAGE_SESSION)
		loop_timer_set(s->loop, &s->renew, rand_below(&s->backoff.random, ms + 1));
	if (s->stage != STAGE_WAITING)
		return;
	backoff_anew(&s->backoff);
	uint64_t wait = backoff_refused(&s->backoff);
	if (!loop_timer_is_set(&s->retry) || s->retry.due_ms > loop_now_ms(s->loop) + wait)
		sink_try_after(s, wait);
}

static void on_stop_limit(void *arg)
{
	struct sink *s = arg;
	session_abort(s->session);
	finish(s);
}

/* When a rebind is due: 10 % earlier or later, so that nodes started together drift apart. */
static uint64_t rebind_after(struct sink *s)
{
	uint64_t tenth = s->conf.rebind_ms / 10;
	return s->conf.rebind_ms - tenth + rand_below(&s->backoff.random, 2 * tenth + 1);
}

static void on_stage(void *arg, enum session_stage stage, const struct err *e)
{
	struct sink *s = arg;
	if (stage == SESSION_CONNECT && e) {
		snprintf(s->last_error, sizeof(s->last_error), "%s", e->text);
		s->last_error_ms = loop_now_ms(s->loop);
	}
	if (stage == SESSION_HANDSHAKE || stage == SESSION_OPEN)
		backoff_connected(&s->backoff);
	if (stage == SESSION_OPEN)
		s->slow = 0;
	if (s->ev.stage)
		s->ev.stage(s->ev.arg, stage);
}

static void on_opened(void *arg, struct slice offers)
{
	struct sink *s = arg;
	(void)offers;
	s->opened = true;
	s->unopened = 0;
	s->opened_ms = loop_now_ms(s->loop);
	sink_count(s, SINK_CONNECTS, 1);
	window_rewind(&s->window);
	if (s->conf.rebind_ms)
		loop_timer_set(s->loop, &s->rebind, rebind_after(s));
	if (s->renew_due)
		loop_timer_set(s->loop, &s->renew, 0);
	if (s->suspect.plan != SUSPECT_NONE)
		sink_set_state(s, SINK_DOUBTING);
	else
		sink_outage_opened(s);
	sink_pump(s);
}

/* How long to wait after a session that ended this way; plan: what it was for. */
static uint64_t wait_after(struct sink *s, enum session_end why, enum suspect_plan plan)
{
	uint64_t now = loop_now_ms(s->loop);
	/* see suspect.h: the other record at once, the suspect after a pause */
	if (plan == SUSPECT_ALONE && s->suspect.plan == SUSPECT_OTHER) {
		if (sink_has_other(s))
			return 0;
		suspect_no_other(&s->suspect);
		s->lonely = true;
	}
	if (plan == SUSPECT_OTHER && s->accepted_here)
		return backoff_refused(&s->backoff);
	bool settled = s->opened && s->window.in_flight == 0 &&
		       now - s->opened_ms > SETTLED_MS;
	if (why == SESSION_END_CONNECT)
		return backoff_blocked(&s->backoff, now);
	if (s->failed_here)
		return backoff_refused(&s->backoff);
	if (why == SESSION_END_CLOSED)
		return 0;
	if (s->accepted_here || settled)
		return backoff_lost(&s->backoff);
	return backoff_refused(&s->backoff);
}

static void note_end(struct sink *s, enum session_end why, const struct err *e)
{
	struct err told;
	if (e && why == SESSION_END_OPEN_CLOSED)
		/* that it was so early tells more than how it ended */
		err_code(&told, e->code, "%s: %s", session_end_name(why), e->text);
	else
		err_code(&told, e ? e->code : 0, "%s", e ? e->text : session_end_name(why));
	if (s->ev.ended)
		s->ev.ended(s->ev.arg, why, &told);
	note_error(s, told.text);
}

static void on_ended(void *arg, enum session_end why, const struct err *e)
{
	struct sink *s = arg;
	loop_timer_clear(s->loop, &s->rebind);
	loop_timer_clear(s->loop, &s->renew);
	loop_timer_clear(s->loop, &s->bucket.timer);
	if (s->stopping) {
		window_rewind(&s->window);
		finish(s);
		return;
	}
	enum suspect_plan plan = s->suspect.plan;
	/*
	 * A record that breaks the session takes with it the answers to those before
	 * it. Few under way, then ever more, brings it to the head in some breaks, not
	 * in one for each record; and fewer come twice.
	 */
	if (s->window.in_flight)
		s->careful = 1;
	if (why != SESSION_END_CLOSED)
		note_end(s, why, e);
	else if (s->ev.ended)
		s->ev.ended(s->ev.arg, why, NULL);
	if (why == SESSION_END_HANDSHAKE && e && e->code == ETIMEDOUT)
		s->slow++;
	if (!s->opened && why != SESSION_END_CONNECT)
		s->unopened++;
	sink_judge(s, why);
	uint64_t ms = wait_after(s, why, plan);
	window_rewind(&s->window);
	sink_try_after(s, ms);
}

static const struct session_events session_events = {
	.stage = on_stage,
	.opened = on_opened,
	.accepted = sink_on_accepted,
	.refused = sink_on_refused,
	.room = sink_on_room,
	.ended = on_ended,
};

struct sink *sink_new(struct loop *l, struct resolver *r, struct spool *sp,
		      const struct sink_conf *conf, const struct sink_events *ev)
{
	struct sink *s = mem_zero(1, sizeof(*s));
	s->loop = l;
	s->resolver = r;
	s->spool = sp;
	s->conf = *conf;
	s->ev = *ev;
	s->host = mem_strdup(conf->host);
	s->conf.host = s->host;
	if (s->conf.session.connect_ms == 0)
		s->conf.session.connect_ms = 10000;
	if (s->conf.session.handshake_ms == 0)
		s->conf.session.handshake_ms = HANDSHAKE_FIRST_MS;
	if (s->conf.session.relp.window_frames == 0)
		s->conf.session.relp.window_frames = 2048;
	s->session = session_new(l, &s->conf.session, &session_events, s);
	size_t frames = s->conf.session.relp.window_frames;
	window_init(&s->window, frames > WINDOW_MIN ? frames : WINDOW_MIN);
	s->backoff.random = conf->seed;
	giveup_init(&s->outage.giveup, conf->resume_retry_count);
	s->read_upto = spool_acknowledged(sp);
	s->sent_upto = s->read_upto;
	s->retry = (struct loop_timer){ .fire = on_retry, .arg = s };
	s->rebind = (struct loop_timer){ .fire = on_rebind, .arg = s };
	s->renew = (struct loop_timer){ .fire = on_renew, .arg = s };
	s->stop = (struct loop_timer){ .fire = on_stop_limit, .arg = s };
	s->bucket.timer = (struct loop_timer){ .fire = sink_on_rate, .arg = s };
	s->outage.timer = (struct loop_timer){ .fire = sink_on_outage_tick, .arg = s };
	return s;
}

void sink_free(struct sink *s)
{
	if (!s)
		return;
	session_free(s->session);
	if (s->stage == STAGE_RESOLVING)
		resolver_cancel(s->resolver);
	clear_timers(s);
	window_free(&s->window);
	free(s->host);
	free(s);
}

void sink_start(struct sink *s)
{
	s->state_ms = loop_now_ms(s->loop);
	on_retry(s);
}

void sink_stop(struct sink *s, uint64_t limit_ms)
{
	if (s->stopping || s->stage == STAGE_STOPPED)
		return;
	s->stopping = true;
	if (s->stage == STAGE_RESOLVING)
		resolver_cancel(s->resolver);
	if (s->stage != STAGE_SESSION || !s->opened) {
		session_abort(s->session);
		finish(s);
		return;
	}
	loop_timer_set(s->loop, &s->stop, limit_ms);
	session_close(s->session);
}

static const char *stage_name(const struct sink *s)
{
	switch (s->stage) {
	case STAGE_WAITING:
		return "waiting";
	case STAGE_RESOLVING:
		return "resolving";
	case STAGE_SESSION:
		return session_stage_name(session_stage(s->session));
	case STAGE_STOPPED:
		break;
	}
	return "stopped";
}

const char *sink_state_name(enum sink_state state)
{
	static const char *const names[] = {
		[SINK_STARTING] = "starting",	[SINK_DELIVERING] = "delivering",
		[SINK_SUSPENDED] = "suspended", [SINK_DOUBTING] = "doubting a record",
		[SINK_STOPPED] = "stopped",
	};
	return names[state];
}

/* What the state of now hides: answers that do not come, and doubts that are over. */
static void correct_status(const struct sink *s, struct sink_status *out, uint64_t now)
{
	uint64_t silent = s->stage == STAGE_SESSION ? session_silent_ms(s->session) : 0;
	if (out->state == SINK_DOUBTING && s->suspect.plan == SUSPECT_NONE)
		out->state = SINK_SUSPENDED;
	if (out->state != SINK_DELIVERING || silent < SILENT_MS)
		return;
	out->state = SINK_SUSPENDED;
	out->since_ms = now - silent;
	out->last_error_ms = now;
	snprintf(out->last_error, sizeof(out->last_error),
		 "no answer to messages for %" PRIu64 " s", silent / 1000);
}

void sink_status(const struct sink *s, struct sink_status *out)
{
	uint64_t now = loop_now_ms(s->loop);
	*out = (struct sink_status){
		.state = s->state,
		.stage = stage_name(s),
		.since_ms = s->state_ms,
		.unanswered = s->window.in_flight,
		.suspect = s->suspect.seq,
		.last_error_ms = s->last_error_ms,
		.last_accepted_ms = s->last_accepted_ms,
	};
	memcpy(out->last_error, s->last_error, sizeof(out->last_error));
	if (s->stage == STAGE_WAITING && loop_timer_is_set(&s->retry) && s->retry.due_ms > now)
		out->next_try_ms = s->retry.due_ms - now;
	if (s->stage == STAGE_SESSION && s->opened)
		addr_text(session_peer(s->session), out->peer);
	correct_status(s, out, now);
}
