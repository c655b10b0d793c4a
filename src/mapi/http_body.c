/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/http_body.h"

#include <string.h>
#include <strings.h>

#include "base/utf.h"
#include "mapi/prop_codec.h"

/* [MS-OXCMAPIHTTP] 2.2.3.3.1 */
static const char *const request_types[REQUEST_TYPE_COUNT] = {
	[REQUEST_TYPE_UNKNOWN] = "unknown",
	[REQUEST_TYPE_CONNECT] = "Connect",
	[REQUEST_TYPE_EXECUTE] = "Execute",
	[REQUEST_TYPE_DISCONNECT] = "Disconnect",
	[REQUEST_TYPE_NOTIFICATION_WAIT] = "NotificationWait",
	[REQUEST_TYPE_PING] = "PING",
	[REQUEST_TYPE_BIND] = "Bind",
	[REQUEST_TYPE_UNBIND] = "Unbind",
	[REQUEST_TYPE_COMPARE_MIDS] = "CompareMIds",
	[REQUEST_TYPE_DN_TO_MID] = "DNToMId",
	[REQUEST_TYPE_GET_MATCHES] = "GetMatches",
	[REQUEST_TYPE_GET_PROP_LIST] = "GetPropList",
	[REQUEST_TYPE_GET_PROPS] = "GetProps",
	[REQUEST_TYPE_GET_SPECIAL_TABLE] = "GetSpecialTable",
	[REQUEST_TYPE_GET_TEMPLATE_INFO] = "GetTemplateInfo",
	[REQUEST_TYPE_MOD_LINK_ATT] = "ModLinkAtt",
	[REQUEST_TYPE_MOD_PROPS] = "ModProps",
	[REQUEST_TYPE_QUERY_COLUMNS] = "QueryColumns",
	[REQUEST_TYPE_QUERY_ROWS] = "QueryRows",
	[REQUEST_TYPE_RESOLVE_NAMES] = "ResolveNames",
	[REQUEST_TYPE_RESORT_RESTRICTION] = "ResortRestriction",
	[REQUEST_TYPE_SEEK_ENTRIES] = "SeekEntries",
	[REQUEST_TYPE_UPDATE_STAT] = "UpdateStat",
	[REQUEST_TYPE_GET_MAILBOX_URL] = "GetMailboxUrl",
	[REQUEST_TYPE_GET_ADDRESS_BOOK_URL] = "GetAddressBookUrl",
};

enum request_type request_type_parse(const char *name)
{
	for (int i = REQUEST_TYPE_UNKNOWN + 1; i < REQUEST_TYPE_COUNT; i++)
		if (strcasecmp(name, request_types[i]) == 0)
			return (enum request_type)i;
	return REQUEST_TYPE_UNKNOWN;
}

const char *request_type_name(enum request_type type)
{
	if ((unsigned)type >= REQUEST_TYPE_COUNT)
		type = REQUEST_TYPE_UNKNOWN;
	return request_types[type];
}

/* [MS-OXCMAPIHTTP] 2.2.3.3.3 */
static const struct {
	const char *name, *text;
} response_codes[] = {
	[RESPONSE_SUCCESS] = { "Success", "The request was accepted." },
	[RESPONSE_UNKNOWN_FAILURE] = { "Unknown Failure",
		"The request failed for an unknown reason." },
	[RESPONSE_INVALID_VERB] = { "Invalid Verb",
		"The HTTP method is not one that the endpoint knows." },
	[RESPONSE_INVALID_PATH] = { "Invalid Path",
		"The path of the request is not an endpoint's." },
	[RESPONSE_INVALID_HEADER] = { "Invalid Header",
		"A header of the request is not valid." },
	[RESPONSE_INVALID_REQUEST_TYPE] = { "Invalid Request Type",
		"The X-RequestType is not one that the endpoint knows." },
	[RESPONSE_INVALID_CONTEXT_COOKIE] = { "Invalid Context Cookie",
		"The cookie of the session context is not valid." },
	[RESPONSE_MISSING_HEADER] = { "Missing Header",
		"A header that is required is missing." },
	[RESPONSE_ANONYMOUS_NOT_ALLOWED] = { "Anonymous Not Allowed",
		"The request is anonymous; the endpoint wants to know whose "
		"it is." },
	[RESPONSE_TOO_LARGE] = { "Too Large", "The request is too large." },
	[RESPONSE_CONTEXT_NOT_FOUND] = { "Context Not Found",
		"The session context is not there (any longer): connect "
		"again." },
	[RESPONSE_NO_PRIVILEGE] = { "No Privilege",
		"The user has no privilege on the session context." },
	[RESPONSE_INVALID_REQUEST_BODY] = { "Invalid Request Body",
		"The body of the request is malformed." },
	[RESPONSE_MISSING_COOKIE] = { "Missing Cookie",
		"A cookie that is required is missing." },
	[RESPONSE_RESERVED] = { "Reserved", "Reserved." },
	[RESPONSE_INVALID_SEQUENCE] = { "Invalid Sequence",
		"Another request of the session context is in progress, or "
		"its sequence cookie is stale." },
	[RESPONSE_ENDPOINT_DISABLED] = { "Endpoint Disabled",
		"The endpoint is disabled." },
	[RESPONSE_INVALID_RESPONSE] = { "Invalid Response",
		"The response is not valid." },
	[RESPONSE_ENDPOINT_SHUTTING_DOWN] = { "Endpoint Shutting Down",
		"The endpoint is shutting down." },
};

