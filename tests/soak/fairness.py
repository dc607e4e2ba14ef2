#!/usr/bin/env python3
"""Row 17: one connection with a deep pipeline does not keep the others waiting.

On a server with one thread, one client (a process of its own) pipelines requests without a pause and reads the
echoes, first PINGs of 14 bytes, then values of 16 KiB. Meanwhile another client pings, one PING at a time, and
measures how long each takes, by the clock and in CPU time of the server. The latter is the server's own share: what
it did for others before it answered. On a busy machine the clock tells more about the scheduler, so it is
judged only where a server with nothing else to do, before and after, answers 99 % of its pings within a millisecond.
Each figure is the median of several rounds.

    pass:   p99 <= 10 ms for each kind of pipeline, of CPU time and by the clock
    short:  tests/soak/fairness.py           5 rounds of 8 MB and 40 MB
    long:   tests/soak/fairness.py --long    10 rounds of 100 MB and 1 GB; half a minute
"""

import gc
import multiprocessing
import os
import select
import statistics

from servers import warm_echo
from support import MIB, PATIENCE, PING, Failed, Verdict, connect, cores, flags, percentile, ping, require, run
from wire import bulk

MOST_P99 = 0.010
QUIET = 0.001  # p99 of an idle server on a machine that is ours
BLOCKS = {"PINGs": PING * (MIB // len(PING)), "16 KiB values": bulk(b"x" * 16_384) * 64}


def be_fair(options, verdict):
    rounds = 10 if options.long else 5
    sizes = dict(zip(BLOCKS, (100_000_000, 1_000_000_000) if options.long else (8_000_000, 40_000_000)))
    theirs, ours = cores()
    with warm_echo(options, verdict, on_cores=theirs) as server:
        os.sched_setaffinity(0, ours)
        gc.disable()  # what we would wait for ourselves is not the server's
        alone = p99_alone(server)
        pings = {kind: [ping_beside(server, block, sizes[kind] // len(block) + 1) for _ in range(rounds)]
                 for kind, block in BLOCKS.items()}
        alone = max(alone, p99_alone(server))
    verdict.add(f"alone p99 {alone * 1000:.2f} ms{', a busy machine' if alone > QUIET else ''}")
    for kind, size in sizes.items():
        judge_pings(verdict, f"beside {size / 1e6:.0f} MB of {kind}", pings[kind], alone <= QUIET)


def p99_alone(server):
    with connect(server.port) as client:
        return percentile([ping(client) for _ in range(5_000)], 0.99)


def judge_pings(verdict, beside, rounds, is_quiet):
    clock, cpu = ([[ping[i] for ping in pings] for pings in rounds] for i in (0, 1))
    p99, p99_cpu = (statistics.median(percentile(times, 0.99) for times in kind) for kind in (clock, cpu))
    worst, n = max(map(max, cpu)), sum(map(len, cpu))
    verdict.add(f"{beside} p99 {p99_cpu * 1000:.2f} ms of CPU time (worst {worst * 1000:.2f} ms of {n} pings), "
                f"{p99 * 1000:.2f} ms by the clock")
    verdict.judge_size_or_speed(p99_cpu <= MOST_P99, f"{beside} p99 is {p99_cpu * 1000:.1f} ms of CPU time")
    verdict.judge_size_or_speed(not is_quiet or p99 <= MOST_P99, f"{beside} p99 is {p99 * 1000:.1f} ms")
    verdict.judge(n >= 100, f"only {n} pings {beside} are no percentile")


def ping_beside(server, block, n):
    """[(seconds by the clock, seconds of the server's CPU time)] of the PINGs while n blocks go through the
    pipeline of another client."""
    begin, end = multiprocessing.Event(), multiprocessing.Event()
    other = multiprocessing.Process(target=pipeline, args=(server.port, block, n, begin, end), daemon=True)
    other.start()
    try:
        with connect(server.port) as client:
            require(begin.wait(PATIENCE), "the pipelining client does not begin")
            times = []
            while not end.is_set() and other.is_alive():
                before = server.cpu_seconds()
                times.append((ping(client), server.cpu_seconds() - before))
        other.join(PATIENCE)
        if other.exitcode != 0:
            raise Failed("the pipelining client does not get its bytes back")
        return times
    finally:
        other.kill()


def pipeline(port, block, n, begin, end):
    """Sends as fast as it is taken, and reads as fast as it comes."""
    os.nice(10)
    to_send = received = n * len(block)
    with connect(port) as client:
        client.setblocking(False)
        room, data = memoryview(bytearray(MIB)), memoryview(block)
        at = 0
        begin.set()
        while received:
            readable, writable, _ = select.select([client], [client] if to_send else [], [], PATIENCE)
            if writable:
                sent = client.send(data[at:])
                at = (at + sent) % len(block)
                to_send -= sent
            if readable:
                size = client.recv_into(room)
                if not size:
                    raise EOFError
                received -= size
    end.set()


if __name__ == "__main__":
    run(Verdict("row 17", "fairness", "p99 <= 10 ms on one thread, by the clock on a quiet machine"), be_fair,
        flags(__doc__), seconds=200)
