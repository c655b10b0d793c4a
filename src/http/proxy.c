/* SPDX-License-Identifier: Apache-2.0 */
#include "http/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

/* Section 2.2 */
static const uint8_t signature[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
				       0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };
enum {
	COMMAND_LOCAL = 0x20, COMMAND_PROXY = 0x21,
	FAMILY_UNSPEC = 0x00, FAMILY_TCP4 = 0x11, FAMILY_TCP6 = 0x21,
	TLV_CRC32C = 0x03,        /* 2.2.3 */
	TLV_HEAD = 3, CRC_SIZE = 4,
	V4_LEN = 12, V6_LEN = 36,
};

void proxy_parser_init(struct proxy_parser *p)
{
	p->state = PROXY_MORE;
	p->reason = NULL;
	p->len = 0;
	p->want = 0;
	memset(&p->client, 0, sizeof p->client);
}

static void refuse(struct proxy_parser *p, const char *reason)
{
	p->state = PROXY_BAD;
	p->reason = reason;
	p->client.ss_family = AF_UNSPEC;
}

/* --- Version 1 -------------------------------------------------------- */

/* The next word, ended in place; a single space or the end stands behind. */
static char *next_word(char **at)
{
	char *word = *at, *end;

	if (word == NULL)
		return NULL;
	end = strchr(word, ' ');
	if (end != NULL)
		*end++ = '\0';
	*at = end;
	return *word != '\0' ? word : NULL;
}

static bool parse_port(const char *text, in_port_t *out)
{
	unsigned n = 0;
	size_t len = text != NULL ? strlen(text) : 0;

	if (len == 0 || len > 5 || strspn(text, "0123456789") != len ||
	    (text[0] == '0' && len > 1))
		return false;
	for (; *text != '\0'; text++)
		n = n * 10 + (unsigned)(*text - '0');
	*out = htons((uint16_t)n);
	return n <= UINT16_MAX;
}

static bool parse_v1_addresses(struct proxy_parser *p, int family, char *rest)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&p->client;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&p->client;
	const char *source = next_word(&rest), *target = next_word(&rest);
	uint8_t unused[16];
	in_port_t port, target_port;

	if (source == NULL || target == NULL ||
	    !parse_port(next_word(&rest), &port) ||
	    !parse_port(next_word(&rest), &target_port) || rest != NULL ||
	    inet_pton(family, target, unused) != 1 ||
	    inet_pton(family, source, family == AF_INET ?
		      (void *)&in->sin_addr : (void *)&in6->sin6_addr) != 1)
		return false;
	p->client.ss_family = (sa_family_t)family;
	if (family == AF_INET)
		in->sin_port = port;
	else
		in6->sin6_port = port;
	return true;
}

/* A line of len bytes in p->data, its CRLF included. */
static void parse_v1(struct proxy_parser *p, size_t len)
{
	char *text = (char *)p->data, *word;
	int family;

	text[len - 2] = '\0';
	if (strlen(text) != len - 2) {
		refuse(p, "NUL in a PROXY line");
		return;
	}
	text += strlen("PROXY ");
	if (strncmp(text, "UNKNOWN", 7) == 0 &&
	    (text[7] == '\0' || text[7] == ' ')) {
		p->state = PROXY_DONE;    /* the rest is to be ignored */
		return;
	}
	word = next_word(&text);
	family = word == NULL ? AF_UNSPEC : strcmp(word, "TCP4") == 0 ?
		AF_INET : strcmp(word, "TCP6") == 0 ? AF_INET6 : AF_UNSPEC;
	if (family == AF_UNSPEC || !parse_v1_addresses(p, family, text))
		refuse(p, "malformed PROXY line");
	else
		p->state = PROXY_DONE;
}

static void feed_v1(struct proxy_parser *p)
{
	if (p->data[p->len - 1] == '\n') {
		if (p->data[p->len - 2] == '\r')
			parse_v1(p, p->len);
		else
			refuse(p, "PROXY line without CR");
	} else if (p->len >= PROXY_V1_MAX) {
		refuse(p, "PROXY line too long");
	}
}

/* --- Version 2 -------------------------------------------------------- */

/* CRC-32C (RFC 3309), bit by bit: a header comes once in a connection. */
static uint32_t crc32c(uint32_t crc, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0x82f63b78 & -(crc & 1));
	}
	return crc;
}

