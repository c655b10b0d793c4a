/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recipients of an organisation ([MS-OXOABK]): mailbox users,
 * distribution lists, contacts, public folders, agents and rooms, as the
 * address book, name resolution and Autodiscover see them.
 *
 * All are in memory, each as one packed record of attributes that are
 * addressed by property tag; sorted views per locale, the containers and the
 * index for ambiguous name resolution (ANR) are made from them and kept up to
 * date by changes.  What is large and rarely asked for (pictures,
 * certificates) stays with the back end.
 *
 * Where they come from is a struct recipients_backend: recipients_local.h
 * reads the organisation's own database, another one LDAP.  Nobody else needs
 * to know which it is.
 *
 *	struct recipients *all = recipients_new(&backend);
 *
 *	if (recipients_stale(all, lcid))          cheap, any thread
 *		recipients_refresh(all, lcid, &err);      may take a while
 *	snap = recipients_hold(all);
 *	… look-ups; nothing changes beneath …
 *	recipients_release(all);
 *
 * Thread-safe.  Text is compared without regard to case.
 */
#ifndef DIRECTORY_RECIPIENTS_H
#define DIRECTORY_RECIPIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/guid.h"
#include "mapi/prop.h"

/* What a recipient is ([MS-OXOABK] 2.2.3.10, 2.2.3.11). */
enum recipient_kind {
	RECIPIENT_MAILBOX,        /* a mailbox user */
	RECIPIENT_GROUP,          /* a distribution list */
	RECIPIENT_DYNAMIC_GROUP,  /* one whose members a filter names */
	RECIPIENT_CONTACT,        /* a mail user elsewhere */
	RECIPIENT_PUBLIC_FOLDER,  /* a mail-enabled public folder */
	RECIPIENT_AGENT,          /* an automatic mailbox */
	RECIPIENT_ROOM,
	RECIPIENT_EQUIPMENT,
	RECIPIENT_KINDS
};

/* "user", "group", "dynamic group", "contact" …; and back, false for none. */
const char *recipient_kind_name(enum recipient_kind kind);
bool recipient_kind_parse(const char *name, enum recipient_kind *out);

/* --- Attributes ------------------------------------------------------- */

enum recipient_attr_flags {
	ATTR_MULTI = 1,           /* has several values */
	ATTR_LINK = 2,            /* values are GUIDs of recipients */
	ATTR_LARGE = 4,           /* stays with the back end */
	ATTR_ANR = 8,             /* found by ambiguous name resolution */
	ATTR_FIXED = 16,          /* set by its own function, not freely */
};

/*
 * An attribute that a recipient can have.  The tag's type is that of its
 * values, but for links, which have the tag of the address book's property
 * (PtypObject, PtypString8 …) and GUIDs for values.
 */
struct recipient_attr {
	uint32_t tag;
	unsigned flags;           /* enum recipient_attr_flags */
	const char *ldap;         /* "givenName": LDIF, CSV, filters */
	const char *option;       /* "given-name": the command line */
	const char *help;
};

/* All of them; and one by tag (its ID counts), LDAP name or option. */
const struct recipient_attr *recipient_attrs(size_t *count);
const struct recipient_attr *recipient_attr(uint32_t tag);
const struct recipient_attr *recipient_attr_named(const char *name);

/* --- Records ---------------------------------------------------------- */

/*
 * A recipient.  Its attributes lie packed in data: read them with the
 * functions below.  Immutable.
 */
struct recipient {
	struct guid guid;         /* never changes */
	uint32_t slot;            /* its number in this process: the same as
				   * long as the process lives, never that of
				   * another recipient */
	uint8_t kind;             /* enum recipient_kind */
	bool hidden;              /* from all containers and name resolution */
	uint16_t flags;
	uint32_t len;             /* of data */
	uint64_t changed;         /* change counter of its last change */
	uint8_t data[];
};

/*
 * The text of an attribute (its first value), "" if there is none.  These are
 * always there: PID_TAG_DISPLAY_NAME, PID_TAG_EMAIL_ADDRESS (the
 * legacyExchangeDN, whole), PID_TAG_ACCOUNT (alias).  Borrowed.
 */
const char *recipient_text(const struct recipient *r, uint32_t tag);
bool recipient_has(const struct recipient *r, uint32_t tag);

/* The value of an integer or Boolean attribute; absent if there is none. */
int64_t recipient_number(const struct recipient *r, uint32_t tag,
			 int64_t absent);

/* Walk the values of an attribute: begin with *at 0; false at the end.
 * Text is NUL-terminated beyond its length. */
bool recipient_next(const struct recipient *r, uint32_t tag, size_t *at,
		    struct bin *out);

