// SPDX-License-Identifier: Apache-2.0
#include "tls/pem.h"

#include "base/base64.h"

#include <mbedtls/platform_util.h>
#include <string.h>

static const char begin_mark[] = "-----BEGIN ", end_mark[] = "-----END ", dashes[] = "-----";

static const struct {
	const char *label;
	enum pem_kind kind;
	const char *words;
} labels[] = {
	{ "CERTIFICATE", PEM_CERT, "a certificate" },
	{ "X509 CERTIFICATE", PEM_CERT_X509, "a certificate of an old label" },
	{ "TRUSTED CERTIFICATE", PEM_CERT_TRUSTED, "a certificate with OpenSSL's remarks on trust" },
	{ "PRIVATE KEY", PEM_KEY, "a private key" },
	{ "RSA PRIVATE KEY", PEM_KEY, "a private key" },
	{ "EC PRIVATE KEY", PEM_KEY, "a private key" },
	{ "DSA PRIVATE KEY", PEM_KEY_ODD, "a DSA key" },
	{ "OPENSSH PRIVATE KEY", PEM_KEY_ODD, "a private key of OpenSSH" },
	{ "ENCRYPTED PRIVATE KEY", PEM_ENCRYPTED, "an encrypted private key" },
	{ "CERTIFICATE REQUEST", PEM_REQUEST, "a certificate signing request" },
	{ "NEW CERTIFICATE REQUEST", PEM_REQUEST, "a certificate signing request" },
	{ "PUBLIC KEY", PEM_PUBLIC_KEY, "a public key" },
	{ "RSA PUBLIC KEY", PEM_PUBLIC_KEY, "a public key" },
	{ "EC PARAMETERS", PEM_PARAMETERS, "parameters of a curve" },
	{ "DH PARAMETERS", PEM_OTHER, "Diffie-Hellman parameters" },
	{ "X509 CRL", PEM_OTHER, "a revocation list" },
	{ "PKCS7", PEM_OTHER, "a PKCS #7 bundle" },
	{ "CMS", PEM_OTHER, "a CMS message" },
};
#define N_LABELS (sizeof(labels) / sizeof(labels[0]))

/* --- bytes ------------------------------------------------------------------ */

static const char *find(struct slice s, const char *what)
{
	return s.len ? memmem(s.p, s.len, what, strlen(what)) : NULL;
}

