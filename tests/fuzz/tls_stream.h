// SPDX-License-Identifier: Apache-2.0
/*
 * The TLS harnesses' common part: one side of a connection, ours, is fed what the
 * other side may send. SIDE says which is ours. The input:
 *
 *   byte 0   how both sides are set up: enum mode
 *   byte 1   bytes are given in pieces of so many; 0: as they come
 *   rest     without MODE_LIVE: the other side's bytes, as they are
 *            with MODE_LIVE: edits of what a real other side sends, each
 *            { bytes to leave as they are, 2 bytes; what, 1 byte; n, 1 byte; bytes }
 *
 * Time stands still and random numbers come from a fixed seed, for each side
 * its own: what was recorded once (make fuzz-record; TLS_RECORD names a folder, and
 * a run with MODE_LIVE writes there what the other side sent) is understood again.
 * With TLS_WHOLE in the environment every input has to be that: understood to its
 * last byte. Else nobody would notice that what was recorded leads nowhere any more.
 *
 * Whatever comes: a handshake that is done was done with a certificate of ours,
 * and what is read is what was sent, never anything else.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "tests/fuzz/tls_fixed.h"
#include "tests/fuzz/tls_keys.h"
#include "tls/tls.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum mode {
	MODE_TLS12 = 1,
	MODE_SERVER_RSA = 2,
	MODE_CLIENT_RSA = 4,
	MODE_FINGERPRINT = 8,
	MODE_MUTUAL = 16,
	MODE_LIVE = 32,
	MODES = 64, /* above: without meaning */
};

enum edit { EDIT_REPLACE, EDIT_INSERT, EDIT_DELETE, EDIT_END };

#define INPUT_MAX 65536
#define TEXT "1 open 30 relp_version=0\ncommands=syslog\n"
#define OTHER (SIDE == TLS_CLIENT ? TLS_SERVER : TLS_CLIENT)

/* One side of a connection, and the far end of its socket in our hands. */
struct end {
	enum tls_side side;
	struct transport *t;
	struct tls_report report;
	int far;
	bool done, dead, wrote;
	size_t got; /* bytes that were read */
};

/* What is left of the edits, and how far the next one is. */
struct edits {
	const uint8_t *p;
	size_t len, until;
	size_t skip; /* bytes to be taken off, which may go on in the next ones */
	bool have, ended;
};

/* --- setting up -------------------------------------------------------------------- */

static const char *sha256_of(enum tls_side side, unsigned mode)
{
	if (side == TLS_CLIENT)
		return mode & MODE_CLIENT_RSA ? key_client_rsa_sha256 : key_client_ec_sha256;
	return mode & MODE_SERVER_RSA ? key_server_rsa_sha256 : key_server_ec_sha256;
}

static void set_own(struct tls_pem *pem, enum tls_side side, unsigned mode)
{
	bool rsa = mode & (side == TLS_CLIENT ? MODE_CLIENT_RSA : MODE_SERVER_RSA);

	if (side == TLS_CLIENT && !(mode & MODE_MUTUAL))
		return;
	if (side == TLS_CLIENT) {
		pem->cert = slice_str(rsa ? key_client_rsa_cert : key_client_ec_cert);
		pem->key = slice_str(rsa ? key_client_rsa_key : key_client_ec_key);
	} else {
		pem->cert = slice_str(rsa ? key_server_rsa_cert : key_server_ec_cert);
		pem->key = slice_str(rsa ? key_server_rsa_key : key_server_ec_key);
	}
}

static struct tls_creds *creds_new(enum tls_side side, unsigned mode)
{
	bool pinned = mode & MODE_FINGERPRINT;
	const char *peer = side == TLS_CLIENT ? "server.test" : "client.test";
	struct tls_pem pem = { 0 };
	struct tls_conf conf = {
		.side = side,
		.auth = pinned ? TLS_AUTH_FINGERPRINT : TLS_AUTH_NAME,
		.permitted = &peer,
		.n_permitted = 1,
		.target = side == TLS_CLIENT ? "server.test" : NULL,
		.anyone = side == TLS_SERVER && !(mode & MODE_MUTUAL),
		.version_max = mode & MODE_TLS12 ? 12 : 0,
	};
	struct tls_creds *c;
	struct err e;

