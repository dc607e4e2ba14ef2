"""The Markdown of the results: what was measured on which machine, tables, and how to read them."""

from statistics import median

from loads import PLAIN, ROWS
from report.markdown import listing, number, table

HOW_TO_READ = """\
One generator, on one thread, sends `ECHO` commands to one server over loopback; every server gets the same
bytes. The echo servers send them back, Redis answers with the payload alone. Servers take turns in each round;
a number is the median of the rounds, a ratio the median of the ratios within each round.

- **requests/s**: what server and generator reach together, ± half of the range over the rounds. Where the
  generator is as busy as a core can be, it is the generator that is measured.
- **CPU**: nanoseconds of user and system time that the server spends on a request. On loopback a send also
  pays for the other side's receiving. It says more than requests/s about what the server's code costs.
- **latency**: microseconds from when a connection sends its batch to when the last reply has come, with all
  connections waiting for their turn.
- **busy**: cores that the server and the generator use.
"""


def middle(results, field):
    return median(result[field] for result in results)


def ratio(results, others, field):
    """The median of the rounds' ratios; nothing without the others."""
    if not others:
        return "–"
    ratios = [result[field] / max(other[field], 1e-9) for result, other in zip(results, others)]
    return f"{median(ratios):.2f} ×"


def scaling(threads, results, of_one):
    """How many times the requests of one thread so many would answer at most, with a core each, for each round."""
    return [threads * one["cpu_ns"] / result["cpu_ns"] for result, one in zip(results, of_one)]


def with_range(results, field):
    values = [result[field] for result in results]
    half = (max(values) - min(values)) / 2 / median(values) * 100
    return number(median(values)) + (f" ± {half:.0f} %" if len(values) > 1 else "")


