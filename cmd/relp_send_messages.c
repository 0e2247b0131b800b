// SPDX-License-Identifier: Apache-2.0
#include "cmd/cmd.h"
#include "cmd/relp_send.h"

#include "base/clock.h"
#include "base/esc.h"

#include <stdio.h>
#include <sys/epoll.h>

#define REFUSALS_SHOWN 10

static bool make_message(struct send *s)
{
	if (s->message_waits)
		return true;
	s->message.len = 0;
	s->message_waits = input_next(&s->input, &s->w.format, clock_real_us(), &s->message);
	return s->message_waits;
}

/* Sends as much as there is and may go. True: there was no room for more. */
static bool send_what_there_is(struct send *s)
{
	uint64_t wait_ms, now_us;

	while (make_message(s)) {
		now_us = clock_mono_us();
		if (!session_room(s->session, s->message.len))
			return true;
		if (!load_may_send(&s->load, now_us, &wait_ms)) {
			loop_timer_set(s->loop, &s->again, wait_ms);
			return true;
		}
		session_send(s->session, ++s->sent, buf_slice(&s->message));
		load_sent(&s->load, s->sent, s->message.len, now_us);
		s->message_waits = false;
	}
	return false;
}

/* Moves things on: sends, asks for more input, or closes at its end. */
static void pump(struct send *s)
{
	bool full = !s->signo && send_what_there_is(s);
	bool want = !full && !s->input.ended && !s->signo;
	struct err e;

	if (s->input.open && loop_watch(s->loop, &s->input.watch, want ? EPOLLIN : 0, &e) < 0) {
		s->input.error = e;
		s->input.ended = true;
	}
	if (!full && s->input.ended)
		session_close(s->session);
}

static void pump_outside(struct send *s)
{
	if (s->at != STAGE_MESSAGES || session_stage(s->session) != SESSION_RUNNING)
		return;
	pump(s);
	session_flush(s->session);
}

void send_on_input(void *arg, uint32_t events)
{
	struct send *s = arg;

	(void)events;
	input_read(&s->input);
	pump_outside(s);
}

void send_on_again(void *arg)
{
	pump_outside(arg);
}

void send_on_room(void *arg)
{
	struct send *s = arg;

	if (s->at == STAGE_MESSAGES)
		pump(s);
}

/* --probe-size: the message under way is decided; e NULL: as the answer says. */
static void decide_size(struct send *s, int fate, const char *text)
{
	struct size_result *z = &s->sizes[s->input.at++];

	z->fate = fate;
	z->us = load_took(&s->load, s->sent, clock_mono_us());
	snprintf(z->text, sizeof(z->text), "%s", text);
	s->input.waits = false;
}

void send_on_accepted(void *arg, uint64_t first, uint64_t last, size_t count)
{
	struct send *s = arg;
	uint64_t now_us = clock_mono_us();
	char spent[SPENT_MAX];

	s->accepted += count;
	for (uint64_t t = first; s->trace.to && t <= last; t++)
		trace_note(&s->trace, "message %llu is acknowledged after %s", (unsigned long long)t,
			   spent_text(load_took(&s->load, t, now_us), spent));
	load_accepted(&s->load, first, last, now_us);
	if (s->input.kind == INPUT_SIZES)
		decide_size(s, SIZE_ACCEPTED, "");
}

void send_on_refused(void *arg, uint64_t token, unsigned code, struct slice text)
{
	struct send *s = arg;
	char words[256];

	load_refused(&s->load, clock_mono_us());
	esc_text(words, sizeof(words), text);
	if (s->input.kind == INPUT_SIZES) {
		char answer[300];
		snprintf(answer, sizeof(answer), "%u %s", code, words);
		decide_size(s, SIZE_REFUSED, answer);
		s->renews = true;
		session_close(s->session);
	}
	/* the first few in words, the rest by their number at the end */
	if (s->refused++ >= REFUSALS_SHOWN)
		return;
	if (s->report.how == REPORT_QUIET)
		fprintf(stderr, "relpbox relp-send: message %llu was refused: %u %s\n",
			(unsigned long long)token, code, words);
	else
		buf_printf(&s->refusals, "message %llu was refused: %u %s\n", (unsigned long long)token,
			   code, words);
}

/*
 * A further session for what is left to send: --probe-size gives each size that
 * broke one, or was refused, to the past; and a session's numbers can be used up.
 */
bool send_next_session(struct send *s, enum session_end why, const struct err *e)
{
	bool sizes = s->input.kind == INPUT_SIZES;

	if (s->at != STAGE_MESSAGES || s->signo || s->input.ended)
		return false;
	if (sizes && s->input.waits && !s->message_waits && why != SESSION_END_CLOSED)
		decide_size(s, why == SESSION_END_SILENT ? SIZE_SILENT : SIZE_CLOSED, e ? e->text : "");
	else if (why != SESSION_END_CLOSED && !(sizes && s->renews))
		return false;
	s->renews = false;
	session_start(s->session, &s->list);
	return true;
}

/* How the sizes went that ended their sessions: the exit code, or 0. */
int send_code_of_sizes(const struct send *s)
{
	int code = EXIT_OK;

	for (size_t i = 0; i < input_n_sizes; i++) {
		if (s->sizes[i].fate == SIZE_CLOSED)
			return EXIT_CLOSED_EARLY;
		if (s->sizes[i].fate == SIZE_SILENT)
			code = EXIT_TIMEOUT;
	}
	return code;
}

void send_clear_progress(struct send *s)
{
	if (s->progress.fire)
		fputs("\r\033[K", stderr);
}

void send_on_progress(void *arg)
{
	struct send *s = arg;

	if (s->at == STAGE_MESSAGES && !s->ended) {
		fprintf(stderr, "\r%llu of %llu sent, %llu acknowledged, %.0f a second\033[K",
			(unsigned long long)s->sent, (unsigned long long)s->input.count,
			(unsigned long long)s->accepted, load_per_second(&s->load, s->accepted));
		loop_timer_set(s->loop, &s->progress, SEND_PROGRESS_MS);
	}
}
