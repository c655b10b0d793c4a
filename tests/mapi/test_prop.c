/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "mapi/code_page.h"
#include "mapi/prop_codec.h"
#include "mapi/restriction.h"

static struct arena *arena;

static int setup(void **state)
{
	arena = arena_new(0);
	return 0;
}

static int teardown(void **state)
{
	arena_free(arena);
	return 0;
}

static void test_tag_name(void **state)
{
	assert_string_equal(prop_tag_name(PID_TAG_SUBJECT), "PidTagSubject");
	/* the 8-bit form has the same name */
	assert_string_equal(prop_tag_name(0x0037001e), "PidTagSubject");
	assert_null(prop_tag_name(0x8000001f));
	assert_null(prop_tag_name(0));
	assert_null(prop_tag_name(0xffffffff));
	/* the ends of the table */
	assert_string_equal(prop_tag_name(0x00010003),
			    "PidTagAcknowledgementMode");
}

/* Every tag has the first of its names. */
static void test_tag_names_are_all_found(void **state)
{
	static const struct {
		uint32_t tag;
		const char *name;
	} all[] = {
#define PROP(constant, tag, name) { tag, name },
#include "mapi/prop_tags.def"
#undef PROP
	};
	size_t first = 0;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (all[i].tag != all[first].tag)
			first = i;
		assert_string_equal(prop_tag_name(all[i].tag),
				    all[first].name);
	}
}

/*
 * Every type of [MS-OXCDATA] 2.11.1: decoded, encoded again, and what is left
 * of it when each last byte is missing.
 */
static const struct {
	const char *name;
	uint32_t tag;
	const char *narrow, *wide;        /* wide NULL: the same */
} values[] = {
	{ "integer16", 0x00010002, "fe ff", NULL },
	{ "integer32", 0x00010003, "78 56 34 12", NULL },
	{ "floating32", 0x00010004, "00 00 c0 3f", NULL },
	{ "floating64", 0x00010005, "00 00 00 00 00 00 f8 3f", NULL },
	{ "currency", 0x00010006, "10 27 00 00 00 00 00 00", NULL },
	{ "floating time", 0x00010007, "00 00 00 00 00 00 15 40", NULL },
	{ "error", 0x0001000a, "0f 01 04 80", NULL },
	{ "boolean", 0x0001000b, "01", NULL },
	{ "integer64", 0x00010014, "ff ff ff ff ff ff ff 7f", NULL },
	{ "string8", 0x0001001e, "48 69 00", NULL },
	{ "string", 0x0001001f, "48 00 e9 00 3d d8 00 de 00 00", NULL },
	{ "empty string", 0x0001001f, "00 00", NULL },
	{ "time", 0x00010040, "00 80 3e d5 de b1 9d 01", NULL },
	{ "guid", 0x00010048,
	  "90 da d8 6e 0b 45 1b 10 98 da 00 aa 00 3f 13 05", NULL },
	{ "server id", 0x000100fb,
	  "15 00 01 01 00 00 00 00 00 00 11 01 00 00 00 00 00 00 22 "
	  "00 00 00 00", NULL },
	{ "binary", 0x00010102, "03 00 01 02 03", "03 00 00 00 01 02 03" },
	{ "empty binary", 0x00010102, "00 00", "00 00 00 00" },
	{ "object", 0x0001000d, "01 00 07", "01 00 00 00 07" },
	{ "multiple integer16", 0x00011002, "02 00 00 00 01 00 ff ff", NULL },
	{ "multiple integer32", 0x00011003,
	  "02 00 00 00 01 00 00 00 02 00 00 00", NULL },
	{ "multiple floating32", 0x00011004, "01 00 00 00 00 00 80 3f", NULL },
	{ "multiple floating64", 0x00011005,
	  "01 00 00 00 00 00 00 00 00 00 f0 3f", NULL },
	{ "multiple currency", 0x00011006,
	  "01 00 00 00 01 00 00 00 00 00 00 00", NULL },
	{ "multiple floating time", 0x00011007,
	  "01 00 00 00 00 00 00 00 00 00 f0 3f", NULL },
	{ "multiple integer64", 0x00011014,
	  "01 00 00 00 08 07 06 05 04 03 02 01", NULL },
	{ "multiple string8", 0x0001101e, "02 00 00 00 61 00 62 63 00", NULL },
	{ "multiple string", 0x0001101f,
	  "02 00 00 00 61 00 00 00 00 00", NULL },
	{ "multiple time", 0x00011040,
	  "01 00 00 00 00 80 3e d5 de b1 9d 01", NULL },
	{ "multiple guid", 0x00011048,
	  "01 00 00 00 90 da d8 6e 0b 45 1b 10 98 da 00 aa 00 3f 13 05", NULL },
	{ "multiple binary", 0x00011102, "02 00 00 00 01 00 aa 00 00",
	  "02 00 00 00 01 00 00 00 aa 00 00 00 00" },
	{ "no values", 0x00011003, "00 00 00 00", NULL },
};

