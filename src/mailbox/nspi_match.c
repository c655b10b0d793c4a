/* SPDX-License-Identifier: Apache-2.0 */
/* Explicit tables and names: GetMatches, ResortRestriction, DNToMId and
 * ResolveNames ([MS-OXNSPI] 3.1.4.1.10 … 3.1.4.1.17). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mailbox/nspi_filter.h"
#include "mailbox/nspi_impl.h"

/* --- Order ------------------------------------------------------------ */

struct order_item {
	uint32_t position;        /* in the GAL; the highest: hidden */
	uint32_t mid;
};

static int compare_items(const void *a, const void *b)
{
	const struct order_item *x = a, *y = b;

	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return x->mid < y->mid ? -1 : x->mid > y->mid;
}

/* Objects by their display names: as they stand in the GAL (3.1.4.3). */
static struct nspi_mids sorted_mids(const struct nspi_call *call,
				    const struct nspi_stat *stat,
				    const struct recipient *const *v, size_t n)
{
	struct recipients_view gal = recipients_view(call->s, CONTAINER_GAL,
		stat->sort_locale, SORT_DISPLAY_NAME);
	struct order_item *items = arena_array(call->arena, n, sizeof *items);
	uint32_t *mids = arena_array(call->arena, n, sizeof *mids);

	for (size_t i = 0; i < n; i++)
		items[i] = (struct order_item){ recipients_position(call->s,
			&gal, stat->sort_locale, SORT_DISPLAY_NAME, v[i]),
			nspi_mid(v[i]) };
	if (n > 1)
		qsort(items, n, sizeof *items, compare_items);
	for (size_t i = 0; i < n; i++)
		mids[i] = items[i].mid;
	return (struct nspi_mids){ (uint32_t)n, mids };
}

/* --- GetMatches, 3.1.4.1.10 ------------------------------------------- */

/* Rows of the container for which the filter is true, in their order. */
static enum ec filtered(struct nspi_call *call,
			const struct nspi_get_matches_req *req,
			struct nspi_mids *out)
{
	struct recipients_view view;
	struct nspi_filter *filter;
	uint32_t n = 0, max, *mids;
	enum ec ec = nspi_table(call, &req->state, &view);

	if (ec != EC_SUCCESS)
		return ec;
	ec = nspi_filter_new(call, req->filter, &filter);
	if (ec != EC_SUCCESS)
		return ec;
	max = req->row_count < NSPI_MATCHES_MAX ? req->row_count :
		NSPI_MATCHES_MAX;
	if (max > view.count)
		max = view.count;
	mids = arena_array(call->arena, (size_t)max + 1, sizeof *mids);
	for (uint32_t i = 0; i < view.count && n <= max; i++) {
		const struct recipient *r = recipients_slot(call->s,
							    view.slots[i]);

		if (!nspi_filter_has(filter, r))
			continue;
		if (n < max)
			mids[n] = nspi_mid(r);
		n++;
	}
	nspi_filter_free(filter);
	if (n > max)
		return EC_TABLE_TOO_BIG;
	*out = (struct nspi_mids){ n, mids };
	return EC_SUCCESS;
}

/* Constraint 11: what ModLinkAtt would change. */
static bool can_be_modified(const struct recipient *r, uint32_t tag)
{
	unsigned id = prop_tag_id(tag);

	return (id == prop_tag_id(PID_TAG_ADDRESS_BOOK_MEMBER) &&
		nspi_display_type(r) == DT_DISTLIST) ||
		(id == prop_tag_id(PID_TAG_ADDRESS_BOOK_PUBLIC_DELEGATES) &&
		 nspi_display_type(r) == DT_MAILUSER);
}

/* Constraint 9: the objects that are values of a property of one. */
static enum ec linked(struct nspi_call *call,
		      const struct nspi_get_matches_req *req,
		      struct nspi_mids *out)
{
	const struct nspi_stat *stat = &req->state;
	const struct recipient *r = nspi_object(call, stat->current_rec);
	const struct recipient **to;
	size_t n;

	if (r == NULL)
		return EC_ERROR;
	/* Names of properties mean nothing here: there are no named ones. */
	if (req->has_property_name || !nspi_is_link(stat->container_id))
		return EC_NOT_SUPPORTED;
	if (stat->sort_type == SORT_TYPE_DISPLAY_NAME_W &&
	    !can_be_modified(r, stat->container_id))
		return EC_NOT_SUPPORTED;
	n = nspi_links(call, r, stat->container_id, &to);
	if (n > req->row_count || n > NSPI_COUNT_MAX)
		return EC_TABLE_TOO_BIG;
	*out = sorted_mids(call, stat, to, n);
	return EC_SUCCESS;
}

static bool sorts_container(const struct nspi_stat *stat)
{
	return stat->sort_type == SORT_TYPE_DISPLAY_NAME ||
		stat->sort_type == SORT_TYPE_PHONETIC_DISPLAY_NAME;
}

enum ec nspi_get_matches(struct nspi_call *call,
			 const struct nspi_get_matches_req *req,
			 struct nspi_get_matches_rsp *rsp)
{
	enum ec ec = nspi_check_stat(req->has_state, &req->state);
	uint32_t container;

