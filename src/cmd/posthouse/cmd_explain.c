/* SPDX-License-Identifier: Apache-2.0 */
/* "posthouse explain": what a text that somebody has in hand means. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "analyzer/explain.h"
#include "base/buf.h"
#include "cmd/posthouse/commands.h"

enum { TEXT_MAX = 64 << 20, PIECE = 1 << 16 };

/* All of a file; false after saying why. */
static bool read_all(struct cli *cli, int fd, const char *name, struct buf *b)
{
	ssize_t n;

	while ((n = read(fd, buf_room(b, PIECE), PIECE)) > 0) {
		b->len += (size_t)n;
		if (b->len > TEXT_MAX) {
			cli_failf(cli, "%s is larger than 64 MiB", name);
			return false;
		}
	}
	if (n < 0)
		cli_failf(cli, "cannot read %s", name);
	return n == 0;
}

static int tell(struct cli *cli, const struct buf *b)
{
	if (cli_json(cli))
		return cli_show(cli, diag_explain_json(buf_str(b), b->len));
	if (diag_explain(buf_str(b), b->len, stdout,
			 isatty(STDOUT_FILENO) == 1))
		return CLI_OK;
	return cli_failf(cli, "nothing in the text is known: it should hold "
			 "a diagnostic context (\"Lid: …\"), headers of an "
			 "answer, an error code or a cookie");
}

/* What the diagnosis can find. */
static int list_rules(struct cli *cli)
{
	static const struct cli_column columns[] = {
		{ "rule", "Rule" }, { "summary", "What it finds" },
		{ NULL, NULL } };
	const struct rule_info *rule;
	json_t *rows = json_array();

	for (size_t n = 0; (rule = diagnose_rule(n)) != NULL; n++)
		json_array_append_new(rows, json_pack("{s:s, s:s}", "rule",
			rule->name, "summary", rule->summary));
	return cli_list(cli, rows, columns);
}

static int explain_run(struct cli *cli)
{
	const char *path = cli_arg(cli, 0);
	struct buf b = BUF_INIT;
	int fd = STDIN_FILENO, status = CLI_FAILED;

	if (cli_flag(cli, "rules"))
		return list_rules(cli);
	if (path != NULL && (fd = cli_open(cli, path, O_RDONLY)) < 0)
		return CLI_FAILED;
	if (read_all(cli, fd, path != NULL ? path : "standard input", &b))
		status = tell(cli, &b);
	if (path != NULL)
		close(fd);
	buf_free(&b);
	return status;
}

static const struct cli_option options[] = {
	{ "rules", NULL, "list what the diagnosis can find", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cmd_explain[] = {
	{ .noun = "explain", .args = "[FILE]", .options = options,
	  .summary = "Say what a diagnostic context, report or cookie means.",
	  .max_args = 1, .no_config = true, .run = explain_run },
	{ .noun = NULL },
};
