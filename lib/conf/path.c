// SPDX-License-Identifier: Apache-2.0
#include "conf/path.h"

#include "base/esc.h"

#include <string.h>

void path_key(struct buf *path, struct slice key)
{
	if (path->len > 0)
		buf_add_char(path, '.');
	esc_add(path, key, SHOWN_MAX);
}

void path_index(struct buf *path, size_t i)
{
	buf_printf(path, "[%zu]", i);
}

/*
 * Where a secret went astray, a piece of it may stand where a key belongs. So
 * short ones only, without what base64 has beside letters, and those of Kubernetes.
 */
bool key_may_be_shown(const struct findings *f, struct slice key)
{
	static const char *const known[] = { "apiVersion", "annotations", "stringData",
					     "creationTimestamp", "resourceVersion" };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (slice_is(key, known[i]))
			return true;
	if (!f->discreet)
		return !text_is_private(key);
	for (size_t i = 0; i < key.len; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz", key.p[i]) == NULL)
			return false;
	return key.len < 12;
}

void show_key(const struct findings *f, struct buf *path, struct slice key)
{
	path_key(path, key_may_be_shown(f, key) ? key : slice_str("*"));
}

/* Base64 of a certificate or key: a long run of its letters, large, small and digits among them. */
static bool is_base64_run(struct slice text)
{
	size_t run = 0;
	unsigned seen = 0;
	bool hex = true; /* a fingerprint may be shown */
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];
		unsigned kind = c >= 'a' && c <= 'z' ? 1 : c >= 'A' && c <= 'Z' ? 2 :
			c >= '0' && c <= '9' ? 4 : c == '+' || c == '/' || c == '=' ? 8 : 0;
		run = kind ? run + 1 : 0;
		seen = kind ? seen | kind : 0;
		hex = !kind || (hex && c && strchr("0123456789abcdefABCDEF", c));
		if (run > 32 && (seen & 7) == 7 && !hex)
			return true;
	}
	return false;
}

/* A key written where its path belongs, or a key's file given as a document: what is said goes to logs. */
bool text_is_private(struct slice text)
{
	static const char *const marks[] = { "PRIVATE KEY", "-----BEGIN", "LS0tLS1CRUdJTi" };
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (text.len && memmem(text.p, text.len, marks[i], strlen(marks[i])))
			return true;
	return is_base64_run(text);
}

bool text_holds_key(struct slice text)
{
	/* "PRIVATE KEY", and what base64 makes of it behind 0, 1 and 2 bytes */
	static const char *const marks[] = { "PRIVATE KEY", "UFJJVkFURSBLRV", "BSSVZBVEUgS0VZ", "QUklWQVRFIEtFW" };
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (text.len && memmem(text.p, text.len, marks[i], strlen(marks[i])))
			return true;
	return false;
}

/* A word of Kubernetes such as "v1beta1", too short to be a piece of anything. */
static bool is_short_word(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789/.-", text.p[i]) == NULL || text.p[i] == '\0')
			return false;
	return text.len < 10;
}

void show_text(const struct findings *f, struct buf *out, struct slice text)
{
	if (f->discreet && !is_short_word(text))
		buf_add_str(out, NOT_SHOWN);
	else
		show_quoted(out, text);
}

void show_quoted(struct buf *out, struct slice text)
{
	show_quoted_max(out, text, SHOWN_MAX);
}

void show_quoted_max(struct buf *out, struct slice text, size_t max)
{
	if (text_is_private(text)) {
		buf_add_str(out, "(a key or certificate, not shown here)");
		return;
	}
	struct buf safe = { 0 };
	esc_add(&safe, text, max);
	buf_add_char(out, '"');
	for (size_t i = 0; i < safe.len; i++) {
		if (safe.p[i] == '"')
			buf_add_char(out, '\\');
		buf_add_char(out, safe.p[i]);
	}
	buf_add_char(out, '"');
	buf_free(&safe);
}
