#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cmdlets and a daemon that runs: what is set is what it does.

usage: test_vdir.py BUILD
"""
import http.client
import json
import os
import socket
import subprocess
import sys
import time

from posthouse import HOST, Organisation, Tests

FRONT = "'MAIL\\mapi (Default Web Site)'"


class Suite:
    def __init__(self, org):
        self.org = org
        links = os.path.join(org.folder, "bin")
        org.posthouse("cmdlets", "link", links)
        self.environment = {**os.environ, "POSTHOUSE_CONFIG": org.conf,
                            "PATH": f"{links}:/usr/bin:/bin"}

    def sh(self, line, status=0, stdin=None):
        done = subprocess.run(["/bin/sh", "-c", line], input=stdin,
                              env=self.environment, capture_output=True,
                              text=True, timeout=120, check=False)
        assert done.returncode == status, f"{line}: {done}"
        return done.stdout

    def offered(self):
        """The methods of a 401, in the order of the headers."""
        c = http.client.HTTPSConnection(HOST, self.org.tls, timeout=60)
        c.sock = self.org.tls_context().wrap_socket(
            socket.create_connection(("127.0.0.1", self.org.tls), 60),
            server_hostname=HOST)
        c.request("GET", "/mapi/emsmdb/")
        answer = c.getresponse()
        answer.read()
        methods = [h.split()[0] for h in
                   answer.headers.get_all("WWW-Authenticate") or []]
        c.close()
        assert answer.status == 401, answer.status
        return sorted(methods)

    def until(self, wanted):
        """The daemon follows, without having been told."""
        for _ in range(1200):
            got = self.offered()
            if got == wanted:
                return
            time.sleep(0.05)
        raise AssertionError(f"{got}, not {wanted}")

    def test_follows(self):
        pid = self.org.daemon.pid
        self.until(["Basic"])
        self.sh("Get-MapiVirtualDirectory | Set-MAPIVirtualDirectory "
                "-IISAuthenticationMethods Ntlm, OAuth, Negotiate")
        self.until(["Bearer", "NTLM", "Negotiate"])
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS '' -Force")
        self.until([])
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS Basic,Ntlm")
        self.until(["Basic", "NTLM"])
        assert self.org.daemon.poll() is None and self.org.daemon.pid == pid

    def test_connectivity(self):
        """Test-MapiConnectivity, with the right and the wrong password."""
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS Basic -InternalUrl "
                f"https://{HOST}:{self.org.tls}/mapi -wa Ignore")
        self.until(["Basic"])
        common = (f" -CAFile {self.org.folder}/test-ca.pem -Address "
                  "127.0.0.1 -MailboxCredential alice")
        row = json.loads(self.sh("Test-MapiConnectivity alice" + common,
                                 stdin=self.org.passwords["alice"] + "\n"))
        assert row["Result"] == "Success" and row["Latency"] > 0, row
        assert row["MailboxServer"] == "MAIL", row
        assert row["Mailbox"] == "alice@example.test", row
        row = json.loads(self.sh("Test-MapiConnectivity -Server MAIL" +
                                 common, stdin="wrong\n", status=1))
        assert row["Result"] == "*FAILURE*" and row["Error"], row
        self.sh("Test-MapiConnectivity nobody" + common, stdin="x\n",
                status=1)
        self.sh("Test-MapiConnectivity -AuthenticationMethod Magic", status=1)
        self.sh("Test-MapiConnectivity -PerConnectionTimeout 0", status=1)


def main():
    tests = Tests()
    with Organisation(sys.argv[1]) as org:
        org.user("alice")
        org.start()
        suite = Suite(org)
        tests.run(suite.test_follows)
        tests.run(suite.test_connectivity)
        assert org.stop() == 0
    tests.finish()


main()
