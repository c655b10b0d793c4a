/* SPDX-License-Identifier: Apache-2.0 */
#include "store_env.h"

static struct message *new_message(struct env *e)
{
	struct message *m;

	assert_int_equal(message_create(e->store, inbox(e), false, 0, 0, &m),
			 EC_SUCCESS);
	return m;
}

static struct stream *open_stream(struct message *m, uint32_t tag,
				  enum stream_mode mode)
{
	struct stream *s;

	assert_int_equal(message_open_stream(m, tag, mode, &s), EC_SUCCESS);
	return s;
}

static void write_all(struct stream *s, const void *data, size_t len)
{
	size_t put;

	assert_int_equal(stream_write(s, data, len, &put), EC_SUCCESS);
	assert_int_equal(put, len);
}

static void assert_bytes(struct stream *s, uint64_t at, const void *want,
			 size_t len)
{
	uint8_t *data = malloc(len + 1);
	size_t got;

	assert_int_equal(stream_seek(s, STREAM_START, (int64_t)at, NULL),
			 EC_SUCCESS);
	assert_int_equal(stream_read(s, data, len, &got), EC_SUCCESS);
	assert_int_equal(got, len);
	assert_memory_equal(data, want, len);
	free(data);
}

/* Commit on close; strings are UTF-16LE without an end. */
static void test_string(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	struct stream *s = open_stream(m, PID_TAG_BODY, STREAM_CREATE);
	struct prop_value v;
	uint8_t back[16];
	size_t got;

	write_all(s, "h\0\xe4\0\x3d\xd8\x00\xde", 8);
	assert_int_equal(message_get_prop(m, PID_TAG_BODY, e->a, &v),
			 EC_NOT_FOUND);
	assert_int_equal(stream_close(s), EC_SUCCESS);
	assert_str(e, m, PID_TAG_BODY, "h\u00e4\U0001f600");
	s = open_stream(m, PID_TAG_BODY, STREAM_READ_ONLY);
	assert_int_equal(stream_size(s), 8);
	assert_int_equal(stream_read(s, back, 16, &got), EC_SUCCESS);
	assert_int_equal(got, 8);
	assert_memory_equal(back, "h\0\xe4\0\x3d\xd8\x00\xde", 8);
	assert_int_equal(stream_read(s, back, 16, &got), EC_SUCCESS);
	assert_int_equal(got, 0);
	assert_int_equal(stream_write(s, "x", 1, &got),
			 EC_STREAM_ACCESS_DENIED);
	assert_int_equal(stream_set_size(s, 1), EC_STREAM_ACCESS_DENIED);
	stream_close(s);
	message_close(m);
}

static void test_open_errors(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	struct attachment *at;
	struct stream *s;

	assert_int_equal(message_open_stream(m, PID_TAG_HTML,
					     STREAM_READ_ONLY, &s),
			 EC_NOT_FOUND);
	assert_int_equal(message_open_stream(m, PID_TAG_HTML,
					     STREAM_READ_WRITE, &s),
			 EC_NOT_FOUND);
	assert_int_equal(message_open_stream(m, PID_TAG_IMPORTANCE,
					     STREAM_READ_ONLY, &s),
			 EC_NOT_SUPPORTED);
	assert_int_equal(message_open_stream(m, PID_TAG_ENTRY_ID,
					     STREAM_CREATE, &s),
			 EC_ACCESS_DENIED);
	message_set_mode(m, MESSAGE_READ_ONLY);
	assert_int_equal(message_open_stream(m, PID_TAG_HTML, STREAM_CREATE,
					     &s), EC_ACCESS_DENIED);
	message_set_mode(m, MESSAGE_READ_WRITE);
	assert_int_equal(attachment_create(m, &at), EC_SUCCESS);
	assert_int_equal(attachment_open_stream(at, PID_TAG_ATTACH_ENCODING,
						STREAM_READ_ONLY, &s),
			 EC_NOT_FOUND);
	attachment_close(at);
	assert_int_equal(folder_open_stream(e->store, inbox(e),
					    PID_TAG_DISPLAY_NAME,
					    STREAM_READ_WRITE, &s),
			 EC_ACCESS_DENIED);
	assert_int_equal(folder_open_stream(e->store, db_id(0xfffff),
					    0x66000102, STREAM_CREATE, &s),
			 EC_NOT_FOUND);
	message_close(m);
}

