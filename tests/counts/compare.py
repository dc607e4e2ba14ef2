"""Compares counts with the expected ones of expected.json, which holds them by compiler, group and name."""

import json
import re
from pathlib import Path

EXPECTED = Path(__file__).with_name("expected.json")
MARGIN = 0.02
# A round of many clients takes long enough for the server's timer to run.
LOOSE_MARGIN = 0.05
LOOSE = re.compile(r"50 clients")
# The most instructions that a byte of input may take, in bytes of a pipeline of GETs.
MOST_OF_GETS = 10
# Requests with a name of at most one byte: {input: its bytes}. Each gets a reply, so the whole request is compared
# with a whole GET, and this is the most that it may take.
SHORT_REQUESTS = {'"" LF': 3, "a LF": 2}
GET_BYTES = len("*2\r\n$3\r\nGET\r\n$10\r\nkey:000001\r\n")
MOST_OF_A_GET = 2


def margin(name):
    return LOOSE_MARGIN if LOOSE.search(name) else MARGIN


def key(compiler):
    """"GNU 12.2.0 x86_64" as the key of expected.json: only the major version of a compiler changes its code much."""
    name, version, processor = compiler.split()
    return f"{name} {version.split('.')[0]} {processor}"


def load(file=EXPECTED):
    return json.loads(Path(file).read_text())


def save(expected, file=EXPECTED):
    Path(file).write_text(json.dumps(expected, indent=2) + "\n")


def rounded(count):
    """As it stands in expected.json: exact to one part in 1,000 at least."""
    return round(count, 3) if count < 10 else round(count, 1) if count < 1000 else round(count)


def differences(expected, found):
    """What is wrong (a list of sentences), and what became better by more than the margin (another list)."""
    faults, notes = [], []
    for name in sorted({*expected, *found}):
        if name not in found:
            faults.append(f"{name}: expected {expected[name]}, but it is not counted any more")
        elif name not in expected:
            faults.append(f"{name}: {rounded(found[name])}, but expected.json has no such line")
        else:
            change = found[name] / expected[name] - 1 if expected[name] else float(found[name] != 0)
            line = f"{name}: {rounded(found[name])}, expected {expected[name]} ({change:+.1%})"
            if change > margin(name):
                faults.append(line)
            elif change < -margin(name):
                notes.append(line)
    return faults, notes


def of_gets(inputs):
    """{input: its cost of a byte, divided by that in a pipeline of GETs}."""
    prefix = "input: "
    gets = inputs[prefix + "GET"]
    return {name.removeprefix(prefix): cost / gets for name, cost in inputs.items() if name.startswith(prefix)}


def of_a_get(inputs):
    """{short request: its cost, divided by that of a GET}."""
    return {name: ratio * SHORT_REQUESTS[name] / GET_BYTES
            for name, ratio in of_gets(inputs).items() if name in SHORT_REQUESTS}


def too_dear(inputs):
    """The inputs that cost more than they may (a list of sentences)."""
    faults = [f"input: {name}: a byte costs {ratio:.1f} times that of a GET, at most {MOST_OF_GETS} are allowed"
              for name, ratio in of_gets(inputs).items() if name not in SHORT_REQUESTS and ratio > MOST_OF_GETS]
    return faults + [f"input: {name}: it costs {ratio:.1f} times a GET, at most {MOST_OF_A_GET} are allowed"
                     for name, ratio in of_a_get(inputs).items() if ratio > MOST_OF_A_GET]
