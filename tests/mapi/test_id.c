/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "mapi/entry_id.h"
#include "mapi/id.h"

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

static struct bin bin_of(const char *hex)
{
	uint8_t *data = arena_alloc(arena, strlen(hex) / 2 + 1);
	size_t len = unhex(hex, data);

	return (struct bin){ data, len };
}

static struct guid guid_of(const char *text)
{
	struct guid g;

	assert_true(guid_parse(text, &g));
	return g;
}

#define A_GUID "00112233-4455-6677-8899-aabbccddeeff"
#define A_HEX "33221100554477668899aabbccddeeff"
#define B_HEX "44221100554477668899aabbccddeeff"

/* [MS-OXCDATA] 2.2.1.1: ReplicaId, then the GLOBCNT. */
static void test_id(void **state)
{
	uint8_t wire[8];
	struct wire_w w = wire_w(wire, sizeof wire);
	uint64_t id = id_make(1, 0x0d);

	wire_put_u64(&w, id);
	assert_hex(wire, 8, "0100 00000000000d");
	assert_int_equal(id_replid(id), 1);
	assert_int_equal(id_counter(id), 0x0d);
	id = id_make(0xffff, 0x123456789abc);
	assert_int_equal(id_replid(id), 0xffff);
	assert_int_equal(id_counter(id), 0x123456789abc);
	/* counters of more than 48 bits are cut, never put into the replid */
	assert_int_equal(id_make(0, UINT64_C(0xff) << 48), 0);
}

static void test_globcnt(void **state)
{
	uint8_t b[6];

	globcnt_put(0x010203040506, b);
	assert_hex(b, 6, "010203040506");
	assert_int_equal(globcnt_get(b), 0x010203040506);
}

static void test_long_term_id(void **state)
{
	struct bin data = bin_of(A_HEX "010203040506 0000");
	struct wire_r r = wire_r(data.data, data.len);
	struct guid guid = guid_of(A_GUID);
	uint8_t out[LONG_TERM_ID_SIZE];
	struct wire_w w = wire_w(out, sizeof out);
	struct long_term_id id;

	assert_true(long_term_id_decode(&r, &id));
	assert_true(guid_equal(&id.database_guid, &guid));
	assert_int_equal(id.counter, 0x010203040506);
	long_term_id_encode(&w, &id);
	assert_memory_equal(out, data.data, LONG_TERM_ID_SIZE);
	r = wire_r(data.data, 23);
	assert_false(long_term_id_decode(&r, &id));
	r = wire_r(data.data, GID_SIZE);
	assert_true(gid_decode(&r, &id));
	w = wire_w(out, GID_SIZE);
	gid_encode(&w, &id);
	assert_false(w.full);
	assert_memory_equal(out, data.data, GID_SIZE);
}

static void test_xid(void **state)
{
	struct bin data = bin_of(A_HEX "010203040506"), back;
	struct guid guid = guid_of(A_GUID);
	struct xid xid, same = xid_from_gid(&guid, 0x010203040506);

	assert_true(xid_parse(&data, &xid));
	assert_int_equal(xid.len, 6);
	assert_memory_equal(&xid, &same, sizeof xid);
	back = xid_format(arena, &xid);
	assert_int_equal(back.len, data.len);
	assert_memory_equal(back.data, data.data, data.len);
	data = bin_of(A_HEX);
	assert_false(xid_parse(&data, &xid));
	data = bin_of(A_HEX "010203040506070809");
	assert_false(xid_parse(&data, &xid));
	data = bin_of(A_HEX "0102030405060708");
	assert_true(xid_parse(&data, &xid));
}

static struct pcl pcl_of(const char *hex)
{
	struct bin data = bin_of(hex);
	struct pcl pcl;

	assert_true(pcl_parse(arena, &data, &pcl));
	return pcl;
}

/* [MS-OXCFXICS] 2.2.2.3: sorted by namespace when it goes out. */
static void test_pcl(void **state)
{
	struct pcl pcl = pcl_of("16" B_HEX "000000000002"
				"16" A_HEX "000000000001");
	struct bin out = pcl_format(arena, &pcl);

	assert_hex(out.data, out.len, "16" A_HEX "000000000001"
		   "16" B_HEX "000000000002");
	pcl = pcl_of("");
	assert_int_equal(pcl.n, 0);
	assert_int_equal(pcl_format(arena, &pcl).len, 0);
}

