/* SPDX-License-Identifier: Apache-2.0 */
/* A pool and a mailbox in a directory of its own, for tests of the store. */
#ifndef TESTS_STORE_ENV_H
#define TESTS_STORE_ENV_H

#include "test.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/folder.h"
#include "store/impl.h"
#include "store/message.h"
#include "store/named.h"
#include "store/stream.h"

struct env {
	char dir[64];
	struct store_pool *pool;
	struct store *store;
	struct arena *a;
	char path[96];
};

static inline void env_open(struct env *e, const char *name)
{
	struct err err = { .text = "" };

	snprintf(e->path, sizeof e->path, "%s/%s.db", e->dir, name);
	if (store_get(e->pool, e->path, &e->store, &err) != EC_SUCCESS)
		fail_msg("%s", err.text);
	assert_int_equal(store_lock(e->store), EC_SUCCESS);
}

static inline void env_close(struct env *e)
{
	store_unlock(e->store);
	store_put(e->store);
	e->store = NULL;
}

static inline void env_create(struct env *e, const char *name, uint32_t lcid)
{
	struct store_create_params params = {
		.mailbox_guid = guid_new(), .lcid = lcid,
		.display_name = "Alice" };
	char path[96];
	struct err err = { .text = "" };

	snprintf(path, sizeof path, "%s/%s.db", e->dir, name);
	if (!store_create(e->pool, path, &params, &err))
		fail_msg("%s", err.text);
}

static inline void env_pool(struct env *e)
{
	struct store_pool_config config = { .staging_dir = e->dir };
	struct err err = { .text = "" };

	e->pool = store_pool_new(&config, &err);
	if (e->pool == NULL)
		fail_msg("%s", err.text);
}

/* A pool and an English mailbox, opened and locked. */
static inline int env_setup(void **state)
{
	struct env *e = calloc(1, sizeof *e);

	strcpy(e->dir, "/tmp/test-store-XXXXXX");
	assert_non_null(mkdtemp(e->dir));
	e->a = arena_new(0);
	env_pool(e);
	env_create(e, "alice", 0x0409);
	env_open(e, "alice");
	*state = e;
	return 0;
}

static inline int env_teardown(void **state)
{
	struct env *e = *state;
	char path[512];
	struct dirent *entry;
	DIR *d;

	if (e->store != NULL)
		env_close(e);
	store_pool_free(e->pool);
	arena_free(e->a);
	d = opendir(e->dir);
	while (d != NULL && (entry = readdir(d)) != NULL) {
		snprintf(path, sizeof path, "%s/%s", e->dir, entry->d_name);
		unlink(path);
	}
	closedir(d);
	rmdir(e->dir);
	free(e);
	return 0;
}

/* Close everything, so that what follows reads from disk. */
static inline void env_reopen(struct env *e)
{
	env_close(e);
	store_pool_free(e->pool);
	env_pool(e);
	env_open(e, "alice");
}

static inline uint64_t inbox(struct env *e)
{
	return store_special(e->store, SPECIAL_INBOX);
}

static inline struct prop_value str_value(uint32_t tag, const char *s)
{
	return (struct prop_value){ .tag = tag, .str = s };
}

static inline void set_str(struct message *m, uint32_t tag, const char *s)
{
	struct prop_value v = str_value(tag, s);

	assert_int_equal(message_set_prop(m, &v), EC_SUCCESS);
}

static inline void assert_str(struct env *e, struct message *m, uint32_t tag,
			      const char *want)
{
	struct prop_value v;

	assert_int_equal(message_get_prop(m, tag, e->a, &v), EC_SUCCESS);
	assert_string_equal(v.str, want);
}

/* A saved message with a subject; its ID. */
static inline uint64_t make_message(struct env *e, uint64_t folder_id,
				    const char *subject)
{
	struct message *m;
	uint64_t id;

	assert_int_equal(message_create(e->store, folder_id, false, 0, 0,
					&m), EC_SUCCESS);
	set_str(m, PID_TAG_SUBJECT, subject);
	assert_int_equal(message_save(m, 0), EC_SUCCESS);
	id = message_id(m);
	assert_int_not_equal(id, 0);
	message_close(m);
	return id;
}

static inline uint64_t make_folder(struct env *e, uint64_t parent,
				   const char *name)
{
	struct folder_create params = { .name = name,
					.type = FOLDER_GENERIC };
	bool existed;
	uint64_t id;

	assert_int_equal(folder_create(e->store, parent, &params, &id,
				       &existed), EC_SUCCESS);
	return id;
}

static inline struct folder_info stat_folder(struct env *e, uint64_t id)
{
	struct folder_info info;

	assert_int_equal(folder_stat(e->store, id, true, &info), EC_SUCCESS);
	return info;
}

static inline void report_problem(void *ctx, const char *text)
{
	fprintf(stderr, "problem: %s\n", text);
}

/* Nothing is damaged, and all counts are right. */
static inline void assert_healthy(struct env *e)
{
	uint32_t problems = 99;
	struct err err = { .text = "" };

	if (!store_check(e->store, false, report_problem, NULL, &problems,
			 &err))
		fail_msg("%s", err.text);
	assert_int_equal(problems, 0);
}

#endif
