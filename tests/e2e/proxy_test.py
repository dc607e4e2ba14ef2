"""examples/proxy answers each request in order: with the reply of its upstream, or with an error if that is down."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest

from support import BIN, PATIENCE, Client, Example, main, needs
from under_test import Program, free_port
from wire import bulk, command

try:
    import redis
except ImportError:
    redis = None

DOWN = b"-ERR upstream is down\r\n"
ROUNDS = int(os.environ.get("PROXY_ROUNDS", "5"))


class Upstream:
    """Accepts connections, which the test reads and answers."""

    def __init__(self, port=0):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]

    def accept(self):
        connection = Client.__new__(Client)
        connection.socket, _ = self.listener.accept()
        connection.socket.settimeout(PATIENCE)
        return connection

    def close(self):
        self.listener.close()


class Proxy(Example):
    program = "proxy"
    threads = "1"

    def setUp(self):
        self.prepare()
        self.arguments = ("--port", "0", "--threads", self.threads, "--upstream", f"127.0.0.1:{self.upstream_port}")
        super().setUp()

    def stop(self):
        """Stops the proxy. Returns its counts of commands."""
        self.process.terminate()
        return dict(line.rsplit(" ", 1) for line in self.process.stdout.read().decode().splitlines())


class WithScript(Proxy):
    """The test plays the upstream."""

    def prepare(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)
        self.upstream_port = self.upstream.port

    def accept(self):
        connection = self.upstream.accept()
        self.addCleanup(connection.close)
        return connection

    def expect(self, connection, expected):
        self.assertEqual(connection.read(len(expected)), expected)

    def test_stateless_clients_share_a_connection_and_get_their_own_replies(self):
        clients = [self.connect() for _ in range(3)]
        for i, client in enumerate(clients):
            client.send(command(b"GET", b"%d" % i))
            if i == 0:
                upstream = self.accept()
            self.expect(upstream, command(b"GET", b"%d" % i))
        upstream.send(b":0\r\n:1\r\n:2\r\n")
        for i, client in enumerate(clients):
            self.expect(client, b":%d\r\n" % i)

    def test_an_inline_command_is_forwarded_as_an_array(self):
        self.connect().send(b"set 'a key' \"\\x00\"\r\n")
        self.expect(self.accept(), command(b"set", b"a key", b"\0"))

    def test_a_request_is_forwarded_byte_by_byte_as_it_was_sent(self):
        client = self.connect()
        client.send(command(b"pInG"))
        upstream = self.accept()
        self.expect(upstream, command(b"pInG"))
        upstream.send(b"+PO")
        self.assertTrue(client.is_silent_for(0.05))
        upstream.send(b"NG\r\n")
        self.expect(client, b"+PONG\r\n")

    def test_replies_of_any_form_and_cut_come_back_as_they_are(self):
        replies = (b"*2\r\n*1\r\n:1\r\n$-1\r\n%1\r\n+a\r\n#t\r\n-ERR x\r\n$3\r\na\nb\r\n*-1\r\n*0\r\n" +
                   bulk(b"x" * 100_000))
        client = self.connect()
        client.send(command(b"GET", b"k") * 7)
        upstream = self.accept()
        self.expect(upstream, command(b"GET", b"k") * 7)
        for i in range(0, 60):
            upstream.send(replies[i:i + 1])
        upstream.send(replies[60:])
        self.expect(client, replies)

    def test_pushes_of_a_subscriber_reach_it_and_no_other_client(self):
        client, other = self.connect(), self.connect()
        other.send(command(b"GET", b"k"))
        shared = self.accept()
        self.expect(shared, command(b"GET", b"k"))
        client.send(command(b"SUBSCRIBE", b"news"))
        own = self.accept()
        self.expect(own, command(b"SUBSCRIBE", b"news"))
        for i in range(100):
            own.send(b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n" + bulk(b"%d" % i))
        for i in range(100):
            self.expect(client, b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n" + bulk(b"%d" % i))
        client.send(command(b"GET", b"own"))
        self.expect(own, command(b"GET", b"own"))
        shared.send(b":1\r\n")
        self.expect(other, b":1\r\n")

    def test_a_stateful_request_waits_for_the_replies_before_it(self):
        client = self.connect()
        client.send(command(b"SET", b"k", b"1") + command(b"MULTI") + command(b"GET", b"k"))
        shared = self.accept()
        self.expect(shared, command(b"SET", b"k", b"1"))
        own = self.accept()
        self.assertTrue(own.is_silent_for(0.05))
        shared.send(b"+OK\r\n")
        self.expect(own, command(b"MULTI") + command(b"GET", b"k"))
        own.send(b"+OK\r\n+QUEUED\r\n")
        self.expect(client, b"+OK\r\n+OK\r\n+QUEUED\r\n")

    def test_a_client_ends_when_its_connection_to_the_upstream_ends(self):
        client = self.connect()
        client.send(command(b"WATCH", b"k"))
        own = self.accept()
        own.send(b"+OK\r\n")
        own.close()
        self.assertEqual(client.read_to_end(), b"+OK\r\n")

    def test_a_client_that_leaves_ends_its_own_connection(self):
        for leave in (Client.close, Client.reset):
            client = self.connect()
            client.send(command(b"MONITOR"))
            own = self.accept()
            self.expect(own, command(b"MONITOR"))
            leave(client)
            self.assertEqual(own.read_to_end(), b"")

    def test_requests_without_a_reply_get_an_error_when_the_upstream_ends(self):
        client, other = self.connect(), self.connect()
        client.send(command(b"GET", b"1"))
        upstream = self.accept()
        client.send(command(b"GET", b"2") + command(b"GET", b"3") + command(b"GET", b"4"))
        self.expect(upstream, b"".join(command(b"GET", b"%d" % i) for i in (1, 2, 3, 4)))
        other.send(command(b"GET", b"5"))
        self.expect(upstream, command(b"GET", b"5"))
        upstream.send(b":1\r\n:2\r\n:3")
        self.expect(client, b":1\r\n")
        upstream.close()
        self.expect(client, b":2\r\n" + DOWN + DOWN)
        self.expect(other, DOWN)
        again = self.accept()
        # Requests fail until the proxy has noticed that it is connected again.
        while True:
            client.send(command(b"GET", b"6"))
            if not client.is_silent_for(0.2):
                self.expect(client, DOWN)
                continue
            self.expect(again, command(b"GET", b"6"))
            again.send(b":6\r\n")
            return self.expect(client, b":6\r\n")

    def test_bytes_that_are_no_reply_end_the_connection_to_the_upstream(self):
        client = self.connect()
        client.send(command(b"GET", b"1"))
        self.accept().send(b"HTTP/1.1 400 Bad Request\r\n")
        self.expect(client, DOWN)
        upstream = self.accept()
        upstream.send(b"+unasked\r\n")
        self.assertEqual(upstream.read_to_end(), b"")

    def sent_before_it_blocks(self, sender, data, most):
        """The bytes that the sender can send although the other side reads nothing."""
        sent = 0
        sender.socket.settimeout(0.5)
        try:
            while sent <= most:
                sent += sender.socket.send(data)
        except TimeoutError:
            pass
        sender.socket.settimeout(PATIENCE)
        return sent

    def test_a_client_and_an_upstream_that_do_not_read_pace_each_other(self):
        client = self.connect()
        client.send(command(b"SUBSCRIBE", b"news"))
        own = self.accept()
        self.expect(own, command(b"SUBSCRIBE", b"news"))
        push, most = bulk(b"x" * 1_000_000), 40_000_000
        sent = self.sent_before_it_blocks(own, push, most)
        self.assertLess(sent, most)
        received = sum(len(client.read(min(1 << 20, sent - at))) for at in range(0, sent, 1 << 20))
        self.assertEqual(received, sent)
        sent = self.sent_before_it_blocks(client, b"PING\r\n" * 100_000, most)
        self.assertLess(sent, most)

    def test_a_long_value_streams_both_ways_in_constant_memory(self):
        mib, pieces = os.urandom(1 << 20), int(os.environ.get("PROXY_MIB", "64"))
        head = b"*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n" % (pieces << 20)
        tail = b"\r\n" + bulk(b"NX")
        proxy, client = Program(self.process), self.connect()
        client.send(command(b"GET", b"k"))
        shared = self.accept()
        self.expect(shared, command(b"GET", b"k"))
        before = proxy.memory()
        for before_it, after_it, way in ((head, tail, "in"), (b"$%d\r\n" % (pieces << 20), b"\r\n", "out")):
            if way == "in":
                sender = self.in_background(client, before_it, [mib] * pieces, after_it)
                shared.send(b":1\r\n")
                self.expect(client, b":1\r\n")
                receiver = own = self.accept()
            else:
                sender, receiver = self.in_background(own, before_it, [mib] * pieces, after_it), client
            self.expect(receiver, before_it)
            for _ in range(pieces):
                self.assertTrue(receiver.read(len(mib)) == mib)
            self.expect(receiver, after_it)
            sender.join(PATIENCE)
            if way == "in":
                own.send(b"+OK\r\n")
                self.expect(client, b"+OK\r\n")
        growth = proxy.most_memory() - before
        print(f"{pieces} MiB each way: memory grows by {growth / (1 << 20):.1f} MiB", file=sys.stderr)
        if not proxy.is_sanitized():
            self.assertLess(growth, 16 << 20)

    def in_background(self, connection, *parts):
        def send():
            for part in parts:
                for piece in part if isinstance(part, list) else [part]:
                    connection.send(piece)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        return sender

    def test_a_client_that_leaves_inside_a_long_value_ends_its_own_connection(self):
        client = self.connect()
        client.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5000000\r\n" + b"x" * 1_000_000)
        own = self.accept()
        self.assertEqual(own.read(1000)[:10], b"*3\r\n$3\r\nSE")
        client.close()
        own.read_to_end()

    def test_an_upstream_that_does_not_read_slows_its_clients_down(self):
        client, most = self.connect(), 40_000_000
        client.send(command(b"GET", b"k"))
        self.accept()
        self.assertLess(self.sent_before_it_blocks(client, command(b"SET", b"k", b"x" * 1000) * 1000, most), most)

    def test_it_stops_and_prints_how_often_each_command_was_sent(self):
        client = self.connect()
        client.send(command(b"") + command(b"get", b"k") + command(b"GET", b"k") + command(b"\x1b", b"k") +
                    command(b"WATCH", b"k"))
        shared = self.accept()
        shared.send(b":1\r\n" * 4)
        self.accept().send(b"+OK\r\n")
        self.expect(client, b":1\r\n" * 4 + b"+OK\r\n")
        self.assertEqual(self.stop(), {"": "1", "GET": "2", "\\x1b": "1", "WATCH": "1"})


class WithoutUpstream(Proxy):
    def prepare(self):
        self.upstream_port = free_port()

    def test_each_request_gets_an_error_while_the_upstream_is_down(self):
        client = self.connect()
        for _ in range(3):
            self.assertEqual(client.ask(command(b"GET", b"k") * 100, len(DOWN) * 100), DOWN * 100)
        client.send(b"GET k\r\nMULTI\r\n")
        self.assertEqual(client.read_to_end(), DOWN * 2)

    def test_the_proxy_connects_when_the_upstream_is_there(self):
        client = self.connect()
        self.assertEqual(client.ask(command(b"GET", b"k"), len(DOWN)), DOWN)
        upstream = Upstream(self.upstream_port)
        self.addCleanup(upstream.close)
        connection = upstream.accept()
        self.addCleanup(connection.close)
        client.send(b"SUBSCRIBE news\r\n")
        own = upstream.accept()
        self.addCleanup(own.close)
        own.send(b"+subscribed\r\n")
        self.assertEqual(client.read(13), b"+subscribed\r\n")


class WithServer(Proxy):
    """The upstream is a server: redis-server if it is installed, otherwise examples/kv."""

    threads = "2"

    def prepare(self):
        self.upstream_port = free_port()
        self.server = None
        self.addCleanup(self.kill)
        self.start()

    def start(self):
        redis = shutil.which("redis-server")
        arguments = [redis, "--save", ""] if redis else [os.path.join(BIN, "kv")]
        self.server = subprocess.Popen([*arguments, "--port", str(self.upstream_port)], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not self.listens():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.upstream_port)) == 0

    def kill(self):
        if self.server is not None:
            self.server.kill()
            self.server.wait(PATIENCE)
            self.server = None

    @needs("redis-cli")
    def test_redis_cli_works_in_resp2_and_resp3(self):
        for version in ((), ("-3",)):
            self.assertEqual(self.output("redis-cli", *version, "SET", "k", "a b"), "OK\n")
            self.assertEqual(self.output("redis-cli", *version, "GET", "k"), "a b\n")

    @needs("redis-benchmark")
    def test_redis_benchmark_finishes_without_errors(self):
        shown = self.output("redis-benchmark", "-t", "set,get", "-n", "20000", "-P", "32", "-q")
        self.assertRegex(shown, r"GET: [\d.]+ requests per second")

    @unittest.skipUnless(redis, "python3-redis is not installed")
    def test_redis_py_gets_the_replies_of_a_pipeline(self):
        pipeline = redis.Redis(port=int(self.port)).pipeline(transaction=False)
        for i in range(100):
            pipeline.set(f"k{i}", i).get(f"k{i}")
        self.assertEqual(pipeline.execute(), [reply for i in range(100) for reply in (True, b"%d" % i)])

    @unittest.skipUnless(redis, "python3-redis is not installed")
    @needs("redis-server")
    def test_redis_py_subscribes_and_runs_transactions(self):
        client = redis.Redis(port=int(self.port))
        with client.pubsub() as subscriber:
            subscriber.subscribe("news")
            self.assertEqual(subscriber.get_message(timeout=PATIENCE)["type"], "subscribe")
            self.assertEqual(client.publish("news", "first"), 1)
            self.assertEqual(subscriber.get_message(timeout=PATIENCE)["data"], b"first")
        self.assertEqual(client.pipeline(transaction=True).set("k", 1).incr("k").execute(), [True, 2])
        client.rpush("jobs", "first")
        self.assertEqual(client.blpop("jobs"), (b"jobs", b"first"))

    def test_one_thousand_different_pipelines_are_answered_in_order(self):
        clients = [self.connect() for _ in range(20)]
        for round_ in range(50):
            expected = []
            for i, client in enumerate(clients):
                words = [b"%d-%d-%d" % (round_, i, n) for n in range((round_ * i) % 100 + 1)]
                client.send(b"".join(command(b"ECHO", word) for word in words))
                expected.append(b"".join(bulk(word) for word in words))
            for client, replies in zip(clients, expected):
                self.assert_same_bytes(client.read(len(replies)), replies)

    def both(self):
        """A client on the shared connection, and one with its own."""
        shared, own = self.connect(), self.connect()
        own.send(command(b"SELECT", b"0"))
        self.assertEqual(own.read(5), b"+OK\r\n")
        return {"shared": shared, "own": own}.items()

    def test_a_slow_reader_of_100_mb_gets_everything(self):
        value = os.urandom(500_000) * 2
        for name, client in self.both():
            with self.subTest(name):
                client.send(command(b"SET", b"large", value) + command(b"GET", b"large") * 100)
                self.assertEqual(client.read(5), b"+OK\r\n")
                time.sleep(0.5)
                for _ in range(100):
                    self.assertTrue(client.read(len(bulk(value))) == bulk(value))
                    time.sleep(0.002)

    def test_a_client_that_writes_50_mb_before_it_reads_gets_everything(self):
        requests = b"".join(command(b"ECHO", b"%05d" % i * 200) for i in range(1000))
        replies = b"".join(bulk(b"%05d" % i * 200) for i in range(1000))
        for name, client in self.both():
            with self.subTest(name):
                for _ in range(50):
                    client.send(requests)
                for _ in range(50):
                    self.assert_same_bytes(client.read(len(replies)), replies)

    def load(self, name, is_own, counts, ends):
        """Sends pipelines until `ends`. Each reply is the expected one or an error, in order. Only a client with its
        own connection may lose it, inside a reply too."""
        client, number = None, 0
        while not ends.is_set():
            if client is None:
                client = self.connect()
                client.send(b"SELECT 0\r\n" if is_own else b"")
                if is_own and client.socket.recv(5) != b"+OK\r\n":
                    client = None
                    continue
            words = [b"%s-%d" % (name, number + i) for i in range(number % 40 + 1)]
            number += len(words)
            try:
                client.send(b"".join(command(b"ECHO", word) for word in words))
                for word in words:
                    counts["errors" if self.is_error(client, word, is_own) else "replies"] += 1
            except ConnectionError:
                if not is_own:
                    raise
                client = None
        counts["ended"] = True

    def is_error(self, client, word, may_end):
        """Reads one reply."""
        expected, received = b"", b""
        while not expected or len(received) < len(expected):
            part = client.socket.recv(len(expected) - len(received) if expected else 1)
            if not part and may_end:
                raise ConnectionError
            received += part
            expected = DOWN if received[:1] == b"-" else bulk(word)
            self.assertEqual((bool(part), received), (True, expected[:len(received)]))
        return expected == DOWN

    def test_each_request_gets_its_reply_or_an_error_if_the_upstream_is_killed(self):
        ends = threading.Event()
        counts = [{"replies": 0, "errors": 0, "ended": False} for _ in range(8)]
        clients = [threading.Thread(target=self.load, args=(b"client%d" % i, i >= 6, counts[i], ends))
                   for i in range(8)]
        for client in clients:
            client.start()
        for round_ in range(ROUNDS):
            time.sleep(0.05 + 0.01 * (round_ % 10))
            self.kill()
            time.sleep(0.01 * (round_ % 3))
            self.start()
        time.sleep(0.1)
        ends.set()
        for client in clients:
            client.join(PATIENCE)
        self.assertEqual([one["ended"] for one in counts], [True] * 8)
        for one in counts[:6]:
            self.assertGreater(one["replies"], 0)
            self.assertGreater(one["errors"], 0)


if __name__ == "__main__":
    main()
