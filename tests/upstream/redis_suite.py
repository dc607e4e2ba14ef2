"""Runs units of Redis' own test suite against a server that already listens."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from results import Results

PATIENCE = 30  # seconds in which one test must end
LONGEST = 300.0  # seconds of a unit

# Changes of the copy of the suite: (file, old text, new text).
CHANGES = [
    # At its start each unit removes all keys and all functions. Many servers have no functions.
    ("tests/support/server.tcl", "    r function flush\n", "    catch {r function flush}\n"),
    # A test that failed must not leave its transaction or its limit to the next tests.
    ("tests/support/test.tcl", "lappend ::tests_failed $details\n",
     "lappend ::tests_failed $details; catch {reconnect}; catch {r config set maxmemory 0}\n"),
]


class Suite:
    """A copy of the suite that runs without the programs of Redis' sources."""

    def __init__(self, sources, path):
        self.path = path
        shutil.copytree(Path(sources) / "tests", self.path / "tests")
        (self.path / "tests/tmp").mkdir(exist_ok=True)
        (self.path / "src").mkdir()
        for program in ("redis-cli", "redis-benchmark"):
            if found := shutil.which(program):
                (self.path / "src" / program).symlink_to(found)
        for file, old, new in CHANGES:
            text = (self.path / file).read_text(encoding="latin-1")
            if old not in text:
                raise SystemExit(f"{file} of these sources is not that of Redis 7.0: it has no line {old.strip()!r}")
            (self.path / file).write_text(text.replace(old, new), encoding="latin-1")

    def run(self, unit, port, expected):
        (self.path / "skipped").write_text("\n".join(expected.not_run(unit)), encoding="latin-1")
        command = ["tclsh", "tests/test_helper.tcl", "--host", "127.0.0.1", "--port", str(port), "--durable",
                   "--single", f"unit/{unit}", "--timeout", str(PATIENCE), "--ignore-encoding",
                   "--tags", " ".join(f"-{tag}" for tag in expected.denied), "--skipfile", "skipped"]
        results = Results()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(command, cwd=self.path, stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=subprocess.STDOUT, start_new_session=True)
            try:
                process.wait(LONGEST)
            except subprocess.TimeoutExpired:
                results.faults.append(f"the unit takes more than {LONGEST:.0f} s")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # it has several processes
            process.wait()
            output.seek(0)
            parse(output.read().decode("latin-1"), unit, expected, results)
        results.check(expected.wrong.get(unit, {}))
        for pattern in expected.not_run(unit):
            if not any(fits(name, pattern) for name, _ in results.skipped):
                results.faults.append(f"no test has this name, so remove it from expected.py: {pattern}")
        return results


def parse(output, unit, expected, results):
    """Adds what the suite has printed: `[ok]: NAME (1 ms)`, `[err]: NAME in FILE` and lines with the error, …"""
    output, end, _ = re.sub(r"\x1b\[[0-9;]*m", "", output).partition("The End")
    if not end:
        results.faults.append(f"the suite did not end:\n{output[-2000:]}")
    wrong, not_run = expected.wrong.get(unit, {}), expected.not_run(unit)
    for kind, text in re.findall(r"^\[(\w+)\]: (.*(?:\n(?!\[).*)*)", output, re.MULTILINE):
        line, _, rest = text.partition("\n")
        if kind == "TIMEOUT":
            name = (re.findall(r"\(IN PROGRESS\) (.*)", text) or ["the start"])[0]
            results.failed.append((name, f"does not end within {PATIENCE} s"))
        elif kind == "ok":
            results.passed.append((re.sub(r" \(\d+ ms\)$", "", line), ""))
        elif kind == "err":
            name = line.rpartition(" in tests/")[0]
            (results.known if name in wrong else results.failed).append((name, wrong.get(name, rest.strip())))
        elif kind == "skip":
            results.skipped.append((line, next(what for pattern, what in not_run.items() if fits(line, pattern))))
        elif kind == "ignore":
            results.left_out[reason(line.rpartition(": ")[2], expected)] += 1
        elif kind == "exception":
            results.faults.append(text)


def reason(text, expected):
    """The suite's reason for a test that it leaves out: "needs:debug denied"."""
    return expected.denied.get(text.removesuffix(" denied"), "not for a server that already runs")


def fits(name, pattern):
    return re.search(pattern[1:], name) is not None if pattern.startswith("/") else name == pattern
