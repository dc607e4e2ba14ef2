"""The publish and subscribe example of docs/server.md works with redis-cli, in RESP2 and RESP3."""

import shutil
import socket
import subprocess
import unittest

from blocks import PATIENCE, Server, environment, program


def expected(what, *words):
    """What redis-cli prints for a value of `what` and `words`; the number last."""
    lines = [f'"{what}"', *(f'"{word}"' if isinstance(word, str) else f"(integer) {word}" for word in words)]
    return [f"{number}) {line}" for number, line in enumerate(lines, 1)]


@unittest.skipUnless(shutil.which("redis-cli"), "redis-cli is not installed")
class PublishAndSubscribe(unittest.TestCase):
    def setUp(self):
        server = Server([program("server_pubsub")], reports_in_log=False)
        self.addCleanup(server.stop)
        self.port = server.port

    def redis_cli(self, *words):
        return subprocess.run(["redis-cli", "-p", self.port, *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, timeout=PATIENCE, check=True).stdout.strip()

    def subscribe(self, *words):
        """A redis-cli that subscribes, and prints as on a terminal."""
        subscriber = subprocess.Popen(["redis-cli", "-p", self.port, *words], env=environment(),
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(subscriber.stdout.close)
        self.addCleanup(subscriber.wait)
        self.addCleanup(subscriber.kill)
        return subscriber

    def read(self, subscriber, value):
        """Reads lines until `value` is complete; lines before it may be redis-cli's own."""
        lines = [subscriber.stdout.readline().strip() for _ in value]
        while lines[0].startswith("Reading messages"):
            lines = [*lines[1:], subscriber.stdout.readline().strip()]
        self.assertEqual(lines, value)

    def publish_to_all(self, *flags):
        first = self.subscribe(*flags, "SUBSCRIBE", "news", "weather")
        self.read(first, expected("subscribe", "news", 1))
        self.read(first, expected("subscribe", "weather", 2))
        second = self.subscribe(*flags, "SUBSCRIBE", "news")
        self.read(second, expected("subscribe", "news", 1))
        self.assertEqual(self.redis_cli("PUBLISH", "news", "hello world"), "2")
        for subscriber in first, second:
            self.read(subscriber, expected("message", "news", "hello world"))
        self.assertEqual(self.redis_cli("PUBLISH", "weather", "rain"), "1")
        self.read(first, expected("message", "weather", "rain"))
        self.assertEqual(self.redis_cli("PUBLISH", "sports", "2:1"), "0")

    def test_subscribers_of_resp2_receive_each_message(self):
        self.publish_to_all()

    def test_subscribers_of_resp3_receive_each_message(self):
        self.publish_to_all("-3")

    def test_unsubscribe_is_confirmed_and_ends_the_delivery(self):
        with socket.create_connection(("127.0.0.1", int(self.port)), timeout=PATIENCE) as client:
            client.sendall(b"SUBSCRIBE news weather\r\nUNSUBSCRIBE news\r\n")
            self.receive(client, b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"
                                 b"*3\r\n$9\r\nsubscribe\r\n$7\r\nweather\r\n:2\r\n"
                                 b"*3\r\n$11\r\nunsubscribe\r\n$4\r\nnews\r\n:1\r\n")
            self.assertEqual(self.redis_cli("PUBLISH", "news", "hello"), "0")
            self.assertEqual(self.redis_cli("PUBLISH", "weather", "rain"), "1")
            self.receive(client, b"*3\r\n$7\r\nmessage\r\n$7\r\nweather\r\n$4\r\nrain\r\n")

    def receive(self, client, expected):
        received = b""
        while len(received) < len(expected) and (chunk := client.recv(4096)):
            received += chunk
        self.assertEqual(received, expected)


if __name__ == "__main__":
    unittest.main()
