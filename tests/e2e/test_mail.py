#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Import, serve, analyze, export: what "make run" shows, and its errors.

usage: test_mail.py BUILD MAIL
"""
import email
import email.policy
import glob
import json
import os
import struct
import sys

from mapi import Client, MapiError
from posthouse import HOST, Organisation, Tests

KEPT = ["16", "17", "18", "19", "20", "21"]


def large_mail(folder):
    """A 10 MB attachment, and 5,000 recipients."""
    os.mkdir(folder)
    block = bytes(range(256)) * 3
    encoded = email.base64mime.body_encode(block * 13700, eol="\n")
    with open(os.path.join(folder, "large.eml"), "w",
              encoding="ascii") as f:
        f.write("From: bob@example.test\nTo: alice@example.test\n"
                "Subject: large\nMIME-Version: 1.0\n"
                "Content-Type: multipart/mixed; boundary=l\n\n--l\n"
                "Content-Type: text/plain\n\nsee the file\n--l\n"
                "Content-Type: application/octet-stream; name=large.bin\n"
                "Content-Transfer-Encoding: base64\n\n" + encoded +
                "\n--l--\n")
    with open(os.path.join(folder, "many.eml"), "w", encoding="ascii") as f:
        f.write("From: bob@example.test\nTo: " + ",\n ".join(
            f"Person {i} <p{i}@example.test>" for i in range(5000)) +
            "\nSubject: many\n\nto all\n")
    return block * 13700


def read_mail(path):
    with open(path, "rb") as f:
        return email.message_from_binary_file(f,
                                              policy=email.policy.default)


def exported(folder):
    """Subject of each exported message to its path."""
    found = {}
    for path in glob.glob(os.path.join(folder, "**/*.eml"), recursive=True):
        found.setdefault(str(read_mail(path)["Subject"] or ""), []).append(
            path)
    return found


class Suite:
    def __init__(self, org, mail):
        self.org, self.mail = org, mail
        self.data = None

    def imports_without_a_daemon(self):
        out = json.loads(self.org.posthouse("import", "alice", self.mail,
                                            "--json"))
        assert out == {"imported": 39, "failed": 0}, out

    def imports_through_the_daemon(self):
        folder = os.path.join(self.org.folder, "large")
        self.data = large_mail(folder)
        out = json.loads(self.org.posthouse(
            "import", "alice", folder, "--folder", "Inbox/Large", "--create",
            "--json"))
        assert out == {"imported": 2, "failed": 0}, out

    def a_missing_folder_is_refused(self):
        self.org.posthouse("import", "alice", self.mail, "--folder",
                           "Nowhere", status=1)
        assert "Nowhere" in self.org.stderr, self.org.stderr

    def exports_all(self):
        to = os.path.join(self.org.folder, "out")
        self.org.posthouse("export", "alice", to)
        files = glob.glob(os.path.join(to, "**/*.eml"), recursive=True)
        assert len(files) == 41, len(files)
        found = exported(to)
        large = read_mail(found["large"][0])
        part = [p for p in large.walk() if p.get_filename() == "large.bin"]
        assert part[0].get_payload(decode=True) == self.data
        many = read_mail(found["many"][0])
        assert len(many["To"].addresses) == 5000
        assert "Inbox/Large" in found["large"][0]

    def what_is_kept_comes_back(self):
        to = os.path.join(self.org.folder, "out")
        all_bytes = [open(p, "rb").read() for p in glob.glob(
            os.path.join(to, "Inbox/*.eml"))]
        for prefix in KEPT:
            path = glob.glob(os.path.join(self.mail, prefix + "-*"))[0]
            with open(path, "rb") as f:
                body = f.read().partition(b"\n\n")[2]
            if prefix == "16":      # the calendar part alone is kept
                start = body.index(b"Content-Type: text/calendar")
                body = body[start:body.index(b"\n--b16--")]
            assert any(body in data for data in all_bytes), path

    def the_daemon_does_not_load_gmime(self):
        """MIME is the command's affair; see the memory after the start."""
        with open(f"/proc/{self.org.daemon.pid}/maps",
                  encoding="utf-8") as maps:
            text = maps.read()
        assert "libsqlite3" in text
        for library in ("libgmime", "libgio", "libglib", "libcurl"):
            assert library not in text, library

    def exports_one_folder(self):
        to = os.path.join(self.org.folder, "one")
        self.org.posthouse("export", "alice", to, "--folder", "Inbox/Large")
        assert len(glob.glob(os.path.join(to, "**/*.eml"),
                             recursive=True)) == 2

    def analyze(self, *options, status=0, password="alice"):
        guid = self.org.mailbox("alice")["guid"]
        out = self.org.posthouse(
            "analyze", "--email", "alice@example.test", "--password-stdin",
            "--ca-file", os.path.join(self.org.folder, "test-ca.pem"),
            "--address", "127.0.0.1", "--url",
            f"https://{HOST}:{self.org.tls}/mapi/emsmdb/?MailboxId={guid}"
            "@example.test", *options, status=status,
            stdin=self.org.passwords.get(password, "wrong") + "\n")
        return out

    def analyzes(self):
        tree = json.loads(self.analyze("--write", "--json"))
        assert tree["status"] == "Success", tree
        text = json.dumps(tree)
        for step in ("DNS", "TCP port", "SSL certificate", "Basic",
                     "Connecting to the mail store", "log on to the Mailbox",
                     "folder tree", "newest messages", "Opening a message",
                     "NotificationWait", "Deleting", "Disconnecting",
                     "MAPI Address Book", "Check Name succeeded",
                     "LegDN: /o=", "All Rooms"):
            assert step in text, step
        assert "Inbox (" in text

    def the_tree_is_for_people(self):
        out = self.analyze()
        assert out.startswith("Testing MAPI over HTTP connectivity"), out
        assert "FAILED" not in out

    def a_wrong_password_is_named(self):
        out = self.analyze(status=1, password="nobody")
        assert "refused the credentials" in out, out

    def an_unknown_certificate_is_named(self):
        guid = self.org.mailbox("alice")["guid"]
        out = self.org.posthouse(
            "analyze", "--email", "alice@example.test", "--password-stdin",
            "--address", "127.0.0.1", "--url",
            f"https://{HOST}:{self.org.tls}/mapi/emsmdb/?MailboxId={guid}",
            status=1, stdin="x\n")
        assert "certificate" in out, out

    def nothing_listens(self):
        out = self.org.posthouse(
            "analyze", "--email", "alice@example.test", "--user-dn", "/o=x",
            "--url", "https://127.0.0.1:1/mapi/emsmdb/", status=1)
        assert "not listening" in out, out

    def usage_is_status_2(self):
        self.org.posthouse("analyze", status=2)
        self.org.posthouse("analyze", "--email", "a@b", "--auth", "magic",
                           status=2)

    def bob_cannot_open_alices_mailbox(self):
        bob = Client(self.org, "bob")
        bob.connect()
        try:
            bob.logon(self.org.user_dn("alice"))
        except MapiError as error:
            assert error.code == 0x3F2, hex(error.code)     # ecLoginPerm
        else:
            raise AssertionError("bob opened the mailbox of alice")
        bob.close()

    def a_subject_of_another_type_is_exported(self):
        """What a client stored under the ID as binary is no text."""
        alice = Client(self.org, "alice")
        alice.connect()
        logon, folders = alice.logon()
        value = struct.pack("<IH", 0x00370102, 8) + b"\xff" * 8
        rops = struct.pack("<BBBBHQB", 0x06, 0, 0, 1, 0x0FFF, folders[5], 0)
        rops += struct.pack("<BBBHH", 0x0A, 0, 1, len(value) + 2, 1) + value
        rops += struct.pack("<BBBBB", 0x0C, 0, 1, 1, 0)
        out, _ = alice.execute(rops, [logon, 0xFFFFFFFF])
        alice.check(out, 0x06)
        alice.close()
        to = os.path.join(self.org.folder, "binary")
        self.org.posthouse("export", "alice", to, "--folder", "Outbox")
        assert len(glob.glob(os.path.join(to, "**/*.eml"),
                             recursive=True)) == 1

    def an_independent_client_reads_and_writes(self):
        alice = Client(self.org, "alice", tls=True)
        alice.connect()
        logon, folders = alice.logon()
        mid = alice.save_message(logon, folders[4], "Grüße", "x" * 3000)
        subject, body = alice.read_strings(logon, folders[4], mid,
                                           [0x0037001F, 0x1000001F])
        assert subject == "Grüße" and body == "x" * 3000
        assert alice.disconnect() == (0, 0)
        alice.close()


def main():
    build, mail = sys.argv[1:3]
    tests = Tests()
    with Organisation(build) as org:
        suite = Suite(org, mail)
        org.user("alice")
        org.user("bob")
        tests.run(suite.imports_without_a_daemon)
        org.start()
        for test in (suite.imports_through_the_daemon,
                     suite.a_missing_folder_is_refused, suite.exports_all,
                     suite.what_is_kept_comes_back, suite.exports_one_folder,
                     suite.the_daemon_does_not_load_gmime,
                     suite.analyzes, suite.the_tree_is_for_people,
                     suite.a_wrong_password_is_named,
                     suite.an_unknown_certificate_is_named,
                     suite.nothing_listens, suite.usage_is_status_2,
                     suite.bob_cannot_open_alices_mailbox,
                     suite.an_independent_client_reads_and_writes,
                     suite.a_subject_of_another_type_is_exported):
            tests.run(test)
        status = org.stop()
        tests.run(lambda: None if status == 0 else 1 / 0)
        if tests.failed:
            print(org.diagnosis())
    tests.finish()


main()
