/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the directory and following what other processes change. */
#include "directory/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "directory/impl.h"
#include "directory/transaction.h"

enum { FOLLOW_MS = 250 };

/* Making --------------------------------------------------------------- */

static bool insert_org(sqlite3 *db, const struct dir_org *org, struct err *err)
{
	struct guid guid = guid_is_null(&org->guid) ? guid_new() : org->guid;

	if (!sql_do(db, err, "INSERT INTO organisation (id, guid, name, "
		    "change) VALUES (1, ?, ?, 1)", "gs", &guid, org->name))
		return false;
	for (size_t i = 0; i < org->domain_count; i++)
		if (!sql_do(db, err, "INSERT INTO domain (name, position) "
			    "VALUES (?, ?)", "si", org->domains[i],
			    (int64_t)i))
			return false;
	return true;
}

static bool fill_new(const char *path, const struct dir_org *org,
		     struct err *err)
{
	sqlite3 *db;
	bool ok;

	if (!sql_open(path, &db, err))
		return false;
	ok = sql_migrate(db, SQL_SCHEMA, err) &&
		sql_run(db, "BEGIN IMMEDIATE", err) &&
		insert_org(db, org, err) && sql_run(db, "COMMIT", err);
	sqlite3_close(db);
	return ok;
}

bool directory_create(const char *path, const struct dir_org *org,
		      struct err *err)
{
	int fd;

	if (!dir_check_org(org, err))
		return false;
	/* Ours alone: it holds the password hashes. */
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, EC_ERROR, "cannot make the directory %s: "
			       "%s%s", path, strerror(errno),
			       errno == EEXIST ? "; remove it first if it may "
			       "go" : "");
	close(fd);
	if (fill_new(path, org, err))
		return true;
	unlink(path);
	return false;
}

/* Opening -------------------------------------------------------------- */

static char *folder_of(const char *path)
{
	char real[PATH_MAX];
	char *slash;

	if (realpath(path, real) == NULL)
		snprintf(real, sizeof real, "%s", path);
	slash = strrchr(real, '/');
	if (slash == NULL)
		return xstrdup(".");
	*slash = '\0';
	return xstrdup(real);
}

static bool data_version(struct directory *dir, int64_t *out, struct err *err)
{
	return sql_number(dir->db, 0, out, err, "PRAGMA data_version", "");
}

/* Read the database anew.  db_lock is held. */
static bool reload(struct directory *dir, struct err *err)
{
	struct snapshot *snap, *old;
	int64_t version;

	/* Before the load: what changes in between is seen next time. */
	if (!data_version(dir, &version, err))
		return false;
	if (!snapshot_load(dir->db, dir->base, dir->server_name, &snap, err))
		return false;
	dir->data_version = version;
	pthread_rwlock_wrlock(&dir->snap_lock);
	old = dir->snap;
	dir->snap = snap;
	atomic_store(&dir->change, snap->change);
	/* Not before: another thread would look into the old one. */
	atomic_store(&dir->stale, false);
	pthread_rwlock_unlock(&dir->snap_lock);
	snapshot_free(old);
	return true;
}

static bool open_database(struct directory *dir, const char *path,
			  struct err *err)
{
	int have;

	if (!sql_open(path, &dir->db, err) ||
	    !sql_schema(dir->db, &have, err))
		return false;
	if (have == 0)
		return err_set(err, EC_CORRUPT_STORE, "%s is not a directory "
			       "of Posthouse", path);
	if (have < SQL_SCHEMA && !sql_migrate(dir->db, SQL_SCHEMA, err))
		return false;
	if (!audit_functions(dir->db, err))
		return false;
	return reload(dir, err);
}

static void init_locks(struct directory *dir)
{
	pthread_rwlockattr_t prefer;
	pthread_condattr_t attr;

	pthread_mutex_init(&dir->db_lock, NULL);
	/* Else a stream of look-ups keeps a change out for ever. */
	pthread_rwlockattr_init(&prefer);
	pthread_rwlockattr_setkind_np(&prefer,
			PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&dir->snap_lock, &prefer);
	pthread_rwlockattr_destroy(&prefer);
	pthread_mutex_init(&dir->follow_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&dir->follow_wake, &attr);
	pthread_condattr_destroy(&attr);
}

