"""unit_test.py DOCS RESP_ECHO: the systemd unit in docs/ confines resp-echo and still lets it work.

Exits with code 77 if systemd-analyze is not installed.
"""

import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from functools import cache
from pathlib import Path

DOCS, RESP_ECHO = Path(sys.argv[1]), sys.argv[2]
UNIT = DOCS / "resp-echo.service"
DROP_IN = DOCS / "resp-echo-unix.conf"
PROGRAM = "/usr/local/bin/resp-echo"
MOST_EXPOSED = 1.5


def systemd_analyze(*arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)


def settings(name):
    """All values of a setting of the unit, in order."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.M)


def default_of(flag):
    """The default of a flag, from --help: "[RESP_DRAIN_TIMEOUT, default 5]" after the flag."""
    text = subprocess.run([RESP_ECHO, "--help"], capture_output=True, text=True, check=True).stdout
    return float(re.search(rf"{flag} .*?, default ([\d.]+)\]", text, re.S)[1])


@cache
def calls_of(group):
    """The system calls in a group of systemd, such as @system-service."""
    listed = systemd_analyze("syscall-filter", group).stdout.split("\n")
    words = [line.split()[0] for line in listed[1:] if line.strip() and not line.strip().startswith("#")]
    return {call for word in words for call in (calls_of(word) if word.startswith("@") else {word})}


def allowed_calls():
    """The system calls that remain after the unit's filters are applied in order."""
    allowed = set()
    for value in settings("SystemCallFilter"):
        words = value.removeprefix("~").split()
        calls = {call for word in words for call in (calls_of(word) if word.startswith("@") else {word})}
        allowed = allowed - calls if value.startswith("~") else allowed | calls
    return allowed


def complete(trace, pid):
    """The output of strace, after it has reported the end of the process."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        text = trace.read_text()
        if re.search(rf"^{pid} +\+\+\+ exited", text, re.M):
            return text
        time.sleep(0.01)
    raise TimeoutError("strace does not report the end of the process")


class Unit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.unit = self.folder / "resp-echo.service"
        text = UNIT.read_text()
        self.assertIn(f"ExecStart={PROGRAM}\n", text)
        self.unit.write_text(text.replace(PROGRAM, RESP_ECHO))

    def add_drop_in(self):
        drop_ins = self.folder / "resp-echo.service.d"
        drop_ins.mkdir()
        shutil.copy(DROP_IN, drop_ins / "unix.conf")

    def assert_valid_and_safe(self):
        verified = systemd_analyze("verify", str(self.unit))
        complaints = [line for line in verified.stderr.splitlines() if "resp-echo" in line or "unix.conf" in line]
        self.assertEqual((verified.returncode, complaints), (0, []), verified.stderr)
        judged = systemd_analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", str(self.unit))
        score = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)[1])
        print(f"{self.unit.name}: {score}", file=sys.stderr)
        self.assertLessEqual(score, MOST_EXPOSED, judged.stdout)
        self.assertEqual(judged.returncode, 0)

    def test_systemd_accepts_the_unit_and_rates_it_safe(self):
        self.assert_valid_and_safe()

    def test_systemd_accepts_the_unit_with_a_unix_socket_and_rates_it_safe(self):
        self.add_drop_in()
        self.assert_valid_and_safe()

    def test_the_unit_gives_time_to_drain_and_a_descriptor_for_each_client(self):
        self.assertGreater(float(settings("TimeoutStopSec")[0]), 2 * default_of("--drain-timeout"))
        self.assertGreaterEqual(float(settings("LimitNOFILE")[0]), default_of("--max-connections") + 43)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_resp_echo_makes_no_system_call_that_the_unit_forbids(self):
        self.assertIn("read", allowed_calls())
        self.assertNotIn("mount", allowed_calls())
        trace, path = self.folder / "trace", str(self.folder / "socket")
        process = subprocess.Popen(
            ["strace", "-D", "-f", "-o", str(trace), RESP_ECHO, "--port", "0", "--unix", path, "--threads", "2"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        port = int(re.search(r"Listening on 127.0.0.1:(\d+)", process.stdout.readline())[1])
        process.stdout.readline()  # the same line for the Unix socket
        with socket.create_connection(("127.0.0.1", port), 30) as tcp, socket.socket(socket.AF_UNIX) as unix:
            unix.settimeout(30)
            unix.connect(path)
            for client in (tcp, unix):
                value = b"$1000000\r\n" + b"x" * 1_000_000 + b"\r\n"
                client.sendall(value + b":x\r\n")
                with client.makefile("rb") as replies:
                    self.assertTrue(replies.read().startswith(value))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)
        made = set(re.findall(r"^\d+ +(\w+)\(", complete(trace, process.pid), re.M))
        self.assertIn("epoll_wait", made)
        self.assertEqual(made - allowed_calls(), set())


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        print("systemd-analyze is not installed: the unit is not tested")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
