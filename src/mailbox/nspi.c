/* SPDX-License-Identifier: Apache-2.0 */
/* The address book server: sessions, and the way of a request. */
#include <stdlib.h>
#include <string.h>

#include "mailbox/nspi_filter.h"
#include "mapi/code_page.h"
#include "store/collate.h"

enum {
	BODY_FIRST = 8192, BODY_MAX = 8 << 20,
	DEFAULT_CODE_PAGE = CODE_PAGE_WINDOWS_1252,
};

struct nspi_service *nspi_service_new(const struct nspi_options *options)
{
	struct nspi_service *svc = xcalloc(1, sizeof *svc);

	svc->options = *options;
	svc->server_guid = guid_new();
	pthread_mutex_init(&svc->lock, NULL);
	return svc;
}

/* Without ICU restrictions compare by bytes. */
struct collator *nspi_collator(struct nspi_service *svc)
{
	struct collator *c;

	pthread_mutex_lock(&svc->lock);
	if (!svc->tried)
		svc->collator = collator_new(NSPI_DEFAULT_LOCALE, NULL);
	svc->tried = true;
	c = svc->collator;
	pthread_mutex_unlock(&svc->lock);
	return c;
}

void nspi_service_free(struct nspi_service *svc)
{
	if (svc == NULL)
		return;
	collator_free(svc->collator);
	pthread_mutex_destroy(&svc->lock);
	free(svc);
}

struct guid nspi_server_guid(const struct nspi_service *svc)
{
	return svc->server_guid;
}

void nspi_session_free(struct nspi_session *session)
{
	free(session);
}

/* --- Bind and Unbind, 3.1.4.1.1, 3.1.4.1.2 ---------------------------- */

enum ec nspi_bind(struct nspi_call *call, const struct nspi_bind_req *req,
		  struct nspi_bind_rsp *rsp)
{
	uint32_t code_page = req->has_state ? req->state.code_page :
		DEFAULT_CODE_PAGE;

	/* fAnonymousLogin is let be: everybody is who he is. */
	if (code_page == CP_WINUNICODE || !code_page_known(code_page))
		return EC_INVALID_CODE_PAGE;
	if (recipients_guid(call->s, &call->who->user) == NULL &&
	    !call->who->is_admin)
		return EC_LOGIN_FAILURE;
	*call->session = xcalloc(1, sizeof **call->session);
	(*call->session)->code_page = code_page;
	rsp->server_guid = call->svc->server_guid;
	return EC_SUCCESS;
}

/* The endpoint destroys the session when this is answered. */
enum ec nspi_unbind(struct nspi_call *call, const struct nspi_unbind_req *req,
		    struct nspi_unbind_rsp *rsp)
{
	return (enum ec)NSPI_UNBIND_SUCCESS;
}

/* --- What a request says of itself ------------------------------------ */

/* The STAT of a request; NULL: it has none. */
static const struct nspi_stat *stat_of(enum request_type type,
				       const union nspi_req *req)
{
#define STAT(constant, name) \
	case REQUEST_TYPE_##constant: \
		return req->name.has_state ? &req->name.state : NULL
	switch (type) {
	STAT(BIND, bind);
	STAT(COMPARE_MIDS, compare_mids);
	STAT(GET_MATCHES, get_matches);
	STAT(GET_PROPS, get_props);
	STAT(GET_SPECIAL_TABLE, get_special_table);
	STAT(MOD_PROPS, mod_props);
	STAT(QUERY_ROWS, query_rows);
	STAT(RESOLVE_NAMES, resolve_names);
	STAT(RESORT_RESTRICTION, resort_restriction);
	STAT(SEEK_ENTRIES, seek_entries);
	STAT(UPDATE_STAT, update_stat);
	default:
		return NULL;
	}
#undef STAT
}

/* R477: the closest locale that is supported: those that are none have the
 * default one. */
static uint32_t locale_of(enum request_type type, const union nspi_req *req)
{
	const struct nspi_stat *stat = stat_of(type, req);

	if (stat == NULL || stat->sort_locale == 0 ||
	    stat->sort_locale > 0xffff)
		return NSPI_DEFAULT_LOCALE;
	return stat->sort_locale;
}

static uint32_t code_page_of(enum request_type type,
			     const union nspi_req *req,
			     const struct nspi_session *session)
{
	const struct nspi_stat *stat = stat_of(type, req);
	uint32_t page = type == REQUEST_TYPE_GET_PROP_LIST ?
		req->get_prop_list.code_page : stat != NULL ?
		stat->code_page : session != NULL ? session->code_page :
		DEFAULT_CODE_PAGE;

	return page;
}

/* Whether it asks for values that the back end has to be asked for. */
static bool asks_back_end(enum request_type type, const union nspi_req *req)
{
	switch (type) {
	case REQUEST_TYPE_GET_PROPS:
		return !req->get_props.has_property_tags ||
			nspi_any_large(&req->get_props.property_tags);
	case REQUEST_TYPE_QUERY_ROWS:
		return nspi_any_large(&req->query_rows.columns) ||
			req->query_rows.row_count > NSPI_SEEK_ROWS * 4;
	case REQUEST_TYPE_GET_MATCHES:
		return nspi_any_large(&req->get_matches.columns) ||
			(req->get_matches.has_filter &&
			 !nspi_filter_is_anr(req->get_matches.filter));
	case REQUEST_TYPE_RESOLVE_NAMES:
		return nspi_any_large(&req->resolve_names.property_tags) ||
			req->resolve_names.names.n > NSPI_SEEK_ROWS;
	case REQUEST_TYPE_SEEK_ENTRIES:
		return nspi_any_large(&req->seek_entries.columns);
	case REQUEST_TYPE_RESORT_RESTRICTION:
		return req->resort_restriction.minimal_ids.n > 1000;
	default:
		return false;
	}
}

