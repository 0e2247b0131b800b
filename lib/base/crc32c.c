// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <string.h>

/*
 * Slice by 8: T[k][i] is the CRC of byte i with k zero bytes behind it. A CRC is
 * linear, so each row follows from its eight single bits, at compile time.
 */
#define BIT(i, n, v) ((i) >> (n) & 1 ? (v) : 0u)
#define ONE(i, a, b, c, d, e, f, g, h)                                                             \
	(BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^ BIT(i, 4, e) ^ BIT(i, 5, f) ^ \
	 BIT(i, 6, g) ^ BIT(i, 7, h))
#define FOUR(i, ...)                                                                               \
	ONE(i, __VA_ARGS__), ONE((i) + 1, __VA_ARGS__), ONE((i) + 2, __VA_ARGS__),                 \
		ONE((i) + 3, __VA_ARGS__)
#define SIXTEEN(i, ...)                                                                            \
	FOUR(i, __VA_ARGS__), FOUR((i) + 4, __VA_ARGS__), FOUR((i) + 8, __VA_ARGS__),              \
		FOUR((i) + 12, __VA_ARGS__)
#define SIXTY_FOUR(i, ...)                                                                         \
	SIXTEEN(i, __VA_ARGS__), SIXTEEN((i) + 16, __VA_ARGS__), SIXTEEN((i) + 32, __VA_ARGS__),   \
		SIXTEEN((i) + 48, __VA_ARGS__)
#define ROW(...)                                                                                   \
	SIXTY_FOUR(0u, __VA_ARGS__), SIXTY_FOUR(64u, __VA_ARGS__), SIXTY_FOUR(128u, __VA_ARGS__),  \
		SIXTY_FOUR(192u, __VA_ARGS__)

static const uint32_t T[8][256] = {
	{ ROW(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf,
	      0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78) },
	{ ROW(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8,
	      0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9) },
	{ ROW(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5,
	      0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743) },
	{ ROW(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6,
	      0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f) },
	{ ROW(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91,
	      0x8f2261d3, 0x1ba8b557, 0x37516aae, 0x6ea2d55c) },
	{ ROW(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f,
	      0xc00c303e, 0x85f4168d, 0x0e045beb, 0x1c08b7d6) },
	{ ROW(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53,
	      0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4) },
	{ ROW(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da,
	      0x847609b4, 0x0d006599, 0x1a00cb32, 0x34019664) },
};

static uint32_t byte_step(uint32_t c, unsigned char b)
{
	return T[0][(c ^ b) & 0xff] ^ c >> 8;
}

static uint32_t load32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t c = ~crc;
	for (; len >= 8; p += 8, len -= 8) {
		uint32_t a = load32(p) ^ c, b = load32(p + 4);
		c = T[7][a & 0xff] ^ T[6][a >> 8 & 0xff] ^ T[5][a >> 16 & 0xff] ^ T[4][a >> 24] ^
		    T[3][b & 0xff] ^ T[2][b >> 8 & 0xff] ^ T[1][b >> 16 & 0xff] ^ T[0][b >> 24];
	}
	for (; len; p++, len--)
		c = byte_step(c, *p);
	return ~c;
}

#if defined(__x86_64__)

#include <nmmintrin.h>

__attribute__((target("sse4.2")))
static uint32_t crc32c_cpu(uint32_t crc, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t c = (uint32_t)~crc;
	for (; len >= 8; p += 8, len -= 8) {
		uint64_t v;
		memcpy(&v, p, sizeof(v));
		c = _mm_crc32_u64(c, v);
	}
	uint32_t r = (uint32_t)c;
	for (; len; p++, len--)
		r = _mm_crc32_u8(r, *p);
	return ~r;
}

/* Reads what the compiler's runtime stored before main: no cpuid here, it traps in a VM. */
static int cpu_has_crc32c(void)
{
	return __builtin_cpu_supports("sse4.2");
}

/* clang's arm_acle.h has the functions only where the whole build may use them. */
#elif defined(__AARCH64EL__) && (!defined(__clang__) || defined(__ARM_FEATURE_CRC32))

#include <arm_acle.h>
#include <sys/auxv.h>

#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif

#ifndef __clang__
__attribute__((target("+crc")))
#endif
static uint32_t crc32c_cpu(uint32_t crc, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t c = ~crc;
	for (; len >= 8; p += 8, len -= 8) {
		uint64_t v;
		memcpy(&v, p, sizeof(v));
		c = __crc32cd(c, v);
	}
	for (; len; p++, len--)
		c = __crc32cb(c, *p);
	return ~c;
}

static int cpu_has_crc32c(void)
{
	return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}

#else

static uint32_t crc32c_cpu(uint32_t crc, const void *data, size_t len)
{
	return crc32c_portable(crc, data, len);
}

static int cpu_has_crc32c(void)
{
	return 0;
}

#endif

uint32_t crc32c(uint32_t crc, const void *p, size_t len)
{
	return cpu_has_crc32c() ? crc32c_cpu(crc, p, len) : crc32c_portable(crc, p, len);
}
