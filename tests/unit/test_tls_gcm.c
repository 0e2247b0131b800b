// SPDX-License-Identifier: Apache-2.0
/*
 * Our AES-GCM against Mbed TLS's own, whose is the truth: each length around
 * what is computed eight blocks at a time, each key size, sealed and opened, in
 * place and beside, at any alignment; and a record that was changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tls/gcm.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)

#define MAX 16640

static unsigned char plain[MAX + 16], want[MAX + 16], got[MAX + 16];
static uint32_t seed = 1;

static unsigned char next(void)
{
	seed = seed * 1664525 + 1013904223;
	return (unsigned char)(seed >> 24);
}

static void fill(unsigned char *p, size_t len)
{
	while (len--)
		*p++ = next();
}

static void same(unsigned bits, size_t len, size_t shift, size_t iv_len, size_t add_len)
{
	mbedtls_gcm_context gcm;
	unsigned char key[32], iv[32], add[32], tag[16], our_tag[16];
	unsigned char *in = plain + shift, *out = got + shift;

	fill(key, sizeof(key));
	fill(iv, sizeof(iv));
	fill(add, sizeof(add));
	fill(in, len);
	mbedtls_gcm_init(&gcm);
	assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, bits), 0);
	assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, len, iv, iv_len, add,
						   add_len, in, want, 16, tag), 0);
	assert_int_equal(tls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, len, iv, iv_len, add,
					       add_len, in, out, 16, our_tag), 0);
	assert_memory_equal(out, want, len);
	assert_memory_equal(our_tag, tag, 16);
	/* opened where it lies */
	assert_int_equal(tls_gcm_auth_decrypt(&gcm, len, iv, iv_len, add, add_len, tag, 16, out, out), 0);
	assert_memory_equal(out, in, len);
	/* sealed where it lies */
	assert_int_equal(tls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, len, iv, iv_len, add,
					       add_len, out, out, 16, our_tag), 0);
	assert_memory_equal(out, want, len);
	assert_memory_equal(our_tag, tag, 16);
	mbedtls_gcm_free(&gcm);
}

static void as_mbedtls_does_it(void **state)
{
	(void)state;
	for (size_t len = 0; len < 700; len++)
		same(len & 1 ? 128 : 256, len, len % 16, 12, len % 20);
	for (size_t i = 0; i < 60; i++)
		same(128 + 64 * (unsigned)(i % 3), MAX - i * 37, i % 16, 12, i & 1 ? 5 : 13);
}

/* as an iv that is not of 12 bytes makes it */
static void a_counter_that_begins_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < 200; i++)
		same(128, 4096 + i, 0, 8 + i % 24, 16);
}

static void a_counter_passes_its_end(void **state)
{
	(void)state;
	static const unsigned char key[16] = { 3 }, iv[12] = { 9 };
	unsigned char tag[16], our_tag[16];
	mbedtls_gcm_context a, b;
	size_t done;

	fill(plain, MAX);
	mbedtls_gcm_init(&a);
	assert_int_equal(mbedtls_gcm_setkey(&a, MBEDTLS_CIPHER_ID_AES, key, 128), 0);
	for (unsigned start = 0xfffffff0u; start != 0; start++) {
		b = a;
		assert_int_equal(mbedtls_gcm_starts(&b, MBEDTLS_GCM_ENCRYPT, iv, 12), 0);
		for (int i = 0; i < 4; i++)
			b.MBEDTLS_PRIVATE(y)[12 + i] = (unsigned char)(start >> (24 - 8 * i));
		mbedtls_gcm_context c = b;
		assert_int_equal(mbedtls_gcm_update(&b, plain, MAX, want, MAX, &done), 0);
		assert_int_equal(mbedtls_gcm_finish(&b, NULL, 0, &done, tag, 16), 0);
		assert_int_equal(tls_gcm_update(&c, plain, got, MAX), 0);
		assert_int_equal(mbedtls_gcm_finish(&c, NULL, 0, &done, our_tag, 16), 0);
		assert_memory_equal(got, want, MAX);
		assert_memory_equal(our_tag, tag, 16);
	}
	mbedtls_gcm_free(&a);
}

/* One bit anywhere of 1000 bytes: nothing of it comes out. */
static void a_changed_record_is_refused(void **state)
{
	static const unsigned char key[16] = { 1 }, iv[12] = { 2 }, zero[1000];
	unsigned char tag[16];
	mbedtls_gcm_context gcm;

	(void)state;
	mbedtls_gcm_init(&gcm);
	assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 128), 0);
	fill(plain, 1000);
	assert_int_equal(tls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 1000, iv, 12, NULL, 0, plain,
					       want, 16, tag), 0);
	for (size_t i = 0; i < 1000; i++) {
		want[i] ^= (unsigned char)(1 << i % 8);
		assert_int_equal(tls_gcm_auth_decrypt(&gcm, 1000, iv, 12, NULL, 0, tag, 16, want, got),
				 MBEDTLS_ERR_GCM_AUTH_FAILED);
		assert_memory_equal(got, zero, 1000);
		want[i] ^= (unsigned char)(1 << i % 8);
	}
	tag[15] ^= 1;
	assert_int_equal(tls_gcm_auth_decrypt(&gcm, 1000, iv, 12, NULL, 0, tag, 16, want, got),
			 MBEDTLS_ERR_GCM_AUTH_FAILED);
	mbedtls_gcm_free(&gcm);
}

static void input_and_output_may_overlap_as_there(void **state)
{
	static const unsigned char key[16] = { 1 }, iv[12] = { 2 };
	unsigned char tag[16];
	mbedtls_gcm_context gcm;

	(void)state;
	mbedtls_gcm_init(&gcm);
	assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 128), 0);
	/* out in the middle of in: Mbed TLS says no */
	assert_int_equal(tls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 1000, iv, 12, NULL, 0, plain,
					       plain + 8, 16, tag), MBEDTLS_ERR_GCM_BAD_INPUT);
	/* before it is fine */
	fill(plain, 1016);
	assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 1000, iv, 12, NULL, 0,
						   plain + 8, want, 16, tag), 0);
	assert_int_equal(tls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 1000, iv, 12, NULL, 0,
					       plain + 8, plain, 16, tag), 0);
	assert_memory_equal(plain, want, 1000);
	mbedtls_gcm_free(&gcm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_mbedtls_does_it),
		cmocka_unit_test(a_counter_that_begins_anywhere),
		cmocka_unit_test(a_counter_passes_its_end),
		cmocka_unit_test(a_changed_record_is_refused),
		cmocka_unit_test(input_and_output_may_overlap_as_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	return 0; /* Mbed TLS's own is in use there */
}

#endif
