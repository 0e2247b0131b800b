// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_CONFIG_INT_H
#define CONF_CONFIG_INT_H

#include "conf/config.h"
#include "conf/decode.h"

/* Shared by config.c and the two kinds of document: config_relp.c, config_forward.c. */

#define GARDENER_VERSION "rsyslog-relp.extensions.gardener.cloud/v1alpha1"
#define GARDENER_KIND "RsyslogRelpConfig"
#define OWN_VERSION "relpbox/v1alpha1"
#define OWN_KIND "Forward"

#define AT(member) .offset = offsetof(struct config, member)
#define OPTIONAL_INT(member) \
	.offset = offsetof(struct config, member.value), \
	.present = FIELD_PRESENT(struct config, member.set)

/* A Forward holds them too, under a key of their own. */
extern const struct field relp_fields[];
void relp_check(struct decode *d, const struct node *map, void *out);

extern const struct schema relp_schema, forward_schema;

#endif
