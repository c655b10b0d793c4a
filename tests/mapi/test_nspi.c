/* SPDX-License-Identifier: Apache-2.0 */
/* Address book bodies: examples byte by byte, then every request type. */
#include "test.h"

#include "base/buf.h"
#include "mapi/entry_id.h"
#include "mapi/nspi.h"

enum { WIRE_MAX = 1 << 16, SEEDS = 40 };

static struct arena *arena;

static struct nspi_codec codec(uint32_t code_page)
{
	return (struct nspi_codec){ prop_ctx_address_book(arena, code_page) };
}

static int setup(void **state)
{
	arena = arena_new(0);
	return 0;
}

static int teardown(void **state)
{
	arena_free(arena);
	return 0;
}

/* --- Examples --------------------------------------------------------- */

#define STAT_BYTES \
	0, 0, 0, 0, 0x10, 0, 0, 0, 2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, \
	3, 0, 0, 0, 4, 0, 0, 0, 0xe4, 4, 0, 0, 9, 4, 0, 0, 7, 4, 0, 0

static void check_stat(const struct nspi_stat *s)
{
	assert_int_equal(s->sort_type, SORT_TYPE_DISPLAY_NAME);
	assert_int_equal(s->container_id, 0x10);
	assert_int_equal(s->current_rec, MID_END_OF_TABLE);
	assert_int_equal(s->delta, -1);
	assert_int_equal(s->num_pos, 3);
	assert_int_equal(s->total_recs, 4);
	assert_int_equal(s->code_page, 1252);
	assert_int_equal(s->template_locale, 0x409);
	assert_int_equal(s->sort_locale, 0x407);
}