static void check_value(uint32_t tag, bool wide, const char *hex)
{
	uint8_t in[64], out[64];
	size_t len = unhex(hex, in);
	struct wire_r r = wire_r(in, len);
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct prop_value v, copy;
	struct buf b = BUF_INIT;

	c.wide = wide;
	assert_true(prop_value_decode(&r, &c, tag, &v));
	assert_true(wire_done(&r));
	assert_int_equal(v.tag, tag);
	copy = prop_value_copy(arena, &v);
	assert_true(prop_value_equal(&v, &copy));
	prop_value_encode(&w, &c, &copy);
	assert_false(w.full);
	assert_hex(out, w.len, hex);
	prop_value_print(&b, &v, 16);
	assert_null(strchr(buf_str(&b), '?'));
	buf_free(&b);
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = memcpy(xmalloc(n), in, n);

		r = wire_r(cut, n);
		assert_false(prop_value_decode(&r, &c, tag, &v));
		assert_false(wire_ok(&r));
		w = wire_w(out, n);
		prop_value_encode(&w, &c, &copy);
		assert_true(w.full);
		free(cut);
	}
}

static void test_values(void **state)
{
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		print_message("%s\n", values[i].name);
		check_value(values[i].tag, false, values[i].narrow);
		check_value(values[i].tag, true, values[i].wide != NULL ?
			    values[i].wide : values[i].narrow);
	}
}

static struct prop_value decode(uint32_t tag, uint32_t code_page,
				const char *hex)
{
	uint8_t in[256];
	struct wire_r r = wire_r(in, unhex(hex, in));
	struct prop_ctx c = prop_ctx_rop(arena, code_page);
	struct prop_value v = { .tag = 0 };

	assert_true(prop_value_decode(&r, &c, tag, &v));
	return prop_value_copy(arena, &v);
}

static void test_value_meaning(void **state)
{
	assert_int_equal(decode(0x00010002, 0, "fe ff").i16, -2);
	assert_true(decode(0x00010004, 0, "00 00 c0 3f").f32 == 1.5f);
	/* [MS-OXCDATA] 2.11.1: 6:00 on 4 January 1900 is 5.25 */
	assert_true(decode(0x00010007, 0, "00 00 00 00 00 00 15 40").f64 ==
		    5.25);
	assert_int_equal(decode(0x0001000a, 0, "0f 01 04 80").error,
			 EC_NOT_FOUND);
	assert_true(decode(0x0001000b, 0, "ff").b);
	assert_string_equal(
		decode(0x0001001f, 0, "48 00 e9 00 3d d8 00 de 00 00").str,
		"H\xc3\xa9\xf0\x9f\x98\x80");
	assert_int_equal(decode(0x00011002, 0, "02000000 0100 ffff").mv_i16[1],
			 -1);
}

static void test_string8_code_page(void **state)
{
	struct prop_value v = decode(0x0037001e, 1252, "80 e9 00");

	/* becomes Unicode, so that nobody else has to convert it */
	assert_int_equal(v.tag, 0x0037001f);
	assert_string_equal(v.str, "\xe2\x82\xac\xc3\xa9");
	v = decode(0x0037101e, 932, "01 00 00 00 93 fa 96 7b 00");
	assert_int_equal(v.tag, 0x0037101f);
	assert_string_equal(v.mv_str[0], "\xe6\x97\xa5\xe6\x9c\xac");
	v = decode(0x0037001e, 0, "80 e9 00");
	assert_int_equal(v.tag, 0x0037001e);
	assert_string_equal(v.str, "\x80\xe9");
}

