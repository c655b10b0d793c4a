/* SPDX-License-Identifier: Apache-2.0 */
/* Set-MapiVirtualDirectory, and the parameters that New- has as well. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "cmd/posthouse/cmdlet_vdir.h"

/* Parameters into a virtual directory ---------------------------------- */

int vdir_bad_value(struct cmdlet_call *call, const char *param,
		   const char *value, const char *type, const char *names)
{
	return cmdlet_error(call, "Cannot process argument transformation on "
			    "parameter '%s'. Cannot convert value \"%s\" to "
			    "type \"%s\". Unable to match the identifier name "
			    "%s to a valid enumerator name. Specify one of "
			    "the following enumerator names and try again: %s",
			    param, value, type, value, names);
}

static unsigned edited(enum cmdlet_edit edit, unsigned was, unsigned given)
{
	return edit == CMDLET_ADD ? was | given :
		edit == CMDLET_REMOVE ? was & ~given : given;
}

static bool parse_methods(struct cmdlet_call *call, const char *const *list,
			  size_t n, unsigned *out)
{
	enum dir_method method;
	unsigned set = 0;

	for (size_t i = 0; i < n; i++) {
		if (!dir_method_parse(list[i], &method)) {
			vdir_bad_value(call, "IISAuthenticationMethods",
				list[i], "AuthenticationMethod",
				dir_methods_text(cmdlet_arena(call),
						 DIR_METHODS_ALL));
			return false;
		}
		set |= method;
	}
	*out = set;
	return true;
}

/*
 * An empty list locks everyone out: a known trap of Exchange 2016 CU2, where
 * editing a URL wrote one.  It must be meant.
 */
static bool take_methods(struct cmdlet_call *call, struct dir_vdir *v)
{
	const char *const *list;
	size_t n = cmdlet_list(call, "IISAuthenticationMethods", &list);
	unsigned set;

	if (list == NULL)
		return true;
	if (n == 1 && v->back_end && strcasecmp(list[0], "Inherit") == 0) {
		v->methods_inherited = true;
		return true;
	}
	if (!parse_methods(call, list, n, &set))
		return false;
	set = edited(cmdlet_edit(call, "IISAuthenticationMethods"),
		     v->methods, set);
	if (set == 0 && !cmdlet_switch(call, "Force")) {
		cmdlet_error(call, "IISAuthenticationMethods would be empty "
			     "on %s, and nobody could log on any more. Name "
			     "at least one of %s, or add -Force if that is "
			     "what you want.", v->identity, dir_methods_text(
			     cmdlet_arena(call), DIR_METHODS_ALL));
		return false;
	}
	v->methods = set;
	v->methods_inherited = false;
	return true;
}

static void take_urls(struct cmdlet_call *call, struct dir_vdir *v)
{
	const char *internal = cmdlet_text(call, "InternalUrl");
	const char *external = cmdlet_text(call, "ExternalUrl");

	if (internal != NULL)
		v->internal_url = internal;
	if (external != NULL)
		v->external_url = external;
}

static bool take_flags(struct cmdlet_call *call, struct dir_vdir *v)
{
	const char *const *list;
	size_t n = cmdlet_list(call, "ExtendedProtectionFlags", &list);
	enum dir_ep_flag flag;
	unsigned set = 0;

	if (list == NULL)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(list[i], "None") == 0)
			continue;
		if (!dir_ep_flag_parse(list[i], &flag)) {
			vdir_bad_value(call, "ExtendedProtectionFlags", list[i],
				  "ExtendedProtectionFlag", "None, Proxy, "
				  "NoServiceNameCheck, AllowDotlessSPN, "
				  "ProxyCoHosting");
			return false;
		}
		set |= flag;
	}
	v->ep_flags = edited(cmdlet_edit(call, "ExtendedProtectionFlags"),
			     v->ep_flags, set);
	return true;
}

static bool in_list(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(list[i], s) == 0)
			return true;
	return false;
}

static void take_spns(struct cmdlet_call *call, struct dir_vdir *v)
{
	const char *const *list;
	size_t n = cmdlet_list(call, "ExtendedProtectionSPNList", &list);
	enum cmdlet_edit edit = cmdlet_edit(call, "ExtendedProtectionSPNList");
	const char **out;
	size_t have = 0;

	if (list == NULL)
		return;
	out = arena_array(cmdlet_arena(call), n + v->ep_spn_count + 1,
			  sizeof *out);
	for (size_t i = 0; edit != CMDLET_REPLACE && i < v->ep_spn_count; i++)
		if (!in_list(v->ep_spns[i], list, n))
			out[have++] = v->ep_spns[i];
	for (size_t i = 0; edit != CMDLET_REMOVE && i < n; i++)
		out[have++] = list[i];
	v->ep_spns = out;
	v->ep_spn_count = have;
}

