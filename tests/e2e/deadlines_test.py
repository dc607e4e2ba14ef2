"""The server closes a client that is silent or too slow, and no other client."""

import select
import time

from support import TestCase, main


class IdleTimeout(TestCase):
    def test_a_client_is_closed_after_the_idle_timeout(self):
        server = self.serve("--idle-timeout", "0.5")
        client = self.connect(server)
        begun = time.monotonic()
        self.assert_echoes(client, b":42\r\n")
        self.assert_closed(client)
        self.assertGreaterEqual(time.monotonic() - begun, 0.5)
        server.wait_for_log(rf"{client.name} Timed out: sends nothing")
        self.assert_echoes(self.connect(server), b":43\r\n")

    def test_a_client_that_never_sends_a_byte_is_closed_after_the_idle_timeout(self):
        self.assert_closed(self.connect(self.serve("--idle-timeout", "0.5")))

    def test_the_longest_timeouts_never_close_a_client(self):
        for seconds in ("1e10", "1e12"):
            with self.subTest(seconds):
                server = self.serve("--idle-timeout", seconds, "--drain-timeout", seconds)
                client = self.connect(server)
                self.assert_echoes(client, b":42\r\n")
                self.assertTrue(client.is_silent_for(1.0))  # five ticks of the server
                self.assert_echoes(client, b":42\r\n")

    def test_an_idle_timeout_of_zero_never_closes_a_client(self):
        server = self.serve("--idle-timeout", "0")
        silent, client = self.connect(server), self.connect(server)
        self.assert_echoes(client, b":42\r\n")
        self.assertTrue(client.is_silent_for(1.5))
        self.assertTrue(silent.is_silent_for(0))
        self.assert_echoes(client, b":43\r\n")


class FirstRequestTimeout(TestCase):
    def test_a_client_is_closed_only_if_its_first_request_is_late(self):
        server = self.serve("--first-request-timeout", "0.5")
        begun = time.monotonic()
        silent, blank, client = self.connect(server), self.connect(server), self.connect(server)
        self.assert_echoes(client, b":42\r\n")
        blank.send(b"\r\n")  # no request
        self.assert_closed(silent)
        self.assertGreaterEqual(time.monotonic() - begun, 0.5)
        self.assert_closed(blank)
        server.wait_for_log(rf"{silent.name} Timed out: has sent no request")
        self.assert_echoes(client, b":43\r\n")

    def test_zero_never_closes_a_client(self):
        client = self.connect(self.serve("--first-request-timeout", "0"))
        self.assertTrue(client.is_silent_for(1.0))  # five ticks of the server
        self.assert_echoes(client, b":42\r\n")


class FrameDeadline(TestCase):
    def test_slow_senders_are_closed_after_ten_seconds_and_other_clients_are_served(self):
        server = self.serve()
        other = self.connect(server)
        begun = time.monotonic()
        slow = {}  # a client's socket -> what the client sends every second
        for start, piece in ((b":", b"1"), (b"$1000\r\n", b"x"), (b"*1000\r\n", b"_\r\n"), (b"x", b"x")):
            client = self.connect(server)
            client.send(start)
            slow[client.socket] = piece
        unfinished = self.connect(server)
        unfinished.send(b"*2\r\n:1\r\n")
        waited_for = [unfinished.socket, *slow]
        while waited_for:
            closed = select.select(waited_for, [], [], 1.0)[0]
            elapsed = time.monotonic() - begun
            self.assertLess(elapsed, 13)
            if closed:
                self.assertGreaterEqual(elapsed, 10)
            for client in closed:
                self.assert_gone(client)
                waited_for.remove(client)
            if not closed:
                for client in slow:
                    client.send(slow[client])
                self.assert_echoes(other, b":42\r\n")
        server.wait_for_log("Timed out: does not finish its request", count=5)
        self.assert_echoes(other, b":43\r\n")

    def assert_gone(self, client):
        try:
            self.assertEqual(client.recv(1), b"")
        except ConnectionResetError:
            pass


if __name__ == "__main__":
    main()
