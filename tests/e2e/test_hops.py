# SPDX-License-Identifier: Apache-2.0
"""The front end before back ends that are not Posthouse, in a domain:
constrained delegation, and the client's own handshake passed through.

usage: test_hops.py BUILD [TEST ...]

The back ends are posthoused all the same; that the directory says "Exchange"
and "gromox" makes the front end treat them so.
"""
import os
import subprocess
import sys
import threading
import time

import domain
import gss
from mapi_gss import GssClient
from posthouse import Tests
from servers import Server, Servers

E2016 = "Version 15.1 (Build 2507.6)"
FOLDER = os.path.join(domain.SCRATCH, "hops")
NORMAL, SENSITIVE = "512", str(512 + 0x100000)


class Hops:
    def __init__(self, servers, dc):
        self.servers, self.dc = servers, dc
        self.ticket = {name: dc.kinit(name)
                       for name in ("alice", "carol", "bob", "dave")}

    # ---- clients ----

    def path(self, user):
        return f"/mapi/emsmdb/?MailboxId={self.servers.mailbox_id(user)}"

    def connection(self):
        return gss.Connection("fe1.example.test", 443, self.servers.ca)

    def log_on(self, connection, user, how, path=None):
        if how == "Kerberos":
            initiator = gss.Initiator(
                "Negotiate", connection.host,
                ccache=self.ticket[user]["KRB5CCNAME"])
        else:
            initiator = gss.Initiator(
                how, connection.host, user=f"EXAMPLE\\{user}",
                password=self.servers.passwords[user])
        return connection.handshake(initiator, "GET",
                                    path or self.path(user))

    def basic(self, user, password=None):
        return self.servers.curl("FE1", self.path(user), "--basic",
                                 user=user, password=password)

    @staticmethod
    def is_user(answer, user):
        body = answer.body.decode(errors="replace")
        assert answer.status == 200 and user in body, \
            f"{user} expected: {answer}"

    def passed(self, server):
        """Methods by which the back end was reached, and how often."""
        start = 'posthouse_gate_passed_total{method="'
        return {name[len(start):-2]: value for name, value in
                self.servers.metrics(server).items()
                if name.startswith(start) and value}

    def failure(self, user):
        answer = self.basic(user)
        return answer.status, answer.field("X-FailureContext") or ""

    # ---- constrained delegation ([MS-SFU]) ----

    def delegation(self):
        for how in ("Kerberos", "NTLM", "Negotiate"):
            for user in ("alice", "carol"):
                self.is_user(self.log_on(self.connection(), user, how), user)
        self.is_user(self.basic("alice"), "alice")
        seen = self.passed("MX1")
        assert list(seen) == ["Negotiate/Kerberos"], \
            f"MX1 was reached by {seen}"

    def delegated_session(self):
        client = GssClient(self.servers, "FE1", "alice",
                           self.ticket["alice"])
        client.connect()
        logon, folders = client.logon(client.dn())
        mid = client.save_message(logon, folders[4], "delegated", "text")
        assert client.read_strings(logon, folders[4], mid,
                                   [0x0037001F]) == ["delegated"]
        client.disconnect()
        client.close()

    def nobody_is_mixed_up(self):
        """Users of a delegating and of a passing back end, at once and in
        turns, over one front end."""
        wrong = []

        def ask(user, how):
            try:
                for _ in range(4):
                    connection = self.connection()
                    self.is_user(self.log_on(connection, user, how), user)
                    for _ in range(10):
                        self.is_user(connection.request(
                            "GET", self.path(user)), user)
                    connection.close()
            except Exception as error:  # pylint: disable=broad-except
                wrong.append((user, how, error))

        threads = [threading.Thread(target=ask, args=who) for who in (
            ("alice", "NTLM"), ("carol", "Kerberos"), ("bob", "NTLM"),
            ("dave", "NTLM"), ("carol", "NTLM"), ("bob", "NTLM"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong, wrong

    def sensitive_user(self):
        self.dc.user("erin", "secret of erin")
        self.dc.modify("erin", {"userAccountControl": SENSITIVE})
        self.servers.user("erin", "MX1", password="secret of erin")
        time.sleep(0.6)
        status, context = self.failure("erin")
        assert status == 500 and "mx1.example.test" in context, \
            (status, context)
        log = self.log_since("erin")
        assert "delegat" in log, log

    def log_since(self, user):
        with open(self.servers.servers["FE1"].log, encoding="utf-8") as log:
            return "".join(line for line in log
                           if user in line and "warning" in line)

    def not_allowed_to_delegate(self):
        spns = ["HTTP/mx2.example.test"]
        self.dc.user("frank", "secret of frank")
        self.servers.user("frank", "MX1", password="secret of frank")
        self.dc.delegate("FE1$", spns)
        time.sleep(0.6)
        status, context = self.failure("frank")
        self.dc.delegate("FE1$", ["HTTP/mx1.example.test", "HTTP/mx1",
                                  *spns])
        assert status == 500 and "mx1.example.test" in context, \
            (status, context)
        self.is_user(self.basic("frank"), "frank")

    # ---- pass-through ----

    def passes_through(self):
        before = self.passed("MX2")
        connection = self.connection()
        answer = self.log_on(connection, "bob", "NTLM")
        self.is_user(answer, "bob")
        for _ in range(3):
            self.is_user(connection.request("GET", self.path("bob")), "bob")
        self.is_user(self.basic("bob"), "bob")
        assert self.basic("bob", password="wrong").status == 401
        seen = self.passed("MX2")
        assert seen.get("NTLM", 0) > before.get("NTLM", 0), seen
        assert seen.get("Basic", 0) > before.get("Basic", 0), seen

    def passed_session(self):
        client = GssClient(self.servers, "FE1", "bob")
        client.log_on = lambda: self.log_on(client.connection, "bob", "NTLM")
        client.connect()
        logon, folders = client.logon(client.dn())
        assert logon is not None and len(folders) == 13
        client.disconnect()
        client.close()

    def passed_connection_is_nobody_elses(self):
        """Whoever comes after bob, on a connection of his own, is nobody
        until he says who he is; and what bob authenticated is gone with
        him."""
        for _ in range(5):
            connection = self.connection()
            self.is_user(self.log_on(connection, "bob", "NTLM"), "bob")
            other = self.connection()
            assert other.request("GET", self.path("bob")).status == 401
            assert other.request("GET", self.path("dave")).status == 401
            connection.close()
            third = self.connection()
            assert third.request("GET", self.path("bob")).status == 401
            self.is_user(self.log_on(third, "dave", "NTLM"), "dave")
            assert other.request("GET", self.path("bob")).status == 401
            third.close()
            other.close()

    def one_connection_two_back_ends(self):
        """What was passed through to MX2 says nothing about who asks for a
        mailbox on MX1."""
        connection = self.connection()
        self.is_user(self.log_on(connection, "bob", "NTLM"), "bob")
        answer = connection.request("GET", self.path("alice"))
        assert answer.status == 401, answer
        self.is_user(connection.request("GET", self.path("bob")), "bob")

    def needs_mailbox_id(self):
        """Without MailboxId there is no knowing where to pass it."""
        answer = self.servers.curl("FE1", "/mapi/emsmdb/", "--basic",
                                   user="bob")
        assert answer.status == 500, answer
        assert "NeedsMailboxId" in answer.field("X-FailureContext"), answer

    def passing_excludes_protection(self):
        """Extended Protection Require sees another TLS: the configuration
        check refuses the pair."""
        for vdir in (r"MX2\mapi (Exchange Back End)",
                     r"FE1\mapi (Default Web Site)"):
            assert self.check_configuration() == (0, "")
            line = (f"Set-MapiVirtualDirectory -Identity '{vdir}' "
                    "-ExtendedProtectionTokenChecking ")
            self.servers.shell(line + "Require")
            status, said = self.check_configuration()
            self.servers.shell(line + "None")
            assert status == 1 and vdir in said and "MX2" in said and \
                "pass-through" in said, said

    def check_configuration(self):
        done = subprocess.run(
            [self.servers.program("posthoused"), "--config",
             self.servers.servers["FE1"].conf, "--check"],
            capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    def servers_end(self):
        for name in self.servers.servers:
            status = self.servers.stop(name)
            assert status == 0, f"{name}: {status}\n" + \
                self.servers.diagnosis(name)


def main():
    domain.enter()
    layout = [Server("MX1", E2016, "mailbox"),
              Server("MX2", E2016, "mailbox"),
              Server("FE1", E2016, "frontend")]
    os.makedirs(FOLDER)
    tests = Tests()
    with domain.Domain() as dc, Servers(
            sys.argv[1], os.path.join(FOLDER, "servers"), layout,
            dc) as servers:
        dc.user("carol", "secret of carol")
        dc.user("dave", "secret of dave")
        servers.passwords.update(dc.passwords)
        for user, server in (("alice", "MX1"), ("carol", "MX1"),
                             ("bob", "MX2"), ("dave", "MX2")):
            servers.user(user, server)
        servers.posthouse("server", "set", "MX1", "--make", "Exchange")
        servers.posthouse("server", "set", "MX2", "--make", "gromox")
        servers.shell("Get-MapiVirtualDirectory | Set-MapiVirtualDirectory "
                      "-IISAuthenticationMethods Basic, Ntlm, Negotiate")
        servers.start()
        hops = Hops(servers, dc)
        for test in (hops.delegation, hops.delegated_session,
                     hops.sensitive_user, hops.not_allowed_to_delegate,
                     hops.passes_through, hops.passed_session,
                     hops.passed_connection_is_nobody_elses,
                     hops.one_connection_two_back_ends,
                     hops.nobody_is_mixed_up, hops.needs_mailbox_id,
                     hops.passing_excludes_protection, hops.servers_end):
            if not sys.argv[2:] or test.__name__ in sys.argv[2:]:
                tests.run(test)
        if tests.failed:
            for name in servers.servers:
                print(f"-- the log of {name}\n{servers.diagnosis(name)}")
    tests.finish()


main()
