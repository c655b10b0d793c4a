/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostic contexts: why a call failed, as a list of places that it came
 * by.  Each place has a number, its LID, and some have a value.  Exchange
 * writes them as text, into AUX_TYPE_EXCEPTION_TRACE (aux.h), events and
 * bounces; we write the same text with LIDs of our own, so that one reader
 * does for both:
 *
 *	Diagnostic context:
 *	    Lid: 70010   dwParam: 0x20 Msg: MoMT
 *	    Lid: 70011   dwParam: 0x21
 *	    Lid: 70001   StoreEc: 0x4DE
 *
 * What is known of each LID stands in lids.def.
 */
#ifndef MAPI_DIAG_H
#define MAPI_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/guid.h"

struct buf;

/* What follows "Lid: n". */
enum diag_kind {
	DIAG_BARE,                /* nothing */
	DIAG_STORE_EC,            /* "StoreEc: 0x4DE": value */
	DIAG_ERROR,               /* "Error: 0x4DE": value */
	DIAG_DWPARAM,             /* "dwParam: 0x21": value */
	DIAG_DWPARAM_MSG,         /* "dwParam: 0x20 Msg: MoMT": value, text */
	DIAG_QDWPARAM,            /* "qdwParam: 0xB01000000000001": qword */
	DIAG_GUID,                /* "Guid: …": guid */
	DIAG_STORE_EC_TAG,        /* "StoreEc: 0x… PropTag: 0x…": value, tag */
	/* A fixed sentence: text; value and qword as diag_sentence says. */
	DIAG_SENTENCE,
};

/* Who defined a LID, and how sure its meaning is. */
enum lid_origin {
	LID_POSTHOUSE,            /* ours: always means what lids.def says */
	LID_EXCHANGE,             /* Exchange's, as its own text says */
	LID_INFERRED,             /* Exchange's, from what traces showed */
};

enum {
#define LID(lid, name, kind, origin, meaning, parameters, cure) \
	LID_##name = (lid),
#include "mapi/lids.def"
#undef LID
	LID_POSTHOUSE_FIRST = 70000, LID_POSTHOUSE_LAST = 70999,
};

struct lid_info {
	uint32_t lid;
	const char *name;         /* "SESSION_LIMIT" */
	enum diag_kind kind;
	enum lid_origin origin;
	const char *meaning, *parameters, *cure;  /* "" for none */
};

/* NULL for a LID that is not known. */
const struct lid_info *lid_find(uint32_t lid);
/* The nth row of lids.def; NULL at the end. */
const struct lid_info *lid_at(size_t n);

struct diag_line {
	uint32_t lid;
	enum diag_kind kind;
	uint32_t value, tag;
	uint64_t qword;
	struct guid guid;
	const char *text;         /* never NULL */
};

struct diag_context {
	uint32_t n;
	const struct diag_line *v;
};

enum { DIAG_LINES_MAX = 1000, DIAG_TEXT_MAX = 400 };

/*
 * Find the lines of a diagnostic context in text of len bytes, whatever else
 * stands there: whole reports, e-mails, HTML with tags between, and lines that
 * were run together are read.  Lines of several contexts come one after the
 * other.  At most DIAG_LINES_MAX lines and DIAG_TEXT_MAX bytes of text each
 * are kept.  False if there is none; out then has no lines.  All lies in the
 * arena.
 */
bool diag_parse(const char *text, size_t len, struct arena *a,
		struct diag_context *out);

/*
 * What can be read from a sentence: value is the code of "ROP Error: 0x…",
 * "ROP Failure: 0x…" and "[ec=0x…]", the RopId of "ROP: ropLogon [254]", the
 * length of "called [length=n]"; qword the version of "ClientVersion: a.b.c.d"
 * and "ServerVersion:", 16 bits each.
 */
void diag_sentence(struct diag_line *line);

/* The first line of a LID; NULL. */
const struct diag_line *diag_find(const struct diag_context *c, uint32_t lid);

/* "    Lid: 70010   dwParam: 0x20 Msg: MoMT\r\n", as Exchange writes it. */
void diag_line_print(struct buf *b, const struct diag_line *line);

/* "Diagnostic context:\r\n" and all lines. */
void diag_print(struct buf *b, const struct diag_context *c);

/* ---- making one ---- */

/* Lines in the order in which they are added, in an arena. */
struct diag {
	struct arena *arena;
	struct diag_line *v;
	uint32_t n, cap;
};

static inline struct diag diag_begin(struct arena *arena)
{
	return (struct diag){ .arena = arena };
}

/* Add a line of one of our LIDs; its kind is that of lids.def.  text (NULL
 * allowed) is copied.  A GUID, 64 bits and a whole line (whose text is kept
 * as it is) have functions of their own. */
void diag_add(struct diag *d, uint32_t lid, uint32_t value, const char *text);
void diag_add_line(struct diag *d, const struct diag_line *line);
void diag_add_guid(struct diag *d, uint32_t lid, const struct guid *guid);
void diag_add_qword(struct diag *d, uint32_t lid, uint64_t qword);

static inline struct diag_context diag_end(const struct diag *d)
{
	return (struct diag_context){ d->n, d->v };
}

#endif
