/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What posthoused and its helper processes say to each other about GSSAPI
 * handshakes, one message a datagram.
 *
 * The daemon settles a helper once (settings), and then asks for steps: accept
 * or initiate.  A helper keeps the handshakes that need more steps under the
 * daemon's numbers; what it is told to forget, it forgets.  In the middle of
 * an NTLM acceptance it asks who the user is (query) and is told whether, and
 * with which password hash, to go on (reply).
 *
 * Messages begin with a byte that says what they are.  Decoded strings and
 * bytes are borrowed from the message.
 */
#ifndef AUTH_HANDSHAKE_H
#define AUTH_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/initiate.h"

enum {
	HANDSHAKE_TOKEN_MAX = 64 * 1024,
	HANDSHAKE_MESSAGE_MAX = HANDSHAKE_TOKEN_MAX + 4096,
	NT_HASH_SIZE = 16,
};

/* The first byte. */
enum handshake_kind {
	HANDSHAKE_SETTINGS = 'S',         /* to a helper */
	HANDSHAKE_ACCEPT = 'A',
	HANDSHAKE_INITIATE = 'I',
	HANDSHAKE_FORGET = 'F',
	HANDSHAKE_REPLY = 'R',
	HANDSHAKE_QUERY = 'Q',            /* from a helper */
	HANDSHAKE_ANSWER = 'a',
};

struct bytes {
	const uint8_t *data;
	size_t len;
};

/* --- To a helper ------------------------------------------------------ */

struct handshake_settings {
	enum auth_ntlm ntlm;
	const char *keytab;       /* "": that of the Kerberos library */
	const char *principal;    /* of this server as a client; "": found in
				   * the keytab */
	const char *host;         /* FQDN of this server */
	const char *computer;     /* its NetBIOS name */
	const char *domain;       /* NetBIOS name of the domain */
};

enum handshake_scheme { SCHEME_NTLM, SCHEME_NEGOTIATE };

/* A step of an acceptance; the first one with a number makes it. */
struct handshake_accept {
	uint32_t number;
	enum handshake_scheme scheme;
	struct bytes binding;     /* application data; len 0: none */
	struct bytes token;
};

struct handshake_initiate {
	uint32_t number;
	enum initiate_method method;
	const char *host;         /* the target's */
	const char *user;         /* "": as this server */
	const char *account;      /* NTLM: this server's, "MX1$"; "": none */
	struct bytes nt_hash;     /* of the account; len 0: from the keytab */
	struct bytes binding;
	struct bytes token;       /* len 0: the first step */
};

struct handshake_forget {
	uint32_t number;
};

enum handshake_verdict {
	VERDICT_REFUSE,           /* as for a wrong password */
	VERDICT_HASH,             /* this is the hash of the password */
	VERDICT_ASK,              /* winbind knows the password */
};

struct handshake_reply {
	enum handshake_verdict verdict;
	struct bytes nt_hash;     /* VERDICT_HASH and VERDICT_REFUSE */
};

/* --- From a helper ---------------------------------------------------- */

/* Whom an NTLM client says it is. */
struct handshake_query {
	const char *user, *domain;
};

enum handshake_outcome { OUTCOME_CONTINUE, OUTCOME_OK, OUTCOME_FAILED };
enum handshake_mech { MECH_NONE, MECH_KERBEROS, MECH_NTLM };

struct handshake_answer {
	enum handshake_outcome outcome;
	struct bytes token;       /* for the peer; len 0: none */
	enum handshake_mech mech;
	bool bound;               /* the peer named our channel */
	const char *name;         /* accepted: who, as GSSAPI shows it */
	const char *target;       /* accepted: the service it meant; "" */
	enum initiate_reason reason;      /* failed initiations */
	const char *cause;        /* failed: in words */
};

/* --- The codec -------------------------------------------------------- */

union handshake_message_u {
	struct handshake_settings settings;
	struct handshake_accept accept;
	struct handshake_initiate initiate;
	struct handshake_forget forget;
	struct handshake_reply reply;
	struct handshake_query query;
	struct handshake_answer answer;
};

struct handshake_message {
	enum handshake_kind kind;
	union handshake_message_u u;
};

/* Bytes written to out (size bytes), 0 if it does not fit. */
size_t handshake_encode(const struct handshake_message *msg, uint8_t *out,
			size_t size);

/* False, *out untouched, for what is not exactly one message.  NULL strings
 * are never returned. */
bool handshake_decode(const uint8_t *data, size_t len,
		      struct handshake_message *out);

#endif
