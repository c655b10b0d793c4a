/* SPDX-License-Identifier: Apache-2.0 */
#include "mapi/code_page.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

static const struct code_page {
	uint32_t number;
	const char *charset;      /* as MIME has it */
	const char *iconv;        /* as the C library has it */
} code_pages[] = {
	{ 1252, "windows-1252", "CP1252" },
	{ 65001, "utf-8", "UTF-8" },
	{ 20127, "us-ascii", "ASCII" },
	/* CP_TELETEX, which an address book has to have ([MS-OXNSPI]
	 * 2.2.1.5). */
	{ 20261, "t.61", "T.61-8BIT" },
	{ 28591, "iso-8859-1", "ISO-8859-1" },
	{ 437, "ibm437", "IBM437" },
	{ 850, "ibm850", "IBM850" },
	{ 852, "ibm852", "IBM852" },
	{ 866, "ibm866", "IBM866" },
	{ 874, "windows-874", "CP874" },
	{ 932, "shift_jis", "CP932" },
	{ 936, "gb2312", "CP936" },
	{ 949, "ks_c_5601-1987", "CP949" },
	{ 950, "big5", "CP950" },
	{ 1250, "windows-1250", "CP1250" },
	{ 1251, "windows-1251", "CP1251" },
	{ 1253, "windows-1253", "CP1253" },
	{ 1254, "windows-1254", "CP1254" },
	{ 1255, "windows-1255", "CP1255" },
	{ 1256, "windows-1256", "CP1256" },
	{ 1257, "windows-1257", "CP1257" },
	{ 1258, "windows-1258", "CP1258" },
	{ 20866, "koi8-r", "KOI8-R" },
	{ 21866, "koi8-u", "KOI8-U" },
	{ 20932, "euc-jp", "EUC-JP" },
	{ 51932, "euc-jp", "EUC-JP" },
	{ 51936, "euc-cn", "EUC-CN" },
	{ 51949, "euc-kr", "EUC-KR" },
	{ 50220, "iso-2022-jp", "ISO-2022-JP" },
	{ 50221, "iso-2022-jp", "ISO-2022-JP" },
	{ 50222, "iso-2022-jp", "ISO-2022-JP" },
	{ 50225, "iso-2022-kr", "ISO-2022-KR" },
	{ 54936, "gb18030", "GB18030" },
	{ 28592, "iso-8859-2", "ISO-8859-2" },
	{ 28593, "iso-8859-3", "ISO-8859-3" },
	{ 28594, "iso-8859-4", "ISO-8859-4" },
	{ 28595, "iso-8859-5", "ISO-8859-5" },
	{ 28596, "iso-8859-6", "ISO-8859-6" },
	{ 28597, "iso-8859-7", "ISO-8859-7" },
	{ 28598, "iso-8859-8", "ISO-8859-8" },
	{ 28599, "iso-8859-9", "ISO-8859-9" },
	{ 28603, "iso-8859-13", "ISO-8859-13" },
	{ 28605, "iso-8859-15", "ISO-8859-15" },
	{ 65000, "utf-7", "UTF-7" },
};

enum { CODE_PAGES = sizeof code_pages / sizeof *code_pages };

static const struct code_page *find(uint32_t number)
{
	for (size_t i = 0; i < CODE_PAGES; i++)
		if (code_pages[i].number == number)
			return &code_pages[i];
	return NULL;
}

/* What an unknown code page is taken for: the first of the table. */
static const struct code_page *find_or_default(uint32_t number)
{
	const struct code_page *cp = find(number);

	return cp != NULL ? cp : &code_pages[0];
}

bool code_page_known(uint32_t code_page)
{
	return find(code_page) != NULL;
}

const char *code_page_charset(uint32_t code_page)
{
	const struct code_page *cp = find(code_page);

	return cp != NULL ? cp->charset : NULL;
}

uint32_t code_page_number(const char *charset)
{
	for (size_t i = 0; i < CODE_PAGES; i++)
		if (strcasecmp(code_pages[i].charset, charset) == 0 ||
		    strcasecmp(code_pages[i].iconv, charset) == 0)
			return code_pages[i].number;
	return 0;
}

/* Whether len bytes mean the same in ASCII: no high bit, no shift codes. */
static bool is_plain(const struct code_page *cp, const char *s, size_t len)
{
	bool shifts = cp->number == 65000 ||
		(cp->number >= 50220 && cp->number <= 50225);
	uint8_t all = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t b = (uint8_t)s[i];

		if (shifts && (b == 0x1b || b == 0x0e || b == '+'))
			return false;
		all |= b;
	}
	return all < 0x80;
}

