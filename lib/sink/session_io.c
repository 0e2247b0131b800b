// SPDX-License-Identifier: Apache-2.0
#include "sink/session_int.h"

#include "base/esc.h"
#include "base/mem.h"

#include <errno.h>

#define FILLS_A_TURN 8 /* of the buffer: then others have their turn */
#define RECORDS_A_FILL 256 /* of TLS, be they as small as they like */
#define LINGER_MS 1000 /* for answers that are under way when a write failed */

/* --- writing -------------------------------------------------------------------- */

/* Never calls back: a failure is told later, when what had arrived is read. */
void session_flush(struct session *s)
{
	struct slice out;
	ssize_t n;

	if (s->stage < SESSION_OPEN || s->write_failed)
		return;
	s->write_waits_out = s->write_waits_in = false;
	while ((out = relp_client_output(s->relp)).len) {
		n = s->t->ops->write(s->t, out.p, out.len, &s->write_err);
		if (n > 0) {
			if (s->conf.tap)
				s->conf.tap(s->conf.tap_arg, true, slice_of(out.p, (size_t)n));
			relp_client_wrote(s->relp, (size_t)n);
			continue;
		}
		s->write_waits_out = n == TRANSPORT_WANT_WRITE;
		s->write_waits_in = n == TRANSPORT_WANT_READ;
		s->write_failed = !s->write_waits_out && !s->write_waits_in;
		break;
	}
	if (s->write_failed)
		loop_timer_set(s->loop, &s->linger, LINGER_MS);
	session_watch(s);
}

bool session_room(const struct session *s, size_t len)
{
	return s->stage == SESSION_RUNNING && !s->close_wanted && !s->write_failed &&
	       relp_client_room(s->relp, len);
}

void session_send(struct session *s, uint64_t token, struct slice payload)
{
	invariant(session_room(s, payload.len));
	if (relp_client_unanswered(s->relp) == 0) {
		s->progress_ms = loop_now_ms(s->loop);
		if (!loop_timer_is_set(&s->limit))
			loop_timer_set(s->loop, &s->limit, s->conf.silent_ms);
	}
	relp_client_send(s->relp, token, payload);
	/* while the socket takes nothing, the loop calls when it does */
	if (relp_client_output(s->relp).len >= s->conf.relp.output_bytes && !s->write_waits_out &&
	    !s->write_waits_in)
		session_flush(s);
}

/* --- reading -------------------------------------------------------------------- */

enum session_end session_end_of_stream(const struct session *s)
{
	if (s->stage == SESSION_OPEN)
		return SESSION_END_OPEN_CLOSED;
	/* all is answered and nothing more was to be sent: nothing is lost */
	if (s->stage >= SESSION_DRAIN && relp_client_unanswered(s->relp) == 0)
		return SESSION_END_CLOSED;
	return SESSION_END_CLOSED_EARLY;
}

void session_explain(struct session *s, struct err *e)
{
	if (s->stage == SESSION_OPEN && s->t->ops->explain)
		s->t->ops->explain(s->t, e);
}

static void on_serverclose(struct session *s)
{
	struct err e;
	enum session_end why = session_end_of_stream(s);

	if (why == SESSION_END_CLOSED_EARLY)
		why = SESSION_END_SERVERCLOSE;
	err_set(&e, "the receiver ended the session (serverclose)");
	session_explain(s, &e);
	session_end(s, why, &e);
}

static void on_open_refused(struct session *s, const struct relp_event *ev)
{
	char shown[128];
	struct err e;

	esc_text(shown, sizeof(shown), ev->text);
	if (ev->code)
		err_code(&e, (int)ev->code, "open was refused: %u %s", ev->code, shown);
	else
		err_code(&e, 0, "open was answered, but: %s", shown);
	session_end(s, SESSION_END_OPEN_REFUSED, &e);
}