	if (ec != EC_SUCCESS)
		return ec;
	if (req->has_filter && !sorts_container(&req->state))
		return EC_ERROR;
	if (sorts_container(&req->state) &&
	    !nspi_container(call, req->state.container_id, &container))
		return EC_INVALID_BOOKMARK;
	ec = req->has_filter ? filtered(call, req, &rsp->minimal_ids) :
		linked(call, req, &rsp->minimal_ids);
	if (ec != EC_SUCCESS)
		return ec;
	rsp->has_state = rsp->has_minimal_ids = true;
	rsp->state = req->state;
	rsp->state.container_id = req->state.current_rec;
	rsp->has_columns_and_rows = req->has_columns;
	if (!req->has_columns)
		return EC_SUCCESS;
	return nspi_mid_rows(call, rsp->minimal_ids.v, rsp->minimal_ids.n,
			     &req->columns, true, &rsp->rows);
}

/* --- ResortRestriction, 3.1.4.1.11 ------------------------------------ */

enum ec nspi_resort_restriction(struct nspi_call *call,
				const struct nspi_resort_restriction_req *req,
				struct nspi_resort_restriction_rsp *rsp)
{
	enum ec ec = nspi_check_stat(req->has_state, &req->state);
	const struct nspi_mids *in = &req->minimal_ids;
	const struct recipient **v;
	uint32_t n = 0, at;

	if (ec != EC_SUCCESS)
		return ec;
	if (req->state.sort_type != SORT_TYPE_DISPLAY_NAME)
		return EC_ERROR;
	v = arena_array(call->arena, in->n, sizeof *v);
	for (uint32_t i = 0; i < in->n; i++) {
		v[n] = nspi_object(call, in->v[i]);
		n += v[n] != NULL;
	}
	rsp->has_state = rsp->has_minimal_ids = true;
	rsp->minimal_ids = sorted_mids(call, &req->state, v, n);
	rsp->state = req->state;
	rsp->state.total_recs = n;
	for (at = 0; at < n && rsp->minimal_ids.v[at] !=
	     req->state.current_rec; at++)
		;
	rsp->state.num_pos = at < n ? at : 0;
	if (at == n)
		rsp->state.current_rec = MID_BEGINNING_OF_TABLE;
	return EC_SUCCESS;
}

/* --- DNToMId, 3.1.4.1.13 ---------------------------------------------- */

/* "/guid=…": the DN of a container. */
static uint32_t container_of_dn(const struct nspi_call *call, const char *dn)
{
	size_t n = recipients_containers(call->s);

	for (uint32_t i = 1; i < n; i++) {
		struct recipient_list list;
		char hex[33];

		if (!recipients_container(call->s, i, &list))
			continue;
		nspi_guid_hex(&list.guid, hex);
		if (strcasecmp(dn + 6, hex) == 0)
			return nspi_container_id(call, i);
	}
	return 0;
}

enum ec nspi_dn_to_mid(struct nspi_call *call,
		       const struct nspi_dn_to_mid_req *req,
		       struct nspi_dn_to_mid_rsp *rsp)
{
	uint32_t *mids = arena_array(call->arena, req->names.n, sizeof *mids);

	for (uint32_t i = 0; i < req->names.n; i++) {
		const char *dn = req->names.v[i];
		const struct recipient *r = recipients_dn(call->s, dn);

		if (r != NULL)
			mids[i] = nspi_mid(r);
		else if (strncasecmp(dn, "/guid=", 6) == 0)
			mids[i] = container_of_dn(call, dn);
	}
	rsp->has_minimal_ids = true;
	rsp->minimal_ids = (struct nspi_mids){ req->names.n, mids };
	return EC_SUCCESS;
}

/* --- ResolveNames, 3.1.4.1.16, 3.1.4.1.17, 3.1.4.7 -------------------- */

/* Of those in the container; *out is the last of them. */
static size_t resolve(const struct nspi_call *call,
		      const struct nspi_stat *stat,
		      const struct recipients_view *view, bool all,
		      const char *name, const struct recipient **out)
{
	uint32_t found[NSPI_ANR_MAX];
	size_t n = recipients_anr(call->s, name, found,
				  all ? 2 : NSPI_ANR_MAX), count = 0;

	for (size_t i = 0; i < n; i++) {
		const struct recipient *r = recipients_slot(call->s,
							    found[i]);

		if (!all && recipients_position(call->s, view,
		    stat->sort_locale, nspi_sort(stat), r) >= view->count)
			continue;
		*out = r;
		count++;
	}
	return count;
}

enum ec nspi_resolve_names(struct nspi_call *call,
			   const struct nspi_resolve_names_req *req,
			   struct nspi_resolve_names_rsp *rsp)
{
	enum ec ec = nspi_check_stat(req->has_state, &req->state);
	uint32_t n = req->names.n, rows = 0, container, *mids, *resolved;
	struct recipients_view view;

	rsp->code_page = call->code_page;
	if (ec != EC_SUCCESS)
		return ec;
	if (!nspi_container(call, req->state.container_id, &container))
		return EC_INVALID_BOOKMARK;
	if (n > NSPI_NAMES_MAX)
		return EC_TABLE_TOO_BIG;
	nspi_table(call, &req->state, &view);
	mids = arena_array(call->arena, n, sizeof *mids);
	resolved = arena_array(call->arena, n, sizeof *resolved);
	for (uint32_t i = 0; i < n; i++) {
		const struct recipient *r;
		size_t count = resolve(call, &req->state, &view, container ==
				       CONTAINER_GAL, req->names.v[i], &r);

		mids[i] = count == 0 ? MID_UNRESOLVED : count > 1 ?
			MID_AMBIGUOUS : MID_RESOLVED;
		if (count == 1)
			resolved[rows++] = nspi_mid(r);
	}
	rsp->has_minimal_ids = rsp->has_rows_and_cols = true;
	rsp->minimal_ids = (struct nspi_mids){ n, mids };
	return nspi_mid_rows(call, resolved, rows, req->has_property_tags ?
			     &req->property_tags : NULL, false, &rsp->rows);
}
