/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-OXDSCLI] 2.2.3 and 2.2.4, read from the tree of libxml2. */
#include "mapi/autodiscover.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

enum { DEPTH_MAX = 16, TEXT_MAX = 4096 };

const char *autodiscover_error_text(enum autodiscover_error error)
{
	switch (error) {
	case AUTODISCOVER_OK:
		return "Success";
	case AUTODISCOVER_NOT_FOUND:
		return "The email address can't be found.";
	case AUTODISCOVER_NO_OPTIONS:
		return "Bad Address";
	case AUTODISCOVER_INVALID:
		return "Invalid Request";
	case AUTODISCOVER_NO_PROVIDER:
		return "Provider is not available";
	case AUTODISCOVER_MISCONFIGURED:
		return "Bad Address";
	case AUTODISCOVER_INTERNAL:
		return "Internal Error";
	}
	return "Unknown";
}

/* Reading -------------------------------------------------------------- */

/* A document type declares entities, and nobody here needs any. */
static void refuse_doctype(void *ctx, const xmlChar *name,
			   const xmlChar *external, const xmlChar *system)
{
	xmlStopParser(ctx);
}

static bool too_deep(const xmlNode *node, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return true;
	for (node = node->children; node != NULL; node = node->next)
		if (node->type == XML_ELEMENT_NODE &&
		    too_deep(node, depth + 1))
			return true;
	return false;
}

/* The document, for xmlFreeDoc; NULL if it is not one we take. */
static xmlDoc *read_document(const void *xml, size_t len)
{
	xmlParserCtxt *ctxt;
	xmlDoc *doc = NULL;
	bool good;

	if (len == 0 || len > AUTODISCOVER_MAX)
		return NULL;
	ctxt = xmlCreateMemoryParserCtxt(xml, (int)len);
	if (ctxt == NULL)
		return NULL;
	xmlCtxtUseOptions(ctxt, XML_PARSE_NONET | XML_PARSE_NOERROR |
			  XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS);
	ctxt->sax->internalSubset = refuse_doctype;
	ctxt->sax->externalSubset = refuse_doctype;
	xmlParseDocument(ctxt);
	doc = ctxt->myDoc;
	good = ctxt->wellFormed && doc != NULL &&
		xmlDocGetRootElement(doc) != NULL &&
		!too_deep(xmlDocGetRootElement(doc), 1);
	ctxt->myDoc = NULL;
	xmlFreeParserCtxt(ctxt);
	if (good)
		return doc;
	xmlFreeDoc(doc);
	return NULL;
}

static bool is_named(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE &&
		strcmp((const char *)node->name, name) == 0;
}

/* The first child element of that name, in whatever name space; NULL. */
static const xmlNode *child(const xmlNode *node, const char *name)
{
	if (node == NULL)
		return NULL;
	for (node = node->children; node != NULL; node = node->next)
		if (is_named(node, name))
			return node;
	return NULL;
}

static const char *copy_text(xmlChar *text, struct arena *arena)
{
	const char *from = (const char *)text, *out = "";
	size_t len;

	if (text == NULL)
		return "";
	from += strspn(from, " \t\r\n");
	len = strlen(from);
	while (len > 0 && strchr(" \t\r\n", from[len - 1]) != NULL)
		len--;
	if (len <= TEXT_MAX)
		out = arena_strndup(arena, from, len);
	xmlFree(text);
	return out;
}

/* Its text, "" if there is none or it is unreasonably long. */
static const char *text_of(const xmlNode *node, struct arena *arena)
{
	return node == NULL ? "" :
		copy_text(xmlNodeGetContent(node), arena);
}

static const char *child_text(const xmlNode *node, const char *name,
			      struct arena *arena)
{
	return text_of(child(node, name), arena);
}

static const char *attribute(const xmlNode *node, const char *name,
			     struct arena *arena)
{
	return copy_text(xmlGetNoNsProp(node, (const xmlChar *)name), arena);
}

