/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of every ROP of rops.def after its header, in wire order, in the
 * terms of [MS-OXCROPS] 2.2.  Requests are REQ_<name>, responses RSP_<name>.
 *
 *   F(kind, field)              always there
 *   C(present, kind, field)     there if the condition holds; it may use
 *                               v-> (the fields before), ec (the return
 *                               value, in responses) and c-> (struct
 *                               rop_codec)
 *   S(present, unicode, field)  a string with its NUL: UTF-16LE if the
 *                               second condition holds, else in the code page
 *   R(present, n, columns, field)  n property rows ([MS-OXCDATA] 2.8), kept
 *                               as bytes: a server writes them as it goes, a
 *                               client reads them with rop_rows_decode.
 *                               columns: a struct prop_tags *, to find their
 *                               end by
 *
 * The kinds; rop_kind.h has their C types:
 *
 *   u8 u16 u32 u64 i32 i64      integers
 *   u31                         32 bits, malformed above 0x80000000
 *   bool8                       a byte, true if not zero
 *   id                          a folder, message, row or category ID
 *   tag                         a PropertyTag
 *   guid bytes6 bytes24         fixed sizes
 *   str8z                       ASCII or multibyte with its NUL
 *   str8_bin8 str8_bin16        the same after its size, NUL included
 *   typed_string                [MS-OXCDATA] 2.11.7; NULL: none
 *   bin8 bin16 bin32            bytes after a count of 1, 2 or 4 bytes
 *   rest                        bytes up to the end of the buffer
 *   tags16 prop_ids16 ids16     after a 16-bit count: PropertyTags,
 *   values16 names16 problems16 PropertyIds, IDs, TaggedPropertyValues,
 *   long_term_ids16             PropertyNames, PropertyProblems, LongTermIds
 *   sized_values                values16 after a 16-bit size
 *   u32s32                      32-bit integers after a 32-bit count
 *   restriction16               a restriction after its size; NULL: size 0
 *   long_term_id                24 bytes
 *   and structures that occur once or twice: folder_ids13 logon_time servers
 *   sort_orders open_recipients modify_recipients read_recipients
 *   address_types name_pairs data_rows16 read_states id_ranges changed_tags
 *   backoffs
 *
 * clang-format off
 */
#ifndef MAPI_ROP_FIELDS_H
#define MAPI_ROP_FIELDS_H

#define ROP_NOTHING(F, C, S, R)

/* [MS-OXCSTOR] 2.2.1.1.1: the Private flag tells the two kinds of logon. */
#define ROP_LOGON_PRIVATE(v) (((v)->logon_flags & 0x01) != 0)

/* 2.2.3.1: 2.2.3.1.4 for ecWrongServer; private and public logons differ. */
#define REQ_logon(F, C, S, R) \
	F(u8, logon_flags) F(u32, open_flags) F(u32, store_state) \
	F(str8_bin16, essdn)
#define RSP_logon(F, C, S, R) \
	C(ec == EC_SUCCESS || ec == EC_WRONG_SERVER, u8, logon_flags) \
	C(ec == EC_WRONG_SERVER, str8_bin8, server_name) \
	C(ec == EC_SUCCESS, folder_ids13, folder_ids) \
	C(ec == EC_SUCCESS && ROP_LOGON_PRIVATE(v), u8, response_flags) \
	C(ec == EC_SUCCESS && ROP_LOGON_PRIVATE(v), guid, mailbox_guid) \
	C(ec == EC_SUCCESS, u16, repl_id) \
	C(ec == EC_SUCCESS, guid, repl_guid) \
	C(ec == EC_SUCCESS && !ROP_LOGON_PRIVATE(v), guid, per_user_guid) \
	C(ec == EC_SUCCESS && ROP_LOGON_PRIVATE(v), logon_time, logon_time) \
	C(ec == EC_SUCCESS && ROP_LOGON_PRIVATE(v), u64, gwart_time) \
	C(ec == EC_SUCCESS && ROP_LOGON_PRIVATE(v), u32, store_state)

#define REQ_get_receive_folder(F, C, S, R) F(str8z, message_class)
#define RSP_get_receive_folder(F, C, S, R) \
	F(id, folder_id) F(str8z, explicit_message_class)
#define REQ_set_receive_folder(F, C, S, R) \
	F(id, folder_id) F(str8z, message_class)
