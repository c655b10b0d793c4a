/* SPDX-License-Identifier: Apache-2.0 */
/* Restrictions applied to rows ([MS-OXCDATA] 2.12). */
#include "test.h"

#include "mapi/restriction.h"
#include "store/match.h"

static struct collator *english;

static const char *const keywords[] = { "Red", "Große Katze" };
static const uint8_t bytes[] = { 1, 2, 3, 4, 5 };

static const struct prop_value message[] = {
	{ .tag = PID_TAG_SUBJECT, .str = "Crème brûlée für Zwei" },
	{ .tag = PID_TAG_BODY, .str = "The QUICK brown fox" },
	{ .tag = PID_TAG_IMPORTANCE, .i32 = 2 },
	{ .tag = PID_TAG_MESSAGE_SIZE, .i32 = 4711 },
	{ .tag = PID_TAG_MESSAGE_FLAGS, .i32 = 0x11 },
	{ .tag = PID_TAG_READ, .b = true },
	{ .tag = PID_TAG_MESSAGE_DELIVERY_TIME, .time = 1000 },
	{ .tag = PID_TAG_LAST_MODIFICATION_TIME, .time = 2000 },
	{ .tag = PID_TAG_SEARCH_KEY, .bin = { bytes, sizeof bytes } },
	{ .tag = 0x8001101f, .n = 2, .mv_str = keywords },
	{ .tag = 0x8002000a, .error = EC_NOT_FOUND },
};

static bool matches_row(const struct restriction *r,
			const struct match_row *row)
{
	struct match *m;
	bool result;

	assert_int_equal(match_new(r, english, &m), EC_SUCCESS);
	result = match_row(m, row);
	match_free(m);
	return result;
}

static bool matches(const struct restriction *r)
{
	struct match_values v = match_values((struct prop_values){
		sizeof message / sizeof message[0], message });

	return matches_row(r, &v.row);
}

static enum ec refused(const struct restriction *r)
{
	struct match *m = NULL;
	enum ec ec = match_new(r, english, &m);

	match_free(m);
	return ec;
}

static struct restriction content(uint32_t tag, uint16_t low, uint16_t high,
				  const char *text)
{
	return (struct restriction){
		.type = RES_CONTENT,
		.content = { low, high, tag, { .tag = tag, .str = text } },
	};
}

static bool subject_has(uint16_t low, uint16_t high, const char *text)
{
	struct restriction r = content(PID_TAG_SUBJECT, low, high, text);

	return matches(&r);
}

static bool body_has(uint16_t low, uint16_t high, const char *text)
{
	struct restriction r = content(PID_TAG_BODY, low, high, text);

	return matches(&r);
}

/* 2.12.4.1 */
static void test_content_exact(void **state)
{
	assert_true(body_has(FL_FULL_STRING, 0, "The QUICK brown fox"));
	assert_false(body_has(FL_FULL_STRING, 0, "The quick brown fox"));
	assert_false(body_has(FL_FULL_STRING, 0, "The QUICK brown"));
	assert_true(body_has(FL_PREFIX, 0, "The QUICK"));
	assert_false(body_has(FL_PREFIX, 0, "QUICK"));
	assert_true(body_has(FL_SUBSTRING, 0, "QUICK b"));
	assert_false(body_has(FL_SUBSTRING, 0, "quick"));
	assert_true(body_has(FL_SUBSTRING, 0, ""));
	assert_true(subject_has(FL_SUBSTRING, 0, "brûlée"));
	assert_false(subject_has(FL_SUBSTRING, 0, "Brûlée"));
}

static void test_content_ignore_case(void **state)
{
	assert_true(body_has(FL_SUBSTRING, FL_IGNORE_CASE, "quick BROWN"));
	assert_true(body_has(FL_PREFIX, FL_IGNORE_CASE, "tHE"));
	assert_true(body_has(FL_FULL_STRING, FL_IGNORE_CASE,
			     "THE QUICK BROWN FOX"));
	assert_true(subject_has(FL_SUBSTRING, FL_IGNORE_CASE, "BRÛLÉE FÜR"));
	assert_true(subject_has(FL_PREFIX, FL_IGNORE_CASE, "CRÈME"));
	assert_false(subject_has(FL_SUBSTRING, FL_IGNORE_CASE, "brulee"));
	/* composed and decomposed are the same text */
	assert_true(subject_has(FL_SUBSTRING, FL_IGNORE_CASE,
				"bru\xcc\x82le\xcc\x81" "e"));
}

