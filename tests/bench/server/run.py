#!/usr/bin/env python3
"""Measures resp-echo against bare epoll, bare Asio and Redis, and writes build/bench/server.md.

    ./dev bench server                       all of it, about five minutes
    ./dev bench server --brief               one short round of everything: does it still work?
    ./dev bench server --growth              how cost grows with pipeline, payload and connections
    ./dev bench server --rows plain,many --servers epoll,resp-echo --rounds 9

Beside the Markdown it writes the plot (.svg) and every single result (.json).
"""

import argparse
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from statistics import median

TESTS = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "bench"), str(TESTS / "support")]

from generator import Generator
from loads import ROWS, growth
from measure import Bench
from report import plots
from report.machine import facts, first_line_of, setting
from servers import Placement, all_kinds, working
from tables import Report, growth_lines
from under_test import raise_descriptor_limit

ROOT = TESTS.parent
PARTS = ["rows", "latency", "threads", "memory", "syscalls"]


def flags():
    parser = argparse.ArgumentParser(prog="./dev bench server", description=__doc__.splitlines()[0])
    parser.add_argument("--brief", action="store_true", help="one short round of everything, under 30 seconds")
    parser.add_argument("--growth", action="store_true", help="measure how cost grows; writes server-growth.md")
    parser.add_argument("--servers", type=words, help="of epoll,asio,asio-at-once,resp-echo,redis")
    parser.add_argument("--rows", type=words, help="of " + ",".join(row.key for row in ROWS))
    parser.add_argument("--parts", type=words, default=PARTS, help="of " + ",".join(PARTS))
    parser.add_argument("--rounds", type=int, help="how often each is measured (5; 3 of --growth)")
    parser.add_argument("--seconds", type=float, help="that a measurement takes after its warm-up (1)")
    parser.add_argument("--free", action="store_true", help="let the kernel choose the cores")
    parser.add_argument("--build", type=absolute, default=ROOT / "build" / "release", help="the build folder")
    parser.add_argument("--out", type=absolute, default=ROOT / "build" / "bench", help="the folder of the reports")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(unknown)}")
    if not (options.build / "bench" / "server").is_dir():
        parser.error(f"nothing is built in {options.build}: cmake --preset release, cmake --build --preset release")
    return options


def words(text):
    return text.split(",")


def absolute(text):
    return Path(text).resolve()


def chosen(all_of_them, keys, what):
    """Those with the keys, all without keys."""
    known = [item.key for item in all_of_them]
    unknown = [key for key in keys or [] if key not in known]
    if unknown:
        sys.exit(f"there is no {what} {', '.join(unknown)} here; there are {', '.join(known)}")
    return [item for item in all_of_them if not keys or item.key in keys]


# ---- what it is measured on

def machine_of(options, kinds):
    cache = options.build / "CMakeCache.txt"
    compiler = first_line_of(setting(cache, "CMAKE_CXX_COMPILER:FILEPATH="), "--version")
    versions = [first_line_of(str(options.build / "bin" / "resp-echo"), "--version"),
                first_line_of(str(options.build / "bench" / "server" / "asio-echo"), "version")]
    redis = [kind for kind in kinds if kind.key == "redis"]
    versions += [" ".join(first_line_of(kind.name, "--version", program=kind.program).split()[:3]) for kind in redis]
    return {
        **facts(f"{compiler}, {setting(cache, 'CMAKE_BUILD_TYPE:STRING=')}"),
        "versions": ", ".join(filter(None, versions)),
        "load": f"{os.getloadavg()[0]:.1f} before it began",
        "measured": f"rounds: {options.rounds}, of {options.seconds} s; "
                    + ("on any core" if options.free else "the generator on a core of its own"),
    }


# ---- the two reports

def measure_all(bench, options, results):
    parts = [part for part in PARTS if part in options.parts]
    if "syscalls" in parts and not shutil.which("strace"):
        parts.remove("syscalls")
        print("bench: strace is not installed: system calls are not counted", file=sys.stderr)
    if "threads" in parts and not bench.kind("resp-echo"):
        parts.remove("threads")
    rows = {}
    if "rows" in parts:
        rows = results["rows"] = bench.compare(chosen(ROWS, options.rows, "row"))
    if "latency" in parts:
        results["latency"] = bench.latency(rows)
    for part in ("threads", "memory", "syscalls"):
        if part in parts:
            results[part] = getattr(bench, part)()


def names_of(kinds, build):
    """For the plots: a server has its colour whatever others are measured."""
    order = [kind.key for kind in all_kinds(build)]
    return [(order.index(kind.key), kind.title) for kind in kinds]


def write_comparison(bench, options, results):
    measure_all(bench, options, results)
    write(options.out / "server.md", "\n".join(Report(results, [*bench.kinds, bench.working]).lines()) + "\n")
    if "rows" not in results:
        return
    titles = {row.key: row.title for row in ROWS}

    def panel(title, unit, field, scale):
        return title, unit, [(titles[key], [median(one[field] for one in runs) * scale for runs in row.values()])
                             for key, row in results["rows"].items()]

    reference = bench.kinds[0].title
    panels = [panel(f"Requests a second (of {reference}'s)", "/s", "rps", 1),
              panel(f"CPU time a request (of {reference}'s)", " ns", "cpu_ns", 1)]
    write(options.out / "server.svg",
          plots.bars("The servers under each load", names_of(bench.kinds, options.build), panels))


def write_growth(bench, options, results):
    all_series = growth(options.brief)
    results["growth"] = {series.key: bench.compare(series.loads) for series in all_series}
    lines = growth_lines(results, bench.kinds, all_series)
    write(options.out / "server-growth.md", "\n".join(lines))
    panels = [(f"By {series.unit}", series.title, "CPU ns a request", series.values,
               [[median(one["cpu_ns"] for one in results["growth"][series.key][load.key][kind.key])
                 for load in series.loads] for kind in bench.kinds]) for series in all_series]
    write(options.out / "server-growth.svg",
          plots.curves("How the cost of a request grows", names_of(bench.kinds, options.build), panels))


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if path.suffix == ".md":
        print(text)
    print(f"bench: wrote {path}", file=sys.stderr)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # through all finally blocks
    options = flags()
    options.rounds = options.rounds or (1 if options.brief else 3 if options.growth else 5)
    options.seconds = options.seconds or (0.2 if options.brief else 0.5 if options.growth else 1.0)
    kinds = chosen(all_kinds(options.build), options.servers, "server")
    descriptors = raise_descriptor_limit()
    bench = Bench(
        generator=Generator(options.build),
        kinds=kinds,
        working=working(options.build),
        rounds=options.rounds,
        warmup=0.05 if options.brief else 0.3,
        seconds=options.seconds,
        idle_connections=min(1000 if options.brief else 4000, descriptors - 100),
        idle_seconds=0.2 if options.brief else 4,
        placement=Placement.anywhere() if options.free else Placement.apart(),
    )
    results = {"machine": machine_of(options, kinds), "cores": len(os.sched_getaffinity(0)),
               "idle_connections": bench.idle_connections, "idle_seconds": bench.idle_seconds}
    if options.growth:
        write_growth(bench, options, results)
    else:
        write_comparison(bench, options, results)
    write(options.out / ("server-growth.json" if options.growth else "server.json"), json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