#define RSP_set_receive_folder ROP_NOTHING
#define REQ_get_receive_folder_table ROP_NOTHING
/* [MS-OXCSTOR] 2.2.1.4.2 says which columns. */
#define RSP_get_receive_folder_table(F, C, S, R) \
	F(u32, row_count) \
	R(true, v->row_count, &rop_receive_folder_columns, rows)
#define REQ_get_store_state ROP_NOTHING
#define RSP_get_store_state(F, C, S, R) F(u32, store_state)
#define REQ_get_owning_servers(F, C, S, R) F(id, folder_id)
#define RSP_get_owning_servers(F, C, S, R) F(servers, owning_servers)
#define REQ_public_folder_is_ghosted(F, C, S, R) F(id, folder_id)
#define RSP_public_folder_is_ghosted(F, C, S, R) \
	F(bool8, is_ghosted) C(v->is_ghosted, servers, servers)
#define REQ_long_term_id_from_id(F, C, S, R) F(id, object_id)
#define RSP_long_term_id_from_id(F, C, S, R) F(long_term_id, long_term_id)
#define REQ_id_from_long_term_id(F, C, S, R) F(long_term_id, long_term_id)
#define RSP_id_from_long_term_id(F, C, S, R) F(id, object_id)
#define REQ_get_per_user_long_term_ids(F, C, S, R) F(guid, database_guid)
#define RSP_get_per_user_long_term_ids(F, C, S, R) \
	F(long_term_ids16, long_term_ids)
#define REQ_get_per_user_guid(F, C, S, R) F(long_term_id, long_term_id)
#define RSP_get_per_user_guid(F, C, S, R) F(guid, database_guid)
#define REQ_read_per_user_information(F, C, S, R) \
	F(long_term_id, folder_id) F(u8, reserved) F(u32, data_offset) \
	F(u16, max_data_size)
#define RSP_read_per_user_information(F, C, S, R) \
	F(bool8, has_finished) F(bin16, data)
#define REQ_write_per_user_information(F, C, S, R) \
	F(long_term_id, folder_id) F(bool8, has_finished) \
	F(u32, data_offset) F(bin16, data) \
	C(v->data_offset == 0 && !c->public_logon, guid, repl_guid)
#define RSP_write_per_user_information ROP_NOTHING

/* 2.2.4 */
#define REQ_open_folder(F, C, S, R) F(id, folder_id) F(u8, open_mode_flags)
#define RSP_open_folder(F, C, S, R) \
	F(bool8, has_rules) F(bool8, is_ghosted) \
	C(v->is_ghosted, servers, servers)
#define REQ_create_folder(F, C, S, R) \
	F(u8, folder_type) F(bool8, use_unicode_strings) \
	F(bool8, open_existing) F(u8, reserved) \
	S(true, v->use_unicode_strings, display_name) \
	S(true, v->use_unicode_strings, comment)
#define RSP_create_folder(F, C, S, R) \
	F(id, folder_id) F(bool8, is_existing_folder) \
	C(v->is_existing_folder, bool8, has_rules) \
	C(v->is_existing_folder, bool8, is_ghosted) \
	C(v->is_existing_folder && v->is_ghosted, servers, servers)
#define REQ_delete_folder(F, C, S, R) \
	F(u8, delete_folder_flags) F(id, folder_id)
#define RSP_delete_folder(F, C, S, R) F(bool8, partial_completion)
#define REQ_set_search_criteria(F, C, S, R) \
	F(restriction16, restriction) F(ids16, folder_ids) \
	F(u32, search_flags)
#define RSP_set_search_criteria ROP_NOTHING
#define REQ_get_search_criteria(F, C, S, R) \
	F(bool8, use_unicode) F(bool8, include_restriction) \
	F(bool8, include_folders)
#define RSP_get_search_criteria(F, C, S, R) \
	F(restriction16, restriction) F(u8, logon_id) \
	F(ids16, folder_ids) F(u32, search_flags)
#define REQ_move_copy_messages(F, C, S, R) \
	F(ids16, message_ids) F(bool8, want_asynchronous) F(bool8, want_copy)
#define RSP_move_copy_messages(F, C, S, R) \
	C(ec == EC_DST_NULL_OBJECT, u32, dest_handle_index) \
	F(bool8, partial_completion)
#define REQ_move_folder(F, C, S, R) \
	F(bool8, want_asynchronous) F(bool8, use_unicode) F(id, folder_id) \
	S(true, v->use_unicode, new_folder_name)
