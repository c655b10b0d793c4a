/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <ftw.h>
#include <unistd.h>

#include "mapi/ext_buffer.h"
#include "store/pool.h"

static void check(bool ok, const struct err *err)
{
	if (!ok)
		fail_msg("%s", err->text);
}

static void on_event(void *ctx, const struct mailbox_event *event)
{
	struct harness *h = ctx;

	if (h->n_events < HARNESS_EVENTS)
		h->events[h->n_events++] = event->type;
}

static struct guid add_server(struct directory *dir, const char *name,
			      const char *fqdn)
{
	struct dir_server server = {
		.name = name, .fqdn = fqdn, .version = "Version 15.1",
		.make = "Posthouse",
	};
	struct err err;

	check(directory_new_server(dir, &server, &err), &err);
	return server.guid;
}

static struct guid add_database(struct harness *h, const char *name,
				const struct guid *server)
{
	struct dir_database db = {
		.name = name, .server = *server,
		.path = arena_printf(h->arena, "%s/%s", h->dir_path, name),
	};
	struct err err;

	assert_int_equal(mkdir(db.path, 0700), 0);
	check(directory_new_database(h->dir, &db, &err), &err);
	return db.guid;
}

static void add_user(struct harness *h, const char *name, bool is_admin,
		     const struct guid *database, bool disabled)
{
	struct dir_user user = {
		.account = name, .display_name = name, .is_admin = is_admin,
		.legacy_dn = arena_printf(h->arena, USER_DN("%s"), name),
		.upn = arena_printf(h->arena, "%s@example.test", name),
		.password = "",
	};
	struct dir_mailbox mailbox = { .lcid = 0x0409, .disabled = disabled };
	struct err err;

	check(directory_new_user(h->dir, &user, &err), &err);
	if (database == NULL)
		return;
	mailbox.user = user.guid;
	mailbox.database = *database;
	check(directory_new_mailbox(h->dir, &mailbox, &err), &err);
}

static void make_directory(struct harness *h)
{
	static const char *const domains[] = { "example.test" };
	struct dir_org org = {
		.name = "Test", .domain = domains[0], .domains = domains,
		.domain_count = 1,
	};
	char *path = arena_printf(h->arena, "%s/directory.db", h->dir_path);
	struct guid here, there, db1, db2;
	struct err err;

	check(directory_create(path, &org, &err), &err);
	check(directory_open(path, "MX1", &h->dir, &err), &err);
	here = add_server(h->dir, "MX1", "mx1.example.test");
	there = add_server(h->dir, "MX2", "mx2.example.test");
	check(directory_poll(h->dir, NULL, &err), &err);
	db1 = add_database(h, "db1", &here);
	db2 = add_database(h, "db2", &there);
	add_user(h, "alice", false, &db1, false);
	add_user(h, "bob", false, &db1, false);
	add_user(h, "admin", true, &db1, false);
	add_user(h, "carol", false, &db2, false);
	add_user(h, "dave", false, NULL, false);
	add_user(h, "erin", false, &db1, true);
}

static const struct identity *identity_of(struct harness *h, const char *dn)
{
	struct dir_user user;

	assert_true(directory_user_by_dn(h->dir, dn, h->arena, &user));
	return identity_new(&user);
}

struct harness *harness_new_limits(const struct mailbox_limits *limits)
{
	struct harness *h = xcalloc(1, sizeof *h);
	struct store_pool_config pool = { .max_open = 8 };
	struct err err;
	enum ec ec;

	h->arena = arena_new(0);
	h->execute_flags = EXECUTE_NO_COMPRESSION | EXECUTE_NO_XOR_MAGIC;
	h->max_rop_out = 0x10000;
	snprintf(h->dir_path, sizeof h->dir_path, "/tmp/mailbox-test.XXXXXX");
	assert_non_null(mkdtemp(h->dir_path));
	make_directory(h);
	pool.staging_dir = h->dir_path;
	h->pool = store_pool_new(&pool, &err);
	check(h->pool != NULL, &err);
	h->svc = mailbox_service_new(&(struct mailbox_options){
		.directory = h->dir, .pool = h->pool, .limits = *limits,
		.server = "MX1", .event = on_event, .event_ctx = h,
	});
	h->alice_id = identity_of(h, ALICE_DN);
	h->bob_id = identity_of(h, BOB_DN);
	h->admin_id = identity_of(h, ADMIN_DN);
	h->alice = harness_connect(h, h->alice_id, ALICE_DN, 0, &ec);
	assert_int_equal(ec, EC_SUCCESS);
	return h;
}

struct harness *harness_new(void)
{
	return harness_new_limits(&(struct mailbox_limits){ 0 });
}

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	return remove(path);
}

