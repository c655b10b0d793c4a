/* SPDX-License-Identifier: Apache-2.0 */
/* Binding of parameters, as PowerShell does it, after a POSIX shell. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "cmd/posthouse/cmdlet_impl.h"

const struct cmdlet_param cmdlet_common[] = {
	{ "Verbose", CMDLET_SWITCH, NULL, "say what is done", false, false,
	  "vb" },
	{ "Debug", CMDLET_SWITCH, NULL, "the same", false, false, "db" },
	{ "ErrorAction", CMDLET_TEXT, "<ActionPreference>",
	  "SilentlyContinue or Ignore: don't print errors", false, false,
	  "ea" },
	{ "WarningAction", CMDLET_TEXT, "<ActionPreference>",
	  "SilentlyContinue or Ignore: don't print warnings", false, false,
	  "wa" },
	{ .name = NULL },
};

const struct cmdlet_param cmdlet_common_change[] = {
	{ "WhatIf", CMDLET_SWITCH, NULL, "say what would change, and change "
	  "nothing", false, false, "wi" },
	{ "Confirm", CMDLET_SWITCH, NULL, "ask before each change; "
	  "-Confirm:$false: don't ask", false, false, "cf" },
	{ .name = NULL },
};

/* Which parameter ------------------------------------------------------ */

/* All that a cmdlet has, its own first; ends in NULL. */
static void all_params(const struct cmdlet *c,
		       const struct cmdlet_param *out[CMDLET_VALUES + 1])
{
	const struct cmdlet_param *lists[] = { c->params, cmdlet_common,
		c->flags & CMDLET_CHANGES ? cmdlet_common_change : NULL };
	size_t n = 0;

	for (size_t i = 0; i < 3; i++)
		for (const struct cmdlet_param *p = lists[i];
		     p != NULL && p->name != NULL && n < CMDLET_VALUES; p++)
			out[n++] = p;
	out[n] = NULL;
}

static bool is_called(const struct cmdlet_param *p, const char *name)
{
	return strcasecmp(p->name, name) == 0 ||
		(p->alias != NULL && strcasecmp(p->alias, name) == 0);
}

static bool begins_with(const struct cmdlet_param *p, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(p->name, name, len) == 0 ||
		(p->alias != NULL && strncasecmp(p->alias, name, len) == 0);
}

static void complain(struct cmdlet_call *call, const char *name,
		     const char *matches)
{
	if (*matches != '\0')
		cmdlet_error(call, "Parameter cannot be processed because the "
			     "parameter name '%s' is ambiguous. Possible "
			     "matches include:%s.", name, matches);
	else
		cmdlet_error(call, "A parameter cannot be found that matches "
			     "parameter name '%s'.", name);
}

/* A name, an alias or the beginning of one alone; NULL after saying why. */
static const struct cmdlet_param *find_param(struct cmdlet_call *call,
					     const char *name)
{
	const struct cmdlet_param *all[CMDLET_VALUES + 1], *found = NULL;
	struct buf matches = BUF_INIT;
	size_t n = 0;

	all_params(call->cmdlet, all);
	for (size_t i = 0; all[i] != NULL; i++) {
		if (is_called(all[i], name)) {
			buf_free(&matches);
			return all[i];
		}
		if (begins_with(all[i], name)) {
			found = all[i];
			buf_printf(&matches, " -%s", all[i]->name);
			n++;
		}
	}
	if (n != 1)
		complain(call, name, buf_str(&matches));
	buf_free(&matches);
	return n == 1 ? found : NULL;
}

static struct cmdlet_value *value_of(const struct cmdlet_call *call,
				     const char *param)
{
	for (size_t i = 0; i < call->value_count; i++)
		if (strcasecmp(call->values[i].param->name, param) == 0)
			return (struct cmdlet_value *)(uintptr_t)
				&call->values[i];
	return NULL;
}

/* Values --------------------------------------------------------------- */

static bool is_param(const char *s)
{
	return s[0] == '-' && (isalpha((uint8_t)s[1]) || s[1] == '?');
}

static bool take_switch(struct cmdlet_call *call, struct cmdlet_value *v,
			const char *text)
{
	static const char *const off[] = { "", "$false", "false", "0" };
	static const char *const on[] = { "$true", "true", "1" };

	v->on = true;
	if (text == NULL)
		return true;
	for (size_t i = 0; i < sizeof on / sizeof on[0]; i++)
		if (strcasecmp(text, on[i]) == 0)
			return true;
	v->on = false;
	for (size_t i = 0; i < sizeof off / sizeof off[0]; i++)
		if (strcasecmp(text, off[i]) == 0)
			return true;
	cmdlet_error(call, "Cannot bind parameter '%s'. Cannot convert value "
		     "\"%s\" to type \"SwitchParameter\": write "
		     "-%s:$true or -%s:$false.", v->param->name, text,
		     v->param->name, v->param->name);
	return false;
}

