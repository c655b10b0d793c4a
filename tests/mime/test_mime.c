/* SPDX-License-Identifier: Apache-2.0 */
/* The sample mail of tests/data/mail, read and written again. */
#include "test.h"

#include <dirent.h>

#include "base/clock.h"
#include "mime/message.h"

struct file {
	struct arena *arena;
	uint8_t *data;
	size_t len;
	struct mime_message *m;
};

static struct mime_message *parse(struct file *f, const void *data,
				  size_t len)
{
	f->arena = arena_new(0);
	f->data = arena_memdup(f->arena, data, len);
	f->len = len;
	f->m = mime_parse(f->arena, f->data, len);
	return f->m;
}

static struct mime_message *load(struct file *f, const char *name)
{
	char path[512];
	uint8_t *data = malloc(1 << 20);
	struct mime_message *m;
	size_t len;
	FILE *in;

	snprintf(path, sizeof path, "%s/%s", getenv("MAIL"), name);
	in = fopen(path, "rb");
	if (in == NULL)
		fail_msg("cannot open %s", path);
	len = fread(data, 1, 1 << 20, in);
	fclose(in);
	m = parse(f, data, len);
	free(data);
	return m;
}

/* Write it and read what was written. */
static struct mime_message *again(const struct file *f, struct file *out,
				  struct buf *text)
{
	struct err err;

	buf_clear(text);
	assert_true(mime_write(f->m, text, &err));
	return parse(out, text->data, text->len);
}

static const char *str(const struct prop_values *v, uint32_t tag)
{
	const struct prop_value *p = prop_find(v, tag);

	return p != NULL && p->tag == tag ? p->str : NULL;
}

static int32_t i32(const struct prop_values *v, uint32_t tag)
{
	const struct prop_value *p = prop_find(v, tag);

	return p != NULL && p->tag == tag ? p->i32 : -1;
}

static struct bin bin(const struct prop_values *v, uint32_t tag)
{
	const struct prop_value *p = prop_find(v, tag);

	return p != NULL && p->tag == tag ? p->bin : (struct bin){ 0 };
}

static void a_plain_message(void **state)
{
	struct file f;
	struct mime_message *m = load(&f, "01-plain-ascii.eml");
	const struct prop_value *t = prop_find(&m->props,
					       PID_TAG_CLIENT_SUBMIT_TIME);

	assert_string_equal(str(&m->props, PID_TAG_SUBJECT),
			    "Lunch on Thursday?");
	assert_string_equal(str(&m->props, PID_TAG_MESSAGE_CLASS),
			    "IPM.Note");
	assert_string_equal(str(&m->props, PID_TAG_SENDER_NAME), "Bob Baker");
	assert_string_equal(str(&m->props, PID_TAG_SENDER_SMTP_ADDRESS),
			    "bob@example.test");
	assert_string_equal(str(&m->props, PID_TAG_INTERNET_MESSAGE_ID),
			    "<01.plain@example.test>");
	assert_string_equal(str(&m->props, PID_TAG_BODY),
			    "Hello Alice,\r\n\r\nshall we have lunch on "
			    "Thursday, at the usual place?\r\n\r\nBob\r\n");
	assert_true(filetime_to_unix(t->time) == 1793610900);
	assert_int_equal(m->n_recipients, 1);
	assert_int_equal(m->n_attachments, 0);
	assert_string_equal(str(&m->recipients[0], PID_TAG_SMTP_ADDRESS),
			    "alice@example.test");
	assert_int_equal(bin(&m->recipients[0], PID_TAG_SEARCH_KEY).len,
			 sizeof "SMTP:ALICE@EXAMPLE.TEST");
	arena_free(f.arena);
}

static void both_bodies(void **state)
{
	struct file f, g;
	struct buf text = BUF_INIT;
	struct mime_message *m = load(&f, "02-alternative.eml");

	assert_non_null(strstr(str(&m->props, PID_TAG_BODY),
			       "unpack \xe2\x80\x93 with tea\r\n"));
	assert_int_equal(i32(&m->props, PID_TAG_NATIVE_BODY), 3);
	assert_int_equal(i32(&m->props, PID_TAG_INTERNET_CODEPAGE), 65001);
	m = again(&f, &g, &text);
	assert_string_equal(str(&m->props, PID_TAG_BODY),
			    str(&f.m->props, PID_TAG_BODY));
	/* One line, whose end has become CRLF. */
	assert_int_equal(bin(&m->props, PID_TAG_HTML).len,
			 bin(&f.m->props, PID_TAG_HTML).len + 1);
	assert_memory_equal(bin(&m->props, PID_TAG_HTML).data,
			    bin(&f.m->props, PID_TAG_HTML).data,
			    bin(&f.m->props, PID_TAG_HTML).len - 1);
	arena_free(f.arena);
	arena_free(g.arena);
	buf_free(&text);
}

