// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send.h"

#include "base/clock.h"
#include "cmd/cmd.h"

#include <inttypes.h>

/* --- messages ------------------------------------------------------------------------------ */

static const struct {
	const char *text, *key;
	unsigned per_mille;
} quantiles[] = {
	{ "p50", "p50", 500 }, { "p90", "p90", 900 }, { "p99", "p99", 990 }, { "p99.9", "p99_9", 999 },
};

static void tell_latency(struct send *s, struct stage_report *r)
{
	const struct histogram *h = &s->load.latency;
	char spent[SPENT_MAX];
	struct buf line = { 0 };
	double rate = load_per_second(&s->load, s->accepted + s->refused);
	double bytes = s->sent ? rate * (double)s->load.bytes / (double)s->sent : 0;

	if (h->n == 0)
		return;
	json_object(&r->json, "latency_us");
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		uint64_t us = histogram_at(h, quantiles[i].per_mille);
		buf_printf(&line, "%s %s, ", quantiles[i].text, spent_text(us, spent));
		json_u64(&r->json, quantiles[i].key, us);
	}
	json_u64(&r->json, "max", h->max);
	json_object_end(&r->json);
	json_fixed(&r->json, "per_second", rate, 1);
	json_fixed(&r->json, "bytes_per_second", bytes, 0);
	if (h->n > 1)
		stage_detail(r, "answered after: %smax %s", buf_cstr(&line), spent_text(h->max, spent));
	else
		stage_detail(r, "answered after %s", spent_text(h->max, spent));
	if (h->n > 1 && rate > 0)
		stage_detail(r, "%.0f messages a second, %.1f MB a second", rate, bytes / 1e6);
	buf_free(&line);
}

static const char *size_word(const struct size_result *z)
{
	static const char *const words[] = { "not sent", "accepted", "refused", "session closed", "no answer" };

	return words[z->fate];
}

static void tell_sizes(struct send *s, struct stage_report *r)
{
	char spent[SPENT_MAX];

	json_str(&r->json, "probe", slice_str(s->input.id));
	json_array(&r->json, "sizes");
	for (size_t i = 0; i < input_n_sizes; i++) {
		const struct size_result *z = &s->sizes[i];
		stage_detail(r, "%6zu bytes  %-14s  %s%s%s", input_sizes[i], size_word(z),
			     z->fate == SIZE_PENDING ? "" : spent_text(z->us, spent), z->text[0] ? "  " : "",
			     z->text);
		json_object(&r->json, NULL);
		json_u64(&r->json, "size", input_sizes[i]);
		json_str(&r->json, "result", slice_str(size_word(z)));
		json_fixed(&r->json, "ms", (double)z->us / 1000, 3);
		if (z->text[0])
			json_str(&r->json, "error", slice_str(z->text));
		json_object_end(&r->json);
	}
	json_array_end(&r->json);
	stage_detail(r, "accepted does not mean whole: an imrelp cuts at maxMessageSize (8096 bytes unless set)");
	stage_detail(r, "and answers 200. On the receiver, FILE being where its messages go:");
	stage_detail(r, "  awk '/probe=%s/ && match($0, /size=[0-9]+/) { print substr($0, RSTART, RLENGTH), (/END-[0-9]/ ? \"whole\" : \"CUT\") }' FILE",
		     s->input.id);
}

static void tell_refusals(struct send *s, struct stage_report *r)
{
	struct slice rest = buf_slice(&s->refusals);

	json_array(&r->json, "refusals");
	while (rest.len) {
		struct slice one = report_line(&rest);
		stage_detail(r, "%.*s", (int)one.len, one.p);
		json_str(&r->json, NULL, one);
	}
	json_array_end(&r->json);
}

/* None of those that were sent ended its session. */
static bool sizes_are_well(const struct send *s)
{
	for (size_t i = 0; i < input_n_sizes; i++)
		if (s->sizes[i].fate > SIZE_REFUSED)
			return false;
	return true;
}

