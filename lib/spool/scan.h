// SPDX-License-Identifier: Apache-2.0
#ifndef SPOOL_SCAN_H
#define SPOOL_SCAN_H

#include "spool/format.h"

/*
 * Walks the frames of one file through a window, and passes over what is
 * damaged: a frame with a good head is passed by its length, anything else by
 * looking for the next good head. What cannot be read at all is taken as zeros.
 * A file may grow meanwhile: scan_until moves the end.
 */
struct scan {
	int fd; /* not owned */
	uint32_t seed;
	uint64_t off;  /* of the next frame */
	uint64_t end;  /* bytes from here on are not looked at */
	size_t want;   /* bytes read at once */

	uint64_t seen;	    /* highest number in a good head, its content good or not */
	uint64_t gap_bytes; /* passed over: damaged, and not only zeros */
	uint64_t rest;	    /* bytes before end that hold no frame: torn or zeros */
	unsigned errors;    /* reads that failed */

	char *win; /* bytes at .. at+len of the file */
	size_t cap, len;
	uint64_t at;
};

#define SCAN_WINDOW (256U << 10)

/* want: 0 gives SCAN_WINDOW. The window's memory is kept over starts, until scan_free. */
void scan_start(struct scan *s, int fd, uint32_t seed, uint64_t off, uint64_t end, size_t want);
void scan_until(struct scan *s, uint64_t end);
void scan_free(struct scan *s);

/*
 * The next good frame: 1 and its head in h, its bytes at *p until the next call;
 * 0: none before the end.
 */
int scan_next(struct scan *s, struct frame_head *h, const char **p);

#endif
