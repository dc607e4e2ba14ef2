"""Every value comes back byte for byte, and it does not matter how its bytes arrive."""

import random
import subprocess

from support import TestCase, main, needs
from wire import bulk, command

ALL_BYTES = bytes(range(256))

VALUES = {
    "simple string": b"+OK\r\n",
    "empty simple string": b"+\r\n",
    "simple error": b"-ERR no such key\r\n",
    "integer": b":42\r\n",
    "integer with a sign": b":+42\r\n",
    "smallest integer": b":-9223372036854775808\r\n",
    "bulk string": b"$5\r\nhello\r\n",
    "empty bulk string": b"$0\r\n\r\n",
    "bulk string of all bytes": bulk(ALL_BYTES),
    "bulk string that looks like values": bulk(b"*1\r\n:1\r\n$-1\r\n"),
    "null bulk string": b"$-1\r\n",
    "null array": b"*-1\r\n",
    "array": b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
    "empty array": b"*0\r\n",
    "nested arrays": b"*2\r\n*1\r\n:1\r\n*2\r\n+a\r\n*0\r\n",
    "null": b"_\r\n",
    "true": b"#t\r\n",
    "false": b"#f\r\n",
    "double": b",3.140\r\n",
    "double with an exponent": b",1E+5\r\n",
    "infinity": b",inf\r\n",
    "negative infinity": b",-inf\r\n",
    "not a number": b",nan\r\n",
    "big number": b"(3492890328409238509324850943850943825024385\r\n",
    "bulk error": b"!21\r\nSYNTAX invalid syntax\r\n",
    "verbatim string": b"=15\r\ntxt:Some string\r\n",
    "map": b"%2\r\n+first\r\n:1\r\n+second\r\n:2\r\n",
    "set": b"~2\r\n+a\r\n:1\r\n",
    "push": b">2\r\n+message\r\n$2\r\nhi\r\n",
    "attribute with its value": b"|1\r\n+ttl\r\n:3600\r\n$1\r\nv\r\n",
    "attribute inside an array": b"*2\r\n|1\r\n+a\r\n:1\r\n:2\r\n:3\r\n",
    "streamed string": b"$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;0\r\n",
    "empty streamed string": b"$?\r\n;0\r\n",
    "streamed array": b"*?\r\n:1\r\n:2\r\n.\r\n",
    "streamed set": b"~?\r\n+a\r\n.\r\n",
    "streamed map": b"%?\r\n+a\r\n:1\r\n.\r\n",
}


class EveryValue(TestCase):
    def test_a_value_of_each_type_comes_back_byte_for_byte(self):
        client = self.connect(self.serve())
        for name, wire in VALUES.items():
            with self.subTest(name):
                self.assert_echoes(client, wire)

    def test_values_of_all_types_in_one_write_come_back_in_order(self):
        client = self.connect(self.serve())
        self.assert_echoes(client, b"".join(VALUES.values()))

    def test_an_inline_line_comes_back_as_an_array_of_bulk_strings(self):
        client = self.connect(self.serve())
        lines = {
            b"PING\r\n": command(b"PING"),
            b"PING\n": command(b"PING"),
            b"  SET  key\tvalue \r\n": command(b"SET", b"key", b"value"),
            b'SET greeting "Hello world!"\r\n': command(b"SET", b"greeting", b"Hello world!"),
            b'ECHO "\\x00\\r\\n\\"" \'it\\\'s\'\r\n': command(b"ECHO", b'\0\r\n"', b"it's"),
        }
        for line, reply in lines.items():
            with self.subTest(line):
                self.assert_echoes(client, line, reply)

    def test_blank_lines_are_skipped(self):
        client = self.connect(self.serve())
        self.assert_echoes(client, b"\r\n\n  \r\n:1\r\n\r\n\r\n:2\r\n", b":1\r\n:2\r\n")

    def test_command_and_command_docs_are_answered_with_an_empty_array(self):
        client = self.connect(self.serve())
        for request in (command(b"COMMAND"), command(b"COMMAND", b"DOCS"), command(b"command", b"docs"),
                        command(b"COMMAND", b"DOCS", b"get"), b"COMMAND\r\n", b"command docs\r\n"):
            with self.subTest(request):
                self.assert_echoes(client, request, b"*0\r\n")
        for request in (command(b"COMMAND", b"COUNT"), command(b"COMMANDS"), command(b"GET", b"COMMAND")):
            with self.subTest(request):
                self.assert_echoes(client, request)

    def test_verbatim_echoes_command_too(self):
        client = self.connect(self.serve("--verbatim"))
        self.assert_echoes(client, command(b"COMMAND"))
        self.assert_echoes(client, command(b"COMMAND", b"DOCS"))


class Arrival(TestCase):
    def test_a_frame_sent_byte_by_byte_comes_back(self):
        client = self.connect(self.serve())
        frame = command(b"SET", b"greeting", b"Hello world!")
        for i in range(len(frame)):
            client.send(frame[i:i + 1])
        self.assert_same_bytes(client.read(len(frame)), frame)

    def test_a_frame_cut_in_two_comes_back_after_its_second_part(self):
        server = self.serve("--log-level", "debug")
        client = self.connect(server)
        frame = b"%1\r\n$3\r\nkey\r\n,1.5\r\n"
        for cut in range(1, len(frame)):
            client.send(frame[:cut])
            server.wait_for_log(f"^.*{client.name} Received {cut} bytes$")
            self.assertTrue(client.is_silent_for(0))
            client.send(frame[cut:])
            self.assert_same_bytes(client.read(len(frame)), frame)
            client.close()
            client = self.connect(server)

    def test_two_frames_in_one_write_both_come_back(self):
        client = self.connect(self.serve())
        self.assert_echoes(client, b":1\r\n$3\r\ntwo\r\n")

    def test_ten_thousand_pipelined_frames_come_back_in_order(self):
        client = self.connect(self.serve())
        self.assert_echoes(client, b"".join(command(b"GET", b"%d" % i) for i in range(10_000)))

    def test_frames_pipelined_after_a_large_one_come_back(self):
        client = self.connect(self.serve())
        for size in (200_000, 400_000, 4_000_000):  # below and above the limit of queued output
            with self.subTest(size):
                self.assert_echoes(client, bulk(b"x" * size) + b":1\r\n" + bulk(b"y" * size) + b":2\r\n")

    def test_a_bulk_string_of_64_mib_comes_back(self):
        client = self.connect(self.serve())
        self.assert_echoes(client, bulk(random.Random(1).randbytes(64 << 20)))
        self.assert_echoes(client, b":42\r\n")


class HalfClose(TestCase):
    @needs("nc")
    def test_netcat_receives_the_reply_to_its_input(self):
        server = self.serve()
        nc = subprocess.run(["nc", "-N", "127.0.0.1", str(server.port)], input=b":42\r\n", capture_output=True, timeout=30)
        self.assertEqual((nc.stdout, nc.returncode), (b":42\r\n", 0))

    def test_a_client_that_shut_down_its_sending_side_receives_a_large_reply(self):
        client = self.connect(self.serve())
        frame = bulk(random.Random(2).randbytes(16 << 20))
        client.send(frame)
        client.shutdown_sending()
        self.assert_same_bytes(client.read_to_end(), frame)

    def test_a_client_that_shuts_down_inside_a_frame_receives_the_earlier_replies(self):
        client = self.connect(self.serve())
        client.send(b":1\r\n:2\r\n$10\r\nhalf")
        client.shutdown_sending()
        self.assertEqual(client.read_to_end(), b":1\r\n:2\r\n")


if __name__ == "__main__":
    main()
