// SPDX-License-Identifier: Apache-2.0
#include "relp/server.h"

#include "base/mem.h"
#include "relp/offers.h"
#include "relp/stream.h"

#include <stdlib.h>

enum state {
	STATE_NEW,  /* wants open */
	STATE_OPEN,
	STATE_CLOSING, /* close came: is answered behind the messages */
	STATE_FAILED,  /* protocol error: serverclose goes behind the messages' answers */
	STATE_ENDED,
};

struct relp_server {
	char *software;
	enum state state;
	struct relp_in in;
	struct relp_out out;
	uint32_t next_txnr;   /* that the next frame must have */
	uint32_t next_answer; /* the oldest message without an answer, where there is one */
	uint32_t close_txnr;
	size_t unanswered;
	struct err failed; /* in STATE_FAILED */
};

/* The specification has 1 follow the last number; librelp never gets there. */
static uint32_t txnr_after(uint32_t txnr)
{
	return txnr == RELP_TXNR_MAX ? 1 : txnr + 1;
}

struct relp_server *relp_server_new(const struct relp_server_conf *conf)
{
	struct relp_server *s = mem_zero(1, sizeof(*s));

	s->in.rules.max_data = conf->max_data ? conf->max_data : 128 * 1024;
	if (conf->software)
		s->software = mem_strdup(conf->software);
	s->next_txnr = conf->first_txnr ? conf->first_txnr : 1;
	invariant(s->next_txnr <= RELP_TXNR_MAX);
	return s;
}

void relp_server_free(struct relp_server *s)
{
	if (!s)
		return;
	relp_in_free(&s->in);
	relp_out_free(&s->out);
	free(s->software);
	free(s);
}

void relp_server_input(struct relp_server *s, struct slice bytes)
{
	if (s->state != STATE_NEW && s->state != STATE_OPEN)
		return;
	invariant(s->in.bytes.len == 0);
	s->in.bytes = bytes;
}

static void queue_rsp(struct relp_server *s, uint32_t txnr, struct slice data)
{
	relp_out_frame(&s->out, txnr, slice_str("rsp"), data);
}

static void queue_serverclose(struct relp_server *s)
{
	relp_out_frame(&s->out, 0, slice_str("serverclose"), slice_of(NULL, 0));
	s->state = STATE_ENDED;
}

/* What ends the session goes out when no answer is owed. */
static void end_when_answered(struct relp_server *s)
{
	if (s->unanswered)
		return;
	if (s->state == STATE_CLOSING) {
		queue_rsp(s, s->close_txnr, slice_of(NULL, 0));
		s->state = STATE_ENDED;
	} else if (s->state == STATE_FAILED) {
		queue_serverclose(s);
	}
}

static void stop_reading(struct relp_server *s, enum state state)
{
	s->state = state;
	s->in.bytes = slice_of(NULL, 0);
	end_when_answered(s);
}

/* s->failed was filled. */
static int failed(struct relp_server *s)
{
	stop_reading(s, STATE_FAILED);
	return -1;
}

static int on_open(struct relp_server *s, const struct relp_frame *f)
{
	struct buf answer = { 0 };
	const char *why = relp_offers_unsuitable(f->data, UINT32_MAX);

	if (why) {
		buf_printf(&answer, "500 %s", why);
		err_set(&s->failed, "open: %s", why);
	} else {
		buf_add_str(&answer, "200 OK\n");
		relp_offers_write(&answer, s->software);
		s->state = STATE_OPEN;
	}
	queue_rsp(s, f->txnr, buf_slice(&answer));
	buf_free(&answer);
	return why ? failed(s) : 0;
}

static int wrong_command(struct relp_server *s, const struct relp_frame *f)
{
	err_set(&s->failed, "the command \"%.*s\" %s", (int)f->command.len, f->command.p,
		s->state == STATE_NEW ? "before open" : "in an open session");
	return failed(s);
}

