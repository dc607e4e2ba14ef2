"""The loads that are measured: how many connections send how many requests of which size.

A request is `ECHO <payload>`, the same bytes for every server. A batch is what a connection sends in one
write and gets answered before it sends the next; its latency is the batch's.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    key: str
    title: str
    connections: int = 50
    depth: int = 1  # requests of a batch
    size: int = 16  # bytes of the payload
    rate: float = 0  # requests a second; 0: the next batch when the one before is answered

    def flags(self):
        names = ("connections", "depth", "size", "rate")
        return [word for name in names for word in (f"--{name}", str(getattr(self, name)))]


ROWS = [
    Load("plain", "50 connections, no pipeline"),
    Load("pipeline-16", "50 connections, pipeline of 16", depth=16),
    Load("pipeline-64", "50 connections, pipeline of 64", depth=64),
    Load("1-kib", "50 connections, pipeline of 16, 1 KiB payload", depth=16, size=1024),
    Load("64-kib", "50 connections, no pipeline, 64 KiB payload", size=64 * 1024),
    Load("many", "1,000 connections, no pipeline", connections=1000),
]
PLAIN = ROWS[0]


@dataclass(frozen=True)
class Series:
    """Loads that differ in one number."""

    key: str
    title: str
    unit: str
    values: dict  # of the number, and how each is written
    loads: list


def size_title(n):
    for unit, factor in (("Mi", 1 << 20), ("Ki", 1 << 10)):
        if n >= factor:
            return f"{n // factor} {unit}"
    return str(n)


def growth(brief):
    """What is varied, and the loads for it; the first and the last only if brief."""

    def series(key, title, unit, field, values, **others):
        values = [values[0], values[-1]] if brief else values
        loads = [Load(f"{key}-{n}", f"{key} {n}", **{field: n}, **others) for n in values]
        titles = {n: size_title(n) if key == "payload" else f"{n:,}" for n in values}
        return Series(key, title, unit, titles, loads)

    return [
        series("pipeline", "50 connections, 16 bytes", "requests in a batch", "depth",
               [1, 2, 4, 8, 16, 32, 64, 128, 256]),
        series("payload", "50 connections, no pipeline", "bytes of the payload", "size",
               [16 << shift for shift in range(0, 17, 2)]),
        series("connections", "no pipeline, 16 bytes", "connections", "connections",
               [1, 5, 20, 100, 300, 1000, 5000]),
    ]
