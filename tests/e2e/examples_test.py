"""The examples do what the comments at their top say, with the clients that these name."""

import os
import re
import subprocess
import unittest

from support import PATIENCE, Client, TestCase, main, needs
from under_test import free_port
from wire import command

BIN = os.environ.get("RESP_BIN", "")


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
        self.process.wait(PATIENCE)
        self.process.stdout.close()

    def output(self, program, *arguments, lines=""):
        done = subprocess.run([program, "-p", self.port, *arguments], input=lines.encode(), capture_output=True,
                              timeout=PATIENCE)
        self.assertEqual((done.stderr, done.returncode), (b"", 0))
        return done.stdout.decode()

    def client(self, *arguments, lines=""):
        return self.output(os.path.join(BIN, "client"), *arguments, lines=lines)


class Echo(Example):
    program = "echo"
    arguments = ("0",)

    @needs("redis-cli")
    def test_echo_sends_a_command_back(self):
        self.assertEqual(self.output("redis-cli", "SET", "greeting", "Hello world!"), "SET\ngreeting\nHello world!\n")

    def test_echo_refuses_an_argument_that_is_not_a_port(self):
        for port in ("abc", "70000", "-1", "", "80x", " 80"):
            with self.subTest(port):
                done = subprocess.run([os.path.join(BIN, "echo"), port], capture_output=True, timeout=PATIENCE)
                self.assertEqual(done.stderr.decode(), f'echo: "{port}" is not a port (0 to 65535)\n')
                self.assertEqual((done.returncode, done.stdout), (2, b""))


class Kv(Example):
    program = "kv"
    arguments = ("--port", "0", "--threads", "2")

    def test_client_sets_and_gets_a_greeting(self):
        self.assertEqual(self.client("SET", "greeting", "Hello world!"), '"OK"\n')
        self.assertEqual(self.client("GET", "greeting"), '"Hello world!"\n')

    def test_client_sends_each_line_of_its_input(self):
        lines = 'SET greeting "Hello world!"\nGET greeting\n\nEXISTS greeting nothing\nDEL greeting\nGET greeting\n'
        self.assertEqual(self.client(lines=lines), '"OK"\n"Hello world!"\n1\n1\nnil\n')

    def test_client_shows_an_error_reply(self):
        self.assertEqual(self.client("GET"), "(error) ERR wrong number of arguments for 'get' command\n")

    @needs("redis-cli")
    def test_redis_cli_works_in_resp2_and_resp3(self):
        for version in ((), ("-3",)):
            with self.subTest(version=version):
                self.assertEqual(self.output("redis-cli", *version, "SET", "k", "a b"), "OK\n")
                self.assertEqual(self.output("redis-cli", *version, "GET", "k"), "a b\n")
                self.assertEqual(self.output("redis-cli", *version, "GET", "none"), "\n")
                self.assertEqual(self.output("redis-cli", *version, "ECHO", "x"), "x\n")

    @needs("redis-cli")
    def test_hello_returns_a_map_and_changes_nothing_if_it_is_wrong(self):
        self.assertIn("proto 3\n", self.output("redis-cli", "HELLO", "3"))
        self.assertEqual(self.output("redis-cli", lines="HELLO 4\nHELLO 3 FOO\nGET none\n"),
                         "NOPROTO unsupported protocol version\n\nERR syntax error\n\n\n")

    def test_an_unknown_command_gets_the_error_text_of_redis(self):
        client = Client(("127.0.0.1", int(self.port)))
        self.addCleanup(client.close)
        expected = b"-ERR unknown command 'FOO', with args beginning with: 'a' 'b' \r\n"
        self.assertEqual(client.ask(command(b"FOO", b"a", b"b"), len(expected)), expected)

    def test_quit_gets_its_reply_and_later_commands_are_dropped(self):
        client = Client(("127.0.0.1", int(self.port)))
        self.addCleanup(client.close)
        client.send(command(b"QUIT") + command(b"SET", b"after", b"quit"))
        self.assertEqual(client.read_to_end(), b"+OK\r\n")
        self.assertEqual(self.client("EXISTS", "after"), "0\n")

    @needs("redis-benchmark")
    def test_redis_benchmark_finishes_without_errors(self):
        shown = self.output("redis-benchmark", "-t", "ping,set,get", "-n", "5000", "-P", "8", "-q")
        for name in ("PING_INLINE", "PING_MBULK", "SET", "GET"):
            self.assertRegex(shown, name + r": [\d.]+ requests per second")


class Alone(unittest.TestCase):
    def test_client_reports_a_refused_connection(self):
        done = subprocess.run([os.path.join(BIN, "client"), "-p", str(free_port()), "PING"], capture_output=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rb"^client: connect: Connection refused")


if __name__ == "__main__":
    main()
