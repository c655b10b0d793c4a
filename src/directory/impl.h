/* SPDX-License-Identifier: Apache-2.0 */
/* What struct directory is made of; internal to src/directory. */
#ifndef DIRECTORY_IMPL_H
#define DIRECTORY_IMPL_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "directory/directory.h"
#include "directory/snapshot.h"

struct directory {
	pthread_mutex_t db_lock;  /* guards these */
	sqlite3 *db;
	int64_t data_version;     /* PRAGMA data_version at the last load */
	char *who, *cmdlet;       /* recorded with changes: audit.h */

	/* Taken after db_lock, if both are; never held over I/O. */
	pthread_rwlock_t snap_lock;
	struct snapshot *snap;

	_Atomic uint64_t change;
	/* We wrote, and the snapshot doesn't show it yet: many changes in a
	 * row are read back once. */
	_Atomic bool stale;

	char *base;               /* folder of the file */
	char *server_name;        /* NULL: none */

	pthread_t follower;
	bool following;
	pthread_mutex_t follow_lock;      /* guards stop */
	pthread_cond_t follow_wake;
	bool stop;
	void (*failed)(void *ctx, const char *text);
	void *failed_ctx;
};

/* Hold the snapshot still for reading; paired with snapshot_leave. */
const struct snapshot *snapshot_enter(struct directory *dir);
void snapshot_leave(struct directory *dir);

/* Whether an organisation's name and domains can be written. */
bool dir_check_org(const struct dir_org *org, struct err *err);

#endif
