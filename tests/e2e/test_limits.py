#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Limits against the real daemon, and what the analyzer says of them.

usage: test_limits.py BUILD STORY
"""
import json
import os
import sys

from mapi import Client, MapiError
from posthouse import HOST, Organisation, Tests

MAX_OBJS = 0x4DE                  # 1246
SENTENCE = "33 sessions of a limit of 32 (client type MoMT)"


class Suite:
    def __init__(self, org, story):
        self.org, self.story = org, story

    def analyze(self, *options, status=0, user="alice", password=None,
                ca=True, host=HOST):
        guid = self.org.mailbox("alice")["guid"]
        trust = ["--ca-file", os.path.join(self.org.folder,
                                           "test-ca.pem")] if ca else []
        return self.org.posthouse(
            "analyze", "--email", f"{user}@example.test", "--password-stdin",
            "--address", "127.0.0.1", "--url",
            f"https://{host}:{self.org.tls}/mapi/emsmdb/?MailboxId={guid}"
            "@example.test", *trust, *options, status=status,
            stdin=(password or self.org.passwords[user]) + "\n")

    def rules(self, *options, **more):
        """The names of the rules that found something, and the tree."""
        tree = json.loads(self.analyze("--json", *options, **more))
        return [f["rule"] for f in tree["diagnosis"]], tree

    # Sessions.

    def the_33rd_logon_is_refused(self):
        clients = [Client(self.org, "alice") for _ in range(33)]
        try:
            for c in clients:
                c.connect()       # all 33 of them
            for c in clients[:32]:
                c.logon()
            try:
                clients[32].logon()
            except MapiError as error:
                assert error.code == MAX_OBJS, hex(error.code)
            else:
                raise AssertionError("the 33rd logon went well")
            # Others are not held back, and one that ends makes room.
            bob = Client(self.org, "bob")
            bob.connect()
            bob.logon()
            bob.disconnect()
            clients[0].disconnect()
            clients[32].logon()
        finally:
            for c in clients[1:]:
                c.disconnect()
            for c in clients:
                c.close()

    def the_analyzer_counts_sessions(self):
        text = self.analyze("--sessions", "33", status=1)
        assert SENTENCE in text, text
        assert "1246" in text, text
        assert "Session 33 of 33 was refused" in text, text
        assert "Lid: 70010   dwParam: 0x20 Msg: MoMT" in text, text
        assert "Lid: 70011   dwParam: 0x21" in text, text
        assert "wrong-credentials" not in text, text

    def for_programs_too(self):
        rules, tree = self.rules("--sessions", "33", status=1)
        assert rules[0] == "session-limit", rules
        found = tree["diagnosis"][0]
        assert SENTENCE in found["meaning"], found
        assert found["confidence"] == "certain", found
        assert "sessions_user" in found["cure"], found
        assert "wrong-credentials" not in rules, rules

    def thirty_two_are_fine(self):
        text = self.analyze("--sessions", "32")
        assert "32 sessions were opened and closed again" in text, text
        assert "session-limit" not in text, text

    # What else the analyzer names.

    def all_is_well(self):
        _, tree = self.rules()
        assert not [f for f in tree["diagnosis"]
                    if f["severity"] == "error"], tree["diagnosis"]
        text = json.dumps(tree)
        for step in ("Asking how the mail store endpoint",
                     "Testing HTTP authentication with the Basic method",
                     "health page", "Used from here on"):
            assert step in text, step

    def wrong_credentials(self):
        rules, _ = self.rules(status=1, password="wrong")
        assert rules[0] == "wrong-credentials", rules

    def an_unknown_authority(self):
        rules, _ = self.rules(status=1, ca=False)
        assert rules[0] in ("certificate-untrusted", "certificate-chain",
                            "certificate-self-signed"), rules

    def another_name(self):
        rules, _ = self.rules(status=1, host="other.example.test")
        assert rules == ["certificate-name"], rules

    def nothing_listens(self):
        out = self.org.posthouse(
            "analyze", "--email", "a@b", "--user-dn", "/o=x", "--url",
            "https://127.0.0.1:1/mapi/emsmdb/", "--json", status=1)
        rules = [f["rule"] for f in json.loads(out)["diagnosis"]]
        assert rules == ["port-closed"], rules

    def not_the_callers_mailbox(self):
        guid = self.org.mailbox("alice")["guid"]
        out = self.org.posthouse(
            "analyze", "--email", "alice@example.test", "--user", "bob",
            "--password-stdin", "--address", "127.0.0.1", "--ca-file",
            os.path.join(self.org.folder, "test-ca.pem"), "--url",
            f"https://{HOST}:{self.org.tls}/mapi/emsmdb/?MailboxId={guid}",
            "--user-dn", self.org.user_dn("alice"), "--json", status=1,
            stdin=self.org.passwords["bob"] + "\n")
        rules = [f["rule"] for f in json.loads(out)["diagnosis"]]
        assert "other-user" in rules, rules
        assert "access-denied" not in rules, rules

    def an_unknown_mailbox(self):
        out = self.analyze("--user-dn", "/o=x/cn=nobody", "--json", status=1)
        rules = [f["rule"] for f in json.loads(out)["diagnosis"]]
        assert "no-such-user" in rules, rules

    def a_method_that_is_not_offered(self):
        text = self.analyze("--auth", "bearer", status=1)
        assert "--token-file" in text, text
        assert "no-usable-method" in text, text

    # Texts.

    def the_story_is_explained(self):
        text = self.org.posthouse("explain", self.story)
        assert SENTENCE in text, text
        assert "credentials are not the reason" in text, text
        with open(self.story, encoding="utf-8") as story:
            out = self.org.posthouse("explain", "--json",
                                     stdin=story.read())
        found = json.loads(out)["diagnosis"]
        assert [f["rule"] for f in found] == ["session-limit"], found

    def what_the_analyzer_prints_is_explained(self):
        text = self.analyze("--sessions", "33", status=1)
        again = self.org.posthouse("explain", stdin=text)
        assert SENTENCE in again, again

    def nonsense_is_not(self):
        self.org.posthouse("explain", status=1, stdin="nothing at all\n")
        self.org.posthouse("explain", "/nonexistent", status=1)


def with_settings(build, tests):
    """The limits are settings."""
    settings = ("[limits]\nsessions_user = 2\ncontexts_user = 3\n"
                "folders = 1\n")
    with Organisation(build, settings) as org:
        org.user("alice")
        org.start()

        def few_sessions():
            text = Suite(org, None).analyze("--sessions", "3", status=1)
            assert "3 sessions of a limit of 2 (client type MoMT)" in text, \
                text

        def few_contexts():
            clients = [Client(org, "alice") for _ in range(4)]
            for c in clients[:3]:
                c.connect()
            try:
                clients[3].connect()
            except MapiError as error:
                assert error.code == MAX_OBJS, hex(error.code)
            else:
                raise AssertionError("the fourth Connect went well")
            for c in clients:
                c.close()

        tests.run(few_sessions)
        tests.run(few_contexts)
        if tests.failed:
            print(org.diagnosis())


def main():
    tests = Tests()
    build, story = sys.argv[1:]
    with Organisation(build) as org:
        org.user("alice")
        org.user("bob")
        org.start()
        suite = Suite(org, story)
        for name in ("the_33rd_logon_is_refused",
                     "the_analyzer_counts_sessions", "for_programs_too",
                     "thirty_two_are_fine", "all_is_well",
                     "wrong_credentials", "an_unknown_authority",
                     "another_name", "nothing_listens",
                     "not_the_callers_mailbox", "an_unknown_mailbox",
                     "a_method_that_is_not_offered",
                     "the_story_is_explained",
                     "what_the_analyzer_prints_is_explained",
                     "nonsense_is_not"):
            tests.run(getattr(suite, name))
        if tests.failed:
            print(org.diagnosis())
    with_settings(build, tests)
    tests.finish()


main()
