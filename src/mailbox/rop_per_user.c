/* SPDX-License-Identifier: Apache-2.0 */
/* Per-user data of public folders ([MS-OXCSTOR] 3.2.5.10 to 3.2.5.13). */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mailbox/globset.h"
#include "mailbox/logon.h"
#include "mailbox/rop_handler.h"
#include "store/store.h"

enum {
	/* MaxDataSize 0, and the most (3.2.5.12.1: up to the server). */
	READ_DEFAULT = 0x1000,
	READ_MAX = 0x4000,
	/* Pieces of a write are not gathered beyond this. */
	WRITE_MAX = 0x100000,
};

/* What RopWritePerUserInformation has gathered (3.2.5.13.1). */
struct per_user_write {
	struct long_term_id folder;
	struct guid replica;
	struct buf data;
};

static void folder_bytes(const struct long_term_id *id,
			 uint8_t out[static LONG_TERM_ID_SIZE])
{
	struct wire_w w = wire_w(out, LONG_TERM_ID_SIZE);

	long_term_id_encode(&w, id);
}

/* [MS-OXCSTOR] 3.2.5.10 */
enum ec rop_get_per_user_long_term_ids(struct rop_call *call,
		const struct rop_get_per_user_long_term_ids_req *req,
		struct rop_get_per_user_long_term_ids_rsp *rsp)
{
	const uint8_t (*rows)[LONG_TERM_ID_SIZE];
	struct long_term_id *ids;
	size_t n;
	enum ec ec = store_per_user_list(rop_call_store(call),
					 &req->database_guid, call->arena, &n,
					 &rows);

	if (ec != EC_SUCCESS)
		return ec;
	ids = arena_array(call->arena, n, sizeof *ids);
	for (size_t i = 0; i < n; i++) {
		struct wire_r r = wire_r(rows[i], sizeof rows[i]);

		(void)long_term_id_decode(&r, &ids[i]);
	}
	rsp->long_term_ids = (struct rop_long_term_ids){
		.n = (uint32_t)n, .v = ids,
	};
	return EC_SUCCESS;
}

/* [MS-OXCSTOR] 3.2.5.11 */
enum ec rop_get_per_user_guid(struct rop_call *call,
			      const struct rop_get_per_user_guid_req *req,
			      struct rop_get_per_user_guid_rsp *rsp)
{
	uint8_t folder[LONG_TERM_ID_SIZE];

	folder_bytes(&req->long_term_id, folder);
	return store_per_user_guid(rop_call_store(call), folder,
				   &rsp->database_guid);
}

/* [MS-OXCSTOR] 3.2.5.12 */
enum ec rop_read_per_user_information(struct rop_call *call,
		const struct rop_read_per_user_information_req *req,
		struct rop_read_per_user_information_rsp *rsp)
{
	uint8_t folder[LONG_TERM_ID_SIZE];
	size_t max = req->max_data_size;
	struct bin data;
	enum ec ec;

	/* "Less than zero": the field is a signed one there. */
	if ((int32_t)req->data_offset < 0)
		return EC_ERROR;
	folder_bytes(&req->folder_id, folder);
	ec = store_per_user_get(rop_call_store(call), folder, call->arena,
				&data);
	if (ec != EC_SUCCESS)
		return ec;
	if (req->data_offset > data.len)
		return EC_ERROR;
	if (max == 0)
		max = READ_DEFAULT;
	if (max > READ_MAX)
		max = READ_MAX;
	rsp->data.data = data.data + req->data_offset;
	rsp->data.len = data.len - req->data_offset;
	rsp->has_finished = rsp->data.len <= max;
	if (!rsp->has_finished)
		rsp->data.len = max;
	return EC_SUCCESS;
}

void per_user_write_free(struct logon *logon)
{
	if (logon->per_user != NULL)
		buf_free(&logon->per_user->data);
	free(logon->per_user);
	logon->per_user = NULL;
}

static bool same_folder(const struct long_term_id *a,
			const struct long_term_id *b)
{
	return a->counter == b->counter &&
		guid_equal(&a->database_guid, &b->database_guid);
}

/* What is there goes on, or a new one begins, or the request is wrong. */
static enum ec continues(struct logon *logon,
			 const struct rop_write_per_user_information_req *req)
{
	struct per_user_write *w = logon->per_user;

	if (w != NULL && same_folder(&w->folder, &req->folder_id) &&
	    w->data.len == req->data_offset)
		return EC_SUCCESS;
	per_user_write_free(logon);
	if (req->data_offset != 0)
		return EC_ERROR;
	w = xcalloc(1, sizeof *w);
	w->folder = req->folder_id;
	w->replica = req->repl_guid;
	logon->per_user = w;
	return EC_SUCCESS;
}

static enum ec finish(struct rop_call *call)
{
	struct per_user_write *w = call->logon->per_user;
	struct bin data = { w->data.data, w->data.len };
	uint8_t folder[LONG_TERM_ID_SIZE];

	if (!idset_valid(&data))
		return EC_CORRUPT_DATA;
	folder_bytes(&w->folder, folder);
	return store_per_user_set(rop_call_store(call), folder, &w->replica,
				  data);
}

/* [MS-OXCSTOR] 3.2.5.13.1 */
enum ec rop_write_per_user_information(struct rop_call *call,
		const struct rop_write_per_user_information_req *req,
		struct rop_write_per_user_information_rsp *rsp)
{
	struct logon *logon = call->logon;
	enum ec ec = continues(logon, req);

	if (ec != EC_SUCCESS)
		return ec;
	if (logon->per_user->data.len + req->data.len > WRITE_MAX) {
		per_user_write_free(logon);
		return EC_TOO_BIG;
	}
	buf_add(&logon->per_user->data, req->data.data, req->data.len);
	if (!req->has_finished)
		return EC_SUCCESS;
	ec = finish(call);
	per_user_write_free(logon);
	return ec;
}
