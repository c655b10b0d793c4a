/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions on several threads: one lock a mailbox, notifications across. */
#include "harness.h"

#include <pthread.h>
#include <sched.h>

#include "mapi/ext_buffer.h"
#include "store/folder.h"

enum { THREADS = 4, MESSAGES = 25, WAITERS = 12 };

/* Asserts of cmocka are for its own thread: these count what went wrong. */
struct worker {
	struct harness *h;
	struct session *session;
	pthread_t thread;
	uint64_t folder;
	unsigned failed, notified;
	enum ec ec;
	bool done;
};

/* As rop of the harness, without a failing test and in an own arena. */
static enum ec call(struct session *s, struct arena *a, uint8_t rop_id,
		    uint32_t handle, const union rop_req *req,
		    union rop_rsp *rsp, uint32_t *out, unsigned *notified)
{
	struct rop_codec codec = { .prop = prop_ctx_rop(a, 1252) };
	struct rop_header header = { .rop_id = rop_id,
		.logon_id = (uint8_t)(handle >> 24),
		.output_handle_index = rop_id == ROP_ID_logon ? 0 : 1 };
	uint32_t handles[2] = { handle, ROP_HANDLE_NONE };
	static const union rop_req none;
	uint8_t *buf = arena_alloc(a, 4096);
	struct wire_w w = wire_w(buf, 4096);
	size_t ext = ext_buffer_begin(&w), begin = rop_payload_begin(&w);
	struct execute_req execute = { .max_rop_out = 0x8000, .flags = 3 };
	struct execute_rsp answer;
	struct ext_payloads p;
	struct rop_payload payload;
	struct rop_answer got;
	enum ec ec = EC_ERROR;
	struct wire_r r;

	rop_request_encode(&codec, &w, &header, req != NULL ? req : &none);
	rop_payload_end(&w, begin, handles, 2);
	ext_buffer_end(&w, ext, EXT_LAST, a);
	execute.rop_buffer = (struct bin){ buf, w.len };
	ec = mailbox_execute(s, &execute, a, &answer);
	if (ec != EC_SUCCESS)
		return ec;
	if (!ext_buffer_decode(&answer.rop_buffer, a, 1, &p) ||
	    !rop_payload_decode(&p.v[0].data, a, &payload, NULL))
		return EC_ERROR;
	r = wire_r(payload.rops.data, payload.rops.len);
	while (wire_left(&r) > 0) {
		union rop_rsp one;

		if (!rop_response_decode(&codec, &r, &got, &one))
			return EC_ERROR;
		if (got.rop_id == ROP_ID_notify) {
			(*notified)++;
			continue;
		}
		ec = got.return_value;
		*rsp = one;
	}
	if (out != NULL)
		*out = payload.handles[header.output_handle_index];
	return ec;
}

static bool create_one(struct worker *w, struct arena *a, uint32_t logon)
{
	const struct prop_value value = {
		.tag = PID_TAG_SUBJECT, .str = "from a thread",
	};
	const union rop_req create = { .create_message = {
		.code_page_id = 0x0fff, .folder_id = w->folder } };
	const union rop_req set = { .set_properties = {
		.property_values = { 1, &value } } };
	union rop_rsp rsp;
	uint32_t m;

	return call(w->session, a, ROP_ID_create_message, logon, &create,
		    &rsp, &m, &w->notified) == EC_SUCCESS &&
		call(w->session, a, ROP_ID_set_properties, m, &set, &rsp,
		     NULL, &w->notified) == EC_SUCCESS &&
		call(w->session, a, ROP_ID_save_changes_message, m, NULL,
		     &rsp, NULL, &w->notified) == EC_SUCCESS &&
		(call(w->session, a, ROP_ID_release, m, NULL, &rsp, NULL,
		      &w->notified), true);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct arena *a = arena_new(0);
	const union rop_req in = { .logon = { .logon_flags = 1,
					      .essdn = ALICE_DN } };
	const union rop_req reg = { .register_notification = {
		.notification_types = 0x0004, .want_whole_store = true } };
	union rop_rsp rsp;
	uint32_t logon;

	if (call(w->session, a, ROP_ID_logon, 0, &in, &rsp, &logon,
		 &w->notified) != EC_SUCCESS ||
	    call(w->session, a, ROP_ID_register_notification, logon, &reg,
		 &rsp, NULL, &w->notified) != EC_SUCCESS)
		w->failed++;
	for (int i = 0; i < MESSAGES; i++) {
		w->failed += !create_one(w, a, logon);
		arena_reset(a);
	}
	arena_free(a);
	return NULL;
}

