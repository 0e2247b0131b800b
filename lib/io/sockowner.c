// SPDX-License-Identifier: Apache-2.0
#include "io/sockowner.h"

#include "base/esc.h"
#include "base/num.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* More sockets of one name (all but one deleted, but open) are not looked at. */
#define INODES_MAX 8

struct inodes {
	size_t n;
	uint64_t at[INODES_MAX];
};

/* The field-th word (from 0) of a line, words separated by blanks; empty where there is none. */
static struct slice word(const char *line, int field)
{
	for (;;) {
		line += strspn(line, " ");
		size_t len = strcspn(line, " \n");
		if (field == 0 || len == 0)
			return slice_of(line, len);
		line += len;
		field--;
	}
}

/* PATH, or PATH~, the name under which net_unix_bind binds what it renames to PATH. */
static bool is_named(const char *line, const char *path)
{
	const char *at = word(line, 7).p;
	size_t len = strlen(path);

	if (strncmp(at, path, len) != 0)
		return false;
	at += len;
	if (*at == '~')
		at++;
	return *at == '\n';
}

/* proc_net(5), unix: "Num RefCount Protocol Flags Type St Inode Path" */
static void find_inodes(const char *path, struct inodes *found)
{
	char line[512];
	FILE *f = fopen("/proc/net/unix", "re");

	if (!f)
		return;
	while (found->n < INODES_MAX && fgets(line, sizeof(line), f)) {
		uint64_t inode;
		if (is_named(line, path) && num_u64(word(line, 6), 1, UINT64_MAX, &inode) == 0)
			found->at[found->n++] = inode;
	}
	fclose(f);
}

static bool is_wanted(const char *link, const struct inodes *wanted)
{
	struct slice s = slice_str(link);
	uint64_t inode;

	if (s.len < 10 || memcmp(s.p, "socket:[", 8) != 0)
		return false;
	if (num_u64(slice_of(s.p + 8, s.len - 9), 1, UINT64_MAX, &inode) < 0)
		return false;
	for (size_t i = 0; i < wanted->n; i++) {
		if (wanted->at[i] == inode)
			return true;
	}
	return false;
}

/* Does the process hold one of them? proc_dir: descriptor of /proc */
static bool holds(int proc_dir, const char *pid, const struct inodes *wanted)
{
	char path[48];
	char link[64];
	bool found = false;
	struct dirent *entry;

	snprintf(path, sizeof(path), "%.20s/fd", pid);
	int fd = openat(proc_dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	DIR *dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return false;
	}
	while (!found && (entry = readdir(dir))) {
		ssize_t len = readlinkat(fd, entry->d_name, link, sizeof(link) - 1);
		if (len <= 0)
			continue;
		link[len] = '\0';
		found = is_wanted(link, wanted);
	}
	closedir(dir);
	return found;
}

/* The pid of a process that holds one of them, another than 1 where there is one; 0: none seen */
static uint64_t find_holder(const struct inodes *wanted)
{
	uint64_t found = 0;
	uint64_t pid;
	struct dirent *entry;
	DIR *dir = wanted->n ? opendir("/proc") : NULL;

	if (!dir)
		return 0;
	while (found <= 1 && (entry = readdir(dir))) {
		if (num_u64(slice_str(entry->d_name), 1, INT32_MAX, &pid) == 0 &&
		    holds(dirfd(dir), entry->d_name, wanted))
			found = pid;
	}
	closedir(dir);
	return found;
}

static uint64_t peer_pid(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 || cred.pid <= 0)
		return 0;
	return (uint64_t)cred.pid;
}

/* proc_pid_comm(5): at most 15 bytes and a line feed, chosen by the program */
static void name_of(uint64_t pid, char *out, size_t size)
{
	char path[40];
	char comm[32];
	ssize_t len = 0;

	snprintf(path, sizeof(path), "/proc/%llu/comm", (unsigned long long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, comm, sizeof(comm));
		close(fd);
	}
	if (len > 0 && comm[len - 1] == '\n')
		len--;
	if (len > 0)
		esc_text(out, size, slice_of(comm, (size_t)len));
	else
		snprintf(out, size, "unknown program");
}

const char *sockowner_text(const char *path, int peer_fd, char out[SOCKOWNER_TEXT_MAX])
{
	struct inodes wanted = { 0 };
	char name[65];
	uint64_t pid = peer_fd >= 0 ? peer_pid(peer_fd) : 0;

	if (pid == 0) {
		find_inodes(path, &wanted);
		pid = find_holder(&wanted);
	}
	if (pid == 0) {
		snprintf(out, SOCKOWNER_TEXT_MAX, "a process that /proc does not show");
		return out;
	}
	name_of(pid, name, sizeof(name));
	snprintf(out, SOCKOWNER_TEXT_MAX, "pid %llu (%s)", (unsigned long long)pid, name);
	return out;
}
