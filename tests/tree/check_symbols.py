#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No two layers define the same global symbol.

usage: check_symbols.py LIBRARY.a …

The linker takes a member of an archive only for what it still lacks, so two
functions of one name in two layers link without a word, and one of them is
called in place of the other.
"""
import os
import subprocess
import sys


def symbols(library):
    out = subprocess.run(["nm", "--defined-only", "--extern-only",
                          "--portability", library],
                         capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        fields = line.split()
        if len(fields) >= 2 and fields[1] in "TDBRCS":
            yield fields[0]


def main():
    owner = {}
    clashes = 0
    for library in sys.argv[1:]:
        name = os.path.basename(library)
        for symbol in set(symbols(library)):
            if symbol.startswith(("__asan", "__odr_asan", "__ubsan")):
                continue
            if owner.setdefault(symbol, name) != name:
                print(f"{symbol} is in {owner[symbol]} and in {name}")
                clashes += 1
    print(f"{len(owner)} symbols, {clashes} clashes")
    sys.exit(clashes > 0 or not owner)


main()
