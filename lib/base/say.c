// SPDX-License-Identifier: Apache-2.0
#include "base/say.h"

#include <stdarg.h>
#include <stdio.h>

void say(const struct say *s, enum say_priority priority, const char *fmt, ...)
{
	char text[1001];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->line(s->arg, priority, text);
}
