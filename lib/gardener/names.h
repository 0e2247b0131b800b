// SPDX-License-Identifier: Apache-2.0
#ifndef GARDENER_NAMES_H
#define GARDENER_NAMES_H

#include "base/buf.h"

/*
 * The checks of names and addresses that Gardener's admission takes from
 * Kubernetes' apimachinery, and what that says of a wrong one. Each returns how
 * many errors there are, 0 for a right value; out may be NULL. The texts are
 * what stands behind `Invalid value: "...": ` and hold nothing of the value
 * but hexadecimal digits, dots and colons.
 */
#define NAMES_ERRORS_MAX 2

struct names_errors {
	size_t n;
	char text[NAMES_ERRORS_MAX][384];
};

/*
 * Labels of [a-z0-9]([-a-z0-9]*[a-z0-9])? joined by dots, at most 253 bytes. A
 * label has no limit of its own, and may be all digits: 256.1.1.1 is right.
 */
size_t gardener_dns1123_subdomain(struct slice s, struct names_errors *out);

/* "*." and a subdomain, at most 253 bytes together. */
size_t gardener_dns1123_wildcard(struct slice s, struct names_errors *out);

/*
 * An IPv4 address without leading zeros, or an IPv6 address as RFC 5952 writes
 * it, which is not an IPv4 address in IPv6's clothes; without zone and brackets.
 * At most one error.
 */
size_t gardener_ip(struct slice s, struct names_errors *out);

/* "SHA1:" and 40 hexadecimal digits, the one form of a fingerprint that admission knows. */
bool gardener_is_sha1_fingerprint(struct slice s);

enum gardener_names {
	GARDENER_TARGET, /* a name or an address */
	GARDENER_PEER,   /* a name or a wildcard */
};

/*
 * What is most likely meant by a text that is none of these: the same in lower
 * case, without blanks around it, a URL's scheme and path and a dot at the end; a
 * target without a port and brackets too. Adds that to out where admission takes
 * it; else returns -1 and leaves out alone.
 */
int gardener_name_spelling(enum gardener_names of, struct slice s, struct buf *out);

#endif
