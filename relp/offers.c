// SPDX-License-Identifier: Apache-2.0
#include "relp/offers.h"

#include "base/num.h"

#include <stdbool.h>

void relp_offers_write(struct buf *out, const char *software)
{
	/* librelp takes no version but 0, in all its versions */
	buf_add_str(out, "relp_version=0\n");
	if (software) {
		buf_add_str(out, "relp_software=");
		buf_add_str(out, software);
		buf_add_char(out, '\n');
	}
	buf_add_str(out, "commands=syslog");
}

/* Cuts what is before the first sep off *rest; sep itself goes too. */
static struct slice cut(struct slice *rest, char sep)
{
	const char *at = memchr(rest->p, sep, rest->len);
	struct slice head = slice_of(rest->p, at ? (size_t)(at - rest->p) : rest->len);
	size_t gone = head.len + (at ? 1 : 0);

	*rest = slice_of(rest->p + gone, rest->len - gone);
	return head;
}

static bool lists(struct slice values, const char *word)
{
	while (values.len)
		if (slice_is(cut(&values, ','), word))
			return true;
	return false;
}

static const char *unsuitable(struct slice name, struct slice value, uint32_t max_version)
{
	uint64_t version;

	if (name.len > RELP_OFFER_NAME_MAX)
		return "an offer's name is longer than 32 bytes";
	if (value.len > RELP_OFFER_VALUE_MAX)
		return "an offer's value is longer than 255 bytes";
	if (slice_is(name, "relp_version") && num_u64(value, 0, max_version, &version) < 0)
		return "it speaks a version of RELP that we do not";
	if (slice_is(name, "commands") && !lists(value, "syslog"))
		return "it does not offer the command syslog";
	return NULL;
}

const char *relp_offers_unsuitable(struct slice offers, uint32_t max_version)
{
	unsigned n = 0;

	while (offers.len) {
		struct slice value = cut(&offers, '\n');
		if (++n > RELP_OFFERS_MAX)
			return "more than 64 offers";
		struct slice name = cut(&value, '=');
		const char *why = unsuitable(name, value, max_version);
		if (why)
			return why;
	}
	return NULL;
}