static void test_seek(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	struct stream *s = open_stream(m, 0x66000102, STREAM_CREATE);
	uint64_t at;

	write_all(s, "0123456789", 10);
	assert_int_equal(stream_seek(s, STREAM_CURRENT, -3, &at),
			 EC_SUCCESS);
	assert_int_equal(at, 7);
	assert_int_equal(stream_seek(s, STREAM_END, -10, &at), EC_SUCCESS);
	assert_int_equal(at, 0);
	assert_int_equal(stream_seek(s, STREAM_START, -1, &at),
			 EC_STREAM_SEEK_ERROR);
	assert_int_equal(stream_seek(s, STREAM_END, -11, &at),
			 EC_STREAM_SEEK_ERROR);
	assert_int_equal(stream_seek(s, STREAM_END, INT64_MAX, &at),
			 EC_STREAM_SEEK_ERROR);
	assert_int_equal(stream_seek(s, STREAM_CURRENT, INT64_MIN, &at),
			 EC_STREAM_SEEK_ERROR);
	assert_int_equal(stream_position(s), 0);
	/* beyond the end: what is between becomes zeros */
	assert_int_equal(stream_seek(s, STREAM_END, 5, &at), EC_SUCCESS);
	write_all(s, "x", 1);
	assert_int_equal(stream_size(s), 16);
	assert_bytes(s, 8, "89\0\0\0\0\0x", 8);
	assert_int_equal(stream_set_size(s, 4), EC_SUCCESS);
	assert_int_equal(stream_set_size(s, 6), EC_SUCCESS);
	assert_bytes(s, 0, "0123\0\0", 6);
	assert_int_equal(stream_set_size(s, UINT64_C(1) << 50),
			 EC_STREAM_SIZE_ERROR);
	stream_close(s);
	message_close(m);
}

static void pattern(uint8_t *data, size_t len, unsigned seed)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)((i * 31 + i / 777 + seed) & 0xff);
}

/* A megabyte, stored, changed in the middle, grown and cut. */
static void test_large(void **state)
{
	enum { LEN = 1000000 };
	struct env *e = *state;
	struct message *m = new_message(e);
	uint8_t *data = malloc(LEN + 200000);
	struct stream *s = open_stream(m, PID_TAG_HTML, STREAM_CREATE);
	struct prop_value v;
	uint64_t id, size;

	pattern(data, LEN, 1);
	for (size_t at = 0; at < LEN; at += 33333)
		write_all(s, data + at, LEN - at < 33333 ? LEN - at : 33333);
	assert_int_equal(stream_close(s), EC_SUCCESS);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	/* the object has the stored value now: nothing is staged any more */
	{
		struct store_pool_stats stats;

		store_pool_stats(e->pool, &stats);
		assert_int_equal(stats.staged_bytes, 0);
	}
	message_close(m);
	env_reopen(e);
	assert_int_equal(message_open(e->store, 0, id, MESSAGE_READ_WRITE,
				      false, &m), EC_SUCCESS);
	assert_int_equal(message_get_prop(m, PID_TAG_HTML, e->a, &v),
			 EC_NOT_ENOUGH_MEMORY);
	s = open_stream(m, PID_TAG_HTML, STREAM_READ_WRITE);
	assert_int_equal(stream_size(s), LEN);
	assert_bytes(s, 0, data, LEN);
	assert_bytes(s, 65530, data + 65530, 20);
	memcpy(data + 131000, "changed", 7);
	stream_seek(s, STREAM_START, 131000, NULL);
	write_all(s, "changed", 7);
	pattern(data + LEN, 200000, 9);
	stream_seek(s, STREAM_END, 0, NULL);
	write_all(s, data + LEN, 200000);
	assert_bytes(s, 0, data, LEN + 200000);
	assert_int_equal(stream_commit(s), EC_SUCCESS);
	/* after a commit the value is shared: this is not in it */
	stream_seek(s, STREAM_START, 10, NULL);
	write_all(s, "dropped", 7);
	stream_revert(s);
	assert_bytes(s, 0, data, LEN + 200000);
	assert_int_equal(stream_close(s), EC_SUCCESS);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	message_close(m);
	env_reopen(e);
	message_open(e->store, 0, id, MESSAGE_READ_WRITE, false, &m);
	s = open_stream(m, PID_TAG_HTML, STREAM_READ_WRITE);
	assert_bytes(s, 0, data, LEN + 200000);
	assert_int_equal(stream_set_size(s, 70000), EC_SUCCESS);
	assert_int_equal(stream_close(s), EC_SUCCESS);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	assert_int_equal(message_prop_size(m, PID_TAG_HTML, &size),
			 EC_SUCCESS);
	assert_int_equal(size, 70000);
	s = open_stream(m, PID_TAG_HTML, STREAM_READ_ONLY);
	assert_bytes(s, 0, data, 70000);
	stream_close(s);
	message_close(m);
	free(data);
	assert_healthy(e);
}