/* Attachments come back with name, type and bytes. */
static void attachments(void **state)
{
	static const char *const names[] = { "03-attachment.eml",
		"04-inline-image.eml", "05-related-alternative-mixed.eml",
		"10-rfc2231-filename.eml", "30-text-attachments.eml",
		"35-gb18030-big5-euckr.eml", "36-appledouble.eml" };
	static const uint32_t texts[] = { PID_TAG_ATTACH_LONG_FILENAME,
		PID_TAG_ATTACH_MIME_TAG, PID_TAG_ATTACH_CONTENT_ID };
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct file f, g;
		struct mime_message *a = load(&f, names[i]);
		struct mime_message *b = again(&f, &g, &text);

		assert_true(a->n_attachments > 0);
		assert_int_equal(a->n_attachments, b->n_attachments);
		for (uint32_t k = 0; k < a->n_attachments; k++) {
			const struct prop_values *p = &a->attachments[k].props;
			const struct prop_values *q = NULL;
			const char *name = str(p, texts[0]);
			struct bin d = bin(p, PID_TAG_ATTACH_DATA_BINARY), e;

			/* Inline ones are written first. */
			for (uint32_t j = 0; j < b->n_attachments; j++)
				if (strcmp(str(&b->attachments[j].props,
					       texts[0]), name) == 0)
					q = &b->attachments[j].props;
			assert_non_null(q);
			e = bin(q, PID_TAG_ATTACH_DATA_BINARY);
			assert_int_equal(d.len, e.len);
			assert_memory_equal(d.data, e.data, d.len);
			assert_string_equal(str(p, texts[1]),
					    str(q, texts[1]));
			if (str(p, texts[2]) != NULL)
				assert_string_equal(str(p, texts[2]),
						    str(q, texts[2]));
		}
		arena_free(f.arena);
		arena_free(g.arena);
	}
	buf_free(&text);
}

static void file_names(void **state)
{
	struct file f;
	struct mime_message *m = load(&f, "10-rfc2231-filename.eml");
	const struct prop_values *p = &m->attachments[0].props;

	assert_string_equal(str(p, PID_TAG_ATTACH_LONG_FILENAME),
			    "Preisliste f\xc3\xbcr den Gro\xc3\x9fhandel "
			    "2026.bin");
	assert_string_equal(str(p, PID_TAG_ATTACH_FILENAME), "PREISLIS.BIN");
	assert_string_equal(str(p, PID_TAG_ATTACH_EXTENSION), ".bin");
	assert_int_equal(bin(p, PID_TAG_ATTACH_DATA_BINARY).len, 256);
	arena_free(f.arena);
}

static void inline_images(void **state)
{
	struct file f;
	struct mime_message *m = load(&f, "04-inline-image.eml");
	const struct prop_values *p = &m->attachments[0].props;

	assert_int_equal(m->n_attachments, 1);
	assert_string_equal(str(p, PID_TAG_ATTACH_CONTENT_ID),
			    "logo.png@example.test");
	assert_int_equal(i32(p, PID_TAG_ATTACH_FLAGS), 4);
	assert_int_equal(i32(p, PID_TAG_RENDERING_POSITION), -1);
	assert_memory_equal(bin(p, PID_TAG_ATTACH_DATA_BINARY).data,
			    "\x89PNG", 4);
	arena_free(f.arena);
}