static void test_content_ignore_non_space(void **state)
{
	assert_true(subject_has(FL_SUBSTRING, FL_IGNORE_NON_SPACE, "brulee"));
	assert_false(subject_has(FL_SUBSTRING, FL_IGNORE_NON_SPACE, "BRULEE"));
	assert_true(subject_has(FL_SUBSTRING, FL_LOOSE, "BRULEE FUR"));
	assert_true(subject_has(FL_PREFIX, FL_LOOSE, "creme"));
	assert_true(subject_has(FL_FULL_STRING, FL_IGNORE_CASE |
				FL_IGNORE_NON_SPACE, "creme brulee fur zwei"));
	assert_false(subject_has(FL_FULL_STRING, FL_LOOSE, "creme brulee"));
	/* an accent in what is looked for counts for nothing either */
	assert_true(body_has(FL_SUBSTRING, FL_LOOSE, "bröwn"));
	assert_false(body_has(FL_SUBSTRING, FL_IGNORE_CASE, "bröwn"));
}

static void test_content_multivalued(void **state)
{
	struct restriction r = content(0x8001101f, FL_SUBSTRING,
				       FL_IGNORE_CASE, "GROSSE");

	r.content.value.tag = 0x8001001f;
	assert_true(matches(&r));         /* ß folds to ss */
	r.content.value.str = "blue";
	assert_false(matches(&r));
	/* the column with MultivalueInstance means the property */
	r.content.tag = 0x8001301f;
	r.content.value.str = "red";
	assert_true(matches(&r));
}

static bool key_has(uint16_t low, const void *data, size_t len)
{
	struct restriction r = {
		.type = RES_CONTENT,
		.content = { low, 0, PID_TAG_SEARCH_KEY,
			     { .tag = PID_TAG_SEARCH_KEY,
			       .bin = { data, len } } },
	};

	return matches(&r);
}

static void test_content_binary(void **state)
{
	assert_true(key_has(FL_FULL_STRING, "\1\2\3\4\5", 5));
	assert_false(key_has(FL_FULL_STRING, "\1\2\3\4", 4));
	assert_true(key_has(FL_PREFIX, "\1\2", 2));
	assert_false(key_has(FL_PREFIX, "\2", 1));
	assert_true(key_has(FL_SUBSTRING, "\3\4", 2));
	assert_false(key_has(FL_SUBSTRING, "\4\3", 2));
	assert_false(key_has(FL_PREFIX, "\1\2\3\4\5\6", 6));
	assert_true(key_has(FL_SUBSTRING, NULL, 0));
}

static struct restriction property(uint32_t tag, uint8_t op,
				   struct prop_value value)
{
	value.tag = value.tag != 0 ? value.tag : tag;
	return (struct restriction){
		.type = RES_PROPERTY, .property = { op, tag, value },
	};
}

static unsigned all_ops(uint32_t tag, struct prop_value value)
{
	unsigned result = 0;

	for (uint8_t op = REL_OP_LT; op <= REL_OP_NE; op++) {
		struct restriction r = property(tag, op, value);

		result |= (unsigned)matches(&r) << op;
	}
	return result;
}

enum { LESS = 1 << REL_OP_LT | 1 << REL_OP_LE | 1 << REL_OP_NE,
       SAME = 1 << REL_OP_LE | 1 << REL_OP_GE | 1 << REL_OP_EQ,
       MORE = 1 << REL_OP_GT | 1 << REL_OP_GE | 1 << REL_OP_NE };

