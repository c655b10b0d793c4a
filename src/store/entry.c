/* SPDX-License-Identifier: Apache-2.0 */
#include "store/entry.h"

#include "store/impl.h"

/* [MS-OXCDATA] 2.2.4.1, 2.2.4.2 */
enum { PRIVATE_FOLDER = 0x0001, PRIVATE_MESSAGE = 0x0007 };

static void put_start(struct wire_w *w, const struct store *store,
		      unsigned type)
{
	wire_put_u32(w, 0);
	wire_put_guid(w, &store->mailbox_guid);
	wire_put_u16(w, (uint16_t)type);
}

static void put_id(struct wire_w *w, const struct store *store,
		   uint64_t counter)
{
	uint8_t globcnt[GLOBCNT_SIZE];

	globcnt_put(counter, globcnt);
	wire_put_guid(w, &store->replica_guid);
	wire_put(w, globcnt, sizeof globcnt);
	wire_put_u16(w, 0);
}

void entry_folder(const struct store *store, uint64_t folder,
		  uint8_t out[static FOLDER_ENTRY_SIZE])
{
	struct wire_w w = wire_w(out, FOLDER_ENTRY_SIZE);

	put_start(&w, store, PRIVATE_FOLDER);
	put_id(&w, store, folder);
}

void entry_message(const struct store *store, uint64_t folder,
		   uint64_t message, uint8_t out[static MESSAGE_ENTRY_SIZE])
{
	struct wire_w w = wire_w(out, MESSAGE_ENTRY_SIZE);

	put_start(&w, store, PRIVATE_MESSAGE);
	put_id(&w, store, folder);
	put_id(&w, store, message);
}

struct bin entry_folder_bin(const struct store *store, uint64_t folder,
			    struct arena *a)
{
	uint8_t *id = arena_alloc(a, FOLDER_ENTRY_SIZE);

	entry_folder(store, folder, id);
	return (struct bin){ id, FOLDER_ENTRY_SIZE };
}

struct bin entry_message_bin(const struct store *store, uint64_t folder,
			     uint64_t message, struct arena *a)
{
	uint8_t *id = arena_alloc(a, MESSAGE_ENTRY_SIZE);

	entry_message(store, folder, message, id);
	return (struct bin){ id, MESSAGE_ENTRY_SIZE };
}

struct bin entry_gid(const struct store *store, uint64_t counter,
		     struct arena *a)
{
	uint8_t *gid = arena_alloc(a, GID_SIZE);

	memcpy(gid, store->replica_guid.b, sizeof store->replica_guid.b);
	globcnt_put(counter, gid + sizeof store->replica_guid.b);
	return (struct bin){ gid, GID_SIZE };
}

struct bin entry_pcl(const struct store *store, const void *pcl, size_t len,
		     uint64_t cn, struct arena *a)
{
	uint8_t *out;

	if (pcl != NULL && len > 0)
		return (struct bin){ arena_memdup(a, pcl, len), len };
	out = arena_alloc(a, 1 + GID_SIZE);
	out[0] = GID_SIZE;
	memcpy(out + 1, entry_gid(store, cn, a).data, GID_SIZE);
	return (struct bin){ out, 1 + GID_SIZE };
}
