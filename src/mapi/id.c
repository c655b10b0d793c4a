/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/id.h"

#include <stdlib.h>
#include <string.h>

/* A sized XID takes at least its size, a GUID and a byte. */
enum { SIZED_XID_MIN = 1 + XID_SIZE_MIN };

static uint64_t counter_decode(struct wire_r *r)
{
	const uint8_t *b = wire_bytes(r, GLOBCNT_SIZE);

	return b != NULL ? globcnt_get(b) : 0;
}

static void counter_encode(struct wire_w *w, uint64_t counter)
{
	uint8_t *b = wire_claim(w, GLOBCNT_SIZE);

	if (b != NULL)
		globcnt_put(counter, b);
}

bool gid_decode(struct wire_r *r, struct long_term_id *out)
{
	struct guid guid = wire_guid(r);
	uint64_t counter = counter_decode(r);

	if (!wire_ok(r))
		return false;
	*out = (struct long_term_id){ guid, counter };
	return true;
}

void gid_encode(struct wire_w *w, const struct long_term_id *id)
{
	wire_put_guid(w, &id->database_guid);
	counter_encode(w, id->counter);
}

bool long_term_id_decode(struct wire_r *r, struct long_term_id *out)
{
	struct long_term_id id = { .counter = 0 };

	gid_decode(r, &id);
	wire_u16(r);
	if (!wire_ok(r))
		return false;
	*out = id;
	return true;
}

void long_term_id_encode(struct wire_w *w, const struct long_term_id *id)
{
	gid_encode(w, id);
	wire_put_u16(w, 0);
}

struct xid xid_from_gid(const struct guid *guid, uint64_t counter)
{
	struct xid xid = { .namespace_guid = *guid, .len = GLOBCNT_SIZE };

	globcnt_put(counter, xid.local_id);
	return xid;
}

bool xid_parse(const struct bin *data, struct xid *out)
{
	struct xid xid = { .len = 0 };

	if (data->len < XID_SIZE_MIN || data->len > XID_SIZE_MAX)
		return false;
	memcpy(xid.namespace_guid.b, data->data, sizeof(struct guid));
	xid.len = (uint8_t)(data->len - sizeof(struct guid));
	memcpy(xid.local_id, data->data + sizeof(struct guid), xid.len);
	*out = xid;
	return true;
}

struct bin xid_format(struct arena *a, const struct xid *xid)
{
	size_t size = sizeof(struct guid) + xid->len;
	uint8_t *data = arena_alloc(a, size);

	memcpy(data, xid->namespace_guid.b, sizeof(struct guid));
	memcpy(data + sizeof(struct guid), xid->local_id, xid->len);
	return (struct bin){ data, size };
}

bool sized_xid_decode(struct wire_r *r, struct xid *out)
{
	struct bin data = { .len = wire_u8(r) };

	data.data = wire_bytes(r, data.len);
	if (!wire_ok(r) || !xid_parse(&data, out)) {
		r->bad = true;
		return false;
	}
	return true;
}

void sized_xid_encode(struct wire_w *w, const struct xid *xid)
{
	wire_put_u8(w, (uint8_t)(sizeof(struct guid) + xid->len));
	wire_put_guid(w, &xid->namespace_guid);
	wire_put(w, xid->local_id, xid->len);
}

static int by_namespace(const void *a, const void *b)
{
	const struct xid *x = a, *y = b;

	return guid_compare(&x->namespace_guid, &y->namespace_guid);
}

bool pcl_parse(struct arena *a, const struct bin *data, struct pcl *out)
{
	struct wire_r r = wire_r(data->data, data->len);
	struct xid *v = arena_array(a, data->len / SIZED_XID_MIN, sizeof *v);
	uint32_t n = 0;

	while (wire_left(&r) >= SIZED_XID_MIN)
		if (!sized_xid_decode(&r, &v[n++]))
			return false;
	if (!wire_done(&r))
		return false;
	if (n > 1)
		qsort(v, n, sizeof *v, by_namespace);
	for (uint32_t i = 1; i < n; i++)
		if (by_namespace(&v[i - 1], &v[i]) == 0)
			return false;
	*out = (struct pcl){ n, v };
	return true;
}

struct bin pcl_format(struct arena *a, const struct pcl *pcl)
{
	size_t room = pcl->n * (size_t)(1 + XID_SIZE_MAX);
	struct wire_w w = wire_w(arena_alloc(a, room), room);

	for (uint32_t i = 0; i < pcl->n; i++)
		sized_xid_encode(&w, &pcl->v[i]);
	return (struct bin){ w.base, w.len };
}

/*
 * Order of two local IDs of a namespace, which have the same length
 * ([MS-OXCFXICS] 2.2.2.2); should they not, the longer is the greater.
 */
static int local_id_compare(const struct xid *x, const struct xid *y)
{
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->local_id, y->local_id, x->len);
}

struct pcl pcl_add(struct arena *a, const struct pcl *pcl,
		   const struct xid *xid)
{
	return pcl_merge(a, pcl, &(struct pcl){ 1, xid });
}

/* Both are in order of their namespaces, and so is what comes out. */
struct pcl pcl_merge(struct arena *a, const struct pcl *x,
		     const struct pcl *y)
{
	struct xid *v = arena_array(a, (size_t)x->n + y->n, sizeof *v);
	uint32_t n = 0, i = 0, j = 0;

	while (i < x->n || j < y->n) {
		int order = i == x->n ? 1 : j == y->n ? -1 :
			by_namespace(&x->v[i], &y->v[j]);

		if (order < 0)
			v[n++] = x->v[i++];
		else if (order > 0)
			v[n++] = y->v[j++];
		else {
			bool left = local_id_compare(&x->v[i], &y->v[j]) >= 0;

			v[n++] = left ? x->v[i] : y->v[j];
			i++;
			j++;
		}
	}
	return (struct pcl){ n, v };
}

bool pcl_includes(const struct pcl *pcl, const struct xid *xid)
{
	for (uint32_t i = 0; i < pcl->n; i++)
		if (by_namespace(&pcl->v[i], xid) == 0)
			return local_id_compare(&pcl->v[i], xid) >= 0;
	return false;
}

static bool includes_all(const struct pcl *pcl, const struct pcl *of)
{
	for (uint32_t i = 0; i < of->n; i++)
		if (!pcl_includes(pcl, &of->v[i]))
			return false;
	return true;
}

enum pcl_order pcl_compare(const struct pcl *x, const struct pcl *y)
{
	bool has_y = includes_all(x, y), has_x = includes_all(y, x);

	if (has_x && has_y)
		return PCL_EQUAL;
	return has_x ? PCL_LESS : has_y ? PCL_GREATER : PCL_CONFLICT;
}
