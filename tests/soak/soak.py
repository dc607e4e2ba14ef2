#!/usr/bin/env python3
"""Row 18: under steady traffic for a long time the server neither grows nor leaks nor errs.

First the top rate is measured, with values of 16 bytes to 1 MiB, as many of 16 to 32 bytes as of 32 to 64 and so on,
on 50 connections. Then comes 70 % of it for as long as is asked, and 1 in 100 requests is the last of its
connection, which ends by FIN or RST. Every byte that comes back is checked. Once a second the server's memory and
descriptors are read. The slope of its memory is that of the line through all that was read after a tenth of the time,
with the standard error that the minutes' means give it.

    pass:   memory grows by <= 1 MiB/h, or, below half an hour, where a slope tells nothing yet, by <= 4 MiB from the
            second quarter to the last; <= 1 MiB of it is left when all have gone; never more
            descriptors than connections; 0 errors
    short:  tests/soak/soak.py                 12 s
    long:   tests/soak/soak.py --long          1 h; --seconds 300 for 5 minutes
    --samples FILE keeps what was read each second: the second, bytes of memory, descriptors
"""

import argparse
import math
import statistics
import subprocess
import time

from servers import warm_echo
from support import MIB, PATIENCE, Verdict, cores, flags, require, run, wait_until
from under_test import child

SHARE = 0.7
CONNECTIONS = 50
SLOPE_FROM = 1800  # seconds of a run whose slope is judged
MOST_SLOPE = 1.0  # MiB an hour
MOST_GROWTH = 4 * MIB
MOST_REST = MIB  # of memory, REST_TIME seconds after the last client has gone
REST_TIME = 15


def soak(options, verdict):
    seconds = options.seconds or (3600 if options.long else 12)
    server_cores, client_cores = cores()
    with warm_echo(options, verdict, on_cores=server_cores) as server:
        base, before = server.descriptors(), server.memory()
        top = list(traffic(options, server, client_cores, 3))[-1]
        rate = SHARE * top["requests"] / top["second"]
        samples = []
        for line in traffic(options, server, client_cores, seconds, "--rate", str(math.floor(rate))):
            samples.append((line["second"], server.memory(), server.descriptors()))
            if options.samples:
                print(*samples[-1], file=options.samples, flush=True)
        server.seconds_back_to(base)
        wait_until(lambda: server.memory() <= before + MOST_REST, REST_TIME)
        rest = server.memory() - before
    verdict.add(f"top rate {top['requests'] / top['second']:.0f} requests/s, {line['requests'] / line['second']:.0f}/s "
                f"for {line['second']:.0f} s with {line['connections']} connections, {line['errors']} errors")
    verdict.judge(line["errors"] == 0 and top["errors"] == 0, f"{line['errors'] + top['errors']} errors")
    verdict.judge_size_or_speed(line["requests"] >= 0.9 * rate * seconds, "the server does not keep up with the rate")
    judge_memory(verdict, samples, seconds)
    verdict.add(f"{rest / MIB:.1f} MiB are left when all have gone")
    verdict.judge_size_or_speed(rest <= MOST_REST, f"{rest / MIB:.1f} MiB are not given back")
    most = max(descriptors for *_, descriptors in samples)
    verdict.add(f"at most {most - base} descriptors for {CONNECTIONS} connections")
    # A client that has reset and come again may be seen twice for a moment.
    verdict.judge(most - base <= 2 * CONNECTIONS, f"{most - base} descriptors for {CONNECTIONS} connections")


def judge_memory(verdict, samples, seconds):
    times, memory = [time for time, *_ in samples], [memory for _, memory, _ in samples]
    quarter = max(len(samples) // 4, 1)
    growth = statistics.median(memory[-quarter:]) - statistics.median(memory[quarter:2 * quarter] or memory)
    verdict.add(f"memory {min(memory) / MIB:.1f} to {max(memory) / MIB:.1f} MiB, grown by {growth / MIB:.1f} MiB")
    if seconds < SLOPE_FROM:
        verdict.judge_size_or_speed(growth <= MOST_GROWTH, f"memory grows by {growth / MIB:.1f} MiB")
        return
    settled = [(time / 3600, size / MIB) for time, size in zip(times, memory) if time >= seconds / 10]
    slope = statistics.linear_regression(*zip(*settled)).slope
    verdict.add(f"slope {slope:.2f} ± {standard_error(settled):.2f} MiB/h")
    verdict.judge_size_or_speed(slope <= MOST_SLOPE, f"memory grows by {slope:.2f} MiB/h")


def standard_error(settled):
    """Of the slope. What is read in one second is much like what was in the one before; the means of minutes are not."""
    minutes = {}
    for hour, size in settled:
        minutes.setdefault(int(hour * 60), []).append(size)
    hours = [minute / 60 for minute in minutes]
    means = [statistics.fmean(sizes) for sizes in minutes.values()]
    slope, start = statistics.linear_regression(hours, means)
    rest = sum((mean - start - slope * hour) ** 2 for hour, mean in zip(hours, means))
    middle = statistics.fmean(hours)
    return math.sqrt(rest / (len(means) - 2) / sum((hour - middle) ** 2 for hour in hours))


def traffic(options, server, on_cores, seconds, *more):
    """A dictionary each second, as `traffic` prints it: all in total so far."""
    command = [options.tools / "traffic", "--port", server.port, "--connections", CONNECTIONS, "--seconds", seconds,
               "--seed", options.seed, *more]
    begun = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                               preexec_fn=child(on_cores))
    try:
        for line in process.stdout:
            words = line.split()
            yield {name: float(number) if "." in number else int(number)
                   for name, number in zip(words[::2], words[1::2])}
        require(process.wait(PATIENCE) == 0, "the traffic has failed")
        require(time.monotonic() - begun < seconds + PATIENCE, "the traffic was late")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    options = flags(__doc__, seconds=(float, "how long"),
                    samples=(argparse.FileType("w"), "where to keep what is read each second"))
    run(Verdict("row 18", "soak", "<= 1 MiB/h, or <= 4 MiB in less than half an hour, <= 1 MiB left in the end, "
                "descriptors flat, 0 errors"),
        soak, options, seconds=(options.seconds or 3600) + 100)
