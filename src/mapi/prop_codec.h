/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property values on the wire ([MS-OXCDATA] 2.11), in both directions, and
 * the structures made of them: rows, tagged values, typed strings, tag arrays,
 * problems.
 *
 * Decoders follow wire.h: an error is sticky in the reader.  Those that yield
 * a structure return false, with *out untouched, when the bytes are malformed,
 * and the reader is bad from then on.  What they yield lies in the arena of
 * the context, except binary values, which are borrowed from the input: copy
 * with prop_value_copy what has to outlive it.
 *
 * Encoders mark the writer full when there is no room, or when a value cannot
 * be said in the width that its count has here.
 */
#ifndef MAPI_PROP_CODEC_H
#define MAPI_PROP_CODEC_H

#include "base/arena.h"
#include "base/wire.h"
#include "mapi/prop.h"

/* Nested restrictions and actions, whatever they are nested in. */
enum { PROP_DEPTH_MAX = 128 };

/* [MS-OXCMAPIHTTP] 2.2.1.1 */
enum { HAS_VALUE_FALSE = 0x00, HAS_VALUE_TRUE = 0xff };

/*
 * How the counts are written ([MS-OXCDATA] 2.11.1.1).  In ROP buffers the
 * size of a PtypBinary, and the counts inside restrictions and rule actions,
 * take 16 bits; in extended rules and address book bodies 32.  The count of a
 * multivalued property takes 32 bits in both.
 */
struct prop_ctx {
	struct arena *arena;      /* for decoded values; encoders need none */
	uint32_t code_page;       /* of PtypString8, see below; 0: as it is */
	bool wide;                /* 32-bit counts */
	/* [MS-OXCMAPIHTTP] 2.2.1.1: a HasValue byte before strings, binaries
	 * and multivalued values, and before each of several strings and
	 * binaries. */
	bool has_value;
	unsigned depth;           /* kept by the codec; begin with 0 */
};

/*
 * In memory a PTYP_STRING is UTF-8, always; a PTYP_STRING8 is bytes in the
 * client's code page, always.  With a code_page, decoders convert PtypString8
 * wherever it stands (restrictions and actions included) and yield PTYP_STRING
 * values: then nothing else has to convert.  Without one they yield
 * PTYP_STRING8, borrowed from the input.
 *
 * With HasValue bytes a value that is not there is a NULL pointer: a string or
 * an array, or the data of a binary.
 *
 * Encoders write a PTYP_STRING8 value as it is; in a row, whose columns say
 * the types, strings of either type are converted to the column's.
 */

/* A context of ROP buffers. */
static inline struct prop_ctx prop_ctx_rop(struct arena *arena,
					   uint32_t code_page)
{
	return (struct prop_ctx){ .arena = arena, .code_page = code_page };
}

/* A context of extended rules. */
static inline struct prop_ctx prop_ctx_wide(struct arena *arena,
					    uint32_t code_page)
{
	return (struct prop_ctx){ .arena = arena, .code_page = code_page,
				  .wide = true };
}

/* A context of address book bodies ([MS-OXCMAPIHTTP] 2.2.5). */
static inline struct prop_ctx prop_ctx_address_book(struct arena *arena,
						    uint32_t code_page)
{
	return (struct prop_ctx){ .arena = arena, .code_page = code_page,
				  .wide = true, .has_value = true };
}

/* ---- strings ---- */

/*
 * A NUL-terminated UTF-16LE string, as UTF-8 in the arena.  NULL, and the
 * reader bad, when there is no terminator.
 */
const char *wire_utf16z(struct wire_r *r, struct arena *a);

/*
 * A NUL-terminated string of 8-bit characters: UTF-8 in the arena when the
 * context has a code page, else borrowed from the input.
 */
const char *wire_string8z(struct wire_r *r, const struct prop_ctx *c);

/*
 * A NUL-terminated ASCII string (DNs, address types), borrowed from the
 * input; bytes above 0x7f make the reader bad.
 */
const char *wire_asciiz(struct wire_r *r);

/*
 * Out, with a terminator; NULL is written as "".  utf16z and string8z take
 * UTF-8 (string8z converts it to the context's code page; without one, or for
 * asciiz, the bytes go out as they are).
 */
void wire_put_utf16z(struct wire_w *w, const char *s);
void wire_put_string8z(struct wire_w *w, const struct prop_ctx *c,
		       const char *s);
void wire_put_asciiz(struct wire_w *w, const char *s);

/* ---- values ---- */

/* Whether type is one of [MS-OXCDATA] 2.11.1 that a value can have. */
bool prop_type_is_known(unsigned type);

