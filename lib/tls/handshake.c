// SPDX-License-Identifier: Apache-2.0
#include "base/esc.h"
#include "tls/internal.h"

#include <errno.h>

/* --- in the thread, where there is one ---------------------------------------------- */

/* Which step sends our own certificate. */
static int own_state(const struct tls_conn *c)
{
	return c->creds->side == TLS_CLIENT ? MBEDTLS_SSL_CLIENT_CERTIFICATE :
					      MBEDTLS_SSL_SERVER_CERTIFICATE;
}

/*
 * Mbed TLS goes through that step whether or not the server asked, and sends a
 * Certificate message, be it an empty one, only where it did: TLS 1.2 at once, TLS
 * 1.3 with the next step.
 */
static void note_own(struct tls_conn *c)
{
	bool passed = tls_private_state(c) != own_state(c);

	if (c->sent_own_certificate || tls_private_unsent(c))
		c->seen.own = c->creds->own_text.n ? TLS_OWN_SENT : TLS_OWN_NONE;
	else if (passed)
		c->seen.own = TLS_OWN_NOT_ASKED;
	c->at_own_certificate = false;
}

static void note_agreed(struct tls_conn *c)
{
	int suite = tls_private_suite(c);

	if (!suite || c->seen.cipher)
		return;
	c->seen.cipher = tls_suite_name(suite);
	c->seen.version = mbedtls_ssl_get_version_number(&c->ssl) == MBEDTLS_SSL_VERSION_TLS1_3 ?
				  "TLS 1.3" : "TLS 1.2";
}

static int refuse(struct tls_conn *c)
{
	int alert = tls_alert_for(c->seen.cause);

	/* RFC 5246 section 7.4.6: TLS 1.2 has no other for a certificate that did not come */
	if (c->seen.cause == TLS_PEER_NO_CERTIFICATE &&
	    mbedtls_ssl_get_version_number(&c->ssl) == MBEDTLS_SSL_VERSION_TLS1_2)
		alert = MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE;
	if (c->seen.cause >= TLS_PEER_NAME && c->seen.cause <= TLS_PEER_FINGERPRINT)
		alert = MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED; /* RFC 8446: valid, but not permitted */
	c->seen.alert = alert;
	c->seen.alert_of_ours = true;
	tls_private_alert_keys(c);
	(void)mbedtls_ssl_send_alert_message(&c->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
					     (unsigned char)alert);
	return TLS_REFUSED;
}

/* After each step: a server's Mbed TLS lets every client certificate, and none, pass. We do not. */
static int check_peer(struct tls_conn *c, int state)
{
	if (c->judged)
		return c->seen.cause == TLS_GOOD ? 0 : refuse(c);
	if (c->creds->side == TLS_SERVER && state == MBEDTLS_SSL_CLIENT_CERTIFICATE &&
	    tls_private_state(c) != state && !c->creds->anyone) {
		c->seen.cause = TLS_PEER_NO_CERTIFICATE;
		return refuse(c);
	}
	return 0;
}

/*
 * Once more at the very end, whatever happened before: nobody gets in whose
 * certificate was not looked at, and found right.
 */
static int check_permitted(struct tls_conn *c)
{
	bool uncertified = c->creds->anyone && !c->judged && !mbedtls_ssl_get_peer_cert(&c->ssl);
	bool right = c->judged && c->seen.cause == TLS_GOOD &&
		     mbedtls_ssl_get_verify_result(&c->ssl) == 0;

	if (right || uncertified)
		return 0;
	c->seen.cause = TLS_PEER_NO_CERTIFICATE;
	return refuse(c);
}

/*
 * The peer's signature of the handshake does not fit the key of its certificate,
 * which itself is right. TLS 1.3 has one code for whatever is wrong there.
 */
static bool is_key_wrong(const struct tls_conn *c, int state, int r)
{
	if (!c->judged || c->seen.cause != TLS_GOOD)
		return false;
	return r == MBEDTLS_ERR_ECP_VERIFY_FAILED || r == MBEDTLS_ERR_RSA_VERIFY_FAILED ||
	       r == MBEDTLS_ERR_RSA_INVALID_PADDING ||
	       ((state == MBEDTLS_SSL_CERTIFICATE_VERIFY ||
		 state == MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY) &&
		r == MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE);
}

