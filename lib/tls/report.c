// SPDX-License-Identifier: Apache-2.0
#include "tls/report.h"

#include "base/buf.h"
#include "base/esc.h"
#include "base/timetext.h"

#include <stdlib.h>

/* A line has 511 bytes (struct err): what a stranger's certificate fills of it. */
#define SUBJECT_SHOWN 100
#define NAME_SHOWN 80
#define WANTED_SHOWN 160
#define NOBODY "the peer's certificate"

void tls_report_clear(struct tls_report *r)
{
	tls_certs_free(&r->chain);
	tls_certs_free(&r->ca);
	*r = (struct tls_report){ .alert = -1 };
}

/* --- what a certificate is called ------------------------------------------------ */

/* One more of a list, unless it would not fit; then "..." once. false: it is full. */
static bool add_one(struct buf *b, const char *before, const char *text, size_t size)
{
	size_t old = b->len;
	if (old)
		buf_add_str(b, ", ");
	buf_add_str(b, before);
	esc_add(b, slice_str(text), NAME_SHOWN);
	if (b->len + sizeof(", ...") < size)
		return true;
	b->len = old;
	buf_add_str(b, old ? ", ..." : "...");
	return false;
}

static const char *copy_out(struct buf *b, char *out, size_t size)
{
	size_t len = b->len < size ? b->len : size - 1;
	memcpy(out, buf_cstr(b), len);
	out[len] = '\0';
	buf_free(b);
	return out;
}

static bool has_dns_name(const struct tls_cert *c, const char *text)
{
	for (size_t i = 0; i < c->n_names; i++)
		if (c->names[i].kind == TLS_NAME_DNS && strcmp(c->names[i].text, text) == 0)
			return true;
	return false;
}

const char *tls_names_text(const struct tls_cert *c, char *out, size_t size)
{
	struct buf b = { 0 };
	bool room = true;
	/* in front: where there are hundreds, it tells the most */
	if (c->common_name && !has_dns_name(c, c->common_name))
		room = add_one(&b, "CN ", c->common_name, size);
	for (size_t i = 0; i < c->n_names && room; i++)
		if (c->names[i].kind != TLS_NAME_OTHER)
			room = add_one(&b, "", c->names[i].text, size);
	if (c->names_cut && room)
		add_one(&b, "", "and more that are not looked at", size);
	if (b.len == 0)
		buf_add_str(&b, "no name");
	return copy_out(&b, out, size);
}

const char *tls_fingerprints_text(const struct tls_cert *c, char *out, size_t size)
{
	char text[TLS_FINGERPRINT_MAX];
	struct buf b = { 0 };
	buf_add_str(&b, tls_fingerprint_text(c->sha1, sizeof(c->sha1), text));
	buf_printf(&b, " (%s)", tls_fingerprint_text(c->sha256, sizeof(c->sha256), text));
	return copy_out(&b, out, size);
}

/* --- the line -------------------------------------------------------------------- */

static const struct tls_cert *bad_cert(const struct tls_report *r)
{
	if (r->bad < r->chain.n)
		return &r->chain.at[r->bad];
	return r->ca.n ? &r->ca.at[0] : NULL;
}

/* Which certificate it is about. */
static void add_which(struct buf *b, const struct tls_report *r)
{
	const struct tls_cert *c = bad_cert(r);
	if (!c) {
		buf_add_str(b, NOBODY);
		return;
	}
	if (r->bad >= r->chain.n)
		buf_add_str(b, "the CA that is given here (");
	else if (r->bad == 0)
		buf_add_str(b, NOBODY " (");
	else
		buf_printf(b, "certificate %zu of the peer's chain (", r->bad + 1);
	esc_add(b, slice_str(c->subject[0] ? c->subject : "without a subject"), SUBJECT_SHOWN);
	buf_add_char(b, ')');
}

static void add_issuer(struct buf *b, const struct tls_report *r)
{
	const struct tls_cert *c = bad_cert(r);
	esc_add(b, slice_str(c ? c->issuer : "its issuer"), SUBJECT_SHOWN);
}

static void add_date(struct buf *b, const char *before, int64_t seconds)
{
	char text[TIMETEXT_MAX];
	int64_t limit = INT64_MAX / 1000000;
	timetext_utc((seconds < limit ? seconds : limit) * 1000000, text);
	buf_printf(b, "%s%s", before, text);
}

static void add_dates(struct buf *b, const struct tls_report *r, int64_t now)
{
	const struct tls_cert *c = bad_cert(r);
	bool old = r->cause == TLS_PEER_EXPIRED;
	add_which(b, r);
	if (c)
		add_date(b, old ? " expired on " : " is not valid before ",
			 old ? c->not_after : c->not_before);
	else
		buf_add_str(b, old ? " has expired" : " is not valid yet");
	add_date(b, ", the clock here says ", now);
}

