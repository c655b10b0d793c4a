# SPDX-License-Identifier: Apache-2.0
"""The story of coexistence, told and tested with real components.

usage: test_lab.py BUILD

Two mailbox servers of different versions in one site, two front ends, in a
Samba domain, all in namespaces of their own.  A mailbox cannot be reached
through one of the front ends; the analyzer says why; one line cures it.
Then 33 sessions are opened where 32 are allowed, and the analyzer says that,
too.  What is seen on the way is checked: the last line counts.

KEEP=1 leaves all of it running until Ctrl-C, and says how to look at it.
"""
import json
import os
import signal
import sys
import time

import domain
from mapi_gss import GssClient
from servers import Server, Servers

E2013 = "Version 15.0 (Build 1210.3)"
E2016 = "Version 15.1 (Build 2507.6)"
LINE = ("Get-MapiVirtualDirectory | Set-MAPIVirtualDirectory "
        "-IISAuthenticationMethods Ntlm, OAuth, Negotiate")
FOLDER = os.path.join(domain.SCRATCH, "lab")
SESSIONS = 33


def say(text=""):
    print(text, flush=True)


def heading(text):
    say(f"\n== {text}")


def quote(text):
    """What a command printed."""
    say("\n".join(f"    {line}" for line in text.rstrip().splitlines()))


