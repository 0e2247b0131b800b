// SPDX-License-Identifier: Apache-2.0
#ifndef RELP_STREAM_H
#define RELP_STREAM_H

#include "base/buf.h"
#include "relp/frame.h"

/*
 * What client and server share: frames out of borrowed input, and the output.
 * Internal to relp/.
 */
struct relp_in {
	struct relp_frame_rules rules;
	struct slice bytes; /* the caller's, not looked at yet */
	struct buf part;    /* the beginning of a frame whose rest has not come */
	bool part_used;	    /* the frame handed out last is in part */
};

void relp_in_reset(struct relp_in *in);
void relp_in_free(struct relp_in *in);

/* 1: the next frame, valid until the next call; 0: the bytes are used up; -1: e says why. */
int relp_in_next(struct relp_in *in, struct relp_frame *f, struct err *e);

/*
 * Bytes to be written, in one buffer; `done` of them are gone. What is left is
 * moved to the front only after at least as much was written, so that moving
 * costs no more than writing.
 */
struct relp_out {
	struct buf b;
	size_t done;
};

void relp_out_reset(struct relp_out *o);
void relp_out_free(struct relp_out *o);
size_t relp_out_len(const struct relp_out *o);
struct slice relp_out_slice(const struct relp_out *o);
void relp_out_wrote(struct relp_out *o, size_t n);
void relp_out_frame(struct relp_out *o, uint32_t txnr, struct slice command, struct slice data);

#endif
