/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables against a naive model: random sort orders, categories and
 * restrictions, random reading, seeking, bookmarks, searching, expanding and
 * collapsing, while messages come, go and change.
 *
 * The model keeps a list of all rows, sorted by comparing values, with the
 * headers between them; a place is a copy of a row, and is where that row
 * would be in the list, seen from the visible rows.
 */
#include "fake_source.h"

#include "mapi/restriction.h"

/* ---- random numbers, the same in every run ---- */

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

/* ---- the model ---- */

enum { ITEMS_MAX = 2048 };

struct item {
	bool header, visible, virtual_row;
	uint32_t level;
	struct fake_row row;      /* a header's: the first row of it */
	uint32_t instance;
	uint32_t leaves, unread;
	bool expanded;
};

struct model_place {
	enum place_where where;
	struct item item;
};

struct model_bookmark {
	struct bin bytes;
	struct model_place place;
};

struct model {
	struct fake *fake;
	struct table *table;
	struct collator *collator;
	struct sort_order sorts[4];
	uint32_t n_sorts, categories, expanded_count;
	bool maximum, mv, keyed;
	int32_t min_importance;   /* restriction; 0: none */
	struct item items[ITEMS_MAX];
	uint32_t n_items;
	struct item toggled[256]; /* headers not in their initial state */
	uint32_t n_toggled;
	struct model_place cursor;
	struct model_bookmark marks[8];
	uint32_t n_marks;
	struct arena *arena;
};

static struct prop_value row_value(const struct model *m,
				   const struct fake_row *row,
				   uint32_t instance, uint32_t tag, bool *there)
{
	struct prop_value v;

	tag &= ~(uint32_t)PTYP_INSTANCE;
	*there = fake_value(row, tag, &v);
	if (*there && m->mv && tag == FAKE_MV_TAG) {
		*there = instance < v.n;
		if (*there)
			v = prop_element(&v, instance);
	}
	return v;
}

static int compare_by(const struct model *m, const struct sort_order *s,
		      const struct item *a, const struct item *b)
{
	bool x_there, y_there;
	struct prop_value x = row_value(m, &a->row, a->instance, s->tag,
					&x_there);
	struct prop_value y = row_value(m, &b->row, b->instance, s->tag,
					&y_there);
	int order = 0;

	if (x_there && y_there)
		assert_true(collate_values(m->collator, &x, &y, &order));
	else
		order = x_there - y_there;
	order = (order > 0) - (order < 0);
	return s->order == SORT_DESCENDING ? -order : order;
}

/* Up to so many levels of categories. */
static int compare_groups(const struct model *m, const struct item *a,
			  const struct item *b, uint32_t levels)
{
	int order = 0;

	for (uint32_t i = 0; i < levels && order == 0; i++)
		order = compare_by(m, &m->sorts[i], a, b);
	return order;
}

static int compare_leaves(const struct model *m, const struct item *a,
			  const struct item *b)
{
	int order = 0;

	for (uint32_t i = 0; i < m->n_sorts && order == 0; i++)
		if (m->sorts[i].order != SORT_MAXIMUM_CATEGORY)
			order = compare_by(m, &m->sorts[i], a, b);
	/* the aggregated column only where nothing else decides */
	if (order == 0 && m->maximum)
		order = compare_by(m, &m->sorts[m->categories], a, b);
	if (order == 0)
		order = a->row.counter < b->row.counter ? -1 :
			a->row.counter > b->row.counter;
	return order != 0 ? order :
		(a->instance > b->instance) - (a->instance < b->instance);
}

/* A row that has the greatest value of its last-level category. */
static const struct item *greatest(const struct model *m,
				   const struct item *all, uint32_t n,
				   const struct item *of)
{
	const struct item *best = NULL;
	struct sort_order ascending = m->sorts[m->categories];

	ascending.order = SORT_ASCENDING;
	for (uint32_t i = 0; i < n; i++)
		if (compare_groups(m, &all[i], of, m->categories) == 0 &&
		    (best == NULL || compare_by(m, &ascending, &all[i],
						best) > 0))
			best = &all[i];
	return best;
}