/* One conversion into a fixed room. */
struct convert {
	iconv_t cd;
	const char *in;
	size_t in_left;
	char *out;
	size_t out_left;
	const char *replacement;  /* already in the target's form */
	size_t replacement_len;
};

/* Pass over what cannot be converted, and put the replacement in its place. */
static bool convert_replace(struct convert *c, bool from_utf8)
{
	if (c->out_left < c->replacement_len)
		return false;
	memcpy(c->out, c->replacement, c->replacement_len);
	c->out += c->replacement_len;
	c->out_left -= c->replacement_len;
	do {
		c->in++;
		c->in_left--;
	} while (from_utf8 && c->in_left > 0 &&
		 ((uint8_t)*c->in & 0xc0) == 0x80);
	return true;
}

/* Convert all of it; false when there is no room. */
static bool convert_run(struct convert *c, bool from_utf8)
{
	while (c->in_left > 0) {
		/* iconv does not write through its input. */
		union { const char *from; char *to; } in = { c->in };
		size_t n = iconv(c->cd, &in.to, &c->in_left, &c->out,
				 &c->out_left);

		c->in = in.from;
		if (n != (size_t)-1)
			break;
		if (errno == E2BIG || !convert_replace(c, from_utf8))
			return false;
	}
	return iconv(c->cd, NULL, NULL, &c->out, &c->out_left) != (size_t)-1;
}

const char *code_page_to_utf8(struct arena *a, uint32_t code_page,
			      const char *s, size_t len)
{
	const struct code_page *cp = find_or_default(code_page);
	/* No character of one byte takes more than three in UTF-8. */
	size_t room = 3 * len + 1;
	struct convert c = { .in = s, .in_left = len, .out_left = room - 1,
			     .replacement = "\xef\xbf\xbd",
			     .replacement_len = 3 };
	char *text;

	if (is_plain(cp, s, len))
		return arena_strndup(a, s, len);
	c.cd = iconv_open("UTF-8", cp->iconv);
	if (c.cd == (iconv_t)-1)
		return arena_strndup(a, s, len);
	text = c.out = arena_alloc(a, room);
	convert_run(&c, cp->number == CODE_PAGE_UTF8);
	*c.out = '\0';
	iconv_close(c.cd);
	return text;
}

const char *code_page_from_utf8(struct arena *a, uint32_t code_page,
				const char *utf8, size_t *out_len)
{
	size_t len = strlen(utf8), room = 8 * len + 16;
	struct wire_w w;

	if (is_plain(find_or_default(code_page), utf8, len))
		room = len + 1;
	w = wire_w(arena_alloc(a, room), room);
	code_page_put(&w, code_page, utf8);
	*out_len = w.len > 0 ? w.len - 1 : 0;
	return (const char *)w.base;
}

/* Convert into the writer; false (nothing written, full) without room. */
static bool convert_put(struct wire_w *w, struct convert *c, bool from_utf8)
{
	bool done;

	c->out = (char *)w->base + w->len;
	c->out_left = wire_room(w);
	done = !w->full && convert_run(c, from_utf8);
	if (done)
		w->len = w->cap - c->out_left;
	else
		w->full = true;
	return done;
}

void code_page_put(struct wire_w *w, uint32_t code_page, const char *utf8)
{
	const struct code_page *cp = find_or_default(code_page);
	size_t len = strlen(utf8);
	struct convert c = { .in = utf8, .in_left = len,
			     .replacement = "?", .replacement_len = 1 };

	if (cp->number == CODE_PAGE_UTF8 || is_plain(cp, utf8, len)) {
		wire_put(w, utf8, len + 1);
		return;
	}
	c.cd = iconv_open(cp->iconv, "UTF-8");
	if (c.cd == (iconv_t)-1) {
		wire_put(w, utf8, len + 1);
		return;
	}
	convert_put(w, &c, true);
	iconv_close(c.cd);
	wire_put_u8(w, 0);
}

void code_page_put_utf16(struct wire_w *w, uint32_t code_page, const char *s)
{
	const struct code_page *cp = find_or_default(code_page);
	struct convert c = { .in = s, .in_left = strlen(s),
			     .replacement = "\xfd\xff", .replacement_len = 2 };

	c.cd = iconv_open("UTF-16LE", cp->iconv);
	if (c.cd == (iconv_t)-1) {
		for (; *s != '\0'; s++)
			wire_put_u16(w, (uint8_t)*s);
	} else {
		convert_put(w, &c, cp->number == CODE_PAGE_UTF8);
		iconv_close(c.cd);
	}
	wire_put_u16(w, 0);
}
