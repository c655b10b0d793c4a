/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/entry_id.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "mapi/code_page.h"
#include "mapi/prop_codec.h"

const struct guid PROVIDER_PUBLIC_FOLDER = { {
	0x1a, 0x44, 0x73, 0x90, 0xaa, 0x66, 0x11, 0xcd,
	0x9b, 0xc8, 0x00, 0xaa, 0x00, 0x2f, 0xc4, 0x5a } };
const struct guid PROVIDER_STORE_WRAP = { {
	0x38, 0xa1, 0xbb, 0x10, 0x05, 0xe5, 0x10, 0x1a,
	0xa1, 0xbb, 0x08, 0x00, 0x2b, 0x2a, 0x56, 0xc2 } };
const struct guid PROVIDER_STORE_PRIVATE = { {
	0x1b, 0x55, 0xfa, 0x20, 0xaa, 0x66, 0x11, 0xcd,
	0x9b, 0xc8, 0x00, 0xaa, 0x00, 0x2f, 0xc4, 0x5a } };
const struct guid PROVIDER_STORE_PUBLIC = { {
	0x1c, 0x83, 0x02, 0x10, 0xaa, 0x66, 0x11, 0xcd,
	0x9b, 0xc8, 0x00, 0xaa, 0x00, 0x2f, 0xc4, 0x5a } };
const struct guid PROVIDER_ONE_OFF = { {
	0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19,
	0x9d, 0x6e, 0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02 } };
const struct guid PROVIDER_ADDRESS_BOOK = { {
	0xdc, 0xa7, 0x40, 0xc8, 0xc0, 0x42, 0x10, 0x1a,
	0xb4, 0xb9, 0x08, 0x00, 0x2b, 0x2f, 0xe1, 0x82 } };
const struct guid PROVIDER_CONTACT = { {
	0xfe, 0x42, 0xaa, 0x0a, 0x18, 0xc7, 0x1a, 0x10,
	0xe8, 0x85, 0x0b, 0x65, 0x1c, 0x24, 0x00, 0x00 } };

enum {
	HEAD_SIZE = 20,           /* Flags and ProviderUID, of all of them */
	DLL_NAME_SIZE = 14,
	TYPE_PRIVATE_STORE = 0x0c,
	TYPE_PUBLIC_STORE = 0x06,
};

static const char dll_name[DLL_NAME_SIZE] = "EMSMDB.DLL";

static struct wire_r reader(const struct bin *data)
{
	return wire_r(data->data, data->len);
}

/* Flags, which are zero in every stored entry ID, and the provider. */
static struct guid head_decode(struct wire_r *r)
{
	wire_u32(r);
	return wire_guid(r);
}

static void head_encode(struct wire_w *w, const struct guid *provider)
{
	wire_put_u32(w, 0);
	wire_put_guid(w, provider);
}

/* The head again, where only one provider is right. */
static void head_expect(struct wire_r *r, const struct guid *provider)
{
	struct guid found = head_decode(r);

	if (!guid_equal(&found, provider))
		r->bad = true;
}

/* Room for an entry ID of so many bytes at most, and what was written. */
static struct wire_w writer(struct arena *a, size_t room)
{
	return wire_w(arena_alloc(a, room), room);
}

static struct bin written(const struct wire_w *w)
{
	return (struct bin){ w->base, w->len };
}

enum entry_id_kind entry_id_kind(const struct bin *data)
{
	struct wire_r r = reader(data);
	struct guid provider = head_decode(&r);

	if (!wire_ok(&r))
		return ENTRY_ID_UNKNOWN;
	if (guid_equal(&provider, &PROVIDER_ONE_OFF))
		return ENTRY_ID_ONE_OFF;
	if (guid_equal(&provider, &PROVIDER_ADDRESS_BOOK))
		return ENTRY_ID_ADDRESS_BOOK;
	if (guid_equal(&provider, &PROVIDER_CONTACT))
		return ENTRY_ID_CONTACT;
	if (guid_equal(&provider, &PROVIDER_STORE_WRAP))
		return ENTRY_ID_STORE;
	if (data->len == FOLDER_ENTRY_ID_SIZE)
		return ENTRY_ID_FOLDER;
	return data->len == MESSAGE_ENTRY_ID_SIZE ? ENTRY_ID_MESSAGE :
		ENTRY_ID_UNKNOWN;
}

/* ---- folders and messages ---- */

