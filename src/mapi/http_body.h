/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bodies of MAPI over HTTP: the mailbox endpoint's ([MS-OXCMAPIHTTP]
 * 2.2.4), in both directions, with the request types and response codes of
 * their headers.  The address book's (2.2.5) will stand in nspi_body.h.
 *
 * Strings are UTF-8 in memory.  Decoders take the whole body: leftover bytes
 * are malformed.  Strings lie in the arena, buffers are borrowed from the
 * body.  They return false, with *out untouched, on malformed bodies.
 */
#ifndef MAPI_HTTP_BODY_H
#define MAPI_HTTP_BODY_H

#include "base/arena.h"
#include "base/wire.h"
#include "mapi/prop.h"

/* X-RequestType, 2.2.3.3.1 */
enum request_type {
	REQUEST_TYPE_UNKNOWN,
	REQUEST_TYPE_CONNECT, REQUEST_TYPE_EXECUTE, REQUEST_TYPE_DISCONNECT,
	REQUEST_TYPE_NOTIFICATION_WAIT, REQUEST_TYPE_PING,
	/* the address book endpoint's */
	REQUEST_TYPE_BIND, REQUEST_TYPE_UNBIND, REQUEST_TYPE_COMPARE_MIDS,
	REQUEST_TYPE_DN_TO_MID, REQUEST_TYPE_GET_MATCHES,
	REQUEST_TYPE_GET_PROP_LIST, REQUEST_TYPE_GET_PROPS,
	REQUEST_TYPE_GET_SPECIAL_TABLE, REQUEST_TYPE_GET_TEMPLATE_INFO,
	REQUEST_TYPE_MOD_LINK_ATT, REQUEST_TYPE_MOD_PROPS,
	REQUEST_TYPE_QUERY_COLUMNS, REQUEST_TYPE_QUERY_ROWS,
	REQUEST_TYPE_RESOLVE_NAMES, REQUEST_TYPE_RESORT_RESTRICTION,
	REQUEST_TYPE_SEEK_ENTRIES, REQUEST_TYPE_UPDATE_STAT,
	REQUEST_TYPE_GET_MAILBOX_URL, REQUEST_TYPE_GET_ADDRESS_BOOK_URL,
	REQUEST_TYPE_COUNT
};

/* By the header's value, whose case does not matter; and back. */
enum request_type request_type_parse(const char *name);
const char *request_type_name(enum request_type type);

/* X-ResponseCode, 2.2.3.3.3 */
enum response_code {
	RESPONSE_SUCCESS = 0,
	RESPONSE_UNKNOWN_FAILURE = 1,
	RESPONSE_INVALID_VERB = 2,
	RESPONSE_INVALID_PATH = 3,
	RESPONSE_INVALID_HEADER = 4,
	RESPONSE_INVALID_REQUEST_TYPE = 5,
	RESPONSE_INVALID_CONTEXT_COOKIE = 6,
	RESPONSE_MISSING_HEADER = 7,
	RESPONSE_ANONYMOUS_NOT_ALLOWED = 8,
	RESPONSE_TOO_LARGE = 9,
	RESPONSE_CONTEXT_NOT_FOUND = 10,
	RESPONSE_NO_PRIVILEGE = 11,
	RESPONSE_INVALID_REQUEST_BODY = 12,
	RESPONSE_MISSING_COOKIE = 13,
	RESPONSE_RESERVED = 14,
	RESPONSE_INVALID_SEQUENCE = 15,
	RESPONSE_ENDPOINT_DISABLED = 16,
	RESPONSE_INVALID_RESPONSE = 17,
	RESPONSE_ENDPOINT_SHUTTING_DOWN = 18,
};

/* "Context Not Found", and a sentence; for a code without one "Unknown". */
const char *response_code_name(unsigned code);
const char *response_code_text(unsigned code);

/* Flags of Connect ([MS-OXCRPC] 3.1.4.1, ulFlags). */
enum { CONNECT_USE_ADMIN_PRIVILEGE = 0x00000001 };

