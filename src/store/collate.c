/* SPDX-License-Identifier: Apache-2.0 */
#include "store/collate.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/ucol.h>
#include <unicode/uloc.h>
#include <unicode/uversion.h>

#include "base/arena.h"
#include "base/utf.h"

/* To be raised when the form of the keys below changes. */
enum { KEY_FORM = 1 };

struct collator {
	UCollator *icu;
	uint32_t lcid, version;
};

static uint32_t make_version(const UCollator *icu)
{
	UVersionInfo v, uca;

	ucol_getVersion(icu, v);
	ucol_getUCAVersion(icu, uca);
	return (uint32_t)KEY_FORM << 28 ^ (uint32_t)uca[0] << 24 ^
		(uint32_t)v[0] << 24 ^ (uint32_t)v[1] << 16 ^
		(uint32_t)v[2] << 8 ^ v[3];
}

static UCollator *open_icu(uint32_t lcid, UErrorCode *status)
{
	char locale[ULOC_FULLNAME_CAPACITY];
	UErrorCode ignored = U_ZERO_ERROR;

	if (uloc_getLocaleForLCID(lcid, locale, sizeof locale, &ignored) <= 0 ||
	    U_FAILURE(ignored))
		locale[0] = '\0';
	return ucol_open(locale, status);
}

struct collator *collator_new(uint32_t lcid, struct err *err)
{
	UErrorCode status = U_ZERO_ERROR;
	struct collator *c;
	UCollator *icu = open_icu(lcid, &status);

	if (U_FAILURE(status)) {
		err_set(err, EC_ERROR, "cannot open ICU's collation for locale "
			"0x%04x: %s; install libicu with its data",
			lcid, u_errorName(status));
		return NULL;
	}
	/* Accents count, case does not; half-width and kana as CLDR has it. */
	ucol_setStrength(icu, UCOL_SECONDARY);
	ucol_setAttribute(icu, UCOL_NORMALIZATION_MODE, UCOL_ON, &status);
	c = xcalloc(1, sizeof *c);
	c->icu = icu;
	c->lcid = lcid;
	c->version = make_version(icu);
	return c;
}

void collator_free(struct collator *c)
{
	if (c == NULL)
		return;
	ucol_close(c->icu);
	free(c);
}

uint32_t collator_lcid(const struct collator *c)
{
	return c->lcid;
}

uint32_t collator_version(const struct collator *c)
{
	return c->version;
}

int collate_text(const struct collator *c, const char *a, const char *b)
{
	UErrorCode status = U_ZERO_ERROR;

	if (strcmp(a, b) == 0)
		return 0;
	return (int)ucol_strcollUTF8(c->icu, a, -1, b, -1, &status);
}

/*
 * UTF-16 in a buffer of the caller's, or of the heap when that is too small;
 * *units is how many.
 */
static UChar *to_utf16(const char *text, size_t len, UChar *small, size_t room,
		       size_t *units)
{
	size_t bytes = utf8_to_utf16_size(text, len);
	UChar *u = bytes <= room * sizeof *u ? small : xmalloc(bytes);

	utf8_to_utf16(text, len, (uint8_t *)u);
	*units = bytes / sizeof *u;
	return u;
}

/* ASCII letters and digits need no conversion tables. */
static bool widen_ascii(const char *text, size_t len, UChar *out, size_t room)
{
	if (len > room)
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return false;
		out[i] = (UChar)text[i];
	}
	return true;
}

void collate_text_key(const struct collator *c, const char *text, size_t len,
		      struct buf *key)
{
	UChar small[256], *u = small;
	size_t units = len, room = 3 * len + 16;
	int32_t need;

	if (!widen_ascii(text, len, small, 256))
		u = to_utf16(text, len, small, 256, &units);
	for (;;) {
		need = ucol_getSortKey(c->icu, u, (int32_t)units,
				       buf_room(key, room), (int32_t)room);
		if (need >= 0 && (size_t)need <= room)
			break;
		room = (size_t)need;
	}
	key->len += need > 0 ? (size_t)need - 1 : 0;    /* without its zero */
	if (key->data != NULL)
		key->data[key->len] = 0;
	if (u != small)
		free(u);
}

