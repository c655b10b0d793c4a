/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/ntlm.h"

#include <string.h>

#include "base/utf.h"
#include "base/wire.h"

/* [MS-NLMP] 2.2.1.3: fixed parts of an AUTHENTICATE_MESSAGE. */
enum {
	SIGNATURE_SIZE = 8,
	NT_RESPONSE_AT = 20, DOMAIN_AT = 28, USER_AT = 36,
	WORKSTATION_AT = 44, FLAGS_AT = 60, FIXED_SIZE = 64,
	WITH_VERSION = 72,
	FLAG_UNICODE = 1,
	FLAG_VERSION_BYTE = 0x02,         /* 0x02000000 in its last byte */
};

/* 2.2.2.7, 2.2.2.1: before the AV pairs of an NTLMv2 response. */
enum { PROOF_SIZE = 16, CLIENT_CHALLENGE_SIZE = 28, AV_EOL = 0,
       AV_TARGET_NAME = 9, AV_CHANNEL_BINDINGS = 10 };

static const char signature[SIGNATURE_SIZE] = "NTLMSSP";

enum ntlm_type ntlm_message_type(const uint8_t *data, size_t len)
{
	struct wire_r r = wire_r(data, len);
	const uint8_t *name = wire_bytes(&r, SIGNATURE_SIZE);
	uint32_t type = wire_u32(&r);

	if (!wire_ok(&r) || memcmp(name, signature, SIGNATURE_SIZE) != 0 ||
	    type < NTLM_TYPE_NEGOTIATE || type > NTLM_TYPE_AUTHENTICATE)
		return NTLM_NONE;
	return (enum ntlm_type)type;
}

const uint8_t *ntlm_find(const uint8_t *token, size_t len)
{
	const uint8_t *at = len == 0 ? NULL :
		memmem(token, len, signature, SIGNATURE_SIZE);

	if (at == NULL || ntlm_message_type(at, len - (size_t)(at - token)) ==
	    NTLM_NONE)
		return NULL;
	return at;
}

bool ntlm_is_single(const uint8_t *token, size_t len)
{
	const uint8_t *at = len == 0 ? NULL :
		memmem(token, len, signature, SIGNATURE_SIZE);

	if (at == NULL)
		return true;
	at += SIGNATURE_SIZE;
	return memmem(at, len - (size_t)(at - token), signature,
		      SIGNATURE_SIZE) == NULL;
}

/* A field: Len, MaxLen, BufferOffset, and where it points. */
static bool field(const uint8_t *msg, size_t len, size_t at,
		  const uint8_t **data, size_t *size)
{
	struct wire_r r = wire_r(msg + at, 8);
	size_t n = wire_u16(&r), offset;

	wire_u16(&r);
	offset = wire_u32(&r);
	/* In the payload, not among the fixed fields. */
	if (n > 0 && (offset < FIXED_SIZE || offset > len ||
		      n > len - offset))
		return false;
	*data = n > 0 ? msg + offset : msg;
	*size = n;
	return true;
}

/* The lowest offset of a field that holds something. */
static size_t payload_begin(const uint8_t *msg, size_t len)
{
	size_t lowest = len;

	for (size_t at = 12; at < FLAGS_AT; at += 8) {
		struct wire_r r = wire_r(msg + at, 8);
		size_t n = wire_u16(&r), offset;

		wire_u16(&r);
		offset = wire_u32(&r);
		if (n > 0 && offset < lowest)
			lowest = offset;
	}
	return lowest;
}

size_t ntlm_repair(uint8_t *msg, size_t len, size_t size)
{
	enum ntlm_type type = ntlm_message_type(msg, len);

	if (type == NTLM_TYPE_NEGOTIATE && len >= 32 &&
	    len < NTLM_MIN_NEGOTIATE && size >= NTLM_MIN_NEGOTIATE) {
		memset(msg + len, 0, NTLM_MIN_NEGOTIATE - len);
		return NTLM_MIN_NEGOTIATE;
	}
	if (type == NTLM_TYPE_AUTHENTICATE && len >= FIXED_SIZE &&
	    payload_begin(msg, len) < WITH_VERSION)
		msg[FLAGS_AT + 3] &= (uint8_t)~FLAG_VERSION_BYTE;
	return len;
}

/* Text of a field as UTF-8; OEM text is taken for ISO-8859-1. */
static bool text(const uint8_t *data, size_t len, bool unicode, char *out)
{
	size_t n = 0;

	if (unicode) {
		if (len % 2 != 0 ||
		    utf16_to_utf8_size(data, len) >= NTLM_NAME_SIZE)
			return false;
		n = utf16_to_utf8_size(data, len);
		utf16_to_utf8(data, len, out);
	} else {
		for (size_t i = 0; i < len; i++) {
			if (n + 3 > NTLM_NAME_SIZE)
				return false;
			if (data[i] < 0x80) {
				out[n++] = (char)data[i];
				continue;
			}
			out[n++] = (char)(0xc0 | data[i] >> 6);
			out[n++] = (char)(0x80 | (data[i] & 0x3f));
		}
	}
	out[n] = '\0';
	/* Names are put into lines of text later. */
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)out[i] < 0x20 || out[i] == 0x7f)
			return false;
	return true;
}

static bool name_field(const uint8_t *msg, size_t len, size_t at,
		       bool unicode, char *out)
{
	const uint8_t *data;
	size_t size;

	return field(msg, len, at, &data, &size) &&
		text(data, size, unicode, out);
}

static bool is_zero(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != 0)
			return false;
	return true;
}

/* 2.2.2.1 */
static bool av_pairs(struct wire_r *r, struct ntlm_names *out)
{
	for (;;) {
		unsigned id = wire_u16(r);
		size_t len = wire_u16(r);
		const uint8_t *value = wire_bytes(r, len);

		if (!wire_ok(r))
			return false;
		if (id == AV_EOL)
			return true;
		if (id == AV_TARGET_NAME &&
		    !text(value, len, true, out->target))
			return false;
		if (id == AV_CHANNEL_BINDINGS)
			out->bound = !is_zero(value, len);
	}
}

/* An NTLMv1 response has 24 bytes; all others are NTLMv2. */
static bool response(const uint8_t *msg, size_t len, struct ntlm_names *out)
{
	const uint8_t *data;
	struct wire_r r;
	size_t size;

	if (!field(msg, len, NT_RESPONSE_AT, &data, &size))
		return false;
	out->anonymous = size == 0 && out->user[0] == '\0';
	out->v2 = size > PROOF_SIZE + CLIENT_CHALLENGE_SIZE;
	if (!out->v2)
		return true;
	r = wire_r(data, size);
	wire_bytes(&r, PROOF_SIZE + CLIENT_CHALLENGE_SIZE);
	return av_pairs(&r, out);
}

bool ntlm_names(const uint8_t *msg, size_t len, struct ntlm_names *out)
{
	struct ntlm_names n = { .user = "" };
	bool unicode;

	if (ntlm_message_type(msg, len) != NTLM_TYPE_AUTHENTICATE ||
	    len < FIXED_SIZE)
		return false;
	unicode = (msg[FLAGS_AT] & FLAG_UNICODE) != 0;
	if (!name_field(msg, len, DOMAIN_AT, unicode, n.domain) ||
	    !name_field(msg, len, USER_AT, unicode, n.user) ||
	    !name_field(msg, len, WORKSTATION_AT, unicode, n.workstation) ||
	    !response(msg, len, &n))
		return false;
	*out = n;
	return true;
}