/* Cut: who may be permitted is a list as long as somebody likes. */
static void add_wanted(struct buf *b, const struct tls_report *r)
{
	const char *wanted = r->wanted[0] ? r->wanted : "another";
	size_t len = strlen(wanted), cut = WANTED_SHOWN;
	if (len <= WANTED_SHOWN) {
		buf_add_str(b, wanted);
		return;
	}
	while (cut > 0 && ((unsigned char)wanted[cut] & 0xC0) == 0x80)
		cut--;
	buf_add(b, wanted, cut);
	buf_add_str(b, "...");
}

static void add_seen(struct buf *b, const struct tls_report *r, bool names)
{
	char text[sizeof(r->seen)];
	if (r->seen[0])
		buf_add_str(b, r->seen);
	else if (r->chain.n && names)
		buf_add_str(b, tls_names_text(&r->chain.at[0], text, 300));
	else if (r->chain.n)
		buf_add_str(b, tls_fingerprints_text(&r->chain.at[0], text, sizeof(text)));
	else
		buf_add_str(b, "no certificate");
}

static void add_not_permitted(struct buf *b, const struct tls_report *r)
{
	bool names = r->cause != TLS_PEER_FINGERPRINT;
	buf_add_str(b, "the peer is not permitted: wanted ");
	add_wanted(b, r);
	buf_add_str(b, names ? ", its certificate is for " : ", its certificate is ");
	add_seen(b, r, names);
	if (r->cause == TLS_PEER_NAME_CASE)
		buf_add_str(b, ": it differs in upper and lower case alone, which count");
}

static void add_weak(struct buf *b, const struct tls_report *r)
{
	const struct tls_cert *c = bad_cert(r);
	add_which(b, r);
	buf_add_str(b, " is too weak");
	if (c)
		buf_printf(b, ": its key is %s, signed with %s", c->key, c->signature);
}

/* A certificate that the peer does not take: which alert says what. */
static const char *alert_meaning(const struct tls_report *r)
{
	switch (r->alert) {
	case 42:
		return "something in it is wrong, or it is not permitted";
	case 43:
		return "it is of a kind that it does not take";
	case 44:
		return "it is revoked";
	case 45:
		return "it has expired, or a clock is wrong";
	case 48:
		return "it does not know the CA that issued it";
	case 49:
		return "it is right, but not permitted";
	case 51:
		return "our key does not fit it, or the CA's signature does not";
	default:
		return NULL;
	}
}

/* "alert unknown_ca", "alert 77" */
static void add_alert_name(struct buf *b, int alert)
{
	char number[32];
	const char *name = tls_alert_name(alert, number);
	buf_printf(b, "%s%s", name == number ? "" : "alert ", name);
}

static void add_alert(struct buf *b, const struct tls_report *r)
{
	if (r->alert < 0)
		return;
	buf_add_str(b, r->alert_of_ours ? " (our " : " (its ");
	add_alert_name(b, r->alert);
	buf_add_char(b, ')');
}

static void add_we_refused(struct buf *b, const struct tls_report *r)
{
	const char *meaning = alert_meaning(r);
	if (r->own == TLS_OWN_NONE || r->alert == 116 || r->alert == 41) {
		buf_add_str(b, "the peer wants a certificate of ours, and there is none");
		if (r->own == TLS_OWN_SENT)
			buf_add_str(b, " that it could use");
	} else {
		buf_add_str(b, "the peer refuses our certificate");
		if (meaning)
			buf_printf(b, ": %s", meaning);
	}
	add_alert(b, r);
}

static void add_we_dropped(struct buf *b, const struct tls_report *r)
{
	buf_add_str(b, r->server ? "the sender left in or right after the TLS handshake: " :
				   "the receiver dropped us right after the TLS handshake: ");
	if (r->server)
		buf_add_str(b, "it refuses our certificate (of an unknown CA, expired, or its name or "
			       "fingerprint is not in its permittedPeer), or only tried the connection");
	else if (r->own == TLS_OWN_NONE)
		buf_add_str(b, "it asked for a client certificate, and we have none");
	else if (r->own == TLS_OWN_NOT_ASKED)
		buf_add_str(b, "it asked for no client certificate, so it is not that: it is full or "
			       "stopping, or speaks something else than RELP");
	else
		buf_printf(b, "it probably refuses our client certificate (%sof an unknown CA, expired, "
			      "or its name or fingerprint is not in its permittedPeer)",
			   r->own == TLS_OWN_SENT ? "" : "missing, ");
}