/* Sizes beyond 32 bits; holes take no room. */
static void test_huge(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	struct stream *s = open_stream(m, 0x66000102, STREAM_CREATE);
	const uint64_t far = UINT64_C(5) << 30;
	struct store_pool_stats stats;

	assert_int_equal(stream_set_size(s, far), EC_SUCCESS);
	assert_int_equal(stream_seek(s, STREAM_END, 0, NULL), EC_SUCCESS);
	write_all(s, "end", 3);
	assert_int_equal(stream_size(s), far + 3);
	assert_bytes(s, far - 2, "\0\0end", 5);
	store_pool_stats(e->pool, &stats);
	assert_true(stats.staged_bytes <= 0x20000);
	stream_revert(s);
	assert_int_equal(stream_size(s), 0);
	stream_close(s);
	message_close(m);
	store_pool_stats(e->pool, &stats);
	assert_int_equal(stats.staged_bytes, 0);
}

static void test_copy_and_clone(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	struct stream *a = open_stream(m, 0x66000102, STREAM_CREATE);
	struct stream *b = open_stream(m, 0x66010102, STREAM_CREATE), *c;
	uint8_t *data = malloc(200000);
	uint64_t read, written;

	pattern(data, 200000, 5);
	write_all(a, data, 200000);
	stream_seek(a, STREAM_START, 1000, NULL);
	assert_int_equal(stream_copy(a, b, 150000, &read, &written),
			 EC_SUCCESS);
	assert_int_equal(read, 150000);
	assert_int_equal(written, 150000);
	assert_int_equal(stream_position(a), 151000);
	assert_bytes(b, 0, data + 1000, 150000);
	assert_int_equal(stream_copy(a, b, UINT64_MAX, &read, &written),
			 EC_SUCCESS);
	assert_int_equal(read, 49000);
	/* a clone has its own position, and the same bytes */
	stream_seek(a, STREAM_START, 7, NULL);
	assert_int_equal(stream_clone(a, &c), EC_SUCCESS);
	assert_int_equal(stream_position(c), 7);
	write_all(c, "cloned", 6);
	assert_int_equal(stream_position(a), 7);
	assert_bytes(a, 7, "cloned", 6);
	assert_int_equal(stream_close(a), EC_SUCCESS);
	assert_bytes(c, 7, "cloned", 6);
	assert_int_equal(stream_close(c), EC_SUCCESS);
	stream_close(b);
	c = open_stream(m, 0x66000102, STREAM_READ_ONLY);
	assert_bytes(c, 7, "cloned", 6);
	assert_int_equal(stream_copy(c, c, 1, &read, &written),
			 EC_STREAM_ACCESS_DENIED);
	stream_close(c);
	message_close(m);
	free(data);
}