static int compare_items(const struct model *m, const struct item *all,
			 uint32_t n, const struct item *a,
			 const struct item *b)
{
	int order;

	if (m->maximum) {
		order = compare_groups(m, a, b, m->categories - 1);
		if (order == 0 &&
		    compare_groups(m, a, b, m->categories) != 0) {
			struct sort_order s = m->sorts[m->categories];

			s.order = m->sorts[m->categories - 1].order;
			order = compare_by(m, &s, greatest(m, all, n, a),
					   greatest(m, all, n, b));
		}
		if (order != 0)
			return order;
	}
	return compare_leaves(m, a, b);
}

static bool initially_expanded(const struct model *m, uint32_t level)
{
	return level <= m->expanded_count;
}

static bool is_toggled(const struct model *m, const struct item *header)
{
	for (uint32_t i = 0; i < m->n_toggled; i++)
		if (m->toggled[i].level == header->level &&
		    compare_groups(m, &m->toggled[i], header,
				   header->level) == 0)
			return true;
	return false;
}

/* All leaf rows, in order. */
static uint32_t sorted_leaves(struct model *m, struct item *out)
{
	uint32_t n = 0, instances;
	struct item tmp;

	for (uint32_t i = 0; i < m->fake->n; i++) {
		const struct fake_row *r = &m->fake->rows[i];

		if (r->importance < m->min_importance)
			continue;
		instances = m->mv && r->n_keywords > 0 ? r->n_keywords : 1;
		for (uint32_t k = 0; k < instances; k++) {
			assert_true(n < ITEMS_MAX / 2);
			out[n++] = (struct item){ .row = *r, .instance = k };
		}
	}
	for (uint32_t i = 1; i < n; i++)          /* insertion sort */
		for (uint32_t j = i; j > 0 && compare_items(m, out, n,
				&out[j - 1], &out[j]) > 0; j--) {
			tmp = out[j];
			out[j] = out[j - 1];
			out[j - 1] = tmp;
		}
	return n;
}

static void count_group(const struct model *m, const struct item *leaves,
			uint32_t n, struct item *header)
{
	for (uint32_t i = 0; i < n; i++)
		if (compare_groups(m, &leaves[i], header, header->level) == 0) {
			header->leaves++;
			header->unread += !leaves[i].row.read;
		}
}

/* A category that vanished comes back in its initial state. */
static void forget_toggled(struct model *m, const struct item *leaves,
			   uint32_t n)
{
	for (uint32_t i = 0; i < m->n_toggled;) {
		struct item *h = &m->toggled[i];
		uint32_t k = 0;

		while (k < n && compare_groups(m, &leaves[k], h,
					       h->level) != 0)
			k++;
		if (k < n)
			i++;
		else
			*h = m->toggled[--m->n_toggled];
	}
}

static void rebuild(struct model *m)
{
	static struct item leaves[ITEMS_MAX / 2];
	uint32_t n = sorted_leaves(m, leaves);
	bool open[8] = { true };

	m->n_items = 0;
	forget_toggled(m, leaves, n);
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t level = 1; level <= m->categories; level++) {
			struct item h = { .header = true, .level = level,
					  .row = leaves[i].row,
					  .instance = leaves[i].instance };

			if (i > 0 && compare_groups(m, &leaves[i - 1],
						    &leaves[i], level) == 0)
				continue;
			count_group(m, leaves, n, &h);
			h.expanded = initially_expanded(m, level) !=
				is_toggled(m, &h);
			h.visible = open[level - 1];
			open[level] = h.visible && h.expanded;
			m->items[m->n_items++] = h;
		}
		leaves[i].visible = open[m->categories];
		m->items[m->n_items++] = leaves[i];
	}
}

static uint32_t visible_before(const struct model *m, uint32_t end)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < end; i++)
		n += m->items[i].visible;
	return n;
}

static const struct item *nth_visible(const struct model *m, uint32_t n)
{
	for (uint32_t i = 0; i < m->n_items; i++)
		if (m->items[i].visible && n-- == 0)
			return &m->items[i];
	return NULL;
}

static bool same_item(const struct model *m, const struct item *a,
		      const struct item *b)
{
	if (a->header != b->header)
		return false;
	if (a->header)
		return a->level == b->level &&
			compare_groups(m, a, b, a->level) == 0;
	if (m->keyed)
		return a->row.counter == b->row.counter;
	return compare_leaves(m, a, b) == 0;
}

