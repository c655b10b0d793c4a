/* SPDX-License-Identifier: Apache-2.0 */
/* Properties, read and written ([MS-OXCPRPT] 3.2.5.1 to 3.2.5.5). */
#include "mailbox/props.h"
#include "mailbox/rop_handler.h"
#include "store/message.h"

static bool is_error(const struct prop_value *value)
{
	return prop_tag_type(value->tag) == PTYP_ERROR_CODE;
}

/* Text in 8 bits, for who wants it where no type is named. */
static struct prop_value to_string8(struct rop_call *call,
				    const struct prop_value *value)
{
	return props_to_string8(call->arena, call->codec->prop.code_page,
				value);
}

/*
 * Make values fit into room: what has none becomes NotEnoughMemory, for the
 * client to open as a stream.  Each takes sizes[i], or ERROR_SIZE as an
 * error; both less what is the same for every value.
 */
enum { ERROR_SIZE = 4 };

static void fit(struct prop_value *values, const size_t *sizes, size_t n,
		size_t room)
{
	size_t least = 0;

	for (size_t i = 0; i < n; i++)
		least += sizes[i] < ERROR_SIZE ? sizes[i] : ERROR_SIZE;
	room = least < room ? room - least : 0;
	for (size_t i = 0; i < n; i++) {
		size_t more = sizes[i] < ERROR_SIZE ? 0 :
			sizes[i] - ERROR_SIZE;

		if (more <= room)
			room -= more;
		else
			values[i] = prop_error(values[i].tag,
					       EC_NOT_ENOUGH_MEMORY);
	}
}

/* Room to measure a value in: PROP_GET_MAX in any code page. */
enum { SCRATCH = 4 * PROP_GET_MAX };

/*
 * Encode the row; into more memory than the answer may have, if it must be:
 * then the client is told by RopBufferTooSmall how much it takes.
 */
static struct bin put_row(struct rop_call *call,
			  const struct prop_tags *columns,
			  struct prop_value *values)
{
	const struct prop_ctx *ctx = &call->codec->prop;
	struct wire_w w = call->bulk, scratch;
	size_t room = wire_room(&w), total = 1, *sizes;

	prop_row_encode(&w, ctx, columns, values);
	if (!w.full)
		return (struct bin){ w.base, w.len };
	sizes = arena_array(call->arena, columns->n, sizeof *sizes);
	scratch = wire_w(arena_alloc(call->arena, SCRATCH), SCRATCH);
	for (uint32_t i = 0; i < columns->n; i++) {
		bool typed = prop_tag_type(columns->v[i]) != PTYP_UNSPECIFIED;
		size_t beside = typed ? 1 : 3;

		wire_rewind(&scratch, 0);
		prop_flagged_encode(&scratch, ctx, columns->v[i], &values[i]);
		sizes[i] = scratch.full ? SIZE_MAX : scratch.len - beside;
		total += beside;
	}
	fit(values, sizes, columns->n, total < room ? room - total : 0);
	w = call->bulk;
	prop_row_encode(&w, ctx, columns, values);
	if (w.full) {
		total += (size_t)columns->n * ERROR_SIZE;
		w = wire_w(arena_alloc(call->arena, total), total);
		prop_row_encode(&w, ctx, columns, values);
	}
	return (struct bin){ w.base, w.len };
}

/* [MS-OXCPRPT] 3.2.5.1; PropertySizeLimit is ignored, as it says */
enum ec rop_get_properties_specific(struct rop_call *call,
		const struct rop_get_properties_specific_req *req,
		struct rop_get_properties_specific_rsp *rsp)
{
	const struct prop_tags *tags = &req->property_tags;
	struct prop_value *values;
	enum ec ec;

	values = arena_array(call->arena, tags->n, sizeof *values);
	ec = props_get(call, call->in, tags->v, tags->n, values);
	if (ec != EC_SUCCESS)
		return ec;
	for (uint32_t i = 0; i < tags->n && req->want_unicode == 0; i++)
		if (prop_tag_type(tags->v[i]) == PTYP_UNSPECIFIED)
			values[i] = to_string8(call, &values[i]);
	rsp->row_data = put_row(call, tags, values);
	return EC_SUCCESS;
}

/* Drop what is listed but cannot be had, such as a computed property. */
static uint32_t drop_missing(struct prop_value *values, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++)
		if (!is_error(&values[i]) || values[i].error != EC_NOT_FOUND)
			values[kept++] = values[i];
	return kept;
}

/* The types that PropertySizeLimit is about. */
static bool has_length(const struct prop_value *value)
{
	switch (prop_tag_type(value->tag)) {
	case PTYP_STRING:
	case PTYP_STRING8:
	case PTYP_BINARY:
	case PTYP_OBJECT:
		return true;
	}
	return (prop_tag_type(value->tag) & PTYP_MULTIPLE) != 0;
}

/* [MS-OXCPRPT] 3.2.5.2, 2.2.3.2 */
enum ec rop_get_properties_all(struct rop_call *call,
			       const struct rop_get_properties_all_req *req,
			       struct rop_get_properties_all_rsp *rsp)
{
	size_t room = wire_room(&call->bulk);
	struct prop_value *values;
	struct prop_tags tags;
	struct wire_w scratch;
	size_t *sizes;
	uint32_t n;
	enum ec ec = props_list(call, call->in, &tags);

