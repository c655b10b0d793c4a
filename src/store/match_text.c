/* SPDX-License-Identifier: Apache-2.0 */
#include "store/match_text.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/utf.h"
#include "mapi/restriction.h"

/* UTF-16 on the heap that grows; len in units. */
struct utf16 {
	UChar *u;
	int32_t len;
};

static bool is_ascii(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] >= 0x80)
			return false;
	return true;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static void normalize(struct utf16 *t, bool decompose)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *n = decompose ? unorm2_getNFDInstance(&status) :
		unorm2_getNFCInstance(&status);
	int32_t room = t->len * 4 + 16, len;
	UChar *out = xmalloc((size_t)room * sizeof *out);

	len = unorm2_normalize(n, t->u, t->len, out, room, &status);
	if (U_FAILURE(status)) {          /* no data, or more than fourfold */
		free(out);
		return;
	}
	free(t->u);
	*t = (struct utf16){ out, len };
}

static void drop_nonspacing(struct utf16 *t)
{
	int32_t from = 0, to = 0, start;
	UChar32 c;

	while (from < t->len) {
		start = from;
		U16_NEXT(t->u, from, t->len, c);
		if (u_charType(c) == U_NON_SPACING_MARK)
			continue;
		while (start < from)
			t->u[to++] = t->u[start++];
	}
	t->len = to;
}

static void fold_case(struct utf16 *t)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t room = t->len * 3 + 16, len;
	UChar *out = xmalloc((size_t)room * sizeof *out);

	len = u_strFoldCase(out, room, t->u, t->len, U_FOLD_CASE_DEFAULT,
			    &status);
	if (U_FAILURE(status)) {
		free(out);
		return;
	}
	free(t->u);
	*t = (struct utf16){ out, len };
}

/*
 * What text is compared as: without nonspacing marks and in folded case as
 * the flags say; in any case canonically equivalent text becomes the same.
 */
static struct utf16 fold(const char *s, size_t len, uint16_t high)
{
	size_t bytes = utf8_to_utf16_size(s, len);
	struct utf16 t = { xmalloc(bytes + 2), (int32_t)(bytes / 2) };

	utf8_to_utf16(s, len, (uint8_t *)t.u);
	if (high == 0)
		return t;
	if (high & (FL_IGNORE_NON_SPACE | FL_LOOSE)) {
		normalize(&t, true);
		drop_nonspacing(&t);
	} else {
		normalize(&t, false);
	}
	if (high & (FL_IGNORE_CASE | FL_LOOSE))
		fold_case(&t);
	return t;
}

static bool ignores_case(uint16_t high)
{
	return (high & (FL_IGNORE_CASE | FL_LOOSE)) != 0;
}

struct match_text match_text_make(struct arena *a, const char *text,
				  uint16_t fuzzy_level_low,
				  uint16_t fuzzy_level_high)
{
	struct match_text m = {
		.len = strlen(text), .low = fuzzy_level_low,
		.high = fuzzy_level_high & 7, .ascii = true,
	};
	struct utf16 t = fold(text, m.len, m.high);
	char *ascii = arena_strdup(a, text);

	m.folded = arena_memdup(a, t.u, (size_t)t.len * sizeof *t.u);
	m.units = (size_t)t.len;
	for (int32_t i = 0; i < t.len; i++)
		m.ascii = m.ascii && t.u[i] < 0x80;
	if (m.ascii && m.units <= m.len) {
		for (size_t i = 0; i < m.units; i++)
			ascii[i] = (char)t.u[i];
		ascii[m.units] = '\0';
		m.len = m.units;
	} else {
		m.ascii = false;
	}
	m.text = ascii;
	free(t.u);
	return m;
}

static bool same_ascii(const char *needle, const char *s, size_t len,
		       bool any_case)
{
	if (!any_case)
		return memcmp(needle, s, len) == 0;
	for (size_t i = 0; i < len; i++)
		if (needle[i] != lower(s[i]))
			return false;
	return true;
}

static bool find_ascii(const struct match_text *m, const char *s, size_t len)
{
	bool any_case = ignores_case(m->high);

	if (m->len == 0)
		return true;
	if (!any_case)
		return memmem(s, len, m->text, m->len) != NULL;
	for (size_t i = 0; i + m->len <= len; i++)
		if (lower(s[i]) == m->text[0] &&
		    same_ascii(m->text, s + i, m->len, true))
			return true;
	return false;
}

static bool match_ascii(const struct match_text *m, const char *s, size_t len)
{
	bool any_case = ignores_case(m->high);

	switch (m->low) {
	case FL_FULL_STRING:
		return len == m->len && same_ascii(m->text, s, len, any_case);
	case FL_PREFIX:
		return len >= m->len &&
			same_ascii(m->text, s, m->len, any_case);
	default:
		return find_ascii(m, s, len);
	}
}

static bool match_folded(const struct match_text *m, const char *s, size_t len)
{
	struct utf16 t = fold(s, len, m->high);
	int32_t units = (int32_t)m->units;
	bool found;

	switch (m->low) {
	case FL_FULL_STRING:
		found = t.len == units &&
			u_memcmp(t.u, m->folded, units) == 0;
		break;
	case FL_PREFIX:
		found = t.len >= units &&
			u_memcmp(t.u, m->folded, units) == 0;
		break;
	default:
		found = units == 0 ||
			u_strFindFirst(t.u, t.len, m->folded, units) != NULL;
		break;
	}
	free(t.u);
	return found;
}

bool match_text_in(const struct match_text *m, const char *s, size_t len)
{
	if (is_ascii(s, len))
		return m->ascii && match_ascii(m, s, len);
	/* Without folding, bytes say it all. */
	if (m->high == 0 && m->ascii)
		return match_ascii(m, s, len);
	return match_folded(m, s, len);
}
