/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "mapi/recipient_row.h"

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

static const uint32_t column_tags[] = { 0x0c150003, 0x3a20001f };
static const struct prop_tags columns = { 2, column_tags };

/* [MS-OXCDATA] 2.8.3.2: every kind of address, and every string. */
static const struct {
	const char *hex, *type, *address;
} cases[] = {
	/* X500DN, display name in Unicode */
	{ "1102 05 00 2f636e3d6100 4100 0000 0000 00", "EX", "/cn=a" },
	/* SMTP with E, D and I; two properties */
	{ "1b06 6100 4000 6200 0000 4100 0000 4100 0000 "
	  "0200 00 01000000 6100 0000", "SMTP", "a@b" },
	/* SMTP in 8-bit strings, T */
	{ "3b00 614000 e900 4200 0000 00", "SMTP", "a@" },
	/* a type of its own */
	{ "0880 464f4f00 6200 0000 00", "FOO", "b" },
	/* no type at all */
	{ "0000 0000 00", "", NULL },
	/* O without NoType: no AddressType ([MS-OXCDATA] 2.8.3.2) */
	{ "0380 0000 00", "SMTP", NULL },
	/* personal distribution lists */
	{ "0600 0200 0102 0100 aa 0000 00", "MAPIPDL", NULL },
	{ "1702 0000 0000 4100 0000 0100 01 0a 0f010480", "MAPIPDL", NULL },
	{ "0c00 6600 0000 00", "FAX", "f" },
};

static void check(const char *hex, const char *type, const char *address)
{
	uint8_t in[128], out[128];
	size_t len = unhex(hex, in);
	struct bin data = { in, len };
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = prop_ctx_rop(arena, 1252);
	struct recipient_row row, other;

	assert_true(recipient_row_decode(&data, &c, &columns, &row));
	assert_string_equal(recipient_row_address_type(&row), type);
	if (address == NULL)
		assert_null(recipient_row_address(&row));
	else
		assert_string_equal(recipient_row_address(&row), address);
	recipient_row_encode(&w, &c, &columns, &row);
	assert_hex(out, w.len, hex);
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = memcpy(xmalloc(n), in, n);

		data = (struct bin){ cut, n };
		assert_false(recipient_row_decode(&data, &c, &columns,
						  &other));
		w = wire_w(out, n);
		recipient_row_encode(&w, &c, &columns, &row);
		assert_true(w.full);
		free(cut);
	}
	in[len] = 0;
	data = (struct bin){ in, len + 1 };
	assert_false(recipient_row_decode(&data, &c, &columns, &other));
}

static void test_rows(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(cases[i].hex, cases[i].type, cases[i].address);
}

/*
 * All 2^16 flags: what is decoded is what was encoded, and what the flags do
 * not call for is not there.
 */
static void test_all_flags(void **state)
{
	static const uint8_t bytes[] = { 1, 2 };
	struct recipient_row row = {
		.address_prefix_used = 1, .display_type = 2,
		.x500_dn = "/cn=a", .entry_id = { bytes, 2 },
		.search_key = { bytes, 1 }, .address_type = "FOO",
		.email_address = "e", .display_name = "d",
		.simple_display_name = "i", .transmittable_display_name = "t",
	};
	uint8_t out[128];

	for (unsigned flags = 0; flags <= UINT16_MAX; flags++) {
		struct arena *a = arena_new(0);
		struct prop_ctx c = prop_ctx_rop(a, 1252);
		struct wire_w w = wire_w(out, sizeof out);
		struct recipient_row got;
		struct bin data;

		row.recipient_flags = (uint16_t)flags;
		recipient_row_encode(&w, &c, &columns, &row);
		data = (struct bin){ out, w.len };
		assert_true(recipient_row_decode(&data, &c, &columns, &got));
		assert_int_equal(got.recipient_flags, flags);
		assert_int_equal(got.email_address != NULL,
				 (flags & RECIPIENT_E) != 0);
		assert_int_equal(got.display_name != NULL,
				 (flags & RECIPIENT_D) != 0);
		assert_int_equal(got.simple_display_name != NULL,
				 (flags & RECIPIENT_I) != 0);
		assert_int_equal(got.transmittable_display_name != NULL,
				 (flags & RECIPIENT_T) != 0);
		assert_int_equal(got.x500_dn != NULL, (flags & 7) == 1);
		assert_int_equal(got.entry_id.len, (flags & 7) >= 6 ? 2 : 0);
		assert_int_equal(got.address_type != NULL,
				 (flags & 7) == 0 && (flags & RECIPIENT_O));
		if (got.display_name != NULL)
			assert_string_equal(got.display_name, "d");
		arena_free(a);
	}
}

static void test_strings(void **state)
{
	uint8_t in[32];
	struct bin data = { in, unhex("3b00 614000 e900 4200 0000 00", in) };
	struct prop_ctx c = prop_ctx_rop(arena, 1252);
	struct recipient_row row;

	assert_true(recipient_row_decode(&data, &c, &columns, &row));
	assert_string_equal(row.display_name, "\xc3\xa9");
	assert_string_equal(row.transmittable_display_name, "B");
}

static void test_malformed(void **state)
{
	static const char *const bad[] = {
		"0000 0300 00",                   /* more than the columns */
		"0000 ffff 00", "0600 ffff 00",
	};
	uint8_t in[32];
	struct recipient_row row = { .recipient_flags = 77 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct bin data = { in, unhex(bad[i], in) };
		struct prop_ctx c = prop_ctx_rop(arena, 0);

		assert_false(recipient_row_decode(&data, &c, &columns, &row));
		assert_int_equal(row.recipient_flags, 77);
	}
}

static void test_flags(void **state)
{
	struct recipient_row row = { .display_name = "A" };

	assert_int_equal(recipient_row_flags(&row, "EX"),
			 RECIPIENT_U | RECIPIENT_D | RECIPIENT_X500_DN);
	row.email_address = "a@b";
	row.transmittable_display_name = "A";
	assert_int_equal(recipient_row_flags(&row, "smtp"),
			 RECIPIENT_U | RECIPIENT_D | RECIPIENT_E |
			 RECIPIENT_S | RECIPIENT_SMTP);
	row.transmittable_display_name = "B";
	row.simple_display_name = "A";
	assert_int_equal(recipient_row_flags(&row, "X400"),
			 RECIPIENT_U | RECIPIENT_D | RECIPIENT_E |
			 RECIPIENT_T | RECIPIENT_I | RECIPIENT_O);
	row = (struct recipient_row){ .recipient_flags = 0 };
	assert_int_equal(recipient_row_flags(&row, NULL), RECIPIENT_U);
}

static void test_print(void **state)
{
	uint8_t in[64];
	struct bin data = { in, unhex(cases[1].hex, in) };
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct buf b = BUF_INIT;
	struct recipient_row row;

	assert_true(recipient_row_decode(&data, &c, &columns, &row));
	recipient_row_print(&b, &row);
	assert_string_equal(buf_str(&b), "flags 0x061b SMTP \"A\" <a@b> with "
			    "PidTagRecipientType: 1, "
			    "PidTagTransmittableDisplayName: \"a\"");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_all_flags),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
