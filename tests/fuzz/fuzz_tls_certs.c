// SPDX-License-Identifier: Apache-2.0
/*
 * Files of certificates and keys, and who is permitted. The input: a line of
 * permitted peers with blanks between them, its first byte the kind (odd: by
 * fingerprint); then PEM, or DER where it does not begin with a dash.
 *
 * Whatever comes: what can be shown can be shown, a certificate is permitted by
 * its own fingerprint and by no other, and nobody by an entry that is not well
 * formed.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "tests/fuzz/tls_fixed.h"
#include "tests/fuzz/tls_keys.h"
#include "tls/cert.h"
#include "tls/peer.h"
#include "tls/report.h"
#include "tls/tls.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRIES_MAX 8

struct input {
	enum tls_auth auth;
	char *line; /* cut at the blanks */
	const char *entries[ENTRIES_MAX];
	size_t n;
	struct buf pem;
};

static void check_text(const char *text)
{
	invariant(text[0]);
	for (; *text; text++)
		invariant((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void add_base64(struct buf *b, const uint8_t *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)p[i] << 16 | (i + 1 < n ? (unsigned)p[i + 1] << 8 : 0) |
			     (i + 2 < n ? p[i + 2] : 0);
		char out[4] = { digits[v >> 18], digits[v >> 12 & 63], digits[v >> 6 & 63], digits[v & 63] };
		if (i + 1 >= n)
			out[2] = '=';
		if (i + 2 >= n)
			out[3] = '=';
		buf_add(b, out, sizeof(out));
		if (i / 3 % 16 == 15)
			buf_add_char(b, '\n');
	}
}

static void read_input(struct input *in, const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t line = end ? (size_t)(end - data) : size;
	size_t rest = end ? size - line - 1 : 0;

	in->auth = line && (data[0] & 1) ? TLS_AUTH_FINGERPRINT : TLS_AUTH_NAME;
	in->line = mem_zero(1, line + 1);
	memcpy(in->line, data, line);
	char *p = line ? in->line + 1 : in->line;
	while (*p && in->n < ENTRIES_MAX) {
		in->entries[in->n++] = p;
		p += strcspn(p, " ");
		if (*p)
			*p++ = '\0';
	}
	if (rest && end[1] == '-') {
		buf_add(&in->pem, end + 1, rest);
	} else if (rest) {
		buf_add_str(&in->pem, "-----BEGIN CERTIFICATE-----\n");
		add_base64(&in->pem, end + 1, rest);
		buf_add_str(&in->pem, "\n-----END CERTIFICATE-----\n");
	}
}

static struct tls_peers *try_peers(const struct input *in)
{
	struct tls_peers *peers;
	bool all_good = true;
	char text[256];
	struct err e;

	for (size_t i = 0; i < in->n; i++) {
		bool good = tls_peer_check(in->auth, in->entries[i], &e) == 0;
		if (!good)
			check_text(e.text);
		all_good = all_good && good;
	}
	peers = tls_peers_new(in->auth, in->entries, in->n, "target.test", &e);
	invariant(!peers || all_good);
	if (peers)
		check_text(tls_peers_text(peers, text, sizeof(text)));
	else
		check_text(e.text);
	return peers;
}

/* By its own fingerprint, as it is shown, and not when one digit differs. */
static void check_fingerprint(const struct tls_cert *c)
{
	char text[TLS_FINGERPRINT_MAX];
	const char *entry = tls_fingerprint_text(c->sha256, sizeof(c->sha256), text);
	struct tls_peers *p = tls_peers_new(TLS_AUTH_FINGERPRINT, &entry, 1, NULL, NULL);

	invariant(p && tls_peers_match(p, c) == TLS_MATCH);
	tls_peers_free(p);
	text[strlen(text) - 1] ^= text[strlen(text) - 1] == '1' ? 3 : 1; /* another digit or letter */
	p = tls_peers_new(TLS_AUTH_FINGERPRINT, &entry, 1, NULL, NULL);
	invariant(!p || tls_peers_match(p, c) == TLS_NO_MATCH);
	tls_peers_free(p);
}

/* All that is said of it can be shown on a terminal. */
static void check_said(const struct tls_cert *c)
{
	struct tls_report r = { .chain = { (struct tls_cert *)c, 1 }, .alert = -1 };
	char text[128];
	struct err e;

	check_text(tls_names_text(c, text, sizeof(text)));
	check_text(tls_names_text(c, text, 5));
	for (int cause = TLS_UNKNOWN; cause <= TLS_BROKEN; cause++) {
		r.cause = (enum tls_cause)cause;
		tls_report_say(&r, 0, &e);
		check_text(e.text);
	}
}

static void check_cert(const struct tls_cert *c, const struct tls_peers *peers)
{
	invariant(c->subject && c->issuer && c->serial && c->n_names <= TLS_NAMES_MAX);
	invariant(memchr(c->key, 0, sizeof(c->key)) && memchr(c->signature, 0, sizeof(c->signature)));
	for (size_t i = 0; i < c->n_names; i++)
		invariant(c->names[i].text);
	check_fingerprint(c);
	check_said(c);
	if (peers)
		(void)tls_peers_match(peers, c);
}

/* As the files of either side: as all three, and beside a good pair. */
static void try_creds(const struct input *in)
{
	struct slice pem = buf_slice(&in->pem);
	struct tls_pem files[] = {
		{ pem, pem, pem },
		{ .ca = pem, .cert = slice_str(key_server_ec_cert), .key = slice_str(key_server_ec_key) },
		{ .ca = slice_str(key_ca), .cert = pem, .key = slice_str(key_server_ec_key) },
		{ .ca = slice_str(key_ca), .cert = slice_str(key_server_ec_cert), .key = pem },
	};
	struct tls_conf conf = {
		.auth = in->auth, .permitted = in->entries, .n_permitted = in->n, .target = "target.test",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct err e = { 0 };
		conf.side = i & 1 ? TLS_SERVER : TLS_CLIENT;
		struct tls_creds *c = tls_creds_new(&conf, &files[i], &e);
		if (c)
			invariant(tls_creds_own(c)->n || tls_creds_ca(c)->n || in->auth == TLS_AUTH_FINGERPRINT);
		else
			check_text(e.text);
		tls_creds_free(c);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_certs certs = { 0 };
	struct input in = { 0 };
	struct tls_peers *peers;
	struct err e = { 0 };

	if (size > 65536)
		return 0;
	fixed_begin();
	fixed_side(TLS_CLIENT);
	read_input(&in, data, size);
	peers = try_peers(&in);
	if (tls_certs_parse(buf_slice(&in.pem), &certs, &e) < 0)
		check_text(e.text);
	else
		invariant(certs.n > 0);
	for (size_t i = 0; i < certs.n; i++)
		check_cert(&certs.at[i], peers);
	tls_certs_free(&certs);
	try_creds(&in);
	tls_peers_free(peers);
	free(in.line);
	buf_free(&in.pem);
	return 0;
}
