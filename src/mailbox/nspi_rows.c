/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and properties: GetPropList, GetProps, QueryColumns, QueryRows and
 * SeekEntries ([MS-OXNSPI] 3.1.4.1.5 … 3.1.4.1.9). */
#include "mailbox/nspi_impl.h"

/* R1627: what QueryRows answers when it is not told. */
static const uint32_t default_tags[] = {
	PID_TAG_ADDRESS_BOOK_CONTAINER_ID, PID_TAG_OBJECT_TYPE,
	PID_TAG_DISPLAY_TYPE, 0x3001001e /* PidTagDisplayName */,
	0x3a1a001e /* PidTagPrimaryTelephoneNumber */,
	0x3a18001e /* PidTagDepartmentName */,
	0x3a19001e /* PidTagOfficeLocation */,
};

static const struct prop_tags default_columns = {
	sizeof default_tags / sizeof *default_tags, default_tags
};

struct prop_values nspi_row(const struct nspi_call *call,
			    const struct recipient *r,
			    const struct prop_tags *columns, bool ephemeral,
			    bool *errors)
{
	struct prop_value *v = arena_array(call->arena, columns->n,
					   sizeof *v);

	for (uint32_t i = 0; i < columns->n; i++) {
		v[i] = nspi_value(call, r, columns->v[i], ephemeral);
		if (prop_tag_type(v[i].tag) == PTYP_ERROR_CODE)
			*errors = true;
	}
	return (struct prop_values){ columns->n, v };
}

enum ec nspi_mid_rows(const struct nspi_call *call, const uint32_t *mids,
		      uint32_t n, const struct prop_tags *columns,
		      bool ephemeral, struct nspi_rows *out)
{
	struct prop_values *v;
	bool errors;

	if (columns == NULL)
		columns = &default_columns;
	if (columns->n > NSPI_TAGS_MAX)
		return EC_TABLE_TOO_BIG;
	v = arena_array(call->arena, n, sizeof *v);
	for (uint32_t i = 0; i < n; i++)
		v[i] = nspi_row(call, nspi_object(call, mids[i]), columns,
				ephemeral, &errors);
	*out = (struct nspi_rows){ *columns, n, v };
	return EC_SUCCESS;
}

/* 3.1.4.1.6 */
enum ec nspi_get_prop_list(struct nspi_call *call,
			   const struct nspi_get_prop_list_req *req,
			   struct nspi_get_prop_list_rsp *rsp)
{
	const struct recipient *r = nspi_object(call, req->minimal_id);

	/* It has no words for an object that isn't there: 3.1.4, R664. */
	if (r == NULL)
		return EC_ERROR;
	rsp->has_property_tags = true;
	rsp->property_tags = nspi_prop_list(call, r, (req->flags &
						      NSPI_SKIP_OBJECTS) != 0);
	return EC_SUCCESS;
}

static bool any_string8(const struct prop_tags *tags)
{
	for (uint32_t i = 0; i < tags->n; i++)
		if ((prop_tag_type(tags->v[i]) & ~PTYP_MULTIPLE) ==
		    PTYP_STRING8)
			return true;
	return false;
}

/* 3.1.4.1.7 */
enum ec nspi_get_props(struct nspi_call *call,
		       const struct nspi_get_props_req *req,
		       struct nspi_get_props_rsp *rsp)
{
	struct prop_tags tags = req->property_tags;
	const struct recipient *r;
	uint32_t container;
	bool errors = false;

	rsp->code_page = call->code_page;
	if (!req->has_state)
		return EC_INVALID_PARAM;
	/* Constraint 1 speaks of PtypString8 alone. */
	if (req->state.code_page == CP_WINUNICODE &&
	    (!req->has_property_tags || any_string8(&tags)))
		return EC_NOT_SUPPORTED;
	if (!nspi_container(call, req->state.container_id, &container))
		return EC_INVALID_BOOKMARK;
	r = nspi_object(call, req->state.current_rec);
	if (!req->has_property_tags)
		tags = nspi_prop_list(call, r, (req->flags &
						NSPI_SKIP_OBJECTS) != 0);
	if (tags.n > NSPI_TAGS_MAX)
		return EC_TABLE_TOO_BIG;
	rsp->has_property_values = true;
	rsp->property_values = nspi_row(call, r, &tags, (req->flags &
					NSPI_EPH_ID) != 0, &errors);
	return errors ? EC_WARN_WITH_ERRORS : EC_SUCCESS;
}

/* 3.1.4.1.5 */
enum ec nspi_query_columns(struct nspi_call *call,
			   const struct nspi_query_columns_req *req,
			   struct nspi_query_columns_rsp *rsp)
{
	rsp->has_columns = true;
	rsp->columns = nspi_columns(call->arena, (req->mapi_flags &
						  NSPI_UNICODE_PROPTYPES) !=
				    0);
	return EC_SUCCESS;
}