static void nested_messages(void **state)
{
	struct file f, g;
	struct buf text = BUF_INIT;
	const struct mime_message *m = load(&f, "07-nested-four-deep.eml");
	int depth = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (depth = 0; m->n_attachments > 0; depth++) {
			assert_int_equal(i32(&m->attachments[0].props,
				PID_TAG_ATTACH_METHOD), 5);
			m = m->attachments[0].embedded;
		}
		assert_int_equal(depth, 4);
		assert_string_equal(str(&m->props, PID_TAG_SUBJECT),
				    "Innermost");
		assert_non_null(strstr(str(&m->props, PID_TAG_BODY),
				       "the kernel"));
		if (pass == 0)
			m = again(&f, &g, &text);
	}
	arena_free(f.arena);
	arena_free(g.arena);
	buf_free(&text);
}

static const struct {
	const char *file, *sender, *subject, *body;
} charsets[] = {
	{ "08-rfc2047-utf8-b.eml", "\xc4\x9e" "on\xc3\xa7" "a \xc3\x96zmen",
	  NULL, "toplant\xc4\xb1 notlar\xc4\xb1" },
	{ "09-rfc2047-q-folded.eml", "Andr\xc3\xa9 M\xc3\xbcller",
	  "Re: R\xc3\xa9sum\xc3\xa9 de la r\xc3\xa9union du premier trimestre "
	  "et suite \xc3\xa0 donner", "voici le r\xc3\xa9sum\xc3\xa9" },
	{ "11-iso-2022-jp.eml", "\xe5\xb1\xb1\xe7\x94\xb0\xe5\xa4\xaa\xe9\x83"
	  "\x8e", "\xe4\xbc\x9a\xe8\xad\xb0\xe3\x81\xae\xe3\x81\x8a\xe7\x9f"
	  "\xa5\xe3\x82\x89\xe3\x81\x9b", "\xe3\x82\xa2\xe3\x83\xaa\xe3\x82"
	  "\xb9\xe3\x81\x95\xe3\x82\x93\r\n" },
	{ "12-koi8-r.eml", "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd \xd0\x9f\xd0\xb5"
	  "\xd1\x82\xd1\x80\xd0\xbe\xd0\xb2", NULL,
	  "\xd0\x9e\xd1\x82\xd1\x87\xd1\x91\xd1\x82" },
	{ "13-windows-1252.eml", "Smith, Pat", "\xe2\x80\x9cSmart\xe2\x80\x9d "
	  "quotes \xe2\x80\x93 and \xe2\x82\xac",
	  "\xe2\x80\x9csmart\xe2\x80\x9d \xe2\x80\x93 and costs \xe2\x82\xac"
	  "5\xe2\x80\xa6" },
	{ "14-utf8-8bit.eml", "Bob Baker", "Stra\xc3\x9f" "e",
	  "Z\xc3\xbcrich \xf0\x9f\x98\x80" },
	{ "24-broken-charset.eml", NULL, "Says UTF-8",
	  "this is latin-1: \xc3\xa9\xc3\xa8\xc3\xbc" },
	{ "35-gb18030-big5-euckr.eml", "\xe7\x8e\x8b\xe5\xb0\x8f\xe6\x98\x8e",
	  NULL, "\xe4\xbd\xa0\xe5\xa5\xbd" },
	{ "34-addresses.eml", "\xc3\x96sterreich, \xc3\x9cli", NULL, "see" },
};

static void text_in_any_charset(void **state)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++) {
		struct file f, g;
		struct mime_message *m = load(&f, charsets[i].file);

		for (int pass = 0; pass < 2; pass++) {
			const struct prop_values *v = &m->props;

			if (charsets[i].sender != NULL)
				assert_string_equal(
					str(v, PID_TAG_SENDER_NAME),
					charsets[i].sender);
			if (charsets[i].subject != NULL)
				assert_string_equal(str(v, PID_TAG_SUBJECT),
						    charsets[i].subject);
			assert_non_null(strstr(str(v, PID_TAG_BODY),
					       charsets[i].body));
			if (pass == 0)
				m = again(&f, &g, &text);
		}
		arena_free(f.arena);
		arena_free(g.arena);
	}
	buf_free(&text);
}

/* RFC 3676 */
static void flowed_text_is_joined(void **state)
{
	struct file f;
	const char *body = str(&load(&f, "15-format-flowed.eml")->props,
			       PID_TAG_BODY);

	assert_non_null(strstr(body, "by the sender so that older readers"));
	assert_non_null(strstr(body, "\r\n-- \r\nBob\r\n"));
	arena_free(f.arena);
}

