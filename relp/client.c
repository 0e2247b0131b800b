// SPDX-License-Identifier: Apache-2.0
#include "relp/client.h"

#include "base/esc.h"
#include "base/mem.h"
#include "relp/offers.h"
#include "relp/stream.h"

#include <stdlib.h>

#define OPEN_TXNR 1U
#define FIRST_TXNR 2U

enum state {
	STATE_NEW,     /* before the first start */
	STATE_OPENING, /* waits for the answer to open */
	STATE_OPEN,
	STATE_CLOSING, /* close is queued */
	STATE_ENDED,   /* closed, refused, or serverclose: nothing more is expected */
	STATE_BROKEN,  /* protocol error: nothing more is read */
};

enum fate {
	FATE_WAITING,
	FATE_ACCEPTED,
	FATE_REFUSED, /* not told yet: nothing behind it is told before it is */
	FATE_TOLD,    /* refused, and told */
};

/* A frame that was sent; see client.h for the order in which its fate is told. */
struct sent {
	uint64_t token;
	uint32_t size; /* on the wire */
	uint8_t fate;
};

struct relp_client {
	struct relp_client_conf conf;
	char *software;
	enum state state;
	struct relp_in in;
	struct relp_out out;

	/* the window: a ring; the oldest frame has number oldest_txnr and place oldest */
	struct sent *ring;
	size_t ring_mask; /* its size, a power of two, less one */
	size_t oldest;
	size_t n;
	size_t answered; /* of the n: those not waiting */
	size_t bytes;	 /* of the n */
	uint32_t oldest_txnr;
	uint32_t close_txnr;

	/* what was read while a run of accepted frames was to be reported first */
	bool held;
	struct relp_event held_event;
	struct sent *refused; /* the one in FATE_REFUSED, or NULL */
	struct err broken; /* in STATE_BROKEN */
};

static size_t size_or(size_t v, size_t fallback)
{
	return v ? v : fallback;
}

struct relp_client *relp_client_new(const struct relp_client_conf *conf)
{
	struct relp_client *c = mem_zero(1, sizeof(*c));
	size_t ring = 1;

	c->conf.window_frames = size_or(conf->window_frames, 2048);
	c->conf.window_bytes = size_or(conf->window_bytes, 1 << 20);
	c->conf.output_bytes = size_or(conf->output_bytes, 256 * 1024);
	c->conf.max_answer = size_or(conf->max_answer, 64 * 1024);
	c->conf.last_txnr = conf->last_txnr ? conf->last_txnr : 900000000;
	/* one number is left for close */
	invariant(c->conf.last_txnr >= FIRST_TXNR && c->conf.last_txnr < RELP_TXNR_MAX);
	invariant(c->conf.window_frames <= 1 << 24);
	if (conf->software)
		c->software = mem_strdup(conf->software);
	while (ring < c->conf.window_frames)
		ring *= 2;
	c->ring = mem_zero(ring, sizeof(*c->ring));
	c->ring_mask = ring - 1;
	c->in.rules = (struct relp_frame_rules){ c->conf.max_answer, true };
	return c;
}

void relp_client_free(struct relp_client *c)
{
	if (!c)
		return;
	relp_in_free(&c->in);
	relp_out_free(&c->out);
	free(c->ring);
	free(c->software);
	free(c);
}

static uint32_t next_txnr(const struct relp_client *c)
{
	return c->oldest_txnr + (uint32_t)c->n;
}

static struct sent *sent_at(const struct relp_client *c, size_t i)
{
	return &c->ring[(c->oldest + i) & c->ring_mask];
}

void relp_client_start(struct relp_client *c)
{
	struct buf offers = { 0 };

	relp_in_reset(&c->in);
	relp_out_reset(&c->out);
	c->state = STATE_OPENING;
	c->oldest = c->n = c->answered = c->bytes = 0;
	c->oldest_txnr = FIRST_TXNR;
	c->held = false;
	c->refused = NULL;
	relp_offers_write(&offers, c->software);
	relp_out_frame(&c->out, OPEN_TXNR, slice_str("open"), buf_slice(&offers));
	buf_free(&offers);
}