class Report:
    def __init__(self, results, kinds):
        self.results = results
        self.titles = {kind.key: kind.title for kind in kinds}

    def lines(self):
        yield "# Server benchmark"
        yield ""
        yield listing(self.results["machine"])
        yield from self.disturbance()
        yield HOW_TO_READ
        parts = {"rows": self.rows, "latency": self.latency, "threads": self.threads,
                 "memory": self.memory, "syscalls": self.syscalls}
        for key, write in parts.items():
            if key in self.results:
                yield from write(self.results[key])

    # ---- throughput, latency and CPU time

    def rows(self, rows):
        titles = {load.key: load.title for load in ROWS}
        yield from self.summary(rows, titles)
        yield "![Requests a second and CPU time a request, of all servers](server.svg)"
        yield ""
        for key, servers in rows.items():
            yield f"## {titles[key]}"
            yield ""
            yield self.comparison(servers)

    def summary(self, rows, titles):
        if "resp-echo" not in self.titles:
            return
        yield "## resp-echo against bare epoll and Redis"
        yield ""
        head = ["load", "requests/s", "of epoll's", "of Redis'", "CPU ns/request", "of epoll's", "of Redis'"]
        body = [[titles[key], *self.against(servers, "resp-echo")] for key, servers in rows.items()]
        yield table(head, body)

    def against(self, servers, key):
        """Requests a second and CPU time, each with its ratios to bare epoll and to Redis."""
        own, epoll, redis = (servers.get(name) for name in (key, "epoll", "redis"))
        return [with_range(own, "rps"), ratio(own, epoll, "rps"), ratio(own, redis, "rps"),
                number(middle(own, "cpu_ns")), ratio(own, epoll, "cpu_ns"), ratio(own, redis, "cpu_ns")]

    def comparison(self, servers):
        head = ["server", "requests/s", "of epoll's", "of Redis'", "CPU ns/request", "of epoll's", "of Redis'",
                "p50 µs", "p99 µs", "p99.9 µs", "max µs", "server busy", "generator busy"]
        return table(head, [[self.titles[key], *self.against(servers, key), *latencies(results),
                             f"{middle(results, 'server_busy'):.2f}", f"{middle(results, 'generator_busy'):.2f}"]
                            for key, results in servers.items()])

    def latency(self, half):
        yield f"## Latency at half load: {half['rate']:,.0f} requests/s"
        yield ""
        yield (f"50 connections, no pipeline; half of the rate that {half['of']} reaches at its best. Requests are "
               "due at that rate whether or not replies come, and latency counts from when a request was due. "
               "*Lag* is how late the generator itself was, at its p99.")
        yield ""
        redis = half["servers"].get("redis")
        head = ["server", "requests/s", "p50 µs", "p99 µs", "p99.9 µs", "max µs", "p99 of Redis'", "lag µs",
                "CPU ns/request"]
        yield table(head, [[self.titles[key], number(middle(results, "rps")), *latencies(results),
                            ratio(results, redis, "p99_us"), number(middle(results, "lag_p99_us")),
                            number(middle(results, "cpu_ns"))] for key, results in half["servers"].items()])

    def threads(self, loads):
        cores = self.results["cores"]
        yield "## Two threads against one"
        yield ""
        yield (f"The generator needs up to one of this machine's cores, of which there are {cores}: what it leaves is "
               "all that a second thread can use."
               + (" The kernel chooses the cores here, so one thread may differ from above." if cores < 3 else ""))
        yield ("Two ways to leave its share out. A handler that has something to do needs most of the machine: there "
               "requests/s tell what a second thread is worth. And the last column: how many times the requests of "
               "one thread there would be at most if each thread had a core for itself and its share of the "
               "connections, by the CPU time that a request takes.")
        yield ""
        titles = {load.key: load.title for load in ROWS}
        head = ["load", "server", "threads", "requests/s", "of one's", "CPU ns/request", "of one's", "server busy",
                "generator busy", "a core each, at most"]
        yield table(head, [[titles[key], self.titles[server], n, with_range(results, "rps"),
                            ratio(results, counts["1"], "rps"), number(middle(results, "cpu_ns")),
                            ratio(results, counts["1"], "cpu_ns"), f"{middle(results, 'server_busy'):.2f}",
                            f"{middle(results, 'generator_busy'):.2f}",
                            f"{median(scaling(int(n), results, counts['1'])):.2f} ×"]
                           for key, servers in loads.items() for server, counts in servers.items()
                           for n, results in counts.items()])

    # ---- memory and system calls

    def memory(self, memory):
        n, seconds = self.results["idle_connections"], self.results["idle_seconds"]
        yield f"## Memory of {n:,} idle connections"
        yield ""
        yield (f"Each has had one request answered; after {seconds} s of silence. Resident memory of the process; the "
               "kernel's for the sockets is not in it.")
        yield ""
        yield table(["server", "before KiB", "with them KiB", "bytes a connection"],
                    [[self.titles[key], number(sizes["before"] / 1024), number(sizes["after"] / 1024),
                      number(max(sizes["after"] - sizes["before"], 0) / n)] for key, sizes in memory.items()])

    def syscalls(self, syscalls):
        yield "## System calls a request"
        yield ""
        yield f"{PLAIN.title}; counted by strace, which slows the server and not its clients."
        yield ""
        rows = []
        for key, calls in syscalls.items():
            most = sorted((item for item in calls.items() if item[1] >= 0.005), key=lambda item: -item[1])
            rows.append([self.titles[key], f"{sum(calls.values()):.2f}",
                         ", ".join(f"{name} {n:.2f}" for name, n in most)])
        yield table(["server", "calls", "of them"], rows)

    def disturbance(self):
        """What else ran on the machine."""
        shares = [result["foreign_busy"] for servers in self.results.get("rows", {}).values()
                  for results in servers.values() for result in results]
        if shares:
            disturbed = "**The machine was not quiet.** " if median(shares) > 0.1 else ""
            yield (f"{disturbed}Other processes used {median(shares):.2f} cores in the median measurement, "
                   f"{max(shares):.2f} at most.")
            yield ""


def latencies(results):
    return [*(number(middle(results, field)) for field in ("p50_us", "p99_us", "p999_us")),
            number(max(result["max_us"] for result in results))]


def growth_lines(results, kinds, all_series):
    """The second report: how cost grows."""
    yield "# How the cost of a request grows"
    yield ""
    yield listing(results["machine"])
    yield "![CPU time a request against pipeline, payload and connections](server-growth.svg)"
    yield ""
    fields = [("CPU nanoseconds a request", "cpu_ns"), ("Requests a second", "rps")]
    for series in all_series:
        measured = results["growth"][series.key]
        for title, field in fields:
            yield f"## {title} by {series.unit}; {series.title}"
            yield ""
            rows = [[value, *(number(middle(measured[load.key][kind.key], field)) for kind in kinds)]
                    for value, load in zip(series.values.values(), series.loads)]
            yield table([series.unit, *(kind.title for kind in kinds)], rows)
