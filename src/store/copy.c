/* SPDX-License-Identifier: Apache-2.0 */
/* Copies between open objects ([MS-OXCPRPT] 3.2.5.7, 3.2.5.8). */
#include "store/message_impl.h"
#include "store/named_map.h"

struct copy {
	struct bag *src, *dst;
	const struct prop_tags *only, *exclude;
	bool no_overwrite;
	bool (*read_only)(uint32_t tag);
	struct named_map map;
};

static bool in_list(const struct prop_tags *list, uint32_t tag)
{
	for (uint32_t i = 0; list != NULL && i < list->n; i++)
		if (list->v[i] >> 16 == tag >> 16)
			return true;
	return false;
}

/* only says what is wanted, else exclude what isn't. */
static bool wanted(const struct copy *c, uint32_t tag)
{
	return c->only != NULL ? in_list(c->only, tag) :
		!in_list(c->exclude, tag);
}

static enum ec copy_value(struct copy *c, const struct bag_entry *entry,
			  uint32_t tag)
{
	struct arena *a;
	struct prop_value v;
	struct big *big, *own;
	enum ec ec;

	if (!entry->e.external) {
		a = arena_new(0);
		ec = blob_value(&entry->e, a, &v);
		v.tag = tag;
		if (ec == EC_SUCCESS)
			ec = bag_set(c->dst, &v);
		arena_free(a);
		return ec;
	}
	ec = bag_get_big(c->src, entry, &big);
	if (ec != EC_SUCCESS)
		return ec;
	ec = big_copy(big, c->dst->store, &own);
	big_unref(big);
	if (ec == EC_SUCCESS)
		bag_set_big(c->dst, tag, own);
	return ec;
}

static enum ec copy_bag(struct copy *c)
{
	struct bag_entry entry, there;
	size_t i = 0, k = 0;
	uint16_t id;
	enum ec ec = EC_SUCCESS;

	while (ec == EC_SUCCESS && bag_next(c->src, &i, &k, &entry)) {
		uint32_t tag = entry.e.tag;

		if (!wanted(c, tag) || c->read_only(tag))
			continue;
		ec = named_map_both(&c->map, prop_tag_id(tag), &id);
		if (ec != EC_SUCCESS || id == 0)
			continue;
		tag = prop_tag_make(id, prop_tag_type(tag));
		if (c->no_overwrite && bag_find(c->dst, tag, &there))
			continue;
		ec = copy_value(c, &entry, tag);
	}
	return ec;
}

/* ---- Messages ---- */

static bool never(uint32_t tag)
{
	return false;
}

static bool message_keeps(uint32_t tag)
{
	return message_tag_read_only(tag) || tag == PID_TAG_CREATION_TIME ||
		tag == PID_TAG_LAST_MODIFICATION_TIME;
}

static bool part_wanted(const struct copy *c, uint32_t tag, bool subobjects)
{
	return c->only != NULL ? in_list(c->only, tag) :
		subobjects && !in_list(c->exclude, tag);
}

static enum ec copy_recipients(struct copy *c, struct message *src,
			       struct message *dst)
{
	struct arena *a = arena_new(0);
	struct recipient r;
	enum ec ec = EC_SUCCESS;
	uint16_t id;

	message_remove_recipients(dst);
	for (size_t i = 0; i < src->recipients.n && ec == EC_SUCCESS; i++) {
		struct prop_value *v;
		uint32_t n = 0;

		ec = message_recipient(src, i, a, &r);
		v = arena_array(a, ec == EC_SUCCESS ? r.props.n : 0,
				sizeof *v);
		for (uint32_t k = 0; ec == EC_SUCCESS && k < r.props.n; k++) {
			v[n] = r.props.v[k];
			ec = named_map_both(&c->map, prop_tag_id(v[n].tag),
					    &id);
			v[n].tag = prop_tag_make(id,
						 prop_tag_type(v[n].tag));
			n += id != 0;
		}
		if (ec != EC_SUCCESS)
			break;
		r.props = (struct prop_values){ n, v };
		ec = message_set_recipient(dst, &r);
	}
	arena_free(a);
	return ec;
}

static enum ec copy_attachments(struct copy *c, struct message *src,
				struct message *dst)
{
	struct attach_node copy, *node;
	enum ec ec = message_need_attachments(src);