class Lab:
    def __init__(self, servers, dc):
        self.servers, self.dc = servers, dc
        self.passed = self.failed = 0
        self.tickets = {name: dc.kinit(name) for name in ("alice", "bob")}

    # What is expected, and counted.

    def check(self, what, holds, why=""):
        if holds:
            self.passed += 1
            say(f"  ok: {what}")
        else:
            self.failed += 1
            say(f"  NOT OK: {what}" + (f": {why}" if why else ""))

    def contains(self, what, text, *parts):
        missing = [part for part in parts if part not in text]
        self.check(what, not missing, f"missing: {missing}")

    def step(self, function):
        try:
            function()
        except Exception as error:  # pylint: disable=broad-except
            import traceback
            traceback.print_exc()
            self.check(function.__name__, False, str(error))

    # What a person would type.

    def analyze(self, user, front_end, *options):
        """Status and output of the analyzer, as this user, who has a
        ticket, through a front end."""
        url = self.servers.url(front_end, user)
        arguments = ["analyze", "--email", f"{user}@{domain.DNS}",
                     "--url", url, "--ca-file", self.servers.ca,
                     "--password-file", self.servers.password_file(user),
                     *options]
        say(f"\n$ posthouse {' '.join(arguments)}")
        text = self.servers.posthouse(*arguments, status=None,
                                      env=self.tickets[user])
        quote(text + self.servers.stderr)
        return text + self.servers.stderr

    def command(self, line):
        say(f"\n$ {line}")
        text = self.servers.shell(line)
        quote(text + self.servers.stderr)
        return text

    def methods(self):
        """Identity to methods, of every virtual directory."""
        text = self.servers.shell("Get-MapiVirtualDirectory "
                                  "-ShowMailboxVirtualDirectories | cat")
        vdirs = [json.loads(line) for line in text.splitlines()]
        return {vdir["Identity"]: sorted(vdir["IISAuthenticationMethods"])
                for vdir in vdirs}

    # The six steps.

    def one_direction_fails(self):
        heading("1. A mailbox on each server, through the front end of the "
                "other version")
        say("alice's mailbox is on MX1 (15.0); she comes through FE1 (15.1).")
        self.failure = self.analyze("alice", "FE1")
        self.check("alice cannot reach MX1 through FE1",
                   self.servers.status == 1 and
                   "MAPI over HTTP connectivity failed." in self.failure)
        say("\nThe reverse: bob's mailbox is on MX2 (15.1); he comes through "
            "FE2 (15.0).")
        self.passes("bob", "FE2", "MX2")

    def passes(self, user, front_end, server):
        text = self.analyze(user, front_end)
        self.check(f"{user} reaches {server} through {front_end}",
                   self.servers.status == 0 and
                   "connectivity was verified successfully" in text and
                   self.served(user, front_end, server))

    def served(self, user, front_end, server):
        """A session of our own reads a folder there; which server did it."""
        client = GssClient(self.servers, front_end, user,
                           self.tickets[user])
        try:
            client.path = client.path_of(user)
            answer = client.connect(client.dn())
            logon, folders = client.logon(client.dn())
            client.disconnect()
        finally:
            client.close()
        fqdn = self.servers.servers[server].fqdn
        return (logon is not None and len(folders) == 13 and
                answer.header("X-CalculatedBETarget").lower() == fqdn)

    def cause_is_named(self):
        heading("2. The cause, as the analyzer names it")
        say("Between servers of different versions the front end must use "
            "NTLM; MX1 has\nthe defaults of 2013, which are Negotiate alone.")
        self.contains("the hop is named", self.failure,
                      "fe1.example.test", "mx1.example.test")
        self.contains("its versions are named", self.failure, "15.1", "15.0")
        self.contains("the method needed and the one offered are named",
                      self.failure, "NTLM", "Negotiate")
        self.contains("the cure is printed", self.failure, LINE)
        self.check("nobody blames the user's password",
                   "password" not in self.failure.lower() or
                   "wrong password" not in self.failure.lower())

    def line_is_run(self):
        heading("3. The cure: one line")
        before = self.methods()
        self.command("Get-MapiVirtualDirectory "
                     "-ShowMailboxVirtualDirectories | Format-Table "
                     "Identity, IISAuthenticationMethods")
        self.check("MX1 had the defaults of 2013",
                   before[r"MX1\mapi (Exchange Back End)"] == ["Negotiate"],
                   str(before))
        self.check("MX2 had the defaults of 2016",
                   before[r"MX2\mapi (Exchange Back End)"] ==
                   ["Negotiate", "Ntlm", "OAuth"], str(before))
        self.command(LINE)
        after = self.methods()
        self.check("all virtual directories have the three methods",
                   all(methods == ["Negotiate", "Ntlm", "OAuth"]
                       for methods in after.values()) and
                   after.keys() == before.keys(), str(after))
        self.command("Get-MapiVirtualDirectory "
                     "-ShowMailboxVirtualDirectories | Format-Table "
                     "Identity, IISAuthenticationMethods")
        time.sleep(1)   # in effect within a second, without a restart

    def both_directions_pass(self):
        heading("4. Both directions, after the cure")
        self.passes("alice", "FE1", "MX1")
        self.passes("bob", "FE2", "MX2")
        say("\nAnd between equal versions, where Kerberos comes first:")
        for user, front_end, server in (("alice", "FE2", "MX1"),
                                        ("bob", "FE1", "MX2")):
            self.check(f"{user} reaches {server} through {front_end}",
                       self.served(user, front_end, server))
        self.hops()

    def hops(self):
        """Which methods the front ends used, as the mailbox servers saw
        it: nobody else called there."""
        for server in ("MX1", "MX2"):
            metrics = self.servers.metrics(server)
            seen = {method: metrics.get("posthouse_gate_passed_total"
                                        f'{{method="{method}"}}', 0)
                    for method in ("NTLM", "Negotiate/Kerberos",
                                   "Negotiate/NTLM", "Basic", "Bearer")}
            say(f"    {server}: " + ", ".join(
                f"{method} {count:.0f}" for method, count in seen.items()))
            self.check(f"{server} was reached by NTLM from the other "
                       "version and by Kerberos from its own",
                       seen["NTLM"] >= 1 and seen["Negotiate/Kerberos"] >= 1
                       and sum(seen.values()) == seen["NTLM"] +
                       seen["Negotiate/Kerberos"], str(seen))

    def too_many_sessions(self):
        heading(f"5. {SESSIONS} sessions of a limit of 32")
        text = self.analyze("bob", "FE2", "--sessions", str(SESSIONS))
        self.contains("the analyzer counts the sessions", text,
                      f"{SESSIONS} sessions of a limit of 32 "
                      "(client type MoMT)")
        self.contains("the error is 1246", text, "1246")
        self.check("the analysis failed", self.servers.status == 1)
        self.check("it does not speak of authentication",
                   "HTTP 401" not in text and
                   "authentication method" not in text.lower())

    def is_recorded(self):
        say("\nWhat was changed, by whom:")
        text = self.command("Search-AdminAuditLog -Cmdlets "
                            "Set-MapiVirtualDirectory | Format-List RunDate,"
                            " Caller, ObjectModified, ModifiedProperties")
        self.contains("the change is recorded", text, "Caller",
                      r"MX1\mapi (Default Web Site)",
                      "IISAuthenticationMethods: Negotiate -> ")

    def is_gone(self):
        heading("6. Everything is stopped")
        for name in self.servers.servers:
            status = self.servers.stop(name)
            self.check(f"{name} ended by itself", status == 0,
                       f"status {status}\n{self.servers.diagnosis(name)}")