#define RSP_move_folder RSP_move_copy_messages
#define REQ_copy_folder(F, C, S, R) \
	F(bool8, want_asynchronous) F(bool8, want_recursive) \
	F(bool8, use_unicode) F(id, folder_id) \
	S(true, v->use_unicode, new_folder_name)
#define RSP_copy_folder RSP_move_copy_messages
#define REQ_empty_folder(F, C, S, R) \
	F(bool8, want_asynchronous) F(bool8, want_delete_associated)
#define RSP_empty_folder(F, C, S, R) F(bool8, partial_completion)
#define REQ_hard_delete_messages_and_subfolders REQ_empty_folder
#define RSP_hard_delete_messages_and_subfolders RSP_empty_folder
#define REQ_delete_messages(F, C, S, R) \
	F(bool8, want_asynchronous) F(bool8, notify_non_read) \
	F(ids16, message_ids)
#define RSP_delete_messages RSP_empty_folder
#define REQ_hard_delete_messages REQ_delete_messages
#define RSP_hard_delete_messages RSP_empty_folder
#define REQ_get_hierarchy_table(F, C, S, R) F(u8, table_flags)
#define RSP_get_hierarchy_table(F, C, S, R) F(u32, row_count)
#define REQ_get_contents_table(F, C, S, R) F(u8, table_flags)
#define RSP_get_contents_table(F, C, S, R) F(u32, row_count)

/* 2.2.5 */
#define REQ_set_columns(F, C, S, R) \
	F(u8, set_columns_flags) F(tags16, property_tags)
#define RSP_set_columns(F, C, S, R) F(u8, table_status)
#define REQ_sort_table(F, C, S, R) \
	F(u8, sort_table_flags) F(sort_orders, sort_orders)
#define RSP_sort_table(F, C, S, R) F(u8, table_status)
#define REQ_restrict_table(F, C, S, R) \
	F(u8, restrict_flags) F(restriction16, restriction)
#define RSP_restrict_table(F, C, S, R) F(u8, table_status)
#define REQ_query_rows(F, C, S, R) \
	F(u8, query_rows_flags) F(bool8, forward_read) F(u16, row_count)
#define RSP_query_rows(F, C, S, R) \
	F(u8, origin) F(u16, row_count) \
	R(true, v->row_count, c->columns, row_data)
#define REQ_abort ROP_NOTHING
#define RSP_abort(F, C, S, R) F(u8, table_status)
#define REQ_get_status ROP_NOTHING
#define RSP_get_status(F, C, S, R) F(u8, table_status)
#define REQ_query_position ROP_NOTHING
#define RSP_query_position(F, C, S, R) F(u32, numerator) F(u32, denominator)
#define REQ_seek_row(F, C, S, R) \
	F(u8, origin) F(i32, row_count) F(bool8, want_row_moved_count)
#define RSP_seek_row(F, C, S, R) F(bool8, has_sought_less) F(i32, rows_sought)
#define REQ_seek_row_bookmark(F, C, S, R) \
	F(bin16, bookmark) F(i32, row_count) F(bool8, want_row_moved_count)
#define RSP_seek_row_bookmark(F, C, S, R) \
	F(bool8, row_no_longer_visible) F(bool8, has_sought_less) \
	F(i32, rows_sought)
#define REQ_seek_row_fractional(F, C, S, R) \
	F(u32, numerator) F(u32, denominator)
#define RSP_seek_row_fractional ROP_NOTHING
#define REQ_create_bookmark ROP_NOTHING
#define RSP_create_bookmark(F, C, S, R) F(bin16, bookmark)
#define REQ_query_columns_all ROP_NOTHING
#define RSP_query_columns_all(F, C, S, R) F(tags16, property_tags)
#define REQ_find_row(F, C, S, R) \
	F(u8, find_row_flags) F(restriction16, restriction) F(u8, origin) \
	F(bin16, bookmark)
#define RSP_find_row(F, C, S, R) \
	F(bool8, row_no_longer_visible) F(bool8, has_row_data) \
	R(v->has_row_data, 1, c->columns, row_data)
#define REQ_free_bookmark(F, C, S, R) F(bin16, bookmark)
#define RSP_free_bookmark ROP_NOTHING
#define REQ_reset_table ROP_NOTHING
#define RSP_reset_table ROP_NOTHING
#define REQ_expand_row(F, C, S, R) F(u16, max_row_count) F(id, category_id)
#define RSP_expand_row(F, C, S, R) \
	F(u32, expanded_row_count) F(u16, row_count) \
	R(true, v->row_count, c->columns, row_data)
