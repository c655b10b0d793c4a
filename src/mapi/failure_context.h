/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header X-FailureContext, with which a front end says where a request
 * failed and why:
 *
 *	FrontEnd;401;VW5hdXRob3JpemVk;;;;
 *
 * where it failed, the HTTP status, the reason and the details in Base64, and
 * three names of codes.  Exchange's front ends send it; ours write the same,
 * with details that name the hop as "key=value" pairs, a semicolon and a blank
 * between them:
 *
 *	hop=BackEnd; from=FE; from-version=15.1; to=MX1; to-version=15.0;
 *	target=MX1\mapi (Default Web Site); offered=Negotiate; needed=Ntlm
 *
 * Codes, in the field "error": enum failure_code.
 */
#ifndef MAPI_FAILURE_CONTEXT_H
#define MAPI_FAILURE_CONTEXT_H

#include <stdbool.h>

#include "base/arena.h"

/* The name of X-FailureContext's fifth field, as our front ends write it. */
enum failure_code {
	FAILURE_NONE,
	FAILURE_METHOD_MISMATCH,  /* the back end does not take the method
				   * that the front end has to use */
	FAILURE_BACK_END_REFUSED, /* … answered 401 to the front end itself */
	FAILURE_BACK_END_DOWN,    /* … can't be connected to */
	FAILURE_BACK_END_TIMEOUT, /* … does not answer */
	FAILURE_BACK_END_CERTIFICATE,     /* … has one that isn't valid */
	FAILURE_BACK_END_BROKE_OFF,       /* … ended the answer too early */
	FAILURE_MAILBOX_UNKNOWN,  /* no such mailbox in the directory */
	FAILURE_VERSION_TOO_OLD,  /* … is not reached over MAPI/HTTP */
	FAILURE_LOOP,             /* too many hops */
	FAILURE_DISABLED,         /* the virtual directory or protocol is off */
	FAILURE_UNAVAILABLE,      /* this server itself can't serve it now */
	FAILURE_AUTHENTICATION,   /* the client's credentials, or none */
};

/* "MethodMismatch"; "" for FAILURE_NONE. */
const char *failure_code_name(enum failure_code code);

struct failure_context {
	const char *point;        /* "FrontEnd", "BackEnd" */
	int status;
	const char *reason;       /* "Unauthorized" */
	const char *details;      /* for people, or the pairs above */
	const char *error;        /* failure_code_name, or Exchange's own */
	const char *web_error;    /* "ConnectFailure", "Timeout" … */
};

/* The value of the header, in the arena.  NULL members are empty. */
const char *failure_context_format(struct arena *a,
				   const struct failure_context *c);

/*
 * Read one; all members are set, "" and 0 for what is missing or can't be
 * read.  False if text has not even the first two fields.
 */
bool failure_context_parse(const char *text, struct arena *a,
			   struct failure_context *out);

/* FAILURE_NONE for a name that is none of ours. */
enum failure_code failure_code_of(const char *name);

/* The value of a key in details; NULL. */
const char *failure_context_get(const struct failure_context *c,
				const char *key, struct arena *a);

#endif
