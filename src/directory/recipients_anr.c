/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ambiguous name resolution ([MS-OXNSPI] 3.1.4.7): an ordered array of folded
 * texts, in which the beginning of a name is a range.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/buf.h"
#include "base/utf.h"
#include "directory/recipients_impl.h"
#include "directory/snapshot.h"

enum { NAME_MAX_LEN = 1024 };

/* --- Folding ---------------------------------------------------------- */

static bool fold_ascii(const char *text, struct buf *out)
{
	size_t len = strlen(text);
	uint8_t *at = buf_room(out, len);

	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c >= 0x80)
			return false;
		at[i] = (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	out->len += len;
	return true;
}

/* Without marks: what accents become once they are on their own. */
static void put_bare(const UChar *s, int32_t len, struct buf *out)
{
	for (int32_t i = 0; i < len;) {
		uint8_t utf8[4];
		int32_t n = 0;
		UChar32 c;

		U16_NEXT(s, i, len, c);
		if (u_charType(c) == U_NON_SPACING_MARK ||
		    U_IS_SURROGATE(c))
			continue;
		U8_APPEND_UNSAFE(utf8, n, c);
		buf_add(out, utf8, (size_t)n);
	}
}

/* Decomposed (NFKD: full-width forms become plain), case-folded, bare. */
static void fold_unicode(const char *text, struct buf *out)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *nfkd = unorm2_getNFKDInstance(&status);
	int32_t len = (int32_t)strlen(text), room = 18 * len + 8;
	UChar *a = xmalloc((size_t)room * sizeof *a);
	UChar *b = xmalloc((size_t)room * sizeof *b);

	u_strFromUTF8WithSub(a, room, &len, text, len, 0xfffd, NULL, &status);
	len = u_strFoldCase(b, room, a, len, U_FOLD_CASE_DEFAULT, &status);
	len = unorm2_normalize(nfkd, b, len, a, room, &status);
	if (U_SUCCESS(status))
		put_bare(a, len, out);
	else
		buf_puts(out, text);
	free(a);
	free(b);
}

static void fold(const char *text, struct buf *out)
{
	size_t len = out->len;

	if (strlen(text) > NAME_MAX_LEN || fold_ascii(text, out))
		return;
	out->len = len;
	fold_unicode(text, out);
}

char *anr_fold(const char *text)
{
	struct buf b = BUF_INIT;

	fold(text, &b);
	buf_add(&b, "", 1);
	return (char *)b.data;
}

/* --- The texts of a recipient ----------------------------------------- */

static void put_text(struct buf *b, const char *text)
{
	size_t at = b->len;

	fold(text, b);
	if (b->len > at)
		buf_add(b, "", 1);
}

/* Of addresses those of SMTP; others are found whole, by their index. */
static void put_address(struct buf *b, const char *proxy)
{
	if (strncasecmp(proxy, "smtp:", 5) == 0)
		put_text(b, proxy + 5);
}

char *anr_texts(const struct recipient *r)
{
	struct buf b = BUF_INIT;
	struct bin v;
	uint32_t tag;

	if (r == NULL || r->hidden)
		return NULL;
	for (size_t at = 0; recipient_each(r, &at, &tag, &v);) {
		const struct recipient_attr *attr = recipient_attr(tag);

		if (tag == PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES)
			put_address(&b, (const char *)v.data);
		else if (attr != NULL && (attr->flags & ATTR_ANR) != 0)
			put_text(&b, (const char *)v.data);
	}
	if (b.len == 0) {
		buf_free(&b);
		return NULL;
	}
	buf_add(&b, "", 1);
	b.data = xrealloc(b.data, b.len);
	return (char *)b.data;
}

/* --- The index -------------------------------------------------------- */

static uint64_t prefix_of(const char *text)
{
	uint64_t prefix = 0;

	for (int i = 0; i < 8; i++) {
		prefix = prefix << 8 | (uint8_t)*text;
		if (*text != '\0')
			text++;
	}
	return prefix;
}

struct sort_entry {
	struct anr_entry e;
	const char *text;
};

static int compare_entries(const void *a, const void *b)
{
	const struct sort_entry *x = a, *y = b;
	int order;

	if (x->e.prefix != y->e.prefix)
		return x->e.prefix < y->e.prefix ? -1 : 1;
	order = strcmp(x->text, y->text);
	if (order != 0)
		return order;
	return x->e.slot < y->e.slot ? -1 : x->e.slot > y->e.slot;
}

static size_t count_texts(char *const *texts, uint32_t n)
{
	size_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		for (const char *t = texts[i]; t != NULL && *t != '\0';
		     t += strlen(t) + 1)
			count++;
	return count;
}

/* The texts of what changed, in order; to be freed. */
static struct sort_entry *sort_new(const struct changed_slots *changed,
				   char *const *texts, size_t *count)
{
	size_t n = 0, total = count_texts(texts, changed->n);
	struct sort_entry *v = xcalloc(total + 1, sizeof *v);

	for (uint32_t i = 0; i < changed->n; i++)
		for (const char *t = texts[i]; t != NULL && *t != '\0';
		     t += strlen(t) + 1)
			v[n++] = (struct sort_entry){
				{ prefix_of(t), changed->v[i],
				  (uint32_t)(t - texts[i]) }, t };
	qsort(v, n, sizeof *v, compare_entries);
	*count = n;
	return v;
}