#define REQ_collapse_row(F, C, S, R) F(id, category_id)
#define RSP_collapse_row(F, C, S, R) F(u32, collapsed_row_count)
#define REQ_get_collapse_state(F, C, S, R) \
	F(id, row_id) F(u32, row_instance_number)
#define RSP_get_collapse_state(F, C, S, R) F(bin16, collapse_state)
#define REQ_set_collapse_state(F, C, S, R) F(bin16, collapse_state)
#define RSP_set_collapse_state(F, C, S, R) F(bin16, bookmark)

/* 2.2.6 */
#define REQ_open_message(F, C, S, R) \
	F(u16, code_page_id) F(id, folder_id) F(u8, open_mode_flags) \
	F(id, message_id)
#define RSP_open_message(F, C, S, R) \
	F(bool8, has_named_properties) F(typed_string, subject_prefix) \
	F(typed_string, normalized_subject) F(u16, recipient_count) \
	F(tags16, recipient_columns) \
	F(open_recipients, recipient_rows)
#define REQ_create_message(F, C, S, R) \
	F(u16, code_page_id) F(id, folder_id) F(bool8, associated_flag)
#define RSP_create_message(F, C, S, R) \
	F(bool8, has_message_id) C(v->has_message_id, id, message_id)
#define REQ_save_changes_message(F, C, S, R) F(u8, save_flags)
#define RSP_save_changes_message(F, C, S, R) \
	F(u8, input_handle_index) F(id, message_id)
#define REQ_remove_all_recipients(F, C, S, R) F(u32, reserved)
#define RSP_remove_all_recipients ROP_NOTHING
#define REQ_modify_recipients(F, C, S, R) \
	F(tags16, recipient_columns) \
	F(modify_recipients, recipient_rows)
#define RSP_modify_recipients ROP_NOTHING
#define REQ_read_recipients(F, C, S, R) F(u32, row_id) F(u16, reserved)
/* The columns are those of RopOpenMessage: recipient rows stay bytes. */
#define RSP_read_recipients(F, C, S, R) F(read_recipients, recipient_rows)
#define REQ_reload_cached_information(F, C, S, R) F(u16, reserved)
#define RSP_reload_cached_information RSP_open_message
#define REQ_set_message_status(F, C, S, R) \
	F(id, message_id) F(u32, message_status_flags) \
	F(u32, message_status_mask)
#define RSP_set_message_status(F, C, S, R) F(u32, message_status_flags)
#define REQ_get_message_status(F, C, S, R) F(id, message_id)
#define RSP_get_message_status RSP_set_message_status
#define REQ_set_read_flags(F, C, S, R) \
	F(bool8, want_asynchronous) F(u8, read_flags) F(ids16, message_ids)
#define RSP_set_read_flags RSP_empty_folder
#define REQ_set_message_read_flag(F, C, S, R) \
	F(u8, read_flags) C(c->public_logon, bytes24, client_data)
#define RSP_set_message_read_flag(F, C, S, R) \
	F(bool8, read_status_changed) \
	C(v->read_status_changed, u8, logon_id) \
	C(v->read_status_changed, bytes24, client_data)
#define REQ_open_attachment(F, C, S, R) \
	F(u8, open_attachment_flags) F(u32, attachment_id)
#define RSP_open_attachment ROP_NOTHING
#define REQ_create_attachment ROP_NOTHING
#define RSP_create_attachment(F, C, S, R) F(u32, attachment_id)
#define REQ_delete_attachment(F, C, S, R) F(u32, attachment_id)
#define RSP_delete_attachment ROP_NOTHING
#define REQ_save_changes_attachment(F, C, S, R) F(u8, save_flags)
#define RSP_save_changes_attachment ROP_NOTHING
#define REQ_open_embedded_message(F, C, S, R) \
	F(u16, code_page_id) F(u8, open_mode_flags)
#define RSP_open_embedded_message(F, C, S, R) \
	F(u8, reserved) F(id, message_id) RSP_open_message(F, C, S, R)
#define REQ_get_attachment_table(F, C, S, R) F(u8, table_flags)
#define RSP_get_attachment_table ROP_NOTHING
#define REQ_get_valid_attachments ROP_NOTHING
#define RSP_get_valid_attachments(F, C, S, R) F(u32s32, attachment_id_array)

