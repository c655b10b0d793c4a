/* SPDX-License-Identifier: Apache-2.0 */
/* What a command works on: configuration, directory, daemon, files. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/ops.h"
#include "auth/password.h"
#include "cmd/posthouse/cli_impl.h"
#include "directory/audit.h"

/* Configuration -------------------------------------------------------- */

bool cli_load_config(struct cli *cli)
{
	struct err err;

	if (cli->command->no_config && cli_get(cli, "config") == NULL)
		return true;
	if (config_load(cli->config_path, &cli->config, &err))
		return true;
	cli_fail(cli, &err);
	return false;
}

const struct config *cli_config(struct cli *cli)
{
	return cli->config;
}

/* Acting as the daemon's user ------------------------------------------ */

/* Only the effective IDs: a person's own files are opened with their own. */
static bool switch_to(struct cli *cli, uid_t uid, gid_t gid)
{
	if (seteuid(0) == 0 && setegid(gid) == 0 && seteuid(uid) == 0) {
#ifdef __SANITIZE_ADDRESS__
		prctl(PR_SET_DUMPABLE, 1);        /* the leak check's need */
#endif
		return true;
	}
	cli_failf(cli, "cannot act as uid %u: %s", (unsigned)uid,
		  strerror(errno));
	return false;
}

bool cli_act_as_daemon(struct cli *cli)
{
	const char *name = cli->config != NULL ? cli->config->user : NULL;
	const struct passwd *pw;

	if (cli->acting || cli->own_uid != 0 || name == NULL)
		return true;
	pw = getpwnam(name);
	if (pw == NULL) {
		cli_failf(cli, "there is no user %s; make it with \"adduser "
			  "--system --group %s\", or change user in %s", name,
			  name, cli->config->path);
		return false;
	}
	cli->daemon_uid = pw->pw_uid;
	cli->daemon_gid = pw->pw_gid;
	if (!switch_to(cli, pw->pw_uid, pw->pw_gid))
		return false;
	cli->acting = true;
	return true;
}

bool cli_act_as_person(struct cli *cli)
{
	if (cli->acting && !switch_to(cli, cli->own_uid, cli->own_gid))
		return false;
	cli->acting = false;
	return true;
}

