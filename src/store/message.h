/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages, recipients and attachments ([MS-OXCMSG]).
 *
 * A struct message is an open message in session memory: the stored row and
 * what has been changed since, which others see only after message_save.  So
 * are attachments, which attachment_save puts into their message, and
 * embedded messages, which message_save puts into their attachment; nothing
 * is on disk before the outermost message is saved.  Values above 64 KiB lie
 * in the pool's staging file meanwhile, or where they are stored.
 *
 * All functions need the lock of the mailbox.  An object keeps its store
 * open.  Close what was opened from an object before the object itself:
 * streams, embedded messages, attachments, message.
 *
 * PTYP_STRING8 is not stored: callers convert to PTYP_STRING first, and ask
 * for PTYP_STRING.
 */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ec.h"
#include "mapi/prop.h"
#include "store/store.h"

struct message;
struct attachment;

/* Values longer than this are had through streams only. */
enum { PROP_GET_MAX = 0x10000 };

/* Messages in attachments in messages …: how deep. */
enum { MESSAGE_DEPTH_MAX = 32 };
enum { ATTACHMENTS_MAX = 10000, RECIPIENTS_MAX = 32768 };

/* ---- Opening and making ---- */

enum message_mode { MESSAGE_READ_ONLY, MESSAGE_READ_WRITE };

/*
 * The message of an ID, wherever it is: a folder_id that is not the one it
 * is in does no harm (0: unknown).  deleted: soft-deleted ones are found too
 * ([MS-OXCMSG] 2.2.3.1.1, OpenSoftDeleted).  EC_NOT_FOUND.
 */
enum ec message_open(struct store *store, uint64_t folder_id,
		     uint64_t message_id, enum message_mode mode,
		     bool deleted, struct message **out);

/*
 * A new message, to be in folder_id, with the properties that [MS-OXCMSG]
 * 3.2.5.2 wants it to have.  code_page: PidTagMessageCodepage and, 0 left
 * out, PidTagInternetCodepage's default.  message_id 0: given at the first
 * save; else an ID that was reserved.  EC_NOT_FOUND (folder),
 * EC_SEARCH_FOLDER, EC_INVALID_PARAM (an ID that was not reserved).
 */
enum ec message_create(struct store *store, uint64_t folder_id,
		       bool associated, uint32_t code_page,
		       uint64_t message_id, struct message **out);

void message_close(struct message *m);    /* NULL is allowed */

struct store *message_store(const struct message *m);
uint64_t message_folder_id(const struct message *m);      /* embedded: 0 */
uint64_t message_id(const struct message *m);     /* 0 until first saved */
bool message_is_new(const struct message *m);     /* never saved */
bool message_is_embedded(const struct message *m);
bool message_is_associated(const struct message *m);
bool message_is_dirty(const struct message *m);
enum message_mode message_mode(const struct message *m);
void message_set_mode(struct message *m, enum message_mode mode);
bool message_has_named_props(const struct message *m);

/* ---- Saving ([MS-OXCMSG] 3.2.5.3) ---- */

enum {
	MESSAGE_SAVE_FORCE = 0x04,        /* ForceSave: others' loses */
	MESSAGE_SAVE_DELIVER = 0x100,     /* delivered: also tell of new mail */
};

/*
 * One transaction: ID, change number, PCL, counts; then events.  With the
 * mailbox's file synced the message is safe.  Of an embedded message: into
 * its attachment, in memory.  The object stays usable, read-write.
 * EC_OBJECT_MODIFIED: another changed it since it was opened, and no FORCE.
 * EC_OBJECT_DELETED, EC_ACCESS_DENIED (read-only), EC_QUOTA_EXCEEDED,
 * EC_DISK_ERROR: nothing was changed, and it can be tried again.
 */
enum ec message_save(struct message *m, unsigned flags);

/* Forget what was not saved and read the row again. */
enum ec message_reload(struct message *m);

/*
 * Set the read flag at once, saved or not, dirty or not ([MS-OXCMSG]
 * 3.2.5.13): flags as messages_set_read's.  *changed: whether it was.
 */
enum ec message_set_read(struct message *m, unsigned flags, bool *changed);

/* ---- Properties ---- */

/*
 * The value, stored or computed.  A tag of type PTYP_UNSPECIFIED gets any
 * type.  Valid until the message is next changed, saved or closed; large and
 * computed ones live in a.  EC_NOT_FOUND; EC_NOT_ENOUGH_MEMORY for a value
 * longer than PROP_GET_MAX (open a stream).
 */
enum ec message_get_prop(struct message *m, uint32_t tag, struct arena *a,
			 struct prop_value *out);

/* All tags, stored first, then computed. */
enum ec message_list_props(struct message *m, struct arena *a,
			   struct prop_tags *out);