/* 2.2.7 */
#define REQ_submit_message(F, C, S, R) F(u8, submit_flags)
#define RSP_submit_message ROP_NOTHING
#define REQ_abort_submit(F, C, S, R) F(id, folder_id) F(id, message_id)
#define RSP_abort_submit ROP_NOTHING
#define REQ_get_address_types ROP_NOTHING
#define RSP_get_address_types(F, C, S, R) F(address_types, address_types)
#define REQ_set_spooler ROP_NOTHING
#define RSP_set_spooler ROP_NOTHING
#define REQ_spooler_lock_message(F, C, S, R) F(id, message_id) F(u8, lock_state)
#define RSP_spooler_lock_message ROP_NOTHING
#define REQ_transport_send ROP_NOTHING
#define RSP_transport_send(F, C, S, R) \
	F(bool8, no_properties_returned) \
	C(!v->no_properties_returned, values16, property_values)
#define REQ_transport_new_mail(F, C, S, R) \
	F(id, message_id) F(id, folder_id) F(str8z, message_class) \
	F(u32, message_flags)
#define RSP_transport_new_mail ROP_NOTHING
#define REQ_get_transport_folder ROP_NOTHING
#define RSP_get_transport_folder(F, C, S, R) F(id, folder_id)
#define REQ_options_data(F, C, S, R) F(str8z, address_type) F(bool8, want_win32)
#define RSP_options_data(F, C, S, R) \
	F(u8, reserved) F(bin16, options_info) F(bin16, help_file) \
	C(v->help_file.len > 0, str8z, help_file_name)

/* 2.2.8 */
#define REQ_get_property_ids_from_names(F, C, S, R) \
	F(u8, flags) F(names16, property_names)
#define RSP_get_property_ids_from_names(F, C, S, R) F(prop_ids16, property_ids)
#define REQ_get_names_from_property_ids(F, C, S, R) F(prop_ids16, property_ids)
#define RSP_get_names_from_property_ids(F, C, S, R) F(names16, property_names)
#define REQ_get_properties_specific(F, C, S, R) \
	F(u16, property_size_limit) F(u16, want_unicode) \
	F(tags16, property_tags)
/* One row, whose columns are the property tags of the request. */
#define RSP_get_properties_specific(F, C, S, R) \
	R(true, 1, c->columns, row_data)
#define REQ_get_properties_all(F, C, S, R) \
	F(u16, property_size_limit) F(u16, want_unicode)
#define RSP_get_properties_all(F, C, S, R) F(values16, property_values)
#define REQ_get_properties_list ROP_NOTHING
#define RSP_get_properties_list(F, C, S, R) F(tags16, property_tags)
#define REQ_set_properties(F, C, S, R) F(sized_values, property_values)
#define RSP_set_properties(F, C, S, R) F(problems16, property_problems)
#define REQ_set_properties_no_replicate REQ_set_properties
#define RSP_set_properties_no_replicate RSP_set_properties
#define REQ_delete_properties(F, C, S, R) F(tags16, property_tags)
#define RSP_delete_properties RSP_set_properties
#define REQ_delete_properties_no_replicate REQ_delete_properties
#define RSP_delete_properties_no_replicate RSP_set_properties
#define REQ_query_named_properties(F, C, S, R) \
	F(u8, query_flags) F(bool8, has_guid) \
	C(v->has_guid, guid, property_guid)
#define RSP_query_named_properties(F, C, S, R) F(name_pairs, properties)
#define REQ_copy_properties(F, C, S, R) \
	F(bool8, want_asynchronous) F(u8, copy_flags) F(tags16, property_tags)
#define RSP_copy_properties(F, C, S, R) \
	C(ec == EC_SUCCESS, problems16, property_problems) \
	C(ec == EC_DST_NULL_OBJECT, u32, dest_handle_index)
#define REQ_copy_to(F, C, S, R) \
	F(bool8, want_asynchronous) F(bool8, want_sub_objects) \
	F(u8, copy_flags) F(tags16, excluded_tags)
#define RSP_copy_to RSP_copy_properties
#define REQ_progress(F, C, S, R) F(bool8, want_cancel)
#define RSP_progress(F, C, S, R) \
	F(u8, logon_id) F(u32, completed_task_count) F(u32, total_task_count)

