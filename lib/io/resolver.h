// SPDX-License-Identifier: Apache-2.0
#ifndef IO_RESOLVER_H
#define IO_RESOLVER_H

#include "io/addr.h"
#include "io/loop.h"

/*
 * Resolves names in a process of its own, because getaddrinfo blocks: forked
 * at start, one question at a time, killed and forked anew when it does not
 * answer in time. The process has no descriptor but its end of the socket pair
 * and ends when that closes.
 */
struct resolver;

struct resolver *resolver_new(struct loop *l, struct err *e);
void resolver_free(struct resolver *r);

/*
 * Asks; exactly one call of done follows, never from inside this call: list,
 * or NULL with the reason (time-out after limit_ms included). A second question
 * while one is open is a broken invariant; resolver_cancel drops the open one.
 */
void resolver_ask(struct resolver *r, const char *host, uint16_t port, uint64_t limit_ms,
		  void (*done)(void *arg, const struct addr_list *list, const struct err *why),
		  void *arg);
void resolver_cancel(struct resolver *r);

#endif
