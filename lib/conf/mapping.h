// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_MAPPING_H
#define CONF_MAPPING_H

#include "conf/yaml.h"

/*
 * Makes the entries of map from its keys and values (key, value, key, ...): "<<"
 * merged, duplicates found. As strict sigs.k8s.io/yaml has it, a merge that sets
 * a key which is set otherwise too is a duplicate, whichever comes first. path is
 * of the map. *room: how many merged entries the document may still have. -1:
 * more than that, and map is empty; it is a finding already.
 */
int mapping_make(struct arena *arena, struct node *map, struct node *const *pairs, size_t n_pairs,
		 size_t *room, const char *path, struct findings *f);

#endif
