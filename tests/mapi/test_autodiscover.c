/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXDSCLI]: requests, responses, and what is refused. */
#include "mapi/autodiscover.h"

#include "test.h"

static struct arena *arena;

static int setup(void **state)
{
	arena = arena_new(0);
	return 0;
}

static int teardown(void **state)
{
	arena_free(arena);
	return 0;
}

/* 4.1: the example of the specification. */
static const char request[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	"<Autodiscover xmlns=\"" AUTODISCOVER_REQUEST_SCHEMA "\">\n"
	" <Request>\n"
	"  <EMailAddress> user@contoso.com </EMailAddress>\n"
	"  <AcceptableResponseSchema>" AUTODISCOVER_RESPONSE_SCHEMA
	"</AcceptableResponseSchema>\n"
	" </Request>\n"
	"</Autodiscover>";

static void test_request(void **state)
{
	struct autodiscover_req req;

	assert_int_equal(autodiscover_req_decode(request, sizeof request - 1,
						 arena, &req),
			 AUTODISCOVER_OK);
	assert_string_equal(req.email, "user@contoso.com");
	assert_string_equal(req.legacy_dn, "");
}

/* 2.2.3.1.1.2: a client may give the DN in place of the address. */
static void test_request_dn(void **state)
{
	struct autodiscover_req req = { .legacy_dn = "/o=A & B/cn=<x>" };
	struct buf b = { 0 };

	autodiscover_req_encode(&req, &b);
	assert_int_equal(autodiscover_req_decode(b.data, b.len, arena, &req),
			 AUTODISCOVER_OK);
	assert_string_equal(req.legacy_dn, "/o=A & B/cn=<x>");
	assert_string_equal(req.email, "");
	buf_free(&b);
}

static void test_request_schema(void **state)
{
	struct autodiscover_req req = {
		.email = "a@b.test",
		.schema = "http://schemas.microsoft.com/exchange/autodiscover/"
			"mobilesync/responseschema/2006" };
	struct buf b = { 0 };

	autodiscover_req_encode(&req, &b);
	assert_int_equal(autodiscover_req_decode(b.data, b.len, arena, &req),
			 AUTODISCOVER_NO_PROVIDER);
	assert_string_equal(req.email, "a@b.test");
	buf_free(&b);
}

static void assert_invalid(const char *xml)
{
	struct autodiscover_req req = { .email = "untouched" };

	assert_int_equal(autodiscover_req_decode(xml, strlen(xml), arena,
						 &req),
			 AUTODISCOVER_INVALID);
	assert_string_equal(req.email, "untouched");
}

static void test_invalid(void **state)
{
	assert_invalid("");
	assert_invalid("no XML");
	assert_invalid("<Autodiscover>");
	assert_invalid("<Autodiscover/>");
	assert_invalid("<Other><Request><EMailAddress>a@b</EMailAddress>"
		       "<AcceptableResponseSchema>x</AcceptableResponseSchema>"
		       "</Request></Other>");
	assert_invalid("<Autodiscover><Request><EMailAddress>a@b"
		       "</EMailAddress></Request></Autodiscover>");
	assert_invalid("<Autodiscover><Request><AcceptableResponseSchema>"
		       AUTODISCOVER_RESPONSE_SCHEMA
		       "</AcceptableResponseSchema></Request>"
		       "</Autodiscover>");
	assert_invalid("<Autodiscover><Request><EMailAddress>a@b"
		       "</EMailAddress><AcceptableResponseSchema>x"
		       "</AcceptableResponseSchema></Request></Autodiscover>"
		       "<More/>");
}

/* Entities, inside or outside, are nothing that a client needs. */
static void test_doctype(void **state)
{
	static const char body[] = "<Autodiscover><Request><EMailAddress>"
		"&e;</EMailAddress><AcceptableResponseSchema>"
		AUTODISCOVER_RESPONSE_SCHEMA
		"</AcceptableResponseSchema></Request></Autodiscover>";
	char xml[1024];

	snprintf(xml, sizeof xml, "<!DOCTYPE a [<!ENTITY e \"x@y\">]>%s",
		 body);
	assert_invalid(xml);
	snprintf(xml, sizeof xml, "<!DOCTYPE a [<!ENTITY e SYSTEM "
		 "\"file:///etc/passwd\">]>%s", body);
	assert_invalid(xml);
	snprintf(xml, sizeof xml, "<!DOCTYPE a SYSTEM "
		 "\"http://127.0.0.1:1/x.dtd\">%s", body);
	assert_invalid(xml);
	assert_invalid(body);
}

static void test_too_deep_or_long(void **state)
{
	struct buf b = { 0 };

	buf_puts(&b, "<Autodiscover>");
	for (int i = 0; i < 17; i++)
		buf_puts(&b, "<x>");
	for (int i = 0; i < 17; i++)
		buf_puts(&b, "</x>");
	buf_puts(&b, strstr(request, "<Request>"));
	assert_invalid(buf_str(&b));
	buf_clear(&b);
	buf_puts(&b, request);
	while (b.len <= AUTODISCOVER_MAX)
		buf_puts(&b, "                ");
	assert_invalid(buf_str(&b));
	buf_free(&b);
}

static struct autodiscover_rsp decode(const struct buf *b)
{
	struct autodiscover_rsp rsp;
	struct err err;

	if (!autodiscover_rsp_decode(b->data, b->len, arena, &rsp, &err))
		fail_msg("%s", err.text);
	return rsp;
}

/* 4.4, and what else an account can have. */
static void test_response(void **state)
{
	struct autodiscover_protocol protocol = {
		.type = "mapiHttp", .version = 1,
		.mail_store_internal = "https://m/mapi/emsmdb/?MailboxId=1@d",
		.address_book_internal = "https://m/mapi/nspi/?MailboxId=1@d",
		.address_book_external = "https://x/mapi/nspi/?a=1&b=2" };
	struct autodiscover_mailbox mailbox = {
		.type = "Delegate", .display_name = "\"Sales\" <all>",
		.smtp_address = "sales@contoso.com" };
	struct autodiscover_rsp rsp = {
		.display_name = "Zoë", .legacy_dn = "/o=A/cn=B",
		.smtp_address = "user@contoso.com",
		.deployment_id = "30c3a927-42aa-5de8-91e3-8e5b4655ed00",
		.protocols = &protocol, .protocol_count = 1,
		.mailboxes = &mailbox, .mailbox_count = 1,
		.public_folder = "pf@contoso.com" };
	struct buf b = { 0 };

	autodiscover_rsp_encode(&rsp, &b);
	assert_non_null(strstr(buf_str(&b),
			"<Protocol Type=\"mapiHttp\" Version=\"1\">"));
	assert_null(strstr(buf_str(&b), "<Type>mapiHttp"));
	rsp = decode(&b);
	assert_int_equal(rsp.error, AUTODISCOVER_OK);
	assert_int_equal(rsp.action, AUTODISCOVER_SETTINGS);
	assert_string_equal(rsp.display_name, "Zoë");
	assert_int_equal(rsp.protocol_count, 1);
	assert_string_equal(rsp.protocols[0].type, "mapiHttp");
	assert_int_equal(rsp.protocols[0].version, 1);
	assert_string_equal(rsp.protocols[0].mail_store_internal,
			    protocol.mail_store_internal);
	assert_string_equal(rsp.protocols[0].mail_store_external, "");
	assert_string_equal(rsp.protocols[0].address_book_external,
			    "https://x/mapi/nspi/?a=1&b=2");
	assert_string_equal(rsp.mailboxes[0].display_name, "\"Sales\" <all>");
	assert_string_equal(rsp.mailboxes[0].smtp_address,
			    "sales@contoso.com");
	assert_string_equal(rsp.public_folder, "pf@contoso.com");
	buf_free(&b);
}

static void test_redirect(void **state)
{
	struct autodiscover_rsp rsp = {
		.action = AUTODISCOVER_REDIRECT_ADDR,
		.redirect = "user@other.test" };
	struct buf b = { 0 };

	autodiscover_rsp_encode(&rsp, &b);
	rsp = decode(&b);
	assert_int_equal(rsp.action, AUTODISCOVER_REDIRECT_ADDR);
	assert_string_equal(rsp.redirect, "user@other.test");
	buf_clear(&b);
	rsp = (struct autodiscover_rsp){ .action = AUTODISCOVER_REDIRECT_URL,
		.redirect = "https://other.test/autodiscover" };
	autodiscover_rsp_encode(&rsp, &b);
	rsp = decode(&b);
	assert_int_equal(rsp.action, AUTODISCOVER_REDIRECT_URL);
	assert_string_equal(rsp.redirect, "https://other.test/autodiscover");
	buf_free(&b);
}

/* 2.2.4.1.1.3 */
static void test_error(void **state)
{
	struct autodiscover_rsp rsp = { .error = AUTODISCOVER_NOT_FOUND,
		.time = "20:48:05.0469872", .id = "1054084152" };
	struct buf b = { 0 };

	autodiscover_rsp_encode(&rsp, &b);
	assert_non_null(strstr(buf_str(&b), "<Error Time="
			       "\"20:48:05.0469872\" Id=\"1054084152\">"));
	assert_non_null(strstr(buf_str(&b), "<DebugData />"));
	rsp = decode(&b);
	assert_int_equal(rsp.error, 500);
	assert_string_equal(rsp.message, "The email address can't be found.");
	assert_string_equal(rsp.id, "1054084152");
	buf_free(&b);
}

static void test_not_a_response(void **state)
{
	static const char *const answers[] = {
		"<html><body>It works!</body></html>",
		"<Autodiscover><Response/></Autodiscover>",
		("<Autodiscover><Response><Account><Action>dance</Action>"
		 "</Account></Response></Autodiscover>"), "{}" };
	struct autodiscover_rsp rsp;
	struct err err;

	for (size_t i = 0; i < 4; i++) {
		err.text[0] = '\0';
		assert_false(autodiscover_rsp_decode(answers[i],
				strlen(answers[i]), arena, &rsp, &err));
		assert_string_not_equal(err.text, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_request_dn),
		cmocka_unit_test(test_request_schema),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_doctype),
		cmocka_unit_test(test_too_deep_or_long),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_redirect),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_not_a_response),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
