// SPDX-License-Identifier: Apache-2.0
#include "sink/sink_int.h"

#include "base/clock.h"
#include "base/esc.h"

#include <inttypes.h>
#include <stdio.h>

#define ASIDE_SAY_MS 60000

/* Puts the next record of the spool into the window. False: none, or the window is full. */
static bool read_on(struct sink *s, struct spool_frame *f)
{
	if (window_full(&s->window))
		return false;
	if (spool_read(s->spool, s->read_upto + 1, f) != 1)
		return false;
	s->read_upto = f->seq;
	window_add(&s->window, f->seq, f->payload.len);
	return true;
}

static void advance(struct sink *s)
{
	uint64_t upto = window_advance(&s->window);
	if (upto)
		spool_acknowledge(s->spool, upto, loop_now_ms(s->loop));
}

static void send_frame(struct sink *s, struct window_item *it, const struct spool_frame *f)
{
	if (it->seq <= s->sent_upto)
		sink_count(s, SINK_RESENT, 1);
	else
		s->sent_upto = it->seq;
	session_send(s->session, it->seq, f->payload);
	window_sent(&s->window, it);
}

/*
 * Reads an item of the window again. 1: done; -1: it can't be read now; 0: its
 * frame is damaged by now, which the spool counts: it counts as accepted here.
 */
static int reread(struct sink *s, struct window_item *it, struct spool_frame *f)
{
	int got = spool_read(s->spool, it->seq, f);
	if (got < 0 || (got == 1 && f->seq == it->seq))
		return got;
	it->accepted = true;
	return 0;
}

/* Has max_rate room for one more now? If not, comes back when it has. */
static bool rate_allows(struct sink *s)
{
	if (s->conf.max_rate == 0)
		return true;
	double rate = (double)s->conf.max_rate;
	uint64_t now = loop_now_ms(s->loop);
	double most = rate / 10 > 1 ? rate / 10 : 1;
	s->bucket.tokens += (double)(now - s->bucket.at_ms) * rate / 1000;
	s->bucket.at_ms = now;
	if (s->bucket.tokens > most)
		s->bucket.tokens = most;
	if (s->bucket.tokens >= 1)
		return true;
	if (!loop_timer_is_set(&s->bucket.timer))
		loop_timer_set(s->loop, &s->bucket.timer,
			       (uint64_t)((1 - s->bucket.tokens) * 1000 / rate) + 1);
	return false;
}

void sink_on_rate(void *arg)
{
	sink_pump(arg);
}

static void send_all(struct sink *s)
{
	struct spool_frame f;
	for (;;) {
		if ((s->careful && s->window.in_flight >= s->careful) || !rate_allows(s))
			break;
		struct window_item *it = window_next(&s->window);
		bool have = false;
		if (!it) {
			have = read_on(s, &f);
			it = window_next(&s->window);
		}
		if (!it || !session_room(s->session, it->size))
			break;
		int got = have ? 1 : reread(s, it, &f);
		if (got < 0)
			break;
		if (got == 0)
			continue;
		send_frame(s, it, &f);
		s->bucket.tokens -= 1;
	}
	advance(s);
}

bool sink_has_other(struct sink *s)
{
	struct spool_frame f;
	return window_items(&s->window) > 1 || read_on(s, &f);
}

/*
 * The record that plan OTHER sends, or NULL. One that was accepted behind the
 * suspect goes again: better twice than out of order, and it is known to be
 * good. Where there is none, one that waits, each time farther away.
 */
static struct window_item *pick_other(struct sink *s)
{
	uint64_t seq = s->suspect.seq;
	size_t nth = suspect_other_nth(&s->suspect);
	struct spool_frame f;
	struct window_item *it = window_take_back(&s->window, seq);
	if (it)
		return it;
	while (!(it = window_other(&s->window, seq, nth)) && read_on(s, &f))
		;
	if (it)
		return it;
	s->suspect.other = 0;
	return window_other(&s->window, seq, 0);
}

/* There was nothing to compare the suspect with; new records do not wait for its long back-off. */
static void end_loneliness(struct sink *s)
{
	if (!s->lonely || s->stage != STAGE_WAITING || !sink_has_other(s))
		return;
	s->lonely = false;
	sink_try_after(s, backoff_lost(&s->backoff));
}

/* Plan ALONE or OTHER: this connection carries one record, then closes. */
static void send_probe(struct sink *s)
{
	struct spool_frame f;
	if (s->probe)
		return;
	struct window_item *it = window_find(&s->window, s->suspect.seq);
	int got = it ? reread(s, it, &f) : 0;
	if (got == 0) {
		suspect_clear(&s->suspect);
		session_close(s->session);
		return;
	}
	if (s->suspect.plan == SUSPECT_OTHER) {
		it = pick_other(s);
		got = it ? reread(s, it, &f) : 0;
		if (got == 0) {
			suspect_no_other(&s->suspect);
			it = window_find(&s->window, s->suspect.seq);
			got = reread(s, it, &f);
		}
	}
	if (got != 1 || !session_room(s->session, it->size))
		return;
	s->probe = it->seq;
	send_frame(s, it, &f);
}

static void pump(struct sink *s)
{
	if (s->stopping || !s->opened || session_stage(s->session) != SESSION_RUNNING)
		return;
	if (s->suspect.plan == SUSPECT_NONE && !s->failed_here)
		send_all(s);
	else if (s->suspect.plan != SUSPECT_NONE && !s->failed_here)
		send_probe(s);
}

void sink_on_room(void *arg)
{
	pump(arg);
}

