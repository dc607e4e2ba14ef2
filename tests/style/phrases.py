"""No phrase of banned.txt in the pages, in comments and texts of the sources, and in the names of tests.

A line of banned.txt is a regular expression, a tab, and what to write instead. A space in the expression also
matches a line break with the comment mark of the next line. Upper case and lower case do not matter.
"""

import re
from pathlib import Path

import cpp
import markdown
from tree import Finding, line_of

BANNED = Path(__file__).with_name("banned.txt")
PAGES = ("README.md", "SECURITY.md", "CHANGELOG.md", "docs/*.md", "tests/*README.md")
SOURCES = tuple(f"{folder}/*.{kind}" for folder in ("lib", "apps", "examples") for kind in ("hpp", "cpp"))
SCRIPTS = ("dev", "CMakeLists.txt", "lib/*.txt", "lib/*.cmake", "apps/*.txt", "examples/*.txt")
CODE = "\x01"  # stands for what is no prose, so that no phrase reaches across it


def banned():
    for line in BANNED.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            pattern, instead = line.split("\t")
            yield re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE), instead


def check(tree):
    phrases = list(banned())
    for file, prose in texts(tree):
        for pattern, instead in phrases:
            for match in pattern.finditer(prose):
                phrase = " ".join(match.group().split())
                yield Finding(file, line_of(prose, match.start()), f"\"{phrase}\" is banned: write {instead}")


def texts(tree):
    """(file, its prose) of each file; the prose stands on the lines that it has in the file."""
    for page in tree.match(*PAGES):
        yield page, page_prose(tree.lines(page))
    for file in tree.match(*SOURCES):
        yield file, source_prose(tree.text(file), cpp.tokens(tree.text(file)))
    for file in tree.match("tests/*_test.cpp"):
        yield file, source_prose(tree.text(file), test_names(tree.text(file)))
    for file in tree.match("tests/*_test.py"):
        yield file, names_only(tree.text(file), r"def (test_\w+)")
    for file in tree.match("tests/*CMakeLists.txt"):
        yield file, names_only(tree.text(file), r"NAME \"([^\"]+)\"")
    for file in tree.match(*SCRIPTS):
        yield file, re.sub(r"(?m)^(\s*)#", r"\1 ", tree.text(file))


def page_prose(lines):
    """A page without the code that its blocks quote (its own file is checked). A heading ends a sentence."""
    kept = [line + CODE if line.startswith("#") else line for line in lines]
    for block in markdown.blocks(lines):
        if block.language in ("cpp", "cmake", "sh", "python"):
            kept[block.line - 1:block.end] = [CODE] * (block.end - block.line + 1)
    return "\n".join(kept)


def source_prose(text, tokens):
    """The comments and strings of a source, everything else replaced by CODE."""
    prose, at = [], 0
    for token in tokens:
        if token.kind in ("comment", "string", "raw"):
            prose += [blanked(text[at:token.offset]), unmarked(token)]
            at = token.offset + len(token.text)
    return "".join(prose) + blanked(text[at:])


def blanked(code):
    return re.sub(r"\S", CODE, code)


def unmarked(token):
    """A comment without its marks; a string without its quotes, so that one goes on in the next."""
    if token.kind == "comment":
        return re.sub(r"(?m)^\s*(///?<?|/\*\*?|\*)", lambda mark: " " * len(mark.group()), token.text)
    return token.text.replace('"', " ")


def test_names(text):
    """The strings of TEST_CASE and SECTION."""
    stream = cpp.code(text)
    for macro, _, name in zip(stream, stream[1:], stream[2:]):
        if macro.text in ("TEST_CASE", "SECTION", "TEMPLATE_TEST_CASE", "SCENARIO") and name.kind == "string":
            yield name


def names_only(text, pattern):
    """The names that the pattern finds, with spaces for underscores; everything else replaced by CODE."""
    prose, at = "", 0
    for match in re.finditer(pattern, text):
        prose += blanked(text[at:match.start(1)]) + match.group(1).replace("_", " ")
        at = match.end(1)
    return prose + blanked(text[at:])
