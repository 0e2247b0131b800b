// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_MAPPING_H
#define CONF_MAPPING_H

#include "conf/yaml.h"

/* Where a map is. It is asked for when there is something to be said: most maps are in order. */
struct mapping_path {
	const char *(*text)(void *arg);
	void *arg;
};

/*
 * Makes the entries of map from its keys and values (key, value, key, ...): "<<"
 * merged, duplicates found. As strict sigs.k8s.io/yaml has it, a merge that sets
 * a key which is set otherwise too is a duplicate, whichever comes first. path is
 * of the map. *room: how many merged entries the document may still have. -1:
 * more than that, and map is empty; it is a finding already.
 */
int mapping_make(struct arena *arena, struct node *map, struct node *const *pairs, size_t n_pairs,
		 size_t *room, const struct mapping_path *path, struct findings *f);

#endif
