/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of peers before GSSAPI sees it: headers, NTLM messages; and
 * what daemon and helper say to each other; and NT hashes at rest. */
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "auth/authorization.h"
#include "auth/handshake.h"
#include "auth/nt_hash.h"
#include "auth/ntlm.h"
#include "base/arena.h"

/* --- Authorization ---------------------------------------------------- */

/* RFC 9110 11.6.2 */
static void authorization(void **state)
{
	static const struct {
		const char *header;
		int scheme;               /* -1: refused */
		const char *token;
	} cases[] = {
		{ "Basic YWxpY2U6eA==", AUTHORIZATION_BASIC, "YWxpY2U6eA==" },
		{ "basic YWxpY2U6eA==", AUTHORIZATION_BASIC, "YWxpY2U6eA==" },
		{ "NTLM TlRM", AUTHORIZATION_NTLM, "TlRM" },
		{ "nEGOTIATE   YII=", AUTHORIZATION_NEGOTIATE, "YII=" },
		{ "Bearer a.b-c_d~e+f/g", AUTHORIZATION_BEARER,
		  "a.b-c_d~e+f/g" },
		{ "Bearer", AUTHORIZATION_BEARER, "" },
		{ "Bearer ", AUTHORIZATION_BEARER, "" },
		{ "", -1, NULL }, { "NTLM", -1, NULL }, { "NTLM ", -1, NULL },
		{ "Negotiate", -1, NULL }, { "Basic", -1, NULL },
		{ "Basi YQ==", -1, NULL }, { "Basicx YQ==", -1, NULL },
		{ "Digest username=\"a\"", -1, NULL },
		{ "NTLM TlRM TlRM", -1, NULL }, { "NTLM Tl=RM", -1, NULL },
		{ "NTLM ==", -1, NULL }, { "NTLM\tTlRM", -1, NULL },
		{ "NTLM TlRM,", -1, NULL }, { "NTLM \"TlRM\"", -1, NULL },
		{ "NTLM TlRM, Basic YQ==", -1, NULL },
		{ "Negotiate T\xc3\xa4", -1, NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct authorization a = { .token = "untouched" };
		bool ok = authorization_parse(cases[i].header, &a);

		assert_int_equal(ok, cases[i].scheme >= 0);
		if (!ok) {
			assert_string_equal(a.token, "untouched");
			continue;
		}
		assert_int_equal(a.scheme, cases[i].scheme);
		assert_string_equal(a.token, cases[i].token);
		assert_int_equal(a.len, strlen(cases[i].token));
	}
}

/* --- NTLM ------------------------------------------------------------- */

/* A NEGOTIATE_MESSAGE as curl sends it: no Version, 32 bytes. */
static const char curl_type1[] = "4e544c4d53535000 01000000 06820800"
	"0000000000000000 0000000000000000";

/*
 * An AUTHENTICATE_MESSAGE as curl sends it ([MS-NLMP] 2.2.1.3): the flags say
 * Version (0x02000000), and the payload begins where it would stand.  The user
 * is "alice", the domain "EX", the workstation "WS"; NTLMv2 with a target name
 * "HTTP/mx1" and a channel binding.
 */
struct builder {
	uint8_t b[1024];
	size_t len;
};

static void put(struct builder *m, const void *data, size_t len)
{
	memcpy(m->b + m->len, data, len);
	m->len += len;
}

static void field(struct builder *m, size_t at, const void *data, size_t len)
{
	uint8_t f[8] = { (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)len,
		(uint8_t)(len >> 8), (uint8_t)m->len,
		(uint8_t)(m->len >> 8) };

	memcpy(m->b + at, f, 8);
	put(m, data, len);
}

static size_t wide(const char *text, uint8_t *out)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		out[n++] = (uint8_t)*text;
		out[n++] = 0;
	}
	return n;
}

static void av(struct builder *r, unsigned id, const void *data, size_t len)
{
	uint8_t head[4] = { (uint8_t)id, 0, (uint8_t)len, 0 };

	put(r, head, 4);
	put(r, data, len);
}

static struct builder type3(const char *user, const char *domain,
			    bool version_bytes, const char *target)
{
	struct builder m = { .len = version_bytes ? 72 : 64 }, r = { .len = 44
		};
	uint8_t text[256], binding[16] = { 1 };

	memcpy(m.b, "NTLMSSP\0\3\0\0\0", 12);
	memcpy(m.b + 60, "\x05\x82\x88\xa2", 4);
	av(&r, 9, text, wide(target, text));
	av(&r, 10, binding, target[0] != '\0' ? 16 : 0);
	av(&r, 0, "", 0);
	field(&m, 28, text, wide(domain, text));
	field(&m, 36, text, wide(user, text));
	field(&m, 44, text, wide("WS", text));
	field(&m, 12, text, 0);
	field(&m, 20, r.b, r.len);
	field(&m, 52, text, 0);
	return m;
}

