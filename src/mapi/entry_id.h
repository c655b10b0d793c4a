/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry IDs ([MS-OXCDATA] 2.2.4, 2.2.5), their lists (2.3), ServerIds
 * (2.11.1.4) and search keys.  Each kind has a struct, a parser of a whole
 * binary value, and a formatter that makes one in an arena.
 *
 * Parsers return false, with *out untouched, when the bytes are not such an
 * entry ID, provider UID included; strings lie in the arena.
 */
#ifndef MAPI_ENTRY_ID_H
#define MAPI_ENTRY_ID_H

#include "base/arena.h"
#include "mapi/id.h"
#include "mapi/prop.h"

/* Provider UIDs, as their bytes stand on the wire. */
extern const struct guid PROVIDER_PUBLIC_FOLDER;   /* 2.2.4.1 */
extern const struct guid PROVIDER_STORE_WRAP;      /* 2.2.4.3 */
extern const struct guid PROVIDER_STORE_PRIVATE;
extern const struct guid PROVIDER_STORE_PUBLIC;
extern const struct guid PROVIDER_ONE_OFF;         /* 2.2.5.1 */
extern const struct guid PROVIDER_ADDRESS_BOOK;    /* 2.2.5.2 */
extern const struct guid PROVIDER_CONTACT;         /* 2.2.5.3 */

/* What a binary value is, by its provider UID and length. */
enum entry_id_kind {
	ENTRY_ID_UNKNOWN, ENTRY_ID_FOLDER, ENTRY_ID_MESSAGE, ENTRY_ID_STORE,
	ENTRY_ID_ONE_OFF, ENTRY_ID_ADDRESS_BOOK, ENTRY_ID_CONTACT,
};

enum entry_id_kind entry_id_kind(const struct bin *data);

/* [MS-OXCDATA] 2.2.4 */
enum store_object_type {
	STORE_PRIVATE_FOLDER = 0x0001, STORE_PUBLIC_FOLDER = 0x0003,
	STORE_MAPPED_PUBLIC_FOLDER = 0x0005, STORE_PRIVATE_MESSAGE = 0x0007,
	STORE_PUBLIC_MESSAGE = 0x0009, STORE_MAPPED_PUBLIC_MESSAGE = 0x000b,
	STORE_PUBLIC_NEWSGROUP_FOLDER = 0x000c,
};

/* Folder EntryID, 2.2.4.1: 46 bytes. */
struct folder_entry_id {
	struct guid provider_uid;         /* the mailbox's GUID, or public */
	uint16_t folder_type;             /* enum store_object_type */
	struct long_term_id folder;
};

enum { FOLDER_ENTRY_ID_SIZE = 46 };

bool folder_entry_id_parse(const struct bin *data, struct folder_entry_id *out);
struct bin folder_entry_id_format(struct arena *a,
				  const struct folder_entry_id *id);
void folder_entry_id_put(uint8_t out[static FOLDER_ENTRY_ID_SIZE],
			 const struct folder_entry_id *id);

/* Message EntryID, 2.2.4.2: 70 bytes. */
struct message_entry_id {
	struct guid provider_uid;
	uint16_t message_type;
	struct long_term_id folder, message;
};

enum { MESSAGE_ENTRY_ID_SIZE = 70 };

bool message_entry_id_parse(const struct bin *data,
			    struct message_entry_id *out);
struct bin message_entry_id_format(struct arena *a,
				   const struct message_entry_id *id);
void message_entry_id_put(uint8_t out[static MESSAGE_ENTRY_ID_SIZE],
			  const struct message_entry_id *id);

/*
 * Store Object EntryID, 2.2.4.3.  What may follow the mailbox DN (the "v2"
 * block of Outlook) is let pass and not kept.
 */
struct store_entry_id {
	bool is_public;
	const char *server_short_name;
	const char *mailbox_dn;           /* "" for a public store without */
};

bool store_entry_id_parse(const struct bin *data, struct arena *a,
			  struct store_entry_id *out);
struct bin store_entry_id_format(struct arena *a,
				 const struct store_entry_id *id);

