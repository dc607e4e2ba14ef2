#!/usr/bin/env python3
"""Row 30: a value of any size streams in and out in constant memory, about as fast as a bare epoll loop copies it.

A client sends one SET with a value of so many bytes to testserver --stream, and then reads a value of the same size.
The same bytes go through copy_loop, which parses nothing and only copies. The two take turns. Each of them has one
core, and the client has the other.

    pass:   memory grows by < 16 MiB; --long: at least 0.9 x the throughput of the loop
    short:  tests/soak/streams.py           256 MiB each way, once; memory only
    long:   tests/soak/streams.py --long    10 GiB each way, in rounds of 1 GiB
"""

import time

from servers import Server
from support import MIB, Verdict, connect, cores, flags, read, require, run
from wire import command

ROOM = bytearray(MIB)
PIECE = bytes(MIB)


def stream(options, verdict):
    rounds, size = (10, 1024 * MIB) if options.long else (1, 256 * MIB)
    serving, asking = cores()
    ours = Server(options.tools / "testserver", "--stream", "--max-memory", str(16 * MIB), on_cores=serving)
    with verdict.judge_for(ours), Server(options.tools / "copy_loop", on_cores=serving) as loop:
        list(both_ways("ours", ours, 2 * MIB))
        base = ours.memory()
        figures = {}
        for _ in range(rounds):
            for name, server in (("ours", ours), ("loop", loop)):
                for way, seconds in both_ways(name, server, size):
                    figures.setdefault((way, name), []).append(seconds)
        growth = ours.most_memory() - base
        verdict.add(f"{rounds} x {size // MIB} MiB each way: memory grows by {growth / MIB:.1f} MiB")
        verdict.judge_size_or_speed(growth < 16 * MIB, f"memory grows by {growth / MIB:.1f} MiB")
        for way in ("in", "out"):
            mine, theirs = (sum(figures[way, name]) / rounds for name in ("ours", "loop"))
            verdict.add(f"{way} {size / mine / 1e9:.2f} GB/s, the loop {size / theirs / 1e9:.2f}: {theirs / mine:.2f} x")
            if options.long:
                verdict.judge_size_or_speed(theirs / mine >= 0.9, f"{way}: {theirs / mine:.2f} x of the loop")


def both_ways(name, server, size):
    head, tail = (b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n" % size, b"\r\n") if name == "ours" else (b"IN %d\n" % size, b"")
    yield "in", push_in(server.port, head, size, tail)
    request = command(b"FETCH", b"%d" % size) if name == "ours" else b"OUT %d\n" % size
    extra = len(b"$%d\r\n\r\n" % size) if name == "ours" else 0
    yield "out", take_out(server.port, request, size + extra)


def push_in(port, head, size, tail):
    with connect(port) as client:
        begun = time.perf_counter()
        client.sendall(head)
        for _ in range(size // MIB):
            client.sendall(PIECE)
        client.sendall(tail)
        require(read(client, 5) == b"+OK\r\n", "the value is not acknowledged")
        return time.perf_counter() - begun


def take_out(port, request, size):
    with connect(port) as client:
        begun = time.perf_counter()
        client.sendall(request)
        while size:
            n = client.recv_into(ROOM, min(size, MIB))
            require(n, f"the stream ended, {size} bytes before its end")
            size -= n
        return time.perf_counter() - begun


if __name__ == "__main__":
    run(Verdict("row 30", "long values", "memory grows by < 16 MiB; --long: 0.9 x the throughput of the loop"),
        stream, flags(__doc__), 600)