/* How many there are; of a stream: how many were sent. */
static uint64_t to_send(const struct send *s)
{
	switch (s->input.kind) {
	case INPUT_WORDS:
		return s->input.n_words;
	case INPUT_LOAD:
		return s->input.count;
	case INPUT_SIZES:
		return input_n_sizes;
	default:
		return s->sent;
	}
}

void tell_messages(struct send *s, const struct err *e)
{
	struct stage_report r;
	uint64_t of = to_send(s);

	stage_begin(&r, STAGE_MESSAGES, !e && !s->refused && sizes_are_well(s), stage_took(s));
	if (e)
		stage_seen(&r, "%s; ", e->text);
	if (of)
		stage_seen(&r, "%" PRIu64 " of %" PRIu64 " messages are acknowledged", s->accepted, of);
	else
		stage_seen(&r, "there were none");
	if (s->refused)
		stage_seen(&r, ", %" PRIu64 " refused", s->refused);
	json_u64(&r.json, "messages", of);
	json_u64(&r.json, "sent", s->sent);
	json_u64(&r.json, "acknowledged", s->accepted);
	json_u64(&r.json, "refused", s->refused);
	tell_refusals(s, &r);
	if (s->input.kind == INPUT_SIZES)
		tell_sizes(s, &r);
	else
		tell_latency(s, &r);
	if (s->input.kind == INPUT_LOAD)
		stage_detail(&r, "each message has src=%s and seq=1 to %" PRIu64 ": what is missing at the receiver shows",
			     s->input.id, of);
	if (s->refused)
		stage_hint(&r, "The receiver's own log tells why it refused.");
	else if (e && s->why == SESSION_END_SILENT)
		stage_hint(&r, "The receiver took the messages and does not answer: its disk or its queue may be full.");
	else if (e && s->why == SESSION_END_SERVERCLOSE)
		stage_hint(&r, "The receiver ended the session: it restarts, or a message was too long or broken for it; see --probe-size.");
	stage_end(&r, &s->report);
}

/* --- close, result ------------------------------------------------------------------------- */

void tell_close(struct send *s, const struct err *e)
{
	struct stage_report r;

	stage_begin(&r, STAGE_CLOSE, true, stage_took(s));
	if (e)
		stage_seen(&r, "%s; all is answered, so nothing is lost", e->text);
	else
		stage_seen(&r, "answered");
	json_bool(&r.json, "answered", !e);
	stage_end(&r, &s->report);
}

static const char *exit_words(int code)
{
	switch (code) {
	case EXIT_OK:
		return "all is well";
	case EXIT_FAILED:
		return "the input could not be read";
	case EXIT_USAGE:
		return "the command line or the configuration is wrong";
	case EXIT_DNS:
		return "the name could not be resolved";
	case EXIT_TCP:
		return "no TCP connection";
	case EXIT_TLS:
		return "TLS was not agreed on";
	case EXIT_PEER:
		return "the receiver is not who it should be";
	case EXIT_OPEN:
		return "the session was not opened";
	case EXIT_REFUSED:
		return "a message was refused";
	case EXIT_TIMEOUT:
		return "no answer in time";
	case EXIT_CLOSED_EARLY:
		return "the connection ended early";
	default:
		return "ended by a signal";
	}
}

void tell_result(struct send *s)
{
	struct stage_report r;
	/* It failed before the stage that would have said it; of a single message that goes without saying. */
	uint64_t left = s->code != EXIT_OK && s->at < STAGE_MESSAGES ? to_send(s) : 0;

	if (s->report.how == REPORT_QUIET) {
		if (left > 1)
			fprintf(stderr, "relpbox relp-send: 0 of %" PRIu64 " messages are acknowledged\n", left);
		return;
	}
	stage_begin(&r, STAGE_RESULT, s->code == EXIT_OK, clock_mono_us() - s->started_us);
	stage_seen(&r, "exit code %d: %s", s->code, exit_words(s->code));
	if (left > 1)
		stage_seen(&r, "; 0 of %" PRIu64 " messages are acknowledged", left);
	json_i64(&r.json, "exit_code", s->code);
	stage_end(&r, &s->report);
}
