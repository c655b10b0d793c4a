/* SPDX-License-Identifier: Apache-2.0 */
/* message.append and message.export: mail through the socket. */
#include "admin/mail.h"
#include "admin/mail_tree.h"
#include "admin/ops.h"
#include "store/folder.h"

enum {
	MESSAGE_MAX = 512 << 20,          /* bytes of one message */
	LIST = 256,                       /* IDs read at a time */
	DATA_PIECE = ADMIN_DATA_MAX,
};

static const char *text_of(const json_t *args, const char *key,
			   const char *otherwise)
{
	const char *s = json_string_value(json_object_get(args, key));

	return s != NULL ? s : otherwise;
}

/* ---- message.append ---- */

struct append {
	struct store *store;
	uint64_t folder_id;
	json_int_t imported, failed;
};

static bool append_one(struct append *a, const struct buf *item,
		       struct err *err)
{
	struct arena *arena = arena_new(16384);
	struct mime_message *m;
	bool ok = mail_tree_decode(item->data, item->len, arena, &m, err) &&
		mail_append(a->store, a->folder_id, m, NULL, err);

	arena_free(arena);
	return ok;
}

/* One that fails is told of and passed over; a full disk ends it. */
static bool append_all(struct admin_request *rq, struct append *a,
		       struct err *err)
{
	struct buf item = BUF_INIT;
	bool end = false, ok = true;

	while (ok && !admin_cancelled(rq)) {
		struct err why;

		ok = admin_receive(rq, MESSAGE_MAX, &item, &end, err);
		if (!ok || end)
			break;
		if (append_one(a, &item, &why)) {
			a->imported++;
			continue;
		}
		a->failed++;
		if (why.ec == EC_DISK_ERROR || why.ec == EC_QUOTA_EXCEEDED) {
			*err = why;
			ok = false;
		} else {
			ok = admin_progress(rq, json_pack("{s:I, s:s}",
				"failed", a->imported + a->failed,
				"text", why.text));
		}
	}
	buf_free(&item);
	return ok;
}

static bool op_append(struct admin_request *rq, const json_t *args,
		      json_t **result, struct err *err)
{
	struct append a = { .imported = 0 };
	bool ok;

	if (!admin_open_mailbox(admin_context(rq), args, &a.store, err))
		return false;
	ok = mail_folder(a.store, text_of(args, "folder", "Inbox"),
			 json_is_true(json_object_get(args, "create")),
			 &a.folder_id, err) &&
		append_all(rq, &a, err);
	store_put(a.store);
	if (!ok)
		return false;
	*result = json_pack("{s:I, s:I}", "imported", a.imported,
			    "failed", a.failed);
	return true;
}

/* ---- message.export ---- */

struct export {
	struct admin_request *rq;
	struct store *store;
	json_int_t exported;
};

static bool send_all(struct admin_request *rq, const struct buf *item,
		     struct err *err)
{
	for (size_t at = 0; at < item->len; at += DATA_PIECE) {
		size_t left = item->len - at;

		if (!admin_send(rq, item->data + at, left < DATA_PIECE ?
				left : DATA_PIECE, err))
			return false;
	}
	return admin_send(rq, NULL, 0, err);
}

static bool export_one(struct export *x, const struct mail_folder *folder,
		       uint64_t id, struct err *err)
{
	struct arena *arena = arena_new(16384);
	struct buf item = BUF_INIT;
	struct mime_message *m;
	const struct prop_value *subject;
	bool ok;

	ok = mail_fetch(x->store, id, arena, &m, err) &&
		mail_tree_encode(m, &item, err);
	if (ok) {
		subject = prop_find(&m->props, PID_TAG_SUBJECT);
		ok = admin_progress(x->rq, json_pack("{s:s, s:s, s:I}",
			"folder", folder->path, "subject",
			/* A client may have stored another type. */
			subject != NULL && subject->tag == PID_TAG_SUBJECT ?
			subject->str : "",
			"number", ++x->exported)) &&
			send_all(x->rq, &item, err);
		if (!ok)
			err_set(err, EC_ERROR, "the client has left");
	} else if (err->ec == EC_NOT_FOUND) {
		ok = true;      /* deleted since it was listed */
	}
	buf_free(&item);
	arena_free(arena);
	return ok;
}

static bool export_folder(struct export *x, const struct mail_folder *folder,
			  struct err *err)
{
	uint64_t ids[LIST], after = 0;
	size_t n;

	do {
		if (store_lock(x->store) != EC_SUCCESS)
			return err_set(err, EC_SERVER_BUSY,
				       "the mailbox is busy: try again");
		n = messages_list(x->store, folder->id, false, false, after,
				  ids, LIST);
		store_unlock(x->store);
		for (size_t i = 0; i < n; i++)
			if (admin_cancelled(x->rq) ||
			    !export_one(x, folder, ids[i], err))
				return false;
		if (n > 0)
			after = ids[n - 1];
	} while (n == LIST);
	return true;
}

static bool export_all(struct export *x, const json_t *args, struct err *err)
{
	const char *path = text_of(args, "folder", "");
	bool deep = json_is_true(json_object_get(args, "deep"));
	struct arena *arena = arena_new(0);
	struct mail_folder *folders;
	uint64_t id;
	size_t n = 0;
	bool ok;

	ok = mail_folder(x->store, path, false, &id, err) &&
		mail_folders(x->store, id, path, deep, arena, &folders, &n,
			     err);
	for (size_t i = 0; i < n && ok; i++)
		ok = export_folder(x, &folders[i], err);
	arena_free(arena);
	return ok;
}

static bool op_export(struct admin_request *rq, const json_t *args,
		      json_t **result, struct err *err)
{
	struct export x = { .rq = rq };
	bool ok;

	if (!admin_open_mailbox(admin_context(rq), args, &x.store, err))
		return false;
	ok = export_all(&x, args, err);
	store_put(x.store);
	if (ok)
		*result = json_pack("{s:I}", "exported", x.exported);
	return ok;
}

const struct admin_op admin_mail_ops[] = {
	{ "message.append", op_append },
	{ "message.export", op_export },
	{ NULL, NULL },
};
