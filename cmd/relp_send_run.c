// SPDX-License-Identifier: Apache-2.0
#include "cmd/cmd.h"
#include "cmd/relp_send.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GIVE_UP_MS 1000	     /* from a signal until what is unanswered is left behind */
#define OTHER_MAX_MS 3000    /* for the probe of another protocol */

/* --- the way on ---------------------------------------------------------------------------- */

static void enter(struct send *s, enum stage stage)
{
	s->at = stage;
	s->began_us = clock_mono_us();
	s->took_us = 0;
}

/* Nothing more is done; where a session still lives it is dropped. */
static void finish(struct send *s, int code)
{
	if (s->session)
		session_abort(s->session);
	s->ended = true;
	s->code = s->signo ? 128 + s->signo : code;
}

/* True: this stage was the last that was asked for. */
static bool quits_after(struct send *s, enum stage stage)
{
	if (!s->w.quits || s->w.quit_after != stage)
		return false;
	s->stopped = true;
	return true;
}

/* --- from stage to stage --------------------------------------------------------------------- */

static struct attempt *attempt(struct send *s)
{
	const struct addr *peer = session_peer(s->session);

	for (size_t i = 0; i < s->list.n; i++) {
		const struct addr *a = &s->list.at[i];
		if (a->len == peer->len && memcmp(&a->sa, &peer->sa, a->len) == 0)
			return &s->attempts[i];
	}
	return &s->attempts[0];
}

static void connecting(struct send *s)
{
	char text[ADDR_TEXT_MAX];

	trace_start(&s->trace, s->tls);
	trace_note(&s->trace, "connecting to %s", addr_text(session_peer(s->session), text));
	*attempt(s) = (struct attempt){ .tried = true, .begun_us = clock_mono_us() };
}

static void not_connected(struct send *s, const struct err *e)
{
	struct attempt *a = attempt(s);
	char text[ADDR_TEXT_MAX];
	size_t prefix = strlen(addr_text(session_peer(s->session), text));

	/* the address is told beside it */
	bool named = strncmp(e->text, text, prefix) == 0 && e->text[prefix] == ':';
	a->us = clock_mono_us() - a->begun_us;
	a->code = e->code;
	snprintf(a->text, sizeof(a->text), "%s", named ? e->text + prefix + 2 : e->text);
	trace_note(&s->trace, "%s", e->text);
}

static void connected(struct send *s)
{
	struct attempt *a = attempt(s);

	a->us = clock_mono_us() - a->begun_us;
	a->connected = true;
	/* a further session of --probe-size is not told of */
	if (s->at != STAGE_TCP)
		return;
	tell_tcp(s, NULL);
	if (quits_after(s, STAGE_TCP))
		finish(s, EXIT_OK);
	else
		enter(s, s->tls ? STAGE_TLS : STAGE_OPEN);
}

/* The handshake is done. Whether our certificate is taken shows with the answer to open alone. */
static void shook_hands(struct send *s)
{
	if (s->at != STAGE_TLS)
		return;
	s->tls_us = clock_mono_us() - s->began_us;
	trace_note(&s->trace, "TLS handshake done");
	if (quits_after(s, STAGE_TLS)) {
		tell_tls(s, NULL);
		finish(s, EXIT_OK);
	} else {
		enter(s, STAGE_OPEN);
	}
}

static void sent_all(struct send *s)
{
	send_clear_progress(s);
	if (s->input.kind != INPUT_NONE)
		tell_messages(s, s->input.error.text[0] ? &s->input.error : NULL);
	(void)quits_after(s, STAGE_MESSAGES);
	enter(s, STAGE_CLOSE);
}

static void on_stage(void *arg, enum session_stage stage, const struct err *e)
{
	struct send *s = arg;

	if (stage == SESSION_CONNECT && e) {
		not_connected(s, e);
		if (s->report.how == REPORT_QUIET)
			fprintf(stderr, "relpbox relp-send: %s; trying the next address\n", e->text);
	} else if (stage == SESSION_CONNECT) {
		connecting(s);
	} else if (stage == SESSION_HANDSHAKE) {
		connected(s);
	} else if (stage == SESSION_OPEN) {
		shook_hands(s);
	} else if (stage == SESSION_CLOSE && s->at == STAGE_MESSAGES && s->input.ended) {
		sent_all(s);
	}
}

static void on_opened(void *arg, struct slice offers)
{
	struct send *s = arg;

	if (s->at != STAGE_OPEN)
		return;
	s->offers.len = 0;
	buf_add_slice(&s->offers, offers);
	if (s->tls)
		tell_tls(s, NULL);
	tell_open(s, NULL);
	enter(s, STAGE_MESSAGES);
	if (quits_after(s, STAGE_OPEN))
		s->input = (struct input){ .kind = INPUT_NONE, .ended = true };
	else if (s->progress.fire)
		loop_timer_set(s->loop, &s->progress, SEND_PROGRESS_MS);
}

