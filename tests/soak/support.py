"""What every soak program shares: its flags, servers that never outlive it, and the one line it prints.

A program has a short form, which CI runs, and a long form (--long), whose figures are the published ones.
It ends by itself within a bound of time, with exit code 0 if its criterion held and 1 if not. It waits for
events; where it looks at /proc, which tells no events, it looks again every few milliseconds.
"""

import argparse
import contextlib
import os
import random
import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from under_test import raise_descriptor_limit
from wire import command

ROOT = Path(__file__).resolve().parents[2]

# Seconds that anything may take on a busy machine under a sanitizer: only failures wait for it.
PATIENCE = 30.0

KIB, MIB = 1 << 10, 1 << 20
PING = command(b"PING")


class Failed(Exception):
    """The criterion does not hold; its text says how."""


def require(condition, text):
    if not condition:
        raise Failed(text)


# ---- sockets


def connect(port, source="127.0.0.1"):
    """A blocking connection that fails rather than waits for ever."""
    client = socket.socket()
    try:
        client.settimeout(PATIENCE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source != "127.0.0.1":
            # Each address of 127/8 has ports of its own, taken when it connects, not when it is bound.
            client.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24), 1)
            client.bind((source, 0))
        client.connect(("127.0.0.1", port))
    except BaseException:
        client.close()
        raise
    return client


def close_with_reset(client):
    """A RST in place of the FIN."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def read(client, n):
    """Exactly n bytes."""
    received = bytearray()
    while len(received) < n:
        chunk = client.recv(min(n - len(received), MIB))
        require(chunk, f"the stream ended after {len(received)} of {n} bytes: {bytes(received[-80:])}")
        received += chunk
    return bytes(received)


def read_to_end(client):
    received = bytearray()
    while chunk := client.recv(MIB):
        received += chunk
    return bytes(received)


def ping(client, pong=PING):
    """The seconds that one PING takes; an echo server sends it back."""
    begun = time.perf_counter()
    client.sendall(PING)
    reply = read(client, len(pong))
    elapsed = time.perf_counter() - begun
    require(reply == pong, f"the reply to a PING is {reply}")
    return elapsed


def seconds_to_serve_a_fresh_client(port, pong=PING):
    begun = time.perf_counter()
    with connect(port) as client:
        ping(client, pong)
    return time.perf_counter() - begun


def close_all(sockets):
    for one in sockets:
        one.close()


def wait_until(condition, within=PATIENCE):
    """Whether it comes true; for what cannot be waited for, as numbers in /proc."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


# ---- programs


def flags(doc, **more):
    """The parsed flags of a program; `more` are flags of its own, each {name: (type, help)}."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--short", dest="long", action="store_false", help="the form that CI runs (the default)")
    form.add_argument("--long", dest="long", action="store_true", help="the form whose figures are published")
    parser.add_argument("--build", type=lambda text: Path(text).resolve(), default=ROOT / "build" / "release",
                        help="the build folder (build/release)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (1)")
    parser.add_argument("--retry", action="store_true",
                        help="if it fails, try once more, but for a sanitized server: something else may have been at "
                             "work on the machine")
    for name, (kind, text) in more.items():
        parser.add_argument("--" + name.replace("_", "-"), type=kind, help=text)
    parser.set_defaults(long=False)
    options = parser.parse_args()
    options.random = random.Random(options.seed)
    options.resp_echo = options.build / "bin" / "resp-echo"
    options.kv = options.build / "bin" / "kv"
    options.tools = options.build / "soak"
    if not options.resp_echo.exists():
        parser.error(f"{options.resp_echo} is not there: run ./dev soak, or name the folder by --build")
    return options


class Verdict:
    """The line of a program: `row 7: <property>: <figures> (pass: <criterion>)`."""

    def __init__(self, row, title, criterion):
        self.row = row
        self.title = title
        self.criterion = criterion
        self.figures = []
        self.failures = []
        self.judges_size_and_speed = True

    def add(self, figure):
        self.figures.append(figure)

    def judge(self, holds, text):
        if not holds:
            self.failures.append(text)

    def judge_size_or_speed(self, holds, text):
        """A sanitizer makes a program large and slow: there such figures are shown, not judged."""
        if self.judges_size_and_speed:
            self.judge(holds, text)

    def judge_for(self, server):
        self.judges_size_and_speed = not server.is_sanitized()
        return server

    def print(self):
        note = "" if self.judges_size_and_speed else "; sanitized: size and speed not judged"
        print(f"{self.row}: {self.title}: {', '.join(self.figures)} (pass: {self.criterion}{note})", flush=True)
        for failure in self.failures:
            print(f"{self.row}: FAILED: {failure}", flush=True)


def run(verdict, program, options, seconds):
    """Runs program(options, verdict) for at most so many seconds, prints the verdict, and exits by it."""

    def give_up(*_):
        raise Failed(f"it takes more than {seconds} s")

    raise_descriptor_limit()
    signal.signal(signal.SIGALRM, give_up)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.alarm(int(seconds))
    begun = time.monotonic()
    try:
        program(options, verdict)
    except (Failed, OSError) as failure:
        verdict.judge(False, f"{type(failure).__name__}: {failure}")
    finally:
        signal.alarm(0)
    with contextlib.suppress(BrokenPipeError):
        verdict.add(f"seed {options.seed}, {time.monotonic() - begun:.0f} s")
        verdict.print()
    if verdict.failures and options.retry and verdict.judges_size_and_speed:  # else a sanitizer may have found a bug
        print(f"{verdict.row}: once more", flush=True)
        os.execv(sys.executable, [sys.executable, *(word for word in sys.argv if word != "--retry")])
    sys.exit(1 if verdict.failures else 0)


def cores():
    """(of the server, of its clients): apart where there are two, so that neither waits for the other."""
    *others, last = sorted(os.sched_getaffinity(0))
    return (frozenset(others), frozenset([last])) if others else (frozenset([last]), frozenset([last]))
