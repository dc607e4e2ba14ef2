#!/usr/bin/env python3
"""Changes one small thing of the library at a time, and shows which changes no test notices.

A change that no test notices is a missing test, code that could go, or a change of speed only. accepted.txt lists those
of the last kind. It works in a copy of the sources in build/mutation, so that they are never changed here.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import changes

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build/mutation"
HERE = Path(__file__).resolve().parent
# The programs that test a folder, the quickest first.
TESTS = {
    "lib/src/codec": ["codec", "conformance", "server"],
    "lib/include/libresp/codec": ["codec", "conformance", "server"],
    "lib/src/server": ["server", "allocation"],
    "lib/include/libresp/server": ["server", "allocation"],
}
PATIENCE = 120  # seconds for one program of tests; a change may make it wait for ever


def run(command, seconds):
    """The exit code; None after a timeout. What the command started is ended too."""
    process = subprocess.Popen(command, cwd=COPY, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


def update_copy():
    """Copies what changed, so that only that is built again."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            stdout=subprocess.PIPE, text=True).stdout.splitlines()
    for name in listed:
        source, copy = ROOT / name, COPY / name
        if not source.is_file() or (copy.is_file() and copy.read_bytes() == source.read_bytes()):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        shutil.copymode(source, copy)


def tests_of(file):
    return next(tests for folder, tests in TESTS.items() if file.startswith(folder))


def build(tests):
    targets = [f"libresp_{name}_tests" for name in tests]
    return run(["cmake", "--build", "--preset", "dev", "--parallel", "2", "--target", *targets], 900) == 0


def pass_all(tests):
    """Whether all tests pass. They are built one after the other: most changes are noticed by the first."""
    for name in tests:
        if run([COPY / f"build/dev/tests/libresp_{name}_tests", "--abort"], PATIENCE) != 0:
            return False
    return True


def outcome(change):
    """"noticed", "not noticed" or "does not compile"."""
    file = COPY / change.file
    text = file.read_text()
    file.write_text(changes.apply(change, text))
    try:
        for test in tests_of(change.file):
            if not build([test]):
                return "does not compile"
            if not pass_all([test]):
                return "noticed"
        return "not noticed"
    finally:
        file.write_text(text)


def candidates(paths, seed):
    """All changes of the files in the paths, except the accepted ones, in an order that depends on the seed."""
    accepted = changes.accepted((HERE / "accepted.txt").read_text())
    found = []
    for path in paths:
        files = [ROOT / path] if (ROOT / path).is_file() else sorted((ROOT / path).rglob("*.[ch]pp"))
        if not files:
            raise SystemExit(f"mutate: no C++ file in {path}")
        for file in files:
            name = str(file.relative_to(ROOT))
            found += [change for change in changes.of_text(name, file.read_text())
                      if not changes.is_accepted(change, accepted)]
    random.Random(seed).shuffle(found)
    return found


def try_changes(todo, end, counts):
    for change in todo:
        if time.monotonic() > end:
            return
        result = outcome(change)
        counts[result] += 1
        if result == "not noticed":
            print(f"\nnot noticed: {change}", flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="./dev mutate", description=__doc__.split("\n\n")[0])
    parser.add_argument("minutes", type=float, metavar="MINUTES")
    parser.add_argument("paths", nargs="*", metavar="PATH", default=["lib/src"],
                        help="files or folders below lib (default: lib/src)")
    parser.add_argument("--seed", type=int, default=1, help="the order of the changes (default: 1)")
    parser.add_argument("--skip", type=int, default=0, metavar="N", help="leave out the first N changes of this order")
    given = parser.parse_args()
    for path in given.paths:
        if not any(f"{path.rstrip('/')}/".startswith(folder) or folder.startswith(path.rstrip("/")) for folder in TESTS):
            parser.error(f"no tests are known for {path}")
    return given


def main():
    given = arguments()
    todo = candidates(given.paths, given.seed)
    print(f"{len(todo)} changes are possible", flush=True)
    COPY.mkdir(parents=True, exist_ok=True)
    update_copy()
    tests = sorted({test for change in todo for test in tests_of(change.file)})
    configure = ["cmake", "--preset", "dev", f"-DPython3_EXECUTABLE={sys.executable}"]
    if run(configure, 300) != 0 or not build(tests) or not pass_all(tests):
        raise SystemExit("mutate: without a change, the tests do not build or do not pass")
    counts = {"noticed": 0, "not noticed": 0, "does not compile": 0}
    try:
        try_changes(todo[given.skip:], time.monotonic() + given.minutes * 60, counts)
    except KeyboardInterrupt:
        pass  # show what was found until now
    print("\n" + ", ".join(f"{count} {result}" for result, count in counts.items()))
    tested = counts["noticed"] + counts["not noticed"]
    if tested:
        print(f"{counts['noticed'] / tested:.1%} of the changes that compile are noticed")


if __name__ == "__main__":
    main()