/* ---- values ---- */

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static unsigned base_type(uint32_t tag)
{
	unsigned type = prop_tag_type(tag) & ~(unsigned)PTYP_INSTANCE;

	if ((type & ~(unsigned)PTYP_MULTIPLE) == PTYP_STRING8)
		type = (type & PTYP_MULTIPLE) | PTYP_STRING;
	return type;
}

bool collate_type_ordered(unsigned type)
{
	switch (type & ~(unsigned)(PTYP_MULTIPLE | PTYP_INSTANCE)) {
	case PTYP_INTEGER16: case PTYP_INTEGER32: case PTYP_FLOATING32:
	case PTYP_FLOATING64: case PTYP_CURRENCY: case PTYP_FLOATING_TIME:
	case PTYP_BOOLEAN: case PTYP_INTEGER64: case PTYP_STRING8:
	case PTYP_STRING: case PTYP_TIME: case PTYP_GUID: case PTYP_BINARY:
	case PTYP_SERVER_ID: case PTYP_OBJECT:
		return true;
	default:
		return false;
	}
}

static int compare_bin(const struct bin *a, const struct bin *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int order = n > 0 ? memcmp(a->data, b->data, n) : 0;

	return order != 0 ? order : ORDER(a->len, b->len);
}

static int compare_double(double a, double b)
{
	/* NaN before all numbers, equal to itself. */
	if (a != a || b != b)
		return (a == a) - (b == b);
	return ORDER(a, b);
}

static int compare_single(const struct collator *c, unsigned type,
			  const struct prop_value *a,
			  const struct prop_value *b)
{
	switch (type) {
	case PTYP_INTEGER16: return ORDER(a->i16, b->i16);
	case PTYP_INTEGER32: return ORDER(a->i32, b->i32);
	case PTYP_FLOATING32: return compare_double((double)a->f32,
						    (double)b->f32);
	case PTYP_FLOATING64:
	case PTYP_FLOATING_TIME: return compare_double(a->f64, b->f64);
	case PTYP_CURRENCY:
	case PTYP_INTEGER64: return ORDER(a->i64, b->i64);
	case PTYP_TIME: return ORDER(a->time, b->time);
	case PTYP_BOOLEAN: return ORDER(a->b, b->b);
	case PTYP_STRING: return collate_text(c, a->str, b->str);
	case PTYP_GUID: return guid_compare(a->guid, b->guid);
	default: return compare_bin(&a->bin, &b->bin);
	}
}

struct prop_value prop_element(const struct prop_value *mv, uint32_t i)
{
	unsigned type = prop_tag_type(mv->tag) &
		~(unsigned)(PTYP_MULTIPLE | PTYP_INSTANCE);
	struct prop_value v = {
		.tag = prop_tag_make(prop_tag_id(mv->tag), type),
	};

	switch (type) {
	case PTYP_INTEGER16: v.i16 = mv->mv_i16[i]; break;
	case PTYP_INTEGER32: v.i32 = mv->mv_i32[i]; break;
	case PTYP_FLOATING32: v.f32 = mv->mv_f32[i]; break;
	case PTYP_FLOATING64:
	case PTYP_FLOATING_TIME: v.f64 = mv->mv_f64[i]; break;
	case PTYP_CURRENCY:
	case PTYP_INTEGER64: v.i64 = mv->mv_i64[i]; break;
	case PTYP_TIME: v.time = mv->mv_time[i]; break;
	case PTYP_STRING8:
	case PTYP_STRING: v.str = mv->mv_str[i]; break;
	case PTYP_GUID: v.guid = &mv->mv_guid[i]; break;
	default: v.bin = mv->mv_bin[i]; break;
	}
	return v;
}

