"""SIGTERM and SIGINT stop the server cleanly: it answers what it has received and cuts no frame."""

import signal
import threading
import time

from support import PATIENCE, TestCase, main
from wire import bulk

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Pipelining(threading.Thread):
    """Sends batches of numbered frames until the stream ends. Each batch waits for the echo of the one before."""

    FRAMES = 50

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client = client
        self.sent = 0          # bytes of the batches that were sent completely
        self.stream = b""      # all bytes that send() was called with
        self.received = b""
        self.failure = None
        self.under_way = threading.Event()
        self.start()

    def run(self):
        try:
            while self.round():
                self.under_way.set()
        except Exception as failure:
            self.failure = failure

    def round(self):
        n = len(self.stream)
        batch = b"".join(bulk(b"%d" % (n + i)) for i in range(self.FRAMES))
        self.stream += batch
        self.client.send(batch)
        self.sent += len(batch)
        while len(self.received) < len(self.stream):
            chunk = self.client.socket.recv(65536)
            if not chunk:
                self.client.close()
                return False
            self.received += chunk
        return True


class Stopping(TestCase):
    def test_an_idle_client_is_closed_and_the_exit_code_is_0(self):
        for number in SIGNALS:
            with self.subTest(number.name):
                server = self.serve()
                client, silent = self.connect(server), self.connect(server)
                self.assert_echoes(client, b":42\r\n")
                server.signal(number)
                self.assertEqual(client.read_to_end(), b"")
                self.assertEqual(silent.read_to_end(), b"")
                self.assertEqual(server.exit_code(within=5), 0)
                self.assertRegex(server.log, r"(?s)\[server\] Stopping\n.*\[server\] Stopped\n\Z")

    def test_a_signal_directly_after_the_start_stops_the_server_cleanly(self):
        for _ in range(10):  # an early signal is a matter of microseconds
            server = self.serve()
            server.signal(signal.SIGTERM)
            self.assertEqual(server.exit_code(within=5), 0)

    def test_every_request_sent_before_the_signal_is_answered_and_no_frame_is_cut(self):
        for threads in ("1", "2"):
            with self.subTest(threads=threads):
                server = self.serve("--threads", threads)
                clients = [Pipelining(self.connect(server)) for _ in range(20)]
                for client in clients:
                    self.assertTrue(client.under_way.wait(PATIENCE), client.failure)
                written = [client.sent for client in clients]
                server.signal(signal.SIGTERM)
                for client, n in zip(clients, written):
                    client.join(PATIENCE)
                    self.assertIsNone(client.failure)
                    self.assertGreaterEqual(len(client.received), n)
                    self.assertTrue(client.stream.startswith(client.received))
                    self.assert_ends_with_a_frame(client.stream, client.received)
                self.assertEqual(server.exit_code(within=10), 0)

    def assert_ends_with_a_frame(self, stream, received):
        """The replies end where a frame of the sent stream ends."""
        self.assertIn(stream[len(received):][:1], (b"$", b""))
        self.assertEqual(received[-2:], b"\r\n")
        self.assertEqual(received.count(b"\r\n") % 2, 0)

    def test_a_large_unfinished_reply_arrives_completely(self):
        server = self.serve("--log-level", "debug", "--drain-timeout", "60")
        client = self.connect(server)
        frame = bulk(b"x" * 16_000_000)
        client.send(frame)
        server.wait_for_log("Received Bulk string")
        server.signal(signal.SIGTERM)
        server.wait_for_log("Stopping")
        self.assert_same_bytes(client.read_to_end(), frame)
        client.close()
        self.assertEqual(server.exit_code(), 0)

    def test_a_client_inside_a_frame_receives_its_replies_and_is_closed(self):
        server = self.serve("--log-level", "debug", "--drain-timeout", "60")
        client = self.connect(server)
        client.send(b":1\r\n:2\r\n$5\r\nhe")
        server.wait_for_log("Received Integer 2")
        server.signal(signal.SIGTERM)
        self.assertEqual(client.read_to_end(), b":1\r\n:2\r\n")
        client.close()
        self.assertEqual(server.exit_code(within=10), 0)

    def test_a_stopping_server_accepts_no_client(self):
        server = self.serve("--log-level", "debug", "--drain-timeout", "60")
        stuck = self.stuck_client(server)
        server.signal(signal.SIGTERM)
        server.wait_for_log("Stopping")
        with self.assertRaises((ConnectionRefusedError, ConnectionResetError)):
            self.connect(server).read(1)
        stuck.close()
        self.assertEqual(server.exit_code(), 0)

    def test_a_client_that_never_reads_is_closed_at_the_drain_timeout(self):
        server = self.serve("--log-level", "debug", "--drain-timeout", "1")
        self.stuck_client(server)
        begun = time.monotonic()
        server.signal(signal.SIGTERM)
        self.assertEqual(server.exit_code(within=10), 0)
        self.assertGreater(time.monotonic() - begun, 0.9)

    def test_a_second_signal_stops_the_server_at_once_even_if_a_client_never_reads(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT),
                              (signal.SIGINT, signal.SIGTERM)):
            with self.subTest(f"{first.name}, {second.name}"):
                server = self.serve("--log-level", "debug", "--drain-timeout", "60")
                self.stuck_client(server)
                server.signal(first)
                server.wait_for_log("Stopping")
                self.assertTrue(server.is_running)
                server.signal(second)
                self.assertEqual(server.exit_code(within=10), 0)

    def stuck_client(self, server):
        """A client that does not read its reply, which is larger than any socket buffer."""
        client = self.connect(server)
        client.send(bulk(b"x" * (32 << 20)))
        server.wait_for_log("Received Bulk string")
        return client


if __name__ == "__main__":
    main()
