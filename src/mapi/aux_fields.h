/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The auxiliary blocks of [MS-OXCRPC] 2.2.2.2, written down once: fields in
 * wire order.  The structs, the codec and the printer come from here.
 *
 * AUX_FIELDS_<block>(F, P)
 *   F(kind, name)
 *     u8 u16 u32 guid
 *     str   16 bits of offset from the block's header to a NUL-terminated
 *           Unicode string; 0: none
 *     bin   16 bits of size, 16 bits of offset to so many bytes
 *     text  8-bit text up to the end of the block
 *   P(n)    n reserved bytes
 */
#ifndef MAPI_AUX_FIELDS_H
#define MAPI_AUX_FIELDS_H

#define AUX_BLOCKS(B) \
	B(perf_requestid) B(perf_sessioninfo) B(perf_sessioninfo_v2) \
	B(perf_clientinfo) B(perf_serverinfo) B(perf_processinfo) \
	B(perf_defmdb_success) B(perf_defgc_success) B(perf_mdb_success) \
	B(perf_mdb_success_v2) B(perf_gc_success) B(perf_gc_success_v2) \
	B(perf_failure) B(perf_failure_v2) B(client_control) \
	B(osversioninfo) B(exorginfo) B(perf_accountinfo) \
	B(server_capabilities) B(endpoint_capabilities) \
	B(exception_trace) B(client_connection_info) B(server_session_info) \
	B(protocol_device_identification)

/*
 * T(version, type, constant, block): which block follows a header with this
 * version and type (2.2.2.2).  0x49 is not in the specification: Exchange
 * sends it with what went wrong in a ROP.
 */
#define AUX_TYPES(T) \
	T(1, 0x01, AUX_TYPE_PERF_REQUESTID, perf_requestid) \
	T(1, 0x02, AUX_TYPE_PERF_CLIENTINFO, perf_clientinfo) \
	T(1, 0x03, AUX_TYPE_PERF_SERVERINFO, perf_serverinfo) \
	T(1, 0x04, AUX_TYPE_PERF_SESSIONINFO, perf_sessioninfo) \
	T(1, 0x05, AUX_TYPE_PERF_DEFMDB_SUCCESS, perf_defmdb_success) \
	T(1, 0x06, AUX_TYPE_PERF_DEFGC_SUCCESS, perf_defgc_success) \
	T(1, 0x07, AUX_TYPE_PERF_MDB_SUCCESS, perf_mdb_success) \
	T(1, 0x08, AUX_TYPE_PERF_GC_SUCCESS, perf_gc_success) \
	T(1, 0x09, AUX_TYPE_PERF_FAILURE, perf_failure) \
	T(1, 0x0a, AUX_TYPE_CLIENT_CONTROL, client_control) \
	T(1, 0x0b, AUX_TYPE_PERF_PROCESSINFO, perf_processinfo) \
	T(1, 0x0c, AUX_TYPE_PERF_BG_DEFMDB_SUCCESS, perf_defmdb_success) \
	T(1, 0x0d, AUX_TYPE_PERF_BG_DEFGC_SUCCESS, perf_defgc_success) \
	T(1, 0x0e, AUX_TYPE_PERF_BG_MDB_SUCCESS, perf_mdb_success) \
	T(1, 0x0f, AUX_TYPE_PERF_BG_GC_SUCCESS, perf_gc_success) \
	T(1, 0x10, AUX_TYPE_PERF_BG_FAILURE, perf_failure) \
	T(1, 0x11, AUX_TYPE_PERF_FG_DEFMDB_SUCCESS, perf_defmdb_success) \
	T(1, 0x12, AUX_TYPE_PERF_FG_DEFGC_SUCCESS, perf_defgc_success) \
	T(1, 0x13, AUX_TYPE_PERF_FG_MDB_SUCCESS, perf_mdb_success) \
	T(1, 0x14, AUX_TYPE_PERF_FG_GC_SUCCESS, perf_gc_success) \
	T(1, 0x15, AUX_TYPE_PERF_FG_FAILURE, perf_failure) \
	T(1, 0x16, AUX_TYPE_OSVERSIONINFO, osversioninfo) \
	T(1, 0x17, AUX_TYPE_EXORGINFO, exorginfo) \
	T(1, 0x18, AUX_TYPE_PERF_ACCOUNTINFO, perf_accountinfo) \
	T(1, 0x46, AUX_TYPE_SERVER_CAPABILITIES, server_capabilities) \
	T(1, 0x48, AUX_TYPE_ENDPOINT_CAPABILITIES, endpoint_capabilities) \
	T(1, 0x49, AUX_TYPE_EXCEPTION_TRACE, exception_trace) \
	T(1, 0x4a, AUX_CLIENT_CONNECTION_INFO, client_connection_info) \
	T(1, 0x4b, AUX_SERVER_SESSION_INFO, server_session_info) \
	T(1, 0x4e, AUX_PROTOCOL_DEVICE_IDENTIFICATION, \
	  protocol_device_identification) \
	T(2, 0x04, AUX_TYPE_PERF_SESSIONINFO_V2, perf_sessioninfo_v2) \
	T(2, 0x07, AUX_TYPE_PERF_MDB_SUCCESS_V2, perf_mdb_success_v2) \
	T(2, 0x08, AUX_TYPE_PERF_GC_SUCCESS_V2, perf_gc_success_v2) \
	T(2, 0x09, AUX_TYPE_PERF_FAILURE_V2, perf_failure_v2) \
	T(2, 0x0b, AUX_TYPE_PERF_PROCESSINFO_V2, perf_processinfo) \
	T(2, 0x0e, AUX_TYPE_PERF_BG_MDB_SUCCESS_V2, perf_mdb_success_v2) \
	T(2, 0x0f, AUX_TYPE_PERF_BG_GC_SUCCESS_V2, perf_gc_success_v2) \
	T(2, 0x10, AUX_TYPE_PERF_BG_FAILURE_V2, perf_failure_v2) \
	T(2, 0x13, AUX_TYPE_PERF_FG_MDB_SUCCESS_V2, perf_mdb_success_v2) \
	T(2, 0x14, AUX_TYPE_PERF_FG_GC_SUCCESS_V2, perf_gc_success_v2) \
	T(2, 0x15, AUX_TYPE_PERF_FG_FAILURE_V2, perf_failure_v2)