/*
 * A PropertyValue (2.11.2.1): the bytes alone, of the type in tag.  Types
 * with PTYP_INSTANCE are read as the single type, which the tag of the value
 * then has.  PTYP_UNSPECIFIED and unknown types are malformed.
 */
bool prop_value_decode(struct wire_r *r, struct prop_ctx *c, uint32_t tag,
		       struct prop_value *out);
void prop_value_encode(struct wire_w *w, const struct prop_ctx *c,
		       const struct prop_value *value);

/* A TypedPropertyValue (2.11.3): 16 bits of type, then the value. */
bool prop_typed_decode(struct wire_r *r, struct prop_ctx *c, unsigned id,
		       struct prop_value *out);
void prop_typed_encode(struct wire_w *w, const struct prop_ctx *c,
		       const struct prop_value *value);

/* A TaggedPropertyValue (2.11.4): the tag, then the value. */
bool prop_tagged_decode(struct wire_r *r, struct prop_ctx *c,
			struct prop_value *out);
void prop_tagged_encode(struct wire_w *w, const struct prop_ctx *c,
			const struct prop_value *value);

/* n tagged values in a row, n already read; every ROP has its own count. */
bool prop_tagged_list_decode(struct wire_r *r, struct prop_ctx *c, size_t n,
			     struct prop_values *out);
void prop_tagged_list_encode(struct wire_w *w, const struct prop_ctx *c,
			     const struct prop_values *values);

/*
 * A FlaggedPropertyValue (2.11.5) for a column, with the type before it when
 * the column's is PTYP_UNSPECIFIED (2.11.6).  A value that is an error has
 * the type PTYP_ERROR_CODE, one that is not there PTYP_NULL.
 */
bool prop_flagged_decode(struct wire_r *r, struct prop_ctx *c, uint32_t column,
			 struct prop_value *out);
void prop_flagged_encode(struct wire_w *w, const struct prop_ctx *c,
			 uint32_t column, const struct prop_value *value);

/*
 * A PropertyRow (2.8.1) for columns: values[i] is that of columns->v[i], of
 * the column's type (the two string types stand for each other), or an error
 * (PTYP_ERROR_CODE), or absent (PTYP_NULL).  A value of another type goes out
 * as the error EC_UNEXPECTED_TYPE.  The row is a StandardPropertyRow when all
 * values are there, else a FlaggedPropertyRow.  Encoding allocates nothing.
 */
bool prop_row_decode(struct wire_r *r, struct prop_ctx *c,
		     const struct prop_tags *columns, struct prop_values *out);
void prop_row_encode(struct wire_w *w, const struct prop_ctx *c,
		     const struct prop_tags *columns,
		     const struct prop_value *values);

/* ---- other structures ---- */

/*
 * n property tags (2.9), n already read, into the arena; and a PropertyTagArray
 * (2.10.1) with its 16-bit count.
 */
bool prop_tags_list_decode(struct wire_r *r, struct arena *a, size_t n,
			   struct prop_tags *out);
bool prop_tags_decode(struct wire_r *r, struct arena *a, struct prop_tags *out);
void prop_tags_encode(struct wire_w *w, const struct prop_tags *tags);

/* PropertyProblem (2.7). */
struct prop_problem {
	uint16_t index;           /* in the array of tags of the request */
	uint32_t tag;
	enum ec error;
};

struct prop_problems {
	uint32_t n;
	const struct prop_problem *v;
};

/* With a 16-bit count before them, as all ROPs have it. */
bool prop_problems_decode(struct wire_r *r, struct arena *a,
			  struct prop_problems *out);
void prop_problems_encode(struct wire_w *w,
			  const struct prop_problems *problems);

/*
 * TypedString (2.11.7).  NULL stands for type 0 (no string), "" for type 1;
 * other strings go out as reduced Unicode when every character is below
 * U+0100, else as Unicode.
 */
bool typed_string_decode(struct wire_r *r, const struct prop_ctx *c,
			 const char **out);
void typed_string_encode(struct wire_w *w, const char *s);

/* ---- printing ---- */

struct buf;

/*
 * One value as text for traces and error messages: "PidTagSubject: "Hi"",
 * strings and binaries cut after max bytes (0: never).
 */
void prop_value_print(struct buf *b, const struct prop_value *value,
		      size_t max);

/* The same without the name: "Hi". */
void prop_data_print(struct buf *b, const struct prop_value *value,
		     size_t max);

/* "PidTagSubject", or "0x8001001f" for a tag without a name. */
void prop_tag_print(struct buf *b, uint32_t tag);

#endif
