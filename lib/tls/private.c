// SPDX-License-Identifier: Apache-2.0
#include "tls/internal.h"

/*
 * The one place that reads private fields of Mbed TLS 3.6, for want of functions:
 * which step of the handshake is next, whether a step left something to be sent,
 * which alert came (4.0 has mbedtls_ssl_get_fatal_alert), and what is agreed while
 * the handshake lasts.
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
	return c->ssl.MBEDTLS_PRIVATE(in_msg)[1];
}

int tls_private_suite(const struct tls_conn *c)
{
	const mbedtls_ssl_session *agreed = c->ssl.MBEDTLS_PRIVATE(session_negotiate);

	return agreed ? agreed->MBEDTLS_PRIVATE(ciphersuite) : 0;
}
