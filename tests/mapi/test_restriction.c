/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "mapi/restriction.h"
#include "mapi/rule.h"
#include "mapi/sort.h"

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

/* Each kind of [MS-OXCDATA] 2.12, as bytes and as an expression. */
static const struct {
	const char *narrow, *wide, *text;
} cases[] = {
	{ "00 0200 08 1f003700 08 0300070e",
	  "00 02000000 08 1f003700 08 0300070e",
	  "(exists(PidTagSubject) and exists(PidTagMessageFlags))" },
	{ "01 0200 08 1f003700 08 0300070e",
	  "01 02000000 08 1f003700 08 0300070e",
	  "(exists(PidTagSubject) or exists(PidTagMessageFlags))" },
	{ "00 0000", "00 00000000", "all" },
	{ "01 0000", "01 00000000", "none" },
	{ "02 08 1f003700", NULL, "not exists(PidTagSubject)" },
	/* [MS-OXCDATA] 2.12.4: a substring without regard to case */
	{ "03 0100 0100 1f003700 1f003700 4800 6900 0000", NULL,
	  "PidTagSubject contains \"Hi\" ignoring case" },
	{ "03 0200 0600 1f003700 1f003700 4800 0000", NULL,
	  "PidTagSubject begins with \"H\" ignoring marks loosely" },
	{ "03 0000 0000 1f003700 1f003700 0000", NULL,
	  "PidTagSubject is \"\"" },
	{ "04 04 1f001a00 1f001a00 4900 0000", NULL,
	  "PidTagMessageClass == \"I\"" },
	{ "04 02 4000060e 4000060e 00803ed5deb19d01", NULL,
	  "PidTagMessageDeliveryTime > 1970-01-01T00:00:00.0000000Z" },
	{ "04 64 02013000 0201ff0f 0100 aa", "04 64 02013000 0201ff0f "
	  "01000000 aa", "PidTagReplyTime… is member of" },
	{ "05 00 4000060e 40003900", NULL,
	  "PidTagMessageDeliveryTime < PidTagClientSubmitTime" },
	{ "06 01 0300070e 01000000", NULL,
	  "(PidTagMessageFlags & 0x1) != 0" },
	{ "06 00 0300070e 01000000", NULL,
	  "(PidTagMessageFlags & 0x1) == 0" },
	{ "07 03 1f003700 10000000", NULL, "size(PidTagSubject) >= 16" },
	{ "08 1f003700", NULL, "exists(PidTagSubject)" },
	{ "09 0d00120e 04 05 1e00 0330 1e000330 61 00", NULL,
	  "any(PidTagMessageRecipients; PidTagEmailAddress != \"a\")" },
	{ "0a 01 03000166 07000000 01 08 1f003700", NULL,
	  "comment(PidTag…; exists(PidTagSubject))" },
	{ "0a 00 00", NULL, "comment(; all)" },
	{ "0b 05000000 08 1f003700", NULL, "first(5; exists(PidTagSubject))" },
};

static void check(const char *hex, bool wide, const char *text)
{
	uint8_t in[128], out[128];
	size_t len = unhex(hex, in);
	struct wire_r r = wire_r(in, len);
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = wide ? prop_ctx_wide(arena, 0) :
		prop_ctx_rop(arena, 0);
	struct buf b = BUF_INIT;
	const struct restriction *copy;
	struct restriction res;

	assert_true(restriction_decode(&r, &c, &res));
	assert_true(wire_done(&r));
	assert_int_equal(c.depth, 0);
	copy = restriction_copy(arena, &res);
	assert_true(restriction_equal(&res, copy));
	restriction_encode(&w, &c, copy);
	assert_false(w.full);
	assert_hex(out, w.len, hex);
	restriction_print(&b, copy);
	if (strstr(text, "…") == NULL)
		assert_string_equal(buf_str(&b), text);
	assert_null(strchr(buf_str(&b), '?'));
	buf_free(&b);
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = memcpy(xmalloc(n), in, n);

		r = wire_r(cut, n);
		assert_false(restriction_decode(&r, &c, &res));
		assert_false(wire_ok(&r));
		assert_int_equal(c.depth, 0);
		w = wire_w(out, n);
		restriction_encode(&w, &c, copy);
		assert_true(w.full);
		free(cut);
	}
}

static void test_kinds(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		check(cases[i].narrow, false, cases[i].text);
		check(cases[i].wide != NULL ? cases[i].wide : cases[i].narrow,
		      true, cases[i].text);
	}
}

static bool decode(const char *hex, struct restriction *out)
{
	uint8_t *in = arena_alloc(arena, 4096);
	struct wire_r r = wire_r(in, unhex(hex, in));
	struct prop_ctx c = prop_ctx_rop(arena, 1252);

	return restriction_decode(&r, &c, out) && wire_done(&r);
}

