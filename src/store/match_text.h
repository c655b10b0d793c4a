/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for text in text, with the fuzzy levels of a ContentRestriction
 * ([MS-OXCDATA] 2.12.4.1).  The text looked for is folded once.
 */
#ifndef STORE_MATCH_TEXT_H
#define STORE_MATCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct match_text {
	const char *text;         /* UTF-8: as given, or folded when ASCII */
	size_t len;
	const uint16_t *folded;   /* UTF-16, folded */
	size_t units;
	uint16_t low, high;       /* fuzzy levels */
	bool ascii;               /* the folded text is ASCII */
};

/* Make text ready; lives in a. */
struct match_text match_text_make(struct arena *a, const char *text,
				  uint16_t fuzzy_level_low,
				  uint16_t fuzzy_level_high);

/* Whether len bytes of UTF-8 match. */
bool match_text_in(const struct match_text *m, const char *s, size_t len);

#endif
