// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send.h"

#include "base/clock.h"
#include "base/esc.h"
#include "cmd/cmd.h"
#include "relp/offers.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>

#define SHOWN 300 /* bytes of what a stranger says */

uint64_t stage_took(const struct send *s)
{
	return s->took_us ? s->took_us : clock_mono_us() - s->began_us;
}

/* --- dns --------------------------------------------------------------------------------- */

static const char *hint_dns(const struct send *s, int code)
{
	if (s->all.n)
		return "The name has addresses, but none of the family that was asked for.";
	switch (code) {
	case EAI_NONAME:
		return "As this machine sees it, there is no such name: look at the spelling, /etc/hosts, and search in /etc/resolv.conf.";
	case EAI_AGAIN:
	case ETIMEDOUT:
		return "The name servers in /etc/resolv.conf do not answer: can they be reached from here?";
	default:
		return "Look at /etc/resolv.conf; `getent hosts NAME` asks the same question.";
	}
}

static const char *family_name(const struct addr *a)
{
	return a->sa.ss_family == AF_INET6 ? "ipv6" : "ipv4";
}

static bool is_used(const struct send *s, const struct addr *a)
{
	return s->w.family == AF_UNSPEC || a->sa.ss_family == s->w.family;
}

void tell_dns(struct send *s, const struct err *e)
{
	struct stage_report r;
	struct addr literal;
	char text[ADDR_TEXT_MAX];
	bool is_literal = addr_literal(s->w.host, s->w.port, &literal) == 0;

	stage_begin(&r, STAGE_DNS, !e, stage_took(s));
	if (e)
		stage_seen(&r, "%s", e->text);
	else if (is_literal)
		stage_seen(&r, "%s is an address", s->w.host);
	else
		stage_seen(&r, "%s has %zu address%s", s->w.host, s->all.n, s->all.n == 1 ? "" : "es");
	json_str(&r.json, "name", slice_str(s->w.host));
	json_array(&r.json, "addresses");
	for (size_t i = 0; i < s->all.n; i++) {
		const struct addr *a = &s->all.at[i];
		addr_text(a, text);
		if (!is_literal || e)
			stage_detail(&r, "%s%s", text, is_used(s, a) ? "" : " (other family, not used)");
		json_object(&r.json, NULL);
		json_str(&r.json, "address", slice_str(text));
		json_str(&r.json, "family", slice_str(family_name(a)));
		json_bool(&r.json, "used", is_used(s, a));
		json_object_end(&r.json);
	}
	json_array_end(&r.json);
	stage_hint(&r, e ? hint_dns(s, e->code) : NULL);
	stage_end(&r, &s->report);
}

/* --- tcp --------------------------------------------------------------------------------- */

static const char *hint_tcp(int code)
{
	switch (code) {
	case ECONNREFUSED:
		return "The machine is there. Is it the right port? On the receiver, `ss -ltn` shows who listens; a firewall that rejects looks the same.";
	case ETIMEDOUT:
		return "A firewall drops the packets, the address is wrong, or the machine is down.";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "This machine, or a router on the way, knows no way there: look at `ip route get ADDRESS`.";
	case ECONNRESET:
		return "Somebody took the connection and dropped it at once, as a load balancer without a backend does.";
	case EACCES:
	case EPERM:
		return "A firewall or a policy of this machine forbids it.";
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return "This machine has no address of that family, or no free port.";
	default:
		return NULL;
	}
}

static const char *tcp_word(const struct attempt *a)
{
	if (!a->tried)
		return "not-tried";
	if (a->connected)
		return "connected";
	switch (a->code) {
	case ECONNREFUSED:
		return "refused";
	case ETIMEDOUT:
		return "time-out";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "no-route";
	case ECONNRESET:
		return "reset";
	default:
		return "failed";
	}
}

static void tell_attempt(struct send *s, struct stage_report *r, size_t i)
{
	const struct attempt *a = &s->attempts[i];
	char text[ADDR_TEXT_MAX], spent[SPENT_MAX];

	addr_text(&s->list.at[i], text);
	if (s->list.n > 1 && !a->tried)
		stage_detail(r, "%s  not tried", text);
	else if (s->list.n > 1)
		stage_detail(r, "%s  %s  %s", text, a->connected ? "connected" : a->text,
			     spent_text(a->us, spent));
	json_object(&r->json, NULL);
	json_str(&r->json, "address", slice_str(text));
	json_str(&r->json, "result", slice_str(tcp_word(a)));
	json_fixed(&r->json, "ms", (double)a->us / 1000, 3);
	if (a->tried && !a->connected)
		json_str(&r->json, "error", slice_str(a->text));
	json_object_end(&r->json);
}

/* The hints of all that failed, each once. */
static void hints_tcp(const struct send *s, struct stage_report *r)
{
	for (size_t i = 0; i < s->list.n; i++) {
		const struct attempt *a = &s->attempts[i];
		bool known = !a->tried || a->connected;
		for (size_t k = 0; k < i; k++)
			known = known || hint_tcp(s->attempts[k].code) == hint_tcp(a->code);
		if (!known)
			stage_hint(r, hint_tcp(a->code));
	}
}

