"""Markdown as the checks read it: fenced blocks with the comment line above them, headings, links."""

import re
from typing import NamedTuple

from tree import line_of

FENCE = re.compile(r"^(\s*)(```+|~~~+)\s*([^\s`]*)[^`]*$")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^\s)>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
CODE_SPAN = re.compile(r"(`+)(?:(?!\n\s*\n).)+?\1", re.DOTALL)


class Block(NamedTuple):
    line: int       # of the opening fence; the first line of the page is 1
    end: int        # of the closing fence
    indent: str
    language: str
    marker: str     # the HTML comment above the block, without <!-- and -->; or ""
    body: list


def blocks(lines):
    """The fenced code blocks of a page."""
    found = []
    opened = None
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if opened is None and fence:
            opened = number, *fence.groups()
        elif opened and line.strip().startswith(opened[2]) and not line.strip().strip(opened[2][0]):
            start, indent, _, language = opened
            body = [text.removeprefix(indent) for text in lines[start:number - 1]]
            found.append(Block(start, number, indent, language, marker_above(lines, start), body))
            opened = None
    return found


def marker_above(lines, start):
    above = [line.strip() for line in lines[:start - 1]]
    while above and not above[-1]:
        above.pop()
    comment = re.fullmatch(r"<!--\s*(.*?)\s*-->", above[-1]) if above else None
    return comment.group(1) if comment else ""


def without_blocks(lines):
    """The lines of a page, those of its fenced blocks empty."""
    kept = list(lines)
    for block in blocks(lines):
        kept[block.line - 1:block.end] = [""] * (block.end - block.line + 1)
    return kept


def headings(lines):
    """(line, level, text) of each heading."""
    for number, line in enumerate(without_blocks(lines), 1):
        heading = HEADING.match(line)
        if heading:
            yield number, len(heading.group(1)), heading.group(2)


def anchors(lines):
    """The anchors that GitHub makes of the headings, and those that the page sets with <a id=...>."""
    found = set()
    for _, _, text in headings(lines):
        slug = anchor = slug_of(text)
        n = 0
        while anchor in found:
            n += 1
            anchor = f"{slug}-{n}"
        found.add(anchor)
    for line in lines:
        found.update(re.findall(r"<a\s+(?:id|name)=\"([^\"]+)\"", line))
    return found


def slug_of(heading):
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"[^\w\- ]", "", text.strip().lower())
    return text.replace(" ", "-")


def links(lines):
    """(line, target) of each link that is not in a code block or a code span."""
    text = CODE_SPAN.sub(without_link, "\n".join(without_blocks(lines)))
    for match in [*LINK.finditer(text), *DEFINITION.finditer(text)]:
        yield line_of(text, match.start(1)), match.group(1)


def without_link(span):
    """A code span; if there is a link in it, only its line breaks."""
    return "\n" * span.group().count("\n") if "](" in span.group() else span.group()
