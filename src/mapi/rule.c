/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/rule.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"

/* ActionType, ActionFlavor and ActionFlags. */
enum { ACTION_SIZE_MIN = 9 };

static struct bin bin_decode(struct wire_r *r, bool wide)
{
	size_t len = wide ? wire_count32(r, 1) : wire_count16(r, 1);

	return (struct bin){ wire_bytes(r, len), len };
}

static void bin_encode(struct wire_w *w, bool wide, const struct bin *bin)
{
	if (wide)
		wire_put_u32(w, (uint32_t)bin->len);
	else if (bin->len <= UINT16_MAX)
		wire_put_u16(w, (uint16_t)bin->len);
	else
		w->full = true;
	wire_put(w, bin->data, bin->len);
}

/* [MS-OXORULE] 2.2.5.1.2.1 */
static void move_decode(struct wire_r *r, const struct prop_ctx *c,
			struct rule_action *out)
{
	if (!c->wide)
		out->move.folder_in_this_store = wire_u8(r) != 0;
	out->move.store_eid = bin_decode(r, c->wide);
	out->move.folder_eid = bin_decode(r, c->wide);
}

static void move_encode(struct wire_w *w, const struct prop_ctx *c,
			const struct rule_action *action)
{
	if (!c->wide)
		wire_put_u8(w, action->move.folder_in_this_store);
	bin_encode(w, c->wide, &action->move.store_eid);
	bin_encode(w, c->wide, &action->move.folder_eid);
}

/* 2.2.5.1.2.2 */
static void reply_decode(struct wire_r *r, const struct prop_ctx *c,
			 struct rule_action *out)
{
	if (c->wide) {
		out->reply.template_message_eid = bin_decode(r, true);
	} else {
		out->reply.template_fid = wire_u64(r);
		out->reply.template_mid = wire_u64(r);
	}
	out->reply.template_guid = wire_guid(r);
}

static void reply_encode(struct wire_w *w, const struct prop_ctx *c,
			 const struct rule_action *action)
{
	if (c->wide) {
		bin_encode(w, true, &action->reply.template_message_eid);
	} else {
		wire_put_u64(w, action->reply.template_fid);
		wire_put_u64(w, action->reply.template_mid);
	}
	wire_put_guid(w, &action->reply.template_guid);
}

/* 2.2.5.1.2.4 */
static void recipients_decode(struct wire_r *r, struct prop_ctx *c,
			      struct rule_action *out)
{
	size_t n = wire_count32(r, 5);
	struct rule_recipient *v = arena_array(c->arena, n, sizeof *v);

	for (size_t i = 0; i < n && wire_ok(r); i++) {
		v[i].reserved = wire_u8(r);
		prop_tagged_list_decode(r, c, wire_u32(r), &v[i].values);
	}
	out->recipients.n = (uint32_t)n;
	out->recipients.v = v;
}

static void recipients_encode(struct wire_w *w, const struct prop_ctx *c,
			      const struct rule_action *action)
{
	wire_put_u32(w, action->recipients.n);
	for (uint32_t i = 0; i < action->recipients.n && !w->full; i++) {
		const struct rule_recipient *r = &action->recipients.v[i];

		wire_put_u8(w, r->reserved);
		wire_put_u32(w, r->values.n);
		prop_tagged_list_encode(w, c, &r->values);
	}
}

static void data_decode(struct wire_r *r, struct prop_ctx *c,
			struct rule_action *out)
{
	switch (out->type) {
	case OP_MOVE:
	case OP_COPY:
		move_decode(r, c, out);
		break;
	case OP_REPLY:
	case OP_OOF_REPLY:
		reply_decode(r, c, out);
		break;
	case OP_DEFER_ACTION:
		out->defer_data.len = wire_left(r);
		out->defer_data.data = wire_bytes(r, out->defer_data.len);
		break;
	case OP_BOUNCE:
		out->bounce_code = wire_u32(r);
		break;
	case OP_FORWARD:
	case OP_DELEGATE:
		recipients_decode(r, c, out);
		break;
	case OP_TAG:
		prop_tagged_decode(r, c, &out->tag);
		break;
	case OP_DELETE:
	case OP_MARK_AS_READ:
		break;
	default:
		r->bad = true;
	}
}