static int on_frame(struct relp_server *s, const struct relp_frame *f,
		    struct relp_server_event *ev)
{
	if (f->txnr != s->next_txnr) {
		err_set(&s->failed, "transaction %u where %u is due", f->txnr, s->next_txnr);
		return failed(s);
	}
	s->next_txnr = txnr_after(f->txnr);
	*ev = (struct relp_server_event){ .txnr = f->txnr, .data = f->data };
	if (s->state == STATE_NEW) {
		ev->kind = RELP_SERVER_OPEN;
		return slice_is(f->command, "open") ? on_open(s, f) : wrong_command(s, f);
	}
	if (slice_is(f->command, "syslog")) {
		ev->kind = RELP_SERVER_MESSAGE;
		if (s->unanswered++ == 0)
			s->next_answer = f->txnr;
		return 0;
	}
	if (slice_is(f->command, "close")) {
		ev->kind = RELP_SERVER_CLOSE;
		s->close_txnr = f->txnr;
		stop_reading(s, STATE_CLOSING);
		return 0;
	}
	return wrong_command(s, f);
}

/* What could not be read: is it a TLS handshake record, version 3.x, at the very start? */
static bool is_client_hello(const struct relp_server *s)
{
	struct slice b = s->in.part.len ? buf_slice(&s->in.part) : s->in.bytes;

	return s->state == STATE_NEW && b.len && b.p[0] == 0x16 && (b.len < 2 || b.p[1] == 0x03);
}

int relp_server_next(struct relp_server *s, struct relp_server_event *ev, struct err *e)
{
	struct relp_frame f;
	int got;

	if (s->state != STATE_NEW && s->state != STATE_OPEN)
		return 0;
	got = relp_in_next(&s->in, &f, &s->failed);
	if (got > 0 && on_frame(s, &f, ev) < 0) {
		got = -1;
	} else if (got < 0) {
		if (is_client_hello(s))
			err_set(&s->failed, "the client speaks TLS (a ClientHello came), this port is plain");
		failed(s);
	}
	if (got < 0 && e)
		*e = s->failed;
	return got;
}

static void queue_answer(struct relp_server *s, struct slice data)
{
	invariant(s->unanswered > 0);
	queue_rsp(s, s->next_answer, data);
	s->unanswered--;
	s->next_answer = txnr_after(s->next_answer);
	end_when_answered(s);
}

void relp_server_answer(struct relp_server *s, unsigned code, struct slice text)
{
	char data[4 + 80];

	if (s->state == STATE_ENDED)
		return;
	invariant(code >= 100 && code <= 999 && text.len <= sizeof(data) - 4);
	data[0] = (char)('0' + code / 100);
	data[1] = (char)('0' + code / 10 % 10);
	data[2] = (char)('0' + code % 10);
	data[3] = ' '; /* librelp's client does not take an answer without it */
	if (text.len)
		memcpy(data + 4, text.p, text.len);
	queue_answer(s, slice_of(data, 4 + text.len));
}

void relp_server_accept(struct relp_server *s, size_t n)
{
	for (; n > 0 && s->state != STATE_ENDED; n--)
		queue_answer(s, slice_str("200 OK"));
}

void relp_server_shut(struct relp_server *s)
{
	if (s->state == STATE_ENDED)
		return;
	s->unanswered = 0;
	s->in.bytes = slice_of(NULL, 0);
	queue_serverclose(s);
}

struct slice relp_server_output(const struct relp_server *s)
{
	return relp_out_slice(&s->out);
}

void relp_server_wrote(struct relp_server *s, size_t n)
{
	relp_out_wrote(&s->out, n);
}

size_t relp_server_unanswered(const struct relp_server *s)
{
	return s->unanswered;
}

size_t relp_server_partial(const struct relp_server *s)
{
	return s->in.part_used ? 0 : s->in.part.len;
}

bool relp_server_is_open(const struct relp_server *s)
{
	return s->state == STATE_OPEN;
}

bool relp_server_ended(const struct relp_server *s)
{
	return s->state == STATE_ENDED;
}
