"""No unused name: each name that a header of lib/ declares is used somewhere in lib/, apps/, examples/ or tests/.

Names are compared, not meanings. Occurrences that only declare or define the name do not count as a use.
"""

import re
from collections import Counter

import cpp
from tree import Finding

SPECIFIERS = {"const", "constexpr", "static", "inline", "noexcept", "override", "final", "explicit", "virtual",
              "friend", "default", "delete", "mutable", "public", "private", "protected", "this", "operator"}
ALLOWED = {
    "difference_type": "std::input_iterator requires it",
    "value_type": "std::input_iterator requires it",
    "reference": "std::iterator_traits reads it",
    "pointer": "std::iterator_traits reads it",
    "iterator_category": "std::iterator_traits reads it",
    "iterator_concept": "std::iterator_traits reads it",
    "mapped_type": "the standard maps have it",
    "key_type": "the standard maps and sets have it",
}


def check(tree, allowed=None):
    allowed = ALLOWED if allowed is None else allowed
    occurrences, declarations, places = Counter(), Counter(), {}
    for file in tree.match("lib/*.hpp", "lib/*.cpp", "apps/*pp", "examples/*pp", "tests/*.hpp", "tests/*.cpp"):
        text = tree.text(file)
        occurrences.update(token.text for token in cpp.code(text) if token.kind == "word")
        occurrences.update(word for directive in cpp.directives(text) for word in re.findall(r"\w+", directive.text))
        if not file.startswith("lib/"):
            continue
        for name, line in declared(text):
            declarations[name] += 1
            if file.endswith(".hpp"):
                places.setdefault(name, (file, line))
    for name, (file, line) in places.items():
        if occurrences[name] <= declarations[name] and name not in allowed and not name.endswith("_t"):
            yield Finding(file, line, f"nothing uses {name}: delete it, or test it if it is for users")


def declared(text):
    """(name, line) of each declaration and definition at the level of files, namespaces and types."""
    for directive in cpp.directives(text):
        macro = re.match(r"\s*#\s*define\s+(\w+)", directive.text)
        if macro:
            yield macro.group(1), directive.line
    for statement in statements(text):
        yield from names_of(statement)


def statements(text):
    """The declarations of a file as lists of tokens, without what their functions and initialisers contain."""
    stream = cpp.code(text)
    bodies = {function.opens: function.closes for function in cpp.functions(text)}
    statement, depth, at = [], 0, 0
    while at < len(stream):
        token = stream[at]
        if at in bodies:
            yield statement
            statement, at = [], bodies[at] + 1
            continue
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.text in ("{", "}", ";"):
            yield statement
            if token.text == "{" and is_enum(statement):
                yield from enumerators(stream, at)
                at = cpp.closing(stream, at)
            statement = []
        else:
            statement.append(token)
        at += 1


def is_enum(statement):
    return any(token.text == "enum" for token in statement)


def enumerators(stream, at):
    """Each enumerator of the enum whose brace is at `at`, as a statement of one name."""
    end = cpp.closing(stream, at)
    for before, token in zip(stream[at:end], stream[at + 1:end]):
        if before.text in ("{", ",") and token.kind == "word":
            yield [token]


def names_of(statement):
    tokens = [token for token in cpp.without_template(statement) if token.text != "inline"]
    words = [token.text for token in tokens]
    for keyword in ("class", "struct", "enum", "concept", "using", "namespace"):
        if keyword in words[:3]:
            if keyword in ("using", "concept") and "=" not in words or keyword == "namespace":
                return
            name = next((token for token in tokens[words.index(keyword) + 1:]
                         if token.kind == "word" and token.text not in ("class", "struct", "alignas")), None)
            if name is not None:
                yield name.text, name.line
            return
    name = declarator(tokens)
    if name is not None and name.text not in SPECIFIERS:
        yield name.text, name.line


def declarator(tokens):
    """The token of the name that a declaration of a function or variable declares."""
    for before, token in zip(tokens, tokens[1:]):
        if token.text in ("(", "=", "[") and before.kind == "word" and before.text not in ("alignas", "explicit"):
            return before
        if token.text in ("(", "="):
            return None
    return tokens[-1] if tokens and tokens[-1].kind == "word" else None