static void test_folder(void **state)
{
	struct env *e = *state;
	const uint32_t tag = 0x66000102;
	struct prop_value v;
	struct stream *s;
	uint8_t *data = malloc(100000);

	pattern(data, 100000, 2);
	assert_int_equal(folder_open_stream(e->store, inbox(e), tag,
					    STREAM_CREATE, &s), EC_SUCCESS);
	write_all(s, data, 100000);
	assert_int_equal(stream_close(s), EC_SUCCESS);
	env_reopen(e);
	assert_int_equal(folder_open_stream(e->store, inbox(e), tag,
					    STREAM_READ_WRITE, &s),
			 EC_SUCCESS);
	assert_bytes(s, 0, data, 100000);
	assert_int_equal(stream_set_size(s, 5), EC_SUCCESS);
	assert_int_equal(stream_close(s), EC_SUCCESS);
	assert_int_equal(folder_get_props(e->store, inbox(e), &tag, 1, e->a,
					  &v), EC_SUCCESS);
	assert_int_equal(v.bin.len, 5);
	free(data);
	assert_healthy(e);
}

static void test_derived(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	struct stream *s;

	set_str(m, PID_TAG_BODY, "plain");
	s = open_stream(m, PID_TAG_HTML, STREAM_READ_ONLY);
	assert_true(stream_size(s) > 20);
	stream_close(s);
	/* reading it stored nothing */
	assert_int_equal(message_open_stream(m, PID_TAG_RTF_COMPRESSED,
					     STREAM_READ_ONLY, &s),
			 EC_NOT_FOUND);
	message_close(m);
}

static void test_attachment(void **state)
{
	struct env *e = *state;
	struct message *m = new_message(e);
	uint8_t *data = malloc(300000);
	struct attachment *at;
	struct prop_value v;
	struct stream *s;
	uint64_t id;

	pattern(data, 300000, 8);
	assert_int_equal(attachment_create(m, &at), EC_SUCCESS);
	assert_int_equal(attachment_open_stream(at,
			PID_TAG_ATTACH_DATA_BINARY, STREAM_CREATE, &s),
			EC_SUCCESS);
	write_all(s, data, 300000);
	assert_int_equal(stream_close(s), EC_SUCCESS);
	assert_int_equal(attachment_save(at), EC_SUCCESS);
	assert_int_equal(attachment_get_prop(at, PID_TAG_ATTACH_SIZE, e->a,
					     &v), EC_SUCCESS);
	assert_true(v.i32 >= 300000);
	attachment_close(at);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	message_close(m);
	env_reopen(e);
	message_open(e->store, 0, id, MESSAGE_READ_ONLY, false, &m);
	assert_int_equal(attachment_open(m, 0, MESSAGE_READ_ONLY, &at),
			 EC_SUCCESS);
	assert_int_equal(attachment_open_stream(at,
			PID_TAG_ATTACH_DATA_BINARY, STREAM_READ_ONLY, &s),
			EC_SUCCESS);
	assert_bytes(s, 0, data, 300000);
	stream_close(s);
	/* the same bytes when asked for as an object */
	assert_int_equal(attachment_open_stream(at,
			PID_TAG_ATTACH_DATA_OBJECT, STREAM_READ_ONLY, &s),
			EC_SUCCESS);
	assert_bytes(s, 0, data, 300000);
	stream_close(s);
	attachment_close(at);
	message_close(m);
	free(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, env_setup, \
						   env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_string), TEST(test_open_errors), TEST(test_seek),
		TEST(test_large), TEST(test_huge), TEST(test_copy_and_clone),
		TEST(test_folder), TEST(test_derived), TEST(test_attachment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
