"""No dead file: CMake or another file needs each source, and a page leads to each page.

- a public header or a .cpp of lib/: a CMakeLists.txt lists it; a header of lib/src: another file includes it;
- a C++ or Python file of tests/, apps/ and examples/: a CMakeLists.txt lists or globs it, or another file
  includes, imports or names it;
- a file of docs/: README.md or docs/README.md leads to it; one that is no page is named by a page or by CMake.
"""

import fnmatch
import posixpath
import re
from functools import lru_cache

import includes
import markdown
from tree import Finding

TESTS_GLOB = "*_test.cpp"  # of libresp_add_tests


def check(tree):
    yield from dead_in_lib(tree)
    yield from dead_programs(tree)
    yield from dead_docs(tree)


@lru_cache(maxsize=None)
def words_of(text):
    """The words and paths of a text, and the last part of each path."""
    paths = {path.rstrip(".") for path in re.findall(r"[\w./+-]+", text)}
    return paths | {posixpath.basename(path) for path in paths}


@lru_cache(maxsize=None)
def imports_of(text):
    lines = re.findall(r"^\s*(?:import|from)\b(.*)", text, re.MULTILINE)
    return {word for line in lines for word in re.findall(r"\w+", line)}


def mentions(tree, name, files, but=""):
    """Whether one of the files names the file `name`; the file `but` does not count."""
    return any(name in words_of(tree.text(file)) for file in files if file != but)


def dead_in_lib(tree):
    cmake = tree.match("lib/*CMakeLists.txt", "lib/*.cmake")
    included = {target for file in tree.match("lib/*.hpp", "lib/*.cpp")
                for _, _, _, target in includes.includes(tree, file)}
    for file in tree.match("lib/include/*", "lib/src/*"):
        if file.endswith(".hpp") and file.startswith("lib/src/"):
            if file not in included:
                yield Finding(file, 1, "no file includes this header: delete it")
        elif not mentions(tree, file.removeprefix("lib/"), cmake):
            yield Finding(file, 1, "lib/CMakeLists.txt does not list this file: list it or delete it")
    for file in tree.match("lib/cmake/*"):
        name = posixpath.basename(file)
        package = re.fullmatch(r"Find(\w+)\.cmake", name)
        if not mentions(tree, name, cmake) and not (package and mentions(tree, package.group(1), cmake, but=file)):
            yield Finding(file, 1, "no CMake file uses this one: delete it")


def dead_programs(tree):
    sources = tree.match("tests/*", "apps/*", "examples/*", "dev", ".ci/*")
    users = [file for file in sources if re.search(r"(\.(cpp|hpp|py|txt|cmake|sh)|dev|\.ci/\w+)$", file)]
    for file in users:
        if file.endswith((".cpp", ".hpp", ".py")) and not globbed(tree, file) and not named(tree, file, users):
            yield Finding(file, 1, "nothing builds, runs, includes or imports this file: list it or delete it")


def named(tree, file, users):
    name = posixpath.basename(file)
    if mentions(tree, name, users, but=file):
        return True
    module, extension = posixpath.splitext(name)
    return extension == ".py" and any(module in imports_of(tree.text(user)) for user in users if user.endswith(".py"))


def globbed(tree, file):
    """Whether the nearest CMakeLists.txt above the file globs it."""
    folder, name = posixpath.split(file)
    while folder and not tree.exists(f"{folder}/CMakeLists.txt"):
        folder = posixpath.dirname(folder)
    if not folder:
        return False
    text = tree.text(f"{folder}/CMakeLists.txt")
    patterns = re.findall(r"[\w*?.-]*\*[\w*?.-]*", " ".join(re.findall(r"file\(GLOB[^)]*\)", text)))
    patterns += [TESTS_GLOB] if "libresp_add_tests(" in text else []
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def dead_docs(tree):
    pages = tree.match("README.md", "docs/*.md")
    linked = {posixpath.normpath(posixpath.join(posixpath.dirname(page), target.partition("#")[0]))
              for page in pages if page in ("README.md", "docs/README.md")
              for _, target in markdown.links(tree.lines(page))}
    for file in tree.match("docs/*"):
        if file.endswith(".md"):
            if file not in linked | {"docs/README.md"}:
                yield Finding(file, 1, "neither README.md nor docs/README.md links to this page: add it to the list")
        elif not mentions(tree, posixpath.basename(file), pages + tree.match("*CMakeLists.txt")):
            yield Finding(file, 1, "no page and no CMakeLists.txt names this file: link to it or delete it")
