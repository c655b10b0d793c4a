/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/codepage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>

#include "base/utf.h"

/*
 * Windows' numbers whose converter has another name in ICU than
 * "windows-NUMBER" or "ibm-NUMBER".  ascii: bytes below 0x80 are themselves.
 */
static const struct alias {
	unsigned number;
	bool ascii;
	const char *name;
} aliases[] = {
	{ 708, true, "iso-8859-6" },
	{ 1361, true, "ksc_5601_johab" },
	{ 10000, true, "macintosh" },
	{ 10006, true, "x-mac-greek" },
	{ 10007, true, "x-mac-cyrillic" },
	{ 10029, true, "x-mac-centraleurroman" },
	{ 10081, true, "x-mac-turkish" },
	{ 20127, true, "us-ascii" },
	{ 20866, true, "koi8-r" },
	{ 20932, true, "euc-jp" },
	{ 20936, true, "gb2312" },
	{ 20949, true, "euc-kr" },
	{ 21866, true, "koi8-u" },
	{ 28591, true, "iso-8859-1" },
	{ 28592, true, "iso-8859-2" },
	{ 28593, true, "iso-8859-3" },
	{ 28594, true, "iso-8859-4" },
	{ 28595, true, "iso-8859-5" },
	{ 28596, true, "iso-8859-6" },
	{ 28597, true, "iso-8859-7" },
	{ 28598, true, "iso-8859-8" },
	{ 28599, true, "iso-8859-9" },
	{ 28603, true, "iso-8859-13" },
	{ 28605, true, "iso-8859-15" },
	{ 38598, true, "iso-8859-8" },
	{ 50220, false, "iso-2022-jp" },
	{ 50221, false, "iso-2022-jp" },
	{ 50222, false, "iso-2022-jp" },
	{ 50225, false, "iso-2022-kr" },
	{ 50227, false, "iso-2022-cn" },
	{ 51932, true, "euc-jp" },
	{ 51936, true, "gb2312" },
	{ 51949, true, "euc-kr" },
	{ 52936, false, "hz-gb-2312" },
	{ 54936, true, "gb18030" },
	{ 65000, false, "utf-7" },
	{ CODEPAGE_UTF8, true, "utf-8" },
};

enum { CACHE_SIZE = 4 };

struct codepages {
	struct entry {
		unsigned number;          /* 0: free */
		bool ascii;
		UConverter *converter;
	} entries[CACHE_SIZE];
	unsigned next;                    /* which to replace */
};

struct codepages *codepages_new(void)
{
	return xcalloc(1, sizeof(struct codepages));
}

void codepages_free(struct codepages *cp)
{
	if (cp == NULL)
		return;
	for (size_t i = 0; i < CACHE_SIZE; i++)
		ucnv_close(cp->entries[i].converter);
	free(cp);
}

static UConverter *open_name(const char *name)
{
	UErrorCode status = U_ZERO_ERROR;
	UConverter *c = ucnv_open(name, &status);

	if (U_FAILURE(status))
		return NULL;
	/* ICU's own default is the control character 0x1A. */
	ucnv_setSubstString(c, u"?", 1, &status);
	return c;
}

static UConverter *open_number(unsigned number, bool *ascii)
{
	char name[32];
	UConverter *c;

	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (aliases[i].number == number) {
			*ascii = aliases[i].ascii;
			return open_name(aliases[i].name);
		}
	/* UTF-16 and UTF-32 have no single zero byte to end with. */
	if (number == 0 || number == 1200 || number == 1201 || number >= 12000)
		return NULL;
	snprintf(name, sizeof name, "windows-%u", number);
	c = open_name(name);
	if (c == NULL) {
		snprintf(name, sizeof name, "ibm-%u", number);
		c = open_name(name);
	}
	if (c != NULL) {
		UErrorCode status = U_ZERO_ERROR;
		char letter[4];

		/* EBCDIC shows itself by its letter A. */
		*ascii = ucnv_fromUChars(c, letter, sizeof letter, u"A", 1,
					 &status) == 1 && letter[0] == 'A';
	}
	return c;
}

static const struct entry *find(struct codepages *cp, unsigned number)
{
	struct entry *e;
	UConverter *c;
	bool ascii;

	for (size_t i = 0; i < CACHE_SIZE; i++)
		if (cp->entries[i].number == number && number != 0)
			return &cp->entries[i];
	c = open_number(number, &ascii);
	if (c == NULL)
		return NULL;
	e = &cp->entries[cp->next++ % CACHE_SIZE];
	ucnv_close(e->converter);
	*e = (struct entry){ number, ascii, c };
	return e;
}