/* Rows of the table that the STAT describes, from where it stands. */
static enum ec stat_rows(struct nspi_call *call, struct nspi_stat *stat,
			 uint32_t count, const struct prop_tags *columns,
			 bool ephemeral, struct nspi_rows *out)
{
	struct recipients_view view;
	uint32_t from, *mids;
	enum ec ec = nspi_table(call, stat, &view);

	if (ec == EC_SUCCESS)
		ec = nspi_position(call, stat, &view, &from);
	if (ec != EC_SUCCESS)
		return ec;
	from = nspi_move(&view, from, stat->delta);
	if (count > view.count - from)
		count = view.count - from;
	if (count > NSPI_ROWS_MAX)
		count = NSPI_ROWS_MAX;
	mids = arena_array(call->arena, count, sizeof *mids);
	for (uint32_t i = 0; i < count; i++)
		mids[i] = view.slots[from + i] + MID_FIRST;
	ec = nspi_mid_rows(call, mids, count, columns, ephemeral, out);
	if (ec == EC_SUCCESS)
		nspi_set_position(call, stat, &view, from + count);
	return ec;
}

/* 3.1.4.1.8 */
enum ec nspi_query_rows(struct nspi_call *call,
			const struct nspi_query_rows_req *req,
			struct nspi_query_rows_rsp *rsp)
{
	const struct prop_tags *columns = req->has_columns ? &req->columns :
		NULL;
	const struct nspi_mids *table = &req->explicit_table;
	bool ephemeral = (req->flags & NSPI_EPH_ID) != 0;
	enum ec ec = nspi_check_stat(req->has_state, &req->state);
	uint32_t n = req->row_count < table->n ? req->row_count : table->n;

	if (ec != EC_SUCCESS)
		return ec;
	rsp->has_state = rsp->has_columns_and_rows = true;
	rsp->state = req->state;
	/* Constraints 2 and 9: a client doesn't ask for no rows. */
	if (req->row_count == 0)
		return EC_INVALID_PARAM;
	if (table->n == 0)
		return stat_rows(call, &rsp->state, req->row_count, columns,
				 ephemeral, &rsp->rows);
	if (n > NSPI_ROWS_MAX)
		n = NSPI_ROWS_MAX;
	return nspi_mid_rows(call, table->v, n, columns, ephemeral,
			     &rsp->rows);
}

/* The explicit table's objects: positions in it, not in the container. */
static enum ec seek_explicit(struct nspi_call *call, struct nspi_stat *stat,
			     const struct nspi_mids *table, const char *text,
			     const struct prop_tags *columns,
			     struct nspi_rows *rows)
{
	uint32_t at = 0, n;

	for (; at < table->n; at++) {
		const struct recipient *r = nspi_object(call, table->v[at]);

		if (r != NULL && recipients_compare(call->s,
		    stat->sort_locale, recipient_text(r,
		    PID_TAG_DISPLAY_NAME), text) >= 0)
			break;
	}
	if (at == table->n)
		return EC_NOT_FOUND;
	stat->current_rec = table->v[at];
	stat->num_pos = at;
	stat->total_recs = table->n;
	n = table->n - at < NSPI_ROWS_MAX ? table->n - at : NSPI_ROWS_MAX;
	return columns == NULL ? EC_SUCCESS :
		nspi_mid_rows(call, table->v + at, n, columns, true, rows);
}

static enum ec seek_container(struct nspi_call *call, struct nspi_stat *stat,
			      const char *text,
			      const struct prop_tags *columns,
			      struct nspi_rows *rows)
{
	struct recipients_view view;
	struct nspi_stat after;
	uint32_t at;
	enum ec ec = nspi_table(call, stat, &view);
	int32_t delta = stat->delta;

	if (ec != EC_SUCCESS)
		return ec;
	at = recipients_seek(call->s, &view, stat->sort_locale,
			     nspi_sort(stat), text);
	if (at == view.count)
		return EC_NOT_FOUND;
	nspi_set_position(call, stat, &view, at);
	/* The rows are those of a QueryRows that leaves the STAT alone. */
	after = *stat;
	stat->delta = delta;
	return columns == NULL ? EC_SUCCESS :
		stat_rows(call, &after, NSPI_SEEK_ROWS, columns, true, rows);
}

/* 3.1.4.1.9 */
enum ec nspi_seek_entries(struct nspi_call *call,
			  const struct nspi_seek_entries_req *req,
			  struct nspi_seek_entries_rsp *rsp)
{
	enum ec ec = nspi_check_stat(req->has_state, &req->state);
	const struct prop_tags *columns = req->has_columns ? &req->columns :
		NULL;
	const struct prop_value *target = &req->target;
	uint32_t container;

	if (ec != EC_SUCCESS)
		return ec;
	if (!req->has_target)
		return EC_INVALID_PARAM;
	if (!nspi_container(call, req->state.container_id, &container))
		return EC_INVALID_BOOKMARK;
	if (req->state.sort_type != SORT_TYPE_DISPLAY_NAME ||
	    target->tag != PID_TAG_DISPLAY_NAME || target->str == NULL)
		return EC_ERROR;
	rsp->has_state = true;
	rsp->state = req->state;
	rsp->has_columns_and_rows = columns != NULL;
	if (req->has_explicit_table)
		return seek_explicit(call, &rsp->state, &req->explicit_table,
				     target->str, columns, &rsp->rows);
	return seek_container(call, &rsp->state, target->str, columns,
			      &rsp->rows);
}
