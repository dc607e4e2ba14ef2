"""Every mode of redis-cli that needs only commands of kv."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from steps import BINARY, HOST, PASSWORD, PASSWORD_PORT, PORT, attempt, contains, protocol, same

PATIENCE = 10.0
ENVIRONMENT = {**os.environ, "TERM": "xterm", "REDISCLI_HISTFILE": "/dev/null"}


def words(*arguments, port=PORT):
    return ["redis-cli", "-h", HOST, "-p", str(port), *arguments]


def output(*arguments, stdin=b"", port=PORT):
    done = subprocess.run(words(*arguments, port=port), input=stdin, capture_output=True, timeout=PATIENCE,
                          env=ENVIRONMENT)
    return (done.stdout + done.stderr).decode("latin-1")


class Running:
    """A redis-cli that runs: its output can be awaited, and text can be typed if it has a terminal."""

    def __init__(self, *arguments, terminal=False):
        self.shown = ""
        if terminal:
            self.output, other_end = pty.openpty()
            fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
            self.process = subprocess.Popen(words(*arguments), stdin=other_end, stdout=other_end, stderr=other_end,
                                            env=ENVIRONMENT, start_new_session=True)
            os.close(other_end)
        else:
            self.process = subprocess.Popen(words(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            env=ENVIRONMENT)
            self.output = self.process.stdout.fileno()

    def wait_for(self, pattern):
        """Waits until the output since the last match has this pattern."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.shown)):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.output], [], [], left)[0]:
                raise AssertionError(f"redis-cli does not show {pattern}: {self.shown[-300:]!r}")
            try:
                chunk = os.read(self.output, 65536)
            except OSError:  # a terminal whose program has ended
                chunk = b""
            if not chunk:
                raise AssertionError(f"redis-cli ended before {pattern}: {self.shown[-300:]!r}")
            self.shown += re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", chunk.decode("latin-1"))
        self.shown = self.shown[found.end():]

    def type(self, text):
        os.write(self.output, text.encode())

    def end(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


def one_shot():
    attempt("binary values")
    same(output("-x", "SET", "binary", stdin=BINARY), "OK\n")
    same(output("GET", "binary"), BINARY.decode("latin-1") + "\n")
    attempt("an error reply")
    same(output("GET"), "ERR wrong number of arguments for 'get' command\n\n")
    contains(output("NOSUCH", "a"), "ERR unknown command 'NOSUCH', with args beginning with: 'a'")
    attempt("commands from a file")
    same(output(stdin=b"SET n 1\nMULTI\nINCR n\nINCR n\nEXEC\nSELECT 3\nGET n\n"),
         "OK\nOK\nQUEUED\nQUEUED\n2\n3\nOK\n\n")
    attempt("expiry")
    same(output("SET", "soon", "gone", "EX", "100"), "OK\n")
    same(output("TTL", "soon"), "100\n")
    attempt("-n, -r, --csv, --json")
    same(output("-n", "3", "-r", "2", "INCR", "counter"), "1\n2\n")
    same(output("--csv", "MGET", "n", "none"), '"3",NULL\n')
    same(output("--json", "CONFIG", "GET", "databases"), '{"databases":"16"}\n')
    attempt("RESP3")
    contains(output("CLIENT", "INFO"), " resp=2")
    protocol(2)
    contains(output("-3", "CLIENT", "INFO"), " resp=3")
    protocol(3)
    attempt("password")
    contains(output("PING", port=PASSWORD_PORT), "NOAUTH Authentication required.")
    same(output("-a", PASSWORD, "--no-auth-warning", "PING", port=PASSWORD_PORT), "PONG\n")
    contains(output("-a", "wrong", "--no-auth-warning", "PING", port=PASSWORD_PORT), "WRONGPASS")


def reports():
    attempt("--pipe")
    sets = b"".join(b"*3\r\n$3\r\nSET\r\n$9\r\nkey:%05d\r\n$5\r\n%05d\r\n" % (i, i) for i in range(2000))
    contains(output("--pipe", stdin=sets), "errors: 0, replies: 2000")
    attempt("--scan")
    same(sorted(output("--scan", "--pattern", "key:0199?").split()),
         [f"key:0199{i}" for i in range(10)])
    attempt("--bigkeys")
    contains(output("--bigkeys"), "Sampled 2003 keys in the keyspace!")
    attempt("--stat")
    stat = Running("--stat", "-i", "0.1")
    for _ in range(3):
        stat.wait_for(r"2004 +\S+ +\d+ +\d+ +\d+ \(\+\d+\)")
    stat.end()
    attempt("--latency")
    if not re.fullmatch(r"\d+ \d+ \d+\.\d+ [1-9]\d*\n", shown := output("--latency", "-i", "0.2")):
        raise AssertionError(shown)


def pubsub():
    attempt("subscribe mode")
    subscriber = Running("SUBSCRIBE", "news")
    subscriber.wait_for("subscribe\nnews\n1\n")
    same(output("PUBLISH", "news", "hello"), "1\n")
    subscriber.wait_for("message\nnews\nhello\n")
    subscriber.end()


def interactive(*arguments):
    prompt = rf"{HOST}:{PORT}> "
    terminal = Running(*arguments, terminal=True)
    terminal.wait_for(prompt)
    terminal.type("SET ")
    terminal.wait_for(r"key value")  # the hint; it comes from COMMAND DOCS or from a table in redis-cli
    terminal.type("greeting 'Hello world!'\r")
    terminal.wait_for(r"OK\r\n" + prompt)
    terminal.type("GET greeting\r")
    terminal.wait_for(r'"Hello world!"\r\n' + prompt)
    terminal.type("GET\r")
    terminal.wait_for(r"\(error\) ERR wrong number of arguments for 'get' command\r\n" + prompt)
    terminal.type("MULTI\r")
    terminal.wait_for(r"OK\r\n.*\(TX\)> ")
    terminal.type("DEL greeting\r")
    terminal.wait_for(r"QUEUED\r\n.*\(TX\)> ")
    terminal.type("EXEC\r")
    terminal.wait_for(r"1\) \(integer\) 1\r\n" + prompt)
    terminal.type("SELECT 3\r")
    terminal.wait_for(rf"OK\r\n.*{HOST}:{PORT}\[3\]> ")
    terminal.type("SUBSCRIBE news\r")
    terminal.wait_for(r'1\) "subscribe"\r\n2\) "news"\r\n3\) \(integer\) 1\r\n')
    same(output("PUBLISH", "news", "hello"), "1\n")
    terminal.wait_for(r'1\) "message"\r\n2\) "news"\r\n3\) "hello"\r\n')
    terminal.end()


one_shot()
reports()
pubsub()
attempt("interactive, with hints")
interactive()
attempt("interactive, in RESP3")
interactive("-3")
