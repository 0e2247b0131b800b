// SPDX-License-Identifier: Apache-2.0
/*
 * A world that is the same each time: time stands still, random bytes come from a
 * seed, a stream for each side. Stands in for libc's time and lib/tls/random.c.
 */
#ifndef FUZZ_TLS_FIXED_H
#define FUZZ_TLS_FIXED_H

#include "base/clock.h"
#include "tls/tls.h"

#include <psa/crypto.h>

#include <stdint.h>
#include <time.h>

#define FIXED_TIME 1700000000

static uint64_t fixed_state[2];
static enum tls_side fixed_whose;

static void fixed_begin(void)
{
	fixed_state[0] = 1;
	fixed_state[1] = 2;
}

/* Whose random numbers are drawn from now on. */
static void fixed_side(enum tls_side side)
{
	fixed_whose = side;
}

time_t time(time_t *out)
{
	if (out)
		*out = FIXED_TIME;
	return FIXED_TIME;
}

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
					     uint8_t *output, size_t size, size_t *length)
{
	(void)context;
	for (size_t i = 0; i < size; i++)
		output[i] = (uint8_t)(rand_next(&fixed_state[fixed_whose]) >> 56);
	*length = size;
	return PSA_SUCCESS;
}

#endif
