/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was seen of a server: by the steps of an analysis, or in a text that
 * somebody has in hand (explain.h).  The rules of diagnose.h look at this
 * alone: no rule asks the network, and each can be tested with a struct that
 * is filled by hand.
 *
 * Everything lies in the arena of whoever fills it.  What was not seen is
 * zero, NULL or false.
 */
#ifndef ANALYZER_OBSERVE_H
#define ANALYZER_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/client.h"
#include "mapi/diag.h"
#include "mapi/failure_context.h"

/* Which request an exchange was about. */
enum observed_op {
	OP_NONE,
	OP_RESOLVE, OP_TCP, OP_TLS,
	OP_HEALTH,                /* GET /mapi/healthcheck.htm */
	OP_ANONYMOUS,             /* GET without credentials: the 401 round */
	OP_AUTHENTICATE,          /* GET with a method's credentials */
	OP_CONNECT, OP_LOGON, OP_EXECUTE, OP_WAIT, OP_DISCONNECT,
	OP_AUTODISCOVER,
	OP_ADDRESS_BOOK,          /* a request of that endpoint */
};

/* One request, as far as it got. */
struct observed_exchange {
	enum observed_op op;
	unsigned auth;            /* enum http_auth that was used */
	enum http_failure failure;        /* no answer at all */
	const char *error;        /* in words, of failure */
	int status;               /* HTTP; 0: none */
	int response_code;        /* X-ResponseCode; -1: none */
	bool has_ec;              /* ec holds a MAPI error */
	uint32_t ec;
	const char *fe_server, *be_server;        /* X-FEServer, X-BEServer */
	const char *be_target;    /* X-CalculatedBETarget */
	const char *server_application;   /* "Exchange/15.00.1210.002" */
	const char *diag_info;    /* X-DiagInfo */
	bool has_failure;
	struct failure_context failure_context;
	bool lower_case;          /* header names came in lower case */
	bool ntlm_challenge;      /* NTLM or Negotiate went on to a challenge */
	unsigned rounds;          /* 401s before this answer */
	double elapsed;           /* ms */
	struct observed_exchange *next;
};

/* What became of an authentication method. */
enum method_state {
	METHOD_UNKNOWN,           /* not offered, nor asked for */
	METHOD_UNTRIED,           /* offered; no credentials for it here */
	METHOD_WORKS,
	METHOD_REFUSED,           /* 401 after the credentials */
	METHOD_FAILED,            /* something else went wrong */
	METHOD_NO_TICKET,         /* Negotiate: no ticket could be had */
};

enum { METHODS = 4 };             /* bits of enum http_auth */

struct observed_method {
	bool offered;
	enum method_state state;
	const char *challenge;    /* the value of WWW-Authenticate */
	const char *error;        /* why it failed */
};

/* The certificate, as far as TLS got. */
struct observed_tls {
	bool tried, ok;
	bool expired, not_yet, name_mismatch, self_signed, untrusted;
	bool no_intermediate;     /* the chain that was sent has a gap */
	int days_left;            /* when has_days */
	bool has_days;
	const char *names, *subject, *issuer, *error;
};

struct observed {
	struct arena *arena;
	/* What was asked for. */
	const char *url, *host, *user, *mailbox;
	bool tls_wanted, has_password, has_token;
	bool insecure;            /* a bad certificate was put up with */
	/* The steps before HTTP. */
	bool resolve_failed;
	unsigned addresses_open, addresses_closed;
	struct observed_tls tls;
	/* The health page: 0 not asked, else the HTTP status. */
	int health;
	/* The 401 round. */
	bool challenged;          /* a 401 was seen for an anonymous request */
	unsigned offered;         /* enum http_auth */
	struct observed_method methods[METHODS];
	unsigned unknown_methods; /* schemes offered that we don't know */
	/* All requests, in order. */
	struct observed_exchange *first, *last;
	/* Diagnostic contexts that came with answers or stood in a text. */
	struct diag_context diag;
	/* From elsewhere: a text that was explained. */
	bool from_text;
	/* Sessions that were opened on purpose; 0: none. */
	unsigned sessions_asked, sessions_opened;
};

struct observed *observed_new(struct arena *arena);

/* A new exchange at the end of the list. */
struct observed_exchange *observed_add(struct observed *o,
				       enum observed_op op);

/* Take the headers of an answer into an exchange. */
void observed_headers(struct observed *o, struct observed_exchange *x,
		      const struct http_response *rsp);

/* Add the lines of a diagnostic context behind those that are there. */
void observed_diag(struct observed *o, const struct diag_context *diag);

/* The last exchange of this kind; NULL. */
const struct observed_exchange *observed_find(const struct observed *o,
					      enum observed_op op);

/* The index in methods[] of one bit of enum http_auth. */
unsigned method_index(unsigned auth);
/* "Negotiate", as Exchange writes it in IISAuthenticationMethods. */
const char *method_name(unsigned auth);
/* "Ntlm, Negotiate" of several bits; "(none)". */
const char *method_names(struct arena *arena, unsigned auth);
/* The bit of a name or scheme, whatever its case; 0 if unknown. */
unsigned method_of(const char *name, size_t len);

#endif
