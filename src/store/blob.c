/* SPDX-License-Identifier: Apache-2.0 */
#include "store/blob.h"

#include <string.h>

enum { HEAD = 4, ENTRY = 8, EXTERNAL_LEN = 16 };
#define EXTERNAL 0x80000000u

/* ---- Looking ---- */

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		(uint32_t)p[3] << 24;
}

static uint64_t load64(const uint8_t *p)
{
	return load32(p) | (uint64_t)load32(p + 4) << 32;
}

static const uint8_t *dir(const struct blob *b, size_t i)
{
	return b->data + HEAD + i * ENTRY;
}

bool blob_open(const void *data, size_t len, struct blob *out)
{
	struct blob b = { .data = data, .len = len };
	size_t at;

	if (len == 0) {
		*out = b;
		return true;
	}
	if (len < HEAD)
		return false;
	b.n = (size_t)(b.data[0] | b.data[1] << 8);
	at = HEAD + b.n * ENTRY;
	if (at > len)
		return false;
	for (size_t i = 0; i < b.n; i++) {
		uint32_t word = load32(dir(&b, i) + 4);
		size_t end = word & ~EXTERNAL;

		if (end < at || end > len)
			return false;
		if ((word & EXTERNAL) && end - at != EXTERNAL_LEN)
			return false;
		if (i > 0 && load32(dir(&b, i)) >> 16 <=
		    load32(dir(&b, i - 1)) >> 16)
			return false;
		at = end;
	}
	*out = b;
	return true;
}

void blob_at(const struct blob *b, size_t i, struct blob_entry *out)
{
	size_t at = i == 0 ? HEAD + b->n * ENTRY :
		load32(dir(b, i - 1) + 4) & ~EXTERNAL;
	uint32_t word = load32(dir(b, i) + 4);

	out->tag = load32(dir(b, i));
	out->external = word & EXTERNAL;
	out->data = b->data + at;
	out->len = (word & ~EXTERNAL) - at;
	out->stream = out->external ? load64(out->data) : 0;
	out->size = out->external ? load64(out->data + 8) : out->len;
}

bool blob_find(const struct blob *b, uint32_t tag, struct blob_entry *out)
{
	size_t low = 0, high = b->n;
	uint32_t id = tag >> 16;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (load32(dir(b, mid)) >> 16 < id)
			low = mid + 1;
		else
			high = mid;
	}
	if (low >= b->n || load32(dir(b, low)) >> 16 != id)
		return false;
	blob_at(b, low, out);
	return true;
}

/* ---- Values ---- */

/* Bytes of one value of a fixed type; 0 for others. */
static size_t fixed_size(unsigned type)
{
	switch (type & ~(unsigned)PTYP_MULTIPLE) {
	case PTYP_BOOLEAN:
		return 1;
	case PTYP_INTEGER16:
		return 2;
	case PTYP_INTEGER32:
	case PTYP_FLOATING32:
	case PTYP_ERROR_CODE:
		return 4;
	case PTYP_FLOATING64:
	case PTYP_FLOATING_TIME:
	case PTYP_CURRENCY:
	case PTYP_INTEGER64:
	case PTYP_TIME:
		return 8;
	case PTYP_GUID:
		return 16;
	default:
		return 0;
	}
}

static bool get_fixed(const struct blob_entry *e, struct prop_value *v)
{
	if (e->len != fixed_size(e->tag & 0xffff))
		return false;
	switch (e->len) {
	case 1:
		v->b = e->data[0] != 0;
		break;
	case 2:
		v->i16 = (int16_t)(e->data[0] | e->data[1] << 8);
		break;
	case 4:
		v->i32 = (int32_t)load32(e->data);
		break;
	case 8:
		v->i64 = (int64_t)load64(e->data);
		break;
	default:
		v->guid = (const struct guid *)(const void *)e->data;
	}
	return true;
}

/* Fixed values lie unaligned: a copy is made. */
static bool get_multi_fixed(const struct blob_entry *e, struct arena *a,
			    struct prop_value *v)
{
	size_t size = fixed_size(e->tag & 0xffff);

