/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single ROPs: the worked examples of the specifications as bytes and as
 * lines of a trace, layouts that depend on the return value or on the logon,
 * and what must be refused.
 */
#include "test.h"

#include "mapi/rop.h"

enum { MAX = 4096 };

struct fixture {
	struct arena *arena;
	struct rop_codec codec;
	struct buf text;
	uint8_t bytes[MAX];
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->arena = arena_new(0);
	f->codec.prop = prop_ctx_rop(f->arena, 1252);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	buf_free(&f->text);
	free(f);
	return 0;
}

/* ---- examples ---- */

static const struct example {
	const char *section, *hex, *line;
} requests[] = {
	{ "[MS-OXCFOLD] 4.1.1",
	  "1c 00 00 01 01 01 00 00 46 00 6f 00 6c 00 64 00"
	  "65 00 72 00 31 00 00 00 00 00",
	  "RopCreateFolder logon=0 in=0 out=1 folder_type=1 "
	  "use_unicode_strings=true open_existing=false reserved=0 "
	  "display_name=\"Folder1\" comment=\"\"" },
	{ "[MS-OXCFOLD] 4.5.1",
	  "35 00 01 02 01 01 01 00 00 00 0e 8e df 36 46 00"
	  "6f 00 6c 00 64 00 65 00 72 00 31 00 00 00",
	  "RopMoveFolder logon=0 in=1 dest=2 want_asynchronous=true "
	  "use_unicode=true folder_id=0001-00000e8edf36 "
	  "new_folder_name=\"Folder1\"" },
	{ "[MS-OXCTABL] 4.1.1", "05 00 00 01 00",
	  "RopGetContentsTable logon=0 in=0 out=1 table_flags=0" },
	{ "[MS-OXCTABL] 4.5.3.1", "15 00 00 00 01 32 00",
	  "RopQueryRows logon=0 in=0 query_rows_flags=0 forward_read=true "
	  "row_count=50(0x32)" },
	{ "[MS-OXCTABL] 4.3",
	  "13 00 00 00 02 00 01 00 01 00 1f 30 08 80 00 40 00 06 0e 01",
	  "RopSortTable logon=0 in=0 sort_table_flags=0 "
	  "sort_orders=categories=1 expanded=1 [2]{0x8008301f ascending "
	  "PidTagMessageDeliveryTime descending}" },
	{ "[MS-OXCPRPT] 4.2.1",
	  "0a 00 00 24 00 02 00 1f 00 3d 00 00 00 1f 00 1d"
	  "0e 48 00 65 00 6c 00 6c 00 6f 00 20 00 57 00 6f"
	  "00 72 00 6c 00 64 00 00 00",
	  "RopSetProperties logon=0 in=0 property_values=[2]{"
	  "PidTagSubjectPrefix: \"\" "
	  "PidTagNormalizedSubject: \"Hello World\"}" },
	{ "[MS-OXCPRPT] 4.4.1.1", "2b 01 00 01 02 01 9a 0e 01",
	  "RopOpenStream logon=1 in=0 out=1 "
	  "property_tag=PidTagExtendedRuleMessageCondition "
	  "open_mode_flags=1" },
	{ "[MS-OXOMSG] 4.1.1", "32 00 02 00",
	  "RopSubmitMessage logon=0 in=2 submit_flags=0" },
	{ "[MS-OXOMSG] 4.3.1",
	  "34 00 00 01 00 00 03 b4 79 ca 47 01 00 00 03 b7 e6 5f a7",
	  "RopAbortSubmit logon=0 in=0 folder_id=0001-0003b479ca47 "
	  "message_id=0001-0003b7e65fa7" },
	/* 2.2.3.1.1, a DN of the usual form, shortened */
	{ "[MS-OXCROPS] 2.2.3.1.1",
	  "fe 00 00 01 0c 04 00 01 00 00 00 00 06 00 2f 6f 3d 4f 45 00",
	  "RopLogon logon=0 out=0 logon_flags=1 "
	  "open_flags=16778252(0x100040c) store_state=0 "
	  "essdn=\"/o=OE\"" },
	{ "[MS-OXCROPS] 2.2.6.3.1", "0c 00 01 02 0a",
	  "RopSaveChangesMessage logon=0 response=1 in=2 "
	  "save_flags=10(0xa)" },
	{ "[MS-OXCROPS] 2.2.15.3.1", "01 00 05", "RopRelease logon=0 in=5" },
}, responses[] = {
	{ "[MS-OXCFOLD] 4.1.2", "1c 01 00 00 00 00 01 00 00 00 0e 91 52 12 00",
	  "RopCreateFolder handle=1 ecNone(0x00000000) "
	  "folder_id=0001-00000e915212 is_existing_folder=false" },
	{ "[MS-OXCPRPT] 4.1.2", "56 00 00 00 00 00 02 00 3e 86 3f 86",
	  "RopGetPropertyIdsFromNames handle=0 ecNone(0x00000000) "
	  "property_ids=[2]{0x863e 0x863f}" },
	{ "[MS-OXCPRPT] 4.2.2", "0a 00 00 00 00 00 00 00",
	  "RopSetProperties handle=0 ecNone(0x00000000) "
	  "property_problems=[0]{}" },
	{ "[MS-OXORULE] 4.2.2", "3f 01 00 00 00 00",
	  "RopGetRulesTable handle=1 ecNone(0x00000000)" },
	{ "[MS-OXORULE] 4.2.2", "12 01 00 00 00 00 00",
	  "RopSetColumns handle=1 ecNone(0x00000000) table_status=0" },
	/* a failure ends after its code */
	{ "[MS-OXCROPS] 2.2.4.1.3", "02 01 0f 01 04 80",
	  "RopOpenFolder handle=1 ecNotFound(0x8004010f)" },
	/* … but for these */
	{ "[MS-OXCROPS] 2.2.4.3.2", "1d 00 05 00 07 80 01",
	  "RopDeleteFolder handle=0 ecAccessDenied(0x80070005) "
	  "partial_completion=true" },
	{ "[MS-OXCROPS] 2.2.4.6.3", "33 01 03 05 00 00 02 00 00 00 01",
	  "RopMoveCopyMessages handle=1 ecDstNullObject(0x00000503) "
	  "dest_handle_index=2 partial_completion=true" },
	{ "[MS-OXCROPS] 2.2.8.12.3", "39 01 03 05 00 00 02 00 00 00",
	  "RopCopyTo handle=1 ecDstNullObject(0x00000503) "
	  "dest_handle_index=2" },
	{ "[MS-OXCROPS] 2.2.8.12.4", "39 01 02 01 04 80",
	  "RopCopyTo handle=1 ecNotSupported(0x80040102)" },
	{ "[MS-OXCROPS] 2.2.9.2.2", "2c 00 05 00 07 80 00 00",
	  "RopReadStream handle=0 ecAccessDenied(0x80070005) data=[0]" },
	{ "[MS-OXCROPS] 2.2.9.9.3",
	  "3a 00 03 05 00 00 07 00 00 00 01 00 00 00 00 00 00 00"
	  "00 00 00 00 00 00 00 00",
	  "RopCopyToStream handle=0 ecDstNullObject(0x00000503) "
	  "dest_handle_index=7 read_byte_count=1 written_byte_count=0" },
	{ "[MS-OXCROPS] 2.2.3.1.4",
	  "fe 00 78 04 00 00 01 04 53 52 56 00",
	  "RopLogon handle=0 ecWrongServer(0x00000478) logon_flags=1 "
	  "server_name=\"SRV\"" },
	{ "[MS-OXCROPS] 2.2.3.1.5", "fe 00 11 01 04 80",
	  "RopLogon handle=0 ecLoginFailure(0x80040111)" },
	/* messages of the server alone */
	{ "[MS-OXCROPS] 2.2.14.3.1", "6e 01 00", "RopPending session_index=1" },
	{ "[MS-OXCROPS] 2.2.15.1.1", "ff 00 80 07 00 00",
	  "RopBufferTooSmall size_needed=32768(0x8000) "
	  "request_buffers=[3]070000" },
	{ "[MS-OXCROPS] 2.2.15.2.1",
	  "f9 01 10 27 00 00 01 15 e8 03 00 00 00 00",
	  "RopBackoff logon_id=1 duration=10000(0x2710) "
	  "backoff_rop_data=[1]{RopQueryRows:1000ms} additional_data=[0]" },
	/* [MS-OXCNOTIF] 2.2.1.4.1.2: new mail, its class in Unicode */
	{ "[MS-OXCROPS] 2.2.14.2.1",
	  "2a 05 00 00 00 00 02 80"
	  "01 00 00 00 00 00 00 0d 01 00 00 00 00 00 01 00"
	  "00 00 00 00 01 49 00 00 00",
	  "RopNotify notification_handle=5 logon_id=0 "
	  "notification_flags=32770(0x8002) folder_id=0001-00000000000d "
	  "message_id=0001-000000000100 message_flags=0 unicode_flag=true "
	  "message_class=\"I\"" },
	/* a folder whose counts have changed */
	{ "[MS-OXCNOTIF] 2.2.1.4.1.2",
	  "2a 05 00 00 00 00 10 30 01 00 00 00 00 00 00 0d 00 00"
	  "07 00 00 00 02 00 00 00",
	  "RopNotify notification_handle=5 logon_id=0 "
	  "notification_flags=12304(0x3010) folder_id=0001-00000000000d "
	  "tags=[0]{} total_message_count=7 unread_message_count=2" },
	/* a row deleted from a contents table */
	{ "[MS-OXCNOTIF] 2.2.1.4.1.2",
	  "2a 05 00 00 00 00 00 81 04 00 01 00 00 00 00 00 00 0d"
	  "01 00 00 00 00 00 01 00 00 00 00 00",
	  "RopNotify notification_handle=5 logon_id=0 "
	  "notification_flags=33024(0x8100) table_event_type=4 "
	  "table_row_folder_id=0001-00000000000d "
	  "table_row_message_id=0001-000000000100 table_row_instance=0" },
	/* a folder moved: parents, but no messages */
	{ "[MS-OXCNOTIF] 2.2.1.4.1.2",
	  "2a 05 00 00 00 00 20 00 01 00 00 00 00 00 00 01"
	  "01 00 00 00 00 00 00 02 01 00 00 00 00 00 00 03"
	  "01 00 00 00 00 00 00 04",
	  "RopNotify notification_handle=5 logon_id=0 "
	  "notification_flags=32(0x20) folder_id=0001-000000000001 "
	  "parent_folder_id=0001-000000000002 "
	  "old_folder_id=0001-000000000003 "
	  "old_parent_folder_id=0001-000000000004" },
};

