/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/net.h"
#include "base/utf.h"
#include "directory/config_keys.h"

enum { FILE_MAX = 1 << 20, LINE_MAX_LEN = 1024, LISTENERS_MAX = 64,
       KEYS_MAX = 128 };

struct parser {
	const char *path;
	unsigned line;
	const char *section;      /* of config_keys; NULL: none yet */
	unsigned seen[KEYS_MAX];  /* line where each key stood; 0: not yet */
	struct config *config;
	struct err *err;
};

static bool complain(struct parser *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool complain(struct parser *p, const char *format, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return err_set(p->err, EC_INVALID_PARAM, "%s:%u: %s", p->path,
		       p->line, text);
}

/* Text ----------------------------------------------------------------- */

static char *trim(char *s)
{
	size_t len;

	s += strspn(s, " \t");
	len = strlen(s);
	while (len > 0 && strchr(" \t\r", s[len - 1]) != NULL)
		s[--len] = '\0';
	return s;
}

/* How many letters must be changed to make b from a; at most both's length. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[32], was, next;
	size_t n = strlen(b);

	if (n >= 32)
		return UINT_MAX;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; *a != '\0'; a++, i++) {
		was = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			next = was + (*a != b[j - 1]);
			if (row[j] + 1 < next)
				next = row[j] + 1;
			if (row[j - 1] + 1 < next)
				next = row[j - 1] + 1;
			was = row[j];
			row[j] = next;
		}
	}
	return row[n];
}

/* Values --------------------------------------------------------------- */

struct unit {
	const char *name;
	uint32_t factor;
};

static const struct unit time_units[] = {
	{ "ms", 1 }, { "s", 1000 }, { "min", 60000 }, { "h", 3600000 },
	{ NULL, 0 },
};

static const struct unit size_units[] = {
	{ "", 1 }, { "KiB", 1 << 10 }, { "MiB", 1 << 20 },
	{ "GiB", 1 << 30 }, { NULL, 0 },
};

static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };

static const struct unit *units_of(enum config_type type)
{
	return type == CONFIG_TIME ? time_units :
		type == CONFIG_SIZE ? size_units : no_units;
}

static const char *units_text(enum config_type type)
{
	return type == CONFIG_TIME ? " with a unit (ms, s, min or h)" :
		type == CONFIG_SIZE ? ", bytes or with a unit (KiB, MiB or GiB)"
		: "";
}

static bool parse_number(const char *text, enum config_type type,
			 uint64_t *out)
{
	const struct unit *u = units_of(type);
	uint64_t n = 0;
	const char *s = text;

	for (; *s >= '0' && *s <= '9'; s++)
		if ((n = n * 10 + (uint64_t)(*s - '0')) > UINT32_MAX)
			return false;
	if (s == text)
		return false;
	s += strspn(s, " \t");
	for (; u->name != NULL; u++)
		if (strcasecmp(s, u->name) == 0) {
			*out = n * u->factor;
			return true;
		}
	return false;
}

static bool set_number(struct parser *p, const struct config_key *key,
		       const char *value, uint32_t *out)
{
	uint64_t n;

	if (!parse_number(value, key->type, &n))
		return complain(p, "%s is \"%s\"; write a number%s", key->name,
				value, units_text(key->type));
	if (n < key->min || n > key->max)
		return complain(p, "%s is %s, outside its range; write "
				"something from %u to %u%s", key->name, value,
				key->min, key->max,
				key->type == CONFIG_TIME ? " ms" :
				key->type == CONFIG_SIZE ? " bytes" : "");
	*out = (uint32_t)n;
	return true;
}

static bool set_level(struct parser *p, const char *value, uint32_t *out)
{
	static const char *const names[] = { "error", "warning", "info",
					     "debug" };

	for (uint32_t i = 0; i < 4; i++)
		if (strcmp(value, names[i]) == 0) {
			*out = i;
			return true;
		}
	return complain(p, "level is \"%s\"; write error, warning, info or "
			"debug", value);
}

static bool set_word(struct parser *p, const struct config_key *key,
		     const char *value, uint32_t *out)
{
	static const char *const sets[][3] = {
		[CONFIG_WORDS_HOP] = { "server", "delegation",
				       "pass-through" },
		[CONFIG_WORDS_HOP_AUTH] = { "version", "ntlm", "negotiate" },
		[CONFIG_WORDS_NTLM] = { "off", "local", "winbind" },
	};
	const char *const *words = sets[key->min];

	for (uint32_t i = 0; i < 3; i++)
		if (strcasecmp(value, words[i]) == 0) {
			*out = i;
			return true;
		}
	return complain(p, "%s is \"%s\"; write %s, %s or %s", key->name,
			value, words[0], words[1], words[2]);
}

