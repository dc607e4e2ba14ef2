#!/usr/bin/env python3
"""Row 21: coroutine handlers that wait do not fill the server's memory, however many there are.

2,000 clients send requests whose handlers wait, and hold what they may: small requests, some of 60 KiB, which are
copied for the handler, some of 300 KiB, which stay where they were received, and small ones after replies that the
client does not read. Together they are many times max_memory. Meanwhile another client pings. Then all wait for one
request of a few bytes each, which shows what a waiting handler costs. In the end all clients reset their connections,
which ends the waits.

    pass:   memory grows by <= 1.1 x max_memory + 32 MiB while the large requests wait; at most 6 KiB of memory of the
            process for each small one; a ping is always answered within a second; the descriptors are closed at once
    short:  tests/soak/waiting_handlers.py           2,000 clients, max_memory is 64 MiB
    long:   tests/soak/waiting_handlers.py --long    4,000 clients, max_memory is 256 MiB, for a minute
"""

import contextlib
import socket
import struct
import time

from crowd import connect_many
from servers import Server
from support import KIB, MIB, Verdict, close_all, connect, flags, ping, read, require, run
from wire import command

MOST_PING = 1.0
MOST_SMALL = 6 * KIB
SMALL = command(b"WAIT")
KINDS = [
    SMALL,
    command(b"WAIT", b"c" * (60 * KIB)),
    command(b"WAIT", b"d" * (300 * KIB)),
    command(b"ECHO", b"e" * (60 * KIB)) * 5 + SMALL,
]


def hold(options, verdict):
    n, max_memory = (4_000, 256 * MIB) if options.long else (2_000, 64 * MIB)
    server = Server(options.tools / "testserver", "--coroutine", "--max-memory", str(max_memory))
    with verdict.judge_for(server).warm_up(), contextlib.ExitStack() as stack:
        base, descriptors = server.memory(), server.descriptors()
        other = stack.enter_context(connect(server.port))
        small, small_waits = hold_small(server, n, other)
        growth, slowest, waits, offered = hold_large(server, n, other, 60 if options.long else 8)
        other.close()
        back = server.seconds_back_to(descriptors)
        server.stop()
    verdict.add(f"{small_waits} handlers wait with a small request, {small / n / KIB:.2f} KiB each; with large ones up "
                f"to {waits} wait, of {offered / MIB:.0f} MiB offered memory grows by {growth / MIB:.1f} MiB (max_memory "
                f"{max_memory // MIB} MiB), slowest ping {slowest * 1000:.1f} ms, descriptors back to base in "
                f"{back:.2f} s")
    verdict.judge(small_waits == n, f"{small_waits} of {n} handlers wait")
    verdict.judge(waits > 0, "no handler waits with a large request")
    verdict.judge_size_or_speed(small / n <= MOST_SMALL, f"{small / n:.0f} bytes for each small request that waits")
    verdict.judge_size_or_speed(growth <= 1.1 * max_memory + 32 * MIB, f"memory grows by {growth / MIB:.0f} MiB")
    verdict.judge_size_or_speed(slowest <= MOST_PING, f"a ping takes {slowest:.2f} s")


def waiting(other):
    """How many handlers waited; they go on now."""
    other.sendall(command(b"OPEN"))
    reply = b""
    while not reply.endswith(b"\r\n"):
        reply += read(other, 1)
    return int(reply[1:-2])


def hold_small(server, n, other):
    """(the memory that n handlers with small requests take, how many of them wait)"""
    clients = connect_many(server.port, n)
    for client in clients:
        ping(client)
    idle = server.memory()
    for client in clients:
        client.sendall(SMALL)
    ping(other)
    ping(other)  # everything that was sent before the first ping has been read now
    taken = server.memory() - idle
    waits = waiting(other)
    for client in clients:
        require(read(client, len(SMALL)) == SMALL, "a WAIT is not echoed")
    close_all(clients)
    return taken, waits


def hold_large(server, n, other, seconds):
    """(the most that memory has grown by, the slowest ping, the most handlers that waited, bytes offered)"""
    base = server.memory()
    clients = connect_many(server.port, n)
    offers = [Offer(client, KINDS[i % len(KINDS)]) for i, client in enumerate(clients)]
    growth = slowest = most = 0
    end = time.monotonic() + seconds
    opens = time.monotonic() + seconds / 4
    while time.monotonic() < end:
        for offer in offers:
            offer.go_on()
        slowest = max(slowest, ping(other))
        growth = max(growth, server.memory() - base)
        if time.monotonic() > opens:
            most = max(most, waiting(other))
            opens = time.monotonic() + seconds / 8
        time.sleep(0.02)
    offered = sum(offer.sent for offer in offers)
    for client in clients:
        # A reset arrives at once. An end of stream would come after the requests that the server does not read.
        client.setblocking(True)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    close_all(clients)
    return growth, slowest, most, offered


class Offer:
    """One client. It sends its requests again and again, as fast as they are taken, and reads nothing."""

    def __init__(self, client, data):
        self.socket = client
        self.data = memoryview(data)
        self.at = self.sent = 0
        self.lives = True
        client.setblocking(False)

    def go_on(self):
        if not self.lives:
            return
        try:
            for _ in range(4):
                n = self.socket.send(self.data[self.at:])
                self.at = (self.at + n) % len(self.data)
                self.sent += n
        except BlockingIOError:
            pass
        except (ConnectionResetError, BrokenPipeError):
            self.lives = False


if __name__ == "__main__":
    run(Verdict("row 21", "waiting handlers", "<= 1.1 x max_memory + 32 MiB; 6 KiB for each small request; ping 1 s"),
        hold, flags(__doc__), seconds=150)
