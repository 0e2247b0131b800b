// SPDX-License-Identifier: Apache-2.0
/*
 * usage: ciphers [SECONDS]
 *
 * Times what TLS computes, in the Mbed TLS that the program carries and the way
 * its TLS calls it: whole records sealed and opened through PSA, signatures and
 * key exchanges of a handshake. lib/tls/suites.c orders its ciphers by what this
 * says.
 */
#include <psa/crypto.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RECORD 16384
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static double cpu_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(psa_status_t status, const char *what)
{
	if (status == PSA_SUCCESS)
		return;
	fprintf(stderr, "ciphers: %s: %d\n", what, (int)status);
	exit(1);
}

static psa_key_attributes_t attributes(psa_key_type_t type, size_t bits, psa_algorithm_t alg,
				       psa_key_usage_t usage)
{
	psa_key_attributes_t at = PSA_KEY_ATTRIBUTES_INIT;
	psa_set_key_usage_flags(&at, usage);
	psa_set_key_algorithm(&at, alg);
	psa_set_key_type(&at, type);
	psa_set_key_bits(&at, bits);
	return at;
}

struct aead {
	const char *name;
	psa_key_type_t type;
	size_t bits;
	psa_algorithm_t alg;
};

static const struct aead aeads[] = {
	{ "AES-128-GCM", PSA_KEY_TYPE_AES, 128, PSA_ALG_GCM },
	{ "AES-256-GCM", PSA_KEY_TYPE_AES, 256, PSA_ALG_GCM },
	{ "ChaCha20-Poly1305", PSA_KEY_TYPE_CHACHA20, 256, PSA_ALG_CHACHA20_POLY1305 },
};

static const uint8_t nonce[12], head[5], secret[32] = { 1 };

static void seal(psa_key_id_t key, psa_algorithm_t alg, size_t len, uint8_t *plain, uint8_t *sealed)
{
	size_t n;
	must(psa_aead_encrypt(key, alg, nonce, 12, head, 5, plain, len, sealed, len + 16, &n), "seal");
}

static void unseal(psa_key_id_t key, psa_algorithm_t alg, size_t len, uint8_t *plain, uint8_t *sealed)
{
	size_t n;
	must(psa_aead_decrypt(key, alg, nonce, 12, head, 5, sealed, len + 16, plain, len, &n), "open");
}

/* Seconds of CPU a record. */
static double time_records(const struct aead *a, size_t len, double seconds,
			   void (*what)(psa_key_id_t, psa_algorithm_t, size_t, uint8_t *, uint8_t *))
{
	static uint8_t plain[RECORD], sealed[RECORD + 16];
	psa_key_attributes_t at = attributes(a->type, a->bits, a->alg,
					     PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
	psa_key_id_t key;
	must(psa_import_key(&at, secret, a->bits / 8, &key), a->name);
	seal(key, a->alg, len, plain, sealed);
	double begun = cpu_now(), spent;
	unsigned long n = 0;
	do {
		for (int i = 0; i < 16; i++, n++)
			what(key, a->alg, len, plain, sealed);
	} while ((spent = cpu_now() - begun) < seconds);
	psa_destroy_key(key);
	return spent / (double)n;
}

static void time_aead(const struct aead *a, double seconds)
{
	printf("| %s | %.0f | %.0f | %.2f |\n", a->name, RECORD / 1e6 / time_records(a, RECORD, seconds, seal),
	       RECORD / 1e6 / time_records(a, RECORD, seconds, unseal),
	       1e6 * time_records(a, 20, seconds, unseal));
}

struct signer {
	const char *name;
	psa_key_type_t type;
	size_t bits;
	psa_algorithm_t alg;
};

static const struct signer signers[] = {
	{ "ECDSA P-256", PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), 256, PSA_ALG_ECDSA(PSA_ALG_SHA_256) },
	{ "ECDSA P-384", PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), 384, PSA_ALG_ECDSA(PSA_ALG_SHA_256) },
};

static void time_signature(const struct signer *s, double seconds)
{
	static const uint8_t hash[32] = { 7 };
	uint8_t signature[128];
	size_t len = 0;
	psa_key_attributes_t at = attributes(s->type, s->bits, s->alg,
					     PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_VERIFY_HASH);
	psa_key_id_t key;
	must(psa_generate_key(&at, &key), s->name);
	double begun = cpu_now(), signing, verifying;
	unsigned n = 0, m = 0;
	do
		must(psa_sign_hash(key, s->alg, hash, 32, signature, sizeof(signature), &len), "sign");
	while (n++, (signing = cpu_now() - begun) < seconds);
	begun = cpu_now();
	do
		must(psa_verify_hash(key, s->alg, hash, 32, signature, len), "verify");
	while (m++, (verifying = cpu_now() - begun) < seconds);
	printf("| %s | %.2f | %.2f |\n", s->name, signing * 1e3 / n, verifying * 1e3 / m);
	psa_destroy_key(key);
}

struct curve {
	const char *name;
	psa_ecc_family_t family;
	size_t bits;
};

static const struct curve curves[] = {
	{ "X25519", PSA_ECC_FAMILY_MONTGOMERY, 255 },
	{ "P-256", PSA_ECC_FAMILY_SECP_R1, 256 },
	{ "P-384", PSA_ECC_FAMILY_SECP_R1, 384 },
};

/* As in a handshake: a key of our own, and the secret shared with the peer's. */
static void time_exchange(const struct curve *c, double seconds)
{
	uint8_t peer[133], shared[66];
	size_t len, got;
	psa_key_attributes_t at = attributes(PSA_KEY_TYPE_ECC_KEY_PAIR(c->family), c->bits, PSA_ALG_ECDH,
					     PSA_KEY_USAGE_DERIVE);
	psa_key_id_t key;
	double begun = cpu_now(), spent;
	unsigned n = 0;
	do {
		must(psa_generate_key(&at, &key), c->name);
		must(psa_export_public_key(key, peer, sizeof(peer), &len), c->name);
		must(psa_raw_key_agreement(PSA_ALG_ECDH, key, peer, len, shared, sizeof(shared), &got), c->name);
		psa_destroy_key(key);
	} while (n++, (spent = cpu_now() - begun) < seconds);
	printf("| %s | %.2f |\n", c->name, spent * 1e3 / n);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;
	must(psa_crypto_init(), "psa_crypto_init");
	printf("| cipher | seal 16 KiB, MB/s | open 16 KiB, MB/s | open an answer, us |\n|---|---|---|---|\n");
	for (size_t i = 0; i < COUNT(aeads); i++)
		time_aead(&aeads[i], seconds);
	printf("\n| key | sign, ms | verify, ms |\n|---|---|---|\n");
	for (size_t i = 0; i < COUNT(signers); i++)
		time_signature(&signers[i], seconds);
	printf("\n| key exchange | ms |\n|---|---|\n");
	for (size_t i = 0; i < COUNT(curves); i++)
		time_exchange(&curves[i], seconds);
	return 0;
}
