"""A snapshot of examples/kv is the old one or the new one, whenever kv is killed, and a damaged one is refused."""

import concurrent.futures
import os
import random
import re
import signal
import subprocess
import tempfile
import time
import unittest

from support import BIN, PATIENCE, TestCase, main
from under_test import child
from wire import bulk, command


def can_trace():
    """strace may be missing, or forbidden in a container."""
    try:
        return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0
    except OSError:
        return False


class Content:
    """What the store contains: `count` keys of `all_keys`, from the first one on."""

    def __init__(self, name, all_keys, first, count, size):
        self.all_keys = all_keys
        self.values = {b"key:%d" % i: (b"%s:%d " % (name, i)).ljust(size, b"x") for i in range(first, first + count)}

    @property
    def names(self):
        return [b"key:%d" % i for i in range(self.all_keys)]

    def commands(self):
        yield command(b"FLUSHALL")
        yield from (command(b"SET", name, value) for name, value in self.values.items())

    def replies(self):
        """To MGET with all names, and to DBSIZE."""
        values = [bulk(self.values[name]) if name in self.values else b"$-1\r\n" for name in self.names]
        return b"*%d\r\n%s:%d\r\n" % (self.all_keys, b"".join(values), len(self.values))


class Snapshot(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.join(folder.name, "data")
        os.mkdir(self.folder)
        self.file = os.path.join(self.folder, "kv.snapshot")
        self.log = os.path.join(folder.name, "strace.log")
        self.process = None
        self.addCleanup(self.kill)

    # ---- the server

    def start(self, *wrapper, flags=()):
        """A client of a new kv. A wrapper is a program that runs it, such as strace."""
        command_line = [*wrapper, os.path.join(BIN, "kv"), "--port", "0", "--snapshot", self.file, *flags]
        self.process = subprocess.Popen(command_line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        preexec_fn=child())
        line = self.process.stdout.readline().decode()
        return self.connect_to(("127.0.0.1", int(re.fullmatch(r"Listening on 127\.0\.0\.1:(\d+)\n", line)[1])))

    def start_traced(self, *inject):
        """strace sees only the system calls on the files of the snapshot. -D: our child is kv."""
        paths = [word for path in (self.file, self.file + ".new", self.folder) for word in ("-P", path)]
        return self.start("strace", "-D", "-f", "-o", self.log, *paths, *inject)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.wait()

    def wait(self):
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.process = None
        return code

    def fill(self, client, content):
        commands = list(content.commands())
        for first in range(0, len(commands), 1000):
            some = commands[first:first + 1000]
            self.assertEqual(client.ask(b"".join(some), 5 * len(some)), b"+OK\r\n" * len(some))

    def save(self, client):
        self.assertEqual(client.ask(command(b"SAVE"), 5), b"+OK\r\n")

    def write_file(self, content):
        """Returns its bytes."""
        client = self.start()
        self.fill(client, content)
        self.save(client)
        self.kill()
        return self.read_file()

    def read_file(self):
        with open(self.file, "rb") as file:
            return file.read()

    def put_file(self, data):
        """The folder contains nothing else then."""
        for name in os.listdir(self.folder):
            os.remove(os.path.join(self.folder, name))
        with open(self.file, "wb") as file:
            file.write(data)

    def loaded(self, content):
        """What a new kv replies about the keys. It can save again, and nothing but the snapshot is left then."""
        client = self.start()
        client.send(command(b"MGET", *content.names) + command(b"DBSIZE") + command(b"SAVE") + command(b"QUIT"))
        replies = client.read_to_end()
        self.kill()
        self.assertEqual(os.listdir(self.folder), ["kv.snapshot"])
        self.assertEqual(replies[-10:], b"+OK\r\n+OK\r\n")
        return replies[:-10]

    # ---- system calls

    def calls_of_save(self, old, new):
        """[(system call, how many of its name there were until then)] of a save, in order."""
        self.put_file(old)
        client = self.start_traced()
        self.fill(client, new)
        self.save(client)
        self.kill()
        deadline = time.monotonic() + PATIENCE
        while "killed by SIGKILL" not in (text := self.read_log()):
            self.assertLess(time.monotonic(), deadline, "strace does not end")
            time.sleep(0.01)
        calls, counts = [], {}
        for line in re.findall(r"^\d+ +(\w+\(.*)$", text, re.MULTILINE):
            name = line.partition("(")[0]
            counts[name] = counts.get(name, 0) + 1
            if calls or "O_CREAT" in line:
                calls.append((name, counts[name]))
        return calls

    def read_log(self):
        with open(self.log) as log:
            return log.read()

    def old_and_new(self):
        return Content(b"old", 30, 0, 20, 1000), Content(b"new", 30, 10, 20, 1000)

    @unittest.skipUnless(can_trace(), "strace does not work here")
    def test_a_kill_at_each_system_call_of_a_save_leaves_the_old_or_the_new_file(self):
        old, new = self.old_and_new()
        file = self.write_file(old)
        calls = self.calls_of_save(file, new)
        names = [name for name, _ in calls]
        rename = names.index("rename")
        self.assertIn("fsync", names[:rename], "the data is on the disk before the file has its name")
        self.assertIn("fsync", names[rename:], "then the name is on the disk")
        for i, (name, n) in enumerate(calls):
            with self.subTest(name, n=n):
                self.put_file(file)
                client = self.start_traced(f"--inject={name}:signal=SIGKILL:when={n}")
                self.fill(client, new)
                client.send(command(b"SAVE"))
                self.assert_closed(client)
                self.assertEqual(self.wait(), -signal.SIGKILL)
                expected = old if i <= rename else new
                self.assert_same_bytes(self.loaded(new), expected.replies())

    @unittest.skipUnless(can_trace(), "strace does not work here")
    def test_a_save_that_fails_is_an_error_and_leaves_the_old_file(self):
        old, new = self.old_and_new()
        file = self.write_file(old)
        calls = self.calls_of_save(file, new)
        rename = [name for name, _ in calls].index("rename")
        for i, (name, n) in enumerate(calls):
            if name not in ("openat", "write", "fsync", "rename"):
                continue
            with self.subTest(name, n=n):
                self.put_file(file)
                client = self.start_traced(f"--inject={name}:error=EIO:when={n}")
                self.fill(client, new)
                client.send(command(b"SAVE") + command(b"DBSIZE") + command(b"QUIT"))
                self.assertRegex(client.read_to_end(),
                                 rb"^-ERR cannot save: [^\r\n]*: Input/output error\r\n:20\r\n\+OK\r\n$")
                self.kill()
                self.assertEqual(os.listdir(self.folder), ["kv.snapshot"])
                self.assert_same_bytes(self.loaded(new), (old if i <= rename else new).replies())

    # ---- time

    def test_a_kill_at_a_random_moment_of_a_save_leaves_the_old_or_the_new_file(self):
        old, new = Content(b"old", 20_000, 0, 15_000, 100), Content(b"new", 20_000, 5_000, 15_000, 100)
        chance = random.Random(1)
        file = self.write_file(old)
        seconds = None
        for _ in range(10):
            self.put_file(file)
            client = self.start()
            self.fill(client, new)
            if seconds is None:
                began = time.monotonic()
                self.save(client)
                seconds = time.monotonic() - began
                self.put_file(file)
            client.send(command(b"SAVE"))
            time.sleep(chance.uniform(0, 1.1 * seconds))
            self.kill()
            found = self.loaded(new)
            if found != old.replies():
                self.assert_same_bytes(found, new.replies())

    # ---- what a file keeps

    def test_a_snapshot_at_the_end_keeps_databases_and_expiry(self):
        client = self.start()
        client.ask(command(b"SET", b"a", b"\0\r\n\xff") + command(b"SET", b"e", b"", b"PXAT", b"4102444800000") +
                   command(b"SELECT", b"15") + command(b"SET", b"b", b"1") +
                   command(b"SET", b"gone", b"1", b"PX", b"1"), 25)
        self.process.terminate()
        self.assertEqual(self.wait(), 0)
        client = self.start()
        client.send(command(b"GET", b"a") + command(b"PEXPIRETIME", b"e") + command(b"DBSIZE") +
                    command(b"SELECT", b"15") + command(b"GET", b"b") + command(b"DBSIZE") + command(b"QUIT"))
        self.assertEqual(client.read_to_end(),
                         b"$4\r\n\0\r\n\xff\r\n:4102444800000\r\n:2\r\n+OK\r\n$1\r\n1\r\n:1\r\n+OK\r\n")

    def test_a_file_that_is_cut_or_has_a_wrong_bit_is_refused(self):
        data = self.write_file(Content(b"old", 2, 0, 2, 10))
        damaged = [data[:size] for size in range(len(data))]
        damaged += [data[:i] + bytes([data[i] ^ 1 << i % 8]) + data[i + 1:] for i in range(len(data))]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for i, shown in enumerate(pool.map(self.refusal, range(len(damaged)), damaged)):
                self.assertRegex(shown, r"^(the snapshot is cut off|the snapshot is damaged|"
                                        r"the checksum of the snapshot is wrong|"
                                        r"this is no snapshot of kv, version 1)\n$", f"{i} of {len(damaged)}")

    def refusal(self, number, data):
        """What kv says of a file with this content. It ends, and leaves the file as it is."""
        path = os.path.join(self.folder, str(number))
        with open(path, "wb") as file:
            file.write(data)
        done = subprocess.run([os.path.join(BIN, "kv"), "--port", "0", "--snapshot", path], capture_output=True,
                              timeout=PATIENCE)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), data)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        head, text = done.stderr.decode().split(f"{path}: ", 1)
        self.assertEqual(head, "kv: ")
        return text


if __name__ == "__main__":
    main()
