// SPDX-License-Identifier: Apache-2.0
/* What status shows of TLS. */
#include "forward/forward_int.h"

#include "base/clock.h"
#include "base/esc.h"
#include "base/timetext.h"

#include <inttypes.h>
#include <stdio.h>

#define DAY_S (24 * 3600)

static const struct tls_cert *leaf_of(const struct tls_certs *c)
{
	return c && c->n ? &c->at[0] : NULL;
}

/* When the longest of the CA's certificates ends; false: there is none. */
static bool ca_end(const struct tls_creds *creds, int64_t *out)
{
	const struct tls_certs *ca = tls_creds_ca(creds);
	for (size_t i = 0; ca && i < ca->n; i++)
		if (i == 0 || ca->at[i].not_after > *out)
			*out = ca->at[i].not_after;
	return ca && ca->n;
}

/* Whole days until then; below 0: it is over. */
static int64_t days_left(int64_t at_s)
{
	int64_t left = at_s - clock_real_s();
	return left >= 0 ? left / DAY_S : -((-left + DAY_S - 1) / DAY_S);
}

static void text_end(struct buf *out, const char *what, int64_t at_s)
{
	char at[TIMETEXT_MAX];
	int64_t days = days_left(at_s);
	timetext_utc(at_s * 1000000, at);
	if (days < 0)
		buf_printf(out, "%s ended %s", what, at);
	else
		buf_printf(out, "%s ends %s (in %" PRId64 " days)", what, at, days);
}

static void text_peer(const struct tls_report *r, struct buf *out)
{
	char text[TLS_FINGERPRINT_MAX];
	const struct tls_cert *peer = leaf_of(&r->chain);
	buf_printf(out, "tls:        %s, %s\n", r->version ? r->version : "?",
		   r->cipher ? r->cipher : "?");
	if (!peer)
		return;
	buf_add_str(out, "tls peer:   ");
	esc_add(out, slice_str(peer->subject), 300);
	buf_printf(out, ", %s\n", tls_fingerprint_text(peer->sha256, sizeof(peer->sha256), text));
}

static void text_own(const struct tls_creds *creds, struct buf *out)
{
	int64_t end = tls_creds_not_after(creds), ca = 0;
	buf_add_str(out, "tls files:  ");
	if (end == INT64_MAX)
		buf_add_str(out, "no certificate of our own");
	else
		text_end(out, "our certificate", end);
	if (ca_end(creds, &ca))
		text_end(out, ", the CA's", ca);
	buf_add_char(out, '\n');
}

void status_tls_text(const struct forward *f, struct buf *out)
{
	struct forward_tls_view v;
	char span[TIMETEXT_MAX];
	if (!f->tls) {
		buf_add_str(out, "tls:        off, records are sent in plain\n");
		return;
	}
	forward_tls_view(f->tls, &v);
	if (v.report)
		text_peer(v.report, out);
	else
		buf_add_str(out, "tls:        no connection\n");
	if (v.creds)
		text_own(v.creds, out);
	if (v.trouble[0])
		buf_printf(out, "tls trouble: %s\n", v.trouble);
	if (v.failure_cause) {
		timetext_span(loop_now_ms(f->loop) - v.failure_ms, span);
		buf_printf(out, "tls failed: %s: %s (%s ago)\n", v.failure_cause, v.failure, span);
	}
}

static void json_text(struct json *j, const char *key, const char *text)
{
	if (text)
		json_str(j, key, slice_str(text));
	else
		json_null(j, key);
}

static void json_time(struct json *j, const char *key, int64_t at_s)
{
	char at[TIMETEXT_MAX];
	timetext_utc(at_s * 1000000, at);
	json_str(j, key, slice_str(at));
}

static void json_peer(struct json *j, const struct tls_report *r)
{
	char text[TLS_FINGERPRINT_MAX];
	const struct tls_cert *peer = r ? leaf_of(&r->chain) : NULL;
	json_text(j, "version", r ? r->version : NULL);
	json_text(j, "cipher", r ? r->cipher : NULL);
	json_text(j, "peer_subject", peer ? peer->subject : NULL);
	json_text(j, "peer_fingerprint",
		  peer ? tls_fingerprint_text(peer->sha256, sizeof(peer->sha256), text) : NULL);
}

static void json_own(struct json *j, const struct tls_creds *creds)
{
	int64_t end = creds ? tls_creds_not_after(creds) : INT64_MAX, ca = 0;
	if (end == INT64_MAX) {
		json_null(j, "certificate_not_after");
		json_null(j, "certificate_days_left");
	} else {
		json_time(j, "certificate_not_after", end);
		json_i64(j, "certificate_days_left", days_left(end));
	}
	if (creds && ca_end(creds, &ca))
		json_time(j, "ca_not_after", ca);
	else
		json_null(j, "ca_not_after");
}

void status_tls_json(const struct forward *f, struct json *j)
{
	struct forward_tls_view v;
	if (!f->tls) {
		json_null(j, "tls");
		return;
	}
	forward_tls_view(f->tls, &v);
	json_object(j, "tls");
	json_peer(j, v.report);
	json_own(j, v.creds);
	json_str(j, "files_trouble", slice_str(v.trouble));
	if (v.failure_cause) {
		json_object(j, "last_failure");
		json_str(j, "cause", slice_str(v.failure_cause));
		json_str(j, "text", slice_str(v.failure));
		json_u64(j, "ms_ago", loop_now_ms(f->loop) - v.failure_ms);
		json_object_end(j);
	} else {
		json_null(j, "last_failure");
	}
	json_object_end(j);
}
