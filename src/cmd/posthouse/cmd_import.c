/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse import": RFC 5322 files, folders of them, and mbox files. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/mail_tree.h"
#include "cmd/posthouse/commands.h"
#include "cmd/posthouse/entry.h"
#include "cmd/posthouse/progress.h"

struct source {
	const char *path;
	uint64_t size;
};

struct import {
	struct cli *cli;
	struct admin_client *client;
	struct source *sources;
	size_t n, cap;
	uint64_t total, sent;     /* bytes */
	uint64_t messages;
	struct progress *progress;
	struct err err;
};

/* ---- what is to be imported ---- */

static void add_source(struct import *im, const char *path, uint64_t size)
{
	if (im->n == im->cap) {
		im->cap = im->cap > 0 ? 2 * im->cap : 64;
		im->sources = xrealloc(im->sources,
				       im->cap * sizeof *im->sources);
	}
	im->sources[im->n].path = arena_strdup(cli_arena(im->cli), path);
	im->sources[im->n++].size = size;
	im->total += size;
}

static int by_path(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* The files of a folder, not of those below it. */
static bool add_folder(struct import *im, const char *path)
{
	struct arena *a = cli_arena(im->cli);
	DIR *dir = opendir(path);
	struct dirent *entry;
	struct stat st;

	if (dir == NULL)
		return err_set(&im->err, EC_NOT_FOUND, "cannot read the "
			       "folder %s: %s", path, strerror(errno));
	while ((entry = readdir(dir)) != NULL) {
		const char *file = arena_printf(a, "%s/%s", path,
						entry->d_name);

		if (entry->d_name[0] != '.' && stat(file, &st) == 0 &&
		    S_ISREG(st.st_mode))
			add_source(im, file, (uint64_t)st.st_size);
	}
	closedir(dir);
	return true;
}

static bool add_argument(struct import *im, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_set(&im->err, EC_NOT_FOUND, "cannot read %s: %s",
			       path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return add_folder(im, path);
	add_source(im, path, (uint64_t)st.st_size);
	return true;
}

/* ---- sending ---- */

static bool send_item(struct import *im, const struct buf *item)
{
	for (size_t at = 0; at < item->len; at += ADMIN_DATA_MAX) {
		size_t left = item->len - at;

		if (!admin_put(im->client, item->data + at,
			       left < ADMIN_DATA_MAX ? left : ADMIN_DATA_MAX,
			       &im->err))
			return false;
	}
	return admin_put_end(im->client, &im->err);
}

/* MIME is read here: what goes to the daemon are properties. */
static bool send_message(struct import *im, const void *data, size_t len)
{
	struct arena *arena = arena_new(16384);
	struct buf item = BUF_INIT;
	bool ok = mail_tree_encode(mime_parse(arena, data, len), &item,
				   &im->err) && send_item(im, &item);

	im->messages++;
	im->sent += len;
	progress_to(im->progress, im->sent);
	buf_free(&item);
	arena_free(arena);
	return ok;
}

/* mboxrd: ">From ", ">>From " … had one ">" added. */
static bool is_quoted_from(const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && line[n] == '>')
		n++;
	return n > 0 && len - n >= 5 && memcmp(line + n, "From ", 5) == 0;
}

static void add_unquoted(struct buf *out, const char *data, size_t len)
{
	while (len > 0) {
		const char *lf = memchr(data, '\n', len);
		size_t n = lf != NULL ? (size_t)(lf - data) + 1 : len;
		size_t skip = is_quoted_from(data, n);

		buf_add(out, data + skip, n - skip);
		data += n;
		len -= n;
	}
}

/* The next "From " line after an empty line, or the end. */
static size_t mbox_next(const char *data, size_t len, size_t from)
{
	const char *at;

	while ((at = memmem(data + from, len - from, "\nFrom ", 6)) != NULL) {
		size_t line = (size_t)(at - data) + 1;

		if (line >= 2 && (data[line - 2] == '\n' ||
		    (line >= 4 && memcmp(data + line - 4, "\n\r\n", 3) == 0)))
			return line;
		from = line;
	}
	return len;
}

static bool send_mbox(struct import *im, const char *data, size_t len)
{
	struct buf message = BUF_INIT;
	bool ok = true;

	for (size_t at = 0; at < len && ok; ) {
		size_t end = mbox_next(data, len, at);
		const char *lf = memchr(data + at, '\n', end - at);
		size_t body = lf != NULL ? (size_t)(lf - data) + 1 : end;

		buf_clear(&message);
		add_unquoted(&message, data + body, end - body);
		ok = send_message(im, message.data, message.len);
		at = end;
	}
	buf_free(&message);
	return ok;
}

static bool send_data(struct import *im, const char *data, size_t len)
{
	if (len >= 5 && memcmp(data, "From ", 5) == 0)
		return send_mbox(im, data, len);
	return send_message(im, data, len);
}

static bool send_source(struct import *im, const struct source *source)
{
	uint64_t sent = im->sent;
	struct stat st;
	int fd = cli_open(im->cli, source->path, O_RDONLY);
	void *data = NULL;
	bool ok;

	if (fd < 0)
		return err_set(&im->err, EC_NOT_FOUND, "cannot read %s",
			       source->path);
	ok = fstat(fd, &st) == 0;
	if (ok && st.st_size > 0) {
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
			    fd, 0);
		ok = data != MAP_FAILED;
	}
	if (!ok)
		err_set(&im->err, EC_ERROR, "cannot read %s: %s",
			source->path, strerror(errno));
	close(fd);
	if (ok && data != NULL) {
		ok = send_data(im, data, (size_t)st.st_size);
		munmap(data, (size_t)st.st_size);
	}
	im->sent = sent + source->size;
	return ok;
}

