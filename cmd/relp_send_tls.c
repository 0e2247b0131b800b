// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send.h"

#include "base/clock.h"
#include "base/esc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- files, and the transport ---------------------------------------------------------------- */

static void on_say(void *arg, enum say_priority priority, const char *text)
{
	struct send *s = arg;

	if (priority <= SAY_WARNING)
		buf_printf(&s->warnings, "%s\n", text);
}

static struct transport *wrap(void *arg, int fd, struct err *e)
{
	struct send *s = arg;

	(void)e;
	return tls_transport(tls_store_creds(s->store), fd, NULL, &s->seen);
}

int send_tls_load(struct send *s, struct err *e)
{
	struct tls_store_events ev = { .arg = s, .say = { on_say, s } };
	struct tls_conf conf;

	s->tls = s->w.tls.tls;
	if (!s->tls)
		return 0;
	tls_options_conf(&s->w.tls, TLS_CLIENT, s->w.host, &conf);
	s->store = tls_store_new(&conf, &s->w.tls.files, &ev, e);
	if (!s->store)
		return -1;
	s->w.conf.wrap = wrap;
	s->w.conf.wrap_arg = s;
	return 0;
}

void send_tls_free(struct send *s)
{
	tls_store_free(s->store);
	tls_report_clear(&s->seen);
	buf_free(&s->warnings);
}

/* --- configuration --------------------------------------------------------------------------- */

static const char *auth_name(enum tls_auth auth)
{
	return auth == TLS_AUTH_FINGERPRINT ? "fingerprint" : "name";
}

static void tell_permitted(struct send *s, struct stage_report *r)
{
	const struct tls_options *o = &s->w.tls;
	struct buf line = { 0 };

	json_str(&r->json, "auth_mode", slice_str(auth_name(o->auth)));
	json_array(&r->json, "permitted_peer");
	for (size_t i = 0; i < o->n_permitted; i++) {
		json_str(&r->json, NULL, slice_str(o->permitted[i]));
		buf_add_str(&line, i ? ", " : "");
		esc_add(&line, slice_str(o->permitted[i]), 300);
	}
	json_array_end(&r->json);
	if (!line.len)
		buf_add_str(&line, s->w.host);
	stage_detail(r, "permitted by %s: %s", auth_name(o->auth), buf_cstr(&line));
	buf_free(&line);
}

static void tell_file(struct stage_report *r, const char *what, const char *key, const char *path)
{
	char shown[300];

	if (!path)
		return;
	stage_detail(r, "%s: %s", what, esc_text(shown, sizeof(shown), slice_str(path)));
	json_str(&r->json, key, slice_str(path));
}

static void tell_warnings(struct send *s, struct stage_report *r)
{
	struct slice rest = buf_slice(&s->warnings);

	json_array(&r->json, "warnings");
	while (rest.len) {
		struct slice line = report_line(&rest);
		stage_detail(r, "warning: %.*s", (int)line.len, line.p);
		json_str(&r->json, NULL, line);
	}
	json_array_end(&r->json);
}

/* The CA certificates that are given: whose they are. */
static void tell_ca(struct send *s, struct stage_report *r)
{
	const struct tls_certs *ca = s->store ? tls_creds_ca(tls_store_creds(s->store)) : NULL;
	char shown[300];

	json_array(&r->json, "ca_subjects");
	for (size_t i = 0; ca && i < ca->n; i++) {
		const char *subject = ca->at[i].subject ? ca->at[i].subject : "";
		if (i < 5)
			stage_detail(r, "    %s", esc_text(shown, sizeof(shown), slice_str(subject)));
		json_str(&r->json, NULL, slice_str(subject));
	}
	json_array_end(&r->json);
	if (ca && ca->n > 5)
		stage_detail(r, "    and %zu more", ca->n - 5);
}

static void tell_own(struct send *s, struct stage_report *r)
{
	const struct tls_files *f = &s->w.tls.files;
	int64_t now = clock_real_s();
	bool shown = s->report.how != REPORT_QUIET;

	tell_permitted(s, r);
	tell_file(r, "CA", "ca", f->ca);
	tell_ca(s, r);
	tell_file(r, "our certificate", "cert", f->cert);
	tell_file(r, "its key", "key", f->key);
	if (s->store && f->cert && shown)
		tell_chain(r, "certificate", tls_creds_own(tls_store_creds(s->store)), now);
	tell_warnings(s, r);
}

