// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/buf.h"

#include <stdint.h>

/*
 * One log message as rsyslog 8.2302 sees a datagram of journald (imuxsock with
 * its defaults, then the legacy parser): slices of the scratch buffer or of the
 * datagram. docs/WIRE.md tells each quirk and how it was found.
 */
struct record {
	unsigned pri;		/* facility * 8 + severity, as sent; 192 and more: rsyslog's "invld" */
	unsigned severity;	/* 0..7, what rules compare */
	struct slice tag;	/* "kubelet[1234]:" as sent on */
	struct slice program;	/* "kubelet"; may be empty */
	struct slice procid;	/* "1234" or "-" */
	struct slice msg;	/* begins with the blank behind the tag's colon, where there was one */
	size_t datagram_len;	/* before anything was cut or escaped */
};

/*
 * Never fails: any bytes are some record. scratch (owned by the caller, emptied
 * here) holds the escaped text where there was anything to escape; slices are
 * valid until it or the datagram changes.
 */
void record_parse(struct slice datagram, struct buf *scratch, struct record *out);

#endif
