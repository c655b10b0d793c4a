/* SPDX-License-Identifier: Apache-2.0 */
/* The hierarchy table and the address creation table ([MS-OXNSPI] 3.1.4.1.3,
 * 3.1.4.4.3). */
#include <string.h>

#include "mailbox/nspi_filter.h"
#include "mailbox/nspi_template.h"
#include "mapi/entry_id.h"

/* PidTagContainerFlags, [MS-OXOABK] 2.2.2.1 */
enum { AB_RECIPIENTS = 1, AB_SUBCONTAINERS = 2, AB_UNMODIFIABLE = 8 };

enum { DEPTH_MAX = 16 };

/* Its DN: addresslist-dn, or gal-addrlist-dn ([MS-OXOABK] 2.2.1.1). */
static struct bin container_entry_id(const struct nspi_call *call,
				     uint32_t container,
				     const struct recipient_list *list)
{
	struct address_book_entry_id id = { DT_CONTAINER, "/" };
	char hex[33];

	if (container != CONTAINER_GAL) {
		nspi_guid_hex(&list->guid, hex);
		id.x500_dn = arena_printf(call->arena, "/guid=%s", hex);
	}
	return address_book_entry_id_format(call->arena, &id);
}

/* The container that a list stands under; false: none. */
static bool parent_of(const struct nspi_call *call,
		      const struct recipient_list *list, uint32_t *out)
{
	size_t n = recipients_containers(call->s);
	struct recipient_list other;

	if (guid_is_null(&list->parent))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (recipients_container(call->s, i, &other) &&
		    guid_equal(&other.guid, &list->parent)) {
			*out = i;
			return true;
		}
	return false;
}

static int32_t depth_of(const struct nspi_call *call,
			const struct recipient_list *list)
{
	struct recipient_list at = *list;
	uint32_t parent;
	int32_t depth = 0;

	/* The limit ends a circle as well. */
	while (depth < DEPTH_MAX && parent_of(call, &at, &parent)) {
		recipients_container(call->s, parent, &at);
		depth++;
	}
	return depth;
}

static bool has_children(const struct nspi_call *call,
			 const struct recipient_list *list)
{
	size_t n = recipients_containers(call->s);
	struct recipient_list other;

	for (uint32_t i = CONTAINER_LISTS; i < n; i++)
		if (recipients_container(call->s, i, &other) &&
		    guid_equal(&other.parent, &list->guid))
			return true;
	return false;
}

/* R1863: these, in this order. */
static struct prop_values hierarchy_row(const struct nspi_call *call,
					uint32_t container, bool unicode)
{
	struct prop_value *v = arena_array(call->arena, 7, sizeof *v);
	uint32_t name = unicode ? PID_TAG_DISPLAY_NAME : 0x3001001e, parent;
	struct recipient_list list, above;
	uint32_t n = 6;

	recipients_container(call->s, container, &list);
	v[0] = (struct prop_value){ .tag = PID_TAG_ENTRY_ID,
		.bin = container_entry_id(call, container, &list) };
	v[1] = (struct prop_value){ .tag = PID_TAG_CONTAINER_FLAGS,
		.i32 = AB_RECIPIENTS | AB_UNMODIFIABLE |
		(has_children(call, &list) ? AB_SUBCONTAINERS : 0) };
	v[2] = (struct prop_value){ .tag = PID_TAG_DEPTH,
		.i32 = depth_of(call, &list) };
	v[3] = (struct prop_value){ .tag = PID_TAG_ADDRESS_BOOK_CONTAINER_ID,
		.i32 = (int32_t)nspi_container_id(call, container) };
	v[4] = nspi_text(call, name, list.name);
	v[5] = (struct prop_value){ .tag = PID_TAG_ADDRESS_BOOK_IS_MASTER };
	if (parent_of(call, &list, &parent)) {
		recipients_container(call->s, parent, &above);
		v[n++] = (struct prop_value){
			.tag = PID_TAG_ADDRESS_BOOK_PARENT_ENTRY_ID,
			.bin = container_entry_id(call, parent, &above) };
	}
	return (struct prop_values){ n, v };
}