/* The request ---------------------------------------------------------- */

/* 2.2.3.1.1; 3.2.5: a request names an address or a DN. */
enum autodiscover_error autodiscover_req_decode(const void *xml, size_t len,
						struct arena *arena,
						struct autodiscover_req *out)
{
	xmlDoc *doc = read_document(xml, len);
	const xmlNode *root, *request;
	enum autodiscover_error error = AUTODISCOVER_INVALID;
	struct autodiscover_req req;

	if (doc == NULL)
		return AUTODISCOVER_INVALID;
	root = xmlDocGetRootElement(doc);
	request = child(root, "Request");
	if (!is_named(root, "Autodiscover") || request == NULL)
		goto out;
	req.email = child_text(request, "EMailAddress", arena);
	req.legacy_dn = child_text(request, "LegacyDN", arena);
	req.schema = child_text(request, "AcceptableResponseSchema", arena);
	if ((*req.email == '\0' && *req.legacy_dn == '\0') ||
	    *req.schema == '\0')
		goto out;
	error = strcmp(req.schema, AUTODISCOVER_RESPONSE_SCHEMA) == 0 ?
		AUTODISCOVER_OK : AUTODISCOVER_NO_PROVIDER;
	*out = req;
out:
	xmlFreeDoc(doc);
	return error;
}

/* The response --------------------------------------------------------- */

static void read_protocol(const xmlNode *node, struct arena *arena,
			  struct autodiscover_protocol *p)
{
	const xmlNode *store = child(node, "MailStore");
	const xmlNode *book = child(node, "AddressBook");

	/* 2.2.4.1.1.2.6: mapiHttp has an attribute where others have an
	 * element. */
	p->type = attribute(node, "Type", arena);
	if (*p->type == '\0')
		p->type = child_text(node, "Type", arena);
	p->version = (unsigned)strtoul(attribute(node, "Version", arena), NULL,
				       10);
	p->mail_store_internal = child_text(store, "InternalUrl", arena);
	p->mail_store_external = child_text(store, "ExternalUrl", arena);
	p->address_book_internal = child_text(book, "InternalUrl", arena);
	p->address_book_external = child_text(book, "ExternalUrl", arena);
	p->server = child_text(node, "Server", arena);
	p->server_dn = child_text(node, "ServerDN", arena);
	p->server_version = child_text(node, "ServerVersion", arena);
	p->mdb_dn = child_text(node, "MdbDN", arena);
	p->public_folder_server = child_text(node, "PublicFolderServer",
					     arena);
	p->ad = child_text(node, "AD", arena);
	p->auth_package = child_text(node, "AuthPackage", arena);
	p->cert_principal_name = child_text(node, "CertPrincipalName", arena);
	p->ssl = child_text(node, "SSL", arena);
}

static void read_mailbox(const xmlNode *node, struct arena *arena,
			 struct autodiscover_mailbox *m)
{
	m->type = child_text(node, "Type", arena);
	m->display_name = child_text(node, "DisplayName", arena);
	m->legacy_dn = child_text(node, "LegacyDN", arena);
	m->server = child_text(node, "Server", arena);
	m->smtp_address = child_text(node, "SmtpAddress", arena);
}

static void read_lists(const xmlNode *account, struct arena *arena,
		       struct autodiscover_rsp *rsp)
{
	struct autodiscover_protocol *protocols =
		arena_array(arena, AUTODISCOVER_PROTOCOLS, sizeof *protocols);
	struct autodiscover_mailbox *mailboxes =
		arena_array(arena, AUTODISCOVER_MAILBOXES, sizeof *mailboxes);
	const xmlNode *node;

	rsp->protocols = protocols;
	rsp->mailboxes = mailboxes;
	for (node = account->children; node != NULL; node = node->next)
		if (is_named(node, "Protocol") &&
		    rsp->protocol_count < AUTODISCOVER_PROTOCOLS)
			read_protocol(node, arena,
				      &protocols[rsp->protocol_count++]);
		else if (is_named(node, "AlternativeMailbox") &&
			 rsp->mailbox_count < AUTODISCOVER_MAILBOXES)
			read_mailbox(node, arena,
				     &mailboxes[rsp->mailbox_count++]);
}

