#!/usr/bin/env python3
"""Row 10: clients that send and never read do not fill the server's memory, are closed, and cost clients that read
late nothing.

100 clients push ECHOs, half of them small ones, half of them of 100 KiB, as fast as they are taken, and never
read a byte. Meanwhile another client pings. The server queues their replies until memory is short. Then it stops
reading from them, and closes each when it has taken nothing for the time of the write stall: its last progress is
when its kernel has last sent or received a byte for it. The server's clock moves five times a second. A
second before them (--after -1) come 10 clients that write their whole pipeline, and read its replies 3 s later.

    pass:   memory grows by <= 1.1 x max_memory + 32 MiB; each is closed within the write stall and 2 s; each of the
            10 reads all its replies
    short:  tests/soak/slow_readers.py           10 MiB each, max_memory is 256 MiB, the write stall is 6 s
    long:   tests/soak/slow_readers.py --long    the write stall is 30 s; the 10 clients come before the others, with
                                                 them and after them. Then 100 MiB each with 2 GiB and a write
                                                 stall of 60 s; the others come when they are written. Five minutes
"""

import contextlib
import fcntl
import sys
import termios
import threading
import time

from servers import Server
from support import MIB, PATIENCE, Failed, Verdict, close_all, connect, flags, ping, require, run
from wire import command

CLIENTS, WRITERS = 100, 10
SMALL = command(b"ECHO", b"hello") * 3_000
LARGE = command(b"ECHO", b"x" * 100_000)
TOLERANCE = 2.0
LATER = 3.0


def push(options, verdict):
    for after in [-1, 0, 1] if options.long and options.after is None else [-1 if options.after is None else options.after]:
        push_with(options, verdict, after, 256 * MIB, 10 * MIB)
    if options.long:
        push_with(options, verdict, None, 2048 * MIB, 100 * MIB)


def push_with(options, verdict, after, max_memory, pipeline):
    """`after` None: the others come when the 10 clients have written. A busy machine needs its time for that."""
    stall = 60 if after is None else 30 if options.long else 6
    server = Server(options.tools / "testserver", "--write-stall", str(stall), "--max-memory", str(max_memory))
    with verdict.judge_for(server).warm_up(), contextlib.ExitStack() as stack:
        base, descriptors = server.memory(), server.descriptors()
        other = stack.enter_context(connect(server.port))
        clients = [connect(server.port) for _ in range(CLIENTS)]
        stack.callback(close_all, clients)
        writers = [Writer(server.port, pipeline, max(after or 0, 0)) for _ in range(WRITERS)]
        if after is None:
            require(all(writer.written.wait(2 * PATIENCE) for writer in writers), "the pipelines are not written")
        else:
            time.sleep(max(-after, 0))
        pushers = [Pusher(client, SMALL if i % 2 else LARGE) for i, client in enumerate(clients)]
        growth, slowest_ping = push_until_closed(server, base, pushers, other, 2 * stall + PATIENCE)
        served = sum(writer.has_read_all() for writer in writers)
        close_all(clients)
        other.close()
        server.seconds_back_to(descriptors)
    lived, stalled = min(pusher.lived for pusher in pushers), max(pusher.stalled for pusher in pushers)
    verdict.add(f"max_memory {max_memory // MIB} MiB: {CLIENTS} clients, memory grows by {growth / MIB:.1f} MiB, closed "
                f"not before {lived:.1f} s and within {stalled:.1f} s of their last progress, slowest ping beside them "
                f"{slowest_ping * 1000:.1f} ms, {served} of {WRITERS} get all of it that come "
                f"{'first' if after is None else f'after {after} s'}, write {pipeline // MIB} MiB and then read")
    verdict.judge_size_or_speed(growth <= 1.1 * max_memory + 32 * MIB, f"memory grows by {growth / MIB:.0f} MiB")
    # If memory is short, some are closed earlier; so are those that wait 10 s on a busy machine inside a request.
    verdict.judge(lived >= min(stall, 10) - 0.3 or growth >= 0.75 * max_memory,
                  f"one is closed {lived:.1f} s after it began")
    verdict.judge_size_or_speed(stalled <= stall + TOLERANCE,
                                f"one is closed {stalled:.1f} s after its last progress")
    verdict.judge_size_or_speed(served == WRITERS, f"only {served} of {WRITERS} that write first get their replies")


class Writer(threading.Thread):
    """After some seconds it sends its pipeline, and LATER seconds after that it reads the replies."""

    def __init__(self, port, size, after):
        super().__init__(daemon=True)
        self.port, self.size, self.after = port, size, after
        self.failure = None
        self.written = threading.Event()
        self.start()

    def run(self):
        try:
            time.sleep(self.after)
            self.write_and_read()
        except (Failed, OSError) as failure:
            self.failure = failure

    def write_and_read(self):
        replies, room = memoryview(LARGE * 12), bytearray(MIB)
        n = self.size // len(LARGE)
        with connect(self.port) as client:
            for _ in range(n):
                client.sendall(LARGE)
            self.written.set()
            time.sleep(LATER)
            left = n * len(LARGE)
            while left:
                at = -left % len(LARGE)
                size = client.recv_into(room, min(left, MIB))
                require(size, "the stream ends")
                require(memoryview(room)[:size] == replies[at:at + size], "other bytes come back")
                left -= size

    def has_read_all(self):
        self.join(2 * PATIENCE)
        if self.failure is not None:
            print(f"row 10: a client that writes first: {self.failure!r}", file=sys.stderr)
        return not self.is_alive() and self.failure is None


class Pusher:
    """One client. It offers its bytes whenever it is asked to."""

    def __init__(self, client, data):
        self.socket = client
        self.data = memoryview(data)
        self.at = 0
        self.unread = 0
        self.begun = self.progress = time.monotonic()
        self.lived = self.stalled = None  # seconds from its begin, and from its last progress, to its end
        client.setblocking(False)

    def push(self):
        """Sends what is taken now; notices its end."""
        waiting = unread_bytes(self.socket)
        if waiting != self.unread:
            self.unread, self.progress = waiting, time.monotonic()
        try:
            while True:
                n = self.socket.send(self.data[self.at:])
                self.at = (self.at + n) % len(self.data)
                self.progress = time.monotonic()
        except BlockingIOError:
            pass
        except (ConnectionResetError, BrokenPipeError):
            now = time.monotonic()
            self.lived, self.stalled = now - self.begun, now - self.progress


def unread_bytes(client):
    return int.from_bytes(fcntl.ioctl(client, termios.FIONREAD, bytes(4)), sys.byteorder)


def push_until_closed(server, base, pushers, other, patience):
    """(the most that memory has grown by, the slowest ping of the other client in seconds)"""
    begun = time.monotonic()
    growth = slowest = 0
    living = list(pushers)
    while living:
        require(time.monotonic() - begun < patience, f"{len(living)} clients are not closed after {patience} s")
        for pusher in living:
            pusher.push()
        living = [pusher for pusher in living if pusher.stalled is None]
        slowest = max(slowest, ping(other))
        growth = max(growth, server.memory() - base)
        time.sleep(0.02)
    return growth, slowest


if __name__ == "__main__":
    run(Verdict("row 10", "slow readers", "<= 1.1 x max_memory + 32 MiB, each closed within the write stall and 2 s, "
                "all that write first served"), push,
        flags(__doc__, after=(float, "seconds after which the clients come that write first (-1)")), seconds=500)
