// SPDX-License-Identifier: Apache-2.0
#include "spool/counts.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "spool/dir.h"
#include "spool/le.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* The file "counts": slots of 64 bytes: name, zero-filled (48), value (8), zeros (4), crc (4). */
#define SLOT 64U
#define NAME 48U
#define RETRY_MS 10000U

struct counts {
	char *dir;
	const char *const *names;
	size_t n;
	uint64_t *values;
	size_t *places;	   /* slot of each in the file */
	bool *dirty;
	bool any_dirty;
	int fd;
	uint64_t retry_ms;
};

static void encode(char *slot, const char *name, uint64_t value)
{
	memset(slot, 0, SLOT);
	memcpy(slot, name, strlen(name));
	le_put64(slot + NAME, value);
	le_put32(slot + 60, crc32c(0, slot, 60));
}

static bool decode(const char *slot, uint64_t *value)
{
	*value = le_get64(slot + NAME);
	return slot[0] && !slot[NAME - 1] && le_get32(slot + 60) == crc32c(0, slot, 60);
}

static int put(const struct counts *c, size_t i)
{
	char slot[SLOT];
	encode(slot, c->names[i], c->values[i]);
	ssize_t n = pwrite(c->fd, slot, SLOT, (off_t)(c->places[i] * SLOT));
	if (n >= 0 && n != (ssize_t)SLOT)
		errno = ENOSPC;
	return n == (ssize_t)SLOT ? 0 : -1;
}

static size_t find(const char *all, size_t n, const char *name, uint64_t *value)
{
	for (size_t k = 0; k < n; k++)
		if (decode(all + k * SLOT, value) && strcmp(all + k * SLOT, name) == 0)
			return k;
	return n;
}

/* Adds what the file says to what was counted meanwhile; a new name gets a slot at the end. */
static int merge(struct counts *c)
{
	char *all = mem_alloc((size_t)COUNTS_MAX * SLOT);
	ssize_t got = pread(c->fd, all, (size_t)COUNTS_MAX * SLOT, 0);
	if (got < 0) {
		free(all);
		return -1;
	}
	size_t slots = (size_t)got / SLOT, end = slots;
	for (size_t i = 0; i < c->n; i++) {
		uint64_t value = 0;
		c->places[i] = find(all, slots, c->names[i], &value);
		if (c->places[i] == slots) {
			c->places[i] = end++;
			value = 0;
		}
		c->values[i] += value;
		c->dirty[i] = c->any_dirty = true;
	}
	free(all);
	return 0;
}

static int get_file(struct counts *c, struct err *e)
{
	int dirfd = dir_open(c->dir, false, e);
	if (dirfd < 0)
		return -1;
	int fd = dir_file(dirfd, "counts", O_RDWR | O_CREAT);
	if (fd < 0)
		err_errno(e, "cannot open %s/counts", c->dir);
	close(dirfd);
	if (fd < 0)
		return -1;
	c->fd = fd;
	if (merge(c) == 0)
		return 0;
	err_errno(e, "cannot read %s/counts", c->dir);
	close(fd);
	c->fd = -1;
	return -1;
}

struct counts *counts_open(const char *dir, const char *const *names, struct err *e)
{
	struct counts *c = mem_zero(1, sizeof(*c));
	c->dir = mem_strdup(dir);
	c->names = names;
	c->fd = -1;
	while (names[c->n]) {
		invariant(names[c->n][0] && strlen(names[c->n]) <= COUNTS_NAME_MAX);
		c->n++;
	}
	c->values = mem_zero(c->n, sizeof(*c->values));
	c->places = mem_zero(c->n, sizeof(*c->places));
	c->dirty = mem_zero(c->n, sizeof(*c->dirty));
	if (e)
		*e = (struct err){ 0 };
	get_file(c, e);
	return c;
}

void counts_close(struct counts *c)
{
	if (!c)
		return;
	if (c->fd >= 0) {
		counts_commit(c, 0);
		close(c->fd);
	}
	free(c->dir);
	free(c->values);
	free(c->places);
	free(c->dirty);
	free(c);
}

void counts_add(struct counts *c, size_t which, uint64_t n)
{
	invariant(which < c->n);
	c->values[which] += n;
	c->dirty[which] = c->any_dirty = true;
}

uint64_t counts_get(const struct counts *c, size_t which)
{
	invariant(which < c->n);
	return c->values[which];
}

void counts_commit(struct counts *c, uint64_t now_ms)
{
	if (!c->any_dirty)
		return;
	if (c->fd < 0) {
		if (c->retry_ms && now_ms - c->retry_ms < RETRY_MS)
			return;
		c->retry_ms = now_ms;
		if (get_file(c, NULL) != 0)
			return;
	}
	c->any_dirty = false;
	for (size_t i = 0; i < c->n; i++) {
		if (!c->dirty[i])
			continue;
		if (put(c, i) == 0)
			c->dirty[i] = false;
		else
			c->any_dirty = true; /* tried again at the next commit */
	}
}
