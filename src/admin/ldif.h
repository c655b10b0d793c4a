/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of attributes as files have them: LDIF (RFC 2849: content records,
 * or changes of type "add") and CSV (RFC 4180, names in the first line,
 * several values of a cell parted by "|").
 */
#ifndef ADMIN_LDIF_H
#define ADMIN_LDIF_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "mapi/prop.h"

/* A value of an attribute; several have the same name.  Options of the name
 * (";binary") are left out.  data has a NUL behind it. */
struct ldif_field {
	const char *name;
	struct bin value;
};

/* "dn" is a field like the others. */
struct ldif_record {
	unsigned line;            /* where it begins, from 1 */
	size_t n;
	const struct ldif_field *v;
};

struct ldif_reader {
	const char *at, *end;
	unsigned line;
	struct arena *arena;
	bool csv;
	size_t columns;
	const char **names;       /* of a CSV */
};

/* data must outlive the reader; what is read lies in arena. */
void ldif_begin(struct ldif_reader *r, const void *data, size_t len,
		struct arena *arena);
bool csv_begin(struct ldif_reader *r, const void *data, size_t len,
	       struct arena *arena, struct err *err);

/* The next record.  False at the end, err->ec EC_NOT_FOUND, or when it can't
 * be read: err says where and why. */
bool ldif_next(struct ldif_reader *r, struct ldif_record *out,
	       struct err *err);

/* Write "name: value", in base64 and folded where that is due. */
void ldif_put(struct buf *b, const char *name, const void *value, size_t len);

/* Write one cell of a CSV, without what parts it from others. */
void csv_put(struct buf *b, const char *text);

#endif
