#!/usr/bin/env python3
"""check.py CHECK... [--root FOLDER] [--under PATH...]: runs checks on a source tree and prints what they find.

A CHECK is MODULE.py or MODULE.py:FUNCTION of this folder; the function is `check` if none is named. It yields
findings: file, line, the rule that is broken, how to fix it. The exit code is 1 if there are any.
"""

import argparse
import importlib
import sys
from pathlib import Path

from tree import Tree

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="+", metavar="CHECK", help="MODULE.py or MODULE.py:FUNCTION")
    parser.add_argument("--root", default=Path(__file__).parents[2], help="the source tree")
    parser.add_argument("--under", nargs="+", default=[""], metavar="PATH", help="show only findings in these paths")
    options = parser.parse_args()
    tree = Tree(options.root)
    found = 0
    for name in options.checks:
        module, _, function = name.partition(":")
        check = getattr(importlib.import_module(module.removesuffix(".py")), function or "check")
        for finding in sorted(set(check(tree))):
            if finding.file.startswith(tuple(options.under)):
                print(finding)
                found += 1
    if found:
        print(f"{found} finding{'s' if found != 1 else ''}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
