// SPDX-License-Identifier: Apache-2.0
#include "base/num.h"

/* How many bytes of s, from its start, are decimal digits. */
static size_t digits(struct slice s)
{
	size_t n = 0;
	while (n < s.len && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

int num_u64(struct slice s, uint64_t min, uint64_t max, uint64_t *out)
{
	if (s.len == 0 || digits(s) != s.len)
		return -1;
	uint64_t v = 0;
	for (size_t i = 0; i < s.len; i++) {
		uint64_t d = (uint64_t)(s.p[i] - '0');
		if (v > (UINT64_MAX - d) / 10)
			return -1;
		v = v * 10 + d;
	}
	if (v < min || v > max)
		return -1;
	*out = v;
	return 0;
}

struct num_unit {
	const char *name;
	uint64_t factor;
};

/* Digits and one of the units (NULL ends them), which may be the empty word. */
static int num_with_unit(struct slice s, const struct num_unit *unit, uint64_t min, uint64_t max,
			 uint64_t *out)
{
	size_t n = digits(s);
	uint64_t v;
	if (num_u64(slice_of(s.p, n), 0, UINT64_MAX, &v) < 0)
		return -1;
	while (unit->name && !slice_is(slice_of(s.p + n, s.len - n), unit->name))
		unit++;
	if (!unit->name || v > UINT64_MAX / unit->factor)
		return -1;
	v *= unit->factor;
	if (v < min || v > max)
		return -1;
	*out = v;
	return 0;
}

int num_size(struct slice s, uint64_t min, uint64_t max, uint64_t *out)
{
	static const struct num_unit units[] = {
		{ "", 1 },
		{ "K", UINT64_C(1) << 10 }, { "KiB", UINT64_C(1) << 10 },
		{ "M", UINT64_C(1) << 20 }, { "MiB", UINT64_C(1) << 20 },
		{ "G", UINT64_C(1) << 30 }, { "GiB", UINT64_C(1) << 30 },
		{ NULL, 0 },
	};
	return num_with_unit(s, units, min, max, out);
}

int num_duration_ms(struct slice s, uint64_t min, uint64_t max, uint64_t *out)
{
	static const struct num_unit units[] = {
		{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 },
		{ NULL, 0 },
	};
	return num_with_unit(s, units, min, max, out);
}
