"""What the end-to-end tests share: a running resp-echo, its clients, and deadlines.

Nothing here sleeps to let something happen. Each wait ends with its event (a log line, a byte, an exit), or fails
at its deadline. Servers bind port 0, and their log shows which port they got.
"""

import faulthandler
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from under_test import Program, environment

RESP_ECHO = os.environ.get("RESP_ECHO", "resp-echo")
BIN = os.environ.get("RESP_BIN", "")  # the folder of the examples

# Seconds that one step may take on a busy machine and with sanitizers. Only a failing test waits this long.
PATIENCE = 30.0

# ctest kills a test file after 120 s and does not show where it was. This shows it.
faulthandler.dump_traceback_later(115, exit=True)


def run(*flags, **variables):
    """Runs a resp-echo that is expected to exit without a signal."""
    try:
        return subprocess.run([RESP_ECHO, *flags], env=environment(**variables), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired as still_runs:
        raise AssertionError(f"resp-echo {' '.join(flags)} does not end: {still_runs.stdout}") from None


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


class Server(Program):
    """A resp-echo on a free port. A thread collects its log."""

    def __init__(self, *flags, variables=None, preexec_fn=None, wait=True):
        self.stderr_file = tempfile.TemporaryFile()
        super().__init__(subprocess.Popen(
            [RESP_ECHO, *flags], env=environment(**{"RESP_PORT": "0", **(variables or {})}), preexec_fn=preexec_fn,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.stderr_file))
        self.output = bytearray()  # its log, as received
        self.output_ended = False
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._collect, daemon=True)
        self.reader.start()
        self.expected_exit_codes = {0}
        self.port = None
        if wait:
            try:
                self.port = int(self.wait_for_log(r"\[server\] Listening on \S+:(\d+)$")[1])
            except BaseException:
                self.process.kill()
                self.close()
                raise

    # ---- the log

    def _collect(self):
        while chunk := os.read(self.process.stdout.fileno(), 65536):
            with self.changed:
                self.output += chunk
                self.changed.notify_all()
        with self.changed:
            self.output_ended = True
            self.changed.notify_all()

    @property
    def log(self):
        with self.changed:
            return self.output.decode("latin-1")

    @property
    def stderr(self):
        if self.stderr_file.closed:
            return self.stderr_text
        self.stderr_file.seek(0)
        return self.stderr_file.read().decode("latin-1")

    def wait_for_log(self, pattern, count=1):
        """Waits until the log contains `pattern` `count` times. Returns the last of these matches."""
        deadline = time.monotonic() + PATIENCE
        with self.changed:
            while True:
                matches = list(re.finditer(pattern, self.output.decode("latin-1"), re.MULTILINE))
                if len(matches) >= count:
                    return matches[count - 1]
                left = deadline - time.monotonic()
                if self.output_ended or left <= 0:
                    raise AssertionError(f"the log has {len(matches)} of {count} times: {pattern}\n{self.stderr}")
                self.changed.wait(left)

    def tail(self, lines=20):
        return "\n".join(["    " + line for line in self.log.splitlines()[-lines:]] + [self.stderr])

    # ---- the process

    def signal(self, number):
        self.process.send_signal(number)

    def exit_code(self, within=PATIENCE):
        """Waits until the process exits."""
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"resp-echo still runs after {within} s") from None
        self.reader.join(PATIENCE)
        return self.process.returncode

    def close(self):
        """Stops the server. Fails if a sanitizer's report or a crash changed the exit code."""
        try:
            if self.is_running:
                self.signal(signal.SIGTERM)
            code = self.exit_code()
            if code not in self.expected_exit_codes:
                raise AssertionError(f"resp-echo ended with exit code {code}\n{self.stderr}")
        finally:
            if self.is_running:
                self.process.kill()
                self.process.wait()
            self.reader.join(PATIENCE)
            self.process.stdout.close()
            self.stderr_text = self.stderr
            self.stderr_file.close()


