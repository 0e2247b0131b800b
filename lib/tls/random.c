// SPDX-License-Identifier: Apache-2.0
/*
 * Random bytes for Mbed TLS, from the kernel and nothing between. Alone in this
 * file, so that a fuzz harness can bring a stream of its own instead.
 */
#include <psa/crypto.h>

#include <errno.h>
#include <sys/random.h>

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
					     uint8_t *output, size_t size, size_t *length)
{
	(void)context;
	*length = 0;
	while (*length < size) {
		ssize_t n = getrandom(output + *length, size - *length, 0);
		if (n < 0 && errno != EINTR)
			return PSA_ERROR_INSUFFICIENT_ENTROPY;
		if (n > 0)
			*length += (size_t)n;
	}
	return PSA_SUCCESS;
}
