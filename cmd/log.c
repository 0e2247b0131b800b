// SPDX-License-Identifier: Apache-2.0
#include "cmd/log.h"

#include <stdio.h>
#include <stdlib.h>

static void line(void *arg, enum say_priority priority, const char *text)
{
	(void)arg;
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", (int)priority, text);
	else
		fprintf(stderr, "relpbox: %s\n", text);
}

struct say log_say(void)
{
	return (struct say){ .line = line };
}