/* "mailbox frontend" */
static bool set_roles(struct parser *p, const char *value, uint32_t *out)
{
	uint32_t roles = 0;

	for (const char *at = value; *at != '\0';) {
		size_t len = strcspn(at, " ,\t");

		if (len == 7 && strncasecmp(at, "mailbox", len) == 0)
			roles |= 1;       /* DIR_ROLE_MAILBOX */
		else if (len == 8 && strncasecmp(at, "frontend", len) == 0)
			roles |= 2;       /* DIR_ROLE_FRONTEND */
		else if (len > 0)
			return complain(p, "roles is \"%s\"; write mailbox, "
					"frontend or both", value);
		at += len;
		at += strspn(at, " ,\t");
	}
	if (roles == 0)
		return complain(p, "roles is empty; write mailbox, frontend "
				"or both");
	*out = roles;
	return true;
}

/* path taken from the folder in which file lies. */
static char *beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	struct buf b = BUF_INIT;

	if (path[0] != '/' && slash != NULL)
		buf_add(&b, file, (size_t)(slash - file) + 1);
	buf_puts(&b, path);
	return (char *)b.data;
}

static bool set_string(struct parser *p, const struct config_key *key,
		       const char *value, char **out)
{
	if (*value == '\0')
		return complain(p, "%s has no value; write one, or leave the "
				"line out", key->name);
	free(*out);               /* the preset */
	*out = key->type == CONFIG_PATH ? beside(p->config->path, value) :
		xstrdup(value);
	return true;
}

/* Listeners ------------------------------------------------------------ */

