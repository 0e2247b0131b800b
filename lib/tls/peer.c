// SPDX-License-Identifier: Apache-2.0
#include "tls/peer.h"

#include "base/buf.h"
#include "base/esc.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define SHOWN_MAX 200 /* bytes of an entry that a message repeats */
#define NAME_MAX_LEN 255

enum entry_kind { ENTRY_NAME, ENTRY_PATTERN, ENTRY_TARGET, ENTRY_SHA1, ENTRY_SHA256 };

struct entry {
	enum entry_kind kind;
	char *text; /* as it is to be compared, or shown */
	char address[INET6_ADDRSTRLEN]; /* the name is an address: as a certificate's is written; else "" */
	uint8_t digest[32];
};

struct tls_peers {
	enum tls_auth auth;
	struct entry *at;
	size_t n; /* 0: anyone */
};

/* --- what an entry may be ------------------------------------------------------- */

/* SHA1:, SHA256: in front, in any case: how many bytes of digest; 0: no such. */
static size_t digest_prefix(const char *entry, const char **hex)
{
	static const struct {
		const char *text;
		size_t size;
	} known[] = { { "SHA1:", 20 }, { "SHA256:", 32 } };
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t len = strlen(known[i].text);
		if (strncasecmp(entry, known[i].text, len) == 0) {
			*hex = entry + len;
			return known[i].size;
		}
	}
	return 0;
}

/* Hexadecimal digits, with or without a colon between each two; counts them all, keeps `size` bytes. */
static int read_hex(const char *p, uint8_t *out, size_t size, size_t *digits)
{
	bool colons = *p && p[1] && p[2] == ':';
	*digits = 0;
	for (; *p; p++) {
		if (*p == ':') {
			if (!colons || *digits == 0 || *digits % 2 || p[-1] == ':' || !p[1])
				return -1;
			continue;
		}
		if (!isxdigit((unsigned char)*p) ||
		    (colons && *digits && *digits % 2 == 0 && p[-1] != ':'))
			return -1;
		unsigned digit = isdigit((unsigned char)*p) ? (unsigned)(*p - '0') :
			(unsigned)(tolower((unsigned char)*p) - 'a' + 10);
		if (*digits / 2 < size)
			out[*digits / 2] = (uint8_t)(out[*digits / 2] << 4 | digit);
		++*digits;
	}
	return 0;
}

/* Is it what a fingerprint looks like, but for the word in front? */
static bool bare_fingerprint(const char *entry)
{
	uint8_t none[1];
	size_t digits;
	return strchr(entry, ':') && read_hex(entry, none, 0, &digits) == 0 &&
		(digits == 40 || digits == 64);
}

static int entry_fingerprint(const char *entry, struct entry *out, struct err *e)
{
	char shown[SHOWN_MAX];
	const char *hex = NULL;
	size_t size = digest_prefix(entry, &hex), digits = 0;
	esc_text(shown, sizeof(shown), slice_str(entry));
	if (size == 0)
		return err_set(e, "\"%s\" is no fingerprint: SHA1: with 40 or SHA256: with 64 "
				  "hexadecimal digits is expected (a name needs auth-mode name)", shown);
	if (read_hex(hex, out->digest, size, &digits) != 0)
		return err_set(e, "\"%s\": expected are hexadecimal digits, with a colon between "
				  "each two or with none", shown);
	if (digits != size * 2)
		return err_set(e, "\"%s\": %s: is followed by %zu hexadecimal digits, here are %zu",
			       shown, size == 20 ? "SHA1" : "SHA256", size * 2, digits);
	char text[TLS_FINGERPRINT_MAX];
	out->kind = size == 20 ? ENTRY_SHA1 : ENTRY_SHA256;
	out->text = mem_strdup(tls_fingerprint_text(out->digest, size, text));
	return 0;
}

/* No label is empty, and a star is all of its label, or its first or last character. */
static bool pattern_is_right(const char *p)
{
	while (true) {
		size_t len = strcspn(p, ".");
		const char *star = memchr(p, '*', len);
		if (len == 0)
			return false;
		if (star && star != p && star != p + len - 1)
			return false;
		if (star && memchr(star + 1, '*', (size_t)(p + len - star - 1)))
			return false;
		if (!p[len])
			return true;
		p += len + 1;
	}
}

