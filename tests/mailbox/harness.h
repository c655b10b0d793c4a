/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of src/mailbox stand on: an organisation in a folder of its
 * own, with mailboxes, a service, and a client that speaks ROPs to it through
 * mailbox_execute, packed and unpacked as on the wire.
 *
 *	struct harness *h = harness_new();
 *	uint32_t logon = harness_logon(h, h->alice, 0, ALICE_DN);
 *	union rop_rsp rsp;
 *	uint32_t inbox;
 *
 *	assert_int_equal(rop(h, h->alice, ROP_ID_open_folder, logon,
 *		&(union rop_req){ .open_folder = { .folder_id = id } },
 *		&rsp, &inbox), EC_SUCCESS);
 *
 * Failures of the harness itself fail the test.
 */
#ifndef TESTS_MAILBOX_HARNESS_H
#define TESTS_MAILBOX_HARNESS_H

#include "test.h"

#include "auth/auth.h"
#include "base/arena.h"
#include "base/ec.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "mapi/http_body.h"
#include "mapi/rop.h"
#include "mapi/rop_payload.h"
#include "store/store.h"

#define USER_DN(name) "/o=Test/ou=First/cn=Recipients/cn=" name
#define ALICE_DN USER_DN("alice")       /* owns a mailbox */
#define BOB_DN USER_DN("bob")           /* owns another */
#define ADMIN_DN USER_DN("admin")       /* administrator, owns one too */
#define CAROL_DN USER_DN("carol")       /* her mailbox is on another server */
#define DAVE_DN USER_DN("dave")         /* has none */
#define ERIN_DN USER_DN("erin")         /* hers is disabled */

enum { HARNESS_EVENTS = 64 };

struct harness {
	char dir_path[64];
	struct arena *arena;              /* for the test; answers lie here */
	struct directory *dir;
	struct store_pool *pool;
	struct mailbox_service *svc;
	const struct identity *alice_id, *bob_id, *admin_id;
	struct session *alice;            /* connected; no logon yet */
	struct prop_tags columns;         /* for rows in answers (rop.h) */
	uint32_t execute_flags;           /* of every Execute; 3: no packing */
	uint32_t max_rop_out;             /* of every Execute */
	/* Events that the service reported. */
	enum mailbox_event_type events[HARNESS_EVENTS];
	unsigned n_events;
};

struct harness *harness_new(void);

/* With other limits; 0 in a field is the default. */
struct harness *harness_new_limits(const struct mailbox_limits *limits);
void harness_free(struct harness *h);

/* Connect with a user DN; NULL and *ec if refused. */
struct session *harness_connect(struct harness *h, const struct identity *who,
				const char *user_dn, uint32_t flags,
				enum ec *ec);

/* RopLogon to a private mailbox; the handle.  Fails the test if refused. */
uint32_t harness_logon(struct harness *h, struct session *session,
		       uint8_t logon_id, const char *dn);

/* The store of a mailbox, to look behind the scenes: store_put it. */
struct store *harness_store(struct harness *h, const char *dn);

/*
 * One ROP with an input handle, whose top byte is the LogonId; out (NULL
 * allowed) gets the output handle.  rsp may be NULL.  The answer's
 * ReturnValue is returned.  Other answers in the buffer (notifications) are
 * passed over.  A failing Execute fails the test.
 */
enum ec rop(struct harness *h, struct session *session, uint8_t rop_id,
	    uint32_t handle, const union rop_req *req, union rop_rsp *rsp,
	    uint32_t *out);

/* As rop, with a second handle: the destination of a copy or move. */
enum ec rop2(struct harness *h, struct session *session, uint8_t rop_id,
	     uint32_t handle, uint32_t dest, const union rop_req *req,
	     union rop_rsp *rsp);

void rop_release_handle(struct harness *h, struct session *session,
			uint32_t handle);

/* RopGetPropertiesSpecific, in Unicode: a value for each tag. */
const struct prop_value *get_props(struct harness *h, struct session *session,
				   uint32_t handle, const uint32_t *tags,
				   uint32_t n);

/*
 * Several ROPs in one buffer.  rops_handle adds a handle to the table and
 * gives its index (ROP_HANDLE_NONE: one to be filled); rops_add a ROP.
 */
enum { BATCH_MAX = 64 };

struct rops {
	struct harness *h;
	struct session *session;
	struct wire_w w;
	uint32_t handles[BATCH_MAX];
	uint32_t n_handles;
	struct rop_codec codec;
	/* After rops_run: */
	unsigned n;                       /* answers */
	struct rop_answer answers[BATCH_MAX];
	union rop_rsp rsps[BATCH_MAX];
	unsigned payloads;                /* extended buffers */
	struct execute_rsp execute;
};

void rops_begin(struct rops *b, struct harness *h, struct session *session);
uint8_t rops_handle(struct rops *b, uint32_t handle);
void rops_add(struct rops *b, uint8_t rop_id, uint8_t logon_id, uint8_t in,
	       uint8_t out, const union rop_req *req);
void rops_raw(struct rops *b, const void *bytes, size_t len);

/* What mailbox_execute returned; answers are decoded if it is EC_SUCCESS. */
enum ec rops_run(struct rops *b);

/* The packed request as rops_run would send it. */
struct execute_req rops_request(struct rops *b);

/* A folder by its place in the logon's answer, opened. */
uint32_t open_special(struct harness *h, struct session *session,
		      uint32_t logon, enum special_folder which);

/* A message in a folder, saved: its subject; its ID is returned. */
uint64_t make_message(struct harness *h, struct session *session,
		      uint32_t logon, uint64_t folder_id, const char *subject);

#endif