/* Quotes that came through, as in '"Ntlm"'. */
static const char *unquoted(struct arena *arena, const char *s, size_t len)
{
	while (len > 0 && isspace((uint8_t)*s))
		s++, len--;
	while (len > 0 && isspace((uint8_t)s[len - 1]))
		len--;
	if (len >= 2 && (*s == '"' || *s == '\'') && s[len - 1] == *s)
		s++, len -= 2;
	return arena_strndup(arena, s, len);
}

/* "@(…)" is the list itself, "@{Add=…}" what is added to it. */
static const char *unwrap(struct arena *arena, const char *text,
			  enum cmdlet_edit *edit)
{
	size_t len = strlen(text);

	if (len >= 3 && text[0] == '@' && text[1] == '(' &&
	    text[len - 1] == ')')
		return arena_strndup(arena, text + 2, len - 3);
	if (len < 3 || text[0] != '@' || text[1] != '{' ||
	    text[len - 1] != '}')
		return text;
	if (strncasecmp(text + 2, "Add=", 4) == 0) {
		*edit = CMDLET_ADD;
		return arena_strndup(arena, text + 6, len - 7);
	}
	if (strncasecmp(text + 2, "Remove=", 7) == 0) {
		*edit = CMDLET_REMOVE;
		return arena_strndup(arena, text + 9, len - 10);
	}
	return text;
}

static bool split_list(struct cmdlet_call *call, struct cmdlet_value *v,
		       const char *text)
{
	size_t room = 1;

	text = unwrap(call->arena, text, &v->edit);
	if (*text == '\0' || strcasecmp(text, "$null") == 0)
		return true;
	for (const char *c = text; *c != '\0'; c++)
		room += *c == ',';
	v->items = arena_array(call->arena, room, sizeof *v->items);
	for (;; text++) {
		size_t len = strcspn(text, ",");
		const char *item = unquoted(call->arena, text, len);

		if (*item == '\0') {
			cmdlet_error(call, "Missing argument in parameter "
				     "list: there is nothing between or after "
				     "the commas of -%s.", v->param->name);
			return false;
		}
		v->items[v->count++] = item;
		text += len;
		if (*text == '\0')
			return true;
	}
}

/*
 * A list goes on over arguments as long as there is a comma at the end of one
 * or at the beginning of the next: "Ntlm," "OAuth".
 */
static bool take_list(struct cmdlet_call *call, struct cmdlet_value *v,
		      const char *first, int argc, char **argv, int *i)
{
	struct buf text = BUF_INIT;
	bool ok;

	buf_printf(&text, "%s", first);
	while (*i + 1 < argc && !is_param(argv[*i + 1]) &&
	       ((text.len > 0 && buf_str(&text)[text.len - 1] == ',') ||
		argv[*i + 1][0] == ','))
		buf_printf(&text, "%s", argv[++*i]);
	ok = split_list(call, v, buf_str(&text));
	buf_free(&text);
	return ok;
}

static void take_text(struct cmdlet_call *call, struct cmdlet_value *v,
		      const char *text)
{
	v->items = arena_array(call->arena, 1, sizeof *v->items);
	v->items[0] = strcasecmp(text, "$null") == 0 ? "" : text;
	v->count = 1;
}

/* The value of v: inline (after the colon), or in the arguments behind. */
static bool take_value(struct cmdlet_call *call, struct cmdlet_value *v,
		       const char *text, int argc, char **argv, int *i)
{
	const struct cmdlet_param *p = v->param;

	if (p->type == CMDLET_SWITCH)
		return take_switch(call, v, text);
	if (text == NULL && *i + 1 < argc && !is_param(argv[*i + 1]))
		text = argv[++*i];
	if (text == NULL && p->type == CMDLET_TEXT) {
		cmdlet_error(call, "Missing an argument for parameter '%s'. "
			     "Specify a parameter of type '%s' and try again.",
			     p->name, p->value);
		return false;
	}
	if (text == NULL) {
		/* The shell makes nothing of $null. */
		cmdlet_warning(call, "-%s has no value: taken for $null.",
			       p->name);
		text = "";
	}
	if (p->type == CMDLET_LIST)
		return take_list(call, v, text, argc, argv, i);
	take_text(call, v, text);
	return true;
}

static struct cmdlet_value *new_value(struct cmdlet_call *call,
				      const struct cmdlet_param *p)
{
	struct cmdlet_value *v = &call->values[call->value_count];

	if (value_of(call, p->name) != NULL) {
		cmdlet_error(call, "Cannot bind parameter because parameter "
			     "'%s' is specified more than once. To provide "
			     "multiple values to parameters that can accept "
			     "multiple values, use the array syntax. For "
			     "example, \"-parameter value1,value2,value3\".",
			     p->name);
		return NULL;
	}
	*v = (struct cmdlet_value){ .param = p };
	call->value_count++;
	return v;
}

