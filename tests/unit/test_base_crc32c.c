// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crc32c.h"

#include <stdlib.h>
#include <string.h>

typedef uint32_t crc_fn(uint32_t, const void *, size_t);

static crc_fn *const ways[] = { crc32c, crc32c_portable };

/* The definition, bit by bit. */
static uint32_t by_bits(const unsigned char *p, size_t len)
{
	uint32_t c = 0xffffffff;
	while (len--) {
		c ^= *p++;
		for (int i = 0; i < 8; i++)
			c = c & 1 ? c >> 1 ^ 0x82f63b78 : c >> 1;
	}
	return ~c;
}

static void known_answers(void **state)
{
	(void)state;
	/* RFC 3720 appendix B.4, and the check value of the catalogues. */
	unsigned char zeros[32] = { 0 }, ones[32], up[32], down[32];
	memset(ones, 0xff, 32);
	for (unsigned char i = 0; i < 32; i++) {
		up[i] = i;
		down[i] = (unsigned char)(31 - i);
	}
	static const unsigned char scsi_read[48] = {
		0x01, 0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02,
	};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ways[i](0, "", 0), 0);
		assert_int_equal(ways[i](0, "123456789", 9), 0xe3069283);
		assert_int_equal(ways[i](0, zeros, 32), 0x8a9136aa);
		assert_int_equal(ways[i](0, ones, 32), 0x62a8ab43);
		assert_int_equal(ways[i](0, up, 32), 0x46dd794e);
		assert_int_equal(ways[i](0, down, 32), 0x113fdb5c);
		assert_int_equal(ways[i](0, scsi_read, 48), 0xd9963a56);
	}
}

static void every_length_and_alignment(void **state)
{
	(void)state;
	enum { LEN = 300 };
	uint32_t seed = 7;
	for (size_t shift = 0; shift < 9; shift++) {
		unsigned char *p = malloc(LEN + shift); /* the sanitizer watches both ends */
		for (size_t i = 0; i < LEN + shift; i++) {
			seed = seed * 1664525 + 1013904223;
			p[i] = (unsigned char)(seed >> 24);
		}
		for (size_t len = 0; len <= LEN; len++) {
			uint32_t want = by_bits(p + shift, len);
			assert_int_equal(crc32c(0, p + shift, len), want);
			assert_int_equal(crc32c_portable(0, p + shift, len), want);
		}
		free(p);
	}
}

static void results_chain(void **state)
{
	(void)state;
	const char *text = "the quick brown fox jumps over the lazy dog, twice and again";
	size_t len = strlen(text);
	for (size_t i = 0; i < 2; i++)
		for (size_t cut = 0; cut <= len; cut++)
			assert_int_equal(ways[i](ways[1 - i](0, text, cut), text + cut, len - cut),
					 ways[i](0, text, len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(every_length_and_alignment),
		cmocka_unit_test(results_chain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