/* One-Off EntryID, 2.2.5.1. */
enum {                                    /* flags, a little-endian number */
	ONE_OFF_NO_RICH_INFO = 0x0001,    /* M: MIME instead of TNEF */
	ONE_OFF_FORMAT_MASK = 0x001e,
	ONE_OFF_TEXT_ONLY = 0x0006, ONE_OFF_HTML_ONLY = 0x000e,
	ONE_OFF_TEXT_AND_HTML = 0x0016,
	ONE_OFF_MAE_MASK = 0x0060,
	ONE_OFF_NO_LOOKUP = 0x1000,       /* L: not to be resolved */
	ONE_OFF_UNICODE = 0x8000,         /* U */
};

struct one_off_entry_id {
	uint16_t flags;                   /* ONE_OFF_* */
	const char *display_name, *address_type, *email_address;
};

/* Strings of 8 bits are of code_page.  Formatting always uses Unicode. */
bool one_off_entry_id_parse(const struct bin *data, struct arena *a,
			    uint32_t code_page, struct one_off_entry_id *out);
struct bin one_off_entry_id_format(struct arena *a,
				   const struct one_off_entry_id *id);

/* The usual one-off of a mail address: Unicode, no rich info, no look-up. */
struct bin entry_id_one_off(struct arena *a, const char *display_name,
			    const char *address_type,
			    const char *email_address);

/* Address Book EntryID, 2.2.5.2. */
enum address_book_type {
	ADDRESS_BOOK_LOCAL_MAIL_USER = 0x0000,
	ADDRESS_BOOK_DISTRIBUTION_LIST = 0x0001,
	ADDRESS_BOOK_FORUM = 0x0002, ADDRESS_BOOK_AGENT = 0x0003,
	ADDRESS_BOOK_ORGANIZATION = 0x0004,
	ADDRESS_BOOK_PRIVATE_DISTRIBUTION_LIST = 0x0005,
	ADDRESS_BOOK_REMOTE_MAIL_USER = 0x0006,
	ADDRESS_BOOK_CONTAINER = 0x0100, ADDRESS_BOOK_TEMPLATE = 0x0101,
	ADDRESS_BOOK_ONE_OFF_USER = 0x0102, ADDRESS_BOOK_SEARCH = 0x0200,
};

struct address_book_entry_id {
	uint32_t type;                    /* enum address_book_type */
	const char *x500_dn;
};

bool address_book_entry_id_parse(const struct bin *data, struct arena *a,
				 struct address_book_entry_id *out);
struct bin address_book_entry_id_format(struct arena *a,
					const struct address_book_entry_id *id);

/*
 * FlatEntryList, 2.3.3: entry IDs behind one another, each padded to 4 bytes
 * but the last.  The entries are borrowed from data.
 */
bool entry_id_list_parse(const struct bin *data, struct arena *a, uint32_t *n,
			 const struct bin **out);
struct bin entry_id_list_format(struct arena *a, uint32_t n,
				const struct bin *entries);

/* A list of the usual one-offs of n SMTP addresses (reply recipients). */
struct bin entry_id_list_one_off(struct arena *a, uint32_t n,
				 const char *const *display_names,
				 const char *const *email_addresses);

/* PtypServerId, 2.11.1.4: 21 bytes, when it is ours. */
struct server_id {
	uint64_t folder_id, message_id;   /* message 0: the folder itself */
	uint32_t instance;
};

enum { SERVER_ID_SIZE = 21 };

bool server_id_parse(const struct bin *data, struct server_id *out);
struct bin server_id_format(struct arena *a, const struct server_id *id);
void server_id_put(uint8_t out[static SERVER_ID_SIZE],
		   const struct server_id *id);

/*
 * PidTagSearchKey of an address ([MS-OXCPRPT] 2.2.1.9): "SMTP:A@B.EXAMPLE" in
 * capitals (of ASCII), with its NUL.
 */
struct bin search_key_format(struct arena *a, const char *address_type,
			     const char *email_address);

struct buf;
void entry_id_print(struct buf *b, const struct bin *data);

#endif
