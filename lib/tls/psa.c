// SPDX-License-Identifier: Apache-2.0
#include "tls/internal.h"

#include <pthread.h>
#include <psa/crypto.h>

/* PSA itself is one for the whole process, and so is whether it was started. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static psa_status_t state;

static void start(void)
{
	state = psa_crypto_init();
}

int tls_psa_ready(void)
{
	pthread_once(&once, start);
	return state == PSA_SUCCESS ? 0 : -1;
}
