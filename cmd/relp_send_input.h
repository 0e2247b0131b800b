// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_RELP_SEND_INPUT_H
#define CMD_RELP_SEND_INPUT_H

#include "cmd/relp_send_format.h"

#include "io/loop.h"

#include <stdbool.h>

/* Where the messages of relp-send come from: one at a time, formatted. */
enum input_kind {
	INPUT_NONE,  /* there are none: the way is tested, nothing is logged */
	INPUT_WORDS, /* of the command line */
	INPUT_LINES, /* of a file or of standard input */
	INPUT_LOAD,  /* made here, numbered from 1 */
	INPUT_SIZES, /* one of each size around the well-known limits; the next when the one before is decided */
};

struct input {
	enum input_kind kind;
	bool ended; /* no more will come */
	struct err error; /* text "": none */

	char **words;
	size_t n_words, word;

	const char *file; /* NULL: standard input */
	struct loop_watch watch; /* set while it is read; its callback is the owner's */
	bool open;
	struct buf read; /* from read_at on not used up */
	size_t read_at;

	char id[9]; /* of this run, in the messages that are made here */
	uint64_t count, number; /* how many, and the last one's */
	size_t size; /* bytes of each message; 0: as they come */

	size_t at;    /* INPUT_SIZES: place among input_sizes */
	bool waits;   /* its fate is not decided */
};

extern const size_t input_sizes[];
extern const size_t input_n_sizes;

/* Opens the file, or takes standard input: where the kind is INPUT_LINES. */
int input_open(struct input *in, struct err *e);
void input_free(struct input *in);

/* What was to be read is there: takes it. */
void input_read(struct input *in);

/* Appends the next message; false: there is none now, or no more (ended). */
bool input_next(struct input *in, struct syslog_format *f, int64_t now_us, struct buf *out);

#endif
