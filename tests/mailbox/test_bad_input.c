/* SPDX-License-Identifier: Apache-2.0 */
/* Bad bytes and bad luck: each ROP cut short, deep nesting, a full disk. */
#include "harness.h"

#include <sqlite3.h>

#include "../mapi/rop_fill.h"
#include "store/folder.h"
#include "store/impl.h"
#include "store/vfs.h"

static int setup(void **state)
{
	*state = harness_new();
	return 0;
}

static int teardown(void **state)
{
	harness_free(*state);
	return 0;
}

/* A request of any ROP, as long as its bytes may be. */
static size_t encode_any(struct harness *h, uint8_t id, uint8_t *out,
			 size_t cap)
{
	struct rop_codec codec = { .prop = prop_ctx_rop(h->arena, 1252) };
	struct rop_fill fill = { .arena = h->arena, .codec = &codec,
				 .state = id + 1u };
	const struct rop_header header = { .rop_id = id };
	struct wire_w w = wire_w(out, cap);
	union rop_req req;

	memset(&req, 0, sizeof req);
	rop_fill_request(&fill, id, &req);
	rop_request_encode(&codec, &w, &header, &req);
	return w.full ? 0 : w.len;
}

/*
 * Every ROP, cut at every byte: the call fails as malformed, or (where fewer
 * bytes happen to make sense) is answered; whole, it is always answered.
 */
static void test_cut_everywhere(void **state)
{
	struct harness *h = *state;
	uint8_t bytes[0x4000];
	unsigned malformed = 0, whole = 0;
	struct rops b;

	(void)harness_logon(h, h->alice, 0, ALICE_DN);
	for (unsigned id = 0; id < 256; id++) {
		const struct rop_desc *desc = rop_desc((uint8_t)id);
		size_t len;

		if (desc == NULL || desc->layout == ROP_RSP_ONLY)
			continue;
		len = encode_any(h, (uint8_t)id, bytes, sizeof bytes);
		for (size_t n = 1; n <= len; n++) {
			rops_begin(&b, h, h->alice);
			(void)rops_handle(&b, ROP_HANDLE_NONE);
			rops_raw(&b, bytes, n);
			if (rops_run(&b) == EC_RPC_FORMAT)
				malformed++;
			else if (n == len)
				whole++;
		}
		arena_reset(h->arena);
	}
	assert_true(malformed > 1000);
	assert_true(whole > 100);
}

/* Counts beyond what is there */
static void test_absurd_counts(void **state)
{
	static const char *const bad[] = {
		"07 00 00 0000 0000 ffff",        /* GetPropertiesSpecific */
		"33 00 00 00 ffff",               /* MoveCopyMessages */
		"1e 00 00 00 00 ffff",            /* DeleteMessages */
		"56 00 00 02 ffff",               /* …IdsFromNames */
		"55 00 00 ffff",                  /* …NamesFromPropertyIds */
		"12 00 00 00 ffff",               /* SetColumns */
		"0a 00 00 ffff ffff",             /* SetProperties */
		"0e 00 00 ffff",                  /* ModifyRecipients */
		"2d 00 00 ffff",                  /* WriteStream */
		"14 00 00 00 ffff",               /* Restrict */
		"fe 00 00 01 00000000 00000000 ffff", /* Logon */
	};
	struct harness *h = *state;
	struct rops b;
	uint8_t bytes[64];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		rops_begin(&b, h, h->alice);
		(void)rops_handle(&b, ROP_HANDLE_NONE);
		rops_raw(&b, bytes, unhex(bad[i], bytes));
		assert_int_equal(rops_run(&b), EC_RPC_FORMAT);
	}
}

/* A restriction of nothing but NOTs: more of them than a decoder follows */
static void test_deep_restriction(void **state)
{
	struct harness *h = *state;
	uint8_t bytes[0x2000];
	struct rops b;

	for (unsigned depth = 10; depth <= 2000; depth *= 10) {
		struct wire_w w = wire_w(bytes, sizeof bytes);
		enum ec ec;

		wire_put_u8(&w, ROP_ID_restrict_table);
		wire_put(&w, "\0\0\0", 3);
		wire_put_u16(&w, (uint16_t)(depth + 5));
		for (unsigned i = 0; i < depth; i++)
			wire_put_u8(&w, 0x02);
		wire_put(&w, "\x08\x1f\x00\x37\x00", 5);
		rops_begin(&b, h, h->alice);
		(void)rops_handle(&b, ROP_HANDLE_NONE);
		rops_raw(&b, bytes, w.len);
		ec = rops_run(&b);
		assert_int_equal(ec, depth > 128 ? EC_RPC_FORMAT : EC_SUCCESS);
	}
}

/* As many ROPs as a buffer holds, and as many handles */
static void test_many_rops(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	uint8_t *bytes = arena_zalloc(h->arena, 0x7f00);
	struct rops b;
	size_t n = 0x7f00 / 3;

	/* RopRelease of an index that is not there */
	for (size_t i = 0; i < n; i++) {
		bytes[i * 3] = ROP_ID_release;
		bytes[i * 3 + 2] = 0xfe;
	}
	rops_begin(&b, h, h->alice);
	(void)rops_handle(&b, logon);
	rops_raw(&b, bytes, n * 3);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
	assert_int_equal(b.n, 0);
}

static enum ec create(struct harness *h, uint32_t parent, const char *name)
{
	return rop(h, h->alice, ROP_ID_create_folder, parent,
		   &(union rop_req){ .create_folder = {
			.folder_type = 1, .use_unicode_strings = true,
			.display_name = name, .comment = "" } }, NULL, NULL);
}

/*
 * A full disk: the ROP fails with a code of its own, the log is told once,
 * nothing is half done, and the next one after it works.
 */
static void test_disk_full(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
	uint32_t top = open_special(h, h->alice, logon, SPECIAL_IPM_SUBTREE);
	struct store_vfs *vfs = store_pool_vfs(h->pool);
	unsigned before = h->n_events;

	vfs_fail(vfs, 1, SQLITE_FULL, true);
	assert_int_equal(create(h, top, "Lost"), EC_DISK_ERROR);
	assert_int_equal(h->n_events, before + 1);
	assert_int_equal(h->events[before], MAILBOX_FAULT);
	vfs_fail(vfs, 0, 0, false);
	assert_int_equal(create(h, top, "Lost"), EC_SUCCESS);
	assert_int_equal(create(h, top, "Lost"), EC_DUPLICATE_NAME);
	assert_int_equal(h->n_events, before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cut_everywhere, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_absurd_counts, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_deep_restriction, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_many_rops, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_disk_full, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
