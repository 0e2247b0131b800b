// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_GCM_H
#define TLS_GCM_H

#include <mbedtls/gcm.h>
#include <stdbool.h>

/*
 * mbedtls_gcm_crypt_and_tag and mbedtls_gcm_auth_decrypt, six times as fast on
 * x86-64 processors with AES-NI: Mbed TLS computes a block at a time, each waiting
 * for the one before; here eight are under way at once. PSA calls these in place
 * of them (the Makefile sees to it); the same contract, and the same context.
 *
 * Of a record only the run of whole 128 bytes behind its first 16 is computed here.
 * Its ends, its tag, short records, and all of it on other processors, are Mbed TLS's.
 * This file is not needed: without it all works, and is slower.
 */
int tls_gcm_crypt_and_tag(mbedtls_gcm_context *ctx, int mode, size_t len, const unsigned char *iv,
			  size_t iv_len, const unsigned char *add, size_t add_len,
			  const unsigned char *in, unsigned char *out, size_t tag_len,
			  unsigned char *tag);
int tls_gcm_auth_decrypt(mbedtls_gcm_context *ctx, size_t len, const unsigned char *iv,
			 size_t iv_len, const unsigned char *add, size_t add_len,
			 const unsigned char *tag, size_t tag_len, const unsigned char *in,
			 unsigned char *out);

/* This processor computes AES-GCM so. */
bool tls_gcm_is_fast(void);

/* mbedtls_gcm_update, of the whole text at once. */
int tls_gcm_update(mbedtls_gcm_context *ctx, const unsigned char *in, unsigned char *out, size_t len);

#endif