static bool type_is_folder(unsigned type)
{
	return type == STORE_PRIVATE_FOLDER || type == STORE_PUBLIC_FOLDER ||
		type == STORE_MAPPED_PUBLIC_FOLDER ||
		type == STORE_PUBLIC_NEWSGROUP_FOLDER;
}

static bool type_is_message(unsigned type)
{
	return type == STORE_PRIVATE_MESSAGE || type == STORE_PUBLIC_MESSAGE ||
		type == STORE_MAPPED_PUBLIC_MESSAGE;
}

bool folder_entry_id_parse(const struct bin *data, struct folder_entry_id *out)
{
	struct wire_r r = reader(data);
	struct folder_entry_id id = { .provider_uid = head_decode(&r) };

	id.folder_type = wire_u16(&r);
	long_term_id_decode(&r, &id.folder);
	if (!wire_done(&r) || !type_is_folder(id.folder_type))
		return false;
	*out = id;
	return true;
}

void folder_entry_id_put(uint8_t out[static FOLDER_ENTRY_ID_SIZE],
			 const struct folder_entry_id *id)
{
	struct wire_w w = wire_w(out, FOLDER_ENTRY_ID_SIZE);

	head_encode(&w, &id->provider_uid);
	wire_put_u16(&w, id->folder_type);
	long_term_id_encode(&w, &id->folder);
}

struct bin folder_entry_id_format(struct arena *a,
				  const struct folder_entry_id *id)
{
	uint8_t *data = arena_alloc(a, FOLDER_ENTRY_ID_SIZE);

	folder_entry_id_put(data, id);
	return (struct bin){ data, FOLDER_ENTRY_ID_SIZE };
}

bool message_entry_id_parse(const struct bin *data,
			    struct message_entry_id *out)
{
	struct wire_r r = reader(data);
	struct message_entry_id id = { .provider_uid = head_decode(&r) };

	id.message_type = wire_u16(&r);
	long_term_id_decode(&r, &id.folder);
	long_term_id_decode(&r, &id.message);
	if (!wire_done(&r) || !type_is_message(id.message_type))
		return false;
	*out = id;
	return true;
}

void message_entry_id_put(uint8_t out[static MESSAGE_ENTRY_ID_SIZE],
			  const struct message_entry_id *id)
{
	struct wire_w w = wire_w(out, MESSAGE_ENTRY_ID_SIZE);

	head_encode(&w, &id->provider_uid);
	wire_put_u16(&w, id->message_type);
	long_term_id_encode(&w, &id->folder);
	long_term_id_encode(&w, &id->message);
}

struct bin message_entry_id_format(struct arena *a,
				   const struct message_entry_id *id)
{
	uint8_t *data = arena_alloc(a, MESSAGE_ENTRY_ID_SIZE);

	message_entry_id_put(data, id);
	return (struct bin){ data, MESSAGE_ENTRY_ID_SIZE };
}

/* ---- stores ---- */

static bool provider_is_store(const struct guid *provider, uint32_t type,
			      bool *is_public)
{
	*is_public = guid_equal(provider, &PROVIDER_STORE_PUBLIC);
	if (*is_public)
		return type == TYPE_PUBLIC_STORE;
	return guid_equal(provider, &PROVIDER_STORE_PRIVATE) &&
		type == TYPE_PRIVATE_STORE;
}

bool store_entry_id_parse(const struct bin *data, struct arena *a,
			  struct store_entry_id *out)
{
	struct wire_r r = reader(data);
	struct store_entry_id id = { .is_public = false };
	struct guid wrapped;
	uint32_t type;

	head_expect(&r, &PROVIDER_STORE_WRAP);
	wire_u16(&r);                     /* Version and Flag */
	wire_bytes(&r, DLL_NAME_SIZE);
	wrapped = head_decode(&r);
	type = wire_u32(&r);
	id.server_short_name = wire_asciiz(&r);
	/* A public store's may end here. */
	id.mailbox_dn = wire_ok(&r) && wire_left(&r) == 0 ? "" :
		wire_asciiz(&r);
	if (!wire_ok(&r) || !provider_is_store(&wrapped, type, &id.is_public))
		return false;
	id.server_short_name = arena_strdup(a, id.server_short_name);
	id.mailbox_dn = arena_strdup(a, id.mailbox_dn);
	*out = id;
	return true;
}