static const struct entry *find_or_latin(struct codepages *cp,
					 unsigned number)
{
	const struct entry *e = find(cp, number);

	return e != NULL ? e : find(cp, CODEPAGE_WINDOWS_LATIN);
}

bool codepage_known(struct codepages *cp, unsigned number)
{
	return find(cp, number) != NULL;
}

/* Most text: nothing to convert, and no converter to ask. */
static bool is_ascii(const char *text, size_t len)
{
	unsigned char all = 0;

	for (size_t i = 0; i < len; i++)
		all |= (unsigned char)text[i];
	return all < 0x80;
}

const char *codepage_to_utf8(struct codepages *cp, unsigned number,
			     const char *text, size_t len, struct arena *a)
{
	const struct entry *e = find_or_latin(cp, number);
	UErrorCode status = U_ZERO_ERROR;
	int32_t units, room;
	size_t size;
	UChar *wide;
	char *out;

	if (e == NULL || (e->ascii && is_ascii(text, len)))
		return arena_strndup(a, text, len);
	if (len > INT32_MAX / 8)
		len = INT32_MAX / 8;
	room = (int32_t)len * 2 + 16;
	wide = arena_alloc(a, (size_t)room * sizeof *wide);
	units = ucnv_toUChars(e->converter, wide, room, text, (int32_t)len,
			      &status);
	if (U_FAILURE(status))
		units = 0;
	size = utf16_to_utf8_size((uint8_t *)wide, (size_t)units * 2);
	out = arena_alloc(a, size + 1);
	utf16_to_utf8((uint8_t *)wide, (size_t)units * 2, out);
	out[size] = '\0';
	return out;
}

const char *codepage_from_utf8(struct codepages *cp, unsigned number,
			       const char *text, struct arena *a)
{
	const struct entry *e = find_or_latin(cp, number);
	UErrorCode status = U_ZERO_ERROR;
	size_t len = strlen(text), size;
	int32_t n, room;
	UChar *wide;
	char *out;

	if (e == NULL || (e->ascii && is_ascii(text, len)))
		return text;
	if (len > INT32_MAX / 8)
		len = INT32_MAX / 8;
	size = utf8_to_utf16_size(text, len);
	wide = arena_alloc(a, size + sizeof *wide);
	utf8_to_utf16(text, len, (uint8_t *)wide);
	room = UCNV_GET_MAX_BYTES_FOR_STRING((int32_t)(size / 2),
			ucnv_getMaxCharSize(e->converter)) + 1;
	out = arena_alloc(a, (size_t)room);
	n = ucnv_fromUChars(e->converter, out, room, wide,
			    (int32_t)(size / 2), &status);
	out[U_FAILURE(status) ? 0 : n] = '\0';
	return out;
}

/* The other width of a string property's type; 0 if type is none. */
static unsigned other_width(unsigned type, bool out)
{
	switch (type & ~(unsigned)PTYP_INSTANCE) {
	case PTYP_STRING8:
		return out ? 0 : PTYP_STRING;
	case PTYP_MULTIPLE_STRING8:
		return out ? 0 : PTYP_MULTIPLE_STRING;
	case PTYP_STRING:
		return out ? PTYP_STRING8 : 0;
	case PTYP_MULTIPLE_STRING:
		return out ? PTYP_MULTIPLE_STRING8 : 0;
	default:
		return 0;
	}
}

static const char *convert(struct codepages *cp, unsigned number, bool out,
			   const char *text, struct arena *a)
{
	return out ? codepage_from_utf8(cp, number, text, a)
		: codepage_to_utf8(cp, number, text, strlen(text), a);
}

static struct prop_value convert_value(struct codepages *cp, unsigned number,
				       bool out, const struct prop_value *value,
				       struct arena *a)
{
	unsigned type = other_width(prop_tag_type(value->tag), out);
	struct prop_value v = *value;
	const char **strings;

	if (type == 0)
		return v;
	v.tag = prop_tag_make(prop_tag_id(v.tag),
			      type | (v.tag & PTYP_INSTANCE));
	if ((type & PTYP_MULTIPLE) == 0) {
		v.str = convert(cp, number, out, value->str, a);
		return v;
	}
	strings = arena_array(a, v.n, sizeof *strings);
	for (uint32_t i = 0; i < v.n; i++)
		strings[i] = convert(cp, number, out, value->mv_str[i], a);
	v.mv_str = strings;
	return v;
}

struct prop_value codepage_value_in(struct codepages *cp, unsigned number,
				    const struct prop_value *value,
				    struct arena *a)
{
	return convert_value(cp, number, false, value, a);
}

struct prop_value codepage_value_out(struct codepages *cp, unsigned number,
				     const struct prop_value *value,
				     struct arena *a)
{
	return convert_value(cp, number, true, value, a);
}
