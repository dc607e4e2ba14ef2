#!/usr/bin/env python3
"""Row 12: however clients leave, the server loses nothing but them.

Connections come and go, 100 of them open at a time. Each sends a few requests, small and large, cut at a
random byte, and leaves in one of four ways: by FIN, by RST, by a close with replies unread, or by closing its
sending half, and then it must read the replies to exactly the requests that it sent in full, and a FIN.

    pass:   no crash, no wrong byte; all descriptors back to base within 1 s after the last one
    short:  tests/soak/disconnects.py           10,000 connections
    long:   tests/soak/disconnects.py --long    200,000 connections, half a minute
"""

import contextlib
import socket

from servers import warm_echo
from support import (MIB, Verdict, close_with_reset, connect, flags, read_to_end, require, run,
                     seconds_to_serve_a_fresh_client)
from wire import bulk, command

OPEN = 100
MOST_SECONDS = 1.0
REQUESTS = [b":42\r\n", b"+OK\r\n", command(b"ECHO", b"hello"), b"*2\r\n%1\r\n+a\r\n:1\r\n_\r\n", bulk(b"x" * 5_000),
            command(b"SET", b"key", b"y" * 40_000), bulk(b"z" * 300_000)]
WEIGHTS = [20, 20, 20, 20, 10, 5, 1]
WAYS = ["fin", "reset", "unread", "half-close"]


def disconnect(options, verdict):
    n = options.connections or (200_000 if options.long else 10_000)
    ways = dict.fromkeys(WAYS, 0)
    with warm_echo(options, verdict) as server:
        base, memory = server.descriptors(), server.memory()
        crowd = []
        for i in range(n):
            crowd.append(Visitor(server.port, i, options.random))
            if len(crowd) == OPEN:
                leave_one(crowd, options.random, ways)
        while crowd:
            leave_one(crowd, options.random, ways)
        back = server.seconds_back_to(base)
        fresh = seconds_to_serve_a_fresh_client(server.port)
        growth = server.memory() - memory
    verdict.add(f"{n} connections ({', '.join(f'{count} {way}' for way, count in ways.items())}), descriptors back to "
                f"base in {back:.2f} s, a fresh client served in {fresh * 1000:.1f} ms, memory grown by "
                f"{growth / MIB:.1f} MiB")
    verdict.judge_size_or_speed(back <= MOST_SECONDS, f"descriptors are back after {back:.2f} s")


def leave_one(crowd, random, ways):
    visitor = crowd.pop(random.randrange(len(crowd)))
    way = random.choice(WAYS)
    ways[way] += 1
    visitor.leave(way)


class Visitor:
    """One client. It offers its bytes without waiting: what is not taken is not sent."""

    def __init__(self, port, i, random):
        # TIME_WAIT keeps the ports of those that leave first: several addresses have more of them.
        self.socket = connect(port, f"127.0.{i % 16}.1" if i % 16 else "127.0.0.1")
        requests = random.choices(REQUESTS, WEIGHTS, k=random.randrange(1, 6))
        data = b"".join(requests)
        data = data[:random.randrange(len(data) + 1)]
        self.socket.setblocking(False)
        n = 0
        with contextlib.suppress(BlockingIOError):
            n = self.socket.send(data)
        self.answered = whole(requests, n)

    def leave(self, way):
        if way == "reset":
            close_with_reset(self.socket)
            return
        if way == "half-close":
            self.read_the_rest()
        if way == "fin":
            with contextlib.suppress(BlockingIOError):
                self.socket.recv(MIB)
        self.socket.close()

    def read_the_rest(self):
        self.socket.settimeout(30)
        self.socket.shutdown(socket.SHUT_WR)
        replies = read_to_end(self.socket)
        require(replies == self.answered, f"after its half-close a client reads {len(replies)} bytes instead of "
                f"{len(self.answered)}, or other ones: {replies[-60:]}")


def whole(requests, n):
    """The requests that are in the first n bytes in full: what must come back."""
    size, count = 0, 0
    for request in requests:
        size += len(request)
        if size > n:
            break
        count += 1
    return b"".join(requests[:count])


if __name__ == "__main__":
    run(Verdict("row 12", "disconnect chaos", "0 crashes, descriptors back to base within 1 s"), disconnect,
        flags(__doc__, connections=(int, "how many")), seconds=600)