/* 2.12.5.1 */
static void test_property(void **state)
{
	uint32_t size = PID_TAG_MESSAGE_SIZE;
	uint32_t time = PID_TAG_MESSAGE_DELIVERY_TIME;

	assert_int_equal(all_ops(size, (struct prop_value){ .i32 = 5000 }),
			 LESS);
	assert_int_equal(all_ops(size, (struct prop_value){ .i32 = 4711 }),
			 SAME);
	assert_int_equal(all_ops(size, (struct prop_value){ .i32 = -1 }),
			 MORE);
	assert_int_equal(all_ops(time, (struct prop_value){ .time = 999 }),
			 MORE);
	assert_int_equal(all_ops(PID_TAG_READ, (struct prop_value){
		.b = false }), MORE);
	/* text by collation: without regard to case */
	assert_int_equal(all_ops(PID_TAG_BODY, (struct prop_value){
		.str = "the quick BROWN fox" }), SAME);
	assert_int_equal(all_ops(PID_TAG_BODY, (struct prop_value){
		.str = "Zebra" }), LESS);
	/* an integer of another width is a number all the same */
	assert_int_equal(all_ops(size, (struct prop_value){
		.tag = 0x0e080014, .i64 = 4711 }), SAME);
}

static void test_property_absent(void **state)
{
	struct restriction r, no = { .type = RES_NOT, .not = &r };

	assert_int_equal(all_ops(PID_TAG_PRIORITY, (struct prop_value){
		.i32 = 0 }), 0);
	assert_int_equal(all_ops(0x80020003, (struct prop_value){
		.i32 = 0 }), 0);          /* an error is no value */
	/* of another type: neither */
	assert_int_equal(all_ops(PID_TAG_SUBJECT, (struct prop_value){
		.tag = 0x00370003, .i32 = 1 }), 0);
	r = property(PID_TAG_PRIORITY, REL_OP_EQ, (struct prop_value){
		.i32 = 0 });
	assert_true(matches(&no));
}

static void test_property_multivalued(void **state)
{
	struct prop_value red = { .tag = 0x8001001f, .str = "RED" };
	struct prop_value blue = { .tag = 0x8001001f, .str = "blue" };
	struct restriction r;

	r = property(0x8001101f, REL_OP_EQ, red);
	assert_true(matches(&r));
	r = property(0x8001101f, REL_OP_NE, red);
	assert_false(matches(&r));
	r = property(0x8001101f, REL_OP_EQ, blue);
	assert_false(matches(&r));
	r = property(0x8001101f, REL_OP_NE, blue);
	assert_true(matches(&r));
}

/* 2.12.6 */
static void test_compare_props(void **state)
{
	struct restriction r = {
		.type = RES_COMPARE_PROPS,
		.compare_props = { REL_OP_LT, PID_TAG_MESSAGE_DELIVERY_TIME,
				   PID_TAG_LAST_MODIFICATION_TIME },
	};

	assert_true(matches(&r));
	r.compare_props.rel_op = REL_OP_GE;
	assert_false(matches(&r));
	r.compare_props.tag2 = PID_TAG_SUBJECT;
	assert_false(matches(&r));
	r.compare_props.tag1 = PID_TAG_PRIORITY;
	assert_false(matches(&r));
}

/* 2.12.7, 2.12.8, 2.12.9 */
static void test_bits_size_exist(void **state)
{
	struct restriction r = {
		.type = RES_BIT_MASK,
		.bit_mask = { BMR_NEZ, PID_TAG_MESSAGE_FLAGS, 0x10 },
	};

	assert_true(matches(&r));
	r.bit_mask.mask = 0x20;
	assert_false(matches(&r));
	r.bit_mask.bit_map_rel_op = BMR_EQZ;
	assert_true(matches(&r));
	r.bit_mask.tag = PID_TAG_PRIORITY;        /* absent */
	assert_false(matches(&r));

	r = (struct restriction){ .type = RES_SIZE,
		.size = { REL_OP_GE, PID_TAG_SEARCH_KEY, 5 } };
	assert_true(matches(&r));
	r.size.size = 6;
	assert_false(matches(&r));
	r.size.tag = PID_TAG_PRIORITY;
	r.size.size = 0;
	assert_false(matches(&r));

	r = (struct restriction){ .type = RES_EXIST,
		.exist = { PID_TAG_SUBJECT } };
	assert_true(matches(&r));
	r.exist.tag = PID_TAG_PRIORITY;
	assert_false(matches(&r));
	r.exist.tag = 0x80020003;
	assert_false(matches(&r));
}

