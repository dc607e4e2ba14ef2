"""Code in README.md and docs/*.md is quoted from a file that a test compiles or runs.

    <!-- quote: examples/echo/main.cpp -->         the whole file
    <!-- quote: tests/docs/encoding.cpp map -->    the lines between `// [map]` and `// [/map]`

In the file a region begins with a comment line `// [name]` and ends with `// [/name]`; in CMake, Python and shell
these are `# [name]` and `# [/name]`. A block has the region's lines without their common indentation and without the
marks of other regions. `quote.py --write` copies the regions into the pages.
"""

import posixpath
import re
import textwrap
from pathlib import PurePosixPath

import dead_files
import markdown
from tree import Finding

PAGES = ("README.md", "docs/*.md")
MARK = re.compile(r"^\s*(?://|#)\s*\[(/?)([\w.-]+)\]\s*$")
QUOTE = re.compile(r"quote:\s*(\S+)(?:\s+([\w.-]+))?")
TESTED = ("tests/docs/", "tests/consumer/", "examples/", "apps/")
SHOWN = ("text", "cpp", "cmake", "sh", "console", "python", "ini", "json")


class QuoteError(Exception):
    pass


def pages(tree):
    return [page for page in tree.match(*PAGES) if page == "README.md" or page.count("/") == 1]


def quoted(tree, marker):
    """The lines that the marker of a block names, or None if it is no quote. Throws QuoteError."""
    quote = QUOTE.fullmatch(marker)
    if not quote:
        return None
    file, region = quote.groups()
    if not tree.exists(file):
        raise QuoteError(f"there is no file {file}")
    lines = tree.lines(file)
    if region:
        lines = region_of(lines, file, region)
    kept = [line for line in lines if not MARK.match(line)]
    return textwrap.dedent("\n".join(kept)).strip("\n").splitlines()


def region_of(lines, file, region):
    ends = [(number, mark.group(1)) for number, line in enumerate(lines)
            if (mark := MARK.match(line)) and mark.group(2) == region]
    if [slash for _, slash in ends] != ["", "/"]:
        raise QuoteError(f"{file} needs one line `// [{region}]` and, after it, one line `// [/{region}]`")
    return lines[ends[0][0] + 1:ends[1][0]]


def is_tested(tree, file):
    """Whether a test compiles or runs the file: it is in one of the folders that are, or CMake lists it."""
    if file.startswith(TESTED):
        return True
    folders = [parent.as_posix() for parent in PurePosixPath(file).parents]
    lists = {folder: posixpath.join(folder, "CMakeLists.txt") for folder in folders}
    return any(tree.exists(cmake) and posixpath.relpath(file, folder) in dead_files.words_of(tree.text(cmake))
               for folder, cmake in lists.items())


def check(tree):
    for page in pages(tree):
        for block in markdown.blocks(tree.lines(page)):
            fault = fault_of(tree, block)
            if fault:
                yield Finding(page, block.line, fault)


def fault_of(tree, block):
    if block.language not in SHOWN:
        shown = block.language or "none"
        return f"the language of this block is {shown}: use one of {', '.join(SHOWN)}; text for bytes and output"
    if block.language == "text" and not QUOTE.fullmatch(block.marker):
        return None
    if block.language == "console":
        if re.fullmatch(r"run(:.*)?", block.marker):
            return None
        return "a console block needs the line `<!-- run: PROGRAM -->` or `<!-- run -->` above it"
    if block.language == "sh" and re.fullmatch(r"not run:\s*\S.*", block.marker):
        return None
    return quote_fault(tree, block)


def quote_fault(tree, block):
    try:
        wanted = quoted(tree, block.marker)
    except QuoteError as error:
        return f"{error}; correct the quote or the file"
    if wanted is None:
        also = ", or `<!-- not run: REASON -->`" if block.language == "sh" else ""
        return f"no source of this block is named: write `<!-- quote: PATH REGION -->` above it{also}"
    file = QUOTE.fullmatch(block.marker).group(1)
    if not is_tested(tree, file):
        return f"no test compiles or runs {file}: quote a file of tests/docs, or list this one in a CMakeLists.txt"
    if block.body != wanted:
        return f"the block differs from {block.marker.split(':', 1)[1].strip()}: run tests/style/quote.py --write"
    return None
