/* SPDX-License-Identifier: Apache-2.0 */
/* Charsets of MIME, and the Windows code pages that MAPI counts by. */
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

#include "base/utf.h"
#include "mime/internal.h"

static const struct {
	const char *charset;
	int32_t codepage;
} pages[] = {
	{ "utf-8", 65001 }, { "utf8", 65001 }, { "us-ascii", 20127 },
	{ "ascii", 20127 }, { "iso-8859-1", 28591 }, { "latin1", 28591 },
	{ "iso-8859-2", 28592 }, { "iso-8859-3", 28593 },
	{ "iso-8859-4", 28594 }, { "iso-8859-5", 28595 },
	{ "iso-8859-6", 28596 }, { "iso-8859-7", 28597 },
	{ "iso-8859-8", 28598 }, { "iso-8859-9", 28599 },
	{ "iso-8859-13", 28603 }, { "iso-8859-15", 28605 },
	{ "windows-1250", 1250 }, { "windows-1251", 1251 },
	{ "windows-1252", 1252 }, { "windows-1253", 1253 },
	{ "windows-1254", 1254 }, { "windows-1255", 1255 },
	{ "windows-1256", 1256 }, { "windows-1257", 1257 },
	{ "windows-1258", 1258 }, { "windows-874", 874 },
	{ "koi8-r", 20866 }, { "koi8-u", 21866 }, { "iso-2022-jp", 50220 },
	{ "shift_jis", 932 }, { "euc-jp", 51932 }, { "euc-kr", 51949 },
	{ "gb2312", 936 }, { "gbk", 936 }, { "gb18030", 54936 },
	{ "big5", 950 }, { "macintosh", 10000 },
};

int32_t charset_codepage(const char *charset)
{
	if (charset == NULL)
		return 0;
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (strcasecmp(pages[i].charset, charset) == 0)
			return pages[i].codepage;
	return 0;
}

const char *charset_of_codepage(int32_t codepage)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (pages[i].codepage == codepage)
			return pages[i].charset;
	return NULL;
}

static bool is_ascii_or_utf8(const char *charset)
{
	int32_t page = charset_codepage(charset);

	return charset == NULL || page == 65001 || page == 20127;
}

static void convert(iconv_t cd, const uint8_t *data, size_t len,
		    struct buf *out)
{
	char *in = (char *)data;

	while (len > 0) {
		char *room = (char *)buf_room(out, 4 * len + 8);
		size_t left = 4 * len + 8, was = left;
		size_t rc = iconv(cd, &in, &len, &room, &left);

		out->len += was - left;
		if (rc != (size_t)-1 || len == 0)
			break;
		if (errno == E2BIG)
			continue;
		buf_add(out, "\xef\xbf\xbd", 3);
		in++;
		len--;
	}
}

/* Drop NULs: inside, strings end with one. */
static char *without_nuls(struct arena *arena, const struct buf *text)
{
	char *out = arena_alloc(arena, text->len + 1), *to = out;

	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] != '\0')
			*to++ = (char)text->data[i];
	*to = '\0';
	return out;
}

char *charset_to_utf8(struct arena *arena, const uint8_t *data, size_t len,
		      const char *charset)
{
	struct buf text = BUF_INIT;
	iconv_t cd = (iconv_t)-1;
	char *out;

	/* A declared UTF-8 that is none is most often windows-1252. */
	if (is_ascii_or_utf8(charset) && !utf8_valid((char *)data, len))
		charset = "windows-1252";
	if (!is_ascii_or_utf8(charset))
		cd = iconv_open("UTF-8", g_mime_charset_iconv_name(charset));
	if (cd == (iconv_t)-1 && !utf8_valid((char *)data, len))
		cd = iconv_open("UTF-8", "CP1252");
	if (cd != (iconv_t)-1) {
		convert(cd, data, len, &text);
		iconv_close(cd);
	} else {
		buf_add(&text, data, len);
	}
	out = without_nuls(arena, &text);
	buf_free(&text);
	return out;
}
