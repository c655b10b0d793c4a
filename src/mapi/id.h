/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identifiers of folders, messages and changes ([MS-OXCDATA] 2.2.1,
 * [MS-OXCFXICS] 2.2.2).
 *
 * A folder ID, message ID or change number is a uint64_t everywhere: its wire
 * form read little-endian.  So the low 16 bits are the replica ID, and the
 * six bytes above are the GLOBCNT, whose most significant byte comes first in
 * memory.  A counter is the GLOBCNT as a number: counters compare, IDs don't.
 */
#ifndef MAPI_ID_H
#define MAPI_ID_H

#include "base/arena.h"
#include "base/wire.h"
#include "mapi/prop.h"

enum { GLOBCNT_SIZE = 6 };
#define GLOBCNT_MAX UINT64_C(0xffffffffffff)

static inline uint64_t id_make(uint16_t replid, uint64_t counter)
{
	return __builtin_bswap64(counter & GLOBCNT_MAX) | replid;
}

static inline uint16_t id_replid(uint64_t id)
{
	return (uint16_t)id;
}

static inline uint64_t id_counter(uint64_t id)
{
	return __builtin_bswap64(id & ~UINT64_C(0xffff));
}

/* The six bytes of a GLOBCNT, in wire order, and back. */
static inline void globcnt_put(uint64_t counter, uint8_t out[static 6])
{
	for (int i = 5; i >= 0; i--, counter >>= 8)
		out[i] = (uint8_t)counter;
}

static inline uint64_t globcnt_get(const uint8_t in[static 6])
{
	uint64_t counter = 0;

	for (int i = 0; i < 6; i++)
		counter = counter << 8 | in[i];
	return counter;
}

/*
 * LongTermID ([MS-OXCDATA] 2.2.1.3.1): 24 bytes, the last two zero.  The
 * GLOBCNT is kept as a counter.
 */
enum { LONG_TERM_ID_SIZE = 24 };

struct long_term_id {
	struct guid database_guid;
	uint64_t counter;
};

/* Bytes other than zero in the padding are let pass, as Exchange does. */
bool long_term_id_decode(struct wire_r *r, struct long_term_id *out);
void long_term_id_encode(struct wire_w *w, const struct long_term_id *id);

/* GID ([MS-OXCFXICS] 2.2.2.1): 22 bytes, a long-term ID without padding. */
enum { GID_SIZE = 22 };

bool gid_decode(struct wire_r *r, struct long_term_id *out);
void gid_encode(struct wire_w *w, const struct long_term_id *id);

/*
 * XID ([MS-OXCFXICS] 2.2.2.2): a namespace and a local ID of 1 to 8 bytes;
 * change keys and source keys are XIDs.  With 6 bytes it is a GID.
 */
enum { XID_LOCAL_MAX = 8, XID_SIZE_MAX = 24, XID_SIZE_MIN = 17 };

struct xid {
	struct guid namespace_guid;
	uint8_t len;                      /* of local_id */
	uint8_t local_id[XID_LOCAL_MAX];
};

struct xid xid_from_gid(const struct guid *guid, uint64_t counter);

/* An XID that fills all of data (a PidTagChangeKey); false if it is none. */
bool xid_parse(const struct bin *data, struct xid *out);

/* The XID as a binary value in the arena. */
struct bin xid_format(struct arena *a, const struct xid *xid);

/* SizedXid (2.2.2.3.1): one byte of size, then the XID. */
bool sized_xid_decode(struct wire_r *r, struct xid *out);
void sized_xid_encode(struct wire_w *w, const struct xid *xid);

/*
 * PredecessorChangeList ([MS-OXCFXICS] 2.2.2.3): what was merged into a
 * version of an object, one XID a namespace, ordered by namespace.
 */
struct pcl {
	uint32_t n;
	const struct xid *v;
};

/* From the bytes of PidTagPredecessorChangeList, put in order. */
bool pcl_parse(struct arena *a, const struct bin *data, struct pcl *out);
struct bin pcl_format(struct arena *a, const struct pcl *pcl);

/* The list with xid in it: of a namespace, the greater local ID stays. */
struct pcl pcl_add(struct arena *a, const struct pcl *pcl,
		   const struct xid *xid);
struct pcl pcl_merge(struct arena *a, const struct pcl *x,
		     const struct pcl *y);

/* Whether the version that xid names is in the list, or a later one. */
bool pcl_includes(const struct pcl *pcl, const struct xid *xid);

/* [MS-OXCFXICS] 3.1.5.6.2.1 */
enum pcl_order {
	PCL_EQUAL,
	PCL_LESS,                         /* the second includes the first */
	PCL_GREATER,                      /* the first includes the second */
	PCL_CONFLICT,                     /* neither */
};

enum pcl_order pcl_compare(const struct pcl *x, const struct pcl *y);

#endif
