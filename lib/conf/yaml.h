// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include "conf/arena.h"
#include "conf/findings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * YAML (and JSON, which is nearly a subset) as a tree of nodes that know where
 * they stand. Scalars are read as Kubernetes reads them (sigs.k8s.io/yaml, which
 * is YAML 1.1): plain yes, no, on, off, y, n are booleans, 010 is octal, 4.0 is
 * a number that may be taken as 4.
 */
enum node_kind {
	NODE_NULL,
	NODE_BOOL,
	NODE_INT,
	NODE_FLOAT, /* also integers that int64_t cannot hold */
	NODE_STRING,
	NODE_SEQ,
	NODE_MAP,
};

struct node {
	enum node_kind kind;
	bool plain;	    /* a scalar without quotes, tag or block style */
	unsigned line, col; /* where it begins, 1-based, in characters; of an alias: the alias */
	struct slice text;  /* a scalar's text, as written or unescaped; a NUL is behind it */
	union {
		bool boolean;
		int64_t integer;
		double real;
		struct {
			struct node **at;
			size_t n;
		} items;
		struct {
			struct node_entry *at;
			size_t n;
		} entries;
	};
};

struct node_entry {
	struct slice name;	/* the key as JSON would have it: "true" where it was written yes */
	const struct node *key;
	struct node *value;
	unsigned line, col;	/* of the key; of one that came by a merge: of the "<<" */
	bool merged;
};

/* The value of a key, NULL where map has none or is no NODE_MAP. */
const struct node *node_get(const struct node *map, const char *name);

/* "a string", "a list": for messages. */
const char *node_kind_text(enum node_kind kind);

#define YAML_DEPTH_MAX 64
#define YAML_ANCHORS_MAX 1000
#define YAML_NODES_MAX 100000 /* and twice as many when each alias counts for what it stands for */

struct yaml_tree {
	struct arena arena;
	struct node **documents; /* all of the stream; of an empty one NULL */
	size_t n_documents;
};

/*
 * Reads the whole stream. 0, or -1 where the text is no YAML or goes beyond a
 * limit: then findings say so and there are no documents. Other findings
 * (duplicate keys, keys that are no scalars) leave a tree to go on with:
 * the first of two equal keys counts. Aliases are followed and "<<" merged;
 * nodes may then be shared, but never form a circle. tree is to be freed either way.
 */
int yaml_tree_parse(struct slice text, size_t max_bytes, struct yaml_tree *tree,
		    struct findings *f);
void yaml_tree_free(struct yaml_tree *tree);

#endif
