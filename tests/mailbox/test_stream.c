/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXCPRPT] 3.2.5.11 to 3.2.5.19, 3.2.5.21 to 3.2.5.24 */
#include "mailbox/content.h"

enum { READ_ONLY = 0, READ_WRITE = 1, CREATE = 2, BEST_ACCESS = 3 };
enum { START = 0, CURRENT = 1, END = 2 };
#define BIN_TAG 0x66000102u
#define BODY8 ((PID_TAG_BODY & ~0xffffu) | PTYP_STRING8)

static uint32_t open_stream(struct content *c, uint32_t object, uint32_t tag,
			    uint8_t mode)
{
	uint32_t stream;

	OK(CALL(c, open_stream, object, &stream, .property_tag = tag,
		.open_mode_flags = mode));
	return stream;
}

static void put(struct content *c, uint32_t stream, const char *text)
{
	OK(CALL(c, write_stream, stream, NULL,
		.data = { (const uint8_t *)text, strlen(text) }));
	assert_int_equal(c->rsp.write_stream.written_size, strlen(text));
}

static uint64_t seek(struct content *c, uint32_t stream, uint8_t origin,
		     int64_t offset)
{
	OK(CALL(c, seek_stream, stream, NULL, .origin = origin,
		.offset = offset));
	return c->rsp.seek_stream.new_position;
}

/* Read up to n bytes at the position; they must be those. */
static void expect(struct content *c, uint32_t stream, uint16_t n,
		   const void *bytes, size_t len)
{
	OK(CALL(c, read_stream, stream, NULL, .byte_count = n));
	assert_int_equal(c->rsp.read_stream.data.len, len);
	assert_memory_equal(c->rsp.read_stream.data.data, bytes, len);
}

static void test_write_and_read(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), s;
	uint64_t id;

	s = open_stream(c, m, BIN_TAG, CREATE);
	assert_int_equal(c->rsp.open_stream.stream_size, 0);
	put(c, s, "hello ");
	put(c, s, "world");
	assert_int_equal(seek(c, s, CURRENT, 0), 11);
	assert_int_equal(seek(c, s, START, 6), 6);
	expect(c, s, 100, "world", 5);
	expect(c, s, 100, "", 0);
	assert_int_equal(seek(c, s, END, -5), 6);
	put(c, s, "W");
	OK(CALL(c, get_stream_size, s, NULL));
	assert_int_equal(c->rsp.get_stream_size.stream_size, 11);
	OK(CALL(c, commit_stream, s, NULL));
	id = save_message(c, m);
	release(c, m);
	m = open_message(c, id, 0);
	s = open_stream(c, m, BIN_TAG, READ_ONLY);
	assert_int_equal(c->rsp.open_stream.stream_size, 11);
	expect(c, s, 100, "hello World", 11);
}

/* 3.2.5.13: seen at once through the same object, and saved uncommitted */
static void test_visible_at_once(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), s, other;
	struct prop_value v;
	uint64_t id = save_message(c, m);

	s = open_stream(c, m, BIN_TAG, CREATE);
	put(c, s, "abc");
	v = get_prop(c, m, BIN_TAG);
	assert_int_equal(v.tag, BIN_TAG);
	assert_int_equal(v.bin.len, 3);
	other = open_message(c, id, 0);
	assert_int_equal(get_error(c, other, BIN_TAG), EC_NOT_FOUND);
	release(c, other);
	put(c, s, "def");
	save_message(c, m);
	other = open_message(c, id, 0);
	v = get_prop(c, other, BIN_TAG);
	assert_int_equal(v.bin.len, 6);
	assert_memory_equal(v.bin.data, "abcdef", 6);
	/* The stream goes on. */
	put(c, s, "!");
	v = get_prop(c, m, BIN_TAG);
	assert_int_equal(v.bin.len, 7);
}

