"""Runs real Redis clients against the example kv, and shows which of them work.

Each client has a small script in its language in this folder. Each script gets two new servers, one of them with a
password, and has twenty seconds. It prints `try STEP` before each step and `protocol VERSION`; an exit code other than
0 means that the last step failed. The table goes to build/clients.md, and with --write into docs/clients.md.
"""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build/clients"
NODE = BUILD / "node"
PAGE = ROOT / "docs/clients.md"
sys.path.insert(0, str(ROOT / "tests/support"))

from under_test import child, free_port

PATIENCE = 20.0  # seconds of a script
NODE_VERSION = 20
PREPARATION = 300.0  # seconds of a compiler, or of npm
PASSWORD = "secret"
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable  # apt installs modules for it
GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(BUILD / "go"), "GOFLAGS": ""}


class Client(NamedTuple):
    name: str
    package: str  # of Debian, or of npm: it has the version
    command: list
    prepare: list = []  # a command that builds the script
    npm: bool = False


def debian(name, package, *command, prepare=()):
    return Client(name, package, list(command), list(prepare))


def npm(name, package, script, *arguments):
    return Client(name, package, ["node", str(NODE / script), *arguments], npm=True)


CLIENTS = [
    debian("redis-cli", "redis-tools", PYTHON, "-B", HERE / "redis_cli.py"),
    debian("redis-benchmark", "redis-tools", PYTHON, "-B", HERE / "redis_benchmark.py"),
    debian("hiredis (C)", "libhiredis-dev", BUILD / "hiredis",
           prepare=["cc", "-Wall", "-Wextra", HERE / "hiredis.c", "-lhiredis", "-o", BUILD / "hiredis"]),
    debian("redis-py (Python)", "python3-redis", PYTHON, "-B", HERE / "redis_py.py"),
    debian("phpredis (PHP)", "php-redis", "php", HERE / "phpredis.php"),
    debian("Predis (PHP)", "php-nrk-predis", "php", HERE / "predis.php"),
    debian("redis-rb (Ruby)", "ruby-redis", "ruby", HERE / "redis_rb.rb"),
    debian("redis-lua (Lua)", "lua-redis", "lua5.1", HERE / "redis_lua.lua"),
    debian("Redigo (Go)", "golang-github-gomodule-redigo-dev", BUILD / "redigo",
           prepare=["go", "build", "-o", BUILD / "redigo", HERE / "redigo.go"]),
    debian("Redis (Perl)", "libredis-perl", "perl", HERE / "redis_perl.pl"),
    debian("Redis::Fast (Perl)", "libredis-fast-perl", "perl", HERE / "redis_fast_perl.pl"),
    npm("node-redis (Node.js)", "redis", "node-redis.mjs"),
    npm("ioredis (Node.js)", "ioredis", "ioredis.mjs", "ioredis", "3", "2"),
    npm("iovalkey (Node.js)", "iovalkey", "ioredis.mjs", "iovalkey"),
    npm("Valkey GLIDE (Rust and Node.js)", "@valkey/valkey-glide", "valkey-glide.mjs"),
    npm("@keyv/redis (Node.js)", "@keyv/redis", "keyv.mjs"),
    npm("cache-manager (Node.js)", "cache-manager", "cache-manager.mjs"),
    npm("connect-redis (Node.js)", "connect-redis", "connect-redis.mjs"),
    npm("@socket.io/redis-adapter (Node.js)", "@socket.io/redis-adapter", "socket-io.mjs"),
]


class Skipped(Exception):
    pass


class Server:
    """A server under test. It must still run after the client, with no connection left, and end without an error."""

    def __init__(self, options, password=None):
        self.password = password
        self.port = free_port()
        self.errors = tempfile.TemporaryFile()
        if options.redis:
            command = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--port", str(self.port)]
        else:
            command = [options.kv, "--threads", "2", "--port", str(self.port)]
        self.process = subprocess.Popen(command + (["--requirepass", password] if password else []),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.errors,
                                        preexec_fn=child())
        self.ask("PING")  # waits until it listens

    def ask(self, *lines):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as client:
                    text = "".join(f"{line}\r\n" for line in ([f"AUTH {self.password}"] if self.password else []))
                    client.sendall((text + "".join(f"{line}\r\n" for line in lines) + "QUIT\r\n").encode())
                    return b"".join(iter(lambda: client.recv(65536), b"")).decode("latin-1")
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the server does not listen: {self.stderr()}") from None
                time.sleep(0.01)

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode("latin-1").strip()

    def fault(self):
        """What is wrong with the server after the client has ended, or an empty text."""
        if self.process.poll() is not None:
            return f"the server ended with code {self.process.returncode}: {self.stderr()}"
        deadline = time.monotonic() + 5
        while (left := int(re.search(r"connected_clients:(\d+)", self.ask("INFO clients"))[1]) - 1) > 0:
            if time.monotonic() > deadline:
                return f"{left} connections of the client are still open in the server"
            time.sleep(0.01)
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        return f"the server ended with code {code}: {self.stderr()}" if code or self.stderr() else ""

    def close(self):
        self.process.kill()
        self.process.wait()
        self.errors.close()


def debian_version(package):
    if not shutil.which("dpkg-query"):
        raise Skipped("this system has no Debian packages")
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${Status} ${Version}", package], capture_output=True, text=True)
    installed = re.search(r" installed (?:\d+:)?(\d+(?:\.\d+)*)", shown.stdout)
    if not installed:
        raise Skipped(f"the Debian package {package} is not installed")
    return installed[1]


