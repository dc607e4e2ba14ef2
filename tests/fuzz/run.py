#!/usr/bin/env python3
"""Runs the fuzzers of a build with libFuzzer, one on each core: run.py [--build FOLDER] [SECONDS] [TARGET...].

What a fuzzer learns stays in FOLDER/corpus/<target> and is where the next run begins. What it finds is kept
in FOLDER/found/<target>-*; it belongs into tests/fuzz/corpus/<target>, with a test of its own."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
# Bytes of an input. 512 give twice the runs, and twice the new paths a second, of 2,048; the seeds of 128 levels need
# some more. What is longer is cut; the replayers run all of it.
LONGEST = 640
# A third more runs: the stack's use after return is left to the replayers of the asan preset, and a block that was
# freed long ago may be used again. What is set outside comes last and wins.
ASAN_OPTIONS = "detect_stack_use_after_return=0:malloc_context_size=1:quarantine_size_mb=8"


@dataclass
class Result:
    target: str
    runs: int
    seconds: float
    finding: str | None  # what it said last, if it found something
    output: str


def targets_in(build):
    return sorted(path.name for path in (build / "fuzz").iterdir() if path.is_file())


def finding_in(output):
    """The line that says what is wrong: of a check, of a sanitizer, or of libFuzzer itself."""
    for pattern in (r"the invariant does not hold: (.*)", r"(runtime error: .*)", r"ERROR: (\w+Sanitizer: [\w-]+)",
                    r"ERROR: (libFuzzer: .*)"):
        if match := re.search(pattern, output):
            return match.group(1)
    return "it died"


def run_target(build, target, seconds, corpora, options=()):
    """One fuzzer for so many seconds, or until it finds something."""
    found = build / "found"
    found.mkdir(exist_ok=True)
    command = [build / "fuzz" / target, f"-max_total_time={seconds}", f"-max_len={LONGEST}",
               f"-dict={HERE / 'resp.dict'}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
               f"-artifact_prefix={found}/{target}-", *options, *corpora]
    environment = os.environ | {"ASAN_OPTIONS": f"{ASAN_OPTIONS}:{os.environ.get('ASAN_OPTIONS', '')}"}
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=build, env=environment)
    took = time.monotonic() - begin
    output = done.stdout.decode(errors="replace")
    runs = re.findall(r"^#(\d+)\s|number_of_executed_units: (\d+)", output, re.MULTILINE)
    count = max((int(a or b) for a, b in runs), default=0)
    return Result(target, count, took, finding_in(output) if done.returncode != 0 else None, output)


def known_corpora(build, target):
    """The seeds, and what was found before."""
    folders = [build / "tests" / "fuzz" / "seeds" / target, HERE / "corpus" / target]
    return [folder for folder in folders if folder.is_dir()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build" / "fuzz")
    parser.add_argument("seconds", type=int, nargs="?", default=60)
    parser.add_argument("targets", nargs="*")
    arguments = parser.parse_args()
    build = arguments.build.resolve()

    def fuzz(target):
        learnt = build / "corpus" / target
        learnt.mkdir(parents=True, exist_ok=True)
        return run_target(build, target, arguments.seconds, [learnt, *known_corpora(build, target)])

    results = []
    print(f"{'target':<12} {'runs':>12} {'exec/s':>8}  findings", flush=True)
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for result in pool.map(fuzz, arguments.targets or targets_in(build)):
            results.append(result)
            rate = int(result.runs / max(result.seconds, 1))
            print(f"{result.target:<12} {result.runs:>12,} {rate:>8,}  {result.finding or 0}", flush=True)
            if result.finding:
                print(result.output[-4000:])
    findings = sum(1 for result in results if result.finding)
    print(f"{'total':<12} {sum(result.runs for result in results):>12,} {'':>8}  {findings}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
