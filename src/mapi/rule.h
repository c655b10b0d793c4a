/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rule actions ([MS-OXORULE] 2.2.5): the values of PTYP_RULE_ACTION, in the
 * form of standard rules (a narrow context) and of extended rules (a wide
 * one), whose layouts differ in more than the width of counts.
 */
#ifndef MAPI_RULE_H
#define MAPI_RULE_H

#include "mapi/prop_codec.h"

/* [MS-OXORULE] 2.2.5.1, ActionType */
enum rule_action_type {
	OP_MOVE = 0x01, OP_COPY = 0x02, OP_REPLY = 0x03, OP_OOF_REPLY = 0x04,
	OP_DEFER_ACTION = 0x05, OP_BOUNCE = 0x06, OP_FORWARD = 0x07,
	OP_DELEGATE = 0x08, OP_TAG = 0x09, OP_DELETE = 0x0a,
	OP_MARK_AS_READ = 0x0b,
};

/* [MS-OXORULE] 2.2.5.1.1, ActionFlavor */
enum {
	FORWARD_PRESERVE_SENDER = 0x01,   /* PR */
	FORWARD_NO_CHANGES = 0x02,        /* NC */
	FORWARD_AS_ATTACHMENT = 0x04,     /* AT */
	FORWARD_AS_TEXT_MESSAGE = 0x08,   /* TM */
	REPLY_NOT_TO_ORIGINATOR = 0x01,   /* NS */
	REPLY_STOCK = 0x02,               /* ST */
};

/* [MS-OXORULE] 2.2.5.1.2.5, BounceCode */
enum {
	BOUNCE_TOO_LARGE = 0x0d, BOUNCE_NOT_DISPLAYABLE = 0x1f,
	BOUNCE_DENIED = 0x26,
};

/* RecipientBlockData, 2.2.5.1.2.4.1 */
struct rule_recipient {
	uint8_t reserved;
	struct prop_values values;
};

struct rule_action {
	uint8_t type;                     /* enum rule_action_type */
	uint32_t flavor, flags;
	union {
		struct {                  /* OP_MOVE, OP_COPY */
			bool folder_in_this_store;  /* standard rules only */
			struct bin store_eid;
			struct bin folder_eid;      /* a ServerEid if here */
		} move;
		struct {                  /* OP_REPLY, OP_OOF_REPLY */
			uint64_t template_fid, template_mid;   /* standard */
			struct bin template_message_eid;       /* extended */
			struct guid template_guid;
		} reply;
		struct bin defer_data;    /* OP_DEFER_ACTION */
		uint32_t bounce_code;     /* OP_BOUNCE */
		struct {                  /* OP_FORWARD, OP_DELEGATE */
			uint32_t n;
			const struct rule_recipient *v;
		} recipients;
		struct prop_value tag;    /* OP_TAG */
	};
};

struct rule_actions {
	uint32_t n;                       /* never 0 on the wire */
	const struct rule_action *v;
};

/*
 * Into the arena of c, binaries borrowed.  Each block has to fill its
 * ActionLength.  False, the reader bad and *out untouched, when malformed.
 */
bool rule_actions_decode(struct wire_r *r, struct prop_ctx *c,
			 struct rule_actions *out);
void rule_actions_encode(struct wire_w *w, const struct prop_ctx *c,
			 const struct rule_actions *actions);

const struct rule_actions *rule_actions_copy(struct arena *a,
					     const struct rule_actions *from);
bool rule_actions_equal(const struct rule_actions *a,
			const struct rule_actions *b);

struct buf;
void rule_actions_print(struct buf *b, const struct rule_actions *actions);

#endif
