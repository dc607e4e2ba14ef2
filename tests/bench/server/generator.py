"""The load generator, run once for each measurement."""

import contextlib
import json
import subprocess

from servers import PATIENCE
from under_test import child


class Generator:
    def __init__(self, build):
        self.program = build / "bench" / "server" / "loadgen"

    def command(self, server, load, *flags):
        return [str(self.program), "--port", str(server.port), *load.flags(), *flags]

    def measure(self, server, load, warmup, seconds):
        """What it prints: a dictionary of numbers, named in loadgen/main.cpp."""
        flags = ("--warmup", str(warmup), "--seconds", str(seconds), "--pid", str(server.pid), "--json")
        done = subprocess.run(self.command(server, load, *flags), capture_output=True, text=True,
                              timeout=warmup + seconds + 2 * PATIENCE, preexec_fn=child(server.placement.generator))
        if done.returncode != 0:
            raise RuntimeError(f"{server.kind.title}, {load.title}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def connections_held(self, server, load):
        """Each has had one request answered, and is silent from then on."""
        process = subprocess.Popen(self.command(server, load, "--idle"), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True, preexec_fn=child(server.placement.generator))
        try:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"{server.kind.title}: {load.connections} connections cannot be held")
            yield
            process.stdin.close()
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()
