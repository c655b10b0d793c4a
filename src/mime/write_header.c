/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a message from its properties ([MS-OXCMAIL] 2.2.1).  The
 * fields that properties stand for are made anew, so that a change to the
 * message shows; all others come from the header it arrived with.
 */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "mime/internal.h"

static const char *const made_anew[] = {
	"From", "Sender", "To", "Cc", "Bcc", "Reply-To", "Subject", "Date",
	"Message-ID", "In-Reply-To", "References", "Importance", "Priority",
	"X-Priority", "Sensitivity", "Disposition-Notification-To",
	"Thread-Topic", "Thread-Index", "MIME-Version", "Status",
};

static bool is_made_anew(const char *name, size_t len)
{
	if (len >= 8 && strncasecmp(name, "Content-", 8) == 0)
		return true;
	for (size_t i = 0; i < sizeof made_anew / sizeof *made_anew; i++)
		if (strlen(made_anew[i]) == len &&
		    strncasecmp(made_anew[i], name, len) == 0)
			return true;
	return false;
}

static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

/* One line of the kept header; a field with other than ASCII is encoded. */
static void copy_line(struct writer *w, const char *line, size_t len)
{
	char *text, *encoded;

	if (is_ascii(line, len)) {
		write_line(w, "%.*s", (int)len, line);
		return;
	}
	text = g_strndup(line, len);
	encoded = g_mime_utils_header_encode_text(NULL, text, "utf-8");
	write_line(w, "%s", encoded);
	g_free(encoded);
	g_free(text);
}

/* The length of a field name, 0 if the line is no field. */
static size_t name_len(const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && line[n] > ' ' && line[n] < 0x7f && line[n] != ':')
		n++;
	return n < len && line[n] == ':' ? n : 0;
}

static void copy_fields(struct writer *w, const char *header)
{
	bool wanted = false;

	while (*header != '\0') {
		const char *end = strchrnul(header, '\n');
		size_t len = (size_t)(end - header);
		size_t name;

		if (len > 0 && header[len - 1] == '\r')
			len--;
		if (len > 0 && *header != ' ' && *header != '\t') {
			name = name_len(header, len);
			wanted = name > 0 && !is_made_anew(header, name);
		}
		if (wanted && len > 0)
			copy_line(w, header, len);
		header = *end != '\0' ? end + 1 : end;
	}
}