void tell_configuration(struct send *s, uint64_t us, const struct err *e)
{
	const char *from = s->w.from_config ? s->w.from_config : "";
	struct stage_report r;
	char shown[300];

	stage_begin(&r, STAGE_CONFIGURATION, !e, us);
	if (e)
		stage_seen(&r, "%s", e->text);
	else
		stage_seen(&r, "to %s port %u, %s%s%s", s->w.host, s->w.port, s->tls ? "TLS" : "in plain",
			   *from ? ", as forward by " : "", esc_text(shown, sizeof(shown), slice_str(from)));
	json_str(&r.json, "target", slice_str(s->w.host));
	json_u64(&r.json, "port", s->w.port);
	json_bool(&r.json, "tls", s->w.tls.tls);
	if (s->w.from_config)
		json_str(&r.json, "from_config", slice_str(s->w.from_config));
	if (s->w.tls.tls && (!e || s->report.how != REPORT_QUIET))
		tell_own(s, &r);
	stage_end(&r, &s->report);
}

/* --- the tls stage --------------------------------------------------------------------------- */

static void tell_sni(struct send *s, struct stage_report *r)
{
	struct addr literal;
	bool name = addr_literal(s->w.host, s->w.port, &literal) < 0;

	stage_detail(r, "server name sent: %s", name ? s->w.host : "none, the target is an address");
	if (name)
		json_str(&r->json, "server_name", slice_str(s->w.host));
}

static void tell_ours(struct send *s, struct stage_report *r)
{
	static const struct {
		const char *word, *text;
	} own[] = {
		[TLS_OWN_UNKNOWN] = { "unknown", NULL },
		[TLS_OWN_NOT_ASKED] = { "not-asked", "not asked for" },
		[TLS_OWN_NONE] = { "none", "asked for, and we have none" },
		[TLS_OWN_SENT] = { "sent", "asked for, and sent" },
	};

	json_str(&r->json, "own_certificate", slice_str(own[s->seen.own].word));
	if (own[s->seen.own].text)
		stage_detail(r, "our certificate: %s", own[s->seen.own].text);
}

/* Who was wanted, and who it was: where a name or a fingerprint is the matter. */
static void tell_wanted(struct send *s, struct stage_report *r)
{
	if (!tls_cause_is_peer(s->seen.cause))
		return;
	if (s->seen.wanted[0]) {
		stage_detail(r, "wanted: %s", s->seen.wanted);
		json_str(&r->json, "wanted", slice_str(s->seen.wanted));
	}
	if (s->seen.seen[0]) {
		stage_detail(r, "is:     %s", s->seen.seen);
		json_str(&r->json, "is", slice_str(s->seen.seen));
	}
}

static void tell_alert(struct send *s, struct stage_report *r)
{
	char room[32];

	if (s->seen.alert < 0 || s->seen.cause == TLS_UNKNOWN || s->seen.cause == TLS_GOOD)
		return;
	const char *name = tls_alert_name(s->seen.alert, room);
	stage_detail(r, "alert: %s, by %s", name, s->seen.alert_of_ours ? "us" : "the receiver");
	json_str(&r->json, "alert", slice_str(name));
	json_bool(&r->json, "alert_of_ours", s->seen.alert_of_ours);
}

/* A line in a script's log: what stands in the line above it need not be said again. */
static bool is_brief(const struct send *s)
{
	return s->report.how == REPORT_QUIET && !s->report.terminal;
}

/* Is there a CA here that our chain could end at? Of a self-signed one nobody asks. */
static bool own_issuer_known(const struct tls_certs *own, const struct tls_certs *ca)
{
	const struct tls_cert *top = &own->at[own->n - 1];

	if (top->self_issued || !ca->n || !top->issuer)
		return true;
	for (size_t i = 0; i < ca->n; i++)
		if (ca->at[i].subject && strcmp(ca->at[i].subject, top->issuer) == 0)
			return true;
	return false;
}

/*
 * What we see ourselves of why our certificate may be refused: receivers that
 * only drop the connection say nothing of it. False: nothing.
 */