static void test_fields(void **state)
{
	struct restriction res;

	assert_true(decode("03 0100 0100 1e003700 1e003700 e9 00", &res));
	assert_int_equal(res.type, RES_CONTENT);
	assert_int_equal(res.content.fuzzy_level_low, FL_SUBSTRING);
	assert_int_equal(res.content.fuzzy_level_high, FL_IGNORE_CASE);
	assert_int_equal(res.content.tag, 0x0037001e);
	/* converted inside the restriction too */
	assert_int_equal(res.content.value.tag, 0x0037001f);
	assert_string_equal(res.content.value.str, "\xc3\xa9");
	assert_true(decode("0a 00 00", &res));
	assert_null(res.comment.restriction);
}

static void test_not_equal(void **state)
{
	struct restriction a, b;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
			assert_true(decode(cases[i].narrow, &a));
			assert_true(decode(cases[j].narrow, &b));
			assert_int_equal(restriction_equal(&a, &b), i == j);
		}
	assert_false(restriction_equal(&a, NULL));
	assert_true(restriction_equal(NULL, NULL));
}

static void test_malformed(void **state)
{
	static const char *const bad[] = {
		"0c", "ff", "00 ffff", "00 0100", "0a ff",
		"03 0000 0000 1f003700 00003700", /* unspecified value */
	};
	struct restriction res = { .type = 77 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(decode(bad[i], &res));
	assert_int_equal(res.type, 77);
}

/* n times "not", then "exists". */
static bool decode_nested(size_t n)
{
	uint8_t *in = xcalloc(n + 5, 1);
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct restriction res;
	struct wire_r r = wire_r(in, n + 5);
	bool ok;

	memset(in, RES_NOT, n);
	in[n] = RES_EXIST;
	ok = restriction_decode(&r, &c, &res);
	assert_int_equal(c.depth, 0);
	free(in);
	return ok;
}

static void test_depth(void **state)
{
	assert_true(decode_nested(PROP_DEPTH_MAX - 1));
	assert_false(decode_nested(PROP_DEPTH_MAX));
	assert_false(decode_nested(100000));
}

/* Through values: a restriction in a comment in a value in a comment … */
static void test_depth_through_values(void **state)
{
	struct wire_w w = wire_w(xmalloc(4096), 4096);
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct restriction res;
	struct wire_r r;

	for (int i = 0; i < 200; i++) {
		wire_put_u8(&w, RES_COMMENT);
		wire_put_u8(&w, 1);
		wire_put_u32(&w, 0x000100fd);
	}
	wire_put_u8(&w, RES_EXIST);
	wire_put_u32(&w, 0);
	for (int i = 0; i < 200; i++)
		wire_put_u8(&w, 0);
	r = wire_r(w.base, w.len);
	assert_false(restriction_decode(&r, &c, &res));
	assert_int_equal(c.depth, 0);
	free(w.base);
}

static void test_print_null(void **state)
{
	struct buf b = BUF_INIT;

	restriction_print(&b, NULL);
	assert_string_equal(buf_str(&b), "all");
	buf_free(&b);
}

/* As a value: PtypRestriction. */
static void test_as_value(void **state)
{
	uint8_t in[32], out[32];
	static const char hex[] = "fd00 0100 08 1f003700";
	struct wire_r r = wire_r(in, unhex(hex, in));
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = prop_ctx_rop(arena, 0);
	struct prop_value v, copy;

	assert_true(prop_tagged_decode(&r, &c, &v));
	copy = prop_value_copy(arena, &v);
	assert_ptr_not_equal(copy.restriction, v.restriction);
	assert_true(prop_value_equal(&v, &copy));
	prop_tagged_encode(&w, &c, &copy);
	assert_hex(out, w.len, hex);
}

/* ---- sort orders ---- */

static void test_sort(void **state)
{
	static const char hex[] = "0200 0100 0100 1f003700 00 4000060e 05";
	uint8_t in[32], out[32];
	struct wire_r r = wire_r(in, unhex(hex, in));
	struct wire_w w = wire_w(out, sizeof out);
	struct sort_order_set set;
	struct buf b = BUF_INIT;

	assert_true(sort_order_set_decode(&r, arena, &set));
	assert_true(wire_done(&r));
	assert_int_equal(set.n, 2);
	assert_int_equal(set.v[1].order,
			 SORT_DESCENDING | SORT_MAXIMUM_CATEGORY);
	sort_order_set_encode(&w, &set);
	assert_hex(out, w.len, hex);
	sort_order_set_print(&b, &set);
	assert_string_equal(buf_str(&b), "expanded category PidTagSubject "
			    "ascending, PidTagMessageDeliveryTime descending "
			    "by its greatest");
	buf_free(&b);
	for (size_t n = 0; n < w.len; n++) {
		r = wire_r(in, n);
		assert_false(sort_order_set_decode(&r, arena, &set));
	}
}

static void test_bad_sort(void **state)
{
	static const char *const bad[] = {
		"0100 0200 0000 1f003700 00", "0100 0000 0100 1f003700 00",
		"ffff 0000 0000 1f003700 00",
	};
	uint8_t in[32];
	struct sort_order_set set;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct wire_r r = wire_r(in, unhex(bad[i], in));

		assert_false(sort_order_set_decode(&r, arena, &set));
	}
}

