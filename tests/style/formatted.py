"""formatted.py CLANG_FORMAT [--root FOLDER]: all C++ files are formatted.

The exit code is 77 if that program is not installed.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from tree import Tree

CANNOT_RUN = 77
PROCESSES = 2


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--root", default=Path(__file__).parents[2])
    options = parser.parse_args()
    program = shutil.which(options.program)
    if program is None:
        print(f"skipped: {options.program} is not installed")
        return CANNOT_RUN
    tree = Tree(options.root)
    files = tree.match("*.hpp", "*.cpp")
    runs = [subprocess.Popen([program, "--dry-run", "-Werror", *files[part::PROCESSES]], cwd=tree.root)
            for part in range(PROCESSES)]
    failed = [run.wait() for run in runs]
    if any(failed):
        print("run ./dev format")
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())
