#!/usr/bin/env python3
"""Runs the codec benchmarks and reports them: run.py PROGRAMS OUTPUT [--brief] [--least] [--benchmark_...]

PROGRAMS is the folder of the programs, with the corpora in it; codec.md, codec.svg and the raw
codec.json go to OUTPUT. --brief measures each benchmark once and for a moment: to see that it works.
--least reports the least of all runs, not the median: for a machine whose speed changes while they run,
with many of them (--benchmark_repetitions=16).
"""
import collections
import json
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from report import machine, markdown, plots

LONG = ["--benchmark_min_time=0.05", "--benchmark_repetitions=5"]
BRIEF = ["--benchmark_min_time=0.001", "--benchmark_repetitions=1"]

NAMES = {
    "frames": "Decoder, frames only",
    "decoder": "Decoder",
    "decoder_lent": "Decoder, lent",
    "tokenizer": "Tokenizer",
    "encoder": "Encoder",
    "encoder_string": "Encoder, std::string",
    "ceiling": "ceiling",
    "hiredis": "hiredis",
    "hiredis_callbacks": "hiredis, callbacks",
}
PARSERS = ["frames", "decoder", "decoder_lent", "tokenizer", "ceiling", "hiredis", "hiredis_callbacks"]
WRITERS = ["encoder", "encoder_string", "ceiling", "hiredis"]

INTRODUCTION = """# The codec's speed and memory

Nanoseconds of processor time for a frame, the {chosen} of all runs (here {repetitions}), which took turns at random.

{facts}
**hot** is 256 KiB of frames at once, again and again; **stream** is megabytes at once, more than a
branch predictor learns; **chunks** are reads of 16 KiB, as from a socket; **bytes** come one by one.
The Decoder is lent what comes at once; chunks and bytes it receives itself, or they are **lent**, and it
copies what is left of a cut frame. The **ceiling** is a parser, or an encoder, that is nothing but fast.
Every one of them visits every value that it finds, and is checked against what the corpus says is in
it; **frames only** is the Decoder whose frames are taken and not looked into.
"""