/* A container and those below it, so that depths make a tree. */
static void add_tree(const struct nspi_call *call, uint32_t container,
		     bool unicode, unsigned depth, struct prop_values *rows,
		     uint32_t *n, uint32_t max)
{
	size_t count = recipients_containers(call->s);
	struct recipient_list list, other;

	if (depth > DEPTH_MAX || *n >= max)
		return;
	rows[(*n)++] = hierarchy_row(call, container, unicode);
	recipients_container(call->s, container, &list);
	for (uint32_t i = CONTAINER_LISTS; i < count; i++)
		if (recipients_container(call->s, i, &other) &&
		    guid_equal(&other.parent, &list.guid))
			add_tree(call, i, unicode, depth + 1, rows, n, max);
}

static enum ec hierarchy(struct nspi_call *call,
			 const struct nspi_get_special_table_req *req,
			 struct nspi_get_special_table_rsp *rsp)
{
	bool unicode = (req->flags & NSPI_UNICODE_STRINGS) != 0;
	uint32_t max = (uint32_t)recipients_containers(call->s), n = 0;
	struct recipient_list list;
	struct prop_values *rows;
	uint32_t parent;

	if (!unicode && req->state.code_page == CP_WINUNICODE)
		return EC_NOT_SUPPORTED;
	rsp->has_version = true;
	rsp->version = recipients_hierarchy_version(call->s);
	/* R748: it is the one that the client has. */
	if (req->has_version && req->version == rsp->version)
		return EC_SUCCESS;
	rows = arena_array(call->arena, max, sizeof *rows);
	for (uint32_t i = 0; i < max; i++)
		if (recipients_container(call->s, i, &list) &&
		    !parent_of(call, &list, &parent))
			add_tree(call, i, unicode, 0, rows, &n, max);
	rsp->has_rows = true;
	rsp->rows = (struct nspi_value_rows){ n, rows };
	return EC_SUCCESS;
}

/* One row for each address that can be made ([MS-OXOABKT]). */
static struct prop_values creation_row(const struct nspi_call *call,
				       const struct nspi_template *t,
				       uint32_t number)
{
	struct prop_value *v = arena_array(call->arena, 7, sizeof *v);
	struct address_book_entry_id id = { DT_ADDRESS_TEMPLATE,
		nspi_template_dn(call, t) };
	uint32_t key = number + 1;

	v[0] = nspi_text(call, 0x3001001e, t->name);
	v[1] = nspi_text(call, 0x3002001e, t->address_type);
	v[2] = (struct prop_value){ .tag = PID_TAG_DISPLAY_TYPE };
	v[3] = (struct prop_value){ .tag = PID_TAG_DEPTH };
	v[4] = (struct prop_value){ .tag = PID_TAG_SELECTABLE, .b = true };
	v[5] = (struct prop_value){ .tag = PID_TAG_INSTANCE_KEY, .bin = {
		arena_memdup(call->arena, &key, sizeof key), 4 } };
	v[6] = (struct prop_value){ .tag = PID_TAG_ENTRY_ID,
		.bin = address_book_entry_id_format(call->arena, &id) };
	return (struct prop_values){ 7, v };
}

static enum ec creation(struct nspi_call *call,
			const struct nspi_get_special_table_req *req,
			struct nspi_get_special_table_rsp *rsp)
{
	const struct nspi_template *t;
	struct prop_values *rows;
	uint32_t n = 0;

	/* R757, R758: for other languages it is empty, and no error. */
	rows = arena_array(call->arena, 16, sizeof *rows);
	for (uint32_t i = 0; n < 16 &&
	     (t = nspi_template_creation(req->state.template_locale, i)) !=
	     NULL; i++)
		rows[n++] = creation_row(call, t, i);
	rsp->has_rows = n > 0;
	rsp->rows = (struct nspi_value_rows){ n, rows };
	return EC_SUCCESS;
}

enum ec nspi_get_special_table(struct nspi_call *call,
			       const struct nspi_get_special_table_req *req,
			       struct nspi_get_special_table_rsp *rsp)
{
	rsp->code_page = call->code_page;
	if (!req->has_state)
		return EC_INVALID_PARAM;
	/* R741: with both flags the strings are of 8 bits. */
	if ((req->flags & NSPI_ADDRESS_CREATION_TEMPLATES) != 0)
		return creation(call, req, rsp);
	return hierarchy(call, req, rsp);
}
