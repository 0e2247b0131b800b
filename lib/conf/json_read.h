// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_JSON_READ_H
#define CONF_JSON_READ_H

#include "conf/build.h"

/*
 * Where the document (as split_next() cuts it, a "---" at its front is passed
 * over) is a map or list in strict JSON: reads it as that, and returns 0, or -1
 * where it goes beyond a limit, which is a finding. 1: it is something else;
 * nothing was said or built. YAML would take most of JSON too, but not keys of
 * more than 1024 characters and not surrogate pairs.
 */
int json_read(struct builder *b, struct slice text, unsigned line);

#endif