bool nspi_is_inline(struct nspi_service *svc, enum request_type type,
		    const union nspi_req *req)
{
	const struct nspi_desc *d = nspi_desc(type);

	return d != NULL && (d->flags & NSPI_WRITES) == 0 &&
		!asks_back_end(type, req) &&
		!recipients_stale(svc->options.recipients,
				  locale_of(type, req));
}

/* --- Running ---------------------------------------------------------- */

typedef enum ec run_fn(struct nspi_call *call, const union nspi_req *req,
		       union nspi_rsp *rsp);

#define NSPI(name, spec, type, section, flags, handler) \
static enum ec run_##name(struct nspi_call *call, const union nspi_req *req, \
			  union nspi_rsp *rsp) \
{ \
	return handler(call, &req->name, &rsp->name); \
}
#include "mapi/nspi.def"
#undef NSPI

static run_fn *const handlers[REQUEST_TYPE_COUNT] = {
#define NSPI(name, spec, type, section, flags, handler) \
	[REQUEST_TYPE_##type] = run_##name,
#include "mapi/nspi.def"
#undef NSPI
};

static struct bin encode(struct nspi_call *call, enum request_type type,
			 uint32_t error, const union nspi_rsp *rsp)
{
	struct nspi_answer answer = { .error_code = error };
	struct nspi_codec c = { prop_ctx_address_book(call->arena,
						      call->code_page) };

	for (size_t size = BODY_FIRST; size <= BODY_MAX; size *= 4) {
		struct wire_w w = wire_w(arena_alloc(call->arena, size), size);

		nspi_response_encode(&c, &w, type, &answer, rsp);
		if (!w.full)
			return (struct bin){ w.base, w.len };
	}
	return (struct bin){ NULL, 0 };
}

/* Half as many rows, with the STAT as it is after them. */
static bool halve(struct nspi_call *call, enum request_type type,
		  const union nspi_req *req, union nspi_rsp *rsp)
{
	union nspi_req less = *req;

	if (type != REQUEST_TYPE_QUERY_ROWS || rsp->query_rows.rows.n < 2)
		return false;
	less.query_rows.row_count = rsp->query_rows.rows.n / 2;
	return nspi_query_rows(call, &less.query_rows, &rsp->query_rows) ==
		EC_SUCCESS;
}

/* What a failure answers beside its code: the code page, where there is
 * one; nothing else ([MS-OXNSPI] 3.1.4.1: "MUST return a NULL"). */
static void clear(enum request_type type, union nspi_rsp *rsp)
{
	uint32_t page = type == REQUEST_TYPE_GET_PROPS ?
		rsp->get_props.code_page :
		type == REQUEST_TYPE_GET_SPECIAL_TABLE ?
		rsp->get_special_table.code_page :
		type == REQUEST_TYPE_GET_TEMPLATE_INFO ?
		rsp->get_template_info.code_page :
		type == REQUEST_TYPE_RESOLVE_NAMES ?
		rsp->resolve_names.code_page : 0;

	memset(rsp, 0, sizeof *rsp);
	if (type == REQUEST_TYPE_GET_PROPS)
		rsp->get_props.code_page = page;
	else if (type == REQUEST_TYPE_GET_SPECIAL_TABLE)
		rsp->get_special_table.code_page = page;
	else if (type == REQUEST_TYPE_GET_TEMPLATE_INFO)
		rsp->get_template_info.code_page = page;
	else if (type == REQUEST_TYPE_RESOLVE_NAMES)
		rsp->resolve_names.code_page = page;
}

static uint32_t run_held(struct nspi_call *call, enum request_type type,
			 const union nspi_req *req, struct bin *body)
{
	union nspi_rsp *rsp = arena_zalloc(call->arena, sizeof *rsp);
	enum ec ec = handlers[type](call, req, rsp);

	if (ec != EC_SUCCESS && ec != EC_WARN_WITH_ERRORS)
		clear(type, rsp);
	*body = encode(call, type, (uint32_t)ec, rsp);
	while (body->data == NULL && halve(call, type, req, rsp))
		*body = encode(call, type, (uint32_t)ec, rsp);
	if (body->data == NULL) {
		ec = EC_TABLE_TOO_BIG;
		clear(type, rsp);
		*body = encode(call, type, (uint32_t)ec, rsp);
	}
	return (uint32_t)ec;
}

static void refresh(struct nspi_service *svc, uint32_t lcid)
{
	const struct nspi_options *o = &svc->options;
	struct err err;

	if (recipients_stale(o->recipients, lcid) &&
	    !recipients_refresh(o->recipients, lcid, &err) && o->fault != NULL)
		o->fault(o->fault_ctx, &err);
}

uint32_t nspi_run(struct nspi_service *svc, struct nspi_session **session,
		  const struct identity *who, enum request_type type,
		  const union nspi_req *req, struct arena *arena,
		  struct bin *body)
{
	struct nspi_call call = { .svc = svc, .session = session, .who = who,
				  .arena = arena };
	uint32_t error;

	call.code_page = code_page_of(type, req, *session);
	refresh(svc, locale_of(type, req));
	call.s = recipients_hold(svc->options.recipients);
	error = run_held(&call, type, req, body);
	recipients_release(svc->options.recipients);
	/* What was written is there for the next request. */
	if ((nspi_desc(type)->flags & NSPI_WRITES) != 0)
		refresh(svc, 0);
	return error;
}