def measure(programs, output, flags, choose):
    """Returns {group: {row: {column: {who: nanoseconds a frame}}}}, what `choose` makes of the runs; and the context."""
    result = output / "codec.json"
    ran = subprocess.run([programs / "libresp_codec_bench", programs / "corpora",
                          "--benchmark_enable_random_interleaving=true", f"--benchmark_out={result}",
                          "--benchmark_out_format=json", *flags], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        sys.exit(f"run.py: the benchmarks failed:\n{ran.stdout}{ran.stderr}")
    found = json.loads(result.read_text())
    runs = collections.defaultdict(list)
    for run in sorted(found["benchmarks"], key=lambda run: run["family_index"]):  # as registered
        if run["run_type"] == "iteration":
            runs[run["run_name"].split("/repeats:")[0]].append(run["cpu_time"] / run["frames"])
    chosen = collections.defaultdict(lambda: collections.defaultdict(lambda: collections.defaultdict(dict)))
    for name, times in runs.items():
        group, row, column, who = name.split("/")
        chosen[group][row][column][who] = choose(times)
    return chosen, found["context"], max(map(len, runs.values()), default=0)


def count_memory(programs):
    """Returns [(group, row, column, {who: (allocations a frame, peak)})], or nothing without glibc."""
    program = programs / "libresp_codec_memory"
    if not program.exists():
        return []
    lines = subprocess.run([program, programs / "corpora"], capture_output=True, text=True, check=False)
    if lines.returncode != 0:
        sys.exit(f"run.py: the codec's memory is not as it must be:\n{lines.stderr}")
    found = collections.defaultdict(dict)
    for line in lines.stdout.splitlines():
        group, row, column, who, frames, allocations, peak = line.split("\t")
        found[group, row, column][who] = int(allocations) / int(frames), int(peak)
    return [(*key, counts) for key, counts in found.items()]


def present(people, rows):
    return [who for who in people if any(who in times for _, times in rows)]


def time_table(first, rows, people, ours, peers):
    """A line for each (name, {who: time}); behind the times, the ratios: of each of ours to the ceiling,
    and of the peers to the last of ours."""
    people = present(people, rows)
    pairs = [(one, "ceiling") for one in ours] + [(peer, ours[-1]) for peer in peers if peer in people]
    header = [first, *(NAMES[who] for who in people), *(f"{NAMES[one]} ÷ {NAMES[other]}" for one, other in pairs)]
    return markdown.table(header, [
        [name, *(markdown.number(times.get(who)) for who in people),
         *(markdown.ratio(times.get(one), times.get(other)) for one, other in pairs)]
        for name, times in rows])


def flat(group):
    return [(f"{row}, {column}", times) for row, columns in group.items()
            for column, times in columns.items()]


def value_table(group):
    verbs = ["copy", "parse", "compare", "encode"]
    return markdown.table(["frames of", *verbs], [
        [row, *(markdown.number(columns[verb].get("value")) for verb in verbs)]
        for row, columns in group.items()])


def growth_tables(group):
    units = {"depth": "arrays inside one another", "string": "bytes of a string",
             "elements": "elements of an array"}
    tables = []
    for row, columns in group.items():
        lines = [(f"{int(n):,}", columns[n]) for n in sorted(columns, key=int)]
        tables.append(time_table(units[row], lines, PARSERS, ["frames", "decoder"], []))
    return "\n".join(tables)


def memory_table(found, wanted, people):
    rows = [(f"{row}, {column}", counts) for group, row, column, counts in found if group == wanted]
    people = present(people, rows)

    def cell(counts, who):
        if who not in counts:
            return "–"
        allocations, peak = counts[who]
        shown = "0" if allocations == 0 else "< 0.01" if allocations < .01 else markdown.number(allocations)
        return f"{shown} · {markdown.size(peak)}"

    return markdown.table([wanted, *(NAMES[who] for who in people)],
                          [[name, *(cell(counts, who) for who in people)] for name, counts in rows])


def sections(times, memory):
    """Title and content of each part for which something was measured."""
    if times["decode"]:
        yield "Decoding", time_table("corpus", flat(times["decode"]), PARSERS, ["frames", "decoder"],
                                     ["hiredis", "hiredis_callbacks"])
    if times["encode"]:
        yield "Encoding", time_table("corpus", flat(times["encode"]), WRITERS, ["encoder"], ["hiredis"])
    if times["value"]:
        yield "Values that own their bytes", value_table(times["value"])
    if times["growth"]:
        yield "How the cost grows, in chunks", growth_tables(times["growth"])
    if memory:
        yield "Memory", ("Allocations for a frame once warm · the most bytes held at once, both exact. "
                         "The Tokenizer's\nare the buffer that it is fed from.\n\n" +
                         memory_table(memory, "decode", PARSERS) + "\n" +
                         memory_table(memory, "encode", WRITERS))


def write_plot(path, group):
    rows = [(row, {NAMES[who]: time for who, time in columns["chunks"].items() if who != "decoder_lent"})
            for row, columns in group.items() if columns["chunks"]]
    people = [NAMES[who] for who in PARSERS if any(NAMES[who] in times for _, times in rows)]
    if rows:
        path.write_text(plots.dots("Decoding in chunks of 16 KiB", "processor time for a frame",
                                   list(enumerate(people)), rows))


def main():
    programs, output = map(pathlib.Path, sys.argv[1:3])
    flags = [flag for flag in sys.argv[3:] if flag not in ("--brief", "--least")]
    chosen, choose = ("least", min) if "--least" in sys.argv else ("median", statistics.median)
    output.mkdir(parents=True, exist_ok=True)
    memory = count_memory(programs)
    times, context, repetitions = measure(programs, output, (BRIEF if "--brief" in sys.argv else LONG) + flags, choose)
    parts = [INTRODUCTION.format(facts=markdown.listing(machine.facts(context["compiler"])), chosen=chosen,
                                 repetitions=repetitions)]
    parts += [f"## {title}\n\n{content}" for title, content in sections(times, memory)]
    report = "\n".join(parts)
    (output / "codec.md").write_text(report)
    write_plot(output / "codec.svg", times["decode"])
    print(report)


if __name__ == "__main__":
    main()
