/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on a session and a logon. */
#include <string.h>

#include "analyzer/bench_impl.h"

bool prepare_connection(struct bench_worker *w, struct err *err)
{
	w->session = bench_session_new(w->target, 0, err);
	return w->session != NULL;
}

bool prepare_logon(struct bench_worker *w, struct err *err)
{
	return prepare_connection(w, err) &&
		bench_session_connect(w->session, w->o->user_dn, w->arena,
				      err) &&
		bench_session_logon(w->session, w->o->user_dn, w->arena,
				    &w->logon, &w->logon_rsp, err);
}

/* The same ROP each time: encode it once. */
static bool prepare_rop(struct bench_worker *w, uint8_t rop_id,
			uint32_t handle, const union rop_req *req,
			struct err *err)
{
	if (!prepare_logon(w, err))
		return false;
	if (handle == 0)
		handle = w->logon;
	bench_batch_init(&w->batch, w->arena);
	rop_batch_add(&w->batch, rop_id, 0,
		      rop_batch_handle(&w->batch, handle), 0, req);
	return rop_batch_encode(&w->batch, &w->request, err);
}

/* A handle that is none may be released: it is ignored. */
bool prepare_release(struct bench_worker *w, struct err *err)
{
	union rop_req req;

	memset(&req, 0, sizeof req);
	return prepare_rop(w, ROP_ID_release, ROP_HANDLE_NONE, &req, err);
}

bool prepare_receive_folder(struct bench_worker *w, struct err *err)
{
	union rop_req req = { .get_receive_folder = {
		.message_class = "IPM.Note" } };

	return prepare_rop(w, ROP_ID_get_receive_folder, 0, &req, err);
}

bool prepare_properties(struct bench_worker *w, struct err *err)
{
	static const uint32_t tags[] = { PID_TAG_MAILBOX_OWNER_NAME,
		PID_TAG_MAILBOX_OWNER_ENTRY_ID,
		PID_TAG_MESSAGE_SIZE_EXTENDED };
	union rop_req req = { .get_properties_specific = {
		.want_unicode = 1, .property_tags = { 3, tags } } };

	return prepare_rop(w, ROP_ID_get_properties_specific, 0, &req, err);
}

/* Every answer in the batch must be a success. */
static bool check_results(struct rop_results *results, struct err *err)
{
	struct rop_answer answer;
	union rop_rsp rsp;

	while (rop_results_next(results, &answer, &rsp, err))
		if (answer.return_value != EC_SUCCESS)
			return err_set(err, answer.return_value,
				       "%s failed with %s",
				       rop_name(answer.rop_id),
				       ec_name(answer.return_value));
	return err->ec == EC_NOT_FOUND;
}

bool operate_execute(struct bench_worker *w, uint64_t *units,
		     struct err *err)
{
	struct rop_batch b = w->batch;
	struct rop_results results;
	struct bin body;

	b.arena = b.codec.prop.arena = w->scratch;
	++*units;
	return bench_session_call(w->session, "Execute", &w->request, &body,
				  err) &&
		rop_results_decode(&b, &body, &results, err) &&
		check_results(&results, err);
}

bool operate_ping(struct bench_worker *w, uint64_t *units, struct err *err)
{
	++*units;
	return bench_session_call(w->session, "PING", NULL, NULL, err);
}

bool prepare_cycle(struct bench_worker *w, struct err *err)
{
	bench_batch_init(&w->batch, w->arena);
	return bench_logon_body(w->o->user_dn, &w->batch, &w->request, err) &&
		prepare_connection(w, err);
}

bool operate_cycle(struct bench_worker *w, uint64_t *units, struct err *err)
{
	return bench_session_connect(w->session, w->o->user_dn, w->scratch,
				     err) &&
		operate_execute(w, units, err) &&
		bench_session_disconnect(w->session, err);
}
