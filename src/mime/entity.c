/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes behind a parsed part.  GMime tells what a part means, but not
 * where it stood; what is kept byte for byte is cut out here by the rules of
 * RFC 2046 5.1.1.
 */
#include <string.h>
#include <strings.h>

#include "mime/internal.h"

/* The line at *at, without its end; moves past it.  False at the end. */
static bool next_line(struct span *rest, struct span *line)
{
	const uint8_t *lf;

	if (rest->len == 0)
		return false;
	lf = memchr(rest->at, '\n', rest->len);
	line->at = rest->at;
	line->len = lf != NULL ? (size_t)(lf - rest->at) : rest->len;
	rest->at += line->len + (lf != NULL);
	rest->len -= line->len + (lf != NULL);
	if (lf != NULL && line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

void entity_split(struct span entity, struct span *headers, struct span *body)
{
	struct span rest = entity, line;

	while (next_line(&rest, &line))
		if (line.len == 0) {
			*headers = (struct span){ entity.at,
				(size_t)(line.at - entity.at) };
			*body = rest;
			return;
		}
	*headers = entity;
	*body = (struct span){ entity.at + entity.len, 0 };
}

/* "--boundary", maybe with "--" and white space behind it. */
static bool is_delimiter(struct span line, const char *boundary, bool *last)
{
	size_t len = strlen(boundary);

	if (line.len < len + 2 || memcmp(line.at, "--", 2) != 0 ||
	    memcmp(line.at + 2, boundary, len) != 0)
		return false;
	line.at += len + 2;
	line.len -= len + 2;
	*last = line.len >= 2 && memcmp(line.at, "--", 2) == 0;
	if (*last) {
		line.at += 2;
		line.len -= 2;
	}
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] != ' ' && line.at[i] != '\t')
			return false;
	return true;
}

/* The line end before a delimiter belongs to the delimiter. */
static size_t without_newline(const uint8_t *at, size_t len)
{
	if (len > 0 && at[len - 1] == '\n')
		len--;
	if (len > 0 && at[len - 1] == '\r')
		len--;
	return len;
}

bool entity_part(struct span body, const char *boundary, int n,
		 struct span *part)
{
	struct span rest = body, line;
	const uint8_t *start = NULL;
	int seen = -1;
	bool last;

	while (next_line(&rest, &line)) {
		if (!is_delimiter(line, boundary, &last))
			continue;
		if (seen == n) {
			part->at = start;
			part->len = without_newline(start,
				(size_t)(line.at - start));
			return true;
		}
		seen++;
		start = rest.at;
		if (last)
			return false;
	}
	if (seen != n)
		return false;
	part->at = start;
	part->len = (size_t)(body.at + body.len - start);
	return true;
}

struct span entity_content_headers(struct arena *arena, struct span headers)
{
	struct span rest = headers, line;
	uint8_t *out = arena_alloc(arena, headers.len);
	size_t len = 0;
	bool wanted = false;

	while (next_line(&rest, &line)) {
		size_t whole = (size_t)(rest.at - line.at);

		if (line.len > 0 && line.at[0] != ' ' && line.at[0] != '\t')
			wanted = line.len > 8 &&
				strncasecmp((char *)line.at, "content-",
					    8) == 0;
		if (wanted) {
			memcpy(out + len, line.at, whole);
			len += whole;
		}
	}
	return (struct span){ out, len };
}