enum { RESPONSE_CODES = sizeof response_codes / sizeof *response_codes };

const char *response_code_name(unsigned code)
{
	return code < RESPONSE_CODES ? response_codes[code].name : "Unknown";
}

const char *response_code_text(unsigned code)
{
	return code < RESPONSE_CODES ? response_codes[code].text :
		"A response code that is not in the specification.";
}

static struct wire_r body_reader(const struct bin *body)
{
	return wire_r(body->data, body->len);
}

/* A buffer behind its size of 32 bits. */
static struct bin buffer_decode(struct wire_r *r)
{
	size_t len = wire_count32(r, 1);

	return (struct bin){ wire_bytes(r, len), len };
}

static void buffer_encode(struct wire_w *w, const struct bin *buffer)
{
	wire_put_u32(w, (uint32_t)buffer->len);
	wire_put(w, buffer->data, buffer->len);
}

/* Every failure response: StatusCode and the auxiliary buffer. */
static void failure_encode(struct wire_w *w, uint32_t status_code,
			   const struct bin *auxiliary_buffer)
{
	wire_put_u32(w, status_code);
	buffer_encode(w, auxiliary_buffer);
}

/* ---- Connect, 2.2.4.1 ---- */

bool connect_req_decode(const struct bin *body, struct arena *a,
			struct connect_req *out)
{
	struct wire_r r = body_reader(body);
	struct connect_req req;

	req.user_dn = wire_asciiz(&r);
	req.flags = wire_u32(&r);
	req.default_code_page = wire_u32(&r);
	req.lcid_sort = wire_u32(&r);
	req.lcid_string = wire_u32(&r);
	req.auxiliary_buffer = buffer_decode(&r);
	if (!wire_done(&r))
		return false;
	req.user_dn = arena_strdup(a, req.user_dn);
	*out = req;
	return true;
}

void connect_req_encode(struct wire_w *w, const struct connect_req *req)
{
	wire_put_asciiz(w, req->user_dn);
	wire_put_u32(w, req->flags);
	wire_put_u32(w, req->default_code_page);
	wire_put_u32(w, req->lcid_sort);
	wire_put_u32(w, req->lcid_string);
	buffer_encode(w, &req->auxiliary_buffer);
}

bool connect_rsp_decode(const struct bin *body, struct arena *a,
			struct connect_rsp *out)
{
	struct wire_r r = body_reader(body);
	struct connect_rsp rsp = { .status_code = wire_u32(&r) };

	if (rsp.status_code == 0) {
		rsp.error_code = wire_u32(&r);
		rsp.polls_max = wire_u32(&r);
		rsp.retry_count = wire_u32(&r);
		rsp.retry_delay = wire_u32(&r);
		rsp.dn_prefix = wire_asciiz(&r);
		rsp.display_name = wire_utf16z(&r, a);
	}
	rsp.auxiliary_buffer = buffer_decode(&r);
	if (!wire_done(&r))
		return false;
	if (rsp.dn_prefix != NULL)
		rsp.dn_prefix = arena_strdup(a, rsp.dn_prefix);
	*out = rsp;
	return true;
}

void connect_rsp_encode(struct wire_w *w, const struct connect_rsp *rsp)
{
	if (rsp->status_code != 0) {
		failure_encode(w, rsp->status_code, &rsp->auxiliary_buffer);
		return;
	}
	wire_put_u32(w, rsp->status_code);
	wire_put_u32(w, rsp->error_code);
	wire_put_u32(w, rsp->polls_max);
	wire_put_u32(w, rsp->retry_count);
	wire_put_u32(w, rsp->retry_delay);
	wire_put_asciiz(w, rsp->dn_prefix);
	wire_put_utf16z(w, rsp->display_name);
	buffer_encode(w, &rsp->auxiliary_buffer);
}

size_t connect_rsp_size(const struct connect_rsp *rsp)
{
	const char *dn = rsp->dn_prefix, *name = rsp->display_name;
	size_t size = 8 + rsp->auxiliary_buffer.len;

	if (rsp->status_code != 0)
		return size;
	size += 16 + 1 + (dn != NULL ? strlen(dn) : 0);
	return size + 2 +
		(name != NULL ? utf8_to_utf16_size(name, strlen(name)) : 0);
}

/* ---- Execute, 2.2.4.2 ---- */

