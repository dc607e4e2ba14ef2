#!/usr/bin/env python3
"""Row 11: clients that drip bytes to keep a request unfinished are closed; one that is merely slow is not.

Thousands of connections send one byte a second: into a header (`*2\\r\\n$100...`), into a bulk string that was
announced with 1,000 bytes, and into an inline command. The deadline is one of the frame, so the bytes do not
help. Beside them a client uploads a large value at 64 KiB/s and gets it back, and another one pings.

    pass:   each dripping client is closed 10 to 12 s after its first byte, never early; the upload survives
    short:  tests/soak/slowloris.py           600 connections, upload of 800 KiB, 13 s
    long:   tests/soak/slowloris.py --long    5,000 connections, upload of 4 MiB, 65 s
"""

import contextlib
import select
import threading
import time

from crowd import Crowd
from servers import warm_echo
from support import KIB, MIB, PATIENCE, Verdict, close_all, connect, flags, ping, read, require, run
from wire import bulk

UPLOAD_RATE = 64 * KIB  # bytes a second
NOT_BEFORE, NOT_AFTER = 10.0, 12.0  # seconds
# What is sent at once, and the bytes that drip after it; none of them is whole or wrong within 13 s.
DRIPS = {
    "header": (b"", b"*2\r\n$1000000\r\n" + b"x" * 100),
    "bulk": (b"*2\r\n$4\r\nECHO\r\n$1000\r\n", b"x" * 100),
    "inline": (b"", b"ECHO " + b"x" * 100),
}


def drip(options, verdict):
    n, upload_bytes = (5_000, 4 * MIB) if options.long else (600, 800 * KIB)
    with warm_echo(options, verdict) as server, contextlib.ExitStack() as stack:
        base = server.descriptors()
        upload = Upload(server.port, upload_bytes)
        stack.callback(upload.thread.join)
        clients = [Drip(connect(server.port), kind) for _, kind in zip(range(n), kinds())]
        stack.callback(close_all, [client.socket for client in clients])
        slowest = drip_until_closed(clients, server.port)
        require(upload.survives(), f"the upload does not survive: {upload.failure}")
        close_all([client.socket for client in clients])
        server.seconds_back_to(base)
    report(verdict, clients, upload, slowest)


def report(verdict, clients, upload, slowest):
    for kind in DRIPS:
        lives = [client.lived for client in clients if client.kind == kind]
        verdict.add(f"{len(lives)} drip into {'an' if kind == 'inline' else 'a'} {kind} and are closed after "
                    f"{min(lives):.2f} to {max(lives):.2f} s")
        verdict.judge(min(lives) >= NOT_BEFORE, f"one in {kind} is closed after {min(lives):.2f} s")
        verdict.judge_size_or_speed(max(lives) <= NOT_AFTER, f"one in {kind} is closed after {max(lives):.2f} s")
    verdict.add(f"{len(upload.data) / KIB:.0f} KiB at 64 KiB/s come back in {upload.seconds:.1f} s, slowest ping "
                f"{slowest * 1000:.1f} ms")


def kinds():
    while True:
        yield from DRIPS


class Drip:
    """One client. Its life is counted from its first byte."""

    def __init__(self, client, kind):
        self.socket = client
        self.kind = kind
        at_once, self.drops = DRIPS[kind]
        self.sent = 0
        self.lived = None
        self.begun = self.due = time.monotonic()
        if at_once:
            client.sendall(at_once)
        self.drop()

    def drop(self):
        """One more byte. That it arrives too late is not an error."""
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            self.socket.send(self.drops[self.sent:self.sent + 1])
        self.sent += 1
        self.due += 1.0

    def end(self):
        """It is readable: an end is expected, and no byte."""
        self.lived = time.monotonic() - self.begun
        with contextlib.suppress(ConnectionResetError):
            reply = self.socket.recv(4096)
            require(not reply, f"a dripping client reads {reply}")


def drip_until_closed(clients, port):
    """The slowest ping of another client meanwhile, in seconds."""
    by_socket = {client.socket: client for client in clients}
    slowest, deadline = 0.0, time.monotonic() + PATIENCE
    with connect(port) as other, Crowd(by_socket) as crowd:
        while crowd.sockets:
            require(time.monotonic() < deadline, f"{len(crowd.sockets)} clients are not closed")
            for one in crowd.readable(0.05):
                by_socket[one].end()
                crowd.forget(one)
            now = time.monotonic()
            for one in crowd.sockets.values():
                if by_socket[one].due <= now:
                    by_socket[one].drop()
            slowest = max(slowest, ping(other))
    return slowest


class Upload:
    """A client on a slow line, in a thread of its own: its value takes longer than the deadline's 10 s."""

    def __init__(self, port, size):
        self.data = bulk(bytes(i % 251 for i in range(size)))
        self.failure = None
        self.seconds = 0.0
        self.thread = threading.Thread(target=self._send, args=(port,))
        self.thread.start()

    def _send(self, port):
        begun = time.monotonic()
        try:
            with connect(port) as client:
                for at in range(0, len(self.data), UPLOAD_RATE // 4):
                    client.sendall(self.data[at:at + UPLOAD_RATE // 4])
                    due = begun + (at + UPLOAD_RATE // 4) / UPLOAD_RATE
                    early = select.select([client], [], [], max(due - time.monotonic(), 0))[0]
                    last = at + UPLOAD_RATE // 4 >= len(self.data)
                    require(last or not early, "it is answered or closed before its end")
                require(read(client, len(self.data)) == self.data, "other bytes come back")
        except Exception as failure:  # for the main thread to raise
            self.failure = failure
        self.seconds = time.monotonic() - begun

    def survives(self):
        self.thread.join()
        return self.failure is None


if __name__ == "__main__":
    run(Verdict("row 11", "slowloris", "all closed in 10 to 12 s, an upload of 64 KiB/s survives"), drip,
        flags(__doc__), seconds=110)
