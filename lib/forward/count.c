// SPDX-License-Identifier: Apache-2.0
#include "forward/count.h"

#include <stddef.h>

const char *const count_names[COUNT_ALL + 1] = {
	[COUNT_RECEIVED] = "received",
	[COUNT_FILTERED] = "filtered",
	[COUNT_TAKEN] = "taken",
	[COUNT_CUT] = "cut",
	[COUNT_SPLIT] = "split",
	[COUNT_BEYOND_8K] = "beyond_8k",
	[COUNT_DROPPED_FULL] = "dropped_spool_full",
	[COUNT_DROPPED_FULL_AUDIT] = "dropped_spool_full_audit",
	[COUNT_DROPPED_REPORTED] = "dropped_reported",
	[COUNT_UNTRUSTED] = "untrusted",
	[COUNT_DATAGRAM_CUT] = "datagram_cut",
	[COUNT_LINE_CUT] = "line_cut",
	[COUNT_SECOND_READER] = "second_reader",
	[COUNT_STARTS] = "starts",
	[COUNT_TLS_HANDSHAKES] = "tls_handshakes",
	[COUNT_TLS_FAILURES] = "tls_handshake_failures",
	[COUNT_TLS_RELOADS] = "tls_reloads",
	[COUNT_TLS_RELOAD_FAILURES] = "tls_reload_failures",
	[COUNT_SINK + SINK_ACCEPTED] = "accepted",
	[COUNT_SINK + SINK_RESENT] = "resent",
	[COUNT_SINK + SINK_REFUSED] = "refused",
	[COUNT_SINK + SINK_SET_ASIDE] = "set_aside",
	[COUNT_SINK + SINK_GIVEN_UP] = "given_up",
	[COUNT_SINK + SINK_CONNECTS] = "connects",
	[COUNT_SINK + SINK_FAILURES] = "failures",
	[COUNT_SINK + SINK_RENEWALS] = "tls_renewals",
	[COUNT_ALL] = NULL,
};
