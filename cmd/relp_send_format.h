// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_RELP_SEND_FORMAT_H
#define CMD_RELP_SEND_FORMAT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/* A message as logger(1) of util-linux 2.38 sends it over the network; see docs/RELP.md. */
enum syslog_style {
	SYSLOG_RFC3164, /* "<13>Nov 21 20:51:31 host tag[77]: text" */
	SYSLOG_RFC5424, /* "<13>1 2026-11-21T20:51:31.404730+00:00 host tag 77 - [timeQuality ...] text" */
	SYSLOG_RAW,	/* the text as it is */
};

struct syslog_format {
	enum syslog_style style;
	unsigned priority; /* facility * 8 + severity */
	const char *tag;
	long pid; /* 0: none is shown */
	char hostname[256];
	/* the part before the text, as long as the second does not change (not RFC 5424) */
	int64_t head_second;
	struct buf head;
};

/* "facility.severity", or a severity alone (facility user), by name as in logger(1). */
int syslog_priority(const char *text, unsigned *out, struct err *e);

/* Fills in the host's name; the rest is the caller's. */
void syslog_format_init(struct syslog_format *f);
void syslog_format_free(struct syslog_format *f);

void syslog_format_add(struct syslog_format *f, struct slice text, int64_t now_us, struct buf *out);

#endif
