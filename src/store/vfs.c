/* SPDX-License-Identifier: Apache-2.0 */
#include "store/vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* What a write has overwritten; newest first. */
struct undo {
	struct undo *next;
	sqlite3_int64 offset;
	size_t len;               /* of data, which was there */
	uint8_t data[];
};

/* The WAL index of one database, in memory; shared by its connections. */
struct shm {
	struct shm *next;
	char *path;
	unsigned refs;
	int n;                    /* regions */
	void **regions;
	unsigned shared[SQLITE_SHM_NLOCK];        /* holders */
	unsigned exclusive;       /* bits of locks held */
};

struct store_vfs {
	sqlite3_vfs base;         /* first: SQLite's pointer is ours */
	sqlite3_vfs *real;
	char name[40];
	pthread_mutex_t mutex;    /* shm, files */
	struct shm *shm;
	struct vfs_file *files;
	atomic_uint_fast64_t reads, writes, syncs, read_bytes, written_bytes;
	atomic_uint_fast64_t changes;     /* since vfs_fail */
	uint64_t fail_at;
	int fail_rc;
	bool fail_stay, track;
};

struct vfs_file {
	sqlite3_file base;        /* first */
	struct store_vfs *vfs;
	sqlite3_file *real;       /* in the same allocation, behind this */
	const char *path;         /* SQLite's, as long as the file is open */
	struct shm *shm;
	unsigned shm_shared, shm_exclusive;
	bool tracked;
	struct undo *undo;
	sqlite3_int64 synced_size;
	struct vfs_file *next;
};

static struct vfs_file *file_of(sqlite3_file *f)
{
	return (struct vfs_file *)f;
}

static struct store_vfs *vfs_of(sqlite3_vfs *v)
{
	return (struct store_vfs *)v;
}

/* ---- Faults and tracking ---- */

static int change(struct store_vfs *vfs)
{
	uint64_t n = ++vfs->changes;

	if (vfs->fail_at == 0 || n < vfs->fail_at)
		return SQLITE_OK;
	if (n > vfs->fail_at && !vfs->fail_stay)
		return SQLITE_OK;
	return vfs->fail_rc;
}

static void undo_free(struct vfs_file *f)
{
	while (f->undo != NULL) {
		struct undo *u = f->undo;

		f->undo = u->next;
		free(u);
	}
}

/* Remember what lies in the range that is about to be changed. */
static int undo_add(struct vfs_file *f, sqlite3_int64 offset,
		    sqlite3_int64 len)
{
	sqlite3_int64 size;
	struct undo *u;
	int rc = f->real->pMethods->xFileSize(f->real, &size);

	if (rc != SQLITE_OK)
		return rc;
	if (offset >= size)
		len = 0;
	else if (len > size - offset)
		len = size - offset;
	u = xmalloc(sizeof *u + (size_t)len);
	u->offset = offset;
	u->len = (size_t)len;
	if (len > 0)
		rc = f->real->pMethods->xRead(f->real, u->data, (int)len,
					      offset);
	u->next = f->undo;
	f->undo = u;
	return rc;
}

/* ---- Files ---- */

static int file_close(sqlite3_file *file)
{
	struct vfs_file *f = file_of(file), **at;

	pthread_mutex_lock(&f->vfs->mutex);
	for (at = &f->vfs->files; *at != NULL; at = &(*at)->next)
		if (*at == f) {
			*at = f->next;
			break;
		}
	pthread_mutex_unlock(&f->vfs->mutex);
	undo_free(f);
	return f->real->pMethods->xClose(f->real);
}

static int file_read(sqlite3_file *file, void *data, int len,
		     sqlite3_int64 offset)
{
	struct vfs_file *f = file_of(file);

	f->vfs->reads++;
	f->vfs->read_bytes += (uint64_t)len;
	return f->real->pMethods->xRead(f->real, data, len, offset);
}

