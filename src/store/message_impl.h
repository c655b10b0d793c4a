/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of open messages; for the files message*.c, attachment.c, stream.c. */
#ifndef STORE_MESSAGE_IMPL_H
#define STORE_MESSAGE_IMPL_H

#include "store/bag.h"
#include "store/folder_row.h"
#include "store/impl.h"
#include "store/message.h"

/* [MS-OXCMSG] 2.2.1.6 */
enum {
	MF_READ = 0x0001, MF_UNMODIFIED = 0x0002, MF_SUBMITTED = 0x0004,
	MF_UNSENT = 0x0008, MF_HAS_ATTACH = 0x0010, MF_FROM_ME = 0x0020,
	MF_FAI = 0x0040, MF_RESEND = 0x0080, MF_NOTIFY_READ = 0x0100,
	MF_NOTIFY_UNREAD = 0x0200, MF_EVER_READ = 0x0400,
};

/* ---- Recipients: rows in one buffer, also their stored form ---- */

struct recipient_row {
	uint32_t row_id;
	uint8_t type;
	size_t offset, len;       /* of the blob, in data */
};

struct recipients {
	struct buf data;
	struct recipient_row *v;  /* ordered by row_id */
	size_t n, cap;
};

/* False: damaged. */
bool recipients_load(struct recipients *r, const void *data, size_t len);
void recipients_store(const struct recipients *r, struct buf *out);
void message_recipients_free(struct recipients *r);
void recipients_copy(struct recipients *dst, const struct recipients *src);
uint64_t recipients_size(const struct recipients *r);

/* The names of one type, joined with "; ". */
char *recipients_display(const struct recipients *r, unsigned type,
			 struct arena *a);

/* ---- Attachments as their message has them ---- */

struct attach_node {
	uint32_t number;
	struct packed *props;
	int64_t embedded_id;              /* stored and unchanged; 0: none */
	struct message_state *embedded;   /* or this, unsaved */
	uint64_t size;
	bool dirty;               /* not as it is on disk */
};

struct attach_list {
	struct attach_node *v;    /* ordered by number */
	size_t n, cap;
	uint32_t next_number;
};

void attach_list_free(struct attach_list *list);
void attach_list_copy(struct attach_list *dst,
		      const struct attach_list *src);
struct attach_node *attach_list_find(const struct attach_list *list,
				     uint32_t number);
struct attach_node *attach_list_add(struct attach_list *list,
				    uint32_t number);
void attach_list_remove(struct attach_list *list, uint32_t number);
void attach_node_clear(struct attach_node *node);

/* Read the rows of a message. */
enum ec attach_list_load(struct store *store, int64_t message,
			 struct attach_list *out);

/*
 * Write what is dirty and delete the rows that are not in the list, within a
 * transaction.  *list is not changed: saved gets what is on disk then (to be
 * freed by the caller in any case).
 */
enum ec attach_list_save(struct store *store, int64_t message, bool is_new,
			 const struct attach_list *list,
			 struct attach_list *saved);

/* Delete all rows of a message, embedded ones included. */
enum ec attachments_delete(struct store *store, int64_t message);

/* PidTagAttachmentHidden counts for nothing: [MS-OXCMSG] 2.2.1.2 */
uint64_t attach_list_size(const struct attach_list *list);

/* ---- The content of a message that is in an attachment ---- */

struct message_state {
	unsigned refs;
	struct packed *props;
	struct recipients recipients;
	struct attach_list attachments;
	uint64_t size;
};

struct message_state *state_ref(struct message_state *s);
void state_unref(struct message_state *s);        /* NULL is allowed */

/* Read row id of messages, with its attachments. */
enum ec state_load(struct store *store, int64_t id,
		   struct message_state **out);

/* Write as row *id (0: a new one), within a transaction. */
enum ec state_save(struct store *store, const struct message_state *s,
		   int64_t *id);

/*
 * A copy of all, deep, for another message or mailbox.  map as packed_copy.
 */
enum ec state_copy(struct store *src, const struct message_state *s,
		   struct store *dst, packed_map_fn map, void *ctx,
		   unsigned depth, struct message_state **out);

/* The embedded message of a node, loaded if need be; referenced. */
enum ec node_state(struct store *store, const struct attach_node *node,
		   struct message_state **out);
enum ec node_copy(struct store *src, const struct attach_node *node,
		  struct store *dst, packed_map_fn map, void *ctx,
		  unsigned depth, struct attach_node *out);

/* Delete row id of messages with all that it has, within a transaction. */
enum ec message_row_delete(struct store *store, int64_t id);

/*
 * Delete the streams of row id but for those of keep (NULL: all), which is
 * what packed_save has made of unsaved (NULL: don't look).
 * EC_OBJECT_MODIFIED when unsaved has one that the row doesn't: another has
 * replaced the value meanwhile.
 */
enum ec message_row_streams(struct store *store, int64_t id,
			    const struct packed *unsaved,
			    const struct packed *keep);

/*
 * Write row id of messages (is_new: insert): the blob, where all values are
 * chunk rows already, and the recipients.
 */
enum ec message_row_write(struct store *store, int64_t id, bool is_new,
			  uint64_t folder, struct bin pcl,
			  const struct packed *props,
			  const struct recipients *recipients);

/* ---- The objects ---- */

/* The row in contents, beside its key. */
struct content_state {
	bool read;
	uint32_t flags, status;
	uint64_t cn, read_cn, size, delivered, modified, deleted;
};

struct message {
	struct store *store;
	struct attachment *parent;        /* embedded: its attachment */
	uint64_t folder, id;              /* counters */
	uint64_t wanted_id;               /* of a new one: an ID reserved */
	enum content_kind kind;
	enum message_mode mode;
	unsigned depth;                   /* 0: not embedded */
	bool is_new, dirty, recipients_dirty, attachments_dirty;
	bool recipients_loaded, attachments_loaded;
	bool modified_set;                /* the client set the time */
	struct content_state c;
	uint8_t *pcl;
	size_t pcl_len;
	struct bag bag;
	struct recipients recipients;
	struct attach_list attachments;
};

struct attachment {
	struct message *message;
	uint32_t number;
	enum message_mode mode;
	bool is_new, dirty;
	struct bag bag;
	int64_t embedded_id;
	struct message_state *embedded;
};

/* The row of contents; folder may be 0 or wrong and is then found. */
enum ec content_find(struct store *store, uint64_t *folder, uint64_t id,
		     bool deleted, enum content_kind *kind,
		     struct content_state *out);

/* The row blob of a message, in a. */
struct bin content_row_build(struct bag *bag, struct arena *a);

/* Write the row (is_new: insert), within a transaction. */
enum ec content_write(struct store *store, uint64_t folder,
		      enum content_kind kind, uint64_t id, bool is_new,
		      const struct content_state *c, struct bin row);

/* What a message of this kind, size and state adds to its folder (sign 1). */
void content_delta(struct folder_delta *d, enum content_kind kind,
		   const struct content_state *c, int sign);

/* Computed properties (message_props.c). */
enum ec message_computed(struct message *m, uint32_t tag, struct arena *a,
			 struct prop_value *out);
bool message_tag_read_only(uint32_t tag);

/* What is not stored but follows from what is: other forms of the body. */
enum ec message_derived(struct message *m, uint32_t tag, struct arena *a,
			struct prop_value *out);

/* Attachments that are needed; recipients are always there. */
enum ec message_need_attachments(struct message *m);

/* Fill the bag with what a new message has ([MS-OXCMSG] 3.2.5.2). */
enum ec message_defaults(struct message *m, uint32_t code_page);

#endif
