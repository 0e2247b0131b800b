// SPDX-License-Identifier: Apache-2.0
#ifndef CONF_CHECK_RELP_H
#define CONF_CHECK_RELP_H

#include "conf/config.h"
#include "conf/decode.h"

/*
 * What shows only when a RsyslogRelpConfig is seen as a whole: rules that hide
 * each other, audit records that none takes, delivery that loses records, TLS
 * that lets nobody in. map is the document's; the model is what was decoded of it.
 */
void check_rules(struct decode *d, const struct node *map, const struct config *c);
void check_delivery(struct decode *d, const struct node *map, const struct config *c);
void check_tls(struct decode *d, const struct node *map, const struct config_tls *t); /* map: of tls */
void check_tls_absent(struct decode *d, const struct node *map); /* where there is no tls at all */
void check_audit_config(struct decode *d, const struct node *map, const struct config *c); /* of auditConfig */

/* Is name there, and not null? */
bool node_is_set(const struct node *map, const char *name);

#endif
