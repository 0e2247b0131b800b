// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/*
 * The clocks, read in few places and passed on from there: pure code gets its
 * time as an argument.
 */
uint64_t clock_mono_ms(void);	 /* CLOCK_BOOTTIME: goes on while the machine sleeps, never steps */
uint64_t clock_mono_us(void);
int64_t clock_real_us(void);	 /* CLOCK_REALTIME, microseconds since the epoch */
int64_t clock_real_s(void);	 /* the same in seconds, as certificates count */

/* Random bytes from the kernel. */
uint64_t clock_seed(void);

/* A small generator for jitter (not for secrets): splitmix64; *state is any seed. */
uint64_t rand_next(uint64_t *state);
/* A value in 0 .. below-1; below 0 gives 0. */
uint64_t rand_below(uint64_t *state, uint64_t below);

#endif
