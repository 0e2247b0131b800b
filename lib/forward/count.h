// SPDX-License-Identifier: Apache-2.0
#ifndef FORWARD_COUNT_H
#define FORWARD_COUNT_H

#include "sink/sink.h"

/*
 * Everything that is counted, by name. The counts survive kill -9 (spool/counts.h)
 * and are shown by `relpbox status`; docs/STATUS.md explains each.
 */
enum count {
	COUNT_RECEIVED,		 /* records read from the inputs */
	COUNT_FILTERED,		 /* not selected by any rule */
	COUNT_TAKEN,		 /* records put into the spool (a split one counts each piece) */
	COUNT_CUT,		 /* longer than max-message, and cut */
	COUNT_SPLIT,		 /* longer than max-message, and split */
	COUNT_BEYOND_8K,	 /* longer than what an imrelp with its defaults keeps */
	COUNT_DROPPED_FULL,	 /* dropped: the spool was full; not from an audit program */
	COUNT_DROPPED_FULL_AUDIT, /* dropped: the spool was full; from an audit program */
	COUNT_DROPPED_REPORTED,	 /* of these, told to the receiver by a record of our own */
	COUNT_UNTRUSTED,	 /* an audit program's name, sent by a uid other than 0 */
	COUNT_DATAGRAM_CUT,	 /* datagrams longer than 1 MiB */
	COUNT_LINE_CUT,		 /* lines of stdin longer than 1 MiB */
	COUNT_SECOND_READER,	 /* an input was also read by somebody else */
	COUNT_STARTS,		 /* how often forward was started on this spool */
	COUNT_TLS_HANDSHAKES,	 /* done */
	COUNT_TLS_FAILURES,	 /* handshakes that failed, and refusals by either side right after one */
	COUNT_TLS_RELOADS,	 /* new files taken */
	COUNT_TLS_RELOAD_FAILURES, /* files that could not be used */
	COUNT_SINK,		 /* here the sink's begin, in the order of enum sink_count */
	COUNT_ALL = COUNT_SINK + SINK_COUNTS
};

/* Names for counts_open and for status; ends with NULL. */
extern const char *const count_names[COUNT_ALL + 1];

#endif