class Client:
    """A client that reads and writes bytes. Every operation has a deadline."""

    def __init__(self, address, family=socket.AF_INET, source=None):
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        if family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if source is not None:
                self.socket.bind((source, 0))
            self.socket.connect(address)
        except BaseException:
            self.socket.close()
            raise

    @property
    def name(self):
        """The client's name in the server's log, as a regular expression."""
        return r"\[%s:%d\]" % self.socket.getsockname()[:2]

    def send(self, data):
        self.socket.sendall(data)

    def read(self, n):
        """Reads exactly n bytes."""
        received = bytearray()
        while len(received) < n:
            chunk = self.socket.recv(min(n - len(received), 1 << 20))
            if not chunk:
                raise AssertionError(f"the stream ended after {len(received)} of {n} bytes: {bytes(received[-100:])}")
            received += chunk
        return bytes(received)

    def read_to_end(self):
        """Reads up to the end of the stream."""
        received = bytearray()
        while chunk := self.socket.recv(1 << 20):
            received += chunk
        return bytes(received)

    def ask(self, data, n=None):
        """Sends and reads at the same time, until n bytes are received. Default: as many bytes as are sent."""
        n = len(data) if n is None else n
        to_send = memoryview(data)
        received = bytearray()
        self.socket.setblocking(False)
        while to_send or len(received) < n:
            readable, writable, _ = select.select([self.socket], [self.socket] if to_send else [], [], PATIENCE)
            if not readable and not writable:
                raise AssertionError(f"only {len(received)} of {n} bytes came back")
            if writable:
                to_send = to_send[self.socket.send(to_send[:1 << 20]):]
            if readable:
                chunk = self.socket.recv(1 << 20)
                if not chunk:
                    raise AssertionError(f"the stream ended after {len(received)} of {n} bytes")
                received += chunk
        self.socket.settimeout(PATIENCE)
        return bytes(received)

    def is_silent_for(self, seconds):
        """Whether neither a byte nor the end of the stream arrives. Only the clock can show that nothing happens."""
        return not select.select([self.socket], [], [], seconds)[0]

    def shutdown_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes the connection with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()


class TestCase(unittest.TestCase):
    """Stops the servers that a test started. If the test fails, prints the end of their logs."""

    def run(self, result=None):
        self.servers = []
        result = result if result is not None else self.defaultTestResult()
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) != before:
            for server in self.servers:
                print(f"\nend of the log of a resp-echo in {self.id()}:\n{server.tail()}", file=sys.stderr)
        return result

    def serve(self, *flags, **options):
        server = Server(*flags, **options)
        self.servers.append(server)
        self.addCleanup(server.close)
        return server

    def connect(self, server, source=None):
        return self.connect_to(("127.0.0.1", server.port), source=source)

    def connect_to(self, address, family=socket.AF_INET, source=None):
        client = Client(address, family, source)
        self.addCleanup(client.close)
        return client

    def assert_same_bytes(self, received, expected):
        """assertEqual for large data: says at which byte they differ."""
        if received == expected:
            return
        at = next((i for i, pair in enumerate(zip(received, expected)) if pair[0] != pair[1]),
                  min(len(received), len(expected)))
        self.fail(f"{len(received)} bytes instead of {len(expected)} that differ at byte {at}: "
                  f"{bytes(received[at:at + 60])} instead of {bytes(expected[at:at + 60])}")

    def assert_echoes(self, client, data, expected=None):
        """The client is served: `data` comes back, or `expected` if given."""
        expected = data if expected is None else expected
        self.assert_same_bytes(client.ask(data, len(expected)), expected)

    def assert_closed(self, client):
        """The server closes the connection, by FIN or RST, and sends no byte before."""
        try:
            self.assertEqual(client.read_to_end(), b"")
        except ConnectionResetError:
            pass


class Example(TestCase):
    """Runs an example server on a free port and talks to it."""

    program = None
    arguments = ()

    def setUp(self):
        self.port = None
        self.process = subprocess.Popen([os.path.join(BIN, self.program), *self.arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(self.end)
        line = self.process.stdout.readline().decode()
        self.port = re.fullmatch(r"Listening on 127\.0\.0\.1:(\d+)\n", line)[1]

    def end(self):
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.assertIn(code, (0, -signal.SIGTERM))  # a sanitizer ends with another one

    def output(self, program, *arguments, lines="", code=0):
        done = subprocess.run([program, "-p", self.port, *arguments], input=lines.encode(), capture_output=True,
                              timeout=PATIENCE)
        self.assertEqual((done.stderr, done.returncode), (b"", code))
        return done.stdout.decode()

    def connect(self):
        return self.connect_to(("127.0.0.1", int(self.port)))

    def client(self, *arguments, lines="", code=0):
        return self.output(os.path.join(BIN, "client"), *arguments, lines=lines, code=code)


def main():
    unittest.main(verbosity=2)
