// SPDX-License-Identifier: Apache-2.0
#include "io/addr.h"

#include "base/esc.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>

/* ---- text to parts ---- */

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

static int bad(struct slice text, const char *why, struct err *e)
{
	char shown[160];
	return err_set(e, "address \"%s\": %s", esc_text(shown, sizeof(shown), text), why);
}

/* How many colons; *last is where the last one stands. */
static size_t colons(struct slice text, size_t *last)
{
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == ':') {
			n++;
			*last = i;
		}
	}
	return n;
}

static int copy_host(struct slice text, struct slice host, char *out, struct err *e)
{
	if (host.len == 0)
		return bad(text, "the host is missing", e);
	if (host.len >= ADDR_HOST_MAX)
		return bad(text, "the host is too long", e);
	memcpy(out, host.p, host.len);
	out[host.len] = '\0';
	return 0;
}

static int copy_port(struct slice text, struct slice port, uint16_t *out, struct err *e)
{
	uint64_t v;
	if (num_u64(port, 0, UINT16_MAX, &v) < 0)
		return bad(text, "the port is not a number from 0 to 65535", e);
	*out = (uint16_t)v;
	return 0;
}

static int split_v6(struct slice text, char *host, uint16_t *port, struct err *e)
{
	const char *close = memchr(text.p, ']', text.len);
	if (!close)
		return bad(text, "the closing bracket is missing", e);
	size_t at = (size_t)(close - text.p);
	if (at + 1 == text.len || text.p[at + 1] != ':')
		return bad(text, "the port is missing; write [ADDRESS]:PORT", e);
	if (copy_host(text, slice_of(text.p + 1, at - 1), host, e) < 0)
		return -1;
	struct addr a;
	if (memchr(text.p, '\0', at) || addr_literal(host, 0, &a) < 0 ||
	    a.sa.ss_family != AF_INET6)
		return bad(text, "no IPv6 address between the brackets", e);
	return copy_port(text, slice_of(text.p + at + 2, text.len - at - 2), port, e);
}

static int too_many_colons(struct slice text, struct err *e)
{
	char shown[160];
	for (size_t i = 0; i < text.len; i++) {
		if (!memchr("0123456789abcdefABCDEF:.%", text.p[i], 25))
			return bad(text, "more than one colon; write HOST:PORT", e);
	}
	esc_text(shown, sizeof(shown), text);
	return err_set(e, "address \"%s\": an IPv6 address stands in brackets: [%s]:PORT", shown,
		       shown);
}

int addr_split(struct slice text, char *host, uint16_t *port, struct err *e)
{
	if (text.len == 0)
		return err_set(e, "the address is empty; write HOST:PORT");
	if (text.p[0] == '[')
		return split_v6(text, host, port, e);

	size_t at = 0;
	size_t n = colons(text, &at);
	if (n == 0)
		return bad(text, "the port is missing; write HOST:PORT", e);
	if (n > 1)
		return too_many_colons(text, e);
	for (size_t i = 0; i < at; i++) {
		if (!is_name_char(text.p[i]))
			return bad(text, "a character that no host name has", e);
	}
	if (copy_host(text, slice_of(text.p, at), host, e) < 0)
		return -1;
	return copy_port(text, slice_of(text.p + at + 1, text.len - at - 1), port, e);
}

/* ---- text to addresses ---- */

static int literal_v4(const char *host, uint16_t port, struct addr *out)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)&out->sa;
	if (inet_pton(AF_INET, host, &sin->sin_addr) != 1)
		return -1;
	sin->sin_family = AF_INET;
	sin->sin_port = htons(port);
	out->len = sizeof(*sin);
	return 0;
}

/* "eth0" or "2"; 0: there is no such interface */
static uint32_t zone_index(const char *zone)
{
	uint64_t v;
	if (num_u64(slice_str(zone), 1, UINT32_MAX, &v) == 0)
		return (uint32_t)v;
	return if_nametoindex(zone);
}

