/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A binary value, read as every kind of entry ID, list, change list, server ID
 * and change key.  What is one is formatted, and must be one again.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "mapi/entry_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void objects(const struct bin *data, struct arena *a)
{
	struct folder_entry_id folder;
	struct message_entry_id message;
	struct server_id server;
	struct bin back;

	if (folder_entry_id_parse(data, &folder)) {
		back = folder_entry_id_format(a, &folder);
		if (!folder_entry_id_parse(&back, &folder))
			abort();
	}
	if (message_entry_id_parse(data, &message)) {
		back = message_entry_id_format(a, &message);
		if (!message_entry_id_parse(&back, &message))
			abort();
	}
	if (server_id_parse(data, &server)) {
		back = server_id_format(a, &server);
		if (memcmp(back.data, data->data, data->len) != 0)
			abort();
	}
}

static void addresses(const struct bin *data, struct arena *a)
{
	struct store_entry_id store;
	struct one_off_entry_id one_off;
	struct address_book_entry_id book;
	struct bin back;

	if (store_entry_id_parse(data, a, &store)) {
		back = store_entry_id_format(a, &store);
		if (!store_entry_id_parse(&back, a, &store))
			abort();
	}
	if (one_off_entry_id_parse(data, a, 1252, &one_off)) {
		back = one_off_entry_id_format(a, &one_off);
		if (!one_off_entry_id_parse(&back, a, 1252, &one_off))
			abort();
	}
	if (address_book_entry_id_parse(data, a, &book)) {
		back = address_book_entry_id_format(a, &book);
		if (!address_book_entry_id_parse(&back, a, &book))
			abort();
	}
}

static void lists(const struct bin *data, struct arena *a)
{
	const struct bin *entries;
	struct pcl pcl, both;
	struct bin back;
	struct xid xid;
	uint32_t n, again;

	if (entry_id_list_parse(data, a, &n, &entries)) {
		back = entry_id_list_format(a, n, entries);
		if (!entry_id_list_parse(&back, a, &again, &entries) ||
		    again != n)
			abort();
	}
	if (pcl_parse(a, data, &pcl)) {
		both = pcl_merge(a, &pcl, &pcl);
		back = pcl_format(a, &both);
		if (back.len != data->len ||
		    pcl_compare(&pcl, &both) != PCL_EQUAL)
			abort();
	}
	if (xid_parse(data, &xid)) {
		back = xid_format(a, &xid);
		if (memcmp(back.data, data->data, data->len) != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new(0);
	struct bin bin = { data, len };
	struct buf b = BUF_INIT;

	entry_id_kind(&bin);
	entry_id_print(&b, &bin);
	objects(&bin, arena);
	addresses(&bin, arena);
	lists(&bin, arena);
	buf_free(&b);
	arena_free(arena);
	return 0;
}
