"""Pages: one `# Title` each, links and anchors that lead somewhere, nothing that belongs to one machine."""

import posixpath
import re
from urllib.parse import unquote

import markdown
from tree import Finding

PAGES = ("README.md", "SECURITY.md", "CHANGELOG.md", "docs/*.md", "tests/*README.md")
MACHINE = re.compile(
    r"(?<![\w./-])/(?:home|root|work|mnt|Users)/\w"
    r"|^\s*<?(https?://)?[\w.-]+\.(org|io|com|net|dev)/\S+>?\s*$"  # a line that is only an address
)


def check_titles(tree):
    for page in tree.match(*PAGES):
        titles = [line for line, level, _ in markdown.headings(tree.lines(page)) if level == 1]
        if titles[:1] != [1]:
            yield Finding(page, 1, "the first line is not the title: begin the page with `# Title`")
        for line in titles[1:]:
            yield Finding(page, line, "a second title: use `##` for a section")


def check_links(tree):
    for page in tree.match(*PAGES):
        for line, target in markdown.links(tree.lines(page)):
            fault = link_fault(tree, page, unquote(target))
            if fault:
                yield Finding(page, line, fault)


def link_fault(tree, page, target):
    if re.match(r"[a-z][a-z0-9+.-]*:", target):  # another site
        return None
    path, _, anchor = target.partition("#")
    file = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
    if target.startswith("/") or file.startswith(".."):
        return f"the link {target} leaves the repository: link to a file in it, or to a whole URL"
    if not tree.exists(file):
        return f"the link {target} leads to no file: correct it"
    if not anchor or (not file.endswith(".md") and re.fullmatch(r"L\d+(-L\d+)?", anchor)):
        return None
    if not file.endswith(".md") or anchor not in markdown.anchors(tree.lines(file)):
        return f"the link {target} leads to no heading of {file}: correct the part after #"
    return None


def check_machine(tree):
    for page in tree.match(*PAGES):
        for line, text in enumerate(tree.lines(page), 1):
            if MACHINE.search(text):
                yield Finding(page, line, "a path of one machine, or a line that is only an address: say what it is")