/* 2.2.3: over the whole header, the checksum's own bytes taken as zero. */
static bool crc_matches(const struct proxy_parser *p, size_t at)
{
	static const uint8_t zero[CRC_SIZE];
	const uint8_t *b = p->data + at;
	uint32_t crc = 0xffffffff;
	uint32_t sent = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
		(uint32_t)b[2] << 8 | b[3];

	crc = crc32c(crc, p->data, at);
	crc = crc32c(crc, zero, sizeof zero);
	crc = crc32c(crc, b + CRC_SIZE, p->want - at - CRC_SIZE);
	return ~crc == sent;
}

/* The TLVs must fill the rest exactly; their meaning is not ours, but for the
 * checksum. */
static bool check_tlvs(const struct proxy_parser *p, size_t at)
{
	while (at < p->want) {
		size_t len;

		if (p->want - at < TLV_HEAD)
			return false;
		len = (size_t)p->data[at + 1] << 8 | p->data[at + 2];
		if (len > p->want - at - TLV_HEAD)
			return false;
		if (p->data[at] == TLV_CRC32C &&
		    (len != CRC_SIZE || !crc_matches(p, at + TLV_HEAD)))
			return false;
		at += TLV_HEAD + len;
	}
	return true;
}

static void take_v4(struct proxy_parser *p, const uint8_t *b)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	memcpy(&in.sin_addr, b, 4);
	memcpy(&in.sin_port, b + 8, 2);
	memcpy(&p->client, &in, sizeof in);
}

static void take_v6(struct proxy_parser *p, const uint8_t *b)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memcpy(&in6.sin6_addr, b, 16);
	memcpy(&in6.sin6_port, b + 32, 2);
	memcpy(&p->client, &in6, sizeof in6);
}

static void parse_v2(struct proxy_parser *p)
{
	const uint8_t *b = p->data + PROXY_V2_HEAD;
	uint8_t command = p->data[12], family = p->data[13];
	size_t need = family == FAMILY_TCP4 ? V4_LEN :
		family == FAMILY_TCP6 ? V6_LEN : 0;

	if (command == COMMAND_LOCAL) {   /* the rest is to be discarded */
		p->state = PROXY_DONE;
		return;
	}
	if (p->want - PROXY_V2_HEAD < need ||
	    (need > 0 && !check_tlvs(p, PROXY_V2_HEAD + need))) {
		refuse(p, "malformed PROXY header");
		return;
	}
	if (family == FAMILY_TCP4)
		take_v4(p, b);
	else if (family == FAMILY_TCP6)
		take_v6(p, b);
	p->state = PROXY_DONE;
}

/* The 16 bytes that all have. */
static void begin_v2(struct proxy_parser *p)
{
	size_t len = (size_t)p->data[14] << 8 | p->data[15];
	uint8_t command = p->data[12], family = p->data[13];

	p->want = PROXY_V2_HEAD + len;
	if (command != COMMAND_LOCAL && command != COMMAND_PROXY)
		refuse(p, "unknown PROXY version or command");
	else if (command == COMMAND_PROXY && family != FAMILY_UNSPEC &&
		 family != FAMILY_TCP4 && family != FAMILY_TCP6)
		refuse(p, "PROXY header of another protocol than TCP");
	else if (len > PROXY_V2_MAX)
		refuse(p, "PROXY header too long");
}

static void feed_v2(struct proxy_parser *p)
{
	if (p->len == PROXY_V2_HEAD)
		begin_v2(p);
	if (p->state == PROXY_MORE && p->want > 0 && p->len == p->want)
		parse_v2(p);
}

/* --- Both ------------------------------------------------------------- */

/* Whether what came so far begins as text of that length does. */
static bool begins(const struct proxy_parser *p, const void *text, size_t len)
{
	return memcmp(p->data, text, p->len < len ? p->len : len) == 0;
}

size_t proxy_parser_feed(struct proxy_parser *p, const void *data, size_t len)
{
	const uint8_t *b = data;
	size_t n = 0;

	while (n < len && p->state == PROXY_MORE) {
		p->data[p->len++] = b[n++];
		if (begins(p, signature, sizeof signature)) {
			if (p->len >= PROXY_V2_HEAD)
				feed_v2(p);
		} else if (!begins(p, "PROXY ", 6)) {
			refuse(p, "no PROXY header");
		} else if (p->len > 6) {
			feed_v1(p);
		}
	}
	return n;
}
