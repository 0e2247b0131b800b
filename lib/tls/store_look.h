// SPDX-License-Identifier: Apache-2.0
#ifndef TLS_STORE_LOOK_H
#define TLS_STORE_LOOK_H

#include "tls/store.h"

#include <sys/stat.h>

/*
 * One look at the files of a store: what may wait for a disk, or takes long. The
 * store's own; it runs in the worker's thread, which has all of it meanwhile.
 */
enum tls_file { TLS_FILE_CA, TLS_FILE_CERT, TLS_FILE_KEY, TLS_FILE_N };

enum tls_look_result {
	TLS_LOOK_SETTLED,   /* nothing changed since it was looked at twice */
	TLS_LOOK_BUSY,	    /* somebody is writing: not before the next look */
	TLS_LOOK_SAME,	    /* read again, and they are the ones in use */
	TLS_LOOK_NEW,	    /* creds */
	TLS_LOOK_BROKEN,    /* err */
};

/* What tells one state of a file from the next, without reading it. */
struct tls_print {
	int error; /* errno of stat */
	dev_t device;
	ino_t inode;
	off_t size;
	mode_t mode;
	struct timespec modified, changed;
};

/* A digest of each file, and whether there is one. */
struct tls_content {
	bool known;
	uint8_t digest[TLS_FILE_N][32];
};

struct tls_look {
	struct tls_conf conf;	     /* what it points to is the look's own, */
	char *path[TLS_FILE_N];	     /* and so are the paths; NULL: none */
	bool no_pipes;
	struct tls_content used;     /* set by the owner: those in use */
	struct tls_print tried[TLS_FILE_N];
	unsigned rounds;	     /* how often they were read like this; twice is enough */
	/* of the last one: */
	enum tls_look_result result;
	struct tls_creds *creds;     /* TLS_LOOK_NEW: whoever takes them sets NULL */
	struct tls_content read;
	struct err err;		     /* names the file */
};

struct tls_look *tls_look_new(const struct tls_conf *conf, const struct tls_files *files);
void tls_look_free(struct tls_look *l);
void tls_look_run(struct tls_look *l);

#endif