/* Whether an item of the list is behind one that is not in it. */
static bool is_behind(const struct model *m, const struct item *item,
		      const struct item *gone)
{
	uint32_t level = m->categories;
	int order;

	if (gone->header)
		level = gone->level;
	if (item->header && item->level < level)
		level = item->level;
	if (m->keyed)
		return item->row.counter > gone->row.counter;
	order = compare_groups(m, item, gone, level);
	if (order != 0 || gone->header || item->header)
		return order > 0;
	return compare_leaves(m, item, gone) > 0;
}

/* Position of a place; *exact: its row is there and visible. */
static uint32_t position_of(const struct model *m,
			    const struct model_place *p, bool *exact)
{
	*exact = true;
	if (p->where == PLACE_BEGIN)
		return 0;
	if (p->where == PLACE_END)
		return visible_before(m, m->n_items);
	for (uint32_t i = 0; i < m->n_items; i++) {
		if (!same_item(m, &m->items[i], &p->item))
			continue;
		*exact = m->items[i].visible;
		return visible_before(m, i) +
			(*exact && p->where == PLACE_AFTER);
	}
	*exact = false;
	for (uint32_t i = 0; i < m->n_items; i++)
		if (is_behind(m, &m->items[i], &p->item))
			return visible_before(m, i);
	return visible_before(m, m->n_items);
}

/* ---- comparing ---- */