void sink_pump(struct sink *s)
{
	pump(s);
	if (s->stage == STAGE_SESSION)
		session_flush(s->session);
	end_loneliness(s);
	/* frames that only carry a cursor are done when all before them are */
	if (window_items(&s->window) == 0 && s->read_upto < spool_readable(s->spool)) {
		struct spool_frame f;
		if (spool_read(s->spool, s->read_upto + 1, &f) == 0) {
			s->read_upto = spool_readable(s->spool);
			spool_acknowledge(s->spool, s->read_upto, loop_now_ms(s->loop));
		}
	}
}

void sink_on_accepted(void *arg, uint64_t first, uint64_t last, size_t count)
{
	struct sink *s = arg;
	s->accepted_here += count;
	s->last_accepted_ms = loop_now_ms(s->loop);
	sink_count(s, SINK_ACCEPTED, count);
	window_accept(&s->window, first, last);
	if (s->careful)
		s->careful += count;
	if (s->careful >= s->conf.session.relp.window_frames)
		s->careful = 0;
	enum suspect_plan plan = s->suspect.plan;
	suspect_accepted(&s->suspect, last);
	backoff_accepted(&s->backoff);
	if (plan == SUSPECT_NONE) {
		if (s->outage.since_ms)
			sink_outage_end(s);
		sink_set_state(s, SINK_DELIVERING);
	} else {
		/* the receiver takes records: nobody has waited for it longer than since now */
		giveup_reset(&s->outage.giveup);
		/* one record, one connection: the plan for the next one is known */
		session_close(s->session);
	}
	advance(s);
}

void sink_on_refused(void *arg, uint64_t token, unsigned code, struct slice text)
{
	struct sink *s = arg;
	char words[200];
	sink_count(s, SINK_REFUSED, 1);
	struct window_item *it = window_find(&s->window, token);
	if (it)
		window_refuse(&s->window, it);
	if (s->probe == token)
		s->probe_answered = true;
	if (!s->failed_here) {
		snprintf(s->last_error, sizeof(s->last_error),
			 "record %" PRIu64 " was answered %u %s", token, code,
			 esc_text(words, sizeof(words), text));
		s->last_error_ms = loop_now_ms(s->loop);
		sink_outage_begin(s, s->last_error);
	}
	s->failed_here = true;
	if (s->suspect.plan == SUSPECT_NONE)
		suspect_refused(&s->suspect, token);
	session_close(s->session);
}

static bool append_copy(struct sink *s, const struct spool_frame *f)
{
	struct buf payload = { 0 }, source = { 0 };
	buf_add_slice(&payload, f->payload); /* f's own bytes live until the spool is called */
	buf_add_slice(&source, f->source);
	struct spool_frame copy = { .taken_us = f->taken_us, .source = buf_slice(&source),
				    .payload = buf_slice(&payload), .audit = f->audit };
	bool done = spool_append(s->spool, &copy) == 0;
	buf_free(&payload);
	buf_free(&source);
	if (done)
		spool_commit(s->spool, loop_now_ms(s->loop)); /* before its old place is free */
	return done;
}

/*
 * The suspect can't be set aside: to the end of the queue with it, so that it
 * does not hold up all the others. Where that is full too, new records are
 * dropped for its sake: then it is the one to go.
 */
static void move_to_end(struct sink *s, const struct spool_frame *f, const char *why)
{
	uint64_t now = loop_now_ms(s->loop);
	bool moved = append_copy(s, f);
	if (!moved)
		sink_count(s, SINK_GIVEN_UP, 1);
	if (moved && s->aside_said_ms && now - s->aside_said_ms < ASIDE_SAY_MS)
		return;
	say(&s->ev.say, SAY_ERR,
	    "record %" PRIu64 " fails while others are accepted (%s), and can't be set aside (%s): %s",
	    s->suspect.seq, s->last_error, why,
	    moved ? "it goes to the end of the queue" : "the queue is full too, it is given up");
	s->aside_said_ms = now;
}

static void set_aside(struct sink *s, const struct spool_frame *f)
{
	struct err e = { 0 };
	if (spool_set_aside(s->spool, f, s->last_error, clock_real_us(), &e) < 0) {
		move_to_end(s, f, e.text);
		return;
	}
	say(&s->ev.say, SAY_ERR,
	    "record %" PRIu64 " was set aside: it failed alone %d times while others were accepted (%s)",
	    s->suspect.seq, SUSPECT_FAILURES, s->last_error);
	sink_count(s, SINK_SET_ASIDE, 1);
}

/* It was shown to be the record, not the receiver: out of the way with it. */
static void convict(struct sink *s)
{
	struct spool_frame f;
	struct window_item *it = window_find(&s->window, s->suspect.seq);
	int got = it ? reread(s, it, &f) : 0;
	if (got < 0)
		return; /* it fails once more, then */
	if (got == 1) {
		set_aside(s, &f);
		it->accepted = true;
	}
	suspect_clear(&s->suspect);
	advance(s);
}

void sink_judge(struct sink *s, enum session_end why)
{
	if (s->suspect.plan == SUSPECT_NONE) {
		struct window_item *it = window_oldest_in_flight(&s->window);
		if (it && !s->failed_here && why != SESSION_END_CLOSED)
			suspect_broke(&s->suspect, it->seq);
		return;
	}
	struct window_item *it = s->probe ? window_find(&s->window, s->probe) : NULL;
	bool unanswered = it && it->in_flight && why != SESSION_END_CLOSED;
	if (!s->probe)
		suspect_untried(&s->suspect);
	else if ((s->probe_answered || unanswered) &&
		 suspect_failed(&s->suspect, s->probe_answered))
		convict(s);
}