static void test_example_requests(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		uint8_t want[MAX];
		size_t len = unhex(requests[i].hex, want);
		struct wire_r r = wire_r(want, len);
		struct wire_w w = wire_w(f->bytes, MAX);
		struct rop_header h;
		union rop_req req;

		assert_true(rop_header_decode(&r, &h));
		assert_true(rop_request_decode(&f->codec, &r, &h, &req));
		assert_true(wire_done(&r));
		buf_clear(&f->text);
		rop_request_print(&f->text, &f->codec, &h, &req);
		assert_string_equal(buf_str(&f->text), requests[i].line);
		rop_request_encode(&f->codec, &w, &h, &req);
		assert_int_equal(w.len, len);
		assert_memory_equal(f->bytes, want, len);
	}
}

/* A request header that makes a response have this handle index. */
static struct rop_header header_for(const struct rop_answer *a)
{
	return (struct rop_header){
		.rop_id = a->rop_id,
		.input_handle_index = a->handle_index,
		.output_handle_index = a->handle_index,
		.response_handle_index = a->handle_index,
	};
}

static void test_example_responses(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof responses / sizeof *responses; i++) {
		uint8_t want[MAX];
		size_t len = unhex(responses[i].hex, want);
		struct wire_r r = wire_r(want, len);
		struct wire_w w = wire_w(f->bytes, MAX);
		struct rop_answer a;
		struct rop_header h;
		union rop_rsp rsp;

		assert_true(rop_response_decode(&f->codec, &r, &a, &rsp));
		assert_true(wire_done(&r));
		buf_clear(&f->text);
		rop_response_print(&f->text, &f->codec, &a, &rsp);
		assert_string_equal(buf_str(&f->text), responses[i].line);
		h = header_for(&a);
		if (a.return_value == EC_DST_NULL_OBJECT)
			h.dest_handle_index = want[6];
		rop_response_encode(&f->codec, &w, &h, a.return_value, &rsp);
		assert_int_equal(w.len, len);
		assert_memory_equal(f->bytes, want, len);
	}
}

