"""Compares examples/proxy with haproxy in TCP mode and with nutcracker, all before one redis-server.

Rounds are interleaved: each round measures all of them once, so that a busy machine slows all of them. Shows the
median of the rounds as a table in Markdown. CPU time is that of the proxy alone, for one request.
"""

import argparse
import csv
import io
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HAPROXY = """
global
    nbthread 1
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen redis
    bind 127.0.0.1:{port}
    server upstream 127.0.0.1:{upstream}
"""
NUTCRACKER = """
redis:
  listen: 127.0.0.1:{port}
  redis: true
  servers:
   - 127.0.0.1:{upstream}:1
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    sys.exit(f"nothing listens on port {port}")


def cpu_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def requests_per_second(port, pipeline, requests):
    """Also the 99th percentile of the latency in milliseconds."""
    command = ["redis-benchmark", "-p", port, "-t", "get", "-c", "50", "-P", pipeline, "-n", requests, "--csv"]
    shown = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout
    row = list(csv.DictReader(io.StringIO(shown)))[-1]
    return float(row["rps"]), float(row["p99_latency_ms"])


def commands(program, upstream, folder):
    """The name, the port and the command line of each proxy that is installed."""
    yield "examples/proxy", (port := free_port()), [program, "--port", port, "--upstream", f"127.0.0.1:{upstream}"]
    for name, text, arguments in (("haproxy", HAPROXY, ["-f"]),
                                  ("nutcracker", NUTCRACKER, ["-o", folder / "nutcracker.log", "-c"])):
        if not shutil.which(name):
            print(f"{name} is not installed", file=sys.stderr)
            continue
        config = folder / name
        config.write_text(text.format(port=(port := free_port()), upstream=upstream))
        yield name, port, [name, *arguments, config]


def measure(servers, rounds, pipeline, requests):
    results = {name: [] for name, _, _ in servers}
    for _ in range(rounds):
        for name, port, process in servers:
            before = cpu_seconds(process)
            rate, latency = requests_per_second(port, pipeline, requests)
            results[name].append((rate, latency, (cpu_seconds(process) - before) / requests * 1e6))
    print(f"\n| `-P {pipeline}` | requests/s | p99 | CPU time of the proxy |\n|---|---:|---:|---:|")
    for name, values in results.items():
        rate, latency, cpu = (statistics.median(column) for column in zip(*values))
        own = "" if name == "direct" else f"{cpu:.2f} µs"
        print(f"| {name} | {rate:,.0f} | {latency:.1f} ms | {own} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=re.sub(r"\s+", " ", __doc__))
    parser.add_argument("program", help="the path of examples/proxy")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1_000_000, help="with -P 32; without a pipeline, one tenth")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        upstream = free_port()
        processes = [subprocess.Popen(["redis-server", "--port", str(upstream), "--save", ""],
                                      stdout=subprocess.DEVNULL)]
        servers = [("direct", upstream, processes[0])]
        try:
            wait_for(upstream)
            for name, port, command in commands(arguments.program, upstream, Path(folder)):
                processes.append(subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                                                  stderr=subprocess.DEVNULL))
                servers.append((name, port, processes[-1]))
                wait_for(port)
            measure(servers, arguments.rounds, 32, arguments.requests)
            measure(servers, arguments.rounds, 1, arguments.requests // 10)
        finally:
            for process in processes:
                process.terminate()
                process.wait()


if __name__ == "__main__":
    main()
