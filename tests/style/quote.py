#!/usr/bin/env python3
"""Copies the quoted regions of source files into README.md and docs/*.md.

    tests/style/quote.py            lists the blocks that differ from their source; exit code 1 if there are any
    tests/style/quote.py --write    rewrites those blocks
"""

import argparse
import sys
from pathlib import Path

import markdown
import quotes
from tree import Tree


def refreshed(tree, page):
    """The page's lines with each quoted block as its source has it; the lines of changed blocks; the faults."""
    lines = tree.lines(page)
    changed, faults = [], []
    for block in reversed(markdown.blocks(lines)):
        try:
            wanted = quotes.quoted(tree, block.marker)
        except quotes.QuoteError as error:
            faults.append(f"{page}:{block.line}: {error}")
            continue
        if wanted is not None and block.body != wanted:
            changed.append(block.line)
            lines[block.line:block.end - 1] = [block.indent + line if line else "" for line in wanted]
    return lines, changed[::-1], faults[::-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="rewrite the blocks that differ")
    parser.add_argument("--root", default=Path(__file__).parents[2], help="the repository")
    options = parser.parse_args()
    tree = Tree(options.root)
    failed = False
    for page in quotes.pages(tree):
        lines, changed, faults = refreshed(tree, page)
        for line in changed:
            print(f"{page}:{line}: {'rewritten' if options.write else 'differs from its source'}")
        for fault in faults:
            print(fault)
        failed = failed or bool(faults) or (bool(changed) and not options.write)
        if options.write and changed:
            (tree.root / page).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
