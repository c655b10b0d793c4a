/* SPDX-License-Identifier: Apache-2.0 */
/* An organisation with every kind of recipient, for tests. */
#ifndef TESTS_DIRECTORY_WORLD_RECIPIENTS_H
#define TESTS_DIRECTORY_WORLD_RECIPIENTS_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/directory.h"
#include "directory/recipients_local.h"

struct people {
	char folder[64], path[96];
	struct directory *dir;
	struct recipients *all;
	struct arena *arena;
	struct guid server, database, alice, bob, carol, staff, sales, supplier,
		    room, folder_guid, agent, printer, north;
};

#define PEOPLE_OK(call) do { \
	struct err err_ = { .text = "" }; \
	struct err *err = &err_; \
	(void)err; \
	if (!(call)) \
		fail_msg("%s: %s", #call, err_.text); \
} while (0)

static inline struct guid people_user(struct people *p, const char *account,
				      const char *name)
{
	struct dir_user u = { .account = account, .display_name = name };
	struct dir_mailbox m = { .database = p->database };

	PEOPLE_OK(directory_new_user(p->dir, &u, err));
	m.user = u.guid;
	PEOPLE_OK(directory_new_mailbox(p->dir, &m, err));
	return u.guid;
}

static inline struct guid people_recipient(struct people *p,
					   enum recipient_kind kind,
					   const char *alias,
					   const char *name,
					   const char *filter)
{
	struct dir_recipient r = { .kind = kind, .alias = alias,
		.display_name = name, .filter = filter };

	PEOPLE_OK(directory_new_recipient(p->dir, &r, err));
	return r.guid;
}

static inline void people_set(struct people *p, struct guid guid,
			      uint32_t tag, const void *value, size_t len)
{
	struct bin v = { value, len };
	struct recipient_change c = { RECIPIENT_SET, tag, 1, &v };

	PEOPLE_OK(directory_set_attributes(p->dir, &guid, &c, 1, err));
}

static inline void people_text(struct people *p, struct guid guid,
			       uint32_t tag, const char *text)
{
	people_set(p, guid, tag, text, strlen(text));
}

static inline void people_link(struct people *p, struct guid guid,
			       uint32_t tag, struct guid to,
			       enum recipient_change_op op)
{
	struct bin v = { to.b, sizeof to.b };
	struct recipient_change c = { op, tag, 1, &v };

	PEOPLE_OK(directory_set_attributes(p->dir, &guid, &c, 1, err));
}

static inline void people_fill(struct people *p)
{
	struct dir_server server = { .name = "MX1", .make = "Posthouse",
		.fqdn = "mx1.example.test", .roles = 3, .site = "Home",
		.version = "Version 15.1 (Build 2507.6)" };
	struct dir_database db = { .name = "DB1", .path = "mailboxes" };
	struct recipient_list north = { .name = "North",
					.filter = "(l=Kiel*)" };

	PEOPLE_OK(directory_new_server(p->dir, &server, err));
	p->server = db.server = server.guid;
	PEOPLE_OK(directory_new_database(p->dir, &db, err));
	p->database = db.guid;
	p->alice = people_user(p, "alice", "Alice Ångström");
	p->bob = people_user(p, "bob", "Bob Smith");
	p->carol = people_user(p, "carol", "Carol Smithers");
	p->staff = people_recipient(p, RECIPIENT_GROUP, "staff", "Staff", "");
	p->sales = people_recipient(p, RECIPIENT_DYNAMIC_GROUP, "sales",
				    "Sales", "(department=Sales)");
	p->supplier = people_recipient(p, RECIPIENT_CONTACT, "supplier",
				       "Zoë Supplier", "");
	p->room = people_recipient(p, RECIPIENT_ROOM, "room1", "Room 1", "");
	p->folder_guid = people_recipient(p, RECIPIENT_PUBLIC_FOLDER,
					  "news", "News", "");
	p->agent = people_recipient(p, RECIPIENT_AGENT, "quote",
				    "Quote of the Day", "");
	p->printer = people_recipient(p, RECIPIENT_EQUIPMENT, "printer",
				      "Printer", "");
	PEOPLE_OK(directory_new_list(p->dir, &north, err));
	p->north = north.guid;
	people_text(p, p->alice, PID_TAG_GIVEN_NAME, "Alice");
	people_text(p, p->alice, PID_TAG_SURNAME, "Ångström");
	people_text(p, p->alice, PID_TAG_LOCALITY, "Kiel");
	people_text(p, p->alice, PID_TAG_OFFICE_LOCATION, "7/101");
	people_text(p, p->bob, PID_TAG_GIVEN_NAME, "Bob");
	people_text(p, p->bob, PID_TAG_SURNAME, "Smith");
	people_text(p, p->bob, PID_TAG_DEPARTMENT_NAME, "Sales");
	people_text(p, p->carol, PID_TAG_GIVEN_NAME, "Carol");
	people_text(p, p->carol, PID_TAG_SURNAME, "Smithers");
	people_link(p, p->bob, PID_TAG_ADDRESS_BOOK_MANAGER, p->alice,
		    RECIPIENT_SET);
	people_link(p, p->carol, PID_TAG_ADDRESS_BOOK_MANAGER, p->alice,
		    RECIPIENT_SET);
	people_link(p, p->staff, PID_TAG_ADDRESS_BOOK_OWNER, p->alice,
		    RECIPIENT_SET);
	people_link(p, p->staff, PID_TAG_ADDRESS_BOOK_MEMBER, p->bob,
		    RECIPIENT_ADD);
	people_link(p, p->staff, PID_TAG_ADDRESS_BOOK_MEMBER, p->carol,
		    RECIPIENT_ADD);
}

static inline void people_refresh(struct people *p, uint32_t lcid)
{
	if (recipients_stale(p->all, lcid))
		PEOPLE_OK(recipients_refresh(p->all, lcid, err));
}

static inline void people_new(struct people *p)
{
	static const char *const domains[] = { "example.test" };
	struct dir_org org = { .name = "First Organization",
			       .domains = domains, .domain_count = 1 };
	struct recipients_backend backend;

	memset(p, 0, sizeof *p);
	strcpy(p->folder, "/tmp/posthouse-people-XXXXXX");
	if (mkdtemp(p->folder) == NULL)
		abort();
	snprintf(p->path, sizeof p->path, "%s/organization.db", p->folder);
	PEOPLE_OK(directory_create(p->path, &org, err));
	PEOPLE_OK(directory_open(p->path, "MX1", &p->dir, err));
	p->arena = arena_new(0);
	people_fill(p);
	PEOPLE_OK(recipients_local(p->dir, &backend, err));
	p->all = recipients_new(&backend);
	people_refresh(p, 0x0409);
}

static inline void people_free(struct people *p)
{
	recipients_free(p->all);
	directory_close(p->dir);
	arena_free(p->arena);
	unlink(p->path);
	rmdir(p->folder);
}

#endif
