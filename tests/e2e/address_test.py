"""resp-echo listens on the addresses that its flags name: Unix sockets, IPv6, several at once."""

import os
import signal
import socket
import stat
import tempfile
import unittest

from support import TestCase, main, run
from wire import bulk


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


class UnixSocket(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "resp.sock")

    def connect_unix(self):
        return self.connect_to(self.path, socket.AF_UNIX)

    def serve_unix(self, *flags):
        server = self.serve("--unix", self.path, *flags)
        server.wait_for_log(rf"Listening on unix:{self.path}$")
        return server

    def test_a_unix_socket_is_served_in_addition_to_tcp(self):
        server = self.serve_unix()
        self.assert_echoes(self.connect_unix(), b"$5\r\nhello\r\n")
        self.assert_echoes(self.connect(server), b":42\r\n")

    # A Unix socket buffers about 200 KB. A part of each of these replies is therefore still queued in the server when
    # the client shuts down, or when the signal arrives. The part is too small to pause the connection.
    SIZES = (230_000, 245_000, 260_000)

    def test_a_client_that_shut_down_its_sending_side_still_receives_queued_output(self):
        server = self.serve_unix("--log-level", "debug")
        for number, size in enumerate(self.SIZES, 1):
            with self.subTest(size):
                client, frame = self.connect_unix(), bulk(b"x" * size)
                client.send(frame)
                client.shutdown_sending()
                server.wait_for_log("Received Bulk string", count=number)
                self.assert_same_bytes(client.read_to_end(), frame)

    def test_a_stopping_server_sends_queued_output(self):
        for size in self.SIZES:
            with self.subTest(size):
                server = self.serve_unix("--log-level", "debug", "--drain-timeout", "60")
                client, frame = self.connect_unix(), bulk(b"x" * size)
                client.send(frame)
                server.wait_for_log("Received Bulk string")
                server.signal(signal.SIGTERM)
                server.wait_for_log("Stopping")
                self.assert_same_bytes(client.read_to_end(), frame)
                client.close()
                self.assertEqual(server.exit_code(), 0)

    def test_the_server_removes_its_socket_file_when_it_stops(self):
        for forced in (False, True):
            with self.subTest(forced=forced):
                server = self.serve_unix()
                self.assertTrue(stat.S_ISSOCK(os.stat(self.path).st_mode))
                self.assert_echoes(self.connect_unix(), b":42\r\n")
                server.signal(signal.SIGTERM)
                if forced:
                    server.signal(signal.SIGTERM)
                self.assertEqual(server.exit_code(), 0)
                self.assertFalse(os.path.exists(self.path))

    def test_a_stale_socket_file_is_replaced(self):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(self.path)
        self.serve_unix()
        self.assert_echoes(self.connect_unix(), b":42\r\n")

    def test_a_socket_file_in_use_is_refused_and_not_changed(self):
        self.serve_unix()
        ran = run("--port", "0", "--unix", self.path)
        self.assertEqual(ran.stderr.decode(), f"resp-echo: cannot listen on unix:{self.path}: Address already in use\n")
        self.assertEqual(ran.returncode, 1)
        self.assert_echoes(self.connect_unix(), b":42\r\n")

    def test_a_file_that_is_not_a_socket_is_refused_and_not_changed(self):
        with open(self.path, "w") as file:
            file.write("someone's text")
        try:
            ran = run("--port", "0", "--unix", self.path)
        finally:
            with open(self.path) as file:
                self.assertEqual(file.read(), "someone's text")
        self.assertRegex(ran.stderr.decode(), r"\Aresp-echo: cannot listen on [^\n]+\n\Z")
        self.assertEqual(ran.returncode, 1)

    def test_an_impossible_path_is_refused(self):
        for path, why in (("/no/such/folder/resp.sock", "No such file or directory"),
                          ("/tmp/" + "x" * 200, "File name too long")):
            with self.subTest(path):
                ran = run("--port", "0", "--unix", path)
                self.assertEqual(ran.stderr.decode(), f"resp-echo: cannot listen on unix:{path}: {why}\n")
                self.assertEqual(ran.returncode, 1)


class Missing(TestCase):
    # 192.0.2.1 is reserved for documentation, so no machine has it.
    def test_an_address_after_a_dash_may_be_missing(self):
        server = self.serve("--bind", "-192.0.2.1", "--bind", "127.0.0.1,-::1")
        server.wait_for_log(r"\[server\] Left out an address: cannot listen on 192\.0\.2\.1:0: "
                            r"Cannot assign requested address$")
        self.assert_echoes(self.connect(server), b":42\r\n")
        if has_ipv6():
            server.wait_for_log(rf"Listening on \[::1\]:{server.port}$")
            self.assert_echoes(self.connect_to(("::1", server.port), socket.AF_INET6), b":42\r\n")

    def test_a_server_without_any_address_does_not_start(self):
        ran = run("--bind", "-192.0.2.1", "--port", "6379", "--log-level", "off")
        self.assertEqual(ran.stderr.decode(),
                         "resp-echo: cannot listen on 192.0.2.1:6379: Cannot assign requested address\n")
        self.assertEqual(ran.returncode, 1)


@unittest.skipUnless(has_ipv6(), "this machine has no ::1")
class Ipv6(TestCase):
    def test_an_ipv6_address_is_served(self):
        server = self.serve("--bind", "::1")
        server.wait_for_log(rf"Listening on \[::1\]:{server.port}$")
        client = self.connect_to(("::1", server.port), socket.AF_INET6)
        self.assert_echoes(client, b":42\r\n")
        server.wait_for_log(r"\[\[::1\]:\d+\] Accepted connection$")

    def test_ipv4_and_ipv6_are_served_on_one_port(self):
        server = self.serve("--bind", "::1", "--bind", "127.0.0.1")
        server.wait_for_log(rf"Listening on 127\.0\.0\.1:{server.port}$")
        self.assert_echoes(self.connect_to(("::1", server.port), socket.AF_INET6), b":6\r\n")
        self.assert_echoes(self.connect(server), b":4\r\n")

    def test_all_addresses_of_both_families_are_served_on_one_port(self):
        server = self.serve("--bind", "::", "--bind", "0.0.0.0")
        server.wait_for_log(rf"Listening on 0\.0\.0\.0:{server.port}$")
        self.assert_echoes(self.connect_to(("::1", server.port), socket.AF_INET6), b":6\r\n")
        self.assert_echoes(self.connect(server), b":4\r\n")


if __name__ == "__main__":
    main()
