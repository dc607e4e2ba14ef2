"""The servers that are compared: how each is started on a free port, and stopped whatever happens.

None of them outlives the benchmark: each ends with its `with` block, and by the kernel's hand if this
process is killed.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from under_test import Program, child, free_port

# Seconds that starting or stopping a server may take.
PATIENCE = 10.0
ATTEMPTS = 3  # another process may take a port between our finding it free and the server's binding it


@dataclass(frozen=True)
class Kind:
    """A server program and its flags, in which `{port}` and `{threads}` stand for theirs."""

    key: str
    title: str
    program: str
    flags: tuple
    name: str = None  # that the program is to be called by, if not by its own

    def command(self, port, threads, folder):
        """With a link in the folder, if it takes one to call the program by its name."""
        program = self.program
        if self.name:
            program = f"{folder}/{self.name}"
            Path(program).symlink_to(self.program)
        return [program, *(flag.format(port=port, threads=threads) for flag in self.flags)]


def redis():
    """Debian's redis-tools holds the whole server as redis-check-rdb, which is what the name says that it is
    called by; so redis-server is not needed, which would start a service when it is installed."""
    program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
    flags = ("--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--maxclients", "10000", "--daemonize", "no")
    return Kind("redis", "Redis", program, flags, name="redis-server")


def all_kinds(build):
    """Those that this machine has, in the order of the report."""
    bench = build / "bench" / "server"
    echo_flags = ("--port", "{port}", "--threads", "{threads}", "--log-level", "off")
    kinds = [
        Kind("epoll", "bare epoll", str(bench / "epoll-echo"), ("{port}", "{threads}")),
        Kind("asio", "bare Asio, coroutine", str(bench / "asio-echo"), ("coroutine", "{port}")),
        Kind("asio-at-once", "bare Asio, send at once", str(bench / "asio-echo"), ("send-at-once", "{port}")),
        Kind("resp-echo", "resp-echo", str(build / "bin" / "resp-echo"), echo_flags),
        redis(),
    ]
    return [kind for kind in kinds if kind.program]


def working(build):
    """Ours with a handler that has something to do; compared with nothing but itself on more threads."""
    return Kind("work", "libresp, 5,000 multiplications a request", str(build / "bench" / "server" / "work-echo"),
                ("{port}", "{threads}"))


@dataclass(frozen=True)
class Placement:
    """The cores that a server and its generator run on. Left to itself, the kernel puts the two now on one
    core and now on two, by what else is running, and that changes what is measured by a factor of three."""

    server: frozenset
    generator: frozenset

    @staticmethod
    def anywhere():
        cores = frozenset(os.sched_getaffinity(0))
        return Placement(cores, cores)

    @staticmethod
    def apart(threads=1):
        """The last core for the generator, the others for the server, if it then has one for each thread."""
        *others, last = sorted(os.sched_getaffinity(0))
        if len(others) < threads:
            return Placement.anywhere()
        return Placement(frozenset(others), frozenset([last]))


class Server(Program):
    def __init__(self, kind, process, port, placement):
        super().__init__(process)
        self.kind = kind
        self.placement = placement
        self.port = port

    def is_listening_soon(self):
        """Waits until it accepts connections; False if it ends before that."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if not self.is_running:
                return False
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port), PATIENCE).close()
                return True
            time.sleep(0.01)
        raise TimeoutError(f"{self.kind.title} does not listen after {PATIENCE} s")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def running(kind, placement, threads=1, wrapper=()):
    """A server of this kind. A wrapper is a program that becomes the server, as `nice` does."""
    for _ in range(ATTEMPTS):
        with tempfile.TemporaryDirectory(prefix="libresp-bench-") as folder:
            port = free_port()
            command = [*wrapper, *kind.command(port, threads, folder)]
            with open(f"{folder}/log", "w+b") as log:
                process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=subprocess.STDOUT, preexec_fn=child(placement.server))
                server = Server(kind, process, port, placement)
                try:
                    if server.is_listening_soon():
                        yield server
                        return
                finally:
                    server.stop()
                log.seek(0)
                words = log.read().decode(errors="replace")
    raise RuntimeError(f"{kind.title} does not start:\n{words}")
