// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes from a client, in any pieces: the first byte chooses the pieces, the
 * second when messages are answered. Every message is answered once, in order;
 * what is written is frames; cutting the bytes otherwise changes nothing.
 */
#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "relp/frame.h"
#include "relp/server.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_DATA 512

struct result {
	uint32_t heard; /* a checksum over events and data */
	size_t messages, answers;
	bool broken;
};

static void take(struct relp_server *s, const uint8_t *data, size_t len, struct result *r)
{
	uint8_t *copy = mem_dup(data, len);
	struct relp_server_event ev;
	struct err e;
	int got;

	relp_server_input(s, slice_of(copy, len));
	while ((got = relp_server_next(s, &ev, &e)) > 0) {
		invariant(ev.data.len <= MAX_DATA);
		r->messages += ev.kind == RELP_SERVER_MESSAGE;
		r->heard = crc32c(r->heard, &ev.txnr, sizeof(ev.txnr));
		r->heard = crc32c(r->heard, ev.data.p, ev.data.len);
	}
	if (got < 0) {
		r->broken = true;
		invariant(e.text[0]);
	}
	invariant(relp_server_partial(s) <= MAX_DATA + RELP_HEADER_MAX + 1);
	free(copy);
}

static void check_output(struct relp_server *s, struct result *r)
{
	struct relp_frame_rules rules = { .max_data = 4096 };
	struct slice out = relp_server_output(s);
	struct relp_frame f;

	while (out.len) {
		ssize_t n = relp_frame_read(out, &rules, &f, NULL, NULL);
		invariant(n > 0);
		r->answers += slice_is(f.command, "rsp") && slice_is(f.data, "200 OK");
		out = slice_of(out.p + n, out.len - (size_t)n);
	}
}

static struct result run(const uint8_t *data, size_t size, size_t piece, unsigned every)
{
	struct relp_server *s =
		relp_server_new(&(struct relp_server_conf){ .max_data = MAX_DATA, .software = "x" });
	struct result r = { 0 };

	for (unsigned i = 0; size; i++) {
		size_t n = size < piece ? size : piece;
		take(s, data, n, &r);
		if (every && i % every == 0)
			relp_server_accept(s, relp_server_unanswered(s));
		data += n;
		size -= n;
	}
	relp_server_accept(s, relp_server_unanswered(s));
	check_output(s, &r);
	invariant(r.answers == r.messages);
	invariant(!r.broken || relp_server_ended(s));
	relp_server_shut(s);
	invariant(relp_server_ended(s));
	relp_server_free(s);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct result pieces = run(data + 2, size - 2, data[0] + 1U, data[1]);
	struct result whole = run(data + 2, size - 2, size, 0);
	invariant(pieces.heard == whole.heard && pieces.messages == whole.messages &&
		  pieces.broken == whole.broken);
	return 0;
}