static bool is_loopback(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 &&
		IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool is_address(const char *address, bool brackets)
{
	uint8_t bytes[sizeof(struct in6_addr)];

	return inet_pton(brackets ? AF_INET6 : AF_INET, address, bytes) == 1;
}

/* Take "1.2.3.4:443" or "[::1]:443" apart, in place. */
static bool split_endpoint(char *text, char **address, uint32_t *port)
{
	bool brackets = text[0] == '[';
	char *colon = strrchr(text, ':');
	uint64_t n;

	if (colon == NULL || colon == text ||
	    (brackets && colon[-1] != ']') ||
	    !parse_number(colon + 1, CONFIG_NUMBER, &n) || n > UINT16_MAX)
		return false;
	colon[brackets ? -1 : 0] = '\0';
	if (!is_address(text + brackets, brackets))
		return false;
	*address = text + brackets;
	*port = (uint32_t)n;
	return true;
}

static bool is_doubled(const struct config *c, const struct config_listener *l)
{
	for (size_t i = 0; i < c->listener_count; i++)
		if (l->port != 0 && c->listeners[i].port == l->port &&
		    strcmp(c->listeners[i].address, l->address) == 0)
			return true;
	return false;
}

static bool add_listener(struct parser *p, const struct config_listener *l)
{
	struct config *c = p->config;

	if (is_doubled(c, l))
		return complain(p, "%s port %u is listened on twice; remove "
				"one of the lines", l->address, l->port);
	if (c->listener_count == LISTENERS_MAX)
		return complain(p, "more than %d listeners", LISTENERS_MAX);
	c->listeners = xrealloc(c->listeners,
				(c->listener_count + 1) * sizeof *l);
	c->listeners[c->listener_count] = *l;
	c->listeners[c->listener_count++].address = xstrdup(l->address);
	return true;
}

/* Numbers about the server are no secret, passwords are. */
static bool may_be_plain(const struct config_listener *l)
{
	return l->tls || l->kind == CONFIG_LISTEN_METRICS ||
		is_loopback(l->address);
}

/* "ADDRESS:PORT", "ADDRESS:PORT tls" or "ADDRESS:PORT plain" */
static bool set_listen(struct parser *p, const struct config_key *key,
		       char *value)
{
	struct config_listener l = { .line = p->line };
	char *mode = value + strcspn(value, " \t");
	uint32_t port = 0;

	if (*mode != '\0')
		*mode++ = '\0';
	mode = trim(mode);
	l.kind = (enum config_listener_kind)key->min;
	l.tls = *mode != '\0' ? strcmp(mode, "tls") == 0 :
		l.kind != CONFIG_LISTEN_METRICS;
	if (*mode != '\0' && !l.tls && strcmp(mode, "plain") != 0)
		return complain(p, "%s ends in \"%s\"; write tls or plain "
				"there", key->name, mode);
	if (!split_endpoint(value, &l.address, &port))
		return complain(p, "%s is \"%s\"; write an IP address and a "
				"port, as in 0.0.0.0:443 or [::]:443",
				key->name, value);
	l.port = (uint16_t)port;
	if (!may_be_plain(&l))
		return complain(p, "plain HTTP on %s would send passwords "
				"readable over the network; use tls, or a "
				"loopback address such as 127.0.0.1",
				l.address);
	return add_listener(p, &l);
}

static bool set_nets(struct parser *p, const struct config_key *key,
		     const char *value, char **out)
{
	struct net *nets;
	size_t count;
	struct err err;

	if (!net_parse_list(value, &nets, &count, &err))
		return complain(p, "%s: %s", key->name, err.text);
	free(nets);
	return set_string(p, key, value, out);
}

static bool set_value(struct parser *p, const struct config_key *key,
		      char *value)
{
	void *at = (char *)p->config + key->offset;

	switch (key->type) {
	case CONFIG_STRING:
	case CONFIG_PATH:
		return set_string(p, key, value, at);
	case CONFIG_NUMBER:
	case CONFIG_TIME:
	case CONFIG_SIZE:
		return set_number(p, key, value, at);
	case CONFIG_LEVEL:
		return set_level(p, value, at);
	case CONFIG_LISTEN:
		return set_listen(p, key, value);
	case CONFIG_NETS:
		return set_nets(p, key, value, at);
	case CONFIG_ROLES:
		return set_roles(p, value, at);
	case CONFIG_WORD:
		return set_word(p, key, value, at);
	}
	return false;
}

/* Lines ---------------------------------------------------------------- */

static bool open_section(struct parser *p, char *line)
{
	const char *nearest = config_keys[0].section;
	size_t len = strlen(line);

	if (line[len - 1] != ']')
		return complain(p, "\"%s\" lacks its closing bracket; write "
				"[section]", line);
	line[len - 1] = '\0';
	line = trim(line + 1);
	for (size_t i = 0; i < config_key_count; i++) {
		if (strcmp(config_keys[i].section, line) == 0) {
			p->section = config_keys[i].section;
			return true;
		}
		if (distance(line, config_keys[i].section) <
		    distance(line, nearest))
			nearest = config_keys[i].section;
	}
	return complain(p, "there is no section [%s]; did you mean [%s]?",
			line, nearest);
}

static bool no_such_key(struct parser *p, const char *name)
{
	const struct config_key *nearest = NULL;

	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *k = &config_keys[i];

		if (strcmp(k->name, name) == 0)
			return complain(p, "%s does not belong under [%s]; "
					"move it to [%s]", name, p->section,
					k->section);
		if (strcmp(k->section, p->section) == 0 &&
		    (nearest == NULL || distance(name, k->name) <
		     distance(name, nearest->name)))
			nearest = k;
	}
	return complain(p, "there is no key \"%s\" in [%s]; did you mean "
			"\"%s\"? posthouse.conf(5) lists them", name,
			p->section, nearest->name);
}

static bool find_key(struct parser *p, const char *name, size_t *out)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (strcmp(config_keys[i].section, p->section) == 0 &&
		    strcmp(config_keys[i].name, name) == 0) {
			*out = i;
			return true;
		}
	return no_such_key(p, name);
}

/* A value in double quotes is taken as it stands between them. */
static bool unquote(struct parser *p, char **value)
{
	size_t len = strlen(*value);

	if (**value != '"')
		return true;
	if (len < 2 || (*value)[len - 1] != '"' ||
	    memchr(*value + 1, '"', len - 2) != NULL)
		return complain(p, "the quotes of %s don't match; write one "
				"before and one after the value", *value);
	(*value)[len - 1] = '\0';
	++*value;
	return true;
}

