/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The staging file: where large values of unsaved objects lie, in slots of
 * 64 KiB.  One a pool, used from all threads.  It has no name while it is
 * open, so a process that dies leaves nothing behind.
 */
#ifndef STORE_STAGING_H
#define STORE_STAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ec.h"
#include "base/err.h"

struct staging;

enum { STAGING_SLOT = 0x10000 };

/* In dir, where leftovers of other versions are swept. */
struct staging *staging_new(const char *dir, struct err *err);
void staging_free(struct staging *st);    /* NULL is allowed */

/* A slot, its contents undefined, with one reference.  Never 0. */
uint32_t staging_get(struct staging *st);
void staging_ref(struct staging *st, uint32_t slot);
void staging_put(struct staging *st, uint32_t slot);
bool staging_shared(struct staging *st, uint32_t slot);

/* EC_DISK_ERROR, EC_CORRUPT_STORE. */
enum ec staging_write(struct staging *st, uint32_t slot, size_t offset,
		      const void *data, size_t len);
enum ec staging_read(struct staging *st, uint32_t slot, size_t offset,
		     void *data, size_t len);

uint64_t staging_bytes(struct staging *st);       /* in use */

#endif
