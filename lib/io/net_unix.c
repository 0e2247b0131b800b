// SPDX-License-Identifier: Apache-2.0
#include "io/net.h"

#include "base/esc.h"
#include "io/sockowner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_BACKLOG 64
/* The lock of the folder: tries, and the wait between two of them. */
#define LOCK_TRIES 100
#define LOCK_WAIT_MS 10

/* ---- addresses ---- */

struct unix_addr {
	struct sockaddr_un sun;
	int dir; /* -1, or what /proc/self/fd in sun stands for */
};

static void unix_addr_close(struct unix_addr *a)
{
	if (a->dir >= 0)
		close(a->dir);
}

static int open_folder(const char *path, int flags)
{
	char folder[4096] = ".";
	const char *slash = strrchr(path, '/');

	if (slash) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);
		if (len >= sizeof(folder)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(folder, path, len);
		folder[len] = '\0';
	}
	return open(folder, flags | O_DIRECTORY | O_CLOEXEC);
}

/* sun_path holds 107 bytes (unix(7)); a longer path goes by its folder's descriptor. */
static int unix_addr_set(struct unix_addr *a, const char *path, struct err *e)
{
	char shown[160];
	size_t len = strlen(path);

	memset(a, 0, sizeof(*a));
	a->dir = -1;
	a->sun.sun_family = AF_UNIX;
	esc_text(shown, sizeof(shown), slice_str(path));
	if (len == 0)
		return err_code(e, EINVAL, "the path of the socket is empty");
	if (len < sizeof(a->sun.sun_path)) {
		memcpy(a->sun.sun_path, path, len);
		return 0;
	}
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	if (strlen(name) + sizeof("/proc/self/fd/2147483647/") > sizeof(a->sun.sun_path))
		return err_code(e, ENAMETOOLONG, "%s: the name is too long for a socket", shown);
	a->dir = open_folder(path, O_PATH);
	if (a->dir < 0)
		return err_errno(e, "%s: open the folder", shown);
	snprintf(a->sun.sun_path, sizeof(a->sun.sun_path), "/proc/self/fd/%d/%.70s", a->dir, name);
	return 0;
}

/* ---- connecting ---- */

static int unix_socket(int type, struct err *e)
{
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, "socket");
	return fd;
}

int net_unix_connect(const char *path, int type, struct err *e)
{
	struct unix_addr a;
	char shown[160];

	if (unix_addr_set(&a, path, e) < 0)
		return -1;
	int fd = unix_socket(type, e);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a.sun, sizeof(a.sun)) < 0) {
		err_errno(e, "connect to %s", esc_text(shown, sizeof(shown), slice_str(path)));
		close(fd);
		fd = -1;
	}
	unix_addr_close(&a);
	return fd;
}

/* ---- binding ---- */

enum there { THERE_NOTHING, THERE_STALE, THERE_FAILED };

static int in_use(const char *path, int peer_fd, struct err *e)
{
	char shown[160];
	char owner[SOCKOWNER_TEXT_MAX];

	esc_text(shown, sizeof(shown), slice_str(path));
	sockowner_text(path, peer_fd, owner);
	err_code(e, EADDRINUSE, "%s: in use by %s; it is not replaced", shown, owner);
	return THERE_FAILED;
}

/* Asks by connecting, which leaves no trace in a datagram socket. */
static int probe(const char *path, int type, struct err *e)
{
	struct err why;
	int fd = net_unix_connect(path, type, &why);

	if (fd >= 0) {
		int there = in_use(path, type == SOCK_STREAM ? fd : -1, e);
		close(fd);
		return there;
	}
	switch (why.code) {
	case ECONNREFUSED:
		return THERE_STALE;
	case ENOENT:
		return THERE_NOTHING;
	case EAGAIN:	 /* a full backlog */
	case EPROTOTYPE: /* a socket of another type */
	case EPERM:	 /* a datagram socket with a fixed peer */
		return in_use(path, -1, e);
	default:
		if (e)
			*e = why;
		return THERE_FAILED;
	}
}