/* As inet_ntop writes it; "" when the host is no address. Brackets and a zone are not part of it. */
static void address_text(const char *host, char out[INET6_ADDRSTRLEN])
{
	char text[INET6_ADDRSTRLEN + 2];
	uint8_t bytes[16];
	size_t skip = host[0] == '[', len = strcspn(host + skip, "]%");
	out[0] = '\0';
	if (len >= sizeof(text))
		return;
	memcpy(text, host + skip, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, bytes) == 1)
		inet_ntop(AF_INET, bytes, out, INET6_ADDRSTRLEN);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		inet_ntop(AF_INET6, bytes, out, INET6_ADDRSTRLEN);
}

/* A name that could be mistaken for another one, or break a line, is none. */
static bool name_is_odd(const char *p)
{
	for (; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F || *p == '\\')
			return true;
	return false;
}

static int entry_name(const char *entry, struct entry *out, struct err *e)
{
	char shown[SHOWN_MAX];
	const char *hex;
	esc_text(shown, sizeof(shown), slice_str(entry));
	if (digest_prefix(entry, &hex) || bare_fingerprint(entry))
		return err_set(e, "\"%s\" is a fingerprint: it needs auth-mode fingerprint", shown);
	if (strlen(entry) > NAME_MAX_LEN)
		return err_set(e, "\"%s\": a name has at most %u bytes", shown, NAME_MAX_LEN);
	if (name_is_odd(entry) || isspace((unsigned char)entry[0]) ||
	    isspace((unsigned char)entry[strlen(entry) - 1]))
		return err_set(e, "\"%s\": a name has no control characters, no backslash, and no "
				  "blank at its ends", shown);
	out->kind = strchr(entry, '*') ? ENTRY_PATTERN : ENTRY_NAME;
	if (out->kind == ENTRY_PATTERN && !pattern_is_right(entry))
		return err_set(e, "\"%s\": * stands for one label, or for the beginning or the end of "
				  "one, as in *.example.com and log*.example.com", shown);
	out->text = mem_strdup(entry);
	address_text(entry, out->address);
	return 0;
}

static int entry_read(enum tls_auth auth, const char *entry, struct entry *out, struct err *e)
{
	if (!entry[0])
		return err_set(e, "an entry is empty: %s", auth == TLS_AUTH_NAME ?
			       "a name is expected" : "SHA1:... or SHA256:... is expected");
	return auth == TLS_AUTH_NAME ? entry_name(entry, out, e) : entry_fingerprint(entry, out, e);
}

int tls_peer_check(enum tls_auth auth, const char *entry, struct err *e)
{
	struct entry one = { 0 };
	int state = entry_read(auth, entry, &one, e);
	free(one.text);
	return state;
}

/* --- the list ------------------------------------------------------------------- */

static void add_target(struct tls_peers *p, const char *target)
{
	struct entry *one = &p->at[p->n++];
	size_t len = strlen(target);
	one->kind = ENTRY_TARGET;
	one->text = mem_strdup(target);
	address_text(target, one->address);
	if (len > 1 && one->text[len - 1] == '.') /* the root's own dot */
		one->text[len - 1] = '\0';
}

struct tls_peers *tls_peers_new(enum tls_auth auth, const char *const *permitted, size_t n,
				const char *target, struct err *e)
{
	if (n > TLS_PEERS_MAX) {
		err_set(e, "more than %u permitted peers", TLS_PEERS_MAX);
		return NULL;
	}
	if (n == 0 && auth == TLS_AUTH_FINGERPRINT) {
		err_set(e, "auth-mode fingerprint needs a permitted peer: SHA1:... or SHA256:...");
		return NULL;
	}
	if (n == 0 && target && !target[0]) {
		err_set(e, "there is no target whose name could be permitted");
		return NULL;
	}
	struct tls_peers *p = mem_zero(1, sizeof(*p));
	p->auth = auth;
	p->at = mem_zero(n + 1, sizeof(p->at[0]));
	for (size_t i = 0; i < n; i++, p->n++) {
		if (entry_read(auth, permitted[i], &p->at[i], e) != 0) {
			tls_peers_free(p);
			return NULL;
		}
	}
	if (n == 0 && target)
		add_target(p, target);
	return p;
}

void tls_peers_free(struct tls_peers *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->at[i].text);
	free(p->at);
	free(p);
}