static bool parse_pair(struct parser *p, char *line)
{
	char *equals = strchr(line, '='), *value;
	size_t key;

	if (equals == NULL)
		return complain(p, "\"%s\" is neither a [section] nor a "
				"key = value", line);
	*equals = '\0';
	line = trim(line);
	value = trim(equals + 1);
	if (p->section == NULL)
		return complain(p, "\"%s\" stands before the first [section]; "
				"move it below one", line);
	if (!find_key(p, line, &key) || !unquote(p, &value))
		return false;
	if (p->seen[key] != 0 && config_keys[key].type != CONFIG_LISTEN)
		return complain(p, "%s was given in line %u already; remove "
				"one of them", line, p->seen[key]);
	p->seen[key] = p->line;
	return set_value(p, &config_keys[key], value);
}

static bool parse_line(struct parser *p, const char *text, size_t len)
{
	char line[LINE_MAX_LEN + 1], *s;

	p->line++;
	if (len > LINE_MAX_LEN)
		return complain(p, "the line is longer than %d bytes",
				LINE_MAX_LEN);
	if (memchr(text, '\0', len) != NULL || !utf8_valid(text, len))
		return complain(p, "the line is not UTF-8 text; save the file "
				"as UTF-8");
	memcpy(line, text, len);
	line[len] = '\0';
	s = trim(line);
	if (*s == '\0' || *s == '#' || *s == ';')
		return true;
	return *s == '[' ? open_section(p, s) : parse_pair(p, s);
}

static bool parse_lines(struct parser *p, const char *text, size_t len)
{
	const char *end = text + len, *stop;

	for (; text < end; text = stop + 1) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (stop == NULL)
			stop = end;
		if (!parse_line(p, text, (size_t)(stop - text)))
			return false;
	}
	return true;
}

/* The whole ------------------------------------------------------------ */

static void preset(struct parser *p)
{
	for (size_t i = 0; i < config_key_count; i++) {
		char value[64];

		if (config_keys[i].preset == NULL)
			continue;
		snprintf(value, sizeof value, "%s", config_keys[i].preset);
		set_value(p, &config_keys[i], value);
	}
}

static const struct config_listener *tls_listener(const struct config *c)
{
	for (size_t i = 0; i < c->listener_count; i++)
		if (c->listeners[i].tls)
			return &c->listeners[i];
	return NULL;
}

static bool has_listener(const struct config *c)
{
	for (size_t i = 0; i < c->listener_count; i++)
		if (c->listeners[i].kind != CONFIG_LISTEN_METRICS)
			return true;
	return false;
}

/* Numbers leave this machine only to those who were named. */
static bool complete_metrics(struct parser *p)
{
	const struct config *c = p->config;

	for (size_t i = 0; i < c->listener_count; i++) {
		const struct config_listener *l = &c->listeners[i];

		if (l->kind == CONFIG_LISTEN_METRICS &&
		    !is_loopback(l->address) && c->metrics_allow == NULL)
			return err_set(p->err, EC_INVALID_PARAM, "%s:%u: "
				       "metrics on %s are for those whom you "
				       "name; set allow under [metrics], such "
				       "as \"allow = 10.0.0.0/8\"", p->path,
				       l->line, l->address);
	}
	return true;
}

/* https; plain on loopback alone, where nobody listens in or answers for
 * another. */
static bool is_url(const char *text)
{
	static const char *const plain[] = { "http://127.0.0.1",
					     "http://[::1]" };

	for (size_t i = 0; i < 2; i++)
		if (strncmp(text, plain[i], strlen(plain[i])) == 0 &&
		    strchr(":/", text[strlen(plain[i])]) != NULL)
			return true;
	return strncmp(text, "https://", 8) == 0;
}

/* [oauth]: the keys that are asked for when one of them is there. */
static bool complete_oauth(struct parser *p)
{
	const struct config_oauth *o = &p->config->oauth;
	const char *missing = o->issuer == NULL ? "issuer" :
		o->audience == NULL ? "audience" :
		o->jwks_file == NULL && o->jwks_url == NULL ?
		"jwks_file or jwks_url" : NULL;

	if (o->jwks_file == NULL && o->jwks_url == NULL && o->issuer == NULL &&
	    o->audience == NULL)
		return true;
	if (missing != NULL)
		return err_set(p->err, EC_INVALID_PARAM, "%s: %s is missing; "
			       "bearer tokens need it under [oauth]", p->path,
			       missing);
	if (o->jwks_file != NULL && o->jwks_url != NULL)
		return err_set(p->err, EC_INVALID_PARAM, "%s: jwks_file and "
			       "jwks_url exclude each other; remove one of "
			       "them under [oauth]", p->path);
	if (o->jwks_url != NULL && !is_url(o->jwks_url))
		return err_set(p->err, EC_INVALID_PARAM, "%s: jwks_url is "
			       "\"%s\"; write one that begins with https://",
			       p->path, o->jwks_url);
	return true;
}