/* ---- the command ---- */

static void on_progress(void *ctx, const json_t *progress)
{
	const char *text = json_string_value(json_object_get(progress,
							     "text"));
	json_int_t n = json_integer_value(json_object_get(progress,
							  "failed"));

	if (text != NULL)
		fprintf(stderr, "posthouse import: message %lld: %s\n",
			(long long)n, text);
}

static bool send_all(struct import *im, const struct dir_mailbox *m,
		     json_t **result)
{
	const char *folder = cli_get(im->cli, "folder");
	struct admin_events events = { .progress = on_progress };
	char guid[GUID_TEXT_SIZE];

	guid_format(&m->guid, guid);
	if (!admin_begin(im->client, "message.append",
			 json_pack("{s:s, s:s, s:b}", "mailbox", guid,
				   "folder", folder != NULL ? folder : "Inbox",
				   "create", cli_flag(im->cli, "create")),
			 &im->err))
		return false;
	im->progress = progress_new("Importing", im->total);
	for (size_t i = 0; i < im->n; i++)
		if (!send_source(im, &im->sources[i])) {
			progress_free(im->progress, false);
			return false;
		}
	progress_free(im->progress, true);
	return admin_finish(im->client, &events, result, &im->err);
}

static int finish(struct cli *cli, json_t *result)
{
	json_int_t failed = json_integer_value(json_object_get(result,
							       "failed"));

	if (cli_json(cli)) {
		cli_show(cli, result);
	} else {
		cli_say(cli, "%" JSON_INTEGER_FORMAT " messages imported, %"
			JSON_INTEGER_FORMAT " failed.",
			json_integer_value(json_object_get(result,
							   "imported")),
			failed);
		json_decref(result);
	}
	return failed > 0 ? CLI_FAILED : CLI_OK;
}

static int import_run(struct cli *cli)
{
	struct import im = { .cli = cli };
	struct dir_mailbox m;
	json_t *result = NULL;
	bool ok = true;

	for (unsigned i = 1; i < cli_arg_count(cli) && ok; i++)
		ok = add_argument(&im, cli_arg(cli, i));
	if (!ok)
		return cli_fail(cli, &im.err);
	qsort(im.sources, im.n, sizeof *im.sources, by_path);
	if (!entry_mailbox(cli, cli_arg(cli, 0), &m))
		return CLI_FAILED;
	im.client = cli_admin(cli);
	if (im.client == NULL)
		return CLI_FAILED;
	ok = send_all(&im, &m, &result);
	free(im.sources);
	return ok ? finish(cli, result) : cli_fail(cli, &im.err);
}

static const struct cli_option options[] = {
	{ "folder", "PATH", "into this folder, such as Inbox/2026 "
	  "(default: Inbox)", false },
	{ "create", NULL, "make the folder if it does not exist", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_import[] = {
	{ .noun = "import", .args = "MAILBOX FILE...",
	  .summary = "Import mail: RFC 5322 files, mbox files, folders.",
	  .options = options, .min_args = 2, .max_args = 10000,
	  .run = import_run },
	{ .noun = NULL },
};
