"""examples/queue has the commands of Redis' lists, and loses nothing when clients leave while they wait."""

import shutil
import subprocess
import threading
import unittest

from support import PATIENCE, Client, Example, main
from wire import command

try:
    import redis
except ImportError:
    redis = None

NODE = shutil.which("node")
HAS_IOREDIS = NODE and subprocess.run([NODE, "-e", "require('ioredis')"], capture_output=True).returncode == 0


class Queue(Example):
    program = "queue"
    arguments = ("--port", "0")

    def ask(self, client, line, expected):
        """Sends an inline command, and compares the bytes of the reply."""
        client.send(line.encode() + b"\r\n")
        self.assertEqual(client.read(len(expected)), expected, line)

    def waiting(self, line, other):
        """A client that waits for the reply to an inline command. `other` is another client of the same thread."""
        client = self.connect()
        self.ask(client, "PING", b"+PONG\r\n")
        client.send(line.encode() + b"\r\n")
        self.ask(other, "PING", b"+PONG\r\n")
        return client

    def test_lists_are_pushed_and_popped_at_both_ends(self):
        client = self.connect()
        for line, expected in (
                ("RPUSH k a b", b":2\r\n"), ("LPUSH k c d", b":4\r\n"), ("LLEN k", b":4\r\n"),
                ("LPOP k", b"$1\r\nd\r\n"), ("RPOP k", b"$1\r\nb\r\n"), ("LPOP k 0", b"*0\r\n"),
                ("RPOP k 9", b"*2\r\n$1\r\na\r\n$1\r\nc\r\n"), ("LLEN k", b":0\r\n"),
                ("LPOP k", b"$-1\r\n"), ("LPOP k 1", b"*-1\r\n"), ("RPUSH k a", b":1\r\n"),
                ("BLPOP none k 0", b"*2\r\n$1\r\nk\r\n$1\r\na\r\n"), ("BRPOP k 0.01", b"*-1\r\n")):
            self.ask(client, line, expected)

    def test_a_wrong_request_gets_the_error_of_redis(self):
        client = self.connect()
        for line, text in (
                ("LPUSH k", "wrong number of arguments for 'lpush' command"),
                ("BLPOP k", "wrong number of arguments for 'blpop' command"),
                ("LPOP k 1 2", "wrong number of arguments for 'lpop' command"),
                ("LPOP k -1", "value is out of range, must be positive"),
                ("RPOP k x", "value is out of range, must be positive"),
                ("BLPOP k x", "timeout is not a float or out of range"),
                ("BRPOP k nan", "timeout is not a float or out of range"),
                ("BLPOP k '1 '", "timeout is not a float or out of range"),
                ("BLPOP k 1e300", "timeout is out of range"),
                ("BLPOP k -1", "timeout is negative"),
                ("SELECT 1", "DB index is out of range"),
                ("LRANGE k 0 1", "unknown command 'LRANGE', with args beginning with: 'k' '0' '1' ")):
            self.ask(client, line, b"-ERR " + text.encode() + b"\r\n")

    def test_a_timeout_is_a_null_in_resp3(self):
        client = self.connect()
        client.send(command(b"HELLO", b"3") + command(b"BLPOP", b"k", b"0.01") + command(b"LPOP", b"k", b"1") +
                    command(b"QUIT"))
        self.assertTrue(client.read_to_end().endswith(b"$7\r\nmodules\r\n*0\r\n_\r\n_\r\n+OK\r\n"))

    def test_requests_after_a_waiting_one_are_answered_after_it(self):
        client, other = self.connect(), self.connect()
        client.send(b"BLPOP k 0\r\nPING\r\nBLPOP k 0\r\nPING\r\n")
        self.ask(other, "RPUSH k 1 2", b":2\r\n")
        expected = b"*2\r\n$1\r\nk\r\n$1\r\n1\r\n+PONG\r\n*2\r\n$1\r\nk\r\n$1\r\n2\r\n+PONG\r\n"
        self.assertEqual(client.read(len(expected)), expected)

    def test_the_client_that_came_first_is_served_first(self):
        pusher = self.connect()
        clients = [self.waiting("BLPOP none k 0", pusher) for _ in range(5)]
        for number, client in enumerate(clients[:3]):
            self.ask(pusher, f"RPUSH k {number}", b":1\r\n")
            self.assertEqual(client.read(18), b"*2\r\n$1\r\nk\r\n$1\r\n%d\r\n" % number)
        # No other client gets what is there for a waiting one.
        expected = b":3\r\n:1\r\n$1\r\nc\r\n$-1\r\n"
        pusher.send(b"RPUSH k a b c\r\nLLEN k\r\nRPOP k\r\nRPOP k\r\n")
        self.assertEqual(pusher.read(len(expected)), expected)
        for name, client in zip((b"a", b"b"), clients[3:]):
            self.assertEqual(client.read(18), b"*2\r\n$1\r\nk\r\n$1\r\n%s\r\n" % name)

    def test_an_element_stays_if_the_client_that_waited_has_left(self):
        pusher = self.connect()
        for leave in (Client.reset, Client.close, Client.shutdown_sending) * 10:
            leave(self.waiting("BLPOP k 0", pusher))
            self.ask(pusher, "RPUSH k 1", b":1\r\n")
            self.ask(pusher, "BLPOP k 10", b"*2\r\n$1\r\nk\r\n$1\r\n1\r\n")

    def test_the_server_stops_while_a_client_waits(self):
        client = self.connect()
        client.send(b"PING\r\nBLPOP k 0\r\n")
        self.assertEqual(client.read(7), b"+PONG\r\n")
        self.process.terminate()
        self.assertEqual(client.read_to_end(), b"")


