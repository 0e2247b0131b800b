// SPDX-License-Identifier: Apache-2.0
#include "base/ration.h"

bool ration_take(struct ration *r, uint64_t now_ms, uint64_t *left_out)
{
	uint64_t back;

	if (!r->spent)
		r->since_ms = now_ms;
	back = (now_ms - r->since_ms) / r->every_ms;
	r->since_ms += back * r->every_ms;
	r->spent = back < r->spent ? r->spent - back : 0;
	*left_out = r->left_out;
	if (r->spent == r->burst) {
		r->left_out++;
		return false;
	}
	if (!r->spent)
		r->since_ms = now_ms;
	r->spent++;
	r->left_out = 0;
	return true;
}
