// SPDX-License-Identifier: Apache-2.0
#include "tls/internal.h"

#include <psa/crypto.h>

/*
 * The one place that touches private fields of Mbed TLS 3.6, for want of functions:
 * which step of the handshake is next, whether a step left something to be sent,
 * which alert came (4.0 has mbedtls_ssl_get_fatal_alert), and what is agreed while
 * the handshake lasts; and a certificate's signature.
 */

int tls_private_state(const struct tls_conn *c)
{
	return c->ssl.MBEDTLS_PRIVATE(state);
}

bool tls_private_unsent(const struct tls_conn *c)
{
	return c->ssl.MBEDTLS_PRIVATE(out_left) != 0;
}

int tls_private_alert(const struct tls_conn *c)
{
	/* the same code stands for a server without a certificate */
	if (c->ssl.MBEDTLS_PRIVATE(in_msgtype) != MBEDTLS_SSL_MSG_ALERT)
		return -1;
	return c->ssl.MBEDTLS_PRIVATE(in_msg)[1];
}

int tls_private_suite(const struct tls_conn *c)
{
	const mbedtls_ssl_session *agreed = c->ssl.MBEDTLS_PRIVATE(session_negotiate);

	return agreed ? agreed->MBEDTLS_PRIVATE(ciphersuite) : 0;
}

/*
 * In TLS 1.3 Mbed TLS changes the keys it sends with as late as it can: a client
 * when it sends its certificate, a server when the handshake is over. The peer
 * changes those it reads with at once (RFC 8446 section 7.3), so an alert in
 * between would be damage to it, and not the reason that it is. Only where the
 * connection ends with this alert: the record numbers start again.
 */
void tls_private_alert_keys(struct tls_conn *c)
{
	mbedtls_ssl_context *ssl = &c->ssl;
	mbedtls_ssl_transform *keys = c->creds->side == TLS_CLIENT ?
					      ssl->MBEDTLS_PRIVATE(transform_in) :
					      ssl->MBEDTLS_PRIVATE(transform_application);

	if (mbedtls_ssl_get_version_number(ssl) != MBEDTLS_SSL_VERSION_TLS1_3 || !keys ||
	    keys == ssl->MBEDTLS_PRIVATE(transform_out))
		return;
	ssl->MBEDTLS_PRIVATE(transform_out) = keys;
	memset(ssl->MBEDTLS_PRIVATE(cur_out_ctr), 0, sizeof(ssl->MBEDTLS_PRIVATE(cur_out_ctr)));
}

/*
 * mbedtls_x509_crt_verify looks at the clock, and at more than one: here one signature
 * alone is asked about.
 */
int tls_private_signed_by(const mbedtls_x509_crt *child, mbedtls_x509_crt *parent)
{
	psa_algorithm_t hash;
	unsigned char digest[PSA_HASH_MAX_SIZE];
	size_t len;
	mbedtls_pk_type_t kind = child->MBEDTLS_PRIVATE(sig_pk);

	switch (child->MBEDTLS_PRIVATE(sig_md)) {
	case MBEDTLS_MD_SHA1:
		hash = PSA_ALG_SHA_1;
		break;
	case MBEDTLS_MD_SHA256:
		hash = PSA_ALG_SHA_256;
		break;
	case MBEDTLS_MD_SHA384:
		hash = PSA_ALG_SHA_384;
		break;
	case MBEDTLS_MD_SHA512:
		hash = PSA_ALG_SHA_512;
		break;
	default:
		return -1;
	}
	if (mbedtls_pk_get_bitlen(&parent->pk) > PSA_VENDOR_RSA_MAX_KEY_BITS)
		return -1;
	if (!mbedtls_pk_can_do(&parent->pk, kind))
		return 0;
	if (psa_hash_compute(hash, child->tbs.p, child->tbs.len, digest, sizeof(digest), &len) != PSA_SUCCESS)
		return -1;
	return mbedtls_pk_verify_ext(kind, child->MBEDTLS_PRIVATE(sig_opts), &parent->pk,
				     child->MBEDTLS_PRIVATE(sig_md), digest, len,
				     child->MBEDTLS_PRIVATE(sig).p, child->MBEDTLS_PRIVATE(sig).len) == 0;
}