/* 2.2.2.2.1 */
#define AUX_FIELDS_perf_requestid(F, P) \
	F(u16, session_id) F(u16, request_id)

/* 2.2.2.2.2 */
#define AUX_FIELDS_perf_sessioninfo(F, P) \
	F(u16, session_id) P(2) F(guid, session_guid)

/* 2.2.2.2.3 */
#define AUX_FIELDS_perf_sessioninfo_v2(F, P) \
	F(u16, session_id) P(2) F(guid, session_guid) F(u32, connection_id)

/* 2.2.2.2.4 */
#define AUX_FIELDS_perf_clientinfo(F, P) \
	F(u32, adapter_speed) F(u16, client_id) F(str, machine_name) \
	F(str, user_name) F(bin, client_ip) F(bin, client_ip_mask) \
	F(str, adapter_name) F(bin, mac_address) F(u16, client_mode) P(2)

/* 2.2.2.2.5 */
#define AUX_FIELDS_perf_serverinfo(F, P) \
	F(u16, server_id) F(u16, server_type) F(str, server_dn) \
	F(str, server_name)

/* 2.2.2.2.6 */
#define AUX_FIELDS_perf_processinfo(F, P) \
	F(u16, process_id) P(2) F(guid, process_guid) F(str, process_name) P(2)

/* 2.2.2.2.7 */
#define AUX_FIELDS_perf_defmdb_success(F, P) \
	F(u32, time_since_request) F(u32, time_to_complete_request) \
	F(u16, request_id) P(2)

