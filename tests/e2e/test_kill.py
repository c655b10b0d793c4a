#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kill the daemon while clients save; what was acknowledged must be there.

usage: test_kill.py BUILD KILLS [ENVIRONMENT=VALUE …]

Three clients save messages as fast as they can. After a moment the daemon is
killed with SIGKILL and started again; the clients reconnect. In the end every
message whose save was answered is read back with its properties, and the
database passes PRAGMA integrity_check.
"""
import http.client
import os
import random
import sqlite3
import sys
import threading
import time

from mapi import Client, MapiError
from posthouse import Organisation, Tests

CLIENTS = 3
BODY, SUBJECT = 0x1000001F, 0x0037001F
UNAVAILABLE = -1        # HTTP 503: a machine too busy to check passwords


class Saver(threading.Thread):
    """Saves until told to stop, reconnecting whenever the server is gone."""

    def __init__(self, org, number, saved):
        super().__init__()
        self.org, self.number, self.saved = org, number, saved
        self.dn = org.user_dn("alice")
        self.stopping = False
        self.reconnects = 0
        self.error = None

    def body(self, n):
        return f"{self.number}/{n}:" + "abc" * (n % 1500)

    def session(self, n):
        client = Client(self.org, "alice", timeout=20)
        client.connect(self.dn)
        logon, folders = client.logon(self.dn)
        while not self.stopping:
            subject = f"{self.number}-{n}"
            mid = client.save_message(logon, folders[4], subject,
                                      self.body(n))
            self.saved[mid] = (subject, self.body(n))
            n += 1
        client.close()
        return n

    def run(self):
        n = 0
        while not self.stopping:
            try:
                n = self.session(n)
            except (OSError, http.client.HTTPException):
                self.reconnects += 1
                time.sleep(0.02)
                n += 100000     # the fate of the last one is not known
            except (MapiError, AssertionError) as error:
                if getattr(error, "code", 0) != UNAVAILABLE:
                    self.error = error
                    return
                time.sleep(0.5)


def wait_for_a_save(savers, saved):
    """Each round sees the sessions recover and something saved."""
    before, deadline = len(saved), time.monotonic() + 60
    while len(saved) == before:
        assert time.monotonic() < deadline, "no save in 60 s"
        for saver in savers:
            assert saver.error is None, saver.error
        time.sleep(0.005)


def run(org, kills, saved, environment):
    rng = random.Random(1)
    savers = [Saver(org, i, saved) for i in range(CLIENTS)]
    for saver in savers:
        saver.start()
    for _ in range(kills):
        wait_for_a_save(savers, saved)
        time.sleep(rng.uniform(0, 0.1))
        org.daemon.kill()
        org.daemon.wait()
        org.start(**environment)
    time.sleep(0.5)
    for saver in savers:
        saver.stopping = True
    for saver in savers:
        saver.join(60)
        assert saver.error is None, saver.error
        assert saver.reconnects > 0 or kills == 0, "never reconnected"
    assert len(saved) >= kills


def verify(org, saved):
    client = Client(org, "alice")
    for attempt in range(20):
        try:
            client.connect()
            break
        except MapiError as error:
            if error.code != UNAVAILABLE or attempt == 19:
                raise
    logon, folders = client.logon()
    for mid, (subject, body) in saved.items():
        try:
            got = client.read_strings(logon, folders[4], mid,
                                      [SUBJECT, BODY])
        except MapiError as error:
            raise AssertionError(f"{subject} is lost: {error}") from None
        assert got == [subject, body], f"{subject} came back changed"


def integrity(path):
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()


def main():
    build, kills = sys.argv[1], int(sys.argv[2])
    environment = dict(pair.split("=", 1) for pair in sys.argv[3:])
    tests = Tests()
    saved = {}
    with Organisation(build) as org:
        org.user("alice")
        org.start(**environment)
        tests.run(run, org, kills, saved, environment)
        tests.run(verify, org, saved)
        path = org.mailbox("alice")["path"]
        org.stop()
        tests.run(integrity, path)
        if tests.failed:
            print(org.diagnosis())
    print(f"{kills} kills, {len(saved)} acknowledged saves")
    tests.finish()


main()