static void test_instance_type(void **state)
{
	/* a column of one row a value holds the single type */
	struct prop_value v = decode(0x9000301f, 0, "61 00 00 00");

	assert_int_equal(v.tag, 0x9000001f);
	assert_string_equal(v.str, "a");
}

static void test_bad_values(void **state)
{
	static const struct {
		uint32_t tag;
		const char *hex;
	} bad[] = {
		{ 0x00010000, "00 00 00 00" },  /* unspecified */
		{ 0x00010099, "00 00 00 00" },  /* unknown */
		{ 0x0001100b, "00 00 00 00" },  /* multiple boolean */
		{ 0x00011003, "ff ff ff ff 01 00 00 00" }, /* absurd counts */
		{ 0x0001101f, "00 00 00 80 00 00" },
		{ 0x00011102, "ff ff ff 7f 00 00" },
		{ 0x0001001f, "61 00 62 00" },  /* no terminator */
		{ 0x0001001f, "61 00 00" },
		{ 0x0001001e, "61 62" },
		{ 0x000100fd, "0c" },           /* no such restriction */
		{ 0x000100fe, "00 00" },        /* no actions */
	};
	uint8_t in[64];
	struct prop_value v = { .tag = 1 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct prop_ctx c = prop_ctx_rop(arena, 0);
		struct wire_r r = wire_r(in, unhex(bad[i].hex, in));

		assert_false(prop_value_decode(&r, &c, bad[i].tag, &v));
		assert_int_equal(v.tag, 1);
	}
	assert_false(prop_type_is_known(PTYP_UNSPECIFIED));
	assert_false(prop_type_is_known(0x0099));
	assert_true(prop_type_is_known(PTYP_MULTIPLE_GUID));
}

static void test_binary_too_long(void **state)
{
	uint8_t *big = xcalloc(1, 0x10000), *out = xmalloc(0x10010);
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct prop_value v = { .tag = 0x00010102,
				.bin = { big, 0x10000 } };
	struct wire_w w = wire_w(out, 0x10010);

	prop_value_encode(&w, &c, &v);
	assert_true(w.full);
	c.wide = true;
	w = wire_w(out, 0x10010);
	prop_value_encode(&w, &c, &v);
	assert_false(w.full);
	assert_int_equal(w.len, 0x10004);
	free(big);
	free(out);
}

static void test_size(void **state)
{
	struct prop_value v = { .tag = PID_TAG_SUBJECT, .str = "H\xc3\xa9" };
	static const char *const two[] = { "a", "bc" };

	assert_int_equal(prop_value_size(&v), 6);
	v.tag = 0x0037001e;
	assert_int_equal(prop_value_size(&v), 4);
	v = (struct prop_value){ .tag = 0x0001101f, .n = 2, .mv_str = two };
	assert_int_equal(prop_value_size(&v), 4 + 6);
	v = (struct prop_value){ .tag = 0x00011014, .n = 3 };
	assert_int_equal(prop_value_size(&v), 24);
	v = (struct prop_value){ .tag = 0x0001000b };
	assert_int_equal(prop_value_size(&v), 1);
}

static void test_find_and_error(void **state)
{
	struct prop_value v[2] = { { .tag = 0x0037001f, .str = "x" },
				   { .tag = 0x0e070003, .i32 = 1 } };
	struct prop_values list = { 2, v };
	struct prop_value e = prop_error(PID_TAG_SUBJECT, EC_NOT_FOUND);

	assert_ptr_equal(prop_find(&list, 0x0037001e), &v[0]);
	assert_ptr_equal(prop_find(&list, 0x0e070003), &v[1]);
	assert_null(prop_find(&list, 0x0e080003));
	assert_int_equal(e.tag, 0x0037000a);
	assert_int_equal(e.error, EC_NOT_FOUND);
}

/* ---- rows ---- */

static const uint32_t three[] = { 0x0e070003, 0x0037001f, 0x67480014 };
static const struct prop_tags columns = { 3, three };