	if (size == 0 || e->len % size != 0)
		return false;
	v->n = (uint32_t)(e->len / size);
	v->mv_i16 = arena_memdup(a, e->data, e->len);
	return true;
}

static bool get_multi_string(const struct blob_entry *e, struct arena *a,
			     struct prop_value *v)
{
	const uint8_t *at = e->data, *end = e->data + e->len;
	const char **strings;
	uint32_t n = 0;

	if (e->len > 0 && end[-1] != '\0')
		return false;
	for (size_t i = 0; i < e->len; i++)
		n += e->data[i] == '\0';
	strings = arena_array(a, n, sizeof *strings);
	for (uint32_t i = 0; i < n; i++) {
		strings[i] = (const char *)at;
		at += strlen(strings[i]) + 1;
	}
	v->n = n;
	v->mv_str = strings;
	return true;
}

static bool get_multi_binary(const struct blob_entry *e, struct arena *a,
			     struct prop_value *v)
{
	struct wire_r count = wire_r(e->data, e->len), r = count;
	struct bin *bins;
	uint32_t n = 0;

	for (; wire_left(&count) > 0 && wire_ok(&count); n++)
		wire_bytes(&count, wire_u32(&count));
	if (!wire_ok(&count))
		return false;
	bins = arena_array(a, n, sizeof *bins);
	for (uint32_t i = 0; i < n; i++) {
		bins[i].len = wire_u32(&r);
		bins[i].data = wire_bytes(&r, bins[i].len);
	}
	v->n = n;
	v->mv_bin = bins;
	return true;
}

static bool get_variable(const struct blob_entry *e, struct arena *a,
			 struct prop_value *v)
{
	switch (e->tag & 0xffff) {
	case PTYP_STRING:
	case PTYP_STRING8:
		v->str = (const char *)e->data;
		return e->len > 0 && e->data[e->len - 1] == '\0';
	case PTYP_BINARY:
	case PTYP_OBJECT:
	case PTYP_SERVER_ID:
		v->bin = (struct bin){ e->data, e->len };
		return true;
	case PTYP_MULTIPLE_STRING:
	case PTYP_MULTIPLE_STRING8:
		return get_multi_string(e, a, v);
	case PTYP_MULTIPLE_BINARY:
		return get_multi_binary(e, a, v);
	default:
		return get_multi_fixed(e, a, v);
	}
}

enum ec blob_value(const struct blob_entry *e, struct arena *a,
		   struct prop_value *out)
{
	struct prop_value v = { .tag = e->tag };
	unsigned type = e->tag & 0xffff;
	bool ok;

	if (e->external)
		return EC_NOT_ENOUGH_MEMORY;
	if ((type & PTYP_MULTIPLE) && a == NULL)
		return EC_NOT_FOUND;
	if (!(type & PTYP_MULTIPLE) && fixed_size(type) > 0)
		ok = get_fixed(e, &v);
	else
		ok = get_variable(e, a, &v);
	if (!ok)
		return EC_CORRUPT_STORE;
	*out = v;
	return EC_SUCCESS;
}

enum ec blob_get(const struct blob *b, uint32_t tag, struct arena *a,
		 struct prop_value *out)
{
	struct blob_entry e;

	if (!blob_find(b, tag, &e))
		return EC_NOT_FOUND;
	if ((tag & 0xffff) != PTYP_UNSPECIFIED && tag != e.tag)
		return EC_NOT_FOUND;
	return blob_value(&e, a, out);
}

/* ---- Making ---- */

static size_t multi_size(const struct prop_value *v)
{
	size_t len = 0;

	switch (v->tag & 0xffff) {
	case PTYP_MULTIPLE_STRING:
	case PTYP_MULTIPLE_STRING8:
		for (uint32_t i = 0; i < v->n; i++)
			len += strlen(v->mv_str[i]) + 1;
		return len;
	case PTYP_MULTIPLE_BINARY:
		for (uint32_t i = 0; i < v->n; i++)
			len += 4 + v->mv_bin[i].len;
		return len;
	default:
		return v->n * fixed_size(v->tag & 0xffff);
	}
}