int cli_open(struct cli *cli, const char *path, int flags)
{
	int fd, why;

	if (cli->acting && !switch_to(cli, cli->own_uid, cli->own_gid))
		return -1;
	fd = open(path, flags | O_CLOEXEC, 0666);
	why = errno;
	if (cli->acting && !switch_to(cli, cli->daemon_uid, cli->daemon_gid)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (fd < 0)
		cli_failf(cli, "cannot open %s: %s", path, strerror(why));
	return fd;
}

bool cli_mkdir(struct cli *cli, const char *path)
{
	int why = 0;

	if (cli->acting && !switch_to(cli, cli->own_uid, cli->own_gid))
		return false;
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		why = errno;
	if (cli->acting && !switch_to(cli, cli->daemon_uid, cli->daemon_gid))
		return false;
	if (why != 0)
		cli_failf(cli, "cannot make the folder %s: %s", path,
			  strerror(why));
	return why == 0;
}

void cli_close(struct cli *cli)
{
	admin_client_close(cli->admin);
	admin_stop(cli->server);
	if (cli->daemon != NULL) {
		store_pool_free(cli->daemon->pool);
		rmdir(cli->staging);
	}
	directory_close(cli->directory);
	config_free(cli->config);
	/* All of the process belongs to one user again. */
	if (cli->acting)
		switch_to(cli, cli->own_uid, cli->own_gid);
	arena_free(cli->arena);
}

/* The directory and the daemon ----------------------------------------- */

/* Whom changes are recorded as made by: who started us, also behind sudo. */
static const char *person(struct cli *cli)
{
	const struct passwd *pw = getpwuid(cli->own_uid);
	const char *name = pw != NULL ? pw->pw_name :
		arena_printf(cli->arena, "uid %u", (unsigned)cli->own_uid);
	const char *sudo = getenv("SUDO_USER");

	return sudo == NULL || *sudo == '\0' || cli->own_uid != 0 ?
		arena_strdup(cli->arena, name) :
		arena_printf(cli->arena, "%s (%s)", name, sudo);
}

static void introduce(struct cli *cli)
{
	const struct cli_command *c = cli->command;

	directory_set_actor(cli->directory, person(cli),
			    arena_printf(cli->arena, "%s%s%s", c->noun,
					 c->verb != NULL ? " " : "",
					 c->verb != NULL ? c->verb : ""));
}

struct directory *cli_directory(struct cli *cli)
{
	struct err err;
	char *path;

	if (cli->directory != NULL)
		return cli->directory;
	if (!cli_act_as_daemon(cli))
		return NULL;
	path = config_directory_path(cli->config);
	if (directory_open(path, cli->config->server_name, &cli->directory,
			   &err))
		introduce(cli);
	else
		cli_fail(cli, &err);
	free(path);
	return cli->directory;
}

/* No daemon runs: this process opens mailboxes itself. */
static bool serve_here(struct cli *cli)
{
	struct admin_daemon *daemon;
	struct err err;

	cli->staging = arena_printf(cli->arena, "%s/staging.%d",
				    cli->config->data, (int)getpid());
	if (mkdir(cli->staging, 0700) < 0 && errno != EEXIST) {
		cli_failf(cli, "cannot make the folder %s: %s", cli->staging,
			  strerror(errno));
		return false;
	}
	daemon = arena_zalloc(cli->arena, sizeof *daemon);
	daemon->directory = cli->directory;
	daemon->pool = store_pool_new(&(struct store_pool_config){
				.staging_dir = cli->staging }, &err);
	cli->daemon = daemon->pool != NULL ? daemon : NULL;
	if (daemon->pool != NULL &&
	    admin_serve_here(admin_tables, daemon, &cli->server, &cli->admin,
			     &err))
		return true;
	cli_fail(cli, &err);
	return false;
}

struct admin_client *cli_admin(struct cli *cli)
{
	struct err err;
	char *path;
	bool ok;

	if (cli->admin != NULL)
		return cli->admin;
	if (cli_directory(cli) == NULL)
		return NULL;
	path = config_socket_path(cli->config);
	ok = admin_connect(path, &cli->admin, &err);
	free(path);
	if (!ok) {
		cli_fail(cli, &err);
		return NULL;
	}
	if (cli->admin == NULL && !serve_here(cli))
		return NULL;
	return cli->admin;
}

bool cli_call(struct cli *cli, const char *op, json_t *args,
	      const struct admin_events *events, json_t **result)
{
	struct admin_client *client = cli_admin(cli);
	struct err err;

	if (client == NULL) {
		json_decref(args);
		return false;
	}
	if (admin_call(client, op, args, events, result, &err))
		return true;
	cli_fail(cli, &err);
	return false;
}

/* Passwords ------------------------------------------------------------ */

bool cli_has_password(const struct cli *cli)
{
	return cli_flag(cli, "password-stdin") ||
		cli_get(cli, "password-file") != NULL;
}

/* The first line of fd, without its end; NULL after saying why. */
static const char *read_line(struct cli *cli, int fd, const char *name)
{
	char text[PASSWORD_MAX_SIZE + 2];
	size_t len = 0, end;
	ssize_t n;

	while (len < sizeof text && memchr(text, '\n', len) == NULL) {
		n = read(fd, text + len, sizeof text - len);
		if (n < 0 && errno != EINTR) {
			cli_failf(cli, "cannot read the password from %s: %s",
				  name, strerror(errno));
			return NULL;
		}
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	for (end = 0; end < len && text[end] != '\n'; end++)
		;
	if (end > 0 && text[end - 1] == '\r')
		end--;
	if (end == 0 || end >= PASSWORD_MAX_SIZE ||
	    memchr(text, '\0', end) != NULL) {
		cli_failf(cli, "the first line of %s is %s a password", name,
			  end == 0 ? "empty, not" : "not");
		return NULL;
	}
	return arena_strndup(cli->arena, text, end);
}

/* From a terminal: asked for, and not shown. */
static const char *read_stdin(struct cli *cli)
{
	struct termios old, quiet;
	const char *password;
	bool terminal = isatty(STDIN_FILENO) &&
		tcgetattr(STDIN_FILENO, &old) == 0;

	if (terminal) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
		fputs("Password: ", stderr);
	}
	password = read_line(cli, STDIN_FILENO, "standard input");
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
		fputc('\n', stderr);
	}
	return password;
}

const char *cli_read_password(struct cli *cli, const char *path)
{
	const char *password;
	int fd;

	if (path == NULL)
		return read_stdin(cli);
	fd = cli_open(cli, path, O_RDONLY);
	if (fd < 0)
		return NULL;
	password = read_line(cli, fd, path);
	close(fd);
	return password;
}

const char *cli_password(struct cli *cli)
{
	const char *path = cli_get(cli, "password-file");

	if (path != NULL && cli_flag(cli, "password-stdin")) {
		cli_usage(cli, "give --password-stdin or --password-file, not "
			  "both");
		return NULL;
	}
	return cli_read_password(cli, path);
}
