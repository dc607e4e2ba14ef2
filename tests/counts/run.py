#!/usr/bin/env python3
"""run.py BUILD [PART...]: counts, and compares with expected.json.

BUILD is a folder in which the targets libresp_counts and resp-echo of a Release build are. The PARTs:

    memory      instructions, by callgrind: requests over a stream in memory, frames, input that costs most
    loopback    instructions and system calls (callgrind, strace) of resp-echo with a client over loopback

    --write             write what was counted to expected.json and to docs/performance.md
    --functions NAME    show the functions in which the instructions of one count of `memory` are

The exit code is 1 if a count is above the expected one by more than its margin, and 77 (skipped) if a tool is missing
or if there are no expected counts for this compiler. In CI (the variable CI is "true") a missing tool is an error.
"""

import argparse
import importlib.util
import os
import sys
from pathlib import Path

import callgrind
import compare
import loopback
import table

SKIPPED = 77
CORPUS_BYTES = 256 << 10
HERE = Path(__file__).resolve().parent


def need(is_there, what):
    if is_there:
        return
    if os.environ.get("CI") == "true":
        sys.exit(f"counts: {what} is missing")
    print(f"counts: skipped: {what} is missing")
    sys.exit(SKIPPED)


def write_corpora(folder):
    """The corpora of the codec benchmarks, with fewer frames. Returns the arguments for libresp_counts."""
    spec = importlib.util.spec_from_file_location("corpus", HERE.parent / "bench/codec/corpus.py")
    corpus = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    arguments = []
    for name, (make, form, size) in list(corpus.CORPORA.items()):
        corpus.CORPORA[name] = make, form, min(size, CORPUS_BYTES)
        corpus.write_corpus(folder, name)
        reads = "commands" if form in ("command", "inline") else "replies"
        arguments.append(f"{name}:{reads}:{folder / f'{name}.resp'}")
    return arguments


def count_in_memory(build):
    """{name of the work: (divisor, {function: instructions})}, and the compiler."""
    arguments = write_corpora(build / "counts/corpora")
    return callgrind.count(build / "counts/libresp_counts", arguments, build / "counts/callgrind")


def count_over_loopback(build):
    resp_echo = build / "bin/resp-echo"
    found = {}
    for name, clients, deep in (("1 client, no pipeline", 1, 1), ("1 client, 16 deep", 1, 16),
                                ("50 clients, no pipeline", 50, 1)):
        # The server's timer adds some instructions if a round takes long, so with few rounds the smaller counts.
        tries = 2 if clients > 1 else 1
        found[f"instructions, {name}"] = min(
            sum(loopback.instructions(resp_echo, clients, deep).values()) for _ in range(tries))
    for name, deep in (("no pipeline", 1), ("16 deep", 16)):
        # For 16 requests that arrive together. The server's timer calls too, about 5 times a second; rounding to
        # quarters removes it.
        calls = loopback.system_calls(resp_echo, deep)
        for call in sorted({*calls, "futex"}):
            count = round(calls.get(call, 0) * deep * 4) / 4
            if count != 0 or call == "futex":
                found[f"{call}, {name}"] = count
    return found


def print_inputs(found):
    print("\nInstructions of one byte of input, in bytes of a pipeline of GETs:")
    for name, ratio in sorted(compare.of_gets(found).items(), key=lambda item: -item[1]):
        print(f"{ratio:8.1f}  {name}")


def report(found, expected):
    """Prints the counts and what changed. Returns the exit code."""
    for name, count in found.items():
        print(f"{compare.rounded(count):>12}  {name}")
    faults, notes = compare.differences(expected, found)
    if "input: GET" in found:
        print_inputs(found)
        faults += compare.too_dear(found)
    for line in notes:
        print(f"note: less than expected: {line}")
    for line in faults:
        print(f"FAILED: {line}")
    if faults or notes:
        print("If the new counts are right, ./dev counts --write saves them.")
    return 1 if faults else 0


def write(found, compiler):
    expected = compare.load()
    groups = expected.setdefault(compiler, {})
    for group, counts in found.items():
        groups[group] = {name: compare.rounded(count) for name, count in counts.items()}
    compare.save(expected)
    table.write()


def arguments():
    parser = argparse.ArgumentParser(description="Counts instructions and system calls.")
    parser.add_argument("build", type=Path)
    parser.add_argument("parts", nargs="*", metavar="PART", help="memory, loopback; default: both")
    parser.add_argument("--write", action="store_true", help="save the counts as the expected ones")
    parser.add_argument("--functions", metavar="NAME", help="show the functions of one count")
    given = parser.parse_args()
    if unknown := {*given.parts} - {"memory", "loopback"}:
        parser.error(f"unknown part {unknown.pop()}")
    return given


def main():
    given = arguments()
    parts = given.parts or ["memory", "loopback"]
    need(callgrind.is_installed(), "valgrind")
    compiler = compare.key(callgrind.compiler(given.build / "counts/libresp_counts"))
    found = {}
    if given.functions or "memory" in parts:
        works = count_in_memory(given.build)
        if given.functions:
            divisor, functions = works[given.functions]
            callgrind.print_functions({name: cost / divisor for name, cost in functions.items()})
            return 0
        found["memory"] = {name: sum(functions.values()) / divisor for name, (divisor, functions) in works.items()}
    if "loopback" in parts:
        need(loopback.can_trace(), "strace, or the permission to trace,")
        found["loopback"] = count_over_loopback(given.build)
    if given.write:
        write(found, compiler)
    expected = compare.load().get(compiler)
    skipped = expected is None
    if skipped:
        print(f"counts: skipped: expected.json has no counts of {compiler}; there are: {', '.join(compare.load())}")
        expected = found
    codes = [report(counts, expected.get(group, {})) for group, counts in found.items()]
    return SKIPPED if skipped else max(codes)


if __name__ == "__main__":
    sys.exit(main())