static void on_opened(struct session *s, struct slice offers)
{
	uint64_t connection = s->connection;

	s->stage = SESSION_RUNNING;
	loop_timer_clear(s->loop, &s->limit);
	if (s->ev.stage)
		s->ev.stage(s->arg, SESSION_RUNNING, NULL);
	if (session_alive(s, connection) && s->ev.opened)
		s->ev.opened(s->arg, offers);
}

static void on_event(struct session *s, const struct relp_event *ev)
{
	switch (ev->kind) {
	case RELP_OPENED:
		on_opened(s, ev->text);
		return;
	case RELP_OPEN_REFUSED:
		on_open_refused(s, ev);
		return;
	case RELP_ACCEPTED:
		s->progress_ms = loop_now_ms(s->loop);
		if (s->ev.accepted)
			s->ev.accepted(s->arg, ev->token, ev->last, ev->count);
		return;
	case RELP_REFUSED:
		s->progress_ms = loop_now_ms(s->loop);
		if (s->ev.refused)
			s->ev.refused(s->arg, ev->token, ev->code, ev->text);
		return;
	case RELP_CLOSED:
		session_end(s, SESSION_END_CLOSED, NULL);
		return;
	case RELP_SERVERCLOSE:
		on_serverclose(s);
		return;
	}
}

/* RFC 8446 section 5.1: an alert, or a handshake message, of version 3.x. Either comes whole. */
static bool is_tls_record(const char *p, size_t len)
{
	return len >= 3 && (p[0] == 0x15 || p[0] == 0x16) && p[1] == 3;
}

/* All events of the bytes that were read; false: the connection is over. */
static bool take_input(struct session *s, size_t len)
{
	uint64_t connection = s->connection;
	struct relp_event ev;
	struct err e;
	int r;

	if (s->conf.tap)
		s->conf.tap(s->conf.tap_arg, false, slice_of(s->read_bytes, len));
	relp_client_input(s->relp, slice_of(s->read_bytes, len));
	while ((r = relp_client_next(s->relp, &ev, &e)) > 0) {
		on_event(s, &ev);
		if (!session_alive(s, connection))
			return false;
	}
	if (r == 0)
		return true;
	if (s->stage == SESSION_OPEN && is_tls_record(s->read_bytes, len))
		err_code(&e, EPROTO, "this port speaks TLS: our plain RELP was answered with a TLS record");
	session_end(s, SESSION_END_PROTOCOL, &e);
	return false;
}

static void on_read_end(struct session *s, ssize_t n, struct err *e)
{
	if (n == TRANSPORT_EOF && s->write_failed)
		*e = s->write_err;
	else if (n == TRANSPORT_EOF)
		err_code(e, 0, "the receiver closed the connection");
	session_explain(s, e);
	session_end(s, session_end_of_stream(s), e);
}

/*
 * Fills the buffer: a receiver that answers each message by a TLS record of its
 * own is read many answers at a time all the same. n: what the last read said.
 */
static size_t fill(struct session *s, ssize_t *n, struct err *e)
{
	size_t got = 0;

	for (int i = 0; i < RECORDS_A_FILL && got < SESSION_READ_BYTES; i++) {
		*n = s->t->ops->read(s->t, s->read_bytes + got, SESSION_READ_BYTES - got, e);
		if (*n <= 0)
			break;
		got += (size_t)*n;
	}
	return got;
}

bool session_read(struct session *s)
{
	struct err e = { 0 };
	ssize_t n = 0;

	s->read_waits_out = false;
	for (int i = 0; i < FILLS_A_TURN; i++) {
		size_t got = fill(s, &n, &e);
		if (got && !take_input(s, got))
			return false;
		if (n == TRANSPORT_WANT_READ)
			return true;
		if (n == TRANSPORT_WANT_WRITE) {
			s->read_waits_out = true;
			return true;
		}
		if (n <= 0) {
			on_read_end(s, n, &e);
			return false;
		}
	}
	/* a transport may hold bytes that the socket no longer shows */
	loop_timer_set(s->loop, &s->soon, 0);
	return true;
}