/* Rows are read with the columns of the table, here those of a rule. */
static void test_rows(void **state)
{
	static const uint32_t tags[] = {
		PID_TAG_RULE_ID, PID_TAG_RULE_SEQUENCE, PID_TAG_RULE_STATE,
		PID_TAG_RULE_NAME,
	};
	const struct prop_tags columns = { 4, tags };
	static const char hex[] = "15 01 00 00 00 00 02 01 00 00"
		"01 00 00 00 01 3f f8 56 10 00 00 00 01 00 00 00"
		"50 00 72 00 6f 00 6a 00 65 00 63 00 74 00 00 00";
	struct fixture *f = *state;
	uint8_t bytes[MAX];
	size_t len = unhex(hex, bytes);
	struct wire_r r = wire_r(bytes, len);
	struct rop_answer a;
	union rop_rsp rsp;
	const struct prop_values *rows;

	f->codec.columns = &columns;
	assert_true(rop_response_decode(&f->codec, &r, &a, &rsp));
	assert_true(wire_done(&r));
	assert_int_equal(rsp.query_rows.row_count, 1);
	assert_int_equal(rsp.query_rows.origin, 2);
	assert_true(rop_rows_decode(&f->codec, &columns,
				    &rsp.query_rows.row_data, 1, &rows));
	assert_int_equal(rows[0].n, 4);
	assert_int_equal(rows[0].v[1].i32, 16);
	assert_string_equal(rows[0].v[3].str, "Project");
	rop_response_print(&f->text, &f->codec, &a, &rsp);
	assert_non_null(strstr(buf_str(&f->text), "\"Project\""));
	/* A row too many, and a byte too many */
	assert_false(rop_rows_decode(&f->codec, &columns,
				     &rsp.query_rows.row_data, 2, &rows));
	assert_false(rop_rows_decode(&f->codec, &columns,
		&(struct bin){ bytes + 9, len - 10 }, 1, &rows));
	/* Without columns the rows are what is left. */
	f->codec.columns = NULL;
	r = wire_r(bytes, len);
	assert_true(rop_response_decode(&f->codec, &r, &a, &rsp));
	assert_int_equal(rsp.query_rows.row_data.len, len - 9);
}

