/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/ops.h"
#include "base/clock.h"
#include "mapi/id.h"
#include "store/store.h"

/* Finding -------------------------------------------------------------- */

static bool find(struct admin_daemon *daemon, const char *text,
		 struct arena *arena, struct dir_mailbox *out, struct err *err)
{
	struct guid guid;

	if (text == NULL || !guid_parse(text, &guid))
		return err_set(err, EC_INVALID_PARAM, "the operation names no "
			       "mailbox");
	if (!directory_mailbox(daemon->directory, &guid, arena, out))
		return err_set(err, EC_NOT_FOUND, "there is no mailbox %s",
			       text);
	if (!out->local)
		return err_set(err, EC_WRONG_SERVER, "the mailbox of %s is on "
			       "the server %s; run this there", out->address,
			       out->server_fqdn);
	return true;
}

bool admin_find_mailbox(struct admin_daemon *daemon, const json_t *args,
			struct arena *arena, struct dir_mailbox *out,
			struct err *err)
{
	/* The command may have made it a moment ago. */
	return directory_poll(daemon->directory, NULL, err) &&
		find(daemon, json_string_value(json_object_get(args,
							       "mailbox")),
		     arena, out, err);
}

bool admin_open_mailbox(struct admin_daemon *daemon, const json_t *args,
			struct store **out, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_mailbox m;
	bool ok;

	ok = admin_find_mailbox(daemon, args, arena, &m, err) &&
		store_get(daemon->pool, m.path, out, err) == EC_SUCCESS;
	arena_free(arena);
	return ok;
}

/* Open and locked; paired with leave. */
static bool enter(struct admin_request *rq, const json_t *args,
		  struct store **out, struct err *err)
{
	struct store *store;

	if (!admin_open_mailbox(admin_context(rq), args, &store, err))
		return false;
	if (store_lock(store) != EC_SUCCESS) {
		store_put(store);
		return err_set(err, EC_SERVER_BUSY, "too many wait for the "
			       "mailbox; try again");
	}
	*out = store;
	return true;
}

static void leave(struct store *store)
{
	store_unlock(store);
	store_put(store);
}

/* Operations ----------------------------------------------------------- */

static struct store_quota quota_of(const struct dir_mailbox *m)
{
	return (struct store_quota){ .warn = m->quota.warn * 1024,
		.no_send = m->quota.no_send * 1024,
		.no_receive = m->quota.no_receive * 1024 };
}

static bool apply_quota(struct admin_request *rq, const json_t *args,
			const struct dir_mailbox *m, struct err *err)
{
	struct store_quota quota = quota_of(m);
	struct store *store;
	enum ec ec;

	if (!enter(rq, args, &store, err))
		return false;
	ec = store_set_quota(store, &quota);
	leave(store);
	if (ec != EC_SUCCESS)
		return err_set(err, ec, "cannot set the quotas of %s: %s",
			       m->path, ec_text(ec));
	return true;
}

/* The folder of the mailbox database may be missing: a new disk, say. */
static bool make_folder(const char *file, struct err *err)
{
	char folder[4096];
	const char *slash = strrchr(file, '/');

	if (slash == NULL || (size_t)(slash - file) >= sizeof folder)
		return true;
	memcpy(folder, file, (size_t)(slash - file));
	folder[slash - file] = '\0';
	if (mkdir(folder, 0700) == 0 || errno == EEXIST)
		return true;
	return err_set(err, EC_DISK_ERROR, "cannot make the folder %s of the "
		       "mailbox database: %s", folder, strerror(errno));
}

static bool create(struct admin_request *rq, const json_t *args,
		   json_t **result, struct err *err)
{
	struct admin_daemon *daemon = admin_context(rq);
	struct arena *arena = arena_new(0);
	struct dir_mailbox m;
	bool ok;

	ok = admin_find_mailbox(daemon, args, arena, &m, err) &&
		make_folder(m.path, err) &&
		store_create(daemon->pool, m.path,
			     &(struct store_create_params){
				.mailbox_guid = m.guid, .lcid = m.lcid,
				.display_name = m.display_name }, err) &&
		apply_quota(rq, args, &m, err);
	if (ok)
		*result = json_pack("{s:s}", "path", m.path);
	arena_free(arena);
	return ok;
}

static bool set_quota(struct admin_request *rq, const json_t *args,
		      json_t **result, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct dir_mailbox m;
	bool ok;

	ok = admin_find_mailbox(admin_context(rq), args, arena, &m, err) &&
		apply_quota(rq, args, &m, err);
	arena_free(arena);
	return ok;
}