void harness_free(struct harness *h)
{
	mailbox_disconnect(h->alice);
	mailbox_service_free(h->svc);
	store_pool_free(h->pool);
	directory_close(h->dir);
	identity_unref(h->alice_id);
	identity_unref(h->bob_id);
	identity_unref(h->admin_id);
	nftw(h->dir_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(h->arena);
	free(h);
}

struct session *harness_connect(struct harness *h, const struct identity *who,
				const char *user_dn, uint32_t flags,
				enum ec *ec)
{
	const struct connect_req req = {
		.user_dn = user_dn, .flags = flags,
		.default_code_page = 1252, .lcid_sort = 0x0409,
		.lcid_string = 0x0409,
	};
	struct connect_rsp rsp;
	struct session *session = NULL;

	*ec = mailbox_connect(h->svc, who, &req, h->arena, &rsp, &session);
	assert_int_equal(rsp.status_code, 0);
	assert_int_equal(rsp.error_code, (uint32_t)*ec);
	return session;
}

struct store *harness_store(struct harness *h, const char *dn)
{
	struct dir_mailbox mailbox;
	struct store *store;
	struct err err;

	assert_true(directory_mailbox_by_dn(h->dir, dn, h->arena, &mailbox));
	if (store_get(h->pool, mailbox.path, &store, &err) != EC_SUCCESS)
		fail_msg("%s", err.text);
	return store;
}

/* ---- batches ---- */

void rops_begin(struct rops *b, struct harness *h, struct session *session)
{
	memset(b, 0, sizeof *b);
	b->h = h;
	b->session = session;
	b->codec.prop = prop_ctx_rop(h->arena, 1252);
	b->w = wire_w(arena_alloc(h->arena, 0x8000), 0x8000);
	(void)rop_payload_begin(&b->w);
}

uint8_t rops_handle(struct rops *b, uint32_t handle)
{
	assert_true(b->n_handles < BATCH_MAX);
	b->handles[b->n_handles] = handle;
	return (uint8_t)b->n_handles++;
}

void rops_add(struct rops *b, uint8_t rop_id, uint8_t logon_id, uint8_t in,
	       uint8_t out, const union rop_req *req)
{
	const struct rop_header header = {
		.rop_id = rop_id, .logon_id = logon_id,
		.input_handle_index = in, .output_handle_index = out,
		.dest_handle_index = out, .response_handle_index = in,
	};
	static const union rop_req none;

	rop_request_encode(&b->codec, &b->w, &header, req ? req : &none);
	assert_false(b->w.full);
}

void rops_raw(struct rops *b, const void *bytes, size_t len)
{
	wire_put(&b->w, bytes, len);
	assert_false(b->w.full);
}

struct execute_req rops_request(struct rops *b)
{
	size_t cap = b->w.len + 4 * b->n_handles + EXT_HEADER_SIZE;
	struct wire_w out = wire_w(arena_alloc(b->h->arena, cap), cap);
	struct wire_w w = b->w;

	rop_payload_end(&w, 0, b->handles, b->n_handles);
	assert_false(w.full);
	ext_buffer_put(&out, w.base, w.len, EXT_LAST, b->h->arena);
	assert_false(out.full);
	return (struct execute_req){
		.flags = b->h->execute_flags,
		.rop_buffer = { out.base, out.len },
		.max_rop_out = b->h->max_rop_out,
	};
}

static void decode_payload(struct rops *b, const struct bin *payload)
{
	struct rop_payload p;
	struct wire_r r;

	assert_true(rop_payload_decode(payload, b->h->arena, &p, NULL));
	r = wire_r(p.rops.data, p.rops.len);
	b->codec.columns = b->h->columns.n > 0 ? &b->h->columns : NULL;
	while (wire_left(&r) > 0) {
		assert_true(b->n < BATCH_MAX);
		if (!rop_response_decode(&b->codec, &r, &b->answers[b->n],
					 &b->rsps[b->n]))
			fail_msg("answer %u cannot be decoded", b->n);
		b->n++;
	}
	assert_int_equal(p.handle_count, b->n_handles);
	memcpy(b->handles, p.handles, 4 * b->n_handles);
}

enum ec rops_run(struct rops *b)
{
	struct execute_req req = rops_request(b);
	struct ext_payloads payloads;
	enum ec ec = mailbox_execute(b->session, &req, b->h->arena,
				     &b->execute);

	b->n = 0;
	if (ec != EC_SUCCESS) {
		assert_int_equal(b->execute.rop_buffer.len, 0);
		assert_true(b->execute.error_code == (uint32_t)ec ||
			    b->execute.status_code == (uint32_t)ec);
		return ec;
	}
	assert_int_equal(b->execute.error_code, 0);
	assert_int_equal(b->execute.status_code, 0);
	assert_true(b->execute.rop_buffer.len <= b->h->max_rop_out);
	assert_true(ext_buffer_decode(&b->execute.rop_buffer, b->h->arena,
				      96, &payloads));
	b->payloads = payloads.n;
	for (uint32_t i = 0; i < payloads.n; i++)
		decode_payload(b, &payloads.v[i].data);
	return ec;
}

static enum ec one(struct rops *b, uint8_t rop_id, union rop_rsp *rsp)
{
	assert_int_equal(rops_run(b), EC_SUCCESS);
	for (unsigned i = 0; i < b->n; i++) {
		if (b->answers[i].rop_id != rop_id)
			continue;
		if (rsp != NULL)
			*rsp = b->rsps[i];
		return b->answers[i].return_value;
	}
	fail_msg("no answer to %s", rop_name(rop_id));
	return EC_ERROR;
}

enum ec rop(struct harness *h, struct session *session, uint8_t rop_id,
	    uint32_t handle, const union rop_req *req, union rop_rsp *rsp,
	    uint32_t *out)
{
	struct rops b;
	enum ec ec;

	rops_begin(&b, h, session);
	(void)rops_handle(&b, handle);
	(void)rops_handle(&b, ROP_HANDLE_NONE);
	rops_add(&b, rop_id, (uint8_t)(handle >> 24), 0, 1, req);
	ec = one(&b, rop_id, rsp);
	if (out != NULL)
		*out = b.handles[1];
	return ec;
}

enum ec rop2(struct harness *h, struct session *session, uint8_t rop_id,
	     uint32_t handle, uint32_t dest, const union rop_req *req,
	     union rop_rsp *rsp)
{
	struct rops b;

	rops_begin(&b, h, session);
	(void)rops_handle(&b, handle);
	(void)rops_handle(&b, dest);
	rops_add(&b, rop_id, (uint8_t)(handle >> 24), 0, 1, req);
	return one(&b, rop_id, rsp);
}

const struct prop_value *get_props(struct harness *h, struct session *session,
				   uint32_t handle, const uint32_t *tags,
				   uint32_t n)
{
	const union rop_req req = { .get_properties_specific = {
		.want_unicode = 1,
		.property_tags = { .n = n, .v = tags },
	} };
	const struct prop_tags before = h->columns;
	const struct rop_codec codec = {
		.prop = prop_ctx_rop(h->arena, 1252),
	};
	const struct prop_values *rows;
	union rop_rsp rsp;

	h->columns = req.get_properties_specific.property_tags;
	assert_int_equal(rop(h, session, ROP_ID_get_properties_specific,
			     handle, &req, &rsp, NULL), EC_SUCCESS);
	assert_true(rop_rows_decode(&codec, &h->columns,
				    &rsp.get_properties_specific.row_data, 1,
				    &rows));
	h->columns = before;
	assert_int_equal(rows[0].n, n);
	return rows[0].v;
}

void rop_release_handle(struct harness *h, struct session *session,
			uint32_t handle)
{
	struct rops b;

	rops_begin(&b, h, session);
	(void)rops_handle(&b, handle);
	rops_add(&b, ROP_ID_release, (uint8_t)(handle >> 24), 0, 0, NULL);
	assert_int_equal(rops_run(&b), EC_SUCCESS);
}

uint32_t harness_logon(struct harness *h, struct session *session,
		       uint8_t logon_id, const char *dn)
{
	const union rop_req req = { .logon = {
		.logon_flags = 0x01, .open_flags = 0x01000000, .essdn = dn,
	} };
	struct rops b;

	rops_begin(&b, h, session);
	(void)rops_handle(&b, ROP_HANDLE_NONE);
	rops_add(&b, ROP_ID_logon, logon_id, 0, 0, &req);
	assert_int_equal(one(&b, ROP_ID_logon, NULL), EC_SUCCESS);
	return b.handles[0];
}

uint32_t open_special(struct harness *h, struct session *session,
		      uint32_t logon, enum special_folder which)
{
	struct store *store = harness_store(h, ALICE_DN);
	const union rop_req req = { .open_folder = {
		.folder_id = store_special(store, which),
	} };
	uint32_t handle;

	store_put(store);
	assert_int_equal(rop(h, session, ROP_ID_open_folder, logon, &req,
			     NULL, &handle), EC_SUCCESS);
	return handle;
}

uint64_t make_message(struct harness *h, struct session *session,
		      uint32_t logon, uint64_t folder_id, const char *subject)
{
	const struct prop_value values[] = {
		{ .tag = PID_TAG_SUBJECT, .str = subject },
		{ .tag = PID_TAG_MESSAGE_CLASS, .str = "IPM.Note" },
	};
	const union rop_req create = { .create_message = {
		.code_page_id = 0x0fff, .folder_id = folder_id,
	} };
	const union rop_req set = { .set_properties = {
		.property_values = { .n = 2, .v = values },
	} };
	const union rop_req save = { .save_changes_message = {
		.save_flags = 0x0a,
	} };
	uint32_t message;
	union rop_rsp rsp;

	assert_int_equal(rop(h, session, ROP_ID_create_message, logon,
			     &create, NULL, &message), EC_SUCCESS);
	assert_int_equal(rop(h, session, ROP_ID_set_properties, message,
			     &set, NULL, NULL), EC_SUCCESS);
	assert_int_equal(rop(h, session, ROP_ID_save_changes_message, message,
			     &save, &rsp, NULL), EC_SUCCESS);
	rop_release_handle(h, session, message);
	return rsp.save_changes_message.message_id;
}
