/* SPDX-License-Identifier: Apache-2.0 */
/* Streams ([MS-OXCPRPT] 3.2.5.11 to 3.2.5.24). */
#include "mailbox/rop_handler.h"
#include "mailbox/stream_object.h"

enum {
	/* ByteCount that stands for MaximumByteCount; [MS-OXCROPS] 2.2.9.2.1 */
	BYTE_COUNT_MAXIMUM = 0xbabe,
	DATA_SIZE_MAX = UINT16_MAX,
	COPY_CHUNK = 0x10000,
};

/* Origin: [MS-OXCPRPT] 2.2.21.1 */
enum { ORIGIN_START = 0, ORIGIN_CURRENT = 1, ORIGIN_END = 2 };

/* LockFlags: [MS-OXCPRPT] 2.2.24.1.  Any other value: others may not read. */
enum { LOCK_OTHERS_READ = 0x01 };

/* StreamSize has 32 bits; larger ones came by other ways than a client. */
static uint32_t size32(uint64_t size)
{
	return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

/* [MS-OXCPRPT] 3.2.5.11 */
enum ec rop_open_stream(struct rop_call *call,
			const struct rop_open_stream_req *req,
			struct rop_open_stream_rsp *rsp)
{
	uint64_t size;
	enum ec ec = stream_object_open(call, call->in, req->property_tag,
					req->open_mode_flags, &size);

	if (ec == EC_SUCCESS)
		rsp->stream_size = size32(size);
	return ec;
}

/* [MS-OXCPRPT] 3.2.5.12 */
enum ec rop_read_stream(struct rop_call *call,
			const struct rop_read_stream_req *req,
			struct rop_read_stream_rsp *rsp)
{
	struct stream_object *s = call->in->stream;
	size_t len = req->byte_count, room = wire_room(&call->bulk), got;
	enum ec ec;

	if (req->byte_count == BYTE_COUNT_MAXIMUM)
		len = req->maximum_byte_count;
	if (len > DATA_SIZE_MAX)
		len = DATA_SIZE_MAX;
	/* No bytes would mean that this is the end. */
	if (room == 0 && len > 0 &&
	    stream_object_position(s) < stream_object_size(s))
		return EC_BUFFER_TOO_SMALL;
	if (len > room)
		len = room;
	ec = stream_object_check(call->in, stream_object_position(s), len,
				 false);
	if (ec != EC_SUCCESS)
		return ec;
	ec = stream_object_read(s, call->bulk.base, len, &got);
	if (ec != EC_SUCCESS)
		return ec;
	rsp->data = (struct bin){ call->bulk.base, got };
	return EC_SUCCESS;
}

/* [MS-OXCPRPT] 3.2.5.13 */
static enum ec write_data(struct object *object, const struct bin *data,
			  size_t *put)
{
	struct stream_object *s = object->stream;
	uint64_t at = stream_object_position(s);
	uint64_t room = at < STREAM_SIZE_MAX ? STREAM_SIZE_MAX - at : 0;
	size_t len = data->len < room ? data->len : (size_t)room;
	enum ec ec;

	*put = 0;
	if (!stream_object_writable(s))
		return EC_STREAM_ACCESS_DENIED;
	ec = stream_object_check(object, at, data->len, true);
	if (ec == EC_SUCCESS)
		ec = stream_object_write(s, data->data, len, put);
	if (ec == EC_SUCCESS && *put < data->len)
		ec = EC_TOO_BIG;
	return ec;
}

enum ec rop_write_stream(struct rop_call *call,
			 const struct rop_write_stream_req *req,
			 struct rop_write_stream_rsp *rsp)
{
	size_t put;
	enum ec ec = write_data(call->in, &req->data, &put);

	rsp->written_size = (uint16_t)put;
	return ec;
}

/* [MS-OXCPRPT] 3.2.5.14 */
enum ec rop_write_stream_extended(struct rop_call *call,
		const struct rop_write_stream_extended_req *req,
		struct rop_write_stream_extended_rsp *rsp)
{
	size_t put;
	enum ec ec = write_data(call->in, &req->data, &put);

	rsp->written_size = (uint32_t)put;
	return ec;
}

/* [MS-OXCPRPT] 3.2.5.15 */
enum ec rop_commit_stream(struct rop_call *call,
			  const struct rop_commit_stream_req *req,
			  struct rop_commit_stream_rsp *rsp)
{
	enum ec ec = stream_object_check(call->in, 0, UINT64_MAX, false);

	return ec == EC_SUCCESS ? stream_object_commit(call->in->stream) : ec;
}

/* [MS-OXCPRPT] 3.2.5.16 */
enum ec rop_get_stream_size(struct rop_call *call,
			    const struct rop_get_stream_size_req *req,
			    struct rop_get_stream_size_rsp *rsp)
{
	rsp->stream_size = size32(stream_object_size(call->in->stream));
	return EC_SUCCESS;
}

/* Make the stream longer or shorter, if locks allow it. */
static enum ec resize(struct object *object, uint64_t size)
{
	uint64_t old = stream_object_size(object->stream);
	uint64_t from = old < size ? old : size, to = old < size ? size : old;
	enum ec ec = stream_object_check(object, from, to - from, true);

	return ec == EC_SUCCESS ? stream_object_set_size(object->stream, size) :
		ec;
}

/* [MS-OXCPRPT] 3.2.5.17 */
enum ec rop_set_stream_size(struct rop_call *call,
			    const struct rop_set_stream_size_req *req,
			    struct rop_set_stream_size_rsp *rsp)
{
	if (req->stream_size > STREAM_SIZE_MAX)
		return EC_STREAM_SIZE_ERROR;
	return resize(call->in, req->stream_size);
}

/* [MS-OXCPRPT] 3.2.5.18 */
enum ec rop_seek_stream(struct rop_call *call,
			const struct rop_seek_stream_req *req,
			struct rop_seek_stream_rsp *rsp)
{
	struct stream_object *s = call->in->stream;
	uint64_t size = stream_object_size(s), from, to;
	enum ec ec = EC_SUCCESS;

	switch (req->origin) {
	case ORIGIN_START:
		from = 0;
		break;
	case ORIGIN_CURRENT:
		from = stream_object_position(s);
		break;
	case ORIGIN_END:
		from = size;
		break;
	default:
		return EC_STREAM_INVALID_PARAM;
	}
	/* In two's complement, a jump before 0 is one far beyond the limit. */
	to = from + (uint64_t)req->offset;
	if (to > STREAM_SIZE_MAX && to > size)
		return EC_STREAM_SEEK_ERROR;
	if (to > size && stream_object_writable(s))
		ec = resize(call->in, to);
	if (ec == EC_SUCCESS)
		ec = stream_object_seek(s, to);
	if (ec == EC_SUCCESS)
		rsp->new_position = to;
	return ec;
}

/*
 * Copy from one to the other in chunks, each with the lock of its store: the
 * two may be of different mailboxes.
 */
static enum ec copy_chunks(struct rop_call *call, struct object *dest,
			   uint64_t len, uint64_t *read, uint64_t *written)
{
	uint8_t *chunk = arena_alloc(call->arena, COPY_CHUNK);
	struct stream_object *from = call->in->stream;
	size_t n = 1, put = 1;
	enum ec ec = EC_SUCCESS;

	while (ec == EC_SUCCESS && len > 0 && n > 0) {
		ec = rop_call_lock(call, call->in->logon->store);
		n = len < COPY_CHUNK ? (size_t)len : COPY_CHUNK;
		if (ec == EC_SUCCESS)
			ec = stream_object_check(call->in,
				stream_object_position(from), n, false);
		if (ec == EC_SUCCESS)
			ec = stream_object_read(from, chunk, n, &n);
		if (ec != EC_SUCCESS)
			break;
		*read += n;
		len -= n;
		ec = rop_call_lock(call, dest->logon->store);
		if (ec != EC_SUCCESS)
			break;
		ec = write_data(dest, &(struct bin){ chunk, n }, &put);
		*written += put;
	}
	return ec;
}

/* [MS-OXCPRPT] 3.2.5.19 */
enum ec rop_copy_to_stream(struct rop_call *call,
			   const struct rop_copy_to_stream_req *req,
			   struct rop_copy_to_stream_rsp *rsp)
{
	struct object *dest;
	enum ec ec = rop_call_dest(call, OBJECT_STREAM, &dest);

	if (ec == EC_DST_NULL_OBJECT)
		rsp->dest_handle_index = call->header->dest_handle_index;
	if (ec != EC_SUCCESS)
		return ec;
	if (!stream_object_writable(dest->stream))
		return EC_STREAM_ACCESS_DENIED;
	return copy_chunks(call, dest, req->byte_count, &rsp->read_byte_count,
			   &rsp->written_byte_count);
}

/* [MS-OXCPRPT] 3.2.5.21; LockFlags: 2.2.24.1 */
enum ec rop_lock_region_stream(struct rop_call *call,
			       const struct rop_lock_region_stream_req *req,
			       struct rop_lock_region_stream_rsp *rsp)
{
	enum ec ec = stream_object_check(call->in, req->region_offset,
					 req->region_size, false);

	/* Another's lock is for stream_object_lock to judge. */
	if (ec == EC_RPC_FAILED)
		return ec;
	return stream_object_lock(call->in, req->region_offset,
				  req->region_size,
				  req->lock_flags != LOCK_OTHERS_READ);
}

/* [MS-OXCPRPT] 3.2.5.22 */
enum ec rop_unlock_region_stream(struct rop_call *call,
				 const struct rop_unlock_region_stream_req *req,
				 struct rop_unlock_region_stream_rsp *rsp)
{
	enum ec ec = stream_object_check(call->in, req->region_offset,
					 req->region_size, false);

	if (ec == EC_RPC_FAILED)
		return ec;
	stream_object_unlock(call->in, req->region_offset, req->region_size);
	return EC_SUCCESS;
}

/*
 * [MS-OXCPRPT] 3.2.5.23.  Not for folders (2.2.26), whose properties are
 * written at the commit.
 */
enum ec rop_write_and_commit_stream(struct rop_call *call,
		const struct rop_write_and_commit_stream_req *req,
		struct rop_write_and_commit_stream_rsp *rsp)
{
	struct stream_object *s = call->in->stream;
	size_t put = 0;
	enum ec ec;

	if (call->in->owner->kind == OBJECT_FOLDER)
		return EC_NOT_SUPPORTED;
	ec = write_data(call->in, &req->data, &put);
	rsp->written_size = (uint16_t)put;
	return ec == EC_SUCCESS ? stream_object_commit(s) : ec;
}

/* [MS-OXCPRPT] 3.2.5.24 */
enum ec rop_clone_stream(struct rop_call *call,
			 const struct rop_clone_stream_req *req,
			 struct rop_clone_stream_rsp *rsp)
{
	return stream_object_clone(call, call->in);
}