struct bin store_entry_id_format(struct arena *a,
				 const struct store_entry_id *id)
{
	struct wire_w w = writer(a, 2 * HEAD_SIZE + 2 + DLL_NAME_SIZE + 4 +
				 strlen(id->server_short_name) + 1 +
				 strlen(id->mailbox_dn) + 1);

	head_encode(&w, &PROVIDER_STORE_WRAP);
	wire_put_u16(&w, 0);
	wire_put(&w, dll_name, DLL_NAME_SIZE);
	head_encode(&w, id->is_public ? &PROVIDER_STORE_PUBLIC :
		    &PROVIDER_STORE_PRIVATE);
	wire_put_u32(&w, id->is_public ? TYPE_PUBLIC_STORE :
		     TYPE_PRIVATE_STORE);
	wire_put_asciiz(&w, id->server_short_name);
	if (!id->is_public || *id->mailbox_dn != '\0')
		wire_put_asciiz(&w, id->mailbox_dn);
	return written(&w);
}

/* ---- addresses ---- */

static const char *one_off_string(struct wire_r *r, struct prop_ctx *c,
				  bool unicode)
{
	return unicode ? wire_utf16z(r, c->arena) : wire_string8z(r, c);
}

bool one_off_entry_id_parse(const struct bin *data, struct arena *a,
			    uint32_t code_page, struct one_off_entry_id *out)
{
	struct prop_ctx c = prop_ctx_rop(a, code_page != 0 ? code_page :
					 CODE_PAGE_WINDOWS_1252);
	struct wire_r r = reader(data);
	struct one_off_entry_id id;
	bool unicode;

	head_expect(&r, &PROVIDER_ONE_OFF);
	wire_u16(&r);                     /* Version */
	id.flags = wire_u16(&r);
	unicode = (id.flags & ONE_OFF_UNICODE) != 0;
	id.display_name = one_off_string(&r, &c, unicode);
	id.address_type = one_off_string(&r, &c, unicode);
	id.email_address = one_off_string(&r, &c, unicode);
	if (!wire_done(&r))
		return false;
	*out = id;
	return true;
}

struct bin one_off_entry_id_format(struct arena *a,
				   const struct one_off_entry_id *id)
{
	size_t units = strlen(id->display_name) + strlen(id->address_type) +
		strlen(id->email_address) + 3;
	struct wire_w w = writer(a, HEAD_SIZE + 4 + 2 * units);

	head_encode(&w, &PROVIDER_ONE_OFF);
	wire_put_u16(&w, 0);
	wire_put_u16(&w, (uint16_t)(id->flags | ONE_OFF_UNICODE));
	wire_put_utf16z(&w, id->display_name);
	wire_put_utf16z(&w, id->address_type);
	wire_put_utf16z(&w, id->email_address);
	return written(&w);
}

struct bin entry_id_one_off(struct arena *a, const char *display_name,
			    const char *address_type,
			    const char *email_address)
{
	struct one_off_entry_id id = {
		.flags = ONE_OFF_NO_RICH_INFO | ONE_OFF_NO_LOOKUP,
		.display_name = display_name,
		.address_type = address_type,
		.email_address = email_address,
	};

	return one_off_entry_id_format(a, &id);
}

bool address_book_entry_id_parse(const struct bin *data, struct arena *a,
				 struct address_book_entry_id *out)
{
	struct wire_r r = reader(data);
	struct address_book_entry_id id;

	head_expect(&r, &PROVIDER_ADDRESS_BOOK);
	wire_u32(&r);                     /* Version */
	id.type = wire_u32(&r);
	id.x500_dn = wire_asciiz(&r);
	if (!wire_done(&r))
		return false;
	id.x500_dn = arena_strdup(a, id.x500_dn);
	*out = id;
	return true;
}

struct bin address_book_entry_id_format(struct arena *a,
					const struct address_book_entry_id *id)
{
	struct wire_w w = writer(a, HEAD_SIZE + 8 + strlen(id->x500_dn) + 1);

	head_encode(&w, &PROVIDER_ADDRESS_BOOK);
	wire_put_u32(&w, 1);
	wire_put_u32(&w, id->type);
	wire_put_asciiz(&w, id->x500_dn);
	return written(&w);
}

/* ---- lists ---- */

static size_t pad4(size_t len)
{
	return (4 - len % 4) % 4;
}

bool entry_id_list_parse(const struct bin *data, struct arena *a, uint32_t *n,
			 const struct bin **out)
{
	struct wire_r r = reader(data);
	size_t count = wire_u32(&r), size = wire_count32(&r, 1);
	struct wire_r in = wire_sub(&r, size);
	struct bin *v;

	count = wire_count(&in, count, 4);
	if (!wire_ok(&in) || !wire_done(&r))
		return false;
	v = arena_array(a, count, sizeof *v);
	for (size_t i = 0; i < count; i++) {
		v[i].len = wire_count32(&in, 1);
		v[i].data = wire_bytes(&in, v[i].len);
		if (wire_left(&in) > 0)
			wire_bytes(&in, pad4(v[i].len));
	}
	if (!wire_done(&in))
		return false;
	*n = (uint32_t)count;
	*out = v;
	return true;
}

