// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send.h"

#include "base/clock.h"
#include "base/esc.h"
#include "cmd/cmd.h"
#include "relp/offers.h"

#include <errno.h>
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

static void tell_offers(struct stage_report *r, const char *whose, const char *key, struct slice offers)
{
	struct buf line = { 0 };

	json_array(&r->json, key);
	while (offers.len) {
		struct slice one = report_line(&offers);
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
		struct slice one = report_line(&offers);
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
