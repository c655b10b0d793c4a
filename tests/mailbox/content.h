/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of message, attachment, property, stream and table ROPs
 * share: alice logged on, and a short way to send one ROP.
 */
#ifndef TESTS_MAILBOX_CONTENT_H
#define TESTS_MAILBOX_CONTENT_H

#include "mailbox/harness.h"

struct content {
	struct harness *h;
	uint32_t logon, inbox;            /* handles */
	uint64_t inbox_id;
	union rop_rsp rsp;                /* of the last CALL */
};

/*
 * Send RopName on a handle as alice: CALL(c, open_message, handle, &out,
 * .folder_id = …).  Gives the ReturnValue; the answer is in c->rsp.
 */
#define CALL(c, name, handle, out, ...) \
	rop((c)->h, (c)->h->alice, ROP_ID_##name, (handle), \
	    &(union rop_req){ .name = { __VA_ARGS__ } }, &(c)->rsp, (out))

/* The same with a destination handle. */
#define CALL2(c, name, handle, dest, ...) \
	rop2((c)->h, (c)->h->alice, ROP_ID_##name, (handle), (dest), \
	     &(union rop_req){ .name = { __VA_ARGS__ } }, &(c)->rsp)

#define OK(call) assert_int_equal((call), EC_SUCCESS)

static inline int content_setup(void **state)
{
	struct content *c = calloc(1, sizeof *c);
	struct store *store;

	c->h = harness_new();
	c->logon = harness_logon(c->h, c->h->alice, 0, ALICE_DN);
	store = harness_store(c->h, ALICE_DN);
	c->inbox_id = store_special(store, SPECIAL_INBOX);
	store_put(store);
	c->inbox = open_special(c->h, c->h->alice, c->logon, SPECIAL_INBOX);
	*state = c;
	return 0;
}

static inline int content_teardown(void **state)
{
	struct content *c = *state;

	harness_free(c->h);
	free(c);
	return 0;
}

#define CONTENT_TEST(f) \
	cmocka_unit_test_setup_teardown(f, content_setup, content_teardown)

/* A new message in the Inbox, not saved. */
static inline uint32_t new_message(struct content *c)
{
	uint32_t message;

	OK(CALL(c, create_message, c->logon, &message, .code_page_id = 0x0fff,
		.folder_id = c->inbox_id));
	return message;
}

/* Open a message of the Inbox; flags: OpenModeFlags. */
static inline uint32_t open_message(struct content *c, uint64_t id,
				    uint8_t flags)
{
	uint32_t message;

	OK(CALL(c, open_message, c->logon, &message, .code_page_id = 0x0fff,
		.folder_id = c->inbox_id, .message_id = id,
		.open_mode_flags = flags));
	return message;
}

/* Save with KeepOpenReadWrite; the message ID. */
static inline uint64_t save_message(struct content *c, uint32_t message)
{
	OK(CALL(c, save_changes_message, message, NULL, .save_flags = 0x0a));
	return c->rsp.save_changes_message.message_id;
}

/* Set properties; there must be no problem. */
static inline void set_props(struct content *c, uint32_t handle,
			     const struct prop_value *values, uint32_t n)
{
	OK(CALL(c, set_properties, handle, NULL,
		.property_values = { .n = n, .v = values }));
	assert_int_equal(c->rsp.set_properties.property_problems.n, 0);
}

static inline void set_text(struct content *c, uint32_t handle, uint32_t tag,
			    const char *text)
{
	const struct prop_value value = { .tag = tag, .str = text };

	set_props(c, handle, &value, 1);
}

static inline void set_i32(struct content *c, uint32_t handle, uint32_t tag,
			   int32_t i32)
{
	const struct prop_value value = { .tag = tag, .i32 = i32 };

	set_props(c, handle, &value, 1);
}

static inline struct prop_value get_prop(struct content *c, uint32_t handle,
					 uint32_t tag)
{
	return *get_props(c->h, c->h->alice, handle, &tag, 1);
}

/* The error that stands for a property; EC_SUCCESS if it has a value. */
static inline enum ec get_error(struct content *c, uint32_t handle,
				uint32_t tag)
{
	struct prop_value v = get_prop(c, handle, tag);

	return prop_tag_type(v.tag) == PTYP_ERROR_CODE ? v.error : EC_SUCCESS;
}

#define assert_text(c, handle, want, text) do { \
	struct prop_value v_ = get_prop(c, handle, want); \
	assert_int_equal(v_.tag, want); \
	assert_string_equal(v_.str, text); \
} while (0)

#define assert_i32(c, handle, want, number) do { \
	struct prop_value v_ = get_prop(c, handle, want); \
	assert_int_equal(v_.tag, want); \
	assert_int_equal(v_.i32, number); \
} while (0)

static inline void release(struct content *c, uint32_t handle)
{
	rop_release_handle(c->h, c->h->alice, handle);
}

#endif
