/* SPDX-License-Identifier: Apache-2.0 */
/* Connect and Disconnect ([MS-OXCMAPIHTTP] 2.2.4.1, [MS-OXCRPC] 3.1.4.1). */
#include "harness.h"

#include "mapi/aux.h"
#include "mapi/ext_buffer.h"

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

static struct connect_req request(const char *dn, uint32_t flags)
{
	return (struct connect_req){
		.user_dn = dn, .flags = flags, .default_code_page = 1252,
		.lcid_sort = 0x0409, .lcid_string = 0x0409,
	};
}

static enum ec try(struct harness *h, const struct identity *who,
		   const struct connect_req *req)
{
	struct connect_rsp rsp;
	struct session *session = NULL;
	enum ec ec = mailbox_connect(h->svc, who, req, h->arena, &rsp,
				     &session);

	assert_int_equal(rsp.error_code, (uint32_t)ec);
	assert_int_equal(rsp.status_code, 0);
	assert_int_equal(session != NULL, ec == EC_SUCCESS);
	mailbox_disconnect(session);
	return ec;
}

static enum ec try_dn(struct harness *h, const struct identity *who,
		      const char *dn, uint32_t flags)
{
	struct connect_req req = request(dn, flags);

	return try(h, who, &req);
}

/* What a client is told: name, polling, auxiliary blocks. */
static void test_answer(void **state)
{
	struct harness *h = *state;
	struct connect_req req = request(ALICE_DN, 0);
	struct connect_rsp rsp;
	struct session *session;
	struct ext_payloads aux;

	assert_int_equal(mailbox_connect(h->svc, h->alice_id, &req, h->arena,
					 &rsp, &session), EC_SUCCESS);
	assert_string_equal(rsp.display_name, "alice");
	assert_string_equal(rsp.dn_prefix, "");
	assert_int_equal(rsp.polls_max, 60000);
	assert_int_equal(rsp.retry_count, 6);
	assert_int_equal(rsp.retry_delay, 10000);
	/* AUX_EXORGINFO: no public folders (2.2.2.2.17) */
	assert_true(ext_buffer_decode(&rsp.auxiliary_buffer, h->arena, 1,
				      &aux));
	assert_hex(aux.v[0].data.data, aux.v[0].data.len, "08000117 00000000");
	assert_int_equal(mailbox_service_sessions(h->svc), 2);
	mailbox_disconnect(session);
	assert_int_equal(mailbox_service_sessions(h->svc), 1);
	mailbox_disconnect(NULL);
}

/* Return Values of [MS-OXCRPC] 3.1.4.1 */
static void test_refusals(void **state)
{
	struct harness *h = *state;

	assert_int_equal(try_dn(h, h->alice_id, "", 0), EC_ACCESS_DENIED);
	assert_int_equal(try_dn(h, h->alice_id, USER_DN("nobody"), 0),
			 EC_UNKNOWN_USER);
	assert_int_equal(try_dn(h, h->alice_id, BOB_DN, 0), EC_ACCESS_DENIED);
	assert_int_equal(try_dn(h, h->alice_id, ALICE_DN, 1), EC_LOGIN_PERM);
	assert_int_equal(h->n_events, 4);
	for (unsigned i = 0; i < h->n_events; i++)
		assert_int_equal(h->events[i], MAILBOX_LOGON_REFUSED);
}

static void test_admin(void **state)
{
	struct harness *h = *state;

	assert_int_equal(try_dn(h, h->admin_id, ADMIN_DN, 0), EC_SUCCESS);
	assert_int_equal(try_dn(h, h->admin_id, ADMIN_DN, 1), EC_SUCCESS);
	assert_int_equal(try_dn(h, h->admin_id, ALICE_DN, 0), EC_SUCCESS);
	/* Without a mailbox only as administrator. */
	assert_int_equal(try_dn(h, h->admin_id, DAVE_DN, 0), EC_UNKNOWN_USER);
	assert_int_equal(try_dn(h, h->admin_id, DAVE_DN, 1), EC_SUCCESS);
}

/* cbAuxIn: too large, and smaller than a header */
static void test_aux_sizes(void **state)
{
	static const uint8_t zeros[0x1009];
	struct harness *h = *state;
	struct connect_req req = request(ALICE_DN, 0);

	req.auxiliary_buffer = (struct bin){ zeros, 7 };
	assert_int_equal(try(h, h->alice_id, &req), EC_RPC_FAILED);
	req.auxiliary_buffer.len = sizeof zeros;
	assert_int_equal(try(h, h->alice_id, &req), EC_RPC_FAILED);
}

static int setup_few(void **state)
{
	*state = harness_new_limits(&(struct mailbox_limits){
		.sessions_user = 4, .contexts_user = 8 });
	return 0;
}

/* Contexts of a user, logged on or not, and far more for administrators */
static void test_context_limit(void **state)
{
	struct harness *h = *state;
	struct connect_req req = request(ALICE_DN, 0);
	struct session *more[7], *admin[20], *none = NULL;
	const struct aux_block *trace;
	struct aux_blocks blocks;
	struct connect_rsp rsp;
	enum ec ec;

	for (int i = 0; i < 7; i++)
		more[i] = harness_connect(h, h->alice_id, ALICE_DN, 0, &ec);
	assert_int_equal(ec, EC_SUCCESS);
	assert_int_equal(mailbox_connect(h->svc, h->alice_id, &req, h->arena,
					 &rsp, &none), EC_MAX_OBJS_EXCEEDED);
	assert_null(none);
	assert_int_equal(h->events[h->n_events - 1], MAILBOX_SESSION_LIMIT);
	assert_true(aux_buffer_decode(&rsp.auxiliary_buffer, h->arena,
				      &blocks));
	trace = aux_find(&blocks, AUX_TYPE_EXCEPTION_TRACE);
	assert_non_null(trace);
	assert_string_equal(trace->exception_trace.trace,
		"Diagnostic context:\r\n"
		"    Lid: 70003   Request: Connect\r\n"
		"    Lid: 70013   dwParam: 0x8 Msg: MoMT\r\n"
		"    Lid: 70014   dwParam: 0x9\r\n"
		"    Lid: 70001   StoreEc: 0x4DE\r\n"
		"    Lid: 70002   dwParam: 0x4DE Msg: ecMaxObjsExceeded: "
		"too many open objects or sessions\r\n"
		"    Lid: 70004   dwParam: 0x0 Msg: MX1\r\n");
	/* Others are not held back, and one that ends makes room. */
	for (int i = 0; i < 20; i++)
		admin[i] = harness_connect(h, h->admin_id, ADMIN_DN, 0, &ec);
	assert_int_equal(ec, EC_SUCCESS);
	mailbox_disconnect(more[0]);
	more[0] = harness_connect(h, h->alice_id, ALICE_DN, 0, &ec);
	assert_int_equal(ec, EC_SUCCESS);
	for (int i = 0; i < 7; i++)
		mailbox_disconnect(more[i]);
	for (int i = 0; i < 20; i++)
		mailbox_disconnect(admin[i]);
	assert_int_equal(mailbox_service_sessions(h->svc), 1);
}

/* A further session on an open mailbox: at most 16 KB. */
static void test_session_size(void **state)
{
	struct harness *h = *state;
	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);

	(void)open_special(h, h->alice, logon, SPECIAL_INBOX);
	assert_true(mailbox_session_size(h->alice) < 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_admin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_aux_sizes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_context_limit,
						setup_few, teardown),
		cmocka_unit_test_setup_teardown(test_session_size, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
