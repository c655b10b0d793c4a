# SPDX-License-Identifier: Apache-2.0
"""Logging on to an organisation without a domain: Basic from its own
passwords, and NTLM once it is turned on and the password was set anew.

usage: test_auth_local.py BUILD
"""
import os
import subprocess
import sys
import time

import domain
import gss
from posthouse import Tests
from servers import Server, Servers

E2016 = "Version 15.1 (Build 2507.6)"
FOLDER = os.path.join(domain.SCRATCH, "local")
PATH = "/mapi/emsmdb/"
PLACES = (("FE1", 443), ("MX1", 443), ("MX1", 444))


class Local:
    def __init__(self, servers):
        self.servers = servers
        self.source = "127.0.2.0"

    def run(self, tests, test):
        last = int(self.source.rsplit(".", 1)[1]) + 1
        self.source = f"127.0.2.{last}"
        tests.run(test)

    def curl(self, *options, place=PLACES[0], **more):
        return self.servers.curl(place[0], PATH, "--interface", self.source,
                                 *options, port=place[1], **more)

    @staticmethod
    def is_user(answer, user):
        body = answer.body.decode(errors="replace")
        assert answer.status == 200 and user in body, \
            f"{user} expected: {answer}"

    def basic(self):
        for place in PLACES:
            self.is_user(self.curl("--basic", user="alice", place=place),
                         "alice")
            answer = self.curl("--basic", user="alice", password="wrong",
                               place=place)
            assert answer.status == 401, answer

    def ntlm(self):
        for place in PLACES:
            for user in ("EXAMPLE\\alice", "alice", "alice@example.test"):
                self.is_user(self.curl("--ntlm", user=user, place=place),
                             "alice")

    def ntlm_wrong(self):
        for place in PLACES:
            for user, secret in (("EXAMPLE\\alice", "wrong"),
                                 ("EXAMPLE\\nobody", "secret of alice")):
                answer = self.curl("--ntlm", user=user, password=secret,
                                   place=place)
                assert answer.statuses == [401, 401], answer

    def ntlm_in_spnego(self):
        for place in PLACES:
            env = gss.ntlm_user_file(FOLDER, domain.NETBIOS, "alice",
                                     self.servers.passwords["alice"])
            self.is_user(self.curl("--negotiate", "-u", ":", env=env,
                                   place=place), "alice")

    def ntlm_needs_a_new_password(self):
        """carol's password was set before NTLM was turned on."""
        for place in PLACES[:2]:
            answer = self.curl("--ntlm", user="carol", place=place)
            assert answer.status == 401, answer
        with open(self.servers.servers["FE1"].log, encoding="utf-8") as log:
            said = [line for line in log if "carol" in line]
        assert any("password" in line for line in said), said
        self.servers.posthouse("user", "set", "carol", "--password-stdin",
                               stdin=self.servers.passwords["carol"] + "\n")
        time.sleep(0.6)
        for place in PLACES:
            self.is_user(self.curl("--ntlm", user="carol", place=place),
                         "carol")

    def changed_password(self):
        self.servers.passwords["alice"] = "another secret of alice"
        self.servers.posthouse("user", "set", "alice", "--password-stdin",
                               stdin="another secret of alice\n")
        time.sleep(0.6)
        self.ntlm()
        self.basic()
        answer = self.curl("--ntlm", user="alice",
                           password="secret of alice")
        assert answer.status == 401, answer

    def hash_is_encrypted(self):
        """The NT hash, MD4 of the password, is nowhere as it is."""
        secret = self.servers.passwords["alice"].encode("utf-16-le")
        md4 = subprocess.run(["openssl", "dgst", "-md4", "-provider",
                              "legacy", "-provider", "default", "-binary"],
                             input=secret, capture_output=True,
                             check=True).stdout
        assert len(md4) == 16
        found = 0
        for top, _, names in os.walk(self.servers.folder):
            for name in names:
                path = os.path.join(top, name)
                if not os.path.isfile(path):
                    continue
                with open(path, "rb") as f:
                    data = f.read()
                found += b"organisation" in name.encode()
                assert md4 not in data, name
                assert md4.hex().encode() not in data.lower(), name
        assert found, "the directory's file was not looked at"

    def servers_end(self):
        for name in self.servers.servers:
            status = self.servers.stop(name)
            assert status == 0, f"{name}: {status}\n" + \
                self.servers.diagnosis(name)


def main():
    domain.enter()
    os.makedirs(FOLDER)
    layout = [Server("MX1", E2016, "mailbox"),
              Server("FE1", E2016, "frontend")]
    tests = Tests()
    with Servers(sys.argv[1], os.path.join(FOLDER, "servers"),
                 layout) as servers:
        servers.user("carol", "MX1")
        servers.turn_ntlm_on()
        servers.user("alice", "MX1")
        servers.shell("Get-MapiVirtualDirectory | Set-MapiVirtualDirectory "
                      "-IISAuthenticationMethods Basic, Ntlm, Negotiate")
        servers.start()
        local = Local(servers)
        for test in (local.basic, local.ntlm, local.ntlm_wrong,
                     local.ntlm_in_spnego, local.ntlm_needs_a_new_password,
                     local.changed_password, local.hash_is_encrypted,
                     local.servers_end):
            local.run(tests, test)
        if tests.failed:
            for name in servers.servers:
                print(f"-- the log of {name}\n{servers.diagnosis(name)}")
    tests.finish()


main()
