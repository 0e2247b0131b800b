// SPDX-License-Identifier: Apache-2.0
#include "spool/internal.h"

#include "base/crc32c.h"
#include "spool/le.h"

#include <fcntl.h>
#include <unistd.h>

/*
 * The file "mark": two slots, written in turn, so that a torn one leaves the
 * other. Never synced: an old mark costs duplicates only.
 */
#define MARK_MAGIC "RELPBOXM"
#define MARK_SLOT 512U
#define MARK_BYTES 32U /* magic, turn, number, version, crc */

static void encode(char *p, uint64_t turn, uint64_t acked)
{
	memcpy(p, MARK_MAGIC, 8);
	le_put64(p + 8, turn);
	le_put64(p + 16, acked);
	le_put32(p + 24, FORMAT_VERSION);
	le_put32(p + 28, crc32c(0, p, 28));
}

static bool decode(const char *p, uint64_t *turn, uint64_t *acked)
{
	if (memcmp(p, MARK_MAGIC, 8) != 0 || le_get32(p + 24) != FORMAT_VERSION ||
	    le_get32(p + 28) != crc32c(0, p, 28))
		return false;
	*turn = le_get64(p + 8);
	*acked = le_get64(p + 16);
	return *acked <= SEQ_MAX;
}

uint64_t mark_read(int dirfd, uint64_t *turn)
{
	char p[MARK_BYTES];
	uint64_t best = 0, t, acked;
	int fd = dir_file(dirfd, "mark", O_RDONLY);
	*turn = 0;
	if (fd < 0)
		return 0;
	for (off_t i = 0; i < 2; i++)
		if (pread(fd, p, sizeof(p), i * (off_t)MARK_SLOT) == (ssize_t)sizeof(p) &&
		    decode(p, &t, &acked)) {
			/* It never falls, so the higher one is the later one. */
			best = acked > best ? acked : best;
			*turn = t > *turn ? t : *turn;
		}
	close(fd);
	return best;
}

void mark_write(struct spool *sp, bool now)
{
	char p[MARK_BYTES];
	if ((sp->acked == sp->marked && sp->mark_fd >= 0) || sp->dirfd < 0)
		return;
	if (!now && sp->acked - sp->marked < MARK_FRAMES && sp->now_ms - sp->mark_ms < MARK_MS)
		return;
	sp->mark_ms = sp->now_ms;
	if (sp->mark_fd < 0)
		sp->mark_fd = dir_file(sp->dirfd, "mark", O_RDWR | O_CREAT);
	if (sp->mark_fd < 0)
		return;
	encode(p, ++sp->mark_turn, sp->acked);
	off_t slot = sp->mark_turn & 1 ? MARK_SLOT : 0;
	if (pwrite(sp->mark_fd, p, sizeof(p), slot) == (ssize_t)sizeof(p))
		sp->marked = sp->acked;
}

void mark_drop(struct spool *sp)
{
	(void)unlinkat(sp->dirfd, "mark", 0);
	if (sp->mark_fd >= 0)
		close(sp->mark_fd);
	sp->mark_fd = -1;
}
