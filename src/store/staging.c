/* SPDX-License-Identifier: Apache-2.0 */
#include "store/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"

struct staging {
	int fd;
	pthread_mutex_t mutex;
	uint32_t n, cap;          /* slots ever used; slot 0 is none */
	uint32_t *refs;
	uint32_t *free_slots;
	uint32_t n_free;
};

#define STAGING_PREFIX "posthouse-staging."

/* Where O_TMPFILE is not to be had, a killed process may leave its file. */
static void sweep(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, STAGING_PREFIX,
			    strlen(STAGING_PREFIX)) == 0)
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

static int open_nameless(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	snprintf(path, sizeof path, "%s/" STAGING_PREFIX "XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

struct staging *staging_new(const char *dir, struct err *err)
{
	struct staging *st;
	int fd;

	sweep(dir);
	fd = open_nameless(dir);
	if (fd < 0) {
		err_set(err, EC_DISK_ERROR,
			"cannot make a staging file in %s: %s: see that the "
			"directory exists and can be written", dir,
			strerror(errno));
		return NULL;
	}
	st = xcalloc(1, sizeof *st);
	st->fd = fd;
	st->n = 1;
	pthread_mutex_init(&st->mutex, NULL);
	return st;
}

void staging_free(struct staging *st)
{
	if (st == NULL)
		return;
	close(st->fd);
	pthread_mutex_destroy(&st->mutex);
	free(st->refs);
	free(st->free_slots);
	free(st);
}

static void grow(struct staging *st)
{
	st->cap = st->cap == 0 ? 64 : st->cap * 2;
	st->refs = xrealloc(st->refs, st->cap * sizeof *st->refs);
	st->free_slots = xrealloc(st->free_slots,
				  st->cap * sizeof *st->free_slots);
}

uint32_t staging_get(struct staging *st)
{
	uint32_t slot;

	pthread_mutex_lock(&st->mutex);
	if (st->n_free > 0) {
		slot = st->free_slots[--st->n_free];
	} else {
		if (st->n >= st->cap)
			grow(st);
		slot = st->n++;
	}
	st->refs[slot] = 1;
	pthread_mutex_unlock(&st->mutex);
	return slot;
}

void staging_ref(struct staging *st, uint32_t slot)
{
	pthread_mutex_lock(&st->mutex);
	st->refs[slot]++;
	pthread_mutex_unlock(&st->mutex);
}

/* The disk gets its space back at once: large values come in bursts. */
void staging_put(struct staging *st, uint32_t slot)
{
	pthread_mutex_lock(&st->mutex);
	if (--st->refs[slot] == 0) {
		fallocate(st->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  (off_t)slot * STAGING_SLOT, STAGING_SLOT);
		st->free_slots[st->n_free++] = slot;
	}
	pthread_mutex_unlock(&st->mutex);
}

bool staging_shared(struct staging *st, uint32_t slot)
{
	bool shared;

	pthread_mutex_lock(&st->mutex);
	shared = st->refs[slot] > 1;
	pthread_mutex_unlock(&st->mutex);
	return shared;
}

enum ec staging_write(struct staging *st, uint32_t slot, size_t offset,
		      const void *data, size_t len)
{
	off_t at = (off_t)slot * STAGING_SLOT + (off_t)offset;
	const char *p = data;
	ssize_t n;

	for (; len > 0; p += n, at += n, len -= (size_t)n) {
		n = pwrite(st->fd, p, len, at);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return EC_DISK_ERROR;
	}
	return EC_SUCCESS;
}

/* What was never written reads as zeros. */
enum ec staging_read(struct staging *st, uint32_t slot, size_t offset,
		     void *data, size_t len)
{
	off_t at = (off_t)slot * STAGING_SLOT + (off_t)offset;
	char *p = data;
	ssize_t n;

	for (; len > 0; p += n, at += n, len -= (size_t)n) {
		n = pread(st->fd, p, len, at);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return EC_DISK_ERROR;
		else if (n == 0)
			break;
	}
	memset(p, 0, len);
	return EC_SUCCESS;
}

uint64_t staging_bytes(struct staging *st)
{
	uint64_t n;

	pthread_mutex_lock(&st->mutex);
	n = st->n - 1 - st->n_free;
	pthread_mutex_unlock(&st->mutex);
	return n * STAGING_SLOT;
}
