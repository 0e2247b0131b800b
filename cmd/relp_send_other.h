// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_RELP_SEND_OTHER_H
#define CMD_RELP_SEND_OTHER_H

#include "io/addr.h"
#include "io/loop.h"

#include <stdbool.h>

/*
 * Does a port that did not answer as it should speak the other thing, TLS or
 * plain RELP? Asked on a connection of its own, which sends no more than a
 * greeting: a TLS ClientHello, or `open` and `close`.
 */
struct other;

/*
 * Exactly one call of done follows, never from inside this call. said: what came
 * ("a TLS ServerHello"), NULL: nothing, or nothing that is of that protocol.
 */
struct other *other_ask(struct loop *l, const struct addr *a, bool tls, uint64_t limit_ms,
			void (*done)(void *arg, const char *said), void *arg);
void other_free(struct other *o); /* NULL is fine; then done is not called any more */

#endif