/* Tags of two objects, by the handle index of the response. */
static const struct prop_tags *columns_of(void *context,
					  const struct rop_answer *answer)
{
	static const uint32_t tags[] = { PID_TAG_IMPORTANCE, PID_TAG_SUBJECT };
	static const struct prop_tags of[] = { { 1, tags }, { 1, tags + 1 } };

	++*(int *)context;
	return &of[answer->handle_index];
}

/* Two rows of different columns in one buffer. */
static void test_columns_for(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[64];
	size_t len = unhex("07 00 00 00 00 00 00 02 00 00 00"
			   "07 01 00 00 00 00 00 48 00 69 00 00 00", bytes);
	struct wire_r r = wire_r(bytes, len);
	int asked = 0;
	struct rop_answer a;
	union rop_rsp rsp;
	const struct prop_values *row;

	f->codec.columns_for = columns_of;
	f->codec.context = &asked;
	assert_true(rop_response_decode(&f->codec, &r, &a, &rsp));
	assert_int_equal(rsp.get_properties_specific.row_data.len, 5);
	assert_true(rop_response_decode(&f->codec, &r, &a, &rsp));
	assert_true(wire_done(&r));
	assert_true(rop_rows_decode(&f->codec, f->codec.columns,
		&rsp.get_properties_specific.row_data, 1, &row));
	assert_string_equal(row->v[0].str, "Hi");
	assert_int_equal(asked, 2);
}

/* ---- what depends on the logon ---- */

/* 2.2.6.11.1: ClientData is there on public logons alone. */
static void test_public_logon(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[64];
	size_t len = unhex("11 00 00 01 04", bytes);
	struct wire_r r = wire_r(bytes, len);
	struct rop_header h;
	union rop_req req;

	assert_true(rop_header_decode(&r, &h));
	assert_int_equal(h.response_handle_index, 0);
	assert_int_equal(h.input_handle_index, 1);
	assert_true(rop_request_decode(&f->codec, &r, &h, &req));
	assert_true(wire_done(&r));
	f->codec.public_logon = true;
	r = wire_r(bytes, len);
	assert_true(rop_header_decode(&r, &h));
	assert_false(rop_request_decode(&f->codec, &r, &h, &req));
}

