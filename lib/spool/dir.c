// SPDX-License-Identifier: Apache-2.0
#include "spool/dir.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "spool/format.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Without "/" and "/." at its end, behind which a link is followed whatever the flags. -1: too long. */
static int bare_path(const char *path, char out[PATH_MAX])
{
	size_t len = strlen(path);
	if (len >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	while (len > 1 && (path[len - 1] == '/' ||
			   (path[len - 1] == '.' && path[len - 2] == '/')))
		len--;
	memcpy(out, path, len);
	out[len] = '\0';
	return 0;
}

/* What another user owns is not ours to trust, nor to leave files in that he can't open. */
static int check_owner(int fd, const char *path, const struct stat *st, struct err *e)
{
	if (st->st_uid == geteuid())
		return 0;
	close(fd);
	return err_code(e, EPERM, "%s belongs to the user %lu, and this runs as the user %lu", path,
			(unsigned long)st->st_uid, (unsigned long)geteuid());
}

int dir_open(const char *path, bool make, struct err *e)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	char bare[PATH_MAX];
	int fd = bare_path(path, bare) < 0 ? -1 : open(bare, flags);
	if (fd < 0 && errno == ENOENT && make) {
		if (mkdir(bare, 0700) != 0 && errno != EEXIST)
			return err_errno(e, "cannot make %s", path);
		fd = open(bare, flags);
	}
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0) {
		err_errno(e, "cannot open %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (check_owner(fd, path, &st, e) < 0)
		return -1;
	if (make && (st.st_mode & 077) && fchmod(fd, 0700) != 0 && errno != EROFS) {
		err_errno(e, "cannot close %s to others", path);
		close(fd);
		return -1;
	}
	return fd;
}

/* --- the lock --- */

/* Whose lock it is, by the kernel's list; 0: not found there. */
static long holder_by_kernel(int fd)
{
	struct stat st;
	FILE *f = fopen("/proc/locks", "re");
	if (!f || fstat(fd, &st) != 0) {
		if (f)
			fclose(f);
		return 0;
	}
	char line[256], kind[16];
	long pid, found = 0;
	uint64_t inode;
	while (!found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %15s %*s %*s %ld %*x:%*x:%" SCNu64, kind, &pid, &inode) ==
			    3 &&
		    strcmp(kind, "FLOCK") == 0 && inode == st.st_ino)
			found = pid;
	fclose(f);
	return found;
}

/* What the holder wrote down. */
static long holder_by_file(int dirfd)
{
	char text[24];
	uint64_t pid = 0;
	int fd = dir_file(dirfd, "pid", O_RDONLY);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 2 || text[n - 1] != '\n' ||
	    num_u64(slice_of(text, (size_t)n - 1), 1, INT32_MAX, &pid) != 0)
		return 0;
	return (long)pid;
}

static void write_pid(int dirfd)
{
	char text[24];
	int fd = dir_file(dirfd, "pid", O_WRONLY | O_CREAT);
	if (fd < 0)
		return;
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (pwrite(fd, text, (size_t)n, 0) == n && ftruncate(fd, n) != 0)
		(void)unlinkat(dirfd, "pid", 0); /* no pid is better than a wrong one */
	close(fd);
}

int dir_lock(int fd, const char *path, struct err *e)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		write_pid(fd);
		return 0;
	}
	if (errno != EWOULDBLOCK)
		return err_errno(e, "cannot lock %s", path);
	long pid = holder_by_kernel(fd);
	if (pid <= 0)
		pid = holder_by_file(fd);
	if (pid <= 0)
		return err_code(e, EBUSY, "%s is in use by another process", path);
	return err_code(e, EBUSY, "%s is in use by the process %ld", path, pid);
}

/* --- files --- */

int dir_file(int dirfd, const char *name, int flags)
{
	struct stat st;
	int fd = openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	errno = ENOTSUP;
	return -1;
}

void dir_seg_name(char *out, uint64_t number, uint64_t salt)
{
	snprintf(out, SEG_NAME_MAX, "%016" PRIx64 "-%016" PRIx64 ".seg", number, salt);
}