static int literal_v6(const char *host, uint16_t port, struct addr *out)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&out->sa;
	char bare[INET6_ADDRSTRLEN];
	const char *zone = strchr(host, '%');
	size_t len = zone ? (size_t)(zone - host) : strlen(host);

	if (len >= sizeof(bare))
		return -1;
	memcpy(bare, host, len);
	bare[len] = '\0';
	if (inet_pton(AF_INET6, bare, &sin6->sin6_addr) != 1)
		return -1;
	if (zone) {
		sin6->sin6_scope_id = zone_index(zone + 1);
		if (sin6->sin6_scope_id == 0)
			return -1;
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	out->len = sizeof(*sin6);
	return 0;
}

int addr_literal(const char *host, uint16_t port, struct addr *out)
{
	memset(out, 0, sizeof(*out));
	if (literal_v4(host, port, out) == 0)
		return 0;
	memset(out, 0, sizeof(*out));
	return literal_v6(host, port, out);
}

static bool addr_in_list(const struct addr_list *list, const struct addr *a)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->at[i].len == a->len && memcmp(&list->at[i].sa, &a->sa, a->len) == 0)
			return true;
	}
	return false;
}

static void add_result(struct addr_list *list, const struct addrinfo *ai, uint16_t port)
{
	struct addr a = { .len = ai->ai_addrlen };

	if ((ai->ai_family != AF_INET && ai->ai_family != AF_INET6) || a.len > sizeof(a.sa))
		return;
	memcpy(&a.sa, ai->ai_addr, a.len);
	if (ai->ai_family == AF_INET)
		((struct sockaddr_in *)&a.sa)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)&a.sa)->sin6_port = htons(port);
	if (list->n < ADDR_LIST_MAX && !addr_in_list(list, &a))
		list->at[list->n++] = a;
}

static int resolve_failed(const char *host, int code, int sys, struct err *e)
{
	char shown[ADDR_HOST_MAX];
	esc_text(shown, sizeof(shown), slice_str(host));
	if (code == EAI_SYSTEM)
		return err_code(e, code, "resolve %s: %s", shown, strerror(sys));
	return err_code(e, code, "resolve %s: %s", shown, gai_strerror(code));
}

int addr_resolve(const char *host, uint16_t port, int family, struct addr_list *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	if (addr_literal(host, port, &out->at[0]) == 0) {
		if (family != AF_UNSPEC && out->at[0].sa.ss_family != family)
			return resolve_failed(host, EAI_FAMILY, 0, e);
		out->n = 1;
		return 0;
	}

	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int code = getaddrinfo(host, NULL, &hints, &found);
	if (code != 0)
		return resolve_failed(host, code, errno, e);
	for (const struct addrinfo *ai = found; ai; ai = ai->ai_next)
		add_result(out, ai, port);
	freeaddrinfo(found);
	if (out->n == 0)
		return resolve_failed(host, EAI_NONAME, 0, e);
	return 0;
}

/* ---- addresses to text ---- */

uint16_t addr_port(const struct addr *a)
{
	if (a->sa.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&a->sa)->sin_port);
	if (a->sa.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&a->sa)->sin6_port);
	return 0;
}

const char *addr_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	char ip[INET6_ADDRSTRLEN] = "";
	char zone[16] = "";

	if (a->sa.ss_family == AF_INET) {
		const struct sockaddr_in *sin = (const struct sockaddr_in *)&a->sa;
		inet_ntop(AF_INET, &sin->sin_addr, ip, sizeof(ip));
		snprintf(out, ADDR_TEXT_MAX, "%s:%u", ip, addr_port(a));
	} else if (a->sa.ss_family == AF_INET6) {
		const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&a->sa;
		inet_ntop(AF_INET6, &sin6->sin6_addr, ip, sizeof(ip));
		if (sin6->sin6_scope_id)
			snprintf(zone, sizeof(zone), "%%%u", (unsigned)sin6->sin6_scope_id);
		snprintf(out, ADDR_TEXT_MAX, "[%s%s]:%u", ip, zone, addr_port(a));
	} else {
		snprintf(out, ADDR_TEXT_MAX, "unknown");
	}
	return out;
}