/* 2.2.9 */
#define REQ_open_stream(F, C, S, R) F(tag, property_tag) F(u8, open_mode_flags)
#define RSP_open_stream(F, C, S, R) F(u32, stream_size)
#define REQ_read_stream(F, C, S, R) \
	F(u16, byte_count) C(v->byte_count == 0xbabe, u31, maximum_byte_count)
#define RSP_read_stream(F, C, S, R) F(bin16, data)
#define REQ_write_stream(F, C, S, R) F(bin16, data)
#define RSP_write_stream(F, C, S, R) F(u16, written_size)
#define REQ_write_stream_extended(F, C, S, R) F(bin16, data)
#define RSP_write_stream_extended(F, C, S, R) F(u32, written_size)
#define REQ_commit_stream ROP_NOTHING
#define RSP_commit_stream ROP_NOTHING
#define REQ_get_stream_size ROP_NOTHING
#define RSP_get_stream_size(F, C, S, R) F(u32, stream_size)
#define REQ_set_stream_size(F, C, S, R) F(u64, stream_size)
#define RSP_set_stream_size ROP_NOTHING
#define REQ_seek_stream(F, C, S, R) F(u8, origin) F(i64, offset)
#define RSP_seek_stream(F, C, S, R) F(u64, new_position)
#define REQ_copy_to_stream(F, C, S, R) F(u64, byte_count)
#define RSP_copy_to_stream(F, C, S, R) \
	C(ec == EC_DST_NULL_OBJECT, u32, dest_handle_index) \
	F(u64, read_byte_count) F(u64, written_byte_count)
#define REQ_lock_region_stream(F, C, S, R) \
	F(u64, region_offset) F(u64, region_size) F(u32, lock_flags)
#define RSP_lock_region_stream ROP_NOTHING
#define REQ_unlock_region_stream REQ_lock_region_stream
#define RSP_unlock_region_stream ROP_NOTHING
#define REQ_write_and_commit_stream(F, C, S, R) F(bin16, data)
#define RSP_write_and_commit_stream RSP_write_stream
#define REQ_clone_stream ROP_NOTHING
#define RSP_clone_stream ROP_NOTHING

/* 2.2.10, 2.2.11 */
#define REQ_modify_permissions(F, C, S, R) \
	F(u8, modify_flags) F(data_rows16, permissions_data)
#define RSP_modify_permissions ROP_NOTHING
#define REQ_get_permissions_table(F, C, S, R) F(u8, table_flags)
#define RSP_get_permissions_table ROP_NOTHING
#define REQ_modify_rules(F, C, S, R) \
	F(u8, modify_rules_flags) F(data_rows16, rules_data)
#define RSP_modify_rules ROP_NOTHING
#define REQ_get_rules_table(F, C, S, R) F(u8, table_flags)
#define RSP_get_rules_table ROP_NOTHING
#define REQ_update_deferred_action_messages(F, C, S, R) \
	F(bin16, server_entry_id) F(bin16, client_entry_id)
#define RSP_update_deferred_action_messages ROP_NOTHING

/* 2.2.12 */
#define REQ_fast_transfer_destination_configure(F, C, S, R) \
	F(u8, source_operation) F(u8, copy_flags)
#define RSP_fast_transfer_destination_configure ROP_NOTHING
#define REQ_fast_transfer_destination_put_buffer(F, C, S, R) \
	F(bin16, transfer_data)
#define RSP_fast_transfer_destination_put_buffer(F, C, S, R) \
	F(u16, transfer_status) F(u16, in_progress_count) \
	F(u16, total_step_count) F(u8, reserved) F(u16, buffer_used_size)
#define REQ_fast_transfer_destination_put_buffer_extended \
	REQ_fast_transfer_destination_put_buffer
#define RSP_fast_transfer_destination_put_buffer_extended(F, C, S, R) \
	F(u16, transfer_status) F(u32, in_progress_count) \
	F(u32, total_step_count) F(u8, reserved) F(u16, buffer_used_size)
#define REQ_fast_transfer_source_get_buffer(F, C, S, R) \
	F(u16, buffer_size) \
	C(v->buffer_size == 0xbabe, u16, maximum_buffer_size)
