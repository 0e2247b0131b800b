// SPDX-License-Identifier: Apache-2.0
#ifndef RELP_SERVER_H
#define RELP_SERVER_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The receiving side of RELP as a machine without I/O and clock (docs/RELP.md).
 * It judges and answers `open` and answers `close` itself; messages are
 * answered by the caller, when they are safe. Who does not read his answers
 * makes the output grow: give it no input while that is long.
 */
struct relp_server;

struct relp_server_conf {
	size_t max_data;      /* bytes of one message, judged by the header alone; 0: 128 KiB */
	const char *software; /* offered as relp_software; NULL: none */
	uint32_t first_txnr;  /* the number `open` must have; 0: 1 */
};

enum relp_server_event_kind {
	RELP_SERVER_OPEN,    /* data: its offers; the answer is queued */
	RELP_SERVER_MESSAGE, /* data: wants relp_server_answer, in the order in which they come */
	RELP_SERVER_CLOSE,   /* it wants to close; answered by itself behind the last message's answer */
};

struct relp_server_event {
	enum relp_server_event_kind kind;
	uint32_t txnr;
	struct slice data; /* from outside; valid until the next call of relp_server_next */
};

struct relp_server *relp_server_new(const struct relp_server_conf *conf); /* conf is copied */
void relp_server_free(struct relp_server *s);

/*
 * Gives it the bytes that were received, borrowed until relp_server_next
 * returned 0 or -1.
 */
void relp_server_input(struct relp_server *s, struct slice bytes);

/*
 * 1: *ev is the next event; 0: none, the input is used up; -1: the other side
 * broke the protocol or cannot be served, e says why, and input is ignored from
 * then on (0 is returned), as it is after RELP_SERVER_CLOSE. What ends the session, the answer
 * to close or `serverclose`, is queued once all messages are answered.
 */
int relp_server_next(struct relp_server *s, struct relp_server_event *ev, struct err *e);

/*
 * Answers the oldest message that has no answer: code 200 for yes, text at most
 * 80 bytes without LF.
 */
void relp_server_answer(struct relp_server *s, unsigned code, struct slice text);

/* Answers the oldest n messages with 200 OK. */
void relp_server_accept(struct relp_server *s, size_t n);

/* Queues the hint that we end the session, without waiting for answers; later answers are dropped. */
void relp_server_shut(struct relp_server *s);

struct slice relp_server_output(const struct relp_server *s);
void relp_server_wrote(struct relp_server *s, size_t n);

size_t relp_server_unanswered(const struct relp_server *s);
size_t relp_server_partial(const struct relp_server *s); /* bytes of a frame that is not whole yet */
bool relp_server_is_open(const struct relp_server *s);
bool relp_server_ended(const struct relp_server *s); /* the last frame is queued: write the output, then close */

#endif
