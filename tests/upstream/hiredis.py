"""Builds the test of hiredis from its sources, and runs it against a server with a TCP port and a Unix socket."""

import re
import shutil
import subprocess

from results import Results

BUILD = 300.0  # seconds of the compiler
LONGEST = 120.0  # seconds of the test

# Changes of the copy of test.c: (old text, new text).
CHANGES = [
    # It must look up no name outside of this machine, and connect to no address there.
    ('"idontexist-noreally.com"', '"idontexist.invalid"'),
    ("    if (config.type == CONN_TCP || config.type == CONN_SSL) {\n        /* timeout can only be simulated",
     "    if (0) {\n        /* timeout can only be simulated"),
]


class HiredisTest:
    def __init__(self, sources, path, expected):
        self.path = path
        self.expected = expected
        shutil.copytree(sources, path, ignore=shutil.ignore_patterns(".git", "*.o", "*.a", "hiredis-test"))
        source = (path / "test.c").read_text(encoding="latin-1")
        for old, new in CHANGES:
            if old not in source:
                raise SystemExit(f"test.c of hiredis has changed: it has no text {old!r}")
            source = source.replace(old, new)
        (path / "test.c").write_text(source, encoding="latin-1")
        made = subprocess.run(["make", "hiredis-test", f"TEST_ASYNC={int(expected.is_async)}"], cwd=path, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=BUILD)
        if made.returncode:
            raise SystemExit(f"hiredis-test cannot be built:\n{made.stdout}")

    def run(self, port, socket):
        command = ["stdbuf", "-oL", "./hiredis-test", "-h", "127.0.0.1", "-p", str(port), "-s", str(socket)]
        results = Results()
        try:
            ran = subprocess.run([*command, *self.expected.arguments], cwd=self.path, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LONGEST)
            output, code = ran.stdout, ran.returncode
        except subprocess.TimeoutExpired as late:
            output, code = late.stdout or b"", None
        self.parse(re.sub(r"\x1b\[[0-9;]*m", "", output.decode("latin-1")), results)
        if code not in (0, 1):  # 1: tests have failed
            results.faults.append(f"it ends with code {code} after:\n{output[-500:].decode('latin-1')}")
        results.check(self.expected.wrong)
        for name in self.expected.lacks:
            if name not in [skipped for skipped, _ in results.skipped]:
                results.faults.append(f"passes, or did not run, so remove it from expected.py: {name}")
        return results

    def parse(self, output, results):
        """Adds what it has printed: `#1 NAME: PASSED`, and times between the name and the result of some tests."""
        lacks, wrong = self.expected.lacks, self.expected.wrong
        for name, result in re.findall(r"^#\d+ (.*?): *(?:\n\t.*)*(PASSED|FAILED|SKIPPED)?", output, re.MULTILINE):
            if name in lacks and result in ("FAILED", "SKIPPED"):
                results.skipped.append((name, lacks[name]))
            elif result == "FAILED":
                (results.known if name in wrong else results.failed).append((name, wrong.get(name, "")))
            elif result == "SKIPPED":
                results.failed.append((name, "was skipped"))
            else:
                results.passed.append((name, ""))
