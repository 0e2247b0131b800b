// SPDX-License-Identifier: Apache-2.0
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "tls/gcm.h"

#if defined(__x86_64__)

#include <mbedtls/aes.h>
#include <mbedtls/constant_time.h>
#include <mbedtls/platform_util.h>

#include <immintrin.h>
#include <stdint.h>

#define AT_ONCE 8 /* blocks: as many as aesenc is under way with */
#define BLOCK 16
#define RUN (AT_ONCE * BLOCK)
#define LEN_MAX (1u << 24) /* longer is no record: far from where a counter ends */
#define TARGET __attribute__((target("aes,pclmul,ssse3")))
#define EACH(i) _Pragma("GCC unroll 8") for (int i = 0; i < AT_ONCE; i++)

/* Of Mbed TLS, in no header of those it installs: bits of CPUID 1, ECX; c = a * b, as GCM writes them. */
int mbedtls_aesni_has_support(unsigned int what);
void mbedtls_aesni_gcm_mult(unsigned char c[16], const unsigned char a[16], const unsigned char b[16]);
#define HAS_AES (1u << 25)
#define HAS_PCLMUL (1u << 1)
#define HAS_SSSE3 (1u << 9)

bool tls_gcm_is_fast(void)
{
	return mbedtls_aesni_has_support(HAS_AES) && mbedtls_aesni_has_support(HAS_PCLMUL) &&
	       mbedtls_aesni_has_support(HAS_SSSE3);
}

/* What does not change over the run. */
struct run {
	__m128i key[15]; /* of the rounds */
	int rounds;
	__m128i h[AT_ONCE]; /* H to the power of AT_ONCE, ..., H, least significant byte first */
};

TARGET static __m128i load(const void *p)
{
	return _mm_loadu_si128(p);
}