/* "<16 hex digits>-<16 hex digits><suffix>", nothing else. */
static bool parse_name(const char *name, const char *suffix, struct dir_seg *s)
{
	uint64_t v[2] = { 0, 0 };
	for (size_t i = 0; i < 33; i++) {
		char c = name[i];
		if (i == 16) {
			if (c != '-')
				return false;
			continue;
		}
		unsigned digit;
		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a') + 10;
		else
			return false;
		v[i / 17] = v[i / 17] << 4 | digit;
	}
	*s = (struct dir_seg){ v[0], v[1] };
	return strcmp(name + 33, suffix) == 0 && v[0] >= 1 && v[0] <= SEQ_MAX;
}

static void add(struct dir_seg **list, size_t *n, struct dir_seg s)
{
	*list = mem_grow(*list, (*n + 1) * sizeof(**list));
	(*list)[(*n)++] = s;
}

/* A frame takes a byte at least, whatever the format. */
static void foreign(int dirfd, const char *name, struct dir_list *l)
{
	struct stat st;
	char *end;
	l->foreign++;
	uint64_t number = strtoull(name, &end, 16);
	if (end != name + 16 || number > SEQ_MAX ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	uint64_t above = number + (uint64_t)st.st_size + 1;
	if (above > l->foreign_above)
		l->foreign_above = above;
}

static bool has(const char *name, const char *part)
{
	return strstr(name, part) != NULL;
}

static int by_number(const void *a, const void *b)
{
	const struct dir_seg *x = a, *y = b;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->salt < y->salt ? -1 : x->salt > y->salt;
}

int dir_scan(int dirfd, struct dir_list *l, struct err *e)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		err_errno(e, "cannot read the spool directory");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	struct dirent *ent;
	struct dir_seg s;
	while (errno = 0, (ent = readdir(d)) != NULL) {
		const char *name = ent->d_name;
		if (has(name, ".foreign")) {
			foreign(dirfd, name, l);
			if (strlen(name) > 33 && parse_name(name, ".seg.foreign", &s))
				add(&l->other, &l->n_other, s);
		} else if (strlen(name) < 33)
			l->temporary |= strcmp(name, DIR_TMP) == 0;
		else if (parse_name(name, ".seg", &s))
			add(&l->segs, &l->n_segs, s);
		else if (parse_name(name, ".late", &s))
			add(&l->late, &l->n_late, s);
		else if (has(name, ".seg"))
			foreign(dirfd, name, l);
	}
	int failed = errno;
	closedir(d);
	if (failed) {
		errno = failed;
		return err_errno(e, "cannot read the spool directory");
	}
	if (l->n_segs)
		qsort(l->segs, l->n_segs, sizeof(*l->segs), by_number);
	if (l->n_late)
		qsort(l->late, l->n_late, sizeof(*l->late), by_number);
	return 0;
}

void dir_sweep(int dirfd)
{
	struct dirent *ent;
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d && fd >= 0)
		close(fd);
	if (!d)
		return;
	while ((ent = readdir(d)) != NULL)
		if (file_is_temp(ent->d_name))
			(void)unlinkat(dirfd, ent->d_name, 0);
	closedir(d);
}

int dir_holds_spool(const char *path, struct err *e)
{
	static const char *const names[] = { "mark", "counts", "aside" };
	struct dir_list l = { 0 };
	int fd = dir_open(path, false, e);
	if (fd < 0)
		return -1;
	int result = dir_scan(fd, &l, e);
	bool holds = l.n_segs || l.n_late || l.foreign;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		holds |= faccessat(fd, names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (result == 0 && !holds)
		result = err_code(e, EINVAL, "%s is no spool directory", path);
	dir_list_free(&l);
	close(fd);
	return result;
}

void dir_list_free(struct dir_list *l)
{
	free(l->segs);
	free(l->late);
	free(l->other);
	*l = (struct dir_list){ 0 };
}

int dir_foreign(int dirfd, const char *name)
{
	char to[SEG_NAME_MAX + 32];
	for (unsigned i = 1; i < 1000; i++) {
		if (i == 1)
			snprintf(to, sizeof(to), "%s.foreign", name);
		else
			snprintf(to, sizeof(to), "%s.foreign.%u", name, i);
		if (faccessat(dirfd, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		return renameat(dirfd, name, dirfd, to);
	}
	errno = EEXIST;
	return -1;
}