/* Walk all values of all attributes. */
bool recipient_each(const struct recipient *r, size_t *at, uint32_t *tag,
		    struct bin *out);

/* The filter of a dynamic group; "" of others. */
const char *recipient_filter(const struct recipient *r);

/* Its primary SMTP address; "" if it has none. */
const char *recipient_address(const struct recipient *r);

/* Making one, for back ends. */
struct recipient_builder;
struct recipient_builder *recipient_builder_new(void);
void recipient_builder_free(struct recipient_builder *b);
/* Begin anew. */
void recipient_begin(struct recipient_builder *b, const struct guid *guid,
		     enum recipient_kind kind, bool hidden, uint64_t changed);
void recipient_add(struct recipient_builder *b, uint32_t tag,
		   const void *value, size_t len);
void recipient_add_text(struct recipient_builder *b, uint32_t tag,
			const char *text);        /* "" adds nothing */
void recipient_add_number(struct recipient_builder *b, uint32_t tag,
			  int64_t number);
/* The record, to be freed with free(). */
struct recipient *recipient_end(struct recipient_builder *b);

/* --- Back ends -------------------------------------------------------- */

/* An address list: a container whose members a filter names. */
struct recipient_list {
	struct guid guid;
	const char *name;
	const char *filter;       /* RFC 4515: "(department=Sales)" */
	struct guid parent;       /* a list that it stands under; null: none */
};

/* What read() tells; each may be called any number of times. */
struct recipients_sink {
	/* A new or changed recipient, which becomes the sink's. */
	void (*put)(void *ctx, struct recipient *record);
	void (*remove)(void *ctx, const struct guid *guid);
	/* All address lists, if they have changed since. */
	void (*lists)(void *ctx, const struct recipient_list *lists,
		      size_t count);
	void *ctx;
};

/* A change of values: set replaces them (none: removes the attribute), add
 * and remove concern single values of multivalued attributes. */
enum recipient_change_op { RECIPIENT_SET, RECIPIENT_ADD, RECIPIENT_REMOVE };

struct recipient_change {
	enum recipient_change_op op;
	uint32_t tag;
	uint32_t n;
	const struct bin *values; /* text without its NUL, GUIDs of links,
				   * integers as 8 bytes little-endian */
};

/*
 * Each function may block; none is called from an I/O thread, but for
 * changed.  They are called one at a time, but for changed and fetch.
 */
struct recipients_backend {
	const char *name;         /* "local", "ldap" */
	void *ctx;
	/* The counter of the newest change that is known; cheap. */
	uint64_t (*changed)(void *ctx);
	/*
	 * What changed after since (0: everything there is), and up to which
	 * change counter that is.
	 */
	bool (*read)(void *ctx, uint64_t since,
		     const struct recipients_sink *sink, uint64_t *out,
		     struct err *err);
	/* Values of an ATTR_LARGE attribute, in the arena; *n 0: none. */
	bool (*fetch)(void *ctx, const struct guid *guid, uint32_t tag,
		      struct arena *arena, uint32_t *n,
		      const struct bin **out, struct err *err);
	/* Write changes of one recipient, durably.  NULL: read-only. */
	bool (*modify)(void *ctx, const struct guid *guid,
		       const struct recipient_change *changes, size_t count,
		       const char *who, struct err *err);
	void (*free)(void *ctx);  /* NULL: nothing to free */
};

/* --- All of them ------------------------------------------------------ */

struct recipients;
struct recipients_snapshot;       /* all, as of one change */

/* Nothing is read before the first recipients_refresh.  backend is copied;
 * its free is called in the end. */
struct recipients *recipients_new(const struct recipients_backend *backend);
void recipients_free(struct recipients *all);     /* NULL is allowed */

/*
 * Whether there is something new, or no view for the locale yet: then
 * recipients_refresh is due, which reads and sorts, and so may take a while.
 * If it fails, what was known before stays in use.  lcid 0: no view needed.
 */
bool recipients_stale(const struct recipients *all, uint32_t lcid);
bool recipients_refresh(struct recipients *all, uint32_t lcid,
			struct err *err);

/* Hold what there is still for reading: for as long as one request takes. */
const struct recipients_snapshot *recipients_hold(struct recipients *all);
void recipients_release(struct recipients *all);

/* Through to the back end; both may block. */
bool recipients_fetch(struct recipients *all, const struct guid *guid,
		      uint32_t tag, struct arena *arena, uint32_t *n,
		      const struct bin **out, struct err *err);
bool recipients_modify(struct recipients *all, const struct guid *guid,
		       const struct recipient_change *changes, size_t count,
		       const char *who, struct err *err);
