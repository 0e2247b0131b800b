// SPDX-License-Identifier: Apache-2.0
#include "tls/inspect_internal.h"

#include <mbedtls/psa_util.h>

#define TRIED_MAX 16 /* certificates of one name whose signature is looked for */

static bool same(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
}

static bool same_cert(const struct inspect_cert *a, const struct inspect_cert *b)
{
	return memcmp(a->says.sha256, b->says.sha256, sizeof(a->says.sha256)) == 0;
}

/* --- key and certificate ------------------------------------------------------------ */

static bool fits(const struct inspect *in, const struct inspect_cert *c)
{
	return mbedtls_pk_check_pair(&c->crt.pk, &in->key, mbedtls_psa_get_random,
				     MBEDTLS_PSA_RANDOM_STATE) == 0;
}

/* The first of crt is what is shown, whatever stands behind it. */
void inspect_pair(struct inspect *in)
{
	char who[INSPECT_WHO_MAX];
	struct inspect_cert *first = in->own.n && in->own.at[0].place == 1 ? in->own.at : NULL;

	in->leaf = first;
	if (!in->has_key || !first || fits(in, first))
		return;
	for (size_t i = 1; i < in->own.n; i++) {
		if (!fits(in, &in->own.at[i]))
			continue;
		in->leaf = &in->own.at[i];
		inspect_find(in, TLS_PART_CERT, TLS_LEAF_NOT_FIRST, in->leaf->line,
			     "the key belongs to %s: that one has to come first, its issuer's behind it",
			     inspect_who(&in->own, in->leaf, who));
		return;
	}
	inspect_find(in, TLS_PART_KEY, TLS_KEY_MISMATCH, 0, "the private key does not belong to %s",
		     inspect_who(&in->own, first, who));
}

/* --- one issuer ---------------------------------------------------------------------- */

struct issuer {
	struct inspect_cert *is;     /* its signature fits, or cannot be looked at */
	struct inspect_cert *by_name; /* has the name; and another signed */
};

static struct issuer issuer_of(struct inspect_certs *all, const struct inspect_cert *c)
{
	struct issuer found = { 0 };
	unsigned tried = 0;

	for (size_t i = 0; i < all->n && tried < TRIED_MAX && !found.is; i++) {
		struct inspect_cert *o = &all->at[i];
		if (o == c || !same(&o->crt.subject_raw, &c->crt.issuer_raw))
			continue;
		tried++;
		if (tls_private_signed_by(&c->crt, &o->crt) != 0)
			found.is = o;
		else
			found.by_name = o;
	}
	return found;
}

/* Both say which key it is, and they say the same: then another has not taken its name. */
static bool same_key_id(const struct inspect_cert *c, const struct inspect_cert *issuer)
{
	const mbedtls_x509_buf *wanted = &c->crt.authority_key_id.keyIdentifier;
	const mbedtls_x509_buf *has = &issuer->crt.subject_key_id;

	return wanted->len && same(wanted, has);
}

/* --- from crt to ca ------------------------------------------------------------------ */

/* It ends with last; nobody behind it in crt issued it. */
static void judge_end(struct inspect *in, const struct inspect_cert *last)
{
	char who[INSPECT_WHO_MAX], ca[INSPECT_WHO_MAX];
	struct issuer of = issuer_of(&in->ca, last);

	if (of.is || in->ca.n != in->ca.blocks || !in->ca.n)
		return;
	for (size_t i = 0; i < in->ca.n; i++)
		if (same_cert(&in->ca.at[i], last))
			return; /* it is said elsewhere that it is ours, or it is one of the CAs */
	inspect_who(&in->own, last, who);
	if (of.by_name && same_key_id(last, of.by_name))
		inspect_find(in, TLS_PART_CERT, TLS_SIGNATURE_BAD, last->line,
			     "the signature of %s is not that of its issuer: it was changed or is damaged", who);
	else if (of.by_name)
		inspect_find(in, TLS_PART_CERT, TLS_CA_RENAMED, last->line,
			     "%s was issued by a CA of the name of %s of ca, with another key", who,
			     inspect_who(&in->ca, of.by_name, ca));
	else if (last->says.self_issued && last->place == 1)
		inspect_find(in, TLS_PART_CERT, TLS_SELF_SIGNED, last->line,
			     "%s signed itself: a receiver takes it by its fingerprint, or with it among its CAs",
			     who);
	else if (!last->says.self_issued)
		inspect_find(in, TLS_PART_CERT, TLS_NOT_OF_CA, last->line,
			     "%s was not issued by a CA that is in ca", who);
}

/* From the first upwards as far as crt goes; returns the last that belongs to it. */
static struct inspect_cert *climb(struct inspect *in)
{
	struct inspect_cert *at = in->own.at;
	char who[INSPECT_WHO_MAX], above[INSPECT_WHO_MAX];

	at->used = true;
	for (size_t n = 1; n < in->own.n; n++) {
		struct issuer of = issuer_of(&in->own, at);
		if (!of.is && of.by_name && of.by_name != at)
			inspect_find(in, TLS_PART_CERT, TLS_CHAIN_SIGNATURE, at->line,
				     "%s was not signed by %s, though that has its issuer's name",
				     inspect_who(&in->own, at, who), inspect_who(&in->own, of.by_name, above));
		if (!of.is || of.is->used)
			break;
		if (of.is != at + 1)
			inspect_find(in, TLS_PART_CERT, TLS_CHAIN_ORDER, of.is->line,
				     "%s is to stand directly behind %s, which it issued",
				     inspect_who(&in->own, of.is, above), inspect_who(&in->own, at, who));
		at = of.is;
		at->used = true;
	}
	return at;
}

static bool twice(const struct inspect *in, const struct inspect_cert *c)
{
	for (const struct inspect_cert *o = in->own.at; o < c; o++)
		if (same_cert(o, c))
			return true;
	return false;
}

static void find_strays(struct inspect *in)
{
	char who[INSPECT_WHO_MAX];

	for (size_t i = 0; i < in->own.n; i++) {
		const struct inspect_cert *c = &in->own.at[i];
		if (c->used || twice(in, c))
			continue;
		inspect_who(&in->own, c, who);
		if (c->says.ca)
			inspect_find(in, TLS_PART_CERT, TLS_CHAIN_STRAY, c->line,
				     "%s has no part in the chain of the first", who);
		else
			inspect_find(in, TLS_PART_CERT, TLS_SEVERAL_LEAVES, c->line,
				     "%s is no CA's, and only the first is used", who);
	}
}

static void find_ours_in_ca(struct inspect *in)
{
	char who[INSPECT_WHO_MAX];

	for (size_t i = 0; i < in->ca.n; i++)
		if (same_cert(&in->ca.at[i], in->leaf))
			inspect_find(in, TLS_PART_CA, TLS_CA_IS_OURS, in->ca.at[i].line,
				     "%s is that of crt: ca is to hold the CA of the receiver",
				     inspect_who(&in->ca, &in->ca.at[i], who));
}

void inspect_chain(struct inspect *in)
{
	if (!in->leaf)
		return;
	find_ours_in_ca(in);
	if (in->own.n > TLS_CHAIN_MAX)
		inspect_find(in, TLS_PART_CERT, TLS_CHAIN_LONG, 0, "there are %zu certificates in it, and %d are looked at",
			     in->own.n, TLS_CHAIN_MAX);
	if (inspect_found(in, TLS_PART_CERT, TLS_LEAF_NOT_FIRST))
		return;
	judge_end(in, climb(in));
	if (in->own.n == in->own.blocks)
		find_strays(in);
}
