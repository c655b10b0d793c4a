/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be known of NTLM messages ([MS-NLMP] 2.2.1) around GSSAPI, which
 * does the rest: who a message says it is from, and two repairs without which
 * gss-ntlmssp does not take curl's messages.
 *
 * Everything here is text of an unauthenticated peer.
 */
#ifndef AUTH_NTLM_H
#define AUTH_NTLM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ntlm_type {
	NTLM_NONE,
	NTLM_TYPE_NEGOTIATE,      /* 1 */
	NTLM_TYPE_CHALLENGE,      /* 2 */
	NTLM_TYPE_AUTHENTICATE,   /* 3 */
};

enum { NTLM_NAME_SIZE = 512, NTLM_MIN_NEGOTIATE = 40 };

/* MessageType of a message; NTLM_NONE if it is none. */
enum ntlm_type ntlm_message_type(const uint8_t *data, size_t len);

/*
 * Where an NTLM message begins in a token: at its begin, or inside SPNEGO
 * ([MS-SPNG]), where it is the last but perhaps a MIC.  NULL: nowhere.
 */
const uint8_t *ntlm_find(const uint8_t *token, size_t len);

/*
 * Whether a token has at most one NTLM message.  In one with more, ntlm_find
 * could find another message than the one that GSSAPI goes by, and another
 * name be asked for than the one that is authenticated.
 */
bool ntlm_is_single(const uint8_t *token, size_t len);

/*
 * Repair a message in place; size is the room there is.  A NEGOTIATE_MESSAGE
 * of 32 bytes lacks Version: it is padded with zeros to 40.  An
 * AUTHENTICATE_MESSAGE that says it has a Version, but whose payload begins
 * where that would stand (below 72), loses the flag.  Returns its length.
 */
size_t ntlm_repair(uint8_t *msg, size_t len, size_t size);

/* Of an AUTHENTICATE_MESSAGE, in UTF-8; "" where there is nothing. */
struct ntlm_names {
	char user[NTLM_NAME_SIZE];
	char domain[NTLM_NAME_SIZE];
	char workstation[NTLM_NAME_SIZE];
	char target[NTLM_NAME_SIZE];      /* MsvAvTargetName of NTLMv2: the
					   * service that the client means */
	bool anonymous;           /* neither a name nor a response */
	bool v2;                  /* an NTLMv2 response (3.3.2) */
	bool bound;               /* MsvAvChannelBindings is not zero */
};

/* False, *out untouched, for what is not a well-formed message. */
bool ntlm_names(const uint8_t *msg, size_t len, struct ntlm_names *out);

#endif
