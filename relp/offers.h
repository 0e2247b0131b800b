// SPDX-License-Identifier: Apache-2.0
#ifndef RELP_OFFERS_H
#define RELP_OFFERS_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdint.h>

/*
 * What `open` and its answer carry: lines "name=value,value" (docs/RELP.md,
 * "Offers"). Internal to relp/.
 */
#define RELP_OFFERS_MAX 64	/* lines */
#define RELP_OFFER_NAME_MAX 32	/* bytes */
#define RELP_OFFER_VALUE_MAX 255

/* relp_version=0, relp_software where there is one, commands=syslog. */
void relp_offers_write(struct buf *out, const char *software);

/*
 * NULL: we can talk with who offers this. Else why not, in words of our own.
 * What is absent or unknown does no harm; a version above max_version, a list of
 * commands without syslog, or more and longer offers than the limits do.
 */
const char *relp_offers_unsuitable(struct slice offers, uint32_t max_version);

#endif
