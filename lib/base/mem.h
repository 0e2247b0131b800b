// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/*
 * Memory that is there, or the program stops (message on stderr, abort): every
 * input has a hard limit on its size, so no peer can cause that.
 */
void *mem_alloc(size_t size);	 /* not cleared; size 0 gives a pointer that can be freed */
void *mem_zero(size_t n, size_t size); /* n * size bytes, cleared; overflow stops the program */
void *mem_grow(void *p, size_t size);  /* realloc */
/*
 * Room for one more behind n items of size bytes: p, or what it became, when *cap
 * of them had no more. Begin with NULL, 0 and *cap == 0.
 */
void *mem_room(void *p, size_t n, size_t *cap, size_t size);
char *mem_strdup(const char *s);
void *mem_dup(const void *p, size_t size);

/*
 * A broken invariant: ours is the fault, going on could do harm. Says what and
 * where on stderr and aborts; the service manager restarts, the spool recovers.
 */
#define invariant(cond) ((cond) ? (void)0 : invariant_broken(#cond, __FILE__, __LINE__))
_Noreturn void invariant_broken(const char *what, const char *file, int line);

#endif