bool recipients_writable(const struct recipients *all);

/* Bytes of memory for all that is kept, indexes and views included. */
size_t recipients_memory(struct recipients *all);

/* --- Look-ups in a snapshot ------------------------------------------- */
/* NULL when there is none.  Hidden ones are found, but for ANR and views. */

uint64_t recipients_change(const struct recipients_snapshot *s);
size_t recipients_count(const struct recipients_snapshot *s);
/* Slots are from 0 below this; some are of what is gone. */
uint32_t recipients_slots(const struct recipients_snapshot *s);
const struct recipient *recipients_slot(const struct recipients_snapshot *s,
					uint32_t slot);
const struct recipient *recipients_guid(const struct recipients_snapshot *s,
					const struct guid *guid);
/* By legacyExchangeDN, or by an X500 address that is the same DN. */
const struct recipient *recipients_dn(const struct recipients_snapshot *s,
				      const char *dn);
/* By an SMTP address, or a proxy address with its prefix ("SMTP:", "X500:"). */
const struct recipient *recipients_proxy(const struct recipients_snapshot *s,
					 const char *address);

/*
 * Recipients that link to this one by tag (PID_TAG_ADDRESS_BOOK_MEMBER: the
 * lists that it is in, …_MANAGER: its reports, …_OWNER: what it owns), in the
 * order of their slots; the count is returned, *out in the arena.
 */
size_t recipients_backlinks(const struct recipients_snapshot *s,
			    const struct guid *guid, uint32_t tag,
			    struct arena *arena,
			    const struct recipient ***out);

/* --- Containers and views --------------------------------------------- */

/* Containers, by number; address lists follow from CONTAINER_LISTS on. */
enum recipients_container {
	CONTAINER_GAL,            /* the Global Address List */
	CONTAINER_USERS, CONTAINER_GROUPS, CONTAINER_CONTACTS,
	CONTAINER_ROOMS, CONTAINER_PUBLIC_FOLDERS,
	CONTAINER_LISTS
};

size_t recipients_containers(const struct recipients_snapshot *s);
/* Its name and GUID (stable, also of the well-known ones); false: none. */
bool recipients_container(const struct recipients_snapshot *s,
			  uint32_t container, struct recipient_list *out);
/* A number that changes when containers come, go or get other names. */
uint32_t recipients_hierarchy_version(const struct recipients_snapshot *s);

enum recipients_sort { SORT_DISPLAY_NAME, SORT_PHONETIC };

/* A view: a container's recipients in the order of a locale. */
struct recipients_view {
	const uint32_t *slots;
	uint32_t count;
};

/* Empty if there is no such container.  A locale without a view yet gets the
 * order of another. */
struct recipients_view recipients_view(const struct recipients_snapshot *s,
				       uint32_t container, uint32_t lcid,
				       enum recipients_sort sort);

/* Where a recipient stands in a view; count if it is not in it. */
uint32_t recipients_position(const struct recipients_snapshot *s,
			     const struct recipients_view *view,
			     uint32_t lcid, enum recipients_sort sort,
			     const struct recipient *r);

/* The first position in a view whose name is not before text. */
uint32_t recipients_seek(const struct recipients_snapshot *s,
			 const struct recipients_view *view, uint32_t lcid,
			 enum recipients_sort sort, const char *text);

/* <0, 0 or >0: text in the order of a locale's view. */
int recipients_compare(const struct recipients_snapshot *s, uint32_t lcid,
		       const char *a, const char *b);

/* Locales with an order of their own: whether views of lcid are had. */
bool recipients_has_view(const struct recipients_snapshot *s, uint32_t lcid);

/* --- Ambiguous name resolution ---------------------------------------- */

/*
 * Recipients, not hidden, that text may stand for, at most max (of more, some)
 * into slots; the count is returned.  It matches the beginning of the display
 * name, given name, surname, alias, SMTP and other proxy addresses, office
 * and phonetic names, in any case and without accents; of two words also the
 * beginnings of given name and surname, in both orders; and a whole
 * legacyExchangeDN.  After "=" it must be all of an attribute.
 *
 * A recipient that text names exactly by an address or a DN is taken alone,
 * whatever else begins so.
 */
size_t recipients_anr(const struct recipients_snapshot *s, const char *text,
		      uint32_t *slots, size_t max);

/* --- Filters ---------------------------------------------------------- */

struct restriction;

/*
 * An RFC 4515 filter over attributes' LDAP names and objectClass as a
 * restriction, in the arena.  err says where it can't be read.
 */
bool recipient_filter_parse(const char *filter, struct arena *arena,
			    const struct restriction **out, struct err *err);

#endif
