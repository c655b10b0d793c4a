/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Execute over a real mailbox: the input is the ROPs of one buffer, as they
 * stand in a RopsList.  They run against a session that has the logon (index
 * 0), the root, Inbox and Drafts (1 to 3), a contents table with columns (4),
 * a message (5), an attachment (6) and a stream (7), and free places after
 * them.  The mailbox is made anew now and then, so that a run stays bounded
 * and what one input changed cannot explain the next for long.
 */
#include "mailbox/harness.h"

#include "mapi/ext_buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { INPUT_MAX = 0x4000, RUNS_A_MAILBOX = 500, HANDLES = 24 };

static struct harness *h;
static unsigned runs;

static uint32_t open_one(struct session *s, uint8_t rop_id, uint32_t in,
			 const union rop_req *req)
{
	uint32_t out = ROP_HANDLE_NONE;

	(void)rop(h, s, rop_id, in, req, NULL, &out);
	return out;
}

static void open_objects(struct session *s, uint32_t *handles)
{
	static const uint32_t columns[] = { PID_TAG_MID, PID_TAG_SUBJECT };
	const union rop_req create = { .create_message = {
		.code_page_id = 0x0fff,
	} };
	union rop_req req;

	handles[0] = harness_logon(h, s, 0, ALICE_DN);
	handles[1] = open_special(h, s, handles[0], SPECIAL_ROOT);
	handles[2] = open_special(h, s, handles[0], SPECIAL_INBOX);
	handles[3] = open_special(h, s, handles[0], SPECIAL_DRAFTS);
	handles[4] = open_one(s, ROP_ID_get_contents_table, handles[2], NULL);
	memset(&req, 0, sizeof req);
	req.set_columns.property_tags = (struct prop_tags){ 2, columns };
	(void)rop(h, s, ROP_ID_set_columns, handles[4], &req, NULL, NULL);
	req = create;
	req.create_message.folder_id = 0;
	handles[5] = open_one(s, ROP_ID_create_message, handles[3], &req);
	handles[6] = open_one(s, ROP_ID_create_attachment, handles[5], NULL);
	memset(&req, 0, sizeof req);
	req.open_stream = (struct rop_open_stream_req){
		.property_tag = PID_TAG_BODY, .open_mode_flags = 2,
	};
	handles[7] = open_one(s, ROP_ID_open_stream, handles[5], &req);
}

static void run(struct session *s, const uint8_t *data, size_t len)
{
	struct rops b;
	struct execute_req req;
	struct execute_rsp rsp;
	uint32_t handles[HANDLES];

	memset(handles, 0xff, sizeof handles);
	open_objects(s, handles);
	rops_begin(&b, h, s);
	for (int i = 0; i < HANDLES; i++)
		(void)rops_handle(&b, handles[i]);
	rops_raw(&b, data, len);
	req = rops_request(&b);
	req.flags = EXECUTE_CHAIN;
	req.max_rop_out = len % 2 == 0 ? 0x40000 : 0x800;
	(void)mailbox_is_inline(s, &req);
	(void)mailbox_execute(s, &req, h->arena, &rsp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct session *s;
	enum ec ec;

	if (len > INPUT_MAX)
		return 0;
	if (h != NULL && runs++ % RUNS_A_MAILBOX == 0) {
		harness_free(h);
		h = NULL;
	}
	if (h == NULL)
		h = harness_new();
	s = harness_connect(h, h->alice_id, ALICE_DN, 0, &ec);
	run(s, data, len);
	mailbox_disconnect(s);
	arena_reset(h->arena);
	return 0;
}
