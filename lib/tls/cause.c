// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "tls/internal.h"

int64_t tls_now(void)
{
	return clock_real_s();
}

/* RFC 8446 section 6.2. What each is about, as servers use it. */
enum tls_cause tls_cause_of_alert(int alert, enum tls_own own)
{
	switch (alert) {
	case -1:
		return TLS_BROKEN;
	case MBEDTLS_SSL_ALERT_MSG_NO_CERT:
	case MBEDTLS_SSL_ALERT_MSG_BAD_CERT:
	case MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT:
	case MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED:
	case MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED:
	case MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN:
	case MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA:
	case MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED:
	case 116: /* certificate_required */
		return TLS_WE_REFUSED;
	case MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE:
		/* OpenSSL has no other for a certificate that did not come, in TLS 1.2 */
		return own == TLS_OWN_NONE ? TLS_WE_REFUSED : TLS_NOTHING_COMMON;
	case MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION:
	case MBEDTLS_SSL_ALERT_MSG_INSUFFICIENT_SECURITY:
		return TLS_NOTHING_COMMON;
	default:
		return TLS_ALERT;
	}
}

/* "1 open 85 ...", "0 serverclose 0": a number, a space, a word. */
static bool is_relp(const unsigned char *p, size_t len)
{
	size_t i = 0;

	while (i < len && p[i] >= '0' && p[i] <= '9')
		i++;
	return i > 0 && i + 1 < len && p[i] == ' ' && p[i + 1] >= 'a' && p[i + 1] <= 'z';
}

/* A record's first byte is its type, 20 to 23; its second and third the version, 3.x. */
static bool is_tls(const unsigned char *p, size_t len)
{
	return len == 0 || (p[0] >= 20 && p[0] <= 23 && (len == 1 || p[1] == 3));
}

static enum tls_cause cause_of_end(const struct tls_conn *c)
{
	bool asked = c->seen.own == TLS_OWN_SENT || c->seen.own == TLS_OWN_NONE;

	return asked ? TLS_WE_DROPPED : TLS_CLOSED;
}

/* Of a certificate that Mbed TLS does not even parse: its kind is not known to it. Its codes are sums. */
static bool is_unknown_kind(int result)
{
	switch (-(-result & 0xFF80)) {
	case MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG:
	case MBEDTLS_ERR_X509_UNKNOWN_OID:
	case MBEDTLS_ERR_PK_UNKNOWN_PK_ALG:
	case MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE:
		return true;
	default:
		return false;
	}
}

int tls_alert_came(const struct tls_conn *c, int result)
{
	if (result == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
		return tls_private_alert(c);
	return result == MBEDTLS_ERR_SSL_INVALID_MAC || result == MBEDTLS_ERR_SSL_INVALID_RECORD ?
		       tls_io_plain_alert(c) : -1;
}

enum tls_cause tls_cause_of(const struct tls_conn *c, int result)
{
	if (result == TLS_REFUSED || (c->judged && c->seen.cause != TLS_GOOD))
		return c->seen.cause;
	if (!is_tls(c->first, c->n_first))
		return is_relp(c->first, c->n_first) ? TLS_PLAIN_RELP : TLS_NOT_TLS;
	if (result == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE || tls_alert_came(c, result) >= 0)
		return tls_cause_of_alert(tls_alert_came(c, result), c->seen.own);
	if (result == TLS_IO_FAILED || tls_io_gone(c, result))
		return cause_of_end(c);
	switch (result) {
	case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE:
		return TLS_PEER_NO_CERTIFICATE;
	case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE:
	case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
		return TLS_NOTHING_COMMON;
	case MBEDTLS_ERR_X509_FATAL_ERROR: /* longer than is looked at */
		return TLS_PEER_UNKNOWN_CA;
	default:
		if (-(-result & 0xFF80) == MBEDTLS_ERR_X509_INVALID_EXTENSIONS)
			return TLS_PEER_PURPOSE;
		return is_unknown_kind(result) ? TLS_PEER_WEAK : TLS_BROKEN;
	}
}

/* What is against the protocol can have many reasons: the number tells which, to who knows Mbed TLS. */
int tls_say(const struct tls_conn *c, int result, struct err *e)
{
	struct err words;

	(void)tls_report_say(c->report, tls_now(), &words);
	if (c->report->cause == TLS_BROKEN)
		err_code(e, words.code, "%.440s (Mbed TLS says -0x%04X)", words.text, (unsigned)-result);
	else if (e)
		*e = words;
	return TRANSPORT_FAILED;
}