/* ---- rule actions ---- */

#define GUID_HEX "90dad86e0b451b1098da00aa003f1305"

/* [MS-OXORULE] 2.2.5: standard and extended forms. */
static const struct {
	const char *narrow, *wide, *text;
} rules[] = {
	{ "0100 1000 01 00000000 00000000 01 0100 aa 0100 bb",
	  "01000000 13000000 01 00000000 00000000 01000000 aa 01000000 bb",
	  "move" },
	{ "0100 2900 03 02000000 00000000 0100000000000001 0100000000000002 "
	  GUID_HEX,
	  "01000000 1e000000 03 02000000 00000000 01000000 cc " GUID_HEX,
	  "reply" },
	{ "0100 0b00 05 00000000 00000000 0102",
	  "01000000 0b000000 05 00000000 00000000 0102", "defer" },
	{ "0100 0d00 06 00000000 00000000 26000000",
	  "01000000 0d000000 06 00000000 00000000 26000000", "bounce 0x26" },
	{ "0100 1a00 07 03000000 00000000 01000000 01 01000000 0300150c "
	  "01000000",
	  "01000000 1a000000 07 03000000 00000000 01000000 01 01000000 "
	  "0300150c 01000000", "forward to 1" },
	{ "0100 1100 09 00000000 00000000 03001700 02000000",
	  "01000000 11000000 09 00000000 00000000 03001700 02000000",
	  "tag PidTagImportance: 2" },
	{ "0200 0900 0a 00000000 00000000 0900 0b 00000000 00000000",
	  "02000000 09000000 0a 00000000 00000000 "
	  "09000000 0b 00000000 00000000", "delete, mark as read" },
};

static void check_rule(const char *hex, bool wide, const char *text)
{
	uint8_t in[128], out[128];
	size_t len = unhex(hex, in);
	struct wire_r r = wire_r(in, len);
	struct wire_w w = wire_w(out, sizeof out);
	struct prop_ctx c = wide ? prop_ctx_wide(arena, 0) :
		prop_ctx_rop(arena, 0);
	struct buf b = BUF_INIT;
	const struct rule_actions *copy;
	struct rule_actions actions;

	assert_true(rule_actions_decode(&r, &c, &actions));
	assert_true(wire_done(&r));
	copy = rule_actions_copy(arena, &actions);
	assert_true(rule_actions_equal(&actions, copy));
	rule_actions_encode(&w, &c, copy);
	assert_hex(out, w.len, hex);
	rule_actions_print(&b, copy);
	assert_string_equal(buf_str(&b), text);
	buf_free(&b);
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = memcpy(xmalloc(n), in, n);

		r = wire_r(cut, n);
		assert_false(rule_actions_decode(&r, &c, &actions));
		w = wire_w(out, n);
		rule_actions_encode(&w, &c, copy);
		assert_true(w.full);
		free(cut);
	}
}

static void test_rules(void **state)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		check_rule(rules[i].narrow, false, rules[i].text);
		check_rule(rules[i].wide, true, rules[i].text);
	}
}

static void test_bad_rules(void **state)
{
	static const char *const bad[] = {
		"0000", "ffff",
		"0100 0900 0c 00000000 00000000",         /* no such type */
		"0100 0a00 0a 00000000 00000000 00",      /* left over */
		"0100 0800 0a 00000000 00000000",         /* too short */
		"0100 0d00 07 00000000 00000000 ffffffff",
	};
	uint8_t in[64];
	struct rule_actions actions = { 7, NULL };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct prop_ctx c = prop_ctx_rop(arena, 0);
		struct wire_r r = wire_r(in, unhex(bad[i], in));

		assert_false(rule_actions_decode(&r, &c, &actions));
		assert_int_equal(actions.n, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_not_equal),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_depth_through_values),
		cmocka_unit_test(test_print_null),
		cmocka_unit_test(test_as_value),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_bad_sort),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_bad_rules),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
