// SPDX-License-Identifier: Apache-2.0
#include "tls/internal.h"

#include <mbedtls/ssl_ciphersuites.h>

/*
 * What we agree to: authenticated encryption and forward secrecy alone, no
 * anonymous suite, no signature below SHA-256, no key below 2048 bits of RSA or
 * 256 of a curve.
 */

/*
 * The order of preference: of a client what it offers, of a server what it
 * takes of the client's; imrelp takes the client's, with both of its libraries.
 * Measured by bench/ciphers, MB/s of whole records on one core with AES-NI
 * (docs/PERFORMANCE.md): ChaCha20 430 to 550, AES-128 430, AES-256 390; on a
 * processor without it 530, 150 and 130. So one order is right on both.
 */
static const struct {
	int id;
	const char *name; /* as IANA has it */
} suites[] = {
	{ MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256" },
	{ MBEDTLS_TLS1_3_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256" },
	{ MBEDTLS_TLS1_3_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384" },
	{ MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
	{ MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
	{ MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
};
#define N_SUITES (sizeof(suites) / sizeof(suites[0]))

/*
 * The cheapest first, 0.87, 1.04 and 1.4 ms of a handshake, and P-256 also because
 * every peer of TLS 1.3 has it: a client sends a share of the first alone.
 */
static const uint16_t groups[] = {
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
	MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
	MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
};

/*
 * PKCS #1 v1.5 is for TLS 1.2, and for the signatures inside certificates. It stands
 * before PSS because servers take the first they can: of a client that offers both
 * versions OpenSSL and GnuTLS take PSS in TLS 1.2 too, and Mbed TLS 3.6.6 calls that
 * illegal (its issue 10672, mended in 3.6.7). TLS 1.3 passes over PKCS #1.
 */
static const uint16_t signatures[] = {
	MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
	MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512, MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
	MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,	   MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
	MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,	   MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
	MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,	   MBEDTLS_TLS1_3_SIG_NONE,
};

static const mbedtls_x509_crt_profile profile = {
	.allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
	.allowed_pks = MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_RSA) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_RSASSA_PSS) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECKEY) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECDSA),
	.allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
			  MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
			  MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1),
	.rsa_min_bitlen = TLS_RSA_BITS_MIN,
};

void tls_suites_init(struct tls_suites *s)
{
	_Static_assert(N_SUITES < TLS_SUITES_MAX, "and the 0 at its end");
	for (size_t i = 0; i < N_SUITES; i++)
		s->ids[i] = suites[i].id;
	s->ids[N_SUITES] = 0;
}

void tls_suites_conf(const struct tls_suites *s, mbedtls_ssl_config *conf)
{
	mbedtls_ssl_conf_ciphersuites(conf, s->ids);
	mbedtls_ssl_conf_groups(conf, groups);
	mbedtls_ssl_conf_sig_algs(conf, signatures);
	mbedtls_ssl_conf_cert_profile(conf, &profile);
}

const char *tls_suite_name(int id)
{
	for (size_t i = 0; i < N_SUITES; i++)
		if (suites[i].id == id)
			return suites[i].name;
	return NULL;
}
