// SPDX-License-Identifier: Apache-2.0
#ifndef IO_THREAD_H
#define IO_THREAD_H

#include "base/err.h"

#include <pthread.h>
#include <stddef.h>

/*
 * Starts a thread beside the loop, with a stack of so many bytes. No signal is
 * ever delivered to it: they belong to the loop. -1 with e: there can be none.
 */
int thread_start(pthread_t *out, size_t stack_size, void *(*run)(void *arg), void *arg,
		 struct err *e);

#endif