bool execute_req_decode(const struct bin *body, struct execute_req *out)
{
	struct wire_r r = body_reader(body);
	struct execute_req req;

	req.flags = wire_u32(&r);
	req.rop_buffer = buffer_decode(&r);
	req.max_rop_out = wire_u32(&r);
	req.auxiliary_buffer = buffer_decode(&r);
	if (!wire_done(&r))
		return false;
	*out = req;
	return true;
}

void execute_req_encode(struct wire_w *w, const struct execute_req *req)
{
	wire_put_u32(w, req->flags);
	buffer_encode(w, &req->rop_buffer);
	wire_put_u32(w, req->max_rop_out);
	buffer_encode(w, &req->auxiliary_buffer);
}

size_t execute_req_size(const struct execute_req *req)
{
	return 16 + req->rop_buffer.len + req->auxiliary_buffer.len;
}

bool execute_rsp_decode(const struct bin *body, struct execute_rsp *out)
{
	struct wire_r r = body_reader(body);
	struct execute_rsp rsp = { .status_code = wire_u32(&r) };

	if (rsp.status_code == 0) {
		rsp.error_code = wire_u32(&r);
		rsp.flags = wire_u32(&r);
		rsp.rop_buffer = buffer_decode(&r);
	}
	rsp.auxiliary_buffer = buffer_decode(&r);
	if (!wire_done(&r))
		return false;
	*out = rsp;
	return true;
}

void execute_rsp_encode(struct wire_w *w, const struct execute_rsp *rsp)
{
	if (rsp->status_code != 0) {
		failure_encode(w, rsp->status_code, &rsp->auxiliary_buffer);
		return;
	}
	wire_put_u32(w, rsp->status_code);
	wire_put_u32(w, rsp->error_code);
	wire_put_u32(w, rsp->flags);
	buffer_encode(w, &rsp->rop_buffer);
	buffer_encode(w, &rsp->auxiliary_buffer);
}

size_t execute_rsp_size(const struct execute_rsp *rsp)
{
	size_t size = 8 + rsp->auxiliary_buffer.len;

	return rsp->status_code != 0 ? size : size + 12 + rsp->rop_buffer.len;
}

/* ---- Disconnect, 2.2.4.3 ---- */

bool disconnect_req_decode(const struct bin *body, struct disconnect_req *out)
{
	struct wire_r r = body_reader(body);
	struct disconnect_req req = { .auxiliary_buffer = buffer_decode(&r) };

	if (!wire_done(&r))
		return false;
	*out = req;
	return true;
}

void disconnect_req_encode(struct wire_w *w, const struct disconnect_req *req)
{
	buffer_encode(w, &req->auxiliary_buffer);
}

bool disconnect_rsp_decode(const struct bin *body, struct disconnect_rsp *out)
{
	struct wire_r r = body_reader(body);
	struct disconnect_rsp rsp = { .status_code = wire_u32(&r) };

	if (rsp.status_code == 0)
		rsp.error_code = wire_u32(&r);
	rsp.auxiliary_buffer = buffer_decode(&r);
	if (!wire_done(&r))
		return false;
	*out = rsp;
	return true;
}

void disconnect_rsp_encode(struct wire_w *w, const struct disconnect_rsp *rsp)
{
	wire_put_u32(w, rsp->status_code);
	if (rsp->status_code == 0)
		wire_put_u32(w, rsp->error_code);
	buffer_encode(w, &rsp->auxiliary_buffer);
}

/* ---- NotificationWait, 2.2.4.4 ---- */

bool notification_wait_req_decode(const struct bin *body,
				  struct notification_wait_req *out)
{
	struct wire_r r = body_reader(body);
	struct notification_wait_req req = { .flags = wire_u32(&r) };

	req.auxiliary_buffer = buffer_decode(&r);
	if (!wire_done(&r))
		return false;
	*out = req;
	return true;
}

void notification_wait_req_encode(struct wire_w *w,
				  const struct notification_wait_req *req)
{
	wire_put_u32(w, req->flags);
	buffer_encode(w, &req->auxiliary_buffer);
}

bool notification_wait_rsp_decode(const struct bin *body,
				  struct notification_wait_rsp *out)
{
	struct wire_r r = body_reader(body);
	struct notification_wait_rsp rsp = { .status_code = wire_u32(&r) };

	if (rsp.status_code == 0) {
		rsp.error_code = wire_u32(&r);
		rsp.event_pending = wire_u32(&r);
	}
	rsp.auxiliary_buffer = buffer_decode(&r);
	if (!wire_done(&r))
		return false;
	*out = rsp;
	return true;
}

void notification_wait_rsp_encode(struct wire_w *w,
				  const struct notification_wait_rsp *rsp)
{
	wire_put_u32(w, rsp->status_code);
	if (rsp->status_code == 0) {
		wire_put_u32(w, rsp->error_code);
		wire_put_u32(w, rsp->event_pending);
	}
	buffer_encode(w, &rsp->auxiliary_buffer);
}
