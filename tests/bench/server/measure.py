"""The measurements. Each returns plain dictionaries, which the report is made of and server.json holds.

Servers take turns: for a load, each is measured once a round, each round begins with another one, and each
measurement has a server of its own. What disturbs the machine for a while so disturbs all of them.
"""

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from generator import Generator
from loads import PLAIN, ROWS, Load
from servers import PATIENCE, Kind, Placement, running


@dataclass
class Bench:
    generator: Generator
    kinds: list
    working: Kind
    rounds: int
    warmup: float
    seconds: float
    idle_connections: int
    idle_seconds: float
    placement: Placement

    def kind(self, key):
        return next((kind for kind in self.kinds if kind.key == key), None)

    def once(self, kind, load, threads, placement):
        with running(kind, placement, threads) as server:
            return self.generator.measure(server, load, self.warmup, self.seconds)

    # ---- throughput, latency and CPU time

    def compare(self, loads):
        """{load: {server: [a result for each round]}}"""
        return {load.key: self.in_turns(load, {kind.key: (kind, 1) for kind in self.kinds}) for load in loads}

    def in_turns(self, load, entrants, placement=None):
        """{name: [a result for each round]} of the entrants {name: (kind, threads)}."""
        say(load.title)
        results = {name: [] for name in entrants}
        names = list(entrants)
        for n in range(self.rounds):
            start = n % len(names)
            for name in names[start:] + names[:start]:
                kind, threads = entrants[name]
                results[name].append(self.once(kind, load, threads, placement or self.placement))
        return results

    def latency(self, rows):
        """All servers at half the rate that Redis reaches at its best, or bare epoll where there is no Redis."""
        reference = self.kind("redis") or self.kinds[0]
        plain = rows.get(PLAIN.key) or self.in_turns(PLAIN, {reference.key: (reference, 1)})
        top = median(result["rps"] for result in plain[reference.key])
        load = replace(PLAIN, key="half", title="half load", rate=round(top / 2))
        return {"rate": load.rate, "of": reference.title, "servers": self.compare([load])[load.key]}

    def threads(self):
        """With one thread and with two, resp-echo and bare epoll, and for requests in batches a server whose handler
        works: {load: {server: {threads: [results]}}}."""
        echoes = [kind for kind in (self.kind("epoll"), self.kind("resp-echo")) if kind]
        measured = {load.key: self.one_and_two(load, echoes) for load in ROWS[:2]}
        measured[ROWS[1].key].update(self.one_and_two(ROWS[1], [self.working]))
        return measured

    def one_and_two(self, load, kinds):
        entrants = {(kind.key, n): (kind, n) for kind in kinds for n in (1, 2)}
        results = self.in_turns(load, entrants, Placement.apart(threads=2))
        return {kind.key: {str(n): results[kind.key, n] for n in (1, 2)} for kind in kinds}

    # ---- memory

    def memory(self):
        """Bytes of resident memory: {server: {before, after}}."""
        say(f"{self.idle_connections:,} idle connections")
        load = Load("idle", "idle connections", connections=self.idle_connections)
        return {kind.key: self.memory_of(kind, load) for kind in self.kinds}

    def memory_of(self, kind, load):
        with running(kind, self.placement) as server:
            # What a server allocates for its first clients is no price of the others.
            self.generator.measure(server, PLAIN, 0, 0.1)
            before = server.memory()
            with self.generator.connections_held(server, load):
                time.sleep(self.idle_seconds)  # some servers give memory back after a while
                return {"before": before, "after": server.memory()}

    # ---- system calls

    def syscalls(self):
        """Calls a request, under strace: {server: {call: n}}. What starting the server and connecting to it
        takes is counted without requests, and subtracted."""
        say("system calls under strace")
        return {kind.key: self.syscalls_of(kind) for kind in self.kinds}

    def syscalls_of(self, kind):
        def hold(server):
            with self.generator.connections_held(server, PLAIN):
                return PLAIN.connections

        def load(server):
            return self.generator.measure(server, PLAIN, 0, self.seconds)["requests_ever"]

        requests_before, calls_before = self.traced(kind, hold)
        requests, calls = self.traced(kind, load)
        return {name: (n - calls_before.get(name, 0)) / (requests - requests_before) for name, n in calls.items()}

    def traced(self, kind, use):
        """The requests that `use` makes of a server under strace, and the server's system calls, {name: n}."""
        with TemporaryDirectory(prefix="libresp-bench-") as folder:
            counts = Path(folder) / "counts"
            # -D: the server remains our child, not strace's.
            with running(kind, self.placement, wrapper=("strace", "-D", "-c", "-f", "-o", str(counts))) as server:
                requests = use(server)
            return requests, read_counts(counts)


def read_counts(path):
    """strace writes its table after the server's end: lines of '% time, seconds, usecs/call, calls, [errors,]
    syscall', the last of them the total."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        if lines and lines[-1] and lines[-1][-1] == "total":
            return {words[-1]: int(words[3]) for words in lines[2:-2]}
        time.sleep(0.02)
    raise TimeoutError("strace does not tell its counts")


def say(what):
    print(f"bench: {what}", file=sys.stderr, flush=True)
