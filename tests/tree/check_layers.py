#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tree keeps its own rules.

usage: check_layers.py SOURCE_ROOT

- an include runs to the same layer or to one before it, and never to one
  that the layer excludes;
- only the store knows SQLite for mailboxes; only http knows libevent's HTTP;
- every source file has its licence line; no line is over 80 columns; no file
  is over 1,200 lines; no function is over 100.
Prints what breaks a rule, and "N passed, N failed" counted by file.
"""
import os
import re
import sys

LAYERS = ["base", "mapi", "mime", "store", "directory", "http", "auth",
          "mailbox", "endpoint", "frontend", "admin", "analyzer", "cmd"]
EXCLUDED = {
    "http": set(LAYERS) - {"base", "http"},
    "frontend": {"mailbox", "store"},
    "analyzer": {"mailbox", "store"},
    "mailbox": {"http"},
    "directory": {"store"},
    "mime": set(),
}
# What restrictions and collation mean is written down once, for mailboxes and
# for the address book: of the store, the directory knows that and no more.
SHARED = {
    "directory": {"store/collate.h", "store/match.h"},
}
HEADERS = {
    "sqlite3.h": {"store", "directory"},
    "gmime/gmime.h": {"mime"},
    "curl/curl.h": {"http", "analyzer", "frontend", "auth"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')
MAX_LINE, MAX_FILE, MAX_FUNCTION = 80, 1200, 100


def width(line):
    return len(line.expandtabs(8))


def layer_breaks(layer, line):
    match = INCLUDE.match(line)
    if not match:
        return None
    path = match.group(1)
    if path in HEADERS and layer not in HEADERS[path]:
        return f"{layer} may not include <{path}>"
    other = path.split("/")[0]
    if "/" not in path or other not in LAYERS:
        return None
    if LAYERS.index(other) > LAYERS.index(layer):
        return f"{layer} stands before {other}"
    if path in SHARED.get(layer, set()):
        return None
    if other in EXCLUDED.get(layer, set()):
        return f"{layer} may not know {other}"
    return None


def long_functions(lines):
    """Functions in the kernel's style: '{' and '}' alone in column one."""
    start = None
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{":
            start = number
        elif line.rstrip() == "}" and start is not None:
            if number - start - 1 > MAX_FUNCTION:
                yield start, number - start - 1
            start = None


def check(path, layer):
    with open(path, encoding="utf-8") as source:
        lines = source.read().split("\n")
    if "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
        yield f"{path}:1: no licence line"
    if len(lines) - 1 > MAX_FILE and not path.endswith(".def"):
        yield f"{path}: {len(lines) - 1} lines"
    for number, line in enumerate(lines, 1):
        if width(line) > MAX_LINE and not path.endswith(".def"):
            yield f"{path}:{number}: {width(line)} columns"
        broken = layer and layer_breaks(layer, line)
        if broken:
            yield f"{path}:{number}: {broken}"
    for start, length in long_functions(lines):
        yield f"{path}:{start}: a function of {length} lines"


def main():
    root = sys.argv[1]
    passed = failed = 0
    for top in ("src", "tests", "fuzz"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if not name.endswith((".c", ".h", ".def")):
                    continue
                path = os.path.join(folder, name)
                parts = os.path.relpath(path, root).split(os.sep)
                layer = parts[1] if top == "src" else None
                broken = list(check(path, layer))
                print("".join(line + "\n" for line in broken), end="")
                passed += not broken
                failed += bool(broken)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
