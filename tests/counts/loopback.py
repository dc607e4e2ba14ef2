#!/usr/bin/env python3
"""Counts what resp-echo needs for one request of a real client over loopback: user instructions (callgrind) and system
calls (strace). It runs with n and with 2n rounds of requests; the difference divided by n leaves out start and end.

    loopback.py RESP-ECHO [--clients N] [--deep N]    user instructions of one request, by function

With several clients all of them are ready when the server looks: it is stopped while they send.
"""

import argparse
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import callgrind

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from under_test import environment

REQUEST = b"*2\r\n$3\r\nGET\r\n$10\r\nkey:000001\r\n"
PATIENCE = 30.0  # seconds that one step may take


class Server:
    """resp-echo under `tool`, the words of a program that runs another one."""

    def __init__(self, resp_echo, tool):
        self.process = subprocess.Popen([*tool, resp_echo, "--port", "0", "--drain-timeout", "0"], env=environment(),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if match := re.search(r"Listening on \S+:(\d+)$", line.strip()):
                break
        else:
            raise SystemExit(f"{tool[0]} did not start resp-echo")
        self.port = int(match[1])
        threading.Thread(target=self.process.stdout.read, daemon=True).start()  # its log
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.pid = int(children[0]) if children else self.process.pid  # strace has a child, valgrind has not

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        while Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
            time.sleep(0.0001)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        subprocess.run(["kill", "-TERM", str(self.pid)], check=True)
        self.process.wait(PATIENCE)


def receive(client, size):
    while size:
        size -= len(client.recv(size))


def talk(server, rounds, clients, deep):
    """In each round each client sends `deep` requests in one piece, and waits for their replies."""
    bytes_sent = REQUEST * deep
    sockets = [socket.create_connection(("127.0.0.1", server.port), PATIENCE) for _ in range(clients)]
    for _ in range(rounds):
        if clients > 1:
            server.pause()
        for client in sockets:
            client.sendall(bytes_sent)
        if clients > 1:
            server.resume()
        for client in sockets:
            receive(client, len(bytes_sent))
    for client in sockets:
        client.close()


def difference(count, rounds, clients, deep):
    """What one request costs, by name. `count(rounds, clients, deep)` returns what a whole run costs, by name."""
    once, twice = (count(n, clients, deep) for n in (rounds, 2 * rounds))
    requests = rounds * clients * deep
    return {name: (twice[name] - once[name]) / requests for name in {*once, *twice}}


def instructions(resp_echo, clients=1, deep=1, rounds=1000):
    """{function: user instructions} of one request."""

    def run(rounds, clients, deep):
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "callgrind"
            server = Server(resp_echo, callgrind.command(output))
            talk(server, rounds, clients, deep)
            server.end()
            return callgrind.costs(output)

    return difference(run, max(1, rounds // clients), clients, deep)


def can_trace():
    """Whether strace is installed and may trace."""
    return shutil.which("strace") is not None and subprocess.run(
        ["strace", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode == 0


def system_calls(resp_echo, deep=1, rounds=1000):
    """{system call: calls} of one request."""

    def run(rounds, clients, deep):
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "strace"
            server = Server(resp_echo, ["strace", "-f", "-c", "-U", "name,calls", "-o", output])
            talk(server, rounds, clients, deep)
            server.end()
            rows = re.findall(r"^(\w+) +(\d+)$", output.read_text(), re.M)
            return Counter({name: int(calls) for name, calls in rows if name != "total"})

    return difference(run, rounds, 1, deep)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("resp_echo")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--deep", type=int, default=1)
    given = parser.parse_args()
    functions = instructions(given.resp_echo, given.clients, given.deep)
    callgrind.print_functions(functions)


if __name__ == "__main__":
    main()
