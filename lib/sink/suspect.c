// SPDX-License-Identifier: Apache-2.0
#include "sink/suspect.h"

#define FARTHEST 20 /* 2^20 records: beyond every window */

static void suspect(struct suspect *s, uint64_t seq)
{
	*s = (struct suspect){ .seq = seq, .plan = SUSPECT_ALONE };
}

void suspect_broke(struct suspect *s, uint64_t seq)
{
	if (s->broke_at != seq) {
		s->broke_at = seq;
		s->broke_times = 0;
	}
	if (++s->broke_times >= SUSPECT_BREAKS)
		suspect(s, seq);
}

void suspect_refused(struct suspect *s, uint64_t seq)
{
	if (s->seq == 0)
		suspect(s, seq);
}

void suspect_accepted(struct suspect *s, uint64_t seq)
{
	if (seq == s->seq || s->plan == SUSPECT_NONE) {
		suspect_clear(s);
	} else if (s->plan == SUSPECT_OTHER) {
		s->other = 0;
		s->other_accepted = true;
		s->plan = SUSPECT_ALONE;
	}
}

bool suspect_failed(struct suspect *s, bool answered)
{
	if (s->plan == SUSPECT_OTHER) {
		s->other++;
		s->plan = SUSPECT_ALONE;
		return false;
	}
	s->answered = answered;
	if (s->failures == 0 || s->other_accepted) {
		s->failures++;
		s->other_accepted = false;
	}
	s->plan = SUSPECT_OTHER;
	return s->failures >= SUSPECT_FAILURES;
}

void suspect_untried(struct suspect *s)
{
	if (s->plan == SUSPECT_OTHER && s->answered)
		s->plan = SUSPECT_ALONE;
}

size_t suspect_other_nth(const struct suspect *s)
{
	return ((size_t)1 << (s->other < FARTHEST ? s->other : FARTHEST)) - 1;
}

void suspect_no_other(struct suspect *s)
{
	s->other = 0;
	s->plan = SUSPECT_ALONE;
}

void suspect_clear(struct suspect *s)
{
	*s = (struct suspect){ 0 };
}
