// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include "base/mem.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

static struct timespec now(clockid_t id)
{
	struct timespec ts;
	invariant(clock_gettime(id, &ts) == 0);
	return ts;
}

uint64_t clock_mono_ms(void)
{
	struct timespec ts = now(CLOCK_BOOTTIME);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t clock_mono_us(void)
{
	struct timespec ts = now(CLOCK_BOOTTIME);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

int64_t clock_real_us(void)
{
	struct timespec ts = now(CLOCK_REALTIME);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_real_s(void)
{
	return clock_real_us() / 1000000;
}

uint64_t clock_seed(void)
{
	uint64_t v = 0;
	ssize_t n;
	do
		n = getrandom(&v, sizeof(v), 0);
	while (n < 0 && errno == EINTR);
	invariant(n == (ssize_t)sizeof(v));
	return v;
}

/* Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (2014), as in splitmix64.c. */
uint64_t rand_next(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t rand_below(uint64_t *state, uint64_t below)
{
	if (below == 0)
		return 0;
	/* 2^64 mod below: values under it would make some results likelier than others. */
	uint64_t uneven = (0 - below) % below, v;
	do
		v = rand_next(state);
	while (v < uneven);
	return v % below;
}
