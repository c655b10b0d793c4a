/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties in memory ([MS-OXCDATA] 2.11): the one form that every layer
 * shares.  Values are borrowed: the bytes lie in a request, an arena or a
 * store's row, and prop_value_copy makes them somebody's own.
 */
#ifndef MAPI_PROP_H
#define MAPI_PROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ec.h"
#include "base/guid.h"

/* [MS-OXCDATA] 2.11.1 */
enum prop_type {
	PTYP_UNSPECIFIED  = 0x0000,
	PTYP_NULL         = 0x0001,
	PTYP_INTEGER16    = 0x0002,
	PTYP_INTEGER32    = 0x0003,
	PTYP_FLOATING32   = 0x0004,
	PTYP_FLOATING64   = 0x0005,
	PTYP_CURRENCY     = 0x0006,
	PTYP_FLOATING_TIME = 0x0007,
	PTYP_ERROR_CODE   = 0x000a,
	PTYP_BOOLEAN      = 0x000b,
	PTYP_OBJECT       = 0x000d,
	PTYP_INTEGER64    = 0x0014,
	PTYP_STRING8      = 0x001e,
	PTYP_STRING       = 0x001f,
	PTYP_TIME         = 0x0040,
	PTYP_GUID         = 0x0048,
	PTYP_SERVER_ID    = 0x00fb,
	PTYP_RESTRICTION  = 0x00fd,
	PTYP_RULE_ACTION  = 0x00fe,
	PTYP_BINARY       = 0x0102,
	PTYP_MULTIPLE     = 0x1000,     /* flag: multivalued */
	PTYP_INSTANCE     = 0x2000,     /* flag: one row a value, in tables */
	PTYP_MULTIPLE_INTEGER16 = 0x1002,
	PTYP_MULTIPLE_INTEGER32 = 0x1003,
	PTYP_MULTIPLE_FLOATING32 = 0x1004,
	PTYP_MULTIPLE_FLOATING64 = 0x1005,
	PTYP_MULTIPLE_CURRENCY = 0x1006,
	PTYP_MULTIPLE_FLOATING_TIME = 0x1007,
	PTYP_MULTIPLE_INTEGER64 = 0x1014,
	PTYP_MULTIPLE_STRING8 = 0x101e,
	PTYP_MULTIPLE_STRING = 0x101f,
	PTYP_MULTIPLE_TIME = 0x1040,
	PTYP_MULTIPLE_GUID = 0x1048,
	PTYP_MULTIPLE_BINARY = 0x1102,
};

/* Tags: PID_TAG_SUBJECT and the like, id << 16 | type. */
enum prop_tag {
#define PROP(constant, tag, name) constant = (tag),
#include "mapi/prop_tags.def"
#undef PROP
};

static inline uint16_t prop_tag_id(uint32_t tag)
{
	return (uint16_t)(tag >> 16);
}

static inline uint16_t prop_tag_type(uint32_t tag)
{
	return (uint16_t)tag;
}

static inline uint32_t prop_tag_make(unsigned id, unsigned type)
{
	return (uint32_t)id << 16 | (type & 0xffff);
}

/* Property IDs from 0x8000 on are mapped to names, per mailbox. */
static inline bool prop_id_is_named(unsigned id)
{
	return id >= 0x8000;
}

/* "PidTagSubject"; NULL for a tag that is not in the table. */
const char *prop_tag_name(uint32_t tag);

struct bin {
	const uint8_t *data;
	size_t len;
};

struct restriction;               /* mapi/restriction.h */
struct rule_actions;              /* mapi/rule.h */

/*
 * One property value.  Which member counts follows from the type in tag:
 *
 *   PTYP_INTEGER16 i16             PTYP_INTEGER32 i32
 *   PTYP_FLOATING32 f32            PTYP_FLOATING64, _FLOATING_TIME f64
 *   PTYP_CURRENCY, _INTEGER64 i64  PTYP_TIME time (FILETIME)
 *   PTYP_BOOLEAN b                 PTYP_ERROR_CODE error
 *   PTYP_GUID guid                 PTYP_BINARY, _SERVER_ID, _OBJECT bin
 *   PTYP_STRING str (UTF-8)        PTYP_STRING8 str (in the session's code
 *                                  page: converted where it enters)
 *   PTYP_RESTRICTION restriction   PTYP_RULE_ACTION actions
 *   multivalued: n, and an array of the single type
 *
 * A property that could not be had stands in a row with the type of its tag
 * replaced by PTYP_ERROR_CODE.
 */
struct prop_value {
	uint32_t tag;
	uint32_t n;                       /* of a multivalued property */
	union {
		int16_t i16;
		int32_t i32;
		float f32;
		double f64;
		int64_t i64;
		uint64_t time;
		bool b;
		enum ec error;
		const char *str;
		struct bin bin;
		const struct guid *guid;
		const struct restriction *restriction;
		const struct rule_actions *actions;
		const int16_t *mv_i16;
		const int32_t *mv_i32;
		const float *mv_f32;
		const double *mv_f64;
		const int64_t *mv_i64;
		const uint64_t *mv_time;
		const char *const *mv_str;
		const struct bin *mv_bin;
		const struct guid *mv_guid;
	};
};

/* A list of property tags, or of values. */
struct prop_tags {
	uint32_t n;
	const uint32_t *v;
};

struct prop_values {
	uint32_t n;
	const struct prop_value *v;
};

/* A name of a named property ([MS-OXCDATA] 2.6.1). */
enum prop_name_kind { PROP_NAME_LID = 0, PROP_NAME_STRING = 1,
		      PROP_NAME_NONE = 0xff };

struct prop_name {
	uint8_t kind;                     /* enum prop_name_kind */
	struct guid guid;
	uint32_t lid;                     /* PROP_NAME_LID */
	const char *name;                 /* PROP_NAME_STRING, UTF-8 */
};

/* tag with its type made PTYP_ERROR_CODE and the code as its value. */
struct prop_value prop_error(uint32_t tag, enum ec error);

/* The value of tag's ID in values, whatever its type; NULL if none. */
const struct prop_value *prop_find(const struct prop_values *values,
				   uint32_t tag);

/* A copy in the arena, everything that it points to included. */
struct prop_value prop_value_copy(struct arena *a,
				  const struct prop_value *value);

/* Bytes of the value's data, as PidTagMessageSize counts them. */
size_t prop_value_size(const struct prop_value *value);

/* Whether two values have the same tag and bytes (no collation). */
bool prop_value_equal(const struct prop_value *a, const struct prop_value *b);

#endif
