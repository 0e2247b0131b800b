// SPDX-License-Identifier: Apache-2.0
//
// For the unit tests of lib/tls: the certificates that tests/tools/pki.py made.
#ifndef TLS_TEST_H
#define TLS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "tls/cert.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The path of a file of theirs. */
static inline const char *pki_path(char out[512], const char *name, const char *suffix)
{
	const char *folder = getenv("RELPBOX_PKI");
	snprintf(out, 512, "%s/%s%s", folder ? folder : "build/pki", name, suffix);
	return out;
}

static inline struct buf pki_read(const char *name, const char *suffix)
{
	char path[512];
	struct buf b = { 0 };
	struct err e = { 0 };
	if (file_read(pki_path(path, name, suffix), 1 << 20, &b, &e) != 0)
		fail_msg("%s (make pki)", e.text);
	return b;
}

/* All of NAME.crt. */
static inline struct tls_certs pki_certs(const char *name)
{
	struct tls_certs certs;
	struct err e = { 0 };
	struct buf pem = pki_read(name, ".crt");
	if (tls_certs_parse(buf_slice(&pem), &certs, &e) != 0)
		fail_msg("%s: %s", name, e.text);
	buf_free(&pem);
	return certs;
}

#endif
