// SPDX-License-Identifier: Apache-2.0
#ifndef IO_RESOLVER_H
#define IO_RESOLVER_H

#include "io/addr.h"
#include "io/loop.h"

/*
 * Resolves names in processes of their own, because getaddrinfo blocks: one
 * question at a time, with a time limit that is kept whatever the DNS does.
 *
 * resolver_new forks a helper, which does nothing but fork a worker for each
 * question and kill it when the answer is no longer wanted. So we need not fork
 * again once there are threads or a sandbox, a stuck getaddrinfo costs one
 * process that can always be killed, and each question sees the resolv.conf and
 * hosts of its time. Call it early, before threads and large memory.
 *
 * The helper holds no descriptor but /dev/null and its end of the socket pair
 * (not the spool's lock, no input), ignores SIGTERM, SIGINT and SIGHUP, which
 * are meant for us, and ends when our end of the pair closes, however we died.
 * If somebody kills it, the open question fails and the next one forks a new
 * one: from a process that may have threads, which only musl's fork allows
 * (since 1.2.2 the child may do everything), and only then.
 */
struct resolver;

struct resolver *resolver_new(struct loop *l, struct err *e);
void resolver_free(struct resolver *r); /* NULL is fine; drops an open question */

/*
 * Asks; exactly one call of done follows, never from inside this call: list
 * (at least one address), or NULL with the reason (time-out after limit_ms
 * included: why->code ETIMEDOUT; else an EAI_ value or 0). A literal address
 * needs no process. A second question while one is open is a broken invariant;
 * resolver_cancel drops the open one. done may ask again or free the resolver.
 */
void resolver_ask(struct resolver *r, const char *host, uint16_t port, uint64_t limit_ms,
		  void (*done)(void *arg, const struct addr_list *list, const struct err *why),
		  void *arg);
void resolver_cancel(struct resolver *r); /* nothing open is fine */

/* For tests: the same with another function in place of addr_resolve, called in the worker. */
struct resolver *resolver_new_using(struct loop *l,
				    int (*resolve)(const char *host, uint16_t port, int family,
						   struct addr_list *out, struct err *e),
				    struct err *e);

#endif
