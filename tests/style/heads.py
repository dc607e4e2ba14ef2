"""Each source of lib/, apps/ and examples/ opens with a comment; no name begins with get_, do_ or process_."""

import re

import cpp
from tree import Finding

SOURCES = tuple(f"{folder}/*.{kind}" for folder in ("lib", "apps", "examples") for kind in ("hpp", "cpp"))
MOST = 60  # lines
EMPTY_VERB = re.compile(r"(get|do|process)_\w*")


def check_heads(tree):
    for file in tree.match(*SOURCES):
        lines = tree.lines(file)
        head = next((number for number, line in enumerate(lines) if not line.startswith("//")), len(lines))
        if head == 0:
            yield Finding(file, 1, "the file does not open with a comment: say what it owns and which rule it keeps")
        if head > MOST:
            yield Finding(file, MOST + 1, f"the head has {head} lines, the limit is {MOST}: move the rest to docs/")


def check_names(tree):
    for file in tree.match(*SOURCES):
        stream = cpp.code(tree.text(file))
        for before, token in zip(stream, stream[1:]):
            of_another_library = before.text in (".", "->")
            if token.kind == "word" and EMPTY_VERB.fullmatch(token.text) and not of_another_library:
                yield Finding(file, token.line, f"{token.text}: {token.text.partition('_')[0]} says nothing; "
                                                "name the outcome")
