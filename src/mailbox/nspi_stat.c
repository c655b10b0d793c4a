/* SPDX-License-Identifier: Apache-2.0 */
/* STAT: containers, positions, Minimal Entry IDs ([MS-OXNSPI] 3.1.4.5). */
#include <string.h>

#include "mailbox/nspi_impl.h"

/* Far above those of objects; the rest is from the container's GUID. */
#define CONTAINER_BITS UINT32_C(0xc0000000)

uint32_t nspi_mid(const struct recipient *r)
{
	return r->slot + MID_FIRST;
}

const struct recipient *nspi_object(const struct nspi_call *call,
				    uint32_t mid)
{
	return mid < MID_FIRST ? NULL :
		recipients_slot(call->s, mid - MID_FIRST);
}

uint32_t nspi_container_id(const struct nspi_call *call, uint32_t container)
{
	struct recipient_list list;
	uint32_t id;

	if (container == CONTAINER_GAL ||
	    !recipients_container(call->s, container, &list))
		return 0;
	if (container < CONTAINER_LISTS)
		return CONTAINER_BITS | container;
	memcpy(&id, list.guid.b, sizeof id);
	return CONTAINER_BITS | (id & 0x3fffff00) | 0x80;
}

bool nspi_container(const struct nspi_call *call, uint32_t id,
		    uint32_t *container)
{
	size_t n = recipients_containers(call->s);

	for (uint32_t i = 0; i < n; i++)
		if (nspi_container_id(call, i) == id) {
			*container = i;
			return true;
		}
	return false;
}

enum recipients_sort nspi_sort(const struct nspi_stat *stat)
{
	return stat->sort_type == SORT_TYPE_PHONETIC_DISPLAY_NAME ?
		SORT_PHONETIC : SORT_DISPLAY_NAME;
}

enum ec nspi_check_stat(bool has, const struct nspi_stat *stat)
{
	if (!has)
		return EC_INVALID_PARAM;
	return stat->code_page == CP_WINUNICODE ? EC_NOT_SUPPORTED :
		EC_SUCCESS;
}

enum ec nspi_table(const struct nspi_call *call, const struct nspi_stat *stat,
		   struct recipients_view *out)
{
	uint32_t container;

	if (!nspi_container(call, stat->container_id, &container))
		return EC_INVALID_BOOKMARK;
	*out = recipients_view(call->s, container, stat->sort_locale,
			       nspi_sort(stat));
	return EC_SUCCESS;
}

/* 3.1.4.5.2; a client that says that there are no rows means the first. */
static uint32_t fractional(const struct nspi_stat *stat, uint32_t count)
{
	uint64_t position;

	if (stat->total_recs == 0)
		return 0;
	position = (uint64_t)count * stat->num_pos / stat->total_recs;
	return position > count ? count : (uint32_t)position;
}

enum ec nspi_position(const struct nspi_call *call,
		      const struct nspi_stat *stat,
		      const struct recipients_view *view, uint32_t *out)
{
	uint32_t position;

	switch (stat->current_rec) {
	case MID_BEGINNING_OF_TABLE:
		*out = 0;
		return EC_SUCCESS;
	case MID_END_OF_TABLE:
		*out = view->count;
		return EC_SUCCESS;
	case MID_CURRENT:
		*out = fractional(stat, view->count);
		return EC_SUCCESS;
	}
	position = recipients_position(call->s, view, stat->sort_locale,
				       nspi_sort(stat),
				       nspi_object(call, stat->current_rec));
	if (position >= view->count)
		return EC_NOT_FOUND;
	*out = position;
	return EC_SUCCESS;
}

uint32_t nspi_move(const struct recipients_view *view, uint32_t position,
		   int32_t delta)
{
	int64_t to = (int64_t)position + delta;

	if (to < 0)
		return 0;
	return to > view->count ? view->count : (uint32_t)to;
}

void nspi_set_position(const struct nspi_call *call, struct nspi_stat *stat,
		       const struct recipients_view *view, uint32_t position)
{
	stat->current_rec = position >= view->count ? MID_END_OF_TABLE :
		nspi_mid(recipients_slot(call->s, view->slots[position]));
	stat->num_pos = position;
	stat->total_recs = view->count;
	stat->delta = 0;
}

/* 3.1.4.1.4 */
enum ec nspi_update_stat(struct nspi_call *call,
			 const struct nspi_update_stat_req *req,
			 struct nspi_update_stat_rsp *rsp)
{
	enum ec ec = nspi_check_stat(req->has_state, &req->state);
	struct recipients_view view;
	uint32_t from, to;

	if (ec == EC_SUCCESS)
		ec = nspi_table(call, &req->state, &view);
	if (ec == EC_SUCCESS)
		ec = nspi_position(call, &req->state, &view, &from);
	if (ec != EC_SUCCESS)
		return ec;
	to = nspi_move(&view, from, req->state.delta);
	rsp->has_state = true;
	rsp->state = req->state;
	nspi_set_position(call, &rsp->state, &view, to);
	rsp->has_delta = req->delta_requested;
	rsp->delta = (int32_t)((int64_t)to - from);
	return EC_SUCCESS;
}

/* 3.1.4.1.12 */
enum ec nspi_compare_mids(struct nspi_call *call,
			  const struct nspi_compare_mids_req *req,
			  struct nspi_compare_mids_rsp *rsp)
{
	enum ec ec = nspi_check_stat(req->has_state, &req->state);
	const struct nspi_stat *stat = &req->state;
	struct recipients_view view;
	uint32_t one, two;

	if (ec == EC_SUCCESS)
		ec = nspi_table(call, stat, &view);
	if (ec != EC_SUCCESS)
		return ec;
	one = recipients_position(call->s, &view, stat->sort_locale,
				  nspi_sort(stat),
				  nspi_object(call, req->minimal_id1));
	two = recipients_position(call->s, &view, stat->sort_locale,
				  nspi_sort(stat),
				  nspi_object(call, req->minimal_id2));
	if (one >= view.count || two >= view.count)
		return EC_ERROR;
	rsp->result = one < two ? -1 : one > two;
	return EC_SUCCESS;
}
