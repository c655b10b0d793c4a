/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/check.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/utf.h"

enum { ACCOUNT_MAX = 64, ADDRESS_MAX = 254, NAME_MAX_LEN = 256 };

bool dir_clean(const char *s, const char *refused)
{
	if (!utf8_valid(s, strlen(s)))
		return false;
	for (; *s != '\0'; s++)
		if ((uint8_t)*s < 0x20 || *s == 0x7f ||
		    strchr(refused, *s) != NULL)
			return false;
	return true;
}

bool dir_check_name(const char *what, const char *name, struct err *err)
{
	if (name == NULL || *name == '\0')
		return err_set(err, EC_INVALID_PARAM, "%s is empty", what);
	if (strlen(name) > NAME_MAX_LEN)
		return err_set(err, EC_INVALID_PARAM, "%s is longer than %d "
			       "bytes", what, NAME_MAX_LEN);
	if (!dir_clean(name, ""))
		return err_set(err, EC_INVALID_PARAM, "%s contains control "
			       "characters or is not UTF-8", what);
	return true;
}

/* ':' ends the user in Basic (RFC 7617), '\' and '@' part it from a domain. */
bool dir_check_account(const char *account, struct err *err)
{
	if (!dir_check_name("the account", account, err))
		return false;
	if (strlen(account) > ACCOUNT_MAX ||
	    !dir_clean(account, " :@\\/\"<>,;"))
		return err_set(err, EC_INVALID_PARAM, "\"%s\" can't be an "
			       "account: use up to %d characters without "
			       "spaces and : @ \\ / \" < > , ;", account,
			       ACCOUNT_MAX);
	return true;
}

static bool is_host(const char *s)
{
	return *s != '\0' && *s != '.' && s[strlen(s) - 1] != '.' &&
		strstr(s, "..") == NULL && dir_clean(s, " @:\\/\"<>,;()[]");
}

bool dir_check_domain(const char *domain, struct err *err)
{
	if (domain == NULL || strlen(domain) > 253 || !is_host(domain))
		return err_set(err, EC_INVALID_PARAM, "\"%s\" is not a domain "
			       "name; write one such as example.test",
			       domain != NULL ? domain : "");
	return true;
}

bool dir_check_address(const char *address, struct err *err)
{
	const char *at = strrchr(address, '@');

	if (at == NULL || at == address || strlen(address) > ADDRESS_MAX ||
	    !dir_clean(address, " \"<>,;\\()") || !is_host(at + 1) ||
	    memchr(address, '@', (size_t)(at - address)) != NULL)
		return err_set(err, EC_INVALID_PARAM, "\"%s\" is not an e-mail "
			       "address; write one such as alice@example.test",
			       address);
	return true;
}

static const char *after_scheme(const char *url)
{
	static const char *const schemes[] = { "https://", "http://" };

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
			return url + strlen(schemes[i]);
	return NULL;
}

/* "" or ":444" */
static bool is_port(const char *s)
{
	unsigned n = 0;

	if (*s == '\0')
		return true;
	if (*s++ != ':' || *s == '\0' || strlen(s) > 5)
		return false;
	for (; *s >= '0' && *s <= '9'; s++)
		n = n * 10 + (unsigned)(*s - '0');
	return *s == '\0' && n > 0 && n <= 65535;
}

/* RFC 3986 3.2.2 and 3.2.3, without a user. */
static bool is_authority(char *s)
{
	uint8_t address[16];
	char *end;

	if (s[0] != '[') {
		end = s + strcspn(s, ":");
		if (!is_port(end))
			return false;
		*end = '\0';
		return is_host(s);
	}
	end = strchr(s, ']');
	if (end == NULL || !is_port(end + 1))
		return false;
	*end = '\0';
	return inet_pton(AF_INET6, s + 1, address) == 1;
}

static bool is_url(const char *url)
{
	const char *host = after_scheme(url);
	char authority[300];
	size_t len;

	if (host == NULL || strlen(url) > 1024 ||
	    !dir_clean(url, " \"<>\\^`{|}?#@"))
		return false;
	len = strcspn(host, "/");
	if (len >= sizeof authority)
		return false;
	memcpy(authority, host, len);
	authority[len] = '\0';
	return is_authority(authority);
}

bool dir_check_url(const char *what, const char *url, struct err *err)
{
	if (is_url(url))
		return true;
	return err_set(err, EC_INVALID_PARAM, "the %s \"%.200s\" is not a "
		       "URL; write an absolute one such as "
		       "https://mail.example.test/mapi", what, url);
}