static int look(const char *path, int type, struct err *e)
{
	char shown[160];
	struct stat st;

	esc_text(shown, sizeof(shown), slice_str(path));
	if (lstat(path, &st) < 0) {
		if (errno == ENOENT)
			return THERE_NOTHING;
		err_errno(e, "%s", shown);
		return THERE_FAILED;
	}
	if (!S_ISSOCK(st.st_mode)) {
		err_code(e, EEXIST, "%s is there and is no socket; it is not replaced", shown);
		return THERE_FAILED;
	}
	return probe(path, type, e);
}

/*
 * Binds and, a stream, listens. The mode goes to the descriptor first, which
 * the new file takes it from less the umask: so it is never wider than asked for.
 */
static int bind_at(const char *path, int type, mode_t mode, struct err *e)
{
	struct unix_addr a;
	char shown[160];

	esc_text(shown, sizeof(shown), slice_str(path));
	if (unix_addr_set(&a, path, e) < 0)
		return -1;
	int fd = unix_socket(type, e);
	if (fd < 0)
		goto out;
	if (fchmod(fd, mode) < 0 || bind(fd, (struct sockaddr *)&a.sun, sizeof(a.sun)) < 0) {
		err_errno(e, "bind to %s", shown);
		goto failed;
	}
	if (chmod(path, mode) < 0 || (type == SOCK_STREAM && listen(fd, LISTEN_BACKLOG) < 0)) {
		err_errno(e, "%s", shown);
		(void)unlink(path);
		goto failed;
	}
	goto out;
failed:
	close(fd);
	fd = -1;
out:
	unix_addr_close(&a);
	return fd;
}

/* Under another name first, so that there is a socket at path at any time. */
static int bind_over_stale(const char *path, int type, mode_t mode, struct err *e)
{
	char aside[4096];
	char shown[160];

	if ((size_t)snprintf(aside, sizeof(aside), "%s~", path) >= sizeof(aside))
		return err_code(e, ENAMETOOLONG, "the path of the socket is too long");
	(void)unlink(aside); /* of one who was killed right here */
	int fd = bind_at(aside, type, mode, e);
	if (fd < 0)
		return -1;
	/* somebody may have come meanwhile who does not know our lock */
	int there = look(path, type, e);
	if (there == THERE_FAILED)
		goto failed;
	if (rename(aside, path) < 0) {
		err_errno(e, "rename to %s", esc_text(shown, sizeof(shown), slice_str(path)));
		goto failed;
	}
	return fd;
failed:
	(void)unlink(aside);
	close(fd);
	return -1;
}

/*
 * Two of us that find the same stale socket would each replace it, the second
 * one the living socket of the first; and a stream socket bound but not yet
 * listening looks stale. A name in the abstract namespace is the lock: it goes
 * with its holder, leaves nothing behind, and is in nobody's way, as flock(2) on
 * the folder would be in the spool's. Who cannot have it goes on without it:
 * anybody can hold it.
 */
int net_unix_lock(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct stat st;
	int folder = open_folder(path, O_PATH);
	if (folder < 0)
		return -1;
	int fd = fstat(folder, &st) == 0 ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	close(folder);
	if (fd < 0)
		return -1;
	int n = snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1, "relpbox-bind-%llx-%llx",
			 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (bind(fd, (struct sockaddr *)&sun, len) == 0 || errno != EADDRINUSE)
			break;
		(void)poll(NULL, 0, LOCK_WAIT_MS);
	}
	return fd;
}

int net_unix_bind(const char *path, int type, mode_t mode, struct err *e)
{
	int fd = -1;
	int lock = net_unix_lock(path);

	switch (look(path, type, e)) {
	case THERE_NOTHING:
		fd = bind_at(path, type, mode, e);
		break;
	case THERE_STALE:
		fd = bind_over_stale(path, type, mode, e);
		break;
	default:
		break;
	}
	if (lock >= 0)
		close(lock);
	return fd;
}
