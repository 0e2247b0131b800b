// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * What went wrong, in words for a person. A function that can fail takes a
 * struct err * as its last argument, fills it, and returns -1. Passing NULL is
 * fine: then the words are dropped.
 */
struct err {
	int code;	/* errno where there is one, else 0; or a value the function documents */
	char text[512]; /* one line, no line feed, bytes from outside already escaped */
};

/* Fills e; always returns -1, so that a caller can write: return err_set(e, "..."). */
int err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, with e->code = code (not added to the text). */
int err_code(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: e->code = errno, and ": " strerror(errno) at the end. */
int err_errno(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "fmt: " in front of what e already says. Always returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
