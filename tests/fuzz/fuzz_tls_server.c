// SPDX-License-Identifier: Apache-2.0
/* What a client may send to a TLS server of ours: see tls_stream.h. */
#define SIDE TLS_SERVER
#include "tests/fuzz/tls_stream.h"