def install_npm():
    """Installs the npm packages and copies the scripts beside them. Returns why that is not possible, or nothing."""
    if not shutil.which("npm") or not shutil.which("node"):
        return "Node.js or npm is not installed"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    if int(re.match(r"v(\d+)", version)[1]) < NODE_VERSION:
        return f"Node.js is {version}; the packages need {NODE_VERSION} or newer"
    NODE.mkdir(parents=True, exist_ok=True)
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, NODE)
    lock = (HERE / "package-lock.json").read_bytes()
    installed = NODE / "installed.json"
    if installed.exists() and installed.read_bytes() == lock:
        return ""
    for file in ("package.json", "package-lock.json"):
        shutil.copy(HERE / file, NODE)
    try:
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE,
                              timeout=PREPARATION, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    except subprocess.TimeoutExpired:
        return f"npm did not end after {PREPARATION:.0f} s"
    if done.returncode:
        return f"npm could not install the packages (exit code {done.returncode})"
    installed.write_bytes(lock)
    return ""


def npm_version(package):
    text = (NODE / "node_modules" / package / "package.json").read_text(encoding="utf-8")
    return re.search(r'"version": "([^"]+)"', text)[1]


def prepare(client, npm_fault):
    """Returns the version of the client."""
    if client.npm:
        if npm_fault:
            raise Skipped(npm_fault)
        return npm_version(client.package)
    version = debian_version(client.package)
    program = str((client.prepare or client.command)[0])
    if not shutil.which(program):
        raise Skipped(f"{program} is not installed")
    if client.prepare:
        subprocess.run(client.prepare, check=True, timeout=PREPARATION, env={**os.environ, **GO})
    return version


def run(client, servers):
    """Returns the output of the client and what went wrong."""
    environment = {**os.environ, "KV_PORT": str(servers[0].port), "KV_PASSWORD_PORT": str(servers[1].port),
                   "KV_PASSWORD": PASSWORD, "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(client.command, env=environment, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = process.wait(PATIENCE)
            fault = f"exit code {code}" if code else ""
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            fault = f"still runs after {PATIENCE:.0f} s"
        output.seek(0)
        return output.read(), fault


def row_of(client, options, npm_fault):
    """(the row of the table, whether the client failed)"""
    try:
        version = prepare(client, npm_fault)
    except Skipped as reason:
        return [client.name, "", "", "", f"skipped: {reason}"], False
    except (subprocess.SubprocessError, OSError) as error:
        print(f"{client.name}: {error}", file=sys.stderr)
        return [client.name, "", "", "", "its script could not be built"], True
    servers, shown = [], ""
    try:
        servers += [Server(options), Server(options, PASSWORD)]
        shown, fault = run(client, servers)
        if fault:
            last = (re.findall(r"^try (.+)$", shown, re.MULTILINE) or ["the start"])[-1]
            fault = f"fails in \"{last}\": {fault}"
            print(f"{client.name} {fault}\n{shown}", file=sys.stderr)
        for server in servers:
            fault = fault or server.fault()
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        fault = f"the server failed: {error}"
    finally:
        for server in servers:
            server.close()
    steps = list(dict.fromkeys(re.findall(r"^try (.+)$", shown, re.MULTILINE)))
    versions = sorted(set(re.findall(r"^protocol (\d)$", shown, re.MULTILINE)))
    protocols = " and ".join(f"RESP{version}" for version in versions)
    return [client.name, version, protocols, "; ".join(steps), fault or "works"], bool(fault)


def table(rows):
    head = ["client", "version", "protocol", "tried", "result"]
    lines = [head, ["---"] * len(head), *rows]
    cells = [[" ".join(cell.replace("|", "\\|").split()) for cell in line] for line in lines]
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)


def write_page(shown):
    text = PAGE.read_text(encoding="utf-8")
    new = re.sub(r"(<!-- table -->\n).*?(<!-- /table -->)", lambda found: found[1] + shown + found[2], text,
                 flags=re.DOTALL)
    PAGE.write_text(new, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(prog="./dev clients", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kv", help=argparse.SUPPRESS)  # ./dev gives the path of the server
    parser.add_argument("names", nargs="*", metavar="NAME", help="only clients whose name contains one of these")
    parser.add_argument("--write", action="store_true", help="write the table into docs/clients.md")
    parser.add_argument("--redis", action="store_true", help="run the clients against redis-server, to compare")
    options = parser.parse_args()
    if options.write and (options.names or options.redis):
        parser.error("--write needs all clients, and kv")
    chosen = [client for client in CLIENTS
              if not options.names or any(name.lower() in client.name.lower() for name in options.names)]
    BUILD.mkdir(parents=True, exist_ok=True)
    npm_fault = install_npm() if any(client.npm for client in chosen) else ""
    rows, failed = [], 0
    for client in chosen:
        row, fault = row_of(client, options, npm_fault)
        rows.append(row)
        failed += fault
        print(f"{row[0]} {row[1]}: {row[-1]}", file=sys.stderr, flush=True)
    shown = table(rows)
    print(shown, end="")
    if not options.redis:
        (ROOT / "build/clients.md").write_text(shown, encoding="utf-8")
    if options.write:
        write_page(shown)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
