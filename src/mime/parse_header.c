/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a message to properties ([MS-OXCMAIL] 2.2.3.1). */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "mapi/entry_id.h"
#include "mime/internal.h"

static const char *header_value(GMimeMessage *message, const char *name)
{
	return g_mime_object_get_header(GMIME_OBJECT(message), name);
}

/* Keep a copy of a decoded header that is there. */
static void add_header(struct parse *p, GMimeMessage *message,
		       const char *name, uint32_t tag)
{
	const char *value = header_value(message, name);

	if (value != NULL && *value != '\0')
		prop_add_str(&p->props, tag, arena_strdup(p->arena, value));
}

/* The search key of an SMTP address ([MS-OXCMSG] PidTagSearchKey). */
static void add_search_key(struct prop_list *list, uint32_t tag,
			   const char *address)
{
	char *key = arena_printf(list->arena, "SMTP:%s", address);

	for (char *c = key; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	prop_add_bin(list, tag, key, strlen(key) + 1);
}

static void add_one_off(struct prop_list *list, uint32_t tag,
			const char *name, const char *address)
{
	struct bin id = entry_id_one_off(list->arena, name, "SMTP", address);

	prop_add_bin(list, tag, id.data, id.len);
}

/* Who sent it: one set of six properties. */
struct sender_tags {
	uint32_t name, type, address, smtp, entry_id, search_key;
};

static void add_sender(struct parse *p, const struct sender_tags *tags,
		       const char *name, const char *address)
{
	prop_add_str(&p->props, tags->name, name);
	prop_add_str(&p->props, tags->type, "SMTP");
	prop_add_str(&p->props, tags->address, address);
	prop_add_str(&p->props, tags->smtp, address);
	add_one_off(&p->props, tags->entry_id, name, address);
	add_search_key(&p->props, tags->search_key, address);
}

/* The name and address of a mailbox; the address stands in for no name. */
static void mailbox_texts(struct arena *arena, InternetAddress *address,
			  const char **name, const char **addr)
{
	InternetAddressMailbox *mailbox = INTERNET_ADDRESS_MAILBOX(address);
	const char *shown = internet_address_get_name(address);
	const char *smtp = internet_address_mailbox_get_addr(mailbox);

	*addr = arena_strdup(arena, smtp != NULL ? smtp : "");
	*name = shown != NULL && *shown != '\0' ?
		arena_strdup(arena, shown) : *addr;
}

/* The first mailbox of a list, groups looked into. */
static InternetAddress *first_mailbox(InternetAddressList *list)
{
	int n = list != NULL ? internet_address_list_length(list) : 0;

	for (int i = 0; i < n; i++) {
		InternetAddress *a = internet_address_list_get_address(list,
								       i);

		if (INTERNET_ADDRESS_IS_MAILBOX(a))
			return a;
	}
	return NULL;
}

static void parse_senders(struct parse *p, GMimeMessage *message)
{
	static const struct sender_tags sender = {
		PID_TAG_SENDER_NAME, PID_TAG_SENDER_ADDRESS_TYPE,
		PID_TAG_SENDER_EMAIL_ADDRESS, PID_TAG_SENDER_SMTP_ADDRESS,
		PID_TAG_SENDER_ENTRY_ID, PID_TAG_SENDER_SEARCH_KEY
	}, from = {
		PID_TAG_SENT_REPRESENTING_NAME,
		PID_TAG_SENT_REPRESENTING_ADDRESS_TYPE,
		PID_TAG_SENT_REPRESENTING_EMAIL_ADDRESS,
		PID_TAG_SENT_REPRESENTING_SMTP_ADDRESS,
		PID_TAG_SENT_REPRESENTING_ENTRY_ID,
		PID_TAG_SENT_REPRESENTING_SEARCH_KEY
	};
	InternetAddress *by = first_mailbox(
		g_mime_message_get_sender(message));
	InternetAddress *of = first_mailbox(g_mime_message_get_from(message));
	const char *name, *address;

	if (by == NULL)
		by = of;
	if (of == NULL)
		of = by;
	if (of == NULL)
		return;
	mailbox_texts(p->arena, of, &name, &address);
	add_sender(p, &from, name, address);
	mailbox_texts(p->arena, by, &name, &address);
	add_sender(p, &sender, name, address);
}

static struct prop_values *next_recipient(struct parse *p)
{
	struct mime_message *m = p->message;

	if (m->n_recipients == p->cap_recipients) {
		uint32_t cap = p->cap_recipients > 0 ?
			2 * p->cap_recipients : 8;
		struct prop_values *v = arena_array(p->arena, cap, sizeof *v);

		if (m->n_recipients > 0)
			memcpy(v, m->recipients,
			       m->n_recipients * sizeof *v);
		m->recipients = v;
		p->cap_recipients = cap;
	}
	return &m->recipients[m->n_recipients++];
}

static void add_recipient(struct parse *p, InternetAddress *mailbox,
			  int32_t type)
{
	struct prop_list list = { .arena = p->arena };
	const char *name, *address;
	struct prop_values *row;

	mailbox_texts(p->arena, mailbox, &name, &address);
	prop_add_i32(&list, PID_TAG_ROWID, (int32_t)p->message->n_recipients);
	prop_add_i32(&list, PID_TAG_RECIPIENT_TYPE, type);
	prop_add_i32(&list, PID_TAG_OBJECT_TYPE, 6);    /* a mail user */
	prop_add_i32(&list, PID_TAG_DISPLAY_TYPE, 0);
	prop_add_bool(&list, PID_TAG_RESPONSIBILITY, true);
	prop_add_str(&list, PID_TAG_DISPLAY_NAME, name);
	prop_add_str(&list, PID_TAG_RECIPIENT_DISPLAY_NAME, name);
	prop_add_str(&list, PID_TAG_ADDRESS_TYPE, "SMTP");
	prop_add_str(&list, PID_TAG_EMAIL_ADDRESS, address);
	prop_add_str(&list, PID_TAG_SMTP_ADDRESS, address);
	add_one_off(&list, PID_TAG_ENTRY_ID, name, address);
	add_search_key(&list, PID_TAG_SEARCH_KEY, address);
	row = next_recipient(p);
	*row = prop_list_values(&list);
}

static void add_recipients(struct parse *p, InternetAddressList *list,
			   int32_t type, int depth)
{
	int n = list != NULL ? internet_address_list_length(list) : 0;

	for (int i = 0; i < n; i++) {
		InternetAddress *a = internet_address_list_get_address(list,
								       i);

		if (INTERNET_ADDRESS_IS_MAILBOX(a))
			add_recipient(p, a, type);
		else if (depth < MIME_DEPTH_MAX)
			add_recipients(p, internet_address_group_get_members(
				INTERNET_ADDRESS_GROUP(a)), type, depth + 1);
	}
}

static void parse_recipients(struct parse *p, GMimeMessage *message)
{
	static const struct {
		GMimeAddressType list;
		int32_t type;
	} kinds[] = {
		{ GMIME_ADDRESS_TYPE_TO, MIME_RECIPIENT_TO },
		{ GMIME_ADDRESS_TYPE_CC, MIME_RECIPIENT_CC },
		{ GMIME_ADDRESS_TYPE_BCC, MIME_RECIPIENT_BCC },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		add_recipients(p, g_mime_message_get_addresses(message,
			kinds[i].list), kinds[i].type, 0);
}

static void parse_reply_to(struct parse *p, GMimeMessage *message)
{
	InternetAddressList *list = g_mime_message_get_reply_to(message);
	struct bin entries;
	const char *name, *address;
	const char **names, **addresses;
	struct buf shown = BUF_INIT;
	int n = list != NULL ? internet_address_list_length(list) : 0;
	uint32_t count = 0;

	names = arena_array(p->arena, (size_t)n + 1, sizeof *names);
	addresses = arena_array(p->arena, (size_t)n + 1, sizeof *addresses);
	for (int i = 0; i < n; i++) {
		InternetAddress *a = internet_address_list_get_address(list,
								       i);

		if (!INTERNET_ADDRESS_IS_MAILBOX(a))
			continue;
		mailbox_texts(p->arena, a, &name, &address);
		names[count] = name;
		addresses[count++] = address;
		buf_printf(&shown, "%s%s", shown.len > 0 ? ";" : "", name);
	}
	if (count > 0) {
		entries = entry_id_list_one_off(p->arena, count, names,
						addresses);
		prop_add_bin(&p->props, PID_TAG_REPLY_RECIPIENT_ENTRIES,
			     entries.data, entries.len);
		prop_add_str(&p->props, PID_TAG_REPLY_RECIPIENT_NAMES,
			     arena_strdup(p->arena, buf_str(&shown)));
	}
	buf_free(&shown);
}

static bool date_of(GDateTime *date, uint64_t *filetime)
{
	if (date == NULL)
		return false;
	*filetime = filetime_from_unix(g_date_time_to_unix(date));
	return true;
}

/* When it arrived: the newest Received, else when it was sent, else now. */
static void parse_times(struct parse *p, GMimeMessage *message)
{
	const char *received = header_value(message, "Received");
	const char *stamp = received != NULL ? strrchr(received, ';') : NULL;
	uint64_t sent = 0, delivered = 0;
	GDateTime *date = NULL;

	if (date_of(g_mime_message_get_date(message), &sent))
		prop_add_time(&p->props, PID_TAG_CLIENT_SUBMIT_TIME, sent);
	if (stamp != NULL)
		date = g_mime_utils_header_decode_date(stamp + 1);
	if (!date_of(date, &delivered))
		delivered = sent != 0 ? sent : filetime_now();
	if (date != NULL)
		g_date_time_unref(date);
	prop_add_time(&p->props, PID_TAG_MESSAGE_DELIVERY_TIME, delivered);
}

/* [MS-OXCMAIL] 2.2.3.2.5: Importance, else X-Priority, else Priority. */
static int32_t importance_of(GMimeMessage *message)
{
	const char *value = header_value(message, "Importance");
	const char *x = header_value(message, "X-Priority");

	if (value != NULL)
		return strcasecmp(value, "high") == 0 ? 2 :
			strcasecmp(value, "low") == 0 ? 0 : 1;
	if (x != NULL && *x >= '1' && *x <= '5')
		return *x < '3' ? 2 : *x > '3' ? 0 : 1;
	value = header_value(message, "Priority");
	if (value != NULL)
		return strcasecmp(value, "urgent") == 0 ? 2 :
			strcasecmp(value, "non-urgent") == 0 ? 0 : 1;
	return 1;
}

static int32_t sensitivity_of(GMimeMessage *message)
{
	static const char *const names[] = { "normal", "personal", "private",
					     "company-confidential" };
	const char *value = header_value(message, "Sensitivity");

	for (int32_t i = 0; value != NULL && i < 4; i++)
		if (strcasecmp(value, names[i]) == 0)
			return i;
	return 0;
}

static void parse_marks(struct parse *p, GMimeMessage *message)
{
	int32_t importance = importance_of(message);
	const char *status = header_value(message, "Status");
	bool read = status != NULL && strchr(status, 'R') != NULL;

	prop_add_i32(&p->props, PID_TAG_IMPORTANCE, importance);
	prop_add_i32(&p->props, PID_TAG_PRIORITY, importance - 1);
	prop_add_i32(&p->props, PID_TAG_SENSITIVITY, sensitivity_of(message));
	if (header_value(message, "Disposition-Notification-To") != NULL)
		prop_add_bool(&p->props, PID_TAG_READ_RECEIPT_REQUESTED, true);
	prop_add_i32(&p->props, PID_TAG_MESSAGE_FLAGS, read ? 1 : 0);
}

/* [MS-OXCMAIL] 2.2.3.2.6: topic and index of the conversation. */
static void parse_thread(struct parse *p, GMimeMessage *message)
{
	const char *index = header_value(message, "Thread-Index");
	gsize len = 0;
	guchar *bytes;

	add_header(p, message, "Thread-Topic", PID_TAG_CONVERSATION_TOPIC);
	if (index == NULL)
		return;
	bytes = g_base64_decode(index, &len);
	if (len >= 22)
		prop_add_bin(&p->props, PID_TAG_CONVERSATION_INDEX,
			     arena_memdup(p->arena, bytes, len), len);
	g_free(bytes);
}

/* "<id>", which GMime gives without its brackets. */
static void parse_message_id(struct parse *p, GMimeMessage *message)
{
	const char *id = g_mime_message_get_message_id(message);

	if (id != NULL && *id != '\0')
		prop_add_str(&p->props, PID_TAG_INTERNET_MESSAGE_ID,
			     arena_printf(p->arena, "<%s>", id));
}

void parse_headers(struct parse *p, GMimeMessage *message,
		   struct span headers)
{
	const char *subject = g_mime_message_get_subject(message);

	prop_add_str(&p->props, PID_TAG_SUBJECT,
		     arena_strdup(p->arena, subject != NULL ? subject : ""));
	parse_senders(p, message);
	parse_recipients(p, message);
	parse_reply_to(p, message);
	parse_times(p, message);
	parse_message_id(p, message);
	add_header(p, message, "In-Reply-To", PID_TAG_IN_REPLY_TO_ID);
	add_header(p, message, "References", PID_TAG_INTERNET_REFERENCES);
	add_header(p, message, "List-Unsubscribe",
		   PID_TAG_LIST_UNSUBSCRIBE);
	parse_marks(p, message);
	parse_thread(p, message);
	prop_add_str(&p->props, PID_TAG_TRANSPORT_MESSAGE_HEADERS,
		     charset_to_utf8(p->arena, headers.at, headers.len,
				     NULL));
}
