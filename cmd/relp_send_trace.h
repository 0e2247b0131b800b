// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_RELP_SEND_TRACE_H
#define CMD_RELP_SEND_TRACE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The transcript of -v, a line a frame, in the manner of swaks(1): "=== " is a
 * note of ours, "-> " was sent, "<- " was received; "~> " and "<~ " inside TLS.
 * Also keeps what the other side said first, to tell which protocol it speaks.
 */
#define TRACE_FIRST 16

struct trace {
	FILE *to; /* NULL: no transcript */
	bool tls;
	struct buf in[2]; /* bytes of a frame that is not whole yet: received, sent */
	bool raw[2];	  /* what comes is no RELP: shown as it comes */
	uint8_t first[TRACE_FIRST];
	size_t n_first;
};

void trace_start(struct trace *t, bool tls); /* a new connection */
void trace_free(struct trace *t);
void trace_note(struct trace *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void trace_bytes(void *trace, bool sent, struct slice bytes); /* as session_conf.tap */

/* What the first bytes look like: "HTTP", "SSH", "TLS", ..., or NULL. */
const char *trace_protocol(const struct trace *t);

#endif