/* Flags of Execute ([MS-OXCRPC] 3.1.4.2, pulFlags). */
enum { EXECUTE_NO_COMPRESSION = 0x00000001, EXECUTE_NO_XOR_MAGIC = 0x00000002,
       EXECUTE_CHAIN = 0x00000004 };

/* Connect, 2.2.4.1 */
struct connect_req {
	const char *user_dn;              /* ASCII */
	uint32_t flags;                   /* CONNECT_* */
	uint32_t default_code_page, lcid_sort, lcid_string;
	struct bin auxiliary_buffer;
};

/*
 * Of every response below: with a status_code other than zero it is a failure
 * response, which has no fields but that and the auxiliary buffer.
 */
struct connect_rsp {
	uint32_t status_code;
	uint32_t error_code;              /* enum ec */
	uint32_t polls_max;               /* ms */
	uint32_t retry_count;
	uint32_t retry_delay;             /* ms */
	const char *dn_prefix;            /* ASCII */
	const char *display_name;
	struct bin auxiliary_buffer;
};

bool connect_req_decode(const struct bin *body, struct arena *a,
			struct connect_req *out);
void connect_req_encode(struct wire_w *w, const struct connect_req *req);
bool connect_rsp_decode(const struct bin *body, struct arena *a,
			struct connect_rsp *out);
void connect_rsp_encode(struct wire_w *w, const struct connect_rsp *rsp);

/* Execute, 2.2.4.2 */
struct execute_req {
	uint32_t flags;                   /* EXECUTE_* */
	struct bin rop_buffer;            /* extended buffers (ext_buffer.h) */
	uint32_t max_rop_out;
	struct bin auxiliary_buffer;
};

struct execute_rsp {
	uint32_t status_code;
	uint32_t error_code;              /* enum ec */
	uint32_t flags;                   /* reserved, 0 */
	struct bin rop_buffer;
	struct bin auxiliary_buffer;
};

bool execute_req_decode(const struct bin *body, struct execute_req *out);
void execute_req_encode(struct wire_w *w, const struct execute_req *req);
bool execute_rsp_decode(const struct bin *body, struct execute_rsp *out);
void execute_rsp_encode(struct wire_w *w, const struct execute_rsp *rsp);

/* Disconnect, 2.2.4.3 */
struct disconnect_req {
	struct bin auxiliary_buffer;
};

struct disconnect_rsp {
	uint32_t status_code;
	uint32_t error_code;
	struct bin auxiliary_buffer;
};

bool disconnect_req_decode(const struct bin *body, struct disconnect_req *out);
void disconnect_req_encode(struct wire_w *w, const struct disconnect_req *req);
bool disconnect_rsp_decode(const struct bin *body, struct disconnect_rsp *out);
void disconnect_rsp_encode(struct wire_w *w, const struct disconnect_rsp *rsp);

/* NotificationWait, 2.2.4.4 */
struct notification_wait_req {
	uint32_t flags;                   /* reserved, ignored */
	struct bin auxiliary_buffer;
};

struct notification_wait_rsp {
	uint32_t status_code;
	uint32_t error_code;
	uint32_t event_pending;           /* 0 or 1 */
	struct bin auxiliary_buffer;
};

bool notification_wait_req_decode(const struct bin *body,
				  struct notification_wait_req *out);
void notification_wait_req_encode(struct wire_w *w,
				  const struct notification_wait_req *req);
bool notification_wait_rsp_decode(const struct bin *body,
				  struct notification_wait_rsp *out);
void notification_wait_rsp_encode(struct wire_w *w,
				  const struct notification_wait_rsp *rsp);

/* Bytes that the encoders need, for the Content-Length and the buffer. */
size_t connect_rsp_size(const struct connect_rsp *rsp);
size_t execute_rsp_size(const struct execute_rsp *rsp);
size_t execute_req_size(const struct execute_req *req);

#endif