static void add_nothing_common(struct buf *b, const struct tls_report *r)
{
	buf_add_str(b, r->alert == 70 ? "no TLS version in common with the peer" :
					"no TLS version, cipher suite or kind of signature in common with the peer");
	add_alert(b, r);
}

static void add_alert_line(struct buf *b, const struct tls_report *r)
{
	buf_add_str(b, r->alert_of_ours ? "we ended TLS with " : "the peer ended TLS with ");
	if (r->alert < 0)
		buf_add_str(b, "an alert");
	else
		add_alert_name(b, r->alert);
}

static void add_good(struct buf *b, const struct tls_report *r)
{
	buf_printf(b, "%s, %s", r->version ? r->version : "TLS", r->cipher ? r->cipher : "no cipher yet");
}

static void add_purpose(struct buf *b, const struct tls_report *r)
{
	const struct tls_cert *c = bad_cert(r);
	const char *side = r->server ? "client" : "server";
	if (!c)
		buf_add_str(b, " cannot be used: an extension of it or of its chain is malformed, or "
			       "critical and not supported (name constraints are not)");
	else if (c->ca)
		buf_printf(b, " may not issue for a TLS %s: its extended key usage says otherwise, or it "
			      "has name constraints, which are not supported", side);
	else
		buf_printf(b, " is not meant for a TLS %s: its key usage or extended key usage says "
			      "otherwise", side);
}

/* What is about a certificate of the peer. */
static void add_peer(struct buf *b, const struct tls_report *r, int64_t now)
{
	switch (r->cause) {
	case TLS_PEER_EXPIRED:
	case TLS_PEER_NOT_YET_VALID:
		add_dates(b, r, now);
		return;
	case TLS_PEER_WEAK:
		add_weak(b, r);
		return;
	case TLS_PEER_NAME:
	case TLS_PEER_NAME_CASE:
	case TLS_PEER_FINGERPRINT:
		add_not_permitted(b, r);
		return;
	case TLS_PEER_NO_CERTIFICATE:
		buf_add_str(b, "the peer showed no certificate");
		return;
	default:
		add_which(b, r);
	}
	switch (r->cause) {
	case TLS_PEER_UNKNOWN_CA:
		buf_add_str(b, " was issued by ");
		add_issuer(b, r);
		buf_add_str(b, ", and no way leads from there to the CA that is given");
		break;
	case TLS_PEER_SELF_SIGNED:
		buf_add_str(b, " is signed by itself, and is not the CA that is given");
		break;
	case TLS_PEER_BAD_SIGNATURE:
		buf_add_str(b, " was not signed by the CA that is given, though that is called ");
		add_issuer(b, r);
		buf_add_str(b, " too: another key of the same name, or it was changed");
		break;
	case TLS_PEER_CA_AS_LEAF:
		buf_add_str(b, " is a CA's own, not one for a peer");
		break;
	case TLS_PEER_KEY:
		buf_add_str(b, " is not its own: it has not got the private key of it (its signature of "
			       "the handshake is wrong)");
		break;
	default:
		add_purpose(b, r);
	}
}

static void add_line(struct buf *b, const struct tls_report *r, int64_t now)
{
	switch (r->cause) {
	case TLS_GOOD:
		add_good(b, r);
		break;
	case TLS_WE_REFUSED:
		add_we_refused(b, r);
		break;
	case TLS_WE_DROPPED:
		add_we_dropped(b, r);
		break;
	case TLS_NOTHING_COMMON:
		add_nothing_common(b, r);
		break;
	case TLS_NOT_TLS:
		buf_add_str(b, "the peer does not speak TLS");
		if (r->seen[0])
			buf_printf(b, ": what it sent begins with \"%s\"", r->seen);
		break;
	case TLS_PLAIN_RELP:
		buf_add_str(b, "the peer speaks plain RELP, not TLS");
		break;
	case TLS_CLOSED:
		buf_printf(b, "the peer %s the connection in the TLS handshake",
			   r->reset ? "reset" : "closed");
		break;
	case TLS_ALERT:
		add_alert_line(b, r);
		break;
	case TLS_BROKEN:
		buf_add_str(b, "what came is not right TLS: damaged on its way, or the peer breaks the "
			       "protocol");
		add_alert(b, r);
		break;
	default:
		if (tls_cause_is_peer(r->cause))
			add_peer(b, r, now);
		else
			buf_add_str(b, "nothing is known of the TLS handshake");
	}
}

int tls_report_say(const struct tls_report *r, int64_t now, struct err *e)
{
	struct buf b = { 0 };
	add_line(&b, r, now);
	err_set(e, "%s", buf_cstr(&b));
	buf_free(&b);
	return -1;
}
