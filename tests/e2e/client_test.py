"""examples/client prints replies as redis-cli does, byte for byte, and survives a hostile server."""

import os
import re
import resource
import socket
import subprocess
import tempfile

from fake_server import EVIL, FakeServer, byte_by_byte, then_close
from support import BIN, PATIENCE, Example, TestCase, main, needs
from under_test import environment, free_port
from wire import bulk

CLIENT = os.path.join(BIN, "client")

COMMANDS = r"""
PING
SET greeting "Hello world!"
GET greeting
GET nothing
SET binary "a\x00\xff\n\r\t\a\b\\\"\x7f~ '"
GET binary
SET 'it''s
SET "unbalanced
SET empty ''
GET empty
MGET greeting nothing empty
MGET a b c d e f g h i j k
DEL greeting nothing
INCR n
INCRBYFLOAT n 1.5
GET
FLY away
CLIENT GETNAME
CLIENT NO-EVICT x
CLIENT SETNAME "a b"
CLIENT SETNAME me
CLIENT GETNAME
CLIENT TRACKINGINFO
COMMAND INFO get mget nosuch
COMMAND DOCS get set client
COMMAND GETKEYS MSET a 1 b 2
COMMAND LIST FILTERBY PATTERN *get*
CONFIG GET maxmemory
CONFIG GET nosuch
SCAN 0
EXISTS a b
TTL empty
TYPE empty
MULTI
SET x 1
GET x
NOSUCH
EXEC
MULTI
GET x
MGET x y
CLIENT TRACKINGINFO
EXEC
MULTI
EXEC
*3
"""

RESP3 = (b"+OK\r\n", b"-ERR no\r\n", b":-5\r\n", bulk(b"a\r\nb"), b"$-1\r\n", b"*-1\r\n", b"_\r\n", b"#t\r\n",
         b"#f\r\n", b",3.50\r\n", b",inf\r\n", b"=9\r\ntxt:a\nb\"c\r\n", b"*0\r\n", b"%0\r\n", b"~0\r\n",
         b"*2\r\n:1\r\n*2\r\n+a\r\n*1\r\n:2\r\n", b"~2\r\n:1\r\n~1\r\n+x\r\n",
         b"%2\r\n+a\r\n:1\r\n+b\r\n*2\r\n:1\r\n:2\r\n", b"%1\r\n+a\r\n%1\r\n+b\r\n%2\r\n+c\r\n:1\r\n+d\r\n_\r\n",
         b"%1\r\n*2\r\n:1\r\n:2\r\n:3\r\n", b"*1\r\n%1\r\n+a\r\n*0\r\n",
         b"*12\r\n" + b"*2\r\n:1\r\n%1\r\n+k\r\n~2\r\n:1\r\n:2\r\n" * 12, b"*3\r\n#t\r\n,1\r\n=5\r\ntxt:x\r\n",
         b"%11\r\n" + b"+key\r\n*2\r\n+a\r\n*1\r\n-ERR in it\r\n" * 11)


def run(*arguments, lines="", program=CLIENT, **options):
    return subprocess.run([program, *arguments], input=lines.encode(), capture_output=True, timeout=PATIENCE, **options)


