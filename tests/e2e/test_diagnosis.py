# SPDX-License-Identifier: Apache-2.0
"""Faults of a real organisation, and whether the analyzer names them.

usage: test_diagnosis.py BUILD
"""
import json
import os
import sys
import time

import domain
from jwt import Issuer
from posthouse import Tests
from servers import Server, Servers

E2013 = "Version 15.0 (Build 1210.3)"
E2016 = "Version 15.1 (Build 2507.6)"
OLD = "Version 15.0 (Build 847.32)"
FOLDER = os.path.join(domain.SCRATCH, "diagnosis")


class Faults:
    def __init__(self, servers, issuer):
        self.servers, self.issuer = servers, issuer

    def analyze(self, user, server, *options, status=1, password=None,
                mailbox=True):
        """The rules that found something, errors first, and all of it."""
        name = os.path.join(self.servers.folder, "analyze.password")
        domain.write(name, (password or self.servers.passwords[user]) + "\n")
        out = self.servers.posthouse(
            "analyze", "--email", f"{user}@{domain.DNS}", "--url",
            self.servers.url(server, user if mailbox else None), "--ca-file",
            self.servers.ca, "--password-file", name, "--json", *options,
            *([] if mailbox else ["--user-dn", "/o=x/cn=y"]), status=status)
        tree = json.loads(out)
        return [f["rule"] for f in tree["diagnosis"]], tree["diagnosis"], \
            json.dumps(tree)

    def first(self, rule, *args, **more):
        rules, found, _ = self.analyze(*args, **more)
        assert rules and rules[0] == rule, found
        return found[0]

    def set_methods(self, identity, methods):
        self.servers.shell(f"Set-MapiVirtualDirectory -Identity '{identity}'"
                           f" -IISAuthenticationMethods {methods}")
        time.sleep(0.7)

    # The back end itself.

    def all_is_well(self):
        rules, _, text = self.analyze("alice", "MX1", status=0)
        assert not rules, rules
        assert "Testing HTTP authentication with the Basic method" in text

    def a_token(self):
        name = os.path.join(self.servers.folder, "token")
        good = self.issuer.token(f"alice@{domain.DNS}")
        bad = self.issuer.token(f"alice@{domain.DNS}",
                                exp=int(time.time()) - 3600)
        domain.write(name, good + "\n")
        rules, _, text = self.analyze("alice", "MX1", "--auth", "bearer",
                                      "--token-file", name, status=0)
        assert not rules, rules
        assert "with the OAuth method" in text and good not in text, text
        domain.write(name, bad + "\n")
        found = self.first("wrong-credentials", "alice", "MX1", "--auth",
                           "bearer", "--token-file", name)
        assert "token" in found["meaning"], found

    def wrong_password(self):
        self.first("wrong-credentials", "alice", "MX1", password="wrong")

    def a_method_that_is_broken(self):
        """carol's password was set before NTLM was turned on."""
        rules, found, _ = self.analyze("carol", "MX1", status=0)
        assert "method-broken" in rules, found
        text = json.dumps(found)
        assert "Ntlm is offered but does not work" in text, text

    def no_methods(self):
        identity = r"MX1\mapi (Default Web Site)"
        self.servers.shell(f"Set-MapiVirtualDirectory -Identity '{identity}'"
                           " -IISAuthenticationMethods '' -Force")
        time.sleep(0.7)
        try:
            found = self.first("empty-methods", "alice", "MX1")
            assert "Set-MapiVirtualDirectory" in found["cure"], found
        finally:
            self.set_methods(identity, "Basic, Ntlm, OAuth")

    def basic_alone(self):
        identity = r"MX1\mapi (Default Web Site)"
        self.set_methods(identity, "Basic")
        try:
            rules, found, _ = self.analyze("alice", "MX1", status=0)
            assert rules == ["basic-only"], found
        finally:
            self.set_methods(identity, "Basic, Ntlm, OAuth")

    # Through the front end.

    def mismatch(self):
        """15.1 in front of 15.0, whose back end takes Negotiate alone."""
        found = self.first("method-mismatch", "bob", "FE1")
        assert "fe1.example.test (15.1)" in found["meaning"], found
        assert "mx2.example.test (15.0)" in found["meaning"], found
        assert r"'MX2\mapi (Default Web Site)'" in found["cure"], found
        # The line for this server alone is a cure, indeed.
        line = found["cure"].splitlines()[-1]
        self.servers.shell(line)
        time.sleep(0.7)
        rules, found, _ = self.analyze("bob", "FE1", status=0)
        assert "method-mismatch" not in rules, found

    def through_the_front_end(self):
        _, found, text = self.analyze("alice", "FE1", status=0)
        assert not [f for f in found if f["severity"] == "error"], found
        assert "X-CalculatedBETarget: mx1.example.test" in text, text

    def back_end_down(self):
        self.servers.stop("MX1")
        found = self.first("back-end-down", "alice", "FE1")
        assert "mx1.example.test" in found["meaning"], found
        assert any("200 OK" in seen for seen in found["evidence"]), found

    def no_mailbox(self):
        self.first("no-mailbox-in-directory", "dave", "FE1", mailbox=False)

    def too_old(self):
        self.servers.posthouse("server", "set", "MX2", "--version", OLD)
        time.sleep(0.7)
        self.first("version-too-old", "bob", "FE1")

    def front_end_down(self):
        self.servers.stop("FE1")
        self.first("port-closed", "alice", "FE1")


def main():
    domain.enter()
    os.makedirs(FOLDER)
    issuer = Issuer(FOLDER)
    oauth = f"""[oauth]
issuer = {issuer.name}
audience = {issuer.audience}
jwks_file = {issuer.jwks}
"""
    layout = [Server("MX1", E2016, "mailbox"),
              Server("MX2", E2013, "mailbox"),
              Server("FE1", E2016, "frontend")]
    tests = Tests()
    with Servers(sys.argv[1], os.path.join(FOLDER, "servers"), layout,
                 settings=oauth) as servers:
        servers.user("carol", "MX1")
        servers.turn_ntlm_on()
        servers.user("alice", "MX1")
        servers.user("bob", "MX2")
        servers.passwords["dave"] = "secret of dave"
        servers.posthouse("user", "new", "dave", "--password-stdin",
                          stdin="secret of dave\n")
        for name in ("MX1", "FE1"):
            servers.shell("Set-MapiVirtualDirectory -Identity "
                          rf"'{name}\mapi (Default Web Site)' "
                          "-IISAuthenticationMethods Basic, Ntlm, OAuth")
        servers.start()
        faults = Faults(servers, issuer)
        for test in (faults.all_is_well, faults.a_token,
                     faults.wrong_password, faults.a_method_that_is_broken,
                     faults.no_methods, faults.basic_alone, faults.mismatch,
                     faults.through_the_front_end, faults.no_mailbox,
                     faults.back_end_down,
                     faults.too_old, faults.front_end_down):
            tests.run(test)
        if tests.failed:
            for name in servers.servers:
                print(f"-- the log of {name}\n{servers.diagnosis(name)}")
    tests.finish()


main()
