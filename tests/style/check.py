#!/usr/bin/env python3
"""check.py NAME... [--root FOLDER] [--under PATH...]: runs checks on a source tree, prints what they find.

Each check is a function `check(tree)` of the module NAME that yields findings: file, line, the rule that is broken
and how to fix it. The exit code is 1 if there are findings and 77 if a check cannot run here.
"""

import argparse
import importlib
import sys
from pathlib import Path

from tree import Tree

CANNOT_RUN = 77


class Skipped(Exception):
    """A check cannot run on this machine."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", metavar="NAME", help="a check: a module of this folder, or module:function")
    parser.add_argument("--root", default=Path(__file__).parents[2], help="the source tree")
    parser.add_argument("--under", nargs="+", default=[""], metavar="PATH", help="show only findings in these paths")
    options = parser.parse_args()
    tree = Tree(options.root)
    found = 0
    for name in options.names:
        module, _, function = name.partition(":")
        for finding in sorted(getattr(importlib.import_module(module), function or "check")(tree)):
            if finding.file.startswith(tuple(options.under)):
                print(finding)
                found += 1
    if found:
        print(f"{found} finding{'s' if found != 1 else ''}")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Skipped as reason:
        print(f"skipped: {reason}")
        sys.exit(CANNOT_RUN)