static void test_standard_row(void **state)
{
	struct prop_value v[3] = {
		{ .tag = 0x0e070003, .i32 = 1 },
		{ .tag = 0x0037001f, .str = "Hi" },
		{ .tag = 0x67480014, .i64 = 0x0100000000000001 },
	};
	static const char hex[] = "00 01000000 4800 6900 0000 "
		"0100000000000001";
	uint8_t out[64];
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct prop_values got;
	struct wire_r r;

	prop_row_encode(&w, &c, &columns, v);
	assert_false(w.full);
	assert_hex(out, w.len, hex);
	r = wire_r(out, w.len);
	assert_true(prop_row_decode(&r, &c, &columns, &got));
	assert_true(wire_done(&r));
	assert_int_equal(got.n, 3);
	for (int i = 0; i < 3; i++)
		assert_true(prop_value_equal(&got.v[i], &v[i]));
	for (size_t n = 0; n < w.len; n++) {
		struct wire_w small = wire_w(out + 32, n);

		prop_row_encode(&small, &c, &columns, v);
		assert_true(small.full);
	}
}

static void test_flagged_row(void **state)
{
	struct prop_value v[3] = {
		prop_error(0x0e070003, EC_NOT_FOUND),
		{ .tag = 0x0037001f, .str = "Hi" },
		{ .tag = 0x67480001 },
	};
	static const char hex[] = "01 0a 0f010480 00 4800 6900 0000 01";
	uint8_t out[64];
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct prop_values got;
	struct wire_r r;

	prop_row_encode(&w, &c, &columns, v);
	assert_hex(out, w.len, hex);
	r = wire_r(out, w.len);
	assert_true(prop_row_decode(&r, &c, &columns, &got));
	for (int i = 0; i < 3; i++)
		assert_true(prop_value_equal(&got.v[i], &v[i]));
}

static void test_row_of_another_type(void **state)
{
	struct prop_value v[3] = {
		{ .tag = 0x0e070014, .i64 = 1 },
		{ .tag = 0x0037001f, .str = "" },
		{ .tag = 0x67480014 },
	};
	uint8_t out[64];
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = prop_ctx_rop(NULL, 0);

	prop_row_encode(&w, &c, &columns, v);
	assert_hex(out, w.len, "01 0a 04030480 00 0000 00 0000000000000000");
}

/* [MS-OXCDATA] 2.11.6: PtypUnspecified columns carry their types. */
static void test_unspecified_columns(void **state)
{
	static const uint32_t any[] = { 0x0e070000, 0x00370000 };
	static const struct prop_tags two = { 2, any };
	struct prop_value v[2] = { { .tag = 0x0e070003, .i32 = 1 },
				   { .tag = 0x0037001f, .str = "a" } };
	uint8_t out[64];
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct prop_values got;
	struct wire_r r;

	prop_row_encode(&w, &c, &two, v);
	assert_hex(out, w.len, "00 0300 01000000 1f00 6100 0000");
	r = wire_r(out, w.len);
	assert_true(prop_row_decode(&r, &c, &two, &got));
	assert_int_equal(got.v[1].tag, 0x0037001f);
	v[1] = prop_error(0x00370000, EC_NOT_ENOUGH_MEMORY);
	w = wire_w(out, sizeof out);
	prop_row_encode(&w, &c, &two, v);
	assert_hex(out, w.len, "01 0300 00 01000000 0a00 0a 0e000780");
	r = wire_r(out, w.len);
	assert_true(prop_row_decode(&r, &c, &two, &got));
	assert_int_equal(got.v[1].tag, 0x0037000a);
	assert_int_equal(got.v[1].error, EC_NOT_ENOUGH_MEMORY);
}

/* The column says which string the client wants. */
static void test_string_columns(void **state)
{
	static const uint32_t tags[] = { 0x0037001e, 0x0037001f, 0x9000301e };
	static const struct prop_tags cols = { 3, tags };
	struct prop_value v[3] = {
		{ .tag = 0x0037001f, .str = "\xe2\x82\xac" },
		{ .tag = 0x0037001e, .str = "\x80" },
		{ .tag = 0x9000001f, .str = "\xe6\x97\xa5" },
	};
	uint8_t out[64];
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = prop_ctx_rop(NULL, 1252);

	prop_row_encode(&w, &c, &cols, v);
	/* 日 is not in windows-1252 */
	assert_hex(out, w.len, "00 80 00 ac20 0000 3f 00");
}

static void test_bad_rows(void **state)
{
	static const char *const bad[] = {
		"", "02 01000000", "00 01000000 4800 6900",
		"01 05", "01 0a 0f0104", "01 00 01000000 02",
	};
	uint8_t in[64];
	struct prop_values out = { 7, NULL };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct prop_ctx c = prop_ctx_rop(arena, 0);
		struct wire_r r = wire_r(in, unhex(bad[i], in));

		assert_false(prop_row_decode(&r, &c, &columns, &out));
		assert_int_equal(out.n, 7);
	}
}

