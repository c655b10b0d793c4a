/* SPDX-License-Identifier: Apache-2.0 */
/* GetMailboxUrl and GetAddressBookUrl ([MS-OXCMAPIHTTP] 2.2.5.18, 2.2.5.19):
 * from the URLs of the servers' virtual directories. */
#include <string.h>
#include <strings.h>

#include "mailbox/nspi_impl.h"

/* The URL of an endpoint for a mailbox. */
static enum ec url_for(struct nspi_call *call, const struct guid *mailbox,
		       const char *endpoint, const char **out)
{
	struct directory *dir = call->svc->options.directory;
	char guid[GUID_TEXT_SIZE];
	struct dir_mailbox m;
	struct dir_vdir vdir;
	struct dir_org org;
	const char *base;

	if (!directory_mailbox(dir, mailbox, call->arena, &m) ||
	    !directory_vdir(dir, &m.server, false, call->arena, &vdir))
		return EC_NOT_FOUND;
	base = vdir.internal_url[0] != '\0' ? vdir.internal_url :
		vdir.external_url;
	if (*base == '\0')
		return EC_NOT_FOUND;
	directory_org(dir, call->arena, &org);
	guid_format(mailbox, guid);
	*out = arena_printf(call->arena, "%s/%s/?MailboxId=%s@%s", base,
			    endpoint, guid, org.domain);
	return EC_SUCCESS;
}

/* The value of the last "cn=" of a DN. */
static const char *last_cn(const char *dn)
{
	const char *slash = strrchr(dn, '/');

	return slash != NULL && strncasecmp(slash, "/cn=", 4) == 0 ?
		slash + 4 : "";
}

/*
 * A server is named by its own name, or, as clients know it from
 * Autodiscover, by a mailbox on it: "…/cn=Servers/cn=<guid>@<domain>".
 */
enum ec nspi_get_mailbox_url(struct nspi_call *call,
			     const struct nspi_get_mailbox_url_req *req,
			     struct nspi_get_mailbox_url_rsp *rsp)
{
	struct directory *dir = call->svc->options.directory;
	const char *name = last_cn(req->server_dn);
	struct dir_mailbox m;
	struct dir_server server;
	struct guid mailbox = call->who->mailbox;

	rsp->server_url = "";
	if (directory_mailbox_by_id(dir, name, call->arena, &m))
		mailbox = m.guid;
	else if (!directory_server_named(dir, name, call->arena, &server) ||
		 !directory_mailbox(dir, &mailbox, call->arena, &m) ||
		 !guid_equal(&m.server, &server.guid))
		return EC_NOT_FOUND;
	return url_for(call, &mailbox, "emsmdb", &rsp->server_url);
}

enum ec nspi_get_address_book_url(
	struct nspi_call *call,
	const struct nspi_get_address_book_url_req *req,
	struct nspi_get_address_book_url_rsp *rsp)
{
	struct dir_mailbox m;

	rsp->server_url = "";
	if (!directory_mailbox_by_dn(call->svc->options.directory,
				     req->user_dn, call->arena, &m))
		return EC_NOT_FOUND;
	return url_for(call, &m.guid, "nspi", &rsp->server_url);
}
