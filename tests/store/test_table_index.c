/* SPDX-License-Identifier: Apache-2.0 */
/* The sorted sequence of rows against a sorted array, over many chunks. */
#include "test.h"

#include "base/arena.h"
#include "mapi/id.h"
#include "store/table_index.h"

enum { MAX = 6000 };

struct row {
	uint64_t id;
	uint32_t instance;
	uint8_t key[3];
	uint8_t len;
};

struct model {
	struct row_index *index;
	struct row rows[MAX];     /* sorted */
	uint32_t n;
};

static uint64_t seed = 88172645463325252;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return row_compare((struct bin){ x->key, x->len }, x->id, x->instance,
			   (struct bin){ y->key, y->len }, y->id, y->instance);
}

static struct row_new as_new(const struct row *r)
{
	return (struct row_new){ .id = r->id, .instance = r->instance,
				 .key = { r->key, r->len } };
}

static struct row random_row(void)
{
	struct row r = { .id = id_make(1, 1 + rnd(4000)),
			 .instance = rnd(3), .len = (uint8_t)rnd(4) };

	for (int i = 0; i < 3; i++)
		r.key[i] = (uint8_t)rnd(6);
	return r;
}

/* Its place in the array; *found: a row with its ID and instance is there. */
static uint32_t find(const struct model *m, const struct row *r, bool *found)
{
	*found = false;
	for (uint32_t i = 0; i < m->n; i++)
		if (m->rows[i].id == r->id &&
		    m->rows[i].instance == r->instance) {
			*found = true;
			return i;
		}
	return 0;
}

static void check_all(const struct model *m)
{
	struct row_walk w = row_walk_at(m->index, 0);
	const struct row_entry *e;
	uint32_t n = 0;

	assert_int_equal(row_index_count(m->index), m->n);
	while ((e = row_walk_next(&w)) != NULL) {
		assert_true(n < m->n);
		assert_int_equal(e->id, m->rows[n].id);
		assert_int_equal(e->instance, m->rows[n].instance);
		assert_int_equal(e->key_len, m->rows[n].len);
		n++;
	}
	assert_int_equal(n, m->n);
	while ((e = row_walk_prev(&w)) != NULL)
		assert_int_equal(e->id, m->rows[--n].id);
	assert_int_equal(n, 0);
}

static void check_some(struct model *m)
{
	struct row r = random_row();
	const struct row_entry *e;
	uint32_t at, lower = 0;
	bool found;

	while (lower < m->n && compare(&m->rows[lower], &r) < 0)
		lower++;
	assert_int_equal(row_index_lower(m->index, (struct bin){ r.key,
		r.len }, r.id, r.instance), lower);
	at = find(m, &r, &found);
	e = row_index_find(m->index, r.id, r.instance);
	assert_int_equal(e != NULL, found);
	if (found)
		assert_int_equal(row_index_position(m->index, e), at);
	at = rnd(m->n + 2);
	e = row_index_at(m->index, at);
	assert_int_equal(e != NULL, at < m->n);
	if (e != NULL)
		assert_int_equal(e->id, m->rows[at].id);
}

static void change(struct model *m, uint32_t prefer_insert)
{
	struct row r = random_row();
	struct row_new new = as_new(&r);
	struct row_entry *gone;
	uint32_t at, lower = 0;
	bool found;

	at = find(m, &r, &found);
	if (!found && m->n < MAX && rnd(10) < prefer_insert) {
		row_index_insert(m->index, &new);
		while (lower < m->n && compare(&m->rows[lower], &r) < 0)
			lower++;
		memmove(m->rows + lower + 1, m->rows + lower,
			(m->n - lower) * sizeof r);
		m->rows[lower] = r;
		m->n++;
		return;
	}
	if (m->n > 0 && !found && rnd(10) >= prefer_insert) {
		at = rnd(m->n);           /* one that is there */
		r = m->rows[at];
		found = true;
	}
	gone = row_index_take(m->index, r.id, r.instance);
	assert_int_equal(gone != NULL, found);
	free(gone);
	if (!found)
		return;
	m->n--;
	memmove(m->rows + at, m->rows + at + 1, (m->n - at) * sizeof r);
}

static void run(struct model *m, unsigned steps, uint32_t prefer_insert)
{
	for (unsigned i = 0; i < steps; i++) {
		change(m, prefer_insert);
		if (i % 4 == 0)
			check_some(m);
	}
	check_all(m);
}

static void test_random(void **state)
{
	struct model *m = xcalloc(1, sizeof *m);

	m->index = row_index_new();
	check_all(m);
	run(m, 4000, 8);
	assert_true(m->n > 1500);         /* several chunks */
	run(m, 4000, 4);
	run(m, 6000, 1);
	run(m, 3000, 9);
	row_index_free(m->index);
	free(m);
}

static void test_filled(void **state)
{
	struct model *m = xcalloc(1, sizeof *m);
	bool found;

	m->index = row_index_new();
	while (m->n < 3000) {
		struct row r = random_row();
		struct row_new new = as_new(&r);

		find(m, &r, &found);
		if (found)
			continue;
		row_index_append(m->index, &new);
		m->rows[m->n++] = r;
	}
	row_index_sort(m->index);
	qsort(m->rows, m->n, sizeof m->rows[0], compare);
	check_all(m);
	assert_true(row_index_memory(m->index) > 3000 * 16);
	run(m, 2000, 5);
	row_index_free(m->index);
	free(m);
}

static void test_order(void **state)
{
	struct bin a = { (const uint8_t *)"a", 1 };
	struct bin aa = { (const uint8_t *)"aa", 2 };

	assert_true(row_compare(a, 9, 9, aa, 1, 1) < 0);
	/* counters, not the numbers that IDs are */
	assert_true(row_compare(a, id_make(1, 2), 0, a, id_make(1, 256), 0) <
		    0);
	assert_true(row_compare(a, id_make(1, 2), 1, a, id_make(1, 2), 0) > 0);
	assert_int_equal(row_compare(a, 7, 1, a, 7, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_filled),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