class WithKv(Example):
    program = "kv"
    arguments = ("--port", "0")

    def test_one_command_prints_its_reply(self):
        self.assertEqual(self.client("SET", "greeting", "Hello world!"), "OK\n")
        self.assertEqual(self.client("GET", "greeting"), "Hello world!\n")
        self.assertEqual(self.client("--no-raw", "GET", "greeting"), '"Hello world!"\n')
        self.assertEqual(self.client("--no-raw", "GET", "-3"), "(nil)\n")

    def test_each_line_of_the_input_is_a_command(self):
        lines = 'SET greeting "Hello world!"\nGET greeting\n\n  \nEXISTS greeting nothing\nDEL greeting\nGET greeting\n'
        self.assertEqual(self.client(lines=lines), "OK\nHello world!\n1\n1\n\n")
        long = "x" * 1_000_000
        self.assertEqual(self.client(lines=f"SET long {long}\nGET long"), f"OK\n{long}\n")

    def test_after_an_error_reply_the_exit_code_is_1(self):
        error = "ERR wrong number of arguments for 'get' command\n"
        self.assertEqual(self.client("GET", code=1), error + "\n")
        self.assertEqual(self.client("--no-raw", "GET", code=1), "(error) " + error)
        self.assertEqual(self.client(lines="GET\nPING\n", code=1), error + "\nPONG\n")

    def test_a_line_with_an_open_quote_is_reported(self):
        done = run("-p", self.port, lines='PING "a\nPING\n')
        self.assertEqual((done.stdout, done.stderr, done.returncode),
                         (b"PONG\n", b"client: unbalanced quotes in request\n", 1))

    def test_an_option_selects_the_database(self):
        self.assertEqual(self.client("-n", "3", "SET", "only here", "1"), "OK\n")
        self.assertEqual(self.client("-n", "3", "GET", "only here"), "1\n")
        self.assertEqual(self.client("GET", "only here"), "\n")

    def test_resp3_is_spoken_if_it_is_asked_for(self):
        self.assertIn(" resp=2", self.client("CLIENT", "INFO"))
        self.assertIn(" resp=3", self.client("-3", "CLIENT", "INFO"))

    def test_subscribe_prints_each_message_until_it_is_stopped(self):
        for version in ((), ("-3",)):
            arguments = [CLIENT, "-p", self.port, *version, "SUBSCRIBE", "news"]
            with self.subTest(version=version), subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
                self.addCleanup(process.kill)
                self.assertEqual([process.stdout.readline() for _ in range(3)], [b"subscribe\n", b"news\n", b"1\n"])
                for message in ("a", "b"):
                    self.assertEqual(self.client("PUBLISH", "news", message), "1\n")
                    shown = [process.stdout.readline() for _ in range(3)]
                    self.assertEqual(shown, [b"message\n", b"news\n", message.encode() + b"\n"])
                process.terminate()

    @needs("redis-cli")
    def test_replies_look_as_redis_cli_shows_them(self):
        for version in ((), ("-3",)):
            for form in ((), ("--no-raw",)):
                self.client("FLUSHALL")
                theirs = self.shown_by("redis-cli", *version, *form)
                self.client("FLUSHALL")
                ours = self.shown_by(CLIENT, *version, *form)
                with self.subTest(version=version, form=form):
                    self.assertEqual(ours, theirs)

    def shown_by(self, program, *options):
        done = run("-p", self.port, *options, lines=COMMANDS, program=program)
        return done.stdout.replace(b"Invalid argument(s)\n", b"")  # what redis-cli says of an open quote

    @needs("redis-cli")
    def test_texts_of_several_lines_look_as_in_redis_cli(self):
        for command in (("INFO", "server"), ("CLIENT", "LIST"), ("CLIENT", "INFO")):
            for options in (("--no-raw",), ("--raw",), ("-3", "--no-raw"), ("-3", "--raw")):
                with self.subTest(command=command, options=options):
                    theirs, ours = (self.without_numbers(self.output(program, *options, *command))
                                    for program in ("redis-cli", CLIENT))
                    self.assertEqual(ours, theirs)

    def without_numbers(self, text):
        return "".join("0" if letter.isdigit() else letter for letter in text).replace("00", "0").replace("00", "0")


class WithPassword(Example):
    program = "kv"
    arguments = ("--port", "0", "--requirepass", "secret")

    def test_the_password_is_an_option_or_in_the_environment(self):
        self.assertEqual(self.client("-a", "secret", "PING"), "PONG\n")
        self.assertEqual(self.client("-a", "secret", "--user", "default", "-3", "PING"), "PONG\n")
        done = run("-p", self.port, "PING", env=environment(REDISCLI_AUTH="secret"))
        self.assertEqual((done.stdout, done.returncode), (b"PONG\n", 0))
        self.assertEqual(self.client("PING", code=1), "NOAUTH Authentication required.\n\n")

    def test_a_wrong_password_is_reported(self):
        done = run("-p", self.port, "-a", "wrong", "PING")
        self.assertEqual((done.stdout, done.returncode), (b"", 1))
        self.assertRegex(done.stderr, b"^client: AUTH failed: WRONGPASS ")


class Alone(TestCase):
    def test_a_refused_connection_is_reported(self):
        port = str(free_port())
        for arguments, lines in (("PING",), ""), ((), "PING\nPING\n"):
            done = run("-p", port, *arguments, lines=lines)
            self.assertEqual((done.stderr.decode(), done.returncode),
                             (f"client: cannot connect to 127.0.0.1:{port}: Connection refused\n", 1))

    def test_an_unknown_option_is_no_command(self):
        done = run("--prot", "6379", "PING")
        self.assertEqual((done.stderr, done.returncode), (b"client: unknown option --prot\n", 1))


