"""Counts instructions with callgrind.

    instructions of a program = the sum of its functions' own costs

The costs are exact. What the measuring functions themselves cost is left out.
"""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

def is_installed():
    return shutil.which("valgrind") is not None


def command(output, *options):
    """The words before a program that callgrind counts."""
    return ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={output}", *options]


def costs(file):
    """{function: its own instructions} of one callgrind file."""
    names, found = {}, Counter()
    function = None
    is_call = False  # the next line of costs is that of a call
    for line in Path(file).read_text().splitlines():
        if match := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?", line):
            if match[3]:
                names[match[2]] = match[3]
            if not match[1]:
                function = match[2]
        elif line.startswith("calls="):
            is_call = True
        elif re.match(r"[\d+*-]", line):
            words = line.split()
            if not is_call and len(words) > 1:
                found[function] += int(words[1])
            is_call = False
    result = Counter()
    for number, cost in found.items():
        result[names[number]] += cost
    return result


def is_measured(function):
    """Whether a function is no part of the measurement itself."""
    return "driver::" not in function and function not in ("counted", "main", "(below main)")


def compiler(program):
    """The compiler of libresp_counts: "GNU 12.2.0 x86_64"."""
    return subprocess.run([program, "--compiler"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def count(program, arguments, folder):
    """Runs libresp_counts. Returns {name of the work: (divisor, {function: instructions})}."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    output = folder / "callgrind"
    done = subprocess.run([*command(output, "--zero-before=counted", "--dump-after=counted"), program, *arguments],
                          check=True, stdout=subprocess.PIPE, text=True, timeout=250)
    works = {}
    for number, row in enumerate(done.stdout.splitlines(), 1):
        name, divisor = row.split("\t")
        functions = {function: cost for function, cost in costs(f"{output}.{number}").items()
                     if is_measured(function)}
        works[name] = int(divisor), functions
    return works


def print_functions(functions, most=50):
    """Prints the most costly of {function: instructions}."""
    print(f"{sum(functions.values()):10.1f}  in total")
    for name, cost in sorted(functions.items(), key=lambda item: -item[1])[:most]:
        if cost >= 0.1:
            print(f"{cost:10.1f}  {name}")
