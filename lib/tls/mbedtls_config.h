// SPDX-License-Identifier: Apache-2.0
/*
 * What of Mbed TLS is compiled: TLS 1.2 and 1.3, client and server, with
 * certificates, and nothing that RELP receivers of the last ten years do not
 * need. Named to the compiler as MBEDTLS_CONFIG_FILE, so it stands in for the
 * library's own mbedtls_config.h. What is left out, and why, is said at the end.
 */
#ifndef TLS_MBEDTLS_CONFIG_H
#define TLS_MBEDTLS_CONFIG_H

/* --- the machine ------------------------------------------------------------- */
#define MBEDTLS_HAVE_ASM
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE /* certificates have dates */
#define MBEDTLS_PLATFORM_C
/* a handshake is computed beside the loop: PSA's key store is shared */
#define MBEDTLS_THREADING_C
#define MBEDTLS_THREADING_PTHREAD

/* --- ciphers: AEAD alone ----------------------------------------------------- */
#define MBEDTLS_AES_C
#define MBEDTLS_AESNI_C
#define MBEDTLS_AESCE_C /* the same on aarch64 */
#define MBEDTLS_GCM_C
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT /* GCM only ever encrypts blocks */
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C

/* --- hashes ------------------------------------------------------------------ */
#define MBEDTLS_MD_C
#define MBEDTLS_SHA1_C /* fingerprints, as rsyslog writes them; no signature is taken by it */
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C

/* --- keys -------------------------------------------------------------------- */
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21 /* PSS, which TLS 1.3 signs with */
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_SECP521R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED /* key exchange alone */
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PK_PARSE_EC_EXTENDED
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C

/* --- certificates ------------------------------------------------------------ */
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_X509_REMOVE_INFO /* cert.h says what is in one */

/* --- TLS --------------------------------------------------------------------- */
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE /* it is shown, and looked at */
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384
#define MBEDTLS_SSL_OUT_CONTENT_LEN 16384

/* --- PSA: TLS 1.3 is built on it ----------------------------------------------- */
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_USE_PSA_CRYPTO
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG /* random.c: getrandom(2) */
/* a connection has two keys in it, and without this there is room for 32 */
#define MBEDTLS_PSA_KEY_STORE_DYNAMIC
#define MBEDTLS_PSA_CRYPTO_CONFIG
#define MBEDTLS_PSA_CRYPTO_CONFIG_FILE "tls/psa_config.h"
/* its caller is this program, not another world: a record is not copied in and out */
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS

/*
 * Left out: renegotiation, session tickets and resumption, pre-shared keys, early
 * data, DTLS, ALPN, connection ids; CBC and CCM suites, static RSA and finite field
 * key exchange, DES, ARIA, Camellia; brainpool, secp*k1 and the curves below 256
 * bits; MD5; encrypted private keys (a node's daemon has nobody to ask), PKCS#7 and
 * #12, writing of keys and certificates; the layer of generic ciphers, deciphering
 * of single blocks, SHA-224, deterministic ECDSA, making of RSA keys (psa_config.h);
 * texts of what stands in certificates; revocation lists (nothing on a node fetches
 * them); a random generator beside the kernel's (with musl it would take its seed
 * from /dev/urandom alone); Mbed TLS's own sockets, timers, memory pools, files,
 * self tests, error texts (lib/tls has words for what happens) and debug output.
 */

#endif
