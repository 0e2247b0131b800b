// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "tls/internal.h"

#include <errno.h>
#include <sys/socket.h>

#define DRAIN_MAX (256 * 1024) /* bytes: more than a socket's buffer holds of a handshake */

/* --- sending --------------------------------------------------------------------- */

static int send_some(struct tls_conn *c, const void *p, size_t len)
{
	for (;;) {
		ssize_t n = send(c->t.fd, p, len, MSG_NOSIGNAL);
		if (n >= 0)
			return (int)n;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return MBEDTLS_ERR_SSL_WANT_WRITE;
		if (errno != EINTR) {
			c->io_errno = errno;
			return TLS_IO_FAILED;
		}
	}
}

/*
 * Mbed TLS sends each handshake message by a call of its own. A flight goes out
 * as one: fewer packets, and a server that refuses our certificate cannot break
 * the connection in the middle of it, before we come to read its alert.
 */
int tls_io_send(void *conn, const unsigned char *p, size_t len)
{
	struct tls_conn *c = conn;

	invariant(len > 0 && len <= INT32_MAX);
	if (!c->shaking)
		return send_some(c, p, len);
	/* TLS 1.3: a ChangeCipherSpec of 6 bytes alone, or in front of the certificate */
	if (c->at_own_certificate && (p[0] != MBEDTLS_SSL_MSG_CHANGE_CIPHER_SPEC || len > 6))
		c->sent_own_certificate = true;
	buf_add(&c->flight, p, len);
	return (int)len;
}

int tls_io_flush(struct tls_conn *c)
{
	while (c->flight.len) {
		int n = send_some(c, c->flight.p, c->flight.len);
		if (n < 0)
			return n;
		buf_drop(&c->flight, (size_t)n);
	}
	return 0;
}

/* --- receiving --------------------------------------------------------------------- */

static int recv_some(struct tls_conn *c, unsigned char *p, size_t len)
{
	/* the socket still shows that there is more */
	if (c->allowance == 0) {
		c->dry = true;
		return MBEDTLS_ERR_SSL_WANT_READ;
	}
	for (;;) {
		ssize_t n = recv(c->t.fd, p, len, 0);
		if (n > 0) {
			c->allowance -= (size_t)n < c->allowance ? (size_t)n : c->allowance;
			return (int)n;
		}
		if (n == 0) {
			c->io_errno = 0;
			return MBEDTLS_ERR_SSL_CONN_EOF;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK) {
			c->dry = true;
			return MBEDTLS_ERR_SSL_WANT_READ;
		}
		if (errno != EINTR) {
			c->io_errno = errno;
			return TLS_IO_FAILED;
		}
	}
}

static int take_ahead(struct tls_conn *c, unsigned char *p, size_t len)
{
	size_t n = c->ahead_end - c->ahead_at;

	if (n > len)
		n = len;
	memcpy(p, c->ahead + c->ahead_at, n);
	c->ahead_at += n;
	return (int)n;
}

static void keep_first(struct tls_conn *c, const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len && c->n_first < TLS_FIRST_BYTES; i++)
		c->first[c->n_first++] = p[i];
}

static size_t record_size(const struct tls_conn *c)
{
	return TLS_FIRST_BYTES + (size_t)c->record[3] * 256 + c->record[4];
}

static void keep_record(struct tls_conn *c, const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (c->record_at >= TLS_FIRST_BYTES && c->record_at == record_size(c))
			c->record_at = 0;
		if (c->record_at < sizeof(c->record))
			c->record[c->record_at] = p[i];
		c->record_at++;
	}
}

int tls_io_plain_alert(const struct tls_conn *c)
{
	bool whole = c->record_at == sizeof(c->record) && record_size(c) == sizeof(c->record);

	if (!whole || c->record[0] != MBEDTLS_SSL_MSG_ALERT || c->record[5] != MBEDTLS_SSL_ALERT_LEVEL_FATAL)
		return -1;
	return c->record[6];
}

/*
 * In the handshake exactly what is asked for is read: whatever follows it stays
 * in the socket, which then shows that it is there.
 */
static int recv_shaking(struct tls_conn *c, unsigned char *p, size_t len)
{
	int n = tls_io_flush(c);

	if (n < 0)
		return n;
	if (c->shaken > TLS_SHAKEN_MAX)
		return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
	n = recv_some(c, p, len);
	if (n > 0) {
		c->shaken += (size_t)n;
		keep_first(c, p, (size_t)n);
		keep_record(c, p, (size_t)n);
	}
	return n;
}

/* Later, a record's header and what follows come with one call. Callers read until there is no more. */
int tls_io_recv(void *conn, unsigned char *p, size_t len)
{
	struct tls_conn *c = conn;

	invariant(len > 0 && len <= INT32_MAX);
	if (c->shaking)
		return recv_shaking(c, p, len);
	if (c->ahead_at < c->ahead_end)
		return take_ahead(c, p, len);
	if (len >= TLS_AHEAD)
		return recv_some(c, p, len);
	int n = recv_some(c, c->ahead, TLS_AHEAD);
	if (n < 0)
		return n;
	c->ahead_at = 0;
	c->ahead_end = (size_t)n;
	return take_ahead(c, p, len);
}

/* --- the end -------------------------------------------------------------------------- */

bool tls_io_gone(const struct tls_conn *c, int result)
{
	if (result == TLS_IO_FAILED)
		return c->io_errno == ECONNRESET || c->io_errno == EPIPE;
	return result == MBEDTLS_ERR_SSL_CONN_EOF || result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY;
}

int tls_io_say(const struct tls_conn *c, const char *what, struct err *e)
{
	switch (c->io_errno) {
	case ECONNRESET:
		err_code(e, c->io_errno, "%s: connection reset by the peer", what);
		break;
	case EPIPE:
		err_code(e, c->io_errno, "%s: the connection is closed", what);
		break;
	case ETIMEDOUT:
		err_code(e, c->io_errno, "%s: the peer's machine no longer answers (time-out)", what);
		break;
	default:
		err_code(e, c->io_errno, "%s: %s", what, strerror(c->io_errno));
	}
	return TRANSPORT_FAILED;
}

void tls_io_end(struct tls_conn *c)
{
	size_t drained = 0;

	(void)shutdown(c->t.fd, SHUT_WR);
	while (drained < DRAIN_MAX) {
		ssize_t n = recv(c->t.fd, c->ahead, TLS_AHEAD, 0);
		if (n <= 0)
			break;
		drained += (size_t)n;
	}
}