static int file_write(sqlite3_file *file, const void *data, int len,
		      sqlite3_int64 offset)
{
	struct vfs_file *f = file_of(file);
	int rc = change(f->vfs);

	if (rc == SQLITE_OK && f->tracked)
		rc = undo_add(f, offset, len);
	if (rc != SQLITE_OK)
		return rc;
	f->vfs->writes++;
	f->vfs->written_bytes += (uint64_t)len;
	return f->real->pMethods->xWrite(f->real, data, len, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct vfs_file *f = file_of(file);
	sqlite3_int64 now;
	int rc = change(f->vfs);

	if (rc == SQLITE_OK && f->tracked) {
		rc = f->real->pMethods->xFileSize(f->real, &now);
		if (rc == SQLITE_OK && now > size)
			rc = undo_add(f, size, now - size);
	}
	if (rc != SQLITE_OK)
		return rc;
	return f->real->pMethods->xTruncate(f->real, size);
}

static int file_sync(sqlite3_file *file, int flags)
{
	struct vfs_file *f = file_of(file);
	int rc = change(f->vfs);

	if (rc != SQLITE_OK)
		return rc;
	f->vfs->syncs++;
	rc = f->real->pMethods->xSync(f->real, flags);
	if (rc == SQLITE_OK && f->tracked) {
		undo_free(f);
		rc = f->real->pMethods->xFileSize(f->real, &f->synced_size);
	}
	return rc;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct vfs_file *f = file_of(file);

	return f->real->pMethods->xFileSize(f->real, size);
}

static int file_lock(sqlite3_file *file, int level)
{
	struct vfs_file *f = file_of(file);

	return f->real->pMethods->xLock(f->real, level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	struct vfs_file *f = file_of(file);

	return f->real->pMethods->xUnlock(f->real, level);
}

static int file_check_lock(sqlite3_file *file, int *out)
{
	struct vfs_file *f = file_of(file);

	return f->real->pMethods->xCheckReservedLock(f->real, out);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
	struct vfs_file *f = file_of(file);

	return f->real->pMethods->xFileControl(f->real, op, arg);
}

static int file_sector(sqlite3_file *file)
{
	struct vfs_file *f = file_of(file);

	return f->real->pMethods->xSectorSize(f->real);
}

static int file_traits(sqlite3_file *file)
{
	struct vfs_file *f = file_of(file);

	return f->real->pMethods->xDeviceCharacteristics(f->real);
}

/* ---- The WAL index ---- */

static struct shm *shm_get(struct vfs_file *f)
{
	struct store_vfs *vfs = f->vfs;
	struct shm *shm;

	if (f->shm != NULL)
		return f->shm;
	for (shm = vfs->shm; shm != NULL; shm = shm->next)
		if (strcmp(shm->path, f->path) == 0)
			break;
	if (shm == NULL) {
		shm = xcalloc(1, sizeof *shm);
		shm->path = xstrdup(f->path);
		shm->next = vfs->shm;
		vfs->shm = shm;
	}
	shm->refs++;
	return f->shm = shm;
}

static int shm_map(sqlite3_file *file, int region, int size, int extend,
		   void volatile **out)
{
	struct vfs_file *f = file_of(file);
	struct shm *shm;

	pthread_mutex_lock(&f->vfs->mutex);
	shm = shm_get(f);
	if (region >= shm->n && extend) {
		shm->regions = xrealloc(shm->regions,
			(size_t)(region + 1) * sizeof *shm->regions);
		while (shm->n <= region)
			shm->regions[shm->n++] = xcalloc(1, (size_t)size);
	}
	*out = region < shm->n ? shm->regions[region] : NULL;
	pthread_mutex_unlock(&f->vfs->mutex);
	return SQLITE_OK;
}

static int shm_release(struct vfs_file *f, int first, int n)
{
	for (int i = first; i < first + n; i++) {
		unsigned bit = 1u << i;

		if (f->shm_shared & bit)
			f->shm->shared[i]--;
		if (f->shm_exclusive & bit)
			f->shm->exclusive &= ~bit;
		f->shm_shared &= ~bit;
		f->shm_exclusive &= ~bit;
	}
	return SQLITE_OK;
}

static int shm_acquire(struct vfs_file *f, int first, int n, bool exclusive)
{
	unsigned mask = ((1u << n) - 1) << first;

	if (f->shm->exclusive & mask & ~f->shm_exclusive)
		return SQLITE_BUSY;
	for (int i = first; exclusive && i < first + n; i++)
		if (f->shm->shared[i] > (f->shm_shared >> i & 1))
			return SQLITE_BUSY;
	if (exclusive) {
		f->shm->exclusive |= mask;
		f->shm_exclusive |= mask;
		return SQLITE_OK;
	}
	for (int i = first; i < first + n; i++) {
		f->shm->shared[i] += !(f->shm_shared >> i & 1);
		f->shm_shared |= 1u << i;
	}
	return SQLITE_OK;
}

static int shm_lock(sqlite3_file *file, int first, int n, int flags)
{
	struct vfs_file *f = file_of(file);
	int rc;

	pthread_mutex_lock(&f->vfs->mutex);
	if (f->shm == NULL)
		rc = SQLITE_MISUSE;
	else if (flags & SQLITE_SHM_UNLOCK)
		rc = shm_release(f, first, n);
	else
		rc = shm_acquire(f, first, n, flags & SQLITE_SHM_EXCLUSIVE);
	pthread_mutex_unlock(&f->vfs->mutex);
	return rc;
}

static void shm_barrier(sqlite3_file *file)
{
	struct vfs_file *f = file_of(file);

	atomic_thread_fence(memory_order_seq_cst);
	pthread_mutex_lock(&f->vfs->mutex);
	pthread_mutex_unlock(&f->vfs->mutex);
}

static void shm_drop(struct store_vfs *vfs, struct shm *shm)
{
	struct shm **at = &vfs->shm;

	if (--shm->refs > 0)
		return;
	while (*at != shm)
		at = &(*at)->next;
	*at = shm->next;
	while (shm->n > 0)
		free(shm->regions[--shm->n]);
	free(shm->regions);
	free(shm->path);
	free(shm);
}

static int shm_unmap(sqlite3_file *file, int delete)
{
	struct vfs_file *f = file_of(file);

	pthread_mutex_lock(&f->vfs->mutex);
	if (f->shm != NULL) {
		shm_release(f, 0, SQLITE_SHM_NLOCK);
		shm_drop(f->vfs, f->shm);
		f->shm = NULL;
	}
	pthread_mutex_unlock(&f->vfs->mutex);
	return SQLITE_OK;
}

/* Version 2: without xFetch, so nothing is mapped into memory. */
static const sqlite3_io_methods file_methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
	.xShmMap = shm_map,
	.xShmLock = shm_lock,
	.xShmBarrier = shm_barrier,
	.xShmUnmap = shm_unmap,
};

/* ---- The file system ---- */

static int vfs_open(sqlite3_vfs *v, sqlite3_filename path,
		    sqlite3_file *file, int flags, int *out_flags)
{
	struct store_vfs *vfs = vfs_of(v);
	struct vfs_file *f = file_of(file);
	int rc;

	memset(f, 0, sizeof *f);
	f->vfs = vfs;
	f->path = path;
	f->real = (sqlite3_file *)(f + 1);
	rc = vfs->real->xOpen(vfs->real, path, f->real, flags, out_flags);
	if (rc != SQLITE_OK)
		return rc;
	f->base.pMethods = &file_methods;
	f->tracked = vfs->track && path != NULL;
	if (f->tracked)
		f->real->pMethods->xFileSize(f->real, &f->synced_size);
	pthread_mutex_lock(&vfs->mutex);
	f->next = vfs->files;
	vfs->files = f;
	pthread_mutex_unlock(&vfs->mutex);
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *v, const char *path, int sync)
{
	struct store_vfs *vfs = vfs_of(v);

	return vfs->real->xDelete(vfs->real, path, sync);
}

static int vfs_access(sqlite3_vfs *v, const char *path, int flags, int *out)
{
	struct store_vfs *vfs = vfs_of(v);

	return vfs->real->xAccess(vfs->real, path, flags, out);
}

static int vfs_full_path(sqlite3_vfs *v, const char *path, int size,
			 char *out)
{
	struct store_vfs *vfs = vfs_of(v);

	return vfs->real->xFullPathname(vfs->real, path, size, out);
}

static int vfs_random(sqlite3_vfs *v, int len, char *out)
{
	struct store_vfs *vfs = vfs_of(v);

	return vfs->real->xRandomness(vfs->real, len, out);
}

static int vfs_sleep(sqlite3_vfs *v, int us)
{
	struct store_vfs *vfs = vfs_of(v);

	return vfs->real->xSleep(vfs->real, us);
}

static int vfs_time(sqlite3_vfs *v, double *out)
{
	struct store_vfs *vfs = vfs_of(v);

	return vfs->real->xCurrentTime(vfs->real, out);
}

static int vfs_last_error(sqlite3_vfs *v, int size, char *out)
{
	struct store_vfs *vfs = vfs_of(v);

	return vfs->real->xGetLastError(vfs->real, size, out);
}

static int vfs_time64(sqlite3_vfs *v, sqlite3_int64 *out)
{
	struct store_vfs *vfs = vfs_of(v);

	return vfs->real->xCurrentTimeInt64(vfs->real, out);
}

struct store_vfs *vfs_new(void)
{
	struct store_vfs *vfs = xcalloc(1, sizeof *vfs);

	/* Counting memory takes a lock that all mailboxes share; see also
	 * directory/sql.c, which may come first. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_initialize();
	vfs->real = sqlite3_vfs_find("unix");
	snprintf(vfs->name, sizeof vfs->name, "posthouse-%p", (void *)vfs);
	pthread_mutex_init(&vfs->mutex, NULL);
	vfs->base = (sqlite3_vfs){
		.iVersion = 2,
		.szOsFile = (int)sizeof(struct vfs_file) +
			vfs->real->szOsFile,
		.mxPathname = vfs->real->mxPathname,
		.zName = vfs->name,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = vfs_random,
		.xSleep = vfs_sleep,
		.xCurrentTime = vfs_time,
		.xGetLastError = vfs_last_error,
		.xCurrentTimeInt64 = vfs_time64,
	};
	sqlite3_vfs_register(&vfs->base, 0);
	return vfs;
}

void vfs_free(struct store_vfs *vfs)
{
	if (vfs == NULL)
		return;
	sqlite3_vfs_unregister(&vfs->base);
	pthread_mutex_destroy(&vfs->mutex);
	free(vfs);
}

const char *vfs_name(const struct store_vfs *vfs)
{
	return vfs->name;
}

void vfs_counts(const struct store_vfs *vfs, struct vfs_counts *out)
{
	out->reads = vfs->reads;
	out->writes = vfs->writes;
	out->syncs = vfs->syncs;
	out->read_bytes = vfs->read_bytes;
	out->written_bytes = vfs->written_bytes;
}

/* ---- For tests ---- */

void vfs_fail(struct store_vfs *vfs, uint64_t n, int rc, bool stay)
{
	vfs->changes = 0;
	vfs->fail_at = n;
	vfs->fail_rc = rc;
	vfs->fail_stay = stay;
}

uint64_t vfs_fail_count(const struct store_vfs *vfs)
{
	return vfs->changes;
}

void vfs_track(struct store_vfs *vfs, bool on)
{
	vfs->track = on;
}

/* xorshift64: some of the writes, the same ones for the same seed */
static bool coin(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 32 & 1;
}

static bool file_image(struct vfs_file *f, const char *copy, uint64_t seed)
{
	bool all = seed == 0;
	sqlite3_int64 size, cap;
	uint8_t *image;
	FILE *out;
	bool ok;

	if (f->real->pMethods->xFileSize(f->real, &size) != SQLITE_OK)
		return false;
	cap = size > f->synced_size ? size : f->synced_size;
	for (struct undo *u = f->undo; u != NULL; u = u->next)
		if (u->offset + (sqlite3_int64)u->len > cap)
			cap = u->offset + (sqlite3_int64)u->len;
	image = xcalloc(1, (size_t)cap + 1);
	f->real->pMethods->xRead(f->real, image, (int)size, 0);
	for (struct undo *u = f->undo; u != NULL; u = u->next)
		if (all || coin(&seed))
			memcpy(image + u->offset, u->data, u->len);
	if (all)
		size = f->synced_size;
	out = fopen(copy, "wb");
	ok = out != NULL &&
		fwrite(image, 1, (size_t)size, out) == (size_t)size;
	if (out != NULL && fclose(out) != 0)
		ok = false;
	free(image);
	return ok;
}

bool vfs_power_loss(struct store_vfs *vfs, const char *path,
		    const char *copy, uint64_t seed)
{
	struct vfs_file *f;

	for (f = vfs->files; f != NULL; f = f->next)
		if (f->tracked && strcmp(f->path, path) == 0)
			return file_image(f, copy, seed);
	return false;
}
