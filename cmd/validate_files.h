// SPDX-License-Identifier: Apache-2.0
#ifndef CMD_VALIDATE_FILES_H
#define CMD_VALIDATE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Which files `validate` judges: those that are named, and of folders, however
 * deep, *.yaml, *.yml and *.json, in the order of their paths' bytes. A folder's
 * links are not followed, its pipes and devices not opened, .git not entered;
 * what is named is read, a link too. {0} is an empty list.
 */
struct validate_file {
	char *path; /* "-": standard input */
	dev_t dev;
	ino_t ino;
	size_t order;
	bool found; /* in a folder: nobody named it */
};

struct validate_files {
	struct validate_file *at;
	size_t n, cap;
	size_t links; /* of folders, that were not followed */
	bool trouble; /* something could not be read; it was said on stderr */
};

#define VALIDATE_FILES_MAX 100000 /* files, and folders of a folder */
#define VALIDATE_DEPTH_MAX 64	  /* folders in folders */

/* What a word of the command line names. Says on stderr what it cannot look at, and goes on. */
void validate_files_add(struct validate_files *f, const char *word);

/* When all are there: each file once, whatever names it has, where it was named first. */
void validate_files_once(struct validate_files *f);

void validate_files_free(struct validate_files *f);

#endif
