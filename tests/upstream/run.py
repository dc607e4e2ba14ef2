"""Runs Redis' own test suite and the test of hiredis against the example kv.

Their sources are not part of this project. Clone them, check out the tag 7.0.15 of Redis, and give the folders here or
in the variables LIBRESP_REDIS_SOURCES and LIBRESP_HIREDIS_SOURCES. A run fails if a test fails that expected.py does
not list, or if one passes that it lists as wrong.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs/reliability.md"
sys.path.insert(0, str(ROOT / "tests/support"))

from expected import HIREDIS_KV, HIREDIS_MORE, KV, MORE
from hiredis import HiredisTest
from redis_suite import Suite
from under_test import child

PATIENCE = 20.0  # seconds for the end of a server


class Server:
    """kv, or kv with more commands, on a free port and a Unix socket."""

    def __init__(self, build, name, folder):
        self.socket = folder / "socket"
        command = [build / "bin/kv", "--port", "0", "--unix-socket", self.socket, "--snapshot", folder / "snapshot"]
        if name == MORE.server:
            command = [build / "upstream/libresp_upstream_server", self.socket]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec_fn=child())
        self.port = int(re.search(rb":(\d+)\n", self.process.stdout.readline())[1])

    def fault(self):
        """Ends the server, and says what was wrong with it."""
        code = self.process.poll()
        if code is None:
            self.process.terminate()
            code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        return [f"the server ended with code {code}"] if code else []


def with_server(build, name, run):
    """The results of run(server)."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(build, name, Path(folder))
        try:
            results = run(server)
        finally:
            fault = server.fault()
        results.faults += fault
        return results


def run_suite(options):
    """Yields (unit, name of the server, results)."""
    with tempfile.TemporaryDirectory() as folder:
        suite = Suite(options.redis, Path(folder))
        for expected in (KV, MORE):
            for unit in expected.units:
                if options.units and unit not in options.units:
                    continue
                yield unit, expected.server, with_server(
                    options.build, expected.server, lambda server: suite.run(unit, server.port, expected))


def run_hiredis(options):
    for expected in (HIREDIS_KV, HIREDIS_MORE):
        with tempfile.TemporaryDirectory() as folder:
            test = HiredisTest(options.hiredis, Path(folder) / "hiredis", expected)
            yield "hiredis-test", expected.server, with_server(
                options.build, expected.server, lambda server: test.run(server.port, server.socket))


def write_page(rows):
    head = "| unit | server | passed | known to fail | not run |\n|---|---|---|---|---|\n"
    text = PAGE.read_text(encoding="utf-8")
    new = re.sub(r"(<!-- upstream -->\n).*?(<!-- /upstream -->)", lambda found: found[1] + head + rows + found[2], text,
                 flags=re.DOTALL)
    PAGE.write_text(new, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(prog="./dev upstream", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, help=argparse.SUPPRESS)  # ./dev gives it
    parser.add_argument("units", nargs="*", metavar="UNIT", help="only these units of Redis' suite, such as type/string")
    parser.add_argument("--redis", default=os.environ.get("LIBRESP_REDIS_SOURCES"), metavar="FOLDER")
    parser.add_argument("--hiredis", default=os.environ.get("LIBRESP_HIREDIS_SOURCES"), metavar="FOLDER")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    options = parser.parse_intermixed_args()
    if not options.redis and not options.hiredis:
        parser.error("give the sources of Redis, those of hiredis, or both")
    if options.write and (options.units or not options.redis or not options.hiredis):
        parser.error("--write needs all units and both sources")
    is_good, rows = True, ""
    for given, run in ((options.redis, run_suite), (options.hiredis, run_hiredis)):
        for unit, server, results in run(options) if given else ():
            results.show(unit, server)
            sys.stdout.flush()
            is_good = is_good and results.is_good
            rows += results.row(unit, server)
    if options.write and is_good:
        write_page(rows)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
