/* SPDX-License-Identifier: Apache-2.0 */
/* What virtual directories say: versions, methods, flags. */
#include "directory/vdir.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* AdminDisplayVersion -------------------------------------------------- */

/* Up to five digits at *p. */
static bool take_number(const char **p, unsigned *out)
{
	unsigned n = 0;
	int digits = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++) {
		if (++digits > 5)
			return false;
		n = n * 10 + (unsigned)(**p - '0');
	}
	if (digits == 0)
		return false;
	*out = n;
	return true;
}

static bool take_word(const char **p, const char *word)
{
	size_t len = strlen(word);

	if (strncasecmp(*p, word, len) != 0)
		return false;
	*p += len;
	return true;
}

/* "15.1", then ".2507", then ".6"; or after "Version", " (Build 2507.6)". */
static bool take_build(const char **p, bool words, unsigned n[4])
{
	if (words && **p == ' ')
		return take_word(p, " (Build ") && take_number(p, &n[2]) &&
			(!take_word(p, ".") || take_number(p, &n[3])) &&
			take_word(p, ")");
	if (!take_word(p, "."))
		return true;
	return take_number(p, &n[2]) &&
		(!take_word(p, ".") || take_number(p, &n[3]));
}

bool dir_version_parse(const char *text, unsigned *major, unsigned *minor,
		       unsigned *build, unsigned *revision)
{
	unsigned n[4] = { 0 };
	const char *p = text;
	bool words = take_word(&p, "Version ");

	if (!words)
		take_word(&p, "Exchange/");
	if (!take_number(&p, &n[0]) || !take_word(&p, ".") ||
	    !take_number(&p, &n[1]) || !take_build(&p, words, n) ||
	    *p != '\0')
		return false;
	*major = n[0];
	*minor = n[1];
	*build = n[2];
	*revision = n[3];
	return true;
}

char *dir_version_format(struct arena *arena, unsigned major, unsigned minor,
			 unsigned build, unsigned revision)
{
	return arena_printf(arena, "Version %u.%u (Build %u.%u)", major,
			    minor, build, revision);
}

/* 2013 and before. */
static bool is_old(const char *version)
{
	unsigned major, minor, build, revision;

	if (!dir_version_parse(version, &major, &minor, &build, &revision))
		return false;
	return major < 15 || (major == 15 && minor == 0);
}

unsigned dir_version_methods(const char *version)
{
	if (is_old(version))
		return DIR_METHOD_NEGOTIATE;
	return DIR_METHOD_NTLM | DIR_METHOD_OAUTH | DIR_METHOD_NEGOTIATE;
}

unsigned dir_vdir_internal_methods(const struct dir_vdir *vdir)
{
	return vdir->methods;
}

unsigned dir_vdir_external_methods(const struct dir_vdir *vdir)
{
	if (vdir->external_url[0] == '\0' && is_old(vdir->server_version))
		return 0;
	return vdir->methods;
}

/* Names ---------------------------------------------------------------- */

struct name {
	unsigned value;
	const char *text;
};

/* In Exchange's order. */
static const struct name methods[] = {
	{ DIR_METHOD_BASIC, "Basic" },
	{ DIR_METHOD_NTLM, "Ntlm" },
	{ DIR_METHOD_OAUTH, "OAuth" },
	{ DIR_METHOD_NEGOTIATE, "Negotiate" },
	{ 0, NULL },
};

static const struct name eps[] = {
	{ DIR_EP_NONE, "None" },
	{ DIR_EP_ALLOW, "Allow" },
	{ DIR_EP_REQUIRE, "Require" },
	{ 0, NULL },
};

static const struct name ep_flags[] = {
	{ DIR_EP_PROXY, "Proxy" },
	{ DIR_EP_NO_SERVICE_NAME_CHECK, "NoServiceNameCheck" },
	{ DIR_EP_ALLOW_DOTLESS_SPN, "AllowDotlessSPN" },
	{ DIR_EP_PROXY_COHOSTING, "ProxyCoHosting" },
	{ 0, NULL },
};

static const char *text_of(const struct name *names, unsigned value)
{
	for (; names->text != NULL; names++)
		if (names->value == value)
			return names->text;
	return "";
}

static bool value_of(const struct name *names, const char *text,
		     unsigned *out)
{
	for (; names->text != NULL; names++)
		if (strcasecmp(names->text, text) == 0) {
			*out = names->value;
			return true;
		}
	return false;
}

const char *dir_method_name(enum dir_method method)
{
	return text_of(methods, method);
}

bool dir_method_parse(const char *name, enum dir_method *out)
{
	unsigned value;

	if (!value_of(methods, name, &value))
		return false;
	*out = (enum dir_method)value;
	return true;
}

const char *dir_ep_name(enum dir_ep ep)
{
	return text_of(eps, ep);
}

bool dir_ep_parse(const char *name, enum dir_ep *out)
{
	unsigned value;

	if (!value_of(eps, name, &value))
		return false;
	*out = (enum dir_ep)value;
	return true;
}

const char *dir_ep_flag_name(enum dir_ep_flag flag)
{
	return text_of(ep_flags, flag);
}

bool dir_ep_flag_parse(const char *name, enum dir_ep_flag *out)
{
	unsigned value;

	if (!value_of(ep_flags, name, &value))
		return false;
	*out = (enum dir_ep_flag)value;
	return true;
}

enum dir_method dir_method_at(size_t i)
{
	return i < sizeof methods / sizeof methods[0] ?
		(enum dir_method)methods[i].value : (enum dir_method)0;
}

char *dir_methods_text(struct arena *arena, unsigned set)
{
	char text[64] = "";

	for (const struct name *m = methods; m->text != NULL; m++) {
		size_t len = strlen(text);

		if (set & m->value)
			snprintf(text + len, sizeof text - len, "%s%s",
				 len > 0 ? ", " : "", m->text);
	}
	return arena_strdup(arena, text);
}