static void test_open_errors(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), s, ro;
	uint64_t id;

	set_i32(c, m, 0x66010003, 1);
	set_text(c, m, PID_TAG_BODY, "body");
	/* Not there, and not to be created */
	assert_int_equal(CALL(c, open_stream, m, &s, .property_tag = BIN_TAG,
			      .open_mode_flags = READ_ONLY), EC_NOT_FOUND);
	assert_int_equal(CALL(c, open_stream, m, &s, .property_tag = BIN_TAG,
			      .open_mode_flags = READ_WRITE), EC_NOT_FOUND);
	assert_int_equal(CALL(c, open_stream, m, &s, .property_tag = BIN_TAG,
			      .open_mode_flags = BEST_ACCESS), EC_NOT_FOUND);
	/* 2.2.14: types, objects; 2.2.14.1: modes */
	assert_int_equal(CALL(c, open_stream, m, &s,
			      .property_tag = 0x66010003), EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, open_stream, m, &s,
			      .property_tag = 0x66001102,
			      .open_mode_flags = CREATE), EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, open_stream, c->inbox, &s,
			      .property_tag = PID_TAG_DISPLAY_NAME),
			 EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, open_stream, c->logon, &s,
			      .property_tag = BIN_TAG,
			      .open_mode_flags = CREATE), EC_NOT_SUPPORTED);
	assert_int_equal(CALL(c, open_stream, m, &s,
			      .property_tag = PID_TAG_BODY,
			      .open_mode_flags = 4), EC_INVALID_PARAM);
	id = save_message(c, m);
	ro = open_message(c, id, 0);
	assert_int_equal(CALL(c, open_stream, ro, &s,
			      .property_tag = PID_TAG_BODY,
			      .open_mode_flags = READ_WRITE),
			 EC_ACCESS_DENIED);
	assert_int_equal(CALL(c, open_stream, ro, &s, .property_tag = BIN_TAG,
			      .open_mode_flags = CREATE), EC_ACCESS_DENIED);
	s = open_stream(c, ro, PID_TAG_BODY, BEST_ACCESS);
	assert_int_equal(c->rsp.open_stream.stream_size, 8);
	/* 3.2.5.13 */
	assert_int_equal(CALL(c, write_stream, s, NULL,
			      .data = { (const uint8_t *)"x", 1 }),
			 EC_STREAM_ACCESS_DENIED);
	assert_int_equal(c->rsp.write_stream.written_size, 0);
	assert_int_equal(CALL(c, set_stream_size, s, NULL, .stream_size = 0),
			 EC_STREAM_ACCESS_DENIED);
	assert_int_equal(CALL(c, write_and_commit_stream, s, NULL,
			      .data = { (const uint8_t *)"x", 1 }),
			 EC_STREAM_ACCESS_DENIED);
	assert_int_equal(CALL(c, read_stream, m, NULL, .byte_count = 1),
			 EC_NOT_SUPPORTED);
}

/* CREATE empties what was there */
static void test_create_empties(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), s;

	set_text(c, m, PID_TAG_BODY, "old");
	s = open_stream(c, m, PID_TAG_BODY, CREATE);
	assert_int_equal(c->rsp.open_stream.stream_size, 0);
	OK(CALL(c, write_stream, s, NULL,
		.data = { (const uint8_t *)"n\0e\0w\0", 6 }));
	assert_text(c, m, PID_TAG_BODY, "new");
}

/* 3.2.5.17, 3.2.5.18 */
static void test_size_and_seek(void **state)
{
	static const uint8_t zeros[8];
	struct content *c = *state;
	uint32_t m = new_message(c), s = open_stream(c, m, BIN_TAG, CREATE);

	put(c, s, "abcd");
	OK(CALL(c, set_stream_size, s, NULL, .stream_size = 2));
	OK(CALL(c, set_stream_size, s, NULL, .stream_size = 6));
	seek(c, s, START, 0);
	expect(c, s, 10, "ab\0\0\0\0", 6);
	/* Beyond the end: filled with zeros */
	assert_int_equal(seek(c, s, END, 4), 10);
	OK(CALL(c, get_stream_size, s, NULL));
	assert_int_equal(c->rsp.get_stream_size.stream_size, 10);
	seek(c, s, START, 2);
	expect(c, s, 20, zeros, 8);

	assert_int_equal(CALL(c, seek_stream, s, NULL, .origin = 3),
			 EC_STREAM_INVALID_PARAM);
	assert_int_equal(CALL(c, seek_stream, s, NULL, .origin = START,
			      .offset = -1), EC_STREAM_SEEK_ERROR);
	assert_int_equal(CALL(c, seek_stream, s, NULL, .origin = END,
			      .offset = -11), EC_STREAM_SEEK_ERROR);
	assert_int_equal(CALL(c, seek_stream, s, NULL, .origin = START,
			      .offset = INT64_C(0x80000001)),
			 EC_STREAM_SEEK_ERROR);
	assert_int_equal(CALL(c, seek_stream, s, NULL, .origin = START,
			      .offset = INT64_MAX), EC_STREAM_SEEK_ERROR);
	assert_int_equal(CALL(c, seek_stream, s, NULL, .origin = CURRENT,
			      .offset = INT64_MIN), EC_STREAM_SEEK_ERROR);
	assert_int_equal(CALL(c, set_stream_size, s, NULL,
			      .stream_size = UINT64_C(0x80000001)),
			 EC_STREAM_SIZE_ERROR);
	/* After all that it is where it was. */
	assert_int_equal(seek(c, s, CURRENT, 0), 10);
}

