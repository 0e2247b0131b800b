// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as RELP frames. What is read lies inside the bytes and is written
 * again as the same frame; a verdict never changes when more bytes come.
 */
#include "base/mem.h"
#include "relp/frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct relp_frame_rules rules = { .max_data = 4096 };
static const struct relp_frame_rules lenient = { .max_data = 4096, .lf_in_data = true };

/* A copy of the exact size, so that a byte read behind it is seen. */
static ssize_t read_exact(const uint8_t *data, size_t len, size_t *need)
{
	uint8_t *copy = mem_dup(data, len);
	struct relp_frame f;
	ssize_t n = relp_frame_read(slice_of(copy, len), &rules, &f, need, NULL);

	free(copy);
	return n;
}

static void check_frame(struct slice in, const struct relp_frame *f, ssize_t n)
{
	char wire[4096 + RELP_HEADER_MAX + 1];
	size_t size = relp_frame_size(f->txnr, f->command.len, f->data.len);
	struct relp_answer a;
	struct relp_frame again;

	invariant(n > 0 && (size_t)n <= in.len && f->txnr <= RELP_TXNR_MAX);
	invariant(f->command.p >= in.p && f->command.p + f->command.len <= in.p + n);
	invariant(f->data.len <= 4096 && f->data.p + f->data.len <= in.p + n);
	invariant(size <= (size_t)n + 1); /* leading zeros are longer; a missing LF is one less */
	invariant(relp_frame_write(wire, f->txnr, f->command, f->data) == size);
	invariant(relp_frame_read(slice_of(wire, size), &rules, &again, NULL, NULL) == (ssize_t)size);
	invariant(again.txnr == f->txnr && slice_eq(again.data, f->data));
	if (relp_answer_read(f->data, &a))
		invariant(a.code < 1000 && a.text.len + a.data.len <= f->data.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct relp_frame f;
	struct err e;
	size_t need;
	ssize_t n = relp_frame_read(in, &rules, &f, &need, &e);

	if (n > 0)
		check_frame(in, &f, n);
	if (n != 0) {
		/* fewer bytes gave the same verdict or none */
		for (size_t len = 0; len < size && len < 64; len++) {
			ssize_t before = read_exact(data, len, &need);
			invariant(before == 0 || before == n);
			invariant(before != 0 || n < 0 || need == 0 || need == (size_t)n);
		}
	}
	while ((n = relp_frame_read(in, &lenient, &f, NULL, NULL)) > 0) {
		check_frame(in, &f, n);
		in = slice_of(in.p + n, in.len - (size_t)n);
	}
	return 0;
}