/* ---- other structures ---- */

static void test_tagged(void **state)
{
	uint8_t in[64], out[64];
	static const char hex[] = "0300 070e 01000000 1f00 3700 6100 0000";
	struct wire_r r = wire_r(in, unhex(hex, in));
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct prop_values v;

	assert_true(prop_tagged_list_decode(&r, &c, 2, &v));
	assert_true(wire_done(&r));
	assert_int_equal(v.v[0].tag, PID_TAG_MESSAGE_FLAGS);
	assert_string_equal(v.v[1].str, "a");
	prop_tagged_list_encode(&w, &c, &v);
	assert_hex(out, w.len, hex);
	r = wire_r(in, 8);
	assert_false(prop_tagged_list_decode(&r, &c, 0xffffffff, &v));
}

static void test_tags(void **state)
{
	uint8_t in[64], out[64];
	static const char hex[] = "02 00 1f00 3700 0300 070e";
	struct wire_r r = wire_r(in, unhex(hex, in));
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_tags tags;

	assert_true(prop_tags_decode(&r, arena, &tags));
	assert_int_equal(tags.n, 2);
	assert_int_equal(tags.v[0], PID_TAG_SUBJECT);
	prop_tags_encode(&w, &tags);
	assert_hex(out, w.len, hex);
	r = wire_r(in, 9);
	assert_false(prop_tags_decode(&r, arena, &tags));
	r = wire_r(in, 0);
	assert_false(prop_tags_decode(&r, arena, &tags));
}

static void test_problems(void **state)
{
	uint8_t in[64], out[64];
	static const char hex[] = "01 00 0300 1f00 3700 05000780";
	struct wire_r r = wire_r(in, unhex(hex, in));
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_problems p;

	assert_true(prop_problems_decode(&r, arena, &p));
	assert_int_equal(p.v[0].index, 3);
	assert_int_equal(p.v[0].tag, PID_TAG_SUBJECT);
	assert_int_equal(p.v[0].error, EC_ACCESS_DENIED);
	prop_problems_encode(&w, &p);
	assert_hex(out, w.len, hex);
	r = wire_r(in, 11);
	assert_false(prop_problems_decode(&r, arena, &p));
}

static void test_typed_string(void **state)
{
	static const struct {
		const char *hex, *text;
		bool canonical;
	} cases[] = {
		{ "00", NULL, true },
		{ "01", "", true },
		{ "02 48 69 00", "Hi", false },
		{ "03 48 69 00", "Hi", true },
		{ "03 48 e9 00", "H\xc3\xa9", true },
		{ "04 ac 20 00 00", "\xe2\x82\xac", true },
		{ "04 48 00 00 00", "H", false },
	};
	uint8_t in[64], out[64];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct prop_ctx c = prop_ctx_rop(arena, 1252);
		struct wire_r r = wire_r(in, unhex(cases[i].hex, in));
		struct wire_w w = wire_w(out, sizeof out);
		const char *text = "unset";

		assert_true(typed_string_decode(&r, &c, &text));
		assert_true(wire_done(&r));
		if (cases[i].text == NULL)
			assert_null(text);
		else
			assert_string_equal(text, cases[i].text);
		typed_string_encode(&w, text);
		if (cases[i].canonical)
			assert_hex(out, w.len, cases[i].hex);
	}
}

static void test_bad_typed_string(void **state)
{
	static const char *const bad[] = {
		"", "05", "02 48", "03", "04 48 00",
	};
	uint8_t in[16];
	const char *text = "unset";

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct prop_ctx c = prop_ctx_rop(arena, 0);
		struct wire_r r = wire_r(in, unhex(bad[i], in));

		assert_false(typed_string_decode(&r, &c, &text));
		assert_string_equal(text, "unset");
	}
}

static void test_asciiz(void **state)
{
	static const uint8_t ok[] = "/o=x", high[] = "\xc3\xa9";
	struct wire_r r = wire_r(ok, sizeof ok);

	assert_string_equal(wire_asciiz(&r), "/o=x");
	assert_true(wire_done(&r));
	r = wire_r(high, sizeof high);
	assert_null(wire_asciiz(&r));
	assert_false(wire_ok(&r));
	r = wire_r(ok, 4);
	assert_null(wire_asciiz(&r));
}

