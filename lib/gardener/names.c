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
