/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that loses what was not synced, for the kill test: preloaded into
 * the daemon, it holds the writes to databases and their WAL files in memory
 * until they are synced, so that a SIGKILL loses them as a power loss would.
 * While the file that DISK_FULL names exists, the disk is full as well.
 *
 * Only what SQLite calls is covered; the file is not mapped (mmap_size 0).
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 256, FDS = 4096 };

struct held {
	struct held *next;
	off64_t at;
	size_t len;
	uint8_t data[];
};

/* The writes to one file that are not synced yet, oldest first. */
struct file {
	dev_t dev;
	ino_t ino;
	struct held *first, **last;
	off64_t size;             /* as the process sees it */
	int64_t cut;              /* least size since the sync; -1: not cut */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[FILES];
static struct file *of_fd[FDS];
static int n_files;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static int is_database(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n < 0)
		return 0;
	path[n] = '\0';
	return strstr(path, "/mailboxes/") != NULL &&
		(strstr(path, ".db-wal") != NULL ||
		 (n > 3 && strcmp(path + n - 3, ".db") == 0));
}

/* Called with the lock. */
static struct file *file_of(int fd)
{
	struct stat64 st;

	if (fd < 0 || fd >= FDS)
		return NULL;
	if (of_fd[fd] != NULL)
		return of_fd[fd];
	if (!is_database(fd) || REAL(fstat64)(fd, &st) != 0)
		return NULL;
	for (int i = 0; i < n_files; i++)
		if (files[i].dev == st.st_dev && files[i].ino == st.st_ino)
			return of_fd[fd] = &files[i];
	if (n_files == FILES)
		abort();
	files[n_files] = (struct file){ .dev = st.st_dev, .ino = st.st_ino,
					.size = st.st_size, .cut = -1 };
	files[n_files].last = &files[n_files].first;
	return of_fd[fd] = &files[n_files++];
}

static void hold(struct file *f, const void *data, size_t len, off64_t at)
{
	struct held *h = malloc(sizeof *h + len);

	if (h == NULL)
		abort();
	h->next = NULL;
	h->at = at;
	h->len = len;
	memcpy(h->data, data, len);
	*f->last = h;
	f->last = &h->next;
	if (at + (off64_t)len > f->size)
		f->size = at + (off64_t)len;
}

static int is_full(void)
{
	const char *flag = getenv("DISK_FULL");

	return flag != NULL && access(flag, F_OK) == 0;
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	struct file *f;

	pthread_mutex_lock(&lock);
	f = file_of(fd);
	if (f != NULL && at + (off64_t)len > f->size && is_full()) {
		pthread_mutex_unlock(&lock);
		errno = ENOSPC;
		return -1;
	}
	if (f != NULL)
		hold(f, data, len, at);
	pthread_mutex_unlock(&lock);
	return f != NULL ? (ssize_t)len : REAL(pwrite64)(fd, data, len, at);
}

static void lay_over(const struct held *h, uint8_t *to, size_t len, off64_t at)
{
	off64_t from = h->at > at ? h->at : at;
	off64_t h_end = h->at + (off64_t)h->len, end = at + (off64_t)len;

	if (h_end < end)
		end = h_end;
	if (from < end)
		memcpy(to + (from - at), h->data + (from - h->at),
		       (size_t)(end - from));
}

static ssize_t read_held(struct file *f, int fd, uint8_t *to, size_t len,
			 off64_t at)
{
	ssize_t n;

	if (at >= f->size)
		return 0;
	if ((off64_t)len > f->size - at)
		len = (size_t)(f->size - at);
	memset(to, 0, len);
	n = REAL(pread64)(fd, to, len, at);
	if (n < 0)
		return n;
	/* What was cut off and is there on the disk still is not there. */
	if (f->cut >= 0 && at + n > f->cut) {
		off64_t from = f->cut > at ? f->cut : at;

		memset(to + (from - at), 0, (size_t)(at + n - from));
	}
	for (const struct held *h = f->first; h != NULL; h = h->next)
		lay_over(h, to, len, at);
	return (ssize_t)len;
}

ssize_t pread64(int fd, void *to, size_t len, off64_t at)
{
	struct file *f;
	ssize_t n;

	pthread_mutex_lock(&lock);
	f = file_of(fd);
	n = f != NULL ? read_held(f, fd, to, len, at) :
		REAL(pread64)(fd, to, len, at);
	pthread_mutex_unlock(&lock);
	return n;
}

static int flush(struct file *f, int fd)
{
	struct held *h, *next;

	if (f->cut >= 0 && REAL(ftruncate64)(fd, f->cut) != 0)
		return -1;
	for (h = f->first; h != NULL; h = next) {
		next = h->next;
		if (REAL(pwrite64)(fd, h->data, h->len, h->at) !=
		    (ssize_t)h->len)
			return -1;
		free(h);
	}
	f->first = NULL;
	f->last = &f->first;
	f->cut = -1;
	return REAL(ftruncate64)(fd, f->size);
}

static int sync_fd(int fd, int (*really)(int))
{
	struct file *f;
	int rc;

	pthread_mutex_lock(&lock);
	f = file_of(fd);
	rc = f != NULL ? flush(f, fd) : 0;
	pthread_mutex_unlock(&lock);
	return rc == 0 ? really(fd) : rc;
}

int fsync(int fd)
{
	return sync_fd(fd, REAL(fsync));
}

int fdatasync(int fd)
{
	return sync_fd(fd, REAL(fdatasync));
}

int ftruncate64(int fd, off64_t size)
{
	struct file *f;

	pthread_mutex_lock(&lock);
	f = file_of(fd);
	if (f != NULL) {
		if (size < f->size && (f->cut < 0 || size < f->cut))
			f->cut = size;
		for (struct held *h = f->first; h != NULL; h = h->next)
			if (h->at + (off64_t)h->len > size)
				h->len = h->at < size ?
					(size_t)(size - h->at) : 0;
		f->size = size;
	}
	pthread_mutex_unlock(&lock);
	return f != NULL ? 0 : REAL(ftruncate64)(fd, size);
}

int fstat64(int fd, struct stat64 *st)
{
	int rc = REAL(fstat64)(fd, st);
	struct file *f;

	if (rc != 0)
		return rc;
	pthread_mutex_lock(&lock);
	f = file_of(fd);
	if (f != NULL)
		st->st_size = f->size;
	pthread_mutex_unlock(&lock);
	return rc;
}

/* The number may come back for another file; held writes stay. */
int close(int fd)
{
	pthread_mutex_lock(&lock);
	if (fd >= 0 && fd < FDS)
		of_fd[fd] = NULL;
	pthread_mutex_unlock(&lock);
	return REAL(close)(fd);
}
