#!/usr/bin/env python3
"""Runs the soak programs one after another, each in its short or its long form, and sums up.

    ./dev soak                     all of them in their short form, under three minutes
    ./dev soak 11 13 chaos         some of them, by the row of the reliability table
    ./dev soak 7 --long            in its long form; all of them take one and a half hours, of which row 18 is one
    ./dev soak 18 --long --seconds 300
                                   what stands behind the rows goes to the programs
"""

import itertools
import subprocess
import sys
from pathlib import Path

PROGRAMS = {
    "7": "held_connections.py",
    "8": "refused_connections.py",
    "9": "descriptor_exhaustion.py",
    "10": "slow_readers.py",
    "11": "slowloris.py",
    "12": "disconnects.py",
    "13": "drain.py",
    "14": "handler_exceptions.py",
    "17": "fairness.py",
    "18": "soak.py",
    "20": "pushes.py",
    "21": "waiting_handlers.py",
    "23": "floods.py",
    "30": "streams.py",
    "chaos": "chaos.py",
}


def main():
    rows = list(itertools.takewhile(lambda word: not word.startswith("-"), sys.argv[1:]))
    theirs = sys.argv[1 + len(rows):]
    unknown = [row for row in rows if row not in PROGRAMS]
    if unknown or theirs[:1] in (["-h"], ["--help"]):
        print(f"{__doc__}\nRows: {', '.join(PROGRAMS)}")
        sys.exit(2 if unknown else 0)
    folder = Path(__file__).parent
    failed = [row for row in rows or PROGRAMS
              if subprocess.run([sys.executable, "-B", folder / PROGRAMS[row], *theirs]).returncode != 0]
    if failed:
        print(f"failed: {', '.join(failed)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
