// SPDX-License-Identifier: Apache-2.0
#include "cmd/relp_send.h"

#include "base/esc.h"
#include "base/timetext.h"

#include <inttypes.h>

#define SHOWN 300 /* bytes of a name in a certificate */
#define DAY 86400

static int64_t days_left(const struct tls_cert *c, int64_t now)
{
	int64_t left = c->not_after - now;

	return left >= 0 ? left / DAY : -((-left + DAY - 1) / DAY);
}

const char *cert_date(int64_t seconds, char out[TIMETEXT_MAX])
{
	if (seconds < 0 || seconds > INT64_C(253402300799)) /* the years that a text can have */
		return seconds < 0 ? "before 1970" : "never";
	timetext_utc(seconds * 1000000, out);
	return out;
}

/* "CN=a", escaped, and "(none)" where there is none. */
static void add_name(struct buf *out, const char *text)
{
	if (text && *text)
		esc_add(out, slice_str(text), SHOWN);
	else
		buf_add_str(out, "(none)");
}

static const char *kind_name(enum tls_name_kind kind)
{
	return kind == TLS_NAME_DNS ? "DNS " : kind == TLS_NAME_IP ? "IP " : "";
}

static void detail_names(struct stage_report *r, const struct tls_cert *c)
{
	struct buf line = { 0 };

	for (size_t i = 0; i < c->n_names; i++) {
		buf_add_str(&line, i ? ", " : "");
		buf_add_str(&line, kind_name(c->names[i].kind));
		add_name(&line, c->names[i].text);
	}
	if (c->names_cut)
		buf_add_str(&line, ", and more");
	if (!line.len)
		buf_add_str(&line, "(none: only the common name counts)");
	stage_detail(r, "    names      %s", buf_cstr(&line));
	buf_free(&line);
}

static void detail_dates(struct stage_report *r, const struct tls_cert *c, int64_t now)
{
	char from[TIMETEXT_MAX], to[TIMETEXT_MAX];
	int64_t left = days_left(c, now);
	const char *first = cert_date(c->not_before, from), *last = cert_date(c->not_after, to);

	if (now < c->not_before)
		stage_detail(r, "    valid      %s to %s: NOT YET VALID", first, last);
	else if (now > c->not_after)
		stage_detail(r, "    valid      %s to %s: EXPIRED %" PRId64 " days ago", first, last, -left);
	else
		stage_detail(r, "    valid      %s to %s: %" PRId64 " days left", first, last, left);
}

static void detail_one(struct stage_report *r, const struct tls_cert *c, size_t i, int64_t now)
{
	struct buf name = { 0 };
	char print[TLS_FINGERPRINT_MAX];

	add_name(&name, c->subject);
	stage_detail(r, "%zu  %s%s", i + 1, buf_cstr(&name), c->ca ? " (CA)" : "");
	if (i == 0)
		detail_names(r, c);
	name.len = 0;
	add_name(&name, c->issuer);
	stage_detail(r, "    issuer     %s%s", buf_cstr(&name), c->self_issued ? " (itself)" : "");
	detail_dates(r, c, now);
	stage_detail(r, "    key        %s, signed with %s", c->key, c->signature);
	stage_detail(r, "    %s", tls_fingerprint_text(c->sha1, sizeof(c->sha1), print));
	stage_detail(r, "    %s", tls_fingerprint_text(c->sha256, sizeof(c->sha256), print));
	buf_free(&name);
}

static void json_names(struct json *j, const struct tls_cert *c)
{
	json_array(j, "names");
	for (size_t i = 0; i < c->n_names; i++) {
		json_object(j, NULL);
		json_str(j, "kind", slice_str(c->names[i].kind == TLS_NAME_DNS ? "dns" :
					      c->names[i].kind == TLS_NAME_IP  ? "ip" : "other"));
		json_str(j, "name", slice_str(c->names[i].text ? c->names[i].text : ""));
		json_object_end(j);
	}
	json_array_end(j);
}

static void json_one(struct json *j, const struct tls_cert *c, int64_t now)
{
	char text[TLS_FINGERPRINT_MAX], date[TIMETEXT_MAX];

	json_object(j, NULL);
	json_str(j, "subject", slice_str(c->subject ? c->subject : ""));
	json_names(j, c);
	json_str(j, "issuer", slice_str(c->issuer ? c->issuer : ""));
	json_bool(j, "self_issued", c->self_issued);
	json_bool(j, "ca", c->ca);
	json_str(j, "serial", slice_str(c->serial ? c->serial : ""));
	json_str(j, "not_before", slice_str(cert_date(c->not_before, date)));
	json_str(j, "not_after", slice_str(cert_date(c->not_after, date)));
	json_i64(j, "days_left", days_left(c, now));
	json_str(j, "key", slice_str(c->key));
	json_str(j, "signature", slice_str(c->signature));
	json_str(j, "sha1", slice_str(tls_fingerprint_text(c->sha1, sizeof(c->sha1), text)));
	json_str(j, "sha256", slice_str(tls_fingerprint_text(c->sha256, sizeof(c->sha256), text)));
	json_object_end(j);
}

void tell_chain(struct stage_report *r, const char *key, const struct tls_certs *chain, int64_t now)
{
	for (size_t i = 0; i < chain->n; i++)
		detail_one(r, &chain->at[i], i, now);
	json_array(&r->json, key);
	for (size_t i = 0; i < chain->n; i++)
		json_one(&r->json, &chain->at[i], now);
	json_array_end(&r->json);
}
