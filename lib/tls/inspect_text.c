// SPDX-License-Identifier: Apache-2.0
#include "tls/inspect_internal.h"

#include <mbedtls/platform_util.h>
#include <stdlib.h>

static const char *wanted(enum tls_part part)
{
	return part == TLS_PART_KEY ? "a private key" : "certificates";
}

static bool holds(struct slice s, const char *what)
{
	return s.len && memmem(s.p, s.len, what, strlen(what));
}

/* --- a text without a block --------------------------------------------------- */

static bool only_blanks(struct slice s)
{
	size_t i = 0;

	while (i < s.len && (strchr(" \t\r\n\v\f", s.p[i]) || !s.p[i]))
		i++;
	return i == s.len;
}

static bool utf16(struct slice s)
{
	return s.len >= 4 && (memcmp(s.p, "\xff\xfe", 2) == 0 || memcmp(s.p, "\xfe\xff", 2) == 0 ||
			      memcmp(s.p, "-\0-\0", 4) == 0 || memcmp(s.p, "\0-\0-", 4) == 0);
}

/* A sequence of more than 127 bytes: nothing shorter is a certificate or a key that is taken. */
static bool der(struct slice s)
{
	return s.len > 64 && s.p[0] == 0x30 &&
	       ((unsigned char)s.p[1] == 0x81 || (unsigned char)s.p[1] == 0x82 || (unsigned char)s.p[1] < 0x80);
}

/* What it is where it is base64 without more: of PEM, of DER; or nothing of the kind. */
static bool base64_of(struct slice s, enum tls_trouble *what)
{
	struct buf b = { 0 };
	bool is = false;

	if (pem_base64(s, &b) && b.len) {
		is = holds(buf_slice(&b), "-----BEGIN ") || der(buf_slice(&b));
		*what = b.p[0] == 0x30 ? TLS_NO_BEGIN : TLS_BASE64_TWICE;
	}
	if (b.p)
		mbedtls_platform_zeroize(b.p, b.cap);
	buf_free(&b);
	return is;
}

static bool begins_in_a_way(struct slice s)
{
	for (size_t i = 0; i + 6 <= s.len; i++)
		if (strncasecmp(s.p + i, "begin ", 6) == 0 && memchr(s.p, '-', s.len))
			return true;
	return false;
}

static void find_no_block(struct inspect *in, enum tls_part part, struct slice s)
{
	enum tls_trouble what;

	if (only_blanks(s))
		inspect_find(in, part, TLS_EMPTY, 0, "it is empty");
	else if (utf16(s))
		inspect_find(in, part, TLS_UTF16, 0, "the text is UTF-16, and only ASCII or UTF-8 is read");
	else if (der(s))
		inspect_find(in, part, TLS_DER, 0, "it is DER, and PEM is wanted");
	else if (begins_in_a_way(s))
		inspect_find(in, part, TLS_BEGIN_BROKEN, 0,
			     "no line in it is a BEGIN line, with five dashes before and behind and in upper case");
	else if (base64_of(s, &what) && what == TLS_BASE64_TWICE)
		inspect_find(in, part, what, 0, "it is base64 of PEM: encoded once too often");
	else if (holds(s, "-----END ") || base64_of(s, &what))
		inspect_find(in, part, TLS_NO_BEGIN, 0, "its BEGIN line is missing");
	else
		inspect_find(in, part, TLS_NOT_PEM, 0, "it is not PEM: there is no BEGIN line in it");
}

/* --- the form of the text ------------------------------------------------------ */

static void find_form(struct inspect *in, enum tls_part part, struct slice s)
{
	if (s.len >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0)
		inspect_find(in, part, TLS_BOM, 1, "it begins with a byte order mark");
	if (holds(s, "\r\n"))
		inspect_find(in, part, TLS_CRLF, 0, "its lines end as on Windows (CR LF)");
}

/* Before the end of the last block: what is behind it nobody reads. */
static void find_nul(struct inspect *in, enum tls_part part, struct slice read)
{
	if (read.len && memchr(read.p, 0, read.len))
		inspect_find(in, part, TLS_NUL, 0, "there is a NUL byte in it");
}

/* --- a block, in form ------------------------------------------------------------ */