bool relp_client_room(const struct relp_client *c, size_t len)
{
	size_t size = relp_frame_size(RELP_TXNR_MAX, sizeof("syslog") - 1, len);

	return c->state == STATE_OPEN && c->n < c->conf.window_frames &&
	       (c->n == 0 || c->bytes + size <= c->conf.window_bytes) &&
	       relp_out_len(&c->out) < c->conf.output_bytes && !relp_client_spent(c);
}

void relp_client_send(struct relp_client *c, uint64_t token, struct slice payload)
{
	static const struct slice syslog = { "syslog", sizeof("syslog") - 1 };
	uint32_t txnr = next_txnr(c);
	size_t size = relp_frame_size(txnr, syslog.len, payload.len);

	invariant(c->state == STATE_OPEN && c->n < c->conf.window_frames);
	invariant(txnr <= c->conf.last_txnr);
	relp_out_frame(&c->out, txnr, syslog, payload);
	*sent_at(c, c->n) = (struct sent){ token, (uint32_t)size, FATE_WAITING };
	c->n++;
	c->bytes += size;
}

void relp_client_close(struct relp_client *c, bool force)
{
	invariant(c->state == STATE_OPEN && (force || relp_client_unanswered(c) == 0));
	c->close_txnr = next_txnr(c);
	c->state = STATE_CLOSING;
	relp_out_frame(&c->out, c->close_txnr, slice_str("close"), slice_of(NULL, 0));
}

void relp_client_input(struct relp_client *c, struct slice bytes)
{
	if (c->state == STATE_BROKEN || c->state == STATE_ENDED)
		return;
	invariant(c->in.bytes.len == 0);
	c->in.bytes = bytes;
}

/* c->broken was filled. */
static int broken(struct relp_client *c)
{
	c->state = STATE_BROKEN;
	relp_in_reset(&c->in);
	return -1;
}

static int ended(struct relp_client *c, struct relp_event *ev, enum relp_event_kind kind)
{
	c->state = STATE_ENDED;
	c->in.bytes = slice_of(NULL, 0);
	ev->kind = kind;
	return 1;
}

static int bad_answer(struct relp_client *c, const struct relp_frame *f)
{
	char shown[64];

	esc_text(shown, sizeof(shown), slice_of(f->data.p, f->data.len < 16 ? f->data.len : 16));
	err_set(&c->broken, "the answer to transaction %u does not begin with a code: \"%s\"", f->txnr,
		shown);
	return broken(c);
}

static int on_open_answer(struct relp_client *c, const struct relp_frame *f,
			  struct relp_event *ev)
{
	struct relp_answer a;
	const char *why;

	if (!relp_answer_read(f->data, &a))
		return bad_answer(c, f);
	if (a.code != 200) {
		ev->code = a.code;
		ev->text = a.text;
		return ended(c, ev, RELP_OPEN_REFUSED);
	}
	/* logstash puts its first offer behind the text instead of on a line of its own */
	if (a.text.len > 3 && memcmp(a.text.p, "OK ", 3) == 0 && memchr(a.text.p, '=', a.text.len)) {
		const char *end = a.data.p + a.data.len;
		a.data = slice_of(a.text.p + 3, (size_t)(end - a.text.p - 3));
	}
	why = relp_offers_unsuitable(a.data, 1);
	if (why) {
		ev->text = slice_str(why);
		return ended(c, ev, RELP_OPEN_REFUSED);
	}
	c->state = STATE_OPEN;
	ev->kind = RELP_OPENED;
	ev->text = a.data;
	return 1;
}

static void window_forget_oldest(struct relp_client *c)
{
	c->bytes -= sent_at(c, 0)->size;
	c->oldest = (c->oldest + 1) & c->ring_mask;
	c->oldest_txnr++;
	c->n--;
	c->answered--;
}

/* Takes what is answered off the window's front into a run; false: there was no accepted one. */
static bool take_run(struct relp_client *c, struct relp_event *ev)
{
	*ev = (struct relp_event){ .kind = RELP_ACCEPTED };
	while (c->n && sent_at(c, 0)->fate == FATE_TOLD)
		window_forget_oldest(c);
	while (c->n && sent_at(c, 0)->fate == FATE_ACCEPTED) {
		ev->last = sent_at(c, 0)->token;
		if (ev->count++ == 0)
			ev->token = ev->last;
		window_forget_oldest(c);
	}
	return ev->count > 0;
}

