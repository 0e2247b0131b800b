// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_FORMAT_H
#define RECORD_FORMAT_H

#include "base/timetext.h"
#include "record/record.h"

/* Who sends: the first four of the ten fields of the wire record (gardener.md 3.4). */
struct identity {
	const char *project;
	const char *shoot;
	const char *shoot_uid;
	const char *hostname;
};

enum oversize { OVERSIZE_CUT, OVERSIZE_SPLIT };

struct format {
	struct identity who;
	size_t max_message; /* bytes of a datagram's text that one message may carry, 480..1 MiB */
	enum oversize oversize;
	struct timetext time;
};

struct format_result {
	unsigned pieces;   /* messages made: 1, or more where split */
	size_t cut_bytes;  /* bytes left away; 0: nothing was */
	bool beyond_8k;	   /* a piece is longer than what an imrelp with its defaults keeps */
};

/*
 * Makes the wire record(s) of r, byte for byte what rsyslog with Gardener's
 * template sends, and hands each to emit in order. A record over max_message is
 * cut, with a mark at the end that says how much is missing, or split into
 * records that each carry the tag and a mark "part i/n". work: scratch, owned by the caller.
 */
void format_record(struct format *f, const struct record *r, int64_t realtime_us, struct buf *work,
		   void (*emit)(void *arg, struct slice payload), void *arg,
		   struct format_result *result);

#endif
