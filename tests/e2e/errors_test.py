"""Bad input is answered once, costs nobody else anything, and cannot forge a reply or a log line."""

import ssl
import time

from support import TestCase, main
from wire import bulk, command

LAST_WORDS = rb"-ERR Protocol error: [\x20-\x7e]+\r\n"


class ProtocolErrors(TestCase):
    def test_bad_input_is_answered_after_the_replies_before_it_and_ends_the_connection(self):
        server = self.serve()
        for bad, words in {
            b":4x\r\n": b"invalid integer",
            b"$5\r\nhelloXX": b"string not ended by CRLF",
            b"$-2\r\n": b"invalid bulk length",
            b"*99999999999\r\n": b"invalid multibulk length",
            b"*1\r\n?\r\n": b"unknown type '?'",
            b"#x\r\n": b"invalid boolean",
            b'SET "key\r\n': b"unbalanced quotes in request",
            b"*1\r\n" * 100: b"nested too deep",
            b"+" + b"x" * 70_000: b"too big line",
            b"x" * 70_000: b"too big inline request",
        }.items():
            with self.subTest(bad[:30]):
                client = self.connect(server)
                client.send(b":1\r\n$3\r\ntwo\r\n" + bad + b":3\r\n")
                self.assertEqual(client.read_to_end(), b":1\r\n$3\r\ntwo\r\n-ERR Protocol error: " + words + b"\r\n")
                server.wait_for_log(rf"WARN {client.name} Error parsing input: ")

    def test_what_follows_bad_input_in_later_writes_is_never_handled(self):
        server = self.serve("--log-level", "debug")
        client = self.connect(server)
        client.send(b":x\r\n")
        server.wait_for_log("Error parsing input")
        client.send(b":42\r\n")
        self.assertRegex(client.read_to_end(), rb"\A" + LAST_WORDS + rb"\Z")
        client.close()
        server.wait_for_log("Ending connection")
        self.assertNotIn("Received Integer", server.log)

    def test_the_server_listens_a_while_after_its_last_words_lest_a_reset_destroys_them(self):
        server = self.serve()
        client = self.connect(server)
        client.send(b":1\r\n:bad\r\n")
        self.assertEqual(client.read_to_end(), b":1\r\n-ERR Protocol error: invalid integer\r\n")
        begun = time.monotonic()
        client.send(b":2\r\n" * 1000)
        server.wait_for_log(rf"{client.name} Ending connection")
        self.assertGreater(time.monotonic() - begun, 0.5)  # of the second that it has

    def test_large_replies_before_bad_input_arrive_whole(self):
        client = self.connect(self.serve())
        frame = bulk(b"0123456789" * 800_000)
        client.send(frame + b":bad\r\n" + b"x" * 100_000)
        self.assert_same_bytes(client.read_to_end(), frame + b"-ERR Protocol error: invalid integer\r\n")

    def test_other_clients_do_not_notice_bad_input(self):
        server = self.serve()
        other = self.connect(server)
        other.send(b"$10\r\n01234")
        for _ in range(50):
            client = self.connect(server)
            client.send(b"*1\r\n!bad\r\n")
            self.assertRegex(client.read_to_end(), LAST_WORDS)
            client.close()
        other.send(b"56789\r\n")
        self.assertEqual(other.read(17), b"$10\r\n0123456789\r\n")
        self.assert_echoes(other, b":42\r\n")

    def test_a_bulk_string_over_max_bulk_is_refused_and_one_of_that_size_is_not(self):
        client = self.connect(self.serve("--max-bulk", "1000"))
        self.assert_echoes(client, bulk(b"x" * 1000))
        client.send(b"$1001\r\n")  # at its header, before a byte of it has come
        self.assertEqual(client.read_to_end(), b"-ERR Protocol error: invalid bulk length\r\n")

    def test_a_bulk_string_over_64_mib_is_refused_by_default(self):
        client = self.connect(self.serve())
        client.send(b"$%d\r\n" % ((64 << 20) + 1))
        self.assertEqual(client.read_to_end(), b"-ERR Protocol error: invalid bulk length\r\n")


class Injection(TestCase):
    def test_no_byte_from_a_client_reaches_the_log_or_an_error_as_a_control_byte(self):
        server = self.serve("--log-level", "debug")
        for code in range(256):
            byte = bytes([code])
            # Where it is text the value comes back, where it is grammar it may be wrong.
            self.exchange(server, bulk(byte) + b"=5\r\ntxt:" + byte + b"\r\n!1\r\n" + byte + b"\r\n+a" + byte + b"b\r\n")
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
        """Sends it; if the answer has an error of ours, it is one line, and the last."""
        client = self.connect(server)
        client.send(data)
        client.shutdown_sending()
        reply = client.read_to_end()
        client.close()
        echoed, found, last_words = reply.partition(b"-ERR Protocol error: ")
        if found:
            self.assertRegex(found + last_words, rb"\A" + LAST_WORDS + rb"\Z", data)
            self.assertTrue(data.startswith(echoed), (data, reply))

    def test_a_log_line_shows_a_part_of_a_large_value(self):
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

    def test_an_http_post_is_closed_and_its_body_not_handled(self):
        self.assert_refused(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "Speaks HTTP")
        self.assert_refused(b"pOsT /\r\n\r\n", "Speaks HTTP")

    def test_a_host_header_is_closed_and_what_follows_it_not_handled(self):
        self.assert_refused(b"Host: localhost\r\n\r\n", "Speaks HTTP")
        self.assert_refused(b"hOST: localhost\r\n\r\n", "Speaks HTTP")

    def test_an_http_get_gets_no_further_than_its_host(self):
        client = self.connect(self.serve())
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n:42\r\n")
        self.assertEqual(client.read_to_end(), command(b"GET", b"/", b"HTTP/1.1"))

    def test_an_http2_preface_is_closed(self):
        self.assert_refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "Speaks HTTP")

    def test_a_tls_client_hello_is_closed(self):
        to_server = ssl.MemoryBIO()
        tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), to_server, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        self.assert_refused(to_server.read(), "Speaks TLS")

    def test_the_same_words_inside_values_are_echoed(self):
        client = self.connect(self.serve())
        for value in (command(b"POST", b"/"), command(b"Host:"), bulk(b"POST / HTTP/1.1\r\n"), bulk(b"\x16\x03\x01")):
            self.assert_echoes(client, value)
        self.assert_echoes(client, b"POSTER x\r\n", command(b"POSTER", b"x"))


if __name__ == "__main__":
    main()
