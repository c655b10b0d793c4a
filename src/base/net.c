/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { NET_TEXT_MAX = 63, V4_BITS = 96 };

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* The number of bits, plain digits; false: none, or more than max. */
static bool parse_bits(const char *text, unsigned max, unsigned *out)
{
	unsigned n = 0;
	size_t len = strlen(text);

	if (len == 0 || len > 3 || strspn(text, "0123456789") != len)
		return false;
	for (; *text != '\0'; text++)
		n = n * 10 + (unsigned)(*text - '0');
	*out = n;
	return n <= max;
}

static bool is_clear_behind(const struct net *net)
{
	for (unsigned i = net->bits; i < 128; i++)
		if ((net->address[i / 8] >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

static bool parse_address(const char *text, struct net *out, bool *v4)
{
	*v4 = strchr(text, ':') == NULL;
	memcpy(out->address, v4_prefix, sizeof v4_prefix);
	return inet_pton(*v4 ? AF_INET : AF_INET6, text,
			 out->address + (*v4 ? sizeof v4_prefix : 0)) == 1;
}

bool net_parse(const char *text, struct net *out, struct err *err)
{
	char address[NET_TEXT_MAX + 1];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct net net;
	unsigned bits = 128;
	bool v4, ok = len <= NET_TEXT_MAX;

	if (ok) {
		memcpy(address, text, len);
		address[len] = '\0';
		ok = parse_address(address, &net, &v4);
	}
	if (ok && slash != NULL) {
		ok = parse_bits(slash + 1, v4 ? 32 : 128, &bits);
		bits += v4 ? V4_BITS : 0;
	}
	if (!ok)
		return err_set(err, EC_INVALID_PARAM, "\"%.100s\" is no "
			       "network; write one as 10.0.0.0/8, fd00::/8 or "
			       "a single address", text);
	net.bits = (uint8_t)bits;
	if (!is_clear_behind(&net))
		return err_set(err, EC_INVALID_PARAM, "%.100s names an address"
			       " inside of a network; clear the bits behind "
			       "the prefix, or leave out \"%s\"", text, slash);
	*out = net;
	return true;
}

bool net_parse_list(const char *text, struct net **out, size_t *count,
		    struct err *err)
{
	static const char separators[] = " \t,";
	struct net *nets = NULL;
	size_t n = 0;

	for (text += strspn(text, separators); *text != '\0';
	     text += strspn(text, separators)) {
		size_t len = strcspn(text, separators);
		char *one = xstrdup(text);
		bool ok;

		if (len < strlen(one))
			one[len] = '\0';
		nets = xrealloc(nets, (n + 1) * sizeof *nets);
		ok = net_parse(one, &nets[n++], err);
		free(one);
		if (!ok) {
			free(nets);
			return false;
		}
		text += len;
	}
	*out = nets;
	*count = n;
	return true;
}

static bool to_bytes(const struct sockaddr *addr, uint8_t out[16])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (addr->sa_family == AF_INET) {
		memcpy(&in, addr, sizeof in);
		memcpy(out, v4_prefix, sizeof v4_prefix);
		memcpy(out + 12, &in.sin_addr, 4);
		return true;
	}
	if (addr->sa_family != AF_INET6)
		return false;
	memcpy(&in6, addr, sizeof in6);
	memcpy(out, &in6.sin6_addr, 16);
	return true;
}

static bool matches(const struct net *net, const uint8_t address[16])
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	uint8_t differ;

	if (memcmp(net->address, address, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	differ = (uint8_t)(net->address[whole] ^ address[whole]);
	return differ >> (8 - rest) == 0;
}

bool net_contains(const struct net *nets, size_t count,
		  const struct sockaddr *addr)
{
	uint8_t address[16];

	if (count == 0 || !to_bytes(addr, address))
		return false;
	for (size_t i = 0; i < count; i++)
		if (matches(&nets[i], address))
			return true;
	return false;
}