/* 2.2.3.1.2, 2.2.3.1.3: the Private flag tells the sizes apart. */
static void test_logon_kinds(void **state)
{
	struct fixture *f = *state;
	const struct rop_header h = { .rop_id = ROP_ID_logon };
	union rop_rsp rsp = { .logon = { .logon_flags = 1 } };
	struct wire_w w = wire_w(f->bytes, MAX);

	rop_response_encode(&f->codec, &w, &h, EC_SUCCESS, &rsp);
	assert_int_equal(w.len, 6 + 1 + 104 + 1 + 16 + 2 + 16 + 8 + 8 + 4);
	rsp.logon.logon_flags = 0;
	w = wire_w(f->bytes, MAX);
	rop_response_encode(&f->codec, &w, &h, EC_SUCCESS, &rsp);
	assert_int_equal(w.len, 6 + 1 + 104 + 2 + 16 + 16);
}

/* 2.2.3.13.1: ReplGuid only with the first piece, on private logons. */
static void test_write_per_user(void **state)
{
	struct fixture *f = *state;
	const struct rop_header h = {
		.rop_id = ROP_ID_write_per_user_information,
	};
	const size_t without = 3 + 24 + 1 + 4 + 2;
	struct wire_w w = wire_w(f->bytes, MAX);
	union rop_req req;

	memset(&req, 0, sizeof req);
	rop_request_encode(&f->codec, &w, &h, &req);
	assert_int_equal(w.len, without + 16);
	req.write_per_user_information.data_offset = 1;
	w = wire_w(f->bytes, MAX);
	rop_request_encode(&f->codec, &w, &h, &req);
	assert_int_equal(w.len, without);
	req.write_per_user_information.data_offset = 0;
	f->codec.public_logon = true;
	w = wire_w(f->bytes, MAX);
	rop_request_encode(&f->codec, &w, &h, &req);
	assert_int_equal(w.len, without);
}

/* ---- what is refused ---- */

static const char *const malformed[] = {
	"", "00 00 00", "28 00 00", "fa 00 00",   /* none, reserved (2.2.2) */
	"2a 00 00", "6e 00 00", "f9 00 00", "ff 00 00",   /* the server's */
	"02 00 00 01 01 00 00 00 00 00 00",       /* an ID cut off */
	"1e 00 00 00 00 ff ff 01",                /* an absurd count */
	"2c 00 00 be ba 01 00 00 80",             /* more than 2 GB */
	"12 00 00 00 02 00 1f 00 37 00",          /* two columns, one there */
	"0a 00 00 03 00 00 00 00",                /* a byte over in the size */
	"0a 00 00 01 00 00",                      /* size below the count */
	"14 00 00 00 06 00 08 1f 00 37 00 00",    /* a byte over */
	"14 00 00 00 05 00 08 1f 00 37",          /* and one too few */
	"14 00 00 00 01 00 ff",                   /* no such restriction */
	"fe 00 00 01 00 00 00 00 00 00 00 00 02 00 61 62", /* no NUL */
	"fe 00 00 01 00 00 00 00 00 00 00 00 03 00 61 00 62", /* NUL inside */
	"27 00 00 49 50 4d",                      /* no NUL */
	"1c 00 00 01 01 01 00 00 46 00 6f",       /* an odd half */
	"56 00 00 00 01 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
	" 00 00 00 00",                           /* no kind 2 of names */
	"56 00 00 00 01 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
	" 00 00 03 61 00 00",                     /* a name of odd size */
	"80 00 00 04 00 00 00 01 00",             /* half a read state */
	"93 00 00 04 00 01 00 00 00",             /* a range missing */
};

static void test_malformed(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
		uint8_t bytes[64];
		size_t len = unhex(malformed[i], bytes);
		struct wire_r r = wire_r(bytes, len);
		struct rop_header h;
		union rop_req req;
		bool ok = rop_header_decode(&r, &h) &&
			rop_request_decode(&f->codec, &r, &h, &req);

		if (ok)
			fail_msg("accepted: %s", malformed[i]);
		assert_false(wire_ok(&r));
	}
}