size_t blob_value_size(const struct prop_value *v)
{
	unsigned type = v->tag & 0xffff;

	if (type & PTYP_MULTIPLE)
		return multi_size(v);
	switch (type) {
	case PTYP_STRING:
	case PTYP_STRING8:
		return strlen(v->str) + 1;
	case PTYP_BINARY:
	case PTYP_OBJECT:
	case PTYP_SERVER_ID:
		return v->bin.len;
	default:
		return fixed_size(type);
	}
}

static void write_multi(struct wire_w *w, const struct prop_value *v)
{
	switch (v->tag & 0xffff) {
	case PTYP_MULTIPLE_STRING:
	case PTYP_MULTIPLE_STRING8:
		for (uint32_t i = 0; i < v->n; i++)
			wire_put(w, v->mv_str[i], strlen(v->mv_str[i]) + 1);
		break;
	case PTYP_MULTIPLE_BINARY:
		for (uint32_t i = 0; i < v->n; i++) {
			wire_put_u32(w, (uint32_t)v->mv_bin[i].len);
			wire_put(w, v->mv_bin[i].data, v->mv_bin[i].len);
		}
		break;
	default:
		wire_put(w, v->mv_i16, multi_size(v));
	}
}

static void write_fixed(struct wire_w *w, const struct prop_value *v)
{
	switch (fixed_size(v->tag & 0xffff)) {
	case 1:
		wire_put_u8(w, v->b);
		break;
	case 2:
		wire_put_u16(w, (uint16_t)v->i16);
		break;
	case 4:
		wire_put_u32(w, (uint32_t)v->i32);
		break;
	case 8:
		wire_put_u64(w, (uint64_t)v->i64);
		break;
	case 16:
		wire_put_guid(w, v->guid);
		break;
	default:
		break;
	}
}

void blob_value_write(struct wire_w *w, const struct prop_value *v)
{
	unsigned type = v->tag & 0xffff;

	if (type & PTYP_MULTIPLE) {
		write_multi(w, v);
		return;
	}
	switch (type) {
	case PTYP_STRING:
	case PTYP_STRING8:
		wire_put(w, v->str, strlen(v->str) + 1);
		break;
	case PTYP_BINARY:
	case PTYP_OBJECT:
	case PTYP_SERVER_ID:
		wire_put(w, v->bin.data, v->bin.len);
		break;
	default:
		write_fixed(w, v);
	}
}

/* Insertion sort: stable, and properties mostly come in order. */
static void sort(const struct prop_value **v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct prop_value *x = v[i];
		size_t at = i;

		for (; at > 0 && v[at - 1]->tag >> 16 > x->tag >> 16; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

/* Of equal IDs keep the last. */
static size_t unique(const struct prop_value **v, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || v[i]->tag >> 16 != v[i + 1]->tag >> 16)
			v[kept++] = v[i];
	return kept;
}

struct bin blob_build(struct arena *a, const struct prop_value *values,
		      size_t n)
{
	const struct prop_value **v = arena_array(a, n + 1, sizeof *v);
	size_t len = HEAD, end;
	struct wire_w w;

	for (size_t i = 0; i < n; i++)
		v[i] = &values[i];
	sort(v, n);
	n = unique(v, n);
	len += n * ENTRY;
	end = len;
	for (size_t i = 0; i < n; i++)
		len += blob_value_size(v[i]);
	w = wire_w(arena_alloc(a, len), len);
	wire_put_u16(&w, (uint16_t)n);
	wire_put_u16(&w, 0);
	for (size_t i = 0; i < n; i++) {
		end += blob_value_size(v[i]);
		wire_put_u32(&w, v[i]->tag);
		wire_put_u32(&w, (uint32_t)end);
	}
	for (size_t i = 0; i < n; i++)
		blob_value_write(&w, v[i]);
	return (struct bin){ w.base, w.len };
}
