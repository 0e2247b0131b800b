// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_YAML_READ_H
#define CONF_YAML_READ_H

#include "conf/build.h"

/*
 * Reads one document, as split_next() cuts it, that begins in this line of the
 * file. 0, or -1: it cannot be read, which is a finding.
 */
int yaml_read(struct builder *b, struct slice text, unsigned line, struct findings *f);

#endif
