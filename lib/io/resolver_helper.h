// SPDX-License-Identifier: Apache-2.0
#ifndef IO_RESOLVER_HELPER_H
#define IO_RESOLVER_HELPER_H

#include "io/addr.h"

#include <stdbool.h>

/* What resolver.c and its helper process say to each other: one struct a packet. */

/* An empty host: forget the one before. Each question ends the one before as well. */
struct resolver_question {
	uint64_t id;
	uint16_t port;
	char host[ADDR_HOST_MAX];
};

struct resolver_answer {
	uint64_t id;
	bool found;
	struct addr_list list; /* where found */
	struct err why;	       /* where not */
};

typedef int resolver_fn(const char *host, uint16_t port, int family, struct addr_list *out,
			struct err *e);

/* The life of the helper, just forked: sock is its end of the pair. Ends the process. */
_Noreturn void resolver_helper(int sock, resolver_fn *resolve);

#endif
