"""The load: redis-benchmark for the requests, and a client that fills a server with keys before."""

import csv
import io
import resource
import socket
import subprocess
import time
from dataclasses import dataclass

from servers import PATIENCE
from under_test import child
from wire import command

KEYS = 100_000
CONNECTIONS = 50
IN_A_COMMAND = 10


@dataclass(frozen=True)
class Load:
    command: str  # as redis-benchmark -t names it
    pipeline: int

    @property
    def title(self):
        keys = f" ({IN_A_COMMAND} keys)" if self.command == "mset" else ""
        return f"{self.command.upper()}{keys}, `-P {self.pipeline}`"

    def requests(self, scale):
        """A multiple of what all connections send at once: redis-benchmark then sends exactly so many."""
        usual = 50_000 if self.pipeline == 1 else 200_000 // (4 if self.command == "mset" else 1)
        at_once = self.pipeline * CONNECTIONS
        return max(round(usual * scale / at_once), 1) * at_once

    def __str__(self):
        return f"{self.command} -P {self.pipeline}"


def generate(server, load, scale):
    """Requests a second, the CPU time of the server for a request, and how many cores both used."""
    requests = load.requests(scale)
    words = ["redis-benchmark", "-p", server.port, "-t", load.command, "-c", CONNECTIONS, "-P", load.pipeline,
             "-n", requests, "-r", KEYS, "--csv"]
    of_server, of_generator, began = server.cpu_seconds(), children_seconds(), time.monotonic()
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120, check=True,
                          preexec_fn=child(server.placement.generator))
    seconds = time.monotonic() - began
    of_server, of_generator = server.cpu_seconds() - of_server, children_seconds() - of_generator
    return {"rps": float(list(csv.DictReader(io.StringIO(done.stdout)))[-1]["rps"]),
            "cpu_us": of_server / requests * 1e6,
            "server_busy": of_server / seconds, "generator_busy": of_generator / seconds}


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def fill(port, names, keys, value):
    """Sets so many keys of each name, as redis-benchmark names them."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        for name in names:
            for first in range(0, keys, 1000):
                batch = range(first, min(first + 1000, keys))
                client.sendall(b"".join(command(b"SET", b"%s:%012d" % (name, key), value) for key in batch))
                read(client, b"+OK\r\n" * len(batch))


def read(client, expected):
    received = b""
    while len(received) < len(expected) and (chunk := client.recv(1 << 16)):
        received += chunk
    if received != expected:
        raise RuntimeError(f"the server replies {received[:100]}")
