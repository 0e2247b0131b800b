// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "tls/internal.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORD_MAX 16384

/*
 * Records of either side after which a new connection is due. Two things have to
 * be kept away from:
 *  - a key of AES-GCM is good for 2^24.5 full records (RFC 8446 section 5.5);
 *  - who keeps to that changes keys by KeyUpdate, which Mbed TLS 3.6 neither sends
 *    nor takes (ssl_tls13_handle_hs_message_post_handshake: unexpected message).
 *    GnuTLS sends one by itself with its 2^24th record, OpenSSL never does.
 * A quarter of that is 64 GiB of full records, and half an hour of the fastest
 * omrelp, which makes a record of each message. What is on its way meanwhile, at
 * most a window, is far below the other three quarters.
 */
#define RECORDS_MAX (1U << 22)

static struct tls_conn *conn_of(struct transport *t)
{
	return (struct tls_conn *)t; /* its first member */
}

/* --- the handshake, beside the loop or in it -------------------------------------------- */

static void destroy(struct tls_conn *c)
{
	mbedtls_ssl_free(&c->ssl);
	buf_free(&c->flight);
	tls_report_clear(&c->seen);
	tls_report_clear(&c->spare);
	close(c->t.fd);
	tls_creds_free(c->creds);
	free(c);
}

static void job_run(void *arg)
{
	struct tls_conn *c = arg;

	c->result = tls_handshake_run(c);
	c->ran = true;
}

static void job_done(void *arg)
{
	struct tls_conn *c = arg;

	if (c->abandoned)
		destroy(c);
	else if (c->t.wake)
		c->t.wake(c->t.wake_arg);
}

/* The worker ends before us. */
static void job_drop(void *arg)
{
	struct tls_conn *c = arg;

	c->worker = NULL;
	if (c->abandoned)
		destroy(c);
}

static int tls_handshake(struct transport *t, struct err *e)
{
	struct tls_conn *c = conn_of(t);

	if (c->job.posted)
		return TRANSPORT_WANT_WORKER;
	if (!c->ran && c->worker) {
		worker_post(c->worker, &c->job);
		return TRANSPORT_WANT_WORKER;
	}
	if (!c->ran)
		job_run(c);
	c->ran = false;
	return tls_handshake_end(c, c->result, e);
}

static void tls_free(struct transport *t)
{
	struct tls_conn *c = conn_of(t);

	if (!c->job.posted || worker_cancel(c->worker, &c->job))
		destroy(c);
	else
		c->abandoned = true; /* the thread is in it: job_done or job_drop ends it */
}

/* --- reading and writing ------------------------------------------------------------------ */

static int read_failed(struct tls_conn *c, int result, struct err *e)
{
	struct tls_report *r = c->report;

	if (result == TLS_IO_FAILED)
		return tls_io_say(c, "receive", e);
	r->cause = TLS_BROKEN;
	if (result == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
		r->alert = tls_private_alert(c);
		r->alert_of_ours = false;
		r->cause = tls_cause_of_alert(r->alert, r->own);
		if (r->cause == TLS_NOTHING_COMMON) /* a handshake was done, so there is something */
			r->cause = TLS_ALERT;
	}
	return tls_say(c, result, e);
}