static int refuse_key(struct tls_conn *c)
{
	c->seen.cause = TLS_PEER_KEY;
	/* Mbed TLS's alert, if there is one (a server of TLS 1.2 has none), under keys the peer has no more */
	buf_drop(&c->flight, c->flight.len);
	return refuse(c);
}

static int step(struct tls_conn *c)
{
	int state = tls_private_state(c);

	c->at_own_certificate = state == own_state(c);
	int r = mbedtls_ssl_handshake_step(&c->ssl);
	if (c->at_own_certificate)
		note_own(c);
	note_agreed(c);
	if (r == 0)
		r = check_peer(c, state);
	else if (is_key_wrong(c, state, r))
		r = refuse_key(c);
	if (r == 0 && mbedtls_ssl_is_handshake_over(&c->ssl)) {
		c->over = true;
		r = check_permitted(c);
	}
	return r;
}

int tls_handshake_run(struct tls_conn *c)
{
	int r = 0;

	c->allowance = TLS_ALLOWANCE;
	while (r == 0 && !c->over)
		r = step(c);
	int flushed = tls_io_flush(c);
	/* an alert that cannot be sent at once is not sent */
	return r == 0 || r == MBEDTLS_ERR_SSL_WANT_READ ? (flushed ? flushed : r) : r;
}

/* --- in the loop ----------------------------------------------------------------------- */

static void give_report(struct tls_conn *c)
{
	tls_report_clear(c->report);
	c->seen.server = c->creds->side == TLS_SERVER;
	*c->report = c->seen;
	c->seen = (struct tls_report){ .alert = -1 };
}

/* A stranger to TLS came to a server: by an alert it may see what it found (session_io.c does). */
static void tell_stranger(struct tls_conn *c, enum tls_cause cause)
{
	if (c->creds->side != TLS_SERVER || (cause != TLS_PLAIN_RELP && cause != TLS_NOT_TLS))
		return;
	(void)mbedtls_ssl_send_alert_message(&c->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
					     MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE);
	(void)tls_io_flush(c);
}

static int failed(struct tls_conn *c, int result, struct err *e)
{
	enum tls_cause cause = tls_cause_of(c, result);

	c->seen.alert = c->seen.alert_of_ours ? c->seen.alert : tls_alert_came(c, result);
	if (tls_cause_is_peer(cause) && !c->seen.alert_of_ours) {
		/* Mbed TLS sent it, by the flag that verify.c set */
		c->seen.alert = tls_alert_for(cause);
		c->seen.alert_of_ours = true;
	}
	if (result == MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION && c->seen.alert < 0) {
		c->seen.alert = MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION;
		c->seen.alert_of_ours = true;
	}
	c->seen.cause = cause;
	tell_stranger(c, cause);
	c->seen.reset = result == TLS_IO_FAILED && c->io_errno == ECONNRESET;
	if (cause == TLS_NOT_TLS)
		esc_text(c->seen.seen, sizeof(c->seen.seen),
			 slice_of((const char *)c->first, c->n_first));
	tls_io_end(c);
	give_report(c);
	if (result == TLS_IO_FAILED && !tls_io_gone(c, result))
		return tls_io_say(c, "TLS handshake", e);
	(void)tls_say(c, result, e);
	if (e && cause == TLS_CLOSED && !c->n_first && !c->report->reset)
		e->code = ENODATA;
	return TRANSPORT_FAILED;
}

int tls_handshake_end(struct tls_conn *c, int result, struct err *e)
{
	if (result == MBEDTLS_ERR_SSL_WANT_READ)
		return TRANSPORT_WANT_READ;
	if (result == MBEDTLS_ERR_SSL_WANT_WRITE)
		return TRANSPORT_WANT_WRITE;
	if (result != 0)
		return failed(c, result, e);
	c->shaking = false;
	buf_free(&c->flight);
	c->seen.cause = TLS_GOOD;
	give_report(c);
	return 0;
}
