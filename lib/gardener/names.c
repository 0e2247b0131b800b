// SPDX-License-Identifier: Apache-2.0
#include "gardener/names.h"

#include "gardener/names_int.h"

#include <stdarg.h>
#include <stdio.h>

#define SUBDOMAIN_MAX 253
#define LABEL "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define SUBDOMAIN LABEL "(\\." LABEL ")*"

size_t names_error(struct names_errors *out, size_t n, const char *fmt, ...)
{
	if (out != NULL && n < NAMES_ERRORS_MAX) {
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(out->text[n], sizeof(out->text[n]), fmt, ap);
		va_end(ap);
		out->n = n + 1;
	}
	return n + 1;
}

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_subdomain(struct slice s)
{
	bool begun = false; /* is the last byte one that may end a label? */

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool edge = is_lower_alnum(c);
		bool first = i == 0 || s.p[i - 1] == '.';

		if (!edge && (c == '.' ? !begun : c != '-' || first))
			return false;
		begun = edge;
	}
	return begun;
}

static size_t check_length(struct slice s, struct names_errors *out)
{
	if (out != NULL)
		out->n = 0;
	if (s.len <= SUBDOMAIN_MAX)
		return 0;
	return names_error(out, 0, "must be no more than %d characters", SUBDOMAIN_MAX);
}

size_t gardener_dns1123_subdomain(struct slice s, struct names_errors *out)
{
	size_t n = check_length(s, out);

	if (is_subdomain(s))
		return n;
	return names_error(out, n, "%s (e.g. 'example.com', regex used for validation is '%s')",
			   "a lowercase RFC 1123 subdomain must consist of lower case "
			   "alphanumeric characters, '-' or '.', and must start and end "
			   "with an alphanumeric character",
			   SUBDOMAIN);
}

size_t gardener_dns1123_wildcard(struct slice s, struct names_errors *out)
{
	size_t n = check_length(s, out);

	if (s.len > 2 && s.p[0] == '*' && s.p[1] == '.' &&
	    is_subdomain(slice_of(s.p + 2, s.len - 2)))
		return n;
	return names_error(out, n, "%s (e.g. '*.example.com', regex used for validation is '%s')",
			   "a wildcard DNS-1123 subdomain must start with '*.', followed by a "
			   "valid DNS subdomain, which must consist of lower case alphanumeric "
			   "characters, '-' or '.' and end with an alphanumeric character",
			   "\\*\\." SUBDOMAIN);
}

bool gardener_is_sha1_fingerprint(struct slice s)
{
	if (s.len != 45 || memcmp(s.p, "SHA1:", 5) != 0)
		return false;
	for (size_t i = 5; i < s.len; i++) {
		char c = s.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

/* Without what a URL has around its host. */
static struct slice host_of(struct slice s)
{
	while (s.len > 0 && s.p[0] == ' ')
		s = slice_of(s.p + 1, s.len - 1);
	while (s.len > 0 && s.p[s.len - 1] == ' ')
		s.len--;
	for (size_t i = 0; i + 3 <= s.len; i++)
		if (memcmp(s.p + i, "://", 3) == 0) {
			s = slice_of(s.p + i + 3, s.len - i - 3);
			const char *slash = memchr(s.p, '/', s.len);
			return slash ? slice_of(s.p, (size_t)(slash - s.p)) : s;
		}
	return s;
}

/* host:port, [address]:port, [address] */
static struct slice without_port(struct slice s)
{
	const char *closed = memchr(s.p, ']', s.len);
	size_t n = s.len;

	if (s.p[0] == '[' && closed != NULL)
		return slice_of(s.p + 1, (size_t)(closed - s.p) - 1);
	while (n > 0 && s.p[n - 1] >= '0' && s.p[n - 1] <= '9')
		n--;
	if (n > 0 && n < s.len && s.p[n - 1] == ':' && memchr(s.p, ':', n - 1) == NULL)
		s.len = n - 1;
	return s;
}

int gardener_name_spelling(enum gardener_names of, struct slice s, struct buf *out)
{
	char lower[SUBDOMAIN_MAX];
	struct slice name = slice_of(lower, 0);

	s = host_of(s);
	if (s.len > 0 && of == GARDENER_TARGET)
		s = without_port(s);
	if (s.len > 0 && s.p[s.len - 1] == '.')
		s.len--;
	if (s.len == 0 || s.len > sizeof(lower))
		return -1;
	for (size_t i = 0; i < s.len; i++)
		lower[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
	name.len = s.len;
	if (gardener_dns1123_subdomain(name, NULL) != 0 &&
	    (of == GARDENER_PEER ? gardener_dns1123_wildcard(name, NULL)
				 : gardener_ip(name, NULL)) != 0)
		return -1;
	buf_add_slice(out, name);
	return 0;
}