/* 2.2.15.1: ByteCount 0xBABE, and several buffers for one answer */
static void test_long_read(void **state)
{
	enum { SIZE = 100000, CHUNK = 25000 };
	struct content *c = *state;
	uint32_t m = new_message(c), s = open_stream(c, m, BIN_TAG, CREATE);
	uint8_t *data = arena_alloc(c->h->arena, SIZE);
	size_t got = 0;
	struct rops b;

	for (int i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	for (int i = 0; i < SIZE; i += CHUNK)
		OK(CALL(c, write_stream, s, NULL,
			.data = { data + i, CHUNK }));
	seek(c, s, START, 0);
	c->h->execute_flags |= 4;                 /* chaining */
	c->h->max_rop_out = 0x40000;
	rops_begin(&b, c->h, c->h->alice);
	rops_handle(&b, s);
	rops_add(&b, ROP_ID_read_stream, 0, 0, 0,
		  &(union rop_req){ .read_stream = { .byte_count = 0xbabe,
			.maximum_byte_count = SIZE } });
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_true(b.n > 1);
	for (unsigned i = 0; i < b.n; i++) {
		struct bin d = b.rsps[i].read_stream.data;

		assert_true(got + d.len <= SIZE);
		assert_memory_equal(d.data, data + got, d.len);
		got += d.len;
	}
	assert_int_equal(got, SIZE);
	/* [MS-OXCROPS] 2.2.9.2.1: the call fails */
	rops_begin(&b, c->h, c->h->alice);
	rops_handle(&b, s);
	rops_add(&b, ROP_ID_read_stream, 0, 0, 0,
		 &(union rop_req){ .read_stream = { .byte_count = 0xbabe,
			.maximum_byte_count = 0x80000001u } });
	assert_int_equal(rops_run(&b), EC_RPC_FORMAT);
}

/* Strings: UTF-16 without a terminator; 8 bits: in the code page */
static void test_strings(void **state)
{
	struct content *c = *state;
	uint32_t m, s;

	OK(CALL(c, create_message, c->logon, &m, .code_page_id = 1251,
		.folder_id = c->inbox_id));
	set_text(c, m, PID_TAG_BODY, "\u041f\u0440");
	s = open_stream(c, m, PID_TAG_BODY, READ_WRITE);
	expect(c, s, 10, "\x1f\x04\x40\x04", 4);
	release(c, s);
	s = open_stream(c, m, BODY8, READ_WRITE);
	assert_int_equal(c->rsp.open_stream.stream_size, 2);
	expect(c, s, 10, "\xcf\xf0", 2);
	put(c, s, "\xe8!");
	assert_text(c, m, PID_TAG_BODY, "\u041f\u0440\u0438!");
	OK(CALL(c, set_stream_size, s, NULL, .stream_size = 1));
	OK(CALL(c, commit_stream, s, NULL));
	assert_text(c, m, PID_TAG_BODY, "\u041f");
	seek(c, s, START, 0);
	put(c, s, "\xf0");
	release(c, s);
	assert_text(c, m, PID_TAG_BODY, "\u0440");
}

/* 3.2.5.24 */
static void test_clone(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), s = open_stream(c, m, BIN_TAG, CREATE);
	uint32_t t;

	put(c, s, "abcdef");
	seek(c, s, START, 2);
	OK(CALL(c, clone_stream, s, &t));
	expect(c, t, 2, "cd", 2);
	expect(c, s, 2, "cd", 2);
	put(c, t, "XY");
	expect(c, s, 2, "XY", 2);
	release(c, s);
	seek(c, t, START, 0);
	expect(c, t, 10, "abcdXY", 6);
	assert_int_equal(CALL(c, clone_stream, m, &t), EC_NOT_SUPPORTED);
}