static void test_malformed_responses(void **state)
{
	static const char *const bad[] = {
		"", "00 00 00 00 00 00", "01 00 00 00 00 00",
		"02 00 00 00 00 00 01",
		"49 00 00 00 00 00 01 00 06 00 53 4d 54 50 00 00",
		"49 00 00 00 00 00 01 00 04 00 53 4d 54 50",
		"0f 00 00 00 00 00 01 00 00 00 00 01 00 00 00 00 01 00",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint8_t bytes[64];
		size_t len = unhex(bad[i], bytes);
		struct wire_r r = wire_r(bytes, len);
		struct rop_answer a;
		union rop_rsp rsp;

		if (rop_response_decode(&f->codec, &r, &a, &rsp))
			fail_msg("accepted: %s", bad[i]);
	}
}

/* What a count of the wire can't say must not be written short. */
static void test_too_large(void **state)
{
	static const uint8_t data[70000];
	struct fixture *f = *state;
	uint8_t *out = xmalloc(100000);
	struct wire_w w = wire_w(out, 100000);
	struct rop_header h = { .rop_id = ROP_ID_write_stream };
	union rop_req req = { .write_stream = { { data, sizeof data } } };
	union rop_rsp rsp = { .logon = { .logon_flags = 1 } };
	char name[300];

	rop_request_encode(&f->codec, &w, &h, &req);
	assert_true(w.full);
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	rsp.logon.server_name = name;
	h.rop_id = ROP_ID_logon;
	w = wire_w(out, 100000);
	rop_response_encode(&f->codec, &w, &h, EC_WRONG_SERVER, &rsp);
	assert_true(w.full);
	h.rop_id = ROP_ID_notify;                 /* has no request */
	w = wire_w(out, 100000);
	rop_request_encode(&f->codec, &w, &h, &req);
	assert_true(w.full);
	free(out);
}

/* ---- the table ---- */

static void test_desc(void **state)
{
	const struct rop_desc *d = rop_desc(0x02);

	assert_string_equal(d->name, "RopOpenFolder");
	assert_string_equal(d->section, "2.2.4.1");
	assert_int_equal(d->objects, OBJ_LOGON | OBJ_FOLDER);
	assert_int_equal(d->layout, ROP_IN_OUT);
	assert_int_equal(d->rsp_min, 8);
	assert_true(d->rsp_max == SIZE_MAX);
	assert_null(rop_desc(0x00));
	assert_string_equal(rop_name(0x00), "reserved ROP");
	assert_string_equal(rop_name(0x14), "RopRestrict");
	assert_int_equal(rop_desc(0x1d)->rsp_max, 7);
	assert_int_equal(rop_desc(0x01)->rsp_max, 0);
	assert_int_equal(rop_desc(0x0c)->rsp_min, 15);
	assert_int_equal(rop_desc(0x0c)->rsp_max, 15);
}

/* 2.2.2: every ID is either in the table or among the reserved ones. */
static void test_reserved(void **state)
{
	static const uint8_t reserved[] = {
		0x00, 0x28, 0x3c, 0x3d, 0x62, 0x65, 0x6a, 0x71, 0x7c, 0x7d,
		0x83, 0x84, 0x85, 0x87, 0x88, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e,
		0x8f, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c,
		0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
	};

	for (size_t i = 0; i < sizeof reserved; i++)
		assert_null(rop_desc(reserved[i]));
	for (unsigned id = 0xa4; id <= 0xf8; id++)
		assert_null(rop_desc((uint8_t)id));
	for (unsigned id = 0xfa; id <= 0xfd; id++)
		assert_null(rop_desc((uint8_t)id));
}

static void test_bounds(void **state)
{
	static const uint32_t tags[3] = { 0 };
	struct rop_header h = { .rop_id = ROP_ID_delete_properties };
	union rop_req req = { .delete_properties = { { 3, tags } } };

	assert_int_equal(rop_response_bound(&h, &req), 6 + 2 + 3 * 10);
	h.rop_id = ROP_ID_create_folder;
	assert_int_equal(rop_response_bound(&h, &req), 17);
	h.rop_id = ROP_ID_save_changes_message;
	assert_int_equal(rop_response_bound(&h, &req), 15);
	h.rop_id = ROP_ID_query_rows;
	assert_true(rop_response_bound(&h, &req) == SIZE_MAX);
	h.rop_id = ROP_ID_get_property_ids_from_names;
	req.get_property_ids_from_names.property_names.n = 0;
	assert_true(rop_response_bound(&h, &req) == SIZE_MAX);
	req.get_property_ids_from_names.property_names.n = 4;
	assert_int_equal(rop_response_bound(&h, &req), 16);
}