/* 2.2.2.2.8 */
#define AUX_FIELDS_perf_defgc_success(F, P) \
	F(u16, server_id) F(u16, session_id) F(u32, time_since_request) \
	F(u32, time_to_complete_request) F(u8, request_operation) P(3)

/* 2.2.2.2.9 */
#define AUX_FIELDS_perf_mdb_success(F, P) \
	F(u16, client_id) F(u16, server_id) F(u16, session_id) \
	F(u16, request_id) F(u32, time_since_request) \
	F(u32, time_to_complete_request)

/* 2.2.2.2.10 */
#define AUX_FIELDS_perf_mdb_success_v2(F, P) \
	F(u16, process_id) F(u16, client_id) F(u16, server_id) \
	F(u16, session_id) F(u16, request_id) P(2) \
	F(u32, time_since_request) F(u32, time_to_complete_request)

/* 2.2.2.2.11 */
#define AUX_FIELDS_perf_gc_success(F, P) \
	F(u16, client_id) F(u16, server_id) F(u16, session_id) P(2) \
	F(u32, time_since_request) F(u32, time_to_complete_request) \
	F(u8, request_operation) P(3)

/* 2.2.2.2.12 */
#define AUX_FIELDS_perf_gc_success_v2(F, P) \
	F(u16, process_id) F(u16, client_id) F(u16, server_id) \
	F(u16, session_id) F(u32, time_since_request) \
	F(u32, time_to_complete_request) F(u8, request_operation) P(3)

/* 2.2.2.2.13 */
#define AUX_FIELDS_perf_failure(F, P) \
	F(u16, client_id) F(u16, server_id) F(u16, session_id) \
	F(u16, request_id) F(u32, time_since_request) \
	F(u32, time_to_fail_request) F(u32, result_code) \
	F(u8, request_operation) P(3)

/* 2.2.2.2.14 */
#define AUX_FIELDS_perf_failure_v2(F, P) \
	F(u16, process_id) F(u16, client_id) F(u16, server_id) \
	F(u16, session_id) F(u16, request_id) P(2) \
	F(u32, time_since_request) F(u32, time_to_fail_request) \
	F(u32, result_code) F(u8, request_operation) P(3)

/* 2.2.2.2.15 */
#define AUX_FIELDS_client_control(F, P) \
	F(u32, enable_flags) F(u32, expiry_time)

/* 2.2.2.2.16 */
#define AUX_FIELDS_osversioninfo(F, P) \
	F(u32, os_version_info_size) F(u32, major_version) \
	F(u32, minor_version) F(u32, build_number) P(132) \
	F(u16, service_pack_major) F(u16, service_pack_minor) P(4)

/* 2.2.2.2.17 */
#define AUX_FIELDS_exorginfo(F, P) F(u32, org_flags)

/* 2.2.2.2.18 */
#define AUX_FIELDS_perf_accountinfo(F, P) \
	F(u16, client_id) P(2) F(guid, account)

/* 2.2.2.2.19 */
#define AUX_FIELDS_server_capabilities(F, P) F(u32, server_capability_flags)

/* 2.2.2.2.20 */
#define AUX_FIELDS_endpoint_capabilities(F, P) F(u32, endpoint_capability_flag)

/* Not in the specification: what happened in the ROP with this index. */
#define AUX_FIELDS_exception_trace(F, P) F(u32, rop_index) F(text, trace)

/*
 * 2.2.2.2.21.  Its text gives ConnectionAttempts 2 bytes; clients send 4, as
 * the alignment of what follows wants it.
 */
#define AUX_FIELDS_client_connection_info(F, P) \
	F(guid, connection_guid) F(str, connection_context_info) P(2) \
	F(u32, connection_attempts) F(u32, connection_flags)

/* 2.2.2.2.22 */
#define AUX_FIELDS_server_session_info(F, P) \
	F(str, server_session_context_info)

/* 2.2.2.2.23 */
#define AUX_FIELDS_protocol_device_identification(F, P) \
	F(str, device_manufacturer) F(str, device_model) \
	F(str, device_serial_number) F(str, device_version) \
	F(str, device_firmware_version)

#endif