struct bin entry_id_list_format(struct arena *a, uint32_t n,
				const struct bin *entries)
{
	static const uint8_t zeros[4];
	size_t size = 8;
	struct wire_w w;

	for (uint32_t i = 0; i < n; i++)
		size += 4 + entries[i].len + 3;
	w = writer(a, size);
	wire_put_u32(&w, n);
	wire_put_u32(&w, 0);
	for (uint32_t i = 0; i < n; i++) {
		wire_put_u32(&w, (uint32_t)entries[i].len);
		wire_put(&w, entries[i].data, entries[i].len);
		if (i + 1 < n)
			wire_put(&w, zeros, pad4(entries[i].len));
	}
	wire_patch_u32(&w, 4, (uint32_t)(w.len - 8));
	return written(&w);
}

struct bin entry_id_list_one_off(struct arena *a, uint32_t n,
				 const char *const *display_names,
				 const char *const *email_addresses)
{
	struct bin *v = arena_array(a, n, sizeof *v);

	for (uint32_t i = 0; i < n; i++)
		v[i] = entry_id_one_off(a, display_names[i], "SMTP",
					email_addresses[i]);
	return entry_id_list_format(a, n, v);
}

/* ---- ServerId and search keys ---- */

bool server_id_parse(const struct bin *data, struct server_id *out)
{
	struct wire_r r = reader(data);
	unsigned ours = wire_u8(&r);
	struct server_id id;

	id.folder_id = wire_u64(&r);
	id.message_id = wire_u64(&r);
	id.instance = wire_u32(&r);
	if (!wire_done(&r) || ours != 1)
		return false;
	*out = id;
	return true;
}

void server_id_put(uint8_t out[static SERVER_ID_SIZE],
		   const struct server_id *id)
{
	struct wire_w w = wire_w(out, SERVER_ID_SIZE);

	wire_put_u8(&w, 1);
	wire_put_u64(&w, id->folder_id);
	wire_put_u64(&w, id->message_id);
	wire_put_u32(&w, id->instance);
}

struct bin server_id_format(struct arena *a, const struct server_id *id)
{
	uint8_t *data = arena_alloc(a, SERVER_ID_SIZE);

	server_id_put(data, id);
	return (struct bin){ data, SERVER_ID_SIZE };
}

struct bin search_key_format(struct arena *a, const char *address_type,
			     const char *email_address)
{
	char *key = arena_printf(a, "%s:%s", address_type, email_address);

	for (char *p = key; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return (struct bin){ (const uint8_t *)key, strlen(key) + 1 };
}

/* ---- printing ---- */

static void print_id(struct buf *b, const char *what,
		     const struct long_term_id *id)
{
	char text[GUID_TEXT_SIZE];

	guid_format(&id->database_guid, text);
	buf_printf(b, "%s %s:%" PRIx64, what, text, id->counter);
}

static void print_address(struct buf *b, struct arena *a,
			  const struct bin *data)
{
	struct one_off_entry_id one_off;
	struct address_book_entry_id book;
	struct store_entry_id store;

	if (one_off_entry_id_parse(data, a, 0, &one_off))
		buf_printf(b, "one-off \"%s\" %s:%s", one_off.display_name,
			   one_off.address_type, one_off.email_address);
	else if (address_book_entry_id_parse(data, a, &book))
		buf_printf(b, "address book type %" PRIu32 " %s", book.type,
			   book.x500_dn);
	else if (store_entry_id_parse(data, a, &store))
		buf_printf(b, "%s store %s on %s",
			   store.is_public ? "public" : "mailbox",
			   store.mailbox_dn, store.server_short_name);
	else
		buf_printf(b, "entry ID of %zu bytes", data->len);
}

void entry_id_print(struct buf *b, const struct bin *data)
{
	struct folder_entry_id folder;
	struct message_entry_id message;
	struct arena *a;

	if (folder_entry_id_parse(data, &folder)) {
		print_id(b, "folder", &folder.folder);
	} else if (message_entry_id_parse(data, &message)) {
		print_id(b, "message", &message.message);
		print_id(b, " in", &message.folder);
	} else {
		a = arena_new(0);
		print_address(b, a, data);
		arena_free(a);
	}
}
