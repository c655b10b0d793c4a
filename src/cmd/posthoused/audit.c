/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/posthoused/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "directory/audit.h"

enum { LOOK_MS = 250, TEXT_MAX = 600, STACK_SIZE = 512 * 1024 };

struct audit {
	struct log *lines;
	struct log *log;          /* the daemon's, for failures */
	struct directory *dir;    /* NULL: does not follow yet */
	char position[PATH_MAX];  /* the file with the last change's number */
	uint64_t last;

	pthread_t thread;
	pthread_mutex_t lock;     /* guards stop */
	pthread_cond_t wake;
	bool stop;
};

bool audit_open(const char *path, struct audit **out, struct err *err)
{
	struct audit *audit = NULL;
	struct log *lines = NULL;
	pthread_condattr_t attr;

	if (path != NULL) {
		lines = log_open(path, LOG_LEVEL_INFO, err);
		if (lines == NULL)
			return err_prefix(err, "audit under [log]");
		audit = xcalloc(1, sizeof *audit);
		audit->lines = lines;
		pthread_mutex_init(&audit->lock, NULL);
		pthread_condattr_init(&attr);
		pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
		pthread_cond_init(&audit->wake, &attr);
		pthread_condattr_destroy(&attr);
	}
	*out = audit;
	return true;
}

bool audit_reopen(struct audit *audit, struct err *err)
{
	return audit == NULL || log_reopen(audit->lines, err);
}

void audit_admin_logon(struct audit *audit, const char *user,
		       const char *mailbox, const char *text)
{
	char who[TEXT_MAX], whose[TEXT_MAX], words[TEXT_MAX];

	if (audit == NULL)
		return;
	log_event(audit->lines, LOG_LEVEL_WARNING, "admin_logon",
		  "who=%s mailbox=%s text=%s",
		  log_quote(user, who, sizeof who),
		  log_quote(mailbox, whose, sizeof whose),
		  log_quote(text, words, sizeof words));
}

/* --- The last number -------------------------------------------------- */

static uint64_t read_position(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t last = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%" SCNu64, &last) != 1)
		last = 0;
	fclose(file);
	return last;
}

/* The old one stays whole until the new one is. */
static bool write_position(const struct audit *audit)
{
	char path[PATH_MAX + 8];
	FILE *file;
	bool ok;

	snprintf(path, sizeof path, "%s.new", audit->position);
	file = fopen(path, "we");
	if (file == NULL)
		return false;
	ok = fprintf(file, "%" PRIu64 "\n", audit->last) > 0;
	ok = fclose(file) == 0 && ok;
	return ok && rename(path, audit->position) == 0;
}

/* --- Changes ---------------------------------------------------------- */

static const char *shown(const char *value, char *out)
{
	return value != NULL ? log_quote(value, out, TEXT_MAX) : "-";
}

/* One line for each property: whoever reads them needs no parser of lists. */
static void write_property(const struct audit *audit,
			   const struct dir_change *c,
			   const struct dir_property_change *p)
{
	char when[ISO_DATE_SIZE], who[TEXT_MAX], cmdlet[TEXT_MAX];
	char object[TEXT_MAX], before[TEXT_MAX], after[TEXT_MAX];

	iso_date_format(c->when, when);
	log_event(audit->lines, LOG_LEVEL_WARNING, "change",
		  "change=%" PRIu64 " when=%s who=%s cmdlet=%s operation=%s "
		  "class=%s object=%s property=%s before=%s after=%s", c->id,
		  when, log_quote(c->who, who, TEXT_MAX),
		  log_quote(*c->cmdlet != '\0' ? c->cmdlet : "-", cmdlet,
			    TEXT_MAX),
		  c->operation, c->object_class,
		  log_quote(c->object, object, TEXT_MAX),
		  p != NULL ? p->name : "-",
		  shown(p != NULL ? p->before : NULL, before),
		  shown(p != NULL ? p->after : NULL, after));
}

static void write_change(const struct audit *audit,
			 const struct dir_change *c)
{
	if (c->property_count == 0)
		write_property(audit, c, NULL);
	for (size_t i = 0; i < c->property_count; i++)
		write_property(audit, c, &c->properties[i]);
}

static void complain(const struct audit *audit, const char *text)
{
	char quoted[TEXT_MAX];

	log_event(audit->log, LOG_LEVEL_ERROR, "audit", "error=%s",
		  log_quote(text, quoted, sizeof quoted));
}

/* Write what has changed since the last look; false: that failed. */
static bool write_changes(struct audit *audit)
{
	struct dir_change_filter filter = { .after_id = audit->last };
	struct arena *arena = arena_new(0);
	struct dir_change *changes = NULL;
	size_t n = 0;
	struct err err;
	bool ok = directory_changes(audit->dir, &filter, arena, &changes, &n,
				    &err);

	for (size_t i = 0; ok && i < n; i++) {
		write_change(audit, &changes[i]);
		audit->last = changes[i].id;
	}
	if (!ok)
		complain(audit, err.text);
	else if (n > 0 && !write_position(audit))
		complain(audit, "cannot write audit.last in the data folder: "
			 "changes will be written again after a restart");
	arena_free(arena);
	return ok;
}

/* --- The thread ------------------------------------------------------- */

/* Locked; false: it is time to stop. */
static bool pause_for(struct audit *audit, unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)ms * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	while (!audit->stop &&
	       pthread_cond_timedwait(&audit->wake, &audit->lock, &until) == 0)
		;
	return !audit->stop;
}

static void *run(void *arg)
{
	struct audit *audit = arg;
	uint64_t seen = UINT64_MAX;
	bool go_on = true;

	while (go_on) {
		uint64_t now = directory_change(audit->dir);

		if (now != seen && write_changes(audit))
			seen = now;
		pthread_mutex_lock(&audit->lock);
		go_on = pause_for(audit, LOOK_MS);
		pthread_mutex_unlock(&audit->lock);
	}
	return NULL;
}

bool audit_follow(struct audit *audit, struct directory *dir,
		  const char *data, struct log *log, struct err *err)
{
	pthread_attr_t attr;
	int rc;

	if (audit == NULL)
		return true;
	snprintf(audit->position, sizeof audit->position, "%s/audit.last",
		 data);
	audit->log = log;
	audit->last = read_position(audit->position);
	audit->dir = dir;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	rc = pthread_create(&audit->thread, &attr, run, audit);
	pthread_attr_destroy(&attr);
	if (rc == 0)
		return true;
	audit->dir = NULL;
	return err_set(err, EC_ERROR, "cannot start a thread: %s",
		       strerror(rc));
}

void audit_close(struct audit *audit)
{
	if (audit == NULL)
		return;
	if (audit->dir != NULL) {
		pthread_mutex_lock(&audit->lock);
		audit->stop = true;
		pthread_cond_signal(&audit->wake);
		pthread_mutex_unlock(&audit->lock);
		pthread_join(audit->thread, NULL);
		write_changes(audit);
	}
	log_close(audit->lines);
	pthread_cond_destroy(&audit->wake);
	pthread_mutex_destroy(&audit->lock);
	free(audit);
}