/* From which text on the file has to come back byte for byte. */
static const struct {
	const char *file, *class, *from, *until;
} kept[] = {
	{ "16-calendar-invitation.eml", "IPM.Note",
	  "Content-Type: text/calendar", "\n--b16--" },
	{ "17-delivery-report.eml", "REPORT.IPM.Note.NDR",
	  "Content-Type: multipart/report", NULL },
	{ "18-read-receipt.eml", "REPORT.IPM.Note.IPNRN",
	  "Content-Type: multipart/report", NULL },
	{ "19-signed-pgp.eml", "IPM.Note.SMIME.MultipartSigned",
	  "--sig19\nContent-Type: text/plain", NULL },
	{ "20-signed-smime.eml", "IPM.Note.SMIME.MultipartSigned",
	  "Content-Type: multipart/signed", NULL },
	{ "21-encrypted-smime.eml", "IPM.Note.SMIME",
	  "Content-Disposition: attachment", NULL },
};

static void what_is_kept_comes_back(void **state)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		struct file f;
		struct mime_message *m = load(&f, kept[i].file);
		struct err err;
		const char *from, *until;

		assert_string_equal(str(&m->props, PID_TAG_MESSAGE_CLASS),
				    kept[i].class);
		from = memmem(f.data, f.len, kept[i].from,
			      strlen(kept[i].from));
		assert_non_null(from);
		until = kept[i].until == NULL ? (char *)f.data + f.len :
			strstr(from, kept[i].until);
		buf_clear(&text);
		assert_true(mime_write(m, &text, &err));
		if (memmem(text.data, text.len, from,
			   (size_t)(until - from)) == NULL)
			fail_msg("%s was not kept:\n%s", kept[i].file,
				 buf_str(&text));
		arena_free(f.arena);
	}
	buf_free(&text);
}

static void a_report_has_a_body_too(void **state)
{
	struct file f;
	struct mime_message *m = load(&f, "17-delivery-report.eml");

	assert_non_null(strstr(str(&m->props, PID_TAG_BODY),
			       "I could not deliver"));
	assert_int_equal(m->n_attachments, 1);
	assert_int_equal(mime_kept(&m->attachments[0].props),
			 MIME_KEPT_ROOT);
	arena_free(f.arena);
}

static void many_recipients(void **state)
{
	struct file f, g;
	struct buf text = BUF_INIT;
	struct mime_message *m = load(&f, "28-many-recipients.eml");

	assert_int_equal(m->n_recipients, 43);
	assert_int_equal(i32(&m->recipients[41], PID_TAG_RECIPIENT_TYPE), 2);
	assert_string_equal(str(&m->recipients[41], PID_TAG_DISPLAY_NAME),
			    "Eve \"E\" Evans");
	assert_int_equal(i32(&m->recipients[42], PID_TAG_RECIPIENT_TYPE), 3);
	m = again(&f, &g, &text);
	assert_int_equal(m->n_recipients, 43);
	arena_free(f.arena);
	arena_free(g.arena);
	buf_free(&text);
}

static void other_headers_are_copied(void **state)
{
	struct file f;
	struct buf text = BUF_INIT;
	struct err err;
	const char *out;

	assert_int_equal(i32(&load(&f, "29-received-trace.eml")->props,
			     PID_TAG_SENSITIVITY), 3);
	assert_true(mime_write(f.m, &text, &err));
	out = buf_str(&text);
	assert_non_null(strstr(out, "Received: from mx2.example.test"));
	assert_non_null(strstr(out, "\r\nX-Mailer: Example 1.0\r\n"));
	assert_non_null(strstr(out, "Company-Confidential"));
	assert_non_null(strstr(out, "word199"));
	assert_null(strstr(strstr(out, "\r\nSubject:") + 2, "\r\nSubject:"));
	arena_free(f.arena);
	buf_free(&text);
}