/* Text from a client, made safe as a part of a header field. */
static char *one_line(const char *text)
{
	char *out = g_strdup(text != NULL ? text : "");

	for (char *c = out; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return out;
}

static void set_field(GMimeMessage *m, const char *name, const char *text)
{
	char *value;

	if (text == NULL || *text == '\0')
		return;
	value = one_line(text);
	g_mime_object_set_header(GMIME_OBJECT(m), name, value, "utf-8");
	g_free(value);
}

/* A list of addresses on its way into a header field. */
static void add_address(InternetAddressList *list, const char *name,
			const char *address)
{
	InternetAddress *mailbox;
	char *n, *a;

	if (address == NULL || *address == '\0') {
		if (name == NULL || *name == '\0')
			return;
		address = "";
	}
	n = one_line(name);
	a = one_line(address);
	mailbox = internet_address_mailbox_new(
		*n == '\0' || strcmp(n, a) == 0 ? NULL : n, a);
	internet_address_list_add(list, mailbox);
	g_object_unref(mailbox);
	g_free(n);
	g_free(a);
}

/* At once: GMime would make the field anew after each address. */
static void set_addresses(GMimeMessage *m, const char *name,
			  InternetAddressList *list)
{
	char *text;

	if (internet_address_list_length(list) > 0) {
		text = internet_address_list_to_string(list, NULL, FALSE);
		g_mime_object_set_header(GMIME_OBJECT(m), name, text,
					 "utf-8");
		g_free(text);
	}
	g_object_unref(list);
}

static void set_mailbox(GMimeMessage *m, const char *field, const char *name,
			const char *address)
{
	InternetAddressList *list = internet_address_list_new();

	add_address(list, name, address);
	set_addresses(m, field, list);
}

static const char *smtp_of(const struct prop_values *v, uint32_t smtp,
			   uint32_t address)
{
	const char *s = prop_str(v, smtp);

	return s != NULL && *s != '\0' ? s : prop_str(v, address);
}

static void set_senders(GMimeMessage *m, const struct prop_values *v)
{
	const char *from = smtp_of(v, PID_TAG_SENT_REPRESENTING_SMTP_ADDRESS,
				   PID_TAG_SENT_REPRESENTING_EMAIL_ADDRESS);
	const char *by = smtp_of(v, PID_TAG_SENDER_SMTP_ADDRESS,
				 PID_TAG_SENDER_EMAIL_ADDRESS);

	set_mailbox(m, "From", prop_str(v, PID_TAG_SENT_REPRESENTING_NAME),
		    from);
	if (by != NULL && from != NULL && strcasecmp(by, from) != 0)
		set_mailbox(m, "Sender", prop_str(v, PID_TAG_SENDER_NAME),
			    by);
}

static void set_recipients(GMimeMessage *m, const struct mime_message *from)
{
	static const char *const fields[] = { "To", "Cc", "Bcc" };
	InternetAddressList *lists[3];

	for (int i = 0; i < 3; i++)
		lists[i] = internet_address_list_new();
	for (uint32_t i = 0; i < from->n_recipients; i++) {
		const struct prop_values *r = &from->recipients[i];
		int32_t type = prop_i32(r, PID_TAG_RECIPIENT_TYPE,
					MIME_RECIPIENT_TO) & 0x0f;

		if (type >= MIME_RECIPIENT_TO && type <= MIME_RECIPIENT_BCC)
			add_address(lists[type - 1],
				    prop_str(r, PID_TAG_DISPLAY_NAME),
				    smtp_of(r, PID_TAG_SMTP_ADDRESS,
					    PID_TAG_EMAIL_ADDRESS));
	}
	for (int i = 0; i < 3; i++)
		set_addresses(m, fields[i], lists[i]);
}

/* Reply-To is not derived: the names alone would not do.  It is copied. */
static void set_reply_to(GMimeMessage *m, const struct prop_values *v)
{
	const char *header = prop_str(v, PID_TAG_TRANSPORT_MESSAGE_HEADERS);
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *old;
	const char *value;

	if (header == NULL ||
	    prop_find(v, PID_TAG_REPLY_RECIPIENT_ENTRIES) == NULL)
		return;
	stream = g_mime_stream_mem_new_with_buffer(header, strlen(header));
	parser = g_mime_parser_new_with_stream(stream);
	old = g_mime_parser_construct_message(parser, NULL);
	if (old != NULL) {
		value = g_mime_object_get_header(GMIME_OBJECT(old),
						 "Reply-To");
		set_field(m, "Reply-To", value);
		g_object_unref(old);
	}
	g_object_unref(parser);
	g_object_unref(stream);
}

static void set_date(GMimeMessage *m, const struct prop_values *v)
{
	const struct prop_value *t = prop_find(v, PID_TAG_CLIENT_SUBMIT_TIME);
	GDateTime *date;

	if (t == NULL)
		t = prop_find(v, PID_TAG_MESSAGE_DELIVERY_TIME);
	if (t == NULL || prop_tag_type(t->tag) != PTYP_TIME)
		return;
	date = g_date_time_new_from_unix_utc(filetime_to_unix(t->time));
	if (date != NULL) {
		g_mime_message_set_date(m, date);
		g_date_time_unref(date);
	}
}

static void set_message_id(GMimeMessage *m, const struct prop_values *v)
{
	const char *id = prop_str(v, PID_TAG_INTERNET_MESSAGE_ID);
	char *bare;
	size_t len;

	if (id == NULL || *id == '\0')
		return;
	bare = one_line(id + (*id == '<'));
	len = strlen(bare);
	if (len > 0 && bare[len - 1] == '>')
		bare[len - 1] = '\0';
	g_mime_message_set_message_id(m, bare);
	g_free(bare);
}

static void set_marks(GMimeMessage *m, const struct prop_values *v)
{
	static const char *const levels[] = { "low", NULL, "high" };
	static const char *const kinds[] = { NULL, "Personal", "Private",
					     "Company-Confidential" };
	int32_t importance = prop_i32(v, PID_TAG_IMPORTANCE, 1);
	int32_t sensitivity = prop_i32(v, PID_TAG_SENSITIVITY, 0);
	struct bin index = prop_bin(v, PID_TAG_CONVERSATION_INDEX);
	char *text;

	if (importance >= 0 && importance < 3)
		set_field(m, "Importance", levels[importance]);
	if (sensitivity >= 0 && sensitivity < 4)
		set_field(m, "Sensitivity", kinds[sensitivity]);
	if (prop_bool(v, PID_TAG_READ_RECEIPT_REQUESTED))
		set_field(m, "Disposition-Notification-To",
			  smtp_of(v, PID_TAG_SENT_REPRESENTING_SMTP_ADDRESS,
				  PID_TAG_SENT_REPRESENTING_EMAIL_ADDRESS));
	set_field(m, "Thread-Topic", prop_str(v, PID_TAG_CONVERSATION_TOPIC));
	if (index.len > 0) {
		text = g_base64_encode(index.data, index.len);
		set_field(m, "Thread-Index", text);
		g_free(text);
	}
}

/* GMime ends lines with LF. */
static void put_lines(struct writer *w, const char *text)
{
	while (*text != '\0') {
		const char *end = strchrnul(text, '\n');

		write_line(w, "%.*s", (int)(end - text), text);
		text = *end != '\0' ? end + 1 : end;
	}
}

void write_headers(struct writer *w, const struct mime_message *message)
{
	const struct prop_values *v = &message->props;
	const char *kept = prop_str(v, PID_TAG_TRANSPORT_MESSAGE_HEADERS);
	const char *subject = prop_str(v, PID_TAG_SUBJECT);
	GMimeMessage *m = g_mime_message_new(FALSE);
	char *text;

	if (kept != NULL)
		copy_fields(w, kept);
	set_senders(m, v);
	set_recipients(m, message);
	set_reply_to(m, v);
	text = one_line(subject);
	g_mime_message_set_subject(m, text, "utf-8");
	g_free(text);
	set_date(m, v);
	set_message_id(m, v);
	set_field(m, "In-Reply-To", prop_str(v, PID_TAG_IN_REPLY_TO_ID));
	set_field(m, "References", prop_str(v, PID_TAG_INTERNET_REFERENCES));
	set_marks(m, v);
	text = g_mime_header_list_to_string(
		g_mime_object_get_header_list(GMIME_OBJECT(m)), NULL);
	put_lines(w, text);
	g_free(text);
	g_object_unref(m);
}
