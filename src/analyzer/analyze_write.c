/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing: a message is made in the Inbox, its coming is seen through
 * NotificationWait in a second session, and it is deleted for good.
 */
#include <pthread.h>
#include <string.h>

#include "analyzer/analyze_impl.h"
#include "base/clock.h"

enum { WAIT_MS = 30000 };

/* The second session, which waits on a thread of its own. */
struct watcher {
	struct mapi_client *client;
	struct arena *arena;
	pthread_t thread;
	bool ok, event;
	double waited;            /* ms */
	struct err err;
};

static void *watch(void *ctx)
{
	struct watcher *w = ctx;
	struct mapi_answer answer;
	uint64_t began = clock_ns();

	w->ok = mapi_client_wait(w->client, WAIT_MS, w->arena, &answer,
				 &w->event, &w->err);
	w->waited = (double)(clock_ns() - began) / 1e6;
	return NULL;
}

static bool register_on(struct analysis *a, struct watcher *w,
			uint32_t logon, struct err *err)
{
	union rop_req req = { .register_notification = {
		.notification_types = 0x0004,   /* ObjectCreated */
		.want_whole_store = false, .folder_id = a->inbox } };
	uint32_t subscription;

	return mapi_client_rop(w->client, a->arena,
			       ROP_ID_register_notification, 0, logon, &req,
			       &subscription, NULL, err);
}

static bool step_second_session(struct analysis *a, struct watcher *w)
{
	struct mapi_answer answer;
	uint32_t logon;
	struct err err;

	report_begin(a->r, "Opening a second session that waits for "
		     "notifications.");
	w->client = new_client(a);
	if (!mapi_client_connect(w->client, a->o->user_dn, 0, a->arena,
				 &answer, NULL, &err) ||
	    !logon_with(a, w->client, &logon, NULL, &err) ||
	    !register_on(a, w, logon, &err))
		return step_failed(a, &err);
	if (pthread_create(&w->thread, NULL, watch, w) != 0)
		return report_end(a->r, STEP_ERROR, "No thread can be made.");
	return report_end(a->r, STEP_SUCCESS, "The session waits.");
}

static bool make_message(struct analysis *a, uint64_t *id, struct err *err)
{
	const struct prop_value values[] = {
		{ .tag = PID_TAG_MESSAGE_CLASS, .str = "IPM.Note" },
		{ .tag = PID_TAG_SUBJECT,
		  .str = "Posthouse connectivity test" },
		{ .tag = PID_TAG_BODY, .str = "This message was made by a "
		  "connectivity test, which deletes it again.\r\n" },
		{ .tag = PID_TAG_MESSAGE_DELIVERY_TIME,
		  .time = filetime_now() },
	};
	union rop_req create = { .create_message = { .code_page_id = 0x0fff,
		.folder_id = a->inbox } };
	union rop_req set = { .set_properties = { .property_values = {
		.n = sizeof values / sizeof *values, .v = values } } };
	union rop_req save = { .save_changes_message = {
		.save_flags = 0x01 } };
	struct rop_batch b;
	struct rop_results results;
	struct mapi_answer answer;
	union rop_rsp rsp;
	uint8_t logon, message;

	rop_batch_init(&b, a->arena);
	logon = rop_batch_handle(&b, a->logon);
	message = rop_batch_output(&b);
	rop_batch_add(&b, ROP_ID_create_message, 0, logon, message, &create);
	rop_batch_add(&b, ROP_ID_set_properties, 0, message, 0, &set);
	rop_batch_add(&b, ROP_ID_save_changes_message, 0, message, message,
		      &save);
	if (!mapi_client_execute(a->client, &b, &answer, &results, err) ||
	    !rop_results_expect(&results, ROP_ID_create_message, &rsp, err) ||
	    !rop_results_expect(&results, ROP_ID_set_properties, &rsp, err) ||
	    !rop_results_expect(&results, ROP_ID_save_changes_message, &rsp,
				err))
		return false;
	*id = rsp.save_changes_message.message_id;
	if (message < results.n_handles)
		release(a, results.handles[message]);
	return true;
}

static bool step_create(struct analysis *a, uint64_t *id)
{
	struct err err;

	report_begin(a->r, "Creating a message in the Inbox.");
	if (!make_message(a, id, &err))
		return step_failed(a, &err);
	return report_end(a->r, STEP_SUCCESS, "The message was saved.");
}

/* After the wait an Execute brings what is pending ([MS-OXCNOTIF] 3.2.5.5). */
static bool fetch_notification(struct analysis *a, struct watcher *w,
			       uint64_t id, struct err *err)
{
	struct rop_batch b;
	struct rop_results results;
	struct rop_answer rop;
	struct mapi_answer answer;
	union rop_rsp rsp;

	rop_batch_init(&b, a->arena);
	if (!mapi_client_execute(w->client, &b, &answer, &results, err))
		return false;
	while (rop_results_next(&results, &rop, &rsp, err))
		if (rop.rop_id == ROP_ID_notify &&
		    rsp.notify.message_id == id)
			return true;
	return err_set(err, EC_NOT_FOUND, "The wait ended, but no "
		       "notification of the new message came.");
}

static bool step_announced(struct analysis *a, struct watcher *w,
			   uint64_t id)
{
	struct err err;

	report_begin(a->r, "Waiting for the second session to be told of it "
		     "(NotificationWait).");
	pthread_join(w->thread, NULL);
	if (!w->ok)
		return step_failed(a, &w->err);
	report_detail(a->r, "The wait lasted %.1f ms.", w->waited);
	if (!w->event)
		return report_end(a->r, STEP_ERROR, "The wait ended without "
				  "an event.");
	if (id != 0 && !fetch_notification(a, w, id, &err))
		return step_failed(a, &err);
	return report_end(a->r, STEP_SUCCESS,
			  "The new message was announced.");
}

static bool step_delete(struct analysis *a, uint64_t id)
{
	union rop_req req = { .hard_delete_messages = {
		.message_ids = { .n = 1, .v = &id } } };
	union rop_rsp rsp;
	uint32_t inbox;
	struct err err;

	report_begin(a->r, "Deleting the message.");
	if (!open_folder(a, a->inbox, &inbox, &err) ||
	    !mapi_client_rop(a->client, a->arena,
			     ROP_ID_hard_delete_messages, 0, inbox, &req,
			     NULL, &rsp, &err))
		return step_failed(a, &err);
	release(a, inbox);
	if (rsp.hard_delete_messages.partial_completion)
		return report_end(a->r, STEP_ERROR,
				  "The message could not be deleted.");
	return report_end(a->r, STEP_SUCCESS, "The message is gone.");
}

static bool with_watcher(struct analysis *a, struct watcher *w)
{
	struct mapi_answer answer;
	uint64_t id = 0;
	struct err err;
	bool made, ok;

	if (!step_second_session(a, w))
		return false;
	made = ok = step_create(a, &id);
	ok = step_announced(a, w, id) && ok;
	if (made)
		ok = step_delete(a, id) && ok;
	mapi_client_disconnect(w->client, a->arena, &answer, &err);
	return ok;
}

bool step_write(struct analysis *a)
{
	struct watcher w = { .arena = arena_new(0) };
	bool ok;

	report_begin(a->r, "Making a message and seeing it announced.");
	ok = with_watcher(a, &w);
	mapi_client_free(w.client);
	arena_free(w.arena);
	return report_end(a->r, ok ? STEP_SUCCESS : STEP_ERROR, "%s", ok ?
			  "Writing and notifications work." :
			  "Writing or notifications failed.");
}
