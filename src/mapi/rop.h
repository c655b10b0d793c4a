/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remote operations ([MS-OXCROPS]): what follows from rops.def and
 * rop_fields.h.  For every ROP there are struct rop_<name>_req and _rsp, with
 * the fields of the specification in snake_case, and one codec for both
 * directions.
 *
 * A server decodes a header, then the request, runs the handler of its table
 * row and encodes the response:
 *
 *	while (wire_left(&in) > 0) {
 *		if (!rop_header_decode(&in, &header))
 *			return EC_RPC_FORMAT;
 *		codec.public_logon = …header.logon_id…;
 *		if (!rop_request_decode(&codec, &in, &header, &req))
 *			return EC_RPC_FORMAT;
 *		memset(&rsp, 0, sizeof rsp);
 *		ec = …handler…(call, &req, &rsp);
 *		rop_response_encode(&codec, &out, &header, ec, &rsp);
 *	}
 *
 * A client encodes requests and decodes what comes back:
 *
 *	struct rop_header h = { .rop_id = ROP_ID_open_folder,
 *				.input_handle_index = 0,
 *				.output_handle_index = 1 };
 *	union rop_req req = { .open_folder = { .folder_id = id } };
 *
 *	rop_request_encode(&codec, &w, &h, &req);
 *	…
 *	while (wire_left(&r) > 0) {
 *		if (!rop_response_decode(&codec, &r, &answer, &rsp))
 *			return err_set(…);
 *		if (answer.rop_id == ROP_ID_open_folder &&
 *		    answer.return_value == EC_SUCCESS)
 *			…rsp.open_folder.has_rules…
 *	}
 *
 * Rows are read with the columns that were set: put them into codec.columns
 * before rop_response_decode, then
 *
 *	rop_rows_decode(&codec, &columns, &rsp.query_rows.row_data,
 *			rsp.query_rows.row_count, &rows);
 */
#ifndef MAPI_ROP_H
#define MAPI_ROP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/ec.h"
#include "base/wire.h"
#include "mapi/prop_codec.h"
#include "mapi/rop_fields.h"
#include "mapi/rop_kind.h"

/* RopIds: ROP_ID_open_folder and so on. */
enum rop_id {
#define ROP(id, name, spec, layout, objects, flags, section, handler) \
	ROP_ID_##name = id,
#include "mapi/rops.def"
#undef ROP
};

/*
 * What an input handle may be; the first seven are the bits of enum
 * object_kind of src/mailbox/object.h.
 */
enum rop_object {
	OBJ_LOGON        = 0x0001,
	OBJ_FOLDER       = 0x0002,
	OBJ_MESSAGE      = 0x0004,
	OBJ_ATTACHMENT   = 0x0008,
	OBJ_STREAM       = 0x0010,
	OBJ_TABLE        = 0x0020,
	OBJ_NOTIFICATION = 0x0040,
	OBJ_FXSRC        = 0x0080,        /* FastTransfer download, ICS too */
	OBJ_FXDST        = 0x0100,        /* FastTransfer upload */
	OBJ_SYNC         = 0x0200,        /* ICS upload collector */
	OBJ_ANY          = 0xffff,
};

/* The handle indexes of a header; rops.def. */
enum rop_layout {
	ROP_IN,           /* InputHandleIndex */
	ROP_IN_OUT,       /* InputHandleIndex, OutputHandleIndex */
	ROP_SRC_DEST,     /* SourceHandleIndex, DestHandleIndex */
	ROP_RSP_IN,       /* ResponseHandleIndex, InputHandleIndex */
	ROP_OUT,          /* OutputHandleIndex */
	ROP_NO_RSP,       /* InputHandleIndex, and no response */
	ROP_RSP_ONLY,     /* no request; the response has no such header */
};

enum rop_flags { ROP_MEMORY = 1, ROP_WRITES = 2, ROP_ALWAYS = 4,
		 ROP_NULL = 8, ROP_ENDS = 16 };

struct rop_desc {
	uint8_t id;
	uint8_t layout;           /* enum rop_layout */
	uint8_t flags;            /* enum rop_flags */
	uint16_t objects;         /* enum rop_object, or'ed */
	const char *name;         /* "RopOpenFolder" */
	const char *section;      /* of [MS-OXCROPS] */
	/*
	 * Bytes of a successful response: the least, and the most if that is
	 * known before (SIZE_MAX if not).  rop_response_bound knows more.
	 * Where rows or data come last, they begin at rsp_min.
	 */
	size_t rsp_min, rsp_max;
};

/* The row of an ID; NULL for reserved ones ([MS-OXCROPS] 2.2.2). */
const struct rop_desc *rop_desc(uint8_t id);

/* "RopOpenFolder"; "reserved ROP" for IDs that are none. */
const char *rop_name(uint8_t id);

/* The structs: struct rop_open_folder_req, struct rop_open_folder_rsp … */
#define ROP_FIELD_F(kind, field) ROP_T_##kind field;
#define ROP_FIELD_C(present, kind, field) ROP_T_##kind field;
#define ROP_FIELD_S(present, unicode, field) const char *field;
#define ROP_FIELD_R(present, n, columns, field) struct bin field;
#define ROP(id, name, spec, layout, objects, flags, section, handler) \
	struct rop_##name##_req { \
		REQ_##name(ROP_FIELD_F, ROP_FIELD_C, ROP_FIELD_S, \
			   ROP_FIELD_R) \
	}; \
	struct rop_##name##_rsp { \
		RSP_##name(ROP_FIELD_F, ROP_FIELD_C, ROP_FIELD_S, \
			   ROP_FIELD_R) \
	};
