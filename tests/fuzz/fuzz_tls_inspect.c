// SPDX-License-Identifier: Apache-2.0
/*
 * The three texts of a Secret, judged. The input: ca, crt and key with a line "%%"
 * between them; a part that is missing is not there.
 *
 * Whatever comes: what is said can be shown and comes once, nothing of the key is in
 * it, and texts of which nothing is said that relpbox would refuse, relpbox takes.
 */
#include "base/mem.h"
#include "tests/fuzz/tls_fixed.h"
#include "tls/inspect.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SOON 86400
#define RUN 16 /* bytes of base64 */

static struct slice take_part(struct slice *rest)
{
	static const char mark[] = "\n%%\n";
	const char *end = rest->len ? memmem(rest->p, rest->len, mark, strlen(mark)) : NULL;
	struct slice part = end ? slice_of(rest->p, (size_t)(end - rest->p) + 1) : *rest;

	*rest = end ? slice_of(end + strlen(mark), rest->len - part.len - strlen(mark) + 1) :
		      (struct slice){ 0 };
	return part;
}

static void check_text(const struct tls_finding *f)
{
	invariant(f->text[0] && memchr(f->text, 0, sizeof(f->text)));
	for (const char *p = f->text; *p; p++)
		invariant((unsigned char)*p >= 0x20 && *p != 0x7f);
}

/* With a digit: words of ours, which a fuzzer soon writes into a key, have none. */
static bool base64_run(const char *p)
{
	bool digit = false;

	for (size_t i = 0; i < RUN; i++) {
		if (!p[i] || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", p[i]))
			return false;
		digit = digit || (p[i] >= '0' && p[i] <= '9');
	}
	return digit;
}

static void check_no_leak(const struct tls_finding *f, struct slice key)
{
	for (size_t at = 0; strlen(f->text) >= RUN && at + RUN <= strlen(f->text); at++)
		invariant(!base64_run(f->text + at) || !key.len || !memmem(key.p, key.len, f->text + at, RUN));
}

static void check(const struct tls_inspection *out, struct slice key)
{
	invariant(out->n <= TLS_INSPECT_MAX);
	for (size_t i = 0; i < out->n; i++) {
		const struct tls_finding *f = &out->at[i];
		check_text(f);
		check_no_leak(f, key);
		invariant(f->what < TLS_TROUBLES && f->error == (f->node || f->receiver == TLS_ALL));
		invariant(i == 0 || f[-1].part < f->part || (f[-1].part == f->part && f[-1].line <= f->line));
		for (size_t k = 0; k < i; k++)
			invariant(out->at[k].part != f->part || out->at[k].what != f->what);
	}
}

static bool refused(const struct tls_inspection *out)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->at[i].node & TLS_MBEDTLS)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const peer = "peer.test";
	struct tls_conf conf = { .side = TLS_CLIENT, .permitted = &peer, .n_permitted = 1, .target = peer };
	struct slice rest = slice_of(data, size);
	struct tls_inspection out;
	struct tls_pem pem;

	if (size > 65536)
		return 0;
	fixed_begin();
	fixed_side(TLS_CLIENT);
	pem.ca = take_part(&rest);
	pem.cert = take_part(&rest);
	pem.key = take_part(&rest);
	tls_inspect(&pem, FIXED_TIME, SOON, &out);
	check(&out, pem.key);
	if (pem.ca.p && pem.cert.p && pem.key.p && !refused(&out)) {
		struct tls_creds *c = tls_creds_new(&conf, &pem, NULL);
		invariant(c);
		tls_creds_free(c);
	}
	return 0;
}
