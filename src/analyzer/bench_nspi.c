/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on the address book. */
#include <stdlib.h>
#include <string.h>

#include "analyzer/bench_impl.h"
#include "analyzer/nspi_client.h"

enum { NAMES = 256, PAGE_ROWS = 50 };

/* What the address book of a client shows in a row. */
static const uint32_t page_tags[] = { PID_TAG_ENTRY_ID, PID_TAG_INSTANCE_KEY,
	PID_TAG_OBJECT_TYPE, PID_TAG_DISPLAY_TYPE, PID_TAG_DISPLAY_NAME,
	PID_TAG_SMTP_ADDRESS, PID_TAG_TITLE, PID_TAG_OFFICE_LOCATION,
	PID_TAG_BUSINESS_TELEPHONE_NUMBER, PID_TAG_DEPARTMENT_NAME };
static const uint32_t name_tags[] = { PID_TAG_DISPLAY_NAME,
	PID_TAG_SMTP_ADDRESS };

static const struct prop_tags page_columns = { 10, page_tags };
static const struct prop_tags name_columns = { 2, name_tags };

static bool call(struct bench_worker *w, struct arena *arena,
		 enum request_type type, const union nspi_req *req,
		 union nspi_rsp *rsp, struct err *err)
{
	struct bin request, body;

	return nspi_client_encode(type, req, arena, &request, err) &&
		bench_session_call(w->session, request_type_name(type),
				   &request, &body, err) &&
		nspi_client_decode(type, &body, arena, rsp, err);
}

static bool bind_book(struct bench_worker *w, struct arena *arena,
		      struct err *err)
{
	union nspi_req req = { .bind = { .has_state = true,
					 .state = nspi_client_stat() } };
	union nspi_rsp rsp;

	return call(w, arena, REQUEST_TYPE_BIND, &req, &rsp, err);
}

/* The session's cookies are forgotten, another Bind may follow. */
static bool unbind_book(struct bench_worker *w, struct arena *arena,
			struct err *err)
{
	union nspi_req req = { .unbind = { 0 } };
	union nspi_rsp rsp;
	bool ok = call(w, arena, REQUEST_TYPE_UNBIND, &req, &rsp, err);

	bench_session_forget(w->session);
	return ok;
}

bool operate_bind(struct bench_worker *w, uint64_t *units, struct err *err)
{
	++*units;
	return bind_book(w, w->scratch, err) &&
		unbind_book(w, w->scratch, err);
}

/* The rows from the one that is that many thousandths into the GAL. */
static bool read_page(struct bench_worker *w, struct arena *arena,
		      uint32_t thousandths, const struct prop_tags *columns,
		      union nspi_rsp *rsp, struct err *err)
{
	union nspi_req req = { .query_rows = { .has_state = true,
		.state = nspi_client_stat(), .row_count = PAGE_ROWS,
		.has_columns = true, .columns = *columns } };

	req.query_rows.state.current_rec = MID_CURRENT;
	req.query_rows.state.num_pos = thousandths;
	req.query_rows.state.total_recs = 1000;
	return call(w, arena, REQUEST_TYPE_QUERY_ROWS, &req, rsp, err);
}

/* Numbers that look random; the same ones in each run. */
static uint32_t scatter(const struct bench_worker *w, uint64_t turn)
{
	uint64_t x = (turn + 1) * UINT64_C(0x9e3779b97f4a7c15) +
		w->index * UINT64_C(0xbf58476d1ce4e5b9);

	x ^= x >> 29;
	return (uint32_t)((x * UINT64_C(0x94d049bb133111eb)) >> 33);
}

bool operate_book_page(struct bench_worker *w, uint64_t *units,
		       struct err *err)
{
	union nspi_rsp rsp;

	++*units;
	return read_page(w, w->scratch, scatter(w, w->turn) % 1000,
			 &page_columns, &rsp, err) &&
		(rsp.query_rows.rows.n > 0 ||
		 err_set(err, EC_NOT_FOUND, "QueryRows returned no rows"));
}

bool prepare_book(struct bench_worker *w, struct err *err)
{
	return prepare_connection(w, err) && bind_book(w, w->arena, err);
}

/* Names and addresses, by turns, of some that are in the address book. */
static void take_names(struct bench_worker *w, const struct nspi_rows *rows)
{
	for (uint32_t i = 0; i < rows->n && w->n_names < NAMES; i++) {
		const struct prop_value *v =
			&rows->v[i].v[w->n_names % name_columns.n];

		if (prop_tag_type(v->tag) == PTYP_STRING && *v->str != '\0')
			w->names[w->n_names++] =
				arena_strdup(w->arena, v->str);
	}
}

bool prepare_resolve(struct bench_worker *w, struct err *err)
{
	union nspi_rsp rsp;

	if (!prepare_book(w, err))
		return false;
	w->names = arena_array(w->arena, NAMES, sizeof *w->names);
	for (uint32_t i = 0; i < 4 * NAMES / PAGE_ROWS; i++) {
		if (!read_page(w, w->arena, scatter(w, i) % 1000,
			       &name_columns, &rsp, err))
			return false;
		take_names(w, &rsp.query_rows.rows);
	}
	return w->n_names > 0 ||
		err_set(err, EC_NOT_FOUND, "the address book is empty");
}

bool operate_resolve(struct bench_worker *w, uint64_t *units,
		     struct err *err)
{
	const char *name = w->names[w->turn % w->n_names];
	union nspi_req req = { .resolve_names = { .has_state = true,
		.state = nspi_client_stat(), .has_property_tags = true,
		.property_tags = page_columns, .has_names = true,
		.names = { 1, &name } } };
	union nspi_rsp rsp;

	++*units;
	if (!call(w, w->scratch, REQUEST_TYPE_RESOLVE_NAMES, &req, &rsp, err))
		return false;
	return (rsp.resolve_names.minimal_ids.n == 1 &&
		rsp.resolve_names.minimal_ids.v[0] != MID_UNRESOLVED) ||
		err_set(err, EC_NOT_FOUND, "\"%s\" was not found", name);
}