static const struct {
	unsigned bit;
	enum tls_trouble what;
	const char *words;
} oddities[] = {
	{ PEM_JOINED, TLS_BLOCKS_JOINED, "it begins in the line in which the block before it ends" },
	{ PEM_BEGIN_INDENTED, TLS_BEGIN_INDENTED, "there are blanks before BEGIN" },
	{ PEM_PREFIXED, TLS_BEGIN_PREFIXED, "there is something else before BEGIN in its line" },
	{ PEM_ESCAPED, TLS_NEWLINES_ESCAPED, "its line ends are written as \\n" },
	{ PEM_BEGIN_TWICE, TLS_BEGIN_TWICE, "its first line says BEGIN twice" },
	{ PEM_BEGIN_BROKEN, TLS_BEGIN_BROKEN, "the dashes behind its BEGIN are not five" },
	{ PEM_NO_END, TLS_NO_END, "it is cut off: there is no END line" },
	{ PEM_END_BROKEN, TLS_END_BROKEN, "the dashes behind its END are not five" },
	{ PEM_MISMATCH, TLS_LABEL_MISMATCH, "BEGIN and END name different things" },
	{ PEM_EMPTY, TLS_BLOCK_EMPTY, "nothing is between BEGIN and END" },
	{ PEM_BAD_BASE64, TLS_BAD_BASE64, "its base64 is damaged" },
	{ PEM_ONE_LINE, TLS_ONE_LINE, "its line ends are lost, at least those of BEGIN or END" },
	{ PEM_BODY_BLANKS, TLS_BODY_BLANKS, "there are blanks before or amid its base64" },
	{ PEM_TRAILING, TLS_TRAILING_BLANKS, "there are tabs or more than one blank at line ends" },
	{ PEM_END_MIXED, TLS_END_MIXED, "there is something else in the line of its END" },
	{ PEM_EMPTY_LINE, TLS_EMPTY_LINE, "there is an empty line amid its base64" },
	{ PEM_LONE_CR, TLS_LONE_CR, "its lines end with CR alone" },
};

#define HARD (PEM_BEGIN_TWICE | PEM_BEGIN_BROKEN | PEM_NO_END | PEM_ESCAPED | PEM_EMPTY | PEM_BAD_BASE64)
#define BEFORE_BEGIN (PEM_JOINED | PEM_BEGIN_INDENTED | PEM_PREFIXED)

/* Where a block is damaged, the first of it is told: the rest follows from that. */
static void find_oddities(struct inspect *in, enum tls_part part, const struct pem_block *b)
{
	bool hard = b->odd & HARD;

	for (size_t i = 0; i < sizeof(oddities) / sizeof(oddities[0]); i++) {
		if (!(b->odd & oddities[i].bit) || (hard && !(oddities[i].bit & (HARD | BEFORE_BEGIN))))
			continue;
		inspect_find(in, part, oddities[i].what, b->line, "%s in line %zu: %s", b->words, b->line,
			     oddities[i].words);
		if (oddities[i].bit & HARD)
			return;
	}
}

/* --- blocks, by what they are ------------------------------------------------------ */

struct seen {
	size_t wanted, all; /* blocks that belong there; all */
	const char *first;  /* what the first of another kind is, and where */
	enum pem_kind first_kind;
	size_t first_line;
	const char *key; /* the first private key where certificates belong */
	size_t key_line;
};

static bool is_key(enum pem_kind k)
{
	return k == PEM_KEY || k == PEM_KEY_ODD || k == PEM_ENCRYPTED;
}

static bool is_cert(enum pem_kind k)
{
	return k == PEM_CERT || k == PEM_CERT_X509 || k == PEM_CERT_TRUSTED;
}

static void take_in_key(struct inspect *in, struct seen *seen, const struct pem_block *b)
{
	/* all three read the first, and no further */
	if (seen->wanted++) {
		if (b->odd & PEM_JOINED)
			find_oddities(in, TLS_PART_KEY, b);
		inspect_find(in, TLS_PART_KEY, TLS_KEYS_SEVERAL, b->line,
			     "another private key follows in line %zu: the first is used", b->line);
		return;
	}
	find_oddities(in, TLS_PART_KEY, b);
	if (b->kind == PEM_ENCRYPTED)
		inspect_find(in, TLS_PART_KEY, TLS_KEY_ENCRYPTED, b->line,
			     "the private key is encrypted, and on a node nobody types its password");
	else if (!(b->odd & PEM_DAMAGED))
		inspect_read_key(in, b);
}

