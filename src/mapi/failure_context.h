/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header X-FailureContext, with which a front end says where a request
 * failed and why.  Exchange's:
 *
 *	FrontEnd;401;VW5hdXRob3JpemVk;;;;
 *
 * where it failed, the HTTP status, the reason and the details in Base64, and
 * names of codes.  Ours (frontend/frontend.h):
 *
 *	FrontEnd;500;HopMethod;mx1.example.test;hop=fe1.example.test(15.1)->
 *	mx1.example.test(15.0);needed=NTLM;offered=Negotiate
 *
 * (in one line): a word of failure_code_name, the back end, and text.
 */
#ifndef MAPI_FAILURE_CONTEXT_H
#define MAPI_FAILURE_CONTEXT_H

#include <stdbool.h>

#include "base/arena.h"

/* The words of Posthouse's front ends. */
enum failure_code {
	FAILURE_NONE,
	FAILURE_NO_MAILBOX,       /* "NoMailbox": none, or the caller's own */
	FAILURE_NO_ROUTE,         /* "NoRoute": not between these versions */
	FAILURE_NO_VDIR,          /* "NoVdir": no URL of the back end */
	FAILURE_LOOP,             /* "Loop": went through a front end before */
	FAILURE_DOWN,             /* "Down": known to be down */
	FAILURE_RESOLVE,          /* "Resolve": the back end's name */
	FAILURE_CONNECT,          /* "Connect" */
	FAILURE_TLS,              /* "Tls" */
	FAILURE_CERTIFICATE,      /* "Certificate": the back end's */
	FAILURE_TIMEOUT,          /* "Timeout" */
	FAILURE_MALFORMED,        /* "Malformed": no HTTP came back */
	FAILURE_BROKEN,           /* "Broken": the answer broke off */
	FAILURE_HOP_METHOD,       /* "HopMethod": not the one needed */
	FAILURE_HOP_REFUSED,      /* "HopRefused": offered, but refused */
	FAILURE_HOP_ACCOUNT,      /* "HopAccount": no key, ticket … */
	FAILURE_NEEDS_MAILBOX_ID, /* "NeedsMailboxId": pass-through */
	FAILURE_UNAVAILABLE,      /* "Unavailable": the helpers */
	FAILURE_CODES,
};

/* "HopMethod"; "" for FAILURE_NONE. */
const char *failure_code_name(enum failure_code code);
/* FAILURE_NONE for a name that is none of ours. */
enum failure_code failure_code_of(const char *name);

/* Strings are never NULL. */
struct failure_context {
	const char *point;        /* "FrontEnd" */
	int status;
	const char *reason;       /* Exchange's, decoded: "Unauthorized" */
	enum failure_code code;   /* ours */
	const char *back_end;     /* ours: an FQDN */
	const char *details;      /* text; decoded, if Exchange's */
	const char *error;        /* Exchange's name of the error */
	const char *web_error;    /* Exchange's: "ConnectFailure" … */
};

/*
 * Read one; members are "" and 0 for what is missing or can't be read, and
 * control characters become blanks.  False if text has not even the first two
 * fields.
 */
bool failure_context_parse(const char *text, struct arena *a,
			   struct failure_context *out);

/*
 * The value of a key in the details, which are pairs "key=value" with ';'
 * between them; NULL.
 */
const char *failure_context_get(const struct failure_context *c,
				const char *key, struct arena *a);

#endif
