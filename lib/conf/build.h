// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_BUILD_H
#define CONF_BUILD_H

#include "conf/yaml.h"

/*
 * Nodes out of what a reader (YAML, JSON) finds one after the other: nesting,
 * anchors, limits and paths are here. Nothing recurses: what is open stands in
 * a list. All that return int or NULL say -1 or NULL where the document cannot
 * be read on; it is a finding then.
 */
struct builder;

/* What comes next, and where. */
struct build_item {
	unsigned line, col;
	struct slice anchor; /* p NULL: none */
};

struct builder *builder_new(size_t max_bytes, size_t max_values, struct findings *f);
void builder_free(struct builder *b); /* NULL is fine */

/* Forgets all about the document before. Nodes are made in arena. */
void builder_start(struct builder *b, struct arena *arena);

/* The document, when it is complete. */
struct node *builder_root(const struct builder *b);

/* How many nodes the document has so far, aliases as one. */
size_t builder_made(const struct builder *b);

/* A scalar with a copy of text; when its kind and value are set it is to be given to build_add(). */
struct node *build_scalar(struct builder *b, const struct build_item *item, struct slice text);
void build_add(struct builder *b, struct node *scalar);

int build_start(struct builder *b, const struct build_item *item, enum node_kind kind);
int build_end(struct builder *b); /* of what was started last */
int build_alias(struct builder *b, const struct build_item *item); /* anchor: whose */

/* A finding about what comes next, with its path. build_refuse() always returns -1. */
void build_say(struct builder *b, const struct build_item *item, enum code code,
	       const char *text);
int build_refuse(struct builder *b, const struct build_item *item, enum code code,
		 const char *text);

#endif
