/* SPDX-License-Identifier: Apache-2.0 */
/* LDIF (RFC 2849) and CSV (RFC 4180) as recipients are imported from. */
#include "test.h"

#include "admin/ldif.h"

struct fixture {
	struct arena *arena;
	struct ldif_reader r;
	struct ldif_record record;
	struct err err;
};

static int setup(void **state)
{
	static struct fixture f;

	f.arena = arena_new(0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	return 0;
}

static bool next(struct fixture *f)
{
	return ldif_next(&f->r, &f->record, &f->err);
}

static void expect(const struct fixture *f, size_t i, const char *name,
		   const char *value)
{
	assert_true(i < f->record.n);
	assert_string_equal(f->record.v[i].name, name);
	assert_int_equal(f->record.v[i].value.len, strlen(value));
	assert_string_equal((const char *)f->record.v[i].value.data, value);
}

static void begin(struct fixture *f, const char *text)
{
	ldif_begin(&f->r, text, strlen(text), f->arena);
}

static void test_records(void **state)
{
	struct fixture *f = *state;

	begin(f, "\xef\xbb\xbfversion: 1\r\n\r\n# who\r\n  comments too\r\n"
	      "dn: cn=a\r\nsn:  Smith\r\nsn;lang-de: Schmidt\r\n"
	      "info:: w6TDtg==\r\nl: Ki\r\n el\r\nco:\r\n\r\n\r\n"
	      "dn: cn=b\nchangetype: add\nmail: b@example.test");
	assert_true(next(f));
	assert_int_equal(f->record.line, 5);
	assert_int_equal(f->record.n, 6);
	expect(f, 0, "dn", "cn=a");
	expect(f, 1, "sn", "Smith");
	expect(f, 2, "sn", "Schmidt");
	expect(f, 3, "info", "äö");
	expect(f, 4, "l", "Kiel");
	expect(f, 5, "co", "");
	assert_true(next(f));
	assert_int_equal(f->record.n, 2);
	expect(f, 1, "mail", "b@example.test");
	assert_false(next(f));
	assert_int_equal(f->err.ec, EC_NOT_FOUND);
}

static void expect_fault(struct fixture *f, const char *text,
			 const char *what)
{
	begin(f, text);
	assert_false(next(f));
	assert_int_equal(f->err.ec, EC_INVALID_PARAM);
	if (strstr(f->err.text, what) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", what, f->err.text);
}

static void test_faults(void **state)
{
	struct fixture *f = *state;

	expect_fault(f, "sn: x\n", "begins with \"dn:\"");
	expect_fault(f, "dn: x\nno colon\n", "line 3");
	expect_fault(f, "dn: x\n: y\n", "attribute: value");
	expect_fault(f, "dn: x\n;y: z\n", "attribute: value");
	expect_fault(f, "dn: x\n\rsn: z\n", "attribute: value");
	expect_fault(f, "dn: x\nsn:: !\n", "base64");
	expect_fault(f, "dn: x\nsn:< file:///etc/passwd\n", "URL");
	expect_fault(f, "dn: x\nchangetype: delete\n", "add");
}

static void test_writing(void **state)
{
	struct fixture *f = *state;
	struct buf b = BUF_INIT;
	char text[200];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	ldif_put(&b, "dn", "cn=a", 4);
	ldif_put(&b, "info", text, strlen(text));
	ldif_put(&b, "l", " Kiel", 5);
	ldif_put(&b, "sn", "Ångström", strlen("Ångström"));
	ldif_put(&b, "co", "", 0);
	assert_non_null(strstr(buf_str(&b), "l:: IEtpZWw=\n"));
	for (const char *line = buf_str(&b); *line != '\0';
	     line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 76);
	ldif_begin(&f->r, b.data, b.len, f->arena);
	assert_true(next(f));
	expect(f, 1, "info", text);
	expect(f, 2, "l", " Kiel");
	expect(f, 3, "sn", "Ångström");
	expect(f, 4, "co", "");
	buf_free(&b);
}

static void test_csv(void **state)
{
	static const char text[] = "alias,\"na\"\"me\",member\r\n"
		"a,\"Smith, \"\"Bob\"\"\nJr\",\r\n\r\n,,x|y\r\nz";
	struct fixture *f = *state;
	struct buf b = BUF_INIT;

	assert_true(csv_begin(&f->r, text, strlen(text), f->arena, &f->err));
	assert_true(next(f));
	assert_int_equal(f->record.n, 2);
	assert_int_equal(f->record.line, 2);
	expect(f, 0, "alias", "a");
	expect(f, 1, "na\"me", "Smith, \"Bob\"\nJr");
	assert_true(next(f));
	assert_int_equal(f->record.line, 5);
	expect(f, 0, "member", "x");
	expect(f, 1, "member", "y");
	assert_true(next(f));
	expect(f, 0, "alias", "z");
	assert_false(next(f));
	assert_int_equal(f->err.ec, EC_NOT_FOUND);
	csv_put(&b, "a\"b,c");
	assert_string_equal(buf_str(&b), "\"a\"\"b,c\"");
	buf_free(&b);
}

static void test_csv_faults(void **state)
{
	static const char *const bad[] = { "a,b\n\"x", "a\nb,c\n",
		"a\n\"b\"c\n" };
	struct fixture *f = *state;

	for (size_t i = 0; i < 3; i++) {
		assert_true(csv_begin(&f->r, bad[i], strlen(bad[i]), f->arena,
				      &f->err));
		assert_false(next(f));
		assert_int_equal(f->err.ec, EC_INVALID_PARAM);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_records), TEST(test_faults), TEST(test_writing),
		TEST(test_csv), TEST(test_csv_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