static ssize_t tls_read(struct transport *t, void *p, size_t len, struct err *e)
{
	struct tls_conn *c = conn_of(t);
	int n;

	invariant(len > 0 && !c->shaking); /* else 0 would not mean the end */
	c->allowance = TLS_ALLOWANCE;
	/* Mbed TLS may want to be called again though the socket is not dry: after what it ignores */
	do {
		c->dry = false;
		n = mbedtls_ssl_read(&c->ssl, p, len);
	} while ((n == MBEDTLS_ERR_SSL_WANT_READ && !c->dry) ||
		 n == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
	if (n > 0) {
		c->records_in += mbedtls_ssl_get_bytes_avail(&c->ssl) == 0;
		return n;
	}
	switch (n) {
	case MBEDTLS_ERR_SSL_WANT_READ:
		return TRANSPORT_WANT_READ;
	case MBEDTLS_ERR_SSL_WANT_WRITE:
		return TRANSPORT_WANT_WRITE;
	case 0: /* rsyslog ends without a close_notify; RELP has its own goodbye */
	case MBEDTLS_ERR_SSL_CONN_EOF:
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
		return TRANSPORT_EOF;
	default:
		return read_failed(c, n, e);
	}
}

static ssize_t taken(struct tls_conn *c, size_t n)
{
	c->pending = 0;
	c->records_out++;
	return (ssize_t)n;
}

/*
 * Mbed TLS encrypts at once, and when it cannot send all of it wants to be called
 * again with as many bytes; it does not look at them a second time. Our callers may
 * have more by then, and at another address: so many of them are the same.
 *
 * What waits to be sent may be something else, or be gone: a peer that asks for a
 * renegotiation is answered by an alert from inside a read. Mbed TLS's write takes
 * whatever waits for ours, and whatever does not wait for news: ours would be lost
 * behind such an alert, or be sent twice.
 */
static ssize_t tls_write(struct transport *t, const void *p, size_t len, struct err *e)
{
	struct tls_conn *c = conn_of(t);
	size_t want = c->pending ? c->pending : len < RECORD_MAX ? len : RECORD_MAX;
	bool waits = tls_private_unsent(c);
	int n;

	invariant(len >= want && want > 0 && !c->shaking);
	if (c->pending && !waits)
		return taken(c, want);
	if (!c->pending && waits) {
		n = mbedtls_ssl_write(&c->ssl, p, want); /* sends what waits, and takes nothing */
		if (n == MBEDTLS_ERR_SSL_WANT_WRITE)
			return TRANSPORT_WANT_WRITE;
	}
	n = mbedtls_ssl_write(&c->ssl, p, want);
	if (n > 0)
		return taken(c, (size_t)n);
	if (n == MBEDTLS_ERR_SSL_WANT_WRITE) {
		c->pending = want;
		return TRANSPORT_WANT_WRITE;
	}
	if (n == TLS_IO_FAILED)
		return tls_io_say(c, "send", e);
	err_code(e, 0, "send: TLS takes no more");
	return TRANSPORT_FAILED;
}

static int tls_shut(struct transport *t, struct err *e)
{
	struct tls_conn *c = conn_of(t);

	if (c->shaking)
		return 0; /* nobody to say it to; and the thread may have it */
	if (c->pending)
		return TRANSPORT_WANT_WRITE;
	int n = mbedtls_ssl_close_notify(&c->ssl);
	if (n == MBEDTLS_ERR_SSL_WANT_WRITE)
		return TRANSPORT_WANT_WRITE;
	if (n == TLS_IO_FAILED)
		return tls_io_say(c, "send", e);
	(void)shutdown(c->t.fd, SHUT_WR);
	return 0;
}

static void tls_explain(struct transport *t, struct err *e)
{
	struct tls_conn *c = conn_of(t);

	/* an alert said more; and who did not ask for a certificate did not refuse one */
	if (c->shaking || c->report->cause != TLS_GOOD || c->report->own == TLS_OWN_NOT_ASKED)
		return;
	c->report->cause = TLS_WE_DROPPED;
	(void)tls_report_say(c->report, tls_now(), e);
}

static bool tls_spent(const struct transport *t)
{
	const struct tls_conn *c = (const struct tls_conn *)t;

	return c->records_in >= RECORDS_MAX || c->records_out >= RECORDS_MAX;
}

static const struct transport_ops tls_ops = {
	.name = "TLS",
	.handshake = tls_handshake,
	.read = tls_read,
	.write = tls_write,
	.shut = tls_shut,
	.explain = tls_explain,
	.spent = tls_spent,
	.free = tls_free,
};

struct transport *tls_transport(struct tls_creds *creds, int fd, struct worker *w,
				struct tls_report *report)
{
	struct tls_conn *c = mem_zero(1, sizeof(*c));

	c->t = (struct transport){ .ops = &tls_ops, .fd = fd };
	c->creds = tls_creds_hold(creds);
	c->worker = w;
	c->job = (struct worker_job){ .run = job_run, .done = job_done, .drop = job_drop, .arg = c };
	c->report = report ? report : &c->spare;
	tls_report_clear(c->report);
	c->report->alert = c->seen.alert = -1;
	c->report->server = c->seen.server = creds->side == TLS_SERVER;
	c->shaking = true;
	mbedtls_ssl_init(&c->ssl);
	/* it fails for want of memory alone, which stops the program (base/mem.h) */
	invariant(mbedtls_ssl_setup(&c->ssl, &creds->ssl) == 0);
	invariant(mbedtls_ssl_set_hostname(&c->ssl, creds->sni) == 0);
	mbedtls_ssl_set_verify(&c->ssl, tls_verify, c);
	mbedtls_ssl_set_bio(&c->ssl, c, tls_io_send, tls_io_recv, NULL);
	return &c->t;
}
