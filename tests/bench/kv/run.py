#!/usr/bin/env python3
"""Compares examples/kv with Redis: CPU time of a request, memory of a key, and kv with two threads against one.

    ./dev bench kv                       all of it, about fifteen minutes
    ./dev bench kv --brief               one short round of everything: does it still work?
    ./dev bench kv --parts cpu --threads 1 --rounds 5

Rounds are interleaved: each round measures all servers once, so that a busy machine slows all of them. Each round
starts its servers anew. The tables go to build/bench/kv.md, every single result to kv.json.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

TESTS = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "bench"), str(TESTS / "bench" / "server"), str(TESTS / "support")]

from load import KEYS, Load, fill, generate
from report.machine import facts, first_line_of, setting
from report.markdown import listing, number, table
from servers import Kind, Placement, redis, running

ROOT = TESTS.parent
PARTS = ["cpu", "scaling", "memory"]
LOADS = [Load(command, pipeline) for pipeline in (1, 64) for command in ("set", "get", "incr", "mset")]
MEMORY_KEYS, MEMORY_VALUE = 1_000_000, 100


def flags():
    parser = argparse.ArgumentParser(prog="./dev bench kv", description=__doc__.splitlines()[0])
    parser.add_argument("program", help=argparse.SUPPRESS)
    parser.add_argument("--brief", action="store_true", help="one short round of everything, in seconds")
    parser.add_argument("--parts", type=lambda text: text.split(","), default=PARTS, help="of " + ",".join(PARTS))
    parser.add_argument("--threads", type=lambda text: [int(word) for word in text.split(",")], default=[1, 2],
                        help="of each server (1,2)")
    parser.add_argument("--rounds", type=int, help="how often each is measured (15)")
    parser.add_argument("--scale", type=float, help="times the usual number of requests and keys (1)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench", help="the folder of the reports")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(unknown)}")
    options.rounds = options.rounds or (1 if options.brief else 15)
    options.scale = options.scale or (0.01 if options.brief else 1)
    return options


def servers(program):
    """kv and Redis. The number of threads of Redis is that of its I/O threads; commands run in one of them."""
    ours = Kind("kv", "kv", str(Path(program).resolve()), ("--port", "{port}", "--threads", "{threads}"))
    theirs = redis()
    if not theirs.program:
        sys.exit("Redis is not installed")
    return [ours, Kind(theirs.key, theirs.title, theirs.program, (*theirs.flags, "--io-threads", "{threads}"),
                       theirs.name)]


# ---- measurements

def fill_for_loads(server):
    """All keys exist, so that the rounds find the same data."""
    fill(server.port, [b"key", b"counter"], KEYS, b"1")


def cpu(kinds, options):
    """{(threads, load): {server: [a result for each round]}}"""
    results = {(threads, load): {kind.key: [] for kind in kinds} for threads in options.threads for load in LOADS}
    for turn in range(options.rounds):
        say(f"CPU time, round {turn + 1} of {options.rounds}")
        for threads in options.threads:
            with ExitStack() as stack:
                run = [stack.enter_context(running(kind, Placement.apart(threads), threads)) for kind in kinds]
                for server in run:
                    fill_for_loads(server)
                for load in LOADS:
                    for server in run if turn % 2 == 0 else reversed(run):
                        results[threads, load][server.kind.key].append(generate(server, load, options.scale))
    return results


def scaling(kind, options):
    """{load: {threads: [a result for each round]}}"""
    loads = [load for load in LOADS if load.pipeline > 1]
    results = {load: {1: [], 2: []} for load in loads}
    for turn in range(options.rounds):
        say(f"one thread and two, round {turn + 1} of {options.rounds}")
        with ExitStack() as stack:
            run = [(threads, stack.enter_context(running(kind, Placement.anywhere(), threads))) for threads in (1, 2)]
            for _, server in run:
                fill_for_loads(server)
            for load in loads:
                for threads, server in run if turn % 2 == 0 else reversed(run):
                    results[load][threads].append(generate(server, load, 5 * options.scale))
    return results


def memory(kinds, options):
    """Bytes of resident memory that a key takes: {server: [bytes for each round]}."""
    say("memory of a key")
    keys = int(MEMORY_KEYS * options.scale)
    results = {kind.key: [] for kind in kinds}
    for _ in range(min(3, options.rounds)):
        for kind in kinds:
            with running(kind, Placement.anywhere()) as server:
                fill(server.port, [b"key"], 1, b"v")  # what a server allocates for its first client does not count
                before = server.memory()
                fill(server.port, [b"key"], keys, b"v" * MEMORY_VALUE)
                results[kind.key].append((server.memory() - before) / keys)
    return results


# ---- the report

def machine_of(options, kinds):
    cache = Path(options.program).resolve().parents[1] / "CMakeCache.txt"
    compiler = first_line_of(setting(cache, "CMAKE_CXX_COMPILER:FILEPATH="), "--version")
    version = first_line_of("redis-server", "--version", program=kinds[1].program)
    return {
        **facts(f"{compiler}, {setting(cache, 'CMAKE_BUILD_TYPE:STRING=')}"),
        "Redis": " ".join(version.split()[2:4]),
        "load": f"{os.getloadavg()[0]:.1f} before it began",
        "rounds": options.rounds,
    }


def compared(ours, theirs):
    """The median of the ratios of the rounds, its 95 % interval, and whether it is below 1, as texts. The interval are
    percentiles of 10,000 bootstrap samples; less than five rounds have none."""
    ratios = [one / other for one, other in zip(ours, theirs)]
    if len(ratios) < 5:
        return f"{median(ratios):.2f}", "–", "–"
    chance = random.Random(1)
    medians = sorted(median(chance.choices(ratios, k=len(ratios))) for _ in range(10_000))
    low, high = medians[250], medians[-251]
    is_below = "yes" if high < 1 else "no" if low > 1 else "not shown"
    return f"{median(ratios):.2f}", f"{low:.2f} to {high:.2f}", is_below


def cpu_lines(results):
    yield "CPU time of the server for a request, in µs:\n"
    rows = []
    for (threads, load), of in results.items():
        ours, theirs = ([one["cpu_us"] for one in of[key]] for key in ("kv", "redis"))
        rows.append([load.title, threads, number(median(ours)), number(median(theirs)), *compared(ours, theirs)])
    yield table(["load", "threads", "kv", "Redis", "kv ÷ Redis", "95 % interval", "below 1"], rows)


def scaling_lines(results):
    """The last column is what CPU time alone allows: twice the requests, if each takes no more of it than before."""
    yield "kv with two threads against one. The generator uses the same cores:\n"
    rows = []
    for load, of in results.items():
        one, two = of[1], of[2]
        ratio, interval, _ = compared([run["rps"] for run in two], [run["rps"] for run in one])
        possible = median(2 * a["cpu_us"] / b["cpu_us"] for a, b in zip(one, two))
        busy = [f"{median(run[key] for run in two):.2f}" for key in ("server_busy", "generator_busy")]
        rates = [f"{median(run['rps'] for run in runs):,.0f}" for runs in (one, two)]
        rows.append([load.title, *rates, ratio, interval, *busy, f"{possible:.2f}"])
    yield table(["load", "requests/s, 1 thread", "2 threads", "2 ÷ 1", "95 % interval", "cores of kv",
                 "cores of the generator", "with a core for each thread, at most"], rows)


def memory_lines(results):
    yield f"Resident memory for a key of 16 B with a value of {MEMORY_VALUE} B, in bytes:\n"
    ours, theirs = (median(results[key]) for key in ("kv", "redis"))
    yield table(["kv", "Redis", "kv ÷ Redis"], [[f"{ours:.0f}", f"{theirs:.0f}", f"{ours / theirs:.2f}"]])


def report(results, machine):
    yield "# examples/kv and Redis\n"
    yield listing(machine)
    for part, lines in (("cpu", cpu_lines), ("scaling", scaling_lines), ("memory", memory_lines)):
        if part in results:
            yield from lines(results[part])


def plain(results):
    """For JSON, whose keys are texts."""
    if isinstance(results, dict):
        return {" ".join(map(str, key)) if isinstance(key, tuple) else str(key): plain(value)
                for key, value in results.items()}
    return results


def say(what):
    print(f"bench: {what}", file=sys.stderr, flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # through all finally blocks
    options = flags()
    if not shutil.which("redis-benchmark"):
        sys.exit("redis-benchmark is not installed")
    kinds = servers(options.program)
    machine = machine_of(options, kinds)
    measured = {"cpu": lambda: cpu(kinds, options), "scaling": lambda: scaling(kinds[0], options),
                "memory": lambda: memory(kinds, options)}
    results = {part: measured[part]() for part in PARTS if part in options.parts}
    machine["load"] += f", {os.getloadavg()[0]:.1f} afterwards"
    text = "\n".join(report(results, machine))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "kv.md").write_text(text)
    (options.out / "kv.json").write_text(json.dumps({"machine": machine, **plain(results)}, indent=1))
    print(text)


if __name__ == "__main__":
    main()
