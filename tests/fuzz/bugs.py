#!/usr/bin/env python3
"""Proves that the fuzzers find bugs: puts each of bugs_known.py into a copy of the library, and measures how
long the fuzzer takes to find it, from the seeds and from nothing. Prints a Markdown table.

    bugs.py [--limit SECONDS] [--compiler clang++-19] [--check] [WORD...]

Only the bugs with one of the WORDs in their name. --check looks only whether each text still stands once in
the library. The copy, and its build, are in build/bugs."""

import argparse
import contextlib
import pathlib
import shutil
import subprocess
import sys

import run
from bugs_known import BUGS

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "build" / "bugs"
SOURCE = WORK / "source"
BUILD = WORK / "build"


def with_bug(bug):
    """The text of the bug's file, with the bug; says which text is not there."""
    text = (ROOT / "lib" / bug.file).read_text(encoding="utf-8")
    if text.count(bug.old) != 1:
        sys.exit(f"'{bug.name}': its text stands {text.count(bug.old)} times in lib/{bug.file}")
    return text.replace(bug.old, bug.new)


def copy_sources():
    """The tree as it is, in place of what was copied before; unchanged files keep their times."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout.splitlines()
    for name in listed:
        source, copy = ROOT / name, SOURCE / name
        if not source.is_file() or copy.is_file() and copy.read_bytes() == source.read_bytes():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        shutil.copymode(source, copy)


def quietly(*command):
    done = subprocess.run(command, cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{done.stdout[-4000:]}\nfailed: {' '.join(map(str, command))}")


@contextlib.contextmanager
def put_back(bug):
    """While it lasts, the copy of the library has the bug."""
    copy = SOURCE / "lib" / bug.file
    healthy = copy.read_text(encoding="utf-8")
    copy.write_text(with_bug(bug), encoding="utf-8")
    try:
        yield
    finally:
        copy.write_text(healthy, encoding="utf-8")


def measure_all(bugs, parser, prepare, head, measure):
    """The program: prints the table `head` with a row of measure(bug, arguments) for each chosen bug. Returns the
    exit code: 0 if each was found. With --check it looks only whether their texts stand in the library."""
    parser.add_argument("--check", action="store_true")
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_args()
    chosen = [bug for bug in bugs if not arguments.words or any(word in bug.name for word in arguments.words)]
    for bug in chosen:
        with_bug(bug)
    if arguments.check:
        return 0
    copy_sources()
    prepare(arguments)
    print(head, flush=True)
    found = [measure(bug, arguments) for bug in chosen]
    print(f"\n{sum(found)} of {len(found)} found")
    return 0 if all(found) else 1


def configure(compiler):
    quietly("cmake", "--preset", "fuzz", "-B", BUILD, f"-DCMAKE_CXX_COMPILER={compiler}",
            f"-DPython3_EXECUTABLE={sys.executable}", "-DLIBRESP_BUILD_APPS=OFF",
            "-DLIBRESP_BUILD_EXAMPLES=OFF", "-DLIBRESP_INSTALL=OFF", "-DLIBRESP_WARNINGS_AS_ERRORS=OFF")


def time_to_find(bug, limit, corpora):
    """Seconds, runs and finding as cells of the table."""
    result = run.run_target(BUILD, bug.target, limit, corpora, ["-seed=1"])
    if result.finding is None:
        return None, f"not in {limit} s", f"{result.runs:,}", ""
    return result, f"{result.seconds:.1f} s", f"{result.runs:,}", result.finding


def measure(bug, limit):
    """A row of the table. True if the bug was found both ways."""
    with put_back(bug):
        quietly("cmake", "--build", BUILD, "--target", "libresp_fuzz_seeds", f"libresp_fuzz_{bug.target}")
        nothing = WORK / "nothing"
        shutil.rmtree(nothing, ignore_errors=True)
        nothing.mkdir()
        seeded, *seeded_cells = time_to_find(bug, limit, run.known_corpora(BUILD, bug.target))
        bare, *bare_cells = time_to_find(bug, limit, [nothing])
    told = seeded_cells[2] or bare_cells[2]
    cells = [bug.name, f"`{bug.file}`", bug.target, *seeded_cells[:2], *bare_cells[:2], told.replace("|", "\\|")]
    print(f"| {' | '.join(cells)} |", flush=True)
    return seeded is not None or bare is not None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--compiler", default="clang++-19")
    return measure_all(
        BUGS, parser, lambda arguments: configure(arguments.compiler),
        "| bug | file | fuzzer | from the seeds | runs | from nothing | runs | what it said |\n"
        "|---|---|---|---|---|---|---|---|",
        lambda bug, arguments: measure(bug, arguments.limit))


if __name__ == "__main__":
    sys.exit(main())