	if (pinned)
		peer = sha256_of(side == TLS_CLIENT ? TLS_SERVER : TLS_CLIENT, mode);
	else
		pem.ca = slice_str(key_ca);
	set_own(&pem, side, mode);
	c = tls_creds_new(&conf, &pem, &e);
	if (!c)
		fprintf(stderr, "%s\n", e.text);
	invariant(c);
	return c;
}

/* Made once for each mode, because it takes longer than what is to be tried. */
static struct tls_creds *creds(enum tls_side side, unsigned mode)
{
	static struct tls_creds *made[2][MODES];
	struct tls_creds **c = &made[side == TLS_CLIENT][mode & ~(unsigned)MODE_LIVE];

	if (!*c)
		*c = creds_new(side, mode);
	return *c;
}

static void begin(struct end *x, enum tls_side side, unsigned mode)
{
	struct tls_creds *c = creds(side, mode);
	int fd[2];

	*x = (struct end){ .side = side };
	invariant(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0);
	x->far = fd[1];
	fixed_side(side);
	x->t = tls_transport(c, fd[0], NULL, &x->report);
}

/* What it says can be shown. */
static void check_text(const char *text)
{
	invariant(text[0]);
	for (; *text; text++)
		invariant((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void finish(struct end *x)
{
	struct err e = { 0 };

	fixed_side(x->side);
	transport_free(x->t);
	close(x->far);
	invariant(tls_report_say(&x->report, FIXED_TIME, &e) == -1);
	check_text(e.text);
	invariant(tls_cause_name(x->report.cause)[0]);
	tls_report_clear(&x->report);
}

/* --- one side ------------------------------------------------------------------------ */

/* Whoever gets in has shown the one certificate that may. */
static void check_peer(const struct end *x, unsigned mode)
{
	char sha256[TLS_FINGERPRINT_MAX];
	const struct tls_certs *chain = &x->report.chain;

	invariant(x->report.cause == TLS_GOOD && x->report.version && x->report.cipher);
	if (!chain->n) {
		invariant(x->side == TLS_SERVER && !(mode & MODE_MUTUAL));
		return;
	}
	tls_fingerprint_text(chain->at[0].sha256, 32, sha256);
	invariant(strcmp(sha256, sha256_of(x->side == TLS_CLIENT ? TLS_SERVER : TLS_CLIENT, mode)) == 0);
}

static void shake(struct end *x, unsigned mode)
{
	struct err e = { 0 };
	int got = x->t->ops->handshake(x->t, &e);

	invariant(got <= 0 && got != TRANSPORT_WANT_WORKER);
	x->done = got == 0;
	x->dead = got == TRANSPORT_FAILED;
	if (x->done)
		check_peer(x, mode);
	if (x->dead) {
		check_text(e.text);
		invariant(x->report.cause != TLS_GOOD && x->report.cause != TLS_UNKNOWN);
	}
}

static void read_all(struct end *x)
{
	struct err e = { 0 };
	char bytes[1000];
	ssize_t n;

	while ((n = x->t->ops->read(x->t, bytes, sizeof(bytes), &e)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			invariant(x->got + (size_t)i < sizeof(TEXT) - 1 && bytes[i] == TEXT[x->got + (size_t)i]);
		x->got += (size_t)n;
	}
	invariant(n != TRANSPORT_WANT_WORKER);
	x->dead = n == TRANSPORT_EOF || n == TRANSPORT_FAILED;
	if (n == TRANSPORT_FAILED)
		check_text(e.text);
}

static void work(struct end *x, unsigned mode)
{
	struct err e = { 0 };

	fixed_side(x->side);
	if (!x->done && !x->dead)
		shake(x, mode);
	if (x->done && !x->dead && !x->wrote) {
		x->wrote = true;
		x->dead = x->t->ops->write(x->t, TEXT, sizeof(TEXT) - 1, &e) == TRANSPORT_FAILED;
	}
	if (x->done && !x->dead)
		read_all(x);
	if (x->dead && x->done)
		(void)x->t->ops->shut(x->t, NULL);
}

/* --- between the sides ----------------------------------------------------------------- */

static bool next_edit(struct edits *d)
{
	if (d->len < 4)
		return false;
	d->until = (size_t)(d->p[0] << 8 | d->p[1]);
	d->p += 2;
	d->len -= 2;
	return true;
}

/* The edit that is due; what it puts in goes to out. Returns how many bytes it takes off. */
static size_t apply(struct edits *d, struct buf *out)
{
	enum edit what = d->p[0] & 3;
	size_t n = d->p[1], given = what <= EDIT_INSERT ? n : 0;

	d->p += 2;
	d->len -= 2;
	if (given > d->len)
		n = given = d->len;
	buf_add(out, d->p, given);
	d->p += given;
	d->len -= given;
	d->ended = what == EDIT_END;
	d->have = next_edit(d);
	return what == EDIT_REPLACE || what == EDIT_DELETE ? n : 0;
}

static void edit(struct edits *d, const char *p, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len && !d->ended; i++) {
		while (d->have && d->until == 0 && !d->ended)
			d->skip += apply(d, out);
		d->until -= d->until > 0;
		if (d->skip)
			d->skip--;
		else if (!d->ended)
			buf_add_char(out, p[i]);
	}
}

static void take(int fd, struct buf *out)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(out, bytes, (size_t)n);
}

/* Gives x the bytes, in pieces, and has it work on each; what it says goes to said. */
static void give(struct end *x, const char *p, size_t len, size_t piece, unsigned mode, struct buf *said)
{
	while (len && !x->dead) {
		size_t n = piece && piece < len ? piece : len;
		ssize_t sent = send(x->far, p, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		p += sent;
		len -= (size_t)sent;
		work(x, mode);
		take(x->far, said);
	}
}

static void record(unsigned mode, const struct buf *heard)
{
	const char *folder = getenv("TLS_RECORD");
	char path[512];
	FILE *f;

	if (!folder)
		return;
	snprintf(path, sizeof(path), "%s/recorded-%u", folder, mode & ~(unsigned)MODE_LIVE);
	f = fopen(path, "wb");
	invariant(f);
	fputc((int)(mode & ~(unsigned)MODE_LIVE), f);
	fputc(0, f);
	fwrite(heard->p, 1, heard->len, f);
	fclose(f);
}

/* A real other side, whose words are edited on their way. */
static void run_live(struct end *x, unsigned mode, size_t piece, const uint8_t *p, size_t size)
{
	struct edits d = { .p = p, .len = size };
	struct buf heard = { 0 }, out = { 0 }, said = { 0 }, all = { 0 };
	bool untouched = size < 4;
	struct end other;

	d.have = next_edit(&d);
	begin(&other, OTHER, mode);
	do {
		work(&other, mode);
		take(other.far, &out);
		heard.len = said.len = 0;
		edit(&d, out.p, out.len, &heard);
		buf_add_slice(&all, buf_slice(&heard));
		out.len = 0;
		work(x, mode);
		take(x->far, &said);
		give(x, heard.p, heard.len, piece, mode, &said);
		give(&other, said.p, said.len, 0, mode, &out);
	} while ((heard.len || said.len || out.len) && !d.ended && !x->dead);
	if (untouched) {
		invariant(x->done && other.done && x->got == sizeof(TEXT) - 1 && other.got == x->got);
		record(mode, &all);
	}
	finish(&other);
	buf_free(&heard);
	buf_free(&out);
	buf_free(&said);
	buf_free(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned mode;
	struct buf said = { 0 };
	struct end x;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	mode = data[0] % MODES;
	creds(TLS_CLIENT, mode);
	creds(TLS_SERVER, mode);
	fixed_begin();
	begin(&x, SIDE, mode);
	if (mode & MODE_LIVE) {
		run_live(&x, mode, data[1], data + 2, size - 2);
	} else {
		work(&x, mode);
		give(&x, (const char *)data + 2, size - 2, data[1], mode, &said);
	}
	/* the other side went away: then nobody waits */
	shutdown(x.far, SHUT_WR);
	take(x.far, &said);
	work(&x, mode);
	invariant(x.dead);
	if (getenv("TLS_RECORD"))
		fprintf(stderr, "mode %u: done %d, read %zu\n", mode, x.done, x.got);
	if (getenv("TLS_WHOLE"))
		invariant(x.done && x.got == sizeof(TEXT) - 1);
	finish(&x);
	buf_free(&said);
	return 0;
}
