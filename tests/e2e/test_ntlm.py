#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""NTLM without a domain: hashes in the directory, kept only when asked for.

usage: test_ntlm.py BUILD
"""
import http.client
import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time

import domain
import gss
from posthouse import HOST, Organisation, Tests

PATH = "/mapi/emsmdb/"
SETTINGS = "[auth]\nntlm = local\ndomain = EXAMPLE\n"


class Connection(gss.Connection):
    """To the daemon of a scratch organisation, whose name nobody resolves."""

    def __init__(self, org, source):
        # pylint: disable=super-init-not-called
        self.host = HOST
        self.http = http.client.HTTPSConnection(
            HOST, org.tls, timeout=60, context=org.tls_context())
        raw = socket.create_connection(("127.0.0.1", org.tls), 60,
                                       (source, 0))
        self.http.sock = org.tls_context().wrap_socket(
            raw, server_hostname=HOST)
        self.http.auto_open = 0


class Suite:
    def __init__(self, org):
        self.org = org
        self.source = "127.0.2.0"

    def run(self, tests, test):
        """From an address of its own: failures are throttled by address."""
        last = int(self.source.rsplit(".", 1)[1]) + 1
        self.source = f"127.0.2.{last}"
        tests.run(test)

    def curl(self, user, password=None, *options, method="--ntlm"):
        """Statuses, and all that came."""
        password = password or self.org.passwords[user]
        done = subprocess.run(
            ["curl", "-sS", "-i", "-m", "30", "--interface", self.source,
             "--cacert", os.path.join(self.org.folder, "test-ca.pem"),
             "--resolve", f"{HOST}:{self.org.tls}:127.0.0.1", method,
             "-u", f"{user}:{password}", *options,
             f"https://{HOST}:{self.org.tls}{PATH}"],
            capture_output=True, text=True, check=True, timeout=60)
        return [int(s) for s in re.findall(r"^HTTP/1.1 (\d+)", done.stdout,
                                           re.M)], done.stdout

    def connection(self):
        return Connection(self.org, self.source)

    def ntlm(self, user, password=None, binding=None):
        return gss.Initiator("NTLM", HOST, user=f"EXAMPLE\\{user}",
                             password=password or self.org.passwords[user],
                             binding=binding)

    def log(self):
        with open(os.path.join(self.org.folder, "posthoused.log"),
                  encoding="utf-8") as log:
            return log.read()

    def set(self, *parameters):
        self.org.posthouse("Set-MapiVirtualDirectory", "-Identity",
                           "MAIL\\mapi (Default Web Site)", *parameters)
        time.sleep(0.6)   # a daemon looks every 250 ms

    # ---- tests ----

    def names(self):
        for name in ("alice", "EXAMPLE\\alice", "example.test\\alice",
                     "alice@example.test", "example\\ALICE"):
            statuses, text = self.curl(name, self.org.passwords["alice"])
            assert statuses == [401, 200], f"{name}: {text}"
            assert "User: alice<" in text, text
            assert "Persistent-Auth: true" in text, text

    def wrong(self):
        """Whoever it is not: the same answer."""
        seen = set()
        for name in ("EXAMPLE\\alice", "EXAMPLE\\nobody", "OTHER\\alice",
                     "late"):
            statuses, text = self.curl(name, "wrong")
            assert statuses == [401, 401], text
            last = text[text.rindex("HTTP/1.1"):]
            seen.add(re.sub(r"(?m)^(request-id|Date): .*$", "", last))
        assert len(seen) == 1, seen
        log = self.log()
        assert 'user="EXAMPLE\\\\alice" cause="NTLM: wrong password"' in log
        assert 'user="EXAMPLE\\\\nobody" cause="NTLM: unknown user"' in log
        assert "wrong-secret" not in log

    def from_the_next_password(self):
        """late's password was set before NTLM was turned on."""
        statuses, text = self.curl("late")
        assert statuses == [401, 401], text
        assert "kept from the next time" in self.log()
        statuses, text = self.curl("late", method="--basic")
        assert statuses == [200], text
        self.org.passwords["late"] = "another secret"
        self.org.posthouse("user", "set", "late", "--password-stdin",
                           stdin="another secret\n")
        time.sleep(0.6)
        statuses, text = self.curl("late")
        assert statuses == [401, 200], text
        # Other changes keep it.
        self.org.posthouse("user", "set", "late", "--display-name", "Late")
        time.sleep(0.6)
        assert self.curl("late")[0] == [401, 200]

    def at_rest(self):
        """Encrypted, under a key that nobody else may read."""
        key = os.path.join(self.org.folder, "data", "nt.key")
        assert os.stat(key).st_mode & 0o777 == 0o600
        plain = subprocess.run(
            ["openssl", "dgst", "-md4", "-provider", "legacy", "-binary"],
            input=self.org.passwords["alice"].encode("utf-16le"),
            capture_output=True, check=True).stdout
        assert len(plain) == 16
        for name in os.listdir(os.path.join(self.org.folder, "data")):
            path = os.path.join(self.org.folder, "data", name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    content = file.read()
                assert plain not in content, name
                assert plain.hex().encode() not in content.lower(), name
        database = sqlite3.connect(os.path.join(self.org.folder, "data",
                                                "organisation.db"))
        hashes = dict(database.execute("SELECT account, nt_hash FROM user"))
        database.close()
        assert len(hashes["alice"]) == 45, hashes

    def in_turns(self):
        """Two handshakes, step by step on two connections."""
        first, second = self.connection(), self.connection()
        one, two = self.ntlm("alice"), self.ntlm("bob")
        tokens = []
        for connection, initiator in ((first, one), (second, two)):
            answer = connection.request("GET", PATH, {
                "Authorization": "NTLM " + encode(initiator.step())})
            tokens.append(initiator.step(answer.token("NTLM")))
        for connection, token, user in ((second, tokens[1], "bob"),
                                        (first, tokens[0], "alice")):
            answer = connection.request("GET", PATH, {
                "Authorization": "NTLM " + encode(token)})
            assert answer.status == 200, answer
            assert f"User: {user}<".encode() in answer.body, answer
        for _ in range(5):
            for connection, user in ((first, "alice"), (second, "bob")):
                answer = connection.request("GET", PATH)
                assert f"User: {user}<".encode() in answer.body, answer

    def many_at_once(self):
        wrong = []

        def ask(user):
            try:
                for _ in range(10):
                    connection = self.connection()
                    answer = connection.handshake(self.ntlm(user), "GET",
                                                  PATH)
                    assert f"User: {user}<".encode() in answer.body, answer
                    connection.close()
            except Exception as error:  # pylint: disable=broad-except
                wrong.append(error)

        threads = [threading.Thread(target=ask, args=(user,))
                   for user in ("alice", "bob") * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong, wrong

    def extended_protection(self):
        expected = {"None": [200, 200, 200], "Allow": [200, 200, 401],
                    "Require": [200, 401, 401]}
        try:
            for checking, statuses in expected.items():
                self.set("-ExtendedProtectionTokenChecking", checking)
                seen = []
                for kind in ("right", "none", "wrong"):
                    connection = self.connection()
                    binding = {"right": connection.binding(), "none": None,
                               "wrong": b"tls-server-end-point:" +
                               bytes(32)}[kind]
                    seen.append(connection.handshake(self.ntlm(
                        "alice", binding=binding), "GET", PATH).status)
                assert seen == statuses, f"{checking}: {seen}"
        finally:
            self.set("-ExtendedProtectionTokenChecking", "None")

    def changes(self):
        """A connection's user goes with what the directory says."""
        connection = self.connection()
        assert connection.handshake(self.ntlm("bob"), "GET",
                                    PATH).status == 200
        assert connection.request("GET", PATH).status == 200
        self.org.posthouse("user", "set", "bob", "--disabled")
        time.sleep(0.6)
        assert connection.request("GET", PATH).status == 401
        assert connection.handshake(self.ntlm("bob"), "GET",
                                    PATH).status == 401
        self.org.posthouse("user", "set", "bob", "--enabled")
        time.sleep(0.6)
        assert connection.handshake(self.ntlm("bob"), "GET",
                                    PATH).status == 200
        self.set("-IISAuthenticationMethods", "Basic")
        answer = connection.request("GET", PATH)
        assert answer.status == 401, answer
        assert answer.all("WWW-Authenticate") == [f'Basic realm="{HOST}"']
        self.set("-IISAuthenticationMethods", "Basic, Ntlm, Negotiate")

    def throttled(self):
        """After ten failures this address alone waits."""
        for _ in range(10):
            assert self.curl("alice", "wrong")[0] == [401, 401]
        assert self.curl("alice")[0] == [401, 401]
        assert "result=throttled" in self.log()
        assert self.curl("bob")[0] == [401, 200]
        last = int(self.source.rsplit(".", 1)[1])
        self.source = f"127.0.2.{last + 100}"
        assert self.curl("alice")[0] == [401, 200]
        self.source = f"127.0.2.{last}"

    def helper_dies(self):
        connection = self.connection()
        initiator = self.ntlm("alice")
        answer = connection.request("GET", PATH, {
            "Authorization": "NTLM " + encode(initiator.step())})
        token = initiator.step(answer.token("NTLM"))
        for pid in domain.descendants(self.org.daemon.pid):
            os.kill(pid, 9)
        answer = connection.request("GET", PATH, {
            "Authorization": "NTLM " + encode(token)})
        assert answer.status == 401, answer
        assert sorted(value.split()[0] for value in answer.all(
            "WWW-Authenticate")) == ["Basic", "NTLM", "Negotiate"], answer
        answer = connection.handshake(self.ntlm("alice"), "GET", PATH)
        assert answer.status == 200, answer

    def turned_off(self):
        """The next password leaves no hash, and removes the old one."""
        self.org.stop()
        self.org.settings = ""
        self.org.write_conf()
        self.org.posthouse("user", "set", "alice", "--password-stdin",
                           stdin="third secret\n")
        self.org.passwords["alice"] = "third secret"
        database = sqlite3.connect(os.path.join(self.org.folder, "data",
                                                "organisation.db"))
        left = database.execute("SELECT nt_hash FROM user WHERE "
                                "account = 'alice'").fetchone()
        database.close()
        assert left == (None,), left
        self.org.start()
        statuses, text = self.curl("alice")
        assert statuses == [401] * len(statuses), text
        assert "set ntlm under [auth]" in self.log()
        assert self.curl("alice", method="--basic")[0] == [200]


def encode(token):
    return gss.base64.b64encode(token).decode()


def main():
    tests = Tests()
    with Organisation(sys.argv[1]) as org:
        org.user("late")
        org.settings = SETTINGS
        org.write_conf()
        for user in ("alice", "bob"):
            org.user(user)
        org.posthouse("Set-MapiVirtualDirectory", "-Identity",
                      "MAIL\\mapi (Default Web Site)",
                      "-IISAuthenticationMethods", "Basic, Ntlm, Negotiate")
        org.start()
        suite = Suite(org)
        for test in (suite.names, suite.wrong, suite.from_the_next_password,
                     suite.at_rest, suite.in_turns, suite.many_at_once,
                     suite.extended_protection, suite.changes,
                     suite.throttled, suite.helper_dies, suite.turned_off):
            suite.run(tests, test)
        if tests.failed:
            print(org.diagnosis())
    tests.finish()


main()
