"""The example kv replies as redis-server does, byte for byte, to generated commands in RESP2 and RESP3.

Each round begins with an empty database and sends the same commands to both, one after another. A reply may differ
only as DIFFERENCES says.
"""

import random
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from support import PATIENCE, Client, Example, main, needs
from under_test import Program, environment, free_port
from wire import command

ROUNDS = 60
COMMANDS = 120  # of one round

# (what differs, a pattern for the command, a pattern for the reply of kv, a pattern for the reply of Redis).
DIFFERENCES = [
    ("options of EXPIRE that do not exist", rb"(?i)P?EXPIRE(AT)? ", rb"-ERR syntax error", rb"-ERR Unsupported option"),
    ("what HELLO says of the server", rb"(?i)HELLO", rb"[*%]", rb"[*%]"),
    ("a number of a database that is no int", rb"(?i)COPY .* DB \d{10}", rb"-ERR DB index", rb"-ERR value is out of"),
    ("an unknown word is quoted whole; Redis stops at NUL", rb"(?i)NOSUCH .*\x00", rb"-ERR unknown command",
     rb"-ERR unknown command"),
]

KEYS = [b"a", b"b", b"c", b"counter", b"text", b"long key with spaces", b"\x00\xff"]
VALUES = [b"", b"0", b"1", b"-5", b"10", b"9223372036854775807", b"-9223372036854775808", b"3.5", b"abc", b"x" * 300,
          b"\r\n", b" 7", b"007", b"1e3", b"nan", b"inf"]
NUMBERS = [b"0", b"1", b"-1", b"2", b"10", b"100", b"-100", b"9223372036854775807", b"9223372036854775808", b"x", b"",
           b"1.5", b"+1", b"01"]
TIMES = [b"100", b"1000", b"0", b"-1", b"x", b"9223372036854775807", b"4102444800", b"4102444800000",
         b"-9223372036854775808"]
BITS = [b"0", b"7", b"8", b"100", b"-1", b"x", b"4294967296"]
EXPIRY = [[b"EX", b"T"], [b"PX", b"T"], [b"EXAT", b"T"], [b"PXAT", b"T"], [b"KEEPTTL"], [b"PERSIST"], [b"EX"]]
FLAGS = [b"NX", b"XX", b"GET", b"GT", b"LT", b"nx", b"xX", b"BAD"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, values):
        return self.random.choice(values)

    def flags(self):
        return [self.pick(FLAGS) for _ in range(self.random.choice((0, 0, 0, 1, 1, 2)))]

    def expiry(self):
        if self.random.random() < 0.6:
            return []
        return [self.pick(TIMES) if word == b"T" else word for word in self.pick(EXPIRY)]

    def keys(self):
        return [self.pick(KEYS) for _ in range(self.random.randint(0, 4))]

    def pairs(self):
        return [word for key in self.keys() for word in (key, self.pick(VALUES))]

    def command(self):
        key, value, number, time = (self.pick(KEYS), self.pick(VALUES), self.pick(NUMBERS), self.pick(TIMES))
        forms = [
            [b"SET", key, value, *self.flags(), *self.expiry()], [b"SET", key, value, *self.expiry(), *self.flags()],
            [b"GET", key], [b"GETDEL", key], [b"GETSET", key, value], [b"GETEX", key, *self.expiry()],
            [b"SETNX", key, value], [b"SETEX", key, time, value], [b"PSETEX", key, time, value],
            [b"MGET", *self.keys()], [b"MSET", *self.pairs()], [b"MSET", *self.pairs(), key], [b"MSETNX", *self.pairs()],
            [b"APPEND", key, value], [b"STRLEN", key], [b"GETRANGE", key, number, self.pick(NUMBERS)],
            [b"SETRANGE", key, self.pick([b"0", b"1", b"5", b"-1", b"x", b"600000000"]), value],
            [b"INCR", key], [b"DECR", key], [b"INCRBY", key, number], [b"DECRBY", key, number],
            [b"INCRBYFLOAT", key, self.pick([b"1", b"1.5", b"-3.25", b"x", b"1e2", b"0.1"])],
            [b"DEL", *self.keys()], [b"UNLINK", *self.keys()], [b"EXISTS", *self.keys()], [b"TOUCH", *self.keys()],
            [b"EXPIRE", key, time, *self.flags()], [b"PEXPIRE", key, time, *self.flags()],
            [b"EXPIREAT", key, time, *self.flags()], [b"PEXPIREAT", key, time, *self.flags()],
            [b"TTL", key], [b"EXPIRETIME", key], [b"PEXPIRETIME", key], [b"PERSIST", key], [b"TYPE", key],
            [b"RENAME", key, self.pick(KEYS)], [b"RENAMENX", key, self.pick(KEYS)],
            [b"COPY", key, self.pick(KEYS), *self.pick([[], [b"REPLACE"], [b"DB", number], [b"DB", b"1"]])],
            [b"MOVE", key, self.pick([b"0", b"1", b"15", b"16", b"-1", b"x"])],
            [b"SETBIT", key, self.pick(BITS), self.pick([b"0", b"1", b"2", b"x"])], [b"GETBIT", key, self.pick(BITS)],
            [b"SELECT", self.pick([b"0", b"1", b"15", b"16", b"-1", b"x"])], [b"FLUSHDB"],
            # DBSIZE of Redis may count keys whose time has ended.
            [b"EXISTS", *KEYS], [b"DBSIZE", key],
            [b"SWAPDB", self.pick([b"0", b"1"]), self.pick([b"1", b"2", b"99"])],
            [b"PING"], [b"PING", value], [b"PING", value, key], [b"ECHO", value], [b"ECHO"], [b"NOSUCH", key, value],
            [b"MULTI"], [b"EXEC"], [b"DISCARD"], [b"WATCH", key], [b"WATCH"], [b"UNWATCH"],
            [b"CLIENT", b"GETNAME"], [b"CLIENT", b"SETNAME", self.pick([b"name", b"a b", b""])],
            [b"CLIENT", b"NOSUCH"], [b"CLIENT"], [b"CLIENT", b"ID", b"x"], [b"CONFIG", b"NOSUCH"],
            [b"SLOWLOG", self.pick([b"LEN", b"RESET"])], [b"SLOWLOG", b"GET", self.pick([b"0", b"x", b"-2", b"-1"])],
            [b"SLOWLOG", b"NOSUCH"], [b"LATENCY", b"HISTOGRAM", b"nosuch"], [b"MONITOR", b"x"],
            [b"CLIENT", b"UNBLOCK", self.pick([b"999999999", b"x"]), self.pick([b"TIMEOUT", b"ERROR", b"no"])],
            [b"CLIENT", b"PAUSE", self.pick([b"0", b"x", b"-1"])], [b"CLIENT", b"PAUSE", b"0", self.pick([b"WRITE", b"no"])],
            [b"CLIENT", b"UNPAUSE", *self.pick([[], [b"x"]])], [b"CLIENT", b"TRACKING", b"ON", b"REDIRECT", b"999999999"],
            [b"CLIENT", b"TRACKING", b"ON", b"REDIRECT", b"x"], [b"CLIENT", b"GETREDIR"], [b"CLIENT", b"TRACKINGINFO"],
            [b"CONFIG", b"SET", b"slowlog-max-len", self.pick([b"128", b"x", b"-1"])],
            [b"CONFIG", b"GET", b"slowlog-max-len"],
            [b"CONFIG", b"GET", b"nosuch"], [b"PUBLISH", key, value], [b"PUBSUB", b"NUMSUB", key],
            [b"PUBSUB", b"NUMPAT"], [b"SCAN", b"0", b"COUNT", b"0"], [b"SCAN", b"x"], [b"RANDOMKEY", key],
            [b"SCAN", b"0", b"BAD", b"1"], [b"COMMAND", b"GETKEYS", b"SET", key, value],
            [b"COMMAND", b"GETKEYS", b"MSET", key, value, *self.pairs()],
            [b"COMMAND", b"GETKEYS", b"PING", value],
            [b"COMMAND", b"NOSUCH"], [b"SUBSTR", key, number, number], [b"GET"], [b"GET", key, key], [b"SET", key],
        ]
        words = self.pick(forms)
        if self.random.random() < 0.2:
            words = [words[0].lower(), *words[1:]]
        return words


