// SPDX-License-Identifier: Apache-2.0
#ifndef RELP_CLIENT_H
#define RELP_CLIENT_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The sending side of RELP as a machine without I/O and clock: bytes in, events
 * and bytes out (docs/RELP.md). It keeps no payload once written: what was not
 * accepted when a connection ends is the caller's to send again, known by the
 * token given with it.
 *
 * Nothing is allocated for a frame; the output is one buffer of about twice
 * output_bytes.
 */
struct relp_client;

struct relp_client_conf {
	size_t window_frames; /* frames without an answer, at most; 0: 2048 */
	size_t window_bytes;  /* their bytes on the wire; one frame always fits; 0: 1 MiB */
	size_t output_bytes;  /* no room while so many wait to be written; 0: 256 KiB */
	size_t max_answer;    /* data of one answer; a longer one is a protocol error; 0: 64 KiB */
	uint32_t last_txnr;   /* the last number a syslog frame may have; 0: 900,000,000 */
	const char *software; /* offered as relp_software ("relpbox,1.0,https://..."); NULL: none */
};

enum relp_event_kind {
	RELP_OPENED,	   /* text: the other side's offers, lines "name=value" */
	RELP_OPEN_REFUSED, /* code and text; code 0: our own verdict on its offers */
	RELP_ACCEPTED,	   /* count frames, sent one after the other, from token to last */
	RELP_REFUSED,	   /* token, code, text */
	RELP_CLOSED,	   /* the answer to our close */
	RELP_SERVERCLOSE,  /* the other side ends the session; nothing more will come */
};

/*
 * Accepted frames are reported in the order in which they were sent, also when
 * the answers come in another order: one that is answered early is reported
 * when all before it are answered. A refused frame is reported at once, which is
 * before what was sent behind it, and then passed over: a run never crosses one.
 * So a token is done when it was reported as refused or lies in a reported run.
 */
struct relp_event {
	enum relp_event_kind kind;
	uint64_t token;
	uint64_t last;
	size_t count;
	unsigned code;
	struct slice text; /* from outside, unescaped; valid until the next call of relp_client_next */
};

struct relp_client *relp_client_new(const struct relp_client_conf *conf); /* conf is copied */
void relp_client_free(struct relp_client *c);

/* A new connection: everything begins afresh, unanswered frames are forgotten; queues `open`. */
void relp_client_start(struct relp_client *c);

/* May a frame with len bytes of data be sent now? Open, both windows and the output have room. */
bool relp_client_room(const struct relp_client *c, size_t len);

/* Queues a syslog frame (payload is copied). Only where relp_client_room said yes. */
void relp_client_send(struct relp_client *c, uint64_t token, struct slice payload);

/* Queues `close`: after RELP_OPENED, once; while frames are unanswered only if forced. */
void relp_client_close(struct relp_client *c, bool force);

/*
 * Gives it the bytes that were received. They are borrowed until
 * relp_client_next returned 0 (what is left of them is copied then), so pull
 * all events before reading on.
 */
void relp_client_input(struct relp_client *c, struct slice bytes);

/* 1: *ev is the next event; 0: none, the input is used up; -1: the other side broke the protocol (for good). */
int relp_client_next(struct relp_client *c, struct relp_event *ev, struct err *e);

/* What is to be written now (empty: nothing), and how much of it was. */
struct slice relp_client_output(const struct relp_client *c);
void relp_client_wrote(struct relp_client *c, size_t n);

bool relp_client_is_open(const struct relp_client *c);	  /* opened, and neither closing nor closed */
size_t relp_client_unanswered(const struct relp_client *c); /* syslog frames */

/* The numbers are used up: no more room; close once all is answered, and connect anew. */
bool relp_client_spent(const struct relp_client *c);

#endif
