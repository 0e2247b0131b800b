// SPDX-License-Identifier: Apache-2.0
#ifndef FORWARD_INTAKE_H
#define FORWARD_INTAKE_H

#include "base/buf.h"
#include "base/say.h"
#include "io/loop.h"
#include "record/format.h"
#include "record/rules.h"
#include "source/source.h"
#include "spool/counts.h"
#include "spool/spool.h"

/*
 * The way of a record from a source into the spool: parse, rules, format,
 * append. What can't be taken is counted by cause, said once when it begins and
 * once when it ends, and reported by a record of its own when there is room.
 */
enum untrusted { UNTRUSTED_PASS, UNTRUSTED_MARK, UNTRUSTED_DROP };

/*
 * A stretch in which records were dropped because the spool was full. How many
 * is in the counts, which survive us: what a killed forward dropped is reported
 * by the next one.
 */
struct drops {
	bool active;
	bool audit; /* audit records too */
	int64_t from_us, to_us; /* the first and the last of this stretch; 0: before our start */
};

struct intake_core {
	struct loop *loop;
	struct spool *spool;
	struct counts *counts;
	struct rules *rules;
	struct format format;
	enum untrusted untrusted;
	struct say say;

	struct drops drops;
	bool said_beyond_8k;
	uint64_t untrusted_said_ms; /* when last said; 0: never */
	uint64_t untrusted_unsaid;
	struct buf scratch, work, marked, with_pri;
};

/* Looks whether an earlier run left drops to be reported. */
void intake_start(struct intake_core *c);

void intake_free(struct intake_core *c); /* only what it allocated itself */

/*
 * One datagram or line of source. patient: where there is no room, TAKE_WAIT
 * and nothing happened; else it is dropped and counted. *seq as in source.h.
 */
enum take intake_take(struct intake_core *c, const char *source, bool patient,
		      struct slice datagram, const struct sender *from, uint64_t *seq);

/*
 * A line of stdin as a datagram of the socket: one without a priority gets
 * user.notice, as logger(1) would give it; rsyslog's parser would eat its first
 * two bytes. The result lives in with_pri or is line itself.
 */
struct slice intake_line(struct buf *with_pri, struct slice line);

/* Puts the report about drops into the spool when there is room again. Once a turn. */
void intake_report(struct intake_core *c);

#endif