static void test_bad_pcl(void **state)
{
	static const char *const bad[] = {
		"16", "16" A_HEX "0000000001", "00",
		"10" A_HEX "16" A_HEX "000000000001",
		"16" A_HEX "000000000001" "ff",
		"16" A_HEX "000000000001" "16" A_HEX "000000000002",
		"19" A_HEX "010203040506070809",
	};
	struct pcl pcl;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct bin data = bin_of(bad[i]);

		assert_false(pcl_parse(arena, &data, &pcl));
	}
}

static void test_pcl_order(void **state)
{
	struct pcl none = pcl_of("");
	struct pcl a1 = pcl_of("16" A_HEX "000000000001");
	struct pcl a2 = pcl_of("16" A_HEX "000000000002");
	struct pcl b1 = pcl_of("16" B_HEX "000000000001");
	struct pcl a1b1 = pcl_merge(arena, &a1, &b1);
	struct pcl a2b1 = pcl_merge(arena, &a1b1, &a2);

	assert_int_equal(pcl_compare(&a1, &a1), PCL_EQUAL);
	assert_int_equal(pcl_compare(&a1, &a2), PCL_LESS);
	assert_int_equal(pcl_compare(&a2, &a1), PCL_GREATER);
	assert_int_equal(pcl_compare(&a1, &b1), PCL_CONFLICT);
	assert_int_equal(pcl_compare(&a2, &a1b1), PCL_CONFLICT);
	assert_int_equal(pcl_compare(&a1b1, &a2b1), PCL_LESS);
	assert_int_equal(pcl_compare(&none, &a1), PCL_LESS);
	assert_int_equal(a2b1.n, 2);
	assert_true(pcl_includes(&a2b1, &a1.v[0]));
	assert_true(pcl_includes(&a2b1, &a2.v[0]));
	assert_false(pcl_includes(&a1b1, &a2.v[0]));
	assert_false(pcl_includes(&a1, &b1.v[0]));
	assert_int_equal(pcl_add(arena, &a1b1, &a2.v[0]).n, 2);
	assert_int_equal(pcl_compare(&a2b1, &(struct pcl){
		a2b1.n, pcl_add(arena, &a1b1, &a2.v[0]).v }), PCL_EQUAL);
	/* the order of what comes in does not matter */
	assert_int_equal(pcl_merge(arena, &b1, &a1).v[0].namespace_guid.b[0],
			 0x33);
}

/* ---- entry IDs ---- */

#define FOLDER_HEX "00000000" A_HEX "0100" B_HEX "00000000000d0000"
#define MESSAGE_HEX "00000000" A_HEX "0700" B_HEX "00000000000d0000" \
	B_HEX "0000000000110000"

static void test_folder_entry_id(void **state)
{
	struct bin data = bin_of(FOLDER_HEX), back;
	struct folder_entry_id id;

	assert_int_equal(data.len, FOLDER_ENTRY_ID_SIZE);
	assert_int_equal(entry_id_kind(&data), ENTRY_ID_FOLDER);
	assert_true(folder_entry_id_parse(&data, &id));
	assert_int_equal(id.folder_type, STORE_PRIVATE_FOLDER);
	assert_int_equal(id.folder.counter, 0x0d);
	back = folder_entry_id_format(arena, &id);
	assert_memory_equal(back.data, data.data, data.len);
	data.len--;
	assert_false(folder_entry_id_parse(&data, &id));
	data = bin_of("00000000" A_HEX "0700" B_HEX "00000000000d0000");
	assert_false(folder_entry_id_parse(&data, &id));
}

