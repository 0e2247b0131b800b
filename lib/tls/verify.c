// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "tls/internal.h"

#include <mbedtls/oid.h>

/*
 * Is the peer permitted? Mbed TLS builds the chain (x509_crt.c) and calls here
 * for each of its certificates, the CA's first, the leaf last: then it is judged
 * as a whole, inside the handshake, so that the peer is told by an alert, and
 * nothing that a stranger sends is looked at. Which checks count is ours to say:
 * Mbed TLS's own findings are taken as flags, and cleared.
 */

struct verdict {
	enum tls_cause cause;
	size_t at; /* in the chain that was built */
};

/* What Mbed TLS is to think of it; it picks the alert by the same (ssl_tls.c). */
static const struct {
	enum tls_cause cause;
	uint32_t flag;
	int alert;
} refusals[] = {
	{ TLS_PEER_NO_CERTIFICATE, MBEDTLS_X509_BADCERT_MISSING, 116 /* certificate_required */ },
	{ TLS_PEER_UNKNOWN_CA, MBEDTLS_X509_BADCERT_NOT_TRUSTED, MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA },
	{ TLS_PEER_SELF_SIGNED, MBEDTLS_X509_BADCERT_NOT_TRUSTED, MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA },
	{ TLS_PEER_BAD_SIGNATURE, MBEDTLS_X509_BADCERT_NOT_TRUSTED, MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA },
	{ TLS_PEER_EXPIRED, MBEDTLS_X509_BADCERT_EXPIRED, MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED },
	/* RFC 8446 section 6.2: "expired or is not currently valid" */
	{ TLS_PEER_NOT_YET_VALID, MBEDTLS_X509_BADCERT_EXPIRED, MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED },
	{ TLS_PEER_CA_AS_LEAF, MBEDTLS_X509_BADCERT_CN_MISMATCH, MBEDTLS_SSL_ALERT_MSG_BAD_CERT },
	{ TLS_PEER_PURPOSE, MBEDTLS_X509_BADCERT_KEY_USAGE, MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT },
	{ TLS_PEER_WEAK, MBEDTLS_X509_BADCERT_BAD_KEY, MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT },
	{ TLS_PEER_KEY, MBEDTLS_X509_BADCERT_BAD_KEY, MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR },
	{ TLS_PEER_NAME, MBEDTLS_X509_BADCERT_CN_MISMATCH, MBEDTLS_SSL_ALERT_MSG_BAD_CERT },
	{ TLS_PEER_NAME_CASE, MBEDTLS_X509_BADCERT_CN_MISMATCH, MBEDTLS_SSL_ALERT_MSG_BAD_CERT },
	{ TLS_PEER_FINGERPRINT, MBEDTLS_X509_BADCERT_CN_MISMATCH, MBEDTLS_SSL_ALERT_MSG_BAD_CERT },
};
#define N_REFUSALS (sizeof(refusals) / sizeof(refusals[0]))

static uint32_t flag_for(enum tls_cause cause)
{
	if (cause == TLS_GOOD)
		return 0;
	for (size_t i = 0; i < N_REFUSALS; i++)
		if (refusals[i].cause == cause)
			return refusals[i].flag;
	return MBEDTLS_X509_BADCERT_OTHER;
}

int tls_alert_for(enum tls_cause cause)
{
	for (size_t i = 0; i < N_REFUSALS; i++)
		if (refusals[i].cause == cause)
			return refusals[i].alert;
	return MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED;
}

/* --- the chain -------------------------------------------------------------------- */

