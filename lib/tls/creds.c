// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "tls/internal.h"

#include <arpa/inet.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/psa_util.h>
#include <stdlib.h>

#define SNI_MAX 255

/* --- parsing --------------------------------------------------------------------- */

/* Mbed TLS's PEM parser wants a NUL behind the text, which a file has not. */
static unsigned char *with_nul(struct slice s)
{
	unsigned char *p = mem_alloc(s.len + 1);

	memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

/* Both as data, and for Mbed TLS. what: for e. */
static int parse_certs(struct slice pem, struct tls_certs *text, mbedtls_x509_crt *crt,
		       const char *what, struct err *e)
{
	if (tls_certs_parse(pem, text, e) != 0)
		return err_prefix(e, "%s", what);
	unsigned char *p = with_nul(pem);
	int got = mbedtls_x509_crt_parse(crt, p, pem.len + 1);
	free(p);
	size_t n = 0;
	for (const mbedtls_x509_crt *c = crt; c && c->version; c = c->next)
		n++;
	/* > 0: so many were passed over. Mbed TLS is content with the rest, and we are not */
	if (got != 0 || n != text->n)
		return err_set(e, "%s: of %zu certificates only %zu can be used", what, text->n, n);
	return 0;
}

static bool holds(struct slice s, const char *what)
{
	return s.len && memmem(s.p, s.len, what, strlen(what));
}

static int key_failed(int code, struct err *e)
{
	switch (-(-code & 0xFF80)) {
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
	case MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE:
		return err_set(e, "key: it is of a kind that is not supported "
				  "(EC P-256, P-384, P-521 and RSA are; Ed25519 is not)");
	default:
		return err_set(e, "key: the private key is damaged");
	}
}

static int parse_key(struct slice pem, mbedtls_pk_context *key, struct err *e)
{
	if (pem.len > TLS_PEM_MAX)
		return err_set(e, "key: more than %u bytes", TLS_PEM_MAX);
	if (holds(pem, "BEGIN ENCRYPTED PRIVATE KEY") || holds(pem, "Proc-Type: 4,ENCRYPTED"))
		return err_set(e, "key: it is encrypted, and there is nobody to ask for its password: "
				  "write it out without one");
	if (!holds(pem, "PRIVATE KEY-----"))
		return err_set(e, "key: no private key in it (a PEM block that begins with "
				  "-----BEGIN PRIVATE KEY----- or the like)");
	unsigned char *p = with_nul(pem);
	int got = mbedtls_pk_parse_key(key, p, pem.len + 1, NULL, 0, mbedtls_psa_get_random,
				       MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_platform_zeroize(p, pem.len + 1);
	free(p);
	return got == 0 ? 0 : key_failed(got, e);
}

static bool fits(const mbedtls_x509_crt *crt, const mbedtls_pk_context *key)
{
	return mbedtls_pk_check_pair(&crt->pk, key, mbedtls_psa_get_random,
				     MBEDTLS_PSA_RANDOM_STATE) == 0;
}

/* A pair is written one after the other: what does not fit may do so in a moment. */
static int check_pair(const struct tls_creds *c, struct err *e)
{
	size_t place = 1;

	if (fits(&c->own, &c->key))
		return 0;
	for (const mbedtls_x509_crt *crt = c->own.next; crt; crt = crt->next) {
		place++;
		if (fits(crt, &c->key))
			return err_code(e, TLS_ERR_MISMATCH, "key: it belongs to certificate %zu of "
				"the file: that one has to come first, its issuer's behind it", place);
	}
	return err_code(e, TLS_ERR_MISMATCH, "key: it does not belong to the certificate");
}

static int parse_own(struct tls_creds *c, const struct tls_pem *pem, struct err *e)
{
	if (!pem->cert.p && !pem->key.p)
		return 0;
	if (!pem->cert.p || !pem->key.p)
		return err_code(e, TLS_ERR_MISMATCH, "there is a %s, and no %s for it",
				pem->cert.p ? "certificate" : "key", pem->cert.p ? "key" : "certificate");
	if (parse_certs(pem->cert, &c->own_text, &c->own, "certificate", e) != 0 ||
	    parse_key(pem->key, &c->key, e) != 0)
		return -1;
	return check_pair(c, e);
}

/* --- policy ------------------------------------------------------------------------ */

/* RFC 6066 section 3: a name, without a dot at its end, no address. NULL: none is sent. */
static char *sni_of(const char *target)
{
	unsigned char a[sizeof(struct in6_addr)];
	char *name;
	size_t len;

	if (!target || strchr(target, ':') || inet_pton(AF_INET, target, a) == 1)
		return NULL;
	name = mem_strdup(target);
	len = strlen(name);
	if (len && name[len - 1] == '.')
		name[--len] = '\0';
	if (len && len <= SNI_MAX)
		return name;
	free(name);
	return NULL;
}

/* Mbed TLS would find no certificate for any client, and tell it that nothing is in common. */
static int check_purpose(const struct tls_creds *c, struct err *e)
{
	if (c->side == TLS_CLIENT || c->own_text.n == 0 || tls_has_purpose(&c->own, TLS_SERVER))
		return 0;
	return err_set(e, "certificate: it is for another purpose than to be shown by a server "
			  "(its key usage or extended key usage says so)");
}

static int check_needs(const struct tls_creds *c, struct err *e)
{
	if (c->side == TLS_SERVER && c->own_text.n == 0)
		return err_set(e, "a server needs a certificate and its key");
	if (c->auth == TLS_AUTH_NAME && c->ca_text.n == 0 && !c->anyone)
		return err_set(e, "there is no CA: whose %s are to be taken?",
			       c->side == TLS_SERVER ? "clients" : "servers");
	return 0;
}

/*
 * Of a server the absence of a certificate is let through by Mbed TLS, and
 * refused by us (handshake.c), with the alert that TLS 1.3 has for it.
 */
static int auth_mode(const struct tls_creds *c)
{
	if (c->side == TLS_CLIENT)
		return MBEDTLS_SSL_VERIFY_REQUIRED;
	/* whoever shows a certificate must have a right one, and nothing says which are right */
	if (c->anyone && c->auth == TLS_AUTH_NAME && c->ca_text.n == 0)
		return MBEDTLS_SSL_VERIFY_NONE;
	return MBEDTLS_SSL_VERIFY_OPTIONAL;
}

static int configure(struct tls_creds *c, unsigned version_max, struct err *e)
{
	mbedtls_ssl_config *ssl = &c->ssl;
	int end = c->side == TLS_CLIENT ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER;

	if (mbedtls_ssl_config_defaults(ssl, end, MBEDTLS_SSL_TRANSPORT_STREAM,
					MBEDTLS_SSL_PRESET_DEFAULT) != 0)
		return err_set(e, "TLS cannot be set up");
	mbedtls_ssl_conf_min_tls_version(ssl, MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_max_tls_version(ssl, version_max == 12 ? MBEDTLS_SSL_VERSION_TLS1_2 :
								  MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_rng(ssl, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	tls_suites_init(&c->suites);
	tls_suites_conf(&c->suites, ssl);
	mbedtls_ssl_conf_authmode(ssl, auth_mode(c));
	/* an empty CA where there is none: Mbed TLS wants one, and nothing leads to it */
	mbedtls_ssl_conf_ca_chain(ssl, &c->ca, NULL);
	/* a pinned certificate may be anybody's: naming a CA would keep clients from showing it */
	mbedtls_ssl_conf_cert_req_ca_list(ssl, c->auth == TLS_AUTH_NAME && c->ca_text.n ?
						       MBEDTLS_SSL_CERT_REQ_CA_LIST_ENABLED :
						       MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
	if (c->own_text.n && mbedtls_ssl_conf_own_cert(ssl, &c->own, &c->key) != 0)
		return err_set(e, "our certificate cannot be used");
	return 0;
}

/* --- life ---------------------------------------------------------------------------- */

static int fill(struct tls_creds *c, const struct tls_conf *conf, const struct tls_pem *pem,
		struct err *e)
{
	if (tls_psa_ready() != 0)
		return err_set(e, "the cryptography cannot be started: no random numbers?");
	c->peers = tls_peers_new(conf->auth, conf->permitted, conf->n_permitted,
				 conf->side == TLS_CLIENT ? conf->target : NULL, e);
	if (!c->peers)
		return -1;
	if (pem->ca.p && parse_certs(pem->ca, &c->ca_text, &c->ca, "CA", e) != 0)
		return -1;
	if (parse_own(c, pem, e) != 0 || check_needs(c, e) != 0 || check_purpose(c, e) != 0)
		return -1;
	return configure(c, conf->version_max, e);
}

struct tls_creds *tls_creds_new(const struct tls_conf *conf, const struct tls_pem *pem, struct err *e)
{
	struct tls_creds *c = mem_zero(1, sizeof(*c));

	c->users = 1;
	c->side = conf->side;
	c->auth = conf->auth;
	c->anyone = conf->side == TLS_SERVER && conf->anyone;
	c->sni = conf->side == TLS_CLIENT ? sni_of(conf->target) : NULL;
	mbedtls_ssl_config_init(&c->ssl);
	mbedtls_x509_crt_init(&c->own);
	mbedtls_x509_crt_init(&c->ca);
	mbedtls_pk_init(&c->key);
	if (fill(c, conf, pem, e) == 0)
		return c;
	tls_creds_free(c);
	return NULL;
}

struct tls_creds *tls_creds_hold(struct tls_creds *c)
{
	c->users++;
	return c;
}

void tls_creds_free(struct tls_creds *c)
{
	if (!c || --c->users)
		return;
	mbedtls_ssl_config_free(&c->ssl);
	mbedtls_x509_crt_free(&c->own);
	mbedtls_x509_crt_free(&c->ca);
	mbedtls_pk_free(&c->key);
	tls_certs_free(&c->own_text);
	tls_certs_free(&c->ca_text);
	tls_peers_free(c->peers);
	free(c->sni);
	free(c);
}

int64_t tls_creds_not_after(const struct tls_creds *c)
{
	const struct tls_certs *own = &c->own_text;

	return own->n ? own->at[0].not_after : INT64_MAX;
}

const struct tls_certs *tls_creds_own(const struct tls_creds *c)
{
	return &c->own_text;
}

const struct tls_certs *tls_creds_ca(const struct tls_creds *c)
{
	return &c->ca_text;
}
