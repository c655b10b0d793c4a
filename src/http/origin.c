/* SPDX-License-Identifier: Apache-2.0 */
/* "https://host:port/path" in its parts (RFC 3986 3). */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/chars.h"
#include "http/upstream.h"

static bool is_literal(const char *host)
{
	unsigned char addr[16];

	return inet_pton(AF_INET, host, addr) == 1 ||
		inet_pton(AF_INET6, host, addr) == 1;
}

/* ":443", or nothing. */
static bool parse_port(const char *text, size_t len, uint16_t *out)
{
	unsigned long port = 0;

	if (len == 0)
		return true;
	if (*text != ':' || len < 2 || len > 6)
		return false;
	for (size_t i = 1; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned long)(text[i] - '0');
	}
	if (port == 0 || port > 65535)
		return false;
	*out = (uint16_t)port;
	return true;
}

/* How long the host is, without brackets; 0: there is none. */
static size_t host_length(const char *at, size_t len, size_t *skip)
{
	const char *end;

	*skip = 0;
	if (len > 0 && *at == '[') {
		end = memchr(at, ']', len);
		*skip = 1;
		return end != NULL ? (size_t)(end - at) - 1 : 0;
	}
	end = memchr(at, ':', len);
	return end != NULL ? (size_t)(end - at) : len;
}

static bool is_path(const char *path)
{
	for (; *path != '\0'; path++)
		if (!http_char_is(*path, CHAR_TARGET) || *path == '?')
			return false;
	return true;
}

bool http_origin_parse(const char *url, struct arena *arena,
		       struct http_origin *out)
{
	struct http_origin o = { .port = 80 };
	size_t len, host, skip;
	char *path;

	if (strncasecmp(url, "https://", 8) == 0) {
		o.tls = true;
		o.port = 443;
		url += 8;
	} else if (strncasecmp(url, "http://", 7) == 0) {
		url += 7;
	} else {
		return false;
	}
	len = strcspn(url, "/");
	host = host_length(url, len, &skip);
	for (size_t i = 0; i < host; i++)
		if (!http_char_is(url[skip + i], CHAR_HOST))
			return false;
	if (host == 0 || host > 255 ||
	    !parse_port(url + host + 2 * skip, len - host - 2 * skip,
			&o.port) || !is_path(url + len))
		return false;
	path = arena_strdup(arena, url + len);
	for (len = strlen(path); len > 0 && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	o.path = path;
	o.host = arena_strndup(arena, url + skip, host);
	o.literal = is_literal(o.host);
	*out = o;
	return true;
}
