/* SPDX-License-Identifier: Apache-2.0 */
/* Replica IDs ([MS-OXCSTOR] 3.2.5.8, 3.2.5.9) and reserved IDs. */
#include "store/impl.h"

static enum ec find_replica(struct store *store, const struct guid *replica,
			    uint16_t *out)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"SELECT id FROM replicas WHERE guid=?1");
	bool row;
	enum ec ec;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_blob(stmt, 1, replica->b, 16, SQLITE_STATIC);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	if (ec == EC_SUCCESS)
		*out = (uint16_t)sqlite3_column_int(stmt, 0);
	db_done(stmt);
	return ec;
}

static enum ec add_replica(struct store *store, const struct guid *replica,
			   uint16_t *out)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT INTO replicas(id, guid) SELECT "
		"coalesce(max(id), 1) + 1, ?1 FROM replicas "
		"HAVING coalesce(max(id), 1) < ?2 RETURNING id");
	bool row;
	enum ec ec;

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_blob(stmt, 1, replica->b, 16, SQLITE_STATIC);
	sqlite3_bind_int(stmt, 2, STORE_REPLID_MAX);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_PARAMETER_OVERFLOW;
	if (ec == EC_SUCCESS)
		*out = (uint16_t)sqlite3_column_int(stmt, 0);
	db_done(stmt);
	return ec;
}

enum ec store_replid(struct store *store, const struct guid *replica,
		     uint16_t *out)
{
	enum ec ec;

	if (guid_is_null(replica))
		return EC_INVALID_PARAM;
	if (guid_equal(replica, &store->replica_guid)) {
		*out = STORE_REPLID;
		return EC_SUCCESS;
	}
	ec = find_replica(store, replica, out);
	if (ec != EC_NOT_FOUND)
		return ec;
	ec = db_begin(store);
	if (ec != EC_SUCCESS)
		return ec;
	return db_end(store, add_replica(store, replica, out));
}

enum ec store_replguid(struct store *store, uint16_t replid,
		       struct guid *out)
{
	struct sqlite3_stmt *stmt;
	enum ec ec;
	bool row;

	if (replid == STORE_REPLID) {
		*out = store->replica_guid;
		return EC_SUCCESS;
	}
	stmt = db_stmt(store, "SELECT guid FROM replicas WHERE id=?1");
	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int(stmt, 1, replid);
	ec = db_step(store, stmt, &row);
	if (ec == EC_SUCCESS && !row)
		ec = EC_NOT_FOUND;
	else if (ec == EC_SUCCESS && sqlite3_column_bytes(stmt, 0) != 16)
		ec = EC_CORRUPT_STORE;
	if (ec == EC_SUCCESS)
		memcpy(out->b, sqlite3_column_blob(stmt, 0), 16);
	db_done(stmt);
	return ec;
}

/* ---- Reserved IDs ([MS-OXCFXICS] 3.2.5.9.4.7) ---- */

static enum ec reserve(struct store *store, uint64_t first, uint32_t count)
{
	struct sqlite3_stmt *stmt = db_stmt(store,
		"INSERT INTO reserved VALUES(?1, ?2)");

	if (stmt == NULL)
		return EC_DISK_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)first);
	sqlite3_bind_int64(stmt, 2, count);
	return db_run(store, stmt);
}

/* The range, and a block of counters for the store behind it. */
enum ec store_reserve_ids(struct store *store, uint32_t count,
			  uint64_t *first)
{
	uint64_t start, limit;
	enum ec ec;

	if (count == 0)
		return EC_INVALID_PARAM;
	ec = db_begin(store);
	if (ec != EC_SUCCESS)
		return ec;
	start = store->next_counter;
	limit = start + count + COUNTER_BLOCK;
	if (limit > GLOBCNT_MAX)
		ec = EC_NOT_ENOUGH_MEMORY;
	if (ec == EC_SUCCESS)
		ec = reserve(store, start, count);
	if (ec == EC_SUCCESS)
		ec = var_set_int(store, "counter_limit", (int64_t)limit);
	if (ec == EC_SUCCESS) {
		store->state.counter_limit = limit;
		store->next_counter = start + count;
	}
	ec = db_end(store, ec);
	if (ec == EC_SUCCESS)
		*first = db_id(start);
	return ec;
}

bool store_id_issued(const struct store *store, uint64_t id)
{
	uint64_t counter = db_counter(id);

	return counter != 0 && counter < store->next_counter;
}

uint64_t store_last_change_number(struct store *store)
{
	return db_id(store->next_counter - 1);
}
