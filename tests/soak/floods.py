#!/usr/bin/env python3
"""Row 23: a flood of input that yields no request delays others no longer than a flood of requests.

On a server with one thread, 300 clients (a process of their own) send the same few bytes again and again, as fast as
they are taken, and read what comes. First they send GETs, then blank lines and empty commands. The server is stopped
until they have filled all socket buffers: so it always finds input, however slow the clients are. Then another client
asks for the CPU time that the server has used when it handles the request, one request at a time. Measured is
how much that is more than when the request was sent: what the server did for the others before it answered. The
clock would measure the scheduler too.

    pass:   median (long: and 90th percentile) of that CPU time beside each flood <= 2 x that beside the GETs
    short:  tests/soak/floods.py           30 requests beside each flood, in 2 rounds; seconds
    long:   tests/soak/floods.py --long    200 requests beside each flood, in 10 rounds
"""

import contextlib
import multiprocessing
import os
import signal

from crowd import Crowd
from servers import Server
from support import PATIENCE, Verdict, connect, cores, flags, percentile, require, run
from wire import command

CLIENTS = 300
MOST_RATIO = 2
GETS = "GET"
INPUTS = {GETS: command(b"GET", b"key"), "LF": b"\n", "CRLF": b"\r\n", "*0": b"*0\r\n", "*-1": b"*-1\r\n",
          '""': b'""\n'}
CPU = command(b"CPU")
BLOCK = 1 << 16
WARM_UP = 3  # requests, because in the beginning all 300 are ready at once


def flood(options, verdict):
    rounds, asks = (10, 20) if options.long else (2, 15)
    theirs, ours = cores()
    server = Server(options.tools / "testserver", on_cores=theirs)
    with verdict.judge_for(server).warm_up():
        os.sched_setaffinity(0, ours)
        times = {name: [] for name in INPUTS}
        for _ in range(rounds):  # in turn, so that other work on the machine disturbs all of them
            for name, data in INPUTS.items():
                times[name] += delays_beside(server, data, asks)
    verdict.add(f"{rounds * asks} requests beside {CLIENTS} clients")
    for name, of in times.items():
        typical, high = (percentile(of, share) for share in (0.5, 0.9))
        ratios = [value / percentile(times[GETS], share) for value, share in ((typical, 0.5), (high, 0.9))]
        verdict.add(f"{name}: median {typical * 1000:.2f}, p90 {high * 1000:.2f} ms of CPU time" +
                    ("" if name == GETS else f" ({ratios[0]:.2f} and {ratios[1]:.2f} x)"))
        ratio = max(ratios) if options.long else ratios[0]  # 30 requests have no 90th percentile to rely on
        verdict.judge_size_or_speed(ratio <= MOST_RATIO, f"{name} delays {ratio:.1f} x as long as {GETS}")


def delays_beside(server, data, n):
    """The server's seconds of CPU time between each of n requests and its reply, beside the flood."""
    with flooding(server, data), connect(server.port) as client, client.makefile("rb") as replies:
        delays = []
        for _ in range(WARM_UP + n):
            before = server.cpu_seconds()
            client.sendall(CPU)
            delays.append(int(replies.readline()[1:]) / 1e9 - before)
        return delays[WARM_UP:]


@contextlib.contextmanager
def flooding(server, data):
    full = multiprocessing.Event()
    others = multiprocessing.Process(target=send_and_read, args=(server.port, data, full), daemon=True)
    server.process.send_signal(signal.SIGSTOP)
    try:
        others.start()
        filled = full.wait(PATIENCE)
        server.process.send_signal(signal.SIGCONT)
        require(filled, "the flood does not begin")
        yield
        require(others.is_alive(), "the flood has ended: its clients were disconnected")
    finally:
        server.process.send_signal(signal.SIGCONT)
        others.kill()
        others.join(PATIENCE)


def send_and_read(port, data, full):
    os.nice(10)
    block = memoryview(data * (BLOCK // len(data)))
    sockets = [connect(port) for _ in range(CLIENTS)]
    at = dict.fromkeys(sockets, 0)
    room = bytearray(BLOCK)
    with Crowd(sockets) as crowd:
        while True:
            sent = 0
            for one in sockets:
                with contextlib.suppress(BlockingIOError):
                    n = one.send(block[at[one]:])
                    at[one] = (at[one] + n) % len(block)
                    sent += n
            if sent == 0:
                full.set()
            for one in crowd.readable(0 if sent else 0.01):
                require(one.recv_into(room), "a client of the flood is disconnected")


if __name__ == "__main__":
    run(Verdict("row 23", "floods that yield no request", "median beside each, long: and p90, <= 2 x that beside GETs"), flood,
        flags(__doc__), seconds=280)