static void test_message_entry_id(void **state)
{
	struct bin data = bin_of(MESSAGE_HEX), back;
	struct message_entry_id id;
	struct folder_entry_id folder;

	assert_int_equal(data.len, MESSAGE_ENTRY_ID_SIZE);
	assert_int_equal(entry_id_kind(&data), ENTRY_ID_MESSAGE);
	assert_true(message_entry_id_parse(&data, &id));
	assert_int_equal(id.folder.counter, 0x0d);
	assert_int_equal(id.message.counter, 0x11);
	back = message_entry_id_format(arena, &id);
	assert_memory_equal(back.data, data.data, data.len);
	assert_false(folder_entry_id_parse(&data, &folder));
}

/* [MS-OXCDATA] 2.2.4.3 */
static void test_store_entry_id(void **state)
{
	static const char hex[] = "00000000 38a1bb1005e5101aa1bb08002b2a56c2"
		"0000 454d534d44422e444c4c00000000 00000000"
		"1b55fa20aa6611cd9bc800aa002fc45a 0c000000"
		"53525600 2f6f3d782f636e3d6100";
	struct bin data = bin_of(hex), back;
	struct store_entry_id id;

	assert_int_equal(entry_id_kind(&data), ENTRY_ID_STORE);
	assert_true(store_entry_id_parse(&data, arena, &id));
	assert_false(id.is_public);
	assert_string_equal(id.server_short_name, "SRV");
	assert_string_equal(id.mailbox_dn, "/o=x/cn=a");
	back = store_entry_id_format(arena, &id);
	assert_hex(back.data, back.len, hex);
	for (size_t n = 0; n < data.len; n++) {
		struct bin cut = { data.data, n };

		/* it may end after the server's name */
		if (n != 64)
			assert_false(store_entry_id_parse(&cut, arena, &id));
	}
	id = (struct store_entry_id){ .is_public = true,
		.server_short_name = "SRV", .mailbox_dn = "" };
	back = store_entry_id_format(arena, &id);
	assert_true(store_entry_id_parse(&back, arena, &id));
	assert_true(id.is_public);
}

/* [MS-OXCDATA] 2.2.5.1 */
static void test_one_off(void **state)
{
	struct bin id = entry_id_one_off(arena, "A\xc3\xa9", "SMTP", "a@b.c");
	struct bin ansi = bin_of("00000000 812b1fa4bea310199d6e00dd010f5402"
				 "0000 0100 e900 534d545000 61406200");
	struct one_off_entry_id got;

	assert_hex(id.data, id.len, "00000000"
		   "812b1fa4bea310199d6e00dd010f5402 0000 0190"
		   "4100e9000000 53004d00540050000000"
		   "610040006200 2e0063000000");
	assert_int_equal(entry_id_kind(&id), ENTRY_ID_ONE_OFF);
	assert_true(one_off_entry_id_parse(&id, arena, 0, &got));
	assert_string_equal(got.display_name, "A\xc3\xa9");
	assert_string_equal(got.address_type, "SMTP");
	assert_string_equal(got.email_address, "a@b.c");
	assert_true(one_off_entry_id_parse(&ansi, arena, 0, &got));
	assert_string_equal(got.display_name, "\xc3\xa9");
	assert_true(one_off_entry_id_parse(&ansi, arena, 1251, &got));
	assert_string_equal(got.display_name, "\xd0\xb9");
	for (size_t n = 0; n < id.len; n++) {
		struct bin cut = { id.data, n };

		assert_false(one_off_entry_id_parse(&cut, arena, 0, &got));
	}
}

/* [MS-OXCDATA] 2.2.5.2 */
static void test_address_book(void **state)
{
	static const char hex[] = "00000000 dca740c8c042101ab4b908002b2fe182"
		"01000000 01000000 2f6f3d7800";
	struct bin data = bin_of(hex), back;
	struct address_book_entry_id id;

	assert_int_equal(entry_id_kind(&data), ENTRY_ID_ADDRESS_BOOK);
	assert_true(address_book_entry_id_parse(&data, arena, &id));
	assert_int_equal(id.type, ADDRESS_BOOK_DISTRIBUTION_LIST);
	assert_string_equal(id.x500_dn, "/o=x");
	back = address_book_entry_id_format(arena, &id);
	assert_hex(back.data, back.len, hex);
	for (size_t n = 0; n < data.len; n++) {
		struct bin cut = { data.data, n };

		assert_false(address_book_entry_id_parse(&cut, arena, &id));
	}
}

