/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "admin/mail_tree.h"

struct fix {
	struct arena *arena;
	struct buf bytes;
};

static int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof *f);

	f->arena = arena_new(0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	buf_free(&f->bytes);
	arena_free(f->arena);
	free(f);
	return 0;
}

static struct prop_values list(struct fix *f, const struct prop_value *v,
			       uint32_t n)
{
	return (struct prop_values){ n, arena_memdup(f->arena, v,
						     n * sizeof *v) };
}

static void assert_same_list(const struct prop_values *a,
			     const struct prop_values *b)
{
	assert_int_equal(a->n, b->n);
	for (uint32_t i = 0; i < a->n; i++)
		assert_true(prop_value_equal(&a->v[i], &b->v[i]));
}

static void assert_same(const struct mime_message *a,
			const struct mime_message *b)
{
	assert_same_list(&a->props, &b->props);
	assert_int_equal(a->n_recipients, b->n_recipients);
	for (uint32_t i = 0; i < a->n_recipients; i++)
		assert_same_list(&a->recipients[i], &b->recipients[i]);
	assert_int_equal(a->n_attachments, b->n_attachments);
	for (uint32_t i = 0; i < a->n_attachments; i++) {
		assert_same_list(&a->attachments[i].props,
				 &b->attachments[i].props);
		assert_int_equal(a->attachments[i].embedded != NULL,
				 b->attachments[i].embedded != NULL);
		if (a->attachments[i].embedded != NULL)
			assert_same(a->attachments[i].embedded,
				    b->attachments[i].embedded);
	}
}

static struct mime_message *message(struct fix *f, const char *subject)
{
	static const char *const strings[] = { "one", "", "\xc3\xa9" };
	static const uint8_t bytes[] = { 0, 1, 2, 0, 255 };
	const struct prop_value v[] = {
		{ .tag = PID_TAG_SUBJECT, .str = subject },
		{ .tag = PID_TAG_IMPORTANCE, .i32 = 2 },
		{ .tag = PID_TAG_HTML, .bin = { bytes, sizeof bytes } },
		{ .tag = PID_TAG_MESSAGE_DELIVERY_TIME, .time = 77 },
		{ .tag = prop_tag_make(0x6001, PTYP_MULTIPLE_STRING), .n = 3,
		  .mv_str = strings },
		{ .tag = prop_tag_make(0x6002, PTYP_BOOLEAN), .b = true },
	};
	struct mime_message *m = arena_zalloc(f->arena, sizeof *m);

	m->props = list(f, v, sizeof v / sizeof v[0]);
	return m;
}

/* Recipients, an attachment of bytes, and one that holds a message. */
static struct mime_message *rich(struct fix *f)
{
	static const uint8_t data[70000] = { 1, 2, 3 };
	const struct prop_value to[] = {
		{ .tag = PID_TAG_RECIPIENT_TYPE, .i32 = 1 },
		{ .tag = PID_TAG_DISPLAY_NAME, .str = "Bob" },
	};
	const struct prop_value file[] = {
		{ .tag = PID_TAG_ATTACH_DATA_BINARY,
		  .bin = { data, sizeof data } },
	};
	struct mime_message *m = message(f, "outside");

	m->n_recipients = 2;
	m->recipients = arena_array(f->arena, 2, sizeof *m->recipients);
	m->recipients[0] = list(f, to, 2);
	m->recipients[1] = list(f, to, 1);
	m->n_attachments = 2;
	m->attachments = arena_array(f->arena, 2, sizeof *m->attachments);
	m->attachments[0].props = list(f, file, 1);
	m->attachments[1].props = list(f, to, 0);
	m->attachments[1].embedded = message(f, "inside");
	return m;
}

static void test_round_trip(void **state)
{
	struct fix *f = *state;
	struct mime_message *m = rich(f), *back;
	struct err err;

	assert_true(mail_tree_encode(m, &f->bytes, &err));
	assert_true(mail_tree_decode(f->bytes.data, f->bytes.len, f->arena,
				     &back, &err));
	assert_same(m, back);
}