	if (ec == EC_SUCCESS)
		ec = message_need_attachments(dst);
	if (ec != EC_SUCCESS)
		return ec;
	while (dst->attachments.n > 0)
		attach_list_remove(&dst->attachments,
				   dst->attachments.v[0].number);
	for (size_t i = 0; i < src->attachments.n && ec == EC_SUCCESS; i++) {
		copy = (struct attach_node){ .number =
			dst->attachments.next_number };
		ec = node_copy(src->store, &src->attachments.v[i],
			       dst->store, named_map_both, &c->map,
			       dst->depth, &copy);
		if (ec != EC_SUCCESS) {
			attach_node_clear(&copy);
			break;
		}
		node = attach_list_add(&dst->attachments, copy.number);
		*node = copy;
	}
	dst->dirty = dst->attachments_dirty = true;
	return ec;
}

static void copy_init(struct copy *c, struct bag *src, struct bag *dst)
{
	c->src = src;
	c->dst = dst;
	c->map = (struct named_map){ .src = src->store, .dst = dst->store,
				     .a = arena_new(0) };
}

static bool same_object(const struct bag *src, const struct bag *dst)
{
	return src == dst;
}

enum ec message_copy_props(struct message *src, struct message *dst,
			   const struct prop_tags *only,
			   const struct prop_tags *exclude,
			   bool subobjects, bool no_overwrite)
{
	struct copy c = { .only = only, .exclude = exclude,
			  .no_overwrite = no_overwrite,
			  .read_only = message_keeps };
	bool had_attachments;
	enum ec ec;

	if (dst->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	if (same_object(&src->bag, &dst->bag))
		return EC_SUCCESS;
	had_attachments = dst->attachments.n > 0;
	copy_init(&c, &src->bag, &dst->bag);
	ec = copy_bag(&c);
	dst->dirty = true;
	if (ec == EC_SUCCESS && dst->is_new &&
	    wanted(&c, PID_TAG_MESSAGE_FLAGS)) {
		dst->c.flags = (dst->c.flags & MF_HAS_ATTACH) |
			(src->c.flags & (MF_UNSENT | MF_RESEND |
					 MF_EVER_READ));
		dst->c.read = src->c.read;
	}
	if (ec == EC_SUCCESS &&
	    part_wanted(&c, PID_TAG_MESSAGE_RECIPIENTS, subobjects) &&
	    !(no_overwrite && dst->recipients.n > 0))
		ec = copy_recipients(&c, src, dst);
	if (ec == EC_SUCCESS &&
	    part_wanted(&c, PID_TAG_MESSAGE_ATTACHMENTS, subobjects) &&
	    !(no_overwrite && had_attachments))
		ec = copy_attachments(&c, src, dst);
	arena_free(c.map.a);
	return ec;
}

/* ---- Attachments ---- */

static bool attachment_keeps(uint32_t tag)
{
	return tag == PID_TAG_ATTACH_NUMBER || tag == PID_TAG_ATTACH_SIZE ||
		tag == PID_TAG_CREATION_TIME ||
		tag == PID_TAG_LAST_MODIFICATION_TIME || never(tag);
}

static enum ec copy_embedded(struct copy *c, struct attachment *src,
			     struct attachment *dst)
{
	struct message_state *copy;
	enum ec ec = EC_SUCCESS;

	if (src->embedded == NULL)
		ec = state_load(c->src->store, src->embedded_id,
				&src->embedded);
	if (ec == EC_SUCCESS)
		ec = state_copy(c->src->store, src->embedded, c->dst->store,
				named_map_both, &c->map,
				dst->message->depth + 1, &copy);
	if (ec != EC_SUCCESS)
		return ec;
	state_unref(dst->embedded);
	dst->embedded = copy;
	return EC_SUCCESS;
}

enum ec attachment_copy_props(struct attachment *src, struct attachment *dst,
			      const struct prop_tags *only,
			      const struct prop_tags *exclude,
			      bool subobjects, bool no_overwrite)
{
	struct copy c = { .only = only, .exclude = exclude,
			  .no_overwrite = no_overwrite,
			  .read_only = attachment_keeps };
	enum ec ec;

	if (dst->mode == MESSAGE_READ_ONLY)
		return EC_ACCESS_DENIED;
	if (same_object(&src->bag, &dst->bag))
		return EC_SUCCESS;
	copy_init(&c, &src->bag, &dst->bag);
	ec = copy_bag(&c);
	dst->dirty = true;
	if (ec == EC_SUCCESS && attachment_has_embedded(src) &&
	    part_wanted(&c, PID_TAG_ATTACH_DATA_OBJECT, subobjects) &&
	    !(no_overwrite && attachment_has_embedded(dst)))
		ec = copy_embedded(&c, src, dst);
	arena_free(c.map.a);
	return ec;
}
