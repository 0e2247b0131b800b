// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include "base/clock.h"
#include "base/esc.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a name in a message: enough for paths that people use, and room is left for the cause. */
#define NAME_SHOWN 300

/* Of a pipe: whoever writes to it may never end, and must not hold us up for ever. */
#define PIPE_LIMIT_MS 10000
#define FOREVER UINT64_MAX

/* ".relpbox-tmp-" and 16 hex digits. */
#define TEMP_PREFIX ".relpbox-tmp-"
#define TEMP_SIZE (sizeof(TEMP_PREFIX) + 16)

/* Waits until a descriptor that somebody else set non-blocking takes more. */
static void wait_output(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	poll(&p, 1, -1);
}

int file_write_all(int fd, const void *p, size_t len)
{
	const char *at = p;
	while (len) {
		ssize_t n = write(fd, at, len);
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		} else if (n == 0) {
			errno = ENOSPC; /* POSIX leaves it open; no going round for ever */
			return -1;
		} else if (errno == EAGAIN) {
			wait_output(fd);
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

static int wait_input(int fd, uint64_t until_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t now = until_ms == FOREVER ? 0 : clock_mono_ms();
	if (now >= until_ms)
		return -1;
	poll(&p, 1, until_ms == FOREVER ? -1 : (int)(until_ms - now));
	return 0;
}

static int read_until(int fd, const char *name, size_t max, uint64_t until_ms, struct buf *b,
		      struct err *e)
{
	char shown[NAME_SHOWN];
	esc_text(shown, sizeof(shown), slice_str(name));
	b->len = 0;
	for (;;) {
		size_t room = max - b->len;
		size_t want = room < 64 * 1024 ? room + 1 : 64 * 1024;
		buf_reserve(b, want);
		ssize_t n = read(fd, b->p + b->len, want);
		if (n == 0)
			return 0;
		if (n > 0)
			b->len += (size_t)n;
		if (n > 0 && (size_t)n > room)
			return err_code(e, EFBIG, "%s: more than %zu bytes", shown, max);
		if (n > 0)
			continue;
		if (errno != EAGAIN && errno != EINTR)
			return err_errno(e, "%s: read", shown);
		if (errno == EAGAIN && wait_input(fd, until_ms) < 0)
			return err_code(e, ETIMEDOUT, "%s: whoever writes to this pipe did not end in time",
					shown);
	}
}

int file_read_fd(int fd, const char *name, size_t max, struct buf *b, struct err *e)
{
	return read_until(fd, name, max, FOREVER, b, e);
}

/*
 * Opening a device may do something, and opening a pipe may wait: neither does with
 * O_NONBLOCK. It stays on: some files of /proc have no end either.
 */
static int open_readable(const char *path, const char *shown, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_errno(e, "%s", shown);
	if (fstat(fd, &st) < 0) {
		err_errno(e, "%s", shown);
	} else if (S_ISDIR(st.st_mode)) {
		err_code(e, EISDIR, "%s: is a folder", shown);
	} else if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) {
		err_code(e, EINVAL, "%s: is not a file", shown);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

int file_read_within(const char *path, size_t max, unsigned ms, struct buf *b, struct err *e)
{
	char shown[NAME_SHOWN];
	b->len = 0;
	int fd = open_readable(path, esc_text(shown, sizeof(shown), slice_str(path)), e);
	if (fd < 0)
		return -1;
	int r = read_until(fd, path, max, clock_mono_ms() + ms, b, e);
	close(fd);
	return r;
}

int file_read(const char *path, size_t max, struct buf *b, struct err *e)
{
	return file_read_within(path, max, PIPE_LIMIT_MS, b, e);
}

/* A new file of a name that nobody knows, in the folder. */
static int temp_open(int dir, char name[TEMP_SIZE])
{
	for (int tries = 0; tries < 16; tries++) {
		snprintf(name, TEMP_SIZE, TEMP_PREFIX "%016" PRIx64, clock_seed());
		int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

/* Fills an open file and closes it. Returns what failed, with errno set, or NULL. */
static const char *temp_fill(int fd, struct slice content, mode_t mode)
{
	const char *what = NULL;
	if (file_write_all(fd, content.p, content.len) < 0)
		what = "write";
	else if (fchmod(fd, mode) < 0)
		what = "set its mode";
	else if (fsync(fd) < 0)
		what = "sync";
	int saved = errno;
	if (close(fd) < 0 && !what)
		return "close";
	errno = saved;
	return what;
}

static int replace_in(int dir, const char *name, const char *shown, struct slice content,
		      mode_t mode, struct err *e)
{
	char temp[TEMP_SIZE];
	int fd = temp_open(dir, temp);
	if (fd < 0)
		return err_errno(e, "%s: create a new file beside it", shown);
	const char *what = temp_fill(fd, content, mode);
	if (!what && renameat(dir, temp, dir, name) < 0)
		what = "put the new file in its place";
	if (what) {
		err_errno(e, "%s: %s", shown, what);
		unlinkat(dir, temp, 0);
		return -1;
	}
	/* EINVAL: a file system that cannot sync a folder, and has nothing to sync then. */
	if (fsync(dir) < 0 && errno != EINVAL)
		return err_errno(e, "%s: sync its folder", shown);
	return 0;
}

int file_replace(int dirfd, const char *name, struct slice content, mode_t mode, struct err *e)
{
	char shown[NAME_SHOWN];
	esc_text(shown, sizeof(shown), slice_str(name));
	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return err_code(e, EINVAL, "%s: not the name of a file in a folder", shown);
	int dir = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_errno(e, "%s: open its folder", shown);
	int r = replace_in(dir, name, shown, content, mode, e);
	close(dir);
	return r;
}

bool file_is_temp(const char *name)
{
	size_t prefix = sizeof(TEMP_PREFIX) - 1;
	return strlen(name) == TEMP_SIZE - 1 && memcmp(name, TEMP_PREFIX, prefix) == 0 &&
	       strspn(name + prefix, "0123456789abcdef") == 16;
}

void file_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);
	invariant(flags >= 0);
	int want = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	if (want != flags)
		invariant(fcntl(fd, F_SETFL, want) == 0);
}
