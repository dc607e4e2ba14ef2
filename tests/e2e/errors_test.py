"""Invalid input gets one error, does not disturb other clients, and cannot forge a reply or a log line."""

import ssl
import time

from support import TestCase, main
from wire import bulk, command

ERROR_REPLY = rb"-ERR Protocol error: [\x20-\x7e]+\r\n"


class ProtocolErrors(TestCase):
    def test_invalid_input_gets_an_error_after_the_earlier_replies_and_ends_the_connection(self):
        server = self.serve()
        for bad, reason in {
            b":4x\r\n": b"invalid integer",
            b"$5\r\nhelloXX": b"string does not end with CRLF",
            b"$-2\r\n": b"invalid bulk length",
            b"*99999999999\r\n": b"invalid multibulk length",
            b"*1\r\n?\r\n": b"unknown type '?'",
            b"#x\r\n": b"invalid boolean",
            b'SET "key\r\n': b"unbalanced quotes in request",
            b"*1\r\n" * 100: b"nested too deeply",
            b"+" + b"x" * 70_000: b"line too long",
            b"x" * 70_000: b"too big inline request",
        }.items():
            with self.subTest(bad[:30]):
                client = self.connect(server)
                client.send(b":1\r\n$3\r\ntwo\r\n" + bad + b":3\r\n")
                self.assertEqual(client.read_to_end(), b":1\r\n$3\r\ntwo\r\n-ERR Protocol error: " + reason + b"\r\n")
                server.wait_for_log(rf"WARN {client.name} Error parsing input: ")

    def test_input_after_invalid_input_is_not_handled(self):
        server = self.serve("--log-level", "debug")
        client = self.connect(server)
        client.send(b":x\r\n")
        server.wait_for_log("Error parsing input")
        client.send(b":42\r\n")
        self.assertRegex(client.read_to_end(), rb"\A" + ERROR_REPLY + rb"\Z")
        client.close()
        server.wait_for_log("Ending connection")
        self.assertNotIn("Received Integer", server.log)

    def test_the_server_reads_on_for_a_while_after_its_error_so_that_no_reset_destroys_it(self):
        server = self.serve()
        client = self.connect(server)
        client.send(b":1\r\n:bad\r\n")
        self.assertEqual(client.read_to_end(), b":1\r\n-ERR Protocol error: invalid integer\r\n")
        begun = time.monotonic()
        client.send(b":2\r\n" * 1000)
        server.wait_for_log(rf"{client.name} Ending connection")
        self.assertGreater(time.monotonic() - begun, 0.5)  # the server does this for one second

    def test_a_large_reply_before_invalid_input_arrives_completely(self):
        client = self.connect(self.serve())
        frame = bulk(b"0123456789" * 800_000)
        client.send(frame + b":bad\r\n" + b"x" * 100_000)
        self.assert_same_bytes(client.read_to_end(), frame + b"-ERR Protocol error: invalid integer\r\n")

    def test_invalid_input_does_not_disturb_other_clients(self):
        server = self.serve()
        other = self.connect(server)
        other.send(b"$10\r\n01234")
        for _ in range(50):
            client = self.connect(server)
            client.send(b"*1\r\n!bad\r\n")
            self.assertRegex(client.read_to_end(), ERROR_REPLY)
            client.close()
        other.send(b"56789\r\n")
        self.assertEqual(other.read(17), b"$10\r\n0123456789\r\n")
        self.assert_echoes(other, b":42\r\n")

    def test_a_bulk_string_longer_than_max_bulk_is_refused_at_its_header(self):
        client = self.connect(self.serve("--max-bulk", "1000"))
        self.assert_echoes(client, bulk(b"x" * 1000))
        client.send(b"$1001\r\n")
        self.assertEqual(client.read_to_end(), b"-ERR Protocol error: invalid bulk length\r\n")

    def test_a_bulk_string_longer_than_64_mib_is_refused_by_default(self):
        client = self.connect(self.serve())
        client.send(b"$%d\r\n" % ((64 << 20) + 1))
        self.assertEqual(client.read_to_end(), b"-ERR Protocol error: invalid bulk length\r\n")


