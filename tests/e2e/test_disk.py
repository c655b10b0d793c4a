#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A full disk: a clear error, nothing acknowledged is lost, and it passes.

usage: test_disk.py BUILD UNSYNCED
"""
import os
import sys

from mapi import Client, MapiError
from posthouse import Organisation, Tests

SUBJECT = 0x0037001F


class Suite:
    def __init__(self, org, flag):
        self.org, self.flag = org, flag
        self.saved = {}
        self.client = Client(org, "alice")
        self.client.connect()
        self.logon, self.folders = self.client.logon()

    def save(self, subject):
        mid = self.client.save_message(self.logon, self.folders[4], subject,
                                       subject * 1000)
        self.saved[mid] = subject

    def saves(self):
        for n in range(20):
            self.save(f"before {n}")

    def a_full_disk_is_told(self):
        with open(self.flag, "w", encoding="ascii"):
            pass
        refused = 0
        for n in range(200):
            try:
                self.save(f"full {n}")
            except MapiError as error:
                assert error.code in (0x80040116, 0x80040305, 0x8007000E,
                                      0x4D9), hex(error.code)
                refused += 1
                if refused == 5:
                    break
        assert refused == 5, "the disk never got full"

    def reading_goes_on(self):
        self.check()

    def it_passes(self):
        os.unlink(self.flag)
        for n in range(20):
            self.save(f"after {n}")
        self.check()

    def check(self):
        for mid, subject in self.saved.items():
            got = self.client.read_strings(self.logon, self.folders[4], mid,
                                           [SUBJECT])
            assert got == [subject], (got, subject)

    def all_is_there_after_a_kill(self):
        self.org.daemon.kill()
        self.org.daemon.wait()
        self.org.start()
        self.client = Client(self.org, "alice")
        self.client.connect()
        self.logon, self.folders = self.client.logon()
        self.check()


def main():
    build, unsynced = sys.argv[1:3]
    tests = Tests()
    with Organisation(build) as org:
        flag = os.path.join(org.folder, "full")
        org.user("alice")
        org.start(LD_PRELOAD=unsynced, DISK_FULL=flag,
                  ASAN_OPTIONS="verify_asan_link_order=0")
        suite = Suite(org, flag)
        for name in ("saves", "a_full_disk_is_told", "reading_goes_on",
                     "it_passes", "all_is_there_after_a_kill"):
            tests.run(getattr(suite, name))
        if tests.failed:
            print(org.diagnosis())
    tests.finish()


main()
