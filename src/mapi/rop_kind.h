/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C types of the field kinds of rop_fields.h.  Arrays and bytes point
 * into the buffer that was decoded or into the arena of the codec; encoders
 * only read them.
 */
#ifndef MAPI_ROP_KIND_H
#define MAPI_ROP_KIND_H

#include "mapi/id.h"
#include "mapi/prop.h"
#include "mapi/prop_codec.h"
#include "mapi/restriction.h"
#include "mapi/sort.h"

struct rop_bytes6 {
	uint8_t b[6];
};

struct rop_bytes24 {
	uint8_t b[24];
};

struct rop_ids {
	uint32_t n;
	const uint64_t *v;
};

struct rop_u32s {
	uint32_t n;
	const uint32_t *v;
};

struct rop_prop_ids {
	uint32_t n;
	const uint16_t *v;
};

struct rop_names {
	uint32_t n;
	const struct prop_name *v;
};

struct rop_long_term_ids {
	uint32_t n;
	const struct long_term_id *v;
};

struct rop_strings {
	uint32_t n;
	const char *const *v;     /* ASCII */
};

/* Servers with a replica of a folder; cheap_count of them come first. */
struct rop_servers {
	uint16_t count, cheap_count;
	const char *const *v;     /* ASCII */
};

/* The 13 special folders ([MS-OXCSTOR] 2.2.1.1.3, .4). */
struct rop_folder_ids {
	uint64_t v[13];
};

/* [MS-OXCROPS] 2.2.3.1.2.1 */
struct rop_logon_time {
	uint8_t seconds, minutes, hour;
	uint8_t day_of_week;      /* Sunday is 0 */
	uint8_t day, month;       /* from 1 */
	uint16_t year;
};

/*
 * One recipient: OpenRecipientRow (2.2.6.1.2.1), ModifyRecipientRow
 * (2.2.6.5.1.1) and ReadRecipientRow (2.2.6.6.2.1), which have these fields
 * but for row_id (not in the first) and code_page_id (not in the second).
 * row is an encoded RecipientRow ([MS-OXCDATA] 2.8.3) for the columns that
 * go with it: recipient_row.h has its codec.  In RopModifyRecipients an empty
 * row deletes the recipient.
 */
struct rop_recipient {
	uint32_t row_id;
	uint8_t recipient_type;
	uint16_t code_page_id;
	uint16_t reserved;
	struct bin row;
};

struct rop_recipients {
	uint32_t n;               /* at most 255 but in RopModifyRecipients */
	const struct rop_recipient *v;
};

/* RopQueryNamedProperties: IDs and their names, two arrays of n. */
struct rop_name_pairs {
	uint32_t n;
	const uint16_t *ids;
	const struct prop_name *names;
};

/* PermissionData (2.2.10.1.1.1) and RuleData (2.2.11.1.1.1). */
struct rop_data_row {
	uint8_t flags;
	struct prop_values property_values;
};

struct rop_data_rows {
	uint32_t n;
	const struct rop_data_row *v;
};

/* MessageReadState, 2.2.13.3.1.1 */
struct rop_read_state {
	struct bin message_id;    /* a GID */
	bool mark_as_read;
};

struct rop_read_states {
	uint32_t n;
	const struct rop_read_state *v;
};

/* LongTermIdRange, 2.2.13.12.1.1 */
struct rop_id_range {
	struct long_term_id min_long_term_id, max_long_term_id;
};

struct rop_id_ranges {
	uint32_t n;
	const struct rop_id_range *v;
};

/* TagCount and Tags of a notification: no tags if the count is 0xffff. */
struct rop_changed_tags {
	uint16_t tag_count;
	const uint32_t *v;
};

/* BackoffRop, 2.2.15.2.1.1 */
struct rop_backoff_entry {
	uint8_t rop_id_backoff;
	uint32_t duration;        /* ms */
};

struct rop_backoffs {
	uint32_t n;               /* at most 255 */
	const struct rop_backoff_entry *v;
};

/* ROP_T_<kind> is the C type of a field of that kind. */
#define ROP_T_u8 uint8_t
#define ROP_T_u16 uint16_t
#define ROP_T_u32 uint32_t
#define ROP_T_u31 uint32_t
#define ROP_T_u64 uint64_t
#define ROP_T_i32 int32_t
#define ROP_T_i64 int64_t
#define ROP_T_bool8 bool
#define ROP_T_id uint64_t
#define ROP_T_tag uint32_t
#define ROP_T_guid struct guid
#define ROP_T_bytes6 struct rop_bytes6
#define ROP_T_bytes24 struct rop_bytes24
#define ROP_T_str8z const char *
#define ROP_T_str8_bin8 const char *
#define ROP_T_str8_bin16 const char *
#define ROP_T_typed_string const char *
#define ROP_T_bin8 struct bin
#define ROP_T_bin16 struct bin
#define ROP_T_bin32 struct bin
#define ROP_T_rest struct bin
#define ROP_T_tags16 struct prop_tags
#define ROP_T_prop_ids16 struct rop_prop_ids
#define ROP_T_ids16 struct rop_ids
#define ROP_T_values16 struct prop_values
#define ROP_T_sized_values struct prop_values
#define ROP_T_names16 struct rop_names
#define ROP_T_problems16 struct prop_problems
#define ROP_T_long_term_ids16 struct rop_long_term_ids
#define ROP_T_u32s32 struct rop_u32s
#define ROP_T_restriction16 const struct restriction *
#define ROP_T_long_term_id struct long_term_id
#define ROP_T_folder_ids13 struct rop_folder_ids
#define ROP_T_logon_time struct rop_logon_time
#define ROP_T_servers struct rop_servers
#define ROP_T_sort_orders struct sort_order_set
#define ROP_T_open_recipients struct rop_recipients
#define ROP_T_modify_recipients struct rop_recipients
#define ROP_T_read_recipients struct rop_recipients
#define ROP_T_address_types struct rop_strings
#define ROP_T_name_pairs struct rop_name_pairs
#define ROP_T_data_rows16 struct rop_data_rows
#define ROP_T_read_states struct rop_read_states
#define ROP_T_id_ranges struct rop_id_ranges
#define ROP_T_changed_tags struct rop_changed_tags
#define ROP_T_backoffs struct rop_backoffs

#endif
