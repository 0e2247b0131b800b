// SPDX-License-Identifier: Apache-2.0
#ifndef IO_ADDR_H
#define IO_ADDR_H

#include "base/err.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* The text of any address, "[::1]:20514" or "127.0.0.1:20514", with the NUL. */
#define ADDR_TEXT_MAX 72
#define ADDR_HOST_MAX 256

struct addr {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* At most this many addresses of a name are used. */
#define ADDR_LIST_MAX 16
struct addr_list {
	size_t n;
	struct addr at[ADDR_LIST_MAX];
};

/*
 * "HOST:PORT", "[V6]:PORT" into host (ADDR_HOST_MAX) and port (0..65535); a bare
 * IPv6 address without brackets is an error that shows the right spelling. A
 * host is letters, digits, "-", "_" and "."; in brackets it is an IPv6 address,
 * with a zone behind "%" where it has one (RFC 4007 section 11).
 */
int addr_split(struct slice text, char *host, uint16_t *port, struct err *e);

/* Only literal IPv4 and IPv6 addresses, as inet_pton(3) has them, no look-up: 0 or -1. */
int addr_literal(const char *host, uint16_t port, struct addr *out);

/*
 * getaddrinfo(3): BLOCKS, for the helper and for short-lived commands only.
 * family AF_UNSPEC, AF_INET or AF_INET6. On success at least one address, none
 * twice. e->code is the EAI_ value.
 */
int addr_resolve(const char *host, uint16_t port, int family, struct addr_list *out, struct err *e);

/* Returns out. What is no IP address is "unknown". */
const char *addr_text(const struct addr *a, char out[ADDR_TEXT_MAX]);
uint16_t addr_port(const struct addr *a); /* 0 where there is none */

#endif
