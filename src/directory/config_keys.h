/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the configuration file, for config.c alone. */
#ifndef DIRECTORY_CONFIG_KEYS_H
#define DIRECTORY_CONFIG_KEYS_H

#include <stddef.h>
#include <stdint.h>

enum config_type {
	CONFIG_STRING,            /* char * */
	CONFIG_PATH,              /* char *, made absolute */
	CONFIG_NUMBER,            /* uint32_t */
	CONFIG_TIME,              /* uint32_t ms; "30 s", "5 min", "1 h" */
	CONFIG_SIZE,              /* uint32_t bytes; "64 KiB", "4 MiB" */
	CONFIG_LEVEL,             /* uint32_t: enum log_level */
	CONFIG_LISTEN,            /* struct config_listener; may repeat; min
				   * is its kind */
	CONFIG_NETS,              /* char *, of networks (base/net.h) */
	CONFIG_ROLES,             /* uint32_t, a set of enum dir_role */
	CONFIG_WORD,              /* uint32_t, place in a list of words, which
				   * min names (enum config_words) */
};

enum config_words { CONFIG_WORDS_HOP, CONFIG_WORDS_HOP_AUTH,
		    CONFIG_WORDS_NTLM };

struct config_key {
	const char *section, *name;
	enum config_type type;
	size_t offset;            /* in struct config */
	uint32_t min, max;        /* of numbers, times and sizes */
	const char *preset;       /* as it would be written; NULL: none */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

#endif