bool directory_open(const char *path, const char *server_name,
		    struct directory **out, struct err *err)
{
	struct directory *dir = xcalloc(1, sizeof *dir);

	init_locks(dir);
	dir->base = folder_of(path);
	dir->server_name = server_name != NULL ? xstrdup(server_name) : NULL;
	dir->who = audit_process_user();
	dir->cmdlet = xstrdup("");
	if (!open_database(dir, path, err)) {
		directory_close(dir);
		return false;
	}
	*out = dir;
	return true;
}

static void stop_following(struct directory *dir)
{
	pthread_mutex_lock(&dir->follow_lock);
	dir->stop = true;
	pthread_cond_signal(&dir->follow_wake);
	pthread_mutex_unlock(&dir->follow_lock);
	pthread_join(dir->follower, NULL);
}

void directory_close(struct directory *dir)
{
	if (dir == NULL)
		return;
	if (dir->following)
		stop_following(dir);
	snapshot_free(dir->snap);
	sqlite3_close(dir->db);
	pthread_cond_destroy(&dir->follow_wake);
	pthread_mutex_destroy(&dir->follow_lock);
	pthread_rwlock_destroy(&dir->snap_lock);
	pthread_mutex_destroy(&dir->db_lock);
	free(dir->base);
	free(dir->server_name);
	free(dir->who);
	free(dir->cmdlet);
	free(dir);
}

/* Following ------------------------------------------------------------ */

static bool poll_locked(struct directory *dir, bool *changed, struct err *err)
{
	uint64_t before = dir->snap->change;
	int64_t version, change;

	if (!data_version(dir, &version, err))
		return false;
	if (atomic_load(&dir->stale) || version != dir->data_version) {
		/* Not all that is written there is of interest here. */
		if (!sql_number(dir->db, 0, &change, err, "SELECT change FROM "
				"organisation", ""))
			return false;
		if ((uint64_t)change == before && !atomic_load(&dir->stale))
			dir->data_version = version;
		else if (!reload(dir, err))
			return false;
	}
	if (changed != NULL)
		*changed = dir->snap->change != before;
	return true;
}

bool directory_poll(struct directory *dir, bool *changed, struct err *err)
{
	bool ok;

	pthread_mutex_lock(&dir->db_lock);
	ok = poll_locked(dir, changed, err);
	pthread_mutex_unlock(&dir->db_lock);
	return ok;
}

/* Wait for the next look; false: stop. */
static bool follow_wait(struct directory *dir)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += FOLLOW_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&dir->follow_lock);
	while (!dir->stop && pthread_cond_timedwait(&dir->follow_wake,
			&dir->follow_lock, &until) != ETIMEDOUT)
		;
	stop = dir->stop;
	pthread_mutex_unlock(&dir->follow_lock);
	return !stop;
}

static void *follow(void *arg)
{
	struct directory *dir = arg;
	struct err err, last = { .text = "" };

	while (follow_wait(dir)) {
		if (directory_poll(dir, NULL, &err)) {
			last.text[0] = '\0';
		} else if (strcmp(err.text, last.text) != 0) {
			last = err;
			if (dir->failed != NULL)
				dir->failed(dir->failed_ctx, err.text);
		}
	}
	return NULL;
}

bool directory_follow(struct directory *dir,
		      void (*failed)(void *ctx, const char *text), void *ctx,
		      struct err *err)
{
	int rc;

	if (dir->following)
		return true;
	dir->failed = failed;
	dir->failed_ctx = ctx;
	rc = pthread_create(&dir->follower, NULL, follow, dir);
	if (rc != 0)
		return err_set(err, EC_ERROR, "cannot start the thread that "
			       "follows the directory: %s", strerror(rc));
	dir->following = true;
	return true;
}

uint64_t directory_change(const struct directory *dir)
{
	return atomic_load_explicit(&dir->change, memory_order_acquire);
}

const struct snapshot *snapshot_enter(struct directory *dir)
{
	/* Our own change: it is read back before anything is looked up.  If
	 * that fails, what was known before stays in use. */
	if (atomic_load_explicit(&dir->stale, memory_order_acquire))
		directory_poll(dir, NULL, NULL);
	pthread_rwlock_rdlock(&dir->snap_lock);
	return dir->snap;
}

void snapshot_leave(struct directory *dir)
{
	pthread_rwlock_unlock(&dir->snap_lock);
}