static void tell_finding(void *ctx, const char *text)
{
	admin_progress(ctx, json_pack("{s:s}", "finding", text));
}

static bool check(struct admin_request *rq, const json_t *args,
		  json_t **result, struct err *err)
{
	bool repair = json_is_true(json_object_get(args, "repair"));
	struct store *store;
	uint32_t problems = 0;
	bool ok;

	if (!enter(rq, args, &store, err))
		return false;
	ok = store_check(store, repair, tell_finding, rq, &problems, err);
	leave(store);
	if (ok)
		*result = json_pack("{s:I}", "problems",
				    (json_int_t)problems);
	return ok;
}

static bool backup(struct admin_request *rq, const json_t *args,
		   json_t **result, struct err *err)
{
	const char *path = json_string_value(json_object_get(args, "path"));
	struct store *store;
	bool ok;

	if (path == NULL || path[0] != '/')
		return err_set(err, EC_INVALID_PARAM, "a backup needs an "
			       "absolute path");
	if (!enter(rq, args, &store, err))
		return false;
	ok = store_backup(store, path, err);
	leave(store);
	return ok;
}

static bool purge(struct admin_request *rq, const json_t *args,
		  json_t **result, struct err *err)
{
	json_int_t days = json_integer_value(json_object_get(args, "days"));
	uint64_t before = filetime_now();
	struct store *store;
	uint32_t purged = 0;
	enum ec ec;

	if (days < 0 || days > 36500)
		return err_set(err, EC_INVALID_PARAM, "days must be from 0 to "
			       "36500");
	if (!enter(rq, args, &store, err))
		return false;
	before -= (uint64_t)days * 86400 * 10000000;
	ec = store_purge(store, before, 0, &purged);
	leave(store);
	if (ec != EC_SUCCESS)
		return err_set(err, ec, "cannot purge: %s", ec_text(ec));
	*result = json_pack("{s:I}", "purged", (json_int_t)purged);
	return true;
}

static const char *quota_name(enum store_quota_state state)
{
	static const char *const names[] = { "ok", "warn", "no_send",
					     "no_receive" };

	return (size_t)state < 4 ? names[state] : "unknown";
}

static bool mailbox_status(struct admin_request *rq, const json_t *args,
			   json_t **result, struct err *err)
{
	struct store *store;

	if (!admin_open_mailbox(admin_context(rq), args, &store, err))
		return false;
	*result = json_pack("{s:I,s:s,s:I}", "size",
			    (json_int_t)store_size(store), "quota_state",
			    quota_name(store_quota_state(store)),
			    "last_change_number",
			    (json_int_t)id_counter(
				store_last_change_number(store)));
	store_put(store);
	return true;
}

static bool close_mailbox(struct admin_request *rq, const json_t *args,
			  json_t **result, struct err *err)
{
	struct admin_daemon *daemon = admin_context(rq);
	struct arena *arena = arena_new(0);
	struct dir_mailbox m;
	bool ok = admin_find_mailbox(daemon, args, arena, &m, err);

	if (ok && store_pool_close(daemon->pool, m.path) == EC_SERVER_BUSY)
		ok = err_set(err, EC_SERVER_BUSY, "the mailbox of %s is in "
			     "use; disable it and wait for its sessions to "
			     "end", m.address);
	arena_free(arena);
	return ok;
}

static bool status(struct admin_request *rq, const json_t *args,
		   json_t **result, struct err *err)
{
	struct admin_daemon *daemon = admin_context(rq);
	struct store_pool_stats pool;

	store_pool_stats(daemon->pool, &pool);
	*result = json_pack("{s:{s:i,s:i,s:I,s:I}}", "mailboxes",
			    "open", (int)pool.open, "in_use",
			    (int)pool.in_use, "opened",
			    (json_int_t)pool.opened, "evicted",
			    (json_int_t)pool.evicted);
	if (daemon->status != NULL)
		daemon->status(daemon->status_ctx, *result);
	return true;
}

const struct admin_op admin_mailbox_ops[] = {
	{ "mailbox.create", create },
	{ "mailbox.check", check },
	{ "mailbox.backup", backup },
	{ "mailbox.purge", purge },
	{ "mailbox.quota", set_quota },
	{ "mailbox.status", mailbox_status },
	{ "mailbox.close", close_mailbox },
	{ "status", status },
	{ NULL, NULL },
};
