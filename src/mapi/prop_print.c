/* SPDX-License-Identifier: Apache-2.0 */
/* Property values as text, for traces. */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "mapi/prop_codec.h"
#include "mapi/restriction.h"
#include "mapi/rule.h"

void prop_tag_print(struct buf *b, uint32_t tag)
{
	const char *name = prop_tag_name(tag);

	if (name != NULL)
		buf_puts(b, name);
	else
		buf_printf(b, "0x%08" PRIx32, tag);
}

static void print_string(struct buf *b, const char *s, size_t max)
{
	size_t len = strlen(s), n = max > 0 && len > max ? max : len;

	buf_puts(b, "\"");
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if ((uint8_t)c < 0x20 || c == 0x7f)
			buf_printf(b, "\\x%02x", (unsigned)(uint8_t)c);
		else
			buf_add(b, &c, 1);
	}
	buf_puts(b, n < len ? "\"…" : "\"");
}

static void print_bin(struct buf *b, const struct bin *bin, size_t max)
{
	size_t n = max > 0 && bin->len > max ? max : bin->len;

	buf_printf(b, "[%zu]", bin->len);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%02x", i == 0 ? " " : "", bin->data[i]);
	if (n < bin->len)
		buf_puts(b, "…");
}

static void print_time(struct buf *b, uint64_t time)
{
	char text[ISO_DATE_SIZE];

	iso_date_format(time, text);
	buf_puts(b, text);
}

static void print_guid(struct buf *b, const struct guid *guid)
{
	char text[GUID_TEXT_SIZE];

	guid_format(guid, text);
	buf_printf(b, "{%s}", text);
}

static void print_single(struct buf *b, const struct prop_value *v, size_t max)
{
	switch (prop_tag_type(v->tag)) {
	case PTYP_NULL:
		buf_puts(b, "none");
		break;
	case PTYP_INTEGER16:
		buf_printf(b, "%d", v->i16);
		break;
	case PTYP_INTEGER32:
		buf_printf(b, "%" PRId32, v->i32);
		break;
	case PTYP_FLOATING32:
		buf_printf(b, "%g", (double)v->f32);
		break;
	case PTYP_FLOATING64:
	case PTYP_FLOATING_TIME:
		buf_printf(b, "%g", v->f64);
		break;
	case PTYP_CURRENCY:
	case PTYP_INTEGER64:
		buf_printf(b, "%" PRId64, v->i64);
		break;
	case PTYP_TIME:
		print_time(b, v->time);
		break;
	case PTYP_BOOLEAN:
		buf_puts(b, v->b ? "true" : "false");
		break;
	case PTYP_ERROR_CODE:
		buf_printf(b, "error 0x%08x (%s)", (unsigned)v->error,
			   ec_name(v->error));
		break;
	case PTYP_GUID:
		print_guid(b, v->guid);
		break;
	case PTYP_STRING:
	case PTYP_STRING8:
		print_string(b, v->str, max);
		break;
	case PTYP_BINARY:
	case PTYP_SERVER_ID:
	case PTYP_OBJECT:
		print_bin(b, &v->bin, max);
		break;
	case PTYP_RESTRICTION:
		restriction_print(b, v->restriction);
		break;
	case PTYP_RULE_ACTION:
		rule_actions_print(b, v->actions);
		break;
	default:
		buf_puts(b, "?");
	}
}

/* Element i as a value of its own. */
static struct prop_value element(const struct prop_value *v, size_t i)
{
	struct prop_value e = {
		.tag = v->tag & ~(uint32_t)PTYP_MULTIPLE,
	};

	switch (prop_tag_type(v->tag)) {
	case PTYP_MULTIPLE_INTEGER16:
		e.i16 = v->mv_i16[i];
		break;
	case PTYP_MULTIPLE_INTEGER32:
	case PTYP_MULTIPLE_FLOATING32:
		e.i32 = v->mv_i32[i];
		break;
	case PTYP_MULTIPLE_GUID:
		e.guid = &v->mv_guid[i];
		break;
	case PTYP_MULTIPLE_STRING:
	case PTYP_MULTIPLE_STRING8:
		e.str = v->mv_str[i];
		break;
	case PTYP_MULTIPLE_BINARY:
		e.bin = v->mv_bin[i];
		break;
	default:
		e.i64 = v->mv_i64[i];
	}
	return e;
}

void prop_value_print(struct buf *b, const struct prop_value *value,
		      size_t max)
{
	prop_tag_print(b, value->tag);
	buf_puts(b, ": ");
	prop_data_print(b, value, max);
}

void prop_data_print(struct buf *b, const struct prop_value *value, size_t max)
{
	if ((prop_tag_type(value->tag) & PTYP_MULTIPLE) == 0) {
		print_single(b, value, max);
		return;
	}
	buf_puts(b, "(");
	for (uint32_t i = 0; i < value->n; i++) {
		struct prop_value e = element(value, i);

		buf_puts(b, i > 0 ? ", " : "");
		print_single(b, &e, max);
	}
	buf_puts(b, ")");
}
