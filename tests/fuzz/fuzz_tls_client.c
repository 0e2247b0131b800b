// SPDX-License-Identifier: Apache-2.0
/* What a server may send to a TLS client of ours: see tls_stream.h. */
#define SIDE TLS_CLIENT
#include "tests/fuzz/tls_stream.h"
