/* SPDX-License-Identifier: Apache-2.0 */
/* Address book bodies as lines of a trace, from nspi_fields.h. */
#include <inttypes.h>

#include "base/buf.h"
#include "mapi/nspi_kind.h"
#include "mapi/rop_codec.h"

enum { SHOW_VALUES = 40, SHOW_TEXT = 64 };

void nspi_show_u32(struct buf *b, const uint32_t *v)
{
	rop_show_u32(b, v);
}

void nspi_show_i32(struct buf *b, const int32_t *v)
{
	buf_printf(b, "%" PRId32, *v);
}

void nspi_show_bool8(struct buf *b, const bool *v)
{
	rop_show_bool8(b, v);
}

void nspi_show_guid(struct buf *b, const struct guid *v)
{
	rop_show_guid(b, v);
}

void nspi_show_code_page(struct buf *b, const uint32_t *v)
{
	buf_printf(b, "%" PRIu32, *v);
}

void nspi_show_stat(struct buf *b, const struct nspi_stat *v)
{
	buf_printf(b, "{sort=%" PRIu32 " container=0x%" PRIx32
		   " current=0x%" PRIx32 " delta=%" PRId32 " pos=%" PRIu32
		   "/%" PRIu32 " codepage=%" PRIu32 " template=0x%04" PRIx32
		   " locale=0x%04" PRIx32 "}", v->sort_type, v->container_id,
		   v->current_rec, v->delta, v->num_pos, v->total_recs,
		   v->code_page, v->template_locale, v->sort_locale);
}

/* "[a, b, …]" of at most SHOW_VALUES. */
static bool show_next(struct buf *b, uint32_t i, uint32_t n)
{
	if (i >= n || i >= SHOW_VALUES) {
		buf_puts(b, i < n ? ", …]" : "]");
		return false;
	}
	if (i > 0)
		buf_puts(b, ", ");
	return true;
}

void nspi_show_tags(struct buf *b, const struct prop_tags *v)
{
	buf_puts(b, "[");
	for (uint32_t i = 0; show_next(b, i, v->n); i++)
		prop_tag_print(b, v->v[i]);
}

void nspi_show_mids(struct buf *b, const struct nspi_mids *v)
{
	buf_puts(b, "[");
	for (uint32_t i = 0; show_next(b, i, v->n); i++)
		buf_printf(b, "0x%" PRIx32, v->v[i]);
}

void nspi_show_value(struct buf *b, const struct prop_value *v)
{
	unsigned type = prop_tag_type(v->tag) & ~(unsigned)PTYP_MULTIPLE;
	bool pointer = type == PTYP_STRING || type == PTYP_STRING8 ||
		(prop_tag_type(v->tag) & PTYP_MULTIPLE) != 0;
	struct prop_value missing = { .tag = v->tag };

	/* Strings among several may be missing as well. */
	for (uint32_t i = 0; pointer && i < v->n; i++)
		if ((type == PTYP_STRING || type == PTYP_STRING8) &&
		    v->mv_str[i] == NULL)
			pointer = false, missing.n = 1;
	if (missing.n == 0 && !(pointer && v->str == NULL)) {
		prop_value_print(b, v, SHOW_TEXT);
		return;
	}
	prop_tag_print(b, v->tag);
	buf_puts(b, ": none");
}

void nspi_show_values(struct buf *b, const struct prop_values *v)
{
	buf_puts(b, "[");
	for (uint32_t i = 0; show_next(b, i, v->n); i++)
		nspi_show_value(b, &v->v[i]);
}

void nspi_show_value_rows(struct buf *b, const struct nspi_value_rows *v)
{
	buf_puts(b, "[");
	for (uint32_t i = 0; show_next(b, i, v->n); i++)
		nspi_show_values(b, &v->v[i]);
}

void nspi_show_rows(struct buf *b, const struct nspi_rows *v)
{
	nspi_show_tags(b, &v->columns);
	buf_printf(b, " %" PRIu32 " rows [", v->n);
	for (uint32_t i = 0; show_next(b, i, v->n); i++) {
		struct prop_values row = { v->columns.n, v->v[i].v };

		nspi_show_values(b, &row);
	}
}

void nspi_show_restriction(struct buf *b, const struct restriction *const *v)
{
	restriction_print(b, *v);
}

void nspi_show_property_name(struct buf *b,
			     const struct nspi_property_name *v)
{
	rop_show_guid(b, &v->guid);
	buf_printf(b, ":0x%" PRIx32, v->id);
}

