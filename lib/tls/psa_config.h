// SPDX-License-Identifier: Apache-2.0
/*
 * What PSA, the part of Mbed TLS that computes, is asked for: what TLS 1.2 and
 * 1.3 use with the suites, groups and signatures of lib/tls, and no more. Named
 * by mbedtls_config.h as MBEDTLS_PSA_CRYPTO_CONFIG_FILE.
 */
#ifndef TLS_PSA_CONFIG_H
#define TLS_PSA_CONFIG_H

/* records; a block cipher of its own (ECB, CTR, CBC) nobody needs */
#define PSA_WANT_KEY_TYPE_AES 1
#define PSA_WANT_ALG_GCM 1
#define PSA_WANT_KEY_TYPE_CHACHA20 1
#define PSA_WANT_ALG_CHACHA20_POLY1305 1

/* hashes; SHA-1 for fingerprints alone */
#define PSA_WANT_ALG_SHA_1 1
#define PSA_WANT_ALG_SHA_256 1
#define PSA_WANT_ALG_SHA_384 1
#define PSA_WANT_ALG_SHA_512 1

/* the key schedules: 1.2's PRF, 1.3's HKDF */
#define PSA_WANT_KEY_TYPE_DERIVE 1
#define PSA_WANT_KEY_TYPE_HMAC 1
#define PSA_WANT_KEY_TYPE_RAW_DATA 1
#define PSA_WANT_ALG_HMAC 1
#define PSA_WANT_ALG_TLS12_PRF 1
#define PSA_WANT_ALG_HKDF_EXTRACT 1
#define PSA_WANT_ALG_HKDF_EXPAND 1

/* signatures: no key pair of RSA is ever made here */
#define PSA_WANT_ALG_ECDSA 1
#define PSA_WANT_ALG_RSA_PKCS1V15_SIGN 1
#define PSA_WANT_ALG_RSA_PSS 1
#define PSA_WANT_KEY_TYPE_RSA_PUBLIC_KEY 1
#define PSA_WANT_KEY_TYPE_RSA_KEY_PAIR_BASIC 1
#define PSA_WANT_KEY_TYPE_RSA_KEY_PAIR_IMPORT 1
#define PSA_WANT_KEY_TYPE_RSA_KEY_PAIR_EXPORT 1

/* key exchange, and the curves of both */
#define PSA_WANT_ALG_ECDH 1
#define PSA_WANT_KEY_TYPE_ECC_PUBLIC_KEY 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_BASIC 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_IMPORT 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_EXPORT 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_GENERATE 1
#define PSA_WANT_ECC_SECP_R1_256 1
#define PSA_WANT_ECC_SECP_R1_384 1
#define PSA_WANT_ECC_SECP_R1_521 1
#define PSA_WANT_ECC_MONTGOMERY_255 1

#endif