class Injection(TestCase):
    def test_control_bytes_from_a_client_never_reach_the_log_or_an_error_unescaped(self):
        server = self.serve("--log-level", "debug")
        for code in range(256):
            byte = bytes([code])
            # As content of a value the byte comes back. As a part of the grammar it may cause an error.
            self.exchange(server, bulk(byte) + b"=5\r\ntxt:" + byte + b"\r\n!1\r\n" + byte + b"\r\n")
            self.exchange(server, b"+a" + byte + b"b\r\n")
            self.exchange(server, byte + b"\r\n")
            self.exchange(server, b":1" + byte + b"\r\n")
            self.exchange(server, b"*1\r\n" + byte + b"\r\n")
            self.exchange(server, b'GET "' + byte + b'\r\n')
            self.exchange(server, b"POST " + byte + b"\r\n")
        server.close()
        log = bytes(server.output)
        self.assertIn(b"Error parsing input", log)
        self.assertIn(b"Speaks HTTP", log)
        self.assertGreater(log.count(b"Received "), 1000)
        raw = set(log) - set(range(0x20, 0x7f)) - {0x0a}
        self.assertEqual(raw, set())
        for line in log.splitlines():
            self.assertRegex(line, rb"^\d{4}-\d\d-\d\dT[\d:.]+Z +(DEBUG|INFO|WARN) \[(127\.0\.0\.1:\d+|server)\] ")

    def exchange(self, server, data):
        """Sends the data. A protocol error in the reply must be one line, and the last one."""
        client = self.connect(server)
        client.send(data)
        client.shutdown_sending()
        reply = client.read_to_end()
        client.close()
        echoed, found, rest = reply.partition(b"-ERR Protocol error: ")
        if found:
            self.assertRegex(found + rest, rb"\A" + ERROR_REPLY + rb"\Z", data)
            self.assertTrue(data.startswith(echoed), (data, reply))

    def test_a_log_line_shows_only_the_beginning_of_a_large_value(self):
        server = self.serve("--log-level", "debug")
        client = self.connect(server)
        self.assert_echoes(client, command(b"SET", b"k", b"\x1b" * 1_000_000))
        self.assert_echoes(client, command(b"GET", *[b"key"] * 10_000))
        server.wait_for_log("Received Array", count=2)
        self.assertLess(max(len(line) for line in server.log.splitlines()), 500)


class OtherProtocols(TestCase):
    def assert_refused(self, data, logged):
        server = self.serve("--log-level", "debug")
        client, other = self.connect(server), self.connect(server)
        client.send(data + b":42\r\n")
        self.assert_closed(client)
        server.wait_for_log(rf"WARN {client.name} {logged}")
        server.wait_for_log(rf"{client.name} Ending connection")
        self.assertNotIn("Received Integer", server.log)
        self.assert_echoes(other, b":43\r\n")

    def test_an_http_post_closes_the_connection_before_its_body_is_handled(self):
        self.assert_refused(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "Speaks HTTP")
        self.assert_refused(b"pOsT /\r\n\r\n", "Speaks HTTP")

    def test_a_host_header_closes_the_connection_before_the_next_line_is_handled(self):
        self.assert_refused(b"Host: localhost\r\n\r\n", "Speaks HTTP")
        for line in (b"hOST: localhost", b"Host:localhost", b"host : localhost", b"Host :localhost"):
            self.assert_refused(line + b"\r\n\r\n", "Speaks HTTP")

    def test_an_array_with_the_name_of_an_http_line_closes_the_connection(self):
        for name in (b"POST", b"pOsT", b"Host:"):
            self.assert_refused(command(name, b"/"), "Speaks HTTP")

    def test_an_http_get_is_closed_at_its_host_header(self):
        client = self.connect(self.serve())
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n:42\r\n")
        self.assertEqual(client.read_to_end(), command(b"GET", b"/", b"HTTP/1.1"))

    def test_an_http2_preface_closes_the_connection(self):
        self.assert_refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "Speaks HTTP")

    def test_a_tls_client_hello_closes_the_connection(self):
        to_server = ssl.MemoryBIO()
        tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), to_server, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        self.assert_refused(to_server.read(), "Speaks TLS")

    def test_the_same_bytes_inside_values_are_echoed(self):
        client = self.connect(self.serve())
        for value in (command(b"ECHO", b"POST"), command(b"Host", b":"), bulk(b"POST / HTTP/1.1\r\n"), bulk(b"\x16\x03\x01")):
            self.assert_echoes(client, value)
        self.assert_echoes(client, b"POSTER x\r\n", command(b"POSTER", b"x"))


if __name__ == "__main__":
    main()
