/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "mapi/named.h"

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

static void test_sets(void **state)
{
	char text[GUID_TEXT_SIZE];
	struct guid other = { { 1 } };

	guid_format(&PSETID_COMMON, text);
	assert_string_equal(text, "00062008-0000-0000-c000-000000000046");
	guid_format(&PS_INTERNET_HEADERS, text);
	assert_string_equal(text, "00020386-0000-0000-c000-000000000046");
	assert_string_equal(named_set_name(&PS_MAPI), "PS_MAPI");
	assert_null(named_set_name(&other));
}

/* Each row is found by its set and LID, and by its name. */
static void test_all_found(void **state)
{
	static const struct {
		const struct guid *set;
		uint32_t lid;
		uint16_t type;
		const char *name;
	} all[] = {
#define NAMED_SET(constant, name, ...)
#define NAMED_PROP(constant, set, lid, type, name) { &set, lid, type, name },
#include "mapi/named_props.def"
#undef NAMED_SET
#undef NAMED_PROP
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const struct named_prop *p = named_prop_find(all[i].set,
							     all[i].lid);

		assert_non_null(p);
		assert_int_equal(p->lid, all[i].lid);
		assert_true(guid_equal(p->set, all[i].set));
		p = named_prop_by_name(all[i].name);
		assert_non_null(p);
		assert_int_equal(p->lid, all[i].lid);
		assert_int_equal(p->type, all[i].type);
	}
	assert_null(named_prop_find(&PSETID_COMMON, 1));
	assert_null(named_prop_find(&PS_MAPI, PID_LID_SIDE_EFFECTS));
	assert_null(named_prop_find(&PSETID_MEETING, 0xffffffff));
	assert_null(named_prop_by_name("PidLidNoSuch"));
}

#define COMMON_HEX "0820060000000000c000000000000046"

/* [MS-OXCDATA] 2.6.1 */
static const struct {
	const char *hex, *text;
} cases[] = {
	{ "00 " COMMON_HEX " 10850000", "PidLidSideEffects" },
	{ "00 " COMMON_HEX " 01000000", "PSETID_Common:0x0001" },
	{ "01 2903020000000000c000000000000046 06 4100 e900 0000",
	  "PS_PUBLIC_STRINGS:\"A\xc3\xa9\"" },
	{ "ff 00000000000000000000000000000000",
	  "{00000000-0000-0000-0000-000000000000}: no name" },
};

static void check(const char *hex, const char *text)
{
	uint8_t in[64], out[64];
	size_t len = unhex(hex, in);
	struct wire_r r = wire_r(in, len);
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct prop_name name, copy;
	struct buf b = BUF_INIT;

	assert_true(prop_name_decode(&r, &c, &name));
	assert_true(wire_done(&r));
	copy = prop_name_copy(arena, &name);
	assert_true(prop_name_equal(&name, &copy));
	prop_name_encode(&w, &copy);
	assert_hex(out, w.len, hex);
	prop_name_print(&b, &name);
	assert_string_equal(buf_str(&b), text);
	buf_free(&b);
	for (size_t n = 0; n < len; n++) {
		r = wire_r(in, n);
		assert_false(prop_name_decode(&r, &c, &name));
		w = wire_w(out, n);
		prop_name_encode(&w, &copy);
		assert_true(w.full);
	}
}

static void test_codec(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(cases[i].hex, cases[i].text);
}

static void test_malformed(void **state)
{
	static const char *const bad[] = {
		"02 " COMMON_HEX " 01000000",     /* no such kind */
		"01 " COMMON_HEX " 04 4100 4200", /* no terminator */
		"01 " COMMON_HEX " 06 4100 0000 4200", /* one too early */
		"01 " COMMON_HEX " 00",
	};
	uint8_t in[64];
	struct prop_name name = { .kind = 7 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct prop_ctx c = prop_ctx_rop(arena, 0);
		struct wire_r r = wire_r(in, unhex(bad[i], in));

		assert_false(prop_name_decode(&r, &c, &name));
		assert_int_equal(name.kind, 7);
	}
}

static void test_too_long(void **state)
{
	char text[200];
	uint8_t out[600];
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_name name = { .kind = PROP_NAME_STRING, .name = text };

	memset(text, 'a', sizeof text);
	text[126] = '\0';
	prop_name_encode(&w, &name);
	assert_false(w.full);
	assert_int_equal(w.len, 17 + 1 + 254);
	text[126] = 'a';
	text[127] = '\0';
	w = wire_w(out, sizeof out);
	prop_name_encode(&w, &name);
	assert_true(w.full);
}

static void test_equal(void **state)
{
	struct prop_name lid = { .kind = PROP_NAME_LID, .guid = PSETID_COMMON,
				 .lid = 1 };
	struct prop_name other = lid, a, b;

	other.lid = 2;
	assert_false(prop_name_equal(&lid, &other));
	other = lid;
	other.guid = PSETID_TASK;
	assert_false(prop_name_equal(&lid, &other));
	a = (struct prop_name){ .kind = PROP_NAME_STRING,
				.guid = PSETID_COMMON, .name = "x" };
	b = a;
	assert_false(prop_name_equal(&lid, &a));
	b.name = "X";
	assert_false(prop_name_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_all_found),
		cmocka_unit_test(test_codec),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
