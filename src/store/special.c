/* SPDX-License-Identifier: Apache-2.0 */
#include "store/special.h"

#include "base/clock.h"
#include "store/entry.h"
#include "store/folder_row.h"
#include "store/impl.h"

enum { LOCALISED = 12 };

static const struct special {
	enum special_folder parent;
	const char *name, *container_class;
	int localised;
} specials[] = {
#define FOLDER(constant, parent, name, container_class, localised) \
	[constant] = { parent, name, container_class, localised },
SPECIAL_FOLDERS
#undef FOLDER
};

static const struct language {
	unsigned primary, sub;
	const char *names[LOCALISED];
} languages[] = {
#define LANGUAGE(primary, sub, ...) { primary, sub, { __VA_ARGS__ } },
SPECIAL_LANGUAGES
#undef LANGUAGE
};

/* LCID: 10 bits of primary language, then the sublanguage */
const char *special_folder_name(enum special_folder which, uint32_t lcid)
{
	const struct special *special = &specials[which];

	for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++) {
		const struct language *l = &languages[i];

		if (special->localised < 0 || l->primary != (lcid & 0x3ff))
			continue;
		if (l->sub == 0 || l->sub == (lcid >> 10 & 0x3f))
			return l->names[special->localised];
	}
	return special->name;
}

/* The counter of a special folder. */
static uint64_t counter(enum special_folder which)
{
	return (uint64_t)which + 1;
}

uint64_t store_special(const struct store *store, enum special_folder which)
{
	return db_id(counter(which));
}

enum special_folder store_special_of(const struct store *store,
				     uint64_t folder_id)
{
	uint64_t n = db_counter(folder_id);

	return n >= 1 && n <= SPECIAL_COUNT ? (enum special_folder)(n - 1) :
		SPECIAL_COUNT;
}

static const struct {
	uint32_t tag;
	enum special_folder which;
} pointers[] = {
	{ PID_TAG_IPM_APPOINTMENT_ENTRY_ID, SPECIAL_CALENDAR },
	{ PID_TAG_IPM_CONTACT_ENTRY_ID, SPECIAL_CONTACTS },
	{ PID_TAG_IPM_JOURNAL_ENTRY_ID, SPECIAL_JOURNAL },
	{ PID_TAG_IPM_NOTE_ENTRY_ID, SPECIAL_NOTES },
	{ PID_TAG_IPM_TASK_ENTRY_ID, SPECIAL_TASKS },
	{ PID_TAG_IPM_DRAFTS_ENTRY_ID, SPECIAL_DRAFTS },
};

enum { POINTERS = sizeof pointers / sizeof pointers[0] };

/*
 * Where clients look for the folders that the logon doesn't name
 * ([MS-OXOSFLD] 2.2.3, 2.2.4): properties of the Root and the Inbox.
 */
static size_t pointer_props(struct store *store, struct arena *a,
			    struct prop_value *out)
{
	struct bin *additional = arena_array(a, 5, sizeof *additional);
	struct bin *freebusy = arena_array(a, 4, sizeof *freebusy);
	size_t n = 0;

	for (; n < POINTERS; n++)
		out[n] = (struct prop_value){
			.tag = pointers[n].tag,
			.bin = entry_folder_bin(store,
				counter(pointers[n].which), a),
		};
	additional[4] = entry_folder_bin(store, counter(SPECIAL_JUNK), a);
	out[n++] = (struct prop_value){
		.tag = PID_TAG_ADDITIONAL_REN_ENTRY_IDS, .n = 5,
		.mv_bin = additional };
	freebusy[3] = entry_folder_bin(store, counter(SPECIAL_FREEBUSY), a);
	out[n++] = (struct prop_value){
		.tag = PID_TAG_FREE_BUSY_ENTRY_IDS, .n = 4,
		.mv_bin = freebusy };
	return n;
}

static enum ec create_one(struct store *store, enum special_folder which,
			  uint32_t lcid, struct arena *a)
{
	const struct special *special = &specials[which];
	struct prop_value values[POINTERS + 4];
	struct folder_row row = {
		.id = counter(which),
		.parent = counter(special->parent),
		.type = which == SPECIAL_ROOT ? FOLDER_ROOT : FOLDER_GENERIC,
		.name = special_folder_name(which, lcid),
	};
	size_t n = 0;

	if (special->container_class != NULL)
		values[n++] = (struct prop_value){
			.tag = PID_TAG_CONTAINER_CLASS,
			.str = special->container_class };
	if (which == SPECIAL_ROOT || which == SPECIAL_INBOX)
		n += pointer_props(store, a, values + n);
	row.props = blob_build(a, values, n);
	return folder_row_insert(store, &row);
}

static enum ec create_receive(struct store *store)
{
	static const struct {
		const char *message_class;
		enum special_folder which;
	} first[] = {
		{ "", SPECIAL_INBOX }, { "IPM", SPECIAL_INBOX },
		{ "Report.IPM", SPECIAL_INBOX }, { "IPC", SPECIAL_ROOT },
	};
	enum ec ec = EC_SUCCESS;

	/* [MS-OXCSTOR] 3.2.3 */
	for (size_t i = 0; i < 4 && ec == EC_SUCCESS; i++)
		ec = receive_insert(store, first[i].message_class,
				    db_id(counter(first[i].which)));
	return ec;
}

enum ec special_create(struct store *store, uint32_t lcid,
		       const char *display_name)
{
	struct arena *a = arena_new(0);
	struct prop_value name = { .tag = PID_TAG_DISPLAY_NAME,
		.str = display_name != NULL ? display_name : "" };
	struct bin props = blob_build(a, &name, 1);
	enum ec ec = EC_SUCCESS;

	for (int i = 0; i < SPECIAL_COUNT && ec == EC_SUCCESS; i++)
		ec = create_one(store, (enum special_folder)i, lcid, a);
	if (ec == EC_SUCCESS)
		ec = create_receive(store);
	if (ec == EC_SUCCESS)
		ec = var_set_blob(store, "props", props.data, props.len);
	arena_free(a);
	return ec;
}
