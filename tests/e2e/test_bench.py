#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""posthouse bench, every mode, against a daemon; the figures themselves are
looked at only where they follow from what was done.

usage: test_bench.py BUILD
"""
import json
import os
import sys

from posthouse import HOST, Organisation, Tests

MESSAGES = 300


class Bench:
    def __init__(self, org):
        self.org = org
        self.mailbox = org.mailbox("alice")["guid"] + "@example.test"
        self.password = os.path.join(org.folder, "alice.password")
        with open(self.password, "w", encoding="utf-8") as f:
            f.write(org.passwords["alice"] + "\n")

    def options(self, tls=False):
        base = f"https://{HOST}:{self.org.tls}" if tls else \
            f"http://{HOST}:{self.org.plain}"
        return ["--email", "alice@example.test", "--password-file",
                self.password, "--address", "127.0.0.1", "--ca-file",
                os.path.join(self.org.folder, "test-ca.pem"), "--url",
                f"{base}/mapi/emsmdb/?MailboxId={self.mailbox}"]

    def run(self, mode, *options, tls=False):
        return json.loads(self.org.posthouse(
            "bench", mode, "--json", "--pid", str(self.org.daemon.pid),
            *self.options(tls), *options))[0]


def test_counts(bench):
    """As many as were asked for, by all sessions together."""
    r = bench.run("fill", "--count", str(MESSAGES), "--concurrency", "3")
    assert r["operations"] == r["units"] == MESSAGES, r
    assert r["concurrency"] == 3 and r["p50_us"] <= r["p99_us"], r
    assert r["cpu_us"] > 0 and r["pss_after"] > 1000000, r


def test_sweep(bench):
    """Every row of every sweep, in every order."""
    for sort in ([], ["--sort", "time"], ["--sort", "subject"],
                 ["--sort", "sender"], ["--sort", "size"]):
        r = bench.run("sweep", "--count", "3", *sort)
        assert r["operations"] == 3, r
        assert r["units"] == 3 * MESSAGES, r


def test_modes(bench):
    for tls in (False, True):
        for mode in ("ping", "release", "receive-folder", "properties",
                     "cycle", "page", "open", "nspi-bind",
                     "nspi-resolve", "nspi-page"):
            r = bench.run(mode, "--count", "40", "--concurrency", "2",
                          tls=tls)
            assert r["operations"] == 40 and r["tls"] == tls, r


def test_seconds(bench):
    r = bench.run("ping", "--seconds", "1")
    assert 0.9 < r["seconds"] < 5 and r["operations"] > 10, r


def test_hold(bench):
    for tls in (False, True):
        r = bench.run("hold", "--count", "20", "--seconds", "1", tls=tls)
        assert r["sessions"] == 20 and r["ended_early"] == 0, r
        assert r["pss_waits"] > 1000000, r


def test_text(bench):
    text = bench.org.posthouse("bench", "ping", "release", "--count", "5",
                               *bench.options())
    assert "ping c=1: " in text and "release c=1: " in text, text
    assert "p50" in text and "p99" in text, text


def test_failures(bench):
    org = bench.org
    org.posthouse("bench", "pings", *bench.options(), status=2)
    org.posthouse("bench", *bench.options(), status=2)
    org.posthouse("bench", "sweep", "--sort", "colour", *bench.options(),
                  status=2)
    org.posthouse("bench", "ping", "--pid", "x", *bench.options(), status=2)
    org.posthouse("bench", "ping", status=2)
    org.posthouse("bench", "open", "--folder", "empty", *bench.options(),
                  status=1)
    assert "empty" in org.stderr, org.stderr
    with open(bench.password, "w", encoding="utf-8") as f:
        f.write("wrong\n")
    org.posthouse("bench", "release", "--count", "1", *bench.options(),
                  status=1)
    assert "401" in org.stderr, org.stderr


def main():
    tests = Tests()
    settings = "[limits]\nsessions_user = 1000\n"
    with Organisation(sys.argv[1], settings) as org:
        org.user("alice")
        org.start()
        bench = Bench(org)
        for function in (test_counts, test_sweep, test_modes, test_seconds,
                         test_hold, test_text, test_failures):
            tests.run(function, bench)
    tests.finish()


if __name__ == "__main__":
    main()
