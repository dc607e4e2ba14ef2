"""Only the grammar's headers write type bytes and CRLF as literals; other code of lib/ and apps/ uses their names.

In lib/ the check is strict: each character literal of such a byte; each string that is one such byte, a header such as
"$-1", or contains a CR; and the two bytes CR LF as one number. A literal that is no RESP is allowed below, with the
reason. The service layer has texts of its own (usage lines, patterns, INFO): there, a single byte is no type byte. In
apps/ only literals with a CR are refused: programs read flags and addresses, and RESP cannot be written without a CR.
"""

import re

import cpp
from tree import Finding

GRAMMAR = tuple(f"lib/include/libresp/codec/{name}.hpp" for name in ("type", "wire", "wire_write"))
BYTES = set("+-:$*_#,(!=%~|>")
HEADER = re.compile(r"[:$*_#(!=%~|>;](-?\d+|\?)")
RAW = re.compile(r'(?:u8|u|U|L)?R"([^(]*)\((.*)\)\1"', re.DOTALL)
CR = re.compile(r"(?<!\\)(?:\\\\)*\\(?:r|x0[dD]|015)")
ALLOWED = {
    ("lib/src/codec/inline.cpp", r"'\r'"): "the quoting of inline commands, which is redis-cli's and not RESP's",
    ("lib/src/codec/inline.cpp", r"'\n'"): "the quoting of inline commands, which is redis-cli's and not RESP's",
    ("lib/src/codec/wire.cpp", "'_'"): "the text of a NaN: nan(chars)",
    ("lib/src/codec/wire.cpp", "'('"): "the text of a NaN: nan(chars)",
    ("lib/src/server/options.cpp", "':'"): "an IPv6 address",
    ("lib/src/server/options.cpp", '":"'): "the colon between an address and its port",
    ("lib/src/server/addresses.cpp", "'-'"): "an address that may be missing",
    ("lib/src/server/ending.cpp", "':'"): "the colon of a Host line",
    ("lib/src/server/ending.cpp", '"*"'): "the preface of HTTP/2: PRI * HTTP/2.0",
}


def is_wire(token):
    if token.kind == "number":
        return token.text.lower() in ("0x0a0d", "0x0d0a", "0xa0d", "0xd0a")
    if token.kind not in ("char", "string", "raw"):
        return False
    text = inside(token)
    return has_cr(token) or text in BYTES | {r"\n", r"\x0a", r"\x0A"} or HEADER.fullmatch(text) is not None


def is_header(token):
    return has_cr(token) or (token.kind in ("string", "raw") and HEADER.fullmatch(inside(token)) is not None)


def has_cr(token):
    return token.kind in ("char", "string") and CR.search(inside(token)) is not None


def inside(token):
    if raw := RAW.fullmatch(token.text):
        return raw[2]
    return token.text[token.text.index(token.text[-1]) + 1:-1]


def check(tree, allowed=None):
    allowed = ALLOWED if allowed is None else allowed
    used = set()
    for file in tree.match("lib/*.hpp", "lib/*.cpp", "apps/*.hpp", "apps/*.cpp"):
        if file in GRAMMAR:
            continue
        refused = has_cr if file.startswith("apps/") else is_header if "/service/" in file else is_wire
        for token in filter(refused, cpp.code(tree.text(file))):
            if (file, token.text) in allowed:
                used.add((file, token.text))
                continue
            yield Finding(file, token.line, f"{token.text} is a byte of the grammar: use its name from "
                                            "codec/wire.hpp or codec/type.hpp, or let resp::Encoder write it")
    for file, literal in allowed.keys() - used:
        yield Finding(file, 1, f"no {literal} is left here: delete its line in tests/style/wire_bytes.py")
