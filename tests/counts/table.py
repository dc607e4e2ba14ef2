"""table.py [--write]: whether the tables "Exact counts" in docs/performance.md show what is in expected.json."""

import sys
from pathlib import Path

import compare

PAGE = Path(__file__).resolve().parents[2] / "docs/performance.md"
BEGIN, END = "<!-- counts: written by ./dev counts --write -->\n", "<!-- end of counts -->\n"
COMPILER = "GNU 12 x86_64"  # of the CI

CORPORA = {
    "set": "`SET key <16 B>`",
    "commands": "unpredictable commands",
    "ping": "`PING`",
    "mset": "MSET of 100 arguments",
    "strings": "one array of 50,000 strings",
    "integers": "integers",
    "resp2": "mixed RESP2 replies",
    "resp3": "mixed RESP3",
    "nested": "nested, depth 8",
    "inline": "inline `SET foo bar`",
}
CALLS = ("recvfrom", "sendto", "epoll_wait", "epoll_ctl", "futex")


def number(count):
    return f"{count:,.0f}" if count >= 100 else f"{count:.3g}"


def row(*cells):
    return "| " + " | ".join(cells) + " |\n"


def request_table(memory, loopback):
    text = row("one request: instructions", "no pipeline", "16 deep") + "|---|---:|---:|\n"
    for name, counts, prefix in (
            ("plain handler, stream in memory", memory, "request, plain handler"),
            ("`Outcome` handler that does not wait, stream in memory", memory, "request, Outcome handler"),
            ("coroutine handler, stream in memory", memory, "request, coroutine handler"),
            ("resp-echo, 1 client over loopback", loopback, "instructions, 1 client")):
        text += row(name, *(number(counts[f"{prefix}, {deep}"]) for deep in ("no pipeline", "16 deep")))
    for name, shown in (("a handler that replies OK", "a handler that replies OK to GET and SET, stream in memory"),
                        ("a service", "a service that replies OK to GET and SET, with its lock, stream in memory")):
        text += row(shown, "–", number(memory[f"command, {name}"]))
    return text + row("resp-echo, 50 clients over loopback that are ready together",
                      number(loopback["instructions, 50 clients, no pipeline"]), "–")


def calls_table(loopback):
    text = row("1 client over loopback: system calls", "for a request", "for 16 together") + "|---|---:|---:|\n"
    for call in CALLS:
        text += row(f"`{call}`", *(f"{loopback.get(f'{call}, {deep}', 0):.3g}" for deep in ("no pipeline", "16 deep")))
    return text


def frame_table(memory):
    text = row("one frame: instructions to decode it", "`prepare()`", "`feed()`") + "|---|---:|---:|\n"
    for name, shown in CORPORA.items():
        text += row(shown, number(memory[f"decode: {name}"]), number(memory[f"decode, lent: {name}"]))
    for name, shown in (("SET", "`SET key <16 B>`"), ("replies", "a mix of replies")):
        text += row(f"encoding {shown}", number(memory[f"encode: {name}"]), "–")
    return text


def input_table(memory):
    text = row("one byte of input: instructions", "count", "÷ GETs", "request ÷ GET") + "|---|---:|---:|---:|\n"
    short = {name: f"{ratio:.1f}" for name, ratio in compare.of_a_get(memory).items()}
    for name, ratio in compare.of_gets(memory).items():
        count = number(memory[f"input: {name}"])
        text += row(name.replace("*", "\\*"), count, f"{ratio:.1f}", short.get(name, "–"))
    return text


def tables():
    counts = compare.load()[COMPILER]
    memory, loopback = counts["memory"], counts["loopback"]
    return "\n".join((request_table(memory, loopback), calls_table(loopback), frame_table(memory), input_table(memory)))


def page():
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def write():
    PAGE.write_text(page())


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    elif PAGE.read_text() != page():
        sys.exit("docs/performance.md does not show expected.json; run: python3 tests/counts/table.py --write")