/*
 * An answer to a syslog frame. 1: *ev is a refusal; 0: noted in the window,
 * where take_run finds it; -1.
 */
static int on_answer(struct relp_client *c, const struct relp_frame *f, struct relp_event *ev)
{
	struct relp_answer a;
	struct sent *s;

	if (f->txnr < c->oldest_txnr || f->txnr - c->oldest_txnr >= c->n ||
	    (s = sent_at(c, f->txnr - c->oldest_txnr))->fate != FATE_WAITING) {
		err_set(&c->broken, "an answer to transaction %u, which waits for none", f->txnr);
		return broken(c);
	}
	if (!relp_answer_read(f->data, &a))
		return bad_answer(c, f);
	c->answered++;
	s->fate = a.code == 200 ? FATE_ACCEPTED : FATE_REFUSED;
	if (a.code == 200)
		return 0;
	c->refused = s;
	ev->kind = RELP_REFUSED;
	ev->token = s->token;
	ev->code = a.code;
	ev->text = a.text;
	return 1;
}

static int on_frame(struct relp_client *c, const struct relp_frame *f, struct relp_event *ev)
{
	if (slice_is(f->command, "rsp")) {
		if (c->state == STATE_OPENING && f->txnr == OPEN_TXNR)
			return on_open_answer(c, f, ev);
		/* empty from librelp and logstash; all that matters is that it came */
		if (c->state == STATE_CLOSING && f->txnr == c->close_txnr)
			return ended(c, ev, RELP_CLOSED);
		return on_answer(c, f, ev);
	}
	if (slice_is(f->command, "serverclose"))
		return ended(c, ev, RELP_SERVERCLOSE);
	if (f->txnr == 0) /* a hint we do not know */
		return 0;
	err_set(&c->broken, "the command \"%.*s\", which a receiver does not send", (int)f->command.len,
		f->command.p);
	return broken(c);
}

/* Reads frames until one is an event of its own: 1, 0 or -1 as relp_client_next. */
static int read_event(struct relp_client *c, struct relp_event *ev)
{
	struct relp_frame f;
	int got = 0, r = 0;

	while (r == 0 && (got = relp_in_next(&c->in, &f, &c->broken)) > 0)
		r = on_frame(c, &f, ev);
	return got < 0 ? broken(c) : r;
}

/* The event goes to the caller. */
static int tell(struct relp_client *c)
{
	if (c->refused)
		c->refused->fate = FATE_TOLD;
	c->refused = NULL;
	c->held = false;
	return 1;
}

/*
 * Accepted frames gather in the window while more is read. They are told first,
 * and what ended the reading is held until the call in which none is left.
 */
int relp_client_next(struct relp_client *c, struct relp_event *ev, struct err *e)
{
	int r = 0;

	if (take_run(c, ev))
		return 1;
	if (c->held) {
		*ev = c->held_event;
		return tell(c);
	}
	*ev = (struct relp_event){ 0 };
	if (c->state != STATE_BROKEN && c->state != STATE_ENDED) {
		r = read_event(c, ev);
		c->held = r > 0;
		c->held_event = *ev;
		if (take_run(c, ev))
			return 1;
		*ev = c->held_event;
	} else if (c->state == STATE_BROKEN) {
		r = -1;
	}
	if (r < 0 && e)
		*e = c->broken;
	return r > 0 ? tell(c) : r;
}

struct slice relp_client_output(const struct relp_client *c)
{
	return relp_out_slice(&c->out);
}

void relp_client_wrote(struct relp_client *c, size_t n)
{
	relp_out_wrote(&c->out, n);
}

bool relp_client_is_open(const struct relp_client *c)
{
	return c->state == STATE_OPEN;
}

size_t relp_client_unanswered(const struct relp_client *c)
{
	return c->n - c->answered;
}

bool relp_client_spent(const struct relp_client *c)
{
	return next_txnr(c) > c->conf.last_txnr;
}
