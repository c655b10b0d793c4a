/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse export": a folder or a mailbox to .eml files. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "admin/mail_tree.h"
#include "cmd/posthouse/commands.h"
#include "cmd/posthouse/entry.h"
#include "cmd/posthouse/progress.h"

enum { NAME_MAX_BYTES = 80 };

struct export {
	struct cli *cli;
	const char *to;           /* the folder that is written to */
	const char *path;         /* of the file that comes */
	struct buf item;          /* what came of the message so far */
	uint64_t n;
	struct progress *progress;
	struct err err;
	bool failed;
};

/* A name from a mailbox as a name of a file: no slash, no leading dot. */
static const char *safe_name(struct arena *a, const char *name)
{
	char *out = arena_strndup(a, name, strnlen(name, NAME_MAX_BYTES));
	size_t len;

	for (char *c = out; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == '/' || *c == 0x7f)
			*c = '_';
	if (*out == '.')
		*out = '_';
	/* Do not end inside a character. */
	len = strlen(out);
	if (strlen(name) > len) {
		while (len > 0 && ((unsigned char)out[len - 1] & 0xc0) == 0x80)
			len--;
		if (len > 0 && (unsigned char)out[len - 1] >= 0xc0)
			len--;
		out[len] = '\0';
	}
	return out;
}

/* Make the folders of a path below x->to; each part is made safe. */
static const char *make_folders(struct export *x, const char *path)
{
	struct arena *a = cli_arena(x->cli);
	const char *at = x->to;

	while (*path != '\0') {
		const char *end = strchrnul(path, '/');

		if (end > path)
			at = arena_printf(a, "%s/%s", at, safe_name(a,
				arena_strndup(a, path,
					      (size_t)(end - path))));
		if (!cli_mkdir(x->cli, at)) {
			x->failed = true;
			err_set(&x->err, EC_ERROR, "the export was given up");
		}
		path = *end != '\0' ? end + 1 : end;
	}
	return at;
}

/* Tells what the item is that comes next. */
static void on_progress(void *ctx, const json_t *progress)
{
	struct export *x = ctx;
	struct arena *a = cli_arena(x->cli);
	const char *folder = json_string_value(json_object_get(progress,
							       "folder"));
	const char *subject = json_string_value(json_object_get(progress,
								"subject"));

	if (folder == NULL || subject == NULL || x->failed)
		return;
	x->path = arena_printf(a, "%s/%06llu %s.eml", make_folders(x, folder),
			       (unsigned long long)++x->n,
			       safe_name(a, subject));
	progress_to(x->progress, x->n);
}

/* The item that came, as a message in RFC 5322 form. */
static bool convert(struct export *x, struct buf *text, struct err *err)
{
	struct arena *arena = arena_new(16384);
	struct mime_message *m;
	bool ok = mail_tree_decode(x->item.data, x->item.len, arena, &m,
				   err) && mime_write(m, text, err);

	arena_free(arena);
	return ok;
}

static bool write_text(const struct export *x, int fd, const struct buf *text,
		       struct err *err)
{
	for (size_t put = 0; put < text->len; ) {
		ssize_t n = write(fd, text->data + put, text->len - put);

		if (n < 0 && errno != EINTR)
			return err_set(err, EC_DISK_ERROR,
				       "cannot write %s: %s", x->path,
				       strerror(errno));
		put += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool write_file(struct export *x, struct err *err)
{
	struct buf text = BUF_INIT;
	bool ok = convert(x, &text, err);
	int fd;

	if (ok) {
		fd = cli_open(x->cli, x->path, O_WRONLY | O_CREAT | O_EXCL);
		ok = fd >= 0 ? write_text(x, fd, &text, err) :
			err_set(err, EC_ERROR, "the export was given up");
		if (fd >= 0 && close(fd) != 0 && ok)
			ok = err_set(err, EC_DISK_ERROR, "cannot write %s: %s",
				     x->path, strerror(errno));
	}
	buf_free(&text);
	return ok;
}

static bool on_data(void *ctx, const void *data, size_t len, struct err *err)
{
	struct export *x = ctx;
	bool ok;

	if (x->failed) {
		*err = x->err;
		return false;
	}
	if (x->path == NULL)
		return err_set(err, EC_ERROR, "the server sent a message "
			       "without a name");
	if (len > 0) {
		buf_add(&x->item, data, len);
		return true;
	}
	ok = write_file(x, err);
	buf_clear(&x->item);
	x->path = NULL;
	return ok;
}

static int export_run(struct cli *cli)
{
	struct export x = { .cli = cli, .to = cli_arg(cli, 1) };
	struct admin_events events = { on_progress, on_data, &x };
	const char *folder = cli_get(cli, "folder");
	struct dir_mailbox m;
	char guid[GUID_TEXT_SIZE];
	json_t *result = NULL;
	bool ok;

	if (!cli_mkdir(cli, x.to) ||
	    !entry_mailbox(cli, cli_arg(cli, 0), &m))
		return CLI_FAILED;
	guid_format(&m.guid, guid);
	x.progress = progress_new("Exporting", 0);
	ok = cli_call(cli, "message.export", json_pack("{s:s, s:s, s:b}",
		"mailbox", guid, "folder", folder != NULL ? folder : "",
		"deep", folder == NULL || cli_flag(cli, "subfolders")),
		&events, &result);
	progress_free(x.progress, false);
	buf_free(&x.item);
	if (!ok)
		return CLI_FAILED;
	if (cli_json(cli))
		return cli_show(cli, result);
	cli_say(cli, "%llu messages exported to %s.",
		(unsigned long long)x.n, x.to);
	json_decref(result);
	return CLI_OK;
}

static const struct cli_option options[] = {
	{ "folder", "PATH", "only this folder, such as Inbox/2026", false },
	{ "subfolders", NULL, "and the folders below it", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_export[] = {
	{ .noun = "export", .args = "MAILBOX FOLDER",
	  .summary = "Export mail to .eml files in a new or empty folder.",
	  .options = options, .min_args = 2, .max_args = 2,
	  .run = export_run },
	{ .noun = NULL },
};
