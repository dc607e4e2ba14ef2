"""C++ as the checks read it: tokens with their lines, the text without comments, and the functions of a file.

It is no parser. It knows comments, literals and braces, and decides by the tokens in front of a brace whether the
brace opens a namespace, a type, an initialiser or a function. A lambda or a type inside a function is a part of it.
"""

import re
from functools import lru_cache
from typing import NamedTuple

TOKEN = re.compile(r"""
    (?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
  | (?P<raw>(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)")
  | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
  | (?P<number>\.?\d(?:'?[\w.]|(?<=[eEpP])[+-])*)
  | (?P<char>(?:u8|[uUL])?'(?:\\.[^'\n]*|[^'\\\n])')
  | (?P<directive>(?<![^\n])[ \t]*\#(?:\\\n|/\*.*?\*/|(?!//)[^\n])*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<mark>::|->|\.\.\.|[^\s\w])
""", re.VERBOSE | re.DOTALL)


class Token(NamedTuple):
    kind: str  # comment, raw, string, char, number, directive, word or mark
    text: str
    line: int
    offset: int


class Function(NamedTuple):
    name: str
    line: int  # where the declaration begins, its template head included
    end: int   # of the closing brace
    opens: int   # the position of its opening brace in code(text)
    closes: int

    @property
    def length(self):
        return self.end - self.line + 1


@lru_cache(maxsize=None)
def tokens(text):
    found = []
    line, at = 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        found.append(Token(match.lastgroup if match.lastgroup != "delimiter" else "raw", match.group(), line, at))
    return found


@lru_cache(maxsize=None)
def code(text):
    """The tokens without comments and preprocessor directives."""
    return [token for token in tokens(text) if token.kind not in ("comment", "directive")]


def directives(text):
    return [token for token in tokens(text) if token.kind == "directive"]


class Unbalanced(Exception):
    """The braces of a file do not match."""


@lru_cache(maxsize=None)
def functions(text):
    """The functions with a body: members, free functions, and lambdas outside a function."""
    found = []
    stream = code(text)
    at, head = 0, 0  # head: where the declaration begins
    while at < len(stream):
        mark = stream[at].text
        if mark == "{":
            kind = kind_of_brace(stream[head:at])
            end = closing(stream, at)
            if kind == "function" and stream[head].text == "catch" and found:  # of a body that is a try block
                found[-1] = found[-1]._replace(end=stream[end].line, closes=end)
            elif kind == "function":
                found.append(Function(name_of(stream[head:at]), stream[head].line, stream[end].line, at, end))
            if kind == "initialiser":
                at = end + 1
                continue  # the declaration goes on
            at = at if kind == "scope" else end
            head = at + 1
        elif mark in (";", "}") or (mark == ":" and stream[at - 1].text in ("public", "protected", "private")):
            head = at + 1
        at += 1
    return found


def closing(stream, at):
    """The position of the brace that closes the one at `at`."""
    depth = 0
    for position in range(at, len(stream)):
        depth += {"{": 1, "}": -1}.get(stream[position].text, 0)
        if depth == 0:
            return position
    raise Unbalanced(f"line {stream[at].line}: no brace closes this one")


def kind_of_brace(head):
    """What a brace opens after these tokens: a scope (namespace, type), a function or an initialiser."""
    words = [token.text for token in outside_parentheses(without_template(head))]
    last = words[-1] if words else ""
    if last == "]":  # a lambda without parameters, an array
        return "function" if "[" in words and "=" in words else "initialiser"
    if "=" in words and "operator" not in words:
        return "function" if "]" in words and last in (")", "mutable", "noexcept") else "initialiser"
    if {"namespace", "class", "struct", "union", "enum", "extern"} & set(words) and ")" not in words:
        return "scope"
    if ")" not in words:
        return "initialiser" if words else "scope"
    return "initialiser" if initialises_member(words) else "function"


def initialises_member(words):
    """Whether the brace belongs to `name{...}`: a data member, or one in the list of a constructor."""
    if words[-1] in (")", "}", "const", "noexcept", "override", "final", "mutable", "try", "&"):
        return False
    after = words[len(words) - words[::-1].index(")"):]
    return "->" not in after and "requires" not in words


def without_template(head):
    """The tokens that follow `template <...>`."""
    while len(head) > 1 and head[0].text == "template":
        depth = 0
        for position, token in enumerate(head):
            depth += {"<": 1, ">": -1}.get(token.text, 0)
            if token.text == ">" and depth == 0:
                break
        head = head[position + 1:]
    return head


def outside_parentheses(head):
    """The tokens without those inside parentheses and braces."""
    depth = 0
    for token in head:
        if token.text in ")}":
            depth -= 1
        if depth == 0:
            yield token
        if token.text in "({":
            depth += 1


def name_of(head):
    """The name of a function: the word in front of the first parenthesis."""
    head = without_template(head)
    words = [token.text for token in head]
    if "operator" in words:
        at = words.index("operator") + 1
        return "operator" + ("".join(words[at:words.index("(", at)]) or "()")
    for before, token in zip(head, head[1:]):
        if token.text == "(" and before.kind == "word" and before.text not in ("decltype", "alignas", "noexcept"):
            return before.text
    return "(lambda)"
