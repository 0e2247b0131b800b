// SPDX-License-Identifier: Apache-2.0
#ifndef RELP_FRAME_H
#define RELP_FRAME_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One RELP frame on the wire (docs/RELP.md, "Frames"):
 *
 *   txnr SP command SP datalen [SP data] LF
 *
 * Reading is stateless: it works on the bytes the caller has and begins anew
 * each time, so nothing can be left over from another connection.
 */
#define RELP_TXNR_MAX 999999999U   /* 9 digits; 0 is a hint, which nobody answers */
#define RELP_DATALEN_MAX 999999999U /* 9 digits */
#define RELP_COMMAND_MAX 32	   /* letters */
#define RELP_HEADER_MAX (9 + 1 + RELP_COMMAND_MAX + 1 + 9 + 1) /* up to and with the last SP */

struct relp_frame {
	uint32_t txnr;
	struct slice command; /* both are slices of the bytes given */
	struct slice data;
};

struct relp_frame_rules {
	size_t max_data; /* a longer datalen is refused as soon as the header is there */
	/*
	 * logstash cuts white space off the end of its data without lowering the
	 * length, so the LF that ends the frame is counted as data. When true, data
	 * that ends with LF and is followed by a digit is taken as such a frame.
	 */
	bool lf_in_data;
};

/*
 * The first frame in `in`. Returns the bytes it takes, 0 when more are needed,
 * or -1: no frame can begin like this, e says why. When 0 and need is given,
 * *need is the length of the whole frame, or 0 where the header is not there yet.
 */
ssize_t relp_frame_read(struct slice in, const struct relp_frame_rules *rules,
			struct relp_frame *out, size_t *need, struct err *e);

/* Bytes that a frame with this header takes on the wire. */
size_t relp_frame_size(uint32_t txnr, size_t command_len, size_t data_len);

/*
 * Writes the frame to out, which has room for relp_frame_size bytes. Returns
 * the bytes written. txnr <= RELP_TXNR_MAX, data.len <= RELP_DATALEN_MAX.
 */
size_t relp_frame_write(char *out, uint32_t txnr, struct slice command, struct slice data);

/*
 * The data of a rsp frame: "CODE[ TEXT][LF DATA]", three digits first. False
 * where it does not begin so; an empty one is false as well.
 */
struct relp_answer {
	unsigned code; /* 200 is yes, anything else is no */
	struct slice text;
	struct slice data;
};
bool relp_answer_read(struct slice data, struct relp_answer *out);

#endif