class Redis:
    """A redis-server on a free port."""

    def __init__(self):
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--dir", self.folder.name, "--bind", "127.0.0.1"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment())
        for line in self.process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise AssertionError("redis-server does not start")

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.folder.cleanup()


class Reader:
    """Sends commands and reads replies, as bytes."""

    def __init__(self, port):
        self.client = Client(("127.0.0.1", port))
        self.file = self.client.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.client.close()

    def ask(self, words):
        self.client.send(command(*words))
        return self.value()

    def value(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind in b"$=!":
            return line + (self.file.read(int(rest) + 2) if int(rest) >= 0 else b"")
        values = {b"*": 1, b"~": 1, b">": 1, b"%": 2}.get(kind, 0)
        return line + b"".join(self.value() for _ in range(max(int(rest), 0) * values if values else 0))


def same_times(words, ours, theirs):
    """Whether times differ only because the second server got its command later."""
    if words[0].upper() not in (b"TTL", b"EXPIRETIME", b"PEXPIRETIME", b"EXEC"):
        return False
    numbers = [[int(number) for number in re.findall(rb":(-?\d+)\r\n", reply)] for reply in (ours, theirs)]
    rest = [re.sub(rb":-?\d+\r\n", b"", reply) for reply in (ours, theirs)]
    return rest[0] == rest[1] and len(numbers[0]) == len(numbers[1]) and all(
        abs(a - b) <= 200 and min(a, b) > 0 for a, b in zip(*numbers) if a != b)


def explained(words, ours, theirs):
    if same_times(words, ours, theirs):
        return True
    line = b" ".join(words)
    return any(re.match(pattern, line, re.DOTALL) and re.match(of_kv, ours) and re.match(of_redis, theirs)
               for _, pattern, of_kv, of_redis in DIFFERENCES)


@needs("redis-server")
class RedisCompare(Example):
    program = "kv"
    arguments = ("--port", "0", "--threads", "2")

    def setUp(self):
        super().setUp()
        self.redis = Redis()
        self.addCleanup(self.redis.close)

    def test_generated_commands_get_the_replies_of_redis(self):
        found = []
        for seed in range(ROUNDS):
            generator = Generator(seed)
            pair = Reader(int(self.port)), Reader(self.redis.port)
            for reader in pair:
                self.addCleanup(reader.close)
            begin = [[b"FLUSHALL"], *([[b"HELLO", b"3"]] if seed % 2 else [])]
            for words in begin + [generator.command() for _ in range(COMMANDS)]:
                ours, theirs = (reader.ask(words) for reader in pair)
                if ours != theirs and not explained(words, ours, theirs):
                    found.append(f"seed {seed}: {words}\n    kv    {ours}\n    Redis {theirs}")
        self.assertEqual(found, [], "\n".join(found))


if __name__ == "__main__":
    main()
