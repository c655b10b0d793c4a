/* SPDX-License-Identifier: Apache-2.0 */
/* Restrictions as expressions, for traces. */
#include <inttypes.h>

#include "base/buf.h"
#include "mapi/restriction.h"

enum { PRINT_VALUE_MAX = 64 };

static const char *rel_op_text(unsigned op)
{
	static const char *const text[] = {
		"<", "<=", ">", ">=", "==", "!=", "matches",
	};

	if (op < sizeof text / sizeof *text)
		return text[op];
	return op == REL_OP_MEMBER_OF_DL ? "is member of" : "?";
}

static void print_list(struct buf *b, const struct restriction *res)
{
	const char *word = res->type == RES_AND ? " and " : " or ";

	if (res->list.n == 0)
		buf_puts(b, res->type == RES_AND ? "all" : "none");
	if (res->list.n > 1)
		buf_puts(b, "(");
	for (uint32_t i = 0; i < res->list.n; i++) {
		buf_puts(b, i > 0 ? word : "");
		restriction_print(b, &res->list.v[i]);
	}
	if (res->list.n > 1)
		buf_puts(b, ")");
}

static void print_value(struct buf *b, uint32_t tag, const char *op,
			const struct prop_value *value)
{
	prop_tag_print(b, tag);
	buf_printf(b, " %s ", op);
	if (prop_tag_id(value->tag) == prop_tag_id(tag))
		prop_data_print(b, value, PRINT_VALUE_MAX);
	else
		prop_value_print(b, value, PRINT_VALUE_MAX);
}

static void print_content(struct buf *b, const struct restriction *res)
{
	static const char *const words[] = { "is", "contains", "begins with" };
	unsigned low = res->content.fuzzy_level_low;
	unsigned high = res->content.fuzzy_level_high;

	print_value(b, res->content.tag, low <= FL_PREFIX ? words[low] : "?",
		    &res->content.value);
	if ((high & FL_IGNORE_CASE) != 0)
		buf_puts(b, " ignoring case");
	if ((high & FL_IGNORE_NON_SPACE) != 0)
		buf_puts(b, " ignoring marks");
	if ((high & FL_LOOSE) != 0)
		buf_puts(b, " loosely");
}

static void print_comment(struct buf *b, const struct restriction *res)
{
	buf_puts(b, "comment(");
	for (uint32_t i = 0; i < res->comment.values.n; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		prop_value_print(b, &res->comment.values.v[i],
				 PRINT_VALUE_MAX);
	}
	buf_puts(b, "; ");
	restriction_print(b, res->comment.restriction);
	buf_puts(b, ")");
}

static void print_other(struct buf *b, const struct restriction *res)
{
	switch (res->type) {
	case RES_BIT_MASK:
		buf_puts(b, "(");
		prop_tag_print(b, res->bit_mask.tag);
		buf_printf(b, " & 0x%" PRIx32 ") %s 0", res->bit_mask.mask,
			   res->bit_mask.bit_map_rel_op == BMR_EQZ ? "==" :
			   "!=");
		break;
	case RES_SIZE:
		buf_puts(b, "size(");
		prop_tag_print(b, res->size.tag);
		buf_printf(b, ") %s %" PRIu32, rel_op_text(res->size.rel_op),
			   res->size.size);
		break;
	case RES_EXIST:
		buf_puts(b, "exists(");
		prop_tag_print(b, res->exist.tag);
		buf_puts(b, ")");
		break;
	case RES_SUB_OBJECT:
		buf_puts(b, "any(");
		prop_tag_print(b, res->sub_object.subobject);
		buf_puts(b, "; ");
		restriction_print(b, res->sub_object.restriction);
		buf_puts(b, ")");
		break;
	case RES_COUNT:
		buf_printf(b, "first(%" PRIu32 "; ", res->count.count);
		restriction_print(b, res->count.restriction);
		buf_puts(b, ")");
		break;
	default:
		buf_puts(b, "?");
	}
}

void restriction_print(struct buf *b, const struct restriction *res)
{
	if (res == NULL) {
		buf_puts(b, "all");
		return;
	}
	switch (res->type) {
	case RES_AND:
	case RES_OR:
		print_list(b, res);
		break;
	case RES_NOT:
		buf_puts(b, "not ");
		restriction_print(b, res->not);
		break;
	case RES_CONTENT:
		print_content(b, res);
		break;
	case RES_PROPERTY:
		print_value(b, res->property.tag,
			    rel_op_text(res->property.rel_op),
			    &res->property.value);
		break;
	case RES_COMPARE_PROPS:
		prop_tag_print(b, res->compare_props.tag1);
		buf_printf(b, " %s ", rel_op_text(res->compare_props.rel_op));
		prop_tag_print(b, res->compare_props.tag2);
		break;
	case RES_COMMENT:
		print_comment(b, res);
		break;
	default:
		print_other(b, res);
	}
}
