"""A server under test: started on a free port, watched through /proc, and stopped whatever happens."""

import collections
import re
import signal
import subprocess
import threading
import time

from support import PATIENCE, PING, Failed, connect, ping, require, wait_until
from under_test import Program, child, environment


class Server(Program):
    """Any program that says `Listening on <address>:<port>` on its standard output.

    `with Server(program, *flags) as server:` ends with SIGTERM and requires exit code 0, which a crash or
    a sanitizer's report does not give.
    """

    def __init__(self, program, *flags, descriptors=None, on_cores=None):
        super().__init__(subprocess.Popen(
            [str(program), "--port", "0", *flags], env=environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=child(on_cores, descriptors)))
        self.name = program.name
        self.output = collections.deque(maxlen=400)  # its last lines
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
    """A resp-echo that has served its first client. It keeps clients that send nothing."""
    flags = ("--first-request-timeout", "0", *flags)
    return verdict.judge_for(Server(options.resp_echo, *flags, **more)).warm_up()