static uint64_t inbox_of(struct harness *h)
{
	struct store *store = harness_store(h, ALICE_DN);
	uint64_t id = store_special(store, SPECIAL_INBOX);

	store_put(store);
	return id;
}

static void test_many(void **state)
{
	struct harness *h = harness_new();
	struct worker w[THREADS];
	struct folder_info info;
	struct store *store;
	enum ec ec;

	(void)harness_logon(h, h->alice, 0, ALICE_DN);
	memset(w, 0, sizeof w);
	for (int i = 0; i < THREADS; i++) {
		w[i].h = h;
		w[i].folder = inbox_of(h);
		w[i].session = harness_connect(h, h->alice_id, ALICE_DN, 0,
					       &ec);
		assert_int_equal(pthread_create(&w[i].thread, NULL, work,
						&w[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].failed, 0);
		/* At least its own */
		assert_true(w[i].notified >= MESSAGES - 1);
	}
	store = harness_store(h, ALICE_DN);
	assert_int_equal(store_lock(store), EC_SUCCESS);
	assert_int_equal(folder_stat(store, inbox_of(h), false, &info),
			 EC_SUCCESS);
	store_unlock(store);
	store_put(store);
	assert_int_equal(info.total, THREADS * MESSAGES);
	for (int i = 0; i < THREADS; i++)
		mailbox_disconnect(w[i].session);
	harness_free(h);
}

static void *open_inbox(void *arg)
{
	struct worker *w = arg;
	struct arena *a = arena_new(0);
	const union rop_req req = { .open_folder = {
		.folder_id = w->folder } };
	union rop_rsp rsp;
	enum ec ec = call(w->session, a, ROP_ID_open_folder, 0, &req, &rsp,
			  NULL, &w->notified);

	w->ec = ec;
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	arena_free(a);
	return NULL;
}

/* Ten may wait for a mailbox; more are refused at once. */
static void test_busy(void **state)
{
	struct harness *h = harness_new();
	struct worker w[WAITERS];
	struct store *store;
	unsigned busy = 0, fine = 0;
	enum ec ec;

	(void)harness_logon(h, h->alice, 0, ALICE_DN);
	store = harness_store(h, ALICE_DN);
	memset(w, 0, sizeof w);
	for (int i = 0; i < WAITERS; i++) {
		w[i].folder = inbox_of(h);
		w[i].session = harness_connect(h, h->alice_id, ALICE_DN, 0,
					       &ec);
		(void)harness_logon(h, w[i].session, 0, ALICE_DN);
	}
	assert_int_equal(store_lock(store), EC_SUCCESS);
	for (int i = 0; i < WAITERS; i++)
		assert_int_equal(pthread_create(&w[i].thread, NULL,
						open_inbox, &w[i]), 0);
	/* Two of them come back without the lock being given up. */
	while (busy < WAITERS - 10) {
		busy = 0;
		for (int i = 0; i < WAITERS; i++)
			busy += __atomic_load_n(&w[i].done, __ATOMIC_ACQUIRE);
		sched_yield();
	}
	store_unlock(store);
	busy = 0;
	for (int i = 0; i < WAITERS; i++) {
		pthread_join(w[i].thread, NULL);
		busy += w[i].ec == EC_SERVER_BUSY;
		fine += w[i].ec == EC_SUCCESS;
		mailbox_disconnect(w[i].session);
	}
	assert_int_equal(busy, WAITERS - 10);
	assert_int_equal(fine, 10);
	store_put(store);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