/* 0x480: the server is busy, and the buffer's size stands without it. */
#define RSP_fast_transfer_source_get_buffer(F, C, S, R) \
	F(u16, transfer_status) F(u16, in_progress_count) \
	F(u16, total_step_count) F(u8, reserved) \
	C((uint32_t)ec != 0x480, bin16, transfer_buffer) \
	C((uint32_t)ec == 0x480, u16, transfer_buffer_size) \
	C((uint32_t)ec == 0x480, u32, backoff_time)
#define REQ_fast_transfer_source_copy_folder(F, C, S, R) \
	F(u8, copy_flags) F(u8, send_options)
#define RSP_fast_transfer_source_copy_folder ROP_NOTHING
#define REQ_fast_transfer_source_copy_messages(F, C, S, R) \
	F(ids16, message_ids) F(u8, copy_flags) F(u8, send_options)
#define RSP_fast_transfer_source_copy_messages ROP_NOTHING
#define REQ_fast_transfer_source_copy_to(F, C, S, R) \
	F(u8, level) F(u32, copy_flags) F(u8, send_options) \
	F(tags16, property_tags)
#define RSP_fast_transfer_source_copy_to ROP_NOTHING
#define REQ_fast_transfer_source_copy_properties(F, C, S, R) \
	F(u8, level) F(u8, copy_flags) F(u8, send_options) \
	F(tags16, property_tags)
#define RSP_fast_transfer_source_copy_properties ROP_NOTHING
#define REQ_tell_version(F, C, S, R) F(bytes6, version)
#define RSP_tell_version ROP_NOTHING

/* 2.2.13 */
#define REQ_synchronization_configure(F, C, S, R) \
	F(u8, synchronization_type) F(u8, send_options) \
	F(u16, synchronization_flags) F(restriction16, restriction) \
	F(u32, synchronization_extra_flags) F(tags16, property_tags)
#define RSP_synchronization_configure ROP_NOTHING
#define REQ_synchronization_import_message_change(F, C, S, R) \
	F(u8, import_flag) F(values16, property_values)
#define RSP_synchronization_import_message_change(F, C, S, R) F(id, message_id)
#define REQ_synchronization_import_read_state_changes(F, C, S, R) \
	F(read_states, message_read_states)
#define RSP_synchronization_import_read_state_changes ROP_NOTHING
#define REQ_synchronization_import_hierarchy_change(F, C, S, R) \
	F(values16, hierarchy_values) F(values16, property_values)
#define RSP_synchronization_import_hierarchy_change(F, C, S, R) F(id, folder_id)
#define REQ_synchronization_import_deletes(F, C, S, R) \
	F(u8, import_delete_flags) F(values16, property_values)
#define RSP_synchronization_import_deletes ROP_NOTHING
#define REQ_synchronization_import_message_move(F, C, S, R) \
	F(bin32, source_folder_id) F(bin32, source_message_id) \
	F(bin32, predecessor_change_list) F(bin32, destination_message_id) \
	F(bin32, change_number)
#define RSP_synchronization_import_message_move(F, C, S, R) F(id, message_id)
#define REQ_synchronization_open_collector(F, C, S, R) \
	F(bool8, is_contents_collector)
#define RSP_synchronization_open_collector ROP_NOTHING
#define REQ_synchronization_get_transfer_state ROP_NOTHING
#define RSP_synchronization_get_transfer_state ROP_NOTHING
#define REQ_synchronization_upload_state_stream_begin(F, C, S, R) \
	F(tag, state_property) F(u32, transfer_buffer_size)
#define RSP_synchronization_upload_state_stream_begin ROP_NOTHING
#define REQ_synchronization_upload_state_stream_continue(F, C, S, R) \
	F(bin32, stream_data)
#define RSP_synchronization_upload_state_stream_continue ROP_NOTHING
#define REQ_synchronization_upload_state_stream_end ROP_NOTHING
#define RSP_synchronization_upload_state_stream_end ROP_NOTHING
#define REQ_set_local_replica_midset_deleted(F, C, S, R) \
	F(id_ranges, long_term_id_ranges)
#define RSP_set_local_replica_midset_deleted ROP_NOTHING
#define REQ_get_local_replica_ids(F, C, S, R) F(u32, id_count)
#define RSP_get_local_replica_ids(F, C, S, R) \
	F(guid, repl_guid) F(bytes6, global_count)

/* 2.2.14; the reserved byte is there if the Extended flag is set. */
#define REQ_register_notification(F, C, S, R) \
	F(u16, notification_types) \
	C((v->notification_types & 0x0400) != 0, u8, reserved) \
	F(bool8, want_whole_store) \
	C(!v->want_whole_store, id, folder_id) \
	C(!v->want_whole_store, id, message_id)
