#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Black-box checks of the protocol, by the requirements' own numbers.

usage: test_conformance.py BUILD [AREA…]

Each area is a file conformance_<area>.py with a function run(org, tally);
requirement ids are of the document that the file names.
"""
import importlib
import sys
import time
import traceback

from conformance_wire import Tally
from posthouse import Organisation

AREAS = ["http", "rops", "logon", "folder", "table", "message",
         "attachment", "property", "stream", "notify", "edges"]


def tests_of(module):
    """Its functions named check_…, in the order they were written."""
    found = [f for n, f in vars(module).items() if n.startswith("check_")]
    return sorted(found, key=lambda f: f.__code__.co_firstlineno)


def run_area(org, name, tally):
    module = importlib.import_module(f"conformance_{name}")
    start = time.monotonic()
    context = module.prepare(org, tally)
    for function in tests_of(module):
        try:
            function(context)
        except Exception as error:  # pylint: disable=broad-except
            tally.bad.append(f"{function.__name__}: {error}")
            print(f"not ok: {function.__name__}: {error}")
            traceback.print_exc(limit=-3)
    print(f"{name}: {len(tests_of(module))} groups, "
          f"{time.monotonic() - start:.1f} s")


def main():
    tally = Tally()
    with Organisation(sys.argv[1]) as org:
        for user in ("alice", "bob", "carol"):
            org.user(user)
        org.start()
        for name in sys.argv[2:] or AREAS:
            run_area(org, name, tally)
        if org.daemon.poll() is not None or org.stop() != 0:
            tally.that(False, f"the daemon ended: {org.diagnosis()}")
    print(f"{tally.good} passed, {len(tally.bad)} failed")
    raise SystemExit(len(tally.bad) > 0)


if __name__ == "__main__":
    main()
