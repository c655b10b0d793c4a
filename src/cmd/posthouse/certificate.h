/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates from a test CA of our own, for trying things out. */
#ifndef CMD_POSTHOUSE_CERTIFICATE_H
#define CMD_POSTHOUSE_CERTIFICATE_H

#include "cmd/posthouse/cli.h"

/*
 * Make the certificate and key that the configuration names, for this
 * server's name, localhost, the listeners' addresses and the --host options;
 * signed by test-ca.pem beside them, which is made when it isn't there.
 * False after saying why; nothing that exists is overwritten.
 */
bool certificate_make(struct cli *cli);

#endif
