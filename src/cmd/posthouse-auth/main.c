/* SPDX-License-Identifier: Apache-2.0 */
/*
 * posthouse-auth: checks passwords for posthoused, which starts it with one
 * end of a socket pair as its standard input.  See auth/helper.h.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/helper.h"

int main(void)
{
	int type = 0;
	socklen_t len = sizeof type;

	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    type != SOCK_SEQPACKET) {
		fprintf(stderr, "posthouse-auth: this program is started by "
			"posthoused and does nothing by itself\n");
		return 2;
	}
	return helper_main(STDIN_FILENO);
}
