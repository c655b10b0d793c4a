/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the address book server share. */
#ifndef MAILBOX_NSPI_IMPL_H
#define MAILBOX_NSPI_IMPL_H

#include <pthread.h>

#include "auth/auth.h"
#include "directory/directory.h"
#include "directory/recipients.h"
#include "mailbox/nspi.h"

struct collator;                  /* store/collate.h */

struct nspi_service {
	struct nspi_options options;
	struct guid server_guid;
	pthread_mutex_t lock;             /* of what follows */
	bool tried;
	struct collator *collator;        /* nspi_collator */
};

/*
 * For restrictions; NULL without ICU.  Made when one is first asked for: it
 * takes 3 MB, which a daemon that has just started does without.
 */
struct collator *nspi_collator(struct nspi_service *svc);

struct nspi_session {
	uint32_t code_page;
};

/* One request.  The snapshot is held while its handler runs. */
struct nspi_call {
	struct nspi_service *svc;
	struct nspi_session **session;
	const struct identity *who;
	const struct recipients_snapshot *s;
	struct arena *arena;
	uint32_t code_page;       /* of PtypString8 in the response */
};

/* The handlers: enum ec nspi_query_rows(struct nspi_call *, const struct
 * nspi_query_rows_req *, struct nspi_query_rows_rsp *) and so on; rsp is
 * zeroed, and what it has set when they fail is forgotten. */
#define NSPI(name, spec, type, section, flags, handler) \
	enum ec handler(struct nspi_call *call, \
			const struct nspi_##name##_req *req, \
			struct nspi_##name##_rsp *rsp);
#include "mapi/nspi.def"
#undef NSPI

/* Limits ([MS-OXNSPI] leaves them to the server). */
enum {
	NSPI_TAGS_MAX = 1000,     /* columns of a row */
	NSPI_MATCHES_MAX = 50000, /* of GetMatches */
	NSPI_ROWS_MAX = 5000,     /* of one QueryRows */
	NSPI_SEEK_ROWS = 50,      /* of SeekEntries */
	NSPI_NAMES_MAX = 1000,    /* of one ResolveNames */
};

/* --- nspi_stat.c ------------------------------------------------------ */

/* Minimal Entry IDs ([MS-OXNSPI] 2.2.9.1). */
uint32_t nspi_mid(const struct recipient *r);
/* NULL: it is none of an object. */
const struct recipient *nspi_object(const struct nspi_call *call,
				    uint32_t mid);

/* Containers, by the ID that the hierarchy table gives them; 0 is the GAL. */
uint32_t nspi_container_id(const struct nspi_call *call, uint32_t container);
bool nspi_container(const struct nspi_call *call, uint32_t id,
		    uint32_t *container);

enum recipients_sort nspi_sort(const struct nspi_stat *stat);

/* The table that a STAT describes.  EC_INVALID_BOOKMARK. */
enum ec nspi_table(const struct nspi_call *call, const struct nspi_stat *stat,
		   struct recipients_view *out);

/*
 * What most requests want of their STAT: EC_INVALID_PARAM if it is missing,
 * EC_NOT_SUPPORTED for CP_WINUNICODE.
 */
enum ec nspi_check_stat(bool has, const struct nspi_stat *stat);

/* The position that a STAT means (3.1.4.5.1, 3.1.4.5.2) before its Delta is
 * applied.  EC_NOT_FOUND. */
enum ec nspi_position(const struct nspi_call *call,
		      const struct nspi_stat *stat,
		      const struct recipients_view *view, uint32_t *out);

/* A position moved by Delta, within the table. */
uint32_t nspi_move(const struct recipients_view *view, uint32_t position,
		   int32_t delta);

/* What a STAT says of a position. */
void nspi_set_position(const struct nspi_call *call, struct nspi_stat *stat,
		       const struct recipients_view *view, uint32_t position);

/* --- nspi_props.c ----------------------------------------------------- */

/* Display type of a recipient ([MS-OXNSPI] 2.2.1.3). */
uint32_t nspi_display_type(const struct recipient *r);

/* PermanentEntryID and EphemeralEntryID of an object. */
struct bin nspi_permanent_id(const struct nspi_call *call,
			     const struct recipient *r);
struct bin nspi_ephemeral_id(const struct nspi_call *call,
			     const struct recipient *r);
/* The object that an entry ID of either form names; NULL: none. */
const struct recipient *nspi_entry_object(const struct nspi_call *call,
					  const struct bin *entry_id);

/*
 * The value of a property of an object (NULL: of none), as tag's type asks for
 * it; an error value if it has none.
 */
struct prop_value nspi_value(const struct nspi_call *call,
			     const struct recipient *r, uint32_t tag,
			     bool ephemeral);

/* Text as a value of tag's type, which is one of the two string types. */
struct prop_value nspi_text(const struct nspi_call *call, uint32_t tag,
			    const char *text);

/* Whether tag is one that QueryColumns tells; and all of them. */
bool nspi_knows(uint32_t tag);
struct prop_tags nspi_columns(struct arena *arena, bool unicode);

/* Tags of the properties that an object has (3.1.4.1.6). */
struct prop_tags nspi_prop_list(const struct nspi_call *call,
				const struct recipient *r, bool skip_objects);

/* Whether reading one of the tags has to ask the back end. */
bool nspi_any_large(const struct prop_tags *tags);

/* --- nspi_link.c ------------------------------------------------------ */

/* Whether tag is a property whose values are objects. */
bool nspi_is_link(uint32_t tag);
/* The objects that the property of an object has, in no order; NULL
 * in *out if it has not such a property. */
size_t nspi_links(const struct nspi_call *call, const struct recipient *r,
		  uint32_t tag, const struct recipient ***out);

/* --- nspi_rows.c ------------------------------------------------------ */

/* A row of an object for columns. */
struct prop_values nspi_row(const struct nspi_call *call,
			    const struct recipient *r,
			    const struct prop_tags *columns, bool ephemeral,
			    bool *errors);

/* Rows of Minimal Entry IDs; columns NULL: the default ones.
 * EC_TABLE_TOO_BIG. */
enum ec nspi_mid_rows(const struct nspi_call *call, const uint32_t *mids,
		      uint32_t n, const struct prop_tags *columns,
		      bool ephemeral, struct nspi_rows *out);

#endif
