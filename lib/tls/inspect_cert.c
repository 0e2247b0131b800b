// SPDX-License-Identifier: Apache-2.0
#include "base/timetext.h"
#include "tls/inspect_internal.h"

#include <mbedtls/oid.h>
#include <stdio.h>

#define RSA_BITS_MAX PSA_VENDOR_RSA_MAX_KEY_BITS /* Mbed TLS computes with no longer one */

static const char *date(int64_t seconds, char out[TIMETEXT_MAX])
{
	int64_t limit = INT64_MAX / 1000000;

	timetext_utc((seconds < limit ? seconds : limit) * 1000000, out);
	return out;
}

static bool rsa(const mbedtls_x509_crt *crt)
{
	return mbedtls_pk_get_type(&crt->pk) == MBEDTLS_PK_RSA;
}

static size_t bits(const mbedtls_x509_crt *crt)
{
	return mbedtls_pk_get_bitlen(&crt->pk);
}

static bool may(const mbedtls_x509_crt *crt, unsigned usage)
{
	return mbedtls_x509_crt_check_key_usage(crt, usage) == 0;
}

static bool for_clients(const mbedtls_x509_crt *crt)
{
	return mbedtls_x509_crt_check_extended_key_usage(
		       crt, MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH)) == 0;
}

static bool for_servers(const mbedtls_x509_crt *crt)
{
	return mbedtls_x509_crt_check_extended_key_usage(
		       crt, MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) == 0;
}

/* --- of both ---------------------------------------------------------------------- */

static uint8_t find_key_length(struct inspect *in, enum tls_part part, const struct inspect_cert *c,
			       const char *who)
{
	if (!rsa(&c->crt))
		return 0;
	if (bits(&c->crt) < TLS_RSA_BITS_MIN)
		inspect_find(in, part, TLS_WEAK_RSA, c->line, "%s has an RSA key of %zu bits: too short", who,
			     bits(&c->crt));
	if (bits(&c->crt) > RSA_BITS_MAX)
		inspect_find(in, part, TLS_LONG_RSA, c->line, "%s has an RSA key of %zu bits: too long for relpbox",
			     who, bits(&c->crt));
	if (bits(&c->crt) < TLS_RSA_BITS_MIN)
		return tls_trouble_info(TLS_WEAK_RSA)->node[part];
	return bits(&c->crt) > RSA_BITS_MAX ? tls_trouble_info(TLS_LONG_RSA)->node[part] : 0;
}

/* Of a root nobody looks at its own. */
static uint8_t find_signature(struct inspect *in, enum tls_part part, const struct inspect_cert *c,
			      const char *who)
{
	const char *s = c->says.signature;

	if (c->says.self_issued || (!strstr(s, "SHA-1") && !strstr(s, "SHA-224")))
		return 0;
	inspect_find(in, part, TLS_WEAK_SIGNATURE, c->line, "%s is signed with %s: too weak", who, s);
	return tls_trouble_info(TLS_WEAK_SIGNATURE)->node[part];
}

/* --- the CA ------------------------------------------------------------------------ */

