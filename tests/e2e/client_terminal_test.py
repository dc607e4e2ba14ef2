"""examples/client on a terminal: the prompt, history, completion, pushes, Ctrl-C, and servers that are hostile."""

import os
import re
import signal
import stat
import subprocess
import tempfile
import unittest

from fake_server import EVIL, FakeServer, byte_by_byte, then_close
from support import BIN, PATIENCE, Example, TestCase, main
from under_test import environment
from wire import bulk

try:
    import pexpect
except ImportError:
    pexpect = None

CLIENT = os.path.join(BIN, "client")
TAB, UP, CTRL_C, CTRL_D = "\t", "\x1b[A", "\x03", "\x04"


def has_libedit():
    shown = subprocess.run([CLIENT, "--help"], capture_output=True, timeout=PATIENCE).stdout
    return b"TAB completes" in shown


needs_libedit = unittest.skipUnless(has_libedit(), "the client was built without libedit")


class Terminal:
    """The client on a terminal. With TERM=dumb, libedit and the client write no escape sequences."""

    def __init__(self, test, port, *options, term="dumb", history="", columns=100):
        variables = environment(TERM=term, RESP_CLIENT_HISTORY=history, LC_ALL="C.UTF-8", HOME="/nonexistent")
        self.child = pexpect.spawn(CLIENT, ["-p", str(port), *options], env=variables, timeout=PATIENCE,
                                   dimensions=(24, columns))
        self.child.delaybeforesend = None
        self.child.logfile_read = self.log = tempfile.TemporaryFile()
        test.addCleanup(self.log.close)
        test.addCleanup(self.child.close, force=True)
        test.addCleanup(lambda: test.assertRegex(self.shown(), rb"\A[ -~\r\n\x07\x08]*\Z") if term == "dumb" else None)

    def shown(self):
        """Every byte that the terminal got."""
        self.log.seek(0)
        return self.log.read()

    def type(self, keys):
        self.child.send(keys)

    def expect(self, text):
        """Waits for the text. Returns what the terminal showed before it."""
        self.child.expect_exact(text)
        return self.child.before.decode().replace("\r\n", "\n")

    def wait_for_prompt(self):
        self.child.expect(r"(?:^|\n)> ")
        return self.child.before.decode().replace("\r", "")

    def run(self, line):
        """Types a command. Returns what is shown up to the next prompt, without the echo of the line."""
        self.type(line + "\r")
        self.expect(line + "\r\n")
        return self.wait_for_prompt()

    def end(self, keys=CTRL_D):
        self.type(keys)
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@unittest.skipUnless(pexpect, "pexpect is not installed")
class WithKv(Example):
    program = "kv"
    arguments = ("--port", "0")

    def terminal(self, *options, **variables):
        terminal = Terminal(self, self.port, *options, **variables)
        terminal.wait_for_prompt()
        return terminal

    def test_a_command_shows_its_reply_and_a_new_prompt(self):
        terminal = self.terminal()
        self.assertEqual(terminal.run("PING"), "PONG")
        self.assertEqual(terminal.run(r'SET k "a\x00\n"'), "OK")
        self.assertEqual(terminal.run("GET k"), r'"a\x00\n"')
        self.assertEqual(terminal.run("MGET k none"), '1) "a\\x00\\n"\n2) (nil)')
        self.assertEqual(terminal.run("GET"), "(error) ERR wrong number of arguments for 'get' command")
        self.assertEqual(terminal.run('GET "k'), "client: unbalanced quotes in request")
        self.assertIn("\nredis_version:", terminal.run("INFO server"))

    def test_quit_exit_and_ctrl_d_end_the_client(self):
        for keys in ("quit\r", "EXIT\r", CTRL_D):
            with self.subTest(keys=keys):
                self.assertEqual(self.terminal().end(keys), 0)

    def test_ctrl_c_cancels_the_line(self):
        terminal = self.terminal()
        terminal.type("SET k wrong")
        terminal.expect("wrong")
        terminal.type(CTRL_C)
        terminal.wait_for_prompt()
        self.assertEqual(terminal.run("GET k"), "(nil)")

    def test_ctrl_c_ends_waiting_and_the_next_command_connects_again(self):
        terminal = self.terminal("-n", "2")
        self.assertEqual(terminal.run("SET k 1"), "OK")
        terminal.type("SUBSCRIBE news\r")
        terminal.expect("Reading messages... (press Ctrl-C to quit)\r\n")
        terminal.expect('1) "subscribe"\r\n2) "news"\r\n3) (integer) 1\r\n')
        self.assertEqual(self.client("PUBLISH", "news", "hi"), "1\n")
        terminal.expect('1) "message"\r\n2) "news"\r\n3) "hi"\r\n')
        terminal.type(CTRL_C)
        terminal.expect("client: interrupted: the connection is closed\r\n")
        terminal.wait_for_prompt()
        self.assertEqual(terminal.run("GET k"), '"1"')

    def test_a_push_appears_while_the_prompt_waits(self):
        terminal = self.terminal("-3")
        self.assertEqual(terminal.run("CLIENT TRACKING ON"), "OK")
        self.assertEqual(terminal.run("GET k"), "(nil)")
        self.client("SET", "k", "1")
        self.assertEqual(terminal.expect("-> invalidate: 'k'\r\n").strip(), "")
        terminal.wait_for_prompt()

    @needs_libedit
    def test_a_push_appears_above_the_line_that_is_typed(self):
        for columns in (100, 12):
            with self.subTest(columns=columns):
                terminal = self.terminal("-3", term="xterm", columns=columns)
                terminal.type("CLIENT TRACKING ON\rGET k\r")
                terminal.expect("OK\r\n")
                terminal.expect("(nil)\r\n> ")
                terminal.type("ECHO abcdefgh")
                terminal.expect("h")
                self.client("SET", "k", "1")
                terminal.expect(("" if columns == 100 else "\x1b[1A") + "\r\x1b[J-> invalidate: 'k'\r\n")
                terminal.expect("> ECHO abc")
                terminal.type("\r")
                terminal.expect('"abcdefgh"\r\n')
                self.client("DEL", "k")

    @needs_libedit
    def test_arrow_up_brings_the_previous_line_back(self):
        terminal = self.terminal()
        self.assertEqual(terminal.run("ECHO one"), '"one"')
        self.assertEqual(terminal.run("ECHO two"), '"two"')
        terminal.type(UP + UP + "\r")
        terminal.expect('"one"\r\n')

    @needs_libedit
    def test_the_history_file_is_private_and_has_no_passwords(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "history")
            first = self.terminal(history=file)
            for line in ("PING", "auth secret", "HELLO 3 AUTH default secret", "CONFIG SET requirepass secret",
                         "ACL SETUSER x >secret", 'AUTH "secret', "ECHO last"):
                first.run(line)
            first.type(UP + UP + "\r")
            first.expect("PONG\r\n")
            self.assertEqual(first.end(), 0)
            self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
            with open(file) as lines:
                self.assertNotIn("secret", lines.read())
            second = self.terminal(history=file)
            second.type(UP + UP + "\r")
            second.expect('"last"\r\n')

    @needs_libedit
    def test_tab_completes_names_and_shows_usage(self):
        terminal = self.terminal()
        for typed, shown in (("GETR", "ANGE "),  # one name
                             ("getr", "ange "),
                             ("CLIENT SETI", "NFO "),
                             ("help mse", "t"),  # MSET and MSETNX
                             ("INCRBY", "\r\nINCRBY  INCRBYFLOAT\r\nINCRBY key increment\r\n> INCRBY"),
                             ("SETEX ", "\r\nSETEX key seconds value\r\n> SETEX "),
                             ("setex k 10", "\r\nSETEX key seconds value\r\n> setex k 10"),
                             ("CLIENT SETNAME", "\r\nCLIENT SETNAME connection-name\r\n> CLIENT SETNAME "),
                             ("CONFIG ", "\r\nGET  RESETSTAT  SET\r\n> CONFIG "),
                             ("NOSUCH", "\r\n> NOSUCH")):
            with self.subTest(typed=typed):
                terminal.type(typed)
                terminal.expect(typed)
                terminal.type(TAB)
                terminal.expect(shown)
                terminal.type(CTRL_C)
                terminal.wait_for_prompt()

    @needs_libedit
    def test_completion_does_not_disturb_a_transaction(self):
        terminal = self.terminal()
        self.assertEqual(terminal.run("MULTI"), "OK")
        terminal.type("GETR" + TAB)
        terminal.expect("ANGE ")
        terminal.type(CTRL_C)
        terminal.wait_for_prompt()
        self.assertEqual(terminal.run("EXEC"), "(empty array)")

    def test_help_is_that_of_redis_cli(self):
        for version in ((), ("-3",)):
            terminal = self.terminal(*version)
            for name in ("set", "mget", "client info", "Config Get", "scan"):
                with self.subTest(version=version, name=name):
                    theirs = subprocess.run(["redis-cli", "-p", self.port, "help", *name.split()], capture_output=True,
                                            timeout=PATIENCE).stdout.decode()
                    theirs = re.sub(r"\x1b\[\d+m", "", theirs).replace("\r", "")
                    self.assertEqual([line.rstrip() for line in terminal.run("help " + name).split("\n")],
                                     [line.rstrip() for line in theirs.rstrip("\n").split("\n")] + [""])
            self.assertEqual(terminal.run("help nosuch"), "The server has no help for this.")
            self.assertIn("Ctrl-D", terminal.run("help"))

    def test_a_server_that_ends_is_reported_and_found_again(self):
        terminal = self.terminal()
        self.assertEqual(terminal.run("PING"), "PONG")
        port = self.port
        self.process.terminate()
        terminal.expect("client: the server closed the connection\r\n")
        terminal.wait_for_prompt()
        self.process.wait(PATIENCE)
        self.assertEqual(terminal.run("PING"), f"client: cannot connect to 127.0.0.1:{port}: Connection refused")
        self.process.stdout.close()
        self.process = subprocess.Popen([os.path.join(BIN, "kv"), "--port", port], stdout=subprocess.PIPE)
        self.process.stdout.readline()
        self.assertEqual(terminal.run("PING"), "PONG")