/* ActionBlock, 2.2.5.1 */
static void block_decode(struct wire_r *r, struct prop_ctx *c,
			 struct rule_action *out)
{
	size_t len = c->wide ? wire_count32(r, 1) : wire_count16(r, 1);
	struct wire_r block = wire_sub(r, len);

	out->type = wire_u8(&block);
	out->flavor = wire_u32(&block);
	out->flags = wire_u32(&block);
	if (wire_ok(&block))
		data_decode(&block, c, out);
	if (!wire_done(&block))
		r->bad = true;
}

bool rule_actions_decode(struct wire_r *r, struct prop_ctx *c,
			 struct rule_actions *out)
{
	size_t min = ACTION_SIZE_MIN + (c->wide ? 4 : 2);
	size_t n = c->wide ? wire_count32(r, min) : wire_count16(r, min);
	struct rule_action *v;

	if (n == 0 || c->depth >= PROP_DEPTH_MAX) {
		r->bad = true;
		return false;
	}
	c->depth++;
	v = arena_array(c->arena, n, sizeof *v);
	for (size_t i = 0; i < n && wire_ok(r); i++)
		block_decode(r, c, &v[i]);
	c->depth--;
	if (!wire_ok(r))
		return false;
	*out = (struct rule_actions){ (uint32_t)n, v };
	return true;
}

static void data_encode(struct wire_w *w, const struct prop_ctx *c,
			const struct rule_action *action)
{
	switch (action->type) {
	case OP_MOVE:
	case OP_COPY:
		move_encode(w, c, action);
		break;
	case OP_REPLY:
	case OP_OOF_REPLY:
		reply_encode(w, c, action);
		break;
	case OP_DEFER_ACTION:
		wire_put(w, action->defer_data.data, action->defer_data.len);
		break;
	case OP_BOUNCE:
		wire_put_u32(w, action->bounce_code);
		break;
	case OP_FORWARD:
	case OP_DELEGATE:
		recipients_encode(w, c, action);
		break;
	case OP_TAG:
		prop_tagged_encode(w, c, &action->tag);
		break;
	case OP_DELETE:
	case OP_MARK_AS_READ:
		break;
	default:
		w->full = true;
	}
}

static void block_encode(struct wire_w *w, const struct prop_ctx *c,
			 const struct rule_action *action)
{
	size_t at = w->len, len;

	wire_claim(w, c->wide ? 4 : 2);
	wire_put_u8(w, action->type);
	wire_put_u32(w, action->flavor);
	wire_put_u32(w, action->flags);
	data_encode(w, c, action);
	len = w->len - at - (c->wide ? 4 : 2);
	if (w->full || (!c->wide && len > UINT16_MAX)) {
		w->full = true;
		return;
	}
	if (c->wide)
		wire_patch_u32(w, at, (uint32_t)len);
	else
		wire_patch_u16(w, at, (uint16_t)len);
}

void rule_actions_encode(struct wire_w *w, const struct prop_ctx *c,
			 const struct rule_actions *actions)
{
	if (c->wide)
		wire_put_u32(w, actions->n);
	else if (actions->n <= UINT16_MAX)
		wire_put_u16(w, (uint16_t)actions->n);
	else
		w->full = true;
	for (uint32_t i = 0; i < actions->n && !w->full; i++)
		block_encode(w, c, &actions->v[i]);
}

static struct bin bin_copy(struct arena *a, const struct bin *bin)
{
	return (struct bin){ arena_memdup(a, bin->data, bin->len), bin->len };
}

static const struct rule_recipient *recipients_copy(
	struct arena *a, const struct rule_action *action)
{
	uint32_t n = action->recipients.n;
	struct rule_recipient *v = arena_array(a, n, sizeof *v);

	for (uint32_t i = 0; i < n; i++) {
		const struct rule_recipient *from = &action->recipients.v[i];
		struct prop_value *values =
			arena_array(a, from->values.n, sizeof *values);

		for (uint32_t j = 0; j < from->values.n; j++)
			values[j] = prop_value_copy(a, &from->values.v[j]);
		v[i].reserved = from->reserved;
		v[i].values = (struct prop_values){ from->values.n, values };
	}
	return v;
}

