/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bodies of the address book endpoint ([MS-OXCMAPIHTTP] 2.2.5), in both
 * directions, with the values of [MS-OXNSPI] 2.2: what follows from nspi.def
 * and nspi_fields.h.  For every request type there are struct nspi_<name>_req
 * and _rsp.
 *
 * What is decoded lies in the arena of the codec or is borrowed from the body.
 * Leftover bytes are malformed.
 */
#ifndef MAPI_NSPI_H
#define MAPI_NSPI_H

#include "base/arena.h"
#include "base/wire.h"
#include "mapi/http_body.h"
#include "mapi/nspi_fields.h"
#include "mapi/prop_codec.h"
#include "mapi/restriction.h"

/* Return values that base/ec.def has under other names, [MS-OXNSPI] 2.2.1.2 */
enum { NSPI_UNBIND_SUCCESS = 1, NSPI_UNBIND_FAILURE = 2 };

/* Display types, [MS-OXNSPI] 2.2.1.3 */
enum display_type {
	DT_MAILUSER = 0x000, DT_DISTLIST = 0x001, DT_FORUM = 0x002,
	DT_AGENT = 0x003, DT_ORGANIZATION = 0x004, DT_PRIVATE_DISTLIST = 0x005,
	DT_REMOTE_MAILUSER = 0x006, DT_CONTAINER = 0x100, DT_TEMPLATE = 0x101,
	DT_ADDRESS_TEMPLATE = 0x102, DT_SEARCH = 0x200,
};

/* [MS-OXNSPI] 2.2.1.4, 2.2.1.5 */
enum { NSPI_DEFAULT_LOCALE = 0x0409, CP_TELETEX = 20261,
       CP_WINUNICODE = 1200 };

/* Minimal Entry IDs: positions (2.2.1.8) and results of ANR (2.2.1.9); those
 * of objects are at least MID_FIRST (2.2.9.1). */
enum {
	MID_BEGINNING_OF_TABLE = 0, MID_CURRENT = 1, MID_END_OF_TABLE = 2,
	MID_UNRESOLVED = 0, MID_AMBIGUOUS = 1, MID_RESOLVED = 2,
	MID_FIRST = 0x10,
};

/* Sort types, 2.2.1.10 */
enum {
	SORT_TYPE_DISPLAY_NAME = 0, SORT_TYPE_PHONETIC_DISPLAY_NAME = 3,
	SORT_TYPE_DISPLAY_NAME_RO = 1000, SORT_TYPE_DISPLAY_NAME_W = 1001,
};

/* Flags: 2.2.1.11 … 2.2.1.15, and of Bind (3.1.4.1.1). */
enum { NSPI_SKIP_OBJECTS = 1, NSPI_EPH_ID = 2 };
enum { NSPI_ADDRESS_CREATION_TEMPLATES = 2, NSPI_UNICODE_STRINGS = 4 };
#define NSPI_UNICODE_PROPTYPES UINT32_C(0x80000000)
enum { TI_TEMPLATE = 0x01, TI_SCRIPT = 0x04, TI_EMT = 0x10,
       TI_HELPFILE_NAME = 0x20, TI_HELPFILE_CONTENTS = 0x40 };
enum { NSPI_DELETE = 1 };
enum { NSPI_ANONYMOUS_LOGIN = 0x20 };

/* Counts of arrays are limited ([MS-OXCMAPIHTTP] 2.2.1.8, 2.2.5.12.1). */
enum { NSPI_COUNT_MAX = 100000 };

/* STAT, [MS-OXNSPI] 2.2.8 */
struct nspi_stat {
	uint32_t sort_type, container_id, current_rec;
	int32_t delta;
	uint32_t num_pos, total_recs, code_page, template_locale, sort_locale;
};

enum { NSPI_STAT_SIZE = 36 };

struct nspi_mids {
	uint32_t n;
	const uint32_t *v;
};

struct nspi_strings {
	uint32_t n;
	const char *const *v;
};

struct nspi_entry_ids {
	uint32_t n;
	const struct bin *v;
};

struct nspi_value_rows {
	uint32_t n;
	const struct prop_values *v;
};

/* n rows: v[i].v[j] is the value of column j, as prop_row_encode wants it. */
struct nspi_rows {
	struct prop_tags columns;
	uint32_t n;
	const struct prop_values *v;
};

struct nspi_property_name {
	struct guid guid;
	uint32_t id;
};