void tell_tcp(struct send *s, const struct err *e)
{
	struct stage_report r;
	char text[ADDR_TEXT_MAX];

	stage_begin(&r, STAGE_TCP, !e, stage_took(s));
	if (!e)
		stage_seen(&r, "connected to %s", addr_text(session_peer(s->session), text));
	else if (s->list.n > 1)
		stage_seen(&r, "none of %zu addresses takes the connection; the last: %s", s->list.n, e->text);
	else
		stage_seen(&r, "%s", e->text);
	json_array(&r.json, "addresses");
	for (size_t i = 0; i < s->list.n; i++)
		tell_attempt(s, &r, i);
	json_array_end(&r.json);
	if (e)
		hints_tcp(s, &r);
	stage_end(&r, &s->report);
}

/* --- open -------------------------------------------------------------------------------- */

/* Cuts the first line off *rest. */
static struct slice line_of(struct slice *rest)
{
	const char *lf = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;
	struct slice line = slice_of(rest->p, lf ? (size_t)(lf - rest->p) : rest->len);
	size_t gone = line.len + (lf ? 1 : 0);

	*rest = slice_of(rest->p + gone, rest->len - gone);
	return line;
}

static void tell_offers(struct stage_report *r, const char *whose, const char *key, struct slice offers)
{
	struct buf line = { 0 };

	json_array(&r->json, key);
	while (offers.len) {
		struct slice one = line_of(&offers);
		if (!one.len)
			continue;
		json_str(&r->json, NULL, one);
		buf_add_str(&line, line.len ? "; " : "");
		esc_add(&line, one, SHOWN);
	}
	json_array_end(&r->json);
	stage_detail(r, "%s: %s", whose, line.len ? buf_cstr(&line) : "(nothing)");
	buf_free(&line);
}

static void seen_software(struct stage_report *r, struct slice offers)
{
	static const char key[] = "relp_software=";
	struct buf text = { 0 };

	while (offers.len && !text.len) {
		struct slice one = line_of(&offers);
		if (one.len > sizeof(key) - 1 && memcmp(one.p, key, sizeof(key) - 1) == 0)
			esc_add(&text, slice_of(one.p + sizeof(key) - 1, one.len - sizeof(key) + 1), SHOWN);
	}
	stage_seen(r, "a session with %s", text.len ? buf_cstr(&text) : "a receiver that does not say what it is");
	buf_free(&text);
}

static const char *hint_open(const struct send *s)
{
	if (s->other_said)
		return "Add --tls and what belongs to it: this port speaks TLS.";
	switch (s->why) {
	case SESSION_END_OPEN_REFUSED:
		return s->why_error.code ? "The receiver speaks RELP and does not want this session: its own log tells why." :
					   "The receiver speaks RELP, but not what is needed to send syslog messages.";
	case SESSION_END_PROTOCOL:
		return "What answers on that port is no RELP receiver: is it the right port?";
	case SESSION_END_OPEN_TIMEOUT:
		return "Something takes connections there and says nothing: a receiver that hangs, or another protocol.";
	default:
		return "Something takes connections there and drops them: a receiver that has too many or permits only some addresses, a load balancer without a backend, or another protocol.";
	}
}

void tell_open(struct send *s, const struct err *e)
{
	const char *protocol = trace_protocol(&s->trace);
	struct stage_report r;
	struct buf ours = { 0 };

	stage_begin(&r, STAGE_OPEN, !e, stage_took(s));
	if (!e)
		seen_software(&r, buf_slice(&s->offers));
	else if (s->other_said)
		stage_seen(&r, "this port speaks TLS, and was spoken to in plain");
	else
		stage_seen(&r, "%s", e->text);
	if (!e || s->report.how != REPORT_QUIET) {
		relp_offers_write(&ours, program_software);
		tell_offers(&r, "we offer", "offers_ours", buf_slice(&ours));
		buf_free(&ours);
	}
	if (!e)
		tell_offers(&r, "it offers", "offers_theirs", buf_slice(&s->offers));
	if (e && s->why == SESSION_END_OPEN_REFUSED)
		json_i64(&r.json, "code", s->why_error.code);
	if (e && protocol && !s->other_said) {
		stage_detail(&r, "its first bytes look like %s", protocol);
		json_str(&r.json, "looks_like", slice_str(protocol));
	}
	if (e && s->other_asked) {
		stage_detail(&r, "probe: a TLS hello on a second connection got %s",
			     s->other_said ? s->other_said : "no TLS answer");
		json_bool(&r.json, "probe_speaks_tls", s->other_said != NULL);
	}
	stage_hint(&r, e ? hint_open(s) : NULL);
	stage_end(&r, &s->report);
}

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
		struct slice one = line_of(&rest);
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
