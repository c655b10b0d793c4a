/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MAPI virtual directories: on which URL a server offers MAPI over HTTP, and
 * with which authentication methods.
 *
 * Every server has a front-end one, where clients arrive ("MX1\mapi (Default
 * Web Site)"); a server with the mailbox role has a back-end one as well,
 * where front ends arrive ("MX1\mapi (Exchange Back End)").  The methods of
 * the back-end one are those of the front-end one of the same server until
 * they are set for themselves, so that one command governs the hop, too.  If
 * a front-end one is removed, an inheriting back-end one has the defaults.
 *
 * Included by directory.h.
 */
#ifndef DIRECTORY_VDIR_H
#define DIRECTORY_VDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/guid.h"

struct directory;

/* IISAuthenticationMethods, a set. */
enum dir_method {
	DIR_METHOD_BASIC = 1,
	DIR_METHOD_NTLM = 2,              /* "Ntlm" */
	DIR_METHOD_NEGOTIATE = 4,
	DIR_METHOD_OAUTH = 8,             /* "OAuth" */
	DIR_METHODS_ALL = 15,
};

/* ExtendedProtectionTokenChecking. */
enum dir_ep { DIR_EP_NONE, DIR_EP_ALLOW, DIR_EP_REQUIRE };

/* ExtendedProtectionFlags, a set; the values are those of IIS. */
enum dir_ep_flag {
	DIR_EP_PROXY = 1,
	DIR_EP_NO_SERVICE_NAME_CHECK = 2,
	DIR_EP_ALLOW_DOTLESS_SPN = 4,
	DIR_EP_PROXY_COHOSTING = 32,
	DIR_EP_FLAGS_ALL = 39,
};

struct dir_vdir {
	struct guid guid;
	struct guid server;
	bool back_end;
	const char *name;         /* "mapi" */
	const char *website;      /* "Default Web Site", "Exchange Back End" */
	/* From the server; not looked at when written. */
	const char *identity;     /* "MX1\mapi (Default Web Site)" */
	const char *server_name;
	const char *server_version;       /* AdminDisplayVersion */

	/* Absolute, without the endpoint: "https://mx1.example.test/mapi";
	 * "" when there is none.  The back-end one's internal_url is where
	 * front ends reach the server, and the only source of such targets. */
	const char *internal_url;
	const char *external_url;
	unsigned methods;         /* enum dir_method, as they are in effect */
	bool methods_inherited;   /* back end: the front-end one's */

	enum dir_ep ep_checking;
	unsigned ep_flags;        /* enum dir_ep_flag */
	const char *const *ep_spns;
	size_t ep_spn_count;
	uint64_t when_created, when_changed;      /* FILETIME */
};

/* Look-ups: as those of directory.h ------------------------------------ */

/* The one of a server's side; false when it has none (any more). */
bool directory_vdir(struct directory *dir, const struct guid *server,
		    bool back_end, struct arena *arena, struct dir_vdir *out);

/* All, ordered by server name, the front-end one first. */
size_t directory_vdirs(struct directory *dir, struct arena *arena,
		       struct dir_vdir **out);

/* Changes: as those of directory.h ------------------------------------- */

/*
 * Looks at server, back_end and, where they are not NULL or 0, at website,
 * internal_url, methods (0: the defaults of the server's version; a back-end
 * one inherits) and the ep_ fields.  Refused while the server has one on that
 * side.  *vdir gets its GUID.
 */
bool directory_new_vdir(struct directory *dir, struct dir_vdir *vdir,
			struct err *err);

/*
 * Write the URLs, methods, methods_inherited and the ep_ fields of n virtual
 * directories, all or none of them.  An empty set of methods is written as
 * such: whether that was meant is the caller's to ask.
 */
bool directory_set_vdirs(struct directory *dir, const struct dir_vdir *vdirs,
			 size_t n, struct err *err);

/* n of them, all or none. */
bool directory_remove_vdirs(struct directory *dir, const struct guid *guids,
			    size_t n, struct err *err);

/* What is common ------------------------------------------------------- */

/* Of this program, as long as no version was given: Exchange 2013 CU13. */
#define DIR_POSTHOUSE_VERSION "Version 15.0 (Build 1210.2)"
#define DIR_DEFAULT_SITE "Default-First-Site-Name"

/*
 * An AdminDisplayVersion: "Version 15.1 (Build 2507.6)", also as "15.1",
 * "15.1.2507.6", "15.01.2507.006" or "Exchange/15.01.2507.006" (what is not
 * there is 0).  False, outputs untouched, if text is none.
 */
bool dir_version_parse(const char *text, unsigned *major, unsigned *minor,
		       unsigned *build, unsigned *revision);

/* In the form that is kept: "Version 15.1 (Build 2507.6)". */
char *dir_version_format(struct arena *arena, unsigned major, unsigned minor,
			 unsigned build, unsigned revision);

/*
 * The methods that a new server of this version has: Negotiate up to 15.0
 * (2013), Ntlm, OAuth and Negotiate from 15.1 (2016, 2019) on and where the
 * version says nothing.
 */
unsigned dir_version_methods(const char *version);

/*
 * InternalAuthenticationMethods and ExternalAuthenticationMethods: derived
 * from the others, never set.  The internal ones are IISAuthenticationMethods;
 * so are the external ones, but that a version up to 15.0 has none while
 * there is no external URL.
 */
unsigned dir_vdir_internal_methods(const struct dir_vdir *vdir);
unsigned dir_vdir_external_methods(const struct dir_vdir *vdir);

/*
 * The canonical name of one method, flag or value ("Ntlm", "OAuth",
 * "AllowDotlessSPN", "Require"); "" if it is none.  And the reverse, without
 * regard to case; false if there is no such name.
 */
const char *dir_method_name(enum dir_method method);
bool dir_method_parse(const char *name, enum dir_method *out);
const char *dir_ep_name(enum dir_ep ep);
bool dir_ep_parse(const char *name, enum dir_ep *out);
const char *dir_ep_flag_name(enum dir_ep_flag flag);
bool dir_ep_flag_parse(const char *name, enum dir_ep_flag *out);

/* "Ntlm, OAuth, Negotiate", in the order in which Exchange shows them. */
char *dir_methods_text(struct arena *arena, unsigned methods);

/* The i-th method of Exchange's order; 0 after the last. */
enum dir_method dir_method_at(size_t i);

#endif