static void take_in_certs(struct inspect *in, enum tls_part part, struct seen *seen,
			  const struct pem_block *b)
{
	seen->wanted++;
	find_oddities(in, part, b);
	if (b->kind != PEM_CERT)
		inspect_find(in, part, b->kind == PEM_CERT_X509 ? TLS_CERT_LABEL : TLS_CERT_TRUSTED, b->line,
			     "in line %zu stands %s, and not -----BEGIN CERTIFICATE-----", b->line, b->words);
	if (!(b->odd & (PEM_DAMAGED & ~(PEM_END_BROKEN | PEM_MISMATCH))))
		inspect_read_cert(in, part, b);
}

static void take_block(struct inspect *in, enum tls_part part, struct seen *seen,
		       const struct pem_block *b)
{
	seen->all++;
	if (part == TLS_PART_KEY && is_key(b->kind)) {
		take_in_key(in, seen, b);
		return;
	}
	if (part != TLS_PART_KEY && is_cert(b->kind)) {
		take_in_certs(in, part, seen, b);
		return;
	}
	if (b->kind == PEM_PARAMETERS && part == TLS_PART_KEY)
		return; /* as "openssl ecparam -genkey" writes them */
	if (b->kind == PEM_OTHER && (b->odd & (PEM_BEGIN_TWICE | PEM_BEGIN_BROKEN)))
		find_oddities(in, part, b);
	if (part != TLS_PART_KEY && is_key(b->kind) && !seen->key) {
		seen->key = b->words;
		seen->key_line = b->line;
	}
	if (!seen->first) {
		seen->first = b->words;
		seen->first_kind = b->kind;
		seen->first_line = b->line;
	}
}

static enum tls_trouble kind_trouble(enum tls_part part, enum pem_kind k)
{
	if (is_key(k))
		return TLS_WANTS_CERT_IS_KEY;
	if (part == TLS_PART_KEY && is_cert(k))
		return TLS_WANTS_KEY_IS_CERT;
	if (k == PEM_REQUEST)
		return TLS_IS_REQUEST;
	return k == PEM_PUBLIC_KEY ? TLS_IS_PUBLIC_KEY : TLS_WRONG_KIND;
}

/* What else is there: instead of what belongs there, or beside it. */
static void find_others(struct inspect *in, enum tls_part part, const struct seen *seen)
{
	if (!seen->first && !seen->wanted)
		inspect_find(in, part, TLS_WRONG_KIND, 0, "there is not %s in it", wanted(part));
	if (!seen->first)
		return;
	if (seen->key && (seen->wanted || !is_key(seen->first_kind)))
		inspect_find(in, part, TLS_KEY_IN_CERTS, seen->key_line,
			     "in line %zu stands %s: this text is not kept secret", seen->key_line, seen->key);
	if (!seen->wanted)
		inspect_find(in, part, kind_trouble(part, seen->first_kind), seen->first_line,
			     "it holds %s, and is to hold %s", seen->first, wanted(part));
	else if (part == TLS_PART_KEY && kind_trouble(part, seen->first_kind) == TLS_WANTS_KEY_IS_CERT)
		inspect_find(in, part, TLS_CERT_IN_KEY, seen->first_line,
			     "beside the private key it holds %s", seen->first);
	else if (!is_key(seen->first_kind))
		inspect_find(in, part, seen->first_kind == PEM_REQUEST ? TLS_REQUEST_BESIDE : TLS_OTHER_BLOCK,
			     seen->first_line, "beside %s it holds %s", wanted(part), seen->first);
}

void inspect_text(struct inspect *in, enum tls_part part, struct slice text)
{
	struct seen seen = { 0 };
	struct pem_block b;
	struct pem_scan s;

	if (text.len > TLS_PEM_MAX) {
		inspect_find(in, part, TLS_TOO_LONG, 0, "it has more than %u bytes", TLS_PEM_MAX);
		return;
	}
	pem_begin(&s, text);
	while (pem_next(&s, &b))
		take_block(in, part, &seen, &b);
	find_nul(in, part, slice_of(text.p, seen.all ? s.at : 0));
	if (!seen.all) {
		find_no_block(in, part, text);
	} else {
		find_form(in, part, text);
		find_others(in, part, &seen);
		if (s.junk)
			inspect_find(in, part, TLS_JUNK, s.junk_line,
				     "line %zu looks like a part of a PEM block, and is outside of one", s.junk_line);
	}
	pem_end(&s);
}
