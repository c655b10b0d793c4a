/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's SQLite VFS: the system's unix VFS, with the WAL index in the
 * process's memory, with counts, and with faults for tests.
 *
 * One process has a mailbox open (the lock file sees to it), so its WAL index
 * need not be a shared file; and so a database that is not a local file can
 * be had through another VFS without a change above.
 */
#ifndef STORE_VFS_H
#define STORE_VFS_H

#include <stdbool.h>
#include <stdint.h>

struct store_vfs;

/* Registered with SQLite under a name of its own until it is freed. */
struct store_vfs *vfs_new(void);
void vfs_free(struct store_vfs *vfs);     /* NULL is allowed */
const char *vfs_name(const struct store_vfs *vfs);

struct vfs_counts {
	uint64_t reads, writes, syncs, read_bytes, written_bytes;
};

void vfs_counts(const struct store_vfs *vfs, struct vfs_counts *out);

/*
 * For tests.  Let the nth write, truncation or sync from now (1: the next)
 * fail with a SQLite result code (SQLITE_FULL, SQLITE_IOERR_FSYNC …), and,
 * if stay, all after it.  n 0 ends it.
 */
void vfs_fail(struct store_vfs *vfs, uint64_t n, int rc, bool stay);

/* Writes, truncations and syncs since the last vfs_fail. */
uint64_t vfs_fail_count(const struct store_vfs *vfs);

/*
 * For tests.  Remember, from the opening of each file on, what its unsynced
 * writes have overwritten.
 */
void vfs_track(struct store_vfs *vfs, bool on);

/*
 * What a power loss would leave of the open file path, written to copy: the
 * unsynced writes undone; with seed not 0 only some of them, at random.
 * False: the file is not open with tracking, or copy cannot be written.
 */
bool vfs_power_loss(struct store_vfs *vfs, const char *path,
		    const char *copy, uint64_t seed);

#endif
