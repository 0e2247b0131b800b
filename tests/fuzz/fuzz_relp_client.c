// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes from the other side, in any pieces, while frames are sent. The first
 * two bytes choose the pieces and how much is sent. Every frame sent is told at
 * most once, accepted ones in order, and what is unanswered adds up.
 */
#include "base/mem.h"
#include "relp/client.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SENT_MAX 4096

struct run {
	struct relp_client *c;
	uint64_t sent, next; /* tokens from 1; the lowest that may still be accepted */
	size_t told;
	bool done[SENT_MAX + 1];
};

static void tell(struct run *r, uint64_t token)
{
	invariant(token >= 1 && token <= r->sent && !r->done[token]);
	r->done[token] = true;
	r->told++;
}

static void check_event(struct run *r, const struct relp_event *ev)
{
	if (ev->kind == RELP_REFUSED)
		tell(r, ev->token);
	if (ev->kind != RELP_ACCEPTED)
		return;
	invariant(ev->count > 0 && ev->token >= r->next && ev->last == ev->token + ev->count - 1);
	for (uint64_t t = r->next; t < ev->token; t++)
		invariant(r->done[t]); /* passed over: refused */
	for (uint64_t t = ev->token; t <= ev->last; t++)
		tell(r, t);
	r->next = ev->last + 1;
}

static void send_some(struct run *r, unsigned n)
{
	for (; n > 0 && r->sent < SENT_MAX && relp_client_room(r->c, 3); n--)
		relp_client_send(r->c, ++r->sent, slice_str("abc"));
	struct slice out = relp_client_output(r->c);
	relp_client_wrote(r->c, out.len / 2 + out.len % 2);
}

/* False: the other side broke the protocol. */
static bool take(struct run *r, const uint8_t *data, size_t len)
{
	uint8_t *copy = mem_dup(data, len);
	struct relp_event ev;
	struct err e;
	int got;

	relp_client_input(r->c, slice_of(copy, len));
	while ((got = relp_client_next(r->c, &ev, &e)) > 0)
		check_event(r, &ev);
	free(copy);
	return got == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run r = { .next = 1 };
	bool good = true;

	if (size < 2)
		return 0;
	size_t piece = data[0] + 1U;
	unsigned burst = data[1] % 16;
	data += 2;
	size -= 2;
	r.c = relp_client_new(&(struct relp_client_conf){
		.window_frames = 64, .window_bytes = 2000, .max_answer = 512, .last_txnr = 500 });
	relp_client_start(r.c);
	while (size && good) {
		size_t n = size < piece ? size : piece;
		good = take(&r, data, n);
		send_some(&r, burst);
		if (relp_client_is_open(r.c) && burst == 15)
			relp_client_close(r.c, true);
		data += n;
		size -= n;
	}
	/* what is neither told nor unanswered was answered early, behind one that is not */
	invariant(r.told + relp_client_unanswered(r.c) <= r.sent);
	relp_client_start(r.c);
	invariant(take(&r, (const uint8_t *)"1 rsp 6 200 OK\n", 15) && relp_client_is_open(r.c));
	relp_client_free(r.c);
	return 0;
}