#include "mapi/rops.def"
#undef ROP

union rop_req {
#define ROP(id, name, spec, layout, objects, flags, section, handler) \
	struct rop_##name##_req name;
#include "mapi/rops.def"
#undef ROP
};

union rop_rsp {
#define ROP(id, name, spec, layout, objects, flags, section, handler) \
	struct rop_##name##_rsp name;
#include "mapi/rops.def"
#undef ROP
};

/* The header of a request; the indexes that its layout has not are 0. */
struct rop_header {
	uint8_t rop_id, logon_id;
	uint8_t input_handle_index;       /* the source, in ROP_SRC_DEST */
	uint8_t output_handle_index;
	uint8_t dest_handle_index;
	uint8_t response_handle_index;
};

/* The header of a response; handle_index is the one that its layout has. */
struct rop_answer {
	uint8_t rop_id, handle_index;
	enum ec return_value;             /* EC_SUCCESS in ROP_RSP_ONLY */
};

/* What a codec knows beside the bytes. */
struct rop_codec {
	struct prop_ctx prop;     /* arena and code page; prop_ctx_rop() */
	bool public_logon;        /* the logon is to public folders */
	/*
	 * For responses decoded: the columns of the table
	 * (RopSetColumns), or the property tags of the RopGetPropertiesSpecific
	 * request.  NULL: such a response is taken to reach to the end of the
	 * reader.
	 */
	const struct prop_tags *columns;
	/*
	 * If not NULL: asked for the columns by each response decoded, before
	 * its fields are; its answer is put into columns.  So several tables
	 * in one buffer can be told apart by the handle index, or by order.
	 */
	const struct prop_tags *(*columns_for)(void *context,
					       const struct rop_answer *answer);
	void *context;
};

/* The header of the next request.  False: truncated, or a RopId that is
 * reserved or of a server's message: the whole buffer fails. */
bool rop_header_decode(struct wire_r *r, struct rop_header *out);

/*
 * The fields after the header.  Only the member of out that belongs to the
 * ROP is written; what it points to is borrowed from the input or lies in the
 * arena.  False, and the reader bad, when the bytes are malformed.
 */
bool rop_request_decode(struct rop_codec *c, struct wire_r *r,
			const struct rop_header *header, union rop_req *out);

/* Header and fields; the writer is full when there is no room. */
void rop_request_encode(const struct rop_codec *c, struct wire_w *w,
			const struct rop_header *header,
			const union rop_req *req);

/*
 * The response to the request with this header.  rsp is not looked at if ec
 * is a failure after which no fields follow; NULL stands for fields of zero,
 * when a ROP fails before its handler runs.  The DestHandleIndex that follows
 * ecDstNullObject is that of the header.  RopRelease writes nothing.  With
 * ROP_RSP_ONLY only rop_id of the header counts.
 *
 * The rows or data that end a response may have been put in their place
 * already (rop_bulk_writer): then they are not copied.
 */
void rop_response_encode(const struct rop_codec *c, struct wire_w *w,
			 const struct rop_header *header, enum ec ec,
			 const union rop_rsp *rsp);

/*
 * The next response.  Fields that are not there are zero.  After a failure
 * without fields nothing of out is to be looked at.
 */
bool rop_response_decode(struct rop_codec *c, struct wire_r *r,
			 struct rop_answer *answer, union rop_rsp *out);

/*
 * A writer of what is left of out for the rows or data that end the response
 * to rop_id: RowData of RopQueryRows, RopFindRow, RopExpandRow,
 * RopGetPropertiesSpecific, Data of RopReadStream, TransferBuffer of
 * RopFastTransferSourceGetBuffer.  What is written to it and then given as
 * the field of the response (base, len) is not copied again.
 */
struct wire_w rop_bulk_writer(const struct wire_w *out, uint8_t rop_id);

/*
 * The most bytes that a response to this request can take, failure responses
 * included; SIZE_MAX if that can't be told before it has run.
 */
size_t rop_response_bound(const struct rop_header *header,
			  const union rop_req *req);

/*
 * n rows, one after another, with these columns: an array of n in the arena,
 * each with a value a column (prop_row_decode).  False if they are malformed
 * or bytes are left over.
 */
bool rop_rows_decode(const struct rop_codec *c, const struct prop_tags *columns,
		     const struct bin *data, size_t n,
		     const struct prop_values **rows);

/* The columns of RopGetReceiveFolderTable ([MS-OXCSTOR] 2.2.1.4.2). */
extern const struct prop_tags rop_receive_folder_columns;

/*
 * One line for traces: "RopOpenFolder logon=0 in=0 out=1 folder_id=0x… …",
 * and "RopOpenFolder handle=1 ecNone has_rules=false …".  Strings and bytes
 * are cut after 64 bytes.  Rows are printed with their values when columns
 * are in the codec.
 */
void rop_request_print(struct buf *b, const struct rop_codec *c,
		       const struct rop_header *header,
		       const union rop_req *req);
void rop_response_print(struct buf *b, const struct rop_codec *c,
			const struct rop_answer *answer,
			const union rop_rsp *rsp);

#endif