class Threads(Example):
    program = "queue"
    arguments = ("--port", "0", "--threads", "2")
    COUNT = 2000

    def consume(self, received):
        client = self.connect()
        while True:
            client.send(b"BLPOP a b 0\r\n")
            head = client.read(15)  # *2 $1 a $<digits of the length>
            element = client.read(int(head[12:13]) + 2)[:-2]
            if element == b"stop":
                return
            received.append(int(element))

    def produce(self, numbers):
        client = self.connect()
        for number in numbers:
            client.send(b"RPUSH %s %d\r\n" % (b"a" if number % 2 else b"b", number))
            while not client.read(1).endswith(b"\n"):
                pass

    def test_each_element_arrives_exactly_once(self):
        received = [[] for _ in range(4)]
        consumers = [threading.Thread(target=self.consume, args=(one,)) for one in received]
        producers = [threading.Thread(target=self.produce, args=(range(i, self.COUNT, 2),)) for i in range(2)]
        for thread in consumers + producers:
            thread.start()
        for thread in producers:
            thread.join(PATIENCE)
        stop = self.connect()
        for _ in consumers:
            stop.send(b"RPUSH a stop\r\n")
        for thread in consumers:
            thread.join(PATIENCE)
        stop.read(4 * len(b":1\r\n"))
        # The consumers may have stopped before they took all.
        stop.send(b"LPOP b 5000\r\nQUIT\r\n")
        left = [int(line) for line in stop.read_to_end().split(b"\r\n") if line.isdigit()]
        self.assertEqual(sorted(sum(received, left)), list(range(self.COUNT)))

    @unittest.skipUnless(redis, "python3-redis is not installed")
    def test_redis_py_waits_for_elements(self):
        client = redis.Redis(port=int(self.port), socket_timeout=PATIENCE)
        self.assertIsNone(client.blpop("jobs", timeout=0.01))
        pushes = threading.Thread(target=lambda: redis.Redis(port=int(self.port)).rpush("jobs", "first", "second"))
        pushes.start()
        self.assertEqual(client.blpop(["other", "jobs"], timeout=0), (b"jobs", b"first"))
        pushes.join(PATIENCE)
        self.assertEqual(client.brpop("jobs"), (b"jobs", b"second"))
        self.assertEqual(client.lpush("jobs", 1, 2, 3), 3)
        self.assertEqual((client.llen("jobs"), client.lpop("jobs", 2), client.rpop("jobs")), (3, [b"3", b"2"], b"1"))
        with self.assertRaisesRegex(redis.ResponseError, "timeout is negative"):
            client.blpop("jobs", timeout=-1)

    @unittest.skipUnless(HAS_IOREDIS, "node finds no ioredis")
    def test_ioredis_waits_for_elements(self):
        script = """
            const Redis = require('ioredis');
            const [waits, pushes] = [new Redis(+process.argv[1]), new Redis(+process.argv[1])];
            (async () => {
                console.log(await waits.blpop('jobs', 0.01));
                const element = waits.brpop('other', 'jobs', 0);
                console.log(await pushes.rpush('jobs', 'first'));
                console.log(await element, await pushes.llen('jobs'));
                waits.disconnect();
                await pushes.quit();
            })();
        """
        done = subprocess.run([NODE, "-e", script, self.port], capture_output=True, timeout=PATIENCE)
        self.assertEqual((done.stdout.decode(), done.stderr), ("null\n1\n[ 'jobs', 'first' ] 0\n", b""))


if __name__ == "__main__":
    main()