void nspi_show_entry_ids(struct buf *b, const struct nspi_entry_ids *v)
{
	buf_puts(b, "[");
	for (uint32_t i = 0; show_next(b, i, v->n); i++)
		buf_printf(b, "%zu bytes", v->v[i].len);
}

void nspi_show_names(struct buf *b, const struct nspi_strings *v)
{
	buf_puts(b, "[");
	for (uint32_t i = 0; show_next(b, i, v->n); i++)
		rop_show_string(b, v->v[i]);
}

void nspi_show_dns(struct buf *b, const struct nspi_strings *v)
{
	nspi_show_names(b, v);
}

void nspi_show_str8z(struct buf *b, const char *const *v)
{
	rop_show_string(b, *v);
}

void nspi_show_str16z(struct buf *b, const char *const *v)
{
	rop_show_string(b, *v);
}

/* --- Bodies ----------------------------------------------------------- */

#define SHOW_F(kind, field) \
	buf_puts(b, " " #field "="); \
	nspi_show_##kind(b, &v->field);
#define SHOW_O(kind, has, field) \
	if (v->has) { \
		SHOW_F(kind, field) \
	}

#define NSPI(name, spec, type, section, flags, handler) \
static void show_req_##name(struct buf *b, const union nspi_req *req) \
{ \
	const struct nspi_##name##_req *v = &req->name; \
	\
	(void)v; \
	NSPI_REQ_##name(SHOW_F, SHOW_O) \
} \
static void show_rsp_##name(struct buf *b, const union nspi_rsp *rsp) \
{ \
	const struct nspi_##name##_rsp *v = &rsp->name; \
	\
	(void)v; \
	NSPI_RSP_##name(SHOW_F, SHOW_O) \
}
#include "mapi/nspi.def"
#undef NSPI

static const struct nspi_show {
	void (*req)(struct buf *b, const union nspi_req *req);
	void (*rsp)(struct buf *b, const union nspi_rsp *rsp);
} shows[REQUEST_TYPE_COUNT] = {
#define NSPI(name, spec, type, section, flags, handler) \
	[REQUEST_TYPE_##type] = { show_req_##name, show_rsp_##name },
#include "mapi/nspi.def"
#undef NSPI
};

/* [MS-OXNSPI] 2.2.1.2 */
static const struct {
	uint32_t code;
	const char *name;
} errors[] = {
	{ EC_SUCCESS, "Success" },
	{ NSPI_UNBIND_SUCCESS, "UnbindSuccess" },
	{ NSPI_UNBIND_FAILURE, "UnbindFailure" },
	{ EC_WARN_WITH_ERRORS, "ErrorsReturned" },
	{ EC_ERROR, "GeneralFailure" },
	{ EC_NOT_SUPPORTED, "NotSupported" },
	{ EC_INVALID_OBJECT, "InvalidObject" },
	{ EC_OUT_OF_RESOURCES, "OutOfResources" },
	{ EC_NOT_FOUND, "NotFound" },
	{ EC_LOGIN_FAILURE, "LogonFailed" },
	{ EC_TOO_COMPLEX, "TooComplex" },
	{ EC_INVALID_CODE_PAGE, "InvalidCodepage" },
	{ EC_INVALID_LOCALE, "InvalidLocale" },
	{ EC_TABLE_TOO_BIG, "TableTooBig" },
	{ EC_INVALID_BOOKMARK, "InvalidBookmark" },
	{ EC_ACCESS_DENIED, "AccessDenied" },
	{ EC_NOT_ENOUGH_MEMORY, "NotEnoughMemory" },
	{ EC_INVALID_PARAM, "InvalidParameter" },
};

const char *nspi_error_name(uint32_t error_code)
{
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].code == error_code)
			return errors[i].name;
	return NULL;
}

void nspi_request_print(struct buf *b, enum request_type type,
			const union nspi_req *req)
{
	buf_puts(b, request_type_name(type));
	if (nspi_desc(type) != NULL)
		shows[type].req(b, req);
}

void nspi_response_print(struct buf *b, enum request_type type,
			 const struct nspi_answer *answer,
			 const union nspi_rsp *rsp)
{
	const char *name = nspi_error_name(answer->error_code);

	buf_puts(b, request_type_name(type));
	if (answer->status_code != 0) {
		buf_printf(b, " status=0x%08" PRIx32, answer->status_code);
		return;
	}
	buf_printf(b, " %s(0x%08" PRIx32 ")", name != NULL ? name :
		   ec_name((enum ec)answer->error_code), answer->error_code);
	if (nspi_desc(type) != NULL)
		shows[type].rsp(b, rsp);
}
