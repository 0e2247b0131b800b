// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_FORMAT_H
#define RECORD_FORMAT_H

#include "base/buf.h"
#include "base/timetext.h"
#include "record/record.h"

#include <stdbool.h>

/* Who sends: the first four of the ten fields of the wire record (gardener.md 3.4). */
struct identity {
	const char *project;
	const char *shoot;
	const char *shoot_uid;
	const char *hostname;
};

enum oversize { OVERSIZE_CUT, OVERSIZE_SPLIT };

/* What an imrelp (and an omrelp) of rsyslog 8.2302 keeps of one record with its defaults. */
#define FORMAT_RECEIVER_DEFAULT 8096
#define FORMAT_MESSAGE_MIN 480
#define FORMAT_MESSAGE_DEFAULT (64 * 1024)
#define FORMAT_MESSAGE_MAX (1024 * 1024)

/* Of the message itself at least so much stands in each piece, whatever tag and names take. */
#define FORMAT_TEXT_MIN 128

/*
 * The caller fills the first three (the rest 0) and leaves them alone from
 * then on: the names are laid out once, at the first record.
 */
struct format {
	struct identity who;
	size_t max_message; /* the longest wire record, FORMAT_MESSAGE_MIN..FORMAT_MESSAGE_MAX */
	enum oversize oversize;

	struct timetext time;
	struct buf prefix; /* " project shoot uid host " */
};

struct format_result {
	unsigned pieces;  /* records made: 1, or more where split */
	size_t cut_bytes; /* bytes of the message left away; 0: nothing was */
	bool beyond_8k;	  /* a piece is longer than FORMAT_RECEIVER_DEFAULT */
};

/*
 * Makes the wire record(s) of r, byte for byte what rsyslog with Gardener's
 * template sends (docs/WIRE.md), and hands each to emit in order; a payload is
 * valid until emit returns. What is longer than max_message is cut, with
 * " [relpbox: N bytes cut]" at its end, or split into records that each carry
 * tag and time and end with " [relpbox: part i/n]". Neither goes through the
 * middle of a UTF-8 character or of a "#ooo" escape. work: scratch, owned by
 * the caller.
 */
void format_record(struct format *f, const struct record *r, int64_t realtime_us, struct buf *work,
		   void (*emit)(void *arg, struct slice payload), void *arg,
		   struct format_result *result);

/*
 * So many bytes at the most do all the records take that format_record would
 * make of r, with `each` more for every one of them.
 */
size_t format_most(struct format *f, const struct record *r, size_t each);

void format_free(struct format *f); /* what format_record laid out; f may be used again */

#endif