static const char *text_of(const struct recipients_snapshot *s,
			   const struct anr_entry *e)
{
	return s->anr_text[e->slot] + e->off;
}

struct anr_entry *anr_merge(const struct recipients_snapshot *s,
			    const struct changed_slots *changed,
			    char *const *texts, uint32_t *n)
{
	size_t count, at = 0, total = 0;
	struct sort_entry *add = sort_new(changed, texts, &count);
	struct anr_entry *v = xcalloc(s->n_anr + count + 1, sizeof *v);

	for (uint32_t i = 0; i < s->n_anr; i++) {
		struct sort_entry old = { s->anr[i], NULL };

		if (bit_get(changed->bits, old.e.slot))
			continue;
		old.text = text_of(s, &old.e);
		while (at < count && compare_entries(&add[at], &old) < 0)
			v[total++] = add[at++].e;
		v[total++] = old.e;
	}
	while (at < count)
		v[total++] = add[at++].e;
	free(add);
	*n = (uint32_t)total;
	return v;
}

/* --- Looking ---------------------------------------------------------- */

/* The first entry whose text is not before text. */
static uint32_t lower_bound(const struct recipients_snapshot *s,
			    const char *text)
{
	uint64_t prefix = prefix_of(text);
	uint32_t lo = 0, hi = s->n_anr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct anr_entry *e = &s->anr[mid];

		if (e->prefix < prefix || (e->prefix == prefix &&
					   strcmp(text_of(s, e), text) < 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct found {
	const struct recipients_snapshot *s;
	uint32_t *slots;
	size_t n, max;
	uint8_t *seen;            /* a bit a slot, when many are wanted */
};

/* False: enough. */
static bool found_add(struct found *f, uint32_t slot)
{
	if (f->seen != NULL) {
		if (bit_get(f->seen, slot))
			return true;
		bit_put(f->seen, slot, true);
	} else {
		for (size_t i = 0; i < f->n; i++)
			if (f->slots[i] == slot)
				return true;
	}
	if (f->n >= f->max)
		return false;
	f->slots[f->n++] = slot;
	return f->n < f->max;
}

/* Whether an attribute begins with folded text. */
static bool begins(const struct recipient *r, uint32_t tag, const char *text)
{
	char *folded = anr_fold(recipient_text(r, tag));
	bool yes = strncmp(folded, text, strlen(text)) == 0;

	free(folded);
	return yes;
}

/* Given and family name, in either order. */
static bool is_person(const struct recipient *r, const char *one,
		      const char *other)
{
	return (begins(r, PID_TAG_GIVEN_NAME, one) &&
		begins(r, PID_TAG_SURNAME, other)) ||
		(begins(r, PID_TAG_GIVEN_NAME, other) &&
		 begins(r, PID_TAG_SURNAME, one));
}

/*
 * All that begin with text; with a second word, those of which the other of
 * the two names begins with that.  whole: they must be text.
 */
static bool search(struct found *f, const char *text, const char *second,
		   bool whole)
{
	size_t len = strlen(text);

	for (uint32_t i = lower_bound(f->s, text); i < f->s->n_anr; i++) {
		const struct anr_entry *e = &f->s->anr[i];
		const char *t = text_of(f->s, e);

		if (strncmp(t, text, len) != 0 || (whole && t[len] != '\0'))
			break;
		if (second != NULL &&
		    !is_person(f->s->slots[e->slot], text, second))
			continue;
		if (!found_add(f, e->slot))
			return false;
	}
	return true;
}

/* "jo sm": the beginnings of both names; "Smith, John" as well. */
static void search_words(struct found *f, char *text)
{
	char *space = strchr(text, ' '), *second;

	if (space == NULL || space == text)
		return;
	second = space + strspn(space, " ");
	if (space[-1] == ',')
		space--;
	*space = '\0';
	if (*text != '\0' && *second != '\0')
		search(f, text, second, false);
}

/* By what is unique: a DN or an address. */
static const struct recipient *exactly(const struct recipients_snapshot *s,
				       const char *text)
{
	if (text[0] == '/')
		return recipients_dn(s, text);
	if (strncasecmp(text, "EX:", 3) == 0)
		return recipients_dn(s, text + 3);
	if (strchr(text, '@') != NULL || strchr(text, ':') != NULL)
		return recipients_proxy(s, text);
	return NULL;
}

static char *trimmed(const char *text, bool *whole)
{
	char *folded;
	size_t len;

	text += strspn(text, " \t");
	*whole = *text == '=';
	if (*whole)
		text++;
	text += strspn(text, " \t");
	folded = anr_fold(text);
	for (len = strlen(folded); len > 0 && folded[len - 1] == ' '; len--)
		;
	folded[len] = '\0';
	return folded;
}

size_t recipients_anr(const struct recipients_snapshot *s, const char *text,
		      uint32_t *slots, size_t max)
{
	struct found f = { .s = s, .slots = slots, .max = max };
	const struct recipient *one;
	bool whole;
	char *key;

	if (max == 0 || strlen(text) > NAME_MAX_LEN)
		return 0;
	key = trimmed(text, &whole);
	one = exactly(s, key);
	if (one != NULL && !one->hidden) {
		slots[0] = one->slot;
		f.n = 1;
	} else if (*key != '\0') {
		if (max > 64)
			f.seen = xcalloc(s->n_slots / 8 + 1, 1);
		if (search(&f, key, NULL, whole) && !whole)
			search_words(&f, key);
		free(f.seen);
	}
	free(key);
	return f.n;
}