/* The index of the destination comes from the request (2.2.4.6.3). */
static void test_null_destination(void **state)
{
	struct fixture *f = *state;
	const struct rop_header h = {
		.rop_id = ROP_ID_move_folder, .input_handle_index = 4,
		.dest_handle_index = 9,
	};
	struct wire_w w = wire_w(f->bytes, MAX);

	rop_response_encode(&f->codec, &w, &h, EC_DST_NULL_OBJECT, NULL);
	assert_hex(f->bytes, w.len, "35 04 03 05 00 00 09 00 00 00 00");
	w = wire_w(f->bytes, 9);
	rop_response_encode(&f->codec, &w, &h, EC_DST_NULL_OBJECT, NULL);
	assert_true(w.full);
}

/* ---- data that is put in its place by the handler ---- */

static const uint8_t bulk_rops[] = {
	ROP_ID_query_rows, ROP_ID_find_row, ROP_ID_expand_row,
	ROP_ID_get_properties_specific, ROP_ID_read_stream,
	ROP_ID_fast_transfer_source_get_buffer,
};

static void set_bulk(uint8_t id, union rop_rsp *rsp, struct bin data)
{
	switch (id) {
	case ROP_ID_query_rows:
		rsp->query_rows.row_data = data;
		break;
	case ROP_ID_find_row:
		rsp->find_row.has_row_data = true;
		rsp->find_row.row_data = data;
		break;
	case ROP_ID_expand_row:
		rsp->expand_row.row_data = data;
		break;
	case ROP_ID_get_properties_specific:
		rsp->get_properties_specific.row_data = data;
		break;
	case ROP_ID_read_stream:
		rsp->read_stream.data = data;
		break;
	default:
		rsp->fast_transfer_source_get_buffer.transfer_buffer = data;
	}
}

static void test_bulk(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof bulk_rops; i++) {
		struct rop_header h = { .rop_id = bulk_rops[i] };
		struct wire_w w = wire_w(f->bytes, 64), bulk;
		uint8_t copied[64];
		struct wire_w other = wire_w(copied, sizeof copied);
		union rop_rsp rsp;

		memset(&rsp, 0, sizeof rsp);
		wire_put(&w, "before", 6);
		wire_put(&other, "before", 6);
		bulk = rop_bulk_writer(&w, h.rop_id);
		wire_put(&bulk, "the rows", 8);
		set_bulk(h.rop_id, &rsp, (struct bin){ bulk.base, bulk.len });
		rop_response_encode(&f->codec, &w, &h, EC_SUCCESS, &rsp);
		assert_false(w.full);
		/* In place: it ends where the bulk writer ended. */
		assert_ptr_equal(bulk.base + bulk.len, w.base + w.len);
		set_bulk(h.rop_id, &rsp,
			 (struct bin){ (const uint8_t *)"the rows", 8 });
		rop_response_encode(&f->codec, &other, &h, EC_SUCCESS, &rsp);
		assert_int_equal(w.len, other.len);
		assert_memory_equal(f->bytes, copied, w.len);
	}
}

static void test_bulk_no_room(void **state)
{
	struct fixture *f = *state;
	struct wire_w w = wire_w(f->bytes, 8), bulk;

	bulk = rop_bulk_writer(&w, ROP_ID_query_rows);
	assert_int_equal(wire_room(&bulk), 0);
	assert_null(wire_claim(&bulk, 1));
	w = wire_w(f->bytes, 9);
	bulk = rop_bulk_writer(&w, ROP_ID_query_rows);
	assert_false(bulk.full);
	assert_int_equal(wire_room(&bulk), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_example_requests),
		TEST(test_example_responses),
		TEST(test_rows),
		TEST(test_columns_for),
		TEST(test_public_logon),
		TEST(test_logon_kinds),
		TEST(test_write_per_user),
		TEST(test_malformed),
		TEST(test_malformed_responses),
		TEST(test_too_large),
		TEST(test_desc),
		TEST(test_reserved),
		TEST(test_bounds),
		TEST(test_null_destination),
		TEST(test_bulk),
		TEST(test_bulk_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