	if (ec != EC_SUCCESS)
		return ec;
	values = arena_array(call->arena, tags.n, sizeof *values);
	sizes = arena_array(call->arena, tags.n, sizeof *sizes);
	ec = props_get(call, call->in, tags.v, tags.n, values);
	if (ec != EC_SUCCESS)
		return ec;
	n = drop_missing(values, tags.n);
	scratch = wire_w(arena_alloc(call->arena, SCRATCH), SCRATCH);
	for (uint32_t i = 0; i < n; i++) {
		if (req->want_unicode == 0)
			values[i] = to_string8(call, &values[i]);
		wire_rewind(&scratch, 0);
		prop_value_encode(&scratch, &call->codec->prop, &values[i]);
		sizes[i] = scratch.full ? SIZE_MAX : scratch.len;
		if (req->property_size_limit != 0 && has_length(&values[i]) &&
		    sizes[i] > req->property_size_limit)
			sizes[i] = SIZE_MAX;
	}
	fit(values, sizes, n, room > n * (size_t)4 ? room - n * (size_t)4 : 0);
	rsp->property_values = (struct prop_values){ n, values };
	return EC_SUCCESS;
}

/* [MS-OXCPRPT] 3.2.5.3 */
enum ec rop_get_properties_list(struct rop_call *call,
				const struct rop_get_properties_list_req *req,
				struct rop_get_properties_list_rsp *rsp)
{
	struct prop_tags tags;
	uint32_t *v;
	enum ec ec = props_list(call, call->in, &tags);

	if (ec != EC_SUCCESS)
		return ec;
	v = arena_array(call->arena, tags.n, sizeof *v);
	for (uint32_t i = 0; i < tags.n; i++)
		v[i] = props_tag_unicode(tags.v[i]);
	rsp->property_tags = (struct prop_tags){ tags.n, v };
	return EC_SUCCESS;
}

static struct prop_problems problems_of(struct rop_call *call,
					const enum ec *errors, uint32_t n,
				    uint32_t (*tag)(const void *list,
						    uint32_t i),
				    const void *list)
{
	struct prop_problem *v = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (errors[i] == EC_SUCCESS)
			continue;
		if (v == NULL)
			v = arena_array(call->arena, n - i, sizeof *v);
		v[count++] = (struct prop_problem){
			.index = (uint16_t)i, .tag = tag(list, i),
			.error = errors[i] };
	}
	return (struct prop_problems){ count, v };
}

static uint32_t tag_of_value(const void *list, uint32_t i)
{
	return ((const struct prop_value *)list)[i].tag;
}

static uint32_t tag_of_tag(const void *list, uint32_t i)
{
	return ((const uint32_t *)list)[i];
}

static enum ec set_values(struct rop_call *call,
			  const struct prop_values *values,
			  struct prop_problems *problems)
{
	enum ec *errors = arena_array(call->arena, values->n, sizeof *errors);
	enum ec ec = props_set(call, call->in, values->v, values->n, errors);

	if (ec == EC_SUCCESS)
		*problems = problems_of(call, errors, values->n,
					   tag_of_value, values->v);
	return ec;
}

static enum ec delete_tags(struct rop_call *call, const struct prop_tags *tags,
			   struct prop_problems *problems)
{
	enum ec *errors = arena_array(call->arena, tags->n, sizeof *errors);
	enum ec ec = props_delete(call, call->in, tags->v, tags->n, errors);

	if (ec == EC_SUCCESS)
		*problems = problems_of(call, errors, tags->n, tag_of_tag,
					   tags->v);
	return ec;
}

/* [MS-OXCPRPT] 3.2.5.4 */
enum ec rop_set_properties(struct rop_call *call,
			   const struct rop_set_properties_req *req,
			   struct rop_set_properties_rsp *rsp)
{
	return set_values(call, &req->property_values,
			  &rsp->property_problems);
}

/* [MS-OXCPRPT] 2.2.6: no folders are replicated to elsewhere, so the same */
enum ec rop_set_properties_no_replicate(struct rop_call *call,
		const struct rop_set_properties_no_replicate_req *req,
		struct rop_set_properties_no_replicate_rsp *rsp)
{
	return set_values(call, &req->property_values,
			  &rsp->property_problems);
}

/* [MS-OXCPRPT] 3.2.5.5 */
enum ec rop_delete_properties(struct rop_call *call,
			      const struct rop_delete_properties_req *req,
			      struct rop_delete_properties_rsp *rsp)
{
	return delete_tags(call, &req->property_tags,
			   &rsp->property_problems);
}

/* [MS-OXCPRPT] 2.2.8 */
enum ec rop_delete_properties_no_replicate(struct rop_call *call,
		const struct rop_delete_properties_no_replicate_req *req,
		struct rop_delete_properties_no_replicate_rsp *rsp)
{
	return delete_tags(call, &req->property_tags,
			   &rsp->property_problems);
}