static void test_clone_text(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), s = open_stream(c, m, BODY8, CREATE), t;

	put(c, s, "abc");
	OK(CALL(c, clone_stream, s, &t));
	put(c, t, "d");
	release(c, t);
	expect(c, s, 5, "d", 1);
	release(c, s);
	assert_text(c, m, PID_TAG_BODY, "abcd");
}

/* 3.2.5.19 */
static void test_copy_to_stream(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), n = new_message(c), s, t, ro;
	uint64_t id;

	s = open_stream(c, m, BIN_TAG, CREATE);
	t = open_stream(c, n, BIN_TAG, CREATE);
	put(c, s, "abcdef");
	put(c, t, "__");
	seek(c, s, START, 1);
	OK(CALL2(c, copy_to_stream, s, t, .byte_count = 3));
	assert_int_equal(c->rsp.copy_to_stream.read_byte_count, 3);
	assert_int_equal(c->rsp.copy_to_stream.written_byte_count, 3);
	assert_int_equal(seek(c, s, CURRENT, 0), 4);
	assert_int_equal(seek(c, t, CURRENT, 0), 5);
	/* More than there is */
	OK(CALL2(c, copy_to_stream, s, t, .byte_count = UINT64_MAX));
	assert_int_equal(c->rsp.copy_to_stream.read_byte_count, 2);
	seek(c, t, START, 0);
	expect(c, t, 20, "__bcdef", 7);

	id = save_message(c, n);
	ro = open_stream(c, open_message(c, id, 0), BIN_TAG, READ_ONLY);
	assert_int_equal(CALL2(c, copy_to_stream, s, ro, .byte_count = 1),
			 EC_STREAM_ACCESS_DENIED);
	assert_int_equal(CALL2(c, copy_to_stream, s, m, .byte_count = 1),
			 EC_NOT_SUPPORTED);
	release(c, t);
	assert_int_equal(CALL2(c, copy_to_stream, s, t, .byte_count = 1),
			 EC_DST_NULL_OBJECT);
	assert_int_equal(c->rsp.copy_to_stream.dest_handle_index, 1);
}

/* 3.2.5.14, 3.2.5.23 */
static void test_other_writes(void **state)
{
	static const uint8_t bytes[] = "12345";
	struct content *c = *state;
	uint32_t m = new_message(c), s = open_stream(c, m, BIN_TAG, CREATE);

	OK(CALL(c, write_stream_extended, s, NULL, .data = { bytes, 3 }));
	assert_int_equal(c->rsp.write_stream_extended.written_size, 3);
	OK(CALL(c, write_and_commit_stream, s, NULL, .data = { bytes, 2 }));
	assert_int_equal(c->rsp.write_and_commit_stream.written_size, 2);
	assert_int_equal(get_prop(c, m, BIN_TAG).bin.len, 5);
	OK(CALL(c, write_stream, s, NULL, .data = { bytes, 0 }));
	assert_int_equal(c->rsp.write_stream.written_size, 0);
}

/* 3.2.5.13: folders, at the commit or the release */
static void test_folder(void **state)
{
	struct content *c = *state;
	uint32_t s = open_stream(c, c->inbox, BIN_TAG, CREATE);
	uint32_t again = open_special(c->h, c->h->alice, c->logon,
				      SPECIAL_INBOX);

	put(c, s, "abc");
	OK(CALL(c, commit_stream, s, NULL));
	assert_int_equal(get_prop(c, again, BIN_TAG).bin.len, 3);
	put(c, s, "d");
	assert_int_equal(CALL(c, write_and_commit_stream, s, NULL,
			      .data = { (const uint8_t *)"x", 1 }),
			 EC_NOT_SUPPORTED);
	release(c, s);
	assert_int_equal(get_prop(c, again, BIN_TAG).bin.len, 4);
}