#define NSPI_T_u32 uint32_t
#define NSPI_T_i32 int32_t
#define NSPI_T_bool8 bool
#define NSPI_T_guid struct guid
#define NSPI_T_code_page uint32_t
#define NSPI_T_stat struct nspi_stat
#define NSPI_T_tags struct prop_tags
#define NSPI_T_mids struct nspi_mids
#define NSPI_T_value struct prop_value
#define NSPI_T_values struct prop_values
#define NSPI_T_value_rows struct nspi_value_rows
#define NSPI_T_rows struct nspi_rows
#define NSPI_T_restriction const struct restriction *
#define NSPI_T_property_name struct nspi_property_name
#define NSPI_T_entry_ids struct nspi_entry_ids
#define NSPI_T_dns struct nspi_strings
#define NSPI_T_names struct nspi_strings
#define NSPI_T_str8z const char *
#define NSPI_T_str16z const char *

/* The structs: struct nspi_query_rows_req, struct nspi_query_rows_rsp … */
#define NSPI_FIELD_F(kind, field) NSPI_T_##kind field;
#define NSPI_FIELD_O(kind, has, field) bool has; NSPI_T_##kind field;
#define NSPI(name, spec, type, section, flags, handler) \
	struct nspi_##name##_req { \
		NSPI_REQ_##name(NSPI_FIELD_F, NSPI_FIELD_O) \
	}; \
	struct nspi_##name##_rsp { \
		NSPI_RSP_##name(NSPI_FIELD_F, NSPI_FIELD_O) \
	};
#include "mapi/nspi.def"
#undef NSPI

union nspi_req {
#define NSPI(name, spec, type, section, flags, handler) \
	struct nspi_##name##_req name;
#include "mapi/nspi.def"
#undef NSPI
};

union nspi_rsp {
#define NSPI(name, spec, type, section, flags, handler) \
	struct nspi_##name##_rsp name;
#include "mapi/nspi.def"
#undef NSPI
};

enum nspi_flags { NSPI_WRITES = 1, NSPI_NO_SESSION = 2 };

struct nspi_desc {
	const char *name, *section;       /* "Bind", "2.2.5.1" */
	unsigned flags;                   /* enum nspi_flags */
};

/* NULL for what is no request type of the address book. */
const struct nspi_desc *nspi_desc(enum request_type type);

/* What every response has around its fields. */
struct nspi_answer {
	uint32_t status_code;             /* not 0: no fields follow */
	uint32_t error_code;
	struct bin auxiliary_buffer;
};

/*
 * The codec of one body.  prop (made with prop_ctx_address_book) has the
 * arena, and the code page that PtypString8 values are in until a field says
 * otherwise.  request: for responses decoded, what was asked, or NULL.
 */
struct nspi_codec {
	struct prop_ctx prop;
};

bool nspi_request_decode(struct nspi_codec *c, enum request_type type,
			 const struct bin *body, union nspi_req *out,
			 struct bin *auxiliary_buffer);
void nspi_request_encode(struct nspi_codec *c, struct wire_w *w,
			 enum request_type type, const union nspi_req *req,
			 const struct bin *auxiliary_buffer);
bool nspi_response_decode(struct nspi_codec *c, enum request_type type,
			  const struct bin *body, struct nspi_answer *answer,
			  union nspi_rsp *out);
void nspi_response_encode(struct nspi_codec *c, struct wire_w *w,
			  enum request_type type,
			  const struct nspi_answer *answer,
			  const union nspi_rsp *rsp);

/* As a line of a trace: "QueryRows flags=2 state={…} …". */
struct buf;
void nspi_request_print(struct buf *b, enum request_type type,
			const union nspi_req *req);
void nspi_response_print(struct buf *b, enum request_type type,
			 const struct nspi_answer *answer,
			 const union nspi_rsp *rsp);

/* The name of a return value: "Success", "InvalidBookmark" …; NULL: other. */
const char *nspi_error_name(uint32_t error_code);

/* --- Entry IDs, [MS-OXNSPI] 2.2.9 ------------------------------------- */
/* PermanentEntryID is struct address_book_entry_id of entry_id.h. */

/* EphemeralEntryID, 2.2.9.2: 32 bytes. */
struct ephemeral_entry_id {
	struct guid provider_uid;         /* the server's GUID of Bind */
	uint32_t display_type;
	uint32_t minimal_id;
};

enum { EPHEMERAL_ENTRY_ID_SIZE = 32 };

bool ephemeral_entry_id_parse(const struct bin *data,
			      struct ephemeral_entry_id *out);
struct bin ephemeral_entry_id_format(struct arena *a,
				     const struct ephemeral_entry_id *id);

#endif
