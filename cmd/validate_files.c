// SPDX-License-Identifier: Apache-2.0
#include "cmd/validate_files.h"

#include "base/buf.h"
#include "base/esc.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void complain(struct validate_files *f, const char *path, const char *why)
{
	char shown[512];
	fprintf(stderr, "relpbox validate: %s: %s\n", esc_text(shown, sizeof(shown), slice_str(path)),
		why);
	f->trouble = true;
}

/* Takes path over. */
static void add_file(struct validate_files *f, char *path, const struct stat *st)
{
	f->at = mem_room(f->at, f->n, &f->cap, sizeof *f->at);
	f->at[f->n] = (struct validate_file){ .path = path, .order = f->n };
	if (st) {
		f->at[f->n].dev = st->st_dev;
		f->at[f->n].ino = st->st_ino;
	}
	f->n++;
}

/* Folders that are still to be looked through: no recursion, whoever made them. */
struct folder {
	char *path;
	unsigned depth; /* 0: the one that was named */
};

struct walk {
	struct validate_files *out;
	struct folder *at;
	size_t n, cap;
};

static void push(struct walk *w, char *path, unsigned depth)
{
	if (w->n >= VALIDATE_FILES_MAX || depth > VALIDATE_DEPTH_MAX) {
		complain(w->out, path, depth > VALIDATE_DEPTH_MAX ?
			 "too many folders in folders; not looked into" : "too many folders");
		free(path);
		return;
	}
	w->at = mem_room(w->at, w->n, &w->cap, sizeof *w->at);
	w->at[w->n++] = (struct folder){ path, depth };
}

static bool is_manifest(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml") || !strcmp(dot, ".json"));
}

static char *join(const char *folder, const char *name)
{
	struct buf b = { 0 };
	if (strcmp(folder, ".") != 0) { /* as others name the files of a repository: without "./" */
		buf_add_str(&b, folder);
		if (folder[strlen(folder) - 1] != '/')
			buf_add_char(&b, '/');
	}
	buf_add_str(&b, name);
	char *path = mem_strdup(buf_cstr(&b));
	buf_free(&b);
	return path;
}

static void take_entry(struct walk *w, const struct folder *in, int fd, const struct dirent *entry)
{
	const char *name = entry->d_name;
	struct stat st;
	if (!strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, ".git"))
		return;
	if (entry->d_type == DT_REG && !is_manifest(name))
		return;
	char *path = join(in->path, name);
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT) /* else it went away meanwhile */
			complain(w->out, path, strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		push(w, path, in->depth + 1);
		return;
	} else if (S_ISREG(st.st_mode) && is_manifest(name) && w->out->n < VALIDATE_FILES_MAX) {
		add_file(w->out, path, &st);
		w->out->at[w->out->n - 1].found = true;
		return;
	} else if (S_ISREG(st.st_mode) && is_manifest(name)) {
		complain(w->out, path, "too many files; not judged");
	} else if (S_ISLNK(st.st_mode)) {
		w->out->links++;
	}
	free(path);
}

static void look_into(struct walk *w, const struct folder *in)
{
	int follow = in->depth > 0 ? O_NOFOLLOW : 0;
	int fd = open(in->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		complain(w->out, in->path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (!entry)
			break;
		take_entry(w, in, fd, entry);
	}
	if (errno)
		complain(w->out, in->path, strerror(errno));
	closedir(dir);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct validate_file *)a)->path, ((const struct validate_file *)b)->path);
}

static void add_folder(struct validate_files *f, const char *path)
{
	struct walk w = { .out = f };
	size_t first = f->n, links = f->links;
	bool trouble = f->trouble;
	f->trouble = false;
	push(&w, mem_strdup(path), 0);
	while (w.n) {
		struct folder in = w.at[--w.n];
		look_into(&w, &in);
		free(in.path);
	}
	free(w.at);
	if (f->n > first)
		qsort(f->at + first, f->n - first, sizeof *f->at, by_path);
	for (size_t i = first; i < f->n; i++)
		f->at[i].order = i;
	if (f->n == first && !f->trouble) { /* whoever gates by us would take silence for a yes */
		char shown[512];
		fprintf(stderr, "relpbox validate: %s: holds no *.yaml, *.yml or *.json%s\n",
			esc_text(shown, sizeof(shown), slice_str(path)),
			f->links > links ? " (links are not followed)" : "");
	}
	f->trouble = f->trouble || trouble;
}

void validate_files_add(struct validate_files *f, const char *word)
{
	struct stat st;
	if (strcmp(word, "-") == 0)
		add_file(f, mem_strdup(word), NULL);
	else if (stat(word, &st) < 0)
		complain(f, word, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		add_folder(f, word);
	else
		add_file(f, mem_strdup(word), &st);
}

static int by_number(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int by_identity(const void *va, const void *vb)
{
	const struct validate_file *a = va, *b = vb;
	int c = by_number(a->dev, b->dev);
	if (!c)
		c = by_number(a->ino, b->ino);
	return c ? c : by_number(a->order, b->order);
}

static int by_order(const void *a, const void *b)
{
	return by_number(((const struct validate_file *)a)->order,
			 ((const struct validate_file *)b)->order);
}

void validate_files_once(struct validate_files *f)
{
	size_t kept = 0;
	if (f->n < 2)
		return;
	qsort(f->at, f->n, sizeof *f->at, by_identity);
	for (size_t i = 0; i < f->n; i++) {
		if (kept > 0 && f->at[i].dev == f->at[kept - 1].dev &&
		    f->at[i].ino == f->at[kept - 1].ino)
			free(f->at[i].path);
		else
			f->at[kept++] = f->at[i];
	}
	f->n = kept;
	qsort(f->at, f->n, sizeof *f->at, by_order);
}

void validate_files_free(struct validate_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->at[i].path);
	free(f->at);
	*f = (struct validate_files){ 0 };
}