#define RSP_register_notification ROP_NOTHING

/* [MS-OXCNOTIF] 2.2.1.4.1.2, which says when a field is available. */
#define ROP_N_TYPE(v) ((v)->notification_flags & 0x0fff)
#define ROP_N_MESSAGE(v) (((v)->notification_flags & 0x8000) != 0)
#define ROP_N_SEARCH(v) (((v)->notification_flags & 0x4000) != 0)
#define ROP_N_TABLE(v) (ROP_N_TYPE(v) == 0x0100)
#define ROP_N_ROW(v) (ROP_N_TABLE(v) && ((v)->table_event_type == 3 || \
	(v)->table_event_type == 4 || (v)->table_event_type == 5))
#define ROP_N_INSERT(v) (ROP_N_TABLE(v) && \
	((v)->table_event_type == 3 || (v)->table_event_type == 5))
#define ROP_N_OBJECT(v) (ROP_N_TYPE(v) != 0x0100 && ROP_N_TYPE(v) != 0x0400)
#define ROP_N_MOVED(v) (ROP_N_TYPE(v) == 0x0020 || ROP_N_TYPE(v) == 0x0040)
#define ROP_N_PARENT(v) ((ROP_N_TYPE(v) == 0x0004 || \
	ROP_N_TYPE(v) == 0x0008 || ROP_N_MOVED(v)) && \
	ROP_N_MESSAGE(v) == ROP_N_SEARCH(v))
#define ROP_N_TAGS(v) (ROP_N_TYPE(v) == 0x0004 || ROP_N_TYPE(v) == 0x0010)
#define REQ_notify ROP_NOTHING
#define RSP_notify(F, C, S, R) \
	F(u32, notification_handle) F(u8, logon_id) \
	F(u16, notification_flags) \
	C(ROP_N_TABLE(v), u16, table_event_type) \
	C(ROP_N_ROW(v), id, table_row_folder_id) \
	C(ROP_N_ROW(v) && ROP_N_MESSAGE(v), id, table_row_message_id) \
	C(ROP_N_ROW(v) && ROP_N_MESSAGE(v), u32, table_row_instance) \
	C(ROP_N_INSERT(v), id, insert_after_table_row_folder_id) \
	C(ROP_N_INSERT(v) && ROP_N_MESSAGE(v), id, \
	  insert_after_table_row_id) \
	C(ROP_N_INSERT(v) && ROP_N_MESSAGE(v), u32, \
	  insert_after_table_row_instance) \
	C(ROP_N_INSERT(v), bin16, table_row_data) \
	C(ROP_N_OBJECT(v), id, folder_id) \
	C(ROP_N_OBJECT(v) && ROP_N_MESSAGE(v), id, message_id) \
	C(ROP_N_PARENT(v), id, parent_folder_id) \
	C(ROP_N_MOVED(v), id, old_folder_id) \
	C(ROP_N_MOVED(v) && ROP_N_MESSAGE(v), id, old_message_id) \
	C(ROP_N_MOVED(v) && !ROP_N_MESSAGE(v), id, old_parent_folder_id) \
	C(ROP_N_TAGS(v), changed_tags, tags) \
	C((v->notification_flags & 0x1000) != 0, u32, total_message_count) \
	C((v->notification_flags & 0x2000) != 0, u32, unread_message_count) \
	C(ROP_N_TYPE(v) == 0x0002, u32, message_flags) \
	C(ROP_N_TYPE(v) == 0x0002, bool8, unicode_flag) \
	S(ROP_N_TYPE(v) == 0x0002, v->unicode_flag, message_class)
#define REQ_pending ROP_NOTHING
#define RSP_pending(F, C, S, R) F(u16, session_index)

/* 2.2.15 */
#define REQ_buffer_too_small ROP_NOTHING
#define RSP_buffer_too_small(F, C, S, R) \
	F(u16, size_needed) F(rest, request_buffers)
#define REQ_backoff ROP_NOTHING
#define RSP_backoff(F, C, S, R) \
	F(u8, logon_id) F(u32, duration) F(backoffs, backoff_rop_data) \
	F(bin16, additional_data)
#define REQ_release ROP_NOTHING
#define RSP_release ROP_NOTHING

#endif
