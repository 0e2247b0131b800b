// SPDX-License-Identifier: Apache-2.0
#include "io/thread.h"

#include <signal.h>
#include <string.h>

int thread_start(pthread_t *out, size_t stack_size, void *(*run)(void *arg), void *arg,
		 struct err *e)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int code;

	pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, stack_size);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(out, &attr, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (code != 0)
		return err_code(e, code, "start a thread: %s", strerror(code));
	return 0;
}
