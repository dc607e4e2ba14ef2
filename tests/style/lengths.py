"""Functions have at most 40 lines, headers 200, sources 300, in lib/, apps/ and examples/.

A function counts from the first line of its declaration to its closing brace. A lambda in it is a part of it.
"""

import cpp
from tree import Finding

FUNCTION, HEADER, SOURCE = 40, 200, 300
CHECKED = ("lib/*.hpp", "lib/*.cpp", "apps/*.hpp", "apps/*.cpp", "examples/*.hpp", "examples/*.cpp")


def check_files(tree):
    for file in tree.match(*CHECKED):
        most = HEADER if file.endswith(".hpp") else SOURCE
        lines = len(tree.lines(file))
        if lines > most:
            yield Finding(file, most + 1, f"the file has {lines} lines, the limit is {most}: split it by meaning")


def check_functions(tree):
    for file in tree.match(*CHECKED):
        try:
            functions = cpp.functions(tree.text(file))
        except cpp.Unbalanced as error:
            yield Finding(file, 1, f"braces do not match ({error}): give each #if branch whole blocks")
            continue
        for function in functions:
            if function.length > FUNCTION:
                yield Finding(file, function.line, f"{function.name} has {function.length} lines, the limit is "
                                                   f"{FUNCTION}: move a step of it into a function with a name")