static void ntlm_types(void **state)
{
	uint8_t m[64];
	size_t len = unhex(curl_type1, m);

	assert_int_equal(ntlm_message_type(m, len), NTLM_TYPE_NEGOTIATE);
	assert_int_equal(ntlm_message_type(m, 11), NTLM_NONE);
	assert_int_equal(ntlm_message_type(NULL, 0), NTLM_NONE);
	m[8] = 4;
	assert_int_equal(ntlm_message_type(m, len), NTLM_NONE);
	m[8] = 3;
	assert_int_equal(ntlm_message_type(m, len), NTLM_TYPE_AUTHENTICATE);
	m[0] = 'n';
	assert_int_equal(ntlm_message_type(m, len), NTLM_NONE);
}

static void ntlm_inside(void **state)
{
	uint8_t token[96] = { 0x60, 0x48 };
	size_t len = unhex(curl_type1, token + 20);

	assert_ptr_equal(ntlm_find(token, 20 + len), token + 20);
	assert_null(ntlm_find(token, 20 + 11));
	assert_null(ntlm_find(token, 20));
	assert_null(ntlm_find(NULL, 0));
}

/* One in front of the message that counts would be asked for instead. */
static void ntlm_twice(void **state)
{
	uint8_t token[160] = { 0x60, 0x48 };
	size_t len = unhex(curl_type1, token + 20);

	assert_true(ntlm_is_single(token, 20));
	assert_true(ntlm_is_single(token, 20 + len));
	assert_true(ntlm_is_single(NULL, 0));
	memcpy(token + 20 + len, "NTLMSSP", 8);
	assert_true(ntlm_is_single(token, 20 + len + 7));
	assert_false(ntlm_is_single(token, 20 + len + 8));
	/* Also where the first is of no type. */
	token[28] = 9;
	assert_null(ntlm_find(token, 20 + len + 8));
	assert_false(ntlm_is_single(token, 20 + len + 8));
}

static void ntlm_padded(void **state)
{
	uint8_t m[64];
	size_t len = unhex(curl_type1, m);

	memset(m + len, 0xff, sizeof m - len);
	assert_int_equal(len, 32);
	assert_int_equal(ntlm_repair(m, len, sizeof m), 40);
	assert_hex(m, 40, "4e544c4d53535000 01000000 06820800"
		   "0000000000000000 0000000000000000 0000000000000000");
	/* Whole ones, and those without room, stay. */
	assert_int_equal(ntlm_repair(m, 40, sizeof m), 40);
	assert_int_equal(ntlm_repair(m, 32, 39), 32);
	assert_int_equal(ntlm_repair(m, 31, sizeof m), 31);
}

static void ntlm_version_flag(void **state)
{
	struct builder without = type3("alice", "EX", false, "");
	struct builder with = type3("alice", "EX", true, "");

	assert_int_equal(ntlm_repair(without.b, without.len,
				     sizeof without.b), without.len);
	assert_int_equal(without.b[63], 0xa0);
	ntlm_repair(with.b, with.len, sizeof with.b);
	assert_int_equal(with.b[63], 0xa2);
}

static void ntlm_says_who(void **state)
{
	struct builder m = type3("alice", "EX", false, "HTTP/mx1");
	struct ntlm_names n;

	assert_true(ntlm_names(m.b, m.len, &n));
	assert_string_equal(n.user, "alice");
	assert_string_equal(n.domain, "EX");
	assert_string_equal(n.workstation, "WS");
	assert_string_equal(n.target, "HTTP/mx1");
	assert_true(n.v2 && n.bound);
	assert_false(n.anonymous);
	m = type3("", "", false, "");
	assert_true(ntlm_names(m.b, m.len, &n));
	assert_false(n.bound);
	/* OEM: not Unicode. */
	m = type3("", "", false, "");
	m.b[60] &= 0xfe;
	field(&m, 44, "", 0);
	field(&m, 36, "b\xf6""b", 3);
	assert_true(ntlm_names(m.b, m.len, &n));
	assert_string_equal(n.user, "b\xc3\xb6""b");
	/* NTLMv1: a response of 24 bytes; none at all: anonymous. */
	field(&m, 20, m.b, 24);
	assert_true(ntlm_names(m.b, m.len, &n));
	assert_false(n.v2 || n.anonymous);
	field(&m, 20, m.b, 0);
	field(&m, 36, m.b, 0);
	assert_true(ntlm_names(m.b, m.len, &n));
	assert_true(n.anonymous);
}