/* 2.12.1 to 2.12.3, 2.12.11, 2.12.12 */
static void test_logic(void **state)
{
	struct restriction parts[2] = {
		property(PID_TAG_IMPORTANCE, REL_OP_EQ,
			 (struct prop_value){ .i32 = 2 }),
		property(PID_TAG_IMPORTANCE, REL_OP_EQ,
			 (struct prop_value){ .i32 = 1 }),
	};
	struct restriction r = { .type = RES_AND, .list = { 2, parts } };
	struct restriction outer = { .type = RES_NOT, .not = &r };

	assert_false(matches(&r));
	assert_true(matches(&outer));
	r.list.n = 1;
	assert_true(matches(&r));
	r.type = RES_OR;
	r.list.n = 2;
	assert_true(matches(&r));
	r.list.n = 0;
	assert_false(matches(&r));
	r.type = RES_AND;
	assert_true(matches(&r));
	outer = (struct restriction){ .type = RES_COMMENT,
		.comment = { .restriction = NULL } };
	assert_true(matches(&outer));
	outer.comment.restriction = &parts[1];
	assert_false(matches(&outer));
	outer = (struct restriction){ .type = RES_COUNT,
		.count = { 3, &parts[0] } };
	assert_true(matches(&outer));
	assert_true(matches_row(NULL, NULL));
}

static void test_limit_and_tags(void **state)
{
	struct restriction parts[3] = {
		property(PID_TAG_IMPORTANCE, REL_OP_EQ,
			 (struct prop_value){ .i32 = 2 }),
		{ .type = RES_EXIST, .exist = { PID_TAG_SUBJECT } },
		{ .type = RES_EXIST, .exist = { PID_TAG_IMPORTANCE } },
	};
	struct restriction list = { .type = RES_AND, .list = { 3, parts } };
	struct restriction r = { .type = RES_COUNT, .count = { 3, &list } };
	struct match *m;

	assert_int_equal(match_new(&r, english, &m), EC_SUCCESS);
	assert_int_equal(match_limit(m), 3);
	assert_int_equal(match_tags(m).n, 2);
	assert_int_equal(match_tags(m).v[0], PID_TAG_IMPORTANCE);
	assert_int_equal(match_tags(m).v[1], PID_TAG_SUBJECT);
	match_free(m);
	assert_int_equal(match_new(NULL, english, &m), EC_SUCCESS);
	assert_int_equal(match_limit(m), UINT32_MAX);
	match_free(m);
}

/* ---- subobjects, 2.12.10 ---- */

static const struct prop_value anna[] = {
	{ .tag = PID_TAG_DISPLAY_NAME, .str = "Anna" },
	{ .tag = PID_TAG_RECIPIENT_TYPE, .i32 = 1 } };
static const struct prop_value bert[] = {
	{ .tag = PID_TAG_DISPLAY_NAME, .str = "Bert" },
	{ .tag = PID_TAG_RECIPIENT_TYPE, .i32 = 2 } };

static bool each(const struct match_row *row, uint32_t tag,
		 bool (*fn)(void *ctx, const struct match_row *sub), void *ctx)
{
	struct match_values a = match_values((struct prop_values){ 2, anna });
	struct match_values b = match_values((struct prop_values){ 2, bert });

	return tag == PID_TAG_MESSAGE_RECIPIENTS &&
		(fn(ctx, &a.row) || fn(ctx, &b.row));
}

static void test_sub_object(void **state)
{
	struct restriction both[2] = {
		content(PID_TAG_DISPLAY_NAME, FL_PREFIX, FL_IGNORE_CASE,
			"bert"),
		property(PID_TAG_RECIPIENT_TYPE, REL_OP_EQ,
			 (struct prop_value){ .i32 = 2 }) };
	struct restriction list = { .type = RES_AND, .list = { 2, both } };
	struct restriction r = {
		.type = RES_SUB_OBJECT,
		.sub_object = { PID_TAG_MESSAGE_RECIPIENTS, &list },
	};
	struct match_row row = { .each = each };

	assert_true(matches_row(&r, &row));
	both[1].property.value.i32 = 1;   /* not of the same recipient */
	assert_false(matches_row(&r, &row));
	r.sub_object.subobject = PID_TAG_MESSAGE_ATTACHMENTS;
	both[1].property.value.i32 = 2;
	assert_false(matches_row(&r, &row));
	assert_false(matches(&r));        /* a row without subobjects */
}

