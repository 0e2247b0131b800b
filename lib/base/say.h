// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_SAY_H
#define BASE_SAY_H

/*
 * How a library tells its program's log something: it never prints itself. The
 * owner puts the line where it belongs (stderr, with the priority in front
 * under systemd). Priorities are syslog(3)'s numbers.
 */
enum say_priority { SAY_ERR = 3, SAY_WARNING = 4, SAY_NOTICE = 5, SAY_INFO = 6, SAY_DEBUG = 7 };

struct say {
	void (*line)(void *arg, enum say_priority priority, const char *text);
	void *arg;
};

/* One line, bytes from outside already escaped; longer than 1000 bytes is cut. */
void say(const struct say *s, enum say_priority priority, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
