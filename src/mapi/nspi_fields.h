/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of every body of nspi.def, in wire order, in the terms of
 * [MS-OXCMAPIHTTP] 2.2.5.  Requests are NSPI_REQ_<name>, responses
 * NSPI_RSP_<name>; every body ends in an auxiliary buffer, and every response
 * begins with StatusCode and ErrorCode: these are not listed.
 *
 *   F(kind, field)        always there
 *   O(kind, has, field)   there if the byte before it, Has…, is not zero; has
 *                         is that byte as a bool
 *
 * The kinds; nspi.h has their C types:
 *
 *   u32 i32 bool8 guid    integers, a byte that is true if not zero, a GUID
 *   code_page             a u32 that PtypString8 values from there on are in
 *   stat                  STAT, which has such a code page as well
 *   tags                  LargePropertyTagArray, 2.2.1.8
 *   mids                  Minimal Entry IDs behind their count
 *   value                 AddressBookTaggedPropertyValue, 2.2.1.2
 *   values                AddressBookPropertyValueList, 2.2.1.3
 *   value_rows            such lists behind their count
 *   rows                  columns, and AddressBookPropertyRows behind their
 *                         count, 2.2.1.7
 *   restriction           [MS-OXCDATA] 2.12
 *   property_name         a GUID and a number
 *   entry_ids             binaries behind their count
 *   dns                   8-bit strings behind their count
 *   names                 Unicode strings behind their count
 *   str8z str16z          one such string
 *
 * clang-format off
 */
#ifndef MAPI_NSPI_FIELDS_H
#define MAPI_NSPI_FIELDS_H

#define NSPI_NOTHING(F, O)

#define NSPI_REQ_bind(F, O) \
	F(u32, flags) O(stat, has_state, state)
#define NSPI_RSP_bind(F, O) F(guid, server_guid)

#define NSPI_REQ_unbind(F, O) F(u32, reserved)
#define NSPI_RSP_unbind NSPI_NOTHING

#define NSPI_REQ_compare_mids(F, O) \
	F(u32, reserved) O(stat, has_state, state) \
	F(u32, minimal_id1) F(u32, minimal_id2)
#define NSPI_RSP_compare_mids(F, O) F(i32, result)

#define NSPI_REQ_dn_to_mid(F, O) \
	F(u32, reserved) O(dns, has_names, names)
#define NSPI_RSP_dn_to_mid(F, O) O(mids, has_minimal_ids, minimal_ids)

#define NSPI_REQ_get_matches(F, O) \
	F(u32, reserved) O(stat, has_state, state) \
	O(mids, has_minimal_ids, minimal_ids) \
	F(u32, interface_option_flags) O(restriction, has_filter, filter) \
	O(property_name, has_property_name, property_name) \
	F(u32, row_count) O(tags, has_columns, columns)
#define NSPI_RSP_get_matches(F, O) \
	O(stat, has_state, state) O(mids, has_minimal_ids, minimal_ids) \
	O(rows, has_columns_and_rows, rows)

#define NSPI_REQ_get_prop_list(F, O) \
	F(u32, flags) F(u32, minimal_id) F(code_page, code_page)
#define NSPI_RSP_get_prop_list(F, O) \
	O(tags, has_property_tags, property_tags)

#define NSPI_REQ_get_props(F, O) \
	F(u32, flags) O(stat, has_state, state) \
	O(tags, has_property_tags, property_tags)
#define NSPI_RSP_get_props(F, O) \
	F(code_page, code_page) O(values, has_property_values, property_values)

#define NSPI_REQ_get_special_table(F, O) \
	F(u32, flags) O(stat, has_state, state) O(u32, has_version, version)
#define NSPI_RSP_get_special_table(F, O) \
	F(code_page, code_page) O(u32, has_version, version) \
	O(value_rows, has_rows, rows)

#define NSPI_REQ_get_template_info(F, O) \
	F(u32, flags) F(u32, display_type) \
	O(str8z, has_template_dn, template_dn) \
	F(code_page, code_page) F(u32, locale_id)
#define NSPI_RSP_get_template_info(F, O) \
	F(code_page, code_page) O(values, has_row, row)

#define NSPI_REQ_mod_link_att(F, O) \
	F(u32, flags) F(u32, property_tag) F(u32, minimal_id) \
	O(entry_ids, has_entry_ids, entry_ids)
#define NSPI_RSP_mod_link_att NSPI_NOTHING

#define NSPI_REQ_mod_props(F, O) \
	F(u32, reserved) O(stat, has_state, state) \
	O(tags, has_property_tags, property_tags) \
	O(values, has_property_values, property_values)
#define NSPI_RSP_mod_props NSPI_NOTHING

#define NSPI_REQ_query_rows(F, O) \
	F(u32, flags) O(stat, has_state, state) F(mids, explicit_table) \
	F(u32, row_count) O(tags, has_columns, columns)
#define NSPI_RSP_query_rows(F, O) \
	O(stat, has_state, state) O(rows, has_columns_and_rows, rows)

#define NSPI_REQ_query_columns(F, O) F(u32, reserved) F(u32, mapi_flags)
#define NSPI_RSP_query_columns(F, O) O(tags, has_columns, columns)

#define NSPI_REQ_resolve_names(F, O) \
	F(u32, reserved) O(stat, has_state, state) \
	O(tags, has_property_tags, property_tags) O(names, has_names, names)
#define NSPI_RSP_resolve_names(F, O) \
	F(code_page, code_page) O(mids, has_minimal_ids, minimal_ids) \
	O(rows, has_rows_and_cols, rows)

#define NSPI_REQ_resort_restriction(F, O) \
	F(u32, reserved) O(stat, has_state, state) \
	O(mids, has_minimal_ids, minimal_ids)
#define NSPI_RSP_resort_restriction(F, O) \
	O(stat, has_state, state) O(mids, has_minimal_ids, minimal_ids)

#define NSPI_REQ_seek_entries(F, O) \
	F(u32, reserved) O(stat, has_state, state) \
	O(value, has_target, target) \
	O(mids, has_explicit_table, explicit_table) \
	O(tags, has_columns, columns)
#define NSPI_RSP_seek_entries(F, O) \
	O(stat, has_state, state) O(rows, has_columns_and_rows, rows)

#define NSPI_REQ_update_stat(F, O) \
	F(u32, reserved) O(stat, has_state, state) F(bool8, delta_requested)
#define NSPI_RSP_update_stat(F, O) \
	O(stat, has_state, state) O(i32, has_delta, delta)

#define NSPI_REQ_get_mailbox_url(F, O) F(u32, flags) F(str16z, server_dn)
#define NSPI_RSP_get_mailbox_url(F, O) F(str16z, server_url)

#define NSPI_REQ_get_address_book_url(F, O) F(u32, flags) F(str16z, user_dn)
#define NSPI_RSP_get_address_book_url(F, O) F(str16z, server_url)

#endif