static bool same(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

static bool self_issued(const mbedtls_x509_crt *crt)
{
	return same(&crt->issuer_raw, &crt->subject_raw);
}

/* Does one of the CAs have the issuer's name? Then it is the signature that did not fit. */
static bool issuer_known(const struct tls_creds *creds, const mbedtls_x509_crt *crt)
{
	for (const mbedtls_x509_crt *ca = &creds->ca; ca && ca->raw.len; ca = ca->next)
		if (same(&ca->subject_raw, &crt->issuer_raw))
			return true;
	return false;
}

/* The chain does not lead to a CA of ours: why? */
static struct verdict untrusted(const struct tls_conn *c, size_t at)
{
	const mbedtls_x509_crt *crt = c->chain[at].crt;

	/* there is an issuer, of the peer's own sending, and it did not sign this one */
	if (at + 1 < c->n_chain)
		return (struct verdict){ TLS_PEER_BAD_SIGNATURE, at };
	if (issuer_known(c->creds, crt))
		return (struct verdict){ TLS_PEER_BAD_SIGNATURE, at };
	if (at == 0 && self_issued(crt))
		return (struct verdict){ TLS_PEER_SELF_SIGNED, at };
	return (struct verdict){ TLS_PEER_UNKNOWN_CA, at };
}

/* The first certificate, from the leaf on, with one of the flags; n_chain: none. */
static size_t flagged(const struct tls_conn *c, uint32_t flags)
{
	size_t at = 0;

	while (at < c->n_chain && !(c->chain[at].flags & flags))
		at++;
	return at;
}

#define WEAK (MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK | MBEDTLS_X509_BADCERT_BAD_KEY)

/* A certificate is weak by its issuer's key too: that is the one to name. */
static struct verdict weak(const struct tls_conn *c, size_t at)
{
	const struct tls_link *above = at + 1 < c->n_chain ? &c->chain[at + 1] : NULL;

	if ((c->chain[at].flags & MBEDTLS_X509_BADCERT_BAD_KEY) && above &&
	    mbedtls_pk_get_type(&above->crt->pk) == MBEDTLS_PK_RSA &&
	    mbedtls_pk_get_bitlen(&above->crt->pk) < TLS_RSA_BITS_MIN)
		at++;
	return (struct verdict){ TLS_PEER_WEAK, at };
}

static bool allows_side(const mbedtls_x509_crt *crt, enum tls_side whose)
{
	const char *oid = whose == TLS_SERVER ? MBEDTLS_OID_SERVER_AUTH : MBEDTLS_OID_CLIENT_AUTH;
	size_t len = whose == TLS_SERVER ? MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH) :
					   MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH);

	return mbedtls_x509_crt_check_extended_key_usage(crt, oid, len) == 0;
}

/*
 * RFC 5280 section 4.2.1.10. Mbed TLS does not parse a certificate where they are
 * critical, and passes over them where they are not: then nobody would hold them.
 */
static bool has_name_constraints(const mbedtls_x509_crt *crt)
{
	static const unsigned char oid[] = { 0x06, 0x03, 0x55, 0x1d, 0x1e };

	return crt->v3_ext.len && memmem(crt->v3_ext.p, crt->v3_ext.len, oid, sizeof(oid));
}

/* The first CA that may not issue for that side, or for some names only; n_chain: none. */
static size_t limited_ca(const struct tls_conn *c, enum tls_side whose)
{
	size_t at = 1;

	while (at < c->n_chain && allows_side(c->chain[at].crt, whose) &&
	       !has_name_constraints(c->chain[at].crt))
		at++;
	return at;
}

static struct verdict judge_chain(const struct tls_conn *c, enum tls_side whose)
{
	size_t at;

	if ((at = flagged(c, MBEDTLS_X509_BADCERT_NOT_TRUSTED)) < c->n_chain)
		return untrusted(c, at);
	if ((at = flagged(c, MBEDTLS_X509_BADCERT_EXPIRED)) < c->n_chain)
		return (struct verdict){ TLS_PEER_EXPIRED, at };
	if ((at = flagged(c, MBEDTLS_X509_BADCERT_FUTURE)) < c->n_chain)
		return (struct verdict){ TLS_PEER_NOT_YET_VALID, at };
	if (mbedtls_x509_crt_get_ca_istrue(c->chain[0].crt) == 1)
		return (struct verdict){ TLS_PEER_CA_AS_LEAF, 0 };
	if ((at = flagged(c, WEAK)) < c->n_chain)
		return weak(c, at);
	if ((at = limited_ca(c, whose)) < c->n_chain)
		return (struct verdict){ TLS_PEER_PURPOSE, at };
	/* whatever else Mbed TLS found */
	if ((at = flagged(c, ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH)) < c->n_chain)
		return (struct verdict){ TLS_PEER_UNKNOWN_CA, at };
	return (struct verdict){ TLS_GOOD, 0 };
}

/* A pinned certificate stands for itself: its dates and its key count, its issuer does not. */
static struct verdict judge_pinned(const struct tls_conn *c)
{
	uint32_t flags = c->chain[0].flags;

	if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
		return (struct verdict){ TLS_PEER_EXPIRED, 0 };
	if (flags & MBEDTLS_X509_BADCERT_FUTURE)
		return (struct verdict){ TLS_PEER_NOT_YET_VALID, 0 };
	if (flags & (MBEDTLS_X509_BADCERT_BAD_PK | MBEDTLS_X509_BADCERT_BAD_KEY))
		return (struct verdict){ TLS_PEER_WEAK, 0 };
	return (struct verdict){ TLS_GOOD, 0 };
}

