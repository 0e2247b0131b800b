// SPDX-License-Identifier: Apache-2.0
/* What relp-recv puts around a TLS transport: nothing of it is hidden from the receiver. */
#include "tls_pair.h"

#include "cmd/relp_recv_tls.c"
#include "cmd/tls_options.c"

static void all_that_tls_can_the_receiver_can_ask_for(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, &(struct end_spec){ .ca = "ca", .cert = "client" },
		  &(struct end_spec){ .ca = "ca", .cert = "server" }, false);
	struct client c = { .t = { .ops = &client_ops }, .inner = p.server.t };
	const struct transport_ops *tls = p.server.t->ops;
	assert_true(!tls->explain == !client_ops.explain);
	assert_true(!tls->spent == !client_ops.spent);
	assert_false(client_ops.spent(&c.t));
	((struct tls_conn *)p.server.t)->records_in = 1 << 22;
	assert_true(client_ops.spent(&c.t));
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_tls_can_the_receiver_can_ask_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
