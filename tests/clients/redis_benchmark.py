"""redis-benchmark: the tests whose commands kv has, from one thread and from two, in RESP2 and RESP3."""

import re
import subprocess

from steps import HOST, PASSWORD, PASSWORD_PORT, PORT, attempt, protocol

TESTS = ("PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)")


def run(*arguments, port=PORT, shows=TESTS):
    done = subprocess.run(["redis-benchmark", "-h", HOST, "-p", str(port), "-q", *arguments], capture_output=True,
                          timeout=15, text=True)
    if done.returncode or done.stderr:
        raise AssertionError(f"exit code {done.returncode}: {done.stderr}")
    for test in shows:
        if not re.search(rf"{re.escape(test)}: \d+\.\d+ requests per second", done.stdout):
            raise AssertionError(f"no result for {test}: {done.stdout[-300:]!r}")


attempt("-t ping,set,get,incr,mset")
run(*"-t ping,set,get,incr,mset -n 5000 -c 20".split())
protocol(2)
attempt("-P 16 --threads 2")
run(*"-t ping,set,get,incr,mset -n 20000 -c 20 -P 16 --threads 2 -r 1000 -d 100".split())
attempt("-3")
run(*"-3 -t set,get -n 2000 -c 10".split(), shows=("SET", "GET"))
protocol(3)
attempt("a command of the user")
run(*"-n 2000 -r 100 GETEX key:__rand_int__ EX 10".split(), shows=("GETEX key:__rand_int__ EX 10",))
attempt("password")
run(*f"-a {PASSWORD} -t set -n 500".split(), port=PASSWORD_PORT, shows=("SET",))
