// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_DECODE_INT_H
#define CONF_DECODE_INT_H

#include "base/buf.h"
#include "conf/decode.h"

/* Shared by decode.c and decode_say.c only. */
struct decode {
	struct findings *f;
	struct buf path;
};

/* A finding at a place; text is escaped. */
void decode_say(struct decode *d, unsigned line, unsigned col, enum code code, const char *text);

/* "Invalid value: ...: must be WANTED, not ...", and whether quotes would change that. */
void decode_wrong_type(struct decode *d, const struct node *v, enum node_kind wanted,
		       const char *wanted_text);

/* An apiVersion or a kind that there is not: as Kubernetes words it, with what there is. */
void decode_unregistered(struct decode *d, const struct schema *s, const struct node *map,
			 const struct node *value, enum code code);

/* near: the name that was likely meant, or NULL. */
void decode_unknown_field(struct decode *d, const struct node_entry *e, const char *near);

#endif