/* A message cut anywhere, or with a byte more, is none. */
static void test_cut(void **state)
{
	struct fix *f = *state;
	struct mime_message *back = NULL;
	struct err err;

	assert_true(mail_tree_encode(message(f, "cut"), &f->bytes, &err));
	for (size_t len = 0; len < f->bytes.len; len++) {
		uint8_t *part = xmalloc(len + 1);

		memcpy(part, f->bytes.data, len);
		assert_false(mail_tree_decode(part, len, f->arena, &back,
					      &err));
		assert_int_equal(err.ec, EC_FORMAT_ERROR);
		free(part);
	}
	buf_add(&f->bytes, "", 1);
	assert_false(mail_tree_decode(f->bytes.data, f->bytes.len, f->arena,
				      &back, &err));
	assert_null(back);
}

static struct mime_message *nested(struct fix *f, unsigned depth)
{
	struct mime_message *m = arena_zalloc(f->arena, sizeof *m);

	if (depth == 0)
		return m;
	m->n_attachments = 1;
	m->attachments = arena_array(f->arena, 1, sizeof *m->attachments);
	m->attachments[0].embedded = nested(f, depth - 1);
	return m;
}

static void test_depth(void **state)
{
	struct fix *f = *state;
	struct mime_message *back;
	struct err err;
	size_t len;

	assert_true(mail_tree_encode(nested(f, MAIL_TREE_DEPTH_MAX),
				     &f->bytes, &err));
	assert_true(mail_tree_decode(f->bytes.data, f->bytes.len, f->arena,
				     &back, &err));
	len = f->bytes.len;
	assert_false(mail_tree_encode(nested(f, MAIL_TREE_DEPTH_MAX + 1),
				      &f->bytes, &err));
	assert_int_equal(err.ec, EC_TOO_COMPLEX);
	assert_int_equal(f->bytes.len, len);
}

/* The same from a peer: one level more than may be. */
static void test_depth_of_peer(void **state)
{
	static const uint8_t level[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
					 0, 0, 0, 0, 1 };
	static const uint8_t leaf[12] = { 0 };
	struct fix *f = *state;
	struct mime_message *back;
	struct err err;

	for (int i = 0; i <= MAIL_TREE_DEPTH_MAX; i++)
		buf_add(&f->bytes, level, sizeof level);
	buf_add(&f->bytes, leaf, sizeof leaf);
	assert_false(mail_tree_decode(f->bytes.data, f->bytes.len, f->arena,
				      &back, &err));
	/* Without the outermost it is a message. */
	assert_true(mail_tree_decode(f->bytes.data + sizeof level,
				     f->bytes.len - sizeof level, f->arena,
				     &back, &err));
}

static void assert_bad_value(struct fix *f, uint32_t tag, const char *bytes,
			     uint8_t len)
{
	const uint8_t head[] = { 1, 0, 0, 0, (uint8_t)tag,
				 (uint8_t)(tag >> 8), (uint8_t)(tag >> 16),
				 (uint8_t)(tag >> 24), len, 0, 0, 0 };
	static const uint8_t tail[8] = { 0 };
	struct mime_message *back;
	struct err err;

	buf_clear(&f->bytes);
	buf_add(&f->bytes, head, sizeof head);
	buf_add(&f->bytes, bytes, len);
	buf_add(&f->bytes, tail, sizeof tail);
	assert_false(mail_tree_decode(f->bytes.data, f->bytes.len, f->arena,
				      &back, &err));
}

static void test_values(void **state)
{
	struct fix *f = *state;

	assert_bad_value(f, PID_TAG_SUBJECT, "", 0);
	assert_bad_value(f, PID_TAG_SUBJECT, "ab", 2);    /* no NUL */
	assert_bad_value(f, PID_TAG_SUBJECT, "a\0b", 4);  /* two */
	assert_bad_value(f, PID_TAG_IMPORTANCE, "abc", 3);
	assert_bad_value(f, PID_TAG_IMPORTANCE, "abcde", 5);
	assert_bad_value(f, 0x00010000, "", 0);           /* no type */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_round_trip), T(test_cut), T(test_depth),
		T(test_depth_of_peer), T(test_values),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
