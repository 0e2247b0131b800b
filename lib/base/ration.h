// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_RATION_H
#define BASE_RATION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many lines a stranger may have written for him: some at once, then one now
 * and then. What was left out is counted, to be told with the next line. Pure.
 */
struct ration {
	uint64_t burst;	   /* lines at once */
	uint64_t every_ms; /* then one in so long */
	/* internal; all zero: full */
	uint64_t spent;	   /* of burst */
	uint64_t since_ms; /* up to when spent was given back */
	uint64_t left_out; /* since the last line that was allowed */
};

/* May a line be written now? Then *left_out says how many were not, since the last one. */
bool ration_take(struct ration *r, uint64_t now_ms, uint64_t *left_out);

#endif
