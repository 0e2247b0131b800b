// SPDX-License-Identifier: Apache-2.0
#include "forward/lastgood.h"

#include "base/file.h"
#include "conf/config.h"
#include "spool/dir.h"

#include <fcntl.h>
#include <unistd.h>

int lastgood_load(const char *spool_dir, struct buf *out, struct err *e)
{
	int dir = dir_open(spool_dir, false, e);
	if (dir < 0)
		return -1;
	int fd = openat(dir, LASTGOOD_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int result = fd < 0 ? err_errno(e, "%s/" LASTGOOD_NAME, spool_dir)
			    : file_read_fd(fd, LASTGOOD_NAME, CONFIG_FILE_MAX, out, e);
	if (fd >= 0)
		close(fd);
	close(dir);
	return result;
}

int lastgood_save(const char *spool_dir, struct slice text, struct err *e)
{
	struct buf there = { 0 };
	int result = 0;
	if (lastgood_load(spool_dir, &there, NULL) < 0 || !slice_eq(buf_slice(&there), text)) {
		int dir = dir_open(spool_dir, false, e);
		result = dir < 0 ? -1
				 : file_replace(dir, LASTGOOD_NAME, text, 0600, e);
		if (dir >= 0)
			close(dir);
	}
	buf_free(&there);
	return result;
}