class Hostile(TestCase):
    def server(self, **answers):
        server = FakeServer(answers)
        self.addCleanup(server.close)
        return server

    def ask(self, answer, *options):
        return run("-p", str(self.server(GET=answer, HELLO=b"+OK\r\n").port), *options, "GET", "k")

    @needs("redis-cli")
    def test_each_type_looks_as_redis_cli_shows_it(self):
        for reply in RESP3:
            server = self.server(GET=reply, HELLO=b"+OK\r\n", COMMAND=b"-ERR\r\n")
            for form in ("--raw", "--no-raw"):
                theirs, ours = (run("-p", str(server.port), "-3", form, "GET", "k", program=program)
                                for program in ("redis-cli", CLIENT))
                with self.subTest(reply=reply, form=form):
                    self.assertEqual((ours.stdout, ours.stderr), (theirs.stdout, theirs.stderr))

    def test_types_that_redis_cli_does_not_know(self):
        for reply, shown in ((b",nan\r\n", b"(double) nan\n"), (b"!5\r\nERR x\r\n", b"(error) ERR x\n"),
                             (b"(123456789012345678901234567890\r\n", b"(big number) 123456789012345678901234567890\n"),
                             (b"|1\r\n+a\r\n:1\r\n:7\r\n", b"(integer) 7\n"),
                             (b"$?\r\n;3\r\nab\n\r\n;1\r\nc\r\n;0\r\n", b'"ab\\nc"\n'),
                             (b"*?\r\n:1\r\n.\r\n", b"1) (integer) 1\n")):
            with self.subTest(reply=reply):
                self.assertEqual(self.ask(reply, "-3", "--no-raw").stdout, shown)

    def test_the_pretty_form_escapes_each_text(self):
        for reply in (b"+%s\r\n", b"-ERR %s\r\n", b"$17\r\n%s\r\n", b"!17\r\n%s\r\n", b"=21\r\ntxt:%s\r\n"):
            reply = reply.replace(b"17", b"%d" % len(EVIL)).replace(b"21", b"%d" % (len(EVIL) + 4)) % EVIL
            for nested in (reply, b"*1\r\n" + reply, b"%1\r\n" + reply + reply, b"~1\r\n*1\r\n" + reply):
                with self.subTest(reply=nested):
                    shown = self.ask(nested, "--no-raw").stdout
                    self.assertRegex(shown, rb"\A[ -~\n]*\\x1b\]0;owned[ -~\n]*\Z")

    def test_a_wrong_reply_is_reported_with_its_place(self):
        for reply, message in ((b"HTTP/1.1 400 Bad Request\r\n", "bad reply at byte 0: unknown type 'H'"),
                               (b"\x1b[2J", r"bad reply at byte 0: unknown type '\x1b'"),
                               (b"$99999999999\r\n", "bad reply at byte 8: invalid bulk length"),
                               (b"*99999999\r\n", "bad reply at byte 7: invalid multibulk length"),
                               (b"*1\r\n" * 129, "bad reply at byte 512: nested too deeply"),
                               (then_close(b""), "the server closed the connection"),
                               (then_close(b"*2\r\n$5\r\nhel"), "the server closed the connection")):
            with self.subTest(message=message):
                done = self.ask(reply)
                self.assertEqual((done.stdout, done.stderr.decode(), done.returncode), (b"", f"client: {message}\n", 1))

    def test_an_error_in_the_handshake_is_escaped(self):
        server = self.server(HELLO=b"-NO %s\r\n" % EVIL)
        done = run("-p", str(server.port), "-3", "PING")
        self.assertRegex(done.stderr, rb"\Aclient: HELLO failed: NO \\x1b\]0;owned[ -~]*\n\Z")
        self.assertEqual((done.stdout, done.returncode), (b"", 1))

    def test_a_reply_may_arrive_byte_by_byte(self):
        self.assertEqual(self.ask(byte_by_byte(b"*2\r\n$5\r\nhello\r\n:7\r\n")).stdout, b"hello\n7\n")

    def test_the_deepest_reply_is_printed(self):
        shown = self.ask(b"*1\r\n" * 127 + b"*2\r\n:1\r\n:2\r\n", "--no-raw").stdout.decode()
        self.assertEqual(shown, "1) " * 128 + "(integer) 1\n" + "   " * 127 + "2) (integer) 2\n")

    def test_pushes_before_a_reply_are_not_printed_into_a_pipe(self):
        pushes = b">2\r\n+invalidate\r\n*1\r\n+k\r\n" * 2
        self.assertEqual(self.ask(pushes + b"+reply\r\n" + pushes, "-3").stdout, b"reply\n")

    def test_an_endless_reply_ends_at_the_limit_of_memory(self):
        sanitized = self.is_sanitized()
        value = bulk(b"x" * 1000) if sanitized else b"_\r\n"  # short values take the most memory, and the most time

        def endless(connection):
            connection.sendall(b"*1000000\r\n")
            while True:
                connection.sendall(b"*10000\r\n" + value * 10_000)

        done = self.ask(endless)
        self.assertEqual((done.stderr, done.returncode), (b"client: bad reply at byte 67108864: frame too long\n", 1))
        if not sanitized:
            kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # the most that any child used
            self.assertLess(kilobytes, 600 * 1024)

    def is_sanitized(self):
        with open(CLIENT, "rb") as program:
            return re.search(rb"__[at]san_init", program.read()) is not None

    def test_a_unix_socket_is_an_address(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "socket")
            server = FakeServer({"PING": b"+PONG\r\n"}, socket.AF_UNIX, path)
            self.addCleanup(server.close)
            self.assertEqual(run("-s", path, "PING").stdout, b"PONG\n")
            done = run("-s", path + "2", "PING")
            self.assertEqual(done.stderr.decode(), f"client: cannot connect to {path}2: No such file or directory\n")


if __name__ == "__main__":
    main()