/* Broken mail becomes a message with what there is. */
static void broken_mail(void **state)
{
	struct file f;
	struct mime_message *m = load(&f, "22-broken-no-closing-boundary.eml");

	assert_int_equal(m->n_attachments, 1);
	assert_non_null(strstr(str(&m->props, PID_TAG_BODY), "cut off"));
	arena_free(f.arena);
	m = load(&f, "23-broken-headers.eml");
	assert_non_null(strstr(str(&m->props, PID_TAG_BODY), "still here"));
	arena_free(f.arena);
	m = load(&f, "25-empty-body.eml");
	assert_string_equal(str(&m->props, PID_TAG_SUBJECT), "");
	arena_free(f.arena);
	m = load(&f, "26-no-headers-but-one.eml");
	assert_non_null(strstr(str(&m->props, PID_TAG_BODY), "and a body"));
	arena_free(f.arena);
	m = parse(&f, "", 0);
	assert_int_equal(m->n_recipients, 0);
	arena_free(f.arena);
}

/* A tower of multiparts costs neither the stack nor minutes. */
static void absurd_nesting(void **state)
{
	struct buf mail = BUF_INIT, text = BUF_INIT;
	struct err err;
	struct file f;

	buf_puts(&mail, "Subject: tower\n");
	for (int i = 0; i < 2000; i++)
		buf_printf(&mail, "Content-Type: multipart/mixed; "
			   "boundary=b%d\n\n--b%d\n", i, i);
	buf_puts(&mail, "\nbottom\n");
	parse(&f, mail.data, mail.len);
	assert_true(mime_write(f.m, &text, &err));
	arena_free(f.arena);
	buf_free(&mail);
	buf_free(&text);
}

/* A client's text cannot begin another header field. */
static void no_header_injection(void **state)
{
	struct prop_value v[] = {
		{ .tag = PID_TAG_SUBJECT, .str = "a\r\nBcc: x@example.com" },
		{ .tag = PID_TAG_SENT_REPRESENTING_NAME, .str = "n\nX: y" },
		{ .tag = PID_TAG_SENT_REPRESENTING_SMTP_ADDRESS,
		  .str = "a@b\r\nX-Evil: 1" },
		{ .tag = PID_TAG_INTERNET_REFERENCES, .str = "<a>\n\nbody" },
		{ .tag = PID_TAG_INTERNET_MESSAGE_ID, .str = "<\n\n>" },
	};
	struct mime_message m = { .props = { 5, v } };
	struct buf text = BUF_INIT;
	struct err err;
	struct file f;

	assert_true(mime_write(&m, &text, &err));
	parse(&f, text.data, text.len);
	assert_int_equal(f.m->n_recipients, 0);
	assert_null(strstr(buf_str(&text), "\nX"));
	assert_null(strstr(buf_str(&text), "\nBcc"));
	assert_null(strstr(str(&f.m->props, PID_TAG_BODY), "body"));
	arena_free(f.arena);
	buf_free(&text);
}

/* What was written once is written the same again, for every sample. */
static void all_samples_settle(void **state)
{
	DIR *dir = opendir(getenv("MAIL"));
	struct dirent *entry;
	struct buf one = BUF_INIT, two = BUF_INIT;
	int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		struct file f, g, h;
		struct mime_message *a, *b;

		if (strstr(entry->d_name, ".eml") == NULL)
			continue;
		load(&f, entry->d_name);
		a = again(&f, &g, &one);
		b = again(&g, &h, &two);
		assert_int_equal(a->n_attachments, b->n_attachments);
		assert_int_equal(a->n_recipients, b->n_recipients);
		assert_int_equal(a->n_recipients, f.m->n_recipients);
		assert_string_equal(str(&a->props, PID_TAG_SUBJECT),
				    str(&b->props, PID_TAG_SUBJECT));
		arena_free(f.arena);
		arena_free(g.arena);
		arena_free(h.arena);
		n++;
	}
	closedir(dir);
	buf_free(&one);
	buf_free(&two);
	assert_true(n >= 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_message),
		cmocka_unit_test(both_bodies),
		cmocka_unit_test(attachments),
		cmocka_unit_test(file_names),
		cmocka_unit_test(inline_images),
		cmocka_unit_test(nested_messages),
		cmocka_unit_test(text_in_any_charset),
		cmocka_unit_test(flowed_text_is_joined),
		cmocka_unit_test(what_is_kept_comes_back),
		cmocka_unit_test(a_report_has_a_body_too),
		cmocka_unit_test(many_recipients),
		cmocka_unit_test(other_headers_are_copied),
		cmocka_unit_test(broken_mail),
		cmocka_unit_test(absurd_nesting),
		cmocka_unit_test(no_header_injection),
		cmocka_unit_test(all_samples_settle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
