/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/mail.h"

#include <string.h>

#include "store/message.h"

static enum ec append_into(struct message *m, const struct mime_message *from);

/* What a read-only or computed property answers is no failure here. */
static bool passes(enum ec ec)
{
	return ec == EC_SUCCESS || ec == EC_COMPUTED ||
		ec == EC_ACCESS_DENIED;
}

static enum ec append_recipients(struct message *m,
				 const struct mime_message *from)
{
	enum ec ec = EC_SUCCESS;

	for (uint32_t i = 0; i < from->n_recipients && ec == EC_SUCCESS; i++) {
		const struct prop_value *type = prop_find(
			&from->recipients[i], PID_TAG_RECIPIENT_TYPE);
		struct recipient r = {
			.row_id = i,
			.type = type != NULL ? (uint8_t)type->i32 : 1,
			.props = from->recipients[i],
		};

		ec = message_set_recipient(m, &r);
	}
	return ec;
}

static enum ec append_embedded(struct attachment *at,
			       const struct mime_message *from)
{
	struct message *inner;
	enum ec ec = attachment_open_embedded(at, EMBEDDED_CREATE, 0, &inner);

	if (ec != EC_SUCCESS)
		return ec;
	ec = append_into(inner, from);
	if (ec == EC_SUCCESS)
		ec = message_save(inner, 0);
	message_close(inner);
	return ec;
}

static enum ec append_attachment(struct message *m,
				 const struct mime_attachment *from)
{
	struct attachment *at;
	enum ec ec = attachment_create(m, &at);

	if (ec != EC_SUCCESS)
		return ec;
	for (uint32_t i = 0; i < from->props.n && passes(ec); i++)
		ec = attachment_set_prop(at, &from->props.v[i]);
	if (passes(ec))
		ec = EC_SUCCESS;
	if (ec == EC_SUCCESS && from->embedded != NULL)
		ec = append_embedded(at, from->embedded);
	if (ec == EC_SUCCESS)
		ec = attachment_save(at);
	attachment_close(at);
	return ec;
}

/* The text of a string property; "" if there is none. */
static const char *text_of(const struct mime_message *from, uint32_t tag)
{
	const struct prop_value *v = prop_find(&from->props, tag);

	return v != NULL && v->tag == tag ? v->str : "";
}

/*
 * [MS-OXCMAIL] 2.2.3.2.7: without Thread-Topic the conversation is about the
 * subject, but for posts.
 */
static enum ec append_topic(struct message *m, const struct mime_message *from)
{
	struct prop_value topic = {
		.tag = PID_TAG_CONVERSATION_TOPIC,
		.str = text_of(from, PID_TAG_SUBJECT),
	};

	if (prop_find(&from->props, PID_TAG_CONVERSATION_TOPIC) != NULL ||
	    *topic.str == '\0' ||
	    strcmp(text_of(from, PID_TAG_MESSAGE_CLASS), "IPM.Post") == 0)
		return EC_SUCCESS;
	topic.str += subject_prefix_length(topic.str);
	return message_set_prop(m, &topic);
}

static enum ec append_into(struct message *m, const struct mime_message *from)
{
	enum ec ec = EC_SUCCESS;

	for (uint32_t i = 0; i < from->props.n && passes(ec); i++)
		ec = message_set_prop(m, &from->props.v[i]);
	if (passes(ec))
		ec = append_topic(m, from);
	if (passes(ec))
		ec = append_recipients(m, from);
	for (uint32_t i = 0; i < from->n_attachments && ec == EC_SUCCESS; i++)
		ec = append_attachment(m, &from->attachments[i]);
	return ec;
}

bool mail_append(struct store *store, uint64_t folder_id,
		 const struct mime_message *message, uint64_t *id,
		 struct err *err)
{
	struct message *m = NULL;
	struct err fault;
	enum ec ec = store_lock(store);

	if (ec != EC_SUCCESS)
		return err_set(err, ec, "the mailbox is busy: try again");
	ec = message_create(store, folder_id, false, 0, 0, &m);
	if (ec == EC_SUCCESS)
		ec = append_into(m, message);
	if (ec == EC_SUCCESS)
		ec = message_save(m, 0);
	if (ec == EC_SUCCESS && id != NULL)
		*id = message_id(m);
	message_close(m);
	store_unlock(store);
	if (ec == EC_SUCCESS)
		return true;
	if (store_fault(store, &fault))
		return err_set(err, ec, "cannot save the message: %s",
			       fault.text);
	return err_set(err, ec, "cannot save the message: %s", ec_text(ec));
}