/* [MS-OXCMAPIHTTP] 2.2.5.1.1: R331 … R339; [MS-OXNSPI] 2.2.8 */
static void test_bind(void **state)
{
	static const uint8_t body[] = { 0x20, 0, 0, 0, 0xff, STAT_BYTES,
		2, 0, 0, 0, 0xaa, 0xbb };
	struct nspi_codec c = codec(0);
	struct bin in = { body, sizeof body }, aux;
	union nspi_req req;
	uint8_t out[sizeof body];
	struct wire_w w = wire_w(out, sizeof out);

	assert_true(nspi_request_decode(&c, REQUEST_TYPE_BIND, &in, &req,
					&aux));
	assert_int_equal(req.bind.flags, NSPI_ANONYMOUS_LOGIN);
	assert_true(req.bind.has_state);
	check_stat(&req.bind.state);
	assert_int_equal(aux.len, 2);
	assert_int_equal(c.prop.code_page, 1252);
	nspi_request_encode(&c, &w, REQUEST_TYPE_BIND, &req, &aux);
	assert_int_equal(w.len, sizeof body);
	assert_memory_equal(out, body, sizeof body);
	/* R336: without HasState there is no State; any non-zero byte is
	 * true. */
	in = (struct bin){ (uint8_t[]){ 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 9 };
	assert_true(nspi_request_decode(&c, REQUEST_TYPE_BIND, &in, &req,
					&aux));
	assert_false(req.bind.has_state);
}

/* 2.2.1.2, 2.2.1.3: R2005 … R2014, R11 */
static void test_values(void **state)
{
	static const uint8_t body[] = {
		0, 0, 0, 0, 0, 0, 0, 0,           /* status, error */
		0xe4, 4, 0, 0, 0xff, 5, 0, 0, 0,  /* 1252, five values */
		0x1f, 0, 1, 0x30, 0xff, 'A', 0, 0, 0,
		0x1e, 0, 0x1a, 0x3a, 0xff, 0xe4, 0,
		0x02, 1, 0xff, 0x0f, 0xff, 2, 0, 0, 0, 1, 2,
		0x1f, 0x10, 0x0f, 0x80, 0xff, 2, 0, 0, 0,
		0xff, 'x', 0, 0, 0, 0x00,         /* the second has none */
		0x0a, 0, 0x16, 0x3a, 0x0f, 1, 4, 0x80,
		0, 0, 0, 0,
	};
	struct nspi_codec c = codec(0);
	struct bin in = { body, sizeof body };
	struct nspi_answer answer;
	const struct prop_value *v;
	union nspi_rsp rsp;
	uint8_t out[sizeof body];
	struct wire_w w = wire_w(out, sizeof out);

	assert_true(nspi_response_decode(&c, REQUEST_TYPE_GET_PROPS, &in,
					 &answer, &rsp));
	assert_int_equal(rsp.get_props.property_values.n, 5);
	v = rsp.get_props.property_values.v;
	assert_string_equal(v[0].str, "A");
	assert_int_equal(v[1].tag, 0x3a1a001f);
	assert_string_equal(v[1].str, "\xc3\xa4");
	assert_int_equal(v[2].bin.len, 2);
	assert_int_equal(v[3].n, 2);
	assert_string_equal(v[3].mv_str[0], "x");
	assert_null(v[3].mv_str[1]);
	assert_int_equal(v[4].error, EC_NOT_FOUND);
	/* In memory it is Unicode now: that is what goes out. */
	nspi_response_encode(&c, &w, REQUEST_TYPE_GET_PROPS, &answer, &rsp);
	assert_true(w.full);              /* longer by the second string */
}

/* R2005: HasValue is TRUE (0xff) or FALSE (0); R2007: then no value. */
static void test_has_value(void **state)
{
	uint8_t body[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0xe4, 4, 0, 0, 0xff,
		1, 0, 0, 0, 0x1f, 0, 1, 0x30, 0x00, 0, 0, 0, 0 };
	struct bin in = { body, sizeof body };
	struct nspi_codec c = codec(0);
	struct nspi_answer answer;
	union nspi_rsp rsp;

	assert_true(nspi_response_decode(&c, REQUEST_TYPE_GET_PROPS, &in,
					 &answer, &rsp));
	assert_null(rsp.get_props.property_values.v[0].str);
	body[21] = 0x01;
	assert_false(nspi_response_decode(&c, REQUEST_TYPE_GET_PROPS, &in,
					  &answer, &rsp));
}

/* 2.2.1.7: R450, R453, R1298, R1299, R2022 … R2024 */
static void test_rows(void **state)
{
	static const uint8_t body[] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0,        /* no state */
		0xff, 2, 0, 0, 0, 0x1f, 0, 1, 0x30, 0, 0, 0xfe, 0x0f,
		2, 0, 0, 0,
		0x00, 0xff, 'A', 0, 0, 0, 3, 0, 6, 0, 0, 0,
		0x01, 0x0a, 0x0f, 1, 4, 0x80, 0x0a, 0, 0x0a, 5, 0, 4, 0x80,
		0, 0, 0, 0,
	};
	struct bin in = { body, sizeof body };
	struct nspi_codec c = codec(1252);
	struct nspi_answer answer;
	union nspi_rsp rsp;
	const struct nspi_rows *rows = &rsp.query_rows.rows;
	uint8_t out[sizeof body + 32];
	struct wire_w w = wire_w(out, sizeof out);

	assert_true(nspi_response_decode(&c, REQUEST_TYPE_QUERY_ROWS, &in,
					 &answer, &rsp));
	assert_int_equal(rows->columns.n, 2);
	assert_int_equal(rows->n, 2);
	assert_string_equal(rows->v[0].v[0].str, "A");
	assert_int_equal(rows->v[0].v[1].i32, 6);
	assert_int_equal(rows->v[1].v[0].error, EC_NOT_FOUND);
	nspi_response_encode(&c, &w, REQUEST_TYPE_QUERY_ROWS, &answer, &rsp);
	assert_int_equal(w.len, sizeof body);
	assert_memory_equal(out, body, 50);
}

