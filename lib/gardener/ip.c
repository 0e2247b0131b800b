// SPDX-License-Identifier: Apache-2.0
#include "gardener/names_int.h"

#include <stdint.h>
#include <stdio.h>

/*
 * IP addresses as apimachinery's IsValidIP reads them: by Go's net/netip, and
 * once more without the leading zeros that an IPv4 address may have had before
 * Go 1.17, so that one with them gets words of its own.
 */

struct ip {
	uint8_t byte[16]; /* an IPv4 address: the first four */
	bool v6;
	bool zeros; /* did an IPv4 field begin with a zero? */
};

/* Four numbers up to 255 with a dot between. */
static bool read_v4(struct slice s, uint8_t out[4], bool *zeros)
{
	size_t at = 0;

	for (int field = 0; field < 4; field++) {
		unsigned v = 0;
		size_t from = at;

		if (field > 0 && (at == s.len || s.p[at++] != '.'))
			return false;
		from = at;
		for (; at < s.len && s.p[at] >= '0' && s.p[at] <= '9'; at++) {
			if (at > from && v == 0)
				*zeros = true;
			v = v * 10 + (unsigned)(s.p[at] - '0');
			if (v > 255)
				return false;
		}
		if (at == from)
			return false;
		out[field] = (uint8_t)v;
	}
	return at == s.len;
}

/* Up to four hexadecimal digits at s.p[at]. Returns how many, 5 for too many. */
static size_t read_group(struct slice s, size_t at, unsigned *v)
{
	size_t n = 0;

	*v = 0;
	for (; at + n < s.len && n < 5; n++) {
		char c = s.p[at + n];
		char low = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			*v = *v * 16 + (unsigned)(c - '0');
		else if (low >= 'a' && low <= 'f')
			*v = *v * 16 + (unsigned)(low - 'a') + 10;
		else
			break;
	}
	return n;
}

/* Is there a decimal field and a dot? It may have any number of zeros in front. */
static bool at_v4(struct slice s, size_t at)
{
	while (at < s.len && s.p[at] >= '0' && s.p[at] <= '9')
		at++;
	return at < s.len && s.p[at] == '.';
}

/* The IPv4 address at the end of an IPv6 one; at: where it begins; have: bytes before it. */
static bool read_tail(struct slice s, size_t at, size_t have, bool gap, struct ip *ip)
{
	if (have > 12 || (have < 12 && !gap))
		return false;
	return read_v4(slice_of(s.p + at, s.len - at), ip->byte + have, &ip->zeros);
}

/* The bytes behind the gap go to the end. */
static bool fill_gap(struct ip *ip, size_t gap, size_t have)
{
	if (have == 16)
		return false; /* "::" for nothing */
	memmove(ip->byte + 16 - (have - gap), ip->byte + gap, have - gap);
	memset(ip->byte + gap, 0, 16 - have);
	return true;
}

struct v6_reader {
	struct slice s;
	size_t at;
	size_t have; /* bytes so far */
	size_t gap;  /* how many before the "::", SIZE_MAX: there is none */
	struct ip *ip;
};

/* Behind a group: the end, or a colon and something, or two colons. */
static bool read_colon(struct v6_reader *r)
{
	if (r->at == r->s.len)
		return true;
	if (r->s.p[r->at++] != ':' || r->at == r->s.len)
		return false;
	if (r->s.p[r->at] != ':')
		return true;
	if (r->gap != SIZE_MAX)
		return false;
	r->gap = r->have;
	r->at++;
	return true;
}

/* A group of hexadecimal digits, or an IPv4 address, which is the last one. */
static bool read_one(struct v6_reader *r)
{
	unsigned v;

	if (at_v4(r->s, r->at)) {
		if (!read_tail(r->s, r->at, r->have, r->gap != SIZE_MAX, r->ip))
			return false;
		r->have += 4;
		r->at = r->s.len;
		return true;
	}
	size_t n = read_group(r->s, r->at, &v);

	if (n == 0 || n > 4)
		return false;
	r->ip->byte[r->have++] = (uint8_t)(v >> 8);
	r->ip->byte[r->have++] = (uint8_t)v;
	r->at += n;
	return read_colon(r);
}

static bool read_v6(struct slice s, struct ip *ip)
{
	struct v6_reader r = { .s = s, .gap = SIZE_MAX, .ip = ip };

	ip->v6 = true;
	if (s.len >= 2 && memcmp(s.p, "::", 2) == 0) {
		r.gap = 0;
		r.at = 2;
	}
	while (r.at < s.len && r.have < 16) {
		if (!read_one(&r))
			return false;
	}
	if (r.at < s.len)
		return false;
	return r.gap == SIZE_MAX ? r.have == 16 : fill_gap(ip, r.gap, r.have);
}

static bool is_v4_mapped(const struct ip *ip)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return ip->v6 && memcmp(ip->byte, prefix, sizeof(prefix)) == 0;
}

static unsigned group(const struct ip *ip, int i)
{
	return (unsigned)(ip->byte[2 * i] << 8 | ip->byte[2 * i + 1]);
}

/* The first one of the longest runs of two and more groups of zeros; 8 and 0 if there is none. */
static void longest_zeros(const struct ip *ip, int *from, int *n)
{
	*from = 8;
	*n = 0;
	for (int i = 0; i < 8; i++) {
		int end = i;

		while (end < 8 && group(ip, end) == 0)
			end++;
		if (end - i >= 2 && end - i > *n) {
			*from = i;
			*n = end - i;
		}
	}
}

/* RFC 5952. */
static void write_v6(const struct ip *ip, char out[40])
{
	int from, zeros;
	size_t at = 0;

	longest_zeros(ip, &from, &zeros);
	for (int i = 0; i < 8;) {
		if (i == from) {
			at += (size_t)snprintf(out + at, 40 - at, "::");
			i += zeros;
			continue;
		}
		at += (size_t)snprintf(out + at, 40 - at, "%s%x",
				       i == 0 || i == from + zeros ? "" : ":", group(ip, i));
		i++;
	}
}

/* By the first character that tells. */
static bool read_ip(struct slice s, struct ip *ip)
{
	*ip = (struct ip){ 0 };
	for (size_t i = 0; i < s.len && s.p[i] != '%'; i++) {
		if (s.p[i] == '.')
			return read_v4(s, ip->byte, &ip->zeros);
		if (s.p[i] == ':')
			return read_v6(s, ip);
	}
	return false;
}

size_t gardener_ip(struct slice s, struct names_errors *out)
{
	struct ip ip;
	char text[40];

	if (out != NULL)
		out->n = 0;
	if (!read_ip(s, &ip)) {
		return names_error(out, 0,
				   "must be a valid IP address, "
				   "(e.g. 10.9.8.7 or 2001:db8::ffff)");
	}
	if (ip.zeros)
		return names_error(out, 0, "must not have leading 0s");
	if (is_v4_mapped(&ip))
		return names_error(out, 0, "must not be an IPv4-mapped IPv6 address");
	if (!ip.v6)
		return 0;
	write_v6(&ip, text);
	if (slice_is(s, text))
		return 0;
	return names_error(out, 0, "must be in canonical form (\"%s\")", text);
}
