/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXDSCLI] 2.2.3 and 2.2.4, written in the order and form of Exchange. */
#include <string.h>

#include "base/markup.h"
#include "mapi/autodiscover.h"

#define RESPONSE_SCHEMA \
	"http://schemas.microsoft.com/exchange/autodiscover/responseschema/" \
	"2006"

static void indent(struct buf *b, unsigned depth)
{
	buf_printf(b, "\r\n%*s", (int)(2 * depth), "");
}

/* <name>text</name>; nothing if there is no text. */
static void put(struct buf *b, unsigned depth, const char *name,
		const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	indent(b, depth);
	buf_printf(b, "<%s>", name);
	markup_puts(b, text);
	buf_printf(b, "</%s>", name);
}

static void open_tag(struct buf *b, unsigned depth, const char *tag)
{
	indent(b, depth);
	buf_printf(b, "<%s>", tag);
}

static void close_tag(struct buf *b, unsigned depth, const char *tag)
{
	indent(b, depth);
	buf_printf(b, "</%s>", tag);
}

static void put_urls(struct buf *b, const char *name, const char *internal,
		     const char *external)
{
	if ((internal == NULL || *internal == '\0') &&
	    (external == NULL || *external == '\0'))
		return;
	open_tag(b, 4, name);
	put(b, 5, "InternalUrl", internal);
	put(b, 5, "ExternalUrl", external);
	close_tag(b, 4, name);
}

/* 2.2.4.1.1.2.6 */
static void put_protocol(struct buf *b, const struct autodiscover_protocol *p)
{
	indent(b, 3);
	if (strcmp(p->type, "mapiHttp") == 0) {
		buf_printf(b, "<Protocol Type=\"mapiHttp\" Version=\"%u\">",
			   p->version);
	} else {
		buf_puts(b, "<Protocol>");
		put(b, 4, "Type", p->type);
	}
	put_urls(b, "MailStore", p->mail_store_internal,
		 p->mail_store_external);
	put_urls(b, "AddressBook", p->address_book_internal,
		 p->address_book_external);
	put(b, 4, "Server", p->server);
	put(b, 4, "ServerDN", p->server_dn);
	put(b, 4, "ServerVersion", p->server_version);
	put(b, 4, "MdbDN", p->mdb_dn);
	put(b, 4, "PublicFolderServer", p->public_folder_server);
	put(b, 4, "AD", p->ad);
	put(b, 4, "SSL", p->ssl);
	put(b, 4, "AuthPackage", p->auth_package);
	put(b, 4, "CertPrincipalName", p->cert_principal_name);
	close_tag(b, 3, "Protocol");
}

/* 2.2.4.1.1.2.2 */
static void put_mailbox(struct buf *b, const struct autodiscover_mailbox *m)
{
	open_tag(b, 3, "AlternativeMailbox");
	put(b, 4, "Type", m->type);
	put(b, 4, "DisplayName", m->display_name);
	/* A client finds the mailbox by its address, or by these two. */
	if (m->smtp_address != NULL && *m->smtp_address != '\0') {
		put(b, 4, "SmtpAddress", m->smtp_address);
		put(b, 4, "OwnerSmtpAddress", m->smtp_address);
	} else {
		put(b, 4, "LegacyDN", m->legacy_dn);
		put(b, 4, "Server", m->server);
	}
	close_tag(b, 3, "AlternativeMailbox");
}

static void put_account(struct buf *b, const struct autodiscover_rsp *rsp)
{
	static const char *const actions[] = { "settings", "redirectAddr",
					       "redirectUrl" };

	open_tag(b, 2, "Account");
	put(b, 3, "AccountType", "email");
	put(b, 3, "Action", actions[rsp->action]);
	if (rsp->action == AUTODISCOVER_SETTINGS)
		put(b, 3, "MicrosoftOnline", "False");
	if (rsp->action == AUTODISCOVER_REDIRECT_ADDR)
		put(b, 3, "RedirectAddr", rsp->redirect);
	if (rsp->action == AUTODISCOVER_REDIRECT_URL)
		put(b, 3, "RedirectUrl", rsp->redirect);
	for (size_t i = 0; i < rsp->protocol_count; i++)
		put_protocol(b, &rsp->protocols[i]);
	for (size_t i = 0; i < rsp->mailbox_count; i++)
		put_mailbox(b, &rsp->mailboxes[i]);
	if (rsp->public_folder != NULL && *rsp->public_folder != '\0') {
		open_tag(b, 3, "PublicFolderInformation");
		put(b, 4, "SmtpAddress", rsp->public_folder);
		close_tag(b, 3, "PublicFolderInformation");
	}
	close_tag(b, 2, "Account");
}

static void put_user(struct buf *b, const struct autodiscover_rsp *rsp)
{
	open_tag(b, 2, "User");
	put(b, 3, "DisplayName", rsp->display_name);
	put(b, 3, "LegacyDN", rsp->legacy_dn);
	put(b, 3, "AutoDiscoverSMTPAddress", rsp->smtp_address);
	put(b, 3, "DeploymentId", rsp->deployment_id);
	close_tag(b, 2, "User");
}

/* 2.2.4.1.1.3 */
static void put_error(struct buf *b, const struct autodiscover_rsp *rsp)
{
	indent(b, 2);
	buf_puts(b, "<Error Time=\"");
	markup_puts(b, rsp->time != NULL ? rsp->time : "");
	buf_puts(b, "\" Id=\"");
	markup_puts(b, rsp->id != NULL ? rsp->id : "");
	buf_printf(b, "\">\r\n      <ErrorCode>%d</ErrorCode>",
		   (int)rsp->error);
	put(b, 3, "Message", rsp->message != NULL ? rsp->message :
	    autodiscover_error_text(rsp->error));
	indent(b, 3);
	if (rsp->debug_data == NULL || *rsp->debug_data == '\0') {
		buf_puts(b, "<DebugData />");
	} else {
		buf_puts(b, "<DebugData>");
		markup_puts(b, rsp->debug_data);
		buf_puts(b, "</DebugData>");
	}
	close_tag(b, 2, "Error");
}

void autodiscover_rsp_encode(const struct autodiscover_rsp *rsp,
			     struct buf *out)
{
	buf_puts(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
		 "<Autodiscover xmlns=\"" RESPONSE_SCHEMA "\">");
	if (rsp->error != AUTODISCOVER_OK) {
		open_tag(out, 1, "Response");
		put_error(out, rsp);
	} else {
		open_tag(out, 1, "Response xmlns=\""
			 AUTODISCOVER_RESPONSE_SCHEMA "\"");
		put_user(out, rsp);
		put_account(out, rsp);
	}
	close_tag(out, 1, "Response");
	buf_puts(out, "\r\n</Autodiscover>");
}

void autodiscover_req_encode(const struct autodiscover_req *req,
			     struct buf *out)
{
	buf_puts(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
		 "<Autodiscover xmlns=\"" AUTODISCOVER_REQUEST_SCHEMA "\">");
	open_tag(out, 1, "Request");
	put(out, 2, "EMailAddress", req->email);
	put(out, 2, "LegacyDN", req->legacy_dn);
	put(out, 2, "AcceptableResponseSchema", req->schema != NULL ?
	    req->schema : AUTODISCOVER_RESPONSE_SCHEMA);
	close_tag(out, 1, "Request");
	buf_puts(out, "\r\n</Autodiscover>");
}
