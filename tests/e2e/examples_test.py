"""The examples do what the comments at their top say, with the clients that these name."""

import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

from support import BIN, PATIENCE, Client, Example, TestCase, main, needs
from wire import command


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


class Throttle(Example):
    program = "throttle"
    arguments = ("0",)

    def test_a_key_may_act_as_often_as_its_burst(self):
        asked = [self.client("THROTTLE", "user:7", "3", "10", "60") for _ in range(4)]
        self.assertEqual(asked[:3], ["1\n2\n0\n", "1\n1\n0\n", "1\n0\n0\n"])
        self.assertRegex(asked[3], r"^0\n0\n[456]\n$")
        self.assertEqual(self.client("THROTTLE", "other", "3", "10", "60"), "1\n2\n0\n")

    def test_bad_numbers_are_errors(self):
        self.assertEqual(self.client("THROTTLE", "k", "0", "10", "60", code=1), "ERR a number is zero\n\n")
        self.assertEqual(self.client("THROTTLE", "k", "x", "10", "60", code=1),
                         "ERR value is not an integer or out of range\n\n")


class Chat(Example):
    program = "chat"
    arguments = ("0",)

    def test_who_listens_hears_who_says_what(self):
        listener, speaker = self.connect(), self.connect()
        confirmed = b"*3\r\n$9\r\nsubscribe\r\n$5\r\nlobby\r\n:1\r\n"
        self.assertEqual(listener.ask(command(b"SUBSCRIBE", b"lobby"), len(confirmed)), confirmed)
        error = b"-ERR say who you are first: CLIENT SETNAME name\r\n"
        self.assertEqual(speaker.ask(command(b"SAY", b"lobby", b"hi"), len(error)), error)
        self.assertEqual(speaker.ask(command(b"CLIENT", b"SETNAME", b"alice"), 5), b"+OK\r\n")
        self.assertEqual(speaker.ask(command(b"SAY", b"lobby", b"hi"), 4), b":1\r\n")
        heard = b"*3\r\n$7\r\nmessage\r\n$5\r\nlobby\r\n$9\r\nalice: hi\r\n"
        self.assertEqual(listener.ask(b"", len(heard)), heard)
        rooms = b"*2\r\n$5\r\nlobby\r\n:1\r\n"
        self.assertEqual(speaker.ask(command(b"ROOMS"), len(rooms)), rooms)


class Kv(Example):
    program = "kv"
    arguments = ("--port", "0", "--threads", "2")

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
                         "NOPROTO unsupported protocol version\n\nERR Syntax error in HELLO option 'FOO'\n\n\n")

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

    def test_randomkey_returns_each_key(self):
        client = self.connect()
        for i in range(50):
            client.send(command(b"FLUSHDB") + command(b"MSET", b"a%d" % i, b"1", b"b%d" % i, b"2"))
            self.assertEqual([read_line(client), read_line(client)], [b"+OK", b"+OK"])
            client.send(command(b"RANDOMKEY") * 100)
            found = {[read_line(client), read_line(client)][1] for _ in range(100)}
            self.assertEqual(found, {b"a%d" % i, b"b%d" % i})

    def test_exec_runs_nothing_if_a_watched_key_has_expired(self):
        client = self.connect()
        for _ in range(10):  # kv removes expired keys by itself ten times a second
            client.send(command(b"SET", b"key", b"1", b"PX", b"20") + command(b"WATCH", b"key") + command(b"PTTL", b"key"))
            left = [read_line(client) for _ in range(3)][2]
            time.sleep(0.021)
            client.send(command(b"MULTI") + command(b"INCR", b"key") + command(b"EXEC"))
            replies = [read_line(client) for _ in range(3)]
            if left == b":-2":  # it had ended before WATCH
                read_line(client)
            else:
                self.assertEqual(replies, [b"+OK", b"+QUEUED", b"*-1"])

    @needs("redis-benchmark")
    def test_redis_benchmark_finishes_without_errors(self):
        shown = self.output("redis-benchmark", "-t", "ping,set,get", "-n", "5000", "-P", "8", "-q")
        for name in ("PING_INLINE", "PING_MBULK", "SET", "GET"):
            self.assertRegex(shown, name + r": [\d.]+ requests per second")


def read_line(client):
    line = b""
    while not line.endswith(b"\r\n"):
        line += client.read(1)
    return line[:-2]


class LogStore(TestCase):
    """Kills the store at any moment: everything that it has acknowledged is there afterwards."""

    ROUNDS = int(os.environ.get("LOG_STORE_ROUNDS", "10"))
    CLIENTS = 8

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.log = os.path.join(self.folder.name, "store.log")
        self.process = None
        self.addCleanup(self.kill)

    def start(self):
        self.process = subprocess.Popen([os.path.join(BIN, "log-store"), "--port", "0", "--log", self.log],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        return "127.0.0.1", int(re.fullmatch(r"Listening on 127\.0\.0\.1:(\d+)\n", line)[1])

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process.stdout.close()
            self.process = None

    def write(self, address, name, acknowledged):
        """Writes one number after another under `name`, until the store is gone."""
        try:
            with socket.create_connection(address, PATIENCE) as client:
                for number in range(1, 1_000_000):
                    client.sendall(command(b"SET", name, b"%d" % number))
                    if client.recv(5) != b"+OK\r\n":
                        return
                    acknowledged[name] = number
        except OSError:
            return

    def test_no_acknowledged_write_is_lost(self):
        for round_ in range(self.ROUNDS):
            address = self.start()
            acknowledged = {}
            threads = [threading.Thread(target=self.write, args=(address, b"%d-%d" % (round_, i), acknowledged))
                       for i in range(self.CLIENTS)]
            for thread in threads:
                thread.start()
            time.sleep(0.02 + 0.013 * (round_ % 10))
            self.kill()
            for thread in threads:
                thread.join(PATIENCE)
            client = Client(self.start())
            for name, number in acknowledged.items():
                client.send(command(b"GET", name))
                length = int(read_line(client)[1:])
                found = int(client.read(length + 2))
                # One more may have reached the disk without its reply.
                self.assertIn(found, (number, number + 1))
            client.close()
            self.kill()

    def test_one_sync_serves_many_clients(self):
        address = self.start()
        clients = [Client(address) for _ in range(50)]
        for round_ in range(20):
            self.process.send_signal(signal.SIGSTOP)  # so that all are ready together
            for client in clients:
                client.send(command(b"SET", b"key", b"%d" % round_))
            self.process.send_signal(signal.SIGCONT)
            for client in clients:
                self.assertEqual(client.read(5), b"+OK\r\n")
        clients[0].send(command(b"SYNCS"))
        syncs = int(read_line(clients[0])[1:])
        for client in clients:
            client.close()
        self.assertLessEqual(syncs, 20 * 50 // 20)

    def test_an_incomplete_command_at_the_end_of_the_log_is_cut_off(self):
        with open(self.log, "wb") as log:
            log.write(command(b"SET", b"a", b"1") + command(b"SET", b"b", b"2")[:-3])
        client = Client(self.start())
        client.send(command(b"GET", b"a") + command(b"GET", b"b") + command(b"SET", b"c", b"3"))
        self.assertEqual(client.read(7 + 5 + 5), b"$1\r\n1\r\n$-1\r\n+OK\r\n")
        client.close()
        self.kill()
        with open(self.log, "rb") as log:
            self.assertEqual(log.read(), command(b"SET", b"a", b"1") + command(b"SET", b"c", b"3"))


if __name__ == "__main__":
    main()
