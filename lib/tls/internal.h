// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_INTERNAL_H
#define TLS_INTERNAL_H

/* What the files of lib/tls share among themselves: here Mbed TLS is seen. */

#include "base/buf.h"
#include "tls/cert.h"
#include "tls/tls.h"

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

/* PSA is ready, or becomes so; any thread, any number of times. 0, or -1: it cannot be. */
int tls_psa_ready(void);

/* Copies out what crt (that one, not those linked behind it) says. PSA is ready. */
void tls_cert_from(const mbedtls_x509_crt *crt, struct tls_cert *out);

/* --- suites.c: what we agree to -------------------------------------------------- */

#define TLS_SUITES_MAX 16
#define TLS_RSA_BITS_MIN 2048 /* of certificates */
struct tls_suites {
	int ids[TLS_SUITES_MAX]; /* in the order of preference, 0 behind the last */
};
void tls_suites_init(struct tls_suites *s);
void tls_suites_conf(const struct tls_suites *s, mbedtls_ssl_config *conf); /* s must outlive conf */
const char *tls_suite_name(int id); /* IANA's name; NULL: none of ours */

/* --- creds.c ------------------------------------------------------------------------ */

struct tls_creds {
	unsigned users; /* counted by the loop alone */
	enum tls_side side;
	enum tls_auth auth;
	bool anyone;
	char *sni; /* NULL: none is sent */
	struct tls_peers *peers;
	struct tls_certs own_text, ca_text;
	/* given to Mbed TLS; nothing changes any more, so that all transports share it, in both threads */
	struct tls_suites suites;
	mbedtls_ssl_config ssl;
	mbedtls_x509_crt own, ca; /* where there are none: one that is empty */
	mbedtls_pk_context key;
};

/* --- one connection -------------------------------------------------------------------- */

#define TLS_FIRST_BYTES 5 /* a record's header: nothing else is read before it was looked at */
#define TLS_AHEAD 4096	  /* bytes: a record's header, and all of a small one, in one call */
/*
 * What Mbed TLS passes over (warnings, for one) it reads without end, and a peer may
 * send without end. So much is taken in one call of ours; then others have their turn.
 */
#define TLS_ALLOWANCE (64 * 1024)
#define TLS_SHAKEN_MAX (512 * 1024) /* bytes of a handshake: ten long certificates, and no stream */

/* One of the certificates that a chain was built of, and what Mbed TLS says of it. */
struct tls_link {
	mbedtls_x509_crt *crt;
	uint32_t flags;
};

struct tls_conn {
	struct transport t;
	struct tls_creds *creds;
	struct worker *worker; /* NULL: none (any more) */
	struct worker_job job; /* posted: the handshake is the thread's, and so is all of `ssl` */
	bool abandoned;	       /* freed while the thread had it: destroyed when it is back */
	bool ran;	       /* the thread has done its part, with `result` */
	int result;
	struct tls_report *report; /* the owner's, or our own `spare` */
	struct tls_report spare;

	mbedtls_ssl_context ssl;
	/* handshake.c: while shaking hands, a flight is gathered, and sent at once */
	bool shaking;
	bool over; /* as far as Mbed TLS goes; perhaps our last flight is still to be sent */
	bool at_own_certificate, sent_own_certificate; /* in the step under way */
	struct buf flight;
	struct tls_report seen; /* what was found out so far; given to `report` by the loop */
	/* verify.c: the peer's certificates */
	struct tls_link chain[MBEDTLS_X509_MAX_VERIFY_CHAIN_SIZE];
	size_t n_chain;
	bool judged; /* a certificate came, and seen.cause says what is to be thought of it */
	/* io.c */
	int io_errno; /* of the failed system call; 0: the end of the stream */
	unsigned char first[TLS_FIRST_BYTES];
	size_t n_first;
	unsigned char record[TLS_FIRST_BYTES + 2]; /* how the record that came last in the handshake begins */
	size_t record_at; /* bytes of it that came */
	unsigned char ahead[TLS_AHEAD]; /* read, and not asked for yet */
	size_t ahead_at, ahead_end;
	bool dry; /* the socket had nothing when it was last asked, or was asked for enough */
	size_t allowance; /* bytes that one call may still take from the socket */
	size_t shaken;	  /* bytes that came in the handshake */
	/* transport.c */
	size_t pending; /* bytes of a write that Mbed TLS has, encrypted, and could not send */
	uint64_t records_in, records_out;
};

/* verify.c: for mbedtls_ssl_set_verify, with the struct tls_conn. */
int tls_verify(void *conn, mbedtls_x509_crt *crt, int depth, uint32_t *flags);
/* Its key usage and extended key usage let that side show it. */
bool tls_has_purpose(const mbedtls_x509_crt *leaf, enum tls_side whose);
/* The alert that tells the peer why it is refused. */
int tls_alert_for(enum tls_cause cause);

/*
 * handshake.c. In any thread: as far as it goes without waiting: 0, or what Mbed
 * TLS returned. Then, in the loop, what that means: 0, a want, or
 * TRANSPORT_FAILED with the report made and e filled.
 */
int tls_handshake_run(struct tls_conn *c);
int tls_handshake_end(struct tls_conn *c, int result, struct err *e);

/* io.c: the socket, as Mbed TLS calls it. */
int tls_io_send(void *conn, const unsigned char *p, size_t len);
int tls_io_recv(void *conn, unsigned char *p, size_t len);
#define TLS_IO_FAILED (-1)	     /* io_errno says why; no value of Mbed TLS's own */
int tls_io_flush(struct tls_conn *c); /* the flight: 0, MBEDTLS_ERR_SSL_WANT_WRITE, TLS_IO_FAILED */
/*
 * A fatal alert in plain was the last that came: its number; -1: no. In TLS 1.3 a
 * client that refuses the server's certificate may say so before it has changed
 * its keys, as OpenSSL does, and to Mbed TLS that is a damaged record.
 */
int tls_io_plain_alert(const struct tls_conn *c);
bool tls_io_gone(const struct tls_conn *c, int result); /* the peer ended or reset the connection */
int tls_io_say(const struct tls_conn *c, const char *what, struct err *e); /* TRANSPORT_FAILED */
/* No more is sent; what has come is thrown away, so that closing does not reset what the peer has still to read. */
void tls_io_end(struct tls_conn *c);

/* private.c: what Mbed TLS 3.6 knows and has no function for. */
int tls_private_state(const struct tls_conn *c);
bool tls_private_unsent(const struct tls_conn *c);
int tls_private_alert(const struct tls_conn *c); /* after MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE; -1: none came */
int tls_private_suite(const struct tls_conn *c); /* in the handshake, once agreed; else 0 */
void tls_private_alert_keys(struct tls_conn *c); /* before an alert that refuses the peer */
/* child bears parent's signature: 1, 0; -1: cannot be told, for its kind. */
int tls_private_signed_by(const mbedtls_x509_crt *child, mbedtls_x509_crt *parent);

/* cause.c */
enum tls_cause tls_cause_of_alert(int alert, enum tls_own own);
/* Of a failed handshake; and the alert that the peer ended it with, -1: none. */
enum tls_cause tls_cause_of(const struct tls_conn *c, int result);
int tls_alert_came(const struct tls_conn *c, int result);

/* The report in words; TRANSPORT_FAILED. result: of Mbed TLS. */
int tls_say(const struct tls_conn *c, int result, struct err *e);

/* Unix seconds. Mbed TLS looks at the same clock when it judges dates. */
int64_t tls_now(void);

#define TLS_REFUSED (-2) /* tls_handshake_run: we sent an alert; no value of Mbed TLS's own */

#endif
