/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Autodiscover, the XML of [MS-OXDSCLI], in both directions: a server decodes
 * requests and encodes responses, a client the reverse.
 *
 * Documents of a peer are read with libxml2 without network, without external
 * entities, and are refused when they have a document type declaration, are
 * longer than AUTODISCOVER_MAX bytes, or are nested deeper than 16.  Thread-
 * safe; all that is returned lies in the arena.
 */
#ifndef MAPI_AUTODISCOVER_H
#define MAPI_AUTODISCOVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { AUTODISCOVER_MAX = 64 * 1024, AUTODISCOVER_PROTOCOLS = 8,
       AUTODISCOVER_MAILBOXES = 64 };

#define AUTODISCOVER_REQUEST_SCHEMA \
	"http://schemas.microsoft.com/exchange/autodiscover/outlook/" \
	"requestschema/2006"
#define AUTODISCOVER_RESPONSE_SCHEMA \
	"http://schemas.microsoft.com/exchange/autodiscover/outlook/" \
	"responseschema/2006a"

/* ErrorCode, 2.2.4.1.1.3.1.  */
enum autodiscover_error {
	AUTODISCOVER_OK = 0,
	AUTODISCOVER_NOT_FOUND = 500,     /* no such e-mail address */
	AUTODISCOVER_NO_OPTIONS = 501,    /* known, but nothing to say of it */
	AUTODISCOVER_INVALID = 600,       /* the request's XML is malformed */
	AUTODISCOVER_NO_PROVIDER = 601,   /* another schema is asked for */
	AUTODISCOVER_MISCONFIGURED = 602,
	AUTODISCOVER_INTERNAL = 603,
};

/* Request, 2.2.3.1.1.  Either email or legacy_dn is not "". */
struct autodiscover_req {
	const char *email;        /* EMailAddress */
	const char *legacy_dn;    /* LegacyDN */
	const char *schema;       /* AcceptableResponseSchema */
};

/*
 * AUTODISCOVER_OK; AUTODISCOVER_INVALID when it is no such request;
 * AUTODISCOVER_NO_PROVIDER when it asks for another schema than Outlook's:
 * then *out is filled all the same.
 */
enum autodiscover_error autodiscover_req_decode(const void *xml, size_t len,
						struct arena *arena,
						struct autodiscover_req *out);
void autodiscover_req_encode(const struct autodiscover_req *req,
			     struct buf *out);

/* A Protocol element, 2.2.4.1.1.2.6.  "" or false: not there. */
struct autodiscover_protocol {
	const char *type;         /* "mapiHttp", "EXCH", "EXPR", "WEB" */
	unsigned version;         /* of mapiHttp: 1 */
	/* mapiHttp: MailStore and AddressBook */
	const char *mail_store_internal, *mail_store_external;
	const char *address_book_internal, *address_book_external;
	/* EXCH and EXPR */
	const char *server, *server_dn, *server_version, *mdb_dn;
	const char *public_folder_server, *ad, *auth_package;
	const char *cert_principal_name;
	const char *ssl;          /* "On" or "Off" */
};

/* AlternativeMailbox, 2.2.4.1.1.2.2: a mailbox that is to appear too. */
struct autodiscover_mailbox {
	const char *type;         /* "Delegate", "Archive", "TeamMailbox" */
	const char *display_name, *legacy_dn, *server, *smtp_address;
};

enum autodiscover_action { AUTODISCOVER_SETTINGS, AUTODISCOVER_REDIRECT_ADDR,
			   AUTODISCOVER_REDIRECT_URL };

/* Response, 2.2.4.1.1: an error, or a user and an account. */
struct autodiscover_rsp {
	enum autodiscover_error error;
	const char *message, *debug_data;         /* of an error */
	const char *time, *id;                    /* its attributes */

	const char *display_name, *legacy_dn, *smtp_address, *deployment_id;
	enum autodiscover_action action;
	const char *redirect;     /* RedirectAddr or RedirectUrl */
	const struct autodiscover_protocol *protocols;
	size_t protocol_count;
	const struct autodiscover_mailbox *mailboxes;
	size_t mailbox_count;
	const char *public_folder;        /* PublicFolderInformation */
};

/* Strings may be NULL where they may be "". */
void autodiscover_rsp_encode(const struct autodiscover_rsp *rsp,
			     struct buf *out);

/*
 * A server's answer.  Unknown elements are passed over; of protocols and
 * mailboxes the first AUTODISCOVER_PROTOCOLS and _MAILBOXES are taken.  False
 * and err when it is no Autodiscover response.
 */
bool autodiscover_rsp_decode(const void *xml, size_t len, struct arena *arena,
			     struct autodiscover_rsp *out, struct err *err);

/* What a code means, in the words of the specification. */
const char *autodiscover_error_text(enum autodiscover_error error);

#endif
