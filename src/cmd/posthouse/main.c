/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "cmd/posthouse/cli.h"

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	return cli_main(argc, argv);
}
