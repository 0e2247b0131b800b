// SPDX-License-Identifier: Apache-2.0
#ifndef FORWARD_TLS_H
#define FORWARD_TLS_H

#include "forward/forward.h"
#include "spool/counts.h"

/*
 * TLS for the sink: the files, read and watched; the transport of a connection;
 * what is counted and told of it. Files that cannot be used at the start hold up
 * the delivery, and nothing else: they are tried again until they can.
 */
struct forward_tls;

/*
 * conf and counts must outlive it; target as tls_conf has it. -1 as NULL: it
 * cannot work at all (no thread), e says why.
 */
struct forward_tls *forward_tls_new(const struct forward_tls_conf *conf, const char *target,
				    struct loop *l, struct counts *counts, const struct say *say,
				    struct err *e);
void forward_tls_free(struct forward_tls *t); /* NULL is fine; after the sink */

/* Whose connection is renewed when there are new files. Before the loop turns. */
void forward_tls_attach(struct forward_tls *t, struct sink *s);

/* What the sink calls: see sink_events' ready, stage and ended, and session_conf's wrap. */
int forward_tls_ready(struct forward_tls *t, struct err *e);
struct transport *forward_tls_wrap(void *arg, int fd, struct err *e); /* arg is the struct forward_tls */
void forward_tls_stage(struct forward_tls *t, enum session_stage stage);
void forward_tls_ended(struct forward_tls *t, enum session_end why, struct err *e);

/*
 * How soon (milliseconds) a connection made with a certificate that ends at
 * not_after is to be another, where there are new files: a minute before that
 * end, or soon where it is too late for that. Unix seconds; INT64_MAX: no certificate.
 */
uint64_t forward_tls_within(uint64_t within_ms, int64_t not_after, int64_t now);

/* Once a turn of the loop: counts files that cannot be used. */
void forward_tls_turn(struct forward_tls *t);

/* What status shows; valid until the loop turns. */
struct forward_tls_view {
	const struct tls_report *report; /* of the connection that stands; NULL: none does */
	const struct tls_creds *creds;	 /* NULL: there are none yet */
	const char *trouble;		 /* why the files that lie there are not in use; "" */
	const char *failure_cause;	 /* of the last failure: tls_cause_name, or "timeout"; NULL: there was none */
	const char *failure;
	uint64_t failure_ms; /* monotonic */
};
void forward_tls_view(const struct forward_tls *t, struct forward_tls_view *out);

/*
 * For --check-config: can these files be used? What is wrong with them, or will
 * be soon, goes to `say`. -1: they cannot; EACCES in e->code: not readable by
 * whoever asks.
 */
int forward_tls_check(const struct forward_tls_conf *conf, const char *target,
		      const struct say *say, struct err *e);

#endif