static bool read_account(const xmlNode *account, struct arena *arena,
			 struct autodiscover_rsp *rsp, struct err *err)
{
	const char *action = child_text(account, "Action", arena);

	rsp->redirect = "";
	if (strcasecmp(action, "settings") == 0) {
		rsp->action = AUTODISCOVER_SETTINGS;
	} else if (strcasecmp(action, "redirectAddr") == 0) {
		rsp->action = AUTODISCOVER_REDIRECT_ADDR;
		rsp->redirect = child_text(account, "RedirectAddr", arena);
	} else if (strcasecmp(action, "redirectUrl") == 0) {
		rsp->action = AUTODISCOVER_REDIRECT_URL;
		rsp->redirect = child_text(account, "RedirectUrl", arena);
	} else {
		return err_set(err, EC_INVALID_PARAM, "the Autodiscover "
			       "response's Action is \"%.40s\"; settings, "
			       "redirectAddr and redirectUrl are known",
			       action);
	}
	rsp->public_folder = child_text(child(account,
			"PublicFolderInformation"), "SmtpAddress", arena);
	read_lists(account, arena, rsp);
	return true;
}

static void read_error(const xmlNode *error, struct arena *arena,
		       struct autodiscover_rsp *rsp)
{
	rsp->error = (enum autodiscover_error)strtoul(
			child_text(error, "ErrorCode", arena), NULL, 10);
	if (rsp->error == AUTODISCOVER_OK)
		rsp->error = AUTODISCOVER_INTERNAL;
	rsp->message = child_text(error, "Message", arena);
	rsp->debug_data = child_text(error, "DebugData", arena);
	rsp->time = attribute(error, "Time", arena);
	rsp->id = attribute(error, "Id", arena);
}

static bool read_response(const xmlNode *response, struct arena *arena,
			  struct autodiscover_rsp *rsp, struct err *err)
{
	const xmlNode *user = child(response, "User");
	const xmlNode *account = child(response, "Account");
	const xmlNode *error = child(response, "Error");

	if (error != NULL) {
		read_error(error, arena, rsp);
		return true;
	}
	if (account == NULL)
		return err_set(err, EC_INVALID_PARAM, "the Autodiscover "
			       "response has neither Account nor Error");
	rsp->display_name = child_text(user, "DisplayName", arena);
	rsp->legacy_dn = child_text(user, "LegacyDN", arena);
	rsp->smtp_address = child_text(user, "AutoDiscoverSMTPAddress", arena);
	rsp->deployment_id = child_text(user, "DeploymentId", arena);
	return read_account(account, arena, rsp, err);
}

bool autodiscover_rsp_decode(const void *xml, size_t len, struct arena *arena,
			     struct autodiscover_rsp *out, struct err *err)
{
	struct autodiscover_rsp rsp = { .error = AUTODISCOVER_OK };
	xmlDoc *doc = read_document(xml, len);
	const xmlNode *root, *response;
	bool ok = false;

	if (doc == NULL)
		return err_set(err, EC_INVALID_PARAM, "the answer (%zu bytes) "
			       "is not an XML document, or one with a DOCTYPE "
			       "or larger than %d bytes", len,
			       AUTODISCOVER_MAX);
	root = xmlDocGetRootElement(doc);
	response = child(root, "Response");
	if (!is_named(root, "Autodiscover") || response == NULL)
		err_set(err, EC_INVALID_PARAM, "the answer is XML, but not an "
			"Autodiscover response: its root is <%.40s>",
			(const char *)root->name);
	else
		ok = read_response(response, arena, &rsp, err);
	xmlFreeDoc(doc);
	if (ok)
		*out = rsp;
	return ok;
}
