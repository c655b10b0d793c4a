/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/handshake.h"

#include <string.h>

#include "base/wire.h"

/*
 * A walk over the fields in order, in either direction: so the two cannot
 * differ.
 */
struct walk {
	struct wire_w *w;         /* NULL: reading */
	struct wire_r *r;
};

static void walk_u8(struct walk *k, unsigned *value, unsigned max)
{
	if (k->w != NULL) {
		wire_put_u8(k->w, (uint8_t)*value);
		return;
	}
	*value = wire_u8(k->r);
	if (*value > max)
		k->r->bad = true;
}

static void walk_u32(struct walk *k, uint32_t *value)
{
	if (k->w != NULL)
		wire_put_u32(k->w, *value);
	else
		*value = wire_u32(k->r);
}

static void walk_bytes(struct walk *k, struct bytes *b)
{
	if (k->w != NULL) {
		wire_put_u32(k->w, (uint32_t)b->len);
		wire_put(k->w, b->data, b->len);
		return;
	}
	b->len = wire_count32(k->r, 1);
	b->data = wire_bytes(k->r, b->len);
}

/* With its NUL, so that it can be borrowed. */
static void walk_text(struct walk *k, const char **text)
{
	struct bytes b = { NULL, 0 };

	if (k->w != NULL) {
		const char *s = *text != NULL ? *text : "";

		b = (struct bytes){ (const uint8_t *)s, strlen(s) + 1 };
		walk_bytes(k, &b);
		return;
	}
	walk_bytes(k, &b);
	if (b.data == NULL || b.len == 0 ||
	    memchr(b.data, '\0', b.len) != b.data + b.len - 1) {
		k->r->bad = true;
		*text = "";
		return;
	}
	*text = (const char *)b.data;
}

/* An enumeration of values 0 to max. */
#define WALK_ENUM(k, field, type, max) do { \
		unsigned value_ = (unsigned)(field); \
		walk_u8((k), &value_, (max)); \
		(field) = (type)value_; \
	} while (0)

static void walk_bool(struct walk *k, bool *value)
{
	unsigned v = *value;

	walk_u8(k, &v, 1);
	*value = v != 0;
}

static void walk_settings(struct walk *k, struct handshake_settings *s)
{
	WALK_ENUM(k, s->ntlm, enum auth_ntlm, AUTH_NTLM_WINBIND);
	walk_text(k, &s->keytab);
	walk_text(k, &s->principal);
	walk_text(k, &s->host);
	walk_text(k, &s->computer);
	walk_text(k, &s->domain);
}

static void walk_initiate(struct walk *k, struct handshake_initiate *i)
{
	walk_u32(k, &i->number);
	WALK_ENUM(k, i->method, enum initiate_method, INITIATE_NEGOTIATE);
	walk_text(k, &i->host);
	walk_text(k, &i->user);
	walk_text(k, &i->account);
	walk_bytes(k, &i->nt_hash);
	walk_bytes(k, &i->binding);
	walk_bytes(k, &i->token);
}

static void walk_answer(struct walk *k, struct handshake_answer *a)
{
	WALK_ENUM(k, a->outcome, enum handshake_outcome, OUTCOME_FAILED);
	walk_bytes(k, &a->token);
	WALK_ENUM(k, a->mech, enum handshake_mech, MECH_NTLM);
	walk_bool(k, &a->bound);
	walk_text(k, &a->name);
	walk_text(k, &a->target);
	WALK_ENUM(k, a->reason, enum initiate_reason, INITIATE_OTHER);
	walk_text(k, &a->cause);
}

/* False: there is no such kind. */
static bool walk(struct walk *k, enum handshake_kind kind,
		 union handshake_message_u *u)
{
	switch (kind) {
	case HANDSHAKE_SETTINGS:
		walk_settings(k, &u->settings);
		return true;
	case HANDSHAKE_ACCEPT:
		walk_u32(k, &u->accept.number);
		WALK_ENUM(k, u->accept.scheme, enum handshake_scheme,
			  SCHEME_NEGOTIATE);
		walk_bytes(k, &u->accept.binding);
		walk_bytes(k, &u->accept.token);
		return true;
	case HANDSHAKE_INITIATE:
		walk_initiate(k, &u->initiate);
		return true;
	case HANDSHAKE_FORGET:
		walk_u32(k, &u->forget.number);
		return true;
	case HANDSHAKE_REPLY:
		WALK_ENUM(k, u->reply.verdict, enum handshake_verdict,
			  VERDICT_ASK);
		walk_bytes(k, &u->reply.nt_hash);
		return true;
	case HANDSHAKE_QUERY:
		walk_text(k, &u->query.user);
		walk_text(k, &u->query.domain);
		return true;
	case HANDSHAKE_ANSWER:
		walk_answer(k, &u->answer);
		return true;
	default:
		return false;
	}
}

size_t handshake_encode(const struct handshake_message *msg, uint8_t *out,
			size_t size)
{
	struct wire_w w = wire_w(out, size);
	union handshake_message_u u = msg->u;
	struct walk k = { .w = &w };

	wire_put_u8(&w, (uint8_t)msg->kind);
	if (!walk(&k, msg->kind, &u) || w.full)
		return 0;
	return w.len;
}

bool handshake_decode(const uint8_t *data, size_t len,
		      struct handshake_message *out)
{
	struct wire_r r = wire_r(data, len);
	struct handshake_message msg;
	struct walk k = { .r = &r };

	memset(&msg, 0, sizeof msg);
	msg.kind = (enum handshake_kind)wire_u8(&r);
	if (!wire_ok(&r) || !walk(&k, msg.kind, &msg.u) || !wire_done(&r))
		return false;
	*out = msg;
	return true;
}