static const uint32_t columns[] = {
	PID_TAG_INST_ID, PID_TAG_INSTANCE_NUM, PID_TAG_ROW_TYPE, PID_TAG_DEPTH,
	PID_TAG_CONTENT_COUNT, PID_TAG_CONTENT_UNREAD_COUNT, PID_TAG_SUBJECT,
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

struct reader {
	const struct model *m;
	uint32_t position, max, n;
	bool backward;
	uint64_t last_id;
	uint32_t last_instance;
};

static void check_header(const struct prop_value *v, const struct item *item)
{
	int32_t type = item->expanded ? TBL_EXPANDED_CATEGORY :
		TBL_COLLAPSED_CATEGORY;

	assert_int_equal(v[2].i32, type);
	assert_int_equal(v[3].i32, item->level - 1);
	assert_int_equal(v[4].i32, item->leaves);
	assert_int_equal(v[5].i32, item->unread);
}

static void check_leaf(const struct model *m, const struct prop_value *v,
		       const struct item *item)
{
	assert_int_equal(v[0].i64, id_make(1, item->row.counter));
	assert_int_equal(v[1].i32, item->instance);
	assert_int_equal(v[2].i32, TBL_LEAF_ROW);
	assert_int_equal(v[3].i32, m->categories);
	if (item->row.subject[0] != '\0')
		assert_string_equal(v[6].str, item->row.subject);
	else
		assert_int_equal(prop_tag_type(v[6].tag), PTYP_ERROR_CODE);
}

static bool check_row(void *ctx, const struct prop_value *v, uint32_t n)
{
	struct reader *r = ctx;
	const struct item *item;

	assert_int_equal(n, N_COLUMNS);
	if (r->n == r->max)
		return false;
	item = nth_visible(r->m, r->backward ? r->position - 1 - r->n :
			   r->position + r->n);
	assert_non_null(item);
	if (item->header)
		check_header(v, item);
	else
		check_leaf(r->m, v, item);
	r->last_id = (uint64_t)v[0].i64;
	r->last_instance = (uint32_t)v[1].i32;
	r->n++;
	return true;
}

static void put_place(struct model_place *p, const struct item *item,
		      enum place_where where)
{
	p->where = where;
	p->item = *item;
}

/* ---- steps ---- */

static void step_query(struct model *m)
{
	struct reader r = { .m = m, .max = 1 + rnd(6),
			    .backward = rnd(3) == 0 };
	uint32_t total = visible_before(m, m->n_items), n, left, want = rnd(8);
	bool exact, keep = rnd(4) == 0;
	uint8_t origin;
	enum ec ec;

	r.position = position_of(m, &m->cursor, &exact);
	left = r.backward ? r.position : total - r.position;
	ec = table_query_rows(m->table, keep ? QUERY_ROWS_NO_ADVANCE : 0,
			      !r.backward, want, check_row, &r, &n, &origin);
	assert_int_equal(ec, EC_SUCCESS);
	if (want > r.max)
		want = r.max;
	assert_int_equal(n, left < want ? left : want);
	if (want > 0 && n == left)
		assert_int_equal(origin, r.backward ? BOOKMARK_BEGINNING :
				 BOOKMARK_END);
	else
		assert_int_equal(origin, BOOKMARK_CURRENT);
	if (keep || n == 0)
		return;
	put_place(&m->cursor, nth_visible(m, r.backward ? r.position - n :
					  r.position + n - 1),
		  r.backward ? PLACE_AT : PLACE_AFTER);
}

static void move_model(struct model *m, const struct model_place *from,
		       int32_t rows, bool less, int32_t sought)
{
	bool exact;
	int64_t at = position_of(m, from, &exact), to = at + rows;
	int64_t total = visible_before(m, m->n_items);
	struct model_place old = *from;

	to = to < 0 ? 0 : to > total ? total : to;
	assert_int_equal(sought, to - at);
	assert_int_equal(less, to - at != rows);
	if (to == 0)
		m->cursor.where = PLACE_BEGIN;
	else if (to == total)
		m->cursor.where = PLACE_END;
	else if (rows == 0)
		m->cursor = old;
	else
		put_place(&m->cursor, nth_visible(m, (uint32_t)to), PLACE_AT);
}

static void step_seek(struct model *m)
{
	unsigned origin = rnd(3);
	int32_t rows = (int32_t)rnd(40) - 20, sought;
	struct model_place from = m->cursor;
	bool less;

	if (origin == BOOKMARK_BEGINNING)
		from.where = PLACE_BEGIN;
	else if (origin == BOOKMARK_END)
		from.where = PLACE_END;
	assert_int_equal(table_seek_row(m->table, origin, rows, &less,
					&sought), EC_SUCCESS);
	move_model(m, &from, rows, less, sought);
}

static void step_fraction(struct model *m)
{
	uint32_t den = 1 + rnd(10), num = rnd(12), to;
	uint32_t total = visible_before(m, m->n_items);

	assert_int_equal(table_seek_row_fractional(m->table, num, den),
			 EC_SUCCESS);
	to = total * num / den;
	if (num >= den || to == total)
		m->cursor.where = to == 0 && num < den ? PLACE_BEGIN :
			PLACE_END;
	else if (to == 0)
		m->cursor.where = PLACE_BEGIN;
	else
		put_place(&m->cursor, nth_visible(m, to), PLACE_AT);
}

static void step_position(struct model *m)
{
	uint32_t num, den;
	bool exact;

	assert_int_equal(table_query_position(m->table, &num, &den),
			 EC_SUCCESS);
	assert_int_equal(den, visible_before(m, m->n_items));
	assert_int_equal(num, position_of(m, &m->cursor, &exact));
}

static void step_mark(struct model *m)
{
	struct model_bookmark *b = &m->marks[m->n_marks];
	uint32_t at;
	bool exact;

	if (m->n_marks == 8)
		return;
	at = position_of(m, &m->cursor, &exact);
	assert_int_equal(table_create_bookmark(m->table, m->arena, &b->bytes),
			 EC_SUCCESS);
	b->place = m->cursor;
	if (m->cursor.where == PLACE_BEGIN || m->cursor.where == PLACE_AFTER) {
		if (nth_visible(m, at) != NULL)
			put_place(&b->place, nth_visible(m, at), PLACE_AT);
		else
			b->place.where = PLACE_END;
	}
	m->n_marks++;
}

/* A bookmark follows its row: its values are those of now. */
static void follow(struct model *m, struct model_place *p)
{
	if (p->item.header || m->keyed ||
	    (p->where != PLACE_AT && p->where != PLACE_AFTER))
		return;
	for (uint32_t i = 0; i < m->n_items; i++)
		if (!m->items[i].header &&
		    m->items[i].row.counter == p->item.row.counter &&
		    m->items[i].instance == p->item.instance)
			p->item = m->items[i];
}

static void step_seek_mark(struct model *m)
{
	struct model_bookmark *b;
	int32_t rows = (int32_t)rnd(9) - 4, sought;
	bool less, gone, exact;

	if (m->n_marks == 0)
		return;
	b = &m->marks[rnd(m->n_marks)];
	assert_int_equal(table_seek_row_bookmark(m->table, b->bytes, rows,
		&gone, &less, &sought), EC_SUCCESS);
	follow(m, &b->place);
	position_of(m, &b->place, &exact);
	assert_int_equal(gone, !exact);
	move_model(m, &b->place, rows, less, sought);
}

static void step_free_mark(struct model *m)
{
	bool x;
	int32_t sought;
	struct bin bytes;

	if (m->n_marks == 0)
		return;
	bytes = m->marks[--m->n_marks].bytes;
	assert_int_equal(table_free_bookmark(m->table, bytes), EC_SUCCESS);
	assert_int_equal(table_free_bookmark(m->table, bytes),
			 EC_INVALID_BOOKMARK);
	assert_int_equal(table_seek_row_bookmark(m->table, bytes, 0, &x, &x,
						 &sought),
			 EC_INVALID_BOOKMARK);
}

/* What is looked for: a message, or the first of an importance. */
struct want {
	uint64_t counter;         /* 0: by importance */
	int32_t importance;
};

static bool found_by(const struct item *item, const struct want *want)
{
	/* Of a header only columns count, and these are none. */
	if (item->header)
		return false;
	return want->counter != 0 ? item->row.counter == want->counter :
		item->row.importance == want->importance;
}

static struct restriction restriction_for(const struct model *m,
					  struct want *want)
{
	struct restriction r = {
		.type = RES_PROPERTY,
		.property = { REL_OP_EQ, PID_TAG_IMPORTANCE,
			      { .tag = PID_TAG_IMPORTANCE } },
	};

	*want = (struct want){ .importance = (int32_t)rnd(4) };
	r.property.value.i32 = want->importance;
	if (rnd(2) == 0)
		return r;
	want->counter = m->fake->n > 0 && rnd(5) > 0 ?
		m->fake->rows[rnd(m->fake->n)].counter : 1 + rnd(5000);
	r.property.tag = r.property.value.tag = PID_TAG_MID;
	r.property.value.i64 = (int64_t)id_make(1, want->counter);
	return r;
}

static void step_find(struct model *m)
{
	struct want want;
	struct restriction r = restriction_for(m, &want);
	bool backward = rnd(2) == 0, exact, gone = false, has = false;
	struct model_place from = m->cursor;
	unsigned origin = rnd(m->n_marks > 0 ? 4 : 3);
	struct model_bookmark *b = &m->marks[rnd(m->n_marks + 1)];
	struct reader reader = { .m = m, .max = 1 };
	const struct item *item = NULL;
	int64_t at;
	enum ec ec;

	if (b == &m->marks[m->n_marks])
		b--;
	if (origin == BOOKMARK_BEGINNING)
		from.where = PLACE_BEGIN;
	if (origin == BOOKMARK_END)
		from.where = PLACE_END;
	if (origin == BOOKMARK_CUSTOM) {
		follow(m, &b->place);
		from = b->place;
	}
	at = position_of(m, &from, &exact);
	for (at -= backward; at >= 0; at += backward ? -1 : 1) {
		item = nth_visible(m, (uint32_t)at);
		if (item == NULL || found_by(item, &want))
			break;
		item = NULL;
	}
	reader.position = (uint32_t)at;
	ec = table_find_row(m->table, backward, &r, origin,
			    origin == BOOKMARK_CUSTOM ? b->bytes :
			    (struct bin){ NULL, 0 }, check_row, &reader,
			    &gone, &has);
	assert_int_equal(ec, item != NULL ? EC_SUCCESS : EC_NOT_FOUND);
	assert_int_equal(gone, origin == BOOKMARK_CUSTOM && !exact);
	if (item == NULL)
		return;
	assert_true(has);
	put_place(&m->cursor, item, PLACE_AT);
}

static void random_row(struct fake_row *r)
{
	static const char *const words[] = {
		"", "Apfel", "apfel", "Äpfel", "Birne", "BIRNE", "cherry",
		"Chérie", "zoo", "RE: zoo" };
	static const char *const keywords[] = { "red", "Green", "blue",
						"RED" };

	snprintf(r->subject, sizeof r->subject, "%s", words[rnd(10)]);
	r->importance = (int32_t)rnd(3);
	r->time = rnd(20);
	r->read = rnd(2) == 0;
	r->n_keywords = rnd(FAKE_KEYWORDS);
	for (uint32_t i = 0; i < r->n_keywords; i++)
		r->keywords[i] = keywords[rnd(4)];
}

static void step_insert(struct model *m)
{
	struct fake_row r = { .counter = 1 + rnd(5000) };
	uint32_t i = fake_lower(m->fake, r.counter);

	if (i < m->fake->n && m->fake->rows[i].counter == r.counter)
		return;
	random_row(&r);
	fake_insert(m->fake, &r);
	rebuild(m);
}

static void step_delete(struct model *m)
{
	if (m->fake->n == 0)
		return;
	fake_delete(m->fake, rnd(m->fake->n));
	rebuild(m);
}

static void step_modify(struct model *m)
{
	uint32_t i;
	struct fake_row r;

	if (m->fake->n == 0)
		return;
	i = rnd(m->fake->n);
	r = m->fake->rows[i];
	if (rnd(2) == 0)
		r.read = !r.read;
	else
		random_row(&r);
	fake_modify(m->fake, i, &r);
	rebuild(m);
}

/* The PidTagInstID of a header: read it there. */
static bool take_id(void *ctx, const struct prop_value *v, uint32_t n)
{
	*(uint64_t *)ctx = (uint64_t)v[0].i64;
	return true;
}

static uint64_t id_at(struct model *m, uint32_t position)
{
	uint64_t id = 0;
	uint32_t n;
	uint8_t origin;
	int32_t sought;
	bool less;
	struct place keep = { .key = BUF_INIT };

	place_copy(&keep, &m->table->cursor);
	assert_int_equal(table_seek_row(m->table, BOOKMARK_BEGINNING,
		(int32_t)position, &less, &sought), EC_SUCCESS);
	assert_int_equal(table_query_rows(m->table, 0, true, 1, take_id, &id,
					  &n, &origin), EC_SUCCESS);
	place_copy(&m->table->cursor, &keep);
	place_free(&keep);
	return id;
}

static void toggle(struct model *m, const struct item *header)
{
	for (uint32_t i = 0; i < m->n_toggled; i++)
		if (m->toggled[i].level == header->level &&
		    compare_groups(m, &m->toggled[i], header,
				   header->level) == 0) {
			m->toggled[i] = m->toggled[--m->n_toggled];
			return;
		}
	assert_true(m->n_toggled < 256);
	m->toggled[m->n_toggled++] = *header;
}

static void step_toggle(struct model *m)
{
	uint32_t total = visible_before(m, m->n_items), at, before, n = 0;
	const struct item *item;
	struct item header;
	struct reader r = { .m = m, .max = 3 };
	uint64_t id;
	enum ec ec;

	if (m->categories == 0 || total == 0)
		return;
	at = rnd(total);
	item = nth_visible(m, at);
	if (!item->header)
		return;
	header = *item;
	id = id_at(m, at);
	before = total;
	toggle(m, &header);
	rebuild(m);
	total = visible_before(m, m->n_items);
	if (header.expanded) {
		ec = table_collapse_row(m->table, id, &n);
		assert_int_equal(n, before - total);
	} else {
		uint32_t rows;

		r.position = at + 1;
		ec = table_expand_row(m->table, 5, id, check_row, &r, &n,
				      &rows);
		assert_int_equal(n, total - before);
		assert_int_equal(rows, n < 3 ? n : 3);
	}
	assert_int_equal(ec, EC_SUCCESS);
	if (header.expanded)
		assert_int_equal(table_collapse_row(m->table, id, &n),
				 EC_NOT_EXPANDED);
	else
		assert_int_equal(table_expand_row(m->table, 0, id, check_row,
			&r, &n, &n), EC_NOT_COLLAPSED);
}

/* A vanished header or row cannot be placed among reordered categories. */
static void start_again(struct model *m)
{
	bool less;
	int32_t sought;

	assert_int_equal(table_seek_row(m->table, BOOKMARK_BEGINNING, 0,
					&less, &sought), EC_SUCCESS);
	m->cursor.where = PLACE_BEGIN;
	while (m->n_marks > 0)
		step_free_mark(m);
}

static void check_all(struct model *m)
{
	struct reader r = { .m = m, .max = UINT32_MAX };
	uint32_t n, total = visible_before(m, m->n_items);
	uint8_t origin;
	bool less;
	int32_t sought;
	struct place keep = { .key = BUF_INIT };

	place_copy(&keep, &m->table->cursor);
	assert_int_equal(table_seek_row(m->table, BOOKMARK_BEGINNING, 0,
					&less, &sought), EC_SUCCESS);
	assert_int_equal(table_query_rows(m->table, 0, true, UINT32_MAX,
		check_row, &r, &n, &origin), EC_SUCCESS);
	assert_int_equal(n, total);
	r = (struct reader){ .m = m, .max = UINT32_MAX, .position = total,
			     .backward = true };
	assert_int_equal(table_query_rows(m->table, 0, false, UINT32_MAX,
		check_row, &r, &n, &origin), EC_SUCCESS);
	assert_int_equal(n, total);
	place_copy(&m->table->cursor, &keep);
	place_free(&keep);
}

static void step(struct model *m)
{
	static void (*const steps[])(struct model *m) = {
		step_query, step_query, step_query, step_seek, step_position,
		step_fraction, step_mark, step_mark, step_seek_mark,
		step_seek_mark, step_free_mark, step_find, step_find,
		step_toggle, step_toggle, step_insert, step_insert,
		step_delete, step_modify, check_all };
	uint32_t which = rnd(sizeof steps / sizeof steps[0]);

	if (m->maximum && which >= 15 && which <= 18)
		start_again(m);
	steps[which](m);
}

/* ---- views ---- */

static void set_columns(struct model *m)
{
	assert_int_equal(table_set_columns(m->table, (struct prop_tags){
		N_COLUMNS, columns }), EC_SUCCESS);
}

static void random_sort(struct model *m)
{
	static const uint32_t tags[] = {
		PID_TAG_SUBJECT, PID_TAG_IMPORTANCE,
		PID_TAG_MESSAGE_DELIVERY_TIME, PID_TAG_READ,
		FAKE_MV_TAG | PTYP_INSTANCE };
	uint32_t first = rnd(5);

	m->n_sorts = rnd(4);
	m->mv = m->maximum = false;
	for (uint32_t i = 0; i < m->n_sorts; i++) {
		m->sorts[i].tag = tags[(first + i) % 5];
		m->sorts[i].order = (uint8_t)rnd(2);
		m->mv = m->mv || m->sorts[i].tag == tags[4];
	}
	m->categories = m->n_sorts > 0 && rnd(3) > 0 ? 1 + rnd(m->n_sorts) : 0;
	m->expanded_count = rnd(m->categories + 1);
	if (m->categories > 0 && m->n_sorts > m->categories && rnd(2) == 0 &&
	    !(m->sorts[m->categories].tag & PTYP_INSTANCE)) {
		m->sorts[m->categories].order = SORT_MAXIMUM_CATEGORY;
		m->maximum = true;
	}
}

static void change_view(struct model *m)
{
	struct restriction r = {
		.type = RES_PROPERTY,
		.property = { REL_OP_GE, PID_TAG_IMPORTANCE,
			      { .tag = PID_TAG_IMPORTANCE } },
	};

	random_sort(m);
	m->min_importance = (int32_t)rnd(2);
	r.property.value.i32 = m->min_importance;
	assert_int_equal(table_sort(m->table, m->sorts, m->n_sorts,
				    m->categories, m->expanded_count),
			 EC_SUCCESS);
	assert_int_equal(table_restrict(m->table, m->min_importance > 0 ?
					&r : NULL), EC_SUCCESS);
	m->keyed = m->n_sorts == 0 && m->min_importance == 0;
	m->n_marks = m->n_toggled = 0;
	m->cursor.where = PLACE_BEGIN;
	rebuild(m);
}

static void run(uint64_t start, unsigned views, unsigned steps)
{
	struct model *m = xcalloc(1, sizeof *m);
	struct fake_row r;

	seed = start * UINT64_C(0x9e3779b97f4a7c15) + 1;
	m->fake = fake_new();
	m->arena = arena_new(0);
	m->collator = collator_new(0x0409, NULL);
	m->table = fake_table(m->fake);
	for (uint32_t i = 0, n = rnd(60); i < n; i++) {
		r = (struct fake_row){ .counter = 100 + 50 * i };
		random_row(&r);
		fake_insert(m->fake, &r);
	}
	set_columns(m);
	for (unsigned v = 0; v < views; v++) {
		change_view(m);
		for (unsigned i = 0; i < steps; i++)
			step(m);
		check_all(m);
	}
	table_free(m->table);
	collator_free(m->collator);
	arena_free(m->arena);
	fake_end(m->fake);
	free(m);
}

static void test_against_model(void **state)
{
	const char *one = getenv("TABLE_MODEL_SEED");

	if (one != NULL) {
		run(strtoull(one, NULL, 10), 12, 120);
		return;
	}
	for (uint64_t s = 1; s <= 20; s++) {
		printf("seed %llu\r", (unsigned long long)s);
		run(s, 8, 80);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