/* 2.2.5.5.1 R496; the value of a comparison with and without HasValue. */
static void test_filter(void **state)
{
	static const uint8_t head[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff };
	static const uint8_t tail[] = { 0, 5, 0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t with[] = { RES_PROPERTY, REL_OP_EQ,
		0x1f, 0, 0x0c, 0x36, 0xff, 0x1f, 0, 0x0c, 0x36, 0xff,
		'a', 0, 0, 0 };
	static const uint8_t without[] = { RES_PROPERTY, REL_OP_EQ,
		0x1f, 0, 0x0c, 0x36, 0x1f, 0, 0x0c, 0x36, 0xff,
		'a', 0, 0, 0 };
	struct buf body = BUF_INIT;
	union nspi_req req;
	struct bin aux;

	for (int i = 0; i < 2; i++) {
		struct nspi_codec c = codec(1252);
		struct bin in;

		buf_clear(&body);
		buf_add(&body, head, sizeof head);
		buf_add(&body, i == 0 ? with : without,
			i == 0 ? sizeof with : sizeof without);
		buf_add(&body, tail, sizeof tail);
		in = (struct bin){ body.data, body.len };
		assert_true(nspi_request_decode(&c, REQUEST_TYPE_GET_MATCHES,
						&in, &req, &aux));
		assert_string_equal(req.get_matches.filter->property.value.str,
				    "a");
		assert_int_equal(req.get_matches.row_count, 5);
	}
	buf_free(&body);
}

/* 2.2.5.4.1 R415, 2.2.5.14.1 R2183 … R2186, 2.2.5.10.1 R745 */
static void test_names(void **state)
{
	static const uint8_t dns[] = { 0, 0, 0, 0, 1, 2, 0, 0, 0,
		'/', 'o', 0, 0, 0, 0, 0, 0 };
	static const uint8_t names[] = { 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0,
		'b', 0, 'o', 0, 'b', 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t link[] = { 1, 0, 0, 0, 0x0d, 0, 9, 0x80,
		0x11, 0, 0, 0, 1, 1, 0, 0, 0, 3, 0, 0, 0, 7, 8, 9,
		0, 0, 0, 0 };
	struct nspi_codec c = codec(0);
	union nspi_req req;
	struct bin in = { dns, sizeof dns }, aux;

	assert_true(nspi_request_decode(&c, REQUEST_TYPE_DN_TO_MID, &in, &req,
					&aux));
	assert_int_equal(req.dn_to_mid.names.n, 2);
	assert_string_equal(req.dn_to_mid.names.v[0], "/o");
	assert_string_equal(req.dn_to_mid.names.v[1], "");
	in = (struct bin){ names, sizeof names };
	assert_true(nspi_request_decode(&c, REQUEST_TYPE_RESOLVE_NAMES, &in,
					&req, &aux));
	assert_string_equal(req.resolve_names.names.v[0], "bob");
	in = (struct bin){ link, sizeof link };
	assert_true(nspi_request_decode(&c, REQUEST_TYPE_MOD_LINK_ATT, &in,
					&req, &aux));
	assert_int_equal(req.mod_link_att.entry_ids.v[0].len, 3);
	assert_int_equal(req.mod_link_att.minimal_id, 0x11);
}

/* R25, R823, R1027: no count beyond 100,000, nor beyond what is there. */
static void test_counts(void **state)
{
	size_t len = 9 + 4 * (NSPI_COUNT_MAX + 1) + 9;
	uint8_t *body = xcalloc(1, len);
	struct wire_w w = wire_w(body + 5, 4);
	struct bin in = { body, len }, aux;
	struct nspi_codec c = codec(0);
	union nspi_req req;

	wire_put_u32(&w, NSPI_COUNT_MAX + 1);
	assert_false(nspi_request_decode(&c, REQUEST_TYPE_QUERY_ROWS, &in,
					 &req, &aux));
	w = wire_w(body + 5, 4);
	wire_put_u32(&w, NSPI_COUNT_MAX);
	in.len -= 4;
	assert_true(nspi_request_decode(&c, REQUEST_TYPE_QUERY_ROWS, &in,
					&req, &aux));
	in.len = 100;
	assert_false(nspi_request_decode(&c, REQUEST_TYPE_QUERY_ROWS, &in,
					 &req, &aux));
	free(body);
}

/* [MS-OXNSPI] 2.2.9.2: R361 … R382; 2.2.9.3, 2.2.1.7: R1664 */
static void test_entry_ids(void **state)
{
	static const uint8_t nspi[16] = { 0xdc, 0xa7, 0x40, 0xc8, 0xc0, 0x42,
		0x10, 0x1a, 0xb4, 0xb9, 8, 0, 0x2b, 0x2f, 0xe1, 0x82 };
	struct ephemeral_entry_id id = { .display_type = DT_DISTLIST,
		.minimal_id = 0x1234 }, back;
	struct address_book_entry_id permanent = { 1, "/o=A" };
	struct bin bin;

	memset(&id.provider_uid, 0x5a, sizeof id.provider_uid);
	bin = ephemeral_entry_id_format(arena, &id);
	assert_int_equal(bin.len, 32);
	assert_int_equal(bin.data[0], 0x87);
	assert_int_equal(bin.data[20], 1);
	assert_true(ephemeral_entry_id_parse(&bin, &back));
	assert_int_equal(back.minimal_id, 0x1234);
	bin.len--;
	assert_false(ephemeral_entry_id_parse(&bin, &back));
	bin = address_book_entry_id_format(arena, &permanent);
	assert_memory_equal(bin.data + 4, nspi, 16);
	assert_false(ephemeral_entry_id_parse(&bin, &back));
}

/* 2.2.5.1.3: a failure response has no ErrorCode. */
static void test_failure(void **state)
{
	static const uint8_t body[] = { 9, 0, 0, 0, 1, 0, 0, 0, 0xcc };
	struct bin in = { body, sizeof body };
	struct nspi_answer answer;
	struct nspi_codec c = codec(0);
	union nspi_rsp rsp;
	uint8_t out[16];
	struct wire_w w = wire_w(out, sizeof out);
	struct buf text = BUF_INIT;

	assert_true(nspi_response_decode(&c, REQUEST_TYPE_BIND, &in, &answer,
					 &rsp));
	assert_int_equal(answer.status_code, 9);
	assert_int_equal(answer.auxiliary_buffer.len, 1);
	nspi_response_encode(&c, &w, REQUEST_TYPE_BIND, &answer, &rsp);
	assert_memory_equal(out, body, sizeof body);
	nspi_response_print(&text, REQUEST_TYPE_BIND, &answer, &rsp);
	assert_string_equal(buf_str(&text), "Bind status=0x00000009");
	buf_free(&text);
}

/* --- Every request type ------------------------------------------------ */

struct fill {
	uint64_t state;
};

static uint32_t below(struct fill *f, uint32_t n)
{
	f->state ^= f->state >> 12;
	f->state ^= f->state << 25;
	f->state ^= f->state >> 27;
	return (uint32_t)((f->state * UINT64_C(2685821657736338717)) >> 33) %
		n;
}

static const char *const texts[] = { "", "a", "Grüße", "名前" };

static void fill_u32(struct fill *f, uint32_t *v)
{
	*v = below(f, INT32_MAX);
}

static void fill_i32(struct fill *f, int32_t *v)
{
	*v = -(int32_t)below(f, 1000);
}

static void fill_bool8(struct fill *f, bool *v)
{
	*v = below(f, 2);
}

static void fill_guid(struct fill *f, struct guid *v)
{
	for (size_t i = 0; i < sizeof v->b; i++)
		v->b[i] = (uint8_t)below(f, 256);
}

static void fill_code_page(struct fill *f, uint32_t *v)
{
	*v = below(f, 2) ? 65001 : 4711;
}

static void fill_stat(struct fill *f, struct nspi_stat *v)
{
	uint32_t *at = &v->sort_type;

	for (size_t i = 0; i < sizeof *v / 4; i++)
		at[i] = below(f, INT32_MAX);
	fill_code_page(f, &v->code_page);
}

static void fill_mids(struct fill *f, struct nspi_mids *v)
{
	uint32_t *at = arena_array(arena, 4, sizeof *at);

	v->n = below(f, 4);
	for (uint32_t i = 0; i < v->n; i++)
		at[i] = below(f, 1000);
	v->v = at;
}

static const uint32_t tags[] = { PID_TAG_DISPLAY_NAME, PID_TAG_OBJECT_TYPE,
	PID_TAG_ENTRY_ID, PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES,
	PID_TAG_USER_X509_CERTIFICATE, PID_TAG_ADDRESS_BOOK_MEMBER };
enum { TAGS = sizeof tags / sizeof *tags };

static void fill_tags(struct fill *f, struct prop_tags *v)
{
	v->n = below(f, TAGS + 1);
	v->v = tags;
}

/* A value of a tag; *v zero means that it has none. */
static struct prop_value value_of(struct fill *f, uint32_t tag)
{
	static const struct bin bins[] = { { (const uint8_t *)"xy", 2 },
		{ NULL, 0 }, { (const uint8_t *)"", 0 } };
	struct prop_value v = { .tag = tag };

	switch (prop_tag_type(tag)) {
	case PTYP_STRING:
		v.str = below(f, 5) == 0 ? NULL : texts[below(f, 4)];
		break;
	case PTYP_INTEGER32:
		v.i32 = (int32_t)below(f, 99);
		break;
	case PTYP_BINARY:
		v.bin = bins[below(f, 3)];
		break;
	case PTYP_OBJECT:
		v.bin = (struct bin){ NULL, 0 };
		break;
	case PTYP_MULTIPLE_STRING:
		v.n = below(f, 5);
		v.mv_str = texts;
		break;
	case PTYP_MULTIPLE_BINARY:
		v.n = below(f, 4);
		v.mv_bin = bins;
		break;
	}
	return v;
}

static void fill_value(struct fill *f, struct prop_value *v)
{
	*v = value_of(f, tags[below(f, TAGS)]);
}

static void fill_values(struct fill *f, struct prop_values *v)
{
	struct prop_value *at = arena_array(arena, 5, sizeof *at);

	v->n = below(f, 5);
	for (uint32_t i = 0; i < v->n; i++)
		fill_value(f, &at[i]);
	v->v = at;
}

static void fill_value_rows(struct fill *f, struct nspi_value_rows *v)
{
	struct prop_values *at = arena_array(arena, 3, sizeof *at);

	v->n = below(f, 3);
	for (uint32_t i = 0; i < v->n; i++)
		fill_values(f, &at[i]);
	v->v = at;
}

static void fill_rows(struct fill *f, struct nspi_rows *v)
{
	struct prop_values *at = arena_array(arena, 3, sizeof *at);

	fill_tags(f, &v->columns);
	v->n = below(f, 3);
	for (uint32_t i = 0; i < v->n; i++) {
		struct prop_value *row = arena_array(arena, TAGS, sizeof *row);

		for (uint32_t j = 0; j < v->columns.n; j++)
			row[j] = below(f, 4) == 0 ?
				prop_error(tags[j], EC_NOT_FOUND) :
				value_of(f, tags[j]);
		at[i] = (struct prop_values){ v->columns.n, row };
	}
	v->v = at;
}

static void fill_restriction(struct fill *f, const struct restriction **v)
{
	struct restriction *r = arena_array(arena, 3, sizeof *r);

	r[0] = (struct restriction){ .type = RES_AND,
		.list = { 2, &r[1] } };
	r[1] = (struct restriction){ .type = RES_CONTENT,
		.content = { FL_PREFIX, FL_LOOSE, tags[0],
			     { .tag = tags[0], .str = "x" } } };
	r[2] = (struct restriction){ .type = RES_PROPERTY,
		.property = { REL_OP_GE, tags[1], value_of(f, tags[1]) } };
	*v = &r[below(f, 3)];
}

static void fill_property_name(struct fill *f, struct nspi_property_name *v)
{
	fill_guid(f, &v->guid);
	fill_u32(f, &v->id);
}

static void fill_entry_ids(struct fill *f, struct nspi_entry_ids *v)
{
	static const struct bin ids[] = { { (const uint8_t *)"abc", 3 },
		{ (const uint8_t *)"", 0 } };

	v->n = below(f, 3);
	v->v = ids;
}

static void fill_dns(struct fill *f, struct nspi_strings *v)
{
	v->n = below(f, 3);
	v->v = texts;
}

static void fill_names(struct fill *f, struct nspi_strings *v)
{
	v->n = below(f, 5);
	v->v = texts;
}

static void fill_str8z(struct fill *f, const char **v)
{
	*v = texts[below(f, 2)];
}

static void fill_str16z(struct fill *f, const char **v)
{
	*v = texts[below(f, 4)];
}

#define FILL_F(kind, field) fill_##kind(f, &v->field);
#define FILL_O(kind, has, field) \
	v->has = below(f, 2); \
	if (v->has) \
		FILL_F(kind, field)
#define NSPI(name, spec, type, section, flags, handler) \
static void fill_req_##name(struct fill *f, union nspi_req *req) \
{ \
	struct nspi_##name##_req *v = &req->name; \
	\
	(void)v; \
	NSPI_REQ_##name(FILL_F, FILL_O) \
} \
static void fill_rsp_##name(struct fill *f, union nspi_rsp *rsp) \
{ \
	struct nspi_##name##_rsp *v = &rsp->name; \
	\
	(void)v; \
	NSPI_RSP_##name(FILL_F, FILL_O) \
}
#include "mapi/nspi.def"
#undef NSPI

static const struct {
	enum request_type type;
	const char *name;
	void (*req)(struct fill *f, union nspi_req *req);
	void (*rsp)(struct fill *f, union nspi_rsp *rsp);
} all[] = {
#define NSPI(name, spec, type, section, flags, handler) \
	{ REQUEST_TYPE_##type, #spec, fill_req_##name, fill_rsp_##name },
#include "mapi/nspi.def"
#undef NSPI
};
enum { ALL = sizeof all / sizeof *all };

struct trip {
	uint8_t first[WIRE_MAX], second[WIRE_MAX];
	struct buf before, after;
};

static void truncations(enum request_type type, const uint8_t *data,
			size_t len, bool response)
{
	for (size_t i = 0; i < len; i++) {
		struct nspi_codec c = codec(1252);
		uint8_t *exact = xmalloc(i + 1);
		struct bin in = { memcpy(exact, data, i), i }, aux;
		struct nspi_answer answer;
		union nspi_req req;
		union nspi_rsp rsp;

		if (response)
			assert_false(nspi_response_decode(&c, type, &in,
							  &answer, &rsp));
		else
			assert_false(nspi_request_decode(&c, type, &in, &req,
							 &aux));
		free(exact);
	}
}

static void request_trip(struct trip *t, size_t i, struct fill *f)
{
	struct nspi_codec c = codec(1252), d = codec(1252), e = codec(1252);
	struct wire_w w = wire_w(t->first, WIRE_MAX);
	struct wire_w again = wire_w(t->second, WIRE_MAX);
	struct bin aux = { (const uint8_t *)"aux", 3 }, back, in;
	union nspi_req req, other;

	memset(&req, 0, sizeof req);
	all[i].req(f, &req);
	nspi_request_encode(&c, &w, all[i].type, &req, &aux);
	assert_false(w.full);
	in = (struct bin){ t->first, w.len };
	assert_true(nspi_request_decode(&d, all[i].type, &in, &other, &back));
	assert_int_equal(back.len, 3);
	nspi_request_encode(&e, &again, all[i].type, &other, &back);
	assert_int_equal(again.len, w.len);
	assert_memory_equal(t->first, t->second, w.len);
	buf_clear(&t->before);
	buf_clear(&t->after);
	nspi_request_print(&t->before, all[i].type, &req);
	nspi_request_print(&t->after, all[i].type, &other);
	assert_string_equal(buf_str(&t->before), buf_str(&t->after));
	assert_non_null(strstr(buf_str(&t->before), all[i].name));
	truncations(all[i].type, t->first, w.len, false);
}

static void response_trip(struct trip *t, size_t i, struct fill *f)
{
	struct nspi_codec c = codec(1252), d = codec(1252), e = codec(1252);
	struct wire_w w = wire_w(t->first, WIRE_MAX);
	struct wire_w again = wire_w(t->second, WIRE_MAX);
	struct nspi_answer answer = { .error_code = EC_WARN_WITH_ERRORS };
	struct nspi_answer back;
	union nspi_rsp rsp, other;
	struct bin in;

	memset(&rsp, 0, sizeof rsp);
	all[i].rsp(f, &rsp);
	nspi_response_encode(&c, &w, all[i].type, &answer, &rsp);
	assert_false(w.full);
	in = (struct bin){ t->first, w.len };
	assert_true(nspi_response_decode(&d, all[i].type, &in, &back,
					 &other));
	assert_int_equal(back.error_code, EC_WARN_WITH_ERRORS);
	nspi_response_encode(&e, &again, all[i].type, &back, &other);
	assert_int_equal(again.len, w.len);
	assert_memory_equal(t->first, t->second, w.len);
	buf_clear(&t->after);
	nspi_response_print(&t->after, all[i].type, &back, &other);
	assert_non_null(strstr(buf_str(&t->after), "ErrorsReturned"));
	truncations(all[i].type, t->first, w.len, true);
}

static void test_all(void **state)
{
	struct trip *t = xcalloc(1, sizeof *t);

	/* R319: nineteen. */
	assert_int_equal(ALL, 19);
	for (size_t i = 0; i < ALL; i++) {
		assert_string_equal(nspi_desc(all[i].type)->name,
				    all[i].name);
		assert_int_equal(request_type_parse(all[i].name),
				 all[i].type);
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct fill f = { seed * 7919 };

			request_trip(t, i, &f);
			response_trip(t, i, &f);
			arena_reset(arena);
		}
	}
	assert_null(nspi_desc(REQUEST_TYPE_CONNECT));
	assert_null(nspi_desc(REQUEST_TYPE_COUNT));
	buf_free(&t->before);
	buf_free(&t->after);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_has_value, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_entry_ids, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_failure, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_all, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