/* "-Name", "-Name:value" or "-Name value" at argv[*i]. */
static bool bind_named(struct cmdlet_call *call, int argc, char **argv,
		       int *i)
{
	const char *arg = argv[*i] + 1, *colon = strchr(arg, ':');
	const struct cmdlet_param *p;
	struct cmdlet_value *v;

	if (strcmp(arg, "?") == 0) {
		call->help = true;
		return true;
	}
	p = find_param(call, colon == NULL ? arg :
		       arena_strndup(call->arena, arg,
				     (size_t)(colon - arg)));
	v = p != NULL ? new_value(call, p) : NULL;
	return v != NULL && take_value(call, v, colon != NULL ? colon + 1 :
				       NULL, argc, argv, i);
}

static bool bind_positional(struct cmdlet_call *call, int argc, char **argv,
			    int *i)
{
	const struct cmdlet_param *p = call->cmdlet->params;
	struct cmdlet_value *v;

	for (; p->name != NULL; p++)
		if (p->positional && value_of(call, p->name) == NULL)
			break;
	if (p->name == NULL) {
		cmdlet_error(call, "A positional parameter cannot be found "
			     "that accepts argument '%s'.", argv[*i]);
		return false;
	}
	v = new_value(call, p);
	return v != NULL && take_value(call, v, argv[*i], argc, argv, i);
}

/* The options that posthouse has for all commands. */
static bool bind_option(struct cmdlet_call *call, int argc, char **argv,
			int *i)
{
	const char *option = argv[*i] + 2;

	if (strcmp(option, "help") == 0)
		call->help = true;
	else if (strcmp(option, "version") == 0)
		call->version = true;
	else if (strcmp(option, "json") == 0)
		call->json = true;
	else if (strncmp(option, "config=", 7) == 0)
		call->config = option + 7;
	else if (strcmp(option, "config") == 0 && *i + 1 < argc)
		call->config = argv[++*i];
	else
		return cmdlet_error(call, "there is no option %s here; "
				    "parameters begin with one dash",
				    argv[*i]) == CLI_OK;
	return true;
}

static bool has_mandatory(struct cmdlet_call *call)
{
	struct buf missing = BUF_INIT;
	bool ok;

	for (const struct cmdlet_param *p = call->cmdlet->params;
	     p->name != NULL; p++)
		if (p->mandatory && value_of(call, p->name) == NULL)
			buf_printf(&missing, " %s", p->name);
	ok = missing.len == 0;
	if (!ok)
		cmdlet_error(call, "Cannot process command because of one or "
			     "more missing mandatory parameters:%s.",
			     buf_str(&missing));
	buf_free(&missing);
	return ok;
}

bool cmdlet_bind(struct cmdlet_call *call, int argc, char **argv)
{
	bool only_values = false;

	for (int i = 1; i < argc; i++) {
		if (!only_values && strcmp(argv[i], "--") == 0) {
			only_values = true;
		} else if (!only_values && strncmp(argv[i], "--", 2) == 0) {
			if (!bind_option(call, argc, argv, &i))
				return false;
		} else if (!only_values && is_param(argv[i])) {
			if (!bind_named(call, argc, argv, &i))
				return false;
		} else if (!bind_positional(call, argc, argv, &i)) {
			return false;
		}
	}
	return call->help || call->version || has_mandatory(call);
}

/* What was bound ------------------------------------------------------- */

bool cmdlet_given(const struct cmdlet_call *call, const char *param)
{
	return value_of(call, param) != NULL;
}

bool cmdlet_switch(const struct cmdlet_call *call, const char *param)
{
	const struct cmdlet_value *v = value_of(call, param);

	return v != NULL && v->on;
}

const char *cmdlet_text(const struct cmdlet_call *call, const char *param)
{
	const struct cmdlet_value *v = value_of(call, param);

	return v != NULL && v->count > 0 ? v->items[0] : NULL;
}

size_t cmdlet_list(const struct cmdlet_call *call, const char *param,
		   const char *const **out)
{
	static const char *const none[1];
	const struct cmdlet_value *v = value_of(call, param);

	*out = v == NULL ? NULL : v->count == 0 ? none :
		(const char *const *)v->items;
	return v != NULL ? v->count : 0;
}

enum cmdlet_edit cmdlet_edit(const struct cmdlet_call *call,
			     const char *param)
{
	const struct cmdlet_value *v = value_of(call, param);

	return v != NULL ? v->edit : CMDLET_REPLACE;
}

bool cmdlet_like(const char *pattern, const char *s)
{
	const char *star = NULL, *from = s;

	while (*s != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			from = s;
		} else if (tolower((uint8_t)*pattern) ==
			   tolower((uint8_t)*s)) {
			pattern++;
			s++;
		} else if (star != NULL) {
			pattern = star;
			s = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