/* --- the end ------------------------------------------------------------------------------- */

/* We, or the other side, refused for what a certificate is; or TLS broke. */
static bool tls_failed(const struct send *s)
{
	return s->tls && s->seen.cause != TLS_GOOD && s->seen.cause != TLS_UNKNOWN;
}

static int code_of_open(const struct send *s)
{
	switch (s->why) {
	case SESSION_END_OPEN_TIMEOUT:
		return s->other_said ? EXIT_OPEN : EXIT_TIMEOUT;
	case SESSION_END_OPEN_CLOSED:
	case SESSION_END_CLOSED_EARLY:
		return s->other_said ? EXIT_OPEN : EXIT_CLOSED_EARLY;
	default:
		return EXIT_OPEN;
	}
}

/* The stage at hand failed. */
static void conclude(struct send *s)
{
	const struct err *e = &s->why_error;

	if (s->at == STAGE_TCP) {
		tell_tcp(s, e);
		finish(s, EXIT_TCP);
	} else if (s->at == STAGE_TLS || (s->at == STAGE_OPEN && tls_failed(s))) {
		s->at = STAGE_TLS;
		tell_tls(s, e);
		finish(s, tls_cause_is_peer(s->seen.cause) ? EXIT_PEER : EXIT_TLS);
	} else if (s->at == STAGE_OPEN) {
		if (s->tls)
			tell_tls(s, NULL);
		tell_open(s, e);
		finish(s, code_of_open(s));
	} else {
		send_clear_progress(s);
		tell_messages(s, e);
		finish(s, s->why == SESSION_END_SILENT ? EXIT_TIMEOUT : EXIT_CLOSED_EARLY);
	}
}

static void on_other(void *arg, const char *said)
{
	struct send *s = arg;

	s->other_said = said;
	conclude(s);
}

/* May the port speak the other thing: TLS where we spoke plain, plain where we spoke TLS? */
static bool other_is_worth_asking(const struct send *s)
{
	if (s->signo)
		return false;
	if (s->at == STAGE_TLS)
		return s->seen.cause == TLS_UNKNOWN || s->seen.cause == TLS_CLOSED;
	if (s->at != STAGE_OPEN || s->tls || s->why == SESSION_END_OPEN_REFUSED)
		return false;
	/* who said something of RELP does not speak TLS */
	return s->trace.n_first == 0 || s->trace.first[0] == 0x15;
}

static void ask_other(struct send *s)
{
	uint64_t limit_ms = s->w.conf.open_ms && s->w.conf.open_ms < OTHER_MAX_MS ? s->w.conf.open_ms :
										      OTHER_MAX_MS;

	s->took_us = stage_took(s);
	trace_note(&s->trace, "does this port speak %s? Asking on a second connection",
		   s->tls ? "plain RELP" : "TLS");
	s->other_asked = true;
	s->other = other_ask(s->loop, session_peer(s->session), !s->tls, limit_ms, on_other, s);
}

/* Closed, with all answered. */
static void closed(struct send *s, const struct err *e)
{
	if (s->at == STAGE_MESSAGES) /* it went away by itself: no close was sent */
		sent_all(s);
	if (!s->stopped)
		tell_close(s, e);
	finish(s, s->refused ? EXIT_REFUSED : s->input.error.text[0] ? EXIT_FAILED : EXIT_OK);
}

static void on_ended(void *arg, enum session_end why, const struct err *e)
{
	struct send *s = arg;

	if (send_next_session(s, why, e))
		return;
	s->why = why;
	s->why_error = e ? *e : (struct err){ 0 };
	/* whatever ends it when all is answered does no harm */
	if (s->at == STAGE_CLOSE || (why == SESSION_END_CLOSED && s->at == STAGE_MESSAGES)) {
		closed(s, e);
		if (s->code == EXIT_OK || s->code == EXIT_REFUSED)
			s->code = send_code_of_sizes(s) ? send_code_of_sizes(s) : s->code;
		return;
	}
	if (s->at == STAGE_TCP) {
		not_connected(s, &s->why_error);
		/* taken, and reset before we looked: that is no refusal to connect */
		if (why != SESSION_END_CONNECT) {
			attempt(s)->connected = true;
			tell_tcp(s, NULL);
			enter(s, s->tls ? STAGE_TLS : STAGE_OPEN);
		}
	}
	if (other_is_worth_asking(s))
		ask_other(s);
	else
		conclude(s);
}

static const struct session_events events = {
	.stage = on_stage,
	.opened = on_opened,
	.accepted = send_on_accepted,
	.refused = send_on_refused,
	.room = send_on_room,
	.ended = on_ended,
};