/* Offsets beyond the end, odd Unicode, names that don't end: each alone. */
static void ntlm_malformed(void **state)
{
	static const size_t fields[] = { 20, 28, 36, 44 };
	struct ntlm_names n = { .user = "untouched" };
	struct builder good = type3("alice", "EX", false, "HTTP/mx1"), m;

	for (size_t i = 0; i < 4; i++) {
		m = good;
		m.b[fields[i] + 4] = 0xff;
		m.b[fields[i] + 7] = 0xff;
		assert_false(ntlm_names(m.b, m.len, &n));
		m = good;
		m.b[fields[i] + 1] = 0xff;
		assert_false(ntlm_names(m.b, m.len, &n));
	}
	m = good;
	m.b[40] = 59;                           /* among the fixed fields */
	assert_false(ntlm_names(m.b, m.len, &n));
	m = good;
	m.b[36]--;                              /* half a character */
	assert_false(ntlm_names(m.b, m.len, &n));
	m = type3("al\nice", "EX", false, "");  /* a control character */
	assert_false(ntlm_names(m.b, m.len, &n));
	m = good;
	m.b[20] = 46;                           /* AV pairs cut off */
	assert_false(ntlm_names(m.b, m.len, &n));
	assert_false(ntlm_names(good.b, 63, &n));
	assert_string_equal(n.user, "untouched");
	for (size_t len = 0; len < good.len; len++) {
		uint8_t *exact = malloc(len + 1);

		memcpy(exact, good.b, len);
		ntlm_names(exact, len, &n);     /* no read past the end */
		ntlm_repair(exact, len, len);
		free(exact);
	}
}

/* --- Daemon and helper ------------------------------------------------ */

static struct handshake_message round_trip(
	const struct handshake_message *msg, uint8_t room[4096])
{
	struct handshake_message out;
	size_t len = handshake_encode(msg, room, 4096);

	assert_true(len > 0);
	assert_true(handshake_decode(room, len, &out));
	assert_int_equal(out.kind, msg->kind);
	/* Every cut, and one byte more, is no message. */
	for (size_t n = 0; n < len; n++) {
		struct handshake_message none = { .kind = 0 };

		assert_false(handshake_decode(room, n, &none));
		assert_int_equal(none.kind, 0);
		assert_int_equal(handshake_encode(msg, room + 2048, n), 0);
	}
	room[len] = 0;
	assert_false(handshake_decode(room, len + 1,
				      &(struct handshake_message){ 0 }));
	return out;
}

static void codec(void **state)
{
	const struct bytes data = { (const uint8_t *)"\0\1\2", 3 };
	struct handshake_message m = { .kind = HANDSHAKE_SETTINGS }, o;
	uint8_t room[4096];

	m.u.settings = (struct handshake_settings){ AUTH_NTLM_WINBIND,
		"/k", "p", "h", "C", "D" };
	o = round_trip(&m, room);
	assert_int_equal(o.u.settings.ntlm, AUTH_NTLM_WINBIND);
	assert_string_equal(o.u.settings.domain, "D");
	m = (struct handshake_message){ .kind = HANDSHAKE_ACCEPT };
	m.u.accept = (struct handshake_accept){ 7, SCHEME_NEGOTIATE, data,
		data };
	o = round_trip(&m, room);
	assert_int_equal(o.u.accept.number, 7);
	assert_int_equal(o.u.accept.scheme, SCHEME_NEGOTIATE);
	assert_memory_equal(o.u.accept.token.data, "\0\1\2", 3);
	m = (struct handshake_message){ .kind = HANDSHAKE_INITIATE };
	m.u.initiate = (struct handshake_initiate){ 9, INITIATE_KERBEROS,
		"mx1", "alice", NULL, data, { NULL, 0 }, data };
	o = round_trip(&m, room);
	assert_string_equal(o.u.initiate.user, "alice");
	assert_string_equal(o.u.initiate.account, "");
	assert_int_equal(o.u.initiate.binding.len, 0);
	m = (struct handshake_message){ .kind = HANDSHAKE_ANSWER };
	m.u.answer = (struct handshake_answer){ OUTCOME_FAILED, data,
		MECH_NTLM, true, "n", "t", INITIATE_CLOCK_SKEW, "why" };
	o = round_trip(&m, room);
	assert_true(o.u.answer.bound);
	assert_int_equal(o.u.answer.reason, INITIATE_CLOCK_SKEW);
	assert_string_equal(o.u.answer.cause, "why");
	m = (struct handshake_message){ .kind = HANDSHAKE_QUERY };
	m.u.query = (struct handshake_query){ "alice", "EX" };
	assert_string_equal(round_trip(&m, room).u.query.user, "alice");
	m = (struct handshake_message){ .kind = HANDSHAKE_REPLY };
	m.u.reply = (struct handshake_reply){ VERDICT_HASH, data };
	assert_int_equal(round_trip(&m, room).u.reply.nt_hash.len, 3);
	m = (struct handshake_message){ .kind = HANDSHAKE_FORGET };
	m.u.forget.number = 5;
	assert_int_equal(round_trip(&m, room).u.forget.number, 5);
}