bool collate_values(const struct collator *c, const struct prop_value *a,
		    const struct prop_value *b, int *order)
{
	unsigned type = base_type(a->tag);
	uint32_t n = a->n < b->n ? a->n : b->n;
	int o = 0;

	if (type != base_type(b->tag) || !collate_type_ordered(type))
		return false;
	if (!(type & PTYP_MULTIPLE)) {
		*order = compare_single(c, type, a, b);
		return true;
	}
	type &= ~(unsigned)PTYP_MULTIPLE;
	for (uint32_t i = 0; i < n && o == 0; i++) {
		struct prop_value x = prop_element(a, i);
		struct prop_value y = prop_element(b, i);

		o = compare_single(c, type, &x, &y);
	}
	*order = o != 0 ? o : ORDER(a->n, b->n);
	return true;
}

/* ---- sort keys ---- */

static void key_number(struct buf *key, uint64_t v, size_t size)
{
	uint8_t b[8];

	for (size_t i = 0; i < size; i++)
		b[i] = (uint8_t)(v >> 8 * (size - 1 - i));
	buf_add(key, b, size);
}

/* The order of IEEE numbers is that of their bits, once negatives are
 * turned round. */
static void key_double(struct buf *key, double d)
{
	uint64_t bits;

	if (d == 0)
		d = 0;                    /* -0 */
	memcpy(&bits, &d, sizeof bits);
	if (d != d)
		bits = 0;
	else if (bits >> 63)
		bits = ~bits;
	else
		bits |= UINT64_C(1) << 63;
	key_number(key, bits, 8);
}

/* Zero bytes as 00 ff, the end as 00 00: a prefix comes first. */
static void key_bin(struct buf *key, const struct bin *bin)
{
	static const uint8_t zero[2] = { 0x00, 0xff }, end[2] = { 0 };
	const uint8_t *p = bin->data;
	size_t left = bin->len;

	while (left > 0) {
		const uint8_t *z = memchr(p, 0, left);
		size_t run = z != NULL ? (size_t)(z - p) : left;

		buf_add(key, p, run);
		p += run;
		left -= run;
		if (z != NULL) {
			buf_add(key, zero, sizeof zero);
			p++;
			left--;
		}
	}
	buf_add(key, end, sizeof end);
}

static void key_single(const struct collator *c, unsigned type,
		       const struct prop_value *v, struct buf *key)
{
	switch (type) {
	case PTYP_INTEGER16:
		key_number(key, (uint64_t)v->i16 ^ 0x8000, 2);
		break;
	case PTYP_INTEGER32:
		key_number(key, (uint64_t)v->i32 ^ 0x80000000, 4);
		break;
	case PTYP_FLOATING32:
		key_double(key, (double)v->f32);
		break;
	case PTYP_FLOATING64:
	case PTYP_FLOATING_TIME:
		key_double(key, v->f64);
		break;
	case PTYP_CURRENCY:
	case PTYP_INTEGER64:
		key_number(key, (uint64_t)v->i64 ^ UINT64_C(1) << 63, 8);
		break;
	case PTYP_TIME:
		key_number(key, v->time, 8);
		break;
	case PTYP_BOOLEAN:
		key_number(key, v->b, 1);
		break;
	case PTYP_STRING:
		collate_text_key(c, v->str, strlen(v->str), key);
		key_number(key, 0, 1);
		break;
	case PTYP_GUID:
		buf_add(key, v->guid->b, sizeof v->guid->b);
		break;
	default:
		key_bin(key, &v->bin);
		break;
	}
}

void collate_value_key(const struct collator *c,
		       const struct prop_value *value, bool descending,
		       struct buf *key)
{
	size_t start = key->len;
	unsigned type = value != NULL ? base_type(value->tag) : PTYP_NULL;
	unsigned single = type & ~(unsigned)PTYP_MULTIPLE;

	if (!collate_type_ordered(type)) {
		key_number(key, 0, 1);
	} else if (type & PTYP_MULTIPLE) {
		for (uint32_t i = 0; i < value->n; i++) {
			struct prop_value v = prop_element(value, i);

			key_number(key, 2, 1);
			key_single(c, single, &v, key);
		}
		key_number(key, 1, 1);
	} else {
		key_number(key, 1, 1);
		key_single(c, single, value, key);
	}
	if (descending)
		for (size_t i = start; i < key->len; i++)
			key->data[i] ^= 0xff;
}
