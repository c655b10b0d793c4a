/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox/message_object.h"

#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "mailbox/recipients.h"
#include "mapi/code_page.h"
#include "mapi/entry_id.h"
#include "store/message.h"

enum {
	CODE_PAGE_OF_LOGON = 0x0fff,
	/* UTF-16: what clients say who don't use 8-bit strings at all */
	CODE_PAGE_UNICODE = 1200,
};

enum ec message_code_page(uint16_t code_page_id, uint32_t *out)
{
	if (code_page_id == CODE_PAGE_OF_LOGON || code_page_id == 0 ||
	    code_page_id == CODE_PAGE_UNICODE) {
		*out = 0;
		return EC_SUCCESS;
	}
	if (!code_page_known(code_page_id))
		return EC_UNKNOWN_CODE_PAGE;
	*out = code_page_id;
	return EC_SUCCESS;
}

static void close_message(struct object *object)
{
	message_close(object->message);
	free(object->columns);
}

void message_object_set_columns(struct object *object,
				const struct prop_tags *columns)
{
	size_t size = columns->n * sizeof columns->v[0];

	free(object->columns);
	object->columns = xmalloc(size + 1);
	if (size > 0)
		memcpy(object->columns, columns->v, size);
	object->n_columns = columns->n;
}

enum ec message_object_columns(struct rop_call *call,
			       const struct object *object,
			       struct prop_tags *out)
{
	if (object->columns == NULL)
		return recipient_columns(object->message, call->arena, out);
	*out = (struct prop_tags){ object->n_columns, object->columns };
	return EC_SUCCESS;
}

enum ec message_object_open(struct rop_call *call, struct message *message,
			    struct object *owner, uint32_t code_page)
{
	struct object *object;
	enum ec ec = rop_call_new(call, OBJECT_MESSAGE, owner, &object);

	if (ec != EC_SUCCESS) {
		message_close(message);
		return ec;
	}
	object->message = message;
	object->close = close_message;
	object->close_locked = true;
	object->folder = message_folder_id(message);
	object->code_page = code_page;
	return EC_SUCCESS;
}

enum ec message_stamp(struct rop_call *call, struct message *message,
		      bool created)
{
	const struct identity *who = call->session->who;
	const struct address_book_entry_id id = {
		.type = ADDRESS_BOOK_LOCAL_MAIL_USER,
		.x500_dn = who->legacy_dn,
	};
	struct bin entry_id = address_book_entry_id_format(call->arena, &id);
	const struct prop_value values[] = {
		{ .tag = PID_TAG_LAST_MODIFIER_NAME,
		  .str = who->display_name },
		{ .tag = PID_TAG_LAST_MODIFIER_ENTRY_ID, .bin = entry_id },
		{ .tag = PID_TAG_CREATOR_NAME, .str = who->display_name },
		{ .tag = PID_TAG_CREATOR_ENTRY_ID, .bin = entry_id },
		{ .tag = PID_TAG_MESSAGE_LOCALE_ID,
		  .i32 = (int32_t)call->session->lcid_string },
	};
	size_t n = created ? sizeof values / sizeof values[0] : 2;
	enum ec ec = EC_SUCCESS;

	for (size_t i = 0; ec == EC_SUCCESS && i < n; i++)
		ec = message_set_prop(message, &values[i]);
	return ec;
}

/*
 * Text for the answer, cut so that a message can always be opened; all of it
 * is to be had as a property.
 */
enum { SUBJECT_MAX = 4096 };      /* bytes of UTF-8 */

static const char *get_text(struct rop_call *call, struct message *message,
			    uint32_t tag)
{
	struct prop_value value;
	size_t len;
	enum ec ec = message_get_prop(message, tag, call->arena, &value);

	if (ec != EC_SUCCESS)
		return ec == EC_NOT_ENOUGH_MEMORY ? "" : NULL;
	len = strnlen(value.str, SUBJECT_MAX + 1);
	if (len <= SUBJECT_MAX)
		return value.str;
	for (len = SUBJECT_MAX; len > 0; len--)
		if ((value.str[len] & 0xc0) != 0x80)
			break;
	return arena_strndup(call->arena, value.str, len);
}

/* Bytes that a TypedString takes ([MS-OXCDATA] 2.11.7). */
static size_t typed_string_size(struct rop_call *call, const char *s)
{
	size_t cap = s != NULL ? 3 + 2 * strlen(s) : 1;
	struct wire_w w = wire_w(arena_alloc(call->arena, cap), cap);

	typed_string_encode(&w, s);
	return w.len;
}

/* [MS-OXCMSG] 2.2.3.1.2 */
enum ec message_summary(struct rop_call *call, struct message *message,
			uint32_t code_page, struct message_summary *out)
{
	size_t count = message_recipient_count(message), used;
	size_t room = wire_room(&call->bulk);
	struct message_summary s = {
		.has_named_properties = message_has_named_props(message),
		.subject_prefix = get_text(call, message,
					   PID_TAG_SUBJECT_PREFIX),
		.normalized_subject = get_text(call, message,
					       PID_TAG_NORMALIZED_SUBJECT),
		.recipient_count = (uint16_t)(count < UINT16_MAX ? count :
					      UINT16_MAX),
	};
	struct recipient_writer rw;
	enum ec ec;

	ec = recipient_columns(message, call->arena, &s.recipient_columns);
	if (ec != EC_SUCCESS)
		return ec;
	used = typed_string_size(call, s.subject_prefix) +
		typed_string_size(call, s.normalized_subject) +
		s.recipient_columns.n * sizeof(uint32_t);
	recipient_writer_init(&rw, call->arena, &s.recipient_columns,
			      code_page != 0 ? code_page :
			      call->session->code_page, OPEN_RECIPIENT_ROW_SIZE,
			      used < room ? room - used : 0);
	for (size_t i = 0; i < count; i++) {
		ec = recipient_writer_add(&rw, message, i);
		if (ec == EC_BUFFER_TOO_SMALL)
			break;
		if (ec != EC_SUCCESS)
			return ec;
	}
	s.recipient_rows = recipient_writer_rows(&rw);
	*out = s;
	return EC_SUCCESS;
}