/* ---- refusals ---- */

static void test_refused(void **state)
{
	struct restriction r = content(PID_TAG_SUBJECT, 3, 0, "x");

	assert_int_equal(refused(&r), EC_INVALID_PARAM);
	r = property(PID_TAG_SUBJECT, REL_OP_RE,
		     (struct prop_value){ .str = "a.*" });
	assert_int_equal(refused(&r), EC_TOO_COMPLEX);
	r.property.rel_op = REL_OP_MEMBER_OF_DL;
	assert_int_equal(refused(&r), EC_TOO_COMPLEX);
	r.property.rel_op = 7;
	assert_int_equal(refused(&r), EC_INVALID_PARAM);
	r = property(PID_TAG_SUBJECT, REL_OP_EQ, (struct prop_value){
		.tag = 0x0037000a, .error = EC_ERROR });
	assert_int_equal(refused(&r), EC_TOO_COMPLEX);
	r = (struct restriction){ .type = RES_CONTENT, .content = {
		0, 0, PID_TAG_IMPORTANCE, { .tag = PID_TAG_IMPORTANCE } } };
	assert_int_equal(refused(&r), EC_TOO_COMPLEX);
	r = (struct restriction){ .type = RES_BIT_MASK,
		.bit_mask = { 2, PID_TAG_IMPORTANCE, 1 } };
	assert_int_equal(refused(&r), EC_INVALID_PARAM);
	r = (struct restriction){ .type = RES_SIZE,
		.size = { 9, PID_TAG_IMPORTANCE, 1 } };
	assert_int_equal(refused(&r), EC_INVALID_PARAM);
	r = (struct restriction){ .type = 0x0c };
	assert_int_equal(refused(&r), EC_INVALID_PARAM);
}

static void test_limits(void **state)
{
	static struct restriction deep[MATCH_MAX_DEPTH + 1];
	static struct restriction wide[MATCH_MAX_NODES];
	struct restriction leaf = { .type = RES_EXIST,
				    .exist = { PID_TAG_SUBJECT } };
	struct restriction list = { .type = RES_AND,
				    .list = { MATCH_MAX_NODES - 1, wide } };

	deep[0] = leaf;
	for (int i = 1; i <= MATCH_MAX_DEPTH; i++)
		deep[i] = (struct restriction){ .type = RES_NOT,
						.not = &deep[i - 1] };
	assert_int_equal(refused(&deep[MATCH_MAX_DEPTH]), EC_TOO_COMPLEX);
	assert_int_equal(refused(&deep[MATCH_MAX_DEPTH - 1]), EC_SUCCESS);
	for (int i = 0; i < MATCH_MAX_NODES; i++)
		wide[i] = leaf;
	assert_int_equal(refused(&list), EC_SUCCESS);
	list.list.n++;
	assert_int_equal(refused(&list), EC_TOO_COMPLEX);
}

static int setup(void **state)
{
	english = collator_new(0x0409, NULL);
	return english == NULL;
}

static int teardown(void **state)
{
	collator_free(english);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content_exact),
		cmocka_unit_test(test_content_ignore_case),
		cmocka_unit_test(test_content_ignore_non_space),
		cmocka_unit_test(test_content_multivalued),
		cmocka_unit_test(test_content_binary),
		cmocka_unit_test(test_property),
		cmocka_unit_test(test_property_absent),
		cmocka_unit_test(test_property_multivalued),
		cmocka_unit_test(test_compare_props),
		cmocka_unit_test(test_bits_size_exist),
		cmocka_unit_test(test_logic),
		cmocka_unit_test(test_limit_and_tags),
		cmocka_unit_test(test_sub_object),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