static void test_attachment_data(void **state)
{
	struct content *c = *state;
	uint32_t m = new_message(c), at, s;
	uint64_t id;

	OK(CALL(c, create_attachment, m, &at));
	s = open_stream(c, at, PID_TAG_ATTACH_DATA_BINARY, CREATE);
	put(c, s, "attached");
	/* Not committed, but saved (3.1.1) */
	OK(CALL(c, save_changes_attachment, at, NULL, .save_flags = 0x0a));
	id = save_message(c, m);
	release(c, m);
	m = open_message(c, id, 0);
	OK(CALL(c, open_attachment, m, &at, .attachment_id = 0));
	s = open_stream(c, at, PID_TAG_ATTACH_DATA_BINARY, READ_ONLY);
	expect(c, s, 20, "attached", 8);
}

/* 3.2.5.21, 3.2.5.22: between two sessions on one folder's property */
static void test_lock_region(void **state)
{
	struct content *c = *state;
	struct session *other;
	uint32_t s = open_stream(c, c->inbox, BIN_TAG, CREATE), t, logon;
	const union rop_req lock = { .lock_region_stream = {
		.region_offset = 0, .region_size = 4, .lock_flags = 1 } };
	const union rop_req unlock = { .unlock_region_stream = {
		.region_offset = 0, .region_size = 4, .lock_flags = 1 } };
	const union rop_req open = { .open_stream = {
		.property_tag = BIN_TAG, .open_mode_flags = READ_WRITE } };
	const union rop_req write = { .write_stream = {
		.data = { (const uint8_t *)"zz", 2 } } };
	const union rop_req read = { .read_stream = { .byte_count = 2 } };
	enum ec ec;

	put(c, s, "abcdefgh");
	OK(CALL(c, commit_stream, s, NULL));
	other = harness_connect(c->h, c->h->alice_id, ALICE_DN, 0, &ec);
	logon = harness_logon(c->h, other, 0, ALICE_DN);
	logon = open_special(c->h, other, logon, SPECIAL_INBOX);
	OK(rop(c->h, other, ROP_ID_open_stream, logon, &open, NULL, &t));
	OK(CALL(c, lock_region_stream, s, NULL, .region_offset = 0,
		.region_size = 4, .lock_flags = 1));
	assert_int_equal(rop(c->h, other, ROP_ID_lock_region_stream, t, &lock,
			     NULL, NULL), EC_ACCESS_DENIED);
	OK(rop(c->h, other, ROP_ID_read_stream, t, &read, NULL, NULL));
	assert_int_equal(rop(c->h, other, ROP_ID_write_stream, t, &write,
			     NULL, NULL), EC_ACCESS_DENIED);
	/* The owner may. */
	seek(c, s, START, 0);
	put(c, s, "ab");
	/* Others' locks are left alone. */
	OK(rop(c->h, other, ROP_ID_unlock_region_stream, t, &unlock, NULL,
	       NULL));
	assert_int_equal(rop(c->h, other, ROP_ID_lock_region_stream, t, &lock,
			     NULL, NULL), EC_ACCESS_DENIED);
	OK(CALL(c, unlock_region_stream, s, NULL, .region_offset = 0,
		.region_size = 4, .lock_flags = 1));
	OK(rop(c->h, other, ROP_ID_lock_region_stream, t, &lock, NULL, NULL));
	assert_int_equal(CALL(c, write_and_commit_stream, s, NULL),
			 EC_NOT_SUPPORTED);
	/* Closed with what was locked through it */
	rop_release_handle(c->h, other, t);
	OK(CALL(c, lock_region_stream, s, NULL, .region_offset = 0,
		.region_size = 4, .lock_flags = 0));
	mailbox_disconnect(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTENT_TEST(test_write_and_read),
		CONTENT_TEST(test_visible_at_once),
		CONTENT_TEST(test_open_errors),
		CONTENT_TEST(test_create_empties),
		CONTENT_TEST(test_size_and_seek),
		CONTENT_TEST(test_long_read),
		CONTENT_TEST(test_strings),
		CONTENT_TEST(test_clone),
		CONTENT_TEST(test_clone_text),
		CONTENT_TEST(test_copy_to_stream),
		CONTENT_TEST(test_other_writes),
		CONTENT_TEST(test_folder),
		CONTENT_TEST(test_attachment_data),
		CONTENT_TEST(test_lock_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