/* Bytes of the value, without reading a large one.  EC_NOT_FOUND. */
enum ec message_prop_size(struct message *m, uint32_t tag, uint64_t *out);

/*
 * Copies the value.  EC_COMPUTED for what the server computes (such calls
 * are answered per property, [MS-OXCPRPT] 3.2.5.4), EC_ACCESS_DENIED,
 * EC_INVALID_TYPE.
 */
enum ec message_set_prop(struct message *m, const struct prop_value *value);
enum ec message_delete_prop(struct message *m, uint32_t tag);

/* Bytes of the prefix that a subject begins with ("RE: "); 0: none. */
size_t subject_prefix_length(const char *subject);

/*
 * Whether clients may not set it, beyond what message_set_prop refuses by
 * itself: PidTagCreationTime, PidTagLastModificationTime, PidTagSearchKey,
 * the names of creator and modifier ([MS-OXCPRPT] 2.2.1).
 */
bool message_prop_client_read_only(uint32_t tag);

/* ---- Recipients ([MS-OXCMSG] 2.2.3.5) ---- */

struct recipient {
	uint32_t row_id;
	uint8_t type;             /* RecipientType with its flag bits */
	struct prop_values props; /* all columns, standard ones included:
				   * PidTagDisplayName, PidTagEmailAddress … */
};

size_t message_recipient_count(const struct message *m);

/* The i-th in order of row ID; props live in a. */
enum ec message_recipient(struct message *m, size_t i, struct arena *a,
			  struct recipient *out);

/* Add the row, or replace the one with its row_id.  Copies. */
enum ec message_set_recipient(struct message *m, const struct recipient *r);
enum ec message_remove_recipient(struct message *m, uint32_t row_id);
enum ec message_remove_recipients(struct message *m);

/* ---- Attachments ([MS-OXCMSG] 2.2.3.13 to 2.2.3.19) ---- */

/* The numbers of the attachments that are there, ascending; in a. */
size_t message_attachments(struct message *m, struct arena *a,
			   const uint32_t **numbers);

/*
 * A new attachment, in the message once it is saved; numbers are never used
 * twice while the message is open.  EC_MAX_ATTACHMENT.
 */
enum ec attachment_create(struct message *m, struct attachment **out);
enum ec attachment_open(struct message *m, uint32_t number,
			enum message_mode mode, struct attachment **out);
enum ec attachment_save(struct attachment *at);
void attachment_close(struct attachment *at);     /* NULL is allowed */
enum ec message_delete_attachment(struct message *m, uint32_t number);

uint32_t attachment_number(const struct attachment *at);
struct message *attachment_message(const struct attachment *at);

enum ec attachment_get_prop(struct attachment *at, uint32_t tag,
			    struct arena *a, struct prop_value *out);
enum ec attachment_list_props(struct attachment *at, struct arena *a,
			      struct prop_tags *out);
enum ec attachment_prop_size(struct attachment *at, uint32_t tag,
			     uint64_t *out);
enum ec attachment_set_prop(struct attachment *at,
			    const struct prop_value *value);
enum ec attachment_delete_prop(struct attachment *at, uint32_t tag);

/* One property of an attachment of m, for the attachment table. */
enum ec message_attachment_prop(struct message *m, uint32_t number,
				uint32_t tag, struct arena *a,
				struct prop_value *out);

/* [MS-OXCMSG] 2.2.3.16.1, OpenModeFlags */
enum embedded_mode { EMBEDDED_READ_ONLY, EMBEDDED_READ_WRITE,
		     EMBEDDED_CREATE };

/*
 * The message in an attachment of PidTagAttachMethod 5.  CREATE: a new one if
 * there is none.  EC_NOT_FOUND, EC_ACCESS_DENIED, EC_TOO_COMPLEX (depth).
 */
enum ec attachment_open_embedded(struct attachment *at,
				 enum embedded_mode mode,
				 uint32_t code_page, struct message **out);
bool attachment_has_embedded(const struct attachment *at);

/* ---- Copying ([MS-OXCPRPT] 3.2.5.7, 3.2.5.8) ---- */

/*
 * Between open objects of one mailbox or two (both locked, or the same).
 * Of all properties, less exclude; or of those in only (exclude NULL).
 * subobjects: recipients and attachments too (PidTagMessageRecipients and
 * PidTagMessageAttachments in exclude or only say so themselves).
 * no_overwrite: what is there stays.  Computed properties are passed over.
 */
enum ec message_copy_props(struct message *src, struct message *dst,
			   const struct prop_tags *only,
			   const struct prop_tags *exclude,
			   bool subobjects, bool no_overwrite);
enum ec attachment_copy_props(struct attachment *src, struct attachment *dst,
			      const struct prop_tags *only,
			      const struct prop_tags *exclude,
			      bool subobjects, bool no_overwrite);

#endif
