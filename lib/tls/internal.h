// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_INTERNAL_H
#define TLS_INTERNAL_H

/* What the files of lib/tls share among themselves: here Mbed TLS is seen. */

#include "tls/cert.h"

#include <mbedtls/x509_crt.h>

/* PSA is ready, or becomes so; any thread, any number of times. 0, or -1: it cannot be. */
int tls_psa_ready(void);

/* Copies out what crt (that one, not those linked behind it) says. PSA is ready. */
void tls_cert_from(const mbedtls_x509_crt *crt, struct tls_cert *out);

#endif