/* --- dns ----------------------------------------------------------------------------------- */

static void keep_family(struct send *s)
{
	for (size_t i = 0; i < s->all.n; i++)
		if (s->w.family == AF_UNSPEC || s->all.at[i].sa.ss_family == s->w.family)
			s->list.at[s->list.n++] = s->all.at[i];
}

static void on_resolved(void *arg, const struct addr_list *list, const struct err *why)
{
	struct send *s = arg;
	struct err e;

	if (list)
		s->all = *list;
	keep_family(s);
	if (list && !s->list.n) {
		err_set(&e, "%s has no IPv%c address", s->w.host, s->w.family == AF_INET6 ? '6' : '4');
		why = &e;
	}
	tell_dns(s, why);
	if (why) {
		finish(s, EXIT_DNS);
	} else if (quits_after(s, STAGE_DNS)) {
		finish(s, EXIT_OK);
	} else {
		enter(s, STAGE_TCP);
		session_start(s->session, &s->list);
	}
}

static int start_dns(struct send *s, struct err *e)
{
	struct addr_list literal = { .n = 1 };

	enter(s, STAGE_DNS);
	if (addr_literal(s->w.host, s->w.port, &literal.at[0]) == 0) {
		on_resolved(s, &literal, NULL);
		return 0;
	}
	s->resolver = resolver_new(s->loop, e);
	if (!s->resolver)
		return -1;
	resolver_ask(s->resolver, s->w.host, s->w.port, s->w.connect_ms, on_resolved, s);
	return 0;
}

/* --- beside it ------------------------------------------------------------------------------ */

/* Told to end: the stage at hand says so. */
static void interrupted(struct send *s)
{
	struct err e;

	err_set(&e, "interrupted by %s", s->signo == SIGINT ? "SIGINT" : s->signo == SIGTERM ? "SIGTERM" : "SIGHUP");
	s->why_error = e;
	if (s->at == STAGE_DNS) {
		tell_dns(s, &e);
		finish(s, EXIT_DNS);
	} else if (s->at == STAGE_CLOSE) {
		tell_close(s, &e);
		finish(s, EXIT_OK);
	} else {
		session_abort(s->session);
		conclude(s);
	}
}

static void on_give_up(void *arg)
{
	interrupted(arg);
}

/* The first ends it well, if that takes no more than a second; the second at once. */
static void on_signal(void *arg, int signo)
{
	struct send *s = arg;
	bool again = s->signo != 0;

	s->signo = signo;
	if (again || s->at < STAGE_MESSAGES || s->other) {
		interrupted(s);
		return;
	}
	if (s->at == STAGE_MESSAGES && !s->input.error.text[0] && !s->input.ended)
		err_set(&s->input.error, "interrupted");
	s->input.ended = true;
	s->message_waits = false;
	session_close(s->session);
	loop_timer_set(s->loop, &s->give_up, GIVE_UP_MS);
}

/* --- all of it ------------------------------------------------------------------------------- */

static int start(struct send *s, struct err *e)
{
	s->loop = loop_new(e);
	if (!s->loop)
		return -1;
	s->input.watch.ready = send_on_input;
	s->input.watch.arg = s;
	s->again = (struct loop_timer){ .fire = send_on_again, .arg = s };
	s->give_up = (struct loop_timer){ .fire = on_give_up, .arg = s };
	if (s->input.kind == INPUT_LOAD && isatty(STDERR_FILENO))
		s->progress = (struct loop_timer){ .fire = send_on_progress, .arg = s };
	s->w.conf.tap = trace_bytes;
	s->w.conf.tap_arg = &s->trace;
	s->session = session_new(s->loop, &s->w.conf, &events, s);
	/* the resolver's helper is to be forked before signals are blocked */
	if (start_dns(s, e) < 0)
		return -1;
	s->signals = signals_new(s->loop, on_signal, s, e);
	return s->signals ? 0 : -1;
}

static void stop(struct send *s)
{
	other_free(s->other);
	session_free(s->session);
	resolver_free(s->resolver);
	signals_free(s->signals);
	if (s->loop)
		loop_unwatch(s->loop, &s->input.watch);
	loop_free(s->loop);
}

int send_run(struct send *s)
{
	struct err e = { 0 };

	load_init(&s->load, s->w.rate, s->w.conf.relp.window_frames ? s->w.conf.relp.window_frames : 2048);
	bool good = start(s, &e) == 0;
	while (good && !s->ended)
		good = loop_turn(s->loop, 60000, &e) == 0;
	send_clear_progress(s);
	if (!good) {
		fprintf(stderr, "relpbox relp-send: %s\n", e.text);
		s->code = EXIT_FAILED;
	}
	stop(s);
	return s->code;
}
