"""The small changes that the mutation tool makes: one place of one line, or one deleted statement.

    left < right            ->  left <= right
    queue.pop_front();      ->  (nothing)

Comments, strings, assertions, log lines and what the compiler checks are left alone.
"""

import re
from typing import NamedTuple

OPERATORS = [
    (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "), (r" == ", " != "), (r" != ", " == "),
    (r" && ", " || "), (r" \|\| ", " && "), (r" \+ ", " - "), (r" - ", " + "), (r" \* ", " / "), (r" / ", " * "),
    (r" % ", " + "), (r" & ", " | "), (r" \| ", " & "), (r" \^ ", " | "), (r" << ", " >> "), (r" >> ", " << "),
    (r"\+= ", "-= "), (r"-= ", "+= "), (r"\|= ", "&= "), (r"&= ", "|= "), (r"\+\+", "--"), (r"(?<!-)--(?!-)", "++"),
    (r"\btrue\b", "false"), (r"\bfalse\b", "true"), (r"!(?=[a-z_(])", ""), (r"\bmin\b", "max"), (r"\bmax\b(?=[<(])", "min"),
]
RETURN = (r"\breturn;", ";")
NUMBER = r"(?<![\w.'\"])(\d[\d']*)(?![\w.'])"  # becomes one more
STATEMENT = r"\s+[a-z_:]+(\.|->|\()[^=]*\);\s*$|\s+[a-z_.>-]+ = [^;]*;\s*$"
SKIPPED_CALLS = r"\b(assert|static_assert|log|SELFTEST|fmt::format)\s*\("
SKIPPED_LINES = r"\s*(#|template\b|using\b|static_assert\b|namespace\b|friend\b|requires\b|asm\b)"


class Change(NamedTuple):
    file: str
    line: int  # from 0
    before: str
    after: str

    def __str__(self):
        return f"{self.file}:{self.line + 1}: {self.before.strip()}\n    => {self.after.strip()}"


def masked(text):
    """The text with each character of a comment, string or character literal replaced by a blank."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.S)


def without_calls(text):
    """The same with the calls replaced that only report or check."""
    while match := re.search(SKIPPED_CALLS, text):
        depth, end = 1, match.end()
        while depth and end != len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        text = text[:match.start()] + re.sub(r"[^\n]", " ", text[match.start():end]) + text[end:]
    return text


def in_line(code):
    """(begin, end, replacement) of each change of one masked line."""
    if not code.strip() or re.match(SKIPPED_LINES, code):
        return
    for pattern, replacement in [*OPERATORS, RETURN]:
        for match in re.finditer(pattern, code):
            yield match.start(), match.end(), replacement
    for match in re.finditer(NUMBER, code):
        yield match.start(), match.end(), str(int(match[1].replace("'", "")) + 1)
    if re.match(STATEMENT, code) and not re.match(r"\s+(return|co_return|throw|delete|const|auto|static)\b", code):
        yield len(code) - len(code.lstrip()), len(code.rstrip()), ";"


def of_text(file, text):
    """All changes of a file."""
    lines = text.split("\n")
    code = without_calls(masked(text)).split("\n")
    for number, (line, visible) in enumerate(zip(lines, code)):
        for begin, end, replacement in in_line(visible):
            yield Change(file, number, line, line[:begin] + replacement + line[end:])


def apply(change, text):
    lines = text.split("\n")
    lines[change.line] = change.after
    return "\n".join(lines)


def accepted(text):
    """{(file, before, after)} of accepted.txt: blocks of four lines, file, before, => after, # reason."""
    found = set()
    for block in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in block.strip().splitlines()]
        if not lines or lines[0].startswith("#"):
            continue
        if len(lines) < 4 or not lines[2].startswith("=> ") or not lines[3].startswith("# "):
            raise SystemExit(f"accepted.txt: expected file, before, => after, # reason:\n{block}")
        found.add((lines[0], lines[1], lines[2].removeprefix("=> ")))
    return found


def is_accepted(change, list_of_accepted):
    return (change.file, change.before.strip(), change.after.strip()) in list_of_accepted
