#!/usr/bin/env python3
"""Proves that the simulator finds bugs: puts each of engine_bugs.py into a copy of the library, and measures
after how many connections and seconds the simulator finds it. Prints a Markdown table.

    find_bugs.py [--connections N] [--check] [WORD...]

Only the bugs with one of the WORDs in their name. --check looks only whether each text still stands once in
the library. The copy is in build/bugs/source, its build in build/bugs/simulator."""

import argparse
import re
import subprocess
import sys
import time

from engine_bugs import BUGS  # it adds tests/fuzz to the path
from bugs import WORK, measure_all, put_back, quietly

BUILD = WORK / "simulator"
PROGRAM = BUILD / "simulator" / "libresp_simulator"
LONGEST = 600  # seconds: the program then counts as one that hangs


def configure():
    quietly("cmake", "--preset", "dev", "-B", BUILD, f"-DPython3_EXECUTABLE={sys.executable}",
            "-DLIBRESP_BUILD_APPS=OFF", "-DLIBRESP_BUILD_EXAMPLES=OFF", "-DLIBRESP_INSTALL=OFF",
            "-DLIBRESP_WARNINGS_AS_ERRORS=OFF")


def build():
    quietly("cmake", "--build", BUILD, "--target", "libresp_simulator", "--parallel", "2")


def simulate(connections):
    """The exit code, the seconds, and what the program has printed."""
    began = time.monotonic()
    try:
        done = subprocess.run([PROGRAM, str(connections), "--progress"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LONGEST, errors="replace")
    except subprocess.TimeoutExpired as expired:
        return 1, LONGEST, (expired.stdout or b"").decode(errors="replace") + "\nit hangs"
    return done.returncode, time.monotonic() - began, done.stdout


def finding_of(output):
    """The line that says what is wrong."""
    for line in output.splitlines():
        if match := re.search(r"simulator: world \d+: (.*?)(?: \(round.*)?$", line):
            return match.group(1)
        if "Assertion" in line:
            return line.split("Assertion", 1)[1].strip()
    return output.strip().splitlines()[-1] if output.strip() else "it has crashed"


def connections_of(output):
    """Of all worlds before the finding."""
    found = re.findall(r"^(\d+) connections$", output, re.MULTILINE)
    return int(found[-1]) if found else 0


def measure(bug, most):
    """A row of the table. True if the bug was found."""
    with put_back(bug):
        build()
        code, seconds, output = simulate(most)
    found = code != 0
    where = [f"{connections_of(output):,}", f"{seconds:.1f} s", finding_of(output)]
    cells = where if found else [f"not in {most:,}", "", ""]
    print(f"| {bug.name} | {' | '.join(cells)} |", flush=True)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=1_000_000)
    return measure_all(BUGS, parser, lambda arguments: configure(),
                       "| bug | found after connections | seconds | what it said |\n|---|---|---|---|",
                       lambda bug, arguments: measure(bug, arguments.connections))


if __name__ == "__main__":
    sys.exit(main())
