"""Real clients work with resp-echo, and several clients do not disturb each other."""

import os
import re
import subprocess
import threading
import unittest

from support import PATIENCE, TestCase, main, needs
from wire import bulk, command

try:
    import pexpect
except ImportError:
    pexpect = None


class RedisCli(TestCase):
    def redis_cli(self, server, *arguments, lines=""):
        return subprocess.run(["redis-cli", "-p", str(server.port), *arguments], input=lines.encode(),
                              capture_output=True, timeout=PATIENCE)

    @needs("redis-cli")
    def test_redis_cli_shows_its_own_command(self):
        shown = self.redis_cli(self.serve(), "SET", "greeting", "Hello world!")
        self.assertEqual((shown.stdout, shown.stderr, shown.returncode), (b"SET\ngreeting\nHello world!\n", b"", 0))

    @needs("redis-cli")
    def test_redis_cli_shows_each_command_of_its_input(self):
        shown = self.redis_cli(self.serve(), lines='PING\nSET greeting "Hello world!"\n')
        self.assertEqual((shown.stdout, shown.returncode), (b"PING\nSET\ngreeting\nHello world!\n", 0))

    @needs("redis-cli")
    def test_redis_cli_accepts_the_echo_of_its_hello(self):
        server = self.serve("--log-level", "debug")
        shown = self.redis_cli(server, "-3", "PING")
        self.assertEqual((shown.stdout, shown.returncode), (b"PING\n", 0))
        server.wait_for_log(r'Received Array \["HELLO", "3"\]$')

    @needs("redis-cli")
    @unittest.skipUnless(pexpect, "pexpect is not installed")
    def test_interactive_redis_cli_shows_the_echo_and_quits(self):
        server = self.serve()
        prompt = f"127.0.0.1:{server.port}> "
        terminal = pexpect.spawn("redis-cli", ["-p", str(server.port)], timeout=PATIENCE, dimensions=(24, 100),
                                 env={**os.environ, "TERM": "dumb", "REDISCLI_HISTFILE": "/dev/null"})
        self.addCleanup(terminal.close, force=True)
        terminal.expect_exact(prompt)
        terminal.sendline('SET greeting "Hello world!"')
        for line in ('1) "SET"\r\n', '2) "greeting"\r\n', '3) "Hello world!"\r\n', prompt):
            terminal.expect_exact(line)
        terminal.sendline("quit")
        terminal.expect(pexpect.EOF)
        terminal.wait()
        self.assertEqual(terminal.exitstatus, 0)


class RedisBenchmark(TestCase):
    @needs("redis-benchmark")
    def test_redis_benchmark_finishes_without_errors(self):
        server = self.serve()
        ran = subprocess.run(["redis-benchmark", "-p", str(server.port), *"-t ping,set -n 20000 -P 16 -q".split()],
                             capture_output=True, timeout=90)
        for test in (b"PING_INLINE", b"PING_MBULK", b"SET"):
            self.assertRegex(ran.stdout, re.escape(test) + rb": \d+\.\d+ requests per second")
        self.assertEqual((ran.stderr, ran.returncode), (b"", 0))


class SeveralClients(TestCase):
    def test_a_client_inside_a_frame_does_not_delay_another_client(self):
        server = self.serve()
        slow, other = self.connect(server), self.connect(server)
        frame = bulk(b"slow and steady")
        for i in range(len(frame) - 1):
            slow.send(frame[i:i + 1])
            self.assert_echoes(other, b":%d\r\n" % i)
        slow.send(frame[-1:])
        self.assert_same_bytes(slow.read(len(frame)), frame)

    def test_an_endless_upload_does_not_delay_another_client(self):
        server = self.serve()
        busy, other = self.connect(server), self.connect(server)
        frames = b"".join(bulk(b"%07d" % i * 10_000) for i in range(100))
        done = threading.Event()
        uploads, failures = [], []

        def upload():
            try:
                while not done.is_set():
                    self.assert_echoes(busy, frames)
                    uploads.append(len(frames))
            except BaseException as failure:
                failures.append(failure)

        uploading = threading.Thread(target=upload)
        uploading.start()
        self.addCleanup(uploading.join)
        self.addCleanup(done.set)
        for i in range(200):
            self.assert_echoes(other, b":%d\r\n" % i)
        done.set()
        uploading.join()
        self.assertEqual(failures, [])
        self.assertGreater(len(uploads), 0)

    def test_fifty_clients_on_two_threads_are_served(self):
        server = self.serve("--threads", "2")
        clients = [self.connect(server) for _ in range(50)]
        for size in range(10):
            requests = [command(b"SET", b"client%d" % i, b"x" * size * i) for i in range(len(clients))]
            for client, request in zip(clients, requests):
                client.send(request)
            for client, request in zip(clients, requests):
                self.assert_same_bytes(client.read(len(request)), request)
        server.wait_for_log("Accepted connection", count=50)

    def test_a_reset_connection_does_not_disturb_other_clients(self):
        server = self.serve()
        other = self.connect(server)
        for sent in (b"", b":4", b":1\r\n", bulk(b"x" * 1_000_000)):
            client = self.connect(server)
            client.send(sent)
            name = client.name
            client.reset()
            server.wait_for_log(rf"{name} Ending connection")
            self.assert_echoes(other, b":42\r\n")


if __name__ == "__main__":
    main()