def layout():
    return [Server("MX1", E2013, "mailbox"), Server("MX2", E2016, "mailbox"),
            Server("FE1", E2016, "frontend"), Server("FE2", E2013,
                                                     "frontend")]


def tell_layout(servers):
    for server in servers.servers.values():
        say(f"  {server.name}  {server.fqdn:18} {server.address:11} "
            f"{server.version:28} {' '.join(server.roles)}")
    say("  alice has her mailbox on MX1, bob on MX2")


def wait_for_person(servers):
    """KEEP=1: everything stays until Ctrl-C."""
    script = os.path.join(servers.folder, "env")
    env = servers.environment()
    domain.write(script, "".join(f"export {name}='{env[name]}'\n" for name in
                                 ("PATH", "POSTHOUSE_CONFIG")))
    outer = os.environ.get(domain.OUTER, "?")
    heading("Everything is running; Ctrl-C ends it.")
    say(f"""
Another shell gets in like this, as the same user:

    nsenter -a -t $(cat /proc/{outer}/task/{outer}/children) sh
    . {script}
    Get-MapiVirtualDirectory -ShowMailboxVirtualDirectories
    kinit alice     # {servers.passwords['alice']}
    curl --cacert {servers.ca} --negotiate -u : \\
        {servers.url('FE1', 'alice')}

Logs and configurations are in {servers.folder}/<server>/.""")
    try:
        signal.pause()
    except KeyboardInterrupt:
        say()


def story(build):
    heading("Building the domain EXAMPLE.TEST and the organisation in it")
    with domain.Domain() as dc, Servers(build, FOLDER, layout(),
                                        dc) as servers:
        servers.user("alice", "MX1", "--display-name", "Alice Archer")
        servers.user("bob", "MX2", "--display-name", "Bob Baker")
        servers.start()
        tell_layout(servers)
        lab = Lab(servers, dc)
        for step in (lab.one_direction_fails, lab.cause_is_named,
                     lab.line_is_run, lab.both_directions_pass,
                     lab.is_recorded, lab.too_many_sessions):
            lab.step(step)
        if lab.failed or os.environ.get("LOGS"):
            for name in servers.servers:
                say(f"\n-- the log of {name}")
                quote(servers.diagnosis(name))
        if os.environ.get("KEEP") == "1":
            wait_for_person(servers)
        lab.step(lab.is_gone)
    return lab


def main():
    domain.enter()
    started = time.monotonic()
    lab = story(sys.argv[1])
    say(f"\nEverything is cleaned up, after "
        f"{time.monotonic() - started:.0f} s.")
    say(f"{lab.passed} passed, {lab.failed} failed")
    sys.exit(lab.failed > 0)


main()
