/* SPDX-License-Identifier: Apache-2.0 */
/* Recipients for commands: all of them, read once, and changes of what the
 * command line says. */
#ifndef CMD_POSTHOUSE_PEOPLE_H
#define CMD_POSTHOUSE_PEOPLE_H

#include "cmd/posthouse/cli.h"
#include "directory/recipients_local.h"

/* All recipients, held for reading. */
struct people {
	struct recipients *all;
	const struct recipients_snapshot *s;
};

/* False after saying why.  people_close follows. */
bool people_open(struct cli *cli, struct people *out);
void people_close(struct people *people);

/* By alias, address, DN or GUID; NULL without a word if there is none. */
const struct recipient *people_find(const struct people *people,
				    const char *name);

/* A recipient as a struct to be changed, in the arena. */
void people_read(struct cli *cli, const struct recipient *r,
		 struct dir_recipient *out);

/* A recipient as an object: its attributes by their LDAP names. */
json_t *people_json(const struct people *people, const struct recipient *r);

/* Options for attributes: those that commands name, and any other one. */
#define PEOPLE_NAME_OPTIONS \
	{ "given-name", "NAME", "given name", false }, \
	{ "surname", "NAME", "family name", false }, \
	{ "title", "TEXT", "job title", false }, \
	{ "department", "TEXT", "department", false }, \
	{ "company", "TEXT", "company", false }, \
	{ "office", "TEXT", "office", false }, \
	{ "phone", "NUMBER", "telephone at work", false }, \
	{ "mobile", "NUMBER", "mobile telephone", false }, \
	{ "manager", "RECIPIENT", "the manager", false }, \
	{ "phonetic-display-name", "TEXT", "the name as it is spoken", false }
#define PEOPLE_ATTRIBUTE_OPTIONS \
	{ "set", "ATTRIBUTE=VALUE", "any attribute; @FILE for its contents; " \
	  "no VALUE removes it", true }, \
	{ "add", "ATTRIBUTE=VALUE", "one more value", true }, \
	{ "delete", "ATTRIBUTE=VALUE", "one value less", true }, \
	{ "hidden", NULL, "not in the address book", false }, \
	{ "shown", NULL, "in the address book again", false }

/*
 * Apply what the options say about attributes of a recipient, but for
 * --hidden.  The exit status.
 */
int people_apply(struct cli *cli, const struct guid *guid);

/* An attribute's text as a value, links resolved; false after saying why. */
bool people_value(struct cli *cli, const struct people *people,
		  const struct recipient_attr *attr, const char *text,
		  struct bin *out);

#endif