static bool same(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

static bool has_constraints(const mbedtls_x509_crt *crt)
{
	static const unsigned char oid[] = { 0x06, 0x03, 0x55, 0x1d, 0x13 };

	return crt->v3_ext.len && memmem(crt->v3_ext.p, crt->v3_ext.len, oid, sizeof(oid));
}

static bool issued_ours(const struct inspect *in, struct inspect_cert *c)
{
	return in->leaf && same(&in->leaf->crt.issuer_raw, &c->crt.subject_raw) &&
	       !same(&in->leaf->crt.raw, &c->crt.raw) && tls_private_signed_by(&in->leaf->crt, &c->crt) == 1;
}

/*
 * Is it a CA's? A certificate of version 1 says nothing, and all take it. One that signed
 * itself may be the receiver's own, which all take; where it issued ours, it is not.
 * Returns who refuses.
 */
static uint8_t find_no_ca(struct inspect *in, struct inspect_cert *c, const char *who)
{
	enum tls_trouble what = has_constraints(&c->crt) ? TLS_CA_IS_LEAF : TLS_CA_NO_CONSTRAINTS;

	if (c->says.ca || c->crt.version < 3)
		return 0;
	if (c->says.self_issued && !issued_ours(in, c))
		what = TLS_CA_SELF_SIGNED;
	if (what == TLS_CA_SELF_SIGNED)
		inspect_find(in, TLS_PART_CA, what, c->line,
			     "%s signed itself and does not say that it is a CA: it serves for the one receiver whose "
			     "own it is", who);
	else
		inspect_find(in, TLS_PART_CA, what, c->line, "%s is not a CA's (%s)", who,
			     what == TLS_CA_IS_LEAF ? "its basic constraints say so" :
						      "it has no basic constraints");
	return tls_trouble_info(what)->node[TLS_PART_CA];
}

static uint8_t find_ca_usage(struct inspect *in, const struct inspect_cert *c, const char *who)
{
	uint8_t refused = 0;

	if (c->says.ca && !may(&c->crt, MBEDTLS_X509_KU_KEY_CERT_SIGN)) {
		inspect_find(in, TLS_PART_CA, TLS_CA_KEY_USAGE, c->line,
			     "%s may not sign certificates (key usage)", who);
		refused |= tls_trouble_info(TLS_CA_KEY_USAGE)->node[TLS_PART_CA];
	}
	if (!for_servers(&c->crt)) {
		inspect_find(in, TLS_PART_CA, TLS_CA_PURPOSE, c->line,
			     "%s is not for servers' certificates (extended key usage)", who);
		refused |= tls_trouble_info(TLS_CA_PURPOSE)->node[TLS_PART_CA];
	}
	return refused;
}

static bool issuer_there(const struct inspect_certs *all, const struct inspect_cert *c)
{
	for (size_t i = 0; i < all->n; i++)
		if (&all->at[i] != c && same(&all->at[i].crt.subject_raw, &c->crt.issuer_raw))
			return true;
	return c->says.self_issued;
}

static void find_repeated(struct inspect *in, enum tls_part part, enum tls_trouble what,
			  const struct inspect_certs *all, const struct inspect_cert *c, const char *who)
{
	for (const struct inspect_cert *o = all->at; o < c; o++) {
		if (memcmp(o->says.sha256, c->says.sha256, sizeof(c->says.sha256)) != 0)
			continue;
		inspect_find(in, part, what, c->line, "%s is there twice", who);
		return;
	}
}

static uint8_t find_ca_date(struct inspect *in, const struct inspect_cert *c, const char *who, bool all_over)
{
	char when[TIMETEXT_MAX];

	if (c->says.not_after < in->now) {
		inspect_find(in, TLS_PART_CA, all_over ? TLS_CA_EXPIRED : TLS_CA_SOME_EXPIRED, c->line,
			     "%s expired on %s", who, date(c->says.not_after, when));
		return TLS_ALL;
	}
	if (c->says.not_before > in->now) {
		inspect_find(in, TLS_PART_CA, TLS_CA_NOT_YET_VALID, c->line, "%s is not valid before %s", who,
			     date(c->says.not_before, when));
		return TLS_ALL;
	}
	if (in->soon && c->says.not_after - in->now < in->soon)
		inspect_find(in, TLS_PART_CA, TLS_CA_EXPIRES_SOON, c->line, "%s ends on %s", who,
			     date(c->says.not_after, when));
	return 0;
}

static uint8_t judge_ca(struct inspect *in, struct inspect_cert *c, bool all_over)
{
	char who[INSPECT_WHO_MAX];
	uint8_t refused = 0;

	inspect_who(&in->ca, c, who);
	find_repeated(in, TLS_PART_CA, TLS_CA_REPEATED, &in->ca, c, who);
	refused |= find_signature(in, TLS_PART_CA, c, who);
	refused |= find_ca_date(in, c, who, all_over);
	refused |= find_key_length(in, TLS_PART_CA, c, who);
	refused |= find_no_ca(in, c, who);
	refused |= find_ca_usage(in, c, who);
	if (c->says.ca && !issuer_there(&in->ca, c)) {
		inspect_find(in, TLS_PART_CA, TLS_CA_NOT_ROOT, c->line,
			     "%s is an intermediate CA, and its issuer is not there", who);
		refused |= tls_trouble_info(TLS_CA_NOT_ROOT)->node[TLS_PART_CA];
	}
	return refused;
}

void inspect_ca(struct inspect *in)
{
	bool all_over = in->ca.n == in->ca.blocks;

	for (size_t i = 0; i < in->ca.n; i++)
		all_over = all_over && in->ca.at[i].says.not_after < in->now;
	/* what cannot be read here may be of use to others */
	in->ca_takes = in->ca.n == in->ca.blocks ? 0 : TLS_GNUTLS | TLS_OPENSSL;
	for (size_t i = 0; i < in->ca.n; i++)
		in->ca_takes |= (uint8_t)(TLS_ALL & ~judge_ca(in, &in->ca.at[i], all_over));
}

/* --- our own --------------------------------------------------------------------------- */

/* before, after, soon: the troubles that it may be. */
static void find_date(struct inspect *in, const struct inspect_cert *c, const char *who,
		      enum tls_trouble over, enum tls_trouble early, enum tls_trouble soon)
{
	char when[TIMETEXT_MAX];

	if (c->says.not_after < in->now)
		inspect_find(in, TLS_PART_CERT, over, c->line, "%s expired on %s", who,
			     date(c->says.not_after, when));
	else if (c->says.not_before > in->now)
		inspect_find(in, TLS_PART_CERT, early, c->line, "%s is not valid before %s", who,
			     date(c->says.not_before, when));
	else if (in->soon && c->says.not_after - in->now < in->soon)
		inspect_find(in, TLS_PART_CERT, soon, c->line, "%s ends on %s", who,
			     date(c->says.not_after, when));
}

static void find_usage(struct inspect *in, const struct inspect_cert *c, const char *who)
{
	if (!for_clients(&c->crt))
		inspect_find(in, TLS_PART_CERT, TLS_NOT_FOR_CLIENTS, c->line,
			     "%s is not for clients (its extended key usage has no clientAuth)", who);
	if (!may(&c->crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE))
		inspect_find(in, TLS_PART_CERT, TLS_KEY_USAGE, c->line,
			     "%s may not be used to sign (its key usage has no digitalSignature)", who);
	if (c->says.ca)
		inspect_find(in, TLS_PART_CERT, TLS_CERT_IS_CA, c->line, "%s is a CA's", who);
}

static bool has_name(const struct tls_cert *c)
{
	for (size_t i = 0; i < c->n_names; i++)
		if (c->names[i].kind != TLS_NAME_OTHER && c->names[i].text[0])
			return true;
	return c->common_name && c->common_name[0];
}

static void judge_leaf(struct inspect *in, const struct inspect_cert *c)
{
	char who[INSPECT_WHO_MAX];

	inspect_who(&in->own, c, who);
	find_date(in, c, who, TLS_EXPIRED, TLS_NOT_YET_VALID, TLS_EXPIRES_SOON);
	find_usage(in, c, who);
	find_key_length(in, TLS_PART_CERT, c, who);
	find_signature(in, TLS_PART_CERT, c, who);
	if (!has_name(&c->says))
		inspect_find(in, TLS_PART_CERT, TLS_NO_NAME, c->line,
			     "%s has neither a DNS or IP name nor a common name", who);
}

static void judge_behind(struct inspect *in, const struct inspect_cert *c)
{
	char who[INSPECT_WHO_MAX];

	inspect_who(&in->own, c, who);
	find_repeated(in, TLS_PART_CERT, TLS_CERT_REPEATED, &in->own, c, who);
	find_date(in, c, who, TLS_CHAIN_EXPIRED, TLS_CHAIN_NOT_YET_VALID, TLS_CHAIN_EXPIRES_SOON);
	find_key_length(in, TLS_PART_CERT, c, who);
	find_signature(in, TLS_PART_CERT, c, who);
}

void inspect_own(struct inspect *in)
{
	for (size_t i = 0; i < in->own.n; i++) {
		if (&in->own.at[i] == in->leaf)
			judge_leaf(in, &in->own.at[i]);
		else
			judge_behind(in, &in->own.at[i]);
	}
}