const char *tls_peers_text(const struct tls_peers *p, char *out, size_t size)
{
	struct buf b = { 0 };
	if (p->n == 0)
		buf_add_str(&b, "anyone whom the CA signed");
	if (p->n > 1)
		buf_add_str(&b, "one of ");
	for (size_t i = 0; i < p->n && b.len < size; i++) {
		if (i)
			buf_add_str(&b, ", ");
		buf_add_str(&b, p->at[i].text);
	}
	esc_text(out, size, buf_slice(&b));
	buf_free(&b);
	return out;
}

/* --- does a certificate fit ------------------------------------------------------- */

static bool same(struct slice a, struct slice b, bool fold)
{
	return a.len == b.len && (fold ? strncasecmp(a.p, b.p, a.len) : memcmp(a.p, b.p, a.len)) == 0;
}

static bool label_fits(struct slice pattern, struct slice label, bool fold)
{
	if (label.len == 0)
		return false;
	size_t rest = pattern.len - 1;
	if (pattern.p[0] == '*')
		return label.len >= rest && same(slice_of(pattern.p + 1, rest),
						 slice_of(label.p + label.len - rest, rest), fold);
	if (pattern.p[rest] == '*')
		return label.len >= rest &&
			same(slice_of(pattern.p, rest), slice_of(label.p, rest), fold);
	return same(pattern, label, fold);
}

static bool pattern_fits(const char *pattern, const char *name, bool fold)
{
	while (true) {
		size_t p = strcspn(pattern, "."), n = strcspn(name, ".");
		if (!label_fits(slice_of(pattern, p), slice_of(name, n), fold))
			return false;
		if (!pattern[p] || !name[n])
			return !pattern[p] && !name[n];
		pattern += p + 1;
		name += n + 1;
	}
}

/* A certificate's own "*.a.b" for the host that is the target; "*.b" would be too much. */
static bool wildcard_covers(const char *name, const char *host, bool fold)
{
	const char *dot = strchr(host, '.');
	if (name[0] != '*' || name[1] != '.' || !dot || dot == host)
		return false;
	const char *rest = name + 2;
	const char *second = strchr(rest, '.');
	if (strchr(rest, '*') || !second || second == rest || !second[1])
		return false;
	return same(slice_str(rest), slice_str(dot + 1), fold);
}

static bool name_fits(const struct entry *one, const char *name, bool fold)
{
	if (one->kind == ENTRY_PATTERN)
		return pattern_fits(one->text, name, fold);
	if (same(slice_str(one->text), slice_str(name), fold))
		return true;
	if (one->kind != ENTRY_TARGET)
		return one->address[0] && strcmp(one->address, name) == 0;
	return one->address[0] ? strcmp(one->address, name) == 0 :
				 wildcard_covers(name, one->text, fold);
}

/* DNS names and addresses, then the common name, as GnuTLS's imrelp looks at them too. */
static bool cert_fits(const struct entry *one, const struct tls_cert *leaf, bool fold)
{
	for (size_t i = 0; i < leaf->n_names; i++) {
		const struct tls_name *name = &leaf->names[i];
		if (name->kind == TLS_NAME_IP && strcmp(one->address, name->text) == 0)
			return true;
		if (name->kind == TLS_NAME_DNS && !name_is_odd(name->text) &&
		    name_fits(one, name->text, fold))
			return true;
	}
	return leaf->common_name && !name_is_odd(leaf->common_name) &&
		name_fits(one, leaf->common_name, fold);
}

static bool fits(const struct entry *one, const struct tls_cert *leaf, bool fold)
{
	if (one->kind == ENTRY_SHA1)
		return memcmp(one->digest, leaf->sha1, sizeof(leaf->sha1)) == 0;
	if (one->kind == ENTRY_SHA256)
		return memcmp(one->digest, leaf->sha256, sizeof(leaf->sha256)) == 0;
	return cert_fits(one, leaf, fold);
}

enum tls_match tls_peers_match(const struct tls_peers *p, const struct tls_cert *leaf)
{
	if (p->n == 0)
		return TLS_MATCH;
	for (size_t i = 0; i < p->n; i++)
		if (fits(&p->at[i], leaf, false))
			return TLS_MATCH;
	for (size_t i = 0; i < p->n; i++)
		if (fits(&p->at[i], leaf, true))
			return TLS_MATCH_BUT_CASE;
	return TLS_NO_MATCH;
}
