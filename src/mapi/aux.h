/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Auxiliary buffers ([MS-OXCRPC] 2.2.2.2, 3.1.4.1.2): blocks behind an
 * AUX_HEADER, in an extended buffer.  What clients send is informational: a
 * block that is not known, or does not hold what its type says, is kept as it
 * is; only blocks that don't fit into the buffer are malformed.
 */
#ifndef MAPI_AUX_H
#define MAPI_AUX_H

#include "base/arena.h"
#include "base/wire.h"
#include "mapi/aux_fields.h"
#include "mapi/prop.h"

/* [MS-OXCRPC] 3.1.4.2, cbAuxIn: a whole buffer, extended header included. */
enum { AUX_BUFFER_MAX = 0x1008 };

enum { AUX_VERSION_1 = 1, AUX_VERSION_2 = 2 };

/* Type in the low byte, version above it. */
enum aux_type {
#define AUX_TYPE(version, type, constant, block) \
	constant = (version) << 8 | (type),
AUX_TYPES(AUX_TYPE)
#undef AUX_TYPE
};

/* [MS-OXCRPC] 2.2.2.2.4, ClientMode */
enum { CLIENTMODE_UNKNOWN = 0, CLIENTMODE_CLASSIC = 1, CLIENTMODE_CACHED = 2 };

/* 2.2.2.2.15, EnableFlags */
enum {
	ENABLE_PERF_SENDTOSERVER = 0x01, ENABLE_PERF_SENDTOMAILBOX = 0x02,
	ENABLE_COMPRESSION = 0x04, ENABLE_HTTP_TUNNELING = 0x08,
	ENABLE_PERF_SENDGCDATA = 0x10,
};

/* 2.2.2.2.17, OrgFlags */
enum {
	PUBLIC_FOLDERS_ENABLED = 0x01,
	USE_AUTODISCOVER_FOR_PUBLIC_FOLDER_CONFIGURATION = 0x02,
};

/* 2.2.2.2.19, ServerCapabilityFlags */
enum {
	PACKED_FAST_TRANSFER_UPLOAD_BUFFERS = 0x01,
	PACKED_WRITE_STREAM_UPLOAD_BUFFERS = 0x02,
	ULTRA_LARGE_PACKED_DOWNLOAD_BUFFERS = 0x08,
};

/* 2.2.2.2.20, EndpointCapabilityFlag */
enum { ENDPOINT_CAPABILITIES_SINGLE_ENDPOINT = 0x01 };

/* One struct a block, aux_perf_clientinfo and so on; strings are UTF-8. */
#define AUX_T_u8 uint8_t
#define AUX_T_u16 uint16_t
#define AUX_T_u32 uint32_t
#define AUX_T_guid struct guid
#define AUX_T_str const char *
#define AUX_T_bin struct bin
#define AUX_T_text const char *

#define AUX_MEMBER(kind, name) AUX_T_##kind name;
#define AUX_RESERVED(n)
#define AUX_BLOCK(block) \
	struct aux_##block { \
		AUX_FIELDS_##block(AUX_MEMBER, AUX_RESERVED) \
	};
AUX_BLOCKS(AUX_BLOCK)
#undef AUX_BLOCK

struct aux_block {
	uint8_t version, type;
	bool is_raw;                      /* raw counts, nothing else */
	union {
#define AUX_BLOCK(block) struct aux_##block block;
AUX_BLOCKS(AUX_BLOCK)
#undef AUX_BLOCK
		struct bin raw;           /* all after the header */
	};
};

#undef AUX_MEMBER
#undef AUX_RESERVED

struct aux_blocks {
	uint32_t n;
	const struct aux_block *v;
};

/* A block of this type, with nothing in it yet. */
static inline struct aux_block aux_block(enum aux_type type)
{
	return (struct aux_block){ .version = (uint8_t)(type >> 8),
				   .type = (uint8_t)type };
}

static inline enum aux_type aux_block_type(const struct aux_block *block)
{
	return (enum aux_type)(block->version << 8 | block->type);
}

/*
 * All blocks of a payload (an extended buffer's, unpacked).  Strings lie in
 * the arena, bytes are borrowed.
 */
bool aux_blocks_decode(const struct bin *payload, struct arena *a,
		       struct aux_blocks *out);
void aux_block_encode(struct wire_w *w, const struct aux_block *block);

/*
 * A whole AuxiliaryBuffer with its extended header; an empty one has no
 * blocks.  False when the header, the packing or the blocks are malformed, or
 * it has more than AUX_BUFFER_MAX bytes.
 */
bool aux_buffer_decode(const struct bin *buffer, struct arena *a,
		       struct aux_blocks *out);

/*
 * The reverse, with flags EXT_COMPRESSED and EXT_XOR_MAGIC (ext_buffer.h);
 * nothing at all for no blocks.  scratch serves the compressor.
 */
void aux_buffer_encode(struct wire_w *w, const struct aux_blocks *blocks,
		       unsigned flags, struct arena *scratch);

/* The first block of a type; NULL if none. */
const struct aux_block *aux_find(const struct aux_blocks *blocks,
				 enum aux_type type);

/* "AUX_TYPE_PERF_CLIENTINFO"; NULL for an unknown type. */
const char *aux_type_name(enum aux_type type);

struct buf;
void aux_block_print(struct buf *b, const struct aux_block *block);

#endif