/* What must be there, and what must be there together. */
static bool complete(struct parser *p)
{
	const struct config *c = p->config;
	const struct config_listener *tls = tls_listener(c);
	const char *missing = c->server_name == NULL ? "name" :
		c->data == NULL ? "data" : NULL;

	if (missing != NULL)
		return err_set(p->err, EC_INVALID_PARAM,
			       "%s: %s is missing; add it under [server]",
			       p->path, missing);
	if (!has_listener(c))
		return err_set(p->err, EC_INVALID_PARAM, "%s: no listener; "
			       "add a line such as \"listen = 0.0.0.0:443 tls\""
			       " under [http]", p->path);
	if ((c->certificate == NULL) != (c->key == NULL))
		return err_set(p->err, EC_INVALID_PARAM, "%s: certificate "
			       "and key belong together; add %s under [tls]",
			       p->path, c->key == NULL ? "key" : "certificate");
	if (tls != NULL && c->certificate == NULL)
		return err_set(p->err, EC_INVALID_PARAM, "%s:%u: this "
			       "listener needs a certificate; set certificate "
			       "and key under [tls]", p->path, tls->line);
	return complete_metrics(p) && complete_oauth(p);
}

static char *absolute(const char *path)
{
	char folder[PATH_MAX];
	struct buf b = BUF_INIT;

	if (path[0] != '/' && getcwd(folder, sizeof folder) != NULL)
		buf_printf(&b, "%s/", folder);
	buf_puts(&b, path);
	return (char *)b.data;
}

bool config_parse(const char *path, const char *text, size_t len,
		  struct config **out, struct err *err)
{
	struct parser p = { .path = path, .err = err };

	p.config = xcalloc(1, sizeof *p.config);
	p.config->path = absolute(path);
	preset(&p);
	/* A byte-order mark is what some editors put there. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (!parse_lines(&p, text, len) || !complete(&p)) {
		config_free(p.config);
		return false;
	}
	*out = p.config;
	return true;
}

static bool read_file(const char *path, struct buf *b, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return err_set(err, EC_NOT_FOUND, "cannot open the "
			       "configuration %s: %s; name one with --config",
			       path, strerror(errno));
	do {
		n = read(fd, buf_room(b, 4096), 4096);
		b->len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && b->len <= FILE_MAX);
	if (n < 0)
		err_set(err, EC_ERROR, "cannot read the configuration %s: %s",
			path, strerror(errno));
	else if (b->len > FILE_MAX)
		err_set(err, EC_ERROR, "%s is too large to be a configuration "
			"file", path);
	close(fd);
	return n == 0;
}

bool config_load(const char *path, struct config **out, struct err *err)
{
	struct buf b = BUF_INIT;
	bool ok = read_file(path, &b, err) &&
		config_parse(path, buf_str(&b), b.len, out, err);

	buf_free(&b);
	return ok;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->listener_count; i++)
		free(config->listeners[i].address);
	free(config->listeners);
	for (size_t i = 0; i < config_key_count; i++)
		if (config_keys[i].type == CONFIG_STRING ||
		    config_keys[i].type == CONFIG_PATH ||
		    config_keys[i].type == CONFIG_NETS)
			free(*(char **)((char *)config +
					config_keys[i].offset));
	free(config->path);
	free(config);
}

static char *in_data(const struct config *config, const char *name)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s/%s", config->data, name);
	return (char *)b.data;
}

char *config_directory_path(const struct config *config)
{
	struct buf b = BUF_INIT;

	if (config->directory == NULL)
		return in_data(config, "organisation.db");
	buf_printf(&b, "%s", config->directory);
	return (char *)b.data;
}

char *config_nt_key_path(const struct config *config)
{
	char *directory = config_directory_path(config);
	struct buf b = BUF_INIT;

	buf_printf(&b, "%.*s/nt.key", (int)(strrchr(directory, '/') -
					    directory), directory);
	free(directory);
	return (char *)b.data;
}

char *config_socket_path(const struct config *config)
{
	return in_data(config, "admin.sock");
}
