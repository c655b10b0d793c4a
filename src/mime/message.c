/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include "mime/internal.h"

const uint8_t mime_attach_tag[9] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x03,
				     0x0a, 0x04 };

struct prop_value *prop_add(struct prop_list *list, uint32_t tag)
{
	if (list->n == list->cap) {
		uint32_t cap = list->cap > 0 ? 2 * list->cap : 16;
		struct prop_value *v = arena_array(list->arena, cap,
						   sizeof *v);

		if (list->n > 0)
			memcpy(v, list->v, list->n * sizeof *v);
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n].tag = tag;
	return &list->v[list->n++];
}

void prop_add_str(struct prop_list *list, uint32_t tag, const char *value)
{
	prop_add(list, tag)->str = value;
}

void prop_add_i32(struct prop_list *list, uint32_t tag, int32_t value)
{
	prop_add(list, tag)->i32 = value;
}

void prop_add_bool(struct prop_list *list, uint32_t tag, bool value)
{
	prop_add(list, tag)->b = value;
}

void prop_add_time(struct prop_list *list, uint32_t tag, uint64_t value)
{
	prop_add(list, tag)->time = value;
}

void prop_add_bin(struct prop_list *list, uint32_t tag, const void *data,
		  size_t len)
{
	prop_add(list, tag)->bin = (struct bin){ data, len };
}

struct prop_values prop_list_values(const struct prop_list *list)
{
	return (struct prop_values){ list->n, list->v };
}

static const struct prop_value *find_typed(const struct prop_values *values,
					   uint32_t tag)
{
	const struct prop_value *v = prop_find(values, tag);

	return v != NULL && v->tag == tag ? v : NULL;
}

const char *prop_str(const struct prop_values *values, uint32_t tag)
{
	const struct prop_value *v = find_typed(values, tag);

	return v != NULL ? v->str : NULL;
}

int32_t prop_i32(const struct prop_values *values, uint32_t tag,
		 int32_t otherwise)
{
	const struct prop_value *v = find_typed(values, tag);

	return v != NULL ? v->i32 : otherwise;
}

bool prop_bool(const struct prop_values *values, uint32_t tag)
{
	const struct prop_value *v = find_typed(values, tag);

	return v != NULL && v->b;
}

struct bin prop_bin(const struct prop_values *values, uint32_t tag)
{
	const struct prop_value *v = find_typed(values, tag);

	return v != NULL ? v->bin : (struct bin){ NULL, 0 };
}

int mime_kept(const struct prop_values *attachment)
{
	struct bin tag = prop_bin(attachment, PID_TAG_ATTACH_TAG);

	if (tag.len != sizeof mime_attach_tag ||
	    memcmp(tag.data, mime_attach_tag, tag.len) != 0)
		return 0;
	return prop_i32(attachment, PID_TAG_ATTACH_MIME_SEQUENCE,
			MIME_KEPT_PART);
}

static void init_gmime(void)
{
	/* Raw 8-bit headers: UTF-8 if they are that, else Windows. */
	static const char *charsets[] = { "utf-8", "windows-1252", NULL };

	g_mime_init();
	g_mime_parser_options_set_fallback_charsets(
		g_mime_parser_options_get_default(), charsets);
}

void mime_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init_gmime);
}
