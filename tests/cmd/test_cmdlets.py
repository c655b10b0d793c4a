#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The cmdlets as an administrator types them, in /bin/sh.

usage: test_cmdlets.py POSTHOUSE [SOURCE_ROOT]
"""
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

POSTHOUSE = os.path.abspath(sys.argv[1])
SOURCE = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
PASTED = ("Get-MapiVirtualDirectory | Set-MAPIVirtualDirectory "
          "-IISAuthenticationMethods Ntlm, OAuth, Negotiate")
CURED = ["Ntlm", "OAuth", "Negotiate"]
FRONT = "'MX1\\mapi (Default Web Site)'"
BACK = "'MX1\\mapi (Exchange Back End)'"


class Cmdlets(unittest.TestCase):
    """Two servers, MX1 of 15.0 and MX2 of 15.1, with their defaults."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="phcmdlets.")
        conf = os.path.join(self.folder, "posthouse.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write("[server]\nname = MX1\ndata = data\n"
                    "[http]\nlisten = 127.0.0.1:18080 plain\n")
        links = os.path.join(self.folder, "bin")
        self.environment = {
            **os.environ, "POSTHOUSE_CONFIG": conf,
            "PATH": f"{links}:{os.path.dirname(POSTHOUSE)}:/usr/bin:/bin"}
        self.sh("posthouse org init --domain example.test --methods default")
        self.sh("posthouse server new MX2 --fqdn mx2.example.test "
                "--version 15.1.2507.6 --site Berlin")
        self.sh(f"posthouse cmdlets link {links}")

    def tearDown(self):
        shutil.rmtree(self.folder)

    def run_sh(self, line, stdin=subprocess.DEVNULL):
        return subprocess.run(["/bin/sh", "-c", line], env=self.environment,
                              stdin=stdin, capture_output=True, text=True,
                              timeout=120, check=False,
                              start_new_session=True)

    def sh(self, line, status=0):
        done = self.run_sh(line)
        self.assertEqual(done.returncode, status,
                         f"{line}: {done.stdout}{done.stderr}")
        self.stderr = done.stderr
        return done.stdout

    def objects(self, line):
        return [json.loads(text) for text in self.sh(line).splitlines()]

    def one(self, line):
        objects = self.objects(line)
        self.assertEqual(len(objects), 1, objects)
        return objects[0]

    def all(self):
        return self.objects("Get-MapiVirtualDirectory "
                            "-ShowMailboxVirtualDirectories")

    def methods(self, identity):
        return self.one(f"Get-MapiVirtualDirectory {identity}")[
            "IISAuthenticationMethods"]

    def refused(self, line, *says):
        """Status 1, the words on standard error, nothing changed."""
        before = self.all()
        self.assertEqual(self.sh(line, status=1), "")
        for words in says:
            self.assertIn(words, self.stderr)
        self.assertEqual(self.all(), before)

    # The line -----------------------------------------------------------

    def test_pasted_line(self):
        self.assertEqual(self.methods(FRONT), ["Negotiate"])
        self.assertEqual(self.methods(BACK), ["Negotiate"])
        self.assertEqual(self.sh(PASTED), "")
        # MX2 had them before.
        self.assertIn("no settings of 'MX2\\mapi (Default Web Site)' have "
                      "been modified", self.stderr)
        for vdir in self.all():
            self.assertEqual(vdir["IISAuthenticationMethods"], CURED)

    def test_other_shells(self):
        for shell in ("dash", "bash", "busybox sh", "zsh", "ksh"):
            if shutil.which(shell.split()[0]) is None:
                continue
            self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS Basic")
            self.sh(f"{shell} -c '{PASTED}'")
            self.assertEqual(self.methods(FRONT), CURED)

    def test_ways_to_write_a_list(self):
        for text in ("Ntlm,OAuth,Negotiate", "Ntlm , OAuth , Negotiate",
                     "ntlm ,oauth ,negotiate", "'Ntlm, OAuth, Negotiate'",
                     "'Ntlm','OAuth','Negotiate'", "\"Ntlm\", NTLM, OAuth, "
                     "Negotiate", "'@(\"Ntlm\",\"OAuth\",\"Negotiate\")'"):
            self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS Basic")
            self.sh(f"Set-MapiVirtualDirectory {FRONT} "
                    f"-IISAuthenticationMethods {text}")
            self.assertEqual(self.methods(FRONT), CURED, text)
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS:Basic, Ntlm -Verbose")
        self.assertEqual(self.methods(FRONT), ["Basic", "Ntlm"])
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS @{{Add=OAuth}}")
        self.assertEqual(self.methods(FRONT), ["Basic", "Ntlm", "OAuth"])
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS '@{{Remove=Basic}}'")
        self.assertEqual(self.methods(FRONT), ["Ntlm", "OAuth"])

    # Parameters ---------------------------------------------------------

    def test_names(self):
        for name in ("-IISAuthenticationMethods", "-iisauthenticationmethods",
                     "-IIS", "-i" "is"):
            self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS Basic")
            self.sh(f"Set-MapiVirtualDirectory -Identity {FRONT} {name} Ntlm")
            self.assertEqual(self.methods(FRONT), ["Ntlm"])
        self.refused(f"Set-MapiVirtualDirectory {FRONT} -Ex Require",
                     "Parameter cannot be processed because the parameter "
                     "name 'Ex' is ambiguous. Possible matches include: "
                     "-ExternalUrl -ExtendedProtectionTokenChecking "
                     "-ExtendedProtectionFlags -ExtendedProtectionSPNList.")
        self.refused(f"Set-MapiVirtualDirectory {FRONT} -Nothing x",
                     "A parameter cannot be found that matches parameter "
                     "name 'Nothing'.")
        self.refused(f"Set-MapiVirtualDirectory {FRONT} -IIS Ntlm -IIS Basic",
                     "parameter 'IISAuthenticationMethods' is specified "
                     "more than once")
        self.refused(f"Set-MapiVirtualDirectory {FRONT} Ntlm",
                     "A positional parameter cannot be found that accepts "
                     "argument 'Ntlm'.")
        self.refused(f"Set-MapiVirtualDirectory {FRONT} --iis Ntlm",
                     "parameters begin with one dash")
        self.refused("Get-MapiVirtualDirectory -Server",
                     "Missing an argument for parameter 'Server'")

    def test_in_any_case(self):
        for name in ("get-mapivirtualdirectory", "GET-MAPIVIRTUALDIRECTORY",
                     "Get-MAPIVirtualDirectory"):
            self.assertEqual(len(self.objects(f"posthouse {name}")), 2)
        conf = self.environment.pop("POSTHOUSE_CONFIG")
        self.assertEqual(len(self.objects(
            f"posthouse --config {conf} Get-MapiVirtualDirectory")), 2)
        self.assertEqual(len(self.objects(
            f"posthouse --config={conf} Get-MapiVirtualDirectory")), 2)
        self.assertEqual(len(self.objects(
            f"Get-MapiVirtualDirectory --config {conf}")), 2)

    def test_identity(self):
        for identity in (FRONT, "'mx1\\MAPI (default web site)'",
                         '"MX1\\mapi (Default Web Site)"',
                         "'MX1\\mapi*'", "'MX1\\mapi'", "MX1/mapi",
                         "'MX1.example.test\\mapi*'",
                         self.one(f"Get-MapiVirtualDirectory {FRONT}")
                         ["Guid"]):
            vdir = self.one(f"Get-MapiVirtualDirectory {identity}")
            self.assertEqual(vdir["Identity"], "MX1\\mapi (Default Web Site)")
        self.assertEqual(self.one(f"Get-MapiVirtualDirectory {BACK}")
                         ["Name"], "mapi (Exchange Back End)")
        self.assertEqual(len(self.objects("Get-MapiVirtualDirectory "
                                          "'MX*\\mapi*' -Show")), 4)
        self.assertEqual(len(self.objects("Get-MapiVirtualDirectory "
                                          "-Server mx2.example.test")), 1)
        self.refused("Get-MapiVirtualDirectory 'MX3\\mapi*'",
                     "The operation couldn't be performed because object "
                     "'MX3\\mapi*' couldn't be found.")
        self.refused("Get-MapiVirtualDirectory -Server MX3",
                     "object 'MX3' couldn't be found")
        self.refused("Set-MapiVirtualDirectory 'M*\\mapi*' -IIS Basic",
                     "matches multiple entries")
        # /bin/sh takes the backslash.
        self.refused("Get-MapiVirtualDirectory MX1\\mapi*",
                     "in single quotes")
        self.refused("Set-MapiVirtualDirectory -IIS Basic",
                     "missing mandatory parameters: Identity")

    # Settings -----------------------------------------------------------

    def test_settings(self):
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -InternalUrl "
                "https://mail.example.test/mapi -ExternalUrl "
                "https://outside.example.test/mapi/ -ExtendedProtectionToken "
                "require -ExtendedProtectionFlags Proxy, AllowDotlessSPN "
                "-ExtendedProtectionSPNList HTTP/mail, HTTP/outside")
        vdir = self.one(f"Get-MapiVirtualDirectory {FRONT}")
        self.assertEqual(vdir["InternalUrl"], "https://mail.example.test/mapi")
        self.assertEqual(vdir["ExternalUrl"],
                         "https://outside.example.test/mapi")
        self.assertEqual(vdir["ExternalAuthenticationMethods"], ["Negotiate"])
        self.assertEqual(vdir["ExtendedProtectionTokenChecking"], "Require")
        self.assertEqual(vdir["ExtendedProtectionFlags"],
                         ["Proxy", "AllowDotlessSPN"])
        self.assertEqual(vdir["ExtendedProtectionSPNList"],
                         ["HTTP/mail", "HTTP/outside"])
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -ExtendedProtectionFlags "
                "None -ExtendedProtectionSPNList '@{Remove=http/mail}'")
        vdir = self.one(f"Get-MapiVirtualDirectory {FRONT}")
        self.assertEqual(vdir["ExtendedProtectionFlags"], [])
        self.assertEqual(vdir["ExtendedProtectionSPNList"], ["HTTP/outside"])
        # The shell makes nothing of $null.
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -ExternalUrl $null "
                "-ExtendedProtectionSPNList $null")
        self.assertIn("taken for $null", self.stderr)
        vdir = self.one(f"Get-MapiVirtualDirectory {FRONT}")
        self.assertIsNone(vdir["ExternalUrl"])
        self.assertIsNone(vdir["ExternalAuthenticationMethods"])
        self.assertEqual(vdir["ExtendedProtectionSPNList"], [])
        for empty in ("''", "'$null'"):
            self.sh(f"Set-MapiVirtualDirectory {FRONT} -ExternalUrl "
                    "https://a.example.test")
            self.sh(f"Set-MapiVirtualDirectory {FRONT} -ExternalUrl {empty}")
            self.assertIsNone(self.one(f"Get-MapiVirtualDirectory {FRONT}")
                              ["ExternalUrl"])

    def test_derived_methods(self):
        old = self.one("Get-MapiVirtualDirectory -Server MX1")
        new = self.one("Get-MapiVirtualDirectory -Server MX2")
        self.assertEqual(old["InternalAuthenticationMethods"], ["Negotiate"])
        self.assertIsNone(old["ExternalAuthenticationMethods"])
        self.assertEqual(new["InternalAuthenticationMethods"], CURED)
        self.assertEqual(new["ExternalAuthenticationMethods"], CURED)
        self.refused(f"Set-MapiVirtualDirectory {FRONT} "
                     "-InternalAuthenticationMethods Basic",
                     "A parameter cannot be found")
        self.refused(f"Set-MapiVirtualDirectory {FRONT} "
                     "-ExternalAuthenticationMethods Basic",
                     "A parameter cannot be found")

    def test_bad_values(self):
        one = f"Set-MapiVirtualDirectory {FRONT}"
        self.refused(f"{one} -IIS Ntlm, Kerberos",
                     "Cannot process argument transformation on parameter "
                     "'IISAuthenticationMethods'. Cannot convert value "
                     "\"Kerberos\"", "Basic, Ntlm, OAuth, Negotiate")
        self.refused(f"{one} -IIS ''", "would be empty", "-Force")
        self.refused(f"{one} -IIS $null", "would be empty")
        self.refused(f"{one} -IIS '@()'", "would be empty")
        self.refused(f"{one} -IIS '@{{Remove=Negotiate}}'", "would be empty")
        self.refused(f"{one} -IIS Ntlm,,Basic",
                     "Missing argument in parameter list")
        self.refused(f"{one} -IIS Ntlm, -Verbose",
                     "Missing argument in parameter list")
        self.refused(f"{one} -InternalUrl mail.example.test",
                     "the InternalUrl \"mail.example.test\" is not a URL")
        self.refused(f"{one} -ExternalUrl https://", "is not a URL")
        self.refused(f"{one} -ExtendedProtectionTokenChecking Demand",
                     "None, Allow, Require")
        self.refused(f"{one} -ExtendedProtectionFlags Magic",
                     "AllowDotlessSPN")
        self.refused(f"{one} -ExtendedProtectionSPNList mail",
                     "service principal name")
        self.refused(f"Set-MapiVirtualDirectory {BACK} -InternalUrl ''",
                     "needs an internal URL")
        self.refused("Set-MapiVirtualDirectory 'MX9\\mapi*' -IIS Basic",
                     "couldn't be found")
        self.refused(f"{one} -Confirm:perhaps -IIS Basic", "SwitchParameter")
        self.sh(f"{one} -IIS '' -Force")
        self.assertEqual(self.methods(FRONT), [])

    def test_back_end(self):
        """It follows the front-end one until it is set for itself."""
        self.assertTrue(self.one(f"Get-MapiVirtualDirectory {BACK}")
                        ["IISAuthenticationMethodsInherited"])
        self.sh(f"Set-MapiVirtualDirectory {BACK} -IIS Ntlm")
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS OAuth")
        self.assertEqual(self.methods(BACK), ["Ntlm"])
        self.sh(f"Set-MapiVirtualDirectory {BACK} -IIS Inherit")
        self.assertEqual(self.methods(BACK), ["OAuth"])
        self.refused(f"Set-MapiVirtualDirectory {FRONT} -IIS Inherit",
                     "Inherit")

    # Pipes --------------------------------------------------------------

    def test_all_or_nothing(self):
        good = self.sh(f"Get-MapiVirtualDirectory {FRONT}")
        bad = json.dumps({"Identity": "MX9\\mapi (Default Web Site)"})
        path = os.path.join(self.folder, "lines")
        for lines in (good + bad + "\n", good + "not JSON\n", good + "[]\n",
                      good + '{"Server":"MX1"}\n', "\n"):
            with open(path, "w", encoding="utf-8") as f:
                f.write(lines)
            self.refused(f"Set-MapiVirtualDirectory -IIS Basic <{path}")
            self.refused(f"cat {path} | Set-MapiVirtualDirectory -IIS Basic")
        self.refused("Get-MapiVirtualDirectory 'MX9\\mapi*' | "
                     "Set-MapiVirtualDirectory -IIS Basic",
                     "couldn't be found", "nothing came through the pipe")
        self.refused("Get-Mailbox | Set-MapiVirtualDirectory -IIS Basic",
                     "nothing came through the pipe")
        self.refused("Get-ExchangeServer | Set-MapiVirtualDirectory "
                     "-IIS Basic", "couldn't be found")
        # The same one twice is changed once.
        with open(path, "w", encoding="utf-8") as f:
            f.write(good + good.rstrip("\n"))
        self.sh(f"Set-MapiVirtualDirectory -IIS Basic <{path}")
        self.assertEqual(self.methods(FRONT), ["Basic"])

    def test_pipes_into_get(self):
        line = "Get-ExchangeServer MX2 | Get-MapiVirtualDirectory -Show"
        self.assertEqual([v["Identity"] for v in self.objects(line)],
                         ["MX2\\mapi (Default Web Site)",
                          "MX2\\mapi (Exchange Back End)"])
        self.sh("Get-ExchangeServer MX2 | Get-MapiVirtualDirectory | "
                "Set-MapiVirtualDirectory -IIS Basic")
        self.assertEqual(self.methods(FRONT), ["Negotiate"])
        self.assertEqual(self.methods("'MX2\\mapi'"), ["Basic"])
        self.assertEqual(self.one(
            f"Get-MapiVirtualDirectory {BACK} | Get-MapiVirtualDirectory")
            ["Name"], "mapi (Exchange Back End)")
        self.sh("posthouse user new alice && posthouse mailbox new alice && "
                "posthouse database new DB2 --server MX2")
        self.assertEqual(self.one(
            "Get-ExchangeServer | Get-MailboxDatabase | Get-Mailbox | "
            "Get-Mailbox")["Alias"], "alice")
        self.assertEqual(self.sh("Get-MailboxDatabase DB2 | Get-Mailbox"), "")
        self.assertEqual(self.one("Get-MailboxDatabase DB2 | "
                                  "Get-MailboxDatabase")["Server"], "MX2")
        self.assertEqual(self.one("Get-ExchangeServer MX1 | "
                                  "Get-ExchangeServer")["Name"], "MX1")
        self.refused("Get-Mailbox | Get-MapiVirtualDirectory",
                     "couldn't be found")
        self.refused("echo '{}' | Get-MapiVirtualDirectory",
                     "neither Guid nor Identity")
        # One slow to begin is waited for; none that will write is not.
        self.assertEqual(len(self.objects(
            "{ sleep 0.5; Get-ExchangeServer MX2; } | "
            "Get-MapiVirtualDirectory")), 1)
        # What is no object is not ours to read.
        self.assertEqual(self.sh("printf 'a\\nb\\n' | { Get-ExchangeServer "
                                 ">/dev/null; cat; }"), "a\nb\n")
        self.assertEqual(len(self.objects(": | Get-ExchangeServer")), 2)

    def test_what_if_and_verbose(self):
        before = self.all()
        out = self.sh(PASTED + " -WhatIf")
        self.assertEqual(out, "What if: Setting MAPI virtual directory "
                         "\"MX1\\mapi (Default Web Site)\": "
                         "IISAuthenticationMethods {Negotiate} -> "
                         "{Ntlm, OAuth, Negotiate}.\n")
        self.assertEqual(self.all(), before)
        self.sh(f"Remove-MapiVirtualDirectory {FRONT} -wi")
        self.assertEqual(self.all(), before)
        self.sh(PASTED + " -Verbose -WhatIf:$false")
        self.assertIn("VERBOSE: Setting MAPI virtual directory", self.stderr)
        self.assertEqual(self.methods(FRONT), CURED)

    def test_silence(self):
        self.refused("Get-MapiVirtualDirectory MX9 -ErrorAction "
                     "SilentlyContinue")
        self.assertEqual(self.stderr, "")
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS Negotiate -wa Ignore")
        self.assertEqual(self.stderr, "")

    # New and Remove -----------------------------------------------------

    def test_new_and_remove(self):
        self.refused("New-MapiVirtualDirectory -Server MX1",
                     "The virtual directory 'mapi' already exists under "
                     "'MX1/Default Web Site'.")
        # Nobody can be asked.
        self.refused(f"Remove-MapiVirtualDirectory {FRONT}",
                     "add -Confirm:$false")
        self.sh(f"Remove-MapiVirtualDirectory {FRONT} -Confirm:$false")
        self.refused(f"Get-MapiVirtualDirectory {FRONT}", "couldn't be found")
        self.refused("New-MapiVirtualDirectory -InternalUrl nowhere",
                     "is not a URL")
        self.refused("New-MapiVirtualDirectory -Role Edge", "ClientAccess")
        vdir = self.one("New-MapiVirtualDirectory -ExternalUrl "
                        "https://mail.example.test/mapi")
        self.assertEqual(vdir["Identity"], "MX1\\mapi (Default Web Site)")
        self.assertEqual(vdir["IISAuthenticationMethods"], ["Negotiate"])
        self.sh("Get-MapiVirtualDirectory -ShowMailboxVirtualDirectories | "
                "Remove-MapiVirtualDirectory -Force")
        self.assertEqual(self.all(), [])
        vdir = self.one("New-MapiVirtualDirectory -Server MX2 -Role Mailbox "
                        "-IISAuthenticationMethods Ntlm, Negotiate")
        self.assertEqual(vdir["Identity"], "MX2\\mapi (Exchange Back End)")
        self.assertFalse(vdir["IISAuthenticationMethodsInherited"])

    # Other cmdlets ------------------------------------------------------

    def test_servers(self):
        servers = self.objects("Get-ExchangeServer")
        self.assertEqual([s["Name"] for s in servers], ["MX1", "MX2"])
        self.assertEqual(servers[1]["AdminDisplayVersion"],
                         "Version 15.1 (Build 2507.6)")
        self.assertEqual(servers[1]["Site"], "Berlin")
        self.assertEqual(servers[1]["ServerRole"], "Mailbox, ClientAccess")
        self.sh("posthouse server set MX2 --roles frontend --site Bonn "
                "--version 'Version 15.2 (Build 986.5)'")
        server = self.one("Get-ExchangeServer mx2*")
        self.assertEqual(server["ServerRole"], "ClientAccess")
        self.assertEqual(server["Site"], "Bonn")
        self.assertEqual(server["AdminDisplayVersion"],
                         "Version 15.2 (Build 986.5)")
        self.refused("Get-ExchangeServer MX7", "couldn't be found")
        self.refused("posthouse server set MX2 --version new",
                     "is not a version")
        self.sh("posthouse server set MX2 --roles proxy", status=2)
        self.assertIn("write mailbox, frontend or both", self.stderr)

    def test_databases(self):
        name = "'Mailbox Database 1'"
        self.assertEqual(self.one("Get-MailboxDatabase")["Server"], "MX1")
        self.refused(f"Move-ActiveMailboxDatabase {name} "
                     "-ActivateOnServer MX2", "-Confirm:$false")
        moved = self.one(f"Move-ActiveMailboxDatabase {name} "
                         "-ActivateOnServer MX2 -Confirm:$false")
        self.assertEqual(moved["ActiveServerAtStart"], "MX1")
        self.assertEqual(moved["ActiveServerAtEnd"], "MX2")
        self.assertEqual(self.one("Get-MailboxDatabase -Server MX2")["Name"],
                         "Mailbox Database 1")
        self.assertEqual(self.sh("Get-MailboxDatabase -Server MX1"), "")
        self.sh(f"Set-MailboxDatabase {name} -Name DB01")
        self.assertEqual(self.one("Get-MailboxDatabase db*")["Name"], "DB01")
        self.refused("Set-MailboxDatabase DB7 -Name x", "couldn't be found")
        self.refused("Move-ActiveMailboxDatabase DB01", "ActivateOnServer")
        self.refused("Move-ActiveMailboxDatabase DB01 -Act MX9",
                     "couldn't be found")

    def test_mailboxes(self):
        for account in ("alice", "bob"):
            self.sh(f"posthouse user new {account}")
            self.sh(f"posthouse mailbox new {account}")
        boxes = self.objects("Get-Mailbox")
        self.assertEqual([b["Alias"] for b in boxes], ["alice", "bob"])
        self.assertEqual(boxes[0]["EmailAddresses"],
                         ["SMTP:alice@example.test"])
        self.assertEqual(boxes[0]["ServerName"], "MX1")
        self.assertEqual(boxes[0]["ProhibitSendQuota"], "Unlimited")
        for name in ("alice", "ALICE@example.test", "'EXAMPLE\\alice'",
                     "al*", boxes[0]["ExchangeGuid"], boxes[0]["Guid"],
                     f"'{boxes[0]['LegacyExchangeDN']}'"):
            self.assertEqual(self.one(f"Get-Mailbox {name}")["Alias"],
                             "alice")
        self.refused("Get-Mailbox carol", "couldn't be found")
        self.assertEqual(len(self.objects("Get-Mailbox -ResultSize 1")), 1)
        self.assertIn("only the first 1 items", self.sh_error(
            "Get-Mailbox -ResultSize 1"))
        self.assertEqual(self.sh("Get-Mailbox -Server MX2"), "")
        self.refused("Get-Mailbox -ResultSize many", "Unlimited")

    def sh_error(self, line):
        self.sh(line)
        return self.stderr

    def test_audit_log(self):
        self.sh(PASTED)
        entry = self.one("Search-AdminAuditLog -Cmdlets Set-Mapi*")
        self.assertEqual(entry["CmdletName"], "Set-MapiVirtualDirectory")
        self.assertEqual(entry["ObjectModified"],
                         "MX1\\mapi (Default Web Site)")
        self.assertEqual(entry["ModifiedProperties"],
                         [{"Name": "IISAuthenticationMethods",
                           "OldValue": "Negotiate",
                           "NewValue": "Ntlm, OAuth, Negotiate"}])
        self.assertTrue(entry["Caller"])
        self.assertRegex(entry["RunDate"], r"^20\d\d-\d\d-\d\dT.*Z$")
        self.assertEqual(self.sh("Search-AdminAuditLog -EndDate 2001-01-01"),
                         "")
        self.assertEqual(len(self.objects(
            "Search-AdminAuditLog -StartDate 2001-01-01T10:00 -ObjectIds "
            "'MX1*' -ResultSize 2")), 2)
        self.refused("Search-AdminAuditLog -StartDate soon", "ExDateTime")
        self.sh(f"SUDO_USER=alice Set-MapiVirtualDirectory {FRONT} -IIS Ntlm")
        caller = self.objects("Search-AdminAuditLog -ResultSize 1")[0][
            "Caller"]
        self.assertEqual(caller, "root (alice)" if os.geteuid() == 0 else
                         entry["Caller"])
        self.sh(f"Set-MapiVirtualDirectory {FRONT} -IIS "
                "Ntlm, OAuth, Negotiate")
        listed = json.loads(self.sh("posthouse changes list --limit 3 "
                                    "--object 'mx1*' --json"))
        self.assertEqual(listed[0]["Id"], entry["Id"])
        self.assertIn("Negotiate -> Ntlm, OAuth, Negotiate",
                      self.sh("posthouse changes list"))
        self.sh("posthouse changes list --since soon", status=2)

    # On a terminal ------------------------------------------------------

    def terminal(self, line, answers=b""):
        """What a terminal shows of line in /bin/sh, and its status."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execvpe("/bin/sh", ["/bin/sh", "-c", line], self.environment)
        text = b""
        try:
            while True:
                if not select.select([fd], [], [], 60)[0]:
                    os.kill(pid, signal.SIGKILL)
                    self.fail(f"{line}: {text} and no more")
                got = os.read(fd, 4096)
                if not got:
                    break
                text += got
                if answers and text.endswith(b'"Y"): '):
                    os.write(fd, answers[:1] + b"\n")
                    answers = answers[1:]
        except OSError:
            pass                        # the terminal is gone: it ended
        os.close(fd)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return text.decode().replace("\r\n", "\n"), status

    def test_terminal(self):
        text, status = self.terminal("Get-ExchangeServer")
        self.assertEqual(status, 0)
        lines = text.splitlines()
        self.assertEqual(lines[0], "")
        self.assertEqual(lines[1].split(), ["Name", "Site", "ServerRole",
                                            "Make", "AdminDisplayVersion"])
        self.assertEqual(lines[2].split()[0], "----")
        self.assertIn("Version 15.0 (Build 1210.2)", lines[3])
        text, status = self.terminal("Get-MapiVirtualDirectory")
        self.assertIn("IISAuthenticationMethods        : {Ntlm, OAuth, "
                      "Negotiate}\n", text)
        self.assertIn("ExternalAuthenticationMethods   :\n", text)
        self.assertIn("Identity                        : "
                      "MX1\\mapi (Default Web Site)\n", text)
        text, status = self.terminal("Get-MapiVirtualDirectory --json")
        self.assertEqual(json.loads(text.splitlines()[0])["Server"], "MX1")
        self.assertEqual(self.terminal(PASTED)[1], 0)
        self.assertEqual(self.methods(FRONT), CURED)

    def test_asking(self):
        ask = f"Set-MapiVirtualDirectory {FRONT} -IIS Basic -Confirm"
        text, status = self.terminal(ask, b"n")
        self.assertIn("Are you sure you want to perform this action?", text)
        self.assertIn("[Y] Yes  [A] Yes to All  [N] No  [L] No to All", text)
        self.assertEqual(status, 0)
        self.assertEqual(self.methods(FRONT), ["Negotiate"])
        self.terminal(ask, b"?y")
        self.assertEqual(self.methods(FRONT), ["Basic"])
        # The pipe is not what is asked.
        remove = "Get-MapiVirtualDirectory | Remove-MapiVirtualDirectory"
        self.terminal(remove, b"nl")
        self.assertEqual(len(self.objects("Get-MapiVirtualDirectory")), 2)
        self.terminal(remove, b"yn")
        self.assertEqual(len(self.objects("Get-MapiVirtualDirectory")), 1)
        self.terminal(remove, b"a")
        self.assertEqual(self.sh("Get-MapiVirtualDirectory"), "")
        text, status = self.terminal("Set-MapiVirtualDirectory -IIS Basic")
        self.assertIn("missing mandatory parameters: Identity", text)
        self.assertEqual(status, 1)

    def test_format(self):
        text = self.sh("Get-MapiVirtualDirectory | Format-Table Server, "
                       "'IIS*'")
        self.assertEqual(text.splitlines()[1:], [
            "Server IISAuthenticationMethods",
            "------ ------------------------",
            "MX1    {Negotiate}", "MX2    {Ntlm, OAuth, Negotiate}", ""])
        text = self.sh(f"Get-MapiVirtualDirectory {FRONT} | Format-List "
                       "identity, '*Url'")
        self.assertEqual(text, "\nIdentity    : MX1\\mapi (Default Web Site)"
                         "\nInternalUrl : https://MX1.example.test/mapi\n"
                         "ExternalUrl :\n\n")

    # Help ---------------------------------------------------------------

    def test_help(self):
        names = [c["name"] for c in
                 json.loads(self.sh("posthouse cmdlets list --json"))]
        for name in names:
            for how in ("-?", "--help"):
                text = self.sh(f"{name} {how}")
                self.assertTrue(text.startswith(name))
                self.assertIn("-Verbose", text)
                for line in text.splitlines():
                    self.assertLessEqual(len(line), 80, line)
            self.assertIn(name, self.sh("posthouse --help"))
        self.assertIn("posthouse", self.sh("Get-Mailbox --version"))

    def test_links(self):
        """What is installed is what there is."""
        links = set(os.listdir(os.path.join(self.folder, "bin")))
        names = {c["name"] for c in
                 json.loads(self.sh("posthouse cmdlets list --json"))}
        self.assertEqual(links, names | {"Set-MAPIVirtualDirectory"})
        self.sh(f"posthouse cmdlets link {self.folder}/bin")
        os.unlink(f"{self.folder}/bin/Get-Mailbox")
        os.mkdir(f"{self.folder}/bin/Get-Mailbox")
        self.sh(f"posthouse cmdlets link {self.folder}/bin", status=1)
        if SOURCE is None:
            return
        with open(os.path.join(SOURCE, "src/cmd/meson.build"),
                  encoding="utf-8") as f:
            text = f.read().split("foreach name : [")[1].split("]")[0]
        installed = {w.strip().strip("'") for w in text.split(",")}
        self.assertEqual(installed, links)

    def test_no_rights(self):
        """Whoever may not read the directory is told so."""
        os.chmod(self.folder, 0o755)
        if os.geteuid() != 0:
            os.chmod(os.path.join(self.folder, "data/organisation.db"), 0)
        done = subprocess.run(
            [POSTHOUSE, "Get-Mailbox"], env=self.environment, timeout=120,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, user="nobody" if os.geteuid() == 0 else None)
        self.assertEqual(done.returncode, 1)
        self.assertIn("run this as root or as the daemon's user", done.stderr)

    def test_no_configuration(self):
        self.environment["POSTHOUSE_CONFIG"] = "/nonexistent/posthouse.conf"
        self.sh("Get-MapiVirtualDirectory", status=1)
        self.assertTrue(self.stderr.startswith(
            "Get-MapiVirtualDirectory : "), self.stderr)
        self.assertIn("/nonexistent/posthouse.conf", self.stderr)


if __name__ == "__main__":
    program = unittest.main(argv=sys.argv[:1], exit=False)
    result = program.result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0)
