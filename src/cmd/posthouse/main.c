/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "cmd/posthouse/cmdlet.h"

int main(int argc, char **argv)
{
	int rc;

	signal(SIGPIPE, SIG_IGN);
	return cmdlet_main(argc, argv, &rc) ? rc : cli_main(argc, argv);
}
