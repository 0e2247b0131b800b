// SPDX-License-Identifier: Apache-2.0
#include "record/date.h"

/* rsyslog stops reading digits here, to stay in an int. */
#define NUMBER_STOP (INT32_MAX / 10 - 1)

struct scan {
	const char *p;
	size_t len;
	size_t at;
	int64_t room;
};

static inline char peek(const struct scan *s)
{
	return s->at < s->len ? s->p[s->at] : '\0';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline void step(struct scan *s)
{
	s->at++;
	s->room--;
}

static inline bool take(struct scan *s, char c)
{
	if (s->room <= 0 || peek(s) != c)
		return false;
	step(s);
	return true;
}

/* No digit at all is the number 0, as in rsyslog. */
static int32_t number(struct scan *s)
{
	int32_t v = 0;
	while (s->room > 0 && is_digit(peek(s)) && v < NUMBER_STOP) {
		v = v * 10 + (peek(s) - '0');
		step(s);
	}
	return v;
}

static bool number_in(struct scan *s, int32_t min, int32_t max)
{
	int32_t v = number(s);
	return v >= min && v <= max;
}

static bool minute_and_second(struct scan *s)
{
	if (!take(s, ':') || !number_in(s, 0, 59) || !take(s, ':') || !number_in(s, 0, 60))
		return false;
	if (take(s, '.'))
		number(s);
	return true;
}

/* A date ends with the text or with one blank, which belongs to it. */
static bool end_of_date(struct scan *s)
{
	return s->room <= 0 || take(s, ' ');
}

static bool zone(struct scan *s)
{
	if (take(s, 'Z'))
		return true;
	if (!take(s, '+') && !take(s, '-'))
		return false;
	return number_in(s, 0, 23) && take(s, ':') && number_in(s, 0, 59);
}

static bool rfc3339(struct scan *s)
{
	return number_in(s, 0, 2099) && take(s, '-') && number_in(s, 1, 12) && take(s, '-') &&
	       number_in(s, 1, 31) && take(s, 'T') && number_in(s, 0, 23) && minute_and_second(s) &&
	       zone(s) && end_of_date(s);
}

/* Three letters of a month's English name, in any case. */
static bool month(struct scan *s)
{
	static const char names[12][4] = { "jan", "feb", "mar", "apr", "may", "jun",
					   "jul", "aug", "sep", "oct", "nov", "dec" };
	if (s->len < 3 || s->at > s->len - 3)
		return false;
	const char *p = s->p + s->at;
	for (size_t i = 0; i < 12; i++)
		if ((p[0] | 0x20) == names[i][0] && (p[1] | 0x20) == names[i][1] &&
		    (p[2] | 0x20) == names[i][2]) {
			s->at += 3;
			s->room -= 3;
			return true;
		}
	return false;
}

/* "13:14:15", or "2026 13:14:15" where no year stood in front. */
static bool time_of_day(struct scan *s, bool have_year)
{
	int32_t hour = number(s);
	if (!have_year && hour > 1970 && hour < 2100) {
		if (!take(s, ' '))
			return false;
		hour = number(s);
	}
	return hour <= 23 && minute_and_second(s);
}

static bool rfc3164(struct scan *s)
{
	bool have_year = false;
	if (s->room < 3)
		return false;
	if (is_digit(peek(s))) {
		if (!number_in(s, 1970, 2100) || peek(s) != ' ')
			return false;
		s->at++; /* but not room: so does rsyslog */
		have_year = true;
	}
	if (!month(s) || !take(s, ' '))
		return false;
	if (peek(s) == ' ')
		step(s);
	if (!number_in(s, 1, 31) || !take(s, ' ') || !time_of_day(s, have_year))
		return false;
	take(s, ':');
	return end_of_date(s);
}

int64_t date_skip(struct slice text, int64_t room)
{
	struct scan s = { .p = text.p, .len = text.len, .room = room };
	char first = peek(&s);
	if (is_digit(first) || first == '-') {
		if (rfc3339(&s))
			return s.room;
		s.at = 0;
		s.room = room;
	}
	return rfc3164(&s) ? s.room : -1;
}