static void codec_malformed(void **state)
{
	struct handshake_message o = { .kind = 0 };

	assert_false(handshake_decode(NULL, 0, &o));
	assert_false(handshake_decode((const uint8_t *)"x", 1, &o));
	/* A verdict that is none; a text without its NUL, with two. */
	assert_false(handshake_decode((const uint8_t *)"R\3\0\0\0\0", 6, &o));
	assert_false(handshake_decode((const uint8_t *)
		"Q\1\0\0\0a\1\0\0\0\0", 11, &o));
	assert_false(handshake_decode((const uint8_t *)
		"Q\2\0\0\0\0\0\1\0\0\0\0", 12, &o));
	assert_false(handshake_decode((const uint8_t *)
		"Q\0\0\0\0\1\0\0\0\0", 10, &o));
	assert_int_equal(o.kind, 0);
}

/* --- NT hashes -------------------------------------------------------- */

/* [MS-NLMP] 4.2.2.1.2: NTOWFv1 of "Password" */
static void hash_of_password(void **state)
{
	uint8_t hash[NT_HASH_LEN];
	struct err err;

	if (!nt_hash("Password", hash, &err))
		fail_msg("%s", err.text);
	assert_hex(hash, 16, "a4f49c406510bdcab6824ee7c30fd852");
	assert_false(nt_hash("\xff", hash, &err));
}

static void hash_at_rest(void **state)
{
	char folder[] = "/tmp/phauth-key.XXXXXX", path[64];
	uint8_t hash[NT_HASH_LEN] = "0123456789abcde", out[NT_HASH_LEN];
	uint8_t sealed[NT_HASH_SEALED_SIZE], again[NT_HASH_SEALED_SIZE];
	struct guid owner = guid_new(), other = guid_new();
	struct nt_key *key, *same, *another;
	struct stat st;
	struct err err;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/nt.key", folder);
	assert_true(nt_key_load(path, &key, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 32);
	assert_true(nt_hash_seal(key, &owner, hash, sealed, &err));
	assert_true(nt_hash_seal(key, &owner, hash, again, &err));
	assert_memory_not_equal(sealed, again, sizeof sealed);
	assert_null(memmem(sealed, sizeof sealed, hash, 4));
	/* The key is read again; the owner is part of it. */
	assert_true(nt_key_load(path, &same, &err));
	assert_true(nt_hash_open(same, &owner, sealed, sizeof sealed, out));
	assert_memory_equal(out, hash, sizeof out);
	assert_false(nt_hash_open(same, &other, sealed, sizeof sealed, out));
	assert_false(nt_hash_open(same, &owner, sealed, sizeof sealed - 1,
				  out));
	assert_false(nt_hash_open(same, &owner, NULL, 0, out));
	for (size_t i = 0; i < sizeof sealed; i++) {
		sealed[i] ^= 1;
		assert_false(nt_hash_open(same, &owner, sealed, sizeof sealed,
					  out));
		sealed[i] ^= 1;
	}
	/* Others may read it, it is cut, it is gone. */
	assert_int_equal(chmod(path, 0640), 0);
	assert_false(nt_key_load(path, &another, &err));
	assert_non_null(strstr(err.text, "chmod 600"));
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 31), 0);
	assert_false(nt_key_load(path, &another, &err));
	unlink(path);
	assert_true(nt_key_load(path, &another, &err));
	assert_false(nt_hash_open(another, &owner, sealed, sizeof sealed,
				  out));
	nt_key_free(key);
	nt_key_free(same);
	nt_key_free(another);
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	assert_false(nt_key_load(path, &another, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authorization),
		cmocka_unit_test(ntlm_types),
		cmocka_unit_test(ntlm_inside),
		cmocka_unit_test(ntlm_twice),
		cmocka_unit_test(ntlm_padded),
		cmocka_unit_test(ntlm_version_flag),
		cmocka_unit_test(ntlm_says_who),
		cmocka_unit_test(ntlm_malformed),
		cmocka_unit_test(codec),
		cmocka_unit_test(codec_malformed),
		cmocka_unit_test(hash_of_password),
		cmocka_unit_test(hash_at_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