/* --- the leaf ------------------------------------------------------------------------ */

bool tls_has_purpose(const mbedtls_x509_crt *leaf, enum tls_side whose)
{
	return mbedtls_x509_crt_check_key_usage(leaf, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0 &&
	       allows_side(leaf, whose);
}

static enum tls_cause judge_name(const struct tls_conn *c, const struct tls_cert *leaf)
{
	switch (tls_peers_match(c->creds->peers, leaf)) {
	case TLS_MATCH:
		return TLS_GOOD;
	case TLS_MATCH_BUT_CASE:
		return TLS_PEER_NAME_CASE;
	case TLS_NO_MATCH:
		break;
	}
	return c->creds->auth == TLS_AUTH_NAME ? TLS_PEER_NAME : TLS_PEER_FINGERPRINT;
}

static void say_wanted_and_seen(struct tls_conn *c, const struct tls_cert *leaf)
{
	struct tls_report *r = &c->seen;

	tls_peers_text(c->creds->peers, r->wanted, sizeof(r->wanted));
	if (c->creds->auth == TLS_AUTH_NAME)
		tls_names_text(leaf, r->seen, sizeof(r->seen));
	else
		tls_fingerprints_text(leaf, r->seen, sizeof(r->seen));
}

/* --- all of it ----------------------------------------------------------------------- */

/* max: so many of them at most. */
static void collect(struct tls_certs *out, const mbedtls_x509_crt *leaf, size_t max)
{
	size_t n = 0;

	tls_certs_free(out);
	for (const mbedtls_x509_crt *crt = leaf; crt && crt->raw.len && n < max; crt = crt->next)
		n++;
	if (!n)
		return;
	out->at = mem_zero(n, sizeof(out->at[0]));
	for (const mbedtls_x509_crt *crt = leaf; out->n < n; crt = crt->next)
		tls_cert_from(crt, &out->at[out->n++]);
}

/* Where the peer sent it; behind its last: it is the CA's own, of our file. */
static size_t place_sent(const struct tls_conn *c, const mbedtls_x509_crt *wanted)
{
	size_t at = 0;

	for (const mbedtls_x509_crt *crt = c->chain[0].crt; crt && at < c->seen.chain.n; crt = crt->next) {
		if (crt == wanted)
			return at;
		at++;
	}
	return c->seen.chain.n;
}

static enum tls_cause judge(struct tls_conn *c)
{
	mbedtls_x509_crt *leaf = c->chain[0].crt;
	struct verdict v;
	enum tls_side whose = c->creds->side == TLS_CLIENT ? TLS_SERVER : TLS_CLIENT;
	enum tls_cause named;

	collect(&c->seen.chain, leaf, TLS_CHAIN_MAX);
	/* one that could not be parsed was passed over, and left nothing (ssl_tls13_generic.c) */
	if (c->seen.chain.n == 0)
		return TLS_PEER_WEAK;
	v = c->creds->auth == TLS_AUTH_NAME ? judge_chain(c, whose) : judge_pinned(c);
	if (v.cause == TLS_GOOD && !tls_has_purpose(leaf, whose))
		v = (struct verdict){ TLS_PEER_PURPOSE, 0 };
	c->seen.bad = place_sent(c, c->chain[v.at].crt);
	if (c->seen.bad == c->seen.chain.n)
		collect(&c->seen.ca, c->chain[v.at].crt, 1);
	if (v.cause != TLS_GOOD)
		return v.cause;
	named = judge_name(c, &c->seen.chain.at[0]);
	if (named != TLS_GOOD)
		say_wanted_and_seen(c, &c->seen.chain.at[0]);
	return named;
}

int tls_verify(void *conn, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	struct tls_conn *c = conn;

	invariant(depth >= 0 && (size_t)depth < MBEDTLS_X509_MAX_VERIFY_CHAIN_SIZE);
	if (c->n_chain <= (size_t)depth)
		c->n_chain = (size_t)depth + 1;
	c->chain[depth] = (struct tls_link){ .crt = crt, .flags = *flags };
	*flags = 0;
	if (depth > 0)
		return 0;
	c->judged = true;
	c->seen.cause = judge(c);
	*flags = flag_for(c->seen.cause);
	if (*flags && c->creds->side == TLS_CLIENT)
		tls_private_alert_keys(c); /* Mbed TLS sends it when we return */
	c->n_chain = 0; /* Mbed TLS's, and gone when it likes */
	return 0;
}