TARGET static __m128i swap(__m128i v)
{
	return _mm_shuffle_epi8(v, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

TARGET static void prepare(struct run *r, const mbedtls_gcm_context *ctx)
{
	const mbedtls_aes_context *aes = &ctx->block_cipher_ctx.ctx.aes;
	unsigned char power[BLOCK];
	const unsigned char *h = (const unsigned char *)ctx->H[MBEDTLS_GCM_HTABLE_SIZE / 2];

	r->rounds = aes->nr;
	for (int i = 0; i <= r->rounds; i++)
		r->key[i] = load(aes->buf + aes->rk_offset + 4 * i);
	_mm_storeu_si128((__m128i *)power, load(h));
	for (int i = AT_ONCE - 1; i >= 0; i--) {
		r->h[i] = swap(load(power));
		mbedtls_aesni_gcm_mult(power, power, h);
	}
	mbedtls_platform_zeroize(power, sizeof(power));
}

/* s[i] is the counter's block in, and the key stream out. */
TARGET static inline void encrypt(const struct run *r, __m128i s[AT_ONCE])
{
	EACH(i) s[i] = _mm_xor_si128(s[i], r->key[0]);
	for (int k = 1; k < r->rounds; k++) {
		__m128i key = r->key[k];
		EACH(i) s[i] = _mm_aesenc_si128(s[i], key);
	}
	EACH(i) s[i] = _mm_aesenclast_si128(s[i], r->key[r->rounds]);
}

/*
 * hi:lo, of 256 bits, modulo x^128 + x^7 + x^2 + x + 1 in GCM's reflected order:
 * Intel's "Carry-Less Multiplication Instruction and its Usage for Computing the
 * GCM Mode", algorithm 5, with the shift by one before it.
 */
TARGET static inline __m128i reduce(__m128i lo, __m128i hi)
{
	__m128i lo_out = _mm_srli_epi64(lo, 63), hi_out = _mm_srli_epi64(hi, 63);
	__m128i a, b;

	lo = _mm_or_si128(_mm_slli_epi64(lo, 1), _mm_slli_si128(lo_out, 8));
	hi = _mm_or_si128(_mm_slli_epi64(hi, 1), _mm_slli_si128(hi_out, 8));
	hi = _mm_or_si128(hi, _mm_srli_si128(lo_out, 8));
	a = _mm_xor_si128(_mm_xor_si128(_mm_slli_epi64(lo, 63), _mm_slli_epi64(lo, 62)),
			  _mm_slli_epi64(lo, 57));
	lo = _mm_xor_si128(lo, _mm_slli_si128(a, 8));
	b = _mm_xor_si128(_mm_xor_si128(_mm_srli_epi64(lo, 1), _mm_srli_epi64(lo, 2)),
			  _mm_srli_epi64(lo, 7));
	b = _mm_xor_si128(b, _mm_srli_si128(a, 8));
	return _mm_xor_si128(hi, _mm_xor_si128(lo, b));
}

/* (((x + c[0]) * H + c[1]) * H + ...) * H, reduced once. */
TARGET static inline __m128i hash(const struct run *r, __m128i x, const __m128i c[AT_ONCE])
{
	__m128i lo = _mm_setzero_si128(), mid = lo, hi = lo;

	EACH(i)
	{
		__m128i v = swap(c[i]), h = r->h[i];
		if (i == 0)
			v = _mm_xor_si128(v, x);
		lo = _mm_xor_si128(lo, _mm_clmulepi64_si128(v, h, 0x00));
		hi = _mm_xor_si128(hi, _mm_clmulepi64_si128(v, h, 0x11));
		mid = _mm_xor_si128(mid, _mm_xor_si128(_mm_clmulepi64_si128(v, h, 0x01),
						       _mm_clmulepi64_si128(v, h, 0x10)));
	}
	lo = _mm_xor_si128(lo, _mm_slli_si128(mid, 8));
	hi = _mm_xor_si128(hi, _mm_srli_si128(mid, 8));
	return reduce(lo, hi);
}

/* len: a multiple of RUN; what came before is whole blocks. */
TARGET static void run(mbedtls_gcm_context *ctx, const unsigned char *in, unsigned char *out,
		       size_t len)
{
	struct run r;
	__m128i s[AT_ONCE], c[AT_ONCE];
	__m128i counter = swap(load(ctx->y)), x = swap(load(ctx->buf));
	bool opening = ctx->mode == MBEDTLS_GCM_DECRYPT;

	prepare(&r, ctx);
	for (size_t at = 0; at < len; at += RUN) {
		EACH(i) s[i] = swap(_mm_add_epi32(counter, _mm_set_epi32(0, 0, 0, i + 1)));
		counter = _mm_add_epi32(counter, _mm_set_epi32(0, 0, 0, AT_ONCE));
		encrypt(&r, s);
		EACH(i)
		{
			c[i] = load(in + at + BLOCK * i);
			s[i] = _mm_xor_si128(s[i], c[i]);
		}
		EACH(i) _mm_storeu_si128((__m128i *)(out + at + BLOCK * i), s[i]);
		x = hash(&r, x, opening ? c : s);
	}
	_mm_storeu_si128((__m128i *)ctx->y, swap(counter));
	_mm_storeu_si128((__m128i *)ctx->buf, swap(x));
	ctx->len += len;
	mbedtls_platform_zeroize(&r, sizeof(r));
}

/* Mbed TLS begins: it closes what is to be authenticated alone. */
int tls_gcm_update(mbedtls_gcm_context *ctx, const unsigned char *in, unsigned char *out, size_t len)
{
	size_t whole = 0, done;

	if (len >= BLOCK + 2 * RUN && len <= LEN_MAX && tls_gcm_is_fast() &&
	    (out <= in || (size_t)(out - in) >= len))
		whole = (len - BLOCK) / RUN * RUN;
	if (whole) {
		int ret = mbedtls_gcm_update(ctx, in, BLOCK, out, BLOCK, &done);
		if (ret)
			return ret;
		run(ctx, in + BLOCK, out + BLOCK, whole);
		in += BLOCK + whole, out += BLOCK + whole, len -= BLOCK + whole;
	}
	return mbedtls_gcm_update(ctx, in, len, out, len, &done);
}

int tls_gcm_crypt_and_tag(mbedtls_gcm_context *ctx, int mode, size_t len, const unsigned char *iv,
			  size_t iv_len, const unsigned char *add, size_t add_len,
			  const unsigned char *in, unsigned char *out, size_t tag_len,
			  unsigned char *tag)
{
	size_t none;
	int ret = mbedtls_gcm_starts(ctx, mode, iv, iv_len);

	if (ret == 0)
		ret = mbedtls_gcm_update_ad(ctx, add, add_len);
	if (ret == 0)
		ret = tls_gcm_update(ctx, in, out, len);
	if (ret == 0)
		ret = mbedtls_gcm_finish(ctx, NULL, 0, &none, tag, tag_len);
	return ret;
}

int tls_gcm_auth_decrypt(mbedtls_gcm_context *ctx, size_t len, const unsigned char *iv,
			 size_t iv_len, const unsigned char *add, size_t add_len,
			 const unsigned char *tag, size_t tag_len, const unsigned char *in,
			 unsigned char *out)
{
	unsigned char right[16] = { 0 };
	int ret = tls_gcm_crypt_and_tag(ctx, MBEDTLS_GCM_DECRYPT, len, iv, iv_len, add, add_len, in,
					out, tag_len, right);

	if (ret == 0 && mbedtls_ct_memcmp(tag, right, tag_len) != 0) {
		mbedtls_platform_zeroize(out, len);
		ret = MBEDTLS_ERR_GCM_AUTH_FAILED;
	}
	return ret;
}

#else

bool tls_gcm_is_fast(void)
{
	return false;
}

#endif