static bool take_checking(struct cmdlet_call *call, struct dir_vdir *v)
{
	const char *text = cmdlet_text(call,
				       "ExtendedProtectionTokenChecking");

	if (text == NULL || dir_ep_parse(text, &v->ep_checking))
		return true;
	vdir_bad_value(call, "ExtendedProtectionTokenChecking", text,
		  "ExtendedProtectionTokenCheckingMode",
		  "None, Allow, Require");
	return false;
}

bool vdir_take_params(struct cmdlet_call *call, struct dir_vdir *v)
{
	take_urls(call, v);
	take_spns(call, v);
	return take_methods(call, v) && take_flags(call, v) &&
		take_checking(call, v);
}

/* Set ------------------------------------------------------------------ */

static void add_difference(struct buf *b, const char *name,
			   const char *before, const char *after)
{
	if (strcmp(before, after) != 0)
		buf_printf(b, "%s %s {%s} -> {%s}", b->len > 0 ? "," : "",
			   name, before, after);
}

static const char *joined(struct arena *arena, const char *const *list,
			  size_t n)
{
	char *out = arena_strdup(arena, "");

	for (size_t i = 0; i < n; i++)
		out = arena_printf(arena, "%s%s%s", out, i > 0 ? ", " : "",
				   list[i]);
	return out;
}

static const char *methods_shown(struct arena *arena,
				 const struct dir_vdir *v)
{
	return v->methods_inherited ? "Inherited" :
		dir_methods_text(arena, v->methods);
}

static const char *flags_shown(struct arena *arena, unsigned flags)
{
	char *out = arena_strdup(arena, "");

	for (unsigned bit = 1; bit <= DIR_EP_FLAGS_ALL; bit <<= 1)
		if (flags & bit)
			out = arena_printf(arena, "%s%s%s", out,
				*out != '\0' ? ", " : "",
				dir_ep_flag_name((enum dir_ep_flag)bit));
	return out;
}

/* What changes from was to now, for people, in the arena; "": nothing. */
static const char *difference(struct arena *a, const struct dir_vdir *was,
			      const struct dir_vdir *now)
{
	struct buf b = BUF_INIT;
	const char *text;

	add_difference(&b, "InternalUrl", was->internal_url,
		       now->internal_url);
	add_difference(&b, "ExternalUrl", was->external_url,
		       now->external_url);
	add_difference(&b, "IISAuthenticationMethods", methods_shown(a, was),
		       methods_shown(a, now));
	add_difference(&b, "ExtendedProtectionTokenChecking",
		       dir_ep_name(was->ep_checking),
		       dir_ep_name(now->ep_checking));
	add_difference(&b, "ExtendedProtectionFlags",
		       flags_shown(a, was->ep_flags),
		       flags_shown(a, now->ep_flags));
	add_difference(&b, "ExtendedProtectionSPNList",
		       joined(a, was->ep_spns, was->ep_spn_count),
		       joined(a, now->ep_spns, now->ep_spn_count));
	text = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return text;
}

/* With the parameters, those that are to be written moved to the front. */
static bool prepare(struct cmdlet_call *call, struct dir_vdir *list,
		    size_t count, size_t *writing)
{
	struct arena *a = cmdlet_arena(call);
	size_t n = 0;
	int rc = CLI_OK;

	/* All are looked at before anybody is asked. */
	for (size_t i = 0; i < count; i++) {
		struct dir_vdir v = list[i];

		if (!vdir_take_params(call, &v))
			return false;
	}
	for (size_t i = 0; i < count && rc == CLI_OK; i++) {
		struct dir_vdir v = list[i];
		const char *changes;

		vdir_take_params(call, &v);
		changes = difference(a, &list[i], &v);
		if (*changes == '\0') {
			cmdlet_warning(call, "The command completed "
				       "successfully but no settings of '%s' "
				       "have been modified.", v.identity);
			continue;
		}
		if (cmdlet_should(call, arena_printf(a, "Setting MAPI virtual "
				  "directory \"%s\":%s.", v.identity, changes),
				  &rc))
			list[n++] = v;
	}
	*writing = n;
	return rc == CLI_OK;
}

int vdir_set(struct cmdlet_call *call)
{
	struct dir_vdir *list;
	struct err err;
	size_t count, n;

	if (!vdir_chosen(call, &list, &count) ||
	    !prepare(call, list, count, &n))
		return CLI_FAILED;
	if (n > 0 && !directory_set_vdirs(cli_directory(cmdlet_cli(call)),
					  list, n, &err))
		return cmdlet_error(call, "%s", err.text);
	return CLI_OK;
}
