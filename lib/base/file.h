// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Writes all of it, through EINTR and short writes. 0, or -1 with errno set. */
int file_write_all(int fd, const void *p, size_t len);

/*
 * The whole file into b (which is emptied first). More than max bytes is an
 * error that names the limit; a folder or a device is an error. path "-" is
 * not special. A pipe, as of a shell's <(command), is read to its end, which has
 * to come within ten seconds, or within ms.
 */
int file_read(const char *path, size_t max, struct buf *b, struct err *e);
int file_read_within(const char *path, size_t max, unsigned ms, struct buf *b, struct err *e);

/* The same from an open descriptor, until its end; name is for the message. */
int file_read_fd(int fd, const char *name, size_t max, struct buf *b, struct err *e);

/*
 * Replaces dirfd/name by content in one step: written to a file of another
 * name, synced, renamed, the folder synced. name has no '/'; a link of that
 * name is replaced, not followed. Mode is exact (no umask). On failure the old
 * file is as it was and nothing is left behind; only when the last step, syncing
 * the folder, fails, the new file stands already. dirfd may be AT_FDCWD or O_PATH.
 */
int file_replace(int dirfd, const char *name, struct slice content, mode_t mode, struct err *e);

/*
 * Is name one that file_replace writes to before it renames? A process killed
 * in between leaves such a file behind: who owns the folder may remove it at start.
 */
bool file_is_temp(const char *name);

/* fcntl on an open descriptor; cannot fail on a valid one. */
void file_nonblock(int fd, bool on);

#endif