static struct rule_action action_copy(struct arena *a,
				      const struct rule_action *action)
{
	struct rule_action copy = *action;

	switch (action->type) {
	case OP_MOVE:
	case OP_COPY:
		copy.move.store_eid = bin_copy(a, &action->move.store_eid);
		copy.move.folder_eid = bin_copy(a, &action->move.folder_eid);
		break;
	case OP_REPLY:
	case OP_OOF_REPLY:
		copy.reply.template_message_eid =
			bin_copy(a, &action->reply.template_message_eid);
		break;
	case OP_DEFER_ACTION:
		copy.defer_data = bin_copy(a, &action->defer_data);
		break;
	case OP_FORWARD:
	case OP_DELEGATE:
		copy.recipients.v = recipients_copy(a, action);
		break;
	case OP_TAG:
		copy.tag = prop_value_copy(a, &action->tag);
		break;
	}
	return copy;
}

const struct rule_actions *rule_actions_copy(struct arena *a,
					     const struct rule_actions *from)
{
	struct rule_actions *copy = arena_alloc(a, sizeof *copy);
	struct rule_action *v = arena_array(a, from->n, sizeof *v);

	for (uint32_t i = 0; i < from->n; i++)
		v[i] = action_copy(a, &from->v[i]);
	*copy = (struct rule_actions){ from->n, v };
	return copy;
}

static bool bin_equal(const struct bin *a, const struct bin *b)
{
	return a->len == b->len &&
		(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static bool recipients_equal(const struct rule_action *a,
			     const struct rule_action *b)
{
	if (a->recipients.n != b->recipients.n)
		return false;
	for (uint32_t i = 0; i < a->recipients.n; i++) {
		const struct prop_values *x = &a->recipients.v[i].values;
		const struct prop_values *y = &b->recipients.v[i].values;

		if (x->n != y->n)
			return false;
		for (uint32_t j = 0; j < x->n; j++)
			if (!prop_value_equal(&x->v[j], &y->v[j]))
				return false;
	}
	return true;
}

static bool action_equal(const struct rule_action *a,
			 const struct rule_action *b)
{
	if (a->type != b->type || a->flavor != b->flavor ||
	    a->flags != b->flags)
		return false;
	switch (a->type) {
	case OP_MOVE:
	case OP_COPY:
		return a->move.folder_in_this_store ==
			b->move.folder_in_this_store &&
			bin_equal(&a->move.store_eid, &b->move.store_eid) &&
			bin_equal(&a->move.folder_eid, &b->move.folder_eid);
	case OP_REPLY:
	case OP_OOF_REPLY:
		return a->reply.template_fid == b->reply.template_fid &&
			a->reply.template_mid == b->reply.template_mid &&
			bin_equal(&a->reply.template_message_eid,
				  &b->reply.template_message_eid) &&
			guid_equal(&a->reply.template_guid,
				   &b->reply.template_guid);
	case OP_DEFER_ACTION:
		return bin_equal(&a->defer_data, &b->defer_data);
	case OP_BOUNCE:
		return a->bounce_code == b->bounce_code;
	case OP_FORWARD:
	case OP_DELEGATE:
		return recipients_equal(a, b);
	case OP_TAG:
		return prop_value_equal(&a->tag, &b->tag);
	default:
		return true;
	}
}

bool rule_actions_equal(const struct rule_actions *a,
			const struct rule_actions *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!action_equal(&a->v[i], &b->v[i]))
			return false;
	return true;
}

void rule_actions_print(struct buf *b, const struct rule_actions *actions)
{
	static const char *const names[] = {
		"?", "move", "copy", "reply", "out-of-office reply", "defer",
		"bounce", "forward", "delegate", "tag", "delete",
		"mark as read",
	};

	for (uint32_t i = 0; i < actions->n; i++) {
		const struct rule_action *action = &actions->v[i];
		unsigned type = action->type;

		buf_puts(b, i > 0 ? ", " : "");
		buf_puts(b, type <= OP_MARK_AS_READ ? names[type] : "?");
		if (type == OP_BOUNCE)
			buf_printf(b, " 0x%" PRIx32, action->bounce_code);
		if (type == OP_FORWARD || type == OP_DELEGATE)
			buf_printf(b, " to %" PRIu32,
				   action->recipients.n);
		if (type == OP_TAG) {
			buf_puts(b, " ");
			prop_value_print(b, &action->tag, 64);
		}
	}
}