static struct slice between(const char *from, const char *to)
{
	return slice_of(from, (size_t)(to - from));
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct slice stripped(struct slice s)
{
	while (s.len && blank(s.p[0]))
		s = slice_of(s.p + 1, s.len - 1);
	while (s.len && blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

static bool starts(struct slice s, const char *what)
{
	return s.len >= strlen(what) && memcmp(s.p, what, strlen(what)) == 0;
}

/* The line at from, without its line feed. */
static struct slice line_at(const char *from, const char *end)
{
	const char *lf = from < end ? memchr(from, '\n', (size_t)(end - from)) : NULL;

	return between(from, lf ? lf : end);
}

static size_t count_lines(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.p[i] == '\n';
	return n;
}

/* --- base64 ----------------------------------------------------------------- */

bool pem_base64(struct slice s, struct buf *out)
{
	unsigned bits = 0, n = 0, pad = 0;

	buf_reserve(out, s.len / 4 * 3 + 3); /* at once: a buffer that moves leaves its bytes behind */
	for (size_t i = 0; i < s.len; i++) {
		if (blank(s.p[i]) || s.p[i] == '\n')
			continue;
		if (s.p[i] == '=') {
			pad++;
			continue;
		}
		int d = base64_digit(s.p[i]);
		if (d < 0 || pad)
			return false;
		bits = bits << 6 | (unsigned)d;
		if (++n % 4)
			continue;
		char three[3] = { (char)(bits >> 16), (char)(bits >> 8), (char)bits };
		buf_add(out, three, sizeof(three));
		bits = 0;
	}
	if (n % 4 == 1 || (n + pad) % 4 || pad > 2)
		return false;
	if (n % 4 == 2)
		buf_add_char(out, (char)(bits >> 4));
	if (n % 4 == 3) {
		buf_add_char(out, (char)(bits >> 10));
		buf_add_char(out, (char)(bits >> 2));
	}
	return true;
}

/* --- a block ---------------------------------------------------------------- */

static void take_label(struct pem_block *b, struct slice label)
{
	while (starts(label, "BEGIN ")) {
		b->odd |= PEM_BEGIN_TWICE;
		label = slice_of(label.p + 6, label.len - 6);
	}
	b->kind = PEM_OTHER;
	b->label = "";
	b->words = "a block of another kind";
	for (size_t i = 0; i < N_LABELS; i++) {
		if (!slice_is(label, labels[i].label))
			continue;
		b->kind = labels[i].kind;
		b->label = labels[i].label;
		b->words = labels[i].words;
	}
}

/* RFC 1421: lines of "Name: value" and an empty one, as an encrypted key has them. */
static struct slice without_headers(struct pem_block *b, struct slice body)
{
	const char *end = body.p + body.len, *p = body.p;
	struct slice line;

	if (!find(body, "Proc-Type:"))
		return body;
	if (find(body, "4,ENCRYPTED") && b->kind != PEM_CERT) {
		b->kind = PEM_ENCRYPTED;
		b->words = "an encrypted private key";
	}
	for (; p < end; p += line.len + (line.len < (size_t)(end - p))) {
		line = line_at(p, end);
		if (p != body.p && stripped(line).len == 0)
			return between(p, end);
	}
	return body;
}

/* blanks that Mbed TLS does not take: behind base64 all but blanks, behind BEGIN all but one blank */
static bool trailing(struct slice line, bool first)
{
	size_t n = 0;

	if (line.len && line.p[line.len - 1] == '\r')
		line.len--;
	while (n < line.len && blank(line.p[line.len - 1 - n])) {
		if (line.p[line.len - 1 - n] != ' ')
			return true;
		n++;
	}
	return first && n > 1;
}

/* The lines from behind the label up to the END's, which is not one of them. */
static void look_at_lines(struct pem_block *b, struct slice body)
{
	const char *end = body.p + body.len, *p = body.p;
	bool first = true, began = false, gap = false;
	struct slice line;

	if (!memchr(body.p, '\n', body.len)) {
		b->odd |= memchr(body.p, '\r', body.len) ? PEM_LONE_CR : PEM_ONE_LINE;
		return;
	}
	for (; p < end; p += line.len + 1, first = false) {
		line = line_at(p, end);
		size_t len = stripped(line).len;
		if (line.len && memchr(line.p, '\r', line.len - 1))
			b->odd |= PEM_LONE_CR;
		if (trailing(line, first))
			b->odd |= PEM_TRAILING;
		if (first && len)
			b->odd |= PEM_ONE_LINE;
		if (first)
			continue;
		if (len && (blank(line.p[0]) || memchr(stripped(line).p, ' ', len)))
			b->odd |= PEM_BODY_BLANKS;
		if (len && gap && began)
			b->odd |= PEM_EMPTY_LINE;
		gap = !len;
		began = began || len;
	}
}

static void take_body(struct pem_scan *s, struct pem_block *b, struct slice body)
{
	look_at_lines(b, body);
	body = without_headers(b, body);
	if (find(body, "\\n") || find(body, "\\r"))
		b->odd |= PEM_ESCAPED;
	else if (!pem_base64(body, &s->der))
		b->odd |= PEM_BAD_BASE64;
	else if (s->der.len == 0)
		b->odd |= PEM_EMPTY;
	else
		b->der = buf_slice(&s->der);
}

/* What stands before BEGIN in its line. */
static unsigned before(struct slice text, const char *begin)
{
	const char *p = begin;

	while (p > text.p && p[-1] != '\n' && p[-1] != '\r')
		p--;
	struct slice front = between(p, begin);
	if (p == text.p && starts(front, "\xef\xbb\xbf"))
		front = slice_of(front.p + 3, front.len - 3);
	if (front.len == 0)
		return 0;
	if (stripped(front).len == 0)
		return PEM_BEGIN_INDENTED;
	return find(front, end_mark) ? PEM_JOINED : PEM_PREFIXED;
}

static bool line_begins(const char *p)
{
	return p[-1] == '\n' || p[-1] == '\r';
}

/* Its END line is at end; NULL: there is none. Returns what is behind the block. */
static const char *take_end(struct pem_block *b, struct slice label, const char *end, const char *stop)
{
	if (!end) {
		b->odd |= PEM_NO_END;
		return stop;
	}
	const char *from = end + strlen(end_mark);
	struct slice line = line_at(from, stop);
	const char *close = find(line, dashes);
	if (!close) {
		b->odd |= PEM_END_BROKEN;
		return line.p + line.len;
	}
	if (!slice_eq(between(from, close), label))
		b->odd |= PEM_MISMATCH;
	const char *behind = close + strlen(dashes);
	/* another BEGIN behind it is where the line stops: told of that block */
	bool mixed = !line_begins(end) || stripped(between(behind, line.p + line.len)).len;
	if (mixed && !(b->odd & (PEM_ONE_LINE | PEM_LONE_CR)))
		b->odd |= PEM_END_MIXED;
	return behind;
}

/* stop: where the next begins, or the text ends. Returns what is behind it. */
static const char *take_block(struct pem_scan *s, struct pem_block *b, const char *begin, const char *stop)
{
	const char *from = begin + strlen(begin_mark);
	struct slice line = line_at(from, stop);
	const char *close = find(line, dashes);

	b->odd = before(s->text, begin);
	struct slice label = between(from, close ? close : line.p + line.len);
	if (!close) {
		b->odd |= PEM_BEGIN_BROKEN;
		label = stripped(label);
		while (label.len && label.p[label.len - 1] == '-')
			label.len--;
	}
	take_label(b, label);
	const char *body = close ? close + strlen(dashes) : line.p + line.len;
	const char *end = find(between(body, stop), end_mark);
	take_body(s, b, between(body, end ? end : stop));
	return take_end(b, label, end, stop);
}

/* --- what stands between them ----------------------------------------------- */

/* A line that was, or was to be, a part of a block. */
static bool like_pem(struct slice line)
{
	size_t n = 0;

	line = stripped(line);
	if (find(line, dashes) && (find(line, "BEGIN") || find(line, "END")))
		return true;
	while (n < line.len && (base64_digit(line.p[n]) >= 0 || line.p[n] == '='))
		n++;
	return n == line.len && n >= 48;
}

static void look_between(struct pem_scan *s, struct slice gap)
{
	const char *end = gap.p + gap.len, *p = gap.p;
	size_t at = s->line;

	for (; p < end && !s->junk; at++) {
		struct slice line = line_at(p, end);
		if (like_pem(line)) {
			s->junk = true;
			s->junk_line = at;
		}
		p = line.p + line.len + 1;
	}
}

/* --- all of it -------------------------------------------------------------- */

void pem_begin(struct pem_scan *s, struct slice text)
{
	*s = (struct pem_scan){ .text = text, .line = 1 };
}

static void forget(struct pem_scan *s)
{
	if (s->der.p)
		mbedtls_platform_zeroize(s->der.p, s->der.cap);
	s->der.len = 0;
}

void pem_end(struct pem_scan *s)
{
	forget(s);
	buf_free(&s->der);
}

bool pem_next(struct pem_scan *s, struct pem_block *out)
{
	struct slice rest = slice_of(s->text.p + s->at, s->text.len - s->at);
	const char *begin = find(rest, begin_mark), *stop = rest.p + rest.len;

	forget(s);
	if (!begin) {
		look_between(s, rest);
		return false;
	}
	*out = (struct pem_block){ 0 };
	look_between(s, between(rest.p, begin));
	s->line += count_lines(between(rest.p, begin));
	out->line = s->line;
	const char *next = find(between(begin + 1, stop), begin_mark);
	if (next)
		stop = next;
	const char *behind = take_block(s, out, begin, stop);
	s->line += count_lines(between(begin, behind));
	s->at = (size_t)(behind - s->text.p);
	return true;
}
