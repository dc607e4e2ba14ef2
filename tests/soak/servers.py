"""A server under test: started on a free port, watched through /proc, and stopped whatever happens."""

import collections
import os
import re
import signal
import subprocess
import threading
import time

from support import PATIENCE, PING, Failed, child, connect, ping, require, wait_until


class Server:
    """Any program that says `Listening on <address>:<port>` on its standard output.

    `with Server(program, *flags) as server:` ends with SIGTERM and requires exit code 0, which a crash or
    a sanitizer's report does not give.
    """

    def __init__(self, program, *flags, descriptors=None, on_cores=None):
        ours = {key: value for key, value in os.environ.items() if not key.startswith("RESP_")}
        self.name = program.name
        self.process = subprocess.Popen(
            [str(program), "--port", "0", *flags], env=ours, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, preexec_fn=child(on_cores, descriptors))
        self.pid = self.process.pid
        self.output = collections.deque(maxlen=40)  # its last lines
        self.port = None
        self.terminated = False
        self.listens = threading.Event()
        self.reader = threading.Thread(target=self._collect, daemon=True)
        self.reader.start()
        if not self.listens.wait(PATIENCE) or self.port is None:
            self.kill()
            raise Failed(f"{self.name} does not listen:\n{self.tail()}")

    def _collect(self):
        for line in self.process.stdout:
            self.output.append(line.decode(errors="replace").rstrip())
            if self.port is None and (match := re.search(rb"Listening on \S+:(\d+)", line)):
                self.port = int(match[1])
                self.listens.set()
        self.listens.set()

    def tail(self):
        return "\n".join("    " + line for line in self.output)

    # ---- the process

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        """The exit code counts where nothing worse has happened yet."""
        try:
            if kind is None and not self.terminated:
                self.stop()
            elif kind is not None and not self.is_running and not self.terminated:
                print(f"{self.name} has ended with {self.process.returncode}:\n{self.tail()}", flush=True)
        finally:
            self.kill()

    @property
    def is_running(self):
        return self.process.poll() is None

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)
        self.terminated = True

    def wait_for_end(self, within=PATIENCE):
        """Its exit code must be 0."""
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} still runs after {within} s") from None
        self.reader.join(PATIENCE)
        require(self.process.returncode == 0,
                f"{self.name} ends with {self.process.returncode}:\n{self.tail()}")

    def stop(self):
        require(self.is_running, f"{self.name} has ended with {self.process.returncode}:\n{self.tail()}")
        self.terminate()
        self.wait_for_end()

    def kill(self):
        if self.is_running:
            self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stdout.close()

    # ---- what it uses

    def _status(self, field):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ":"))

    def memory(self):
        """Resident bytes."""
        return self._status("VmRSS")

    def is_sanitized(self):
        """A sanitizer's shadow takes terabytes of addresses."""
        return self._status("VmSize") > 1 << 40

    def cpu_seconds(self):
        """By the process's own clock, which counts nanoseconds where /proc counts ticks of 10 ms."""
        return time.clock_gettime(~self.pid << 3 | 2)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    # ---- its base

    def warm_up(self, pong=PING):
        """One client, served and gone: what it leaves behind, caches for example, is the base."""
        with connect(self.port) as client:
            ping(client, pong)
            served = self.descriptors()
        require(wait_until(lambda: self.descriptors() < served), "a client's descriptor stays open")
        return self

    def seconds_back_to(self, descriptors, within=PATIENCE):
        """How long it takes until no more descriptors than these are open."""
        begun = time.monotonic()
        wait_until(lambda: self.descriptors() <= descriptors, within)
        require(self.is_running, f"{self.name} has ended with {self.process.returncode}:\n{self.tail()}")
        require(self.descriptors() <= descriptors,
                f"{self.descriptors()} descriptors are open after {within} s, {descriptors} at the beginning")
        return time.monotonic() - begun


def warm_echo(options, verdict, *flags, **more):
    """A resp-echo that has served its first client."""
    return verdict.judge_for(Server(options.resp_echo, *flags, **more)).warm_up()