static bool hint_own(struct send *s, struct stage_report *r, int64_t now)
{
	bool refused = s->seen.cause == TLS_WE_REFUSED || s->seen.cause == TLS_WE_DROPPED;
	const struct tls_certs *own = tls_creds_own(tls_store_creds(s->store));
	char text[900], name[300], names[400], date[TIMETEXT_MAX];

	if (!refused || s->seen.own != TLS_OWN_SENT || !own->n)
		return false;
	if (now > own->at[0].not_after)
		snprintf(text, sizeof(text), "Our certificate expired on %s: renew it.",
			 cert_date(own->at[0].not_after, date));
	else if (now < own->at[0].not_before)
		snprintf(text, sizeof(text), "Our certificate is not valid before %s: look at the clocks.",
			 cert_date(own->at[0].not_before, date));
	else if ((s->seen.cause == TLS_WE_DROPPED || s->seen.alert == 48 /* unknown_ca */) &&
		 !own_issuer_known(own, tls_creds_ca(tls_store_creds(s->store))))
		snprintf(text, sizeof(text),
			 "Our certificate was issued by %s, which is not among the CAs that are given here: "
			 "does the receiver know that one?",
			 esc_text(name, sizeof(name), slice_str(own->at[own->n - 1].issuer)));
	else if (s->seen.cause == TLS_WE_DROPPED && is_brief(s)) /* a report shows it whole */
		snprintf(text, sizeof(text), "%s Ours is for %s, and was issued by %s.",
			 tls_report_hint(&s->seen), tls_names_text(&own->at[0], names, sizeof(names)),
			 esc_text(name, sizeof(name), slice_str(own->at[0].issuer ? own->at[0].issuer : "")));
	else
		return false;
	stage_hint(r, text);
	return true;
}

static void tell_failure(struct send *s, struct stage_report *r, const struct err *e, int64_t now)
{
	bool known = s->seen.cause != TLS_UNKNOWN && s->seen.cause != TLS_GOOD;
	struct err said;

	if (known)
		tls_report_say(&s->seen, now, &said);
	if (s->other_said || s->seen.cause == TLS_PLAIN_RELP)
		stage_seen(r, "this port speaks plain RELP, and was spoken to in TLS");
	else
		stage_seen(r, "%s", known ? said.text : e->text);
	if (!is_brief(s)) { /* that line says it already */
		tell_wanted(s, r);
		tell_alert(s, r);
	}
	if (s->other_asked) {
		stage_detail(r, "probe: a plain open on a second connection got %s",
			     s->other_said ? s->other_said : "no answer of RELP");
		json_bool(&r->json, "probe_speaks_relp", s->other_said != NULL);
	}
	if (s->other_said || s->seen.cause == TLS_PLAIN_RELP)
		stage_hint(r, "Without --tls it would work, and everybody on the way could read along; or is it the wrong port?");
	else if (known && !hint_own(s, r, now))
		stage_hint(r, tls_report_hint(&s->seen));
	else if (!known)
		stage_hint(r, "Something takes connections there and does not answer a TLS hello: a receiver that hangs, or another protocol.");
}

void tell_tls(struct send *s, const struct err *e)
{
	int64_t now = clock_real_s();
	struct stage_report r;

	stage_begin(&r, STAGE_TLS, !e, s->tls_us ? s->tls_us : stage_took(s));
	if (!e)
		stage_seen(&r, "%s, %s; the receiver is permitted", s->seen.version ? s->seen.version : "TLS",
			   s->seen.cipher ? s->seen.cipher : "");
	json_str(&r.json, "cause", slice_str(tls_cause_name(s->seen.cause)));
	if (s->seen.version)
		json_str(&r.json, "version", slice_str(s->seen.version));
	if (s->seen.cipher)
		json_str(&r.json, "cipher", slice_str(s->seen.cipher));
	if (e)
		tell_failure(s, &r, e, now);
	else if (s->stopped)
		stage_detail(&r, "whether it takes our certificate may show only with the answer to open");
	if (!e || !is_brief(s)) {
		tell_sni(s, &r);
		tell_ours(s, &r);
	}
	if (!e || !is_brief(s) || tls_cause_is_peer(s->seen.cause)) {
		if (s->seen.chain.n)
			stage_detail(&r, "the receiver's certificate%s:", s->seen.chain.n > 1 ? "s" : "");
		tell_chain(&r, "chain", &s->seen.chain, now);
	}
	stage_end(&r, &s->report);
}
