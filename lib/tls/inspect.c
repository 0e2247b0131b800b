// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "tls/inspect_internal.h"

#include <stdlib.h>

/* The troubles of one CA, which do not matter to whom another one of the file is good enough. */
static void forgive(struct inspect *in)
{
	static const enum tls_trouble of_one[] = {
		TLS_CA_IS_LEAF, TLS_CA_NO_CONSTRAINTS, TLS_CA_KEY_USAGE, TLS_CA_PURPOSE, TLS_CA_NOT_ROOT,
		TLS_WEAK_RSA, TLS_LONG_RSA, TLS_WEAK_SIGNATURE, TLS_CA_NOT_YET_VALID, TLS_CA_IS_OURS,
	};

	for (size_t i = 0; i < in->out->n; i++)
		for (size_t k = 0; k < sizeof(of_one) / sizeof(of_one[0]); k++)
			if (in->out->at[i].part == TLS_PART_CA && in->out->at[i].what == of_one[k])
				in->out->at[i].node &= (uint8_t)~in->ca_takes;
}

static int64_t first_end(const struct inspect *in)
{
	int64_t first = INT64_MAX, last = INT64_MIN;

	for (size_t i = 0; i < in->own.n; i++)
		if (in->own.at[i].says.not_after < first)
			first = in->own.at[i].says.not_after;
	for (size_t i = 0; i < in->ca.n; i++)
		if (in->ca.at[i].says.not_after > last)
			last = in->ca.at[i].says.not_after;
	return in->ca.n && last < first ? last : first;
}

static bool refused_by_relpbox(const struct tls_inspection *out)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->at[i].node & TLS_MBEDTLS)
			return true;
	return false;
}

/* What relpbox would do with them has the last word: its own code, and a peer whom nobody is. */
static void try_them(struct inspect *in, const struct tls_pem *pem)
{
	static const char *const nobody[] = { "nobody.invalid" };
	struct tls_conf conf = { .side = TLS_CLIENT, .auth = TLS_AUTH_NAME, .permitted = nobody,
				 .n_permitted = 1, .target = "nobody.invalid" };
	struct err e = { 0 };
	struct tls_creds *c;

	if (!pem->ca.p || !pem->cert.p || !pem->key.p || refused_by_relpbox(in->out))
		return;
	c = tls_creds_new(&conf, pem, &e);
	if (!c)
		inspect_find(in, TLS_PART_CERT, TLS_NOT_USABLE, 0, "relpbox cannot use them: %s", e.text);
	tls_creds_free(c);
}

static void free_certs(struct inspect_certs *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct tls_certs one = { mem_dup(&all->at[i].says, sizeof(all->at[i].says)), 1 };
		tls_certs_free(&one);
		mbedtls_x509_crt_free(&all->at[i].crt);
	}
	free(all->at);
}

void tls_inspect(const struct tls_pem *pem, int64_t now, int64_t expires_within_s,
		 struct tls_inspection *out)
{
	struct inspect in = { .out = out, .now = now, .soon = expires_within_s };

	*out = (struct tls_inspection){ .first_not_after = INT64_MAX };
	mbedtls_pk_init(&in.key);
	if (tls_psa_ready() != 0)
		invariant_broken("random numbers", __FILE__, __LINE__);
	if (pem->ca.p)
		inspect_text(&in, TLS_PART_CA, pem->ca);
	if (pem->cert.p)
		inspect_text(&in, TLS_PART_CERT, pem->cert);
	if (pem->key.p)
		inspect_text(&in, TLS_PART_KEY, pem->key);
	inspect_pair(&in);
	inspect_ca(&in);
	inspect_own(&in);
	inspect_chain(&in);
	forgive(&in);
	try_them(&in, pem);
	out->first_not_after = first_end(&in);
	inspect_finish(&in);
	mbedtls_pk_free(&in.key);
	free_certs(&in.ca);
	free_certs(&in.own);
}