/* ---- code pages ---- */

static void test_code_pages(void **state)
{
	size_t len;
	const char *s;

	assert_true(code_page_known(1252));
	assert_true(code_page_known(65001));
	assert_false(code_page_known(1200));
	assert_false(code_page_known(0));
	assert_string_equal(code_page_charset(20866), "koi8-r");
	assert_int_equal(code_page_number("KOI8-R"), 20866);
	assert_int_equal(code_page_number("no-such"), 0);
	s = code_page_from_utf8(arena, 50220, "\xe6\x97\xa5", &len);
	assert_int_equal(len, strlen(s));
	assert_memory_equal(s, "\x1b$BF|\x1b(B", 8);
	assert_string_equal(code_page_to_utf8(arena, 50220, s, len),
			    "\xe6\x97\xa5");
	assert_string_equal(code_page_to_utf8(arena, 65001, "a\xff", 2),
			    "a\xef\xbf\xbd");
	assert_string_equal(code_page_from_utf8(arena, 20127, "\xc3\xa9x",
						&len), "?x");
	/* an unknown one is taken for windows-1252 */
	assert_string_equal(code_page_to_utf8(arena, 4711, "\x80", 1),
			    "\xe2\x82\xac");
}

static void test_every_code_page(void **state)
{
	static const uint32_t pages[] = {
		437, 850, 852, 866, 874, 932, 936, 949, 950, 1250, 1251, 1252,
		1253, 1254, 1255, 1256, 1257, 1258, 20127, 20866, 21866, 28591,
		28592, 28595, 28597, 28599, 28605, 50220, 51932, 51949, 54936,
		65000, 65001,
	};
	uint8_t out[64];
	size_t len;

	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		struct wire_w w = wire_w(out, sizeof out);

		assert_string_equal(code_page_from_utf8(arena, pages[i], "Hi",
							&len), "Hi");
		/* not plain ASCII: goes through the converter */
		code_page_put(&w, pages[i], "x\xe2\x80\x8by");
		assert_false(w.full);
		assert_int_equal(out[0], 'x');
		assert_int_equal(out[w.len - 1], 0);
		w = wire_w(out, 2);
		code_page_put(&w, pages[i], "x\xe2\x80\x8by");
		assert_true(w.full);
	}
}

/* ---- printing ---- */

static void check_print(const struct prop_value *v, const char *want)
{
	struct buf b = BUF_INIT;

	prop_value_print(&b, v, 4);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void test_print(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5 };
	static const int32_t numbers[] = { 1, -2 };
	struct prop_value v = { .tag = PID_TAG_SUBJECT, .str = "a\"b\ncdef" };

	check_print(&v, "PidTagSubject: \"a\\\"b\\x0a\"…");
	v = (struct prop_value){ .tag = 0x80010102, .bin = { bytes, 5 } };
	check_print(&v, "0x80010102: [5] 01020304…");
	v = (struct prop_value){ .tag = 0x80011003, .n = 2,
				 .mv_i32 = numbers };
	check_print(&v, "0x80011003: (1, -2)");
	v = prop_error(0x80010003, EC_NOT_FOUND);
	check_print(&v, "0x8001000a: error 0x8004010f (ecNotFound)");
	v = (struct prop_value){ .tag = 0x80010040,
				 .time = 116444736000000000 };
	check_print(&v, "0x80010040: 1970-01-01T00:00:00.0000000Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tag_name),
		cmocka_unit_test(test_tag_names_are_all_found),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_value_meaning),
		cmocka_unit_test(test_string8_code_page),
		cmocka_unit_test(test_instance_type),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_binary_too_long),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_find_and_error),
		cmocka_unit_test(test_standard_row),
		cmocka_unit_test(test_flagged_row),
		cmocka_unit_test(test_row_of_another_type),
		cmocka_unit_test(test_unspecified_columns),
		cmocka_unit_test(test_string_columns),
		cmocka_unit_test(test_bad_rows),
		cmocka_unit_test(test_tagged),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_typed_string),
		cmocka_unit_test(test_bad_typed_string),
		cmocka_unit_test(test_asciiz),
		cmocka_unit_test(test_code_pages),
		cmocka_unit_test(test_every_code_page),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
