/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the address book server ([MS-OXNSPI]) share: encoded
 * requests go in, decoded answers come out.
 */
#ifndef TESTS_MAILBOX_NSPI_FIXTURE_H
#define TESTS_MAILBOX_NSPI_FIXTURE_H

#include "test.h"

#include "auth/auth.h"
#include "base/buf.h"
#include "directory/world_recipients.h"
#include "mailbox/nspi.h"
#include "mapi/entry_id.h"

#define NAME8 0x3001001eu

struct fix {
	struct people p;
	struct nspi_service *svc;
	struct nspi_session *session;
	const struct identity *alice, *bob, *admin;
	const struct identity *who;       /* of the next call */
	struct arena *arena;
};

static const struct identity *identity_of(struct fix *f,
					  const struct guid *guid, bool admin)
{
	struct dir_user u;

	assert_true(directory_user(f->p.dir, guid, f->arena, &u));
	u.is_admin = admin;
	return identity_new(&u);
}

static inline struct nspi_stat stat_of(uint32_t container, uint32_t current)
{
	return (struct nspi_stat){ .container_id = container,
		.current_rec = current, .code_page = 1252,
		.template_locale = 0x409, .sort_locale = 0x409 };
}

/* The way of a request: encoded, decoded, run; the answer decoded. */
static inline uint32_t call(struct fix *f, enum request_type type,
		     const union nspi_req *req, union nspi_rsp *rsp)
{
	struct nspi_codec c = { prop_ctx_address_book(f->arena, 1252) };
	struct nspi_codec d = c, e = c;
	struct wire_w w = wire_w(arena_alloc(f->arena, 1 << 20), 1 << 20);
	struct bin body, aux = { NULL, 0 };
	struct nspi_answer answer;
	union nspi_req decoded;
	uint32_t error;

	nspi_request_encode(&c, &w, type, req, &aux);
	assert_false(w.full);
	body = (struct bin){ w.base, w.len };
	assert_true(nspi_request_decode(&d, type, &body, &decoded, &aux));
	error = nspi_run(f->svc, &f->session, f->who, type, &decoded,
			 f->arena, &body);
	assert_true(nspi_response_decode(&e, type, &body, &answer, rsp));
	assert_int_equal(answer.error_code, error);
	/* R43: no other code than these. */
	assert_non_null(nspi_error_name(error));
	return error;
}

static inline void bind_as(struct fix *f, const struct identity *who)
{
	union nspi_req req = { .bind = { .has_state = true,
		.state = stat_of(0, 0) } };
	union nspi_rsp rsp;

	f->who = who;
	assert_null(f->session);
	assert_int_equal(call(f, REQUEST_TYPE_BIND, &req, &rsp), EC_SUCCESS);
	assert_non_null(f->session);
}

static inline int setup(void **state)
{
	struct fix *f = xcalloc(1, sizeof *f);

	people_new(&f->p);
	f->arena = arena_new(0);
	f->svc = nspi_service_new(&(struct nspi_options){
		.directory = f->p.dir, .recipients = f->p.all });
	f->alice = identity_of(f, &f->p.alice, false);
	f->bob = identity_of(f, &f->p.bob, false);
	f->admin = identity_of(f, &f->p.carol, true);
	bind_as(f, f->alice);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fix *f = *state;

	nspi_session_free(f->session);
	identity_unref(f->alice);
	identity_unref(f->bob);
	identity_unref(f->admin);
	nspi_service_free(f->svc);
	arena_free(f->arena);
	people_free(&f->p);
	free(f);
	return 0;
}

static inline uint32_t mid_of(struct fix *f, const struct guid *guid)
{
	uint32_t mid = recipients_guid(recipients_hold(f->p.all),
				       guid)->slot + MID_FIRST;

	recipients_release(f->p.all);
	return mid;
}

static const char *dn_of(struct fix *f, const struct guid *guid)
{
	const char *dn = arena_strdup(f->arena, recipient_text(
		recipients_guid(recipients_hold(f->p.all), guid),
		PID_TAG_EMAIL_ADDRESS));

	recipients_release(f->p.all);
	return dn;
}

/* The first column of each row, which is a text. */
static inline void expect_names(const struct nspi_rows *rows, const char *names)
{
	struct buf b = BUF_INIT;

	for (uint32_t i = 0; i < rows->n; i++) {
		buf_puts(&b, i > 0 ? ", " : "");
		buf_puts(&b, rows->v[i].v[0].str);
	}
	assert_string_equal(buf_str(&b), names);
	buf_free(&b);
}

static const uint32_t name_tag[] = { PID_TAG_DISPLAY_NAME };
static const struct prop_tags name_column = { 1, name_tag };

static inline uint32_t query(struct fix *f, struct nspi_stat stat,
			     uint32_t count, union nspi_rsp *rsp)
{
	union nspi_req req = { .query_rows = { .has_state = true,
		.state = stat, .row_count = count, .has_columns = true,
		.columns = name_column } };

	return call(f, REQUEST_TYPE_QUERY_ROWS, &req, rsp);
}

static inline uint32_t get_props(struct fix *f, uint32_t mid, uint32_t flags,
			  const struct prop_tags *tags, union nspi_rsp *rsp)
{
	union nspi_req req = { .get_props = { .flags = flags,
		.has_state = true, .state = stat_of(0, mid) } };

	if (tags != NULL) {
		req.get_props.has_property_tags = true;
		req.get_props.property_tags = *tags;
	}
	return call(f, REQUEST_TYPE_GET_PROPS, &req, rsp);
}

static inline uint32_t linked(struct fix *f, const struct guid *guid,
			      uint32_t tag, uint32_t sort, union nspi_rsp *rsp)
{
	union nspi_req req = { .get_matches = { .has_state = true,
		.state = stat_of(tag, guid != NULL ? mid_of(f, guid) : 9),
		.row_count = 100, .has_columns = true,
		.columns = name_column } };

	req.get_matches.state.sort_type = sort;
	return call(f, REQUEST_TYPE_GET_MATCHES, &req, rsp);
}

#endif