DOCS = b"*2\r\n" + bulk(b"get") + b"*4\r\n" + bulk(b"summary") + bulk(EVIL) + bulk(b"arguments") + \
    b"*1\r\n*4\r\n" + bulk(b"name") + bulk(EVIL) + bulk(b"type") + bulk(b"string")


@unittest.skipUnless(pexpect, "pexpect is not installed")
class Hostile(TestCase):
    """Terminal checks that no byte of these servers reaches the terminal as it is."""

    def terminal(self, answers, *options):
        self.server = FakeServer(answers)
        self.addCleanup(self.server.close)
        terminal = Terminal(self, self.server.port, *options)
        terminal.wait_for_prompt()
        return terminal

    def test_each_text_is_escaped(self):
        replies = [b"+%s\r\n" % EVIL, b"-ERR %s\r\n" % EVIL, bulk(EVIL), b"!%d\r\n%s\r\n" % (len(EVIL), EVIL),
                   b"=%d\r\ntxt:%s\r\n" % (len(EVIL) + 4, EVIL), b"*1\r\n" + bulk(EVIL)]
        for form in ("--no-raw", "--raw"):
            of_info = iter(replies)
            terminal = self.terminal({"INFO": lambda connection, left=of_info: connection.sendall(next(left)),
                                      "MONITOR": replies[0] + b"-ERR end\r\n",
                                      **{f"GET{i}": reply for i, reply in enumerate(replies)}}, form)
            for command in ["MONITOR", *["INFO"] * len(replies), *(f"GET{i}" for i in range(len(replies)))]:
                with self.subTest(form=form, command=command):
                    terminal.type(command + "\r")
                    terminal.expect(r"\x1b]0;owned")
                    terminal.expect(r"\xe2\x80\xae")
            terminal.end()

    def test_pushes_are_escaped(self):
        for push in (b">2\r\n+invalidate\r\n*1\r\n" + bulk(EVIL), b">1\r\n" + bulk(EVIL)):
            terminal = self.terminal({"HELLO": b"+OK\r\n", "PING": b"+PONG\r\n" + push}, "-3")
            terminal.type("PING\r")
            terminal.expect("PONG\r\n")
            terminal.expect(r"]0;owned")
            terminal.wait_for_prompt()

    def test_help_and_completion_are_escaped(self):
        name = bulk(b"get" + EVIL)
        for docs in (DOCS, b"*2\r\n" + name + b"*0\r\n", b"*1\r\n*0\r\n", b":1\r\n", b"-ERR no\r\n", b"_\r\n",
                     b"*4\r\n" + name + name + bulk(b"get") + bulk(b"x"), b"garbage", then_close(b"")):
            with self.subTest(docs=docs):
                terminal = self.terminal({"COMMAND": docs, "PING": b"+PONG\r\n"})
                shown = terminal.run("help get")
                if docs == DOCS:
                    self.assertIn(r"summary: \x1b]0;owned", shown)
                if has_libedit():
                    for typed in ("GET ", "g"):
                        terminal.type(typed + TAB)
                        terminal.expect("\n> " + typed)
                        terminal.type(CTRL_C)
                        terminal.wait_for_prompt()
                self.assertEqual(terminal.run("PING"), "PONG")

    @needs_libedit
    def test_a_name_that_is_not_printable_is_not_completed(self):
        docs = b"*4\r\n" + bulk(b"get" + EVIL) + b"*0\r\n" + bulk(b"a b") + b"*0\r\n"
        terminal = self.terminal({"COMMAND": docs, "G": b"+of g\r\n", "A": b"+of a\r\n"})
        for typed in ("g", "a"):
            terminal.type(typed + TAB + "\r")
            terminal.expect("of " + typed)
            self.assertEqual(self.server.received[-1], [typed.encode()])

    def test_usage_that_doubles_at_each_level_is_cut(self):
        argument = b"*6\r\n" + bulk(b"name") + bulk(b"x") + bulk(b"type") + bulk(b"string") + bulk(b"flags") + \
            b"*1\r\n+multiple\r\n"
        for _ in range(60):
            argument = b"*6\r\n" + bulk(b"type") + bulk(b"block") + bulk(b"flags") + b"*1\r\n+multiple\r\n" + \
                bulk(b"arguments") + b"*1\r\n" + argument
        docs = b"*2\r\n" + bulk(b"get") + b"*2\r\n" + bulk(b"arguments") + b"*1\r\n" + argument
        self.assertIn("x [x ...] [x [x ...] ...]", self.terminal({"COMMAND": docs}).run("help get").replace("\n", ""))

    def test_wrong_replies_are_reported_and_the_next_command_connects_again(self):
        answers = {"BAD": b"HTTP/1.1 400\r\n", "CUT": then_close(b"*2\r\n:1\r\n"), "DEEP": b"*1\r\n" * 200,
                   "SLOW": byte_by_byte(b"*2\r\n:1\r\n$5\r\nhello\r\n"), "MORE": b"+OK\r\n\x1b[2J",
                   "PING": b"+PONG\r\n"}
        terminal = self.terminal(answers)
        for command, shown in (("BAD", "client: bad reply at byte 0: unknown type 'H'"),
                               ("CUT", "client: the server closed the connection"),
                               ("DEEP", "client: bad reply at byte 519: nested too deeply"),
                               ("MORE", "OK\nclient: bad reply at byte 12: unknown type '\\x1b'"),
                               ("SLOW", '1) (integer) 1\n2) "hello"')):
            with self.subTest(command=command):
                self.assertEqual(terminal.run(command), shown)
                self.assertEqual(terminal.run("PING"), "PONG")

    def test_ctrl_c_ends_waiting_for_a_silent_server(self):
        terminal = self.terminal({"PING": b"+PONG\r\n"})
        terminal.type("SILENT\r")
        terminal.expect("SILENT\r\n")
        terminal.type(CTRL_C)
        terminal.expect("client: interrupted: the connection is closed\r\n")
        terminal.wait_for_prompt()
        self.assertEqual(terminal.run("PING"), "PONG")
        terminal.type("help get\r")
        terminal.expect("help get\r\n")
        terminal.type(CTRL_C)
        terminal.expect("The server has no help for this.\r\n")
        terminal.wait_for_prompt()
        self.assertEqual(terminal.run("PING"), "PONG")

    def test_ctrl_c_ends_an_endless_output(self):

        def flood(connection):
            while True:
                connection.sendall((b">1\r\n" + bulk(b"x" * 1000)) * 100)

        answers = {"FLOOD": flood, "LARGE": bulk(b"x" * 60_000_000),
                   "MANY": b"*1000000\r\n" + b"+xx\r\n" * 1_000_000}
        for command in answers:
            with self.subTest(command=command):
                terminal = self.terminal({"HELLO": b"+OK\r\n", "PING": b"+PONG\r\n", **answers}, "-3")
                terminal.type(command + "\r")
                terminal.expect("xx")
                terminal.child.kill(signal.SIGINT)  # the terminal may be too busy for a key
                terminal.expect("client: interrupted: the connection is closed\r\n")
                self.assertLess(len(terminal.shown()), 5_000_000)
                terminal.wait_for_prompt()
                self.assertEqual(terminal.run("PING"), "PONG")


if __name__ == "__main__":
    main()