/* [MS-OXCDATA] 2.3.3 */
static void test_list(void **state)
{
	const struct bin entries[] = { bin_of("0102030405"), bin_of("06") };
	struct bin list = entry_id_list_format(arena, 2, entries);
	const struct bin *v;
	uint32_t n;

	assert_hex(list.data, list.len, "02000000 11000000"
		   "05000000 0102030405 000000 01000000 06");
	assert_true(entry_id_list_parse(&list, arena, &n, &v));
	assert_int_equal(n, 2);
	assert_int_equal(v[0].len, 5);
	assert_int_equal(v[1].data[0], 6);
	for (size_t i = 0; i < list.len; i++) {
		struct bin cut = { list.data, i };

		assert_false(entry_id_list_parse(&cut, arena, &n, &v));
	}
	list = bin_of("ffffffff 04000000 00000000");
	assert_false(entry_id_list_parse(&list, arena, &n, &v));
	list = entry_id_list_format(arena, 0, NULL);
	assert_true(entry_id_list_parse(&list, arena, &n, &v));
	assert_int_equal(n, 0);
}

static void test_list_of_one_offs(void **state)
{
	const char *names[] = { "A", "B" }, *addresses[] = { "a@x", "b@x" };
	struct bin list = entry_id_list_one_off(arena, 2, names, addresses);
	struct one_off_entry_id got;
	const struct bin *v;
	uint32_t n;

	assert_true(entry_id_list_parse(&list, arena, &n, &v));
	assert_true(one_off_entry_id_parse(&v[1], arena, 0, &got));
	assert_string_equal(got.email_address, "b@x");
}

/* [MS-OXCDATA] 2.11.1.4 */
static void test_server_id(void **state)
{
	struct server_id id = { id_make(1, 13), id_make(1, 17), 2 }, got;
	struct bin data = server_id_format(arena, &id);

	assert_hex(data.data, data.len,
		   "01 010000000000000d 0100000000000011 02000000");
	assert_true(server_id_parse(&data, &got));
	assert_int_equal(got.folder_id, id.folder_id);
	assert_int_equal(got.message_id, id.message_id);
	assert_int_equal(got.instance, 2);
	data.len--;
	assert_false(server_id_parse(&data, &got));
	data = bin_of("00 010000000000000d 0100000000000011 02000000");
	assert_false(server_id_parse(&data, &got));
}

static void test_search_key(void **state)
{
	struct bin key = search_key_format(arena, "smtp", "Alice@Example.test");

	assert_int_equal(key.len, 24);
	assert_string_equal(key.data, "SMTP:ALICE@EXAMPLE.TEST");
}

static void check_print(struct bin data, const char *want)
{
	struct buf b = BUF_INIT;

	entry_id_print(&b, &data);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
}

static void test_print(void **state)
{
	check_print(bin_of(FOLDER_HEX),
		    "folder 00112244-4455-6677-8899-aabbccddeeff:d");
	check_print(bin_of(MESSAGE_HEX),
		    "message 00112244-4455-6677-8899-aabbccddeeff:11 in "
		    "00112244-4455-6677-8899-aabbccddeeff:d");
	check_print(entry_id_one_off(arena, "A", "SMTP", "a@x"),
		    "one-off \"A\" SMTP:a@x");
	check_print(bin_of("0102"), "entry ID of 2 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_globcnt),
		cmocka_unit_test(test_long_term_id),
		cmocka_unit_test(test_xid),
		cmocka_unit_test(test_pcl),
		cmocka_unit_test(test_bad_pcl),
		cmocka_unit_test(test_pcl_order),
		cmocka_unit_test(test_folder_entry_id),
		cmocka_unit_test(test_message_entry_id),
		cmocka_unit_test(test_store_entry_id),
		cmocka_unit_test(test_one_off),
		cmocka_unit_test(test_address_book),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_of_one_offs),
		cmocka_unit_test(test_server_id),
		cmocka_unit_test(test_search_key),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
